/* type_reader.c - types in the binary format (https://webassembly.github.io/spec/core/binary/types.html). */
#include "wasm/reader.h"

/* The abstract heap types are the bytes 0x69 to 0x74. The feature that each came with, and whether there is one. */
static bool abstract_heap(uint8_t byte, uint32_t *feature_bit)
{
    switch (byte) {
    case 0x70: /* func */
    case 0x6f: /* extern */
        *feature_bit = PW_FEATURE_BIT_REFERENCE_TYPES;
        return true;
    case 0x69: /* exn */
    case 0x74: /* noexn */
        *feature_bit = PW_FEATURE_BIT_EXCEPTIONS;
        return true;
    case 0x6a: /* array */
    case 0x6b: /* struct */
    case 0x6c: /* i31 */
    case 0x6d: /* eq */
    case 0x6e: /* any */
    case 0x71: /* none */
    case 0x72: /* noextern */
    case 0x73: /* nofunc */
        *feature_bit = PW_FEATURE_BIT_GC;
        return true;
    default:
        return false;
    }
}

pw_result pwi_read_heap_type(pw_reader *reader, uint32_t *heap)
{
    const uint8_t *start = reader->at;
    *heap = PW_HEAP_FUNC; /* where a validity error is only noted */
    if (start == reader->end)
        return pwi_reader_end(reader);
    if ((*start & 0xc0) == 0x40) { /* a negative number of one byte; longer forms do not exist */
        uint32_t feature_bit;
        if (!abstract_heap(*start, &feature_bit))
            return pwi_reader_malformed(reader, start, "malformed heap type 0x%02x", *start);
        *heap = PW_HEAP_ABSTRACT | *start;
        reader->at++;
        return pwi_reader_need(reader, start, feature_bit);
    }
    int64_t index;
    PW_TRY(pwi_read_leb_signed(reader, 33, &index));
    if (index < 0)
        return pwi_reader_malformed(reader, start, "malformed heap type");
    PW_TRY(pwi_reader_need(reader, start, PW_FEATURE_BIT_FUNCTION_REFERENCES));
    if ((uint64_t)index - reader->group_start < reader->group_count) {
        *heap = PW_HEAP_GROUP(index - reader->group_start);
        return PW_OK;
    }
    if (index >= reader->module->type_count)
        return pwi_reader_invalid(reader, start, "unknown type %u", (uint32_t)index);
    *heap = reader->module->types[index]->id;
    return PW_OK;
}

/* Reads a type that starts with `byte`; *is_type tells whether it is one. */
static pw_result read_type(pw_reader *reader, pw_val_type *out, bool *is_type)
{
    const uint8_t *start = reader->at;
    uint8_t byte;
    uint32_t feature_bit, heap;
    PW_TRY(pwi_read_byte(reader, &byte));
    *is_type = true;
    switch (byte) {
    case PW_KIND_I32:
    case PW_KIND_I64:
    case PW_KIND_F32:
    case PW_KIND_F64:
        *out = byte;
        return PW_OK;
    case PW_KIND_V128:
        *out = byte;
        return pwi_reader_need(reader, start, PW_FEATURE_BIT_SIMD);
    case PW_KIND_REF:
    case PW_KIND_REF_NULL:
        PW_TRY(pwi_reader_need(reader, start, PW_FEATURE_BIT_FUNCTION_REFERENCES));
        PW_TRY(pwi_read_heap_type(reader, &heap));
        *out = PW_REF_TYPE(byte, heap);
        return PW_OK;
    default:
        if (abstract_heap(byte, &feature_bit)) {
            *out = PW_REF_TYPE(PW_KIND_REF_NULL, PW_HEAP_ABSTRACT | byte);
            /* Tables of funcref are as old as tables: they ask for nothing. */
            return *out == PW_FUNCREF ? PW_OK : pwi_reader_need(reader, start, feature_bit);
        }
        *is_type = false;
        return PW_OK;
    }
}

pw_result pwi_read_val_type(pw_reader *reader, pw_val_type *out)
{
    const uint8_t *start = reader->at;
    bool is_type;
    PW_TRY(read_type(reader, out, &is_type));
    if (!is_type)
        return pwi_reader_malformed(reader, start, "malformed value type 0x%02x", *start);
    return *out == PW_FUNCREF ? pwi_reader_need(reader, start, PW_FEATURE_BIT_REFERENCE_TYPES) : PW_OK;
}

pw_result pwi_read_storage_type(pw_reader *reader, pw_val_type *out)
{
    if (reader->at < reader->end && pwi_storage_packed(*reader->at)) {
        *out = *reader->at++;
        return PW_OK;
    }
    return pwi_read_val_type(reader, out);
}

pw_result pwi_read_ref_type(pw_reader *reader, pw_val_type *out)
{
    const uint8_t *start = reader->at;
    bool is_type;
    PW_TRY(read_type(reader, out, &is_type));
    if (!is_type || !pwi_type_is_ref(*out))
        return pwi_reader_malformed(reader, start, "malformed reference type 0x%02x", *start);
    return PW_OK;
}

pw_result pwi_read_block_type(pw_reader *reader, uint32_t *out)
{
    const uint8_t *start = reader->at;
    if (PW_LIKELY(start < reader->end && *start == PW_BLOCK_EMPTY)) {
        reader->at++;
        *out = PW_BLOCK_EMPTY;
        return PW_OK;
    }
    if (start < reader->end && (*start & 0xc0) == 0x40)
        return pwi_read_val_type(reader, out);
    int64_t index;
    PW_TRY(pwi_read_leb_signed(reader, 33, &index));
    if (index < 0)
        return pwi_reader_malformed(reader, start, "malformed block type");
    *out = PW_BLOCK_EMPTY;
    PW_TRY(pwi_reader_need(reader, start, PW_FEATURE_BIT_MULTI_VALUE));
    if (index >= reader->module->type_count)
        return pwi_reader_invalid(reader, start, "unknown type %u", (uint32_t)index);
    if (reader->module->types[index]->kind != PW_DEF_FUNC)
        return pwi_reader_invalid(reader, start, "type %u of a block is no function type", (uint32_t)index);
    *out = PW_BLOCK_INDEXED(index);
    return PW_OK;
}
