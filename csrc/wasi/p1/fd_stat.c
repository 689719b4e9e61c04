/* What a descriptor is and may: fdstat, rights, flags, filestat, size, times.
 *
 *   fdstat                                       filestat                            wasi_unstable
 *    0 u8  filetype                               0 u64 device                        0 u64 device
 *    2 u16 flags                                  8 u64 inode                         8 u64 inode
 *    8 u64 rights                                16 u8  filetype                     16 u8  filetype
 *   16 u64 inheriting rights                     24 u64 links                        20 u32 links
 *   24                                           32 u64 size                         24 u64 size
 *                                                40 u64 atim, mtim, ctim   64        32 u64 atim, mtim, ctim   56
 */
#include "wasi/p1/p1.h"

pwi_errno pwi_p1_fd_fdstat_get(pwi_call *call, const pw_slot *args)
{
    uint8_t *at;
    pwi_fd *entry;
    pwi_errno error = pwi_call_range(call, (uint32_t)args[1], 24, &at);
    if (error == PWI_ESUCCESS)
        error = pwi_p1_any(call, (uint32_t)args[0], &entry);
    if (error != PWI_ESUCCESS)
        return error;
    memset(at, 0, 24);
    at[0] = entry->type;
    pwi_store_u16(at + 2, entry->flags);
    pwi_store_u64(at + 8, entry->rights);
    pwi_store_u64(at + 16, entry->inheriting);
    return PWI_ESUCCESS;
}

pwi_errno pwi_p1_fd_fdstat_set_flags(pwi_call *call, const pw_slot *args)
{
    const uint32_t settable = PWI_FDFLAG_APPEND | PWI_FDFLAG_NONBLOCK;
    uint32_t flags = (uint32_t)args[1];
    pwi_fd *entry;
    pwi_errno error = pwi_p1_any(call, (uint32_t)args[0], &entry);
    if (error != PWI_ESUCCESS)
        return error;
    uint32_t changed = flags ^ entry->flags;
    if (changed & ~settable)
        return PWI_EINVAL;
    if ((changed & PWI_FDFLAG_APPEND) && !(flags & PWI_FDFLAG_APPEND) && (entry->access & PWI_OPEN_WRITE) &&
        entry->kind == PWI_FD_FILE)
        error = pwi_grant_check(call, entry->grant, PW_WASI_WRITE, NULL, 0);
    if (error != PWI_ESUCCESS)
        return error;
    /* NONBLOCK is kept here only: the handle itself never blocks. */
    if ((changed & PWI_FDFLAG_APPEND) && entry->kind == PWI_FD_FILE && !entry->is_shared)
        error = entry->fs->set_append(entry->handle, (flags & PWI_FDFLAG_APPEND) != 0);
    if (error == PWI_ESUCCESS)
        entry->flags = (uint16_t)flags;
    return error;
}

/* Only takes away. Bits that no right has are ignored: older libcs pass all bits. */
pwi_errno pwi_p1_fd_fdstat_set_rights(pwi_call *call, const pw_slot *args)
{
    uint64_t rights = args[1] & pwi_rights_all, inheriting = args[2] & pwi_rights_all;
    pwi_fd *entry;
    pwi_errno error = pwi_p1_any(call, (uint32_t)args[0], &entry);
    if (error != PWI_ESUCCESS)
        return error;
    if ((rights & ~entry->rights) || (inheriting & ~entry->inheriting))
        return PWI_ENOTCAPABLE;
    entry->rights = rights;
    entry->inheriting = inheriting;
    return PWI_ESUCCESS;
}

uint32_t pwi_p1_filestat_size(const pwi_call *call)
{
    return call->is_unstable ? 56 : 64;
}

void pwi_p1_put_filestat(const pwi_call *call, uint8_t *at, const pwi_os_stat *stat)
{
    memset(at, 0, pwi_p1_filestat_size(call));
    pwi_store_u64(at, stat->dev);
    pwi_store_u64(at + 8, stat->ino);
    at[16] = stat->type;
    if (call->is_unstable) {
        pwi_store_u32(at + 20, (uint32_t)stat->nlink);
        at += 24;
    } else {
        pwi_store_u64(at + 24, stat->nlink);
        at += 32;
    }
    pwi_store_u64(at, stat->size);
    pwi_store_u64(at + 8, stat->atim);
    pwi_store_u64(at + 16, stat->mtim);
    pwi_store_u64(at + 24, stat->ctim);
}

