/* op_helpers.h - numerics that C has no operator for, as inline code without library calls: x86-64 without SSE4.1
 * has no instruction for rounding, and a call in a handler spills what the interpreter keeps in registers.
 * fabs, copysign and sqrt are instructions everywhere (with -fno-math-errno).
 *
 * Floats: IEEE 754 in the default rounding mode. A NaN operand gives that NaN made quiet, which satisfies the spec's
 * rule for canonical and for arithmetic NaNs (https://webassembly.github.io/spec/core/exec/numerics.html#nan-propagation).
 */
#ifndef PW_OPS_OP_HELPERS_H
#define PW_OPS_OP_HELPERS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/config.h"

/* ---- bits of floats ---- */

PW_INLINE uint32_t pwi_f32_to_bits(float a)
{
    uint32_t bits;
    memcpy(&bits, &a, sizeof bits);
    return bits;
}

PW_INLINE uint64_t pwi_f64_to_bits(double a)
{
    uint64_t bits;
    memcpy(&bits, &a, sizeof bits);
    return bits;
}

PW_INLINE float pwi_f32_from_bits(uint32_t bits)
{
    float a;
    memcpy(&a, &bits, sizeof a);
    return a;
}

PW_INLINE double pwi_f64_from_bits(uint64_t bits)
{
    double a;
    memcpy(&a, &bits, sizeof a);
    return a;
}

/* ---- counting bits ---- */

#if (defined(__GNUC__) || defined(__clang__)) && !defined(PW_NO_BUILTINS)
PW_INLINE uint32_t pwi_clz32(uint32_t a)
{
    return a ? (uint32_t)__builtin_clz(a) : 32;
}
PW_INLINE uint32_t pwi_ctz32(uint32_t a)
{
    return a ? (uint32_t)__builtin_ctz(a) : 32;
}
PW_INLINE uint64_t pwi_clz64(uint64_t a)
{
    return a ? (uint64_t)__builtin_clzll(a) : 64;
}
PW_INLINE uint64_t pwi_ctz64(uint64_t a)
{
    return a ? (uint64_t)__builtin_ctzll(a) : 64;
}
#else
PW_INLINE uint64_t pwi_clz64(uint64_t a)
{
    uint64_t n = 64;
    for (; a; a >>= 1)
        n--;
    return n;
}

PW_INLINE uint64_t pwi_ctz64(uint64_t a)
{
    return a ? 63 - pwi_clz64(a & (0 - a)) : 64;
}
PW_INLINE uint32_t pwi_clz32(uint32_t a)
{
    return (uint32_t)pwi_clz64(a) - 32;
}
PW_INLINE uint32_t pwi_ctz32(uint32_t a)
{
    return a ? (uint32_t)pwi_ctz64(a) : 32;
}
#endif

/* Sums of neighbours, in 2, 4, 8 bits, then of all bytes: the builtin is a call on baseline x86-64. */
PW_INLINE uint32_t pwi_popcnt32(uint32_t a)
{
    a -= a >> 1 & 0x55555555u;
    a = (a & 0x33333333u) + (a >> 2 & 0x33333333u);
    a = (a + (a >> 4)) & 0x0f0f0f0fu;
    return a * 0x01010101u >> 24;
}

