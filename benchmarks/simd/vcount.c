/* Counts the lines of a text and its letters beyond ASCII: comparisons of bytes, sums of masks. */
#include "bench.h"
#include "vectors.h"

enum { SIZE = 1 << 17, CHUNK = 16, LONGEST = 255 }; /* a byte counts to 255 before it has to be added up */
static uint8_t text[SIZE];

#ifdef VECTORS
static uint32_t total(u8x16 v)
{
    uint32_t sum = 0;
    for (int i = 0; i < 16; i++) sum += v[i];
    return sum;
}

static void count(uint32_t *lines, uint32_t *wide)
{
    for (uint32_t at = 0; at < SIZE;) {
        u8x16 newlines = {0}, others = {0};
        for (int i = 0; i < LONGEST && at < SIZE; i++, at += CHUNK) {
            u8x16 bytes;
            __builtin_memcpy(&bytes, text + at, CHUNK);
            newlines -= (u8x16)(bytes == '\n');
            others -= (u8x16)((i8x16)bytes < 0);
        }
        *lines += total(newlines);
        *wide += total(others);
    }
}
#else
static void count(uint32_t *lines, uint32_t *wide)
{
    for (uint32_t at = 0; at < SIZE; at++) {
        *lines += text[at] == '\n';
        *wide += text[at] >> 7;
    }
}
#endif

uint64_t run(uint32_t n)
{
    uint64_t state = 17, hash = 0;
    for (int i = 0; i < SIZE; i++) {
        uint64_t r = bench_random(&state) >> 40;
        text[i] = r % 37 == 0 ? '\n' : (uint8_t)(r >> 8 & (r & 15 ? 127 : 255));
    }
    for (uint32_t round = 0; round < n; round++) {
        uint32_t lines = 0, wide = 0;
        count(&lines, &wide);
        hash = bench_mix(hash, (uint64_t)lines << 32 | wide);
        text[round * 4099 % SIZE] = (uint8_t)(round & 1 ? '\n' : 200);
    }
    return hash;
}
