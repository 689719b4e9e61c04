/* snapshot_check.c - is a snapshot the state of an instance of its module? What restoring relies on: indices are in range,
 * every reference belongs to the type of its place, sizes are within those of the module's types, and what narrow numbers
 * leave of their slots is zero. */
#include "base/error.h"
#include "runtime/gc_object.h"
#include "runtime/snapshot.h"

typedef struct checking {
    const pw_snapshot *snapshot;
    const pw_module *module;
    const pw_type_registry *registry;
} checking;

static bool matches(const checking *c, const pw_type_record *record, pw_val_type type)
{
    return pwi_type_matches(c->registry, PW_REF_TYPE(PW_KIND_REF, record->id), type);
}

static bool func_fits(const checking *c, uint64_t index, pw_val_type type)
{
    return index < c->module->func_count &&
           pwi_heap_top(c->registry, PW_TYPE_HEAP(type)) == PW_HEAP_FUNC &&
           matches(c, pwi_func_type_record(c->module, (uint32_t)index), type);
}

static bool object_fits(const checking *c, uint64_t index, pw_val_type type)
{
    uint32_t heap = PW_TYPE_HEAP(type), top = pwi_heap_top(c->registry, heap);
    if (index >= c->snapshot->object_count)
        return false;
    const pw_saved_object *object = &c->snapshot->objects[index];
    if (object->kind == PW_OBJECT_EXCEPTION)
        return heap == PW_HEAP_EXN;
    if (top == PW_HEAP_EXTERN)
        return heap == PW_HEAP_EXTERN;
    return top == PW_HEAP_ANY && matches(c, c->module->types[object->type], type);
}

static bool i31_fits(const checking *c, pw_slot word, pw_val_type type)
{
    uint32_t heap = PW_TYPE_HEAP(type);
    (void)c;
    return word >> 32 == 0 &&
           (heap == PW_HEAP_I31 || heap == PW_HEAP_EQ || heap == PW_HEAP_ANY || heap == PW_HEAP_EXTERN);
}

static bool reference_fits(const checking *c, pw_slot word, pw_val_type type)
{
    if (!word)
        return PW_TYPE_KIND(type) == PW_KIND_REF_NULL;
    if (word & 1)
        return i31_fits(c, word, type);
    if ((word & 7) == PW_SAVED_FUNC)
        return func_fits(c, word >> 3, type);
    return (word & 7) == PW_SAVED_OBJECT && object_fits(c, word >> 3, type);
}

static bool value_fits(const checking *c, const pw_slot *value, pw_val_type storage)
{
    if (pwi_type_is_ref(storage))
        return reference_fits(c, *value, storage);
    if (storage == PW_STORAGE_I8)
        return *value >> 8 == 0;
    if (storage == PW_STORAGE_I16)
        return *value >> 16 == 0;
    return (storage != PW_I32 && storage != PW_F32) || *value >> 32 == 0;
}

bool pwi_saved_value_fits(const pw_snapshot *snapshot, pw_val_type type, const pw_slot *value)
{
    const checking c = {snapshot, snapshot->module, snapshot->module->registry};
    return value_fits(&c, value, type);
}

static bool values_fit(const checking *c, const pw_slot *values, uint64_t count, pw_val_type type)
{
    for (uint64_t i = 0; i < count; i++) {
        if (!reference_fits(c, values[i], type))
            return false;
    }
    return true;
}

/* ---- objects ---- */

/* What the others need to know of an object before they refer to it. */
static bool head_fits(const checking *c, const pw_saved_object *object)
{
    if (object->type >= c->module->type_count)
        return false;
    const pw_type_record *type = c->module->types[object->type];
    switch (object->kind) {
    case PW_OBJECT_EXCEPTION:
        return object->tag < c->module->tag_count && pwi_tag_type_record(c->module, object->tag) == type &&
               object->length == type->param_slots;
    case PW_OBJECT_STRUCT:
        return type->kind == PW_DEF_STRUCT && object->length == type->field_slots;
    case PW_OBJECT_ARRAY:
        return type->kind == PW_DEF_ARRAY;
    default:
        return false;
    }
}

