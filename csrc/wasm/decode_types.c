/* decode_types.c - the type section (https://webassembly.github.io/spec/core/binary/modules.html#type-section).
 *
 * Every entry is a recursive group. Groups of one function type are what this build knows, in all their spellings:
 *
 *   60 params results           4f 00 60 params results        4e 01 <one of the two>
 */
#include "base/alloc.h"
#include "wasm/decoder.h"

enum {
    DEF_FUNC = 0x60,
    DEF_STRUCT = 0x5f,
    DEF_ARRAY = 0x5e,
    DEF_SUB = 0x50,
    DEF_SUB_FINAL = 0x4f,
    DEF_REC = 0x4e
};

/* Reusable room for the value types of one function type. */
typedef struct type_scratch {
    pw_val_type *types;
    size_t capacity;
} type_scratch;

static pw_result read_types(pw_decoder *decoder, type_scratch *scratch, size_t at, uint32_t limit,
                            const char *what, uint32_t *count)
{
    pw_reader *reader = &decoder->reader;
    PW_TRY(pwi_read_count(reader, 1, limit, what, count));
    if (!pwi_reserve((void **)&scratch->types, &scratch->capacity, at + *count, sizeof *scratch->types))
        return pwi_no_memory(decoder->error);
    for (uint32_t i = 0; i < *count; i++)
        PW_TRY(pwi_read_val_type(reader, &scratch->types[at + i]));
    return PW_OK;
}

static pw_result read_func_type(pw_decoder *decoder, type_scratch *scratch, pw_type_record **record)
{
    pw_func_type type;
    const uint8_t *results_at;
    PW_TRY(read_types(decoder, scratch, 0, PW_MAX_PARAMS, "parameters", &type.param_count));
    results_at = decoder->reader.at;
    PW_TRY(read_types(decoder, scratch, type.param_count, PW_MAX_RESULTS, "results", &type.result_count));
    if (type.result_count > 1)
        PW_TRY(pwi_reader_need(&decoder->reader, results_at, PW_FEATURE_BIT_MULTI_VALUE));
    type.params = scratch->types;
    type.results = type.param_count + type.result_count > 0 ? scratch->types + type.param_count : NULL;
    pw_result result = pwi_types_intern(decoder->module->registry, &type, record);
    if (result == PW_ERR_NO_MEMORY)
        return pwi_no_memory(decoder->error);
    if (result != PW_OK)
        return pwi_fail(decoder->error, result, "too many types in one engine");
    return PW_OK;
}

/* The byte that says what kind of type follows, with the wrappers that mean nothing for a single final type taken off. */
static pw_result read_type_form(pw_decoder *decoder, uint8_t *form)
{
    pw_reader *reader = &decoder->reader;
    const uint8_t *start = reader->at;
    uint32_t count;
    PW_TRY(pwi_read_byte(reader, form));
    if (*form == DEF_REC) {
        PW_TRY(pwi_read_u32(reader, &count));
        if (count != 1)
            return pwi_reader_refuse(reader, start, PW_FEATURE_BIT_GC);
        PW_TRY(pwi_read_byte(reader, form));
        if (*form == DEF_REC)
            return pwi_reader_malformed(reader, start, "malformed definition type 0x%02x", *form);
    }
    if (*form == DEF_SUB)
        return pwi_reader_refuse(reader, start, PW_FEATURE_BIT_GC);
    if (*form == DEF_SUB_FINAL) {
        PW_TRY(pwi_read_u32(reader, &count));
        if (count != 0)
            return pwi_reader_refuse(reader, start, PW_FEATURE_BIT_GC);
        PW_TRY(pwi_read_byte(reader, form));
    }
    if (*form == DEF_STRUCT || *form == DEF_ARRAY)
        return pwi_reader_refuse(reader, start, PW_FEATURE_BIT_GC);
    if (*form != DEF_FUNC)
        return pwi_reader_malformed(reader, start, "malformed definition type 0x%02x", *form);
    return PW_OK;
}

static pw_result read_all(pw_decoder *decoder, type_scratch *scratch, uint32_t count)
{
    pw_module *module = decoder->module;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t form;
        decoder->reader.self_index = i;
        PW_TRY(read_type_form(decoder, &form));
        PW_TRY(read_func_type(decoder, scratch, &module->types[i]));
        module->type_count = i + 1; /* from here on others may name it */
    }
    decoder->reader.self_index = PW_NO_INDEX;
    return PW_OK;
}

pw_result pwi_decode_types(pw_decoder *decoder)
{
    uint32_t count;
    PW_TRY(pwi_read_count(&decoder->reader, 2, PW_MAX_TYPES, "types", &count));
    decoder->entries = count;
    decoder->module->types = pwi_alloc_zero(count, sizeof *decoder->module->types);
    if (!decoder->module->types)
        return pwi_no_memory(decoder->error);
    type_scratch scratch = {NULL, 0};
    pw_result result = read_all(decoder, &scratch, count);
    pwi_free(scratch.types);
    return result;
}
