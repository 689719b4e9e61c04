/* snapshot_take.c - the state of an instance, kept. Objects are found from the globals, tables and segments on, breadth first:
 * those that have been found are the queue of those to look into. What cannot be kept is noted with its place, and the
 * rest is gone through all the same, so that the error names all of it. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/utf8.h"
#include "runtime/gc_object.h"
#include "runtime/memory.h"
#include "runtime/pointer_map.h"
#include "runtime/snapshot_calls.h"
#include "runtime/table.h"

struct pw_taking {
    const pw_instance *instance;
    const pw_module *module;
    pw_snapshot *snapshot;
    pw_pointer_map numbers;     /* of imported functions, tags, types and objects: all have addresses of their own */
    const pw_object **found;    /* by index in snapshot->objects */
    size_t found_capacity;
    bool has_types;             /* numbers has those of types */
    const char *why;            /* what the last reference cannot be kept for; NULL: it was */
    pw_result result;           /* of memory */
    size_t refused_length;
    char refused[PW_ERROR_TEXT]; /* "memory 0 is shared; table 1 holds ..." */
};

/* ---- what cannot be kept ---- */

static const char *const KINDS[] = {"function", "table", "memory", "global", "tag"};

/* Bytes of a name that are shown. */
static int shown(pw_name name)
{
    return (int)(name.length <= 80 ? name.length : pwi_utf8_cut(name.bytes, 80));
}

/* Its name as an import or an export, else its number. */
static void place_text(const pw_module *module, pw_extern_kind kind, uint32_t index, char *out, size_t size)
{
    for (uint32_t i = 0; i < module->import_count; i++) {
        const pw_import *import = &module->imports[i];
        if (import->kind == kind && import->index == index) {
            (void)snprintf(out, size, "the imported %s %.*s.%.*s", KINDS[kind], shown(import->module),
                           import->module.bytes, shown(import->name), import->name.bytes);
            return;
        }
    }
    for (uint32_t i = 0; i < module->export_count; i++) {
        const pw_export *export = &module->exports[i];
        if (export->kind == kind && export->index == index) {
            (void)snprintf(out, size, "%s %.*s", KINDS[kind], shown(export->name), export->name.bytes);
            return;
        }
    }
    (void)snprintf(out, size, "%s %lu", KINDS[kind], (unsigned long)index);
}

void pwi_taking_refuse(pw_taking *t, const char *place, const char *why)
{
    size_t room = sizeof t->refused - t->refused_length;
    int length = snprintf(t->refused + t->refused_length, room, "%s%s %s", t->refused_length ? "; " : "", place, why);
    if (length > 0)
        t->refused_length += (size_t)length < room ? (size_t)length : room - 1;
}

static void refuse_extern(pw_taking *t, pw_extern_kind kind, uint32_t index, const char *why)
{
    char place[200];
    place_text(t->module, kind, index, place, sizeof place);
    pwi_taking_refuse(t, place, why);
}

static void refuse_imports(pw_taking *t)
{
    const pw_module *module = t->module;
    for (uint32_t i = 0; i < module->import_count; i++) {
        const pw_import *import = &module->imports[i];
        if (import->kind == PW_EXTERN_MEMORY || import->kind == PW_EXTERN_TABLE ||
            (import->kind == PW_EXTERN_GLOBAL && module->globals[import->index].type.is_mutable))
            refuse_extern(t, import->kind, import->index, "belongs to somebody else");
    }
}

/* ---- references ---- */

static bool know(pw_taking *t, const void *thing, uint64_t number)
{
    if (!pwi_pointers_add(&t->numbers, thing, number))
        t->result = PW_ERR_NO_MEMORY;
    return t->result == PW_OK;
}

/* The number of a type or tag of the module. */
static bool number_of(pw_taking *t, const void *thing, uint32_t *number)
{
    uint64_t found;
    for (uint32_t i = 0; !t->has_types && i < t->module->type_count; i++)
        (void)know(t, t->module->types[i], i);
    for (uint32_t i = 0; !t->has_types && i < t->module->tag_count; i++)
        (void)know(t, t->instance->tags[i], i);
    t->has_types = true;
    if (!pwi_pointers_find(&t->numbers, thing, &found))
        return false;
    *number = (uint32_t)found;
    return true;
}

static pw_slot keep_func(pw_taking *t, const pw_func *func)
{
    uint64_t number;
    if (func->instance == t->instance)
        return pwi_saved(PW_SAVED_FUNC, func->func_index);
    if (pwi_pointers_find(&t->numbers, func, &number))
        return pwi_saved(PW_SAVED_FUNC, number);
    t->why = func->instance ? "a function of another instance that is not imported"
                            : "a host function that is not imported";
    return 0;
}

