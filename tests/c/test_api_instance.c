/* Instances through the public header: start functions and their failures, who keeps whom alive, calls,
 * things of the host. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "engine_modules.h"
#include "pywasi.h"
#ifdef PW_TORTURE
#include "base/alloc.h"
#endif

static const pw_val_type one_i32[] = {PW_I32};

typedef struct world {
    pw_engine *engine;
    pw_store *store;
    pw_module *module;
    pw_extern imports[4]; /* note, table, memory, fail */
    pw_result note_result;
    uint32_t noted;
    int finalized;
} world;

static pw_result note(void *env, pw_instance *caller, pw_slot *slots)
{
    world *w = env;
    CHECK(caller);
    w->noted = (uint32_t)slots[0];
    slots[0] = 1;
    if (w->note_result == PW_ERR_EXIT)
        return pw_raise_exit(w->store, 3);
    if (w->note_result == PW_ERR_TRAP)
        return pw_raise_trap(w->store, PW_TRAP_HOST, "note says no");
    return w->note_result;
}

static void finalize(void *env)
{
    ((world *)env)->finalized++;
}

static pw_result give_imports(world *w, pw_slot fail)
{
    const pw_func_type type = {1, 1, one_i32, one_i32};
    const pw_table_type table = {PW_FUNCREF, {4, 0, false, false, false, 0}};
    const pw_limits memory = {1, 3, true, false, false, 16};
    const pw_global_type global = {PW_I32, false};
    static const pw_extern_kind kinds[] = {PW_EXTERN_FUNC, PW_EXTERN_TABLE, PW_EXTERN_MEMORY,
                                           PW_EXTERN_GLOBAL};
    for (int i = 0; i < 4; i++)
        w->imports[i].kind = kinds[i];
    pw_result result = pw_func_new(w->store, &type, note, w, finalize, &w->imports[0].of.func);
    if (result == PW_OK)
        result = pw_table_new(w->store, &table, 0, &w->imports[1].of.table);
    if (result == PW_OK)
        result = pw_memory_new(w->store, &memory, &w->imports[2].of.memory);
    if (result == PW_OK)
        result = pw_global_new(w->store, &global, &fail, &w->imports[3].of.global);
    return result;
}

static void begin(pw_slot fail, world *w)
{
    pw_error error;
    memset(w, 0, sizeof *w);
    CHECK(pw_engine_new(NULL, &w->engine) == PW_OK);
    CHECK(pw_store_new(w->engine, NULL, &w->store) == PW_OK);
    CHECK(pw_module_new(w->engine, api_start_wasm, sizeof api_start_wasm, NULL, &w->module, &error) == PW_OK);
    CHECK(give_imports(w, fail) == PW_OK);
}

static void end(world *w)
{
    pw_module_free(w->module);
    pw_engine_free(w->engine);
    CHECK(w->finalized == 0);
    pw_store_free(w->store);
    CHECK(w->finalized == 1);
}

/* What table slot 1 holds gives when it is called. */
static uint32_t call_shared(world *w)
{
    pw_slot ref, slots[1] = {0};
    CHECK(pw_table_get(w->imports[1].of.table, 1, &ref) == PW_OK && ref);
    CHECK(pw_func_call((pw_func *)(uintptr_t)ref, slots) == PW_OK);
    return (uint32_t)slots[0];
}

static void test_start_runs_after_the_segments(void)
{
    world w;
    pw_instance *instance;
    pw_error error;
    pw_extern export;
    pw_slot value;
    begin(0, &w);
    CHECK(pw_instance_new(w.store, w.module, w.imports, 4, &instance, &error) == PW_OK && w.noted == 7);
    CHECK(pw_instance_store(instance) == w.store && pw_instance_module(instance) == w.module);
    CHECK(memcmp(pw_memory_data(w.imports[2].of.memory) + 8, "data", 4) == 0);
    CHECK(!pw_instance_memory(instance)); /* it exports none */
    pw_instance_export(instance, 0, &export);
    CHECK(export.kind == PW_EXTERN_GLOBAL && pw_global_store(export.of.global) == w.store);
    pw_global_get(export.of.global, &value);
    CHECK(value == 1 && call_shared(&w) == 43);
    value = 100;
    CHECK(pw_global_set(export.of.global, &value) == PW_OK && call_shared(&w) == 142);
    end(&w);
}

