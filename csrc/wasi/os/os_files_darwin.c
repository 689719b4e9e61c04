/* What macOS has a call of its own for. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "wasi/os/os_posix.h"

/* O_SEARCH in Apple's headers from macOS 13 on; the kernel has known the bit (O_EXEC) since 10.15 or so. */
#ifdef O_SEARCH
#define SEARCH_FLAGS O_SEARCH
#else
#define SEARCH_FLAGS O_RDONLY
#endif

/* PIPE_BUF */
const size_t pwi_os_pipe_piece = 512;

/* CLOCK_MONOTONIC steps by microseconds here: a program could read the same time twice. Both go on in sleep. */
const clockid_t pwi_posix_monotonic = CLOCK_MONOTONIC_RAW;

int pwi_posix_search_flags(void)
{
    return SEARCH_FLAGS;
}

void pwi_posix_stat_times(const struct stat *st, pwi_os_stat *out)
{
    out->atim = pwi_posix_nanoseconds(&st->st_atimespec);
    out->mtim = pwi_posix_nanoseconds(&st->st_mtimespec);
    out->ctim = pwi_posix_nanoseconds(&st->st_ctimespec);
}

pwi_errno pwi_os_allocate(pwi_os_handle handle, uint64_t offset, uint64_t length)
{
    struct stat st;
    if (length == 0 || offset > INT64_MAX)
        return PWI_EINVAL;
    if (length > INT64_MAX - offset)
        return PWI_EFBIG;
    if (fstat((int)handle, &st) != 0)
        return pwi_posix_last();
    off_t end = (off_t)(offset + length);
    if (end <= st.st_size)
        return PWI_ESUCCESS;
    /* Reserves beyond the end of the file, contiguous or not; the size is set by ftruncate. */
    fstore_t store = {
        .fst_flags = F_ALLOCATEALL, .fst_posmode = F_PEOFPOSMODE, .fst_length = end - st.st_size};
    if (fcntl((int)handle, F_PREALLOCATE, &store) != 0 && errno == ENOSPC)
        return pwi_posix_last();
    return ftruncate((int)handle, end) == 0 ? PWI_ESUCCESS : pwi_posix_last();
}

pwi_errno pwi_os_advise(pwi_os_handle handle, uint64_t offset, uint64_t length, uint8_t advice)
{
    (void)handle; /* a hint; F_RDADVISE is the one that macOS knows, and it may do nothing */
    if (advice > 5 || offset > INT64_MAX || length > INT64_MAX - offset)
        return PWI_EINVAL;
    return PWI_ESUCCESS;
}

pwi_errno pwi_os_sync(pwi_os_handle handle, bool data_only)
{
    (void)data_only; /* fsync leaves data in the drive's cache; F_FULLFSYNC is refused by some file systems */
    if (fcntl((int)handle, F_FULLFSYNC) == 0 || fsync((int)handle) == 0)
        return PWI_ESUCCESS;
    return pwi_posix_last();
}
