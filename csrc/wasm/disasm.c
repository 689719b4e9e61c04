/* disasm.c - one instruction as text, in the words of the text format
 * (https://webassembly.github.io/spec/core/text/instructions.html). Indices are numbers; types that a block or a
 * select names are printed as the module numbers them.
 *
 * The offset comes from the embedder and may be anything, so reading is checked although the code is valid.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "wasm/op_info.h"
#include "wasm/reader.h"

/* A text that is cut where its buffer ends. */
typedef struct text_out {
    char *text;
    size_t size, used;
} text_out;

static void put(text_out *out, const char *format, ...) PW_PRINTF(2, 3);
static void put(text_out *out, const char *format, ...)
{
    if (out->used + 1 >= out->size)
        return;
    va_list args;
    va_start(args, format);
    int length = vsnprintf(out->text + out->used, out->size - out->used, format, args);
    va_end(args);
    if (length > 0)
        out->used = out->used + (size_t)length < out->size ? out->used + (size_t)length : out->size - 1;
}

/* ---- types ---------------------------------------------------------------------------------------------------- */

/* A heap type with the index that the module uses, not its canonical id. */
static pw_result read_raw_heap(pw_reader *reader, uint32_t *heap)
{
    int64_t value;
    PW_TRY(pwi_read_leb_signed(reader, 33, &value));
    *heap = value >= 0 ? (uint32_t)value : PW_HEAP_ABSTRACT | ((uint32_t)value & 0x7fu);
    return PW_OK;
}

static pw_result put_type(text_out *out, pw_reader *reader)
{
    char text[64];
    uint8_t byte;
    uint32_t heap = 0;
    PW_TRY(pwi_read_byte(reader, &byte));
    pw_val_type type = byte;
    if (byte == PW_KIND_REF || byte == PW_KIND_REF_NULL) {
        PW_TRY(read_raw_heap(reader, &heap));
        type = PW_REF_TYPE(byte, heap);
    } else if (byte < PW_KIND_V128) {
        type = PW_REF_TYPE(PW_KIND_REF_NULL, PW_HEAP_ABSTRACT | byte);
    }
    (void)pw_val_type_text(type, text, sizeof text);
    put(out, " (result %s)", text);
    return PW_OK;
}

static pw_result put_block_type(text_out *out, pw_reader *reader)
{
    int64_t index;
    if (reader->at < reader->end && *reader->at == PW_BLOCK_EMPTY) {
        reader->at++;
        return PW_OK;
    }
    if (reader->at < reader->end && (*reader->at & 0xc0) == 0x40)
        return put_type(out, reader);
    PW_TRY(pwi_read_leb_signed(reader, 33, &index));
    put(out, " (type %" PRId64 ")", index);
    return PW_OK;
}

static pw_result put_heap_type(text_out *out, pw_reader *reader)
{
    char text[64];
    uint32_t heap = 0;
    PW_TRY(read_raw_heap(reader, &heap));
    if (heap < PW_HEAP_ABSTRACT) {
        put(out, " %u", heap);
        return PW_OK;
    }
    /* "(ref func)" without its brackets */
    size_t length = pw_val_type_text(PW_REF_TYPE(PW_KIND_REF, heap), text, sizeof text);
    if (length > 6 && length < sizeof text)
        put(out, " %.*s", (int)length - 6, text + 5);
    return PW_OK;
}

/* The target of a cast: a heap type is a reference type there. */
static pw_result put_cast_type(text_out *out, pw_reader *reader, bool nullable)
{
    char text[64];
    uint32_t heap = 0;
    PW_TRY(read_raw_heap(reader, &heap));
    (void)pw_val_type_text(PW_REF_TYPE(nullable ? PW_KIND_REF_NULL : PW_KIND_REF, heap), text, sizeof text);
    put(out, " %s", text);
    return PW_OK;
}

