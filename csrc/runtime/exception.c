/* exception.c - exception objects. */
#include "runtime/exception.h"

pw_result pwi_exception_new(pw_store *store, pw_tag *tag, const pw_slot *values, pw_object **exception)
{
    pw_result result = pwi_gc_new(store, PW_OBJECT_EXCEPTION, tag->type, tag->type->param_slots, exception);
    if (result != PW_OK)
        return result;
    (*exception)->tag = tag;
    for (uint32_t i = 0; i < tag->type->param_slots; i++)
        (*exception)->payload[i] = values[i];
    return PW_OK;
}
