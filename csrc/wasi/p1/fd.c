/* Descriptors as such: look-up, closing, renumbering, prestat, syncing, hints. */
#include "wasi/p1/p1.h"

static pwi_errno any_with(pwi_call *call, uint32_t fd, uint64_t right, pwi_fd **out)
{
    *out = pwi_fd_lookup(&call->wasi->fds, fd);
    if (!*out)
        return PWI_EBADF;
    pwi_errno error = pwi_fd_settle(*out);
    if (error == PWI_EPERM)
        return pwi_deny(call, (*out)->grant, "a device", NULL, 0);
    if (error != PWI_ESUCCESS)
        return error;
    return (right & ~(*out)->rights) == 0 ? PWI_ESUCCESS : PWI_ENOTCAPABLE;
}

pwi_errno pwi_p1_any(pwi_call *call, uint32_t fd, pwi_fd **out)
{
    return any_with(call, fd, call->right, out);
}

pwi_errno pwi_p1_dir_with(pwi_call *call, uint32_t fd, uint64_t right, pwi_fd **out)
{
    pwi_errno error = any_with(call, fd, 0, out); /* what it is comes before what it may */
    if (error != PWI_ESUCCESS)
        return error;
    if ((*out)->kind != PWI_FD_DIR)
        return PWI_ENOTDIR;
    const pwi_fs_ops *fs = (*out)->fs;
    if (!((*out)->traits & PWI_FS_KNOWN))
        (*out)->traits = PWI_FS_KNOWN | (fs->traits ? fs->traits((*out)->handle) : (uint8_t)PWI_FS_FAST);
    call->is_below = !(*out)->is_preopen;
    call->dir = (*out)->handle;
    return (right & ~(*out)->rights) == 0 ? PWI_ESUCCESS : PWI_ENOTCAPABLE;
}

pwi_errno pwi_p1_dir(pwi_call *call, uint32_t fd, pwi_fd **out)
{
    return pwi_p1_dir_with(call, fd, call->right, out);
}

/* A file that was not opened for it: BADF, as on POSIX. One whose right was taken away: NOTCAPABLE. */
static bool opened_for(const pwi_fd *entry, uint64_t right)
{
    if ((right & PWI_RIGHTS_READING) && !(entry->access & PWI_OPEN_READ))
        return false;
    return !(right & PWI_RIGHTS_WRITING) || (entry->access & PWI_OPEN_WRITE);
}

pwi_errno pwi_p1_file(pwi_call *call, uint32_t fd, pwi_errno if_dir, pwi_errno if_stream, pwi_fd **out)
{
    const uint64_t transfer = PWI_RIGHT(FD_READ) | PWI_RIGHT(FD_WRITE);
    *out = pwi_fd_lookup(&call->wasi->fds, fd);
    if (*out && (*out)->unseen && (*out)->fs->is_file_or_dir((*out)->handle))
        (*out)->unseen = false;
    if (*out && (*out)->unsettled && !(*out)->unseen &&
        (call->right & transfer)) /* the system says it of a directory: ISDIR, BADF */
        return opened_for(*out, call->right) ? PWI_ESUCCESS : PWI_EBADF;
    pwi_errno error = any_with(call, fd, 0, out);
    if (error != PWI_ESUCCESS)
        return error;
    if ((*out)->kind == PWI_FD_DIR)
        return if_dir;
    if (((*out)->kind == PWI_FD_STREAM || (*out)->kind == PWI_FD_SOCKET) && if_stream != PWI_ESUCCESS)
        return if_stream;
    if (!opened_for(*out, call->right))
        return PWI_EBADF;
    return (call->right & ~(*out)->rights) == 0 ? PWI_ESUCCESS : PWI_ENOTCAPABLE;
}

pwi_errno pwi_p1_fd_close(pwi_call *call, const pw_slot *args)
{
    return pwi_fd_close(&call->wasi->fds, (uint32_t)args[0]);
}

pwi_errno pwi_p1_fd_renumber(pwi_call *call, const pw_slot *args)
{
    return pwi_fd_renumber(&call->wasi->fds, (uint32_t)args[0], (uint32_t)args[1]);
}

static pwi_errno sync(pwi_call *call, const pw_slot *args, bool data_only)
{
    pwi_fd *entry;
    pwi_errno error = pwi_p1_any(call, (uint32_t)args[0], &entry);
    if (error != PWI_ESUCCESS)
        return error;
    if (!pwi_fd_has_fs(entry))
        return PWI_EINVAL;
    pwi_unlocked_begin(call);
    error = entry->fs->sync(entry->handle, data_only);
    pwi_unlocked_end(call);
    return error;
}

