/* SIMD, from one width or type to another: integers narrow and wide, floats and integers. */
#include "op_prelude.h"
#include "op_shapes.h"

FEATURE(SIMD)
/* ---- narrowing, with saturation: a's lanes, then b's ---- */

VBINOP_CALL(0xfd065, "i8x16.narrow_i16x8_s", i8x16_narrow_i16x8_s, i8, pwi_clamp(i < 8 ? a.i16[i & 7] : b.i16[i & 7], INT8_MIN, INT8_MAX))
VBINOP_CALL(0xfd066, "i8x16.narrow_i16x8_u", i8x16_narrow_i16x8_u, u8, pwi_clamp(i < 8 ? a.i16[i & 7] : b.i16[i & 7], 0, UINT8_MAX))
VBINOP_CALL(0xfd085, "i16x8.narrow_i32x4_s", i16x8_narrow_i32x4_s, i16, pwi_clamp(i < 4 ? a.i32[i & 3] : b.i32[i & 3], INT16_MIN, INT16_MAX))
VBINOP_CALL(0xfd086, "i16x8.narrow_i32x4_u", i16x8_narrow_i32x4_u, u16, pwi_clamp(i < 4 ? a.i32[i & 3] : b.i32[i & 3], 0, UINT16_MAX))

/* ---- widening: the lanes of one half, products of them, sums of neighbours ---- */

VUNOP(0xfd087, "i16x8.extend_low_i8x16_s", i16x8_extend_low_i8x16_s, i16, a.i8[i])
VUNOP(0xfd088, "i16x8.extend_high_i8x16_s", i16x8_extend_high_i8x16_s, i16, a.i8[i + 8])
VUNOP(0xfd089, "i16x8.extend_low_i8x16_u", i16x8_extend_low_i8x16_u, u16, a.u8[i])
VUNOP(0xfd08a, "i16x8.extend_high_i8x16_u", i16x8_extend_high_i8x16_u, u16, a.u8[i + 8])
VUNOP(0xfd0a7, "i32x4.extend_low_i16x8_s", i32x4_extend_low_i16x8_s, i32, a.i16[i])
VUNOP(0xfd0a8, "i32x4.extend_high_i16x8_s", i32x4_extend_high_i16x8_s, i32, a.i16[i + 4])
VUNOP(0xfd0a9, "i32x4.extend_low_i16x8_u", i32x4_extend_low_i16x8_u, u32, a.u16[i])
VUNOP(0xfd0aa, "i32x4.extend_high_i16x8_u", i32x4_extend_high_i16x8_u, u32, a.u16[i + 4])
VUNOP(0xfd0c7, "i64x2.extend_low_i32x4_s", i64x2_extend_low_i32x4_s, i64, a.i32[i])
VUNOP(0xfd0c8, "i64x2.extend_high_i32x4_s", i64x2_extend_high_i32x4_s, i64, a.i32[i + 2])
VUNOP(0xfd0c9, "i64x2.extend_low_i32x4_u", i64x2_extend_low_i32x4_u, u64, a.u32[i])
VUNOP(0xfd0ca, "i64x2.extend_high_i32x4_u", i64x2_extend_high_i32x4_u, u64, a.u32[i + 2])

