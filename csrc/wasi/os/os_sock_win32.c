/* Stream sockets on Windows. Each socket of ours holds one reference to Winsock, so nothing has to be set up. */
#include "wasi/os/os_win32.h"

#include <stdio.h>
#include <winsock2.h>
#include <ws2tcpip.h>

static SOCKET sock(pwi_os_handle handle)
{
    return (SOCKET)handle;
}

static pwi_errno sock_errno(int error)
{
    static const struct {
        int windows;
        pwi_errno wasi;
    } table[] = {
        {WSAEWOULDBLOCK, PWI_EAGAIN},    {WSAEINTR, PWI_EINTR},
        {WSAEBADF, PWI_EBADF},           {WSAEACCES, PWI_EACCES},
        {WSAEFAULT, PWI_EFAULT},         {WSAEINVAL, PWI_EINVAL},
        {WSAEMFILE, PWI_EMFILE},         {WSAENOTSOCK, PWI_ENOTSOCK},
        {WSAEMSGSIZE, PWI_EMSGSIZE},     {WSAEOPNOTSUPP, PWI_ENOTSUP},
        {WSAENETDOWN, PWI_ENETDOWN},     {WSAENETUNREACH, PWI_ENETUNREACH},
        {WSAENETRESET, PWI_ENETRESET},   {WSAECONNABORTED, PWI_EPIPE},
        {WSAECONNRESET, PWI_ECONNRESET}, {WSAENOBUFS, PWI_ENOBUFS},
        {WSAENOTCONN, PWI_ENOTCONN},     {WSAESHUTDOWN, PWI_EPIPE},
        {WSAETIMEDOUT, PWI_ETIMEDOUT},   {WSAEHOSTUNREACH, PWI_EHOSTUNREACH},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].windows == error)
            return table[i].wasi;
    return PWI_EIO;
}

static pwi_errno sock_last(void)
{
    return sock_errno(WSAGetLastError());
}

static pwi_errno start(void)
{
    WSADATA data;
    return WSAStartup(MAKEWORD(2, 2), &data) == 0 ? PWI_ESUCCESS : PWI_EIO;
}

static pwi_errno duplicate(SOCKET socket, pwi_os_handle *out)
{
    WSAPROTOCOL_INFOW info;
    u_long on = 1;
    if (WSADuplicateSocketW(socket, GetCurrentProcessId(), &info) != 0)
        return sock_last();
    SOCKET copy = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &info, 0,
                             WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
    if (copy == INVALID_SOCKET)
        return sock_last();
    if (ioctlsocket(copy, (long)FIONBIO, &on) != 0) {
        pwi_errno error = sock_last();
        closesocket(copy);
        return error;
    }
    *out = (pwi_os_handle)copy;
    return PWI_ESUCCESS;
}

pwi_errno pwi_os_sock_adopt(intptr_t socket, pwi_os_handle *out, bool *listens)
{
    int type = 0, size = sizeof type;
    BOOL accepts = FALSE;
    pwi_errno error = start();
    if (error != PWI_ESUCCESS)
        return error;
    if (getsockopt(sock(socket), SOL_SOCKET, SO_TYPE, (char *)&type, &size) != 0)
        error = sock_last();
    else if (type != SOCK_STREAM)
        error = PWI_ENOTSUP;
    size = sizeof accepts;
    if (error == PWI_ESUCCESS &&
        getsockopt(sock(socket), SOL_SOCKET, SO_ACCEPTCONN, (char *)&accepts, &size) != 0)
        error = sock_last();
    *listens = accepts != FALSE;
    if (error == PWI_ESUCCESS)
        error = duplicate(sock(socket), out);
    if (error != PWI_ESUCCESS)
        WSACleanup();
    return error;
}

void pwi_os_sock_close(pwi_os_handle socket)
{
    if (socket == PWI_OS_NONE)
        return;
    closesocket(sock(socket));
    WSACleanup();
}

pwi_errno pwi_os_sock_accept(pwi_os_handle listener, pwi_os_handle *out)
{
    u_long on = 1;
    pwi_errno error = start();
    if (error != PWI_ESUCCESS)
        return error;
    SOCKET made = accept(sock(listener), NULL, NULL);
    if (made == INVALID_SOCKET) {
        int failed = WSAGetLastError(); /* a connection that ended while it was waiting is no error */
        error = failed == WSAECONNRESET || failed == WSAECONNABORTED ? PWI_EAGAIN : sock_errno(failed);
        WSACleanup();
        return error;
    }
    (void)SetHandleInformation((HANDLE)made, HANDLE_FLAG_INHERIT, 0);
    if (ioctlsocket(made, (long)FIONBIO, &on) != 0) {
        error = sock_last();
        pwi_os_sock_close((pwi_os_handle)made);
        return error;
    }
    *out = (pwi_os_handle)made;
    return PWI_ESUCCESS;
}

static DWORD to_system(const pwi_os_iovec *iov, size_t count, WSABUF *out)
{
    DWORD used = 0;
    for (; used < count && used < PWI_OS_IOVECS; used++) {
        out[used].buf = (CHAR *)iov[used].data;
        out[used].len = iov[used].length < INT32_MAX ? (ULONG)iov[used].length : INT32_MAX;
        if (iov[used].length > INT32_MAX) /* a short transfer */
            return used + 1;
    }
    return used;
}

pwi_errno pwi_os_sock_recv(pwi_os_handle socket, const pwi_os_iovec *iov, size_t count, bool peek,
                           size_t *done)
{
    WSABUF system[PWI_OS_IOVECS];
    DWORD got = 0, flags = peek ? MSG_PEEK : 0;
    if (WSARecv(sock(socket), system, to_system(iov, count, system), &got, &flags, NULL, NULL) != 0)
        return sock_last();
    *done = got;
    return PWI_ESUCCESS;
}

pwi_errno pwi_os_sock_send(pwi_os_handle socket, const pwi_os_iovec *iov, size_t count, size_t *done)
{
    WSABUF system[PWI_OS_IOVECS];
    DWORD sent = 0;
    if (WSASend(sock(socket), system, to_system(iov, count, system), &sent, 0, NULL, NULL) != 0)
        return sock_last();
    *done = sent;
    return PWI_ESUCCESS;
}

pwi_errno pwi_os_sock_shutdown(pwi_os_handle socket, bool receiving, bool sending)
{
    int how = receiving && sending ? SD_BOTH : receiving ? SD_RECEIVE : SD_SEND;
    return shutdown(sock(socket), how) == 0 ? PWI_ESUCCESS : sock_last();
}

void pwi_os_sock_peer(pwi_os_handle socket, char *out, size_t size)
{
    struct sockaddr_storage address;
    int length = sizeof address;
    char host[80], port[16];
    out[0] = '\0';
    if (getpeername(sock(socket), (struct sockaddr *)&address, &length) != 0 ||
        (address.ss_family != AF_INET && address.ss_family != AF_INET6) ||
        getnameinfo((struct sockaddr *)&address, length, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return;
    snprintf(out, size, address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

void pwi_win32_sock_look(pwi_os_wait *wait)
{
    WSAPOLLFD one = {.fd = sock(wait->handle), .events = wait->for_write ? POLLWRNORM : POLLRDNORM};
    int ready = WSAPoll(&one, 1, 0);
    wait->ready = ready != 0; /* an error too: the next call will tell it */
    wait->hangup = ready > 0 && (one.revents & POLLHUP) != 0;
}

uint64_t pwi_win32_sock_available(pwi_os_handle socket)
{
    u_long bytes = 0;
    return ioctlsocket(sock(socket), FIONREAD, &bytes) == 0 ? bytes : 0;
}
