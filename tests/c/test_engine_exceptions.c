/* test_engine_exceptions.c - throwing on each shell of the build: through many frames, over bridges, through the host and
 * back, out of tail calls; what handlers get; what the collector keeps and frees meanwhile; no memory to throw with. A
 * torture build collects at every allocation. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "check.h"
#include "engine_modules.h"
#include "pywasi.h"

#ifdef PW_TORTURE
enum { MANY = 20000 };
#else
enum { MANY = 1000000 };
#endif

typedef enum host_does {
    HOST_THROWS,    /* i(argument) */
    HOST_CALLS,     /* an export, whose result it passes on */
    HOST_KEEPS,     /* the same, but it holds the exception while others are thrown, then throws it again */
    HOST_SWALLOWS,  /* the same, and answers 5 */
    HOST_TRAPS,
    HOST_MISUSES,   /* throws with what does not belong together */
    HOST_ANSWERS
} host_does;

typedef struct world {
    pw_engine *engine;
    pw_store *store, *foreign;
    pw_module *main_module, *other_module;
    pw_instance *main, *other;
    pw_tag *tag;
    host_does does;
    const char *calls;
} world;

static pw_extern export_of(pw_module *module, pw_instance *instance, const char *name)
{
    for (size_t i = 0; i < pw_module_export_count(module); i++) {
        pw_export_type type;
        pw_extern value;
        pw_module_export(module, i, &type);
        if (type.name.length != strlen(name) || memcmp(type.name.bytes, name, type.name.length) != 0)
            continue;
        pw_instance_export(instance, i, &value);
        return value;
    }
    fprintf(stderr, "no export %s\n", name);
    exit(1);
}

static pw_result call(world *w, const char *name, pw_slot *slots)
{
    return pw_func_call(export_of(w->main_module, w->main, name).of.func, slots);
}

/* Calls with up to two i32 and expects an i32. */
static void expect(world *w, const char *name, uint32_t a, uint32_t b, uint32_t result)
{
    pw_slot slots[2] = {a, b};
    pw_result outcome = call(w, name, slots);
    if (outcome != PW_OK || slots[0] != result) {
        fprintf(stderr, "%s(%u, %u): %d %llu, not %u: %s\n", name, a, b, outcome,
                (unsigned long long)slots[0], result, pw_store_error(w->store)->text);
        exit(1);
    }
}

static void throw_many(world *w, uint32_t count)
{
    expect(w, "throw_many", count, 0, (uint32_t)((uint64_t)count * (count + 1) / 2));
}

/* Calls and expects an uncaught exception of the tag with this value. */
static void expect_uncaught(world *w, const char *name, uint32_t a, uint32_t b, uint32_t value)
{
    pw_slot slots[2] = {a, b};
    CHECK(call(w, name, slots) == PW_ERR_EXCEPTION);
    pw_slot exception = pw_store_exception(w->store);
    CHECK(pw_ref_kind_of(exception) == PW_REF_KIND_EXCEPTION);
    CHECK(pw_exception_tag(exception) == w->tag);
    CHECK(pw_exception_values(exception)[0] == value);
    CHECK(pw_store_error(w->store)->result == PW_ERR_EXCEPTION);
}

/* ---- the host ------------------------------------------------------------------------------------------ */

static pw_result keep(world *w, pw_slot *slots)
{
    pw_result result = call(w, w->calls, slots);
    CHECK(result == PW_ERR_EXCEPTION);
    pw_slot exception = pw_store_exception(w->store);
    CHECK(pw_ref_hold(w->store, exception) == PW_OK);
    throw_many(w, MANY / 20); /* enough for a collection */
    result = pw_rethrow_exception(w->store, exception);
    pw_ref_release(w->store, exception);
    return result;
}

static pw_result misuse(world *w)
{
    const pw_slot too_wide = (pw_slot)1 << 40;
    pw_tag *foreign;
    static const pw_val_type i32 = PW_I32;
    const pw_func_type type = {1, 0, &i32, NULL};
    CHECK(pw_raise_exception(w->store, w->tag, &too_wide) == PW_ERR_ARGUMENT);
    CHECK(pw_tag_new(w->foreign, &type, &foreign) == PW_OK);
    return pw_raise_exception(w->store, foreign, &too_wide);
}

