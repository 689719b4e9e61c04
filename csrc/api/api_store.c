/* api_store.c - stores, and references to host objects. */
#include "base/config.h"
#include "engine/gc_roots.h"
#include "engine/saved_calls.h"

pw_result pw_store_new(pw_engine *engine, const pw_store_limits *limits, pw_store **store)
{
    pw_result result = pwi_store_make(engine, &engine->registry, limits, store);
    if (result != PW_OK)
        return result;
    (*store)->gc.mark_frames = pwi_mark_frames;
    (*store)->call_saver = &pwi_call_saver;
    (*store)->shell = engine->shell;
    pw_engine_retain(engine);
    return PW_OK;
}

void pw_store_retain(pw_store *store)
{
    pwi_ref_inc(&store->references);
}

void pw_store_free(pw_store *store)
{
    if (!store || !pwi_ref_dec(&store->references))
        return;
    pw_engine *engine = store->engine;
    pwi_suspended_free_all(store);
    pwi_store_destroy(store);
    pw_engine_free(engine);
}

void pw_store_set_poll(pw_store *store, pw_poll_fn poll, void *env)
{
    store->poll = poll;
    store->poll_env = env;
}

void pw_store_set_blocking(pw_store *store, void (*blocking)(void *env))
{
    store->blocking = blocking;
}

void pw_store_interrupt(pw_store *store)
{
    __atomic_store_n(&store->interrupted, 1, __ATOMIC_RELAXED);
}

pw_error *pw_store_error(pw_store *store)
{
    return &store->error;
}

pw_result pw_store_count_fuel(pw_store *store)
{
    if (store->instances.count > 0)
        return PW_ERR_ARGUMENT;
    return pwi_engine_count_fuel(store);
}

void pw_store_set_fuel(pw_store *store, uint64_t fuel)
{
    store->fuel = fuel > INT64_MAX ? INT64_MAX : (int64_t)fuel;
    store->fuel_slice = 0;
}

uint64_t pw_store_fuel(const pw_store *store)
{
    return (uint64_t)(store->fuel + store->fuel_slice);
}

uint64_t pw_store_calls(const pw_store *store)
{
    return store->calls;
}

uint64_t pw_store_peak_memory(const pw_store *store)
{
    return store->memory_peak;
}

uint64_t pw_store_footprint(const pw_store *store)
{
    uint64_t bytes = store->memory_in_use + store->gc.live_bytes;
    bytes += store->table_elements_in_use * sizeof(pw_slot);
    for (const struct pw_suspended *s = store->suspended; s; s = s->next)
        bytes += s->count * sizeof *s->slots;
    return bytes;
}

pw_result pw_extern_new(pw_store *store, void *host, pw_slot *handle)
{
    return pwi_extern_intern(store, host, handle);
}

void *pw_extern_host(pw_slot handle)
{
    const pw_host_ref *ref = (const pw_host_ref *)(uintptr_t)handle;
    return pw_ref_kind_of(handle) == PW_REF_KIND_HOST ? ref->host : NULL;
}

void pw_store_set_extern_dropped(pw_store *store, void (*dropped)(void *env), void *env)
{
    store->extern_dropped = dropped;
    store->extern_env = env;
}

void *pw_extern_next_dropped(pw_store *store)
{
    return pwi_extern_next_dropped(store);
}

bool pw_store_collection_is_due(const pw_store *store)
{
    return pwi_externs_are_due(store);
}

pw_result pw_store_collect(pw_store *store)
{
    return pwi_gc_collect(store);
}

void pw_store_pause_collections(pw_store *store)
{
    store->gc.paused++;
}

void pw_store_resume_collections(pw_store *store)
{
    store->gc.paused--;
}
