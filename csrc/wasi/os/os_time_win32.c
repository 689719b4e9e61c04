/* Clocks, waiting and random numbers on Windows. */
#include "wasi/os/os_win32.h"

#include <bcrypt.h>

#define TICKS_1601_TO_1970 116444736000000000u

uint64_t pwi_win32_nanoseconds(uint64_t ticks)
{
    if (ticks < TICKS_1601_TO_1970)
        return 0;
    ticks -= TICKS_1601_TO_1970;
    return ticks > UINT64_MAX / 100 ? UINT64_MAX : ticks * 100;
}

uint64_t pwi_win32_ticks(uint64_t ns)
{
    return ns / 100 + TICKS_1601_TO_1970;
}

static uint64_t counter_nanoseconds(uint64_t count, uint64_t frequency)
{
    return count / frequency * 1000000000u + count % frequency * 1000000000u / frequency;
}

#define THREAD_TIME_STEP 15625000u /* it counts the ticks of the scheduler */

static pwi_errno thread_time(uint64_t *ns)
{
    FILETIME made, ended, kernel, user;
    if (!GetThreadTimes(GetCurrentThread(), &made, &ended, &kernel, &user))
        return pwi_win32_last();
    uint64_t ticks = ((uint64_t)kernel.dwHighDateTime << 32 | kernel.dwLowDateTime) +
                     ((uint64_t)user.dwHighDateTime << 32 | user.dwLowDateTime);
    *ns = ticks * 100;
    return PWI_ESUCCESS;
}

pwi_errno pwi_os_clock_now(uint8_t clock, uint64_t *ns)
{
    if (clock == PWI_CLOCK_REALTIME) {
        FILETIME now;
        GetSystemTimePreciseAsFileTime(&now);
        *ns = pwi_win32_nanoseconds((uint64_t)now.dwHighDateTime << 32 | now.dwLowDateTime);
        return PWI_ESUCCESS;
    }
    LARGE_INTEGER count, frequency;
    if (clock == PWI_CLOCK_THREAD)
        return thread_time(ns);
    if (clock != PWI_CLOCK_MONOTONIC)
        return PWI_EINVAL;
    if (!QueryPerformanceCounter(&count) || !QueryPerformanceFrequency(&frequency))
        return pwi_win32_last();
    *ns = counter_nanoseconds((uint64_t)count.QuadPart, (uint64_t)frequency.QuadPart);
    return PWI_ESUCCESS;
}

pwi_errno pwi_os_clock_resolution(uint8_t clock, uint64_t *ns)
{
    LARGE_INTEGER frequency;
    if (clock > PWI_CLOCK_THREAD)
        return PWI_EINVAL;
    *ns = clock == PWI_CLOCK_THREAD ? THREAD_TIME_STEP : 100;
    if (clock == PWI_CLOCK_MONOTONIC && QueryPerformanceFrequency(&frequency) && frequency.QuadPart > 0)
        *ns = (1000000000u + (uint64_t)frequency.QuadPart - 1) / (uint64_t)frequency.QuadPart;
    return PWI_ESUCCESS;
}

/* Ready: the next read or write will not block. Anonymous pipes cannot be waited for, so they are looked at. */
static void look(pwi_os_wait *wait)
{
    HANDLE handle = pwi_win32_handle(wait->handle);
    DWORD available = 0;
    wait->hangup = false;
    if (wait->is_socket) {
        pwi_win32_sock_look(wait);
        return;
    }
    switch (GetFileType(handle)) {
    case FILE_TYPE_PIPE:
        wait->ready = wait->for_write;
        if (!wait->for_write) {
            if (PeekNamedPipe(handle, NULL, 0, NULL, &available, NULL))
                wait->ready = available > 0;
            else
                wait->ready = wait->hangup = true;
        }
        break;
    case FILE_TYPE_CHAR:
        wait->ready = wait->for_write || WaitForSingleObject(handle, 0) == WAIT_OBJECT_0;
        break;
    default:
        wait->ready = true;
        break;
    }
}

#define LOOK_EVERY_MS 5u

pwi_errno pwi_os_wait_ready(pwi_os_wait *waits, size_t count, uint64_t timeout)
{
    uint64_t start, now;
    pwi_errno error = pwi_os_clock_now(PWI_CLOCK_MONOTONIC, &start);
    while (error == PWI_ESUCCESS) {
        bool ready = false;
        for (size_t i = 0; i < count; i++) {
            look(&waits[i]);
            ready = ready || waits[i].ready;
        }
        error = pwi_os_clock_now(PWI_CLOCK_MONOTONIC, &now);
        if (ready || error != PWI_ESUCCESS || now - start >= timeout)
            break;
        uint64_t left_ms = (timeout - (now - start)) / 1000000u + 1;
        Sleep(count > 0 && left_ms > LOOK_EVERY_MS ? LOOK_EVERY_MS : left_ms > 1000 ? 1000 : (DWORD)left_ms);
    }
    return error;
}

uint64_t pwi_os_available(const pwi_os_wait *wait)
{
    DWORD available = 0;
    if (wait->is_socket)
        return pwi_win32_sock_available(wait->handle);
    if (GetFileType(pwi_win32_handle(wait->handle)) != FILE_TYPE_PIPE ||
        !PeekNamedPipe(pwi_win32_handle(wait->handle), NULL, 0, NULL, &available, NULL))
        return 0;
    return available;
}

pwi_errno pwi_os_random(uint8_t *out, size_t length)
{
    while (length > 0) {
        ULONG part = length < 0x10000000u ? (ULONG)length : 0x10000000u;
        if (BCryptGenRandom(NULL, out, part, BCRYPT_USE_SYSTEM_PREFERRED_RNG) != 0)
            return PWI_EIO;
        out += part;
        length -= part;
    }
    return PWI_ESUCCESS;
}

void pwi_os_yield(void)
{
    (void)SwitchToThread();
}
