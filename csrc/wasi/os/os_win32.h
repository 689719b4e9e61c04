/* os_win32.h - what the Windows files of this folder share. */
#ifndef PW_WASI_OS_WIN32_H
#define PW_WASI_OS_WIN32_H

#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0a00
#endif
#include <windows.h>

#include "wasi/os/os.h"

static inline HANDLE pwi_win32_handle(pwi_os_handle handle)
{
    return (HANDLE)handle;
}

/* The number of WASI for an error of GetLastError, and for the one of the call that just failed. */
pwi_errno pwi_win32_errno(DWORD error);
pwi_errno pwi_win32_last(void);
/* Nanoseconds since 1970 for hundreds of nanoseconds since 1601. */
uint64_t pwi_win32_nanoseconds(uint64_t ticks);
uint64_t pwi_win32_ticks(uint64_t ns);
/* Sockets among the things to wait for: a look without waiting. */
void pwi_win32_sock_look(pwi_os_wait *wait);
uint64_t pwi_win32_sock_available(pwi_os_handle socket);

#endif
