/* decode_types.c - the type section (https://webassembly.github.io/spec/core/binary/modules.html#type-section).
 *
 * Every entry is a recursive group, whose types may name each other; an entry without 4e is a group of one:
 *
 *   group       4e count type*  |  type
 *   type        50 supers form  (a subtype, open)  |  4f supers form  (final)  |  form  (final, no supertype)
 *   form        60 params results  |  5f fields  |  5e field
 */
#include <string.h>

#include "base/alloc.h"
#include "wasm/compile_watch.h"
#include "wasm/decoder.h"

enum {
    DEF_FUNC = 0x60,
    DEF_STRUCT = 0x5f,
    DEF_ARRAY = 0x5e,
    DEF_SUB = 0x50,
    DEF_SUB_FINAL = 0x4f,
    DEF_REC = 0x4e
};

/* Reusable room for the definitions of a group, and for the value types and fields of all of them, in order. */
typedef struct type_scratch {
    pw_type_def *defs;
    pw_val_type *types;
    pw_field *fields;
    size_t def_capacity, type_capacity, field_capacity;
    size_t type_count, field_count;
} type_scratch;

/* ---- one type --------------------------------------------------------------------------------------------------- */

static pw_result read_types(pw_decoder *decoder, type_scratch *scratch, uint32_t limit, const char *what,
                            uint32_t *count)
{
    pw_reader *reader = &decoder->reader;
    PW_TRY(pwi_read_count(reader, 1, limit, what, count));
    if (!pwi_reserve((void **)&scratch->types, &scratch->type_capacity, scratch->type_count + *count,
                     sizeof *scratch->types))
        return pwi_no_memory(decoder->error);
    for (uint32_t i = 0; i < *count; i++)
        PW_TRY(pwi_read_val_type(reader, &scratch->types[scratch->type_count++]));
    return pwi_watch(decoder->module, *count);
}

static pw_result read_func_type(pw_decoder *decoder, type_scratch *scratch, pw_func_type *type)
{
    PW_TRY(read_types(decoder, scratch, PW_MAX_PARAMS, "parameters", &type->param_count));
    const uint8_t *results_at = decoder->reader.at;
    PW_TRY(read_types(decoder, scratch, PW_MAX_RESULTS, "results", &type->result_count));
    if (type->result_count > 1)
        return pwi_reader_need(&decoder->reader, results_at, PW_FEATURE_BIT_MULTI_VALUE);
    return PW_OK;
}

static pw_result read_field(pw_reader *reader, pw_field *field)
{
    uint8_t flags;
    *field = (pw_field){0};
    PW_TRY(pwi_read_storage_type(reader, &field->storage));
    PW_TRY(pwi_read_byte(reader, &flags));
    if (flags > 1)
        return pwi_reader_malformed(reader, reader->at - 1, "malformed mutability 0x%02x", flags);
    field->is_mutable = flags == 1;
    return PW_OK;
}

static pw_result read_fields(pw_decoder *decoder, type_scratch *scratch, uint32_t count)
{
    if (!pwi_reserve((void **)&scratch->fields, &scratch->field_capacity, scratch->field_count + count,
                     sizeof *scratch->fields))
        return pwi_no_memory(decoder->error);
    for (uint32_t i = 0; i < count; i++)
        PW_TRY(read_field(&decoder->reader, &scratch->fields[scratch->field_count++]));
    return pwi_watch(decoder->module, count);
}

static pw_result read_form(pw_decoder *decoder, type_scratch *scratch, pw_type_def *def)
{
    pw_reader *reader = &decoder->reader;
    const uint8_t *start = reader->at;
    uint8_t form;
    PW_TRY(pwi_read_byte(reader, &form));
    switch (form) {
    case DEF_FUNC:
        def->kind = PW_DEF_FUNC;
        return read_func_type(decoder, scratch, &def->func);
    case DEF_STRUCT:
        def->kind = PW_DEF_STRUCT;
        PW_TRY(pwi_reader_need(reader, start, PW_FEATURE_BIT_GC));
        PW_TRY(pwi_read_count(reader, 2, PW_MAX_FIELDS, "fields", &def->field_count));
        return read_fields(decoder, scratch, def->field_count);
    case DEF_ARRAY:
        def->kind = PW_DEF_ARRAY;
        def->field_count = 1;
        PW_TRY(pwi_reader_need(reader, start, PW_FEATURE_BIT_GC));
        return read_fields(decoder, scratch, 1);
    default:
        return pwi_reader_malformed(reader, start, "malformed definition type 0x%02x", form);
    }
}

/* A supertype comes before the type; what is wrong with it is noted, and the type then has none. */
static pw_result read_super(pw_decoder *decoder, uint32_t own_index, uint32_t *super)
{
    pw_reader *reader = &decoder->reader;
    const uint8_t *start = reader->at;
    uint32_t index;
    PW_TRY(pwi_read_u32(reader, &index));
    if (index >= own_index)
        return pwi_reader_invalid(reader, start, "unknown type %u: a supertype comes before type %u", index,
                                  own_index);
    bool in_group = index >= reader->group_start;
    *super = in_group ? PW_HEAP_GROUP(index - reader->group_start) : decoder->module->types[index]->id;
    return PW_OK;
}

