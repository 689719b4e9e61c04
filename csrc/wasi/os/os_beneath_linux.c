/* openat2(2), Linux 5.6 and newer: the kernel resolves a whole path and never leaves the directory.
 * It is not in every libc, so it is called by number. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "wasi/os/os_posix.h"

/* <linux/openat2.h> is missing from old sysroots (manylinux2014); the ABI is fixed. */
struct open_how_v0 {
    uint64_t flags;
    uint64_t mode;
    uint64_t resolve;
};
#define NUMBER_OPENAT2     437 /* the same on every architecture but alpha */
#define BENEATH            0x08u
#define NO_MAGICLINKS      0x02u
#define TRIES_AFTER_EAGAIN 16 /* a rename ran against us; the walker has no such trouble */

pwi_errno pwi_os_open_beneath(pwi_os_handle dir, const char *path, pwi_os_handle *out)
{
    struct open_how_v0 how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = BENEATH | NO_MAGICLINKS};
    for (int i = 0; i < TRIES_AFTER_EAGAIN; i++) {
        long fd = syscall(NUMBER_OPENAT2, (int)dir, path, &how, sizeof how);
        if (fd >= 0) {
            *out = (pwi_os_handle)fd;
            return PWI_ESUCCESS;
        }
        if (errno == EXDEV) /* the path leaves dir */
            return PWI_EPERM;
        if (errno == ENOSYS ||
            errno == EPERM) /* old kernel, or a seccomp filter (containers answer either) */
            return PWI_ENOSYS;
        if (errno != EAGAIN && errno != EINTR)
            return pwi_posix_last();
    }
    return PWI_EAGAIN;
}
