/* One image over another by its alpha, all in bytes. Vectorised by the compiler. */
#include "bench.h"

enum { PIXELS = 128 * 128, BYTES = PIXELS * 4 };
static uint8_t over[BYTES], alpha[BYTES], under[BYTES];

static void blend(uint8_t *restrict to, const uint8_t *restrict from, const uint8_t *restrict weight)
{
    for (int i = 0; i < BYTES; i++) {
        uint16_t sum = (uint16_t)(from[i] * weight[i] + to[i] * (255 - weight[i]) + 128);
        to[i] = (uint8_t)((uint16_t)(sum + (sum >> 8)) >> 8);
    }
}

uint64_t run(uint32_t n)
{
    uint64_t state = 11, hash = 0;
    for (int i = 0; i < BYTES; i++) {
        uint64_t r = bench_random(&state);
        over[i] = (uint8_t)(r >> 30);
        alpha[i] = (uint8_t)(r >> 50);
        under[i] = (uint8_t)(r >> 40);
    }
    for (uint32_t round = 0; round < n; round++) {
        blend(under, over, alpha);
        under[round * 97 % BYTES] = (uint8_t)round;
        alpha[round * 61 % BYTES] = (uint8_t)(round * 3);
    }
    for (int i = 0; i < BYTES; i += 7) hash = bench_mix(hash, under[i]);
    return hash;
}
