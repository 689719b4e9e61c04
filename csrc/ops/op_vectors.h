/* op_vectors.h - 128-bit vectors: the type, and the shapes of ops over lanes, as the bodies of handlers.
 *
 * One text for all compilers: loops over arrays in a union, of a known length and without branches, which GCC and
 * Clang at -O3 (and MSVC at /O2) turn into vector instructions. Where they need help (saturation, masks), it is in
 * the form of the expression. The results have no lane of the operands' memory: operands are copies.
 *
 * In the expressions of the shapes:
 *
 *    a b c      operands        x y z   their lanes of type T
 *    i          lane            n       shift count, modulo the width of T
 *
 * T is the type of the result's lanes, a member of the union: u8 i8 u16 i16 u32 i32 u64 i64 f32 f64. The value is
 * converted to it. Comparisons: T is the type of the operands' lanes; a result lane is all ones or zero.
 *
 * A shape with _CALL is a function of engine/vector_ops.c: for what takes many instructions, which in a handler would
 * cost the whole interpreter registers.
 */
#ifndef PW_OPS_OP_VECTORS_H
#define PW_OPS_OP_VECTORS_H

#include "op_helpers.h"

#if defined(__GNUC__) || defined(__clang__)
#define PW_MAY_ALIAS __attribute__((may_alias))
#else
#define PW_MAY_ALIAS
#endif

/* As in memory: lane 0 first, each lane little-endian. In a frame: two slots, u64[0] in the lower one. */
typedef union PW_MAY_ALIAS pw_v128 {
    uint8_t u8[16];
    int8_t i8[16];
    uint16_t u16[8];
    int16_t i16[8];
    uint32_t u32[4];
    int32_t i32[4];
    uint64_t u64[2];
    int64_t i64[2];
    float f32[4];
    double f64[2];
} pw_v128;

#define PW_LANE_u8  uint8_t
#define PW_LANE_i8  int8_t
#define PW_LANE_u16 uint16_t
#define PW_LANE_i16 int16_t
#define PW_LANE_u32 uint32_t
#define PW_LANE_i32 int32_t
#define PW_LANE_u64 uint64_t
#define PW_LANE_i64 int64_t
#define PW_LANE_f32 float
#define PW_LANE_f64 double

/* Lanes of a comparison's result, by those of its operands. */
#define PW_MASK_u8  i8
#define PW_MASK_i8  i8
#define PW_MASK_u16 i16
#define PW_MASK_i16 i16
#define PW_MASK_u32 i32
#define PW_MASK_i32 i32
#define PW_MASK_u64 i64
#define PW_MASK_i64 i64
#define PW_MASK_f32 i32
#define PW_MASK_f64 i64

#define PW_EACH_LANE(T)    for (unsigned i = 0; i < sizeof(pw_v128) / sizeof(PW_LANE_##T); i++)
#define PW_OPERAND(x, a, T) const PW_LANE_##T x = a.T[i]

