/* Dot products of rows of 16-bit integers in 32 bits, as in speech and image code. Vectorised by the compiler. */
#include "bench.h"

enum { LENGTH = 1024, ROWS = 64 };
static int16_t weights[ROWS][LENGTH], signal[LENGTH];

static int32_t dot(const int16_t *restrict a, const int16_t *restrict b)
{
    int32_t sum = 0;
    for (int i = 0; i < LENGTH; i++) sum += (int32_t)a[i] * b[i];
    return sum;
}

uint64_t run(uint32_t n)
{
    uint64_t state = 7, hash = 0;
    for (int row = 0; row < ROWS; row++)
        for (int i = 0; i < LENGTH; i++) weights[row][i] = (int16_t)((int64_t)bench_random(&state) >> 54);
    for (int i = 0; i < LENGTH; i++) signal[i] = (int16_t)((int64_t)bench_random(&state) >> 54);
    for (uint32_t round = 0; round < n; round++)
        for (int row = 0; row < ROWS; row++) {
            int32_t sum = dot(weights[row], signal);
            hash = bench_mix(hash, (uint32_t)sum);
            signal[(round * 31 + (uint32_t)row) % LENGTH] = (int16_t)(sum & 511);
        }
    return hash;
}
