/* api_exception.c - tags and exceptions as the embedder sees them. */
#include <string.h>

#include "base/config.h"
#include "base/error.h"
#include "runtime/exception.h"

pw_result pw_tag_new(pw_store *store, const pw_func_type *type, pw_tag **tag)
{
    *tag = NULL;
    pw_error_clear(&store->error);
    if (type->result_count)
        return pwi_fail(&store->error, PW_ERR_ARGUMENT, "the type of a tag has no results");
    for (uint32_t i = 0; i < type->param_count; i++) {
        if (!pwi_val_type_exists(store->registry, type->params[i]))
            return pwi_fail(&store->error, PW_ERR_ARGUMENT, "the tag's type names a value type that does not exist");
    }
    pw_type_record *record;
    if (pwi_types_intern(store->registry, type, &record) != PW_OK)
        return pwi_no_memory(&store->error);
    if (pwi_list_add(&store->types, record) != PW_OK) {
        pwi_types_drop(store->registry, record);
        return pwi_no_memory(&store->error);
    }
    return pwi_tag_make(store, record, tag) == PW_OK ? PW_OK : pwi_no_memory(&store->error);
}

pw_store *pw_tag_store(const pw_tag *tag)
{
    return tag->store;
}

void pw_tag_type_of(const pw_tag *tag, pw_func_type *out)
{
    *out = tag->type->func;
}

static const pw_object *exception_of(pw_slot exception)
{
    return (const pw_object *)(uintptr_t)exception;
}

pw_slot pw_store_exception(pw_store *store)
{
    return store->exception;
}

pw_tag *pw_exception_tag(pw_slot exception)
{
    return exception_of(exception)->tag;
}

const pw_slot *pw_exception_values(pw_slot exception)
{
    return exception_of(exception)->payload;
}

pw_result pw_raise_exception(pw_store *store, pw_tag *tag, const pw_slot *values)
{
    pw_object *object;
    pw_error_clear(&store->error);
    if (tag->store != store)
        return pwi_fail(&store->error, PW_ERR_ARGUMENT, "the tag belongs to another store");
    const pw_func_type *type = &tag->type->func;
    const pw_slot *value = values;
    for (uint32_t i = 0; i < type->param_count; value += pw_type_slots(type->params[i++])) {
        if (!pwi_value_fits(store, type->params[i], value))
            return pwi_fail(&store->error, PW_ERR_ARGUMENT, "a value of the exception does not fit its tag");
    }
    pw_result result = pwi_exception_new(store, tag, values, &object);
    if (result != PW_OK)
        return pwi_fail(&store->error, result, "no memory for an exception");
    return pw_rethrow_exception(store, (pw_slot)(uintptr_t)object);
}

pw_result pw_rethrow_exception(pw_store *store, pw_slot exception)
{
    store->exception = exception;
    pw_error_clear(&store->error);
    return pwi_fail(&store->error, PW_ERR_EXCEPTION, "uncaught exception");
}

pw_result pw_ref_hold(pw_store *store, pw_slot reference)
{
    return pwi_gc_hold(store, reference);
}

void pw_ref_release(pw_store *store, pw_slot reference)
{
    pwi_gc_release(store, reference);
}
