/* Product of two matrices of doubles, the plain three loops. */
#include "bench.h"

enum { N = 96 };
static double a[N][N], b[N][N], c[N][N];

uint64_t run(uint32_t n)
{
    uint64_t state = 42, hash = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            a[i][j] = (double)(bench_random(&state) >> 40) / 65536;
            b[i][j] = (double)(bench_random(&state) >> 40) / 65536;
        }
    for (uint32_t round = 0; round < n; round++) {
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++) {
                double sum = 0;
                for (int k = 0; k < N; k++) sum += a[i][k] * b[k][j];
                c[i][j] = sum;
            }
        a[round % N][(round * 7) % N] = c[(round * 3) % N][round % N] / 1e6;
    }
    for (int i = 0; i < N; i++) hash = bench_mix(hash, (uint64_t)(int64_t)c[i][(i * 5) % N]);
    return hash;
}
