/* catches.h - where the exceptions of a function's code go: ranges of cells, outer ones first, with their clauses.
 * Nothing of it is looked at until something is thrown. */
#ifndef PW_ENGINE_CATCHES_H
#define PW_ENGINE_CATCHES_H

#include "engine/code.h"

/* Clauses of try_table by their byte in the binary format; those of the legacy encoding behind them. */
enum {
    PW_CATCH,
    PW_CATCH_REF,
    PW_CATCH_ALL,
    PW_CATCH_ALL_REF,
    PW_CATCH_LEGACY,     /* the exception itself comes before the values */
    PW_CATCH_ALL_LEGACY,
    PW_DELEGATE          /* looks further among the tries before number `target` only */
};

typedef struct pw_catch {
    uint8_t kind;
    uint16_t slot;   /* of the first value in the frame; the exception itself comes behind the values (_REF) */
    uint32_t tag;    /* index in the instance */
    uint32_t target; /* cell where execution goes on */
    uint32_t cost;   /* fuel for what is executed there: meter.c */
    uint32_t owner;  /* while translating: number of the try; clauses of one come in order, but not in one piece */
} pw_catch;

typedef struct pw_try {
    uint32_t start, end; /* cells [start, end) */
    uint32_t first, count; /* clauses */
} pw_try;

typedef struct pw_catches {
    uint32_t try_count;
    pw_try *tries;   /* in one block with this */
    pw_catch *clauses;
} pw_catches;

/* unwind.c: looks for a handler of store->exception from the run's innermost frame outwards. PW_OK: the run stands
 * at the handler. PW_ERR_EXCEPTION: there is none in this run, which is as it was. */
PW_MUST_USE pw_result pwi_run_unwind(pw_run *run);

#endif
