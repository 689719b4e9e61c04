/* test_suspended_snapshots.c - calls that fuel has stopped, through the public header: saved at every stop, gone on with after a
 * reset, in other stores and on other shells; bytes that were changed are refused or make calls that can go on without harm; no memory at
 * any point. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "engine_modules.h"
#include "pywasi.h"
#include "snapshot_fixture.h"

enum { ARGUMENT = 7, MEMORIES = 8192, MUTATIONS = 3000 };

typedef struct outcome {
    pw_slot slots[3];
    uint64_t used;
} outcome;

static pw_store *store_of(pw_engine *engine)
{
    const pw_store_limits limits = {.memory_bytes = 16 << 20, .stack_bytes = 1 << 16};
    pw_store *store;
    CHECK(pw_store_new(engine, &limits, &store) == PW_OK);
    CHECK(pw_store_count_fuel(store) == PW_OK);
    return store;
}

static void start_on(world *w, pw_shell shell)
{
    const pw_engine_config config = {.shell = shell};
    pw_error error;
    CHECK(pw_engine_new(&config, &w->engine) == PW_OK);
    CHECK(pw_module_new(w->engine, suspended_wasm, sizeof suspended_wasm, NULL, &w->module, &error) == PW_OK);
    w->store = store_of(w->engine);
    pw_extern import = import_in(w->store);
    CHECK(pw_instance_new(w->store, w->module, &import, 1, &w->instance, &error) == PW_OK);
}

static void start(world *w)
{
    start_on(w, PW_SHELL_DEFAULT);
}

static pw_result go(pw_instance *instance, pw_slot *slots)
{
    pw_module *module = pw_instance_module(instance);
    for (size_t i = 0; i < pw_module_export_count(module); i++) {
        pw_extern value;
        pw_instance_export(instance, i, &value);
        if (value.kind != PW_EXTERN_FUNC)
            continue;
        slots[0] = ARGUMENT;
        return pw_func_call(value.of.func, slots);
    }
    return PW_ERR_ARGUMENT;
}

static outcome whole(void)
{
    world w;
    outcome out;
    start(&w);
    pw_store_set_fuel(w.store, 1 << 30);
    CHECK(go(w.instance, out.slots) == PW_OK);
    out.used = (1 << 30) - pw_store_fuel(w.store);
    finish(&w);
    return out;
}

/* The call, stopped when so much has been used. */
static pw_suspended *stop_after(world *w, uint64_t fuel)
{
    pw_slot slots[3];
    pw_store_set_fuel(w->store, fuel);
    CHECK(go(w->instance, slots) == PW_ERR_TRAP);
    pw_suspended *stopped = pw_store_take_suspended(w->store);
    CHECK(stopped);
    return stopped;
}

static pw_instance *fork_in(pw_store *store, const pw_snapshot *snapshot)
{
    pw_extern import = import_in(store);
    pw_instance *instance;
    pw_error error;
    pw_result result = pw_snapshot_instantiate(snapshot, store, &import, 1, &instance, &error);
    return result == PW_OK ? instance : NULL;
}

/* Goes on with the call that came with the snapshot, to the known end. */
static void check_end(pw_instance *instance, uint64_t left, const outcome *expected)
{
    pw_store *store = pw_instance_store(instance);
    pw_slot slots[3];
    pw_suspended *call = pw_instance_take_suspended(instance);
    CHECK(call && !pw_suspended_ended(call) && !pw_instance_take_suspended(instance));
    CHECK(pw_store_collect(store) == PW_OK);
    pw_store_set_fuel(store, left + expected->used);
    CHECK(pw_suspended_resume(&call, slots) == PW_OK && !call);
    CHECK(memcmp(slots, expected->slots, sizeof slots) == 0);
}

