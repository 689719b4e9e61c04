/* decoder.c - bytes to module: the header, the order of sections, what sections have to agree on. */
#include "wasm/decoder.h"

#include <string.h>

#include "base/alloc.h"
#include "wasm/compile_watch.h"
#include "wasm/scan.h"

enum { SECTION_CUSTOM = 0, SECTION_COUNT = 14, HEADER_SIZE = 8 };

typedef pw_result (*section_decoder)(pw_decoder *decoder);

/* By section id: the place in the order that sections must come in (0: anywhere), and who reads it. */
static const struct {
    uint8_t order;
    section_decoder decode;
} section_rows[SECTION_COUNT] = {
    {0, NULL}, /* custom */
    {1, pwi_decode_types},
    {2, pwi_decode_imports},
    {3, pwi_decode_functions},
    {4, pwi_decode_tables},
    {5, pwi_decode_memories},
    {7, pwi_decode_globals},
    {8, pwi_decode_exports},
    {9, pwi_decode_start},
    {10, pwi_decode_elems},
    {12, pwi_decode_code},
    {13, pwi_decode_datas},
    {11, pwi_decode_data_count},
    {6, pwi_decode_tags},
};

/* Before anything is copied: is this a module at all? */
static pw_result check_header(const uint8_t *bytes, size_t size, pw_error *error)
{
    static const uint8_t magic[4] = {0, 'a', 's', 'm'}, version[4] = {1, 0, 0, 0};
    size_t magic_size = size < 4 ? size : 4;
    if (memcmp(bytes, magic, magic_size) != 0 && size >= 4)
        return pwi_fail_at(error, PW_ERR_MALFORMED, 0, "magic header not detected");
    if (size < HEADER_SIZE)
        return pwi_fail_at(error, PW_ERR_MALFORMED, size,
                           "unexpected end: a module starts with 8 bytes of header");
    static const uint8_t component[4] = {0x0d, 0, 1, 0};
    if (memcmp(bytes + 4, component, 4) == 0)
        return pwi_fail_at(error, PW_ERR_MALFORMED, 4,
                           "unknown binary version: this is a component, not a module");
    if (memcmp(bytes + 4, version, 4) != 0)
        return pwi_fail_at(error, PW_ERR_MALFORMED, 4, "unknown binary version");
    if (size > PW_MAX_MODULE_SIZE)
        return pwi_fail_at(error, PW_ERR_INVALID, 0, "module of %zu bytes: the limit is %zu", size,
                           PW_MAX_MODULE_SIZE);
    return PW_OK;
}

static pw_result add_section(pw_decoder *decoder, uint8_t id, pw_section_info **out)
{
    pw_module *module = decoder->module;
    if (!pwi_reserve((void **)&module->sections, &decoder->section_capacity,
                     (size_t)module->section_count + 1, sizeof *module->sections))
        return pwi_no_memory(decoder->error);
    *out = &module->sections[module->section_count++];
    **out = (pw_section_info){.id = id,
                              .offset = pwi_reader_offset(&decoder->reader, decoder->reader.at),
                              .size = pwi_reader_left(&decoder->reader)};
    return PW_OK;
}

static pw_result decode_custom(pw_decoder *decoder, pw_section_info *info)
{
    pw_module *module = decoder->module;
    pw_reader *reader = &decoder->reader;
    const uint8_t *start = reader->at;
    PW_TRY(pwi_read_name(reader, &info->name));
    if (module->custom_count == PW_MAX_CUSTOM_SECTIONS) {
        (void)pwi_reader_invalid(reader, start, "too many custom sections: the limit is %u",
                                 PW_MAX_CUSTOM_SECTIONS);
        return PW_ERR_INVALID;
    }
    if (!pwi_reserve((void **)&module->customs, &decoder->custom_capacity, (size_t)module->custom_count + 1,
                     sizeof *module->customs))
        return pwi_no_memory(decoder->error);
    module->customs[module->custom_count++] = (pw_custom){
        info->name, (uint32_t)pwi_reader_offset(reader, reader->at), (uint32_t)pwi_reader_left(reader)};
    reader->at = reader->end;
    return PW_OK;
}

static pw_result decode_known(pw_decoder *decoder, uint8_t id, const uint8_t *start, uint8_t *last_order)
{
    pw_reader *reader = &decoder->reader;
    if (section_rows[id].order <= *last_order)
        return pwi_reader_malformed(reader, start, "unexpected content after last section: section %u %s", id,
                                    section_rows[id].order == *last_order ? "twice" : "out of order");
    *last_order = section_rows[id].order;
    return section_rows[id].decode(decoder);
}

