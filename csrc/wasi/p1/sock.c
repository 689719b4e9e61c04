/* sock_accept, sock_recv, sock_send, sock_shutdown. No socket can be granted yet, so whatever descriptor a guest has
 * is none: NOTSOCK. That is the right answer for files and streams, and stays so when there are sockets. */
#include "wasi/p1/p1.h"

static pwi_errno no_socket(pwi_call *call, const pw_slot *args)
{
    return pwi_fd_lookup(&call->wasi->fds, (uint32_t)args[0]) ? PWI_ENOTSOCK : PWI_EBADF;
}

pwi_errno pwi_p1_sock_accept(pwi_call *call, const pw_slot *args)
{
    pwi_errno error = pwi_p1_check(call, (uint32_t)args[2], 4);
    return error != PWI_ESUCCESS ? error : no_socket(call, args);
}

pwi_errno pwi_p1_sock_recv(pwi_call *call, const pw_slot *args)
{
    pwi_errno error = pwi_p1_check(call, (uint32_t)args[4], 4);
    if (error == PWI_ESUCCESS)
        error = pwi_p1_check(call, (uint32_t)args[5], 2);
    return error != PWI_ESUCCESS ? error : no_socket(call, args);
}

pwi_errno pwi_p1_sock_send(pwi_call *call, const pw_slot *args)
{
    pwi_errno error = pwi_p1_check(call, (uint32_t)args[4], 4);
    return error != PWI_ESUCCESS ? error : no_socket(call, args);
}

pwi_errno pwi_p1_sock_shutdown(pwi_call *call, const pw_slot *args)
{
    return no_socket(call, args);
}