pwi_errno pwi_p1_fd_sync(pwi_call *call, const pw_slot *args)
{
    return sync(call, args, false);
}

pwi_errno pwi_p1_fd_datasync(pwi_call *call, const pw_slot *args)
{
    return sync(call, args, true);
}

pwi_errno pwi_p1_fd_advise(pwi_call *call, const pw_slot *args)
{
    pwi_fd *entry;
    uint64_t offset = args[1], length = args[2], advice = (uint32_t)args[3];
    pwi_errno error = pwi_p1_file(call, (uint32_t)args[0], PWI_EBADF, PWI_ESPIPE, &entry);
    if (error != PWI_ESUCCESS)
        return error;
    if (advice > 5 || length > UINT64_MAX - offset)
        return PWI_EINVAL;
    return entry->fs->advise(entry->handle, offset, length, (uint8_t)advice);
}

/* Where nothing can be reserved (the file system has no such call) the file gets the size, which is what a program can
 * see of it. */
static pwi_errno reserve(const pwi_fd *entry, uint64_t offset, uint64_t length)
{
    pwi_os_stat stat;
    pwi_errno error = entry->fs->allocate(entry->handle, offset, length);
    if (error != PWI_ENOTSUP)
        return error;
    if (length == 0 || offset > INT64_MAX)
        return PWI_EINVAL;
    if (length > INT64_MAX - offset)
        return PWI_EFBIG;
    error = entry->fs->stat_handle(entry->handle, &stat);
    if (error == PWI_ESUCCESS && stat.size < offset + length)
        error = entry->fs->set_size(entry->handle, offset + length);
    return error;
}

/* What is reserved for standard output counts like what is written to it. */
static pwi_errno allocate(const pwi_fd *entry, uint64_t offset, uint64_t length)
{
    pwi_errno error = PWI_ESUCCESS;
    if (entry->stream)
        error = pwi_stream_take_all(entry->stream, length);
    if (error != PWI_ESUCCESS)
        return error;
    error = reserve(entry, offset, length);
    if (error != PWI_ESUCCESS && entry->stream)
        pwi_stream_give_back(entry->stream, length);
    return error;
}

pwi_errno pwi_p1_fd_allocate(pwi_call *call, const pw_slot *args)
{
    pwi_fd *entry;
    pwi_errno error = pwi_p1_file(call, (uint32_t)args[0], PWI_EISDIR, PWI_ESPIPE, &entry);
    if (error == PWI_ESUCCESS)
        error = pwi_grant_check(call, entry->grant, PW_WASI_WRITE, NULL, 0);
    if (error != PWI_ESUCCESS)
        return error;
    pwi_unlocked_begin(call);
    error = allocate(entry, args[1], args[2]);
    pwi_unlocked_end(call);
    return error;
}

/* prestat: | tag u8 = 0 (directory) | ... | length of the path u32 at 4 | */
pwi_errno pwi_p1_fd_prestat_get(pwi_call *call, const pw_slot *args)
{
    const pwi_fd *entry = pwi_fd_lookup(&call->wasi->fds, (uint32_t)args[0]);
    uint8_t *at;
    pwi_errno error = pwi_call_range(call, (uint32_t)args[1], 8, &at);
    if (error != PWI_ESUCCESS)
        return error;
    if (!entry || !entry->is_preopen) /* ends the scan that a libc makes at its start */
        return PWI_EBADF;
    memset(at, 0, 8);
    pwi_store_u32(at + 4, (uint32_t)entry->grant->guest_length);
    return PWI_ESUCCESS;
}

pwi_errno pwi_p1_fd_prestat_dir_name(pwi_call *call, const pw_slot *args)
{
    const pwi_fd *entry = pwi_fd_lookup(&call->wasi->fds, (uint32_t)args[0]);
    uint32_t at = (uint32_t)args[1], size = (uint32_t)args[2];
    uint8_t *bytes;
    pwi_errno error = pwi_p1_check(call, at, size);
    if (error != PWI_ESUCCESS)
        return error;
    if (!entry || !entry->is_preopen)
        return PWI_EBADF;
    if (size < entry->grant->guest_length)
        return PWI_ENAMETOOLONG;
    error = pwi_call_range(call, at, entry->grant->guest_length, &bytes);
    if (error == PWI_ESUCCESS)
        memcpy(bytes, entry->grant->guest_path, entry->grant->guest_length);
    return error;
}