VBINOP_CALL(0xfd09c, "i16x8.extmul_low_i8x16_s", i16x8_extmul_low_i8x16_s, i16, a.i8[i] * b.i8[i])
VBINOP_CALL(0xfd09d, "i16x8.extmul_high_i8x16_s", i16x8_extmul_high_i8x16_s, i16, a.i8[i + 8] * b.i8[i + 8])
VBINOP_CALL(0xfd09e, "i16x8.extmul_low_i8x16_u", i16x8_extmul_low_i8x16_u, u16, a.u8[i] * b.u8[i])
VBINOP_CALL(0xfd09f, "i16x8.extmul_high_i8x16_u", i16x8_extmul_high_i8x16_u, u16, a.u8[i + 8] * b.u8[i + 8])
VBINOP_CALL(0xfd0bc, "i32x4.extmul_low_i16x8_s", i32x4_extmul_low_i16x8_s, i32, a.i16[i] * b.i16[i])
VBINOP_CALL(0xfd0bd, "i32x4.extmul_high_i16x8_s", i32x4_extmul_high_i16x8_s, i32, a.i16[i + 4] * b.i16[i + 4])
VBINOP_CALL(0xfd0be, "i32x4.extmul_low_i16x8_u", i32x4_extmul_low_i16x8_u, u32, (uint32_t)a.u16[i] * b.u16[i])
VBINOP_CALL(0xfd0bf, "i32x4.extmul_high_i16x8_u", i32x4_extmul_high_i16x8_u, u32, (uint32_t)a.u16[i + 4] * b.u16[i + 4])
VBINOP(0xfd0dc, "i64x2.extmul_low_i32x4_s", i64x2_extmul_low_i32x4_s, i64, (int64_t)a.i32[i] * b.i32[i])
VBINOP(0xfd0dd, "i64x2.extmul_high_i32x4_s", i64x2_extmul_high_i32x4_s, i64, (int64_t)a.i32[i + 2] * b.i32[i + 2])
VBINOP(0xfd0de, "i64x2.extmul_low_i32x4_u", i64x2_extmul_low_i32x4_u, u64, (uint64_t)a.u32[i] * b.u32[i])
VBINOP(0xfd0df, "i64x2.extmul_high_i32x4_u", i64x2_extmul_high_i32x4_u, u64, (uint64_t)a.u32[i + 2] * b.u32[i + 2])

VUNOP_CALL(0xfd07c, "i16x8.extadd_pairwise_i8x16_s", i16x8_extadd_pairwise_i8x16_s, i16, a.i8[2 * i] + a.i8[2 * i + 1])
VUNOP_CALL(0xfd07d, "i16x8.extadd_pairwise_i8x16_u", i16x8_extadd_pairwise_i8x16_u, u16, a.u8[2 * i] + a.u8[2 * i + 1])
VUNOP_CALL(0xfd07e, "i32x4.extadd_pairwise_i16x8_s", i32x4_extadd_pairwise_i16x8_s, i32, a.i16[2 * i] + a.i16[2 * i + 1])
VUNOP_CALL(0xfd07f, "i32x4.extadd_pairwise_i16x8_u", i32x4_extadd_pairwise_i16x8_u, u32, a.u16[2 * i] + a.u16[2 * i + 1])

/* ---- floats: saturating, NaN gives 0; `zero`: the upper lanes are 0 ---- */

VUNOP_CALL(0xfd0f8, "i32x4.trunc_sat_f32x4_s", i32x4_trunc_sat_f32x4_s, u32, pwi_i32_sat_f32_s(a.f32[i]))
VUNOP_CALL(0xfd0f9, "i32x4.trunc_sat_f32x4_u", i32x4_trunc_sat_f32x4_u, u32, pwi_i32_sat_f32_u(a.f32[i]))
VUNOP_CALL(0xfd0fc, "i32x4.trunc_sat_f64x2_s_zero", i32x4_trunc_sat_f64x2_s_zero, u32, i < 2 ? pwi_i32_sat_f64_s(a.f64[i & 1]) : 0)
VUNOP_CALL(0xfd0fd, "i32x4.trunc_sat_f64x2_u_zero", i32x4_trunc_sat_f64x2_u_zero, u32, i < 2 ? pwi_i32_sat_f64_u(a.f64[i & 1]) : 0)
VUNOP(0xfd0fa, "f32x4.convert_i32x4_s", f32x4_convert_i32x4_s, f32, a.i32[i])
VUNOP_CALL(0xfd0fb, "f32x4.convert_i32x4_u", f32x4_convert_i32x4_u, f32, a.u32[i])
VUNOP(0xfd0fe, "f64x2.convert_low_i32x4_s", f64x2_convert_low_i32x4_s, f64, a.i32[i])
VUNOP_CALL(0xfd0ff, "f64x2.convert_low_i32x4_u", f64x2_convert_low_i32x4_u, f64, a.u32[i])
VUNOP(0xfd05e, "f32x4.demote_f64x2_zero", f32x4_demote_f64x2_zero, f32, i < 2 ? (float)a.f64[i & 1] : 0)
VUNOP(0xfd05f, "f64x2.promote_low_f32x4", f64x2_promote_low_f32x4, f64, a.f32[i])
