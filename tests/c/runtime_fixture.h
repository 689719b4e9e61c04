/* runtime_fixture.h - what the tests of csrc/runtime share: a check that ends the program, a registry and
 * a store without an engine, and a module made by hand (no decoder needed), in arrays that are large
 * enough for all tests. */
#ifndef PW_TEST_RUNTIME_FIXTURE_H
#define PW_TEST_RUNTIME_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/config.h"
#include "check.h"
#include "runtime/memory.h"
#include "runtime/store.h"
#include "runtime/table.h"

enum { ROOM = 16, BYTES = 1 << 16 };

typedef struct fixture {
    pw_type_registry registry;
    pw_store *store;
    pw_error error;
    pw_module module;
    pw_type_record *nullary; /* (func) */
    pw_type_record *types[ROOM];
    pw_import imports[ROOM];
    pw_func_decl funcs[ROOM];
    pw_table_decl tables[ROOM];
    pw_limits memories[ROOM];
    pw_global_decl globals[ROOM];
    pw_export exports[ROOM];
    pw_elem_segment elems[ROOM];
    pw_data_segment datas[ROOM];
    pw_code codes[ROOM];
    pw_extern given[ROOM]; /* for the imports */
    uint8_t bytes[BYTES];
} fixture;

static inline pw_name fx_name(const char *text)
{
    pw_name name = {text, strlen(text)};
    return name;
}

/* An empty module. The fixture holds a reference, so that no test frees its arrays. */
static inline void fx_module(fixture *fx)
{
    pw_module *module = &fx->module;
    memset(module, 0, sizeof *module);
    module->references = 1;
    module->registry = &fx->registry;
    module->bytes = fx->bytes;
    module->types = fx->types;
    module->imports = fx->imports;
    module->funcs = fx->funcs;
    module->tables = fx->tables;
    module->memories = fx->memories;
    module->globals = fx->globals;
    module->exports = fx->exports;
    module->elems = fx->elems;
    module->datas = fx->datas;
    module->codes = fx->codes;
    fx->types[0] = fx->nullary;
    module->type_count = 1;
}

static inline void fx_start(fixture *fx, const pw_store_limits *limits)
{
    static const pw_func_type nullary = {0, 0, NULL, NULL};
    memset(fx, 0, sizeof *fx);
    pw_error_clear(&fx->error);
    CHECK(pwi_types_init(&fx->registry) == PW_OK);
    CHECK(pwi_types_intern(&fx->registry, &nullary, &fx->nullary) == PW_OK);
    CHECK(pwi_store_make(NULL, &fx->registry, limits, &fx->store) == PW_OK);
    fx_module(fx);
}

static inline void fx_end(fixture *fx)
{
    pwi_store_destroy(fx->store);
    CHECK(fx->module.references == 1); /* each instance has dropped its module */
    pwi_types_drop(&fx->registry, fx->nullary);
    CHECK(fx->registry.live == 0);
    pwi_types_destroy(&fx->registry);
}

