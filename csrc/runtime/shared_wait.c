/* shared_wait.c - memory.atomic.wait and memory.atomic.notify:
 * https://webassembly.github.io/threads/core/exec/instructions.html#atomic-memory-instructions
 *
 * Whoever waits stands in the memory's queue with a condition of its own, on its own C stack. Comparing and queueing
 * happen under the lock that notify takes, so that no notification is lost. In the child of a fork the queue is of threads
 * that are not there, on stacks that others get: whoever comes first forgets it. A thread that forked while it stood in it (in the
 * poll's hook) then queues again. */
#include "base/sync.h"
#include "runtime/shared_memory.h"

#define TICK_NS UINT64_C(10000000)

typedef struct pwi_waiter {
    const uint8_t *at;
    bool woken;
    pwi_condition wake;
    struct pwi_waiter *next, *before;
} pwi_waiter;

static void enqueue(pw_shared_memory *memory, pwi_waiter *waiter)
{
    waiter->next = NULL;
    waiter->before = memory->last_waiter;
    if (waiter->before)
        waiter->before->next = waiter;
    else
        memory->first_waiter = waiter;
    memory->last_waiter = waiter;
}

static void dequeue(pw_shared_memory *memory, pwi_waiter *waiter)
{
    if (waiter->before)
        waiter->before->next = waiter->next;
    else
        memory->first_waiter = waiter->next;
    if (waiter->next)
        waiter->next->before = waiter->before;
    else
        memory->last_waiter = waiter->before;
}

static void lock(pw_shared_memory *memory)
{
    pwi_mutex_lock(&memory->lock);
    if (memory->forks != pwi_forks()) {
        memory->forks = pwi_forks();
        memory->first_waiter = memory->last_waiter = NULL;
    }
}

static bool is_expected(const uint8_t *at, uint32_t bytes, uint64_t expected)
{
    if (bytes == 4)
        return pwi_load_u32_acquire((const uint32_t *)(const void *)at) == (uint32_t)expected;
    return pwi_load_u64_acquire((const uint64_t *)(const void *)at) == expected;
}

/* Under the lock, which is given away while waiting, and for the poll: its hook may take a lock that a notifying thread
 * has. left: nanoseconds, UINT64_MAX: no end. What the poll wants counts even if the thread was woken meanwhile. */
static pw_result wait_for(pw_shared_memory *memory, pwi_waiter *waiter, uint64_t left,
                          const pw_wait_hooks *hooks)
{
    uint64_t start = pwi_monotonic_ns(), next_tick = TICK_NS;
    pw_result result = PW_OK;
    while (!waiter->woken && result == PW_OK) {
        uint64_t passed = pwi_monotonic_ns() - start;
        if (passed >= left)
            break;
        if (passed >= next_tick) {
            next_tick = passed + TICK_NS;
            uint32_t forks = memory->forks;
            pwi_mutex_unlock(&memory->lock);
            result = hooks->poll ? hooks->poll(hooks->env) : PW_OK;
            lock(memory);
            if (memory->forks != forks && !waiter->woken)
                enqueue(memory, waiter);
            continue;
        }
        uint64_t step = next_tick - passed;
        pwi_condition_wait(&waiter->wake, &memory->lock, step < left - passed ? step : left - passed);
    }
    return result;
}

pw_result pwi_shared_memory_wait(pw_shared_memory *memory, const uint8_t *at, uint32_t bytes,
                                 uint64_t expected, int64_t timeout, const pw_wait_hooks *hooks,
                                 pw_wait_outcome *outcome)
{
    pwi_waiter waiter = {.at = at};
    pw_result result = PW_OK;
    *outcome = PW_WAIT_NOT_EQUAL;
    if (!is_expected(at, bytes, expected))
        return PW_OK;
    if (!pwi_condition_init(&waiter.wake))
        return PW_ERR_NO_MEMORY;
    if (timeout != 0 && hooks->blocking)
        hooks->blocking(hooks->env);
    lock(memory);
    if (is_expected(at, bytes, expected)) {
        enqueue(memory, &waiter);
        result = wait_for(memory, &waiter, timeout < 0 ? UINT64_MAX : (uint64_t)timeout, hooks);
        *outcome = waiter.woken ? PW_WAIT_WOKEN : PW_WAIT_TIMED_OUT;
        if (!waiter.woken)
            dequeue(memory, &waiter);
    }
    pwi_mutex_unlock(&memory->lock);
    pwi_condition_destroy(&waiter.wake);
    return result;
}

uint32_t pwi_shared_memory_notify(pw_shared_memory *memory, const uint8_t *at, uint32_t count)
{
    uint32_t woken = 0;
    lock(memory);
    for (pwi_waiter *waiter = memory->first_waiter, *next; waiter && woken < count; waiter = next) {
        next = waiter->next;
        if (waiter->at != at)
            continue;
        dequeue(memory, waiter);
        waiter->woken = true;
        pwi_condition_wake(
            &waiter->wake); /* under the lock: the waiter is gone once it sees that it is woken */
        woken++;
    }
    pwi_mutex_unlock(&memory->lock);
    return woken;
}
