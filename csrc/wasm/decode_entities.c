/* decode_entities.c - imports, functions, tables, memories, globals, exports and the start function
 * (https://webassembly.github.io/spec/core/binary/modules.html). */
#include "base/alloc.h"
#include "wasm/compile_watch.h"
#include "wasm/decoder.h"

/* ---- types of entities ---------------------------------------------------------------------------------------- */

/* The flags byte of limits; tables have the first and the third only. */
enum { LIMITS_MAX = 1, LIMITS_SHARED = 2, LIMITS_64 = 4, LIMITS_PAGE_SIZE = 8 };

static pw_result read_limits(pw_reader *reader, uint8_t allowed, uint8_t *flags, pw_limits *out)
{
    const uint8_t *start = reader->at;
    *out = (pw_limits){.page_bits = 16};
    PW_TRY(pwi_read_byte(reader, flags));
    if (*flags & ~allowed)
        return pwi_reader_malformed(reader, start, "malformed limits flags 0x%02x", *flags);
    out->shared = *flags & LIMITS_SHARED;
    out->is64 = *flags & LIMITS_64;
    out->has_max = *flags & LIMITS_MAX;
    if (out->is64)
        PW_TRY(pwi_reader_need(reader, start, PW_FEATURE_BIT_MEMORY64));
    PW_TRY(pwi_read_u64(reader, &out->min));
    return out->has_max ? pwi_read_u64(reader, &out->max) : PW_OK;
}

static pw_result check_limits(pw_reader *reader, const uint8_t *at, const pw_limits *limits)
{
    if (limits->has_max && limits->min > limits->max)
        return pwi_reader_invalid(reader, at, "size minimum must not be greater than maximum");
    return PW_OK;
}

static pw_result read_table_type(pw_reader *reader, pw_table_type *out)
{
    const uint8_t *start = reader->at;
    uint8_t flags;
    PW_TRY(pwi_read_ref_type(reader, &out->element));
    PW_TRY(read_limits(reader, LIMITS_MAX | LIMITS_64, &flags, &out->limits));
    uint64_t bound = out->limits.is64 ? UINT64_MAX : UINT32_MAX;
    if (out->limits.min > bound || (out->limits.has_max && out->limits.max > bound))
        return pwi_reader_invalid(reader, start, "table size must be at most 2^32-1");
    return check_limits(reader, start, &out->limits);
}

/* The log2 of a page size: 2^0 or 2^16. */
static pw_result read_page_size(pw_reader *reader, pw_limits *out)
{
    const uint8_t *start = reader->at;
    uint32_t bits;
    PW_TRY(pwi_reader_need(reader, start, PW_FEATURE_BIT_CUSTOM_PAGE_SIZES));
    PW_TRY(pwi_read_u32(reader, &bits));
    if (bits >= 64)
        return pwi_reader_malformed(reader, start, "invalid custom page size 2^%u", bits);
    if (bits != 0 && bits != 16)
        return pwi_reader_invalid(reader, start, "invalid custom page size 2^%u: it is 1 or 65536", bits);
    out->page_bits = (uint8_t)bits;
    return PW_OK;
}

uint64_t pwi_most_pages(const pw_limits *type)
{
    uint64_t last = type->is64 ? UINT64_MAX : UINT32_MAX;
    return type->page_bits == 0 ? last : (last >> type->page_bits) + 1;
}

static pw_result read_memory_type(pw_reader *reader, pw_limits *out)
{
    const uint8_t *start = reader->at;
    uint8_t flags;
    PW_TRY(read_limits(reader, LIMITS_MAX | LIMITS_SHARED | LIMITS_64 | LIMITS_PAGE_SIZE, &flags, out));
    if (flags & LIMITS_PAGE_SIZE)
        PW_TRY(read_page_size(reader, out));
    if (out->shared)
        PW_TRY(pwi_reader_need(reader, start, PW_FEATURE_BIT_THREADS));
    uint64_t bound = pwi_most_pages(out);
    if (out->min > bound || (out->has_max && out->max > bound))
        return pwi_reader_invalid(reader, start, "memory size must be at most %llu pages of %u bytes",
                                  (unsigned long long)bound, 1u << out->page_bits);
    if (out->shared && !out->has_max)
        return pwi_reader_invalid(reader, start, "shared memory must have maximum");
    return check_limits(reader, start, out);
}

static pw_result read_global_type(pw_reader *reader, pw_global_type *out)
{
    uint8_t flags;
    PW_TRY(pwi_read_val_type(reader, &out->type));
    PW_TRY(pwi_read_byte(reader, &flags));
    if (flags > 1)
        return pwi_reader_malformed(reader, reader->at - 1, "malformed mutability 0x%02x", flags);
    out->is_mutable = flags == 1;
    return PW_OK;
}

