/* api_snapshot.c - snapshots as the embedder sees them. */
#include <string.h>

#include "base/error.h"
#include "base/sync.h"
#include "engine/engine.h"
#include "engine/suspend.h"
#include "runtime/snapshot.h"
#include "runtime/store.h"

/* What stands still is a part of the state that a snapshot does not have, and would go on in another one after a reset. */
static pw_result check_idle(pw_store *store, pw_error *error)
{
    pwi_suspended_sweep(store);
    if (store->suspended)
        return pwi_fail(error, PW_ERR_ARGUMENT,
                        "a call stands still in the store of the instance: let it go on to its end, or drop it");
    if (store->run)
        return pwi_fail(error, PW_ERR_ARGUMENT, "a call runs in the store of the instance: wait for its end");
    return PW_OK;
}

pw_result pw_snapshot_take(pw_instance *instance, pw_snapshot **snapshot, pw_error *error)
{
    *snapshot = NULL;
    pw_error_clear(error);
    pw_result result = check_idle(instance->store, error);
    return result == PW_OK ? pwi_snapshot_take(instance, snapshot, error) : result;
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
    return one == other || (one->registry == other->registry && one->features == other->features && one->size == other->size &&
                            memcmp(one->bytes, other->bytes, one->size) == 0);
}

pw_result pw_snapshot_restore(const pw_snapshot *snapshot, pw_instance *instance, pw_error *error)
{
    pw_error_clear(error);
    pw_result result = check_idle(instance->store, error);
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

pw_result pw_snapshot_write(const pw_snapshot *snapshot, pw_write_fn write, void *env)
{
    return pwi_snapshot_write(snapshot, write, env);
}

pw_result pw_snapshot_read(pw_module *module, const uint8_t *bytes, size_t size, pw_snapshot **snapshot,
                           pw_error *error)
{
    pw_error_clear(error);
    return pwi_snapshot_read(module, bytes, size, snapshot, error);
}
