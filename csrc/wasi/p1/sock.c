/* sock_accept, sock_recv, sock_send, sock_shutdown, on the sockets that were granted and on those accepted from them.
 * https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md#sock_accept */
#include "wasi/p1/p1.h"

enum { SHUT_READ = 1, SHUT_WRITE = 2 };

/* The hook may refuse the peer; it may also run the guest, so nothing but the connection is held over it. */
static pwi_errno ask_for_peer(pwi_call *call, const pwi_grant *grant, pwi_os_handle handle)
{
    char peer[128];
    if (!call->wasi->hooks.used)
        return PWI_ESUCCESS;
    pwi_os_sock_peer(handle, peer, sizeof peer);
    return pwi_grant_use(call, grant, PW_WASI_READ, peer, strlen(peer));
}

static pwi_errno next_connection(pwi_call *call, uint32_t fd, pwi_fd **entry, pwi_os_handle *out)
{
    for (;;) {
        pwi_errno error = pwi_os_sock_accept((*entry)->handle, out);
        if (error == PWI_EAGAIN)
            error = pwi_p1_socket_wait(call, fd, false, entry);
        else if (error == PWI_EINTR) {
            error = pwi_poll(call);
            if (error == PWI_ESUCCESS)
                error = pwi_p1_socket(call, fd, entry);
        } else
            return error;
        if (error != PWI_ESUCCESS)
            return error;
    }
}

pwi_errno pwi_p1_sock_accept(pwi_call *call, const pw_slot *args)
{
    uint32_t fd = (uint32_t)args[0], flags = (uint32_t)args[1], number;
    pwi_os_handle handle;
    pwi_fd *entry;
    pwi_errno error = pwi_p1_check(call, (uint32_t)args[2], 4);
    if (error == PWI_ESUCCESS)
        error = pwi_p1_socket(call, fd, &entry);
    if (error == PWI_ESUCCESS && (!entry->listens || (flags & ~(uint32_t)PWI_FDFLAG_NONBLOCK)))
        error = PWI_EINVAL;
    if (error == PWI_ESUCCESS)
        error = pwi_grant_check(call, entry->grant, PW_WASI_READ, NULL, 0);
    if (error == PWI_ESUCCESS)
        error = pwi_fd_room(&call->wasi->fds);
    if (error == PWI_ESUCCESS)
        error = next_connection(call, fd, &entry, &handle);
    if (error != PWI_ESUCCESS)
        return error;
    pwi_fd made = {.kind = PWI_FD_SOCKET, .type = PWI_TYPE_SOCKET_STREAM, .handle = handle};
    made.access = PWI_OPEN_READ | PWI_OPEN_WRITE;
    made.flags = (uint16_t)flags;
    made.rights = entry->inheriting;
    made.grant = entry->grant;
    error = ask_for_peer(call, made.grant, handle);
    if (error == PWI_ESUCCESS)
        error = pwi_fd_insert(&call->wasi->fds, &made, &number);
    if (error != PWI_ESUCCESS) {
        pwi_os_sock_close(handle);
        return error;
    }
    return pwi_p1_put_u32(call, (uint32_t)args[2], number);
}

/* Results: bytes at args[4], roflags (u16) at args[5]: always 0, a stream is never cut. */
pwi_errno pwi_p1_sock_recv(pwi_call *call, const pw_slot *args)
{
    uint32_t flags = (uint32_t)args[3];
    uint8_t *at;
    size_t done = 0;
    pwi_fd *entry;
    pwi_errno error = pwi_p1_check(call, (uint32_t)args[4], 4);
    if (error == PWI_ESUCCESS)
        error = pwi_p1_check(call, (uint32_t)args[5], 2);
    if (error == PWI_ESUCCESS)
        error = pwi_p1_connection(call, (uint32_t)args[0], &entry);
    if (error == PWI_ESUCCESS && (flags & ~(uint32_t)(PWI_RECV_PEEK | PWI_RECV_WAITALL)))
        error = PWI_EINVAL;
    if (error == PWI_ESUCCESS)
        error =
            pwi_p1_socket_recv(call, (uint32_t)args[0], (uint32_t)args[1], (uint32_t)args[2], flags, &done);
    if (error == PWI_ESUCCESS)
        error = pwi_call_range(call, (uint32_t)args[5], 2, &at);
    if (error != PWI_ESUCCESS)
        return error;
    pwi_store_u16(at, 0);
    return pwi_p1_put_u32(call, (uint32_t)args[4], (uint32_t)done);
}

pwi_errno pwi_p1_sock_send(pwi_call *call, const pw_slot *args)
{
    size_t done = 0;
    pwi_fd *entry;
    pwi_errno error = pwi_p1_check(call, (uint32_t)args[4], 4);
    if (error == PWI_ESUCCESS)
        error = pwi_p1_connection(call, (uint32_t)args[0], &entry);
    if (error == PWI_ESUCCESS && (uint32_t)args[3] != 0) /* siflags: none is defined */
        error = PWI_EINVAL;
    if (error == PWI_ESUCCESS)
        error = pwi_p1_socket_send(call, (uint32_t)args[0], (uint32_t)args[1], (uint32_t)args[2], &done);
    if (error == PWI_ESUCCESS)
        error = pwi_p1_put_u32(call, (uint32_t)args[4], (uint32_t)done);
    return error;
}

pwi_errno pwi_p1_sock_shutdown(pwi_call *call, const pw_slot *args)
{
    uint32_t how = (uint32_t)args[1];
    pwi_fd *entry;
    pwi_errno error =
        pwi_p1_connection(call, (uint32_t)args[0], &entry); /* Linux would end a listener's listening */
    if (error != PWI_ESUCCESS)
        return error;
    if (how == 0 || how > (SHUT_READ | SHUT_WRITE))
        return PWI_EINVAL;
    return pwi_os_sock_shutdown(entry->handle, (how & SHUT_READ) != 0, (how & SHUT_WRITE) != 0);
}
