/* gc_object.c - structs and arrays. */
#include "runtime/gc_object.h"

#include "runtime/bulk_work.h"

pw_result pwi_struct_new(pw_store *store, const pw_type_record *type, const pw_slot *fields,
                         pw_object **object)
{
    pw_result result = pwi_gc_new(store, PW_OBJECT_STRUCT, type, type->field_slots, object);
    if (result != PW_OK || !fields)
        return result;
    for (uint32_t i = 0; i < type->field_count; i++) {
        const pw_field *field = &type->fields[i];
        pw_slot *to = &(*object)->payload[field->slot];
        *to = *fields++;
        if (field->storage == PW_V128)
            to[1] = *fields++;
        else if (pwi_storage_packed(field->storage))
            *to &= field->storage == PW_STORAGE_I8 ? 0xff : 0xffff;
    }
    return PW_OK;
}

pw_result pwi_array_new(pw_store *store, const pw_type_record *type, uint32_t length, pw_object **object)
{
    return pwi_gc_new(store, PW_OBJECT_ARRAY, type, length, object);
}

pw_result pwi_array_fill(pw_store *store, pw_object *array, uint32_t from, uint32_t count,
                         const pw_slot *value)
{
    uint32_t width = pwi_storage_bytes(array->type->fields[0].storage);
    return pwi_bulk_repeat(store, pwi_elements(array) + (uint64_t)from * width, value, width, count);
}

pw_result pwi_array_copy(pw_store *store, pw_object *to, uint32_t to_index, const pw_object *from,
                         uint32_t from_index, uint32_t count)
{
    uint64_t width = pwi_storage_bytes(to->type->fields[0].storage);
    return pwi_bulk_move(store, pwi_elements(to) + to_index * width,
                         (const uint8_t *)from->payload + from_index * width, count * width);
}

pw_result pwi_array_from_data(pw_instance *instance, uint32_t segment, pw_object *array, uint32_t at,
                              uint64_t offset, uint32_t count)
{
    const pw_data_segment *data = &instance->module->datas[segment];
    uint64_t size = instance->dropped_datas[segment] ? 0 : data->bytes_size;
    uint64_t width = pwi_storage_bytes(array->type->fields[0].storage);
    if (!pwi_span_fits(offset, count * width, size))
        return PW_ERR_TRAP;
    return pwi_bulk_move(instance->store, pwi_elements(array) + at * width,
                         instance->module->bytes + data->bytes_offset + offset, count * width);
}

pw_result pwi_array_from_elem(pw_instance *instance, uint32_t segment, pw_object *array, uint32_t at,
                              uint64_t offset, uint32_t count)
{
    const pw_slot *values;
    uint64_t size;
    pw_result result = pwi_elem_values(instance, segment, &values, &size);
    if (result != PW_OK)
        return result;
    if (!pwi_span_fits(offset, count, size))
        return PW_ERR_TRAP;
    if (count == 0)
        return PW_OK;
    return pwi_bulk_move(instance->store, pwi_elements(array) + (uint64_t)at * sizeof(pw_slot),
                         values + offset, count * sizeof(pw_slot));
}

bool pwi_ref_matches(const pw_store *store, pw_slot reference, pw_val_type type)
{
    uint32_t heap = PW_TYPE_HEAP(type);
    if (!reference)
        return PW_TYPE_KIND(type) == PW_KIND_REF_NULL;
    uint32_t top = pwi_heap_top(store->registry, heap);
    if (top == PW_HEAP_EXTERN || top == PW_HEAP_EXN)
        return heap == top;
    if (reference & 1)
        return heap == PW_HEAP_I31 || heap == PW_HEAP_EQ || heap == PW_HEAP_ANY;
    const pw_object *object = pwi_object(reference);
    if (object->kind == PW_OBJECT_HOST)
        return heap == PW_HEAP_ANY;
    const pw_type_record *record =
        object->kind == PW_OBJECT_FUNC ? ((const pw_func *)(uintptr_t)reference)->type : object->type;
    return pwi_type_matches(store->registry, PW_REF_TYPE(PW_KIND_REF, record->id), type);
}