/* ---- index spaces --------------------------------------------------------------------------------------------- */

static pw_result full(pw_decoder *decoder, const uint8_t *at, const char *what, uint32_t limit)
{
    (void)pwi_reader_invalid(&decoder->reader, at, "too many %s: the limit is %u", what, limit);
    return PW_ERR_INVALID;
}

static pw_result add_func(pw_decoder *decoder, const uint8_t *at, uint32_t type_index)
{
    pw_module *module = decoder->module;
    if (module->func_count == PW_MAX_FUNCTIONS)
        return full(decoder, at, "functions", PW_MAX_FUNCTIONS);
    if (!pwi_reserve((void **)&module->funcs, &decoder->func_capacity, (size_t)module->func_count + 1,
                     sizeof *module->funcs))
        return pwi_no_memory(decoder->error);
    module->funcs[module->func_count++] = (pw_func_decl){type_index, false};
    if (type_index >= module->type_count)
        return pwi_reader_invalid(&decoder->reader, at, "unknown type %u", type_index);
    if (module->types[type_index]->kind != PW_DEF_FUNC)
        return pwi_reader_invalid(&decoder->reader, at, "type %u is no function type", type_index);
    return PW_OK;
}

static pw_result add_tag(pw_decoder *decoder, const uint8_t *at, uint32_t type_index)
{
    pw_reader *reader = &decoder->reader;
    pw_module *module = decoder->module;
    if (module->tag_count == PW_MAX_TAGS)
        return full(decoder, at, "tags", PW_MAX_TAGS);
    if (!pwi_reserve((void **)&module->tags, &decoder->tag_capacity, (size_t)module->tag_count + 1,
                     sizeof *module->tags))
        return pwi_no_memory(decoder->error);
    module->tags[module->tag_count++] = (pw_tag_decl){type_index};
    if (type_index >= module->type_count)
        return pwi_reader_invalid(reader, at, "unknown type %u", type_index);
    const pw_type_record *type = module->types[type_index];
    if (type->kind != PW_DEF_FUNC)
        return pwi_reader_invalid(reader, at, "type %u is no function type", type_index);
    if (type->func.result_count > 0)
        return pwi_reader_invalid(reader, at, "non-empty tag result type %u", type_index);
    return PW_OK;
}

static pw_result add_table(pw_decoder *decoder, const uint8_t *at, const pw_table_decl *table)
{
    pw_module *module = decoder->module;
    if (module->table_count == PW_MAX_TABLES)
        return full(decoder, at, "tables", PW_MAX_TABLES);
    if (!pwi_reserve((void **)&module->tables, &decoder->table_capacity, (size_t)module->table_count + 1,
                     sizeof *module->tables))
        return pwi_no_memory(decoder->error);
    module->tables[module->table_count++] = *table;
    if (module->table_count > 1)
        return pwi_reader_need(&decoder->reader, at, PW_FEATURE_BIT_REFERENCE_TYPES);
    return PW_OK;
}

static pw_result add_memory(pw_decoder *decoder, const uint8_t *at, const pw_limits *memory)
{
    pw_module *module = decoder->module;
    if (module->memory_count == PW_MAX_MEMORIES)
        return full(decoder, at, "memories", PW_MAX_MEMORIES);
    if (!pwi_reserve((void **)&module->memories, &decoder->memory_capacity, (size_t)module->memory_count + 1,
                     sizeof *module->memories))
        return pwi_no_memory(decoder->error);
    module->memories[module->memory_count++] = *memory;
    if (module->memory_count > 1)
        return pwi_reader_need(&decoder->reader, at, PW_FEATURE_BIT_MULTI_MEMORY);
    return PW_OK;
}

static pw_result add_global(pw_decoder *decoder, const uint8_t *at, pw_global_decl *global)
{
    pw_module *module = decoder->module;
    if (module->global_count == PW_MAX_GLOBALS)
        return full(decoder, at, "globals", PW_MAX_GLOBALS);
    if (!pwi_reserve((void **)&module->globals, &decoder->global_capacity, (size_t)module->global_count + 1,
                     sizeof *module->globals))
        return pwi_no_memory(decoder->error);
    global->slot = module->global_slots;
    module->global_slots += global->is_pointer ? 1 : pw_type_slots(global->type.type);
    module->globals[module->global_count++] = *global;
    return PW_OK;
}

/* ---- imports -------------------------------------------------------------------------------------------------- */

