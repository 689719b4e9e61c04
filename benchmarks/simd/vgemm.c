/* Product of two matrices of floats, row by row: the inner loop scales a row and adds it to another. Vectorised
 * by the compiler. */
#include "bench.h"

enum { SIDE = 128 };
static float left[SIDE][SIDE], right[SIDE][SIDE], product[SIDE][SIDE];

static void multiply(void)
{
    for (int i = 0; i < SIDE; i++) {
        for (int j = 0; j < SIDE; j++) product[i][j] = 0;
        for (int k = 0; k < SIDE; k++) {
            float factor = left[i][k];
            for (int j = 0; j < SIDE; j++) product[i][j] += factor * right[k][j];
        }
    }
}

uint64_t run(uint32_t n)
{
    uint64_t state = 42, hash = 0;
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            left[i][j] = (float)(bench_random(&state) >> 48) / 4096;
            right[i][j] = (float)(bench_random(&state) >> 48) / 4096;
        }
    for (uint32_t round = 0; round < n; round++) {
        multiply();
        left[round % SIDE][(round * 7) % SIDE] = product[(round * 3) % SIDE][round % SIDE] / 4096;
    }
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j += 5) hash = bench_mix(hash, (uint64_t)(int64_t)product[i][j]);
    return hash;
}