static pw_slot keep_object(pw_taking *t, const pw_object *object)
{
    pw_saved_object saved = {.kind = object->kind, .length = object->length};
    void *found = t->found;
    uint64_t number;
    if (pwi_pointers_find(&t->numbers, object, &number))
        return pwi_saved(PW_SAVED_OBJECT, number);
    if (!number_of(t, object->type, &saved.type)) {
        t->why = "an object of a type that the module does not have";
        return 0;
    }
    if (object->kind == PW_OBJECT_EXCEPTION && !number_of(t, object->tag, &saved.tag)) {
        t->why = "an exception with a tag that the module does not have";
        return 0;
    }
    number = t->snapshot->object_count;
    if (!pwi_reserve(&found, &t->found_capacity, (size_t)number + 1, sizeof(pw_object *)) ||
        pwi_snapshot_add_object(t->snapshot, &saved) != PW_OK) {
        t->found = found;
        t->result = PW_ERR_NO_MEMORY;
        return 0;
    }
    t->found = found;
    t->found[number] = object;
    return know(t, object, number) ? pwi_saved(PW_SAVED_OBJECT, number) : 0;
}

/* The word for a reference; 0, with t->why, where there is none. */
static pw_slot keep_reference(pw_taking *t, pw_slot reference)
{
    t->why = NULL;
    if (!reference || (reference & 1))
        return reference;
    switch (pwi_object(reference)->kind) {
    case PW_OBJECT_FUNC:
        return keep_func(t, (const pw_func *)(uintptr_t)reference);
    case PW_OBJECT_HOST:
        t->why = "a host object";
        return 0;
    default:
        return keep_object(t, pwi_object(reference));
    }
}

/* Copies the value of a type; false where it is a reference that cannot be kept. */
static bool keep_value(pw_taking *t, pw_val_type type, const pw_slot *from, pw_slot *to)
{
    if (pwi_type_is_ref(type)) {
        *to = keep_reference(t, *from);
        return !t->why;
    }
    memcpy(to, from, pw_type_slots(type) * sizeof *to);
    return true;
}

const char *pwi_taking_value(pw_taking *t, pw_val_type type, const pw_slot *from, pw_slot *to)
{
    if (!keep_value(t, type, from, to))
        return t->why;
    if (type == PW_I32 || type == PW_F32)
        *to = (uint32_t)*to;
    return NULL;
}

void pwi_taking_failed(pw_taking *t, pw_result result)
{
    if (t->result == PW_OK)
        t->result = result;
}

/* ---- objects ---- */

static void keep_references(pw_taking *t, const pw_slot *from, size_t payload, uint64_t count, const char **why)
{
    for (uint64_t i = 0; i < count && t->result == PW_OK; i++) {
        pw_slot word = keep_reference(t, from[i]); /* payload may move meanwhile */
        t->snapshot->payload[payload + i] = word;
        if (t->why)
            *why = t->why;
    }
}

static void keep_payload(pw_taking *t, size_t index)
{
    const pw_object *object = t->found[index];
    const pw_type_record *type = object->type;
    pw_saved_object saved = t->snapshot->objects[index];
    pw_slot *payload = t->snapshot->payload + saved.payload;
    const char *why = NULL;
    size_t slots = (size_t)pwi_saved_payload_slots(type, &saved);
    if (slots)
        memcpy(payload, object->payload, slots * sizeof *payload);
    if (object->kind == PW_OBJECT_ARRAY && pwi_type_is_ref(type->fields[0].storage))
        keep_references(t, object->payload, saved.payload, object->length, &why);
    for (uint32_t i = 0; object->kind == PW_OBJECT_STRUCT && i < type->field_count; i++) {
        uint32_t slot = type->fields[i].slot;
        if (pwi_type_is_ref(type->fields[i].storage))
            keep_references(t, object->payload + slot, saved.payload + slot, 1, &why);
    }
    uint32_t slot = 0;
    for (uint32_t i = 0; object->kind == PW_OBJECT_EXCEPTION && i < type->func.param_count; i++) {
        if (pwi_type_is_ref(type->func.params[i]))
            keep_references(t, object->payload + slot, saved.payload + slot, 1, &why);
        slot += pw_type_slots(type->func.params[i]);
    }
    if (why && t->refused_length + 100 < sizeof t->refused) {
        static const char *const names[] = {"an exception", "a struct", "an array"};
        char text[160];
        (void)snprintf(text, sizeof text, "of type %lu refers to %s", (unsigned long)saved.type, why);
        pwi_taking_refuse(t, names[object->kind - PW_OBJECT_EXCEPTION], text);
    }
}

/* ---- the parts of an instance ---- */

