/* shared_memory.h - memories that several stores use at the same time.
 *
 *   store A ── pw_memory ──┐                                each store has a record of its own (memory.h), with the
 *                          ├──► pw_shared_memory ──► bytes  size that its instances have seen
 *   store B ── pw_memory ──┘      size, lock, waiters
 *
 * The base never moves: the maximum, which the type must have, is reserved. The size only grows. A store's record has a size
 * that lags behind: code checks bounds against that, and what fails the check looks again (pwi_memory_catch_up) before it
 * traps. So a running loop pays nothing for memory being shared.
 *
 * Plain accesses that race are what the specification says they are: some bytes of either value. In C that is a data race
 * on memory that no C object owns; each access is one machine load or store of the width, and nothing is derived from a
 * value read twice.
 */
#ifndef PW_RUNTIME_SHARED_MEMORY_H
#define PW_RUNTIME_SHARED_MEMORY_H

#include "base/sync.h"
#include "pywasi.h"

struct pwi_waiter;

struct pw_shared_memory {
    uint32_t references;
    uint8_t *base;
    uint64_t size; /* bytes; written under the lock, read without */
    uint64_t reserved;
    uint64_t limit; /* bytes that it may grow to: the maximum, or what could be reserved */
    pw_limits type; /* as declared */
    pwi_mutex lock; /* for growing, and the waiting threads, oldest first */
    struct pwi_waiter *first_waiter, *last_waiter;
    uint32_t forks; /* pwi_forks() of the process that the waiters are threads of */
};

/* limit: bytes that it may grow to, not below the type's minimum. The caller has the first reference. */
PW_MUST_USE pw_result pwi_shared_memory_make(const pw_limits *type, uint64_t limit, pw_shared_memory **memory,
                                             pw_error *error);
static inline uint64_t pwi_shared_memory_size(const pw_shared_memory *memory)
{
    return pwi_load_u64_acquire(&memory->size);
}
/* ---- wait and notify (shared_wait.c) ---- */

typedef enum pw_wait_outcome {
    PW_WAIT_WOKEN = 0,
    PW_WAIT_NOT_EQUAL = 1,
    PW_WAIT_TIMED_OUT = 2
} pw_wait_outcome;

/* The hooks of a store; they may be NULL. */
typedef struct pw_wait_hooks {
    void (*blocking)(void *env);  /* before the thread really waits */
    pw_result (*poll)(void *env); /* about every 10 ms; not PW_OK ends the wait with that result */
    void *env;
} pw_wait_hooks;

/* Waits while the 4 or 8 bytes at the aligned place are what is expected, until notified; timeout in nanoseconds,
 * negative: none. */
PW_MUST_USE pw_result pwi_shared_memory_wait(pw_shared_memory *memory, const uint8_t *at, uint32_t bytes,
                                             uint64_t expected, int64_t timeout, const pw_wait_hooks *hooks,
                                             pw_wait_outcome *outcome);
/* Wakes at most count threads that wait at the place, the oldest first; gives their number. */
uint32_t pwi_shared_memory_notify(pw_shared_memory *memory, const uint8_t *at, uint32_t count);

#endif
