/* Escape times of the Mandelbrot set in floats, four points at a time. */
#include "bench.h"
#include "vectors.h"

enum { SIDE = 128, LIMIT = 60 };

#ifdef VECTORS
static void escape(const float *cr, float ci, int32_t *out)
{
    f32x4 c = {cr[0], cr[1], cr[2], cr[3]}, r = {0}, i = {0};
    i32x4 steps = {0};
    for (int step = 0; step < LIMIT; step++) {
        f32x4 rr = r * r, ii = i * i;
        i32x4 inside = rr + ii < 4.0f;
        if (!(inside[0] | inside[1] | inside[2] | inside[3])) break;
        steps -= inside;
        i = 2.0f * r * i + ci;
        r = rr - ii + c;
    }
    for (int lane = 0; lane < 4; lane++) out[lane] = steps[lane];
}
#else
static void escape(const float *cr, float ci, int32_t *out)
{
    for (int lane = 0; lane < 4; lane++) {
        float r = 0, i = 0, rr, ii;
        int32_t steps = 0;
        while (steps < LIMIT && (rr = r * r) + (ii = i * i) < 4.0f) {
            i = 2.0f * r * i + ci;
            r = rr - ii + cr[lane];
            steps++;
        }
        out[lane] = steps;
    }
}
#endif

uint64_t run(uint32_t n)
{
    uint64_t hash = 0;
    for (uint32_t round = 0; round < n; round++)
        for (int row = 0; row < SIDE; row++)
            for (int column = 0; column < SIDE; column += 4) {
                float cr[4], ci = -1.5f + 3.0f * (float)row / SIDE;
                int32_t steps[4];
                for (int lane = 0; lane < 4; lane++)
                    cr[lane] = -2.2f + 3.0f * (float)(column + lane) / SIDE + (float)round * 1e-3f;
                escape(cr, ci, steps);
                for (int lane = 0; lane < 4; lane++) hash = bench_mix(hash, (uint32_t)steps[lane]);
            }
    return hash;
}