static pw_result host_call(void *env, pw_instance *caller, pw_slot *slots)
{
    world *w = env;
    (void)caller;
    pw_slot inner[2] = {slots[0], slots[0]};
    pw_result result;
    switch (w->does) {
    case HOST_THROWS:
        return pw_raise_exception(w->store, w->tag, slots);
    case HOST_CALLS:
        result = call(w, w->calls, inner);
        slots[0] = inner[0];
        return result;
    case HOST_KEEPS:
        return keep(w, inner);
    case HOST_SWALLOWS:
        CHECK(call(w, w->calls, inner) == PW_ERR_EXCEPTION);
        slots[0] = 5;
        return PW_OK;
    case HOST_TRAPS:
        return pw_raise_trap(w->store, PW_TRAP_HOST, "no more");
    case HOST_MISUSES:
        return misuse(w);
    case HOST_ANSWERS:
        break;
    }
    return PW_OK;
}

/* ---- the world ----------------------------------------------------------------------------------------- */

static pw_module *compile(world *w, const unsigned char *bytes, size_t size)
{
    pw_module *module;
    pw_error error;
    if (pw_module_new(w->engine, bytes, size, NULL, &module, &error) != PW_OK) {
        fprintf(stderr, "module: %s\n", error.text);
        exit(1);
    }
    return module;
}

static void set_up(world *w, pw_shell shell, uint64_t memory_bytes)
{
    static const pw_val_type i32 = PW_I32;
    static const char *const names[] = {"i", "throw", "deep", "tail", "back"};
    const pw_func_type unary = {1, 1, &i32, &i32};
    const pw_engine_config config = {shell};
    const pw_store_limits limits = {.memory_bytes = memory_bytes};
    pw_extern imports[6];
    pw_error error;
    memset(w, 0, sizeof *w);
    CHECK(pw_engine_new(&config, &w->engine) == PW_OK);
    CHECK(pw_store_new(w->engine, &limits, &w->store) == PW_OK);
    CHECK(pw_store_new(w->engine, NULL, &w->foreign) == PW_OK);
    w->other_module = compile(w, exceptions_other_wasm, sizeof exceptions_other_wasm);
    w->main_module = compile(w, exceptions_wasm, sizeof exceptions_wasm);
    CHECK(pw_instance_new(w->store, w->other_module, NULL, 0, &w->other, &error) == PW_OK);
    for (int i = 0; i < 5; i++)
        imports[i] = export_of(w->other_module, w->other, names[i]);
    w->tag = imports[0].of.tag;
    imports[5].kind = PW_EXTERN_FUNC;
    CHECK(pw_func_new(w->store, &unary, host_call, w, NULL, &imports[5].of.func) == PW_OK);
    CHECK(pw_instance_new(w->store, w->main_module, imports, 6, &w->main, &error) == PW_OK);
    pw_slot back = (pw_slot)(uintptr_t)export_of(w->main_module, w->main, "zigzag").of.func;
    CHECK(pw_func_call(export_of(w->other_module, w->other, "set_back").of.func, &back) == PW_OK);
}

static void tear_down(world *w)
{
    pw_store_free(w->store);
    pw_store_free(w->foreign);
    pw_module_free(w->main_module);
    pw_module_free(w->other_module);
    pw_engine_free(w->engine);
}

/* ---- tests --------------------------------------------------------------------------------------------- */

static void test_frames(world *w)
{
    expect(w, "catch_deep", 0, 7, 1000007);
    expect(w, "catch_deep", 1000, 7, 1000007);
    expect(w, "catch_other_deep", 1000, 7, 1000007);
    expect(w, "catch_zigzag", 1000, 7, 7);
    expect(w, "rethrow_half", 30, 12, 42);
    expect_uncaught(w, "deep", 1000, 9, 9);
    const pw_error *error = pw_store_error(w->store);
    CHECK(error->frame_count == PW_ERROR_FRAMES);
    CHECK(error->frame_count + error->frames_left_out == 1001);
    expect_uncaught(w, "zigzag", 1000, 9, 9);
    pw_slot none[2] = {0, 0};
    CHECK(call(w, "trap_inside", none) == PW_ERR_TRAP); /* a trap is no exception */
}

static void test_tail_calls(world *w)
{
    expect(w, "catch_tail", 100000, 7, 7); /* more frames than the stack has room for */
    expect(w, "catch_left", 10, 7, 7);     /* not by the handler that was left */
    w->does = HOST_THROWS;
    expect(w, "catch_host_left", 6, 0, 6);
}

static void test_handlers(world *w)
{
    expect(w, "order", 0, 0, 1);
    expect(w, "order", 1, 0, 2);
    expect(w, "nested", 3, 0, 3);
    expect(w, "again", 1000, 0, 0);
    expect(w, "to_loop", 1000, 0, 3000);
}

