/* sync_win32.c - the mutex of sync.h as a slim reader/writer lock. */
#include "base/sync.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

_Static_assert(sizeof(SRWLOCK) <= sizeof(pwi_mutex), "pwi_mutex has room for the system's lock");

static SRWLOCK *native(pwi_mutex *mutex)
{
    return (SRWLOCK *)(void *)mutex->storage.bytes;
}

int pwi_mutex_init(pwi_mutex *mutex)
{
    InitializeSRWLock(native(mutex));
    return 1;
}

void pwi_mutex_destroy(pwi_mutex *mutex)
{
    (void)mutex; /* a slim lock holds nothing */
}

void pwi_mutex_lock(pwi_mutex *mutex)
{
    AcquireSRWLockExclusive(native(mutex));
}

void pwi_mutex_unlock(pwi_mutex *mutex)
{
    ReleaseSRWLockExclusive(native(mutex));
}
