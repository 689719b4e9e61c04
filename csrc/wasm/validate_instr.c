/* validate_instr.c - instructions that are no control and no plain signature: select, references, globals, tables,
 * memory accesses (https://webassembly.github.io/spec/core/valid/instructions.html). */
#include "wasm/validate.h"

/* ---- indices -------------------------------------------------------------------------------------------------- */

static pw_result read_index(pw_validator *v, uint32_t count, const char *what, uint32_t *index)
{
    PW_TRY(pwi_read_u32(&v->reader, index));
    return *index < count ? PW_OK : pwi_invalid(v, "unknown %s %u", what, *index);
}

static pw_result read_table(pw_validator *v, const pw_table_type **table, pw_val_type *index_type)
{
    uint32_t index;
    PW_TRY(read_index(v, v->module->table_count, "table", &index));
    *table = &v->module->tables[index].type;
    *index_type = (*table)->limits.is64 ? PW_I64 : PW_I32;
    return PW_OK;
}

/* Before there could be more than one memory, its index was a byte that had to be 0. */
static pw_result read_memory(pw_validator *v, pw_val_type *address)
{
    uint32_t index;
    PW_TRY(pwi_check_memory_byte(&v->reader));
    PW_TRY(read_index(v, v->module->memory_count, "memory", &index));
    *address = v->module->memories[index].is64 ? PW_I64 : PW_I32;
    return PW_OK;
}

/* A data segment's index; check_data_index looks at it. Code may name one only after a data count section. */
static pw_result read_data_index(pw_validator *v, uint32_t *index)
{
    if (!v->module->has_data_count)
        return pwi_reader_malformed(&v->reader, v->instr, "data count section required");
    return pwi_read_u32(&v->reader, index);
}

static pw_result check_data_index(pw_validator *v, uint32_t index)
{
    return index < v->module->data_count ? PW_OK : pwi_invalid(v, "unknown data segment %u", index);
}

pw_result pwi_read_data_segment(pw_validator *v)
{
    uint32_t index = 0;
    PW_TRY(read_data_index(v, &index));
    return check_data_index(v, index);
}

static pw_result check_elem_index(pw_validator *v, uint32_t index)
{
    return index < v->module->elem_count ? PW_OK : pwi_invalid(v, "unknown elem segment %u", index);
}

/* ---- memory and table accesses -------------------------------------------------------------------------------- */

static pw_result read_memarg(pw_validator *v, uint32_t align, pw_val_type *address)
{
    uint32_t flags, memory = 0;
    uint64_t offset;
    PW_TRY(pwi_read_u32(&v->reader, &flags));
    if (PW_UNLIKELY(flags & ~0x3fu)) {
        if (flags >= 0x80)
            return pwi_reader_malformed(&v->reader, v->instr, "malformed memop flags 0x%x", flags);
        PW_TRY(pwi_reader_need(&v->reader, v->instr, PW_FEATURE_BIT_MULTI_MEMORY));
        PW_TRY(pwi_read_u32(&v->reader, &memory));
        flags &= 0x3f;
    }
    PW_TRY(pwi_read_u64(&v->reader, &offset));
    if (PW_UNLIKELY(memory >= v->module->memory_count))
        return pwi_invalid(v, "unknown memory %u", memory);
    if (PW_UNLIKELY(flags > align))
        return pwi_invalid(v, "alignment must not be larger than natural: 2^%u, natural is 2^%u", flags,
                           align);
    bool is64 = v->module->memories[memory].is64;
    if (PW_UNLIKELY(offset > UINT32_MAX && !is64))
        return pwi_invalid(v, "offset out of range: %llu in a 32-bit memory", (unsigned long long)offset);
    *address = is64 ? PW_I64 : PW_I32;
    return PW_OK;
}

/* Atomic accesses must say that they are aligned naturally, no less. */
static pw_result read_memarg_atomic(pw_validator *v, uint32_t align, pw_val_type *address)
{
    const uint8_t *start = v->reader.at;
    PW_TRY(read_memarg(v, align, address));
    uint32_t given = *start & 0x3f; /* all that read_memarg lets pass is in the first byte */
    return given == align ? PW_OK
                          : pwi_invalid(v, "alignment of an atomic access must be natural: 2^%u, natural is 2^%u",
                                        given, align);
}

static pw_result read_zero(pw_validator *v)
{
    uint8_t zero;
    PW_TRY(pwi_read_byte(&v->reader, &zero));
    return zero == 0 ? PW_OK : pwi_reader_malformed(&v->reader, v->reader.at - 1, "zero byte expected");
}

/* [destination, source, count]: the count is as wide as the narrower of the two. */
static pw_result apply_copy(pw_validator *v, pw_val_type destination, pw_val_type source)
{
    PW_TRY(pwi_pop(v, destination == PW_I64 && source == PW_I64 ? PW_I64 : PW_I32));
    PW_TRY(pwi_pop(v, source));
    return pwi_pop(v, destination);
}

