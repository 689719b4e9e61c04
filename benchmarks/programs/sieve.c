/* Sieve of Eratosthenes over bytes: strided stores, one branch per load. */
#include "bench.h"

enum { LIMIT = 1 << 19 };
static unsigned char composite[LIMIT];

uint64_t run(uint32_t n)
{
    uint64_t hash = 0;
    for (uint32_t round = 0; round < n; round++) {
        for (uint32_t i = 0; i < LIMIT; i++) composite[i] = 0;
        uint32_t count = 0;
        for (uint32_t i = 2; i < LIMIT - round; i++) {
            if (composite[i]) continue;
            count++;
            for (uint32_t j = i + i; j < LIMIT; j += i) composite[j] = 1;
        }
        hash = bench_mix(hash, count);
    }
    return hash;
}
