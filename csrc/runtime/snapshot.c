/* snapshot.c - what a snapshot consists of. */
#include "runtime/snapshot.h"

#include "base/alloc.h"
#include "base/error.h"
#include "runtime/gc_object.h"

/* An array of at least one element, so that NULL always means: no memory. */
static void *make_array(size_t count, size_t size)
{
    return pwi_alloc_zero(count ? count : 1, size);
}

pw_result pwi_snapshot_make(pw_module *module, pw_snapshot **snapshot, pw_error *error)
{
    *snapshot = NULL;
    pw_snapshot *self = pwi_alloc_zero(1, sizeof *self);
    if (!self)
        return pwi_no_memory(error);
    self->references = 1;
    self->module = module;
    pw_module_retain(module);
    self->globals = make_array(module->global_slots, sizeof *self->globals);
    self->tables = make_array(module->table_count, sizeof *self->tables);
    self->dropped_elems = make_array(module->elem_count, 1);
    self->dropped_datas = make_array(module->data_count, 1);
    self->elem_values = make_array(module->elem_count, sizeof *self->elem_values);
    self->memories = make_array(module->memory_count, sizeof *self->memories);
    if (!self->globals || !self->tables || !self->dropped_elems || !self->dropped_datas || !self->elem_values ||
        !self->memories) {
        pwi_snapshot_destroy(self);
        return pwi_no_memory(error);
    }
    *snapshot = self;
    return PW_OK;
}

void pwi_snapshot_destroy(pw_snapshot *snapshot)
{
    pw_module *module = snapshot->module;
    for (uint32_t i = 0; snapshot->memories && i < module->memory_count; i++)
        pwi_vm_image_free(snapshot->memories[i]);
    for (uint32_t i = 0; snapshot->tables && i < module->table_count; i++)
        pwi_free(snapshot->tables[i].elements);
    for (uint32_t i = 0; snapshot->elem_values && i < module->elem_count; i++)
        pwi_free(snapshot->elem_values[i]);
    pwi_free(snapshot->globals);
    pwi_free(snapshot->tables);
    pwi_free(snapshot->dropped_elems);
    pwi_free(snapshot->dropped_datas);
    pwi_free(snapshot->elem_values);
    pwi_free(snapshot->memories);
    pwi_free(snapshot->objects);
    pwi_free(snapshot->payload);
    pwi_free(snapshot->calls);
    pwi_free(snapshot->frames);
    pwi_free(snapshot->frame_slots);
    pwi_free(snapshot);
    pw_module_free(module);
}

uint64_t pwi_saved_payload_slots(const pw_type_record *type, const pw_saved_object *object)
{
    if (object->kind != PW_OBJECT_ARRAY)
        return object->length;
    return ((uint64_t)object->length * pwi_storage_bytes(type->fields[0].storage) + 7) / 8;
}

pw_result pwi_snapshot_add_object(pw_snapshot *snapshot, const pw_saved_object *object)
{
    uint64_t slots = pwi_saved_payload_slots(snapshot->module->types[object->type], object);
    void *objects = snapshot->objects, *payload = snapshot->payload;
    if (slots > SIZE_MAX / 16 - snapshot->payload_count)
        return PW_ERR_NO_MEMORY;
    if (!pwi_reserve(&objects, &snapshot->object_capacity, snapshot->object_count + 1, sizeof *snapshot->objects))
        return PW_ERR_NO_MEMORY;
    snapshot->objects = objects;
    size_t start = snapshot->payload_count, end = start + (size_t)slots;
    if (!pwi_reserve(&payload, &snapshot->payload_capacity, end, sizeof *snapshot->payload))
        return PW_ERR_NO_MEMORY;
    snapshot->payload = payload;
    for (size_t i = start; i < end; i++)
        snapshot->payload[i] = 0;
    snapshot->payload_count = end;
    snapshot->objects[snapshot->object_count] = *object;
    snapshot->objects[snapshot->object_count++].payload = start;
    return PW_OK;
}

pw_result pwi_snapshot_add_call(pw_snapshot *snapshot, uint32_t func_index, uint64_t owed)
{
    void *calls = snapshot->calls;
    if (!pwi_reserve(&calls, &snapshot->call_capacity, snapshot->call_count + 1, sizeof *snapshot->calls))
        return PW_ERR_NO_MEMORY;
    snapshot->calls = calls;
    snapshot->calls[snapshot->call_count++] = (pw_saved_call){func_index, 0, snapshot->frame_count, owed};
    return PW_OK;
}

pw_result pwi_snapshot_add_frame(pw_snapshot *snapshot, const pw_saved_frame *frame)
{
    void *frames = snapshot->frames, *slots = snapshot->frame_slots;
    size_t first = snapshot->frame_slot_count, end = first + frame->slot_count;
    if (!pwi_reserve(&frames, &snapshot->frame_capacity, snapshot->frame_count + 1, sizeof *snapshot->frames))
        return PW_ERR_NO_MEMORY;
    snapshot->frames = frames;
    if (!pwi_reserve(&slots, &snapshot->frame_slot_capacity, end, sizeof *snapshot->frame_slots))
        return PW_ERR_NO_MEMORY;
    snapshot->frame_slots = slots;
    for (size_t i = first; i < end; i++)
        snapshot->frame_slots[i] = 0;
    snapshot->frame_slot_count = end;
    snapshot->frames[snapshot->frame_count] = *frame;
    snapshot->frames[snapshot->frame_count++].first = first;
    snapshot->calls[snapshot->call_count - 1].frame_count++;
    return PW_OK;
}

pw_result pwi_snapshot_add_elem(pw_snapshot *snapshot, uint32_t segment)
{
    snapshot->elem_values[segment] = make_array(snapshot->module->elems[segment].count, sizeof(pw_slot));
    return snapshot->elem_values[segment] ? PW_OK : PW_ERR_NO_MEMORY;
}

pw_result pwi_snapshot_add_table(pw_snapshot *snapshot, uint32_t table, uint64_t size)
{
    pw_saved_table *saved = &snapshot->tables[table];
    saved->elements = size <= SIZE_MAX ? make_array((size_t)size, sizeof(pw_slot)) : NULL;
    saved->size = size;
    return saved->elements ? PW_OK : PW_ERR_NO_MEMORY;
}