PW_INLINE uint64_t pwi_popcnt64(uint64_t a)
{
    a -= a >> 1 & UINT64_C(0x5555555555555555);
    a = (a & UINT64_C(0x3333333333333333)) + (a >> 2 & UINT64_C(0x3333333333333333));
    a = (a + (a >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return a * UINT64_C(0x0101010101010101) >> 56;
}

/* ---- minimum, maximum, rounding: the same text for both widths ----
 *
 * min, max: equal operands may be zeros of two signs: `or` of the bits gives -0 if either is, `and` +0. Unordered
 *           operands are added, which makes the NaN among them quiet.
 * nearest:  adding and taking away 2^(fraction bits), with the sign of a, leaves no room for a fraction, so that the
 *           addition itself rounds, ties to even. Numbers that large are integers already (or infinite or NaN: those
 *           go through their bits, since a compiler may think that a NaN is the same quiet or not).
 * floor, ceil, trunc: nearest, then one step back where that was the wrong way. The sign of a zero is that of a.
 */
#define PW_FLOAT_HELPERS(T, F, U, f, LIMIT, QUIET)                                                           \
    PW_INLINE F pwi_##T##_min(F a, F b)                                                                      \
    {                                                                                                        \
        if (a < b)                                                                                           \
            return a;                                                                                        \
        if (b < a)                                                                                           \
            return b;                                                                                        \
        return a == b ? pwi_##T##_from_bits(pwi_##T##_to_bits(a) | pwi_##T##_to_bits(b)) : a + b;            \
    }                                                                                                        \
    PW_INLINE F pwi_##T##_max(F a, F b)                                                                      \
    {                                                                                                        \
        if (a > b)                                                                                           \
            return a;                                                                                        \
        if (b > a)                                                                                           \
            return b;                                                                                        \
        return a == b ? pwi_##T##_from_bits(pwi_##T##_to_bits(a) & pwi_##T##_to_bits(b)) : a + b;            \
    }                                                                                                        \
    /* a is an integer, infinite or NaN. */                                                                  \
    PW_INLINE F pwi_##T##_quiet(F a)                                                                         \
    {                                                                                                        \
        U bits = pwi_##T##_to_bits(a);                                                                       \
        return a != a ? pwi_##T##_from_bits(bits | QUIET) : a;                                               \
    }                                                                                                        \
    PW_INLINE F pwi_##T##_nearest(F a)                                                                       \
    {                                                                                                        \
        if (!(fabs##f(a) < LIMIT))                                                                           \
            return pwi_##T##_quiet(a);                                                                       \
        F magic = copysign##f(LIMIT, a);                                                                     \
        return copysign##f((a + magic) - magic, a);                                                          \
    }                                                                                                        \
    PW_INLINE F pwi_##T##_floor(F a)                                                                         \
    {                                                                                                        \
        F r = pwi_##T##_nearest(a);                                                                          \
        return r > a ? r - (F)1 : r;                                                                         \
    }                                                                                                        \
    PW_INLINE F pwi_##T##_ceil(F a)                                                                          \
    {                                                                                                        \
        F r = pwi_##T##_nearest(a);                                                                          \
        return r < a ? copysign##f(r + (F)1, a) : r;                                                         \
    }                                                                                                        \
    PW_INLINE F pwi_##T##_trunc(F a)                                                                         \
    {                                                                                                        \
        F r = pwi_##T##_nearest(a);                                                                          \
        return fabs##f(r) > fabs##f(a) ? copysign##f(fabs##f(r) - (F)1, a) : r;                              \
    }

PW_FLOAT_HELPERS(f32, float, uint32_t, f, 8388608.0f, 0x00400000u)
PW_FLOAT_HELPERS(f64, double, uint64_t, , 4503599627370496.0, UINT64_C(0x0008000000000000))
#undef PW_FLOAT_HELPERS

/* ---- saturating truncation ----
 *
 * In range as the trapping ops of conversion.op.c; NaN gives 0. */
#define PW_SAT_HELPER(name, F, S, U, IN_RANGE, LOWEST, HIGHEST)                                              \
    PW_INLINE U name(F a)                                                                                    \
    {                                                                                                        \
        if (IN_RANGE)                                                                                        \
            return (U)(S)a;                                                                                  \
        return a != a ? 0 : a < (F)0 ? (U)LOWEST : (U)HIGHEST;                                               \
    }

PW_SAT_HELPER(pwi_i32_sat_f32_s, float, int32_t, uint32_t, a >= -2147483648.0f && a < 2147483648.0f,
              INT32_MIN, INT32_MAX)
PW_SAT_HELPER(pwi_i32_sat_f32_u, float, uint32_t, uint32_t, a > -1.0f && a < 4294967296.0f, 0, UINT32_MAX)
PW_SAT_HELPER(pwi_i32_sat_f64_s, double, int32_t, uint32_t, a > -2147483649.0 && a < 2147483648.0, INT32_MIN,
              INT32_MAX)
PW_SAT_HELPER(pwi_i32_sat_f64_u, double, uint32_t, uint32_t, a > -1.0 && a < 4294967296.0, 0, UINT32_MAX)
PW_SAT_HELPER(pwi_i64_sat_f32_s, float, int64_t, uint64_t,
              a >= -9223372036854775808.0f && a < 9223372036854775808.0f, INT64_MIN, INT64_MAX)
PW_SAT_HELPER(pwi_i64_sat_f32_u, float, uint64_t, uint64_t, a > -1.0f && a < 18446744073709551616.0f, 0,
              UINT64_MAX)
PW_SAT_HELPER(pwi_i64_sat_f64_s, double, int64_t, uint64_t,
              a >= -9223372036854775808.0 && a < 9223372036854775808.0, INT64_MIN, INT64_MAX)
PW_SAT_HELPER(pwi_i64_sat_f64_u, double, uint64_t, uint64_t, a > -1.0 && a < 18446744073709551616.0, 0,
              UINT64_MAX)
#undef PW_SAT_HELPER

/* The high 64 bits of a product, by halves of 32 bits. */
PW_INLINE uint64_t pwi_mul_high(uint64_t a, uint64_t b)
{
    uint64_t a_low = (uint32_t)a, a_high = a >> 32, b_low = (uint32_t)b, b_high = b >> 32;
    uint64_t middle = a_high * b_low + (a_low * b_low >> 32);
    uint64_t cross = a_low * b_high + (uint32_t)middle;
    return a_high * b_high + (middle >> 32) + (cross >> 32);
}

/* Of a signed one. A negative factor is 2^64 too large as an unsigned one; to correct it takes more registers than handlers of
 * the tail shell have, so clang is asked for the instruction. */
PW_INLINE uint64_t pwi_mul_high_s(uint64_t a, uint64_t b)
{
#if defined(__clang__) && defined(__SIZEOF_INT128__)
    return (uint64_t)(((__int128)(int64_t)a * (int64_t)b) >> 64);
#else
    return pwi_mul_high(a, b) - ((a >> 63 ? b : 0) + (b >> 63 ? a : 0));
#endif
}

#endif
