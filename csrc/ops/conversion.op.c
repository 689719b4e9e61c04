/* Conversions: https://webassembly.github.io/spec/core/exec/numerics.html#conversions
 * Float to integer: the limits are the first floats whose truncation does not fit. Below the lowest integer, f32 and
 * (for i64) f64 have no number that truncates to it, so that there the lowest integer itself is the limit. */
#include "op_prelude.h"
#include "op_shapes.h"

FEATURE(NONE)
CVTOP(0xa7, "i32.wrap_i64", i32_wrap_i64, i64, i32, (uint32_t)a)
CVTOP(0xac, "i64.extend_i32_s", i64_extend_i32_s, i32, i64, (uint64_t)(int64_t)(int32_t)a)
CVTOP(0xad, "i64.extend_i32_u", i64_extend_i32_u, i32, i64, a)

OP(0xa8, "i32.trunc_f32_s", i32_trunc_f32_s, FORMS(cvt) IN(f32 a) OUT(i32 r))
{
    TRAP_IF(a != a, INVALID_CONVERSION);
    TRAP_IF(!(a >= -2147483648.0f && a < 2147483648.0f), INTEGER_OVERFLOW);
    r = (uint32_t)(int32_t)a;
}

OP(0xa9, "i32.trunc_f32_u", i32_trunc_f32_u, FORMS(cvt) IN(f32 a) OUT(i32 r))
{
    TRAP_IF(a != a, INVALID_CONVERSION);
    TRAP_IF(!(a > -1.0f && a < 4294967296.0f), INTEGER_OVERFLOW);
    r = (uint32_t)a;
}

OP(0xaa, "i32.trunc_f64_s", i32_trunc_f64_s, FORMS(cvt) IN(f64 a) OUT(i32 r))
{
    TRAP_IF(a != a, INVALID_CONVERSION);
    TRAP_IF(!(a > -2147483649.0 && a < 2147483648.0), INTEGER_OVERFLOW);
    r = (uint32_t)(int32_t)a;
}

OP(0xab, "i32.trunc_f64_u", i32_trunc_f64_u, FORMS(cvt) IN(f64 a) OUT(i32 r))
{
    TRAP_IF(a != a, INVALID_CONVERSION);
    TRAP_IF(!(a > -1.0 && a < 4294967296.0), INTEGER_OVERFLOW);
    r = (uint32_t)a;
}

OP(0xae, "i64.trunc_f32_s", i64_trunc_f32_s, FORMS(cvt) IN(f32 a) OUT(i64 r))
{
    TRAP_IF(a != a, INVALID_CONVERSION);
    TRAP_IF(!(a >= -9223372036854775808.0f && a < 9223372036854775808.0f), INTEGER_OVERFLOW);
    r = (uint64_t)(int64_t)a;
}

OP(0xaf, "i64.trunc_f32_u", i64_trunc_f32_u, FORMS(cvt) IN(f32 a) OUT(i64 r))
{
    TRAP_IF(a != a, INVALID_CONVERSION);
    TRAP_IF(!(a > -1.0f && a < 18446744073709551616.0f), INTEGER_OVERFLOW);
    r = (uint64_t)a;
}

OP(0xb0, "i64.trunc_f64_s", i64_trunc_f64_s, FORMS(cvt) IN(f64 a) OUT(i64 r))
{
    TRAP_IF(a != a, INVALID_CONVERSION);
    TRAP_IF(!(a >= -9223372036854775808.0 && a < 9223372036854775808.0), INTEGER_OVERFLOW);
    r = (uint64_t)(int64_t)a;
}

OP(0xb1, "i64.trunc_f64_u", i64_trunc_f64_u, FORMS(cvt) IN(f64 a) OUT(i64 r))
{
    TRAP_IF(a != a, INVALID_CONVERSION);
    TRAP_IF(!(a > -1.0 && a < 18446744073709551616.0), INTEGER_OVERFLOW);
    r = (uint64_t)a;
}

CVTOP(0xb2, "f32.convert_i32_s", f32_convert_i32_s, i32, f32, (float)(int32_t)a)
CVTOP(0xb3, "f32.convert_i32_u", f32_convert_i32_u, i32, f32, (float)a)
CVTOP(0xb4, "f32.convert_i64_s", f32_convert_i64_s, i64, f32, (float)(int64_t)a)
CVTOP(0xb5, "f32.convert_i64_u", f32_convert_i64_u, i64, f32, (float)a)
CVTOP(0xb6, "f32.demote_f64", f32_demote_f64, f64, f32, (float)a)
CVTOP(0xb7, "f64.convert_i32_s", f64_convert_i32_s, i32, f64, (double)(int32_t)a)
CVTOP(0xb8, "f64.convert_i32_u", f64_convert_i32_u, i32, f64, (double)a)
CVTOP(0xb9, "f64.convert_i64_s", f64_convert_i64_s, i64, f64, (double)(int64_t)a)
CVTOP(0xba, "f64.convert_i64_u", f64_convert_i64_u, i64, f64, (double)a)
CVTOP(0xbb, "f64.promote_f32", f64_promote_f32, f32, f64, (double)a)

CVTOP(0xbc, "i32.reinterpret_f32", i32_reinterpret_f32, f32, i32, pwi_f32_to_bits(a))
CVTOP(0xbd, "i64.reinterpret_f64", i64_reinterpret_f64, f64, i64, pwi_f64_to_bits(a))
CVTOP(0xbe, "f32.reinterpret_i32", f32_reinterpret_i32, i32, f32, pwi_f32_from_bits(a))
CVTOP(0xbf, "f64.reinterpret_i64", f64_reinterpret_i64, i64, f64, pwi_f64_from_bits(a))

FEATURE(SATURATING_FLOAT)
CVTOP(0xfc000, "i32.trunc_sat_f32_s", i32_trunc_sat_f32_s, f32, i32, pwi_i32_sat_f32_s(a))
CVTOP(0xfc001, "i32.trunc_sat_f32_u", i32_trunc_sat_f32_u, f32, i32, pwi_i32_sat_f32_u(a))
CVTOP(0xfc002, "i32.trunc_sat_f64_s", i32_trunc_sat_f64_s, f64, i32, pwi_i32_sat_f64_s(a))
CVTOP(0xfc003, "i32.trunc_sat_f64_u", i32_trunc_sat_f64_u, f64, i32, pwi_i32_sat_f64_u(a))
CVTOP(0xfc004, "i64.trunc_sat_f32_s", i64_trunc_sat_f32_s, f32, i64, pwi_i64_sat_f32_s(a))
CVTOP(0xfc005, "i64.trunc_sat_f32_u", i64_trunc_sat_f32_u, f32, i64, pwi_i64_sat_f32_u(a))
CVTOP(0xfc006, "i64.trunc_sat_f64_s", i64_trunc_sat_f64_s, f64, i64, pwi_i64_sat_f64_s(a))
CVTOP(0xfc007, "i64.trunc_sat_f64_u", i64_trunc_sat_f64_u, f64, i64, pwi_i64_sat_f64_u(a))
