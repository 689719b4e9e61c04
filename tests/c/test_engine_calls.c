/* test_engine_calls.c - every way in and out of code, on each shell of the build: calls across instances, to the host
 * and back in, tail calls, traps with their frames, polls, exhaustion. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "engine_modules.h"
#include "pywasi.h"

typedef struct world {
    pw_engine *engine;
    pw_store *store;
    pw_module *main_module, *other_module;
    pw_instance *main, *other;
    pw_func *host;
    pw_result host_result; /* what the host function returns */
    const char *calls_back; /* export that it calls with its argument first, or NULL */
    uint32_t polls, polls_allowed;
} world;

static pw_func *export_of(pw_module *module, pw_instance *instance, const char *name)
{
    for (size_t i = 0; i < pw_module_export_count(module); i++) {
        pw_export_type type;
        pw_extern value;
        pw_module_export(module, i, &type);
        if (type.name.length != strlen(name) || memcmp(type.name.bytes, name, type.name.length) != 0)
            continue;
        pw_instance_export(instance, i, &value);
        return value.of.func;
    }
    fprintf(stderr, "no export %s\n", name);
    exit(1);
}

static pw_func *func(world *w, const char *name)
{
    return export_of(w->main_module, w->main, name);
}

static pw_result host_call(void *env, pw_instance *caller, pw_slot *slots)
{
    world *w = env;
    CHECK(caller == NULL || caller == w->main);
    if (w->calls_back) {
        const char *name = w->calls_back;
        pw_slot inner[4] = {slots[0], slots[0], 0, 0};
        w->calls_back = NULL;
        pw_result result = pw_func_call(func(w, name), inner);
        if (result != PW_OK)
            return result;
        slots[0] = inner[0];
        return PW_OK;
    }
    if (w->host_result == PW_ERR_TRAP)
        return pw_raise_trap(w->store, PW_TRAP_HOST, "no more");
    if (w->host_result == PW_ERR_EXIT)
        return pw_raise_exit(w->store, 0x80000001u);
    slots[0] = (uint32_t)(slots[0] * 2);
    return w->host_result;
}

static pw_result poll(void *env)
{
    world *w = env;
    return ++w->polls > w->polls_allowed ? PW_ERR_HOST : PW_OK;
}

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

static void set_up(world *w, pw_shell shell)
{
    static const pw_val_type i32 = PW_I32;
    const pw_func_type unary = {1, 1, &i32, &i32};
    const pw_engine_config config = {shell};
    pw_error error;
    memset(w, 0, sizeof *w);
    w->polls_allowed = UINT32_MAX;
    CHECK(pw_engine_new(&config, &w->engine) == PW_OK);
    CHECK(pw_store_new(w->engine, NULL, &w->store) == PW_OK);
    pw_store_set_poll(w->store, poll, w);
    w->other_module = compile(w, engine_other_wasm, sizeof engine_other_wasm);
    w->main_module = compile(w, engine_main_wasm, sizeof engine_main_wasm);
    CHECK(pw_instance_new(w->store, w->other_module, NULL, 0, &w->other, &error) == PW_OK);
    CHECK(pw_func_new(w->store, &unary, host_call, w, NULL, &w->host) == PW_OK);
    static const char *const names[] = {"sub", "pair", "count_down", "divide"};
    pw_extern imports[5];
    for (int i = 0; i < 4; i++) {
        imports[i].kind = PW_EXTERN_FUNC;
        imports[i].of.func = export_of(w->other_module, w->other, names[i]);
    }
    imports[4].kind = PW_EXTERN_FUNC;
    imports[4].of.func = w->host;
    CHECK(pw_instance_new(w->store, w->main_module, imports, 5, &w->main, &error) == PW_OK);
    pw_slot back = (pw_slot)(uintptr_t)func(w, "count_down");
    CHECK(pw_func_call(export_of(w->other_module, w->other, "set_back"), &back) == PW_OK);
}

static void tear_down(world *w)
{
    pw_store_free(w->store);
    pw_module_free(w->main_module);
    pw_module_free(w->other_module);
    pw_engine_free(w->engine);
}

