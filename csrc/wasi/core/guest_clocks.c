/* The guest's clocks: those of the OS, or one that stands still; and its processor time.
 *
 * Processor time (ids 2 and 3, the same thing: a guest is one thread here) must tell nothing about what the host does
 * besides. So it is the time of the calling thread, counted only between two readings in the same call of the embedder:
 *
 *      host ──┐ call          host ──┐ call
 *             └─ R ─────── R ──┘     └── R ────── R ──┘        R: the guest reads the clock
 *                ╰ counted ╯             ╰ counted ╯
 */
#include "wasi/core/wasi_state.h"

pwi_errno pwi_clock_now(const pw_wasi *wasi, uint32_t clock, uint64_t *ns)
{
    if (clock > PWI_CLOCK_MONOTONIC)
        return PWI_EINVAL;
    if (wasi->clock_is_fixed) {
        *ns = wasi->fixed_now;
        return PWI_ESUCCESS;
    }
    return pwi_os_clock_now((uint8_t)clock, ns);
}

pwi_errno pwi_clock_resolution(const pw_wasi *wasi, uint32_t clock, uint64_t *ns)
{
    if (clock > PWI_GUEST_CLOCK_THREAD)
        return PWI_EINVAL;
    if (wasi->clock_is_fixed) {
        *ns = 1;
        return PWI_ESUCCESS;
    }
    return pwi_os_clock_resolution(clock > PWI_CLOCK_MONOTONIC ? PWI_CLOCK_THREAD : (uint8_t)clock, ns);
}

pwi_errno pwi_clock_processor(pwi_call *call, uint64_t *ns)
{
    pwi_processor_time *time = &call->wasi->processor_time;
    uint64_t now, number = 1; /* 0: never read */
    if (call->caller)
        number += pw_store_calls(pw_instance_store(call->caller));
    if (call->wasi->clock_is_fixed) { /* no time passes */
        *ns = 0;
        return PWI_ESUCCESS;
    }
    pwi_errno error = pwi_os_clock_now(PWI_CLOCK_THREAD, &now);
    if (error != PWI_ESUCCESS)
        return error;
    if (time->call == number && now > time->last)
        time->total += now - time->last;
    time->call = number;
    time->last = now;
    *ns = time->total;
    return PWI_ESUCCESS;
}
