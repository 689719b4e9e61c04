/* Open files on POSIX. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/uio.h>
#include <unistd.h>

#include "wasi/os/os_posix.h"

void pwi_os_close(pwi_os_handle handle)
{
    if (handle != PWI_OS_NONE)
        (void)close((int)handle); /* nothing can be done about a late write error here; fd_sync reports it */
}

pwi_errno pwi_os_dup(pwi_os_handle handle, pwi_os_handle *out)
{
    int fd = fcntl((int)handle, F_DUPFD_CLOEXEC, 3);
    if (fd < 0)
        return pwi_posix_last();
    *out = fd;
    return PWI_ESUCCESS;
}

pwi_errno pwi_os_handle_of_fd(int fd, pwi_os_handle *out)
{
    *out = fd;
    return fd < 0 ? PWI_EBADF : PWI_ESUCCESS;
}

uint64_t pwi_posix_nanoseconds(const struct timespec *time)
{
    if (time->tv_sec < 0) /* WASI has no time before 1970 */
        return 0;
    uint64_t seconds = (uint64_t)time->tv_sec;
    if (seconds > (UINT64_MAX - 999999999u) / 1000000000u)
        return UINT64_MAX;
    return seconds * 1000000000u + (uint64_t)time->tv_nsec;
}

static uint8_t stat_type(mode_t mode)
{
    if (S_ISREG(mode))
        return PWI_TYPE_REGULAR_FILE;
    if (S_ISDIR(mode))
        return PWI_TYPE_DIRECTORY;
    if (S_ISLNK(mode))
        return PWI_TYPE_SYMBOLIC_LINK;
    if (S_ISCHR(mode))
        return PWI_TYPE_CHARACTER_DEVICE;
    if (S_ISBLK(mode))
        return PWI_TYPE_BLOCK_DEVICE;
    if (S_ISSOCK(mode))
        return PWI_TYPE_SOCKET_STREAM;
    return PWI_TYPE_UNKNOWN;
}

void pwi_posix_stat_convert(const struct stat *st, pwi_os_stat *out)
{
    out->dev = (uint64_t)st->st_dev;
    out->ino = (uint64_t)st->st_ino;
    out->nlink = (uint64_t)st->st_nlink;
    out->size = st->st_size < 0 ? 0 : (uint64_t)st->st_size;
    out->type = stat_type(st->st_mode);
    out->is_fifo = S_ISFIFO(st->st_mode);
    pwi_posix_stat_times(st, out);
}

pwi_errno pwi_os_stat_handle(pwi_os_handle handle, pwi_os_stat *out)
{
    struct stat st;
    if (fstat((int)handle, &st) != 0)
        return pwi_posix_last();
    pwi_posix_stat_convert(&st, out);
    return PWI_ESUCCESS;
}

bool pwi_os_is_tty(pwi_os_handle handle)
{
    return isatty((int)handle) == 1;
}

/* Copies to the system's type, never more bytes in all than the system's count can tell. */
static int to_system(const pwi_os_iovec *iov, size_t count, struct iovec *out)
{
    size_t left = SSIZE_MAX;
    size_t used = 0;
    for (; used < count && used < PWI_OS_IOVECS && left > 0; used++) {
        size_t length = iov[used].length < left ? iov[used].length : left;
        out[used].iov_base = iov[used].data;
        out[used].iov_len = length;
        left -= length;
    }
    return (int)used;
}

static pwi_errno moved(ssize_t got, size_t *done)
{
    if (got < 0)
        return pwi_posix_last();
    *done = (size_t)got;
    return PWI_ESUCCESS;
}

/* Functions of their own: the room that they need on the stack is not for the common case of one piece. */
static pwi_errno read_pieces(int fd, const pwi_os_iovec *iov, size_t count, size_t *done)
{
    struct iovec system[PWI_OS_IOVECS];
    return moved(readv(fd, system, to_system(iov, count, system)), done);
}

static pwi_errno write_pieces(int fd, const pwi_os_iovec *iov, size_t count, size_t *done)
{
    struct iovec system[PWI_OS_IOVECS];
    return moved(writev(fd, system, to_system(iov, count, system)), done);
}

pwi_errno pwi_os_read(pwi_os_handle handle, const pwi_os_iovec *iov, size_t count, size_t *done)
{
    if (count == 1)
        return moved(read((int)handle, iov->data, iov->length), done);
    return read_pieces((int)handle, iov, count, done);
}

pwi_errno pwi_os_write(pwi_os_handle handle, const pwi_os_iovec *iov, size_t count, size_t *done)
{
    if (count == 1)
        return moved(write((int)handle, iov->data, iov->length), done);
    return write_pieces((int)handle, iov, count, done);
}

/* Piece by piece, since preadv(2) came to macOS with 11. What was moved before an error is a short transfer. */
static pwi_errno move_at(int fd, const pwi_os_iovec *iov, size_t count, uint64_t offset, bool write,
                         size_t *done)
{
    uint8_t nothing = 0;
    const pwi_os_iovec none = {&nothing, 0};
    size_t all = 0, part = 0;
    pwi_errno error = PWI_ESUCCESS;
    if (count == 0) {
        iov = &none;
        count = 1;
    }
    for (size_t i = 0; i < count && error == PWI_ESUCCESS; i++) {
        uint64_t at = offset + all;
        if (at > INT64_MAX)
            error = PWI_EINVAL;
        else
            error = moved(write ? pwrite(fd, iov[i].data, iov[i].length, (off_t)at)
                                : pread(fd, iov[i].data, iov[i].length, (off_t)at),
                          &part);
        if (error == PWI_ESUCCESS)
            all += part;
        if (part < iov[i].length)
            break;
    }
    *done = all;
    return all > 0 ? PWI_ESUCCESS : error;
}

pwi_errno pwi_os_pread(pwi_os_handle handle, const pwi_os_iovec *iov, size_t count, uint64_t offset,
                       size_t *done)
{
    return move_at((int)handle, iov, count, offset, false, done);
}

pwi_errno pwi_os_pwrite(pwi_os_handle handle, const pwi_os_iovec *iov, size_t count, uint64_t offset,
                        size_t *done)
{
    return move_at((int)handle, iov, count, offset, true, done);
}

pwi_errno pwi_os_seek(pwi_os_handle handle, int64_t offset, uint8_t whence, uint64_t *position)
{
    static const int system[] = {SEEK_SET, SEEK_CUR, SEEK_END};
    if (whence > PWI_SEEK_END)
        return PWI_EINVAL;
    off_t now = lseek((int)handle, (off_t)offset, system[whence]);
    if (now < 0)
        return pwi_posix_last();
    *position = (uint64_t)now;
    return PWI_ESUCCESS;
}

pwi_errno pwi_os_set_size(pwi_os_handle handle, uint64_t size)
{
    if (size > INT64_MAX)
        return PWI_EINVAL;
    return ftruncate((int)handle, (off_t)size) == 0 ? PWI_ESUCCESS : pwi_posix_last();
}

pwi_errno pwi_os_set_append(pwi_os_handle handle, bool append)
{
    int flags = fcntl((int)handle, F_GETFL);
    if (flags < 0)
        return pwi_posix_last();
    flags = append ? flags | O_APPEND : flags & ~O_APPEND;
    return fcntl((int)handle, F_SETFL, flags) == 0 ? PWI_ESUCCESS : pwi_posix_last();
}
