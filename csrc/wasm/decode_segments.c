/* decode_segments.c - element segments, data segments and code: the sections that hold expressions and bytes
 * (https://webassembly.github.io/spec/core/binary/modules.html). */
#include "base/alloc.h"
#include "wasm/compile_watch.h"
#include "wasm/decoder.h"
#include "wasm/scan.h"

static uint32_t module_offset(const pw_decoder *decoder, const uint8_t *at)
{
    return (uint32_t)(at - decoder->module->bytes); /* PW_MAX_MODULE_SIZE is below 2^32 */
}

pw_result pwi_decode_const_expr(pw_decoder *decoder, pw_val_type type, pw_const_expr *out)
{
    const uint8_t *start = decoder->reader.at;
    PW_TRY(pwi_scan_expression(&decoder->reader));
    out->offset = module_offset(decoder, start);
    out->size = (uint32_t)(decoder->reader.at - start);
    out->type = type;
    return PW_OK;
}

/* ---- element segments ----------------------------------------------------------------------------------------- */

/* The flags of an element segment:
 *
 *   bit 0   passive or declarative; else active
 *   bit 1   active: a table index follows; else: declarative (not passive)
 *   bit 2   items are expressions and the type, where there is one, is a reference type; else function indices
 */
enum { ELEM_NOT_ACTIVE = 1, ELEM_EXPLICIT = 2, ELEM_EXPRESSIONS = 4 };

static pw_result read_elem_type(pw_decoder *decoder, uint32_t flags, pw_elem_segment *segment)
{
    pw_reader *reader = &decoder->reader;
    uint8_t kind;
    bool has_type = flags & (ELEM_NOT_ACTIVE | ELEM_EXPLICIT);
    if (flags & ELEM_EXPRESSIONS) {
        segment->type = PW_FUNCREF;
        return has_type ? pwi_read_ref_type(reader, &segment->type) : PW_OK;
    }
    segment->type = PW_REF_TYPE(PW_KIND_REF, PW_HEAP_FUNC); /* function indices are never null */
    if (!has_type)
        return PW_OK;
    PW_TRY(pwi_read_byte(reader, &kind));
    if (kind != 0)
        return pwi_reader_malformed(reader, reader->at - 1, "malformed element kind 0x%02x", kind);
    return PW_OK;
}

static pw_result read_elem_items(pw_decoder *decoder, pw_elem_segment *segment)
{
    pw_reader *reader = &decoder->reader;
    uint32_t index;
    PW_TRY(pwi_read_count(reader, segment->uses_expressions ? 2 : 1, PW_MAX_TABLE_ELEMENTS, "items",
                          &segment->count));
    const uint8_t *start = reader->at;
    segment->items_offset = module_offset(decoder, start);
    for (uint32_t i = 0; i < segment->count; i++) {
        if (segment->uses_expressions)
            PW_TRY(pwi_scan_expression(reader));
        else
            PW_TRY(pwi_read_u32(reader, &index));
        PW_TRY(pwi_watch(decoder->module, 1));
    }
    segment->items_size = (uint32_t)(reader->at - start);
    return PW_OK;
}

/* The address type of a table or memory by its index, for offsets; unknown indices are validate.c's. */
static pw_val_type table_index_type(const pw_module *module, uint32_t index)
{
    return index < module->table_count && module->tables[index].type.limits.is64 ? PW_I64 : PW_I32;
}

static pw_val_type memory_index_type(const pw_module *module, uint32_t index)
{
    return index < module->memory_count && module->memories[index].is64 ? PW_I64 : PW_I32;
}

static pw_result read_elem(pw_decoder *decoder, pw_elem_segment *segment)
{
    pw_reader *reader = &decoder->reader;
    const uint8_t *start = reader->at;
    uint32_t flags;
    PW_TRY(pwi_read_u32(reader, &flags));
    if (flags > 7)
        return pwi_reader_malformed(reader, start, "malformed elements segment kind %u", flags);
    segment->uses_expressions = flags & ELEM_EXPRESSIONS;
    if (flags & ELEM_NOT_ACTIVE) {
        segment->mode = flags & ELEM_EXPLICIT ? PW_SEGMENT_DECLARATIVE : PW_SEGMENT_PASSIVE;
        PW_TRY(pwi_reader_need(reader, start,
                               flags & ELEM_EXPLICIT ? PW_FEATURE_BIT_REFERENCE_TYPES
                                                     : PW_FEATURE_BIT_BULK_MEMORY));
    } else {
        segment->mode = PW_SEGMENT_ACTIVE;
        if (flags & ELEM_EXPLICIT)
            PW_TRY(pwi_read_u32(reader, &segment->table));
        if (flags & (ELEM_EXPLICIT | ELEM_EXPRESSIONS))
            PW_TRY(pwi_reader_need(reader, start, PW_FEATURE_BIT_BULK_MEMORY));
        pw_val_type index_type = table_index_type(decoder->module, segment->table);
        PW_TRY(pwi_decode_const_expr(decoder, index_type, &segment->offset));
    }
    PW_TRY(read_elem_type(decoder, flags, segment));
    return read_elem_items(decoder, segment);
}

