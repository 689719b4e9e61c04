/* op_lanes.h - what the bodies and expressions of vector ops do with single lanes. */
#ifndef PW_OPS_OP_LANES_H
#define PW_OPS_OP_LANES_H

#include "op_vectors.h"

/* Those that the bytes of low and high name; put together in registers. */
PW_INLINE pw_v128 pwi_v128_shuffle(const uint8_t *lanes, uint64_t low, uint64_t high)
{
    uint64_t halves[2] = {0, 0};
    for (unsigned i = 0; i < 64; i += 8) {
        halves[0] |= (uint64_t)lanes[low >> i & 31] << i;
        halves[1] |= (uint64_t)lanes[high >> i & 31] << i;
    }
    return pwi_v128_of(halves[0], halves[1]);
}

/* The lane of a that index names, 0 for indices from 16 on. */
PW_INLINE uint8_t pwi_swizzle_lane(const pw_v128 *a, uint8_t index)
{
    return index < 16 ? a->u8[index & 15] : 0;
}

/* Saturation without a comparison: a sum overflows if its sign differs from that of both operands, a difference if
 * the operands' signs differ and its own from the first one's; then it is the limit on the first operand's side. */
#define PW_SATURATION(U, BITS)                                                                               \
    PW_INLINE U pwi_saturate##BITS(U x, U r, U overflow)                                                     \
    {                                                                                                        \
        U limit = (U)((x >> (BITS - 1)) + ((1u << (BITS - 1)) - 1));                                         \
        U mask = (U)(0 - (overflow >> (BITS - 1)));                                                          \
        return (U)((limit & mask) | (r & (U)~mask));                                                         \
    }                                                                                                        \
    PW_INLINE U pwi_add_sat##BITS(U x, U y)                                                                  \
    {                                                                                                        \
        U r = (U)(x + y);                                                                                    \
        return pwi_saturate##BITS(x, r, (U)((x ^ r) & (y ^ r)));                                             \
    }                                                                                                        \
    PW_INLINE U pwi_sub_sat##BITS(U x, U y)                                                                  \
    {                                                                                                        \
        U r = (U)(x - y);                                                                                    \
        return pwi_saturate##BITS(x, r, (U)((x ^ y) & (x ^ r)));                                             \
    }                                                                                                        \
    PW_INLINE U pwi_add_sat_u##BITS(U x, U y)                                                                \
    {                                                                                                        \
        U r = (U)(x + y);                                                                                    \
        return (U)(r | (U)(0 - (r < x)));                                                                    \
    }
PW_SATURATION(uint8_t, 8)
PW_SATURATION(uint16_t, 16)
#undef PW_SATURATION

PW_INLINE int32_t pwi_clamp(int32_t x, int32_t low, int32_t high)
{
    int32_t r = x < low ? low : x;
    return r > high ? high : r;
}

PW_INLINE uint8_t pwi_popcnt8(uint8_t x)
{
    uint8_t pairs = (uint8_t)(x - (x >> 1 & 0x55));
    uint8_t nibbles = (uint8_t)((pairs & 0x33) + (pairs >> 2 & 0x33));
    return (nibbles + (nibbles >> 4)) & 0x0f;
}

/* Q15: fixed-point numbers with 15 bits of fraction. Only -1 * -1 does not fit. */
PW_INLINE int32_t pwi_q15mulr_sat(int16_t x, int16_t y)
{
    int32_t r = (x * y + 0x4000) >> 15;
    return r > INT16_MAX ? INT16_MAX : r;
}

/* Sum of two neighbours' products, wrapping. */
PW_INLINE uint32_t pwi_dot16(const pw_v128 *a, const pw_v128 *b, unsigned i)
{
    return (uint32_t)(a->i16[2 * i] * b->i16[2 * i]) + (uint32_t)(a->i16[2 * i + 1] * b->i16[2 * i + 1]);
}

/* The same of bytes, with signed saturation; sum of two such neighbours. */
PW_INLINE int32_t pwi_dot8(const pw_v128 *a, const pw_v128 *b, unsigned i)
{
    int32_t sum = a->i8[2 * i] * b->i8[2 * i] + a->i8[2 * i + 1] * b->i8[2 * i + 1];
    return pwi_clamp(sum, INT16_MIN, INT16_MAX);
}

PW_INLINE uint32_t pwi_dot8_pair(const pw_v128 *a, const pw_v128 *b, unsigned i)
{
    return (uint32_t)(pwi_dot8(a, b, 2 * i) + pwi_dot8(a, b, 2 * i + 1));
}

/* The top bits of eight bytes: bit 8k goes to 56 + k by the factor's bit 56 - 7k; no two meet. */
PW_INLINE uint32_t pwi_bitmask8(uint64_t half)
{
    uint64_t bits = half >> 7 & UINT64_C(0x0101010101010101);
    return (uint32_t)(bits * UINT64_C(0x0102040810204080) >> 56);
}

#endif