static bool payload_fits(const checking *c, const pw_saved_object *object)
{
    const pw_type_record *type = c->module->types[object->type];
    const pw_slot *values = c->snapshot->payload + object->payload;
    uint64_t slots = pwi_saved_payload_slots(type, object);
    if (object->payload > c->snapshot->payload_count || slots > c->snapshot->payload_count - object->payload)
        return false;
    if (object->kind == PW_OBJECT_ARRAY)
        return !pwi_type_is_ref(type->fields[0].storage) || values_fit(c, values, object->length, type->fields[0].storage);
    for (uint32_t i = 0; object->kind == PW_OBJECT_STRUCT && i < type->field_count; i++) {
        if (!value_fits(c, values + type->fields[i].slot, type->fields[i].storage))
            return false;
    }
    for (uint32_t i = 0; object->kind == PW_OBJECT_EXCEPTION && i < type->func.param_count; i++) {
        if (!value_fits(c, values, type->func.params[i]))
            return false;
        values += pw_type_slots(type->func.params[i]);
    }
    return true;
}

static const char *objects_are_wrong(const checking *c)
{
    for (size_t i = 0; i < c->snapshot->object_count; i++) {
        if (!head_fits(c, &c->snapshot->objects[i]))
            return "object";
    }
    for (size_t i = 0; i < c->snapshot->object_count; i++) {
        if (!payload_fits(c, &c->snapshot->objects[i]))
            return "object";
    }
    return NULL;
}

/* ---- the parts of an instance ---- */

static const char *globals_are_wrong(const checking *c)
{
    for (uint32_t i = c->module->imported_globals; i < c->module->global_count; i++) {
        const pw_global_decl *decl = &c->module->globals[i];
        if (!value_fits(c, &c->snapshot->globals[decl->slot], decl->type.type))
            return "global";
    }
    return NULL;
}

static const char *tables_are_wrong(const checking *c)
{
    for (uint32_t i = c->module->imported_tables; i < c->module->table_count; i++) {
        const pw_table_type *type = &c->module->tables[i].type;
        const pw_saved_table *table = &c->snapshot->tables[i];
        uint64_t most = type->limits.is64 ? UINT64_MAX : UINT32_MAX;
        if (type->limits.has_max)
            most = type->limits.max;
        if (table->size < type->limits.min || table->size > most ||
            !values_fit(c, table->elements, table->size, type->element))
            return "table";
    }
    return NULL;
}

static const char *memories_are_wrong(const checking *c)
{
    for (uint32_t i = c->module->imported_memories; i < c->module->memory_count; i++) {
        const pw_limits *type = &c->module->memories[i];
        const pwi_vm_image *image = c->snapshot->memories[i];
        uint64_t most = type->has_max ? type->max : pwi_most_pages(type);
        if (!image || image->size >> type->page_bits < type->min || image->size >> type->page_bits > most ||
            image->size & (((uint64_t)1 << type->page_bits) - 1))
            return "memory";
    }
    return NULL;
}

/* A passive segment of expressions has its values until it is dropped: they are evaluated once only. Of other segments only
 * passive ones are ever looked at again. */
static const char *segments_are_wrong(const checking *c)
{
    for (uint32_t i = 0; i < c->module->elem_count; i++) {
        const pw_elem_segment *segment = &c->module->elems[i];
        const pw_slot *values = c->snapshot->elem_values[i];
        bool dropped = c->snapshot->dropped_elems[i];
        bool wanted = !dropped && segment->uses_expressions;
        if ((!dropped && segment->mode != PW_SEGMENT_PASSIVE) || (dropped && values) || (wanted && !values))
            return "element segment";
        if (values && !values_fit(c, values, segment->count, segment->type))
            return "element segment";
    }
    for (uint32_t i = 0; i < c->module->data_count; i++) {
        if (c->module->datas[i].mode == PW_SEGMENT_ACTIVE && !c->snapshot->dropped_datas[i])
            return "data segment";
    }
    return NULL;
}

pw_result pwi_snapshot_check(const pw_snapshot *snapshot, pw_error *error)
{
    const checking c = {snapshot, snapshot->module, snapshot->module->registry};
    const char *wrong = objects_are_wrong(&c);
    if (!wrong)
        wrong = globals_are_wrong(&c);
    if (!wrong)
        wrong = tables_are_wrong(&c);
    if (!wrong)
        wrong = segments_are_wrong(&c);
    if (!wrong)
        wrong = memories_are_wrong(&c);
    if (wrong)
        return pwi_fail(error, PW_ERR_ARGUMENT, "the snapshot holds a %s that an instance of its module cannot have",
                        wrong);
    return PW_OK;
}
