/* sync_win32.c - sync.h with slim reader/writer locks and condition variables. */
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

uint32_t pwi_forks(void)
{
    return 0; /* there is no fork */
}

_Static_assert(sizeof(CONDITION_VARIABLE) <= sizeof(pwi_condition), "pwi_condition has room for the system's condition");

static CONDITION_VARIABLE *native_condition(pwi_condition *condition)
{
    return (CONDITION_VARIABLE *)(void *)condition->storage.bytes;
}

int pwi_condition_init(pwi_condition *condition)
{
    InitializeConditionVariable(native_condition(condition));
    return 1;
}

void pwi_condition_destroy(pwi_condition *condition)
{
    (void)condition; /* it holds nothing */
}

void pwi_condition_wait(pwi_condition *condition, pwi_mutex *mutex, uint64_t ns)
{
    uint64_t ms = (ns + 999999u) / 1000000u;
    (void)SleepConditionVariableSRW(native_condition(condition), native(mutex), ms < INFINITE ? (DWORD)ms : INFINITE - 1, 0);
}

void pwi_condition_wake(pwi_condition *condition)
{
    WakeConditionVariable(native_condition(condition));
}

uint64_t pwi_monotonic_ns(void)
{
    LARGE_INTEGER ticks, per_second;
    QueryPerformanceFrequency(&per_second);
    QueryPerformanceCounter(&ticks);
    uint64_t whole = (uint64_t)(ticks.QuadPart / per_second.QuadPart), rest = (uint64_t)(ticks.QuadPart % per_second.QuadPart);
    return whole * 1000000000u + rest * 1000000000u / (uint64_t)per_second.QuadPart;
}
