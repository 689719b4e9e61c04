/* Integers: https://webassembly.github.io/spec/core/exec/numerics.html#integer-operations
 * Operands are unsigned in C, where wrapping is defined; signed ops convert. */
#include "op_prelude.h"
#include "op_shapes.h"

FEATURE(NONE)
CVTOP(0x45, "i32.eqz", i32_eqz, i32, i32, a == 0)
CMPOP(0x46, "i32.eq", i32_eq, i32, a == b, i32_eq, i32_ne)
CMPOP(0x47, "i32.ne", i32_ne, i32, a != b, i32_ne, i32_eq)
CMPOP(0x48, "i32.lt_s", i32_lt_s, i32, (int32_t)a < (int32_t)b, i32_gt_s, i32_ge_s)
CMPOP(0x49, "i32.lt_u", i32_lt_u, i32, a < b, i32_gt_u, i32_ge_u)
CMPOP(0x4a, "i32.gt_s", i32_gt_s, i32, (int32_t)a > (int32_t)b, i32_lt_s, i32_le_s)
CMPOP(0x4b, "i32.gt_u", i32_gt_u, i32, a > b, i32_lt_u, i32_le_u)
CMPOP(0x4c, "i32.le_s", i32_le_s, i32, (int32_t)a <= (int32_t)b, i32_ge_s, i32_gt_s)
CMPOP(0x4d, "i32.le_u", i32_le_u, i32, a <= b, i32_ge_u, i32_gt_u)
CMPOP(0x4e, "i32.ge_s", i32_ge_s, i32, (int32_t)a >= (int32_t)b, i32_le_s, i32_lt_s)
CMPOP(0x4f, "i32.ge_u", i32_ge_u, i32, a >= b, i32_le_u, i32_lt_u)

UNOP(0x67, "i32.clz", i32_clz, i32, pwi_clz32(a))
UNOP(0x68, "i32.ctz", i32_ctz, i32, pwi_ctz32(a))
UNOP(0x69, "i32.popcnt", i32_popcnt, i32, pwi_popcnt32(a))

BINOPC(0x6a, "i32.add", i32_add, i32, a + b)
BINOP(0x6b, "i32.sub", i32_sub, i32, a - b)
BINOPC(0x6c, "i32.mul", i32_mul, i32, a * b)

OP(0x6d, "i32.div_s", i32_div_s, FORMS(binop) IN(i32 a, i32 b) OUT(i32 r))
{
    TRAP_IF(b == 0, INTEGER_DIVIDE_BY_ZERO);
    TRAP_IF(a == 0x80000000u && b == UINT32_MAX, INTEGER_OVERFLOW);
    r = (uint32_t)((int32_t)a / (int32_t)b);
}

OP(0x6e, "i32.div_u", i32_div_u, FORMS(binop) IN(i32 a, i32 b) OUT(i32 r))
{
    TRAP_IF(b == 0, INTEGER_DIVIDE_BY_ZERO);
    r = a / b;
}

OP(0x6f, "i32.rem_s", i32_rem_s, FORMS(binop) IN(i32 a, i32 b) OUT(i32 r))
{
    TRAP_IF(b == 0, INTEGER_DIVIDE_BY_ZERO);
    /* The remainder by -1 is 0, but C leaves INT32_MIN % -1 undefined, and x86 faults. */
    r = b == UINT32_MAX ? 0 : (uint32_t)((int32_t)a % (int32_t)b);
}

OP(0x70, "i32.rem_u", i32_rem_u, FORMS(binop) IN(i32 a, i32 b) OUT(i32 r))
{
    TRAP_IF(b == 0, INTEGER_DIVIDE_BY_ZERO);
    r = a % b;
}

BINOPC(0x71, "i32.and", i32_and, i32, a & b)
BINOPC(0x72, "i32.or", i32_or, i32, a | b)
BINOPC(0x73, "i32.xor", i32_xor, i32, a ^ b)
BINOP(0x74, "i32.shl", i32_shl, i32, a << (b & 31))
BINOP(0x75, "i32.shr_s", i32_shr_s, i32, (uint32_t)((int32_t)a >> (b & 31)))
BINOP(0x76, "i32.shr_u", i32_shr_u, i32, a >> (b & 31))
BINOP(0x77, "i32.rotl", i32_rotl, i32, (a << (b & 31)) | (a >> ((0 - b) & 31)))
BINOP(0x78, "i32.rotr", i32_rotr, i32, (a >> (b & 31)) | (a << ((0 - b) & 31)))

