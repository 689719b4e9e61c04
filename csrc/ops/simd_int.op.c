/* SIMD, integers: https://webassembly.github.io/spec/core/exec/numerics.html, lane by lane. Shapes and the words of
 * the expressions: op_vectors.h. Arithmetic is on unsigned lanes, where it wraps. */
#include "op_prelude.h"
#include "op_shapes.h"

FEATURE(SIMD)
/* ---- all bits ---- */

VUNOP(0xfd04d, "v128.not", v128_not, u64, ~x)
VBINOP(0xfd04e, "v128.and", v128_and, u64, x & y)
VBINOP(0xfd04f, "v128.andnot", v128_andnot, u64, x & ~y)
VBINOP(0xfd050, "v128.or", v128_or, u64, x | y)
VBINOP(0xfd051, "v128.xor", v128_xor, u64, x ^ y)
VTERNOP(0xfd052, "v128.bitselect", v128_bitselect, u64, (x & z) | (y & ~z))
OP(0xfd053, "v128.any_true", v128_any_true, IN(v128 a) OUT(i32 r)) { r = (a.u64[0] | a.u64[1]) != 0; }

/* ---- tests ---- */

OP(0xfd063, "i8x16.all_true", i8x16_all_true, IN(v128 a) OUT(i32 r))
{
    r = 1;
    PW_EACH_LANE(u8) r &= a.u8[i] != 0;
}

OP(0xfd083, "i16x8.all_true", i16x8_all_true, IN(v128 a) OUT(i32 r))
{
    r = 1;
    PW_EACH_LANE(u16) r &= a.u16[i] != 0;
}

OP(0xfd0a3, "i32x4.all_true", i32x4_all_true, IN(v128 a) OUT(i32 r))
{
    r = 1;
    PW_EACH_LANE(u32) r &= a.u32[i] != 0;
}

OP(0xfd0c3, "i64x2.all_true", i64x2_all_true, IN(v128 a) OUT(i32 r))
{
    r = 1;
    PW_EACH_LANE(u64) r &= a.u64[i] != 0;
}

OP(0xfd064, "i8x16.bitmask", i8x16_bitmask, IN(v128 a) OUT(i32 r)) { r = pwi_bitmask8(a.u64[0]) | pwi_bitmask8(a.u64[1]) << 8; }

OP(0xfd084, "i16x8.bitmask", i16x8_bitmask, IN(v128 a) OUT(i32 r))
{
    r = 0;
    PW_EACH_LANE(u16) r |= (uint32_t)(a.u16[i] >> 15) << i;
}

OP(0xfd0a4, "i32x4.bitmask", i32x4_bitmask, IN(v128 a) OUT(i32 r))
{
    r = 0;
    PW_EACH_LANE(u32) r |= (uint32_t)(a.u32[i] >> 31) << i;
}

OP(0xfd0c4, "i64x2.bitmask", i64x2_bitmask, IN(v128 a) OUT(i32 r))
{
    r = 0;
    PW_EACH_LANE(u64) r |= (uint32_t)(a.u64[i] >> 63) << i;
}

/* ---- comparisons ---- */

VCMPOP(0xfd023, "i8x16.eq", i8x16_eq, u8, x == y)
VCMPOP(0xfd024, "i8x16.ne", i8x16_ne, u8, x != y)
VCMPOP(0xfd025, "i8x16.lt_s", i8x16_lt_s, i8, x < y)
VCMPOP(0xfd026, "i8x16.lt_u", i8x16_lt_u, u8, x < y)
VCMPOP(0xfd027, "i8x16.gt_s", i8x16_gt_s, i8, x > y)
VCMPOP(0xfd028, "i8x16.gt_u", i8x16_gt_u, u8, x > y)
VCMPOP(0xfd029, "i8x16.le_s", i8x16_le_s, i8, x <= y)
VCMPOP(0xfd02a, "i8x16.le_u", i8x16_le_u, u8, x <= y)
VCMPOP(0xfd02b, "i8x16.ge_s", i8x16_ge_s, i8, x >= y)
VCMPOP(0xfd02c, "i8x16.ge_u", i8x16_ge_u, u8, x >= y)

