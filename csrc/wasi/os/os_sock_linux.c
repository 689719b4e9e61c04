/* What Linux has for sockets: every call can be told not to block and not to signal. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/socket.h>

#include "wasi/os/os_posix.h"

const int pwi_posix_recv_flags = MSG_DONTWAIT;
const int pwi_posix_send_flags = MSG_DONTWAIT | MSG_NOSIGNAL;

int pwi_posix_accept(int listener)
{
    return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

/* accept(2) alone has no such flag. The connection that poll(2) saw may have been taken by another process. */
pwi_errno pwi_posix_sock_tame(int socket, bool listens)
{
    if (!listens)
        return PWI_ESUCCESS;
    int flags = fcntl(socket, F_GETFL);
    if (flags < 0 || fcntl(socket, F_SETFL, flags | O_NONBLOCK) != 0)
        return pwi_posix_last();
    return PWI_ESUCCESS;
}
