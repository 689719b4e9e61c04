/* api_snapshot.c - snapshots as the embedder sees them. */
#include <string.h>

#include "base/error.h"
#include "base/sync.h"
#include "base/utf8.h"
#include "engine/engine.h"
#include "engine/saved_calls.h"
#include "engine/walk.h"
#include "runtime/store.h"

/* The name of a function of the instance that waits: how it is imported. */
static pw_name waiting_name(const pw_instance *instance, const pw_func *waiting)
{
    const pw_module *module = instance->module;
    for (uint32_t i = 0; waiting && i < module->import_count; i++) {
        const pw_import *import = &module->imports[i];
        if (import->kind == PW_EXTERN_FUNC && instance->funcs[import->index] == waiting)
            return import->name;
    }
    return (pw_name){"", 0};
}

static int shown(pw_name name)
{
    return (int)(name.length <= 80 ? name.length : pwi_utf8_cut(name.bytes, 80));
}

/* What the host does for a call is nothing that a snapshot has, or that a reset could end. */
static pw_result check_idle(pw_instance *instance, pw_error *error)
{
    pw_store *store = instance->store;
    char name[100] = "a function";
    pwi_suspended_sweep(store);
    if (store->run) {
        pw_walk walk = pwi_walk_start(store->run);
        if (pwi_walk_settle(&walk))
            pwi_func_text(walk.instance->module, walk.code->func_index, name, sizeof name);
        return pwi_fail(
            error, PW_ERR_ARGUMENT,
            "a call runs in the store of the instance: %s has called a function of the host, whose "
            "frames cannot be saved; wait for its end",
            name);
    }
    for (const struct pw_suspended *s = store->suspended; s; s = s->next) {
        if (s->by_fuel || !pwi_suspended_touches(s, instance))
            continue;
        pw_name waiting = waiting_name(s->context, s->waiting);
        pwi_func_text(s->func->instance->module, s->func->func_index, name, sizeof name);
        return pwi_fail(error, PW_ERR_ARGUMENT,
                        "a call of %s stands still, awaited by the host%s%.*s: let it end", name,
                        waiting.length ? ", in the host function " : "", shown(waiting), waiting.bytes);
    }
    return PW_OK;
}

pw_result pw_snapshot_take(pw_instance *instance, pw_snapshot **snapshot, pw_error *error)
{
    *snapshot = NULL;
    pw_error_clear(error);
    pw_result result = check_idle(instance, error);
    if (result == PW_OK)
        result = pwi_snapshot_take(instance, snapshot, error);
    if (result == PW_OK)
        result = pwi_saved_calls_check(*snapshot, error);
    if (result != PW_OK) {
        pw_snapshot_free(*snapshot);
        *snapshot = NULL;
    }
    return result;
}

void pw_snapshot_retain(pw_snapshot *snapshot)
{
    pwi_ref_inc(&snapshot->references);
}

void pw_snapshot_free(pw_snapshot *snapshot)
{
    if (snapshot && pwi_ref_dec(&snapshot->references))
        pwi_snapshot_destroy(snapshot);
}

static bool same_module(const pw_module *one, const pw_module *other)
{
    return one == other || (one->registry == other->registry && one->features == other->features &&
                            one->size == other->size && memcmp(one->bytes, other->bytes, one->size) == 0);
}

pw_result pw_snapshot_restore(const pw_snapshot *snapshot, pw_instance *instance, pw_error *error)
{
    pw_error_clear(error);
    pw_result result = check_idle(instance, error);
    if (result == PW_OK && !same_module(snapshot->module, instance->module))
        result = pwi_fail(error, PW_ERR_ARGUMENT, "the snapshot is of another module");
    return result == PW_OK ? pwi_snapshot_restore(snapshot, instance, false, error) : result;
}

pw_result pw_snapshot_instantiate(const pw_snapshot *snapshot, pw_store *store, const pw_extern *imports,
                                  size_t import_count, pw_instance **instance, pw_error *error)
{
    pw_error_clear(error);
    *instance = NULL;
    if (store->counts_fuel && pwi_engine_prepare_metered(store->engine, snapshot->module) != PW_OK)
        return pwi_no_memory(error);
    return pwi_instance_make_from(store, snapshot, imports, import_count, instance, error);
}

pw_module *pw_snapshot_module(const pw_snapshot *snapshot)
{
    return snapshot->module;
}

void pw_snapshot_size(const pw_snapshot *snapshot, uint64_t *memory_bytes, uint64_t *kept_bytes)
{
    *memory_bytes = *kept_bytes = 0;
    for (uint32_t i = 0; i < snapshot->module->memory_count; i++) {
        const pwi_vm_image *image = snapshot->memories[i];
        *memory_bytes += image ? image->size : 0;
        for (size_t k = 0; image && k < image->run_count; k++)
            *kept_bytes += image->runs[k].length;
    }
}

uint64_t pw_snapshot_footprint(const pw_snapshot *snapshot)
{
    uint64_t memory_bytes, bytes;
    pw_snapshot_size(snapshot, &memory_bytes, &bytes);
    bytes += snapshot->object_count * sizeof *snapshot->objects;
    bytes += (snapshot->payload_count + snapshot->frame_slot_count) * sizeof(pw_slot);
    for (uint32_t i = 0; i < snapshot->module->table_count; i++)
        bytes += snapshot->tables[i].size * sizeof(pw_slot);
    return bytes;
}

size_t pw_snapshot_calls(const pw_snapshot *snapshot, uint64_t *fuel)
{
    *fuel = snapshot->fuel;
    return snapshot->call_count;
}

pw_result pw_snapshot_write(const pw_snapshot *snapshot, pw_write_fn write, void *env)
{
    return pwi_snapshot_write(snapshot, write, env);
}

pw_result pw_snapshot_read(pw_module *module, const uint8_t *bytes, size_t size, pw_snapshot **snapshot,
                           pw_error *error)
{
    pw_error_clear(error);
    pw_result result = pwi_snapshot_read(module, bytes, size, snapshot, error);
    if (result == PW_OK)
        result = pwi_saved_calls_check(*snapshot, error);
    if (result != PW_OK) {
        pw_snapshot_free(*snapshot);
        *snapshot = NULL;
    }
    return result;
}
