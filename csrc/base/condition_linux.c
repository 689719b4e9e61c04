/* condition_linux.c - the condition of sync.h with POSIX threads and the monotonic clock. */
#define _POSIX_C_SOURCE 200809L /* clock_gettime, pthread_condattr_setclock under -std=c11 */
#include "base/sync.h"

#include <pthread.h>
#include <time.h>

#define SECOND UINT64_C(1000000000)

_Static_assert(sizeof(pthread_cond_t) <= sizeof(pwi_condition),
               "pwi_condition has room for the system's condition");

static pthread_cond_t *native(pwi_condition *condition)
{
    return (pthread_cond_t *)(void *)condition->storage.bytes;
}

int pwi_condition_init(pwi_condition *condition)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0)
        return 0;
    int made = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
               pthread_cond_init(native(condition), &attributes) == 0;
    (void)pthread_condattr_destroy(&attributes);
    return made;
}

void pwi_condition_destroy(pwi_condition *condition)
{
    (void)pthread_cond_destroy(native(condition));
}

void pwi_condition_wait(pwi_condition *condition, pwi_mutex *mutex, uint64_t ns)
{
    uint64_t end = pwi_monotonic_ns() + ns;
    struct timespec at = {(time_t)(end / SECOND), (long)(end % SECOND)};
    (void)pthread_cond_timedwait(native(condition), (pthread_mutex_t *)(void *)mutex->storage.bytes, &at);
}

void pwi_condition_wake(pwi_condition *condition)
{
    (void)pthread_cond_signal(native(condition));
}
