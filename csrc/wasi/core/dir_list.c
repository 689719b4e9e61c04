/* Directory snapshots. */
#include "base/alloc.h"
#include "wasi/core/dir_list.h"

#include <string.h>

static pwi_errno add(pwi_dir_list *list, const char *name, size_t length, uint64_t ino, uint8_t type)
{
    if (list->count >= list->max_entries || length > PWI_OS_PATH_MAX ||
        pwi_dir_list_size(list) + sizeof *list->entries + length > list->max_bytes)
        return PWI_ENOMEM;
    if (!pwi_reserve((void **)&list->entries, &list->capacity, list->count + 1, sizeof *list->entries))
        return PWI_ENOMEM;
    if (!pwi_reserve((void **)&list->names, &list->names_capacity, list->names_size + length, 1))
        return PWI_ENOMEM;
    memcpy(list->names + list->names_size, name, length);
    list->entries[list->count++] =
        (pwi_dirent){.ino = ino, .name_at = list->names_size, .name_length = (uint32_t)length, .type = type};
    list->names_size += length;
    return PWI_ESUCCESS;
}

static pwi_errno on_entry(void *env, const char *name, size_t length, uint64_t ino, uint8_t type)
{
    pwi_dir_list *list = env;
    if (length == 1 && name[0] == '.')
        return PWI_ESUCCESS;
    if (length == 2 && memcmp(name, "..", 2) == 0) {
        if (list->entries[1].ino == 0) /* not the root: the host's own answer */
            list->entries[1].ino = ino;
        return PWI_ESUCCESS;
    }
    return add(list, name, length, ino, type);
}

pwi_errno pwi_dir_list_new(const pwi_fs_ops *fs, pwi_os_handle dir, bool is_root, size_t max_entries,
                           size_t max_bytes, pwi_dir_list **out)
{
    pwi_os_stat own;
    pwi_dir_list *list = NULL;
    pwi_errno error = fs->stat_handle(dir, &own);
    if (error != PWI_ESUCCESS)
        goto fail;
    error = PWI_ENOMEM;
    list = pwi_alloc_zero(1, sizeof *list);
    if (!list)
        goto fail;
    list->max_bytes = max_bytes;
    list->max_entries = max_entries > SIZE_MAX - 2 ? max_entries : max_entries + 2;
    error = add(list, ".", 1, own.ino, PWI_TYPE_DIRECTORY);
    /* Above the root of a grant there is nothing: ".." is the directory itself, as in "/". */
    if (error == PWI_ESUCCESS)
        error = add(list, "..", 2, is_root ? own.ino : 0, PWI_TYPE_DIRECTORY);
    if (error == PWI_ESUCCESS)
        error = fs->list(dir, on_entry, list);
    if (error != PWI_ESUCCESS)
        goto fail;
    *out = list;
    return PWI_ESUCCESS;
fail:
    pwi_dir_list_free(list);
    return error;
}

void pwi_dir_list_free(pwi_dir_list *list)
{
    if (!list)
        return;
    pwi_free(list->entries);
    pwi_free(list->names);
    pwi_free(list);
}
