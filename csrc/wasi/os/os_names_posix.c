/* Directories and names on POSIX: every *at call of the project stands in this file (and openat2 in
 * os_beneath_linux.c). `check_name` guards rule 0 at run time, in debug builds: no '/' reaches an *at call. */
#define _GNU_SOURCE
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "wasi/os/os_posix.h"

/* Rule 0. ".." is refused with the slash: openat(dir, "..") leaves dir. */
static bool name_is_safe(const char *name)
{
    return name[0] != '\0' && strchr(name, '/') == NULL && strcmp(name, "..") != 0;
}

#define CHECK_NAME(name)                                                                                     \
    do {                                                                                                     \
        assert(name_is_safe(name));                                                                          \
        if (!name_is_safe(name))                                                                             \
            return PWI_EPERM;                                                                                \
    } while (0)

pwi_errno pwi_os_open_root(const char *host_path, pwi_os_handle *out)
{
    /* The embedder's own path: links in it are the embedder's business. */
    int fd = open(host_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == EACCES)
        fd = open(host_path, pwi_posix_search_flags() | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return pwi_posix_last();
    *out = fd;
    return PWI_ESUCCESS;
}

int pwi_posix_open_flags(uint32_t how)
{
    /* NONBLOCK: opening a FIFO must not wait for the other end. NOCTTY: a guest never gives us a terminal. */
    int flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    if (how & PWI_OPEN_SEARCH)
        return flags | O_DIRECTORY | pwi_posix_search_flags();
    if ((how & PWI_OPEN_READ) && (how & PWI_OPEN_WRITE))
        flags |= O_RDWR;
    else if (how & PWI_OPEN_WRITE)
        flags |= O_WRONLY;
    else
        flags |= O_RDONLY;
    if (how & PWI_OPEN_APPEND)
        flags |= O_APPEND;
    if (how & PWI_OPEN_CREATE)
        flags |= O_CREAT;
    if (how & PWI_OPEN_EXCL)
        flags |= O_EXCL;
    if (how & PWI_OPEN_TRUNC)
        flags |= O_TRUNC;
    if (how & PWI_OPEN_DIRECTORY)
        flags |= O_DIRECTORY;
    if (how & PWI_OPEN_DSYNC)
        flags |= O_DSYNC;
    if (how & PWI_OPEN_SYNC)
        flags |= O_SYNC;
    return flags;
}

pwi_errno pwi_os_open_at(pwi_os_handle dir, const char *name, uint32_t how, pwi_os_handle *out)
{
    CHECK_NAME(name);
    int fd = openat((int)dir, name, pwi_posix_open_flags(how), 0666);
    if (fd < 0)
        return pwi_posix_last();
    *out = fd;
    return PWI_ESUCCESS;
}

pwi_errno pwi_os_stat_at(pwi_os_handle dir, const char *name, pwi_os_stat *out)
{
    CHECK_NAME(name);
    struct stat st;
    if (fstatat((int)dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return pwi_posix_last();
    pwi_posix_stat_convert(&st, out);
    return PWI_ESUCCESS;
}

pwi_errno pwi_os_readlink_at(pwi_os_handle dir, const char *name, char *out, size_t size, size_t *length)
{
    CHECK_NAME(name);
    ssize_t got = readlinkat((int)dir, name, out, size);
    if (got < 0)
        return pwi_posix_last();
    if ((size_t)got >= size)
        return PWI_ENAMETOOLONG;
    out[got] = '\0';
    *length = (size_t)got;
    return PWI_ESUCCESS;
}

pwi_errno pwi_os_mkdir_at(pwi_os_handle dir, const char *name)
{
    CHECK_NAME(name);
    return mkdirat((int)dir, name, 0777) == 0 ? PWI_ESUCCESS : pwi_posix_last();
}

pwi_errno pwi_os_rmdir_at(pwi_os_handle dir, const char *name)
{
    CHECK_NAME(name);
    return unlinkat((int)dir, name, AT_REMOVEDIR) == 0 ? PWI_ESUCCESS : pwi_posix_last();
}

pwi_errno pwi_os_unlink_at(pwi_os_handle dir, const char *name)
{
    CHECK_NAME(name);
    return unlinkat((int)dir, name, 0) == 0 ? PWI_ESUCCESS : pwi_posix_last();
}

pwi_errno pwi_os_rename_at(pwi_os_handle from, const char *name, pwi_os_handle to, const char *new_name)
{
    CHECK_NAME(name);
    CHECK_NAME(new_name);
    return renameat((int)from, name, (int)to, new_name) == 0 ? PWI_ESUCCESS : pwi_posix_last();
}

pwi_errno pwi_os_link_at(pwi_os_handle from, const char *name, pwi_os_handle to, const char *new_name)
{
    CHECK_NAME(name);
    CHECK_NAME(new_name);
    return linkat((int)from, name, (int)to, new_name, 0) == 0 ? PWI_ESUCCESS : pwi_posix_last();
}

pwi_errno pwi_os_symlink_at(const char *content, pwi_os_handle dir, const char *name)
{
    CHECK_NAME(name);
    return symlinkat(content, (int)dir, name) == 0 ? PWI_ESUCCESS : pwi_posix_last();
}

static struct timespec time_to_set(uint8_t mode, uint64_t ns)
{
    struct timespec time = {0};
    if (mode == PWI_TIME_OMIT)
        time.tv_nsec = UTIME_OMIT;
    else if (mode == PWI_TIME_NOW)
        time.tv_nsec = UTIME_NOW;
    else {
        time.tv_sec = (time_t)(ns / 1000000000u);
        time.tv_nsec = (long)(ns % 1000000000u);
    }
    return time;
}

pwi_errno pwi_os_set_times_at(pwi_os_handle dir, const char *name, const pwi_os_times *times)
{
    CHECK_NAME(name);
    const struct timespec both[2] = {time_to_set(times->set_atim, times->atim),
                                     time_to_set(times->set_mtim, times->mtim)};
    return utimensat((int)dir, name, both, AT_SYMLINK_NOFOLLOW) == 0 ? PWI_ESUCCESS : pwi_posix_last();
}

pwi_errno pwi_os_set_times(pwi_os_handle handle, const pwi_os_times *times)
{
    const struct timespec both[2] = {time_to_set(times->set_atim, times->atim),
                                     time_to_set(times->set_mtim, times->mtim)};
    return futimens((int)handle, both) == 0 ? PWI_ESUCCESS : pwi_posix_last();
}

static uint8_t entry_type(int dir, const struct dirent *entry)
{
    switch (entry->d_type) {
    case DT_BLK:
        return PWI_TYPE_BLOCK_DEVICE;
    case DT_CHR:
        return PWI_TYPE_CHARACTER_DEVICE;
    case DT_DIR:
        return PWI_TYPE_DIRECTORY;
    case DT_REG:
        return PWI_TYPE_REGULAR_FILE;
    case DT_LNK:
        return PWI_TYPE_SYMBOLIC_LINK;
    case DT_SOCK:
        return PWI_TYPE_SOCKET_STREAM;
    case DT_UNKNOWN: { /* some file systems do not tell; ".." cannot be asked, and is a directory */
        pwi_os_stat st;
        if (strcmp(entry->d_name, "..") == 0)
            return PWI_TYPE_DIRECTORY;
        return pwi_os_stat_at(dir, entry->d_name, &st) == PWI_ESUCCESS ? st.type : (uint8_t)PWI_TYPE_UNKNOWN;
    }
    default:
        return PWI_TYPE_UNKNOWN;
    }
}

pwi_errno pwi_os_list(pwi_os_handle dir, pwi_os_entry_fn entry, void *env)
{
    /* A new open file description: readdir's position belongs to it, not to the guest's handle. */
    int fd = openat((int)dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return pwi_posix_last();
    DIR *stream = fdopendir(fd);
    if (!stream) {
        pwi_errno error = pwi_posix_last();
        close(fd);
        return error;
    }
    pwi_errno error = PWI_ESUCCESS;
    while (error == PWI_ESUCCESS) {
        errno = 0;
        const struct dirent *found = readdir(stream);
        if (!found) {
            error = pwi_posix_last();
            break;
        }
        error =
            entry(env, found->d_name, strlen(found->d_name), (uint64_t)found->d_ino, entry_type(fd, found));
    }
    closedir(stream);
    return error;
}
