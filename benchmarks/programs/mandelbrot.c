/* Escape times of the Mandelbrot set: doubles in locals, a loop that ends by data. */
#include "bench.h"

uint64_t run(uint32_t n)
{
    enum { SIDE = 128, LIMIT = 60 };
    uint64_t hash = 0;
    for (uint32_t round = 0; round < n; round++)
        for (int row = 0; row < SIDE; row++)
            for (int column = 0; column < SIDE; column++) {
                double cr = -2.2 + 3.0 * column / SIDE + round * 1e-3, ci = -1.5 + 3.0 * row / SIDE;
                double r = 0, i = 0;
                int steps = 0;
                while (steps < LIMIT && r * r + i * i < 4) {
                    double next = r * r - i * i + cr;
                    i = 2 * r * i + ci;
                    r = next;
                    steps++;
                }
                hash = bench_mix(hash, (uint64_t)steps);
            }
    return hash;
}
