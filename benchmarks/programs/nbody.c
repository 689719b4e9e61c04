/* Gravity between five bodies: double arithmetic with square roots, state in memory. */
#include <math.h>
#include <string.h>

#include "bench.h"

enum { BODIES = 5 };
static struct body { double x[3], v[3], mass; } bodies[BODIES];

static void advance(double dt)
{
    for (int i = 0; i < BODIES; i++)
        for (int j = i + 1; j < BODIES; j++) {
            double d[3], square = 0;
            for (int k = 0; k < 3; k++) {
                d[k] = bodies[i].x[k] - bodies[j].x[k];
                square += d[k] * d[k];
            }
            double pull = dt / (square * sqrt(square));
            for (int k = 0; k < 3; k++) {
                bodies[i].v[k] -= d[k] * bodies[j].mass * pull;
                bodies[j].v[k] += d[k] * bodies[i].mass * pull;
            }
        }
    for (int i = 0; i < BODIES; i++)
        for (int k = 0; k < 3; k++) bodies[i].x[k] += dt * bodies[i].v[k];
}

uint64_t run(uint32_t n)
{
    uint64_t state = 7, hash = 0;
    for (int i = 0; i < BODIES; i++) {
        bodies[i].mass = i ? 0.01 * i : 40;
        for (int k = 0; k < 3; k++) {
            bodies[i].x[k] = 5.0 * i + (double)(bench_random(&state) >> 44) / 1e6;
            bodies[i].v[k] = i ? (double)(bench_random(&state) >> 44) / 1e6 : 0;
        }
    }
    for (uint32_t step = 0; step < n * 1000; step++) advance(0.001);
    for (int i = 0; i < BODIES; i++) {
        uint64_t bits;
        memcpy(&bits, &bodies[i].x[i % 3], sizeof bits);
        hash = bench_mix(hash, bits >> 8);
    }
    return hash;
}