/* Calls with up to three i32 arguments and expects an i32. */
static void expect(world *w, const char *name, uint32_t a, uint32_t b, uint32_t c, uint32_t result)
{
    pw_slot slots[4] = {a, b, c, 0};
    pw_result outcome = pw_func_call(func(w, name), slots);
    if (outcome != PW_OK || slots[0] != result) {
        fprintf(stderr, "%s(%u, %u, %u): %d %llu, not %u: %s\n", name, a, b, c, outcome, (unsigned long long)slots[0],
                result, pw_store_error(w->store)->text);
        exit(1);
    }
}

static void expect_trap(world *w, const char *name, uint32_t a, uint32_t b, uint32_t c, pw_trap_kind kind)
{
    pw_slot slots[4] = {a, b, c, 0};
    CHECK(pw_func_call(func(w, name), slots) == PW_ERR_TRAP);
    CHECK(pw_store_error(w->store)->trap == kind);
}

static void test_calls(world *w)
{
    expect(w, "call_imported", 9, 4, 0, 5);
    expect(w, "call_imported_twice", 9, 4, 0, (uint32_t)-25);
    expect(w, "call_host", 21, 0, 0, 43);
    expect(w, "call_table", 9, 4, 0, 5);  /* the other instance's sub */
    expect(w, "call_table", 9, 4, 1, 13); /* our add */
    expect_trap(w, "call_table", 1, 1, 2, PW_TRAP_INDIRECT_CALL_TYPE);
    expect_trap(w, "call_table", 1, 1, 5, PW_TRAP_UNINITIALIZED_ELEMENT);
    expect_trap(w, "call_table", 1, 1, 8, PW_TRAP_UNDEFINED_ELEMENT);
    expect_trap(w, "call_table", 1, 1, UINT32_MAX, PW_TRAP_UNDEFINED_ELEMENT);
    pw_slot slots[3] = {2, 77, 0};
    CHECK(pw_func_call(func(w, "many"), slots) == PW_OK);
    double two = 2;
    CHECK(slots[0] == 77 && slots[1] == 42 && memcmp(&slots[2], &two, 8) == 0);
    pw_slot pair[2] = {1, 2};
    CHECK(pw_func_call(func(w, "swap"), pair) == PW_OK && pair[0] == 2 && pair[1] == 1);
}

static void test_tail_calls(world *w)
{
    expect(w, "count_down", 0, 5, 0, 5);
    expect(w, "count_down", 1, 5, 0, 6);
    expect(w, "count_down", 1000001, 0, 0, 1000001);
    expect(w, "tail_to_host", 8, 0, 0, 16);
    expect(w, "tail_table", 9, 4, 0, 5);
    expect(w, "tail_table", 9, 4, 1, 13);
    expect_trap(w, "tail_table", 1, 1, 8, PW_TRAP_UNDEFINED_ELEMENT);
}

static void test_control(world *w)
{
    expect(w, "switch", 0, 0, 0, 1107);
    expect(w, "switch", 1, 0, 0, 1007);
    expect(w, "switch", 2, 0, 0, 7);
    expect(w, "switch", 3, 0, 0, 1107);
    expect(w, "switch", UINT32_MAX, 0, 0, 1107);
    expect(w, "post_increment", 6, 0, 0, 42);
    expect(w, "join", 1, 0, 0, 10);
    expect(w, "join", 0, 0, 0, 5);
    expect(w, "pick", 1, 50, 0, 7);
    expect(w, "pick", 0, 50, 0, 100);
    expect(w, "sum_to", 1000, 0, 0, 500500);
}

static void test_host(world *w)
{
    static const pw_result results[] = {PW_ERR_TRAP, PW_ERR_EXIT, PW_ERR_HOST};
    for (int i = 0; i < 3; i++) {
        static const char *const names[] = {"call_host", "tail_to_host"};
        for (int k = 0; k < 2; k++) {
            pw_slot slots[2] = {1, 0};
            w->host_result = results[i];
            CHECK(pw_func_call(func(w, names[k]), slots) == results[i]);
            CHECK(pw_store_error(w->store)->result == results[i]);
        }
    }
    CHECK(strcmp(pw_store_error(w->store)->text, "a host function failed") == 0);
    w->host_result = PW_OK;
    w->calls_back = "sum_to"; /* wasm -> host -> wasm */
    expect(w, "call_host", 10, 0, 0, 56);
    w->calls_back = "recurse"; /* exhaustion inside comes out, and the store is as it was */
    expect_trap(w, "call_host", 10, 0, 0, PW_TRAP_STACK_EXHAUSTED);
    w->calls_back = NULL;
    expect(w, "call_host", 21, 0, 0, 43);
    pw_slot direct = 4;
    CHECK(pw_func_call(w->host, &direct) == PW_OK && direct == 8);
}

