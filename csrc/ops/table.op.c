/* Tables: https://webassembly.github.io/spec/core/exec/instructions.html#table-instructions
 * Out-of-line work is in runtime/table.c and runtime/segments.c, which check bounds before they write. */
#include "op_prelude.h"

FEATURE(REFERENCE_TYPES)
OP(0x25, "table.get", table_get, IMM(TABLE, imm x) IN(idx i) OUT(ref r))
{
    const pw_table *table = CTX->tables[x];
    TRAP_IF(i >= table->size, OUT_OF_BOUNDS_TABLE);
    r = table->elements[i];
}

OP(0x26, "table.set", table_set, IMM(TABLE, imm x) IN(idx i, ref v))
{
    const pw_table *table = CTX->tables[x];
    TRAP_IF(i >= table->size, OUT_OF_BOUNDS_TABLE);
    table->elements[i] = v;
}

OP(0xfc00f, "table.grow", table_grow, IMM(TABLE, imm x) IN(ref v, idx n) OUT(idx r))
{
    pw_table *table = CTX->tables[x];
    uint64_t old = 0;
    uint64_t failed = table->type.limits.is64 ? UINT64_MAX : UINT32_MAX;
    pw_result result = pwi_table_grow(table, n, v, &old);
    r = result == PW_OK ? old : failed;
    TAKES_TIME(n, 3);
    if (result != PW_OK && result != PW_ERR_LIMIT)
        ATTEMPT(result);
}

OP(0xfc010, "table.size", table_size, IMM(TABLE, imm x) OUT(idx r))
{
    r = CTX->tables[x]->size;
}

OP(0xfc011, "table.fill", table_fill, IMM(TABLE, imm x) IN(idx i, ref v, idx n))
{
    pw_result result = pwi_table_fill(CTX->tables[x], i, v, n);
    TAKES_TIME(n, 3);
    if (result != PW_OK) {
        TRAP_IF(result == PW_ERR_TRAP, OUT_OF_BOUNDS_TABLE);
        ATTEMPT(result);
    }
}

FEATURE(BULK_MEMORY)
OP(0xfc00c, "table.init", table_init, IMM(TABLE_INIT, imm y, imm x) IN(idx d, i32 s, i32 n))
{
    pw_result result = pwi_table_init(CTX, (uint32_t)x, (uint32_t)y, d, s, n);
    TAKES_TIME(n, 3);
    if (result != PW_OK) {
        TRAP_IF(result == PW_ERR_TRAP, OUT_OF_BOUNDS_TABLE);
        ATTEMPT(result);
    }
}

OP(0xfc00d, "elem.drop", elem_drop, IMM(ELEM, imm y))
{
    pwi_elem_drop(CTX, (uint32_t)y);
}

OP(0xfc00e, "table.copy", table_copy, IMM(TABLE_COPY, imm x, imm y) IN(idx d, idx s, idx n))
{
    pw_result result = pwi_table_copy(CTX->tables[x], d, CTX->tables[y], s, n);
    TAKES_TIME(n, 3);
    if (result != PW_OK) {
        TRAP_IF(result == PW_ERR_TRAP, OUT_OF_BOUNDS_TABLE);
        ATTEMPT(result);
    }
}
