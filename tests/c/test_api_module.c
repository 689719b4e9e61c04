/* What can be asked about a module. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "engine_modules.h"
#include "pywasi.h"

static bool is(pw_name name, const char *text)
{
    return name.length == strlen(text) && memcmp(name.bytes, text, name.length) == 0;
}

static void test_imports(const pw_module *module)
{
    pw_import_type import;
    CHECK(pw_module_import_count(module) == 4);
    pw_module_import(module, 0, &import);
    CHECK(is(import.module, "a") && is(import.name, "func") && import.type.kind == PW_EXTERN_FUNC);
    CHECK(import.type.func.param_count == 2 && import.type.func.params[1] == PW_EXTERNREF);
    CHECK(import.type.func.result_count == 2 && import.type.func.results[0] == PW_F32);
    pw_module_import(module, 1, &import);
    CHECK(is(import.name, "table") && import.type.kind == PW_EXTERN_TABLE &&
          import.type.table.element == PW_EXTERNREF);
    CHECK(import.type.table.limits.min == 1 && import.type.table.limits.has_max &&
          import.type.table.limits.max == 2);
    pw_module_import(module, 2, &import);
    CHECK(import.type.kind == PW_EXTERN_MEMORY && import.type.memory.is64 && import.type.memory.min == 3);
    CHECK(import.type.memory.page_bits == 16);
    pw_module_import(module, 3, &import);
    CHECK(import.type.kind == PW_EXTERN_GLOBAL && import.type.global.is_mutable &&
          import.type.global.type == PW_F64);
    pw_module_import(module, 4, &import);
    CHECK(import.name.length == 0);
}

static void test_exports(const pw_module *module)
{
    static const char *const names[] = {"unnamed", "again",  "other",     "table",
                                        "global",  "memory", "reexported"};
    static const pw_extern_kind kinds[] = {PW_EXTERN_FUNC,  PW_EXTERN_FUNC,   PW_EXTERN_FUNC,
                                           PW_EXTERN_TABLE, PW_EXTERN_GLOBAL, PW_EXTERN_MEMORY,
                                           PW_EXTERN_FUNC};
    static const uint32_t indices[] = {1, 1, 2, 1, 1, 0, 0};
    pw_export_type export;
    CHECK(pw_module_export_count(module) == 7);
    for (size_t i = 0; i < 7; i++) {
        pw_module_export(module, i, &export);
        CHECK(is(export.name, names[i]) && export.type.kind == kinds[i] && export.index == indices[i]);
    }
    CHECK(export.type.func.param_count == 2);
    pw_module_export(module, 3, &export);
    CHECK(export.type.table.element == PW_FUNCREF && export.type.table.limits.min == 5);
    pw_module_export(module, 7, &export);
    CHECK(export.name.length == 0);
}

static void test_functions(const pw_module *module)
{
    const uint8_t *bytes;
    size_t size;
    uint64_t offset, length;
    pw_func_type type;
    CHECK(is(pw_module_name(module), "queries"));
    CHECK(pw_module_func_count(module) == 4 && pw_module_imported_func_count(module) == 1);
    CHECK(is(pw_module_func_name(module, 0), "imported")); /* the name section comes before the export */
    CHECK(is(pw_module_func_name(module, 1), "unnamed"));  /* the first of two exports */
    CHECK(is(pw_module_func_name(module, 2), "named"));
    CHECK(is(pw_module_func_name(module, 3), "") && is(pw_module_func_name(module, 4), ""));
    CHECK(pw_module_func_body(module, 0, &offset, &length) == PW_ERR_ARGUMENT);
    CHECK(pw_module_func_body(module, 4, &offset, &length) == PW_ERR_ARGUMENT);
    CHECK(pw_module_func_body(module, 2, &offset, &length) == PW_OK && length == 3);
    pw_module_bytes(module, &bytes, &size);
    CHECK(size == sizeof api_queries_wasm && memcmp(bytes, api_queries_wasm, size) == 0);
    CHECK(memcmp(bytes + offset, "\x41\x02\x0b", 3) == 0);
    pw_module_func_type(module, 3, &type);
    CHECK(type.param_count == 0 && type.result_count == 1 && type.results[0] == PW_I32);
    pw_module_func_type(module, 4, &type);
    CHECK(type.result_count == 0);
}