static void test_host(world *w)
{
    static const char *const inner[] = {"throw", "deep"};
    w->does = HOST_THROWS;
    expect(w, "catch_host", 4, 0, 4);
    expect(w, "catch_host_all", 4, 0, (uint32_t)-7);
    expect_uncaught(w, "pass_host", 4, 0, 4);
    for (int i = 0; i < 2; i++) {
        w->calls = inner[i];
        w->does = HOST_CALLS; /* the handler's frame is below the host's call, the throw in another run */
        expect(w, "catch_host", 30, 0, 30);
        expect(w, "catch_host_all", 30, 0, (uint32_t)-7);
        expect_uncaught(w, "pass_host", 30, 0, 30);
        w->does = HOST_KEEPS;
        expect(w, "catch_host", 30, 0, 30);
        expect_uncaught(w, "pass_host", 30, 0, 30);
        w->does = HOST_SWALLOWS;
        expect(w, "catch_host", 30, 0, 500);
        expect(w, "catch_host_left", 30, 0, 5);
    }
    w->does = HOST_ANSWERS;
    expect(w, "catch_host", 4, 0, 400);
    pw_slot slots[2] = {1, 0};
    w->does = HOST_TRAPS;
    CHECK(call(w, "catch_host_all", slots) == PW_ERR_TRAP);
    w->does = HOST_MISUSES;
    CHECK(call(w, "catch_host_all", slots) == PW_ERR_ARGUMENT);
    CHECK(strstr(pw_store_error(w->store)->text, "another store") != NULL);
}

static void test_tags(world *w)
{
    static const pw_val_type types[] = {PW_I32, PW_REF_TYPE(PW_KIND_REF, 0xfff000)};
    const pw_func_type with_result = {0, 1, NULL, types}, unknown = {1, 0, types + 1, NULL};
    pw_tag *tag;
    pw_func_type type;
    CHECK(pw_tag_new(w->store, &with_result, &tag) == PW_ERR_ARGUMENT && tag == NULL);
    CHECK(pw_tag_new(w->store, &unknown, &tag) == PW_ERR_ARGUMENT && tag == NULL);
    CHECK(pw_tag_store(w->tag) == w->store);
    pw_tag_type_of(w->tag, &type);
    CHECK(type.param_count == 1 && type.params[0] == PW_I32 && type.result_count == 0);
    CHECK(export_of(w->main_module, w->main, "own").of.tag != w->tag);
}

/* The same exception in and out; it lives as long as it is held. */
static void test_references(world *w)
{
    pw_slot exception = 4, again;
    w->does = HOST_THROWS;
    CHECK(call(w, "catch_host_ref", &exception) == PW_OK);
    CHECK(pw_ref_hold(w->store, exception) == PW_OK);
    CHECK(pw_ref_hold(w->store, exception) == PW_OK);
    pw_ref_release(w->store, exception);
    throw_many(w, MANY / 20);
    again = exception;
    CHECK(call(w, "value", &again) == PW_OK && again == 4);
    again = exception;
    CHECK(call(w, "throw_ref", &again) == PW_ERR_EXCEPTION && pw_store_exception(w->store) == exception);
    again = 0;
    CHECK(call(w, "throw_ref", &again) == PW_ERR_TRAP);
    CHECK(pw_store_error(w->store)->trap == PW_TRAP_NULL_EXCEPTION_REFERENCE);
    pw_ref_release(w->store, exception);
}

static void test_payloads(world *w)
{
    int thing;
    pw_slot handle, func = (pw_slot)(uintptr_t)export_of(w->main_module, w->main, "deep").of.func;
    CHECK(pw_extern_new(w->store, &thing, &handle) == PW_OK);
    const pw_slot given[6] = {0xfffffff1u, 0x8123456789abcdefu, 0x7fa00001u, 0xfff4000000000001u, handle, func};
    pw_slot slots[8];
    memcpy(slots, given, sizeof given);
    CHECK(call(w, "payloads", slots) == PW_OK);
    CHECK(memcmp(slots, given, sizeof given) == 0); /* NaNs too */
    CHECK(pw_extern_host(slots[4]) == &thing);
    CHECK(pw_i31_value(slots[7]) == -15);
    CHECK(pw_ref_hold(w->store, slots[6]) == PW_OK);
    pw_slot exception = slots[6];
    CHECK(call(w, "value", &exception) == PW_OK && exception == 0xfffffff1u);
    pw_ref_release(w->store, slots[6]);
}

static void test_vector_payload(world *w)
{
    if (!(pw_features_supported() & PW_FEATURE_MASK(SIMD))) {
        printf("(no SIMD: no vectors) ");
        return;
    }
    pw_error error;
    pw_instance *instance;
    pw_module *module = compile(w, exceptions_vector_wasm, sizeof exceptions_vector_wasm);
    CHECK(pw_instance_new(w->store, module, NULL, 0, &instance, &error) == PW_OK);
    pw_slot slots[4] = {0x1122334455667788u, 0x99aabbccddeeff00u, 0, 0};
    CHECK(pw_func_call(export_of(module, instance, "vector").of.func, slots) == PW_OK);
    CHECK(slots[0] == 1 && slots[1] == 0x1122334455667788u && slots[2] == 0x99aabbccddeeff00u && slots[3] == 2);
    pw_module_free(module);
}

