/* instance.c - making an instance: https://webassembly.github.io/spec/core/exec/modules.html#instantiation
 *
 * Until the first element segment is written to a table that others share, nobody else can know of the
 * instance, and a failure takes all of it back. From then on (and while the start function runs) its
 * functions may have become known, so that it stays with the store even when instantiation fails. */
#include "runtime/instance.h"

#include <string.h>

#include "base/alloc.h"
#include "base/config.h"
#include "base/error.h"
#include "runtime/bulk_work.h"
#include "runtime/memory.h"
#include "runtime/snapshot.h"
#include "runtime/store.h"
#include "runtime/table.h"

#define AT(field, byte)                                                                                      \
    _Static_assert(offsetof(struct pw_instance, field) == (byte), "frozen layout: " #field)
#if UINTPTR_MAX == UINT64_MAX
AT(memory_base, 0);
AT(memory_size, 8);
AT(stack_limit, 16);
AT(poll_budget, 24);
AT(globals, 32);
AT(funcs, 40);
AT(tables, 48);
AT(memories, 56);
AT(codes, 64);
AT(fuel, 72);
AT(store, 80);
AT(module, 88);
AT(tags, 96);
#endif
#undef AT

/* An array of count zeros at *array, NULL for none. */
static bool make_array(void *array, size_t count, size_t size)
{
    void *made = count ? pwi_alloc_zero(count, size) : NULL;
    memcpy(array, &made, sizeof made);
    return made || !count;
}

static pw_result make_record(pw_store *store, pw_module *module, pw_instance **instance)
{
    pw_instance *self = pwi_alloc_zero(1, sizeof *self);
    if (!self)
        return PW_ERR_NO_MEMORY;
    self->store = store;
    self->module = module;
    self->codes = store->counts_fuel ? module->metered_codes : module->codes;
    self->stack_limit = store->stack.limit;
    self->poll_budget = PW_POLL_INTERVAL;
    pw_module_retain(module);
    if (!make_array(&self->globals, module->global_slots, sizeof *self->globals) ||
        !make_array(&self->global_objects, module->global_count, sizeof *self->global_objects) ||
        !make_array(&self->funcs, module->func_count, sizeof *self->funcs) ||
        !make_array(&self->own_funcs, module->func_count - module->imported_funcs, sizeof *self->own_funcs) ||
        !make_array(&self->tables, module->table_count, sizeof *self->tables) ||
        !make_array(&self->memories, module->memory_count, sizeof *self->memories) ||
        !make_array(&self->tags, module->tag_count, sizeof *self->tags) ||
        !make_array(&self->dropped_elems, module->elem_count, 1) ||
        !make_array(&self->dropped_datas, module->data_count, 1) ||
        !make_array(&self->elem_values, module->elem_count, sizeof *self->elem_values) ||
        pwi_list_add(&store->instances, self) != PW_OK) {
        pwi_instance_destroy(self);
        return PW_ERR_NO_MEMORY;
    }
    *instance = self;
    return PW_OK;
}

void pwi_instance_destroy(pw_instance *instance)
{
    pw_module *module = instance->module;
    for (uint32_t i = 0; instance->elem_values && i < module->elem_count; i++)
        pwi_free(instance->elem_values[i]);
    pwi_free(instance->elem_values);
    pwi_free(instance->dropped_datas);
    pwi_free(instance->dropped_elems);
    pwi_free(instance->tags);
    pwi_free(instance->memories);
    pwi_free(instance->tables);
    pwi_free(instance->own_funcs);
    pwi_free(instance->funcs);
    pwi_free(instance->global_objects);
    pwi_free(instance->globals);
    pwi_free(instance);
    pw_module_free(module); /* the public one: a module's last reference may be its engine's too */
}

static void import_global(pw_instance *instance, uint32_t index, pw_global *global)
{
    const pw_global_decl *decl = &instance->module->globals[index];
    pw_slot *slot = &instance->globals[decl->slot];
    instance->global_objects[index] = global;
    if (decl->is_pointer)
        *slot = (pw_slot)(uintptr_t)global->value;
    else
        memcpy(slot, global->value, pw_type_slots(decl->type.type) * sizeof *slot);
}

static void take_imports(pw_instance *instance, const pw_extern *imports)
{
    const pw_module *module = instance->module;
    for (uint32_t i = 0; i < module->import_count; i++) {
        uint32_t index = module->imports[i].index;
        switch (module->imports[i].kind) {
        case PW_EXTERN_FUNC:
            instance->funcs[index] = imports[i].of.func;
            break;
        case PW_EXTERN_TABLE:
            instance->tables[index] = imports[i].of.table;
            break;
        case PW_EXTERN_MEMORY:
            instance->memories[index] = imports[i].of.memory;
            break;
        case PW_EXTERN_GLOBAL:
            import_global(instance, index, imports[i].of.global);
            break;
        case PW_EXTERN_TAG:
            instance->tags[index] = imports[i].of.tag;
            break;
        }
    }
}

static void make_funcs(pw_instance *instance)
{
    const pw_module *module = instance->module;
    for (uint32_t i = module->imported_funcs; i < module->func_count; i++) {
        pw_func *func = &instance->own_funcs[i - module->imported_funcs];
        func->instance = instance;
        func->code = instance->codes ? &instance->codes[i - module->imported_funcs] : NULL;
        func->type = pwi_func_type_record(module, i);
        func->store = instance->store;
        func->func_index = i;
        instance->funcs[i] = func;
    }
}

static pw_result make_globals(pw_instance *instance, pw_error *error)
{
    const pw_module *module = instance->module;
    for (uint32_t i = module->imported_globals; i < module->global_count; i++) {
        pw_result result =
            pwi_const_eval(instance, &module->globals[i].init, pwi_global_place(instance, i), error);
        if (result == PW_OK)
            result = pwi_store_poll_at(instance->store, i);
        if (result != PW_OK)
            return result;
    }
    return PW_OK;
}

static pw_result make_tables(pw_instance *instance, bool with_init, pw_error *error)
{
    const pw_module *module = instance->module;
    for (uint32_t i = module->imported_tables; i < module->table_count; i++) {
        const pw_table_decl *decl = &module->tables[i];
        pw_slot init[2] = {0, 0};
        pw_result result = PW_OK;
        if (decl->has_init && with_init)
            result = pwi_const_eval(instance, &decl->init, init, error);
        if (result == PW_OK)
            result = pwi_table_make(instance->store, &decl->type, init[0], &instance->tables[i], error);
        if (result != PW_OK)
            return result;
    }
    return PW_OK;
}

static pw_result make_memories(pw_instance *instance, pw_error *error)
{
    const pw_module *module = instance->module;
    for (uint32_t i = module->imported_memories; i < module->memory_count; i++) {
        pw_result result =
            pwi_memory_make(instance->store, &module->memories[i], &instance->memories[i], error);
        if (result != PW_OK)
            return result;
    }
    if (module->memory_count && pwi_memory_attach(instance->memories[0], instance) != PW_OK)
        return pwi_no_memory(error);
    return PW_OK;
}

static pw_result make_tags(pw_instance *instance, pw_error *error)
{
    const pw_module *module = instance->module;
    for (uint32_t i = module->imported_tags; i < module->tag_count; i++) {
        if (pwi_tag_make(instance->store, pwi_tag_type_record(module, i), &instance->tags[i]) != PW_OK)
            return pwi_no_memory(error);
        pw_result result = pwi_store_poll_at(instance->store, i);
        if (result != PW_OK)
            return result;
    }
    return PW_OK;
}

/* What asking for an export needs is made here, where failing is possible. */
static pw_result make_exports(pw_instance *instance, pw_error *error)
{
    const pw_module *module = instance->module;
    for (uint32_t i = 0; i < module->export_count; i++) {
        const pw_export *export = &module->exports[i];
        if (export->kind == PW_EXTERN_GLOBAL && !pwi_instance_global(instance, export->index))
            return pwi_no_memory(error);
        if (export->kind == PW_EXTERN_MEMORY && export->name.length == 6 &&
            memcmp(export->name.bytes, "memory", 6) == 0)
            instance->exported_memory = instance->memories[export->index];
        pw_result result = pwi_store_poll_at(instance->store, i);
        if (result != PW_OK)
            return result;
    }
    return PW_OK;
}

/* What is at its place before the instance has a state. */
static pw_result make_parts(pw_instance *instance, pw_error *error)
{
    pw_result result = make_memories(instance, error);
    if (result == PW_OK)
        result = make_tags(instance, error);
    if (result == PW_OK)
        result = make_exports(instance, error);
    return result;
}

static pw_result fill_in(pw_instance *instance, const pw_extern *imports, bool *escaped, pw_error *error)
{
    take_imports(instance, imports);
    make_funcs(instance);
    pw_result result = make_globals(instance, error);
    if (result == PW_OK)
        result = make_tables(instance, true, error);
    if (result == PW_OK)
        result = make_parts(instance, error);
    if (result == PW_OK)
        result = pwi_segments_evaluate(instance, error);
    if (result == PW_OK)
        result = pwi_segments_apply(instance, escaped, error);
    return result;
}

static pw_result fill_from(pw_instance *instance, const pw_extern *imports, const pw_snapshot *snapshot,
                           pw_error *error)
{
    take_imports(instance, imports);
    make_funcs(instance);
    pw_result result = make_tables(instance, false, error);
    if (result == PW_OK)
        result = make_parts(instance, error);
    if (result == PW_OK)
        result = pwi_snapshot_restore(snapshot, instance, true, error);
    return result;
}

static pw_result make(pw_store *store, pw_module *module, const pw_snapshot *snapshot, const pw_extern *imports,
                      size_t import_count, pw_instance **instance, pw_error *error)
{
    *instance = NULL;
    pw_result result = pwi_link_check(store, module, imports, import_count, error);
    if (result != PW_OK)
        return result;
    if (store->instances.count >= store->limits.instances)
        return pwi_fail(error, PW_ERR_LIMIT, "the store holds %lu instances, its limit",
                        (unsigned long)store->limits.instances);

    pw_store_mark mark = pwi_store_get_mark(store);
    bool escaped = false;
    pw_instance *self;
    if (make_record(store, module, &self) != PW_OK)
        return pwi_no_memory(error);
    store->gc.paused++;
    result = snapshot ? fill_from(self, imports, snapshot, error) : fill_in(self, imports, &escaped, error);
    store->gc.paused--;
    if (result != PW_OK) {
        if (!escaped)
            pwi_store_rollback(store, mark);
        if (result == PW_ERR_HOST && error && error->result == PW_OK)
            return pwi_fail(error, result, "interrupted");
        return result;
    }
    *instance = self;
    return PW_OK;
}

pw_result pwi_instance_make(pw_store *store, pw_module *module, const pw_extern *imports, size_t import_count,
                            pw_instance **instance, pw_error *error)
{
    return make(store, module, NULL, imports, import_count, instance, error);
}

pw_result pwi_instance_make_from(pw_store *store, const pw_snapshot *snapshot, const pw_extern *imports,
                                 size_t import_count, pw_instance **instance, pw_error *error)
{
    return make(store, snapshot->module, snapshot, imports, import_count, instance, error);
}