pwi_errno pwi_p1_fd_filestat_get(pwi_call *call, const pw_slot *args)
{
    pwi_os_stat stat = {0};
    uint8_t *at;
    pwi_fd *entry;
    pwi_errno error = pwi_call_range(call, (uint32_t)args[1], pwi_p1_filestat_size(call), &at);
    if (error == PWI_ESUCCESS)
        error = pwi_p1_any(call, (uint32_t)args[0], &entry);
    if (error != PWI_ESUCCESS)
        return error;
    if (!pwi_fd_has_fs(entry))
        stat.type = entry->type;
    else
        PWI_SLOWLY(call, entry, error = entry->fs->stat_handle(entry->handle, &stat));
    if (error == PWI_ESUCCESS)
        pwi_p1_put_filestat(call, at, &stat);
    return error;
}

/* What makes standard output longer counts like what is written to it. */
static pwi_errno set_size(pwi_fd *entry, uint64_t size)
{
    pwi_os_stat stat = {.size = size};
    pwi_errno error = PWI_ESUCCESS;
    if (entry->stream)
        error = entry->fs->stat_handle(entry->handle, &stat);
    uint64_t growth = size > stat.size ? size - stat.size : 0;
    if (error == PWI_ESUCCESS && growth > 0)
        error = pwi_stream_take_all(entry->stream, growth);
    if (error != PWI_ESUCCESS)
        return error;
    error = entry->fs->set_size(entry->handle, size);
    if (error != PWI_ESUCCESS && growth > 0)
        pwi_stream_give_back(entry->stream, growth);
    return error;
}

pwi_errno pwi_p1_fd_filestat_set_size(pwi_call *call, const pw_slot *args)
{
    pwi_fd *entry;
    pwi_errno error = pwi_p1_file(call, (uint32_t)args[0], PWI_EISDIR, PWI_EINVAL, &entry);
    if (error == PWI_ESUCCESS)
        error = pwi_grant_check(call, entry->grant, PW_WASI_WRITE, NULL, 0);
    if (error == PWI_ESUCCESS && args[1] > INT64_MAX)
        error = PWI_EINVAL;
    if (error == PWI_ESUCCESS)
        PWI_SLOWLY(call, entry, error = set_size(entry, args[1]));
    return error;
}

pwi_errno pwi_p1_times(uint64_t atim, uint64_t mtim, uint64_t fstflags, pwi_os_times *out)
{
    enum { ATIM = 1, ATIM_NOW = 2, MTIM = 4, MTIM_NOW = 8, ALL = 15 };
    if ((fstflags & ~(uint64_t)ALL) || (fstflags & (ATIM | ATIM_NOW)) == (ATIM | ATIM_NOW) ||
        (fstflags & (MTIM | MTIM_NOW)) == (MTIM | MTIM_NOW))
        return PWI_EINVAL;
    *out = (pwi_os_times){.atim = atim, .mtim = mtim};
    if (fstflags & (ATIM | ATIM_NOW))
        out->set_atim = fstflags & ATIM ? PWI_TIME_VALUE : PWI_TIME_NOW;
    if (fstflags & (MTIM | MTIM_NOW))
        out->set_mtim = fstflags & MTIM ? PWI_TIME_VALUE : PWI_TIME_NOW;
    return PWI_ESUCCESS;
}

pwi_errno pwi_p1_fd_filestat_set_times(pwi_call *call, const pw_slot *args)
{
    pwi_os_times times;
    pwi_fd *entry;
    pwi_errno error = pwi_p1_any(call, (uint32_t)args[0], &entry);
    if (error == PWI_ESUCCESS)
        error = pwi_p1_times(args[1], args[2], (uint32_t)args[3], &times);
    if (error == PWI_ESUCCESS && !pwi_fd_has_fs(entry))
        error = PWI_EINVAL;
    if (error == PWI_ESUCCESS)
        error = pwi_grant_check(call, entry->grant, PW_WASI_WRITE, NULL, 0);
    if (error == PWI_ESUCCESS)
        PWI_SLOWLY(call, entry, error = entry->fs->set_times(entry->handle, &times));
    return error;
}
