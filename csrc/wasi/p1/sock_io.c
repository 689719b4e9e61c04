/* Reading and writing stream sockets, for fd_read, fd_write, sock_recv and sock_send. The handles never block; the
 * guest's waiting is done here, where hooks can end it. */
#include "wasi/core/iovec.h"
#include "wasi/p1/p1.h"

pwi_errno pwi_p1_socket(pwi_call *call, uint32_t fd, pwi_fd **out)
{
    *out = pwi_fd_lookup(&call->wasi->fds, fd);
    if (!*out)
        return PWI_EBADF;
    if ((*out)->kind != PWI_FD_SOCKET) /* what it is comes before what it may */
        return PWI_ENOTSOCK;
    return pwi_p1_any(call, fd, out);
}

pwi_errno pwi_p1_socket_wait(pwi_call *call, uint32_t fd, bool for_write, pwi_fd **entry)
{
    if ((*entry)->flags & PWI_FDFLAG_NONBLOCK)
        return PWI_EAGAIN;
    pwi_os_wait one = {.handle = (*entry)->handle, .is_socket = true, .for_write = for_write};
    pwi_errno error = pwi_wait(call, &one, 1, PWI_FOREVER);
    if (error == PWI_ESUCCESS) /* the poll hook may have let the guest close it */
        error = pwi_p1_socket(call, fd, entry);
    return error;
}

pwi_errno pwi_p1_connection(pwi_call *call, uint32_t fd, pwi_fd **out)
{
    *out = pwi_fd_lookup(&call->wasi->fds, fd);
    if (*out && (*out)->kind == PWI_FD_SOCKET && (*out)->listens)
        return PWI_ENOTCONN;
    return pwi_p1_socket(call, fd, out);
}

/* The same, and leave to use it in this direction. */
static pwi_errno usable(pwi_call *call, uint32_t fd, uint32_t access, pwi_fd **out)
{
    pwi_errno error = pwi_p1_connection(call, fd, out);
    if (error == PWI_ESUCCESS)
        error = pwi_grant_check(call, (*out)->grant, access, NULL, 0);
    return error;
}

/* After a transfer that failed: SUCCESS to try once more. */
static pwi_errno recover(pwi_call *call, uint32_t fd, bool for_write, pwi_errno error, pwi_fd **entry)
{
    if (error == PWI_EAGAIN)
        return pwi_p1_socket_wait(call, fd, for_write, entry);
    if (error != PWI_EINTR) /* a signal is the embedder's business, not the guest's */
        return error;
    error = pwi_poll(call);
    return error == PWI_ESUCCESS ? pwi_p1_socket(call, fd, entry) : error;
}

/* What was moved is told; the error comes back with the next call. */
static pwi_errno ended(pwi_errno error, size_t total, size_t *done)
{
    *done = total;
    return total > 0 && error < PWI_STOP ? PWI_ESUCCESS : error;
}

pwi_errno pwi_p1_socket_recv(pwi_call *call, uint32_t fd, uint32_t iovs, uint32_t count, uint32_t flags,
                             size_t *done)
{
    pwi_fd *entry;
    size_t total = 0;
    bool peek = (flags & PWI_RECV_PEEK) != 0; /* not together with WAITALL: a peek may be a short one */
    bool again = true;
    pwi_errno error = usable(call, fd, PW_WASI_READ, &entry);
    while (error == PWI_ESUCCESS && again) {
        pwi_iov_list list;
        size_t got = 0;
        error = pwi_iov_read(call, iovs, count, &list); /* once more after waiting: memory may have moved */
        if (error != PWI_ESUCCESS || list.total <= total)
            break;
        pwi_iov_skip(&list, total);
        error = pwi_os_sock_recv(entry->handle, list.items, list.count, peek, &got);
        if (error != PWI_ESUCCESS) {
            error = recover(call, fd, false, error, &entry);
            continue;
        }
        total += got;
        again = got > 0 && !peek && (flags & PWI_RECV_WAITALL);
    }
    return ended(error, total, done);
}

pwi_errno pwi_p1_socket_send(pwi_call *call, uint32_t fd, uint32_t iovs, uint32_t count, size_t *done)
{
    pwi_fd *entry;
    size_t total = 0;
    pwi_errno error = usable(call, fd, PW_WASI_WRITE, &entry);
    while (error == PWI_ESUCCESS) {
        pwi_iov_list list;
        size_t sent = 0;
        error = pwi_iov_read(call, iovs, count, &list);
        if (error != PWI_ESUCCESS || list.total <= total)
            break;
        pwi_iov_skip(&list, total);
        error = pwi_os_sock_send(entry->handle, list.items, list.count, &sent);
        if (error != PWI_ESUCCESS)
            error = recover(call, fd, true, error, &entry);
        total += sent;
    }
    return ended(error, total, done);
}
