/* Memory: https://webassembly.github.io/spec/core/exec/instructions.html#memory-instructions
 * Guest memory is little-endian, as are all hosts that the project supports. The bounds check is the generator's. */
#include "op_prelude.h"
#include "op_shapes.h"

FEATURE(NONE)
LOADOP(0x28, "i32.load", i32_load, i32, uint32_t, v)
LOADOP(0x29, "i64.load", i64_load, i64, uint64_t, v)
LOADOP(0x2a, "f32.load", f32_load, f32, float, v)
LOADOP(0x2b, "f64.load", f64_load, f64, double, v)
LOADOP(0x2c, "i32.load8_s", i32_load8_s, i32, int8_t, (uint32_t)(int32_t)v)
LOADOP(0x2d, "i32.load8_u", i32_load8_u, i32, uint8_t, v)
LOADOP(0x2e, "i32.load16_s", i32_load16_s, i32, int16_t, (uint32_t)(int32_t)v)
LOADOP(0x2f, "i32.load16_u", i32_load16_u, i32, uint16_t, v)
LOADOP(0x30, "i64.load8_s", i64_load8_s, i64, int8_t, (uint64_t)(int64_t)v)
LOADOP(0x31, "i64.load8_u", i64_load8_u, i64, uint8_t, v)
LOADOP(0x32, "i64.load16_s", i64_load16_s, i64, int16_t, (uint64_t)(int64_t)v)
LOADOP(0x33, "i64.load16_u", i64_load16_u, i64, uint16_t, v)
LOADOP(0x34, "i64.load32_s", i64_load32_s, i64, int32_t, (uint64_t)(int64_t)v)
LOADOP(0x35, "i64.load32_u", i64_load32_u, i64, uint32_t, v)

STOREOP(0x36, "i32.store", i32_store, i32, uint32_t, v)
STOREOP(0x37, "i64.store", i64_store, i64, uint64_t, v)
STOREOP(0x38, "f32.store", f32_store, f32, float, v)
STOREOP(0x39, "f64.store", f64_store, f64, double, v)
STOREOP(0x3a, "i32.store8", i32_store8, i32, uint8_t, v)
STOREOP(0x3b, "i32.store16", i32_store16, i32, uint16_t, v)
STOREOP(0x3c, "i64.store8", i64_store8, i64, uint8_t, v)
STOREOP(0x3d, "i64.store16", i64_store16, i64, uint16_t, v)
STOREOP(0x3e, "i64.store32", i64_store32, i64, uint32_t, v)

OP(0x3f, "memory.size", memory_size, IMM(MEMORY, imm m) OUT(idx r))
{
    r = pw_memory_pages(CTX->memories[m]);
}

OP(0x40, "memory.grow", memory_grow, IMM(MEMORY, imm m) IN(idx n) OUT(idx r))
{
    pw_memory *memory = CTX->memories[m];
    uint64_t old = 0;
    uint64_t failed = memory->type.is64 ? UINT64_MAX : UINT32_MAX;
    r = pwi_memory_grow(memory, n, &old) == PW_OK ? old : failed;
    RELOAD_MEMORY();
}

FEATURE(BULK_MEMORY)
OP(0xfc008, "memory.init", memory_init, IMM(MEMORY_INIT, imm x, imm m) IN(idx d, i32 s, i32 n))
{
    pw_result result = pwi_memory_init(CTX, (uint32_t)m, (uint32_t)x, d, s, n);
    TAKES_TIME(n, 6);
    if (result != PW_OK) {
        TRAP_IF(result == PW_ERR_TRAP, OUT_OF_BOUNDS_MEMORY);
        ATTEMPT(result);
    }
}

OP(0xfc009, "data.drop", data_drop, IMM(DATA, imm x))
{
    pwi_data_drop(CTX, (uint32_t)x);
}

OP(0xfc00a, "memory.copy", memory_copy, IMM(MEMORY_COPY, imm to, imm from) IN(idx d, idx s, idx n))
{
    pw_result result = pwi_memory_copy(CTX->memories[to], d, CTX->memories[from], s, n);
    TAKES_TIME(n, 6);
    if (result != PW_OK) {
        TRAP_IF(result == PW_ERR_TRAP, OUT_OF_BOUNDS_MEMORY);
        ATTEMPT(result);
    }
}

OP(0xfc00b, "memory.fill", memory_fill, IMM(MEMORY, imm m) IN(idx d, i32 v, idx n))
{
    pw_result result = pwi_memory_fill(CTX->memories[m], d, (uint8_t)v, n);
    TAKES_TIME(n, 6);
    if (result != PW_OK) {
        TRAP_IF(result == PW_ERR_TRAP, OUT_OF_BOUNDS_MEMORY);
        ATTEMPT(result);
    }
}
