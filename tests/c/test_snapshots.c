/* test_snapshots.c - snapshots through the public header: a state of every kind put back, forked, written and read; bytes that
 * were changed at random are refused or make an instance that can be used; no memory at any point. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "engine_modules.h"
#include "pywasi.h"
#include "snapshot_fixture.h"

enum { NODES = 20, MUTATIONS = 3000 };

static pw_store *store_of(pw_engine *engine)
{
    const pw_store_limits limits = {.memory_bytes = 16 << 20};
    pw_store *store;
    CHECK(pw_store_new(engine, &limits, &store) == PW_OK);
    return store;
}

static pw_result call(pw_instance *instance, const char *name, uint32_t argument, uint32_t *answer)
{
    pw_module *module = pw_instance_module(instance);
    for (size_t i = 0; i < pw_module_export_count(module); i++) {
        pw_export_type type;
        pw_extern value;
        pw_slot slots[2] = {argument, 0};
        pw_module_export(module, i, &type);
        if (type.name.length != strlen(name) || memcmp(type.name.bytes, name, type.name.length) != 0)
            continue;
        pw_instance_export(instance, i, &value);
        pw_result result = pw_func_call(value.of.func, slots);
        *answer = (uint32_t)slots[0];
        return result;
    }
    return PW_ERR_ARGUMENT;
}

static uint32_t ask(pw_instance *instance, const char *name, uint32_t argument)
{
    uint32_t answer;
    pw_result result = call(instance, name, argument, &answer);
    if (result != PW_OK)
        fprintf(stderr, "%s(%u): %s\n", name, argument, pw_store_error(pw_instance_store(instance))->text);
    CHECK(result == PW_OK);
    return answer;
}

static void start(world *w)
{
    pw_error error;
    CHECK(pw_engine_new(NULL, &w->engine) == PW_OK);
    CHECK(pw_module_new(w->engine, snapshot_wasm, sizeof snapshot_wasm, NULL, &w->module, &error) == PW_OK);
    w->store = store_of(w->engine);
    pw_extern import = import_in(w->store);
    CHECK(pw_instance_new(w->store, w->module, &import, 1, &w->instance, &error) == PW_OK);
    CHECK(ask(w->instance, "build", NODES) == 0);
}

/* The state that start leaves. */
static void check_state(pw_instance *instance)
{
    CHECK(ask(instance, "sum", 0) == 1 + NODES * (NODES + 1));
    CHECK(ask(instance, "caught", 0) == 12);
    CHECK(ask(instance, "lasting", 0) == 4);
    CHECK(ask(instance, "call", 21) == 42);
    CHECK(ask(instance, "look", 0) == 0 + 0 + 2 + 2 + 3 + 5);
    CHECK(memcmp(pw_memory_data(pw_instance_memory(instance)) + 8, "begin", 5) == 0);
}

static void test_reset(void)
{
    world w;
    pw_error error;
    start(&w);
    pw_snapshot *snapshot = taken(w.instance);
    uint64_t memory, kept;
    pw_snapshot_size(snapshot, &memory, &kept);
    CHECK(memory == 3 * 65536 && kept >= 4096 && kept < memory);
    CHECK(pw_snapshot_module(snapshot) == w.module);
    for (int i = 0; i < 12; i++) { /* the first ones map its pages anew, the others write them */
        check_state(w.instance);
        CHECK(ask(w.instance, "churn", 1000) == 1000);
        CHECK(ask(w.instance, "look", 0) == 1000 + 1000 + 4 + 9 + 1000 + 1000);
        CHECK(ask(w.instance, "build", 3) == 0);
        CHECK(pw_snapshot_restore(snapshot, w.instance, &error) == PW_OK);
    }
    CHECK(pw_store_collect(w.store) == PW_OK);
    check_state(w.instance);
    pw_snapshot_free(snapshot);
    check_state(w.instance);
    finish(&w);
}

static void test_forks(void)
{
    world w;
    pw_error error;
    start(&w);
    pw_snapshot *snapshot = taken(w.instance);
    finish(&w); /* the snapshot keeps the module, and that the engine */
    for (int i = 0; i < 3; i++) {
        pw_engine *engine = w.engine;
        pw_store *store = store_of(engine);
        pw_extern import = import_in(store);
        pw_instance *first, *second;
        CHECK(pw_snapshot_instantiate(snapshot, store, &import, 1, &first, &error) == PW_OK);
        CHECK(pw_snapshot_instantiate(snapshot, store, &import, 1, &second, &error) == PW_OK);
        CHECK(ask(first, "churn", 7) == 7);
        CHECK(pw_store_collect(store) == PW_OK);
        check_state(second);
        CHECK(pw_snapshot_restore(snapshot, first, &error) == PW_OK);
        check_state(first);
        pw_store_free(store);
    }
    pw_snapshot_free(snapshot);
}