/* Appends a constant expression and its end to the module's bytes. */
static inline pw_const_expr fx_expr(fixture *fx, pw_val_type type, const uint8_t *code, size_t size)
{
    pw_const_expr expr = {(uint32_t)fx->module.size, (uint32_t)size + 1, type};
    CHECK(fx->module.size + size + 1 <= BYTES);
    memcpy(fx->bytes + fx->module.size, code, size);
    fx->bytes[fx->module.size + size] = 0x0b;
    fx->module.size += size + 1;
    return expr;
}
#define EXPR(fx, type, ...)                                                                                  \
    fx_expr(fx, type, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static inline uint32_t fx_bytes(fixture *fx, const void *bytes, size_t size)
{
    uint32_t at = (uint32_t)fx->module.size;
    CHECK(fx->module.size + size <= BYTES);
    if (size)
        memcpy(fx->bytes + at, bytes, size);
    fx->module.size += size;
    return at;
}

static inline pw_limits fx_limits(uint64_t min, uint64_t max, bool has_max)
{
    pw_limits limits = {min, max, has_max, false, false, 16};
    return limits;
}

/* Definitions. Imports of a kind have to come before them, as in a module. */
static inline void fx_import(fixture *fx, const char *name, pw_extern_kind kind, pw_extern value)
{
    pw_module *module = &fx->module;
    pw_import *import = &fx->imports[module->import_count];
    import->module = fx_name("env");
    import->name = fx_name(name);
    import->kind = kind;
    fx->given[module->import_count++] = value;
    switch (kind) {
    case PW_EXTERN_FUNC:
        import->index = module->func_count++;
        fx->funcs[import->index].type_index = 0;
        module->imported_funcs++;
        break;
    case PW_EXTERN_TABLE:
        import->index = module->table_count++;
        module->imported_tables++;
        break;
    case PW_EXTERN_MEMORY:
        import->index = module->memory_count++;
        module->imported_memories++;
        break;
    case PW_EXTERN_GLOBAL:
        import->index = module->global_count++;
        module->imported_globals++;
        break;
    case PW_EXTERN_TAG:
        break;
    }
}

static inline void fx_import_table(fixture *fx, const char *name, pw_table *table, pw_table_type wanted)
{
    pw_extern value = {PW_EXTERN_TABLE, {.table = table}};
    memset(&fx->tables[fx->module.table_count], 0, sizeof fx->tables[0]);
    fx->tables[fx->module.table_count].type = wanted;
    fx_import(fx, name, PW_EXTERN_TABLE, value);
}

static inline void fx_import_memory(fixture *fx, const char *name, pw_memory *memory, pw_limits wanted)
{
    pw_extern value = {PW_EXTERN_MEMORY, {.memory = memory}};
    fx->memories[fx->module.memory_count] = wanted;
    fx_import(fx, name, PW_EXTERN_MEMORY, value);
}

static inline void fx_import_func(fixture *fx, const char *name, pw_func *func)
{
    pw_extern value = {PW_EXTERN_FUNC, {.func = func}};
    fx_import(fx, name, PW_EXTERN_FUNC, value);
}

static inline void fx_import_global(fixture *fx, const char *name, pw_global *global, pw_global_type wanted)
{
    pw_extern value = {PW_EXTERN_GLOBAL, {.global = global}};
    pw_global_decl *decl = &fx->globals[fx->module.global_count];
    memset(decl, 0, sizeof *decl);
    decl->type = wanted;
    decl->slot = fx->module.global_slots;
    decl->is_pointer = wanted.is_mutable;
    fx->module.global_slots += wanted.is_mutable ? 1 : pw_type_slots(wanted.type);
    fx_import(fx, name, PW_EXTERN_GLOBAL, value);
}

static inline uint32_t fx_func(fixture *fx)
{
    uint32_t index = fx->module.func_count++;
    fx->funcs[index].type_index = 0;
    fx->module.body_count++;
    return index;
}

static inline uint32_t fx_table(fixture *fx, pw_table_type type)
{
    uint32_t index = fx->module.table_count++;
    memset(&fx->tables[index], 0, sizeof fx->tables[index]);
    fx->tables[index].type = type;
    return index;
}

static inline uint32_t fx_memory(fixture *fx, pw_limits limits)
{
    fx->memories[fx->module.memory_count] = limits;
    return fx->module.memory_count++;
}

static inline uint32_t fx_global(fixture *fx, pw_global_type type, pw_const_expr init)
{
    uint32_t index = fx->module.global_count++;
    pw_global_decl *decl = &fx->globals[index];
    memset(decl, 0, sizeof *decl);
    decl->type = type;
    decl->init = init;
    decl->slot = fx->module.global_slots;
    fx->module.global_slots += pw_type_slots(type.type);
    return index;
}

static inline void fx_export(fixture *fx, const char *name, pw_extern_kind kind, uint32_t index)
{
    pw_export *export = &fx->exports[fx->module.export_count++];
    export->name = fx_name(name);
    export->kind = kind;
    export->index = index;
}

/* A segment of function indices below 128, each one byte. */
static inline uint32_t fx_elem(fixture *fx, pw_segment_mode mode, uint32_t table, int32_t at,
                               const uint8_t *items, uint32_t count)
{
    uint32_t index = fx->module.elem_count++;
    pw_elem_segment *segment = &fx->elems[index];
    memset(segment, 0, sizeof *segment);
    segment->mode = mode;
    segment->type = PW_FUNCREF;
    segment->table = table;
    segment->offset = EXPR(fx, PW_I32, 0x41, (uint8_t)(at & 0x7f) | 0x80, (uint8_t)(at >> 7 & 0x3f));
    segment->count = count;
    segment->items_offset = fx_bytes(fx, items, count);
    segment->items_size = count;
    return index;
}

static inline uint32_t fx_data(fixture *fx, pw_segment_mode mode, uint32_t memory, int32_t at,
                               const char *text)
{
    uint32_t index = fx->module.data_count++;
    pw_data_segment *segment = &fx->datas[index];
    memset(segment, 0, sizeof *segment);
    segment->mode = mode;
    segment->memory = memory;
    segment->offset = EXPR(fx, PW_I32, 0x41, (uint8_t)(at & 0x7f) | 0x80, (uint8_t)(at >> 7 & 0x7f) | 0x80,
                           (uint8_t)(at >> 14 & 0x3f));
    segment->bytes_offset = fx_bytes(fx, text, strlen(text));
    segment->bytes_size = (uint32_t)strlen(text);
    return index;
}

/* Makes an instance of the module as it stands, with what was given for the imports. */
static inline pw_result fx_instance(fixture *fx, pw_instance **instance)
{
    pw_error_clear(&fx->error);
    return pwi_instance_make(fx->store, &fx->module, fx->given, fx->module.import_count, instance,
                             &fx->error);
}

static inline pw_result fx_host_nothing(void *env, pw_instance *caller, pw_slot *slots)
{
    (void)env, (void)caller, (void)slots;
    return PW_OK;
}

/* A host function without parameters and results. */
static inline pw_func *fx_host(fixture *fx)
{
    static const pw_func_type nullary = {0, 0, NULL, NULL};
    pw_func *func;
    CHECK(pwi_func_make_host(fx->store, &nullary, fx_host_nothing, NULL, NULL, &func, &fx->error) == PW_OK);
    return func;
}

#endif
