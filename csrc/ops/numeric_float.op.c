/* Floats: https://webassembly.github.io/spec/core/exec/numerics.html#floating-point-operations
 * C's arithmetic in the default rounding mode is IEEE 754's, given -ffp-contract=off and no x87. A NaN result is the
 * first NaN operand made quiet, or the hardware's own: both are allowed. abs, neg, copysign touch the sign bit only. */
#include "op_prelude.h"
#include "op_shapes.h"

FEATURE(NONE)
FCMPOP(0x5b, "f32.eq", f32_eq, f32, a == b, f32_eq)
FCMPOP(0x5c, "f32.ne", f32_ne, f32, a != b, f32_ne)
FCMPOP(0x5d, "f32.lt", f32_lt, f32, a < b, f32_gt)
FCMPOP(0x5e, "f32.gt", f32_gt, f32, a > b, f32_lt)
FCMPOP(0x5f, "f32.le", f32_le, f32, a <= b, f32_ge)
FCMPOP(0x60, "f32.ge", f32_ge, f32, a >= b, f32_le)

UNOP(0x8b, "f32.abs", f32_abs, f32, fabsf(a))
UNOP(0x8c, "f32.neg", f32_neg, f32, -a)
UNOP(0x8d, "f32.ceil", f32_ceil, f32, pwi_f32_ceil(a))
UNOP(0x8e, "f32.floor", f32_floor, f32, pwi_f32_floor(a))
UNOP(0x8f, "f32.trunc", f32_trunc, f32, pwi_f32_trunc(a))
UNOP(0x90, "f32.nearest", f32_nearest, f32, pwi_f32_nearest(a))
UNOP(0x91, "f32.sqrt", f32_sqrt, f32, sqrtf(a))

BINOPC(0x92, "f32.add", f32_add, f32, a + b)
BINOP(0x93, "f32.sub", f32_sub, f32, a - b)
BINOPC(0x94, "f32.mul", f32_mul, f32, a * b)
BINOP(0x95, "f32.div", f32_div, f32, a / b)
BINOPC(0x96, "f32.min", f32_min, f32, pwi_f32_min(a, b))
BINOPC(0x97, "f32.max", f32_max, f32, pwi_f32_max(a, b))
BINOP(0x98, "f32.copysign", f32_copysign, f32, copysignf(a, b))

FCMPOP(0x61, "f64.eq", f64_eq, f64, a == b, f64_eq)
FCMPOP(0x62, "f64.ne", f64_ne, f64, a != b, f64_ne)
FCMPOP(0x63, "f64.lt", f64_lt, f64, a < b, f64_gt)
FCMPOP(0x64, "f64.gt", f64_gt, f64, a > b, f64_lt)
FCMPOP(0x65, "f64.le", f64_le, f64, a <= b, f64_ge)
FCMPOP(0x66, "f64.ge", f64_ge, f64, a >= b, f64_le)

UNOP(0x99, "f64.abs", f64_abs, f64, fabs(a))
UNOP(0x9a, "f64.neg", f64_neg, f64, -a)
UNOP(0x9b, "f64.ceil", f64_ceil, f64, pwi_f64_ceil(a))
UNOP(0x9c, "f64.floor", f64_floor, f64, pwi_f64_floor(a))
UNOP(0x9d, "f64.trunc", f64_trunc, f64, pwi_f64_trunc(a))
UNOP(0x9e, "f64.nearest", f64_nearest, f64, pwi_f64_nearest(a))
UNOP(0x9f, "f64.sqrt", f64_sqrt, f64, sqrt(a))

BINOPC(0xa0, "f64.add", f64_add, f64, a + b)
BINOP(0xa1, "f64.sub", f64_sub, f64, a - b)
BINOPC(0xa2, "f64.mul", f64_mul, f64, a * b)
BINOP(0xa3, "f64.div", f64_div, f64, a / b)
BINOPC(0xa4, "f64.min", f64_min, f64, pwi_f64_min(a, b))
BINOPC(0xa5, "f64.max", f64_max, f64, pwi_f64_max(a, b))
BINOP(0xa6, "f64.copysign", f64_copysign, f64, copysign(a, b))
