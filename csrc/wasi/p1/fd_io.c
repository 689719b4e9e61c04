/* fd_read, fd_write, fd_pread, fd_pwrite, fd_seek, fd_tell. */
#include "wasi/core/iovec.h"
#include "wasi/p1/p1.h"

/* Above this many bytes other threads may run during the transfer. Below, giving the lock away costs more. */
#define UNLOCK_BYTES 32768u

/* A FIFO that a guest opened: its handle never blocks, the guest's waiting is done here. */
static pwi_errno wait_for(pwi_call *call, pwi_fd **entry, uint32_t fd, bool for_write)
{
    if (!(*entry)->may_block)
        return PWI_ESUCCESS;
    pwi_os_wait one = {.handle = (*entry)->handle, .for_write = for_write};
    pwi_errno error = pwi_wait(call, &one, 1, (*entry)->flags & PWI_FDFLAG_NONBLOCK ? 0 : PWI_FOREVER);
    if (error == PWI_ESUCCESS && !one.ready)
        error = PWI_EAGAIN;
    if (error == PWI_ESUCCESS) /* the poll hook may have let the guest close it */
        error = pwi_p1_any(call, fd, entry);
    return error;
}

/* The four transfers on a file: at the file's position, or at *offset. */
static pwi_errno transfer(pwi_call *call, pwi_fd *entry, const pw_slot *args, const uint64_t *offset,
                          bool write, size_t *done)
{
    pwi_iov_list list;
    pwi_errno error = pwi_iov_read(call, (uint32_t)args[1], (uint32_t)args[2], &list);
    if (error != PWI_ESUCCESS)
        return error;
    uint64_t taken = 0;
    bool is_output = write && entry->stream && list.total > 0;
    if (is_output) { /* a file, but standard output */
        taken = pwi_stream_take(entry->stream, list.total);
        if (taken == 0)
            return PWI_ENOSPC;
        pwi_iov_keep(&list, taken);
    }
    const pwi_fs_ops *fs = entry->fs;
    bool unlock = list.total > UNLOCK_BYTES || entry->may_block || pwi_fd_is_slow(entry);
    if (unlock)
        pwi_unlocked_begin(call);
    if (offset)
        error = (write ? fs->pwrite : fs->pread)(entry->handle, list.items, list.count, *offset, done);
    else if (write && entry->may_block) /* a FIFO of the host */
        error = pwi_os_write_pipe(entry->handle, list.items, list.count, done);
    else
        error = (write ? fs->write : fs->read)(entry->handle, list.items, list.count, done);
    if (unlock)
        pwi_unlocked_end(call);
    if (is_output)
        pwi_stream_give_back(entry->stream, error == PWI_ESUCCESS ? taken - *done : taken);
    if (list.total == 0 && error == PWI_ESUCCESS && entry->unsettled) { /* systems do not look then */
        error = pwi_fd_settle(entry);
        if (error == PWI_ESUCCESS && entry->kind == PWI_FD_DIR)
            error = write ? PWI_EBADF : PWI_EISDIR;
    }
    return error;
}

static pwi_errno sequential(pwi_call *call, const pw_slot *args, bool write)
{
    uint32_t fd = (uint32_t)args[0], result_at = (uint32_t)args[3];
    size_t done = 0;
    pwi_fd *entry;
    pwi_errno error = pwi_p1_check(call, result_at, 4);
    if (error == PWI_ESUCCESS)
        error = pwi_p1_file(call, fd, write ? PWI_EBADF : PWI_EISDIR, PWI_ESUCCESS, &entry);
    if (error != PWI_ESUCCESS)
        return error;
    if (entry->kind == PWI_FD_SOCKET) {
        error = write ? pwi_p1_socket_send(call, fd, (uint32_t)args[1], (uint32_t)args[2], &done)
                      : pwi_p1_socket_recv(call, fd, (uint32_t)args[1], (uint32_t)args[2], 0, &done);
    } else if (entry->kind == PWI_FD_STREAM) {
        bool wait = !(entry->flags & PWI_FDFLAG_NONBLOCK);
        error = (write ? pwi_stream_write : pwi_stream_read)(call, entry->stream, (uint32_t)args[1],
                                                             (uint32_t)args[2], wait, &done);
    } else {
        error = wait_for(call, &entry, fd, write);
        if (error == PWI_ESUCCESS)
            error = transfer(call, entry, args, NULL, write, &done);
    }
    if (error == PWI_ESUCCESS)
        error = pwi_p1_put_u32(call, result_at, (uint32_t)done);
    return error;
}

static pwi_errno positioned(pwi_call *call, const pw_slot *args, bool write)
{
    uint64_t offset = args[3];
    uint32_t result_at = (uint32_t)args[4];
    size_t done = 0;
    pwi_fd *entry;
    pwi_errno error = pwi_p1_check(call, result_at, 4);
    if (error == PWI_ESUCCESS)
        error = pwi_p1_file(call, (uint32_t)args[0], write ? PWI_EBADF : PWI_EISDIR, PWI_ESPIPE, &entry);
    if (error == PWI_ESUCCESS && offset > INT64_MAX)
        error = PWI_EINVAL;
    if (error == PWI_ESUCCESS && write) /* who may only append writes at no place of choice */
        error = pwi_grant_check(call, entry->grant, PW_WASI_WRITE, NULL, 0);
    if (error == PWI_ESUCCESS)
        error = transfer(call, entry, args, &offset, write, &done);
    if (error == PWI_ESUCCESS)
        error = pwi_p1_put_u32(call, result_at, (uint32_t)done);
    return error;
}

pwi_errno pwi_p1_fd_read(pwi_call *call, const pw_slot *args)
{
    return sequential(call, args, false);
}

pwi_errno pwi_p1_fd_write(pwi_call *call, const pw_slot *args)
{
    return sequential(call, args, true);
}

pwi_errno pwi_p1_fd_pread(pwi_call *call, const pw_slot *args)
{
    return positioned(call, args, false);
}

pwi_errno pwi_p1_fd_pwrite(pwi_call *call, const pw_slot *args)
{
    return positioned(call, args, true);
}

static pwi_errno seek(pwi_call *call, uint32_t fd, int64_t delta, uint8_t whence, uint32_t result_at)
{
    uint64_t position;
    pwi_fd *entry;
    pwi_errno error = pwi_p1_check(call, result_at, 8);
    if (error == PWI_ESUCCESS)
        error = pwi_p1_file(call, fd, PWI_EBADF, PWI_ESPIPE, &entry);
    if (error == PWI_ESUCCESS)
        error = entry->fs->seek(entry->handle, delta, whence, &position);
    if (error == PWI_ESUCCESS)
        error = pwi_p1_put_u64(call, result_at, position);
    return error;
}

pwi_errno pwi_p1_fd_seek(pwi_call *call, const pw_slot *args)
{
    static const uint8_t preview1[] = {PWI_SEEK_SET, PWI_SEEK_CUR, PWI_SEEK_END};
    static const uint8_t unstable[] = {PWI_SEEK_CUR, PWI_SEEK_END, PWI_SEEK_SET};
    uint32_t whence = (uint32_t)args[2];
    if (whence > 2)
        return PWI_EINVAL;
    return seek(call, (uint32_t)args[0], (int64_t)args[1], (call->is_unstable ? unstable : preview1)[whence],
                (uint32_t)args[3]);
}

pwi_errno pwi_p1_fd_tell(pwi_call *call, const pw_slot *args)
{
    return seek(call, (uint32_t)args[0], 0, PWI_SEEK_CUR, (uint32_t)args[1]);
}
