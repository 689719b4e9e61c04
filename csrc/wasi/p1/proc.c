/* proc_exit, proc_raise. */
#include "wasi/p1/p1.h"

pwi_errno pwi_p1_proc_exit(pwi_call *call, const pw_slot *args)
{
    call->stop = (pwi_stop){.result = PW_ERR_EXIT, .exit_code = (uint32_t)args[0]};
    return PWI_STOP;
}

/* There are no signals in a guest: no call installs a handler, and libcs raise theirs without asking the host. So none
 * can be raised (NOTSUP, as elsewhere), but the one that does nothing. Certainly none is sent to the host's process. */
pwi_errno pwi_p1_proc_raise(pwi_call *call, const pw_slot *args)
{
    enum { SIGNAL_NONE = 0, SIGNAL_SYS = 30 };
    uint32_t signal = (uint32_t)args[0];
    (void)call;
    if (signal > SIGNAL_SYS)
        return PWI_EINVAL;
    return signal == SIGNAL_NONE ? PWI_ESUCCESS : PWI_ENOTSUP;
}
