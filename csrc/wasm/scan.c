/* scan.c - the grammar of instructions (https://webassembly.github.io/spec/core/binary/instructions.html).
 *
 * Validation reads code itself, so this is for constant expressions, whose end the decoder has to find, and for the
 * question of what verdict a module gets that is not valid: malformed bytes anywhere in it win.
 * Nesting needs to know of every open block what may still divide it: an `if` its `else`, a `try` its handlers.
 */
#include "wasm/scan.h"

#include "base/alloc.h"
#include "wasm/compile_watch.h"

/* ---- immediates ----------------------------------------------------------------------------------------------- */

static pw_result skip_indices(pw_reader *reader, uint32_t count)
{
    uint32_t index;
    for (uint32_t i = 0; i < count; i++)
        PW_TRY(pwi_read_u32(reader, &index));
    return PW_OK;
}

static pw_result skip_br_table(pw_reader *reader)
{
    uint32_t count;
    PW_TRY(pwi_read_count(reader, 1, UINT32_MAX, "labels", &count));
    PW_TRY(skip_indices(reader, count));
    return skip_indices(reader, 1);
}

static pw_result skip_memarg(pw_reader *reader)
{
    const uint8_t *start = reader->at;
    uint32_t flags;
    uint64_t offset;
    PW_TRY(pwi_read_u32(reader, &flags));
    if (flags >= 0x80)
        return pwi_reader_malformed(reader, start, "malformed memop flags 0x%x", flags);
    if (flags & 0x40)
        PW_TRY(skip_indices(reader, 1));
    return pwi_read_u64(reader, &offset);
}

static pw_result skip_types(pw_reader *reader)
{
    uint32_t count;
    pw_val_type type;
    PW_TRY(pwi_read_count(reader, 1, UINT32_MAX, "types", &count));
    for (uint32_t i = 0; i < count; i++)
        PW_TRY(pwi_read_val_type(reader, &type));
    return PW_OK;
}

/* Catch clauses of try_table: kinds 0 (catch) and 1 (catch_ref) name a tag, 2 and 3 catch all. */
static pw_result skip_catches(pw_reader *reader)
{
    uint32_t count, ignored;
    PW_TRY(pwi_read_block_type(reader, &ignored));
    PW_TRY(pwi_read_count(reader, 2, UINT32_MAX, "catch clauses", &count));
    for (uint32_t i = 0; i < count; i++) {
        uint8_t kind;
        PW_TRY(pwi_read_byte(reader, &kind));
        if (kind > 3)
            return pwi_reader_malformed(reader, reader->at - 1, "malformed catch clause 0x%02x", kind);
        PW_TRY(skip_indices(reader, kind < 2 ? 2 : 1));
    }
    return PW_OK;
}

/* br_on_cast: two bits say which of the types are nullable. */
static pw_result skip_br_cast(pw_reader *reader)
{
    uint8_t flags;
    uint32_t ignored;
    PW_TRY(pwi_read_byte(reader, &flags));
    if (flags > 3)
        return pwi_reader_malformed(reader, reader->at - 1, "malformed br_on_cast flags 0x%02x", flags);
    PW_TRY(skip_indices(reader, 1));
    PW_TRY(pwi_read_heap_type(reader, &ignored));
    return pwi_read_heap_type(reader, &ignored);
}

static pw_result skip_memory(pw_reader *reader)
{
    PW_TRY(pwi_check_memory_byte(reader));
    return skip_indices(reader, 1);
}

static pw_result skip_zero(pw_reader *reader)
{
    uint8_t zero;
    PW_TRY(pwi_read_byte(reader, &zero));
    return zero == 0 ? PW_OK : pwi_reader_malformed(reader, reader->at - 1, "zero byte expected");
}

/* An index of a data segment: code may name one only after a data count section. */
static pw_result skip_data_index(pw_reader *reader)
{
    if (reader->in_code && !reader->module->has_data_count)
        return pwi_reader_malformed(reader, reader->at, "data count section required");
    return skip_indices(reader, 1);
}

