/* What Linux has a call of its own for. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "wasi/os/os_posix.h"

/* A pipe is reported writable only with a page free (and PIPE_BUF is that much). */
const size_t pwi_os_pipe_piece = 4096;

const clockid_t pwi_posix_monotonic = CLOCK_MONOTONIC;

int pwi_posix_search_flags(void)
{
    return O_PATH;
}

void pwi_posix_stat_times(const struct stat *st, pwi_os_stat *out)
{
    out->atim = pwi_posix_nanoseconds(&st->st_atim);
    out->mtim = pwi_posix_nanoseconds(&st->st_mtim);
    out->ctim = pwi_posix_nanoseconds(&st->st_ctim);
}

pwi_errno pwi_os_allocate(pwi_os_handle handle, uint64_t offset, uint64_t length)
{
    if (length == 0 || offset > INT64_MAX || length > INT64_MAX - offset)
        return length > INT64_MAX - offset && length != 0 ? PWI_EFBIG : PWI_EINVAL;
    /* Not posix_fallocate: where the file system cannot, that writes every block, for as long as a guest says. */
    if (fallocate((int)handle, 0, (off_t)offset, (off_t)length) != 0)
        return pwi_posix_last();
    return PWI_ESUCCESS;
}

pwi_errno pwi_os_advise(pwi_os_handle handle, uint64_t offset, uint64_t length, uint8_t advice)
{
    static const int system[] = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                                 POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE};
    if (advice >= sizeof system / sizeof system[0] || offset > INT64_MAX || length > INT64_MAX - offset)
        return PWI_EINVAL;
    return pwi_posix_errno(posix_fadvise((int)handle, (off_t)offset, (off_t)length, system[advice]));
}

pwi_errno pwi_os_sync(pwi_os_handle handle, bool data_only)
{
    int failed = data_only ? fdatasync((int)handle) : fsync((int)handle);
    return failed == 0 ? PWI_ESUCCESS : pwi_posix_last();
}