static void test_collection(world *w)
{
    const uint32_t length = MANY / 10, rounds = MANY / 100;
    pw_slot slots[2] = {length, 0};
    throw_many(w, MANY);
    CHECK(pw_store_peak_memory(w->store) < 4u << 20); /* all of them together took more */
    CHECK(rounds > 100);
    expect(w, "roots", rounds, 0, rounds * 15);
#ifdef PW_TORTURE
    slots[0] = 300; /* the collector goes through the chain at each of its links */
#endif
    CHECK(call(w, "chain", slots) == PW_OK); /* marking it needs no recursion */
    uint32_t made = length;
#ifdef PW_TORTURE
    made = 300;
#endif
    throw_many(w, 1000);
    expect(w, "chain_sum", 0, 0, (uint32_t)((uint64_t)made * (made - 1) / 2));
    CHECK(call(w, "forget", slots) == PW_OK);
}

/* Holds exceptions until the limit is reached, lets go, and goes on. */
static void test_limit(pw_shell shell)
{
    enum { ROOM = 1 << 16 };
    static pw_slot held[ROOM];
    world w;
    size_t count = 0;
    set_up(&w, shell, 256 << 10);
    w.does = HOST_THROWS;
    pw_result result = PW_OK;
    while (count < ROOM && result == PW_OK) {
        held[count] = count;
        result = call(&w, "catch_host_ref", &held[count]);
        if (result == PW_OK)
            CHECK(pw_ref_hold(w.store, held[count++]) == PW_OK);
    }
    CHECK(result == PW_ERR_LIMIT || result == PW_ERR_NO_MEMORY);
    CHECK(count > 1000 && count < ROOM);
    pw_slot slots[2] = {3, 0};
    CHECK(call(&w, "throw_many", slots) == PW_ERR_NO_MEMORY);
    CHECK(pw_store_error(w.store)->frame_count == 1);
    for (size_t i = 0; i < count; i++) {
        pw_slot value = held[i];
        CHECK(call(&w, "value", &value) == PW_OK && value == i); /* throw_ref needs no memory */
        pw_ref_release(w.store, held[i]);
    }
    throw_many(&w, 10000);
    tear_down(&w);
}

#ifdef PW_TORTURE
/* Every allocation fails once: a clean error, and then all is well again. */
static void test_refused_memory(pw_shell shell)
{
    unsigned long failures = 0;
    for (unsigned long n = 1; n < 60; n++) {
        world w;
        set_up(&w, shell, 0);
        w.does = HOST_THROWS;
        static const char *const names[] = {"catch_deep", "catch_host", "roots"};
        static const uint32_t results[] = {1000003, 3, 45};
        for (int i = 0; i < 3; i++) {
            pw_slot slots[2] = {3, 3};
            pwi_alloc_fail_after(n);
            pw_result result = call(&w, names[i], slots);
            pwi_alloc_fail_after(0);
            CHECK(result == PW_ERR_NO_MEMORY || (result == PW_OK && slots[0] == results[i]));
            failures += result != PW_OK;
            expect(&w, names[i], 3, 3, results[i]);
        }
        tear_down(&w);
    }
    CHECK(failures > 20);
}
#endif

int main(void)
{
    static const pw_shell shells[] = {PW_SHELL_ID_GOTO, PW_SHELL_ID_SWITCH, PW_SHELL_ID_TAIL};
    int tried = 0;
    for (int i = 0; i < 3; i++) {
        const pw_engine_config config = {shells[i]};
        pw_engine *engine;
        if (pw_engine_new(&config, &engine) != PW_OK)
            continue; /* the build lacks it */
        pw_engine_free(engine);
        world w;
        set_up(&w, shells[i], 0);
        test_frames(&w);
        test_tail_calls(&w);
        test_handlers(&w);
        test_host(&w);
        test_tags(&w);
        test_references(&w);
        test_payloads(&w);
        test_vector_payload(&w);
        test_collection(&w);
        printf("%s: ", pw_engine_shell_name(w.engine));
        tear_down(&w);
        test_limit(shells[i]);
#ifdef PW_TORTURE
        test_refused_memory(shells[i]);
#endif
        printf("ok\n");
        tried++;
    }
    CHECK(tried > 0);
    return 0;
}
