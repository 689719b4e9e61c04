/* shared_memory.h - linear memory that several stores, and so several threads, have at once.
 *
 *   store 1: pw_memory ──┐
 *                        ├──► pwi_shared_memory   bytes, size, waiters; counted, freed with the last store
 *   store 2: pw_memory ──┘
 *
 * The bytes never move and never shrink: the whole maximum is reserved, and a host that refuses the reservation refuses the
 * memory. Each store's pw_memory has a size of its own that lags behind: code checks bounds against that, and what fails the
 * check looks again (pwi_memory_catch_up) before it traps. So a running loop pays nothing for memory being shared.
 *
 * Plain accesses that race are what the specification says they are: some bytes of either value. In C that is a data race on
 * memory that no C object owns; each access is one machine load or store of the width, and nothing is derived from a value
 * read twice.
 */
#ifndef PW_RUNTIME_SHARED_MEMORY_H
#define PW_RUNTIME_SHARED_MEMORY_H

#include "pywasi.h"

typedef struct pwi_shared_memory pwi_shared_memory;

PW_MUST_USE pw_result pwi_shared_make(uint64_t size, uint64_t most, pwi_shared_memory **shared);
void pwi_shared_retain(pwi_shared_memory *shared);
void pwi_shared_release(pwi_shared_memory *shared);
uint8_t *pwi_shared_base(const pwi_shared_memory *shared);
/* Bytes now; any thread. */
uint64_t pwi_shared_size(const pwi_shared_memory *shared);
/* Grows to the size and beyond what it was by `more` bytes, at most `most` in all; *before is the size until then. */
PW_MUST_USE pw_result pwi_shared_grow(pwi_shared_memory *shared, uint64_t more, uint64_t *before);

enum { PWI_WAIT_OK = 0, PWI_WAIT_NOT_EQUAL = 1, PWI_WAIT_TIMED_OUT = 2 };

/* What a waiting thread does every few milliseconds; a result other than PW_OK ends the wait. */
typedef struct pwi_wait_poll {
    pw_result (*poll)(void *env);
    void *env;
} pwi_wait_poll;

/* Waits until another thread notifies this address, if memory there has the expected value; timeout in ns, negative: none. */
PW_MUST_USE pw_result pwi_shared_wait(pwi_shared_memory *shared, const uint8_t *at, bool is64, uint64_t expected,
                                      int64_t timeout, const pwi_wait_poll *poll, uint32_t *answer);
/* Wakes up to count threads that wait at this address, the longest waiting first; how many it were. */
uint32_t pwi_shared_notify(pwi_shared_memory *shared, const uint8_t *at, uint32_t count);

#endif