VCMPOP(0xfd02d, "i16x8.eq", i16x8_eq, u16, x == y)
VCMPOP(0xfd02e, "i16x8.ne", i16x8_ne, u16, x != y)
VCMPOP(0xfd02f, "i16x8.lt_s", i16x8_lt_s, i16, x < y)
VCMPOP(0xfd030, "i16x8.lt_u", i16x8_lt_u, u16, x < y)
VCMPOP(0xfd031, "i16x8.gt_s", i16x8_gt_s, i16, x > y)
VCMPOP(0xfd032, "i16x8.gt_u", i16x8_gt_u, u16, x > y)
VCMPOP(0xfd033, "i16x8.le_s", i16x8_le_s, i16, x <= y)
VCMPOP(0xfd034, "i16x8.le_u", i16x8_le_u, u16, x <= y)
VCMPOP(0xfd035, "i16x8.ge_s", i16x8_ge_s, i16, x >= y)
VCMPOP(0xfd036, "i16x8.ge_u", i16x8_ge_u, u16, x >= y)

VCMPOP(0xfd037, "i32x4.eq", i32x4_eq, u32, x == y)
VCMPOP(0xfd038, "i32x4.ne", i32x4_ne, u32, x != y)
VCMPOP(0xfd039, "i32x4.lt_s", i32x4_lt_s, i32, x < y)
VCMPOP(0xfd03a, "i32x4.lt_u", i32x4_lt_u, u32, x < y)
VCMPOP(0xfd03b, "i32x4.gt_s", i32x4_gt_s, i32, x > y)
VCMPOP(0xfd03c, "i32x4.gt_u", i32x4_gt_u, u32, x > y)
VCMPOP(0xfd03d, "i32x4.le_s", i32x4_le_s, i32, x <= y)
VCMPOP(0xfd03e, "i32x4.le_u", i32x4_le_u, u32, x <= y)
VCMPOP(0xfd03f, "i32x4.ge_s", i32x4_ge_s, i32, x >= y)
VCMPOP(0xfd040, "i32x4.ge_u", i32x4_ge_u, u32, x >= y)

VCMPOP(0xfd0d6, "i64x2.eq", i64x2_eq, u64, x == y)
VCMPOP(0xfd0d7, "i64x2.ne", i64x2_ne, u64, x != y)
VCMPOP(0xfd0d8, "i64x2.lt_s", i64x2_lt_s, i64, x < y)
VCMPOP(0xfd0d9, "i64x2.gt_s", i64x2_gt_s, i64, x > y)
VCMPOP(0xfd0da, "i64x2.le_s", i64x2_le_s, i64, x <= y)
VCMPOP(0xfd0db, "i64x2.ge_s", i64x2_ge_s, i64, x >= y)

/* ---- sign, bits ---- */

VUNOP(0xfd060, "i8x16.abs", i8x16_abs, u8, a.i8[i] < 0 ? 0 - x : x)
VUNOP(0xfd061, "i8x16.neg", i8x16_neg, u8, 0 - x)
VUNOP(0xfd080, "i16x8.abs", i16x8_abs, u16, a.i16[i] < 0 ? 0 - x : x)
VUNOP(0xfd081, "i16x8.neg", i16x8_neg, u16, 0 - x)
VUNOP(0xfd0a0, "i32x4.abs", i32x4_abs, u32, a.i32[i] < 0 ? 0 - x : x)
VUNOP(0xfd0a1, "i32x4.neg", i32x4_neg, u32, 0 - x)
VUNOP(0xfd0c0, "i64x2.abs", i64x2_abs, u64, a.i64[i] < 0 ? 0 - x : x)
VUNOP(0xfd0c1, "i64x2.neg", i64x2_neg, u64, 0 - x)
VUNOP_CALL(0xfd062, "i8x16.popcnt", i8x16_popcnt, u8, pwi_popcnt8(x))

/* ---- shifts ---- */

VSHIFT_CALL(0xfd06b, "i8x16.shl", i8x16_shl, u8, x << n)
VSHIFT_CALL(0xfd06c, "i8x16.shr_s", i8x16_shr_s, i8, x >> n)
VSHIFT_CALL(0xfd06d, "i8x16.shr_u", i8x16_shr_u, u8, x >> n)
VSHIFT(0xfd08b, "i16x8.shl", i16x8_shl, u16, x << n)
VSHIFT(0xfd08c, "i16x8.shr_s", i16x8_shr_s, i16, x >> n)
VSHIFT(0xfd08d, "i16x8.shr_u", i16x8_shr_u, u16, x >> n)
VSHIFT(0xfd0ab, "i32x4.shl", i32x4_shl, u32, x << n)
VSHIFT(0xfd0ac, "i32x4.shr_s", i32x4_shr_s, i32, x >> n)
VSHIFT(0xfd0ad, "i32x4.shr_u", i32x4_shr_u, u32, x >> n)
VSHIFT(0xfd0cb, "i64x2.shl", i64x2_shl, u64, x << n)
VSHIFT(0xfd0cc, "i64x2.shr_s", i64x2_shr_s, i64, x >> n)
VSHIFT(0xfd0cd, "i64x2.shr_u", i64x2_shr_u, u64, x >> n)

