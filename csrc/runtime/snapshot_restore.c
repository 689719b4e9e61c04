/* snapshot_restore.c - the state of an instance, put back. All that can fail is asked for first; then the state is written. */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "runtime/bulk_work.h"
#include "runtime/gc_object.h"
#include "runtime/memory.h"
#include "runtime/snapshot_calls.h"
#include "runtime/table.h"

struct pw_restoring {
    const pw_snapshot *snapshot;
    pw_instance *instance;
    pw_object **objects;     /* new ones, by index */
    pw_slot **elements;      /* new blocks of tables that grow beyond theirs, by table index */
    pw_slot **elem_values;   /* new, by segment */
    uint64_t *memory_sizes;  /* before they got room */
    uint32_t roomy_memories; /* so many of them have */
    uint64_t taken_elements; /* of the store's limit */
    struct pw_made_calls *calls;
    bool fresh; /* the instance is being made */
};

static void free_all(pw_slot **arrays, uint32_t count)
{
    for (uint32_t i = 0; arrays && i < count; i++)
        pwi_free(arrays[i]);
    pwi_free(arrays);
}

static pw_slot *make_slots(uint64_t count)
{
    return count <= SIZE_MAX ? pwi_alloc_zero(count ? (size_t)count : 1, sizeof(pw_slot)) : NULL;
}

/* ---- what can fail ---- */

static pw_result make_objects(pw_restoring *r, pw_error *error)
{
    const pw_snapshot *snapshot = r->snapshot;
    r->objects = pwi_alloc_zero(snapshot->object_count + 1, sizeof(pw_object *));
    if (!r->objects)
        return pwi_no_memory(error);
    for (size_t i = 0; i < snapshot->object_count; i++) {
        const pw_saved_object *saved = &snapshot->objects[i];
        pw_result result = pwi_gc_new(r->instance->store, (pw_object_kind)saved->kind,
                                      snapshot->module->types[saved->type], saved->length, &r->objects[i]);
        if (result == PW_ERR_LIMIT)
            return pwi_fail(error, result, "the objects of the snapshot would pass the limit of %llu bytes",
                            (unsigned long long)r->instance->store->limits.memory_bytes);
        if (result != PW_OK)
            return pwi_no_memory(error);
        if (r->fresh) /* to go back is to be done */
            result = pwi_store_poll_at(r->instance->store, i);
        if (result != PW_OK)
            return result;
    }
    return PW_OK;
}

static pw_result make_elements(pw_restoring *r, pw_error *error)
{
    const pw_module *module = r->snapshot->module;
    r->elements = pwi_alloc_zero(module->table_count + 1u, sizeof(pw_slot *));
    if (!r->elements)
        return pwi_no_memory(error);
    for (uint32_t i = module->imported_tables; i < module->table_count; i++) {
        const pw_table *table = r->instance->tables[i];
        uint64_t size = r->snapshot->tables[i].size;
        if (size <= table->size)
            continue;
        if (pwi_store_take_elements(r->instance->store, size - table->size) != PW_OK)
            return pwi_fail(error, PW_ERR_LIMIT, "a table of %llu elements would pass the limit of %llu elements",
                            (unsigned long long)size,
                            (unsigned long long)r->instance->store->limits.table_elements);
        r->taken_elements += size - table->size;
        if (size > table->capacity && !(r->elements[i] = make_slots(size)))
            return pwi_no_memory(error);
    }
    return PW_OK;
}

static pw_result make_segments(pw_restoring *r, pw_error *error)
{
    const pw_module *module = r->snapshot->module;
    r->elem_values = pwi_alloc_zero(module->elem_count + 1u, sizeof(pw_slot *));
    if (!r->elem_values)
        return pwi_no_memory(error);
    for (uint32_t i = 0; i < module->elem_count; i++) {
        if (r->snapshot->elem_values[i] && !(r->elem_values[i] = make_slots(module->elems[i].count)))
            return pwi_no_memory(error);
    }
    return PW_OK;
}

static pw_result make_room(pw_restoring *r, pw_error *error)
{
    const pw_module *module = r->snapshot->module;
    r->memory_sizes = pwi_alloc_zero(module->memory_count + 1u, sizeof *r->memory_sizes);
    if (!r->memory_sizes)
        return pwi_no_memory(error);
    for (uint32_t i = module->imported_memories; i < module->memory_count; i++) {
        const pwi_vm_image *image = r->snapshot->memories[i];
        pw_result result = pwi_memory_make_room(r->instance->memories[i], image, &r->memory_sizes[i]);
        if (result == PW_ERR_LIMIT)
            return pwi_fail(error, result, "a memory of %llu bytes would pass the limit of %llu bytes",
                            (unsigned long long)image->size,
                            (unsigned long long)r->instance->store->limits.memory_bytes);
        if (result != PW_OK)
            return pwi_no_memory(error);
        r->roomy_memories = i + 1;
    }
    return PW_OK;
}

static pw_result make_calls(pw_restoring *r, pw_error *error)
{
    const pw_call_saver *saver = r->instance->store->call_saver;
    return saver ? saver->make(r->snapshot, r->instance, &r->calls, error) : PW_OK;
}

static void take_back(pw_restoring *r)
{
    for (uint32_t i = r->snapshot->module->imported_memories; i < r->roomy_memories; i++)
        pwi_memory_shrink(r->instance->memories[i], r->memory_sizes[i]);
    pwi_store_return_elements(r->instance->store, r->taken_elements);
}

/* ---- what cannot ---- */

