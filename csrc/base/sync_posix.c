/* sync_posix.c - sync.h with POSIX threads. */
#include "base/sync.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

_Static_assert(sizeof(pthread_mutex_t) <= sizeof(pwi_mutex), "pwi_mutex has room for the system's mutex");

static pthread_mutex_t *native(pwi_mutex *mutex)
{
    return (pthread_mutex_t *)(void *)mutex->storage.bytes;
}

int pwi_mutex_init(pwi_mutex *mutex)
{
    return pthread_mutex_init(native(mutex), NULL) == 0;
}

void pwi_mutex_destroy(pwi_mutex *mutex)
{
    (void)pthread_mutex_destroy(native(mutex));
}

void pwi_mutex_lock(pwi_mutex *mutex)
{
    /* Fails only for a mutex that is no mutex: going on without the lock would corrupt, so stop here. */
    if (pthread_mutex_lock(native(mutex)) != 0)
        abort();
}

void pwi_mutex_unlock(pwi_mutex *mutex)
{
    if (pthread_mutex_unlock(native(mutex)) != 0)
        abort();
}

_Static_assert(sizeof(pthread_cond_t) <= sizeof(pwi_condition), "pwi_condition has room for the system's condition");

static pthread_cond_t *native_condition(pwi_condition *condition)
{
    return (pthread_cond_t *)(void *)condition->storage.bytes;
}

int pwi_condition_init(pwi_condition *condition)
{
    return pthread_cond_init(native_condition(condition), NULL) == 0;
}

void pwi_condition_destroy(pwi_condition *condition)
{
    (void)pthread_cond_destroy(native_condition(condition));
}

/* By the clock on the wall, the only one that every system's conditions know: when somebody sets it, this wait ends too
 * early or late, and the caller, which counts by a clock that only goes forward, waits again. The caller's waits are short. */
void pwi_condition_wait(pwi_condition *condition, pwi_mutex *mutex, uint64_t ns)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    uint64_t sum = (uint64_t)until.tv_nsec + ns % 1000000000u;
    until.tv_sec += (time_t)(ns / 1000000000u + sum / 1000000000u);
    until.tv_nsec = (long)(sum % 1000000000u);
    (void)pthread_cond_timedwait(native_condition(condition), native(mutex), &until);
}

void pwi_condition_wake(pwi_condition *condition)
{
    (void)pthread_cond_signal(native_condition(condition));
}

uint64_t pwi_monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
