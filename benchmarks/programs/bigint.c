/* Factorials and powers in base 2^32: long multiplication with 64-bit products and carries. */
#include <string.h>

#include "bench.h"

enum { LIMBS = 512 };
struct number { uint32_t limb[LIMBS]; uint32_t length; };
static struct number x, y, product;

static void multiply(struct number *out, const struct number *a, const struct number *b)
{
    uint32_t length = a->length + b->length < LIMBS ? a->length + b->length : LIMBS;
    memset(out->limb, 0, sizeof out->limb);
    for (uint32_t i = 0; i < a->length; i++) {
        uint64_t carry = 0;
        for (uint32_t j = 0; j < b->length && i + j < LIMBS; j++) {
            carry += (uint64_t)a->limb[i] * b->limb[j] + out->limb[i + j];
            out->limb[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
        if (i + b->length < LIMBS) out->limb[i + b->length] = (uint32_t)carry;
    }
    while (length > 1 && !out->limb[length - 1]) length--;
    out->length = length;
}

static uint32_t divide_small(struct number *a, uint32_t by)
{
    uint64_t rest = 0;
    for (uint32_t i = a->length; i-- > 0;) {
        rest = rest << 32 | a->limb[i];
        a->limb[i] = (uint32_t)(rest / by);
        rest %= by;
    }
    while (a->length > 1 && !a->limb[a->length - 1]) a->length--;
    return (uint32_t)rest;
}

uint64_t run(uint32_t n)
{
    uint64_t hash = 0;
    for (uint32_t round = 0; round < n; round++) {
        x.length = 1;
        x.limb[0] = 3 + round;
        for (uint32_t i = 2; i < 300; i++) {
            y.length = 2;
            y.limb[0] = i * 2654435761u;
            y.limb[1] = i;
            multiply(&product, &y, &x);
            x = product;
            if (x.length > 300) divide_small(&x, 4294967291u);
        }
        multiply(&product, &x, &x);
        for (int i = 0; i < 20; i++) hash = bench_mix(hash, divide_small(&product, 1000000000));
    }
    return hash;
}
