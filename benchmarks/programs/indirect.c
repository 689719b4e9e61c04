/* Objects with tables of functions: nothing but indirect calls with small bodies. */
#include "bench.h"

struct object;
struct methods { uint32_t (*step)(struct object *, uint32_t); uint32_t (*value)(const struct object *); };
struct object { const struct methods *methods; uint32_t a, b; };

static uint32_t count_step(struct object *o, uint32_t x) { return o->a += x; }
static uint32_t swap_step(struct object *o, uint32_t x)
{
    uint32_t t = o->a;
    o->a = o->b + x;
    return o->b = t;
}
static uint32_t rotate_step(struct object *o, uint32_t x) { return o->b = (o->b << 5 | o->b >> 27) ^ x; }
static uint32_t skip_step(struct object *o, uint32_t x) { return x & 1 ? o->a : o->b; }
static uint32_t sum(const struct object *o) { return o->a + o->b; }
static uint32_t difference(const struct object *o) { return o->a - o->b; }

static const struct methods kinds[] = {
    {count_step, sum}, {swap_step, difference}, {rotate_step, sum}, {skip_step, difference}};

uint64_t run(uint32_t n)
{
    static struct object objects[64];
    uint64_t hash = 0;
    for (uint32_t i = 0; i < 64; i++) objects[i] = (struct object){&kinds[(i * 7 + i / 5) % 4], i, i * i};
    for (uint32_t step = 0; step < n * 10000; step++) {
        struct object *o = &objects[(step * 29) & 63];
        uint32_t x = o->methods->step(o, step);
        if ((x & 15) == 3) hash = bench_mix(hash, o->methods->value(o));
    }
    return hash;
}
