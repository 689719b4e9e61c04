/* call.c - entering code from the host, leaving it for the host or for another instance, polling, failing.
 *
 * A call into another instance leaves a bridge at the callee's place, and the callee's frame begins behind it:
 *
 *   B ->          arguments; later the results      max(param slots, result slots) = n
 *   B + n         return address in the caller
 *   B + n + 1     the caller's instance
 *   B + n + 2     the callee's frame: arguments, ...
 *
 * The callee returns to cells in its type record whose handler copies the results down and restores the caller.
 */
#include <string.h>

#include "base/error.h"
#include "base/native_stack.h"
#include "engine/catches.h"
#include "engine/suspend.h"
#include "runtime/bulk_work.h"

static uint32_t call_slots(const pw_type_record *type) {
    return type->param_slots > type->result_slots ? type->param_slots : type->result_slots;
}

static void copy_slots(pw_slot *to, const pw_slot *from, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) to[i] = from[i];
}

/* ---- from the host -------------------------------------------------------------------------------------------------- */

pw_result pwi_stack_trap(pw_store *store) {
    pw_error *error = &store->error;
    const char *text = pw_trap_text(PW_TRAP_STACK_EXHAUSTED);
    pw_error_clear(error);
    if (store->nested_calls >= PW_MAX_NESTED_CALLS)
        (void)pwi_fail(error, PW_ERR_TRAP, "%s: %u calls are nested through host functions", text, PW_MAX_NESTED_CALLS);
    else if (pwi_native_stack_is_low())
        (void)pwi_fail(error, PW_ERR_TRAP, "%s: the thread has little stack left", text);
    else
        (void)pwi_fail(error, PW_ERR_TRAP, "%s: it has %llu bytes", text, (unsigned long long)store->limits.stack_bytes);
    error->trap = PW_TRAP_STACK_EXHAUSTED;
    return PW_ERR_TRAP;
}

static PW_COLD pw_result run_failed(pw_run *run, pw_func *func, const pw_slot *base) {
    pw_store *store = func->store;
    bool suspended = run->result == PW_ERR_SUSPENDED;
    store->error.frame_count = 0;
    store->error.frames_left_out = 0;
    if (run->result != PW_ERR_EXIT && !suspended) {
        pw_result stopped = pwi_capture_frames(run, store, &store->error);
        if (stopped != PW_OK) run->result = stopped;
    }
    if (run->result == PW_ERR_TRAP && run->trap == PW_TRAP_OUT_OF_FUEL) suspended = store->nested_calls == 0;
    if (suspended) pwi_suspend(run, func, base);
    return run->result;
}

static inline void begin(pw_store *store, pw_run *run) {
    run->result = PW_OK;
    run->trap = (pw_trap_kind)0;
    run->outer = store->run;
    store->run = run;
    if (store->nested_calls++ == 0)
        store->calls++;
}

static inline pw_result end(pw_func *func, pw_run *run, const pw_slot *base) {
    pw_store *store = func->store;
    store->nested_calls--;
    store->run = run->outer;
    return PW_LIKELY(run->result == PW_OK) ? PW_OK : run_failed(run, func, base);
}

/* Arguments and results are at the top of the stack. What the shell begins with it gets in registers; it stores that in the
 * run before anything looks at it. What moves the top moves it back, also when it fails. */
static pw_result enter(pw_func *func) {
    pw_store *store = func->store;
    pw_slot *base = store->stack.top;
    const pw_shell_table *shell = store->shell;
    if (base > store->stack.limit || store->nested_calls >= PW_MAX_NESTED_CALLS) return pwi_stack_trap(store);
    pw_run run;
    begin(store, &run);
    shell->enter(__atomic_load_n(&func->code->entry, __ATOMIC_ACQUIRE), base, func->instance,
                 (uint64_t)(uintptr_t)&shell->halt[2], NULL);
    return end(func, &run, base);
}

static pw_result from_host_to_host(pw_func *func, pw_slot *slots) {
    pw_result result = func->host(func->env, NULL, slots);
    if (result != PW_OK && func->store->error.result != result) {
        pw_error_clear(&func->store->error);
        return pwi_fail(&func->store->error, result, "the host function failed");
    }
    return result;
}

static pw_result call_host_at_top(pw_func *func) {
    pw_store *store = func->store;
    pw_slot *base = store->stack.top;
    if (base > store->stack.limit || pwi_native_stack_is_low()) return pwi_stack_trap(store);
    store->stack.top = base + call_slots(func->type); /* it may call back */
    pw_result result = from_host_to_host(func, base);
    store->stack.top = base;
    return result;
}

pw_result pwi_engine_call_at_top(pw_func *func) {
    return PW_LIKELY(func->instance != NULL) ? enter(func) : call_host_at_top(func);
}

pw_result pwi_engine_call(pw_func *func, pw_slot *slots) {
    if (func->instance == NULL) return from_host_to_host(func, slots);
    pw_slot *base = func->store->stack.top;
    copy_slots(base, slots, func->type->param_slots);
    pw_result result = pwi_engine_call_at_top(func);
    if (PW_LIKELY(result == PW_OK)) copy_slots(slots, base, func->type->result_slots);
    return result;
}

