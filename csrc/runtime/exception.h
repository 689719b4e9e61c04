/* exception.h - exception objects: what an exnref points to. */
#ifndef PW_RUNTIME_EXCEPTION_H
#define PW_RUNTIME_EXCEPTION_H

#include "runtime/store.h"

/* values are slots that are roots, or hold no references: the allocation may collect. */
PW_MUST_USE pw_result pwi_exception_new(pw_store *store, pw_tag *tag, const pw_slot *values, pw_object **exception);

#endif
