/* vector_inline.h - vector ops that SSE2, which every x86-64 has, can do in a few instructions, but that compilers do not
 * find in loops over lanes: in handlers they stand in for the functions of vector_ops.h.
 */
#ifndef PW_ENGINE_VECTOR_INLINE_H
#define PW_ENGINE_VECTOR_INLINE_H

#include "engine/vector_ops.h"

#if defined(__SSE2__) && (defined(__GNUC__) || defined(__clang__))
#include <emmintrin.h>

#define PW_SSE2_BINOP(ident, expr)                                                                           \
    PW_INLINE pw_vector pwi_inline_##ident(pw_vector first, pw_vector second)                                \
    {                                                                                                        \
        const __m128i a = (__m128i)first, b = (__m128i)second;                                               \
        return (pw_vector)(expr);                                                                            \
    }
#define PW_SSE2_UNOP(ident, expr)                                                                            \
    PW_INLINE pw_vector pwi_inline_##ident(pw_vector first)                                                  \
    {                                                                                                        \
        const __m128i a = (__m128i)first;                                                                    \
        return (pw_vector)(expr);                                                                            \
    }
/* 16 bits of zeros around 8: bytes have no shifts of their own. */
#define PW_SSE2_SHIFT(ident, shifted, kept)                                                                  \
    PW_INLINE pw_vector pwi_inline_##ident(pw_vector first, uint32_t b)                                      \
    {                                                                                                        \
        const int n = (int)(b & 7);                                                                          \
        const __m128i a = (__m128i)first, count = _mm_cvtsi32_si128(n);                                      \
        return (pw_vector)_mm_and_si128(shifted, _mm_set1_epi8((char)(kept)));                               \
    }
/* Either order gives the second operand where both are zeros or one is a NaN. Zeros: both results, joined, have the right
 * sign. NaNs: a sum has one. */
#define PW_SSE2_EXTREME(ident, V, suffix, op, join)                                                          \
    PW_INLINE pw_vector pwi_inline_##ident(pw_vector first, pw_vector second)                                \
    {                                                                                                        \
        const V a = (V)first, b = (V)second, nan = _mm_cmpunord_##suffix(a, b);                              \
        const V r = _mm_##join##_##suffix(_mm_##op##_##suffix(a, b), _mm_##op##_##suffix(b, a));             \
        const V sum = _mm_and_##suffix(nan, _mm_add_##suffix(a, b));                                         \
        return (pw_vector)_mm_or_##suffix(sum, _mm_andnot_##suffix(nan, r));                                 \
    }

/* Bytes to 16 bits, with the sign or without; products of 16 bits from their halves. */
#define PW_SSE2_SIGNED(half, x)   _mm_srai_epi16(_mm_unpack##half##_epi8(x, x), 8)
#define PW_SSE2_UNSIGNED(half, x) _mm_unpack##half##_epi8(x, _mm_setzero_si128())
#define PW_SSE2_PRODUCT(half, high) _mm_unpack##half##_epi16(_mm_mullo_epi16(a, b), high(a, b))

PW_SSE2_BINOP(i8x16_narrow_i16x8_s, _mm_packs_epi16(a, b))
PW_SSE2_BINOP(i8x16_narrow_i16x8_u, _mm_packus_epi16(a, b))
PW_SSE2_BINOP(i16x8_narrow_i32x4_s, _mm_packs_epi32(a, b))
PW_SSE2_BINOP(i16x8_extmul_low_i8x16_s, _mm_mullo_epi16(PW_SSE2_SIGNED(lo, a), PW_SSE2_SIGNED(lo, b)))
PW_SSE2_BINOP(i16x8_extmul_high_i8x16_s, _mm_mullo_epi16(PW_SSE2_SIGNED(hi, a), PW_SSE2_SIGNED(hi, b)))
PW_SSE2_BINOP(i16x8_extmul_low_i8x16_u, _mm_mullo_epi16(PW_SSE2_UNSIGNED(lo, a), PW_SSE2_UNSIGNED(lo, b)))
PW_SSE2_BINOP(i16x8_extmul_high_i8x16_u, _mm_mullo_epi16(PW_SSE2_UNSIGNED(hi, a), PW_SSE2_UNSIGNED(hi, b)))
PW_SSE2_BINOP(i32x4_extmul_low_i16x8_s, PW_SSE2_PRODUCT(lo, _mm_mulhi_epi16))
PW_SSE2_BINOP(i32x4_extmul_high_i16x8_s, PW_SSE2_PRODUCT(hi, _mm_mulhi_epi16))
PW_SSE2_BINOP(i32x4_extmul_low_i16x8_u, PW_SSE2_PRODUCT(lo, _mm_mulhi_epu16))
PW_SSE2_BINOP(i32x4_extmul_high_i16x8_u, PW_SSE2_PRODUCT(hi, _mm_mulhi_epu16))
PW_SSE2_UNOP(i16x8_extadd_pairwise_i8x16_s, _mm_add_epi16(_mm_srai_epi16(_mm_slli_epi16(a, 8), 8), _mm_srai_epi16(a, 8)))
PW_SSE2_UNOP(i16x8_extadd_pairwise_i8x16_u, _mm_add_epi16(_mm_and_si128(a, _mm_set1_epi16(255)), _mm_srli_epi16(a, 8)))
PW_SSE2_UNOP(i32x4_extadd_pairwise_i16x8_s, _mm_madd_epi16(a, _mm_set1_epi16(1)))
PW_SSE2_UNOP(i32x4_extadd_pairwise_i16x8_u, _mm_add_epi32(_mm_and_si128(a, _mm_set1_epi32(0xffff)), _mm_srli_epi32(a, 16)))
PW_SSE2_BINOP(i32x4_dot_i16x8_s, _mm_madd_epi16(a, b))
PW_SSE2_BINOP(i8x16_add_sat_s, _mm_adds_epi8(a, b))
PW_SSE2_BINOP(i8x16_sub_sat_s, _mm_subs_epi8(a, b))
PW_SSE2_BINOP(i16x8_add_sat_s, _mm_adds_epi16(a, b))
PW_SSE2_BINOP(i16x8_sub_sat_s, _mm_subs_epi16(a, b))
PW_SSE2_SHIFT(i8x16_shl, _mm_sll_epi16(a, count), 0xff << n)
PW_SSE2_SHIFT(i8x16_shr_u, _mm_srl_epi16(a, count), 0xff >> n)
PW_SSE2_EXTREME(f32x4_min, __m128, ps, min, or)
PW_SSE2_EXTREME(f32x4_max, __m128, ps, max, and)
PW_SSE2_EXTREME(f64x2_min, __m128d, pd, min, or)
PW_SSE2_EXTREME(f64x2_max, __m128d, pd, max, and)