static pw_result validate_table_copy(pw_validator *v)
{
    const pw_table_type *to, *from;
    pw_val_type to_index, from_index;
    PW_TRY(read_table(v, &to, &to_index));
    PW_TRY(read_table(v, &from, &from_index));
    if (!pwi_type_matches(v->module->registry, from->element, to->element))
        return pwi_type_mismatch(v, to->element, from->element);
    return apply_copy(v, to_index, from_index);
}

static pw_result validate_memory_copy(pw_validator *v)
{
    pw_val_type to, from;
    PW_TRY(read_memory(v, &to));
    PW_TRY(read_memory(v, &from));
    return apply_copy(v, to, from);
}

static pw_result read_memory_init(pw_validator *v, pw_val_type *address)
{
    uint32_t segment = 0;
    PW_TRY(read_data_index(v, &segment));
    PW_TRY(read_memory(v, address));
    return check_data_index(v, segment);
}

static pw_result read_table_init(pw_validator *v, pw_val_type *index_type)
{
    uint32_t index;
    const pw_table_type *table;
    PW_TRY(pwi_read_u32(&v->reader, &index));
    PW_TRY(read_table(v, &table, index_type));
    PW_TRY(check_elem_index(v, index));
    pw_val_type items = v->module->elems[index].type;
    return pwi_type_matches(v->module->registry, items, table->element)
               ? PW_OK
               : pwi_type_mismatch(v, table->element, items);
}

/* The index of one of `count` lanes. */
static pw_result read_lane(pw_validator *v, uint32_t count)
{
    uint8_t lane;
    PW_TRY(pwi_read_byte(&v->reader, &lane));
    return lane < count ? PW_OK : pwi_invalid(v, "invalid lane index %u of %u lanes", lane, count);
}

static pw_result read_lanes(pw_validator *v, pw_imm_kind imm)
{
    switch (imm) {
    case PW_IMM_LANE_2:
        return read_lane(v, 2);
    case PW_IMM_LANE_4:
        return read_lane(v, 4);
    case PW_IMM_LANE_8:
        return read_lane(v, 8);
    case PW_IMM_LANE_16:
        return read_lane(v, 16);
    default: /* a shuffle */
        for (int i = 0; i < 16; i++)
            PW_TRY(read_lane(v, 32));
        return PW_OK;
    }
}

pw_result pwi_validate_access(pw_validator *v, pw_imm_kind imm, const char *params, const char *results,
                              uint32_t align)
{
    pw_val_type address = PW_I32;
    const pw_table_type *table;
    uint32_t segment = 0;
    switch (imm) {
    case PW_IMM_MEMARG:
        PW_TRY(read_memarg(v, align, &address));
        break;
    case PW_IMM_MEMARG_ATOMIC:
        PW_TRY(read_memarg_atomic(v, align, &address));
        break;
    case PW_IMM_ZERO:
        PW_TRY(read_zero(v));
        break;
    case PW_IMM_MEMARG_LANE:
        PW_TRY(read_memarg(v, align, &address));
        PW_TRY(read_lane(v, 16u >> align));
        break;
    case PW_IMM_LANE_2:
    case PW_IMM_LANE_4:
    case PW_IMM_LANE_8:
    case PW_IMM_LANE_16:
    case PW_IMM_SHUFFLE:
        PW_TRY(read_lanes(v, imm));
        break;
    case PW_IMM_MEMORY:
        PW_TRY(read_memory(v, &address));
        break;
    case PW_IMM_MEMORY_COPY:
        return validate_memory_copy(v);
    case PW_IMM_MEMORY_INIT:
        PW_TRY(read_memory_init(v, &address));
        break;
    case PW_IMM_DATA:
        PW_TRY(pwi_read_data_segment(v));
        break;
    case PW_IMM_TABLE:
        PW_TRY(read_table(v, &table, &address));
        break;
    case PW_IMM_TABLE_COPY:
        return validate_table_copy(v);
    case PW_IMM_TABLE_INIT:
        PW_TRY(read_table_init(v, &address));
        break;
    case PW_IMM_ELEM:
        PW_TRY(pwi_read_u32(&v->reader, &segment));
        PW_TRY(check_elem_index(v, segment));
        break;
    default:
        return pwi_invalid(v, "instruction without a rule of validation");
    }
    return pwi_apply_signature(v, params, results, address);
}

/* ---- tables by element type ----------------------------------------------------------------------------------- */

static pw_result validate_table_op(pw_validator *v, uint32_t code)
{
    const pw_table_type *table;
    pw_val_type index_type;
    PW_TRY(read_table(v, &table, &index_type));
    switch (code) {
    case PW_OP_table_get: /* [index] -> [element] */
        PW_TRY(pwi_pop(v, index_type));
        return pwi_push(v, table->element);
    case PW_OP_table_set: /* [index element] -> [] */
        PW_TRY(pwi_pop(v, table->element));
        return pwi_pop(v, index_type);
    case PW_OP_table_grow: /* [element count] -> [old size] */
        PW_TRY(pwi_pop(v, index_type));
        PW_TRY(pwi_pop(v, table->element));
        return pwi_push(v, index_type);
    default: /* table.fill [index element count] -> [] */
        PW_TRY(pwi_pop(v, index_type));
        PW_TRY(pwi_pop(v, table->element));
        return pwi_pop(v, index_type);
    }
}