static void keep_globals(pw_taking *t)
{
    for (uint32_t i = t->module->imported_globals; i < t->module->global_count; i++) {
        const pw_global_decl *decl = &t->module->globals[i];
        if (!keep_value(t, decl->type.type, pwi_global_place(t->instance, i), &t->snapshot->globals[decl->slot])) {
            char text[120];
            (void)snprintf(text, sizeof text, "holds %s", t->why);
            refuse_extern(t, PW_EXTERN_GLOBAL, i, text);
        }
    }
}

static void keep_table(pw_taking *t, uint32_t index)
{
    const pw_table *table = t->instance->tables[index];
    if (pwi_snapshot_add_table(t->snapshot, index, table->size) != PW_OK)
        t->result = PW_ERR_NO_MEMORY;
    for (uint64_t i = 0; i < table->size && t->result == PW_OK; i++) {
        t->snapshot->tables[index].elements[i] = keep_reference(t, table->elements[i]);
        if (t->why) {
            char text[120];
            (void)snprintf(text, sizeof text, "holds %s at %llu", t->why, (unsigned long long)i);
            refuse_extern(t, PW_EXTERN_TABLE, index, text);
            return; /* one is enough of each table */
        }
    }
}

static void keep_segments(pw_taking *t)
{
    const pw_instance *instance = t->instance;
    if (t->module->elem_count)
        memcpy(t->snapshot->dropped_elems, instance->dropped_elems, t->module->elem_count);
    if (t->module->data_count)
        memcpy(t->snapshot->dropped_datas, instance->dropped_datas, t->module->data_count);
    for (uint32_t i = 0; i < t->module->elem_count && t->result == PW_OK; i++) {
        if (!instance->elem_values[i] || instance->dropped_elems[i])
            continue;
        if (pwi_snapshot_add_elem(t->snapshot, i) != PW_OK)
            t->result = PW_ERR_NO_MEMORY;
        for (uint32_t k = 0; k < t->module->elems[i].count && t->result == PW_OK; k++) {
            t->snapshot->elem_values[i][k] = keep_reference(t, instance->elem_values[i][k]);
            if (t->why) {
                char place[60];
                (void)snprintf(place, sizeof place, "element segment %lu holds", (unsigned long)i);
                pwi_taking_refuse(t, place, t->why);
                break;
            }
        }
    }
}

static void keep_memory(pw_taking *t, uint32_t index)
{
    const pw_memory *memory = t->instance->memories[index];
    if (memory->shared) {
        refuse_extern(t, PW_EXTERN_MEMORY, index, "is shared");
        return;
    }
    t->snapshot->memories[index] = pwi_memory_save(memory);
    if (!t->snapshot->memories[index])
        t->result = PW_ERR_NO_MEMORY;
}

static void keep_all(pw_taking *t)
{
    const pw_module *module = t->module;
    refuse_imports(t);
    for (uint32_t i = 0; i < module->imported_funcs; i++)
        (void)know(t, t->instance->funcs[i], i);
    keep_globals(t);
    for (uint32_t i = module->imported_tables; i < module->table_count && t->result == PW_OK; i++)
        keep_table(t, i);
    keep_segments(t);
    const pw_store *store = t->instance->store;
    if (store->call_saver && t->result == PW_OK)
        store->call_saver->keep(t, t->instance, t->snapshot);
    for (size_t i = 0; i < t->snapshot->object_count && t->result == PW_OK; i++)
        keep_payload(t, i);
    /* Last, as it takes longest: not for a state that is refused. */
    for (uint32_t i = module->imported_memories; i < module->memory_count && t->result == PW_OK; i++) {
        if (!t->refused_length || t->instance->memories[i]->shared)
            keep_memory(t, i);
    }
}

static pw_result ended(pw_taking *t, pw_error *error)
{
    if (t->result != PW_OK)
        return pwi_no_memory(error);
    if (!t->refused_length)
        return pwi_snapshot_check(t->snapshot, error);
    t->refused[pwi_utf8_cut(t->refused, t->refused_length)] = '\0';
    return pwi_fail(error, PW_ERR_ARGUMENT, "the instance cannot be saved: %s", t->refused);
}

pw_result pwi_snapshot_take(const pw_instance *instance, pw_snapshot **snapshot, pw_error *error)
{
    pw_taking t = {.instance = instance, .module = instance->module, .result = PW_OK};
    *snapshot = NULL;
    pw_result result = pwi_snapshot_make(instance->module, &t.snapshot, error);
    if (result != PW_OK)
        return result;
    keep_all(&t);
    result = ended(&t, error);
    pwi_pointers_free(&t.numbers);
    pwi_free((void *)t.found);
    if (result == PW_OK)
        *snapshot = t.snapshot;
    else
        pwi_snapshot_destroy(t.snapshot);
    return result;
}