static void check_stop(uint64_t fuel, const outcome *expected, const world *others, size_t other_count)
{
    world w;
    bytes written = {NULL, 0, 0}, again = {NULL, 0, 0};
    pw_snapshot *back;
    pw_error error;
    uint64_t left;
    start(&w);
    pw_suspended *original = stop_after(&w, fuel);
    pw_snapshot *snapshot = taken(w.instance);
    CHECK(pw_snapshot_calls(snapshot, &left) == 1 && left == pw_store_fuel(w.store));
    CHECK(pw_snapshot_write(snapshot, append, &written) == PW_OK);
    CHECK(pw_snapshot_read(w.module, written.data, written.size, &back, &error) == PW_OK);
    CHECK(pw_snapshot_write(back, append, &again) == PW_OK);
    CHECK(written.size == again.size && memcmp(written.data, again.data, again.size) == 0);
    CHECK(pw_snapshot_restore(back, w.instance, &error) == PW_OK);
    CHECK(pw_suspended_ended(original));
    pw_suspended_drop(original);
    check_end(w.instance, left, expected);
    CHECK(pw_store_fuel(w.store) == fuel);
    for (size_t i = 0; i < other_count; i++) { /* bytes that one shell has written go on in another */
        pw_snapshot *there;
        CHECK(pw_snapshot_read(others[i].module, written.data, written.size, &there, &error) == PW_OK);
        pw_store *store = store_of(others[i].engine);
        check_end(fork_in(store, there), left, expected);
        CHECK(pw_store_fuel(store) == fuel);
        pw_store_free(store);
        pw_snapshot_free(there);
    }
    pw_snapshot_free(back);
    pw_snapshot_free(snapshot);
    free(written.data); /* NOLINT */
    free(again.data);   /* NOLINT */
    finish(&w);
}

static void test_every_stop(const outcome *expected)
{
    static const pw_shell shells[] = {PW_SHELL_ID_GOTO, PW_SHELL_ID_SWITCH, PW_SHELL_ID_TAIL};
    world others[3];
    size_t count = 0;
    for (size_t i = 0; i < 3; i++) {
        const pw_engine_config config = {.shell = shells[i]};
        pw_engine *engine;
        if (pw_engine_new(&config, &engine) != PW_OK)
            continue; /* not in this build */
        pw_engine_free(engine);
        start_on(&others[count++], shells[i]);
    }
    for (uint64_t fuel = 0; fuel < expected->used; fuel++)
        check_stop(fuel, expected, others, count);
    while (count-- > 0)
        finish(&others[count]);
}

/* ---- damage ---------------------------------------------------------------------------------------------------- */

