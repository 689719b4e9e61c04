/* suspend.h - calls that have been interrupted and can go on: their frames, away from the stack. */
#ifndef PW_ENGINE_SUSPEND_H
#define PW_ENGINE_SUSPEND_H

#include "engine/code.h"

/*   slots   0 ... the frames as they were on the stack, which may go on at another place of it: what frames hold are
 *           cells, instances and distances, never addresses of slots ... count */
struct pw_suspended {
    pw_func *func; /* that was called; its results are those of the call */
    struct pw_suspended *next, **link;
    struct pw_suspended *dropped_next;
    pw_instance *context;
    const pw_cell *pc; /* the instruction to go on with */
    pw_func *waiting;  /* the host function whose call is behind us, to be called again; NULL: there is none */
    const pw_slot *base; /* where the frames were; NULL: they never were on this stack */
    bool by_fuel;        /* by a fuel instruction, in which no host function waits */
    bool unclaimed;      /* came with a snapshot, and nobody has taken it */
    bool ended;          /* its instance was reset: it is in no list but that of dropped ones, and does not go on */
    uint64_t owed;     /* fuel, for what comes at pc */
    size_t fp;         /* of the innermost frame, in slots */
    size_t count;
    pw_slot slots[];
};

/* Keeps the frames of a run that has used up the fuel, or whose host function or poll hook said PW_ERR_SUSPENDED, from `base`
 * on, as the store's last_suspended. Without memory there is none. */
void pwi_suspend(const pw_run *run, pw_func *func, const pw_slot *base);
/* As the run of a walk. */
pw_run pwi_suspended_run(struct pw_suspended *suspended);
/* Does it have a frame in the instance, or return to it? */
bool pwi_suspended_touches(const struct pw_suspended *suspended, const pw_instance *instance);
/* A new one, complete, stands still in the store from now on. */
void pwi_suspended_add(pw_store *store, struct pw_suspended *made);
/* Ends those that touch the instance. */
void pwi_suspended_end_all(const pw_instance *instance);
/* Frees what was dropped by any thread: nobody else is in the store. */
void pwi_suspended_sweep(pw_store *store);
/* At the store's end. */
void pwi_suspended_free_all(pw_store *store);

#endif
