/* Clocks, waiting and random numbers on POSIX. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "wasi/os/os_posix.h"

static bool system_clock(uint8_t clock, clockid_t *out)
{
    if (clock == PWI_CLOCK_REALTIME)
        *out = CLOCK_REALTIME;
    else if (clock == PWI_CLOCK_MONOTONIC)
        *out = pwi_posix_monotonic;
    else if (clock == PWI_CLOCK_THREAD)
        *out = CLOCK_THREAD_CPUTIME_ID;
    else
        return false;
    return true;
}

pwi_errno pwi_os_clock_now(uint8_t clock, uint64_t *ns)
{
    clockid_t id;
    struct timespec now;
    if (!system_clock(clock, &id))
        return PWI_EINVAL;
    if (clock_gettime(id, &now) != 0)
        return pwi_posix_last();
    *ns = pwi_posix_nanoseconds(&now);
    return PWI_ESUCCESS;
}

pwi_errno pwi_os_clock_resolution(uint8_t clock, uint64_t *ns)
{
    clockid_t id;
    struct timespec step;
    if (!system_clock(clock, &id))
        return PWI_EINVAL;
    if (clock_getres(id, &step) != 0)
        return pwi_posix_last();
    *ns = pwi_posix_nanoseconds(&step);
    if (*ns == 0)
        *ns = 1;
    return PWI_ESUCCESS;
}

static pwi_errno sleep_for(uint64_t timeout)
{
    struct timespec time = {.tv_sec = (time_t)(timeout / 1000000000u),
                            .tv_nsec = (long)(timeout % 1000000000u)};
    if (nanosleep(&time, NULL) != 0 && errno != EINTR)
        return pwi_posix_last();
    return PWI_ESUCCESS;
}

/* Milliseconds, rounded up: waking early would make the caller spin. */
static int milliseconds(uint64_t timeout)
{
    uint64_t ms = timeout / 1000000u + (timeout % 1000000u != 0);
    return ms > 1000000u ? 1000000 : (int)ms;
}

/* A socket whose peer will send nothing more: POLLHUP comes only with both directions closed. */
#ifdef POLLRDHUP
#define POLL_READ_HANGUP POLLRDHUP
#else
#define POLL_READ_HANGUP 0
#endif
#define POLL_READ (POLLIN | POLL_READ_HANGUP)

pwi_errno pwi_os_wait_ready(pwi_os_wait *waits, size_t count, uint64_t timeout)
{
    struct pollfd few[8];
    struct pollfd *all = few;
    pwi_errno error = PWI_ESUCCESS;
    if (count == 0)
        return sleep_for(timeout);
    if (count > sizeof few / sizeof few[0]) {
        all = pwi_alloc_zero(count, sizeof *all);
        if (!all)
            return PWI_ENOMEM;
    }
    for (size_t i = 0; i < count; i++)
        all[i] =
            (struct pollfd){.fd = (int)waits[i].handle, .events = waits[i].for_write ? POLLOUT : POLL_READ};
    int ready = poll(all, (nfds_t)count, milliseconds(timeout));
    if (ready < 0 && errno != EINTR)
        error = pwi_posix_last();
    for (size_t i = 0; i < count; i++) {
        waits[i].ready = ready > 0 && all[i].revents != 0;
        waits[i].hangup = ready > 0 && (all[i].revents & (POLLHUP | POLL_READ_HANGUP)) != 0;
    }
    if (all != few)
        pwi_free(all);
    return error;
}

uint64_t pwi_os_available(const pwi_os_wait *wait)
{
    int bytes = 0;
    if (ioctl((int)wait->handle, FIONREAD, &bytes) != 0 || bytes < 0)
        return 0;
    return (uint64_t)bytes;
}

pwi_errno pwi_os_random(uint8_t *out, size_t length)
{
    while (length > 0) { /* getentropy(3) gives at most 256 bytes */
        size_t part = length < 256 ? length : 256;
        if (getentropy(out, part) != 0)
            return pwi_posix_last();
        out += part;
        length -= part;
    }
    return PWI_ESUCCESS;
}

void pwi_os_yield(void)
{
    (void)sched_yield();
}
