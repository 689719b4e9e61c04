/* test_api_mutations.c - bad bytes: every truncation of a module and several changes of each of its bytes give an
 * error, or a module that instantiates and runs within its limits. Under the sanitizers this sets the validator against
 * the translator. Modules: tests/c/wat, and files named as arguments.
 *
 *   test_api_mutations [FILE.wasm...]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine_modules.h"
#include "pywasi.h"

enum { MAX_IMPORTS = 64, MAX_SLOTS = 4096, POLLS = 3 };

typedef struct tally {
    unsigned long tried, refused, not_linked, ran, trapped;
} tally;

static void must(int holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "not so: %s\n", what);
        exit(1);
    }
}

static pw_result few_polls(void *env)
{
    int *left = env;
    return (*left)-- > 0 ? PW_OK : PW_ERR_HOST;
}

static pw_result host(void *env, pw_instance *caller, pw_slot *slots)
{
    const pw_func_type *type = env;
    (void)caller;
    for (uint32_t i = 0, at = 0; i < type->result_count; at += pw_type_slots(type->results[i++])) {
        slots[at] = 0;
        if (type->results[i] == PW_V128)
            slots[at + 1] = 0;
    }
    return PW_OK;
}

/* Something of the import's type, if there can be such a thing with a null or zero value. */
static pw_result provide(pw_store *store, pw_import_type *import, pw_extern *out)
{
    pw_slot zero[2] = {0, 0};
    out->kind = import->type.kind;
    switch (import->type.kind) {
    case PW_EXTERN_FUNC: return pw_func_new(store, &import->type.func, host, &import->type.func, NULL, &out->of.func);
    case PW_EXTERN_TABLE: return pw_table_new(store, &import->type.table, 0, &out->of.table);
    case PW_EXTERN_MEMORY: return pw_memory_new(store, &import->type.memory, &out->of.memory);
    case PW_EXTERN_GLOBAL: return pw_global_new(store, &import->type.global, zero, &out->of.global);
    default: return PW_ERR_ARGUMENT;
    }
}

static void call_exports(pw_module *module, pw_instance *instance, int *polls, tally *t)
{
    static pw_slot slots[MAX_SLOTS];
    for (size_t i = 0; i < pw_module_export_count(module) && i < 20; i++) {
        pw_export_type type;
        pw_extern value;
        pw_module_export(module, i, &type);
        if (type.type.kind != PW_EXTERN_FUNC)
            continue;
        pw_instance_export(instance, i, &value);
        for (pw_slot argument = 0; argument < 6; argument += 5) {
            bool takes_reference = false;
            for (uint32_t k = 0; k < type.type.func.param_count; k++)
                takes_reference |= PW_TYPE_KIND(type.type.func.params[k]) <= PW_KIND_REF;
            for (size_t k = 0; k < MAX_SLOTS; k++)
                slots[k] = takes_reference ? 0 : argument;
            *polls = POLLS;
            pw_result result = pw_func_call(value.of.func, slots);
            t->ran++;
            t->trapped += result == PW_ERR_TRAP;
            must(result == PW_OK || result == PW_ERR_TRAP || result == PW_ERR_EXCEPTION || result == PW_ERR_HOST ||
                     result == PW_ERR_NO_MEMORY,
                 "a call gives a result, a trap, an exception, or is ended by the poll");
        }
    }
}

static void run(pw_engine *engine, pw_module *module, tally *t)
{
    static pw_import_type types[MAX_IMPORTS];
    static pw_extern imports[MAX_IMPORTS];
    const pw_store_limits limits = {.memory_bytes = 1 << 24, .table_elements = 100000, .instances = 4};
    pw_store *store;
    pw_instance *instance = NULL;
    pw_error error;
    int polls = POLLS;
    size_t count = pw_module_import_count(module);
    pw_result result = count <= MAX_IMPORTS ? PW_OK : PW_ERR_LIMIT;
    must(pw_store_new(engine, &limits, &store) == PW_OK, "a store");
    pw_store_set_poll(store, few_polls, &polls);
    for (size_t i = 0; result == PW_OK && i < count; i++) {
        pw_module_import(module, i, &types[i]);
        result = provide(store, &types[i], &imports[i]);
    }
    if (result == PW_OK)
        result = pw_instance_new(store, module, imports, count, &instance, &error);
    if (result == PW_OK)
        call_exports(module, instance, &polls, t);
    else
        t->not_linked++;
    pw_store_free(store);
}

static void try_bytes(pw_engine *engine, const unsigned char *bytes, size_t size, tally *t)
{
    pw_module *module = NULL;
    pw_error error;
    /* a copy of exactly this size: a read beyond its end is found */
    unsigned char *copy = malloc(size ? size : 1);
    must(copy != NULL, "memory for a copy");
    memcpy(copy, bytes, size);
    pw_result result = pw_module_new(engine, copy, size, NULL, &module, &error);
    t->tried++;
    if (result == PW_OK) {
        run(engine, module, t);
        pw_module_free(module);
    } else {
        must(result == PW_ERR_MALFORMED || result == PW_ERR_INVALID || result == PW_ERR_LIMIT, "bad bytes have a verdict");
        must(module == NULL && error.text[0] != 0, "a refusal says why");
        t->refused++;
    }
    free(copy);
}

static void mutate(pw_engine *engine, const char *name, const unsigned char *original, size_t size)
{
    static const unsigned char changes[] = {0x01, 0x40, 0x80, 0xff, 0x10};
    tally t = {0};
    unsigned char *bytes = malloc(size);
    must(bytes != NULL, "memory for a module");
    memcpy(bytes, original, size);
    try_bytes(engine, bytes, size, &t);
    must(t.refused == 0, "the module as it is is valid");
    for (size_t length = 0; length < size; length++)
        try_bytes(engine, bytes, length, &t);
    for (size_t at = 0; at < size; at++) {
        for (size_t i = 0; i < sizeof changes; i++) {
            bytes[at] = original[at] ^ changes[i];
            try_bytes(engine, bytes, size, &t);
        }
        bytes[at] = original[at];
    }
    printf("%s: %lu tried, %lu refused, %lu not linked, %lu calls, %lu traps\n", name, t.tried, t.refused, t.not_linked,
           t.ran, t.trapped);
    free(bytes);
}

static void mutate_file(pw_engine *engine, const char *path)
{
    FILE *file = fopen(path, "rb");
    unsigned char *bytes = malloc(1 << 20);
    must(file != NULL && bytes != NULL, path);
    size_t size = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    mutate(engine, path, bytes, size);
    free(bytes);
}

int main(int argc, char **argv)
{
    pw_engine *engine;
    must(pw_engine_new(NULL, &engine) == PW_OK, "an engine");
    if (argc < 2) {
        mutate(engine, "engine_main", engine_main_wasm, sizeof engine_main_wasm);
        mutate(engine, "engine_other", engine_other_wasm, sizeof engine_other_wasm);
        mutate(engine, "mutation_control", mutation_control_wasm, sizeof mutation_control_wasm);
        mutate(engine, "mutation_memory", mutation_memory_wasm, sizeof mutation_memory_wasm);
        mutate(engine, "mutation_numeric", mutation_numeric_wasm, sizeof mutation_numeric_wasm);
    }
    for (int i = 1; i < argc; i++)
        mutate_file(engine, argv[i]);
    pw_engine_free(engine);
    return 0;
}