static pw_result read_imported_func(pw_decoder *decoder, uint32_t *index)
{
    const uint8_t *start = decoder->reader.at;
    uint32_t type_index;
    PW_TRY(pwi_read_u32(&decoder->reader, &type_index));
    *index = decoder->module->imported_funcs++;
    return add_func(decoder, start, type_index);
}

static pw_result read_imported_table(pw_decoder *decoder, uint32_t *index)
{
    const uint8_t *start = decoder->reader.at;
    pw_table_decl table = {0};
    PW_TRY(read_table_type(&decoder->reader, &table.type));
    *index = decoder->module->imported_tables++;
    return add_table(decoder, start, &table);
}

static pw_result read_imported_memory(pw_decoder *decoder, uint32_t *index)
{
    const uint8_t *start = decoder->reader.at;
    pw_limits memory;
    PW_TRY(read_memory_type(&decoder->reader, &memory));
    *index = decoder->module->imported_memories++;
    return add_memory(decoder, start, &memory);
}

static pw_result read_imported_global(pw_decoder *decoder, uint32_t *index)
{
    const uint8_t *start = decoder->reader.at;
    pw_global_decl global = {0};
    PW_TRY(read_global_type(&decoder->reader, &global.type));
    if (global.type.is_mutable) {
        global.is_pointer = true;
        PW_TRY(pwi_reader_need(&decoder->reader, start, PW_FEATURE_BIT_MUTABLE_GLOBALS));
    }
    *index = decoder->module->imported_globals++;
    return add_global(decoder, start, &global);
}

/* A tag type: the attribute 0 (an exception), a type index. */
static pw_result read_tag(pw_decoder *decoder)
{
    pw_reader *reader = &decoder->reader;
    const uint8_t *start = reader->at;
    uint8_t attribute;
    uint32_t type_index;
    PW_TRY(pwi_read_byte(reader, &attribute));
    if (attribute != 0)
        return pwi_reader_malformed(reader, start, "malformed tag attribute 0x%02x", attribute);
    PW_TRY(pwi_read_u32(reader, &type_index));
    PW_TRY(pwi_reader_need(reader, start, PW_FEATURE_BIT_EXCEPTIONS));
    return add_tag(decoder, start, type_index);
}

static pw_result read_imported_tag(pw_decoder *decoder, uint32_t *index)
{
    *index = decoder->module->imported_tags++;
    return read_tag(decoder);
}

static pw_result read_import(pw_decoder *decoder, pw_import *import)
{
    pw_reader *reader = &decoder->reader;
    uint8_t kind;
    PW_TRY(pwi_read_name(reader, &import->module));
    PW_TRY(pwi_read_name(reader, &import->name));
    const uint8_t *kind_at = reader->at;
    PW_TRY(pwi_read_byte(reader, &kind));
    import->kind = (pw_extern_kind)kind;
    switch (kind) {
    case PW_EXTERN_FUNC:
        return read_imported_func(decoder, &import->index);
    case PW_EXTERN_TABLE:
        return read_imported_table(decoder, &import->index);
    case PW_EXTERN_MEMORY:
        return read_imported_memory(decoder, &import->index);
    case PW_EXTERN_GLOBAL:
        return read_imported_global(decoder, &import->index);
    case PW_EXTERN_TAG:
        return read_imported_tag(decoder, &import->index);
    default:
        return pwi_reader_malformed(reader, kind_at, "malformed import kind 0x%02x", kind);
    }
}

pw_result pwi_decode_imports(pw_decoder *decoder)
{
    pw_module *module = decoder->module;
    uint32_t count;
    PW_TRY(pwi_read_count(&decoder->reader, 1, PW_MAX_IMPORTS, "imports", &count));
    decoder->entries = count;
    module->imports = pwi_alloc_zero(count, sizeof *module->imports);
    if (!module->imports)
        return pwi_no_memory(decoder->error);
    for (uint32_t i = 0; i < count; i++) {
        PW_TRY(pwi_watch(module, 2));
        PW_TRY(read_import(decoder, &module->imports[i]));
        module->import_count = i + 1;
    }
    return PW_OK;
}

/* ---- definitions ---------------------------------------------------------------------------------------------- */

pw_result pwi_decode_functions(pw_decoder *decoder)
{
    uint32_t count, type_index;
    PW_TRY(pwi_read_count(&decoder->reader, 1, PW_MAX_FUNCTIONS, "functions", &count));
    decoder->entries = count;
    decoder->defined_funcs = count;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *at = decoder->reader.at;
        PW_TRY(pwi_watch(decoder->module, 1));
        PW_TRY(pwi_read_u32(&decoder->reader, &type_index));
        PW_TRY(add_func(decoder, at, type_index));
    }
    return PW_OK;
}

