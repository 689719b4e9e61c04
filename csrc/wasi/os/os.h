/* os.h - all that WASI asks of an operating system. One set of functions, one set of files per OS:
 *
 *   os_*_posix.c   Linux, macOS      os_*_linux.c, os_*_darwin.c   where these two differ      os_*_win32.c
 *
 * Contract of the functions that take a name: it is ONE path component, NUL-terminated, without separator, not "..";
 * "." means the directory itself. None of them follows a symbolic link at that name. That makes it impossible to
 * leave the directory through them (a "l/" handed to openat(2) with O_NOFOLLOW is followed all the same).
 * The exceptions are pwi_os_open_root (the embedder's own path) and pwi_os_open_beneath (the kernel keeps the
 * path below the directory, or the function answers NOSYS).
 *
 * All sizes in bytes, all times in nanoseconds since 1970-01-01 unless said otherwise. No function keeps a pointer.
 */
#ifndef PW_WASI_OS_H
#define PW_WASI_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wasi/os/wasi_errno.h"

/* A file descriptor or a HANDLE. Virtual file systems put pointers of their own into it (core/fs_ops.h). */
typedef intptr_t pwi_os_handle;
#define PWI_OS_NONE ((pwi_os_handle) - 1)

#define PWI_OS_NAME_MAX 255u  /* bytes of one component */
#define PWI_OS_PATH_MAX 4096u /* bytes of a guest's path and of a link's content */

/* File types, with the numbers of WASI's filetype. */
enum {
    PWI_TYPE_UNKNOWN = 0,
    PWI_TYPE_BLOCK_DEVICE = 1,
    PWI_TYPE_CHARACTER_DEVICE = 2,
    PWI_TYPE_DIRECTORY = 3,
    PWI_TYPE_REGULAR_FILE = 4,
    PWI_TYPE_SOCKET_DGRAM = 5,
    PWI_TYPE_SOCKET_STREAM = 6,
    PWI_TYPE_SYMBOLIC_LINK = 7
};
static inline bool pwi_os_is_device(uint8_t type)
{
    return type == PWI_TYPE_BLOCK_DEVICE || type == PWI_TYPE_CHARACTER_DEVICE;
}

typedef struct pwi_os_stat {
    uint64_t dev;
    uint64_t ino;
    uint64_t nlink;
    uint64_t size;
    uint64_t atim;
    uint64_t mtim;
    uint64_t ctim;
    uint8_t type;
    bool is_fifo; /* type is UNKNOWN then: WASI has no number for it */
} pwi_os_stat;

/* How to open. */
enum {
    PWI_OPEN_READ = 1,
    PWI_OPEN_WRITE = 2,
    PWI_OPEN_APPEND = 4,
    PWI_OPEN_CREATE = 8,
    PWI_OPEN_EXCL = 16,
    PWI_OPEN_TRUNC = 32,
    PWI_OPEN_DIRECTORY = 64, /* anything else is NOTDIR */
    PWI_OPEN_SEARCH = 128,   /* a directory, only to look names up in it */
    PWI_OPEN_DSYNC = 256,
    PWI_OPEN_SYNC = 512
};

/* A piece of host memory that is read into or written from. */
typedef struct pwi_os_iovec {
    uint8_t *data;
    size_t length;
} pwi_os_iovec;
#define PWI_OS_IOVECS 64u /* at most so many per call */

/* What a pipe that pwi_os_wait_ready calls ready for writing takes without blocking. */
#define PWI_OS_PIPE_PIECE_MAX 4096u
extern const size_t pwi_os_pipe_piece;

/* Times to set. */
enum { PWI_TIME_OMIT = 0, PWI_TIME_NOW = 1, PWI_TIME_VALUE = 2 };
typedef struct pwi_os_times {
    uint8_t set_atim; /* PWI_TIME_... */
    uint8_t set_mtim;
    uint64_t atim;
    uint64_t mtim;
} pwi_os_times;

enum { PWI_SEEK_SET = 0, PWI_SEEK_CUR = 1, PWI_SEEK_END = 2 };
/* THREAD: processor time that the calling thread has used. */
enum { PWI_CLOCK_REALTIME = 0, PWI_CLOCK_MONOTONIC = 1, PWI_CLOCK_THREAD = 2 };

