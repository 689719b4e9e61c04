/* clock_res_get, clock_time_get. */
#include "wasi/p1/p1.h"

pwi_errno pwi_p1_clock_res_get(pwi_call *call, const pw_slot *args)
{
    uint64_t ns;
    pwi_errno error = pwi_p1_check(call, (uint32_t)args[1], 8);
    if (error == PWI_ESUCCESS)
        error = pwi_clock_resolution(call->wasi, (uint32_t)args[0], &ns);
    if (error == PWI_ESUCCESS)
        error = pwi_p1_put_u64(call, (uint32_t)args[1], ns);
    return error;
}

static bool is_processor(uint32_t clock)
{
    return clock == PWI_GUEST_CLOCK_PROCESS || clock == PWI_GUEST_CLOCK_THREAD;
}

/* The precision that the guest asks for (args[1]) is a lag that it would accept; there is none. */
pwi_errno pwi_p1_clock_time_get(pwi_call *call, const pw_slot *args)
{
    uint64_t ns;
    pwi_errno error = pwi_p1_check(call, (uint32_t)args[2], 8);
    if (error == PWI_ESUCCESS)
        error = is_processor((uint32_t)args[0]) ? pwi_clock_processor(call, &ns)
                                                : pwi_clock_now(call->wasi, (uint32_t)args[0], &ns);
    if (error == PWI_ESUCCESS)
        error = pwi_p1_put_u64(call, (uint32_t)args[2], ns);
    return error;
}
