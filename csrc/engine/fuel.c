/* fuel.c - the fuel of a store while code runs. Code takes it from a slice of what there is:
 *
 *   fuel         the rest
 *   fuel_slice   at least 0 whenever anybody looks but the handler that has just paid. A register of the shell, stored
 *                here before anything outside of handlers is called, and when a run ends
 *
 * Who pays goes on to what is paid for. When that was too much, all that there was is gone, the call is interrupted there,
 * and owes the rest until it goes on.
 */
#include "base/alloc.h"
#include "engine/code.h"

pw_result pwi_run_fuel(pw_run *run)
{
    pw_store *store = run->context->store;
    int64_t left = store->fuel + store->fuel_slice;
    if (left < 0) {
        store->fuel = store->fuel_slice = 0;
        run->owed = (uint64_t)-left;
        pwi_run_trap(run, PW_TRAP_OUT_OF_FUEL);
        return run->result;
    }
    store->fuel_slice = left < PW_FUEL_SLICE ? left : PW_FUEL_SLICE;
    store->fuel = left - store->fuel_slice;
    return pwi_run_poll(run);
}

pw_result pwi_engine_make_counting(pw_engine *engine)
{
    pwi_mutex_lock(&engine->registry.lock);
    if (!engine->counting && (engine->counting = pwi_alloc_zero(1, sizeof *engine->counting))) {
        engine->shell->make_counting(engine->counting);
        engine->counting->halt[2] = engine->counting->handlers[PW_H_halt];
    }
    bool made = engine->counting != NULL;
    pwi_mutex_unlock(&engine->registry.lock);
    return made ? PW_OK : PW_ERR_NO_MEMORY;
}

pw_result pwi_engine_count_fuel(pw_store *store)
{
    pw_result result = pwi_engine_make_counting(store->engine);
    store->counts_fuel = result == PW_OK;
    if (result == PW_OK)
        store->shell = store->engine->counting;
    return result;
}