pw_result pwi_decode_elems(pw_decoder *decoder)
{
    pw_module *module = decoder->module;
    uint32_t count;
    PW_TRY(pwi_read_count(&decoder->reader, 2, PW_MAX_ELEM_SEGMENTS, "element segments", &count));
    decoder->entries = count;
    module->elems = pwi_alloc_zero(count, sizeof *module->elems);
    if (!module->elems)
        return pwi_no_memory(decoder->error);
    for (uint32_t i = 0; i < count; i++) {
        PW_TRY(pwi_watch(module, 1));
        PW_TRY(read_elem(decoder, &module->elems[i]));
        module->elem_count = i + 1;
    }
    return PW_OK;
}

/* ---- data segments -------------------------------------------------------------------------------------------- */

pw_result pwi_decode_data_count(pw_decoder *decoder)
{
    const uint8_t *start = decoder->reader.at;
    decoder->module->has_data_count = true;
    PW_TRY(pwi_read_u32(&decoder->reader, &decoder->module->data_count_declared));
    return pwi_reader_need(&decoder->reader, start, PW_FEATURE_BIT_BULK_MEMORY);
}

static pw_result read_data(pw_decoder *decoder, pw_data_segment *segment)
{
    pw_reader *reader = &decoder->reader;
    const uint8_t *start = reader->at;
    uint32_t flags;
    PW_TRY(pwi_read_u32(reader, &flags));
    if (flags > 2)
        return pwi_reader_malformed(reader, start, "malformed data segment kind %u", flags);
    if (flags != 0)
        PW_TRY(pwi_reader_need(reader, start, PW_FEATURE_BIT_BULK_MEMORY));
    if (flags == 1) {
        segment->mode = PW_SEGMENT_PASSIVE;
    } else {
        segment->mode = PW_SEGMENT_ACTIVE;
        if (flags == 2)
            PW_TRY(pwi_read_u32(reader, &segment->memory));
        pw_val_type index_type = memory_index_type(decoder->module, segment->memory);
        PW_TRY(pwi_decode_const_expr(decoder, index_type, &segment->offset));
    }
    PW_TRY(pwi_read_u32(reader, &segment->bytes_size));
    segment->bytes_offset = module_offset(decoder, reader->at);
    return pwi_skip_bytes(reader, segment->bytes_size);
}

pw_result pwi_decode_datas(pw_decoder *decoder)
{
    pw_module *module = decoder->module;
    uint32_t count;
    PW_TRY(pwi_read_count(&decoder->reader, 2, PW_MAX_DATA_SEGMENTS, "data segments", &count));
    decoder->entries = count;
    module->datas = pwi_alloc_zero(count, sizeof *module->datas);
    if (!module->datas)
        return pwi_no_memory(decoder->error);
    for (uint32_t i = 0; i < count; i++) {
        PW_TRY(pwi_watch(module, 1));
        PW_TRY(read_data(decoder, &module->datas[i]));
        module->data_count = i + 1;
    }
    return PW_OK;
}

/* ---- code ----------------------------------------------------------------------------------------------------- */

pw_result pwi_decode_code(pw_decoder *decoder)
{
    pw_reader *reader = &decoder->reader;
    pw_module *module = decoder->module;
    uint32_t count;
    PW_TRY(pwi_read_count(reader, 1, PW_MAX_FUNCTIONS, "function bodies", &count));
    decoder->entries = count;
    module->bodies = pwi_alloc_zero(count, sizeof *module->bodies);
    if (!module->bodies)
        return pwi_no_memory(decoder->error);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *start = reader->at;
        pw_body *body = &module->bodies[i];
        PW_TRY(pwi_watch(module, 1));
        PW_TRY(pwi_read_u32(reader, &body->size));
        body->offset = module_offset(decoder, reader->at);
        PW_TRY(pwi_skip_bytes(reader, body->size));
        module->body_count = i + 1;
        if (body->size > PW_MAX_FUNCTION_SIZE)
            PW_TRY(pwi_reader_invalid(reader, start, "function body of %u bytes: the limit is %u", body->size,
                                      PW_MAX_FUNCTION_SIZE));
    }
    return PW_OK;
}