/* ---- globals -------------------------------------------------------------------------------------------------- */

static pw_result validate_global_get(pw_validator *v)
{
    uint32_t index;
    PW_TRY(read_index(v, v->constant ? v->visible_globals : v->module->global_count, "global", &index));
    const pw_global_decl *global = &v->module->globals[index];
    if (v->constant) {
        if (global->type.is_mutable)
            return pwi_invalid(v, "constant expression required: global %u is mutable", index);
        /* Wasm 3.0 lets expressions read globals of the module itself. That came with GC, but asks for nothing of it. */
        if (index >= v->module->imported_globals)
            PW_TRY(pwi_reader_need(&v->reader, v->instr, PW_FEATURE_BIT_EXTENDED_CONST));
    }
    return pwi_push(v, global->type.type);
}

static pw_result validate_global_set(pw_validator *v)
{
    uint32_t index;
    PW_TRY(read_index(v, v->module->global_count, "global", &index));
    const pw_global_type *type = &v->module->globals[index].type;
    if (!type->is_mutable)
        return pwi_invalid(v, "immutable global %u", index);
    return pwi_pop(v, type->type);
}

/* ---- parametric ----------------------------------------------------------------------------------------------- */

static pw_result validate_select(pw_validator *v)
{
    pw_val_type second, first;
    PW_TRY(pwi_pop(v, PW_I32));
    PW_TRY(pwi_pop_any(v, &second));
    PW_TRY(pwi_pop_any(v, &first));
    if (pwi_type_is_ref(first) || pwi_type_is_ref(second))
        return pwi_invalid(v, "type mismatch: select of references needs a type");
    if (first != second && first != PW_TYPE_BOTTOM && second != PW_TYPE_BOTTOM)
        return pwi_type_mismatch(v, first, second);
    return pwi_push(v, first == PW_TYPE_BOTTOM ? second : first);
}

static pw_result validate_select_typed(pw_validator *v)
{
    uint32_t count;
    pw_val_type type = PW_I32;
    PW_TRY(pwi_read_count(&v->reader, 1, UINT32_MAX, "types", &count));
    for (uint32_t i = 0; i < count; i++)
        PW_TRY(pwi_read_val_type(&v->reader, &type));
    if (count != 1)
        return pwi_invalid(v, "invalid result arity: select has one result");
    PW_TRY(pwi_pop(v, PW_I32));
    PW_TRY(pwi_pop(v, type));
    PW_TRY(pwi_pop(v, type));
    return pwi_push(v, type);
}

/* ---- references ----------------------------------------------------------------------------------------------- */

static pw_result validate_ref_func(pw_validator *v)
{
    uint32_t index;
    PW_TRY(read_index(v, v->module->func_count, "function", &index));
    pw_func_decl *func = &v->module->funcs[index];
    if (v->constant)
        func->declared = true;
    else if (!func->declared)
        return pwi_invalid(v, "undeclared function reference %u", index);
    return pwi_push(v, PW_REF_TYPE(PW_KIND_REF, pwi_func_type_record(v->module, index)->id));
}

static pw_result validate_ref_null(pw_validator *v)
{
    uint32_t heap;
    PW_TRY(pwi_read_heap_type(&v->reader, &heap));
    return pwi_push(v, PW_REF_TYPE(PW_KIND_REF_NULL, heap));
}

static pw_result validate_ref_as_non_null(pw_validator *v)
{
    pw_val_type type;
    PW_TRY(pwi_pop_ref(v, &type));
    return pwi_push(v,
                    PW_REF_TYPE(PW_KIND_REF, type == PW_TYPE_BOTTOM ? PW_HEAP_BOTTOM : PW_TYPE_HEAP(type)));
}

pw_result pwi_validate_special(pw_validator *v, uint32_t code)
{
    pw_val_type ignored;
    switch (code) {
    case PW_OP_drop:
        return pwi_pop_any(v, &ignored);
    case PW_OP_select:
        return validate_select(v);
    case PW_OP_select_t:
        return validate_select_typed(v);
    case PW_OP_global_get:
        return validate_global_get(v);
    case PW_OP_global_set:
        return validate_global_set(v);
    case PW_OP_table_get:
    case PW_OP_table_set:
    case PW_OP_table_grow:
    case PW_OP_table_fill:
        return validate_table_op(v, code);
    case PW_OP_ref_null:
        return validate_ref_null(v);
    case PW_OP_ref_is_null:
        PW_TRY(pwi_pop_ref(v, &ignored));
        return pwi_push(v, PW_I32);
    case PW_OP_ref_func:
        return validate_ref_func(v);
    case PW_OP_ref_as_non_null:
        return validate_ref_as_non_null(v);
    default:
        return pwi_validate_gc(v, code);
    }
}
