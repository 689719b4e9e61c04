/* api_object.c - what a reference points to, and looking into structs and arrays. */
#include <string.h>

#include "base/config.h"
#include "base/error.h"
#include "runtime/gc_object.h"

pw_ref_kind pw_ref_kind_of(pw_slot reference)
{
    if (!reference)
        return PW_REF_KIND_NULL;
    if (reference & 1)
        return PW_REF_KIND_I31;
    switch ((pw_object_kind)pwi_object(reference)->kind) {
    case PW_OBJECT_FUNC:
        return PW_REF_KIND_FUNC;
    case PW_OBJECT_HOST:
        return PW_REF_KIND_HOST;
    case PW_OBJECT_EXCEPTION:
        return PW_REF_KIND_EXCEPTION;
    case PW_OBJECT_STRUCT:
        return PW_REF_KIND_STRUCT;
    case PW_OBJECT_ARRAY:
        return PW_REF_KIND_ARRAY;
    }
    return PW_REF_KIND_NULL;
}

pw_slot pw_i31_new(uint32_t value)
{
    return pwi_i31(value);
}

int32_t pw_i31_value(pw_slot reference)
{
    return (int32_t)(uint32_t)reference >> 1;
}

bool pw_ref_fits(const pw_store *store, pw_slot reference, pw_val_type type)
{
    return pwi_type_is_ref(type) && pwi_value_fits(store, type, &reference);
}

static bool is_object(pw_slot reference)
{
    pw_ref_kind kind = pw_ref_kind_of(reference);
    return kind == PW_REF_KIND_STRUCT || kind == PW_REF_KIND_ARRAY;
}

uint32_t pw_object_length(pw_slot reference)
{
    if (!is_object(reference))
        return 0;
    const pw_object *object = pwi_object(reference);
    return object->kind == PW_OBJECT_ARRAY ? object->length : object->type->field_count;
}

uint32_t pw_object_type(pw_slot reference)
{
    return is_object(reference) ? pwi_object(reference)->type->id : PW_NO_INDEX;
}

pw_result pw_object_field(pw_slot reference, uint32_t index, pw_field_info *out)
{
    if (!is_object(reference))
        return PW_ERR_ARGUMENT;
    const pw_object *object = pwi_object(reference);
    bool is_array = object->kind == PW_OBJECT_ARRAY;
    if (!is_array && index >= object->type->field_count)
        return PW_ERR_ARGUMENT;
    const pw_field *field = &object->type->fields[is_array ? 0 : index];
    uint32_t bytes = pwi_storage_bytes(field->storage);
    out->type = pwi_storage_unpacked(field->storage);
    out->packed_bits = bytes < 4 ? (uint8_t)(bytes * 8) : 0;
    out->is_mutable = field->is_mutable;
    return PW_OK;
}

/* The place of a field or an element, and its storage type; NULL out of bounds. */
static uint8_t *place_of(pw_slot reference, uint32_t index, const pw_field **field)
{
    if (index >= pw_object_length(reference))
        return NULL;
    pw_object *object = pwi_object(reference);
    bool is_array = object->kind == PW_OBJECT_ARRAY;
    *field = &object->type->fields[is_array ? 0 : index];
    if (is_array)
        return pwi_elements(object) + (uint64_t)index * pwi_storage_bytes((*field)->storage);
    return (uint8_t *)&object->payload[(*field)->slot];
}

pw_result pw_object_get(pw_slot reference, uint32_t index, pw_slot *value, pw_val_type *type)
{
    const pw_field *field = NULL;
    const uint8_t *place = place_of(reference, index, &field);
    if (!place)
        return PW_ERR_ARGUMENT;
    *type = pwi_storage_unpacked(field->storage);
    value[0] = 0;
    memcpy(value, place, pwi_storage_bytes(field->storage));
    return PW_OK;
}

pw_result pw_object_set(pw_store *store, pw_slot reference, uint32_t index, const pw_slot *value)
{
    const pw_field *field = NULL;
    uint8_t *place = place_of(reference, index, &field);
    if (!place || !field->is_mutable || !pwi_value_fits(store, pwi_storage_unpacked(field->storage), value))
        return PW_ERR_ARGUMENT;
    memcpy(place, value, pwi_storage_bytes(field->storage));
    return PW_OK;
}