#define PW_VUNOP(T, ...)                                                                                     \
    PW_EACH_LANE(T)                                                                                          \
    {                                                                                                        \
        PW_OPERAND(x, a, T);                                                                                 \
        (void)x;                                                                                             \
        r.T[i] = (PW_LANE_##T)(__VA_ARGS__);                                                                 \
    }

#define PW_VBINOP(T, ...)                                                                                    \
    PW_EACH_LANE(T)                                                                                          \
    {                                                                                                        \
        PW_OPERAND(x, a, T);                                                                                 \
        PW_OPERAND(y, b, T);                                                                                 \
        (void)x, (void)y;                                                                                    \
        r.T[i] = (PW_LANE_##T)(__VA_ARGS__);                                                                 \
    }

#define PW_VTERNOP(T, ...)                                                                                   \
    PW_EACH_LANE(T)                                                                                          \
    {                                                                                                        \
        PW_OPERAND(x, a, T);                                                                                 \
        PW_OPERAND(y, b, T);                                                                                 \
        PW_OPERAND(z, c, T);                                                                                 \
        (void)x, (void)y, (void)z;                                                                           \
        r.T[i] = (PW_LANE_##T)(__VA_ARGS__);                                                                 \
    }

#define PW_VCMPOP(T, ...) PW_VCMPOP_AS(T, PW_MASK_##T, __VA_ARGS__)
#define PW_VCMPOP_AS(T, MASK, ...) PW_VCMPOP_TO(T, MASK, __VA_ARGS__)
#define PW_VCMPOP_TO(T, MASK, ...)                                                                           \
    PW_EACH_LANE(T)                                                                                          \
    {                                                                                                        \
        PW_OPERAND(x, a, T);                                                                                 \
        PW_OPERAND(y, b, T);                                                                                 \
        r.MASK[i] = (PW_LANE_##MASK)(0 - (PW_LANE_##MASK)(__VA_ARGS__));                                     \
    }

#define PW_VSHIFT(T, ...)                                                                                    \
    {                                                                                                        \
        const uint32_t n = b & (8 * (uint32_t)sizeof(PW_LANE_##T) - 1);                                      \
        PW_EACH_LANE(T)                                                                                      \
        {                                                                                                    \
            PW_OPERAND(x, a, T);                                                                             \
            r.T[i] = (PW_LANE_##T)(__VA_ARGS__);                                                             \
        }                                                                                                    \
    }

/* ---- ops as functions: vectors in vector registers ---- */

#if defined(__GNUC__) || defined(__clang__)
typedef uint64_t pw_vector __attribute__((vector_size(16)));
PW_INLINE pw_vector pwi_vector(pw_v128 v)
{
    pw_vector r;
    memcpy(&r, &v, sizeof r);
    return r;
}
PW_INLINE pw_v128 pwi_from_vector(pw_vector v)
{
    pw_v128 r;
    memcpy(&r, &v, sizeof r);
    return r;
}
#else
typedef pw_v128 pw_vector;
#define pwi_vector(v)      (v)
#define pwi_from_vector(v) (v)
#endif

#define PW_VUNOP_CALL(ident)   r = pwi_from_vector(pwi_v_##ident(pwi_vector(a)))
#define PW_VSHIFT_CALL(ident)  r = pwi_from_vector(pwi_v_##ident(pwi_vector(a), b))
#define PW_VBINOP_CALL(ident)  r = pwi_from_vector(pwi_v_##ident(pwi_vector(a), pwi_vector(b)))
#define PW_VCMPOP_CALL(ident)  PW_VBINOP_CALL(ident)
#define PW_VTERNOP_CALL(ident) r = pwi_from_vector(pwi_v_##ident(pwi_vector(a), pwi_vector(b), pwi_vector(c)))

/* ---- memory at p, which is in bounds ---- */

PW_INLINE pw_v128 pwi_at128(const uint8_t *p)
{
    pw_v128 v;
    memcpy(&v, p, sizeof v);
    return v;
}

PW_INLINE uint64_t pwi_at64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

PW_INLINE uint32_t pwi_at32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

PW_INLINE uint16_t pwi_at16(const uint8_t *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* The low half is v, the rest zero: what an extending load extends. */
PW_INLINE pw_v128 pwi_v128_low(uint64_t v)
{
    pw_v128 r;
    r.u64[0] = v;
    r.u64[1] = 0;
    return r;
}

PW_INLINE pw_v128 pwi_v128_splat8(uint8_t v)
{
    pw_v128 r;
    PW_EACH_LANE(u8) r.u8[i] = v;
    return r;
}

PW_INLINE pw_v128 pwi_v128_splat16(uint16_t v)
{
    pw_v128 r;
    PW_EACH_LANE(u16) r.u16[i] = v;
    return r;
}

PW_INLINE pw_v128 pwi_v128_splat32(uint32_t v)
{
    pw_v128 r;
    PW_EACH_LANE(u32) r.u32[i] = v;
    return r;
}

PW_INLINE pw_v128 pwi_v128_splat64(uint64_t v)
{
    pw_v128 r;
    r.u64[0] = r.u64[1] = v;
    return r;
}

/* ---- lanes ---- */

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