static uint32_t roll(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Reads the bytes, and what they make goes on for a while. */
static bool try(world *w, const bytes *damaged, uint32_t *same_version)
{
    pw_snapshot *snapshot, *second;
    pw_error error;
    if (pw_snapshot_read(w->module, damaged->data, damaged->size, &snapshot, &error) != PW_OK) {
        *same_version += strstr(error.text, "only the same version") != NULL;
        return false;
    }
    pw_store *store = store_of(w->engine);
    pw_instance *instance = fork_in(store, snapshot);
    pw_suspended *call;
    while (instance && (call = pw_instance_take_suspended(instance)) != NULL) {
        pw_slot slots[3];
        pw_suspended_frames(call, &error);
        CHECK(pw_store_collect(store) == PW_OK);
        pw_store_set_fuel(store, 300);
        if (pw_snapshot_take(instance, &second, &error) == PW_OK)
            pw_snapshot_free(second);
        pw_result result = pw_suspended_resume(&call, slots);
        CHECK(result == PW_OK || result == PW_ERR_TRAP || result == PW_ERR_EXCEPTION);
        if (call)
            pw_suspended_drop(call);
    }
    pw_store_free(store);
    pw_snapshot_free(snapshot);
    return true;
}

static void change_each_byte(world *w, const bytes *written, bytes *copy)
{
    static const uint8_t patterns[] = {0x01, 0x02, 0x04, 0x10, 0x80, 0xff};
    uint32_t same_version = 0, accepted = 0, refused = 0;
    for (size_t at = 0; at < written->size; at++) {
        bool in_memory = at > 1200 && at + 2400 < written->size; /* two pages of data */
        for (size_t k = 0; k < (in_memory ? 1 : sizeof patterns); k++) {
            if (in_memory && at % 61 != 0)
                continue;
            copy->data[at] = (uint8_t)(written->data[at] ^ patterns[k]);
            if (try(w, copy, &same_version))
                accepted++;
            else
                refused++;
            copy->data[at] = written->data[at];
        }
    }
    CHECK(accepted > 50 && refused > 500 && same_version >= 8);
}

static void change_some_bytes(world *w, const bytes *written, bytes *copy, uint32_t *dice)
{
    uint32_t ignored = 0;
    for (int i = 0; i < MUTATIONS; i++) {
        memcpy(copy->data, written->data, written->size);
        for (uint32_t k = roll(dice) % 3 + 1; k > 0; k--) {
            size_t at = written->size - 1 - roll(dice) % (written->size < 1200 ? written->size : 1200);
            copy->data[at] =
                (uint8_t)(roll(dice) % 2 ? roll(dice) : copy->data[at] + (roll(dice) % 2 ? 1u : 255u));
        }
        (void)try(w, copy, &ignored);
    }
    memcpy(copy->data, written->data, written->size);
}

static void test_damage(const outcome *expected)
{
    world w;
    uint32_t dice = 7;
    for (uint64_t fuel = 40; fuel < expected->used; fuel += expected->used / 4) {
        bytes written = {NULL, 0, 0}, copy;
        start(&w);
        pw_suspended_drop(stop_after(&w, fuel / 2));
        pw_suspended *call = stop_after(&w, fuel);
        pw_snapshot *snapshot = taken(w.instance);
        CHECK(pw_snapshot_write(snapshot, append, &written) == PW_OK);
        pw_suspended_drop(call);
        pw_snapshot_free(snapshot);
        copy = written;
        copy.data = malloc(written.size); /* NOLINT */
        CHECK(copy.data);
        memcpy(copy.data, written.data, written.size);
        change_each_byte(&w, &written, &copy);
        change_some_bytes(&w, &written, &copy, &dice);
        for (size_t i = 0; i < written.size; i += written.size / 97 + 1) {
            pw_error error;
            CHECK(pw_snapshot_read(w.module, written.data, i, &snapshot, &error) == PW_ERR_ARGUMENT &&
                  !snapshot);
        }
        free(copy.data);    /* NOLINT */
        free(written.data); /* NOLINT */
        finish(&w);
    }
}

#ifdef PW_TORTURE
/* Each allocation fails in turn: nothing is lost, and the call goes on from what was taken when all went well. */
static void test_no_memory(const outcome *expected)
{
    world w;
    pw_error error;
    pw_snapshot *snapshot = NULL;
    start(&w);
    pw_suspended *call = stop_after(&w, expected->used / 2);
    for (unsigned long n = 1; !snapshot; n++) {
        pwi_alloc_fail_after(n);
        pw_result result = pw_snapshot_take(w.instance, &snapshot, &error);
        pwi_alloc_fail_after(0);
        CHECK(result == PW_OK || (result == PW_ERR_NO_MEMORY && !snapshot));
    }
    for (unsigned long n = 1; !pw_suspended_ended(call); n++) {
        pwi_alloc_fail_after(n);
        pw_result result = pw_snapshot_restore(snapshot, w.instance, &error);
        pwi_alloc_fail_after(0);
        CHECK(result == PW_OK || result == PW_ERR_NO_MEMORY || result == PW_ERR_LIMIT);
        CHECK((result == PW_OK) == pw_suspended_ended(call));
    }
    pw_suspended_drop(call);
    check_end(w.instance, 0, expected);
    pw_snapshot_free(snapshot);
    finish(&w);
}
#else
static void test_no_memory(const outcome *expected)
{
    (void)expected;
}
#endif

int main(void)
{
    outcome expected = whole();
    test_every_stop(&expected);
    test_damage(&expected);
    test_no_memory(&expected);
    return 0;
}
