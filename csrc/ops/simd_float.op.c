/* SIMD, floats: the rules of the scalar ops lane by lane, NaNs too (op_helpers.h). abs and neg are on the bits, so that
 * they leave NaNs alone. */
#include "op_prelude.h"
#include "op_shapes.h"

FEATURE(SIMD)
VCMPOP(0xfd041, "f32x4.eq", f32x4_eq, f32, x == y)
VCMPOP(0xfd042, "f32x4.ne", f32x4_ne, f32, x != y)
VCMPOP(0xfd043, "f32x4.lt", f32x4_lt, f32, x < y)
VCMPOP(0xfd044, "f32x4.gt", f32x4_gt, f32, x > y)
VCMPOP(0xfd045, "f32x4.le", f32x4_le, f32, x <= y)
VCMPOP(0xfd046, "f32x4.ge", f32x4_ge, f32, x >= y)

VUNOP(0xfd0e0, "f32x4.abs", f32x4_abs, u32, x & ~0x80000000u)
VUNOP(0xfd0e1, "f32x4.neg", f32x4_neg, u32, x ^ 0x80000000u)
VUNOP(0xfd0e3, "f32x4.sqrt", f32x4_sqrt, f32, sqrtf(x))
VUNOP_CALL(0xfd067, "f32x4.ceil", f32x4_ceil, f32, pwi_f32_ceil(x))
VUNOP_CALL(0xfd068, "f32x4.floor", f32x4_floor, f32, pwi_f32_floor(x))
VUNOP_CALL(0xfd069, "f32x4.trunc", f32x4_trunc, f32, pwi_f32_trunc(x))
VUNOP_CALL(0xfd06a, "f32x4.nearest", f32x4_nearest, f32, pwi_f32_nearest(x))

VBINOP(0xfd0e4, "f32x4.add", f32x4_add, f32, x + y)
VBINOP(0xfd0e5, "f32x4.sub", f32x4_sub, f32, x - y)
VBINOP(0xfd0e6, "f32x4.mul", f32x4_mul, f32, x * y)
VBINOP(0xfd0e7, "f32x4.div", f32x4_div, f32, x / y)
VBINOP_CALL(0xfd0e8, "f32x4.min", f32x4_min, f32, pwi_f32_min(x, y))
VBINOP_CALL(0xfd0e9, "f32x4.max", f32x4_max, f32, pwi_f32_max(x, y))
VBINOP(0xfd0ea, "f32x4.pmin", f32x4_pmin, f32, y < x ? y : x)
VBINOP(0xfd0eb, "f32x4.pmax", f32x4_pmax, f32, x < y ? y : x)

VCMPOP(0xfd047, "f64x2.eq", f64x2_eq, f64, x == y)
VCMPOP(0xfd048, "f64x2.ne", f64x2_ne, f64, x != y)
VCMPOP(0xfd049, "f64x2.lt", f64x2_lt, f64, x < y)
VCMPOP(0xfd04a, "f64x2.gt", f64x2_gt, f64, x > y)
VCMPOP(0xfd04b, "f64x2.le", f64x2_le, f64, x <= y)
VCMPOP(0xfd04c, "f64x2.ge", f64x2_ge, f64, x >= y)

VUNOP(0xfd0ec, "f64x2.abs", f64x2_abs, u64, x & ~UINT64_C(0x8000000000000000))
VUNOP(0xfd0ed, "f64x2.neg", f64x2_neg, u64, x ^ UINT64_C(0x8000000000000000))
VUNOP(0xfd0ef, "f64x2.sqrt", f64x2_sqrt, f64, sqrt(x))
VUNOP_CALL(0xfd074, "f64x2.ceil", f64x2_ceil, f64, pwi_f64_ceil(x))
VUNOP_CALL(0xfd075, "f64x2.floor", f64x2_floor, f64, pwi_f64_floor(x))
VUNOP_CALL(0xfd07a, "f64x2.trunc", f64x2_trunc, f64, pwi_f64_trunc(x))
VUNOP_CALL(0xfd094, "f64x2.nearest", f64x2_nearest, f64, pwi_f64_nearest(x))

VBINOP(0xfd0f0, "f64x2.add", f64x2_add, f64, x + y)
VBINOP(0xfd0f1, "f64x2.sub", f64x2_sub, f64, x - y)
VBINOP(0xfd0f2, "f64x2.mul", f64x2_mul, f64, x * y)
VBINOP(0xfd0f3, "f64x2.div", f64x2_div, f64, x / y)
VBINOP_CALL(0xfd0f4, "f64x2.min", f64x2_min, f64, pwi_f64_min(x, y))
VBINOP_CALL(0xfd0f5, "f64x2.max", f64x2_max, f64, pwi_f64_max(x, y))
VBINOP(0xfd0f6, "f64x2.pmin", f64x2_pmin, f64, y < x ? y : x)
VBINOP(0xfd0f7, "f64x2.pmax", f64x2_pmax, f64, x < y ? y : x)
