/* os_posix.h - what the POSIX files of this folder share. */
#ifndef PW_WASI_OS_POSIX_H
#define PW_WASI_OS_POSIX_H

#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#include "wasi/os/os.h"

/* The number of WASI for errno; IO for what has none. */
pwi_errno pwi_posix_errno(int error);
/* The same for the errno of the call that just failed. */
pwi_errno pwi_posix_last(void);
/* open(2) flags for PWI_OPEN_...; links are never followed. */
int pwi_posix_open_flags(uint32_t how);
/* open(2) flags for a directory that is only looked up in. */
int pwi_posix_search_flags(void);
/* The finest clock that never goes back. */
extern const clockid_t pwi_posix_monotonic;
/* Nanoseconds in st, which POSIX names differently from macOS. */
void pwi_posix_stat_times(const struct stat *st, pwi_os_stat *out);
void pwi_posix_stat_convert(const struct stat *st, pwi_os_stat *out);
uint64_t pwi_posix_nanoseconds(const struct timespec *time);
/* accept(2): the new socket is closed on exec, does not block and raises no signal. -1 and errno. */
int pwi_posix_accept(int listener);
/* Makes sure that calls on an adopted socket neither block nor raise a signal. */
pwi_errno pwi_posix_sock_tame(int socket, bool listens);
/* Flags for recvmsg(2) and sendmsg(2) to the same end. */
extern const int pwi_posix_recv_flags;
extern const int pwi_posix_send_flags;

#endif