/* Numbers that are indices, one or two. */
static pw_result scan_indices(pw_reader *reader, pw_imm_kind kind)
{
    switch (kind) {
    case PW_IMM_MEMORY:
        return skip_memory(reader);
    case PW_IMM_MEMORY_COPY:
        PW_TRY(skip_memory(reader));
        return skip_memory(reader);
    case PW_IMM_MEMORY_INIT:
        PW_TRY(skip_data_index(reader));
        return skip_memory(reader);
    case PW_IMM_DATA:
        return skip_data_index(reader);
    case PW_IMM_TYPE_DATA:
        PW_TRY(skip_indices(reader, 1));
        return skip_data_index(reader);
    case PW_IMM_CALL_INDIRECT:
    case PW_IMM_TABLE_COPY:
    case PW_IMM_TABLE_INIT:
    case PW_IMM_FIELD:
    case PW_IMM_TYPE_LENGTH:
    case PW_IMM_TYPE_ELEM:
    case PW_IMM_TYPE_TYPE:
        return skip_indices(reader, 2);
    default:
        return skip_indices(reader, 1);
    }
}

static pw_result scan_memarg(pw_reader *reader, pw_imm_kind kind)
{
    PW_TRY(skip_memarg(reader));
    return kind == PW_IMM_MEMARG_LANE ? pwi_skip_bytes(reader, 1) : PW_OK;
}

/* Constants and bytes. */
static pw_result scan_constant(pw_reader *reader, pw_imm_kind kind)
{
    switch (kind) {
    case PW_IMM_I32:
        return pwi_skip_signed(reader, 32);
    case PW_IMM_I64:
        return pwi_skip_signed(reader, 64);
    case PW_IMM_F32:
        return pwi_skip_bytes(reader, 4);
    case PW_IMM_F64:
        return pwi_skip_bytes(reader, 8);
    case PW_IMM_V128:
    case PW_IMM_SHUFFLE:
        return pwi_skip_bytes(reader, 16);
    case PW_IMM_ZERO:
        return skip_zero(reader);
    default: /* a lane */
        return pwi_skip_bytes(reader, 1);
    }
}

pw_result pwi_scan_immediates(pw_reader *reader, pw_imm_kind kind)
{
    uint32_t ignored;
    switch (kind) {
    case PW_IMM_NONE:
        return PW_OK;
    case PW_IMM_BLOCK:
        return pwi_read_block_type(reader, &ignored);
    case PW_IMM_TRY_TABLE:
        return skip_catches(reader);
    case PW_IMM_BR_TABLE:
        return skip_br_table(reader);
    case PW_IMM_MEMARG:
    case PW_IMM_MEMARG_ATOMIC:
    case PW_IMM_MEMARG_LANE:
        return scan_memarg(reader, kind);
    case PW_IMM_HEAP:
    case PW_IMM_CAST:
    case PW_IMM_CAST_NULL:
        return pwi_read_heap_type(reader, &ignored);
    case PW_IMM_BR_CAST:
        return skip_br_cast(reader);
    case PW_IMM_SELECT:
        return skip_types(reader);
    case PW_IMM_I32:
    case PW_IMM_I64:
    case PW_IMM_F32:
    case PW_IMM_F64:
    case PW_IMM_V128:
    case PW_IMM_SHUFFLE:
    case PW_IMM_LANE_2:
    case PW_IMM_LANE_4:
    case PW_IMM_LANE_8:
    case PW_IMM_LANE_16:
    case PW_IMM_ZERO:
        return scan_constant(reader, kind);
    default:
        return scan_indices(reader, kind);
    }
}

/* ---- opcodes without a row ------------------------------------------------------------------------------------ */

pw_result pwi_scan_unknown_opcode(pw_reader *reader, const uint8_t *at, uint32_t code)
{
    if (code < 256)
        return pwi_reader_malformed(reader, at, "illegal opcode %02x", code);
    return pwi_reader_malformed(reader, at, "illegal opcode %02x %02x", code >> 12, code & 0xfff);
}

/* ---- expressions ---------------------------------------------------------------------------------------------- */

enum { OPEN_BLOCK, OPEN_IF, OPEN_TRY, OPEN_CATCH };

/* The open blocks of an expression, outermost first. */
typedef struct nest {
    uint8_t *open;
    size_t depth, capacity;
} nest;

static pw_result push_open(nest *blocks, pw_reader *reader, uint8_t kind)
{
    if (!pwi_reserve((void **)&blocks->open, &blocks->capacity, blocks->depth + 1, 1))
        return pwi_no_memory(reader->error);
    blocks->open[blocks->depth++] = kind;
    return PW_OK;
}