static void test_sections(const pw_module *module)
{
    static const uint8_t ids[] = {0, 1, 2, 3, 4, 6, 7, 10, 0, 0};
    pw_section_info section;
    pw_name name;
    const uint8_t *bytes;
    size_t size;
    uint64_t end = 8;
    CHECK(pw_module_section_count(module) == sizeof ids);
    for (size_t i = 0; i < sizeof ids; i++) {
        pw_module_section(module, i, &section);
        CHECK(section.id == ids[i] && section.offset >= end);
        end = section.offset + section.size;
        CHECK(section.id != 7 || section.count == 7);
    }
    CHECK(end == sizeof api_queries_wasm);
    CHECK(pw_module_custom_count(module) == 3);
    pw_module_custom(module, 0, &name, &bytes, &size);
    CHECK(is(name, "first") && size == 3 && memcmp(bytes, "abc", 3) == 0);
    pw_module_custom(module, 3, &name, &bytes, &size);
    CHECK(name.length == 0 && size == 0);
}

static void test_features(pw_engine *engine, const pw_module *module)
{
    pw_error error;
    pw_module *refused;
    pw_features used = pw_module_features(module);
    CHECK(used & PW_FEATURE_MASK(MEMORY64) && used & PW_FEATURE_MASK(REFERENCE_TYPES));
    CHECK(!(used & PW_FEATURE_MASK(TAIL_CALL)));
    pw_compile_config config = {.features = pw_features_supported() & ~PW_FEATURE_MASK(MEMORY64)};
    CHECK(pw_module_new(engine, api_queries_wasm, sizeof api_queries_wasm, &config, &refused, &error) !=
          PW_OK);
    CHECK(!refused && strstr(error.text, "memory64"));
    config.features = (pw_features)1 << 63;
    CHECK(pw_module_new(engine, api_queries_wasm, sizeof api_queries_wasm, &config, &refused, NULL) ==
          PW_ERR_ARGUMENT);
    CHECK(pw_module_new(engine, api_queries_wasm, 9, NULL, &refused, &error) == PW_ERR_MALFORMED && !refused);
}

/* ---- the poll of a compilation ---- */

enum { TYPES = 50000, CUSTOM = 4 << 20 };

static uint8_t *put_leb(uint8_t *at, uint32_t value)
{
    for (; value >= 0x80; value >>= 7)
        *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    return at;
}

/* Many function types of one parameter, and a custom section that is only copied. */
static uint8_t *make_long_module(size_t *size)
{
    static const uint8_t header[9] = {0, 'a', 's', 'm', 1, 0, 0, 0, 1};
    uint8_t *bytes = calloc(1, sizeof header + 40 + TYPES * 4 + CUSTOM), *at = bytes;
    CHECK(bytes);
    memcpy(at, header, sizeof header);
    at = put_leb(put_leb(at + sizeof header, TYPES * 4 + 3), TYPES);
    for (int i = 0; i < TYPES; i++) {
        static const uint8_t type[4] = {0x60, 1, 0x7f, 0};
        memcpy(at, type, sizeof type);
        at += sizeof type;
    }
    *at++ = 0;
    at = put_leb(at, CUSTOM) + CUSTOM; /* its name is empty */
    *size = (size_t)(at - bytes);
    return bytes;
}

typedef struct polls {
    unsigned long count, ends; /* ends: at this one, 0: never */
} polls;

static pw_result count_polls(void *env)
{
    polls *seen = env;
    return ++seen->count == seen->ends ? PW_ERR_HOST : PW_OK;
}

static void test_poll(pw_engine *engine)
{
    size_t size;
    uint8_t *bytes = make_long_module(&size);
    polls seen = {0, 0};
    pw_compile_config config = {.poll = count_polls, .poll_env = &seen};
    pw_module *module;
    pw_error error;
    CHECK(pw_module_new(engine, bytes, size, &config, &module, &error) == PW_OK);
    unsigned long all = seen.count;
    CHECK(all > 5);
    pw_module_free(module);
    CHECK(seen.count == all);
    for (unsigned long i = 1; i <= all; i += 1 + all / 20) {
        seen = (polls){0, i};
        CHECK(pw_module_new(engine, bytes, size, &config, &module, &error) == PW_ERR_HOST);
        CHECK(!module && seen.count == i);
        CHECK(error.result == PW_ERR_HOST && strcmp(error.text, "interrupted") == 0);
    }
    free(bytes);
}

int main(void)
{
    pw_engine *engine;
    pw_module *module;
    pw_error error;
    CHECK(pw_engine_new(NULL, &engine) == PW_OK);
    CHECK(pw_module_new(engine, api_queries_wasm, sizeof api_queries_wasm, NULL, &module, &error) == PW_OK);
    test_imports(module);
    test_exports(module);
    test_functions(module);
    test_sections(module);
    test_features(engine, module);
    test_poll(engine);
    pw_engine_free(engine); /* the module keeps it */
    pw_module_retain(module);
    pw_module_free(module);
    test_exports(module);
    pw_module_free(module);
    return 0;
}
