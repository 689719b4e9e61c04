/* Relaxed SIMD: https://webassembly.github.io/spec/core/exec/numerics.html. Where the spec leaves a choice, this is the
 * one made here, on every machine and in every shell: that of the deterministic profile
 * (https://webassembly.github.io/spec/core/appendix/profiles.html), with which most ops are their strict counterparts:
 *
 *    relaxed_swizzle         indices from 16 on give 0, as swizzle
 *    relaxed_trunc           as trunc_sat: NaN gives 0, what does not fit the nearest limit
 *    relaxed_madd, nmadd     x * y rounded, then + z rounded: never fused
 *    relaxed_laneselect      bit by bit, as bitselect
 *    relaxed_min, max        as min and max: NaN and the sign of zeros count
 *    relaxed_q15mulr         -1 * -1 saturates, as q15mulr_sat
 *    relaxed_dot             all lanes are signed, with the top bit set too; pairs are added with signed saturation
 */
#include "op_prelude.h"
#include "op_shapes.h"

FEATURE(RELAXED_SIMD)
VBINOP_CALL(0xfd100, "i8x16.relaxed_swizzle", i8x16_relaxed_swizzle, u8, pwi_swizzle_lane(&a, y))
VUNOP_CALL(0xfd101, "i32x4.relaxed_trunc_f32x4_s", i32x4_relaxed_trunc_f32x4_s, u32, pwi_i32_sat_f32_s(a.f32[i]))
VUNOP_CALL(0xfd102, "i32x4.relaxed_trunc_f32x4_u", i32x4_relaxed_trunc_f32x4_u, u32, pwi_i32_sat_f32_u(a.f32[i]))
VUNOP_CALL(0xfd103, "i32x4.relaxed_trunc_f64x2_s_zero", i32x4_relaxed_trunc_f64x2_s_zero, u32, i < 2 ? pwi_i32_sat_f64_s(a.f64[i & 1]) : 0)
VUNOP_CALL(0xfd104, "i32x4.relaxed_trunc_f64x2_u_zero", i32x4_relaxed_trunc_f64x2_u_zero, u32, i < 2 ? pwi_i32_sat_f64_u(a.f64[i & 1]) : 0)

VTERNOP(0xfd105, "f32x4.relaxed_madd", f32x4_relaxed_madd, f32, x * y + z)
VTERNOP(0xfd106, "f32x4.relaxed_nmadd", f32x4_relaxed_nmadd, f32, -x * y + z)
VTERNOP(0xfd107, "f64x2.relaxed_madd", f64x2_relaxed_madd, f64, x * y + z)
VTERNOP(0xfd108, "f64x2.relaxed_nmadd", f64x2_relaxed_nmadd, f64, -x * y + z)

VTERNOP(0xfd109, "i8x16.relaxed_laneselect", i8x16_relaxed_laneselect, u64, (x & z) | (y & ~z))
VTERNOP(0xfd10a, "i16x8.relaxed_laneselect", i16x8_relaxed_laneselect, u64, (x & z) | (y & ~z))
VTERNOP(0xfd10b, "i32x4.relaxed_laneselect", i32x4_relaxed_laneselect, u64, (x & z) | (y & ~z))
VTERNOP(0xfd10c, "i64x2.relaxed_laneselect", i64x2_relaxed_laneselect, u64, (x & z) | (y & ~z))

VBINOP_CALL(0xfd10d, "f32x4.relaxed_min", f32x4_relaxed_min, f32, pwi_f32_min(x, y))
VBINOP_CALL(0xfd10e, "f32x4.relaxed_max", f32x4_relaxed_max, f32, pwi_f32_max(x, y))
VBINOP_CALL(0xfd10f, "f64x2.relaxed_min", f64x2_relaxed_min, f64, pwi_f64_min(x, y))
VBINOP_CALL(0xfd110, "f64x2.relaxed_max", f64x2_relaxed_max, f64, pwi_f64_max(x, y))
VBINOP_CALL(0xfd111, "i16x8.relaxed_q15mulr_s", i16x8_relaxed_q15mulr_s, i16, pwi_q15mulr_sat(x, y))
VBINOP_CALL(0xfd112, "i16x8.relaxed_dot_i8x16_i7x16_s", i16x8_relaxed_dot_i8x16_i7x16_s, i16, pwi_dot8(&a, &b, i))
VTERNOP_CALL(0xfd113, "i32x4.relaxed_dot_i8x16_i7x16_add_s", i32x4_relaxed_dot_i8x16_i7x16_add_s, u32, pwi_dot8_pair(&a, &b, i) + z)
