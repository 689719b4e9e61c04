/* SIMD, single lanes: constants, splats, access to one lane, any order of lanes. */
#include "op_prelude.h"
#include "op_shapes.h"

FEATURE(SIMD)
OP(0xfd00c, "v128.const", v128_const, IMM(V128, imm low, imm high) OUT(v128 r)) { r = pwi_v128_of(low, high); }

/* Lanes 0 to 15 are a's, 16 to 31 b's. */
OP(0xfd00d, "i8x16.shuffle", i8x16_shuffle, IMM(SHUFFLE, imm low, imm high) IN(v128 a, v128 b) OUT(v128 r))
{
    const pw_v128 both[2] = {a, b};
    r = pwi_v128_shuffle((const uint8_t *)both, low, high);
}

VBINOP_CALL(0xfd00e, "i8x16.swizzle", i8x16_swizzle, u8, pwi_swizzle_lane(&a, y))

OP(0xfd00f, "i8x16.splat", i8x16_splat, IN(i32 x) OUT(v128 r)) { r = pwi_v128_splat8((uint8_t)x); }
OP(0xfd010, "i16x8.splat", i16x8_splat, IN(i32 x) OUT(v128 r)) { r = pwi_v128_splat16((uint16_t)x); }
OP(0xfd011, "i32x4.splat", i32x4_splat, IN(i32 x) OUT(v128 r)) { r = pwi_v128_splat32(x); }
OP(0xfd012, "i64x2.splat", i64x2_splat, IN(i64 x) OUT(v128 r)) { r = pwi_v128_splat64(x); }
OP(0xfd013, "f32x4.splat", f32x4_splat, IN(f32 x) OUT(v128 r)) { r = pwi_v128_splat32(pwi_f32_to_bits(x)); }
OP(0xfd014, "f64x2.splat", f64x2_splat, IN(f64 x) OUT(v128 r)) { r = pwi_v128_splat64(pwi_f64_to_bits(x)); }

OP(0xfd015, "i8x16.extract_lane_s", i8x16_extract_lane_s, IMM(LANE_16, imm i) IN(v128 a) OUT(i32 r)) { r = (uint32_t)(int8_t)pwi_v128_lane(a, i, 8); }
OP(0xfd016, "i8x16.extract_lane_u", i8x16_extract_lane_u, IMM(LANE_16, imm i) IN(v128 a) OUT(i32 r)) { r = (uint8_t)pwi_v128_lane(a, i, 8); }
OP(0xfd017, "i8x16.replace_lane", i8x16_replace_lane, IMM(LANE_16, imm i) IN(v128 a, i32 x) OUT(v128 r)) { r = pwi_v128_replace(a, i, 8, (uint8_t)x); }

OP(0xfd018, "i16x8.extract_lane_s", i16x8_extract_lane_s, IMM(LANE_8, imm i) IN(v128 a) OUT(i32 r)) { r = (uint32_t)(int16_t)pwi_v128_lane(a, i, 16); }
OP(0xfd019, "i16x8.extract_lane_u", i16x8_extract_lane_u, IMM(LANE_8, imm i) IN(v128 a) OUT(i32 r)) { r = (uint16_t)pwi_v128_lane(a, i, 16); }
OP(0xfd01a, "i16x8.replace_lane", i16x8_replace_lane, IMM(LANE_8, imm i) IN(v128 a, i32 x) OUT(v128 r)) { r = pwi_v128_replace(a, i, 16, (uint16_t)x); }

OP(0xfd01b, "i32x4.extract_lane", i32x4_extract_lane, IMM(LANE_4, imm i) IN(v128 a) OUT(i32 r)) { r = (uint32_t)pwi_v128_lane(a, i, 32); }
OP(0xfd01c, "i32x4.replace_lane", i32x4_replace_lane, IMM(LANE_4, imm i) IN(v128 a, i32 x) OUT(v128 r)) { r = pwi_v128_replace(a, i, 32, x); }

OP(0xfd01d, "i64x2.extract_lane", i64x2_extract_lane, IMM(LANE_2, imm i) IN(v128 a) OUT(i64 r)) { r = pwi_v128_lane(a, i, 64); }
OP(0xfd01e, "i64x2.replace_lane", i64x2_replace_lane, IMM(LANE_2, imm i) IN(v128 a, i64 x) OUT(v128 r)) { r = pwi_v128_replace(a, i, 64, x); }

OP(0xfd01f, "f32x4.extract_lane", f32x4_extract_lane, IMM(LANE_4, imm i) IN(v128 a) OUT(f32 r)) { r = pwi_f32_from_bits((uint32_t)pwi_v128_lane(a, i, 32)); }
OP(0xfd020, "f32x4.replace_lane", f32x4_replace_lane, IMM(LANE_4, imm i) IN(v128 a, f32 x) OUT(v128 r)) { r = pwi_v128_replace(a, i, 32, pwi_f32_to_bits(x)); }

OP(0xfd021, "f64x2.extract_lane", f64x2_extract_lane, IMM(LANE_2, imm i) IN(v128 a) OUT(f64 r)) { r = pwi_f64_from_bits(pwi_v128_lane(a, i, 64)); }
OP(0xfd022, "f64x2.replace_lane", f64x2_replace_lane, IMM(LANE_2, imm i) IN(v128 a, f64 x) OUT(v128 r)) { r = pwi_v128_replace(a, i, 64, pwi_f64_to_bits(x)); }