/* Directories and names. Directory handles may be made by PWI_OPEN_SEARCH where no more is needed. */
PW_MUST_USE pwi_errno pwi_os_open_root(const char *host_path, pwi_os_handle *out);
PW_MUST_USE pwi_errno pwi_os_open_at(pwi_os_handle dir, const char *name, uint32_t how, pwi_os_handle *out);
/* Opens a directory (PWI_OPEN_SEARCH) by a path of several components, following links, never leaving `dir`:
 * PERM where it would. NOSYS: this OS cannot; AGAIN: could not tell, walk instead. */
PW_MUST_USE pwi_errno pwi_os_open_beneath(pwi_os_handle dir, const char *path, pwi_os_handle *out);
/* Opens in one system call, without having looked at the name: a name in dir, or a path that neither leaves dir nor
 * its file system (`beneath`, NOSYS where that cannot be had). A link at the end is not followed. ACCES, EXIST and
 * NOENT are final; with any other error the slow way has to tell. */
PW_MUST_USE pwi_errno pwi_os_open_direct(pwi_os_handle dir, const char *path, bool beneath, uint32_t how,
                                         pwi_os_handle *out);
/* What is known of the file system that a directory lies on.
 * PLAIN  a kind that holds no device nodes that work: opening one could do things to the machine. Else look first.
 * FAST   a disk of this machine, or memory: short calls do not wait for a network or for another process. */
enum { PWI_FS_PLAIN = 1, PWI_FS_FAST = 2, PWI_FS_KNOWN = 4 };
uint8_t pwi_os_fs_traits(pwi_os_handle dir);
/* Whether it is certainly a regular file or a directory, if that can be had for much less than a stat. */
bool pwi_os_is_file_or_dir(pwi_os_handle handle);
PW_MUST_USE pwi_errno pwi_os_stat_at(pwi_os_handle dir, const char *name, pwi_os_stat *out);
/* NUL-terminates; *length without it. A content that does not fit is NAMETOOLONG. Not a link: INVAL. */
PW_MUST_USE pwi_errno pwi_os_readlink_at(pwi_os_handle dir, const char *name, char *out, size_t size,
                                         size_t *length);
PW_MUST_USE pwi_errno pwi_os_mkdir_at(pwi_os_handle dir, const char *name);
PW_MUST_USE pwi_errno pwi_os_rmdir_at(pwi_os_handle dir, const char *name);
PW_MUST_USE pwi_errno pwi_os_unlink_at(pwi_os_handle dir, const char *name);
PW_MUST_USE pwi_errno pwi_os_rename_at(pwi_os_handle from, const char *name, pwi_os_handle to,
                                       const char *new_name);
PW_MUST_USE pwi_errno pwi_os_link_at(pwi_os_handle from, const char *name, pwi_os_handle to,
                                     const char *new_name);
PW_MUST_USE pwi_errno pwi_os_symlink_at(const char *content, pwi_os_handle dir, const char *name);
PW_MUST_USE pwi_errno pwi_os_set_times_at(pwi_os_handle dir, const char *name, const pwi_os_times *times);

/* Calls entry for each name in the directory, "." and ".." too, in the order of the OS, until it is done or entry
 * returns an error, which is returned. Does not depend on and does not move the handle's position. */
typedef pwi_errno (*pwi_os_entry_fn)(void *env, const char *name, size_t length, uint64_t ino, uint8_t type);
PW_MUST_USE pwi_errno pwi_os_list(pwi_os_handle dir, pwi_os_entry_fn entry, void *env);

/* Open files. */
void pwi_os_close(pwi_os_handle handle);
PW_MUST_USE pwi_errno pwi_os_dup(pwi_os_handle handle, pwi_os_handle *out);
/* The handle of a file descriptor of the C library (0, 1, 2, or a number that Python gave); no new one. */
PW_MUST_USE pwi_errno pwi_os_handle_of_fd(int fd, pwi_os_handle *out);
PW_MUST_USE pwi_errno pwi_os_stat_handle(pwi_os_handle handle, pwi_os_stat *out);
bool pwi_os_is_tty(pwi_os_handle handle);
PW_MUST_USE pwi_errno pwi_os_read(pwi_os_handle handle, const pwi_os_iovec *iov, size_t count, size_t *done);
PW_MUST_USE pwi_errno pwi_os_write(pwi_os_handle handle, const pwi_os_iovec *iov, size_t count, size_t *done);
/* The same for pipes and terminals: a reader that is gone is PIPE, never a signal. */
PW_MUST_USE pwi_errno pwi_os_write_pipe(pwi_os_handle handle, const pwi_os_iovec *iov, size_t count,
                                        size_t *done);