static pw_result put_select_types(text_out *out, pw_reader *reader)
{
    uint32_t count;
    PW_TRY(pwi_read_count(reader, 1, UINT32_MAX, "types", &count));
    for (uint32_t i = 0; i < count; i++)
        PW_TRY(put_type(out, reader));
    return PW_OK;
}

/* ---- indices and accesses ------------------------------------------------------------------------------------- */

static pw_result put_indices(text_out *out, pw_reader *reader, uint32_t count)
{
    uint32_t index;
    for (uint32_t i = 0; i < count; i++) {
        PW_TRY(pwi_read_u32(reader, &index));
        put(out, " %u", index);
    }
    return PW_OK;
}

static pw_result put_br_table(text_out *out, pw_reader *reader)
{
    uint32_t count;
    PW_TRY(pwi_read_count(reader, 1, UINT32_MAX, "labels", &count));
    PW_TRY(put_indices(out, reader, count));
    return put_indices(out, reader, 1);
}

/* An index that the text format leaves out where it is 0. */
static pw_result put_optional_index(text_out *out, pw_reader *reader)
{
    uint32_t index;
    PW_TRY(pwi_read_u32(reader, &index));
    if (index != 0)
        put(out, " %u", index);
    return PW_OK;
}

/* Two indices, both left out where both are 0. */
static pw_result put_copy_indices(text_out *out, pw_reader *reader)
{
    uint32_t to, from;
    PW_TRY(pwi_read_u32(reader, &to));
    PW_TRY(pwi_read_u32(reader, &from));
    if (to != 0 || from != 0)
        put(out, " %u %u", to, from);
    return PW_OK;
}

/* The text format names the table or memory first, the binary format the segment. */
static pw_result put_init_indices(text_out *out, pw_reader *reader)
{
    uint32_t segment, target;
    PW_TRY(pwi_read_u32(reader, &segment));
    PW_TRY(pwi_read_u32(reader, &target));
    if (target != 0)
        put(out, " %u", target);
    put(out, " %u", segment);
    return PW_OK;
}

static pw_result put_call_indirect(text_out *out, pw_reader *reader)
{
    uint32_t type;
    PW_TRY(pwi_read_u32(reader, &type));
    PW_TRY(put_optional_index(out, reader));
    put(out, " (type %u)", type);
    return PW_OK;
}

static pw_result put_catches(text_out *out, pw_reader *reader)
{
    static const char *const kinds[] = {"catch", "catch_ref", "catch_all", "catch_all_ref"};
    uint32_t count;
    PW_TRY(put_block_type(out, reader));
    PW_TRY(pwi_read_count(reader, 2, UINT32_MAX, "catch clauses", &count));
    for (uint32_t i = 0; i < count; i++) {
        uint8_t kind;
        PW_TRY(pwi_read_byte(reader, &kind));
        put(out, " (%s", kinds[kind & 3]);
        PW_TRY(put_indices(out, reader, kind < 2 ? 2 : 1));
        put(out, ")");
    }
    return PW_OK;
}

/* The label, then the two types of the cast. */
static pw_result put_br_cast(text_out *out, pw_reader *reader)
{
    uint8_t flags;
    PW_TRY(pwi_read_byte(reader, &flags));
    PW_TRY(put_indices(out, reader, 1));
    PW_TRY(put_cast_type(out, reader, flags & 1));
    return put_cast_type(out, reader, flags & 2);
}

static pw_result put_memarg(text_out *out, pw_reader *reader, const pw_op_info *info)
{
    uint32_t flags;
    uint64_t offset;
    PW_TRY(pwi_read_u32(reader, &flags));
    if (flags & 0x40)
        PW_TRY(put_optional_index(out, reader));
    PW_TRY(pwi_read_u64(reader, &offset));
    if (offset != 0)
        put(out, " offset=%" PRIu64, offset);
    if ((flags & 0x3f) != info->align)
        put(out, " align=%" PRIu64, (uint64_t)1 << (flags & 0x3f));
    return PW_OK;
}

