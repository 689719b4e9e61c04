/* tag.c - tags of exceptions. */
#include "base/alloc.h"
#include "runtime/store.h"

pw_result pwi_tag_make(pw_store *store, const pw_type_record *type, pw_tag **tag)
{
    pw_tag *self = pwi_alloc_zero(1, sizeof *self);
    *tag = NULL;
    if (!self || pwi_list_add(&store->tags, self) != PW_OK) {
        pwi_free(self);
        return PW_ERR_NO_MEMORY;
    }
    self->type = type;
    self->store = store;
    *tag = self;
    return PW_OK;
}