static pw_result read_supers(pw_decoder *decoder, uint32_t own_index, pw_type_def *def)
{
    pw_reader *reader = &decoder->reader;
    const uint8_t *start = reader->at;
    uint32_t count;
    PW_TRY(pwi_read_count(reader, 1, UINT32_MAX, "supertypes", &count));
    for (uint32_t i = 0; i < count; i++) {
        PW_TRY(pwi_watch(decoder->module, 1));
        PW_TRY(read_super(decoder, own_index, &def->super));
    }
    if (count > 1)
        return pwi_reader_invalid(reader, start, "sub type: %u supertypes, one is the most", count);
    if (count > 0 || !def->is_final)
        return pwi_reader_need(reader, start, PW_FEATURE_BIT_GC);
    return PW_OK;
}

static pw_result read_type(pw_decoder *decoder, type_scratch *scratch, uint32_t own_index, pw_type_def *def)
{
    pw_reader *reader = &decoder->reader;
    PW_TRY(pwi_watch(decoder->module, 8));
    memset(def, 0, sizeof *def);
    def->super = PW_NO_SUPER;
    def->is_final = true;
    if (reader->at < reader->end && (*reader->at == DEF_SUB || *reader->at == DEF_SUB_FINAL)) {
        def->is_final = *reader->at++ == DEF_SUB_FINAL;
        PW_TRY(read_supers(decoder, own_index, def));
    }
    return read_form(decoder, scratch, def);
}

/* ---- groups ----------------------------------------------------------------------------------------------------- */

/* Now that all types and fields are where they stay: gives each definition its own. */
static void distribute(type_scratch *scratch, uint32_t count)
{
    const pw_val_type *types = scratch->types;
    const pw_field *fields = scratch->fields;
    for (uint32_t i = 0; i < count; i++) {
        pw_type_def *def = &scratch->defs[i];
        if (def->kind == PW_DEF_FUNC) {
            uint32_t params = def->func.param_count, results = def->func.result_count;
            def->func.params = types;
            def->func.results = params + results > 0 ? types + params : NULL;
            types = params + results > 0 ? types + params + results : types;
        } else if (def->field_count > 0) {
            def->fields = fields;
            fields += def->field_count;
        }
    }
}

/* The supertypes of a group, once it has records. */
static pw_result check_supers(pw_decoder *decoder, const uint8_t *at, uint32_t first)
{
    pw_reader *reader = &decoder->reader;
    const pw_module *module = decoder->module;
    for (uint32_t i = first; i < module->type_count; i++) {
        const pw_type_record *record = module->types[i];
        if (!record->super)
            continue;
        if (record->super->is_final)
            return pwi_reader_invalid(reader, at, "sub type %u: its supertype is final", i);
        if (record->depth > PW_MAX_SUPERTYPES)
            return pwi_reader_invalid(reader, at, "sub type %u has more than %u supertypes", i,
                                      PW_MAX_SUPERTYPES);
        if (!pwi_record_fits_super(module->registry, record))
            return pwi_reader_invalid(reader, at, "sub type %u does not match super type", i);
    }
    return PW_OK;
}

/* Reads the types of a group and adds their records to the module's. */
static pw_result read_group(pw_decoder *decoder, type_scratch *scratch, uint32_t count)
{
    pw_module *module = decoder->module;
    pw_reader *reader = &decoder->reader;
    const uint8_t *start = reader->at;
    uint32_t first = module->type_count;
    scratch->type_count = scratch->field_count = 0;
    if (!pwi_reserve((void **)&scratch->defs, &scratch->def_capacity, count, sizeof *scratch->defs) ||
        !pwi_reserve((void **)&module->types, &decoder->type_capacity, (size_t)first + count,
                     sizeof *module->types))
        return pwi_no_memory(decoder->error);
    reader->group_start = first;
    reader->group_count = count;
    for (uint32_t i = 0; i < count; i++)
        PW_TRY(read_type(decoder, scratch, first + i, &scratch->defs[i]));
    reader->group_start = PW_NO_INDEX;
    reader->group_count = 0;
    distribute(scratch, count);
    pw_result result = pwi_types_intern_group(module->registry, scratch->defs, count, module->types + first);
    if (result == PW_ERR_NO_MEMORY)
        return pwi_no_memory(decoder->error);
    if (result != PW_OK)
        return pwi_fail(decoder->error, result, "too many types in one engine");
    module->type_count += count; /* from here on others may name them */
    return check_supers(decoder, start, first);
}

static pw_result read_entry(pw_decoder *decoder, type_scratch *scratch)
{
    pw_reader *reader = &decoder->reader;
    const uint8_t *start = reader->at;
    uint32_t count = 1;
    if (start < reader->end && *start == DEF_REC) {
        reader->at++;
        PW_TRY(pwi_read_count(reader, 2, PW_MAX_TYPES, "types of a group", &count));
        if (count != 1)
            PW_TRY(pwi_reader_need(reader, start, PW_FEATURE_BIT_GC));
    }
    if (count > PW_MAX_TYPES - decoder->module->type_count) {
        (void)pwi_reader_invalid(reader, start, "too many types: the limit is %u", PW_MAX_TYPES);
        return PW_ERR_INVALID;
    }
    return read_group(decoder, scratch, count);
}

pw_result pwi_decode_types(pw_decoder *decoder)
{
    uint32_t count;
    PW_TRY(pwi_read_count(&decoder->reader, 2, PW_MAX_TYPES, "types", &count));
    decoder->entries = count;
    type_scratch scratch = {0};
    pw_result result = PW_OK;
    for (uint32_t i = 0; i < count && result == PW_OK; i++)
        result = read_entry(decoder, &scratch);
    pwi_free(scratch.defs);
    pwi_free(scratch.types);
    pwi_free(scratch.fields);
    return result;
}
