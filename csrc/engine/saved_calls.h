/* saved_calls.h - calls that fuel has stopped, in snapshots. Places and their values are those of places.h. */
#ifndef PW_ENGINE_SAVED_CALLS_H
#define PW_ENGINE_SAVED_CALLS_H

#include "engine/places.h"
#include "engine/suspend.h"
#include "runtime/snapshot_calls.h"

/* For pw_store.call_saver. */
extern const pw_call_saver pwi_call_saver;

/* Are the calls of a snapshot ones that the module can have? They are when nothing that goes on from them can be told from one
 * that got there by itself: places exist, frames fit the calls that they were called by, values their types. PW_ERR_ARGUMENT:
 * no, or another build of the engine wrote them. */
PW_MUST_USE pw_result pwi_saved_calls_check(const pw_snapshot *snapshot, pw_error *error);

/* Something that differs where what places mean may differ. */
uint64_t pwi_call_build(void);

/* saved_calls_take.c, for the saver. */
void pwi_saved_calls_keep(pw_taking *taking, const pw_instance *instance, pw_snapshot *snapshot);

/* The name of a function, or its number, for errors. */
void pwi_func_text(const pw_module *module, uint32_t func_index, char *out, size_t size);

static inline pw_place pwi_saved_place(const pw_saved_frame *frame)
{
    return (pw_place){.func_index = frame->func_index,
                      .offset = frame->offset,
                      .ordinal = frame->ordinal,
                      .slot_count = frame->slot_count};
}

#endif