static void test_start_that_fails(pw_result how, pw_result wanted)
{
    world w;
    pw_instance *instance;
    pw_error error;
    begin(how == PW_OK, &w);
    w.note_result = how;
    CHECK(pw_instance_new(w.store, w.module, w.imports, 4, &instance, &error) == wanted && !instance);
    CHECK(error.result == wanted && w.noted == 7);
    switch (wanted) {
    case PW_ERR_EXIT:
        CHECK(error.exit_code == 3);
        break;
    case PW_ERR_TRAP:
        CHECK(error.trap == (how == PW_OK ? PW_TRAP_UNREACHABLE : PW_TRAP_HOST));
        CHECK(error.frame_count == 1 && error.frames[0].func_index == 2);
        CHECK(strcmp(error.text, how == PW_OK ? "unreachable" : "note says no") == 0);
        break;
    default:
        break;
    }
    /* What it wrote stays, and its functions work: count was set before the trap, not before the host
     * failed. */
    CHECK(call_shared(&w) == (how == PW_OK ? 43 : 42));
    CHECK(memcmp(pw_memory_data(w.imports[2].of.memory) + 8, "data", 4) == 0);
    /* The store goes on: with imports that do not fail the same module starts. */
    pw_global_type type = {PW_I32, false};
    pw_slot no = 0;
    w.note_result = PW_OK;
    CHECK(pw_global_new(w.store, &type, &no, &w.imports[3].of.global) == PW_OK);
    CHECK(pw_instance_new(w.store, w.module, w.imports, 4, &instance, &error) == PW_OK && instance);
    CHECK(call_shared(&w) == 43);
    end(&w);
}

static void test_the_store_keeps_engine_and_module(void)
{
    world w;
    pw_instance *instance;
    begin(0, &w);
    CHECK(pw_instance_new(w.store, w.module, w.imports, 4, &instance, NULL) == PW_OK);
    pw_module_free(w.module);
    pw_engine_free(w.engine);
    CHECK(call_shared(&w) == 43);
    pw_store_retain(w.store);
    pw_store_free(w.store);
    CHECK(w.finalized == 0 && call_shared(&w) == 43);
    pw_store_free(w.store);
    CHECK(w.finalized == 1);
}

static void test_growth_from_both_sides(void)
{
    world w;
    pw_instance *instance;
    pw_slot slots[1] = {1};
    uint64_t old;
    begin(0, &w);
    CHECK(pw_instance_new(w.store, w.module, w.imports, 4, &instance, NULL) == PW_OK);
    pw_memory *memory = w.imports[2].of.memory;
    pw_func *grow = pw_instance_func(instance, 3);
    CHECK(pw_func_call(grow, slots) == PW_OK && slots[0] == 1 && pw_memory_pages(memory) == 2);
    CHECK(pw_memory_grow(memory, 1, &old) == PW_OK && old == 2);
    slots[0] = 0;
    CHECK(pw_func_call(grow, slots) == PW_OK && slots[0] == 3);
    slots[0] = 1;
    CHECK(pw_func_call(grow, slots) == PW_OK && slots[0] == UINT32_MAX && pw_memory_pages(memory) == 3);
    CHECK(pw_memory_grow(memory, 1, &old) == PW_ERR_LIMIT && pw_store_peak_memory(w.store) == 3 * 65536);
    pw_limits type;
    pw_memory_type_of(memory, &type);
    CHECK(type.min == 3 && type.max == 3 && pw_memory_size(memory) == 3 * 65536);
    end(&w);
}

