/* func.c - functions of the host, and whether values of the host belong to a type. */
#include "base/alloc.h"
#include "base/config.h"
#include "base/error.h"
#include "runtime/gc_object.h"

bool pwi_val_type_exists(pw_type_registry *registry, pw_val_type type)
{
    uint32_t heap = PW_TYPE_HEAP(type);
    if (!pwi_type_is_ref(type))
        return type == PW_I32 || type == PW_I64 || type == PW_F32 || type == PW_F64 || type == PW_V128;
    if (heap < PW_HEAP_ABSTRACT)
        return pwi_types_find(registry, heap) != NULL;
    return heap >= PW_HEAP_EXN && heap <= PW_HEAP_NOEXN;
}

/* Whoever names a concrete type has it from something that lives, so it cannot go between the two steps. */
pw_result pwi_store_hold_type(pw_store *store, pw_val_type type)
{
    if (!pwi_val_type_exists(store->registry, type))
        return PW_ERR_ARGUMENT;
    if (!pwi_type_is_ref(type) || PW_TYPE_HEAP(type) >= PW_HEAP_ABSTRACT)
        return PW_OK;
    pw_type_record *record = pwi_types_find(store->registry, PW_TYPE_HEAP(type));
    if (!record)
        return PW_ERR_ARGUMENT;
    pw_result result = pwi_list_add(&store->types, record);
    if (result == PW_OK)
        pwi_types_retain(store->registry, record);
    return result;
}

static bool has_kind(pw_slot reference, pw_object_kind kind)
{
    return !(reference & 1) && pwi_object(reference)->kind == kind;
}

bool pwi_value_fits(const pw_store *store, pw_val_type type, const pw_slot *value)
{
    uint32_t heap = PW_TYPE_HEAP(type);
    if (type == PW_I32 || type == PW_F32)
        return *value >> 32 == 0;
    if (!pwi_type_is_ref(type))
        return true;
    if (*value == 0)
        return PW_TYPE_KIND(type) == PW_KIND_REF_NULL;
    switch (pwi_heap_top(store->registry, heap)) {
    case PW_HEAP_FUNC: {
        const pw_func *func = (const pw_func *)(uintptr_t)*value;
        return has_kind(*value, PW_OBJECT_FUNC) && func->store == store &&
               pwi_type_matches(store->registry, PW_REF_TYPE(PW_KIND_REF, func->type->id), type);
    }
    case PW_HEAP_EXTERN:
        return heap == PW_HEAP_EXTERN;
    case PW_HEAP_EXN:
        return heap == PW_HEAP_EXN && has_kind(*value, PW_OBJECT_EXCEPTION);
    default:
        return pwi_ref_matches(store, *value, type);
    }
}

static bool types_exist(pw_type_registry *registry, const pw_val_type *types, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!pwi_val_type_exists(registry, types[i]))
            return false;
    }
    return true;
}

pw_result pwi_func_make_host(pw_store *store, const pw_func_type *type, pw_host_fn call, void *env,
                             void (*finalize)(void *env), pw_func **func, pw_error *error)
{
    pw_type_registry *registry = store->registry;
    *func = NULL;
    if (!call)
        return pwi_fail(error, PW_ERR_ARGUMENT, "a host function needs something to call");
    if (type->param_count > PW_MAX_PARAMS || type->result_count > PW_MAX_RESULTS)
        return pwi_fail(error, PW_ERR_ARGUMENT,
                        "%lu parameters and %lu results are over the limit of %u and %u",
                        (unsigned long)type->param_count, (unsigned long)type->result_count, PW_MAX_PARAMS,
                        PW_MAX_RESULTS);
    if (!types_exist(registry, type->params, type->param_count) ||
        !types_exist(registry, type->results, type->result_count))
        return pwi_fail(error, PW_ERR_ARGUMENT, "the function type names a value type that does not exist");

    pw_type_record *record;
    pw_result result = pwi_types_intern(registry, type, &record);
    if (result != PW_OK)
        return pwi_no_memory(error);
    result = pwi_list_add(&store->types, record);
    if (result != PW_OK) {
        pwi_types_drop(registry, record);
        return pwi_no_memory(error);
    }
    pw_func *self = pwi_alloc_zero(1, sizeof *self);
    if (!self || pwi_list_add(&store->host_funcs, self) != PW_OK) {
        pwi_free(self); /* the type stays with the store */
        return pwi_no_memory(error);
    }
    self->type = record;
    self->store = store;
    self->func_index = PW_NO_INDEX;
    self->host = call;
    self->env = env;
    self->finalize = finalize;
    *func = self;
    return PW_OK;
}