/* ---- arithmetic ---- */

VBINOP(0xfd06e, "i8x16.add", i8x16_add, u8, x + y)
VBINOP(0xfd071, "i8x16.sub", i8x16_sub, u8, x - y)
VBINOP(0xfd08e, "i16x8.add", i16x8_add, u16, x + y)
VBINOP(0xfd091, "i16x8.sub", i16x8_sub, u16, x - y)
VBINOP(0xfd0ae, "i32x4.add", i32x4_add, u32, x + y)
VBINOP(0xfd0b1, "i32x4.sub", i32x4_sub, u32, x - y)
VBINOP(0xfd0ce, "i64x2.add", i64x2_add, u64, x + y)
VBINOP(0xfd0d1, "i64x2.sub", i64x2_sub, u64, x - y)
VBINOP(0xfd095, "i16x8.mul", i16x8_mul, u16, (uint32_t)x * y)
VBINOP(0xfd0b5, "i32x4.mul", i32x4_mul, u32, x * y)
VBINOP(0xfd0d5, "i64x2.mul", i64x2_mul, u64, x * y)

VBINOP_CALL(0xfd06f, "i8x16.add_sat_s", i8x16_add_sat_s, u8, pwi_add_sat8(x, y))
VBINOP(0xfd070, "i8x16.add_sat_u", i8x16_add_sat_u, u8, pwi_add_sat_u8(x, y))
VBINOP_CALL(0xfd072, "i8x16.sub_sat_s", i8x16_sub_sat_s, u8, pwi_sub_sat8(x, y))
VBINOP(0xfd073, "i8x16.sub_sat_u", i8x16_sub_sat_u, u8, x > y ? x - y : 0)
VBINOP_CALL(0xfd08f, "i16x8.add_sat_s", i16x8_add_sat_s, u16, pwi_add_sat16(x, y))
VBINOP(0xfd090, "i16x8.add_sat_u", i16x8_add_sat_u, u16, pwi_add_sat_u16(x, y))
VBINOP_CALL(0xfd092, "i16x8.sub_sat_s", i16x8_sub_sat_s, u16, pwi_sub_sat16(x, y))
VBINOP(0xfd093, "i16x8.sub_sat_u", i16x8_sub_sat_u, u16, x > y ? x - y : 0)

VBINOP(0xfd076, "i8x16.min_s", i8x16_min_s, i8, x < y ? x : y)
VBINOP(0xfd077, "i8x16.min_u", i8x16_min_u, u8, x < y ? x : y)
VBINOP(0xfd078, "i8x16.max_s", i8x16_max_s, i8, x > y ? x : y)
VBINOP(0xfd079, "i8x16.max_u", i8x16_max_u, u8, x > y ? x : y)
VBINOP(0xfd096, "i16x8.min_s", i16x8_min_s, i16, x < y ? x : y)
VBINOP(0xfd097, "i16x8.min_u", i16x8_min_u, u16, x < y ? x : y)
VBINOP(0xfd098, "i16x8.max_s", i16x8_max_s, i16, x > y ? x : y)
VBINOP(0xfd099, "i16x8.max_u", i16x8_max_u, u16, x > y ? x : y)
VBINOP(0xfd0b6, "i32x4.min_s", i32x4_min_s, i32, x < y ? x : y)
VBINOP(0xfd0b7, "i32x4.min_u", i32x4_min_u, u32, x < y ? x : y)
VBINOP(0xfd0b8, "i32x4.max_s", i32x4_max_s, i32, x > y ? x : y)
VBINOP(0xfd0b9, "i32x4.max_u", i32x4_max_u, u32, x > y ? x : y)
VBINOP(0xfd07b, "i8x16.avgr_u", i8x16_avgr_u, u8, (x + y + 1) >> 1)
VBINOP(0xfd09b, "i16x8.avgr_u", i16x8_avgr_u, u16, (x + y + 1) >> 1)
VBINOP_CALL(0xfd082, "i16x8.q15mulr_sat_s", i16x8_q15mulr_sat_s, i16, pwi_q15mulr_sat(x, y))
VBINOP_CALL(0xfd0ba, "i32x4.dot_i16x8_s", i32x4_dot_i16x8_s, u32, pwi_dot16(&a, &b, i))
