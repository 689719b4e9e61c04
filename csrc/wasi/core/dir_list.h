/* dir_list.h - the names of a directory as they were when the guest began to read it. A cookie is an index into this
 * snapshot, so that deleting while reading neither skips nor repeats a name. */
#ifndef PW_WASI_DIR_LIST_H
#define PW_WASI_DIR_LIST_H

#include "wasi/core/fs_ops.h"

typedef struct pwi_dirent {
    uint64_t ino;
    size_t name_at; /* in names */
    uint32_t name_length;
    uint8_t type;
} pwi_dirent;

typedef struct pwi_dir_list {
    pwi_dirent *entries; /* "." and ".." are the first two */
    size_t count;
    size_t capacity;
    char *names;
    size_t names_size;
    size_t names_capacity;
    size_t max_entries;
    size_t max_bytes;
} pwi_dir_list;

/* Bytes of all the snapshots that a guest has: it may make large directories, and open each many times. */
#define PWI_LISTS_MAX ((size_t)128 << 20)
static inline size_t pwi_dir_list_size(const pwi_dir_list *list)
{
    return list ? list->count * sizeof *list->entries + list->names_size : 0;
}

/* Reads a directory. is_root: nothing above it exists for the guest. NOMEM with more than max_entries names, or where
 * it takes more than max_bytes. */
PW_MUST_USE pwi_errno pwi_dir_list_new(const pwi_fs_ops *fs, pwi_os_handle dir, bool is_root,
                                       size_t max_entries, size_t max_bytes, pwi_dir_list **out);
void pwi_dir_list_free(pwi_dir_list *list);

#endif