static void test_frames(world *w)
{
    pw_error *error = pw_store_error(w->store);
    expect_trap(w, "trap_below", 1, 0, 0, PW_TRAP_INTEGER_DIVIDE_BY_ZERO);
    CHECK(error->frame_count == 2 && error->frames_left_out == 0);
    CHECK(error->frames[0].instance == w->main && error->frames[1].instance == w->other);
    CHECK(engine_main_wasm[error->frames[0].offset] == 0x10);  /* call */
    CHECK(engine_other_wasm[error->frames[1].offset] == 0x6d); /* i32.div_s */
    expect_trap(w, "recurse", 1, 0, 0, PW_TRAP_STACK_EXHAUSTED);
    CHECK(error->frame_count == PW_ERROR_FRAMES && error->frames_left_out > 1000);
    for (uint32_t i = 0; i < error->frame_count; i++)
        CHECK(engine_main_wasm[error->frames[i].offset] == 0x10);
    CHECK(strncmp(error->text, "call stack exhausted: it has ", 29) == 0);
}

/* Arguments and results at the top of the stack, without a copy. */
static void test_frame_calls(world *w)
{
    pw_slot *frame = *pw_store_frame(w->store);
    frame[0] = 9, frame[1] = 4;
    CHECK(pw_func_call_frame(func(w, "call_imported")) == PW_OK && frame[0] == 5);
    frame[0] = 2, frame[1] = 77;
    CHECK(pw_func_call_frame(func(w, "many")) == PW_OK && frame[0] == 77 && frame[1] == 42);
    frame[0] = 4;
    CHECK(pw_func_call_frame(w->host) == PW_OK && frame[0] == 8);
    w->calls_back = "sum_to"; /* host -> wasm */
    frame[0] = 10;
    CHECK(pw_func_call_frame(w->host) == PW_OK && frame[0] == 55);
    w->calls_back = "sum_to"; /* wasm -> host -> wasm */
    frame[0] = 10;
    CHECK(pw_func_call_frame(func(w, "call_host")) == PW_OK && frame[0] == 56);
    w->host_result = PW_ERR_HOST;
    CHECK(pw_func_call_frame(w->host) == PW_ERR_HOST && pw_store_error(w->store)->result == PW_ERR_HOST);
    w->host_result = PW_OK;
    frame[0] = 1;
    CHECK(pw_func_call_frame(func(w, "recurse")) == PW_ERR_TRAP);
    CHECK(pw_store_error(w->store)->trap == PW_TRAP_STACK_EXHAUSTED);
    CHECK(*pw_store_frame(w->store) == frame);
}

static void test_poll(world *w)
{
    w->polls = 0;
    expect(w, "sum_to", 1000000, 0, 0, 1784293664u);
    CHECK(w->polls > 10);
    w->polls_allowed = w->polls + 3;
    pw_slot slots[1] = {0};
    CHECK(pw_func_call(func(w, "loop_forever"), slots) == PW_ERR_HOST);
    CHECK(pw_store_error(w->store)->frame_count == 1);
    w->polls_allowed = UINT32_MAX;
    expect(w, "call_imported", 9, 4, 0, 5);
}

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
        set_up(&w, shells[i]);
        test_calls(&w);
        test_tail_calls(&w);
        test_control(&w);
        test_host(&w);
        test_frames(&w);
        test_frame_calls(&w);
        test_poll(&w);
        printf("%s: ok\n", pw_engine_shell_name(w.engine));
        tear_down(&w);
        tried++;
    }
    CHECK(tried > 0);
    return 0;
}