#define pwi_v_i8x16_narrow_i16x8_s          pwi_inline_i8x16_narrow_i16x8_s
#define pwi_v_i8x16_narrow_i16x8_u          pwi_inline_i8x16_narrow_i16x8_u
#define pwi_v_i16x8_narrow_i32x4_s          pwi_inline_i16x8_narrow_i32x4_s
#define pwi_v_i16x8_extmul_low_i8x16_s      pwi_inline_i16x8_extmul_low_i8x16_s
#define pwi_v_i16x8_extmul_high_i8x16_s     pwi_inline_i16x8_extmul_high_i8x16_s
#define pwi_v_i16x8_extmul_low_i8x16_u      pwi_inline_i16x8_extmul_low_i8x16_u
#define pwi_v_i16x8_extmul_high_i8x16_u     pwi_inline_i16x8_extmul_high_i8x16_u
#define pwi_v_i32x4_extmul_low_i16x8_s      pwi_inline_i32x4_extmul_low_i16x8_s
#define pwi_v_i32x4_extmul_high_i16x8_s     pwi_inline_i32x4_extmul_high_i16x8_s
#define pwi_v_i32x4_extmul_low_i16x8_u      pwi_inline_i32x4_extmul_low_i16x8_u
#define pwi_v_i32x4_extmul_high_i16x8_u     pwi_inline_i32x4_extmul_high_i16x8_u
#define pwi_v_i16x8_extadd_pairwise_i8x16_s pwi_inline_i16x8_extadd_pairwise_i8x16_s
#define pwi_v_i16x8_extadd_pairwise_i8x16_u pwi_inline_i16x8_extadd_pairwise_i8x16_u
#define pwi_v_i32x4_extadd_pairwise_i16x8_s pwi_inline_i32x4_extadd_pairwise_i16x8_s
#define pwi_v_i32x4_extadd_pairwise_i16x8_u pwi_inline_i32x4_extadd_pairwise_i16x8_u
#define pwi_v_i32x4_dot_i16x8_s             pwi_inline_i32x4_dot_i16x8_s
#define pwi_v_i8x16_add_sat_s               pwi_inline_i8x16_add_sat_s
#define pwi_v_i8x16_sub_sat_s               pwi_inline_i8x16_sub_sat_s
#define pwi_v_i16x8_add_sat_s               pwi_inline_i16x8_add_sat_s
#define pwi_v_i16x8_sub_sat_s               pwi_inline_i16x8_sub_sat_s
#define pwi_v_i8x16_shl                     pwi_inline_i8x16_shl
#define pwi_v_i8x16_shr_u                   pwi_inline_i8x16_shr_u
#define pwi_v_f32x4_min                     pwi_inline_f32x4_min
#define pwi_v_f32x4_max                     pwi_inline_f32x4_max
#define pwi_v_f64x2_min                     pwi_inline_f64x2_min
#define pwi_v_f64x2_max                     pwi_inline_f64x2_max
#define pwi_v_f32x4_relaxed_min             pwi_inline_f32x4_min
#define pwi_v_f32x4_relaxed_max             pwi_inline_f32x4_max
#define pwi_v_f64x2_relaxed_min             pwi_inline_f64x2_min
#define pwi_v_f64x2_relaxed_max             pwi_inline_f64x2_max
#endif

#endif
