/* p1.h - the 46 functions of WASI 0.1 and what they share. Each is pwi_p1_<name>(call, args): args are the slots of
 * its parameters. It returns the number for the guest, or PWI_STOP.
 *
 * Order in every function: bounds of the result pointers (trap), descriptor, right, arguments, grant, deed, results.
 * A guest may let buffers, lists and results overlap: lists are read first, results written last.
 */
#ifndef PW_WASI_P1_H
#define PW_WASI_P1_H

#include "wasi/core/path.h"

#define P1_DECLARE_NOSYS(name)
#define P1_DECLARE_YES(name) PW_MUST_USE pwi_errno pwi_p1_##name(pwi_call *call, const pw_slot *args);
#define P1(name, signature, capability, right, state) P1_DECLARE_##state(name)
#include "wasi/p1/preview1.def"
#undef P1
#undef P1_DECLARE_YES
#undef P1_DECLARE_NOSYS

typedef pwi_errno (*pwi_p1_fn)(pwi_call *call, const pw_slot *args);

enum pwi_p1_index {
#define P1(name, signature, capability, right, state) PWI_P1_##name,
#include "wasi/p1/preview1.def"
#undef P1
    PWI_P1_COUNT
};

/* Runs one function as a guest would call it. memory: the guest's, fixed for the call. For tests, and for hosts that
 * have no engine. */
PW_MUST_USE pwi_errno pwi_p1_call(pwi_call *call, enum pwi_p1_index index, const pw_slot *args);
/* Sets name and right of a call; returns the function. */
pwi_p1_fn pwi_p1_begin(pwi_call *call, enum pwi_p1_index index);

/* ---- descriptors (fd.c) ---- */
/* The descriptor if it is open (BADF) and has the call's right (NOTCAPABLE). */
PW_MUST_USE pwi_errno pwi_p1_any(pwi_call *call, uint32_t fd, pwi_fd **out);
/* A directory: NOTDIR for anything else. */
PW_MUST_USE pwi_errno pwi_p1_dir(pwi_call *call, uint32_t fd, pwi_fd **out);
/* The same with a right that is not the row's. */
PW_MUST_USE pwi_errno pwi_p1_dir_with(pwi_call *call, uint32_t fd, uint64_t right, pwi_fd **out);
/* A file: if_dir for directories, if_stream (if not SUCCESS) for streams and sockets. */
PW_MUST_USE pwi_errno pwi_p1_file(pwi_call *call, uint32_t fd, pwi_errno if_dir, pwi_errno if_stream,
                                  pwi_fd **out);

/* ---- sockets (sock_io.c): what fd_read, fd_write and the calls of sock.c share ---- */
/* A socket with the call's right: NOTSOCK for anything else. */
PW_MUST_USE pwi_errno pwi_p1_socket(pwi_call *call, uint32_t fd, pwi_fd **out);
/* The same for one that does not listen: NOTCONN. */
PW_MUST_USE pwi_errno pwi_p1_connection(pwi_call *call, uint32_t fd, pwi_fd **out);
/* Waits until it is ready, and looks it up again. AGAIN at once if the guest wants that. */
PW_MUST_USE pwi_errno pwi_p1_socket_wait(pwi_call *call, uint32_t fd, bool for_write, pwi_fd **entry);
/* Transfers; 0 bytes is the end of what the peer sends. WAITALL: until all is there. */
enum { PWI_RECV_PEEK = 1, PWI_RECV_WAITALL = 2 };
PW_MUST_USE pwi_errno pwi_p1_socket_recv(pwi_call *call, uint32_t fd, uint32_t iovs, uint32_t count,
                                         uint32_t flags, size_t *done);
PW_MUST_USE pwi_errno pwi_p1_socket_send(pwi_call *call, uint32_t fd, uint32_t iovs, uint32_t count,
                                         size_t *done);

/* ---- structs that several files write ---- */
/* filestat: 64 bytes (wasi_unstable: 56). */
uint32_t pwi_p1_filestat_size(const pwi_call *call);
void pwi_p1_put_filestat(const pwi_call *call, uint8_t *at, const pwi_os_stat *stat);
/* Arguments of the two calls that set times; INVAL. */
PW_MUST_USE pwi_errno pwi_p1_times(uint64_t atim, uint64_t mtim, uint64_t fstflags, pwi_os_times *out);

/* Lists of strings (args.c): args[0], args[1] are the pointers of the two kinds of calls. */
PW_MUST_USE pwi_errno pwi_p1_put_sizes(pwi_call *call, const pwi_strings *strings, const pw_slot *args);
PW_MUST_USE pwi_errno pwi_p1_put_strings(pwi_call *call, const pwi_strings *strings, const pw_slot *args);

/* Result that is one u32 or u64. */
PW_MUST_USE static inline pwi_errno pwi_p1_put_u32(pwi_call *call, uint32_t at, uint32_t value)
{
    uint8_t *bytes;
    pwi_errno error = pwi_call_range(call, at, 4, &bytes);
    if (error == PWI_ESUCCESS)
        pwi_store_u32(bytes, value);
    return error;
}
PW_MUST_USE pwi_errno pwi_p1_put_u64(pwi_call *call, uint32_t at, uint64_t value);
/* Whether length bytes can be written at `at`, before anything is done. */
PW_MUST_USE static inline pwi_errno pwi_p1_check(pwi_call *call, uint32_t at, uint64_t length)
{
    uint8_t *bytes;
    return pwi_call_range(call, at, length, &bytes);
}

#endif
