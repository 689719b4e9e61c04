/* qsort of strings with strcmp: indirect calls from libc, byte loads. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"

enum { COUNT = 4000, LENGTH = 12 };
static char text[COUNT][LENGTH];
static char *words[COUNT];

static int compare(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

uint64_t run(uint32_t n)
{
    uint64_t state = 5, hash = 0;
    for (uint32_t round = 0; round < n; round++) {
        for (int i = 0; i < COUNT; i++) {
            int length = 3 + (int)(bench_random(&state) >> 40) % (LENGTH - 4);
            for (int k = 0; k < length; k++) text[i][k] = (char)('a' + (bench_random(&state) >> 50) % 4);
            text[i][length] = 0;
            words[i] = text[i];
        }
        qsort(words, COUNT, sizeof *words, compare);
        for (int i = 0; i < COUNT; i += 97) hash = bench_mix(hash, (uint64_t)(unsigned char)words[i][2] + strlen(words[i]));
    }
    return hash;
}