pw_slot pwi_restoring_reference(const pw_restoring *r, pw_slot word)
{
    if ((word & 7) == PW_SAVED_FUNC)
        return (pw_slot)(uintptr_t)r->instance->funcs[word >> 3];
    if ((word & 7) == PW_SAVED_OBJECT)
        return (pw_slot)(uintptr_t)r->objects[word >> 3];
    return word; /* null, an i31 */
}

static void put_references(const pw_restoring *r, const pw_slot *from, pw_slot *to, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        to[i] = pwi_restoring_reference(r, from[i]);
}

static void put_object(const pw_restoring *r, size_t index)
{
    const pw_saved_object *saved = &r->snapshot->objects[index];
    const pw_slot *from = r->snapshot->payload + saved->payload;
    pw_object *object = r->objects[index];
    const pw_type_record *type = object->type;
    size_t slots = (size_t)pwi_saved_payload_slots(type, saved);
    uint32_t slot = 0;
    if (slots)
        memcpy(object->payload, from, slots * sizeof *from);
    if (saved->kind == PW_OBJECT_EXCEPTION) {
        object->tag = r->instance->tags[saved->tag];
        for (uint32_t i = 0; i < type->func.param_count; i++) {
            if (pwi_type_is_ref(type->func.params[i]))
                object->payload[slot] = pwi_restoring_reference(r, from[slot]);
            slot += pw_type_slots(type->func.params[i]);
        }
    } else if (saved->kind == PW_OBJECT_ARRAY) {
        if (pwi_type_is_ref(type->fields[0].storage))
            put_references(r, from, object->payload, saved->length);
    } else {
        for (uint32_t i = 0; i < type->field_count; i++) {
            slot = type->fields[i].slot;
            if (pwi_type_is_ref(type->fields[i].storage))
                object->payload[slot] = pwi_restoring_reference(r, from[slot]);
        }
    }
}

static void put_globals(const pw_restoring *r)
{
    const pw_module *module = r->snapshot->module;
    for (uint32_t i = module->imported_globals; i < module->global_count; i++) {
        const pw_global_decl *decl = &module->globals[i];
        const pw_slot *from = &r->snapshot->globals[decl->slot];
        pw_slot *to = pwi_global_place(r->instance, i);
        if (pwi_type_is_ref(decl->type.type))
            *to = pwi_restoring_reference(r, *from);
        else
            memcpy(to, from, pw_type_slots(decl->type.type) * sizeof *to);
    }
}

static void put_table(pw_restoring *r, uint32_t index)
{
    const pw_saved_table *saved = &r->snapshot->tables[index];
    pw_table *table = r->instance->tables[index];
    if (r->elements[index]) {
        pwi_free(table->elements);
        table->elements = r->elements[index];
        table->capacity = saved->size;
        r->elements[index] = NULL;
    }
    if (saved->size < table->size)
        pwi_store_return_elements(r->instance->store, table->size - saved->size);
    table->size = saved->size;
    put_references(r, saved->elements, table->elements, saved->size);
}

static void put_segments(pw_restoring *r)
{
    const pw_module *module = r->snapshot->module;
    pw_instance *instance = r->instance;
    if (module->elem_count)
        memcpy(instance->dropped_elems, r->snapshot->dropped_elems, module->elem_count);
    if (module->data_count)
        memcpy(instance->dropped_datas, r->snapshot->dropped_datas, module->data_count);
    for (uint32_t i = 0; i < module->elem_count; i++) {
        pwi_free(instance->elem_values[i]);
        instance->elem_values[i] = r->elem_values[i];
        r->elem_values[i] = NULL;
        if (instance->elem_values[i])
            put_references(r, r->snapshot->elem_values[i], instance->elem_values[i], module->elems[i].count);
    }
}

static pw_result put_all(pw_restoring *r, bool fresh, pw_error *error)
{
    const pw_module *module = r->snapshot->module;
    pw_result result = PW_OK;
    for (size_t i = 0; i < r->snapshot->object_count; i++)
        put_object(r, i);
    put_globals(r);
    for (uint32_t i = module->imported_tables; i < module->table_count; i++)
        put_table(r, i);
    put_segments(r);
    for (uint32_t i = module->imported_memories; i < module->memory_count; i++) {
        if (pwi_memory_restore(r->instance->memories[i], r->snapshot->memories[i], fresh) != PW_OK)
            result = pwi_no_memory(error);
    }
    return result;
}

/* Only when all else is there: a fresh instance goes away again when it is not. */
static void put_calls(pw_restoring *r, pw_result result)
{
    const pw_call_saver *saver = r->instance->store->call_saver;
    if (saver && result == PW_OK)
        saver->put(r, r->instance, r->calls);
    else if (r->calls)
        saver->drop(r->calls);
}

pw_result pwi_snapshot_restore(const pw_snapshot *snapshot, pw_instance *instance, bool fresh, pw_error *error)
{
    pw_restoring r = {.snapshot = snapshot, .instance = instance, .fresh = fresh};
    pw_gc_heap *heap = &instance->store->gc;
    if (snapshot->object_count && !fresh)
        pwi_gc_collect_all(instance->store); /* what it has made since: none is collected while there are new ones */
    heap->paused++;
    pw_result result = make_objects(&r, error);
    if (result == PW_OK)
        result = make_elements(&r, error);
    if (result == PW_OK)
        result = make_segments(&r, error);
    if (result == PW_OK)
        result = make_calls(&r, error);
    if (result == PW_OK)
        result = make_room(&r, error);
    if (result == PW_OK)
        result = put_all(&r, fresh, error);
    else
        take_back(&r);
    put_calls(&r, result);
    heap->paused--;
    pwi_free((void *)r.objects);
    free_all(r.elements, snapshot->module->table_count);
    free_all(r.elem_values, snapshot->module->elem_count);
    pwi_free(r.memory_sizes);
    return result;
}
