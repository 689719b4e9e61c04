/* sched_yield. */
#include "wasi/p1/p1.h"

pwi_errno pwi_p1_sched_yield(pwi_call *call, const pw_slot *args)
{
    (void)args;
    pwi_unlocked_begin(call);
    pwi_os_yield();
    pwi_unlocked_end(call);
    return pwi_poll(call);
}
