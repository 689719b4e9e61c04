/* proc_exit. (proc_raise: not there, see preview1.def.) */
#include "wasi/p1/p1.h"

pwi_errno pwi_p1_proc_exit(pwi_call *call, const pw_slot *args)
{
    call->stop = (pwi_stop){.result = PW_ERR_EXIT, .exit_code = (uint32_t)args[0]};
    return PWI_STOP;
}
