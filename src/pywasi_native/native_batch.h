/* native_batch.h - many calls of one function in a row, without the GIL between them. */
#ifndef PYWASI_NATIVE_BATCH_H
#define PYWASI_NATIVE_BATCH_H

#include "native_run.h"
#include "pywasi.h"

typedef struct pwn_batch {
    pw_store *store;
    pw_func *func;
    pw_slot *values;          /* `stride` for each call: its arguments, then its results */
    size_t stride, count;
    const pw_snapshot *state; /* what the instance is put back to before each call, or NULL */
    pw_instance *instance;
    bool is_fresh;            /* it has that state already, for the next call */
    bool counts_fuel;
    uint64_t fuel;            /* of each call */
    pw_error error;           /* of putting it back */
    bool is_made;             /* the last call was made: the result is its own */
} pwn_batch;

/* Makes the calls from `next` on until one needs Python: it failed, or Python objects have to be let go. Its index, or the
 * count. Entered before and after, attached before and after. */
static inline size_t pwn_run_batch(pwn_run *run, pwn_batch *batch, size_t next, pw_result *result)
{
    *result = PW_OK;
    while (next < batch->count) {
        pwn_detach(run);
        batch->is_made = false;
        if (batch->state && !batch->is_fresh) {
            *result = pw_snapshot_restore(batch->state, batch->instance, &batch->error);
            if (*result != PW_OK)
                break;
        }
        batch->is_fresh = false;
        if (batch->counts_fuel)
            pw_store_set_fuel(batch->store, batch->fuel);
        run->started = 0;
        if (run->timeout_ns > 0)
            pwn_set_deadline(run);
        batch->is_made = true;
        *result = pw_func_call(batch->func, batch->values + next * batch->stride);
        if (*result != PW_OK || run->dropped || run->thrown)
            break;
        next++;
    }
    pwn_attach(run);
    return next;
}

#endif
