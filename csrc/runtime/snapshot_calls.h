/* snapshot_calls.h - calls that stand still, in snapshots: the runtime keeps and restores values, the engine knows frames. */
#ifndef PW_RUNTIME_SNAPSHOT_CALLS_H
#define PW_RUNTIME_SNAPSHOT_CALLS_H

#include "runtime/snapshot.h"

typedef struct pw_taking pw_taking;       /* snapshot_take.c */
typedef struct pw_restoring pw_restoring; /* snapshot_restore.c */
struct pw_made_calls;                     /* the engine's */

/* The engine's side, in pw_store.call_saver. */
typedef struct pw_call_saver {
    /* Adds the calls of the instance to the snapshot. */
    void (*keep)(pw_taking *taking, const pw_instance *instance, pw_snapshot *snapshot);
    /* Asks for all that the calls of a snapshot need; *made is NULL when it has none. */
    pw_result (*make)(const pw_snapshot *snapshot, pw_instance *instance, struct pw_made_calls **made,
                      pw_error *error);
    /* Ends the calls that stand still in the instance; what was made takes their place. */
    void (*put)(const pw_restoring *restoring, pw_instance *instance, struct pw_made_calls *made);
    void (*drop)(struct pw_made_calls *made);
} pw_call_saver;

/* snapshot_take.c: keeps a value; NULL, or why it cannot be kept. */
const char *pwi_taking_value(pw_taking *taking, pw_val_type type, const pw_slot *from, pw_slot *to);
/* Something cannot be kept: `place` `why`. */
void pwi_taking_refuse(pw_taking *taking, const char *place, const char *why);
/* There is no memory. */
void pwi_taking_failed(pw_taking *taking, pw_result result);
/* snapshot_restore.c: the reference of a word. */
pw_slot pwi_restoring_reference(const pw_restoring *restoring, pw_slot word);

#endif
