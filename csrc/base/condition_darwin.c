/* condition_darwin.c - the condition of sync.h with POSIX threads; conditions know no monotonic clock here, but relative times. */
#define _DARWIN_C_SOURCE
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
    return pthread_cond_init(native(condition), NULL) == 0;
}

void pwi_condition_destroy(pwi_condition *condition)
{
    (void)pthread_cond_destroy(native(condition));
}

void pwi_condition_wait(pwi_condition *condition, pwi_mutex *mutex, uint64_t ns)
{
    struct timespec time = {(time_t)(ns / SECOND), (long)(ns % SECOND)};
    (void)pthread_cond_timedwait_relative_np(native(condition),
                                             (pthread_mutex_t *)(void *)mutex->storage.bytes, &time);
}

void pwi_condition_wake(pwi_condition *condition)
{
    (void)pthread_cond_signal(native(condition));
}
