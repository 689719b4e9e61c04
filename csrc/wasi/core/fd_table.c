/* The table of file descriptors. */
#include "wasi/core/fd_table.h"

#include <string.h>

#include "base/alloc.h"

#define FIRST_FREE_FD 3u

pwi_errno pwi_fd_settle_now(pwi_fd *entry)
{
    pwi_os_stat stat;
    pwi_errno error = entry->fs->stat_handle(entry->handle, &stat);
    if (error != PWI_ESUCCESS)
        return error;
    if (pwi_os_is_device(stat.type))
        return PWI_EPERM;
    entry->unsettled = entry->unseen = false;
    entry->type = stat.type;
    if (stat.type == PWI_TYPE_DIRECTORY) {
        entry->kind = PWI_FD_DIR;
        entry->traits = 0;
        entry->rights = entry->inheriting & pwi_rights_dir;
        entry->access = 0;
        entry->flags = 0;
    } else {
        entry->inheriting = 0;
        entry->may_block = stat.type != PWI_TYPE_REGULAR_FILE;
    }
    return PWI_ESUCCESS;
}

static pwi_errno put(pwi_fd_table *table, const pwi_fd *entry, uint32_t fd)
{
    size_t old = table->capacity;
    if (!pwi_reserve((void **)&table->slots, &table->capacity, (size_t)fd + 1, sizeof *table->slots))
        return PWI_ENOMEM;
    if (table->capacity > old)
        memset(table->slots + old, 0, (table->capacity - old) * sizeof *table->slots);
    table->slots[fd] = *entry;
    table->used++;
    return PWI_ESUCCESS;
}

pwi_errno pwi_fd_room(const pwi_fd_table *table)
{
    return table->used < table->max ? PWI_ESUCCESS : PWI_EMFILE;
}

pwi_errno pwi_fd_insert(pwi_fd_table *table, const pwi_fd *entry, uint32_t *fd)
{
    pwi_errno error = pwi_fd_room(table);
    if (error != PWI_ESUCCESS)
        return error;
    uint32_t number = table->free > FIRST_FREE_FD ? table->free : FIRST_FREE_FD;
    while (pwi_fd_lookup(table, number))
        number++;
    error = put(table, entry, number);
    if (error == PWI_ESUCCESS) {
        *fd = number;
        table->free = number + 1;
    }
    return error;
}

pwi_errno pwi_fd_insert_stdio(pwi_fd_table *table, const pwi_fd *entry, uint32_t fd)
{
    if (fd >= FIRST_FREE_FD || pwi_fd_lookup(table, fd))
        return PWI_EINVAL;
    return put(table, entry, fd);
}

void pwi_fd_set_list(pwi_fd_table *table, pwi_fd *entry, pwi_dir_list *list)
{
    table->listed += pwi_dir_list_size(list) - pwi_dir_list_size(entry->list);
    pwi_dir_list_free(entry->list);
    entry->list = list;
}

static void release(pwi_fd_table *table, pwi_fd *entry)
{
    if (entry->kind == PWI_FD_FILE || entry->kind == PWI_FD_DIR)
        entry->fs->close(entry->handle);
    else if (entry->kind == PWI_FD_STREAM)
        pwi_stream_close(entry->stream);
    else if (entry->kind == PWI_FD_SOCKET)
        pwi_os_sock_close(entry->handle);
    if (entry->list)
        pwi_fd_set_list(table, entry, NULL);
    entry->kind = PWI_FD_FREE; /* the rest is written anew when the number is given away again */
}

static void freed(pwi_fd_table *table, uint32_t fd)
{
    table->used--;
    if (fd < table->free)
        table->free = fd;
}

pwi_errno pwi_fd_close(pwi_fd_table *table, uint32_t fd)
{
    pwi_fd *entry = pwi_fd_lookup(table, fd);
    if (!entry)
        return PWI_EBADF;
    release(table, entry);
    freed(table, fd);
    return PWI_ESUCCESS;
}

pwi_errno pwi_fd_renumber(pwi_fd_table *table, uint32_t from, uint32_t to)
{
    pwi_fd *source = pwi_fd_lookup(table, from);
    pwi_fd *target = pwi_fd_lookup(table, to);
    if (!source || !target)
        return PWI_EBADF;
    if (source == target)
        return PWI_ESUCCESS;
    release(table, target);
    *target = *source;
    *source = (pwi_fd){.kind = PWI_FD_FREE};
    freed(table, from);
    return PWI_ESUCCESS;
}

void pwi_fd_table_destroy(pwi_fd_table *table)
{
    for (size_t i = 0; i < table->capacity; i++)
        if (table->slots[i].kind != PWI_FD_FREE)
            release(table, &table->slots[i]);
    pwi_free(table->slots);
    *table = (pwi_fd_table){0};
}
