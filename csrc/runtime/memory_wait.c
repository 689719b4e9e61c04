/* memory_wait.c - memory.atomic.wait and notify, as running code asks for them. */
#include "base/error.h"
#include "runtime/memory.h"
#include "runtime/store.h"

pw_memory *pwi_memory_of(const pw_instance *instance, const uint8_t *p)
{
    uint32_t last = instance->module->memory_count - 1;
    for (uint32_t i = 0; i < last; i++) {
        uintptr_t base = (uintptr_t)instance->memories[i]->base;
        if ((uintptr_t)p >= base && (uintptr_t)p - base < instance->memories[i]->size)
            return instance->memories[i];
    }
    return instance->memories[last];
}

pw_result pwi_memory_wait(pw_instance *instance, const uint8_t *p, bool is64, uint64_t expected,
                          int64_t timeout)
{
    pw_store *store = instance->store;
    pw_wait_hooks hooks = {store->blocking, store->poll, store->poll_env};
    pw_wait_outcome outcome;
    pw_result result = pwi_shared_memory_wait(pwi_memory_of(instance, p)->shared, p, is64 ? 8 : 4, expected,
                                              timeout, &hooks, &outcome);
    store->wait_answer = (uint32_t)outcome;
    if (result != PW_OK && store->error.result != result) {
        pw_error_clear(&store->error);
        return result == PW_ERR_NO_MEMORY ? pwi_no_memory(&store->error)
                                          : pwi_fail(&store->error, result, "interrupted");
    }
    return result;
}

uint32_t pwi_memory_wait_answer(const pw_instance *instance)
{
    return instance->store->wait_answer;
}

uint32_t pwi_memory_notify(const pw_instance *instance, const uint8_t *p, uint32_t count)
{
    pw_shared_memory *shared = pwi_memory_of(instance, p)->shared;
    return shared ? pwi_shared_memory_notify(shared, p, count) : 0;
}
