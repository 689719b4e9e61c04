/* environ_get, environ_sizes_get. */
#include "wasi/p1/p1.h"

pwi_errno pwi_p1_environ_get(pwi_call *call, const pw_slot *args)
{
    return pwi_p1_put_strings(call, &call->wasi->env, args);
}

pwi_errno pwi_p1_environ_sizes_get(pwi_call *call, const pw_slot *args)
{
    return pwi_p1_put_sizes(call, &call->wasi->env, args);
}