/* Table section entries: a table type, or 0x40 0x00 table type initialiser. */
static pw_result read_table(pw_decoder *decoder, pw_table_decl *table)
{
    pw_reader *reader = &decoder->reader;
    const uint8_t *start = reader->at;
    uint8_t zero;
    if (start < reader->end && *start == 0x40) {
        reader->at++;
        PW_TRY(pwi_read_byte(reader, &zero));
        if (zero != 0)
            return pwi_reader_malformed(reader, start, "malformed table type: zero byte expected");
        PW_TRY(pwi_reader_need(reader, start, PW_FEATURE_BIT_FUNCTION_REFERENCES));
        PW_TRY(read_table_type(reader, &table->type));
        table->has_init = true;
        return pwi_decode_const_expr(decoder, table->type.element, &table->init);
    }
    PW_TRY(read_table_type(reader, &table->type));
    if (!pwi_type_defaultable(table->type.element))
        return pwi_reader_invalid(reader, start,
                                  "type mismatch: a table of non-nullable references needs an initial value");
    return PW_OK;
}

pw_result pwi_decode_tables(pw_decoder *decoder)
{
    uint32_t count;
    PW_TRY(pwi_read_count(&decoder->reader, 1, PW_MAX_TABLES, "tables", &count));
    decoder->entries = count;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *at = decoder->reader.at;
        pw_table_decl table = {0};
        PW_TRY(read_table(decoder, &table));
        PW_TRY(add_table(decoder, at, &table));
    }
    return PW_OK;
}

pw_result pwi_decode_memories(pw_decoder *decoder)
{
    uint32_t count;
    PW_TRY(pwi_read_count(&decoder->reader, 1, PW_MAX_MEMORIES, "memories", &count));
    decoder->entries = count;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *at = decoder->reader.at;
        pw_limits memory;
        PW_TRY(read_memory_type(&decoder->reader, &memory));
        PW_TRY(add_memory(decoder, at, &memory));
    }
    return PW_OK;
}

pw_result pwi_decode_globals(pw_decoder *decoder)
{
    uint32_t count;
    PW_TRY(pwi_read_count(&decoder->reader, 1, PW_MAX_GLOBALS, "globals", &count));
    decoder->entries = count;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *at = decoder->reader.at;
        pw_global_decl global = {0};
        PW_TRY(pwi_watch(decoder->module, 1));
        PW_TRY(read_global_type(&decoder->reader, &global.type));
        PW_TRY(pwi_decode_const_expr(decoder, global.type.type, &global.init));
        PW_TRY(add_global(decoder, at, &global));
    }
    return PW_OK;
}

pw_result pwi_decode_tags(pw_decoder *decoder)
{
    uint32_t count;
    PW_TRY(pwi_read_count(&decoder->reader, 2, PW_MAX_TAGS, "tags", &count));
    decoder->entries = count;
    for (uint32_t i = 0; i < count; i++) {
        PW_TRY(pwi_watch(decoder->module, 1));
        PW_TRY(read_tag(decoder));
    }
    return PW_OK;
}

/* ---- exports and start ---------------------------------------------------------------------------------------- */

pw_result pwi_decode_exports(pw_decoder *decoder)
{
    pw_reader *reader = &decoder->reader;
    pw_module *module = decoder->module;
    uint32_t count;
    PW_TRY(pwi_read_count(reader, 3, PW_MAX_EXPORTS, "exports", &count));
    decoder->entries = count;
    module->exports = pwi_alloc_zero(count, sizeof *module->exports);
    if (!module->exports)
        return pwi_no_memory(decoder->error);
    for (uint32_t i = 0; i < count; i++) {
        pw_export *export = &module->exports[i];
        uint8_t kind;
        PW_TRY(pwi_watch(module, 2));
        PW_TRY(pwi_read_name(reader, &export->name));
        PW_TRY(pwi_read_byte(reader, &kind));
        if (kind > PW_EXTERN_TAG)
            return pwi_reader_malformed(reader, reader->at - 1, "malformed export kind 0x%02x", kind);
        export->kind = (pw_extern_kind)kind;
        PW_TRY(pwi_read_u32(reader, &export->index));
        module->export_count = i + 1;
    }
    return PW_OK;
}

pw_result pwi_decode_start(pw_decoder *decoder)
{
    decoder->module->has_start = true;
    return pwi_read_u32(&decoder->reader, &decoder->module->start);
}