PW_MUST_USE pwi_errno pwi_os_pread(pwi_os_handle handle, const pwi_os_iovec *iov, size_t count,
                                   uint64_t offset, size_t *done);
PW_MUST_USE pwi_errno pwi_os_pwrite(pwi_os_handle handle, const pwi_os_iovec *iov, size_t count,
                                    uint64_t offset, size_t *done);
PW_MUST_USE pwi_errno pwi_os_seek(pwi_os_handle handle, int64_t offset, uint8_t whence, uint64_t *position);
PW_MUST_USE pwi_errno pwi_os_set_size(pwi_os_handle handle, uint64_t size);
PW_MUST_USE pwi_errno pwi_os_allocate(pwi_os_handle handle, uint64_t offset, uint64_t length);
/* advice: numbers of WASI's advice, 0 to 5. */
PW_MUST_USE pwi_errno pwi_os_advise(pwi_os_handle handle, uint64_t offset, uint64_t length, uint8_t advice);
PW_MUST_USE pwi_errno pwi_os_sync(pwi_os_handle handle, bool data_only);
PW_MUST_USE pwi_errno pwi_os_set_append(pwi_os_handle handle, bool append);
PW_MUST_USE pwi_errno pwi_os_set_times(pwi_os_handle handle, const pwi_os_times *times);

/* Time, waiting, chance. */
PW_MUST_USE pwi_errno pwi_os_clock_now(uint8_t clock, uint64_t *ns);
PW_MUST_USE pwi_errno pwi_os_clock_resolution(uint8_t clock, uint64_t *ns);
/* One thing to wait for; `ready` is set on return. Ready means: the next read or write will not block. */
typedef struct pwi_os_wait {
    pwi_os_handle handle;
    bool is_socket;
    bool for_write;
    bool ready;
    bool hangup; /* the other end has closed, or will send nothing more */
} pwi_os_wait;
/* Waits until something is ready or timeout (a duration) is over; count may be 0. A signal ends it early. */
PW_MUST_USE pwi_errno pwi_os_wait_ready(pwi_os_wait *waits, size_t count, uint64_t timeout);
/* Bytes that can be read without waiting from what is ready; 0 where the system does not tell. */
uint64_t pwi_os_available(const pwi_os_wait *wait);
PW_MUST_USE pwi_errno pwi_os_random(uint8_t *out, size_t length);
void pwi_os_yield(void);

/* Stream sockets. No call blocks (AGAIN) and none raises a signal (PIPE). */
/* Duplicates the embedder's socket; NOTSOCK, NOTSUP if it is no stream. Where a call cannot be told not to block, the
 * embedder's socket becomes a non-blocking one: listeners everywhere, connections on macOS and Windows. */
PW_MUST_USE pwi_errno pwi_os_sock_adopt(intptr_t socket, pwi_os_handle *out, bool *listens);
void pwi_os_sock_close(pwi_os_handle socket);
PW_MUST_USE pwi_errno pwi_os_sock_accept(pwi_os_handle listener, pwi_os_handle *out);
PW_MUST_USE pwi_errno pwi_os_sock_recv(pwi_os_handle socket, const pwi_os_iovec *iov, size_t count, bool peek,
                                       size_t *done);
PW_MUST_USE pwi_errno pwi_os_sock_send(pwi_os_handle socket, const pwi_os_iovec *iov, size_t count,
                                       size_t *done);
PW_MUST_USE pwi_errno pwi_os_sock_shutdown(pwi_os_handle socket, bool receiving, bool sending);
/* The other end, for people: "127.0.0.1:80", "[::1]:80", "" if there is no such thing. */
void pwi_os_sock_peer(pwi_os_handle socket, char *out, size_t size);

#endif
