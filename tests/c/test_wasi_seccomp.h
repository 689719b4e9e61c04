/* test_wasi_seccomp.h - takes openat2 away from this process, as containers do. Where there is no seccomp, the
 * functions say so. */
#ifndef TEST_WASI_SECCOMP_H
#define TEST_WASI_SECCOMP_H

#include <stdbool.h>

#ifdef __linux__
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NUMBER_OPENAT2 437

static inline bool deny_openat2(int error)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NUMBER_OPENAT2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ((uint32_t)error & SECCOMP_RET_DATA)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof code[0], .filter = code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static inline bool has_openat2(void)
{
    uint64_t how[3] = {O_PATH | O_DIRECTORY, 0, 0x08};
    long fd = syscall(NUMBER_OPENAT2, AT_FDCWD, ".", how, sizeof how);
    if (fd >= 0)
        close((int)fd);
    return fd >= 0;
}
#else
static inline bool deny_openat2(int error)
{
    (void)error;
    return false;
}

static inline bool has_openat2(void)
{
    return false;
}
#endif

#endif
