/* api_instance.c - making instances, running their start functions, looking at their exports. */
#include "base/config.h"
#include "base/error.h"
#include "engine/engine.h"

bool pw_import_matches(const pw_module *module, size_t import_index, const pw_extern *value)
{
    return import_index < module->import_count &&
           pwi_import_fits(module, &module->imports[import_index], value);
}

/* A start function has neither parameters nor results; the slot is there for the call to have a place. */
static pw_result run_start(pw_instance *instance, pw_error *error)
{
    const pw_module *module = instance->module;
    pw_store *store = instance->store;
    pw_slot slots[1] = {0};
    if (!module->has_start)
        return PW_OK;
    pw_result result = pw_func_call(instance->funcs[module->start], slots);
    pw_suspended *suspended = pw_store_take_suspended(store);
    if (suspended) /* there is no instance, so there is nothing to go on with */
        pw_suspended_drop(suspended);
    if (result != PW_OK && error && error != &store->error)
        *error = store->error;
    return result;
}

pw_result pw_instance_new(pw_store *store, pw_module *module, const pw_extern *imports, size_t import_count,
                          pw_instance **instance, pw_error *error)
{
    pw_instance *self;
    *instance = NULL;
    if (error)
        pw_error_clear(error);
    pw_result result = store->counts_fuel ? pwi_engine_prepare_metered(store->engine, module) : PW_OK;
    if (result != PW_OK)
        return pwi_no_memory(error);
    result = pwi_instance_make(store, module, imports, import_count, &self, error);
    if (result == PW_OK)
        result = run_start(self, error);
    if (result == PW_OK)
        *instance = self;
    return result;
}

pw_store *pw_instance_store(const pw_instance *instance)
{
    return instance->store;
}

pw_module *pw_instance_module(const pw_instance *instance)
{
    return instance->module;
}

void pw_instance_export(pw_instance *instance, size_t export_index, pw_extern *out)
{
    const pw_module *module = instance->module;
    out->kind = PW_EXTERN_FUNC;
    out->of.func = NULL;
    if (export_index >= module->export_count)
        return;
    uint32_t index = module->exports[export_index].index;
    out->kind = module->exports[export_index].kind;
    switch (out->kind) {
    case PW_EXTERN_FUNC:
        out->of.func = instance->funcs[index];
        break;
    case PW_EXTERN_TABLE:
        out->of.table = instance->tables[index];
        break;
    case PW_EXTERN_MEMORY:
        out->of.memory = instance->memories[index];
        break;
    case PW_EXTERN_GLOBAL:
        out->of.global = instance->global_objects[index]; /* made with the instance */
        break;
    case PW_EXTERN_TAG:
        out->of.tag = instance->tags[index];
        break;
    }
}

pw_func *pw_instance_func(pw_instance *instance, uint32_t func_index)
{
    return func_index < instance->module->func_count ? instance->funcs[func_index] : NULL;
}

pw_memory *pw_instance_memory(pw_instance *instance)
{
    return instance->exported_memory;
}
