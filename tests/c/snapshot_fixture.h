/* snapshot_fixture.h - what the tests of snapshots share: a module with its store and instance, taking a snapshot, its bytes. */
#ifndef PW_TEST_SNAPSHOT_FIXTURE_H
#define PW_TEST_SNAPSHOT_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "pywasi.h"

typedef struct bytes {
    uint8_t *data;
    size_t size, capacity;
} bytes;

typedef struct world {
    pw_engine *engine;
    pw_module *module;
    pw_store *store;
    pw_instance *instance;
} world;

static void finish(world *w)
{
    pw_store_free(w->store);
    pw_module_free(w->module);
    pw_engine_free(w->engine);
}

static pw_result twice(void *env, pw_instance *caller, pw_slot *slots)
{
    (void)env;
    (void)caller;
    slots[0] = (uint32_t)(slots[0] * 2);
    return PW_OK;
}

/* The import of each module here: (i32) -> i32. */
static pw_extern import_in(pw_store *store)
{
    static const pw_val_type number[1] = {PW_I32};
    const pw_func_type type = {1, 1, number, number};
    pw_extern made = {.kind = PW_EXTERN_FUNC};
    CHECK(pw_func_new(store, &type, twice, NULL, NULL, &made.of.func) == PW_OK);
    return made;
}

static pw_snapshot *taken(pw_instance *instance)
{
    pw_snapshot *snapshot;
    pw_error error;
    pw_result result = pw_snapshot_take(instance, &snapshot, &error);
    if (result != PW_OK)
        fprintf(stderr, "%s\n", error.text);
    CHECK(result == PW_OK);
    return snapshot;
}

/* Appends to bytes, for pw_snapshot_write. */
static pw_result append(void *env, const uint8_t *data, size_t size)
{
    bytes *to = env;
    if (to->size + size > to->capacity) {
        size_t capacity = (to->size + size) * 2;
        uint8_t *grown = realloc(to->data, capacity); /* NOLINT: the test's own */
        CHECK(grown);
        to->data = grown;
        to->capacity = capacity;
    }
    memcpy(to->data + to->size, data, size);
    to->size += size;
    return PW_OK;
}

#endif
