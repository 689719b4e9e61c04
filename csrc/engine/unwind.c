/* unwind.c - throwing. */
#include "base/error.h"
#include "engine/catches.h"
#include "engine/walk.h"
#include "runtime/exception.h"

static bool catches_all(const pw_catch *clause)
{
    return clause->kind == PW_CATCH_ALL || clause->kind == PW_CATCH_ALL_REF || clause->kind == PW_CATCH_ALL_LEGACY;
}

static const pw_catch *matching_clause(const pw_walk *walk, const pw_object *exception)
{
    const pw_catches *catches = walk->code->catches;
    if (!catches)
        return NULL;
    uint32_t cell = (uint32_t)(walk->pc - 1 - walk->code->cells);
    for (uint32_t i = catches->try_count; i-- > 0;) { /* inner ones stand behind outer ones */
        const pw_try *try = &catches->tries[i];
        if (cell < try->start || cell >= try->end)
            continue;
        for (uint32_t k = 0; k < try->count; k++) {
            const pw_catch *clause = &catches->clauses[try->first + k];
            if (clause->kind == PW_DELEGATE)
                i = clause->target; /* its only clause */
            else if (catches_all(clause) || walk->instance->tags[clause->tag] == exception->tag)
                return clause;
        }
    }
    return NULL;
}

static void enter_clause(pw_run *run, const pw_walk *walk, const pw_catch *clause, const pw_object *exception)
{
    pw_slot *to = walk->fp + clause->slot;
    if (clause->kind == PW_CATCH_LEGACY || clause->kind == PW_CATCH_ALL_LEGACY)
        *to++ = (pw_slot)(uintptr_t)exception;
    if (!catches_all(clause)) {
        for (uint32_t i = 0; i < exception->length; i++)
            *to++ = exception->payload[i];
    }
    if (clause->kind == PW_CATCH_REF || clause->kind == PW_CATCH_ALL_REF)
        *to = (pw_slot)(uintptr_t)exception;
    run->pc = walk->code->cells + clause->target;
    run->fp = walk->fp;
    run->context = walk->instance;
    run->context->store->fuel_slice -= clause->cost;
}

pw_result pwi_run_unwind(pw_run *run)
{
    pw_store *store = run->context->store;
    const pw_object *exception = (const pw_object *)(uintptr_t)store->exception;
    for (pw_walk walk = pwi_walk_start(run); pwi_walk_settle(&walk); pwi_walk_out(&walk)) {
        const pw_catch *clause = matching_clause(&walk, exception);
        if (clause) {
            enter_clause(run, &walk, clause, exception);
            store->exception = 0;
            return store->fuel_slice < 0 ? pwi_run_fuel(run) : PW_OK;
        }
    }
    pw_error_clear(&store->error);
    return pwi_fail(&store->error, PW_ERR_EXCEPTION, "uncaught exception");
}

/* [throw][lane 0: first value][tag index] */
pw_result pwi_run_throw(pw_run *run)
{
    pw_store *store = run->context->store;
    pw_tag *tag = run->context->tags[run->pc[2]];
    const pw_slot *values = run->fp + pwi_lane(run->pc + 1, 0);
    pw_object *exception;
    run->pc++;
    pw_result result = pwi_exception_new(store, tag, values, &exception);
    if (result != PW_OK) /* it may have been the poll of a collection that ended it */
        return result == PW_ERR_LIMIT || result == PW_ERR_NO_MEMORY ? pwi_no_memory_in_call(run) : result;
    store->exception = (pw_slot)(uintptr_t)exception;
    return pwi_run_unwind(run);
}

/* [throw_ref][lane 0: the reference] */
pw_result pwi_run_throw_ref(pw_run *run)
{
    pw_slot exception = run->fp[pwi_lane(run->pc + 1, 0)];
    if (exception == 0) {
        pwi_run_trap(run, PW_TRAP_NULL_EXCEPTION_REFERENCE);
        return run->result;
    }
    run->pc++;
    run->context->store->exception = exception;
    return pwi_run_unwind(run);
}