/* ---- constants ------------------------------------------------------------------------------------------------ */

static uint64_t little_endian(const uint8_t *bytes, size_t count)
{
    uint64_t value = 0;
    for (size_t i = count; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

/* Digits by printf, with a full stop whatever the process's locale puts between them. */
static void put_decimal(text_out *out, double value, int digits)
{
    char text[64];
    int length = snprintf(text, sizeof text, "%.*g", digits, value);
    put(out, " ");
    for (int i = 0; i < length; i++) {
        bool plain = strchr("0123456789+-e", text[i]) != NULL;
        bool first = i == 0 || strchr("0123456789+-e", text[i - 1]) != NULL;
        if (plain || first)
            put(out, "%c", plain ? text[i] : '.');
    }
}

/* NaNs show their payload; 17 digits tell all other values apart. */
static pw_result put_float(text_out *out, pw_reader *reader, bool is64)
{
    const uint8_t *at = reader->at;
    const uint32_t mantissa_bits = is64 ? 52 : 23;
    double value;
    float single;
    PW_TRY(pwi_skip_bytes(reader, is64 ? 8 : 4));
    uint64_t bits = little_endian(at, is64 ? 8 : 4);
    uint32_t half = (uint32_t)bits;
    memcpy(&single, &half, sizeof single);
    memcpy(&value, &bits, sizeof value);
    uint64_t payload = bits & (((uint64_t)1 << mantissa_bits) - 1);
    uint64_t exponent = bits >> mantissa_bits & (is64 ? 0x7ffu : 0xffu);
    const char *sign = bits >> (is64 ? 63 : 31) ? "-" : "";
    if (exponent != (is64 ? 0x7ffu : 0xffu))
        put_decimal(out, is64 ? value : (double)single, is64 ? 17 : 9);
    else if (payload == 0)
        put(out, " %sinf", sign);
    else
        put(out, " %snan:0x%" PRIx64, sign, payload);
    return PW_OK;
}

/* The form of 16 bytes that every reader of text takes. */
static pw_result put_vector(text_out *out, pw_reader *reader)
{
    const uint8_t *at = reader->at;
    PW_TRY(pwi_skip_bytes(reader, 16));
    put(out, " i32x4");
    for (int i = 0; i < 4; i++)
        put(out, " 0x%08" PRIx64, little_endian(at + 4 * i, 4));
    return PW_OK;
}

static pw_result put_lanes(text_out *out, pw_reader *reader, uint32_t count)
{
    uint8_t lane;
    for (uint32_t i = 0; i < count; i++) {
        PW_TRY(pwi_read_byte(reader, &lane));
        put(out, " %u", lane);
    }
    return PW_OK;
}

static pw_result put_integer(text_out *out, pw_reader *reader, uint32_t bits)
{
    int64_t value;
    PW_TRY(pwi_read_leb_signed(reader, bits, &value));
    put(out, " %" PRId64, value);
    return PW_OK;
}

/* ---- instructions --------------------------------------------------------------------------------------------- */

static pw_result put_constant(text_out *out, pw_reader *reader, pw_imm_kind kind)
{
    switch (kind) {
    case PW_IMM_I32:
    case PW_IMM_I64:
        return put_integer(out, reader, kind == PW_IMM_I32 ? 32 : 64);
    case PW_IMM_F32:
    case PW_IMM_F64:
        return put_float(out, reader, kind == PW_IMM_F64);
    case PW_IMM_V128:
        return put_vector(out, reader);
    case PW_IMM_SHUFFLE:
        return put_lanes(out, reader, 16);
    case PW_IMM_ZERO:
        return pwi_skip_bytes(reader, 1);
    default:
        return put_lanes(out, reader, 1);
    }
}

/* Indices, in the order of the text format. */
static pw_result put_named(text_out *out, pw_reader *reader, pw_imm_kind kind)
{
    switch (kind) {
    case PW_IMM_MEMORY:
        return put_optional_index(out, reader);
    case PW_IMM_CALL_INDIRECT:
        return put_call_indirect(out, reader);
    case PW_IMM_TABLE_COPY:
    case PW_IMM_MEMORY_COPY:
        return put_copy_indices(out, reader);
    case PW_IMM_TABLE_INIT:
    case PW_IMM_MEMORY_INIT:
        return put_init_indices(out, reader);
    case PW_IMM_FIELD:
    case PW_IMM_TYPE_LENGTH:
    case PW_IMM_TYPE_DATA:
    case PW_IMM_TYPE_ELEM:
    case PW_IMM_TYPE_TYPE:
        return put_indices(out, reader, 2);
    default:
        return put_indices(out, reader, 1);
    }
}

static pw_result put_immediates(text_out *out, pw_reader *reader, const pw_op_info *info)
{
    switch ((pw_imm_kind)info->imm) {
    case PW_IMM_NONE:
        return PW_OK;
    case PW_IMM_BLOCK:
        return put_block_type(out, reader);
    case PW_IMM_TRY_TABLE:
        return put_catches(out, reader);
    case PW_IMM_BR_TABLE:
        return put_br_table(out, reader);
    case PW_IMM_BR_CAST:
        return put_br_cast(out, reader);
    case PW_IMM_MEMARG:
    case PW_IMM_MEMARG_ATOMIC:
        return put_memarg(out, reader, info);
    case PW_IMM_MEMARG_LANE:
        PW_TRY(put_memarg(out, reader, info));
        return put_lanes(out, reader, 1);
    case PW_IMM_HEAP:
        return put_heap_type(out, reader);
    case PW_IMM_CAST:
    case PW_IMM_CAST_NULL:
        return put_cast_type(out, reader, info->imm == PW_IMM_CAST_NULL);
    case PW_IMM_SELECT:
        return put_select_types(out, reader);
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
        return put_constant(out, reader, (pw_imm_kind)info->imm);
    default:
        return put_named(out, reader, (pw_imm_kind)info->imm);
    }
}

/* The body whose code holds the offset, NULL if none does. Bodies lie in order. */
static const pw_body *find_body(const pw_module *module, uint64_t offset)
{
    uint32_t low = 0, high = module->body_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const pw_body *body = &module->bodies[middle];
        if (offset >= (uint64_t)body->offset + body->size)
            low = middle + 1;
        else
            high = middle;
    }
    return low < module->body_count && offset >= module->bodies[low].code_offset ? &module->bodies[low]
                                                                                 : NULL;
}

pw_result pw_module_disassemble(const pw_module *module, uint64_t *offset, char *text, size_t size,
                                int *depth_change)
{
    text_out out = {text, size, 0};
    const pw_body *body = find_body(module, *offset);
    uint32_t code;
    *depth_change = 0;
    if (size > 0)
        text[0] = '\0';
    if (!body)
        return PW_ERR_ARGUMENT;
    /* Nothing here notes features, so the module stays as it is; the reader's type serves the decoder too. */
    pw_reader reader = {module->bytes + *offset,
                        module->bytes + body->offset + body->size,
                        (pw_module *)(uintptr_t)module,
                        NULL,
                        NULL,
                        true,
                        PW_NO_INDEX,
                        false,
                        0,
                        true};
    if (pwi_read_checked_opcode(&reader, &code) != PW_OK)
        return PW_ERR_ARGUMENT;
    const pw_op_info *info = pwi_op_info(code);
    if (!info)
        return PW_ERR_ARGUMENT;
    put(&out, "%s", info->text);
    if (put_immediates(&out, &reader, info) != PW_OK)
        return PW_ERR_ARGUMENT;
    if (info->imm == PW_IMM_BLOCK || info->imm == PW_IMM_TRY_TABLE)
        *depth_change = 1;
    else if (code == PW_OP_end || code == PW_OP_delegate)
        *depth_change = -1;
    *offset = pwi_reader_offset(&reader, reader.at);
    return PW_OK;
}