CVTOP(0x50, "i64.eqz", i64_eqz, i64, i32, a == 0)
CMPOP(0x51, "i64.eq", i64_eq, i64, a == b, i64_eq, i64_ne)
CMPOP(0x52, "i64.ne", i64_ne, i64, a != b, i64_ne, i64_eq)
CMPOP(0x53, "i64.lt_s", i64_lt_s, i64, (int64_t)a < (int64_t)b, i64_gt_s, i64_ge_s)
CMPOP(0x54, "i64.lt_u", i64_lt_u, i64, a < b, i64_gt_u, i64_ge_u)
CMPOP(0x55, "i64.gt_s", i64_gt_s, i64, (int64_t)a > (int64_t)b, i64_lt_s, i64_le_s)
CMPOP(0x56, "i64.gt_u", i64_gt_u, i64, a > b, i64_lt_u, i64_le_u)
CMPOP(0x57, "i64.le_s", i64_le_s, i64, (int64_t)a <= (int64_t)b, i64_ge_s, i64_gt_s)
CMPOP(0x58, "i64.le_u", i64_le_u, i64, a <= b, i64_ge_u, i64_gt_u)
CMPOP(0x59, "i64.ge_s", i64_ge_s, i64, (int64_t)a >= (int64_t)b, i64_le_s, i64_lt_s)
CMPOP(0x5a, "i64.ge_u", i64_ge_u, i64, a >= b, i64_le_u, i64_lt_u)

UNOP(0x79, "i64.clz", i64_clz, i64, pwi_clz64(a))
UNOP(0x7a, "i64.ctz", i64_ctz, i64, pwi_ctz64(a))
UNOP(0x7b, "i64.popcnt", i64_popcnt, i64, pwi_popcnt64(a))

BINOPC(0x7c, "i64.add", i64_add, i64, a + b)
BINOP(0x7d, "i64.sub", i64_sub, i64, a - b)
BINOPC(0x7e, "i64.mul", i64_mul, i64, a * b)

OP(0x7f, "i64.div_s", i64_div_s, FORMS(binop) IN(i64 a, i64 b) OUT(i64 r))
{
    TRAP_IF(b == 0, INTEGER_DIVIDE_BY_ZERO);
    TRAP_IF(a == UINT64_C(0x8000000000000000) && b == UINT64_MAX, INTEGER_OVERFLOW);
    r = (uint64_t)((int64_t)a / (int64_t)b);
}

OP(0x80, "i64.div_u", i64_div_u, FORMS(binop) IN(i64 a, i64 b) OUT(i64 r))
{
    TRAP_IF(b == 0, INTEGER_DIVIDE_BY_ZERO);
    r = a / b;
}

OP(0x81, "i64.rem_s", i64_rem_s, FORMS(binop) IN(i64 a, i64 b) OUT(i64 r))
{
    TRAP_IF(b == 0, INTEGER_DIVIDE_BY_ZERO);
    /* The remainder by -1 is 0, but C leaves INT64_MIN % -1 undefined, and x86 faults. */
    r = b == UINT64_MAX ? 0 : (uint64_t)((int64_t)a % (int64_t)b);
}

OP(0x82, "i64.rem_u", i64_rem_u, FORMS(binop) IN(i64 a, i64 b) OUT(i64 r))
{
    TRAP_IF(b == 0, INTEGER_DIVIDE_BY_ZERO);
    r = a % b;
}

BINOPC(0x83, "i64.and", i64_and, i64, a & b)
BINOPC(0x84, "i64.or", i64_or, i64, a | b)
BINOPC(0x85, "i64.xor", i64_xor, i64, a ^ b)
BINOP(0x86, "i64.shl", i64_shl, i64, a << (b & 63))
BINOP(0x87, "i64.shr_s", i64_shr_s, i64, (uint64_t)((int64_t)a >> (b & 63)))
BINOP(0x88, "i64.shr_u", i64_shr_u, i64, a >> (b & 63))
BINOP(0x89, "i64.rotl", i64_rotl, i64, (a << (b & 63)) | (a >> ((0 - b) & 63)))
BINOP(0x8a, "i64.rotr", i64_rotr, i64, (a >> (b & 63)) | (a << ((0 - b) & 63)))

FEATURE(SIGN_EXTENSION)
UNOP(0xc0, "i32.extend8_s", i32_extend8_s, i32, (uint32_t)(int32_t)(int8_t)a)
UNOP(0xc1, "i32.extend16_s", i32_extend16_s, i32, (uint32_t)(int32_t)(int16_t)a)
UNOP(0xc2, "i64.extend8_s", i64_extend8_s, i64, (uint64_t)(int64_t)(int8_t)a)
UNOP(0xc3, "i64.extend16_s", i64_extend16_s, i64, (uint64_t)(int64_t)(int16_t)a)
UNOP(0xc4, "i64.extend32_s", i64_extend32_s, i64, (uint64_t)(int64_t)(int32_t)a)