/* `else`, `catch`, `catch_all`: the block that they divide is open, and of their kind. */
static pw_result divide(pw_reader *reader, const uint8_t *at, nest *blocks, uint32_t code)
{
    uint8_t *open = blocks->depth > 0 ? &blocks->open[blocks->depth - 1] : NULL;
    if (code == PW_OP_else) {
        if (!open || *open != OPEN_IF)
            return pwi_reader_malformed(reader, at, "misplaced else, END opcode expected");
        *open = OPEN_BLOCK;
        return PW_OK;
    }
    if (!open || (*open != OPEN_TRY && *open != OPEN_CATCH))
        return pwi_reader_malformed(reader, at, "misplaced catch, END opcode expected");
    *open = code == PW_OP_catch ? OPEN_CATCH : OPEN_BLOCK;
    return PW_OK;
}

/* What the instruction does to the nesting; *done: it closed the expression itself. */
static pw_result scan_nesting(pw_reader *reader, const uint8_t *at, nest *blocks, uint32_t code, bool *done)
{
    switch (code) {
    case PW_OP_block:
    case PW_OP_loop:
    case PW_OP_try_table:
        return push_open(blocks, reader, OPEN_BLOCK);
    case PW_OP_if:
        return push_open(blocks, reader, OPEN_IF);
    case PW_OP_try:
        return push_open(blocks, reader, OPEN_TRY);
    case PW_OP_else:
    case PW_OP_catch:
    case PW_OP_catch_all:
        return divide(reader, at, blocks, code);
    case PW_OP_delegate:
        if (blocks->depth == 0 || blocks->open[blocks->depth - 1] != OPEN_TRY)
            return pwi_reader_malformed(reader, at, "misplaced delegate, END opcode expected");
        blocks->depth--;
        return PW_OK;
    case PW_OP_end:
        *done = blocks->depth == 0;
        blocks->depth -= *done ? 0 : 1;
        return PW_OK;
    default:
        return PW_OK;
    }
}

static pw_result scan_instructions(pw_reader *reader, nest *blocks)
{
    bool done = false;
    const uint8_t *counted = reader->at;
    PW_TRY(pwi_watch(reader->module, 4));
    while (!done) {
        const uint8_t *at = reader->at;
        uint32_t code;
        if (PW_UNLIKELY(at - counted >= (ptrdiff_t)PW_WATCH_BYTES)) {
            PW_TRY(pwi_watch(reader->module, (uint32_t)(at - counted) / 4));
            counted = at;
        }
        PW_TRY(pwi_read_checked_opcode(reader, &code));
        const pw_op_info *info = pwi_op_info(code);
        if (!info)
            return pwi_scan_unknown_opcode(reader, at, code);
        PW_TRY(pwi_scan_immediates(reader, (pw_imm_kind)info->imm));
        PW_TRY(scan_nesting(reader, at, blocks, code, &done));
    }
    return PW_OK;
}

pw_result pwi_scan_expression(pw_reader *reader)
{
    nest blocks = {NULL, 0, 0};
    pw_result result = scan_instructions(reader, &blocks);
    pwi_free(blocks.open);
    return result;
}

/* ---- function bodies ------------------------------------------------------------------------------------------ */

pw_result pwi_scan_locals(pw_reader *reader, uint64_t *count)
{
    const uint8_t *start = reader->at;
    uint32_t groups;
    *count = 0;
    PW_TRY(pwi_read_count(reader, 2, UINT32_MAX, "groups of locals", &groups));
    for (uint32_t i = 0; i < groups; i++) {
        uint32_t repeat;
        pw_val_type type;
        PW_TRY(pwi_read_u32(reader, &repeat));
        PW_TRY(pwi_read_val_type(reader, &type));
        *count += repeat;
    }
    if (*count > UINT32_MAX)
        return pwi_reader_malformed(reader, start, "too many locals");
    return PW_OK;
}

static pw_result scan_body(pw_module *module, const pw_body *body, pw_error *error)
{
    const uint8_t *start = module->bytes + body->offset;
    pw_reader reader = {start, start + body->size, module, error, NULL, true, PW_NO_INDEX, false, 0, true};
    uint64_t locals;
    PW_TRY(pwi_scan_locals(&reader, &locals));
    PW_TRY(pwi_scan_expression(&reader));
    if (reader.at != reader.end)
        return pwi_reader_malformed(&reader, reader.at,
                                    "section size mismatch: bytes after the end of a function");
    return PW_OK;
}

pw_result pwi_scan_bodies(pw_module *module, uint32_t first, pw_error *error)
{
    pw_features used = module->used;
    pw_result result = PW_OK;
    for (uint32_t i = first; i < module->body_count && result == PW_OK; i++) {
        result = scan_body(module, &module->bodies[i], error);
        if (result == PW_ERR_INVALID) /* an instruction of another proposal: its immediates are unknown */
            result = PW_OK;
    }
    module->used = used;
    return result;
}