/* ---- from code ------------------------------------------------------------------------------------------------------- */

bool pw_store_can_suspend(const pw_store *store) { return store->nested_calls == 1; }

bool pw_store_can_give_way(const pw_store *store) { return store->polls_code; }

static pw_result cannot_suspend(pw_store *store) {
    pw_error_clear(&store->error);
    return pwi_fail(&store->error, PW_ERR_HOST, "a call inside of another call cannot be suspended");
}

/* The run's frame pointer is at the arguments; the function is of the host. While it runs, the run stands in the calling
 * frame: a collection or the frames of a trap inside look at it. */
static pw_result call_host(pw_run *run, pw_func *func) {
    pw_store *store = func->store;
    pw_slot *top = store->stack.top, *arguments = run->fp;
    run->fp -= pwi_lane(run->pc - 2, 0);
    if (PW_UNLIKELY(pwi_native_stack_is_low())) return pwi_stack_trap(store);
    store->stack.top = arguments + call_slots(func->type);
    pw_result result = func->host(func->env, run->context, arguments);
    store->stack.top = top;
    run->accumulator = arguments[0];
    if (PW_LIKELY(result == PW_OK)) return PW_OK;
    if (result == PW_ERR_SUSPENDED) {
        if (!pw_store_can_suspend(store)) return cannot_suspend(store);
        store->waiting = func;
        return result;
    }
    if (result == PW_ERR_EXCEPTION && store->exception != 0) return pwi_run_unwind(run);
    if (store->error.result != result) { /* it did not say why: the embedder knows */
        pw_error_clear(&store->error);
        return pwi_fail(&store->error, result, "a host function failed");
    }
    return result;
}

/* Its call stands behind run->pc in the accumulator, the place to go on at unless it throws an exception that is caught. */
static void call_again(pw_run *run, pw_func *func) {
    const pw_cell *resume = run->pc, *place = (const pw_cell *)(uintptr_t)run->accumulator;
    run->pc = place;
    run->fp += pwi_lane(place - 2, 0);
    run->result = call_host(run, func);
    if (run->result != PW_OK || run->pc != place) return;
    run->pc = resume;
    run->accumulator = (uint64_t)(uintptr_t)place;
}

pw_result pwi_engine_resume(pw_func *func, pw_run *run, pw_slot *base, pw_func *waiting) {
    pw_store *store = func->store;
    begin(store, run);
    if (waiting) call_again(run, waiting);
    if (run->result == PW_OK) store->shell->enter(run->pc, run->fp, run->context, run->accumulator, NULL);
    return end(func, run, base);
}

static void cross(pw_run *run, pw_func *func) {
    const pw_type_record *type = func->type;
    uint32_t size = call_slots(type);
    pw_slot *bridge = run->fp;
    run->fp = bridge + size + PW_BRIDGE_SLOTS;
    copy_slots(run->fp, bridge, type->param_slots);
    bridge[size] = (pw_slot)(uintptr_t)run->pc;
    bridge[size + 1] = (pw_slot)(uintptr_t)run->context;
    run->accumulator = (uint64_t)(uintptr_t)pwi_bridge_return(run->context->store, type);
}

static void go_to(pw_run *run, pw_func *func) {
    run->context = func->instance;
    run->pc = __atomic_load_n(&func->code->entry, __ATOMIC_ACQUIRE);
}

pw_result pwi_call_foreign(pw_run *run) {
    pw_func *func = (pw_func *)(uintptr_t)run->accumulator;
    if (func->instance == NULL) return call_host(run, func);
    cross(run, func);
    go_to(run, func);
    return PW_OK;
}

pw_result pwi_tail_call_foreign(pw_run *run) {
    pw_func *func = (pw_func *)(uintptr_t)run->accumulator;
    if (func->instance == NULL) return call_host(run, func);
    /* A frame that was called over a bridge hands the bridge on, so that a chain of tail calls takes no space. */
    if (*run->pc == run->context->store->shell->handlers[PW_H_bridge_return])
        run->accumulator = (uint64_t)(uintptr_t)run->pc;
    else
        cross(run, func);
    go_to(run, func);
    return PW_OK;
}

/* ---- polls, failures --------------------------------------------------------------------------------------------------- */

pw_result pwi_run_poll(pw_run *run) {
    pw_store *store = run->context->store;
    run->context->poll_budget = PW_POLL_INTERVAL;
    pw_slot *top = store->stack.top;
    store->stack.top = run->fp; /* nothing of this run is below it; the hook may not call in */
    store->polls_code = store->nested_calls == 1;
    pw_result result = pwi_store_poll(store);
    store->polls_code = false;
    store->stack.top = top;
    return result;
}

void pwi_run_trap(pw_run *run, pw_trap_kind kind) {
    pw_error *error = &run->context->store->error;
    run->trap = kind;
    run->pc++;
    pw_error_clear(error);
    run->result = kind == PW_TRAP_STACK_EXHAUSTED ? pwi_stack_trap(run->context->store) : pwi_trap(error, kind);
}

pw_result pwi_no_memory_in_call(pw_run *run) {
    pw_error_clear(&run->context->store->error);
    return pwi_no_memory(&run->context->store->error);
}
