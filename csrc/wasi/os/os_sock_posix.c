/* Stream sockets on POSIX. Received descriptors (SCM_RIGHTS) are dropped by the kernel: no room is given for them. */
#define _GNU_SOURCE
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "wasi/os/os_posix.h"

pwi_errno pwi_os_sock_adopt(intptr_t socket, pwi_os_handle *out, bool *listens)
{
    int type = 0, accepts = 0;
    socklen_t size = sizeof type;
    if (socket < 0 || socket > INT32_MAX)
        return PWI_EBADF;
    if (getsockopt((int)socket, SOL_SOCKET, SO_TYPE, &type, &size) != 0)
        return pwi_posix_last();
    if (type != SOCK_STREAM)
        return PWI_ENOTSUP;
    size = sizeof accepts;
    if (getsockopt((int)socket, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &size) != 0)
        return pwi_posix_last();
    *listens = accepts != 0;
    pwi_errno error = pwi_os_dup(socket, out);
    if (error == PWI_ESUCCESS) {
        error = pwi_posix_sock_tame((int)*out, *listens);
        if (error != PWI_ESUCCESS)
            pwi_os_close(*out);
    }
    return error;
}

void pwi_os_sock_close(pwi_os_handle socket)
{
    pwi_os_close(socket);
}

pwi_errno pwi_os_sock_accept(pwi_os_handle listener, pwi_os_handle *out)
{
    int fd = pwi_posix_accept((int)listener);
    if (fd < 0) /* a connection that ended while it was waiting is no error of the listener */
        return errno == ECONNABORTED || errno == EPROTO ? PWI_EAGAIN : pwi_posix_last();
    *out = fd;
    return PWI_ESUCCESS;
}

static struct msghdr message(const pwi_os_iovec *iov, size_t count, struct iovec *system)
{
    struct msghdr header;
    size_t used = 0;
    for (; used < count && used < PWI_OS_IOVECS; used++)
        system[used] = (struct iovec){.iov_base = iov[used].data, .iov_len = iov[used].length};
    memset(&header, 0, sizeof header);
    header.msg_iov = system;
    header.msg_iovlen = (uint8_t)used; /* int or size_t; at most PWI_OS_IOVECS */
    return header;
}

pwi_errno pwi_os_sock_recv(pwi_os_handle socket, const pwi_os_iovec *iov, size_t count, bool peek,
                           size_t *done)
{
    struct iovec system[PWI_OS_IOVECS];
    struct msghdr header = message(iov, count, system);
    ssize_t got = recvmsg((int)socket, &header, pwi_posix_recv_flags | (peek ? MSG_PEEK : 0));
    if (got < 0)
        return pwi_posix_last();
    *done = (size_t)got;
    return PWI_ESUCCESS;
}

pwi_errno pwi_os_sock_send(pwi_os_handle socket, const pwi_os_iovec *iov, size_t count, size_t *done)
{
    struct iovec system[PWI_OS_IOVECS];
    struct msghdr header = message(iov, count, system);
    ssize_t sent = sendmsg((int)socket, &header, pwi_posix_send_flags);
    if (sent < 0)
        return pwi_posix_last();
    *done = (size_t)sent;
    return PWI_ESUCCESS;
}

pwi_errno pwi_os_sock_shutdown(pwi_os_handle socket, bool receiving, bool sending)
{
    int how = receiving && sending ? SHUT_RDWR : receiving ? SHUT_RD : SHUT_WR;
    return shutdown((int)socket, how) == 0 ? PWI_ESUCCESS : pwi_posix_last();
}

void pwi_os_sock_peer(pwi_os_handle socket, char *out, size_t size)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    char host[80], port[16];
    out[0] = '\0';
    if (getpeername((int)socket, (struct sockaddr *)&address, &length) != 0 ||
        (address.ss_family != AF_INET && address.ss_family != AF_INET6) ||
        getnameinfo((struct sockaddr *)&address, length, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return;
    snprintf(out, size, address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}
