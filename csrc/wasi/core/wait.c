/* Waiting: in slices, so that Ctrl-C, timeouts and cancellation reach a guest that sleeps or reads a pipe. */
#include "wasi/core/wasi_state.h"

#define SLICE_NS 10000000u

static bool any_ready(const pwi_os_wait *waits, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (waits[i].ready)
            return true;
    return false;
}

/* deadline in the monotonic clock of the OS; a guest's fixed clock has nothing to do with it. */
static pwi_errno wait_slices(pwi_call *call, pwi_os_wait *waits, size_t count, uint64_t deadline)
{
    for (;;) {
        uint64_t now, slice = SLICE_NS;
        pwi_errno error = pwi_os_clock_now(PWI_CLOCK_MONOTONIC, &now);
        if (error != PWI_ESUCCESS)
            return error;
        if (now >= deadline)
            return PWI_ESUCCESS;
        if (deadline - now < slice)
            slice = deadline - now;
        pwi_unlocked_begin(call);
        error = pwi_os_wait_ready(waits, count, slice);
        pwi_unlocked_end(call);
        if (error != PWI_ESUCCESS)
            return error;
        if (any_ready(waits, count))
            return PWI_ESUCCESS;
        error = pwi_poll(call);
        if (error != PWI_ESUCCESS)
            return error;
    }
}

pwi_errno pwi_wait(pwi_call *call, pwi_os_wait *waits, size_t count, uint64_t timeout)
{
    uint64_t now, deadline;
    if (count > 0) { /* what is ready already costs no lock and no clock */
        pwi_errno error = pwi_os_wait_ready(waits, count, 0);
        if (error != PWI_ESUCCESS || any_ready(waits, count))
            return error;
    }
    if (timeout == 0)
        return PWI_ESUCCESS;
    pwi_errno error = pwi_os_clock_now(PWI_CLOCK_MONOTONIC, &now);
    if (error != PWI_ESUCCESS)
        return error;
    deadline = timeout > UINT64_MAX - now ? UINT64_MAX : now + timeout;
    return wait_slices(call, waits, count, deadline);
}
