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

/* Made in a register: what is stored in parts and then loaded as one waits for the stores. */
PW_INLINE pw_v128 pwi_v128_of(uint64_t low, uint64_t high)
{
#if defined(__GNUC__) || defined(__clang__)
    return pwi_from_vector((pw_vector){low, high});
#else
    pw_v128 r;
    r.u64[0] = low;
    r.u64[1] = high;
    return r;
#endif
}

/* r is the 64 bits at p, lanes of type FROM, as lanes of type T, which is twice as wide. */
#if defined(__GNUC__) || defined(__clang__)
#define PW_LOAD_EXTENDED(T, FROM, p)                                                                         \
    {                                                                                                        \
        typedef PW_LANE_##FROM half __attribute__((vector_size(8)));                                         \
        typedef PW_LANE_##T whole __attribute__((vector_size(16)));                                          \
        half lanes;                                                                                          \
        memcpy(&lanes, p, sizeof lanes);                                                                     \
        r = pwi_from_vector((pw_vector)__builtin_convertvector(lanes, whole));                               \
    }
#else
#define PW_LOAD_EXTENDED(T, FROM, p)                                                                         \
    {                                                                                                        \
        const pw_v128 lanes = pwi_v128_of(pwi_at64(p), 0);                                                   \
        PW_EACH_LANE(T) r.T[i] = lanes.FROM[i];                                                              \
    }
#endif

/* All lanes alike. */
#if defined(__GNUC__) || defined(__clang__)
#define PW_SPLAT(BITS)                                                                                       \
    typedef uint##BITS##_t pw_lanes##BITS __attribute__((vector_size(16)));                                  \
    PW_INLINE pw_v128 pwi_v128_splat##BITS(uint##BITS##_t v)                                                 \
    {                                                                                                        \
        return pwi_from_vector((pw_vector)((pw_lanes##BITS){0} + v));                                        \
    }
#else
#define PW_SPLAT(BITS)                                                                                       \
    PW_INLINE pw_v128 pwi_v128_splat##BITS(uint##BITS##_t v)                                                 \
    {                                                                                                        \
        pw_v128 r;                                                                                           \
        PW_EACH_LANE(u##BITS) r.u##BITS[i] = v;                                                              \
        return r;                                                                                            \
    }
#endif
PW_SPLAT(8)
PW_SPLAT(16)
PW_SPLAT(32)
PW_SPLAT(64)
#undef PW_SPLAT

/* A lane of so many bits, with what is above it; by shifts: an index would need the vector on the stack. */
PW_INLINE uint64_t pwi_v128_lane(pw_v128 v, uint64_t lane, unsigned bits)
{
    unsigned half = 64 / bits;
    return (lane < half ? v.u64[0] : v.u64[1]) >> lane % half * bits;
}

/* v with x in one lane of so many bits. */
PW_INLINE pw_v128 pwi_v128_replace(pw_v128 v, uint64_t lane, unsigned bits, uint64_t x)
{
    unsigned half = 64 / bits;
    uint64_t shift = lane % half * bits, mask = (UINT64_MAX >> (64 - bits)) << shift, low = lane < half ? mask : 0;
    uint64_t high = mask & ~low;
    x <<= shift;
    return pwi_v128_of((v.u64[0] & ~low) | (x & low), (v.u64[1] & ~high) | (x & high));
}

#endif
