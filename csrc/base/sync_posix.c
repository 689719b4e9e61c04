/* sync_posix.c - sync.h with POSIX threads; conditions differ by system (condition_linux.c, condition_darwin.c). */
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

uint64_t pwi_monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
