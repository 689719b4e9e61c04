/* fs_ops.h - what a tree of files can do. The operating system's is one (host_fs.c); a virtual tree is another table
 * with the same contract: os.h, name by name. Handles are the tree's own; PWI_OS_NONE is no handle of any tree. */
#ifndef PW_WASI_FS_OPS_H
#define PW_WASI_FS_OPS_H

#include "wasi/os/os.h"

typedef struct pwi_fs_ops {
    pwi_errno (*open_at)(pwi_os_handle dir, const char *name, uint32_t how, pwi_os_handle *out);
    pwi_errno (*open_beneath)(pwi_os_handle dir, const char *path, pwi_os_handle *out); /* may be NULL */
    /* All NULL, or as pwi_os_open_direct, pwi_os_fs_traits, pwi_os_is_file_or_dir. A tree without
     * them is FAST and not PLAIN. */
    pwi_errno (*open_direct)(pwi_os_handle dir, const char *path, bool beneath, uint32_t how,
                             pwi_os_handle *out);
    uint8_t (*traits)(pwi_os_handle dir);
    bool (*is_file_or_dir)(pwi_os_handle handle);
    pwi_errno (*stat_at)(pwi_os_handle dir, const char *name, pwi_os_stat *out);
    pwi_errno (*readlink_at)(pwi_os_handle dir, const char *name, char *out, size_t size, size_t *length);
    pwi_errno (*mkdir_at)(pwi_os_handle dir, const char *name);
    pwi_errno (*rmdir_at)(pwi_os_handle dir, const char *name);
    pwi_errno (*unlink_at)(pwi_os_handle dir, const char *name);
    pwi_errno (*rename_at)(pwi_os_handle from, const char *name, pwi_os_handle to, const char *new_name);
    pwi_errno (*link_at)(pwi_os_handle from, const char *name, pwi_os_handle to, const char *new_name);
    pwi_errno (*symlink_at)(const char *content, pwi_os_handle dir, const char *name);
    pwi_errno (*set_times_at)(pwi_os_handle dir, const char *name, const pwi_os_times *times);
    pwi_errno (*list)(pwi_os_handle dir, pwi_os_entry_fn entry, void *env);
    void (*close)(pwi_os_handle handle);
    pwi_errno (*stat_handle)(pwi_os_handle handle, pwi_os_stat *out);
    pwi_errno (*read)(pwi_os_handle handle, const pwi_os_iovec *iov, size_t count, size_t *done);
    pwi_errno (*write)(pwi_os_handle handle, const pwi_os_iovec *iov, size_t count, size_t *done);
    pwi_errno (*pread)(pwi_os_handle handle, const pwi_os_iovec *iov, size_t count, uint64_t offset,
                       size_t *done);
    pwi_errno (*pwrite)(pwi_os_handle handle, const pwi_os_iovec *iov, size_t count, uint64_t offset,
                        size_t *done);
    pwi_errno (*seek)(pwi_os_handle handle, int64_t offset, uint8_t whence, uint64_t *position);
    pwi_errno (*set_size)(pwi_os_handle handle, uint64_t size);
    pwi_errno (*allocate)(pwi_os_handle handle, uint64_t offset, uint64_t length);
    pwi_errno (*advise)(pwi_os_handle handle, uint64_t offset, uint64_t length, uint8_t advice);
    pwi_errno (*sync)(pwi_os_handle handle, bool data_only);
    pwi_errno (*set_append)(pwi_os_handle handle, bool append);
    pwi_errno (*set_times)(pwi_os_handle handle, const pwi_os_times *times);
} pwi_fs_ops;

/* The files of the operating system. */
extern const pwi_fs_ops pwi_host_fs;

#endif