/* One section. The reader's window is the section while its content is read, the rest of the module afterwards. */
static pw_result decode_section(pw_decoder *decoder, uint8_t *last_order)
{
    pw_reader *reader = &decoder->reader;
    const uint8_t *start = reader->at, *module_end = reader->end;
    uint8_t id;
    uint32_t size;
    pw_section_info *info = NULL;
    PW_TRY(pwi_watch(decoder->module, 2));
    PW_TRY(pwi_read_byte(reader, &id));
    if (id >= SECTION_COUNT)
        return pwi_reader_malformed(reader, start, "malformed section id %u", id);
    PW_TRY(pwi_read_u32(reader, &size));
    if (size > pwi_reader_left(reader))
        return pwi_reader_malformed(reader, start,
                                    "length out of bounds: section %u of %u bytes, unexpected end", id, size);
    reader->end = reader->at + size;
    reader->top_level = false;
    decoder->entries = 0;
    PW_TRY(add_section(decoder, id, &info));
    if (id == SECTION_CUSTOM)
        PW_TRY(decode_custom(decoder, info));
    else
        PW_TRY(decode_known(decoder, id, start, last_order));
    if (reader->at != reader->end)
        return pwi_reader_malformed(reader, reader->at,
                                    "section size mismatch: %zu bytes too many in section %u",
                                    pwi_reader_left(reader), id);
    info->count = decoder->entries;
    reader->end = module_end;
    reader->top_level = true;
    return PW_OK;
}

static pw_result decode_sections(pw_decoder *decoder)
{
    pw_module *module = decoder->module;
    uint8_t last_order = 0;
    decoder->reader.at += HEADER_SIZE;
    while (decoder->reader.at < decoder->reader.end)
        PW_TRY(decode_section(decoder, &last_order));
    if (decoder->defined_funcs != module->body_count)
        return pwi_reader_malformed(&decoder->reader, decoder->reader.end,
                                    "function and code section have inconsistent lengths");
    if (module->has_data_count && module->data_count_declared != module->data_count)
        return pwi_reader_malformed(&decoder->reader, decoder->reader.end,
                                    "data count and data section have inconsistent lengths");
    return PW_OK;
}

enum { COPY_PIECE = 1 << 20 };

static pw_result copy_bytes(pw_module *module, const uint8_t *bytes)
{
    for (size_t at = 0; at < module->size; at += COPY_PIECE) {
        size_t left = module->size - at;
        memcpy(module->bytes + at, bytes + at, left < COPY_PIECE ? left : COPY_PIECE);
        PW_TRY(pwi_watch(module, PW_WATCH_UNITS / 2));
    }
    return PW_OK;
}

static pw_result new_module(pw_type_registry *registry, const uint8_t *bytes, size_t size,
                            const pw_compile_config *config, pw_module **out)
{
    pw_module *module = pwi_alloc_zero(1, sizeof *module);
    if (!module)
        return PW_ERR_NO_MEMORY;
    if (!pwi_mutex_init(&module->code_lock)) {
        pwi_free(module);
        return PW_ERR_NO_MEMORY;
    }
    module->references = 1;
    module->registry = registry;
    module->features = config->features ? config->features : pw_features_default();
    module->watch.poll = config->poll;
    module->watch.env = config->poll_env;
    module->watch.left = PW_WATCH_UNITS;
    if (module->features & PW_FEATURE_MASK(LEGACY_EXCEPTIONS)) /* the same tags and throw */
        module->features |= PW_FEATURE_MASK(EXCEPTIONS);
    module->size = size;
    module->bytes = pwi_alloc(size);
    *out = module;
    if (!module->bytes)
        return PW_ERR_NO_MEMORY;
    return copy_bytes(module, bytes);
}

/* Decodes into the module. A validity error counts only if no malformed byte is found, in the code bodies neither. */
static pw_result decode_module(pw_module *module, pw_error *error)
{
    pw_error invalid;
    pw_error_clear(&invalid);
    pw_decoder decoder = {.module = module, .error = error};
    decoder.reader = (pw_reader){
        module->bytes, module->bytes + module->size, module, error, &invalid, true, PW_NO_INDEX, true, 0, false};
    pw_result result = decode_sections(&decoder);
    if (result == PW_OK && invalid.result != PW_OK) {
        result = pwi_scan_bodies(module, 0, error);
        if (result == PW_OK)
            result = PW_ERR_INVALID;
    }
    if (result == PW_ERR_INVALID && error->result == PW_OK)
        *error = invalid;
    if (result == PW_OK)
        result = pwi_names_read(module, error);
    return result;
}

pw_result pwi_module_decode(pw_type_registry *registry, const uint8_t *bytes, size_t size,
                            const pw_compile_config *config, pw_module **out, pw_error *error)
{
    pw_module *module = NULL;
    *out = NULL;
    pw_result result = check_header(bytes, size, error);
    if (result != PW_OK)
        return result;
    result = new_module(registry, bytes, size, config, &module);
    if (result == PW_ERR_NO_MEMORY)
        result = pwi_no_memory(error);
    else if (result == PW_OK)
        result = decode_module(module, error);
    if (result != PW_OK && module)
        pwi_module_destroy(module);
    else
        *out = module;
    return result;
}
