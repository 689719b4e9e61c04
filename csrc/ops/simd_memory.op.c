/* SIMD, memory: https://webassembly.github.io/spec/core/exec/instructions.html#vector-instructions
 * p points to as many bits as its type says; the bounds check is the generator's. */
#include "op_prelude.h"
#include "op_shapes.h"

FEATURE(SIMD)
OP(0xfd000, "v128.load", v128_load, IMM(MEMARG, at128 p) IN(idx a) OUT(v128 r)) { r = pwi_at128(p); }
OP(0xfd00b, "v128.store", v128_store, IMM(MEMARG, at128 p) IN(idx a, v128 v)) { memcpy(p, &v, sizeof v); }

OP(0xfd001, "v128.load8x8_s", v128_load8x8_s, IMM(MEMARG, at64 p) IN(idx a) OUT(v128 r))
{
    const pw_v128 v = pwi_v128_low(pwi_at64(p));
    PW_EACH_LANE(i16) r.i16[i] = v.i8[i];
}

OP(0xfd002, "v128.load8x8_u", v128_load8x8_u, IMM(MEMARG, at64 p) IN(idx a) OUT(v128 r))
{
    const pw_v128 v = pwi_v128_low(pwi_at64(p));
    PW_EACH_LANE(u16) r.u16[i] = v.u8[i];
}

OP(0xfd003, "v128.load16x4_s", v128_load16x4_s, IMM(MEMARG, at64 p) IN(idx a) OUT(v128 r))
{
    const pw_v128 v = pwi_v128_low(pwi_at64(p));
    PW_EACH_LANE(i32) r.i32[i] = v.i16[i];
}

OP(0xfd004, "v128.load16x4_u", v128_load16x4_u, IMM(MEMARG, at64 p) IN(idx a) OUT(v128 r))
{
    const pw_v128 v = pwi_v128_low(pwi_at64(p));
    PW_EACH_LANE(u32) r.u32[i] = v.u16[i];
}

OP(0xfd005, "v128.load32x2_s", v128_load32x2_s, IMM(MEMARG, at64 p) IN(idx a) OUT(v128 r))
{
    const pw_v128 v = pwi_v128_low(pwi_at64(p));
    PW_EACH_LANE(i64) r.i64[i] = v.i32[i];
}

OP(0xfd006, "v128.load32x2_u", v128_load32x2_u, IMM(MEMARG, at64 p) IN(idx a) OUT(v128 r))
{
    const pw_v128 v = pwi_v128_low(pwi_at64(p));
    PW_EACH_LANE(u64) r.u64[i] = v.u32[i];
}

OP(0xfd007, "v128.load8_splat", v128_load8_splat, IMM(MEMARG, at8 p) IN(idx a) OUT(v128 r)) { r = pwi_v128_splat8(*p); }
OP(0xfd008, "v128.load16_splat", v128_load16_splat, IMM(MEMARG, at16 p) IN(idx a) OUT(v128 r)) { r = pwi_v128_splat16(pwi_at16(p)); }
OP(0xfd009, "v128.load32_splat", v128_load32_splat, IMM(MEMARG, at32 p) IN(idx a) OUT(v128 r)) { r = pwi_v128_splat32(pwi_at32(p)); }
OP(0xfd00a, "v128.load64_splat", v128_load64_splat, IMM(MEMARG, at64 p) IN(idx a) OUT(v128 r)) { r = pwi_v128_splat64(pwi_at64(p)); }
OP(0xfd05c, "v128.load32_zero", v128_load32_zero, IMM(MEMARG, at32 p) IN(idx a) OUT(v128 r)) { r = pwi_v128_low(pwi_at32(p)); }
OP(0xfd05d, "v128.load64_zero", v128_load64_zero, IMM(MEMARG, at64 p) IN(idx a) OUT(v128 r)) { r = pwi_v128_low(pwi_at64(p)); }

OP(0xfd054, "v128.load8_lane", v128_load8_lane, IMM(MEMARG_LANE, at8 p, imm i) IN(idx a, v128 v) OUT(v128 r))
{
    r = v;
    r.u8[i] = *p;
}

OP(0xfd055, "v128.load16_lane", v128_load16_lane, IMM(MEMARG_LANE, at16 p, imm i) IN(idx a, v128 v) OUT(v128 r))
{
    r = v;
    r.u16[i] = pwi_at16(p);
}

OP(0xfd056, "v128.load32_lane", v128_load32_lane, IMM(MEMARG_LANE, at32 p, imm i) IN(idx a, v128 v) OUT(v128 r))
{
    r = v;
    r.u32[i] = pwi_at32(p);
}

OP(0xfd057, "v128.load64_lane", v128_load64_lane, IMM(MEMARG_LANE, at64 p, imm i) IN(idx a, v128 v) OUT(v128 r))
{
    r = v;
    r.u64[i] = pwi_at64(p);
}

OP(0xfd058, "v128.store8_lane", v128_store8_lane, IMM(MEMARG_LANE, at8 p, imm i) IN(idx a, v128 v))
{
    memcpy(p, &v.u8[i], sizeof v.u8[i]);
}

OP(0xfd059, "v128.store16_lane", v128_store16_lane, IMM(MEMARG_LANE, at16 p, imm i) IN(idx a, v128 v))
{
    memcpy(p, &v.u16[i], sizeof v.u16[i]);
}

OP(0xfd05a, "v128.store32_lane", v128_store32_lane, IMM(MEMARG_LANE, at32 p, imm i) IN(idx a, v128 v))
{
    memcpy(p, &v.u32[i], sizeof v.u32[i]);
}

OP(0xfd05b, "v128.store64_lane", v128_store64_lane, IMM(MEMARG_LANE, at64 p, imm i) IN(idx a, v128 v))
{
    memcpy(p, &v.u64[i], sizeof v.u64[i]);
}
