/* global.c - global objects: one for each global that somebody outside of its instance can see. The value
 * of a wasm global stays in its instance; the object points there. Globals of the host hold their own. */
#include "base/alloc.h"
#include "base/error.h"
#include "runtime/store.h"

pw_result pwi_global_make(pw_store *store, const pw_global_type *type, const pw_slot *value,
                          pw_global **global, pw_error *error)
{
    *global = NULL;
    pw_global *self = pwi_alloc_zero(1, sizeof *self);
    if (!self || pwi_list_add(&store->globals, self) != PW_OK) {
        pwi_free(self);
        return pwi_no_memory(error);
    }
    self->value = self->own;
    self->type = *type;
    self->store = store;
    for (uint32_t i = 0; i < pw_type_slots(type->type); i++)
        self->own[i] = value[i];
    *global = self;
    return PW_OK;
}

pw_global *pwi_instance_global(pw_instance *instance, uint32_t index)
{
    static const pw_slot unused[2] = {0, 0};
    const pw_global_type *type = &instance->module->globals[index].type;
    pw_global *global = instance->global_objects[index];
    if (global)
        return global;
    if (pwi_global_make(instance->store, type, unused, &global, NULL) != PW_OK)
        return NULL;
    global->value = pwi_global_place(instance, index);
    instance->global_objects[index] = global;
    return global;
}
