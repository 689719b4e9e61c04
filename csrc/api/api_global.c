/* api_global.c - globals as the embedder sees them: types are checked here. */
#include "base/config.h"
#include "base/error.h"
#include "runtime/store.h"

static pw_result wrong_value(pw_store *store, pw_val_type type)
{
    char text[64];
    pw_val_type_text(type, text, sizeof text);
    return pwi_fail(&store->error, PW_ERR_ARGUMENT, "the value is no %s of this store", text);
}

pw_result pw_global_new(pw_store *store, const pw_global_type *type, const pw_slot *value, pw_global **global)
{
    *global = NULL;
    pw_error_clear(&store->error);
    pw_result result = pwi_store_hold_type(store, type->type);
    if (result != PW_OK)
        return pwi_fail(&store->error, result, "the type of the global does not exist or cannot be held");
    if (!pwi_value_fits(store, type->type, value))
        return wrong_value(store, type->type);
    return pwi_global_make(store, type, value, global, &store->error);
}

pw_store *pw_global_store(const pw_global *global)
{
    return global->store;
}

void pw_global_type_of(const pw_global *global, pw_global_type *out)
{
    *out = global->type;
}

void pw_global_get(const pw_global *global, pw_slot *value)
{
    for (uint32_t i = 0; i < pw_type_slots(global->type.type); i++)
        value[i] = global->value[i];
}

pw_result pw_global_set(pw_global *global, const pw_slot *value)
{
    pw_store *store = global->store;
    pw_error_clear(&store->error);
    if (!global->type.is_mutable)
        return pwi_fail(&store->error, PW_ERR_ARGUMENT, "the global is immutable");
    if (!pwi_value_fits(store, global->type.type, value))
        return wrong_value(store, global->type.type);
    for (uint32_t i = 0; i < pw_type_slots(global->type.type); i++)
        global->value[i] = value[i];
    return PW_OK;
}
