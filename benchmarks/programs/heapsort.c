/* Heap sort of doubles: float compares and scattered loads. */
#include "bench.h"

enum { COUNT = 20000 };
static double values[COUNT];

static void sift(double *v, uint32_t root, uint32_t end)
{
    double moved = v[root];
    for (uint32_t child; (child = 2 * root + 1) < end; root = child) {
        if (child + 1 < end && v[child] < v[child + 1]) child++;
        if (moved >= v[child]) break;
        v[root] = v[child];
    }
    v[root] = moved;
}

uint64_t run(uint32_t n)
{
    uint64_t state = 3, hash = 0;
    for (uint32_t round = 0; round < n; round++) {
        for (int i = 0; i < COUNT; i++) values[i] = (double)(int64_t)bench_random(&state) / 1e9;
        for (uint32_t i = COUNT / 2; i-- > 0;) sift(values, i, COUNT);
        for (uint32_t end = COUNT - 1; end > 0; end--) {
            double top = values[0];
            values[0] = values[end];
            values[end] = top;
            sift(values, 0, end);
        }
        for (int i = 0; i < COUNT; i += 501) hash = bench_mix(hash, (uint64_t)(int64_t)values[i] + (i && values[i] < values[i - 1]));
    }
    return hash;
}