static void test_memory_types_are_checked(void)
{
    static const pw_limits wrong[] = {
        {2, 1, true, false, false, 16},      /* max < min */
        {65537, 0, false, false, false, 16}, /* beyond 4 GiB */
        {1, 65537, true, false, false, 16},  /* likewise */
        {1, 0, false, false, false, 3},      /* pages of eight bytes */
        {1, 2, false, true, false, 16},      /* shared, without a maximum */
        {1, ((uint64_t)1 << 48) + 1, true, false, true, 16},
    };
    world w;
    pw_memory *memory;
    begin(0, &w);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK(pw_memory_new(w.store, &wrong[i], &memory) == PW_ERR_ARGUMENT && !memory);
        CHECK(strstr(pw_store_error(w.store)->text, "memory type: "));
    }
    pw_limits large = {1, (uint64_t)1 << 48, true, false, true, 16};
    CHECK(pw_memory_new(w.store, &large, &memory) == PW_OK && pw_memory_store(memory) == w.store);
    large.min = 65537;
    CHECK(pw_memory_new(w.store, &large, &memory) == PW_ERR_LIMIT &&
          pw_store_error(w.store)->result == PW_ERR_LIMIT);
    end(&w);
}

static void test_missing_imports(void)
{
    world w;
    pw_instance *instance;
    pw_error error;
    begin(0, &w);
    CHECK(pw_instance_new(w.store, w.module, w.imports, 3, &instance, &error) == PW_ERR_UNLINKABLE &&
          !instance);
    CHECK(strcmp(error.text, "unknown import: \"env\" \"fail\" (global i32) is missing") == 0);
    for (size_t i = 0; i < 4; i++) {
        CHECK(pw_import_matches(w.module, i, &w.imports[i]));
        CHECK(!pw_import_matches(w.module, i, &w.imports[(i + 1) % 4]));
    }
    end(&w);
}

#ifdef PW_TORTURE
/* The whole road with the n-th allocation failing. */
static pw_result run(world *w, pw_error *error)
{
    pw_instance *instance;
    pw_slot slots[1] = {0};
    memset(w, 0, sizeof *w);
    pw_result result = pw_engine_new(NULL, &w->engine);
    if (result == PW_OK)
        result = pw_module_new(w->engine, api_start_wasm, sizeof api_start_wasm, NULL, &w->module, error);
    if (result == PW_OK)
        result = pw_store_new(w->engine, NULL, &w->store);
    if (result == PW_OK)
        result = give_imports(w, 0);
    if (result == PW_OK)
        result = pw_instance_new(w->store, w->module, w->imports, 4, &instance, error);
    if (result == PW_OK)
        result = pw_func_call(pw_instance_func(instance, 1), slots);
    CHECK(result != PW_OK || slots[0] == 43);
    return result;
}

static void test_each_allocation_may_fail(void)
{
    unsigned long n = 0;
    pw_result result = PW_ERR_NO_MEMORY;
    while (result != PW_OK) {
        world w;
        pw_error error;
        pwi_alloc_fail_after(++n);
        result = run(&w, &error);
        pwi_alloc_fail_after(0);
        CHECK(result == PW_OK || result == PW_ERR_NO_MEMORY);
        pw_store_free(w.store);
        pw_module_free(w.module);
        pw_engine_free(w.engine);
    }
    CHECK(n > 50);
}
#endif

int main(void)
{
    test_start_runs_after_the_segments();
    test_start_that_fails(PW_OK, PW_ERR_TRAP);
    test_start_that_fails(PW_ERR_TRAP, PW_ERR_TRAP);
    test_start_that_fails(PW_ERR_EXIT, PW_ERR_EXIT);
    test_start_that_fails(PW_ERR_HOST, PW_ERR_HOST);
    test_the_store_keeps_engine_and_module();
    test_growth_from_both_sides();
    test_memory_types_are_checked();
    test_missing_imports();
#ifdef PW_TORTURE
    test_each_allocation_may_fail();
#else
    printf("allocations that fail: only in a build with PYWASI_TORTURE=ON\n");
#endif
    return 0;
}
