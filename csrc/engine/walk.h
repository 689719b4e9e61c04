/* walk.h - stepping over the frames of a run, from the innermost outwards: for the frames of a trap, for exceptions that
 * look for a handler, for the collector's roots. Nothing is kept for this while code runs: the function of a return
 * address is found by the address of its cells. */
#ifndef PW_ENGINE_WALK_H
#define PW_ENGINE_WALK_H

#include "engine/code.h"

typedef struct pw_walk {
    const pw_cell *pc; /* behind the instruction that is being executed: pc - 1 is in it */
    pw_slot *fp;
    pw_instance *instance;
    const pw_code *code; /* of this frame, after pwi_walk_settle */
    const pw_cell *halt;
    pw_cell bridge_handler;
} pw_walk;

/* The innermost place of a run; settle it before use. */
pw_walk pwi_walk_start(const pw_run *run);
/* Steps over bridges and finds the frame's function; false when the run's frames are through. */
bool pwi_walk_settle(pw_walk *walk);
/* To the caller; settle it again. */
void pwi_walk_out(pw_walk *walk);

/* The translated code of a module that holds the cell, or NULL. Thread-safe; the index behind it is made anew when
 * functions have been translated since. */
const pw_code *pwi_find_code(pw_module *module, const pw_cell *cell);

/* The module's code index, freed with its codes. */
void pwi_code_index_free(pw_module *module);

#endif
