/* What macOS has for sockets: no flag that keeps a send from blocking or from signalling, so both are options of the
 * socket. */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wasi/os/os_posix.h"

const int pwi_posix_recv_flags = MSG_DONTWAIT;
const int pwi_posix_send_flags = MSG_DONTWAIT;

pwi_errno pwi_posix_sock_tame(int socket, bool listens)
{
    int on = 1, flags = fcntl(socket, F_GETFL);
    if (flags < 0 || fcntl(socket, F_SETFL, flags | O_NONBLOCK) != 0)
        return pwi_posix_last();
    if (!listens && setsockopt(socket, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on) != 0)
        return pwi_posix_last();
    return PWI_ESUCCESS;
}

int pwi_posix_accept(int listener)
{
    int fd = accept(listener, NULL, NULL);
    if (fd < 0)
        return -1;
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && pwi_posix_sock_tame(fd, false) == PWI_ESUCCESS)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}