static void test_bytes(void)
{
    world w;
    bytes written = {NULL, 0, 0}, again = {NULL, 0, 0};
    pw_snapshot *snapshot, *back;
    pw_error error;
    start(&w);
    snapshot = taken(w.instance);
    CHECK(pw_snapshot_write(snapshot, append, &written) == PW_OK);
    CHECK(pw_snapshot_read(w.module, written.data, written.size, &back, &error) == PW_OK);
    CHECK(pw_snapshot_write(back, append, &again) == PW_OK);
    CHECK(written.size == again.size && memcmp(written.data, again.data, again.size) == 0);
    CHECK(ask(w.instance, "churn", 5) == 5);
    CHECK(pw_snapshot_restore(back, w.instance, &error) == PW_OK);
    check_state(w.instance);
    for (size_t i = 0; i < written.size; i += written.size / 997 + 1) {
        pw_snapshot *none;
        CHECK(pw_snapshot_read(w.module, written.data, i, &none, &error) == PW_ERR_ARGUMENT && !none);
    }
    pw_snapshot_free(back);
    pw_snapshot_free(snapshot);
    free(written.data); /* NOLINT */
    free(again.data);   /* NOLINT */
    finish(&w);
}

/* Runs what would fall over references that are none. */
static void use(pw_engine *engine, const pw_snapshot *snapshot)
{
    static const char *const names[] = {"caught", "lasting", "call", "look", "churn", "build", "sum", "look"};
    pw_store *store = store_of(engine);
    pw_extern import = import_in(store);
    pw_instance *instance;
    pw_snapshot *second;
    pw_error error;
    uint32_t answer;
    if (pw_snapshot_instantiate(snapshot, store, &import, 1, &instance, &error) == PW_OK) {
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            (void)!call(instance, names[i], 2, &answer);
        CHECK(pw_store_collect(store) == PW_OK);
        if (pw_snapshot_take(instance, &second, &error) == PW_OK)
            pw_snapshot_free(second);
    }
    pw_store_free(store);
}

static uint32_t roll(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void test_damage(void)
{
    world w;
    bytes written = {NULL, 0, 0};
    pw_error error;
    uint32_t dice = 5, accepted = 0;
    start(&w);
    pw_snapshot *snapshot = taken(w.instance);
    CHECK(pw_snapshot_write(snapshot, append, &written) == PW_OK);
    pw_snapshot_free(snapshot);
    uint8_t *copy = malloc(written.size); /* NOLINT */
    CHECK(copy);
    for (int i = 0; i < MUTATIONS; i++) {
        memcpy(copy, written.data, written.size);
        for (uint32_t k = roll(&dice) % 3 + 1; k > 0; k--) {
            size_t at = roll(&dice) % (written.size < 1400 ? written.size : 1400);
            uint32_t fresh = roll(&dice), flipped = copy[at] ^ 1u << roll(&dice) % 8;
            copy[at] = (uint8_t)(roll(&dice) % 2 ? fresh : flipped);
        }
        if (pw_snapshot_read(w.module, copy, written.size, &snapshot, &error) != PW_OK)
            continue;
        accepted++;
        use(w.engine, snapshot);
        pw_snapshot_free(snapshot);
    }
    CHECK(accepted > 20 && accepted < MUTATIONS);
    free(copy);         /* NOLINT */
    free(written.data); /* NOLINT */
    finish(&w);
}

#ifdef PW_TORTURE
/* Each allocation fails in turn: nothing is lost, and the state is what it was or what it should be. */
static void test_no_memory(void)
{
    world w;
    pw_error error;
    start(&w);
    pw_snapshot *snapshot = NULL;
    for (unsigned long n = 1;; n++) {
        pwi_alloc_fail_after(n);
        pw_result result = pw_snapshot_take(w.instance, &snapshot, &error);
        pwi_alloc_fail_after(0);
        if (result == PW_OK)
            break;
        CHECK(result == PW_ERR_NO_MEMORY && !snapshot);
    }
    CHECK(ask(w.instance, "churn", 100) == 100);
    uint32_t before = ask(w.instance, "look", 0);
    for (unsigned long n = 1;; n++) {
        pwi_alloc_fail_after(n);
        pw_result result = pw_snapshot_restore(snapshot, w.instance, &error);
        pwi_alloc_fail_after(0);
        if (result == PW_OK)
            break;
        CHECK(result == PW_ERR_NO_MEMORY || result == PW_ERR_LIMIT);
        CHECK(ask(w.instance, "look", 0) == before);
    }
    check_state(w.instance);
    pw_snapshot_free(snapshot);
    finish(&w);
}
#else
static void test_no_memory(void) {}
#endif

int main(void)
{
    test_reset();
    test_forks();
    test_bytes();
    test_damage();
    test_no_memory();
    return 0;
}
