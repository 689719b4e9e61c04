/* test_engine_pins.c - locals that a shell keeps in registers survive all that loses registers: calls of every kind, polls,
 * memory.grow; and are written by all that writes locals. On each shell of the build; the answers are counted in C. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "engine_modules.h"
#include "pywasi.h"

#define ROUNDS 100000u
#define WAYS   12u

static uint32_t bits_set(uint32_t x)
{
    uint32_t count = 0;
    for (; x; x &= x - 1)
        count++;
    return count;
}

/* "run" of pins.wat */
static double expected_run(uint32_t n)
{
    uint32_t a = 0;
    uint64_t b = 0x123456789;
    double f = 0.5;
    for (; n; n--) {
        a += n;
        b = b * 3 + a;
        f = (f + (double)(int64_t)b) * 0.75;
        a ^= (uint32_t)b;
        uint32_t kept = a;
        a = (n & 3) ? a : 7;
        a += bits_set(a);
        if ((n & 7) == 0) {
            a = kept;
            b = UINT64_MAX;
            f = 1.5;
        }
    }
    return f + ((double)a + (double)(int64_t)b);
}

/* "direct" of pins.wat */
static double expected_direct(uint32_t n)
{
    uint32_t a = 0;
    uint64_t b = 0;
    double f = 0;
    for (; n; n--) {
        a += n + a;
        b += a;
        a += 3 + n;
        f += a;
        a -= 1;
        b -= (uint64_t)(int64_t)(int32_t)n;
        a -= n;
    }
    return f + ((double)a + (double)(int64_t)b);
}

static pw_result give_back(void *env, pw_instance *caller, pw_slot *slots)
{
    (void)env, (void)caller, (void)slots;
    return PW_OK;
}

static pw_result poll(void *env)
{
    ++*(uint32_t *)env;
    return PW_OK;
}

static pw_extern export_of(pw_module *module, pw_instance *instance, const char *name)
{
    for (size_t i = 0; i < pw_module_export_count(module); i++) {
        pw_export_type type;
        pw_extern value;
        pw_module_export(module, i, &type);
        pw_instance_export(instance, i, &value);
        if (type.name.length == strlen(name) && memcmp(type.name.bytes, name, type.name.length) == 0)
            return value;
    }
    CHECK(false && "no such export");
    exit(1);
}

static double call(pw_module *module, pw_instance *instance, const char *name, uint32_t n, uint32_t way)
{
    pw_slot slots[2] = {n, way};
    CHECK(pw_func_call(export_of(module, instance, name).of.func, slots) == PW_OK);
    double result;
    memcpy(&result, slots, sizeof result);
    return result;
}

static void test_shell(pw_shell shell)
{
    const pw_engine_config config = {shell};
    pw_engine *engine;
    if (pw_engine_new(&config, &engine) != PW_OK)
        return; /* the build lacks it */
    pw_store *store;
    pw_module *module;
    pw_instance *other, *instance;
    pw_error error;
    uint32_t polls = 0;
    CHECK(pw_store_new(engine, NULL, &store) == PW_OK);
    pw_store_set_poll(store, poll, &polls);
    CHECK(pw_module_new(engine, pins_wasm, sizeof pins_wasm, NULL, &module, &error) == PW_OK);
    const pw_val_type i32 = PW_I32;
    const pw_func_type type = {1, 1, &i32, &i32};
    pw_extern imports[2] = {{.kind = PW_EXTERN_FUNC}, {.kind = PW_EXTERN_FUNC}};
    CHECK(pw_func_new(store, &type, give_back, NULL, NULL, &imports[0].of.func) == PW_OK);
    imports[1] = imports[0];
    CHECK(pw_instance_new(store, module, imports, 2, &other, &error) == PW_OK);
    imports[1] = export_of(module, other, "busy");
    CHECK(pw_instance_new(store, module, imports, 2, &instance, &error) == PW_OK);
    for (uint32_t way = 0; way < WAYS; way++) {
        double got = call(module, instance, "run", ROUNDS, way);
        if (got != expected_run(ROUNDS))
            fprintf(stderr, "%s: way %u: %g\n", pw_engine_shell_name(engine), way, got);
        CHECK(got == expected_run(ROUNDS));
    }
    CHECK(call(module, instance, "direct", ROUNDS, 0) == expected_direct(ROUNDS));
    CHECK(polls > 10);
    printf("%s: ok\n", pw_engine_shell_name(engine));
    pw_store_free(store);
    pw_module_free(module);
    pw_engine_free(engine);
}

int main(void)
{
    test_shell(PW_SHELL_ID_GOTO);
    test_shell(PW_SHELL_ID_SWITCH);
    test_shell(PW_SHELL_ID_TAIL);
    return 0;
}
