/* fd_readdir: entries from a snapshot, packed into the guest's buffer; the last one is cut where the buffer ends.
 *
 *   dirent   0 u64 cookie of the next    8 u64 inode    16 u32 length of the name    20 u8 filetype    24 name ...
 */
#include "wasi/p1/p1.h"

#define HEADER 24u

static size_t put(uint8_t *at, size_t room, const void *bytes, size_t length)
{
    size_t part = length < room ? length : room;
    memcpy(at, bytes, part);
    return part;
}

static size_t pack(const pwi_dir_list *list, uint64_t cookie, uint8_t *buffer, size_t size)
{
    size_t used = 0;
    for (uint64_t i = cookie; i < list->count && used < size; i++) {
        const pwi_dirent *entry = &list->entries[i];
        uint8_t header[HEADER] = {0};
        pwi_store_u64(header, i + 1);
        pwi_store_u64(header + 8, entry->ino);
        pwi_store_u32(header + 16, entry->name_length);
        header[20] = entry->type;
        used += put(buffer + used, size - used, header, HEADER);
        used += put(buffer + used, size - used, list->names + entry->name_at, entry->name_length);
    }
    return used;
}

static pwi_errno snapshot(pwi_call *call, uint32_t fd, pwi_fd **out)
{
    pwi_dir_list *list;
    pwi_errno error = pwi_grant_use(call, (*out)->grant, PW_WASI_READ, NULL, 0);
    if (error == PWI_ESUCCESS) /* the hook may have run the guest */
        error = pwi_p1_dir(call, fd, out);
    if (error != PWI_ESUCCESS)
        return error;
    pwi_fd *entry = *out;
    pwi_fd_table *fds = &call->wasi->fds;
    pwi_fd_set_list(fds, entry, NULL); /* so that not both are there */
    pwi_unlocked_begin(call);
    error = pwi_dir_list_new(entry->fs, entry->handle, entry->is_preopen, call->wasi->max_dirents,
                             PWI_LISTS_MAX - fds->listed, &list);
    pwi_unlocked_end(call);
    if (error == PWI_ESUCCESS)
        pwi_fd_set_list(fds, entry, list);
    return error;
}

pwi_errno pwi_p1_fd_readdir(pwi_call *call, const pw_slot *args)
{
    uint32_t buffer_at = (uint32_t)args[1], size = (uint32_t)args[2], result_at = (uint32_t)args[4];
    uint64_t cookie = args[3];
    uint8_t *buffer;
    pwi_fd *entry;
    pwi_errno error = pwi_p1_check(call, result_at, 4);
    if (error == PWI_ESUCCESS)
        error = pwi_p1_check(call, buffer_at, size);
    if (error == PWI_ESUCCESS)
        error = pwi_p1_dir(call, (uint32_t)args[0], &entry);
    if (error == PWI_ESUCCESS)
        error = pwi_grant_check(call, entry->grant, PW_WASI_READ, NULL, 0);
    if (error == PWI_ESUCCESS && (cookie == 0 || !entry->list))
        error = snapshot(call, (uint32_t)args[0], &entry);
    if (error == PWI_ESUCCESS)
        error = pwi_call_range(call, buffer_at, size, &buffer);
    if (error == PWI_ESUCCESS)
        error = pwi_p1_put_u32(call, result_at, (uint32_t)pack(entry->list, cookie, buffer, size));
    return error;
}
