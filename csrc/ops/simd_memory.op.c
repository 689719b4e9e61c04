/* SIMD, memory: https://webassembly.github.io/spec/core/exec/instructions.html#vector-instructions
 * p points to as many bits as its type says; the bounds check is the generator's. */
#include "op_prelude.h"
#include "op_shapes.h"

FEATURE(SIMD)
OP(0xfd000, "v128.load", v128_load, IMM(MEMARG, at128 p) IN(idx a) OUT(v128 r)) { r = pwi_at128(p); }
OP(0xfd00b, "v128.store", v128_store, IMM(MEMARG, at128 p) IN(idx a, v128 v)) { memcpy(p, &v, sizeof v); }

OP(0xfd001, "v128.load8x8_s", v128_load8x8_s, IMM(MEMARG, at64 p) IN(idx a) OUT(v128 r)) { PW_LOAD_EXTENDED(i16, i8, p) }

OP(0xfd002, "v128.load8x8_u", v128_load8x8_u, IMM(MEMARG, at64 p) IN(idx a) OUT(v128 r)) { PW_LOAD_EXTENDED(u16, u8, p) }

OP(0xfd003, "v128.load16x4_s", v128_load16x4_s, IMM(MEMARG, at64 p) IN(idx a) OUT(v128 r)) { PW_LOAD_EXTENDED(i32, i16, p) }

OP(0xfd004, "v128.load16x4_u", v128_load16x4_u, IMM(MEMARG, at64 p) IN(idx a) OUT(v128 r)) { PW_LOAD_EXTENDED(u32, u16, p) }

OP(0xfd005, "v128.load32x2_s", v128_load32x2_s, IMM(MEMARG, at64 p) IN(idx a) OUT(v128 r)) { PW_LOAD_EXTENDED(i64, i32, p) }

OP(0xfd006, "v128.load32x2_u", v128_load32x2_u, IMM(MEMARG, at64 p) IN(idx a) OUT(v128 r)) { PW_LOAD_EXTENDED(u64, u32, p) }

OP(0xfd007, "v128.load8_splat", v128_load8_splat, IMM(MEMARG, at8 p) IN(idx a) OUT(v128 r)) { r = pwi_v128_splat8(*p); }
OP(0xfd008, "v128.load16_splat", v128_load16_splat, IMM(MEMARG, at16 p) IN(idx a) OUT(v128 r)) { r = pwi_v128_splat16(pwi_at16(p)); }
OP(0xfd009, "v128.load32_splat", v128_load32_splat, IMM(MEMARG, at32 p) IN(idx a) OUT(v128 r)) { r = pwi_v128_splat32(pwi_at32(p)); }
OP(0xfd00a, "v128.load64_splat", v128_load64_splat, IMM(MEMARG, at64 p) IN(idx a) OUT(v128 r)) { r = pwi_v128_splat64(pwi_at64(p)); }
OP(0xfd05c, "v128.load32_zero", v128_load32_zero, IMM(MEMARG, at32 p) IN(idx a) OUT(v128 r)) { r = pwi_v128_of(pwi_at32(p), 0); }
OP(0xfd05d, "v128.load64_zero", v128_load64_zero, IMM(MEMARG, at64 p) IN(idx a) OUT(v128 r)) { r = pwi_v128_of(pwi_at64(p), 0); }

OP(0xfd054, "v128.load8_lane", v128_load8_lane, IMM(MEMARG_LANE, at8 p, imm i) IN(idx a, v128 v) OUT(v128 r))
{
    r = pwi_v128_replace(v, i, 8, *p);
}

OP(0xfd055, "v128.load16_lane", v128_load16_lane, IMM(MEMARG_LANE, at16 p, imm i) IN(idx a, v128 v) OUT(v128 r))
{
    r = pwi_v128_replace(v, i, 16, pwi_at16(p));
}

OP(0xfd056, "v128.load32_lane", v128_load32_lane, IMM(MEMARG_LANE, at32 p, imm i) IN(idx a, v128 v) OUT(v128 r))
{
    r = pwi_v128_replace(v, i, 32, pwi_at32(p));
}

OP(0xfd057, "v128.load64_lane", v128_load64_lane, IMM(MEMARG_LANE, at64 p, imm i) IN(idx a, v128 v) OUT(v128 r))
{
    r = pwi_v128_replace(v, i, 64, pwi_at64(p));
}

OP(0xfd058, "v128.store8_lane", v128_store8_lane, IMM(MEMARG_LANE, at8 p, imm i) IN(idx a, v128 v))
{
    const uint8_t x = (uint8_t)pwi_v128_lane(v, i, 8);
    memcpy(p, &x, sizeof x);
}

OP(0xfd059, "v128.store16_lane", v128_store16_lane, IMM(MEMARG_LANE, at16 p, imm i) IN(idx a, v128 v))
{
    const uint16_t x = (uint16_t)pwi_v128_lane(v, i, 16);
    memcpy(p, &x, sizeof x);
}

OP(0xfd05a, "v128.store32_lane", v128_store32_lane, IMM(MEMARG_LANE, at32 p, imm i) IN(idx a, v128 v))
{
    const uint32_t x = (uint32_t)pwi_v128_lane(v, i, 32);
    memcpy(p, &x, sizeof x);
}

OP(0xfd05b, "v128.store64_lane", v128_store64_lane, IMM(MEMARG_LANE, at64 p, imm i) IN(idx a, v128 v))
{
    const uint64_t x = pwi_v128_lane(v, i, 64);
    memcpy(p, &x, sizeof x);
}
