/* Trees in memory as a table of fs_ops: the contract of os.h, held under the tree's lock. Errors are those of Linux. */
#include <string.h>

#include "base/alloc.h"
#include "wasi/core/mem_tree.h"

static pwi_mem_handle *open_handle(pwi_os_handle handle)
{
    return (pwi_mem_handle *)handle;
}

/* What a handle leads to, with the tree locked. */
static pwi_mem_handle *lock(pwi_os_handle handle)
{
    pwi_mem_handle *at = open_handle(handle);
    pwi_mutex_lock(&at->tree->lock);
    return at;
}

static pwi_errno unlock(pwi_mem_handle *at, pwi_errno error)
{
    pwi_mutex_unlock(&at->tree->lock);
    return error;
}

static uint64_t now(const pwi_mem_handle *at)
{
    uint64_t ns = 0;
    pwi_errno error = at->guest ? pwi_clock_now(at->guest, PWI_CLOCK_REALTIME, &ns)
                                : pwi_os_clock_now(PWI_CLOCK_REALTIME, &ns);
    return error == PWI_ESUCCESS ? ns : 0;
}

static void changed(const pwi_mem_handle *at, pwi_mem_node *node)
{
    node->mtim = node->ctim = now(at);
}

static bool is_dir(const pwi_mem_node *node)
{
    return node->type == PWI_TYPE_DIRECTORY;
}

static bool is_self(const char *name)
{
    return name[0] == '.' && name[1] == '\0';
}

static pwi_mem_node *look_up(const pwi_mem_handle *dir, const char *text)
{
    if (is_self(text))
        return dir->node;
    pwi_mem_name *name = pwi_mem_find(dir->tree, dir->node, text);
    return name ? name->node : NULL;
}

/* A new node under a name that is free. */
static pwi_errno make(pwi_mem_handle *dir, const char *text, uint8_t type, pwi_mem_node **out)
{
    pwi_mem_node *node;
    pwi_errno error = pwi_mem_node_new(dir->tree, type, now(dir), &node);
    if (error != PWI_ESUCCESS)
        return error;
    error = pwi_mem_name_add(dir->tree, dir->node, text, node);
    if (error != PWI_ESUCCESS) {
        pwi_mem_node_drop(dir->tree, node);
        return error;
    }
    changed(dir, dir->node);
    *out = node;
    return PWI_ESUCCESS;
}

/* ---- handles ---- */

/* The handle takes a share of the tree; it leads to nothing yet. */
static pwi_mem_handle *handle_new(pw_wasi_tree *tree, const pw_wasi *guest, uint64_t dev)
{
    pwi_mem_handle *at = pwi_alloc_zero(1, sizeof *at);
    if (!at)
        return NULL;
    at->tree = pwi_mem_tree_share(tree);
    at->guest = guest;
    at->dev = dev;
    return at;
}

static void lead_to(pwi_mem_handle *at, pwi_mem_node *node, pwi_os_handle *out)
{
    node->opens++;
    at->node = node;
    *out = (pwi_os_handle)at;
}

static void handle_free(pwi_mem_handle *at)
{
    pw_wasi_tree_free(at->tree);
    pwi_free(at);
}

pwi_errno pwi_mem_open_root(pw_wasi_tree *tree, const pw_wasi *guest, uint64_t dev, pwi_os_handle *out)
{
    pwi_mem_handle *at = handle_new(tree, guest, dev);
    if (!at)
        return PWI_ENOMEM;
    pwi_mutex_lock(&tree->lock);
    lead_to(at, tree->root, out);
    pwi_mutex_unlock(&tree->lock);
    return PWI_ESUCCESS;
}

static void close_handle(pwi_os_handle handle)
{
    pwi_mem_handle *at = lock(handle);
    at->node->opens--;
    pwi_mem_node_drop(at->tree, at->node);
    (void)unlock(at, PWI_ESUCCESS);
    handle_free(at);
}

/* May this be opened so? Truncates it. */
static pwi_errno open_existing(pwi_mem_handle *dir, pwi_mem_node *node, uint32_t how)
{
    if ((how & PWI_OPEN_CREATE) && (how & PWI_OPEN_EXCL))
        return PWI_EEXIST;
    if (node->type == PWI_TYPE_SYMBOLIC_LINK)
        return PWI_ELOOP;
    if (is_dir(node))
        return how & (PWI_OPEN_WRITE | PWI_OPEN_TRUNC | PWI_OPEN_CREATE) ? PWI_EISDIR : PWI_ESUCCESS;
    if (how & (PWI_OPEN_DIRECTORY | PWI_OPEN_SEARCH))
        return PWI_ENOTDIR;
    if (!(how & PWI_OPEN_TRUNC))
        return PWI_ESUCCESS;
    changed(dir, node);
    return pwi_mem_resize(dir->tree, node, 0);
}

static pwi_errno open_at(pwi_os_handle handle, const char *name, uint32_t how, pwi_os_handle *out)
{
    pwi_mem_handle *dir = open_handle(handle);
    pwi_mem_handle *opened = handle_new(dir->tree, dir->guest, dir->dev);
    pwi_errno error = PWI_ESUCCESS;
    if (!opened)
        return PWI_ENOMEM;
    opened->append = (how & PWI_OPEN_APPEND) != 0;
    (void)lock(handle);
    pwi_mem_node *node = look_up(dir, name);
    if (node)
        error = open_existing(dir, node, how);
    else if (how & PWI_OPEN_CREATE)
        error = make(dir, name, PWI_TYPE_REGULAR_FILE, &node);
    else
        error = PWI_ENOENT;
    if (error == PWI_ESUCCESS)
        lead_to(opened, node, out);
    (void)unlock(dir, error);
    if (error != PWI_ESUCCESS)
        handle_free(opened);
    return error;
}

/* ---- names ---- */

static void describe(const pwi_mem_node *node, uint64_t dev, pwi_os_stat *out)
{
    *out = (pwi_os_stat){.dev = dev, .ino = node->ino, .nlink = node->names, .size = node->size,
                         .atim = node->atim, .mtim = node->mtim, .ctim = node->ctim, .type = node->type};
    if (is_dir(node)) /* itself as ".", and the ".." of those below */
        out->nlink = node->names ? 2u + (uint64_t)node->subdirs : 0;
}

static pwi_errno stat_at(pwi_os_handle dir, const char *name, pwi_os_stat *out)
{
    pwi_mem_handle *at = lock(dir);
    const pwi_mem_node *node = look_up(at, name);
    if (node)
        describe(node, at->dev, out);
    return unlock(at, node ? PWI_ESUCCESS : PWI_ENOENT);
}

static pwi_errno stat_handle(pwi_os_handle handle, pwi_os_stat *out)
{
    pwi_mem_handle *at = lock(handle);
    describe(at->node, at->dev, out);
    return unlock(at, PWI_ESUCCESS);
}

static pwi_errno readlink_at(pwi_os_handle dir, const char *name, char *out, size_t size, size_t *length)
{
    pwi_mem_handle *at = lock(dir);
    const pwi_mem_node *node = look_up(at, name);
    pwi_errno error = PWI_ESUCCESS;
    if (!node)
        error = PWI_ENOENT;
    else if (node->type != PWI_TYPE_SYMBOLIC_LINK)
        error = PWI_EINVAL;
    else if (node->size >= size)
        error = PWI_ENAMETOOLONG;
    else {
        memcpy(out, node->data, node->size);
        out[node->size] = '\0';
        *length = node->size;
    }
    return unlock(at, error);
}

static pwi_errno mkdir_at(pwi_os_handle dir, const char *name)
{
    pwi_mem_handle *at = lock(dir);
    pwi_mem_node *made;
    return unlock(at, look_up(at, name) ? PWI_EEXIST : make(at, name, PWI_TYPE_DIRECTORY, &made));
}

static pwi_errno symlink_at(const char *content, pwi_os_handle dir, const char *name)
{
    pwi_mem_handle *at = lock(dir);
    pwi_mem_node *made;
    const pwi_os_iovec bytes = {(uint8_t *)(uintptr_t)content, strlen(content)};
    size_t done;
    if (look_up(at, name))
        return unlock(at, PWI_EEXIST);
    pwi_errno error = make(at, name, PWI_TYPE_SYMBOLIC_LINK, &made);
    if (error != PWI_ESUCCESS)
        return unlock(at, error);
    error = pwi_mem_write(at->tree, made, 0, &bytes, 1, &done);
    if (error == PWI_ESUCCESS && done < bytes.length)
        error = PWI_ENOSPC;
    if (error != PWI_ESUCCESS)
        pwi_mem_name_remove(at->tree, pwi_mem_find(at->tree, at->node, name));
    return unlock(at, error);
}

static pwi_errno remove_name(pwi_mem_handle *at, pwi_mem_name *name)
{
    name->node->ctim = now(at);
    pwi_mem_name_remove(at->tree, name);
    changed(at, at->node);
    return PWI_ESUCCESS;
}

static pwi_errno rmdir_at(pwi_os_handle dir, const char *text)
{
    pwi_mem_handle *at = lock(dir);
    pwi_mem_name *name = pwi_mem_find(at->tree, at->node, text);
    if (!name)
        return unlock(at, is_self(text) ? PWI_EINVAL : PWI_ENOENT);
    if (!is_dir(name->node))
        return unlock(at, PWI_ENOTDIR);
    return unlock(at, name->node->first ? PWI_ENOTEMPTY : remove_name(at, name));
}

static pwi_errno unlink_at(pwi_os_handle dir, const char *text)
{
    pwi_mem_handle *at = lock(dir);
    pwi_mem_name *name = pwi_mem_find(at->tree, at->node, text);
    if (!name)
        return unlock(at, is_self(text) ? PWI_EISDIR : PWI_ENOENT);
    return unlock(at, is_dir(name->node) ? PWI_EISDIR : remove_name(at, name));
}

/* Whether `dir` is `node` or lies below it. */
static bool is_within(const pwi_mem_node *dir, const pwi_mem_node *node)
{
    while (dir && dir != node)
        dir = dir->parent;
    return dir != NULL;
}

/* May `moved` of the directory `from` take the name of `target` (NULL: a free one) in `to`? */
static pwi_errno may_rename(const pwi_mem_node *moved, const pwi_mem_node *from, const pwi_mem_node *to,
                            const pwi_mem_node *target)
{
    if (is_dir(moved) && is_within(to, moved))
        return PWI_EINVAL;
    if (!target)
        return PWI_ESUCCESS;
    if (is_within(from, target)) /* whatever is moved */
        return PWI_ENOTEMPTY;
    if (is_dir(moved) && !is_dir(target))
        return PWI_ENOTDIR;
    if (!is_dir(moved) && is_dir(target))
        return PWI_EISDIR;
    return is_dir(target) && target->first ? PWI_ENOTEMPTY : PWI_ESUCCESS;
}

static pwi_errno rename_at(pwi_os_handle from_dir, const char *text, pwi_os_handle to_dir,
                           const char *new_text)
{
    pwi_mem_handle *to = open_handle(to_dir);
    if (open_handle(from_dir)->tree != to->tree)
        return PWI_EXDEV;
    pwi_mem_handle *from = lock(from_dir);
    pwi_mem_name *name = pwi_mem_find(from->tree, from->node, text);
    pwi_mem_name *target = pwi_mem_find(to->tree, to->node, new_text);
    if (!name)
        return unlock(from, PWI_ENOENT);
    if (target && target->node == name->node) /* two names of one file: both stay */
        return unlock(from, PWI_ESUCCESS);
    pwi_mem_node *moved = name->node;
    pwi_errno error = may_rename(moved, from->node, to->node, target ? target->node : NULL);
    if (error == PWI_ESUCCESS)
        error = pwi_mem_name_move(to->tree, name, to->node, new_text, target);
    if (error == PWI_ESUCCESS) {
        moved->ctim = now(from);
        changed(from, from->node);
        changed(to, to->node);
    }
    return unlock(from, error);
}

static pwi_errno link_at(pwi_os_handle from_dir, const char *text, pwi_os_handle to_dir, const char *new_text)
{
    pwi_mem_handle *to = open_handle(to_dir);
    if (open_handle(from_dir)->tree != to->tree)
        return PWI_EXDEV;
    pwi_mem_handle *from = lock(from_dir);
    pwi_mem_node *node = look_up(from, text);
    if (!node)
        return unlock(from, PWI_ENOENT);
    if (look_up(to, new_text))
        return unlock(from, PWI_EEXIST);
    if (is_dir(node))
        return unlock(from, PWI_EPERM);
    pwi_errno error = pwi_mem_name_add(to->tree, to->node, new_text, node);
    if (error == PWI_ESUCCESS) {
        node->ctim = now(from);
        changed(to, to->node);
    }
    return unlock(from, error);
}

static pwi_errno list(pwi_os_handle dir, pwi_os_entry_fn entry, void *env)
{
    pwi_mem_handle *at = lock(dir);
    pwi_errno error = PWI_ESUCCESS;
    if (!is_dir(at->node))
        error = PWI_ENOTDIR;
    else if (at->node->parent)
        error = entry(env, "..", 2, at->node->parent->ino, PWI_TYPE_DIRECTORY);
    for (pwi_mem_name *name = at->node->first; name && error == PWI_ESUCCESS; name = name->after)
        error = entry(env, name->text, name->length, name->node->ino, name->node->type);
    return unlock(at, error);
}

static void set_node_times(const pwi_mem_handle *at, pwi_mem_node *node, const pwi_os_times *times)
{
    uint64_t present = now(at);
    if (times->set_atim != PWI_TIME_OMIT)
        node->atim = times->set_atim == PWI_TIME_NOW ? present : times->atim;
    if (times->set_mtim != PWI_TIME_OMIT)
        node->mtim = times->set_mtim == PWI_TIME_NOW ? present : times->mtim;
    node->ctim = present;
}

static pwi_errno set_times_at(pwi_os_handle dir, const char *name, const pwi_os_times *times)
{
    pwi_mem_handle *at = lock(dir);
    pwi_mem_node *node = look_up(at, name);
    if (node)
        set_node_times(at, node, times);
    return unlock(at, node ? PWI_ESUCCESS : PWI_ENOENT);
}

/* ---- open files ---- */

static pwi_errno set_times(pwi_os_handle handle, const pwi_os_times *times)
{
    pwi_mem_handle *at = lock(handle);
    set_node_times(at, at->node, times);
    return unlock(at, PWI_ESUCCESS);
}

static pwi_errno read_at(pwi_os_handle handle, const pwi_os_iovec *iov, size_t count, uint64_t offset,
                         size_t *done)
{
    pwi_mem_handle *at = lock(handle);
    *done = pwi_mem_read(at->node, offset, iov, count);
    return unlock(at, is_dir(at->node) ? PWI_EISDIR : PWI_ESUCCESS);
}

static pwi_errno read_next(pwi_os_handle handle, const pwi_os_iovec *iov, size_t count, size_t *done)
{
    pwi_mem_handle *at = open_handle(handle);
    pwi_errno error = read_at(handle, iov, count, at->position, done);
    at->position += *done;
    return error;
}

static pwi_errno write_at(pwi_os_handle handle, const pwi_os_iovec *iov, size_t count, uint64_t offset,
                          size_t *done)
{
    pwi_mem_handle *at = lock(handle);
    pwi_errno error = pwi_mem_write(at->tree, at->node, offset, iov, count, done);
    if (*done > 0)
        changed(at, at->node);
    return unlock(at, error);
}

static pwi_errno write_next(pwi_os_handle handle, const pwi_os_iovec *iov, size_t count, size_t *done)
{
    pwi_mem_handle *at = lock(handle);
    uint64_t offset = at->append ? at->node->size : at->position;
    pwi_errno error = pwi_mem_write(at->tree, at->node, offset, iov, count, done);
    if (*done > 0) {
        changed(at, at->node);
        at->position = offset + *done;
    }
    return unlock(at, error);
}

static pwi_errno seek(pwi_os_handle handle, int64_t offset, uint8_t whence, uint64_t *position)
{
    pwi_mem_handle *at = lock(handle);
    uint64_t base = 0;
    if (whence == PWI_SEEK_CUR)
        base = at->position;
    else if (whence == PWI_SEEK_END)
        base = at->node->size;
    uint64_t sum = base + (uint64_t)offset;
    if ((offset < 0 && (uint64_t)0 - (uint64_t)offset > base) || sum > INT64_MAX)
        return unlock(at, PWI_EINVAL);
    *position = at->position = sum;
    return unlock(at, PWI_ESUCCESS);
}

static pwi_errno set_size(pwi_os_handle handle, uint64_t size)
{
    pwi_mem_handle *at = lock(handle);
    pwi_errno error = pwi_mem_resize(at->tree, at->node, size);
    if (error == PWI_ESUCCESS)
        changed(at, at->node);
    return unlock(at, error);
}

static pwi_errno allocate(pwi_os_handle handle, uint64_t offset, uint64_t length)
{
    pwi_mem_handle *at = lock(handle);
    pwi_errno error = PWI_ESUCCESS;
    if (length == 0 || offset > INT64_MAX)
        error = PWI_EINVAL;
    else if (length > INT64_MAX - offset)
        error = PWI_EFBIG;
    else if (offset + length > at->node->size)
        error = pwi_mem_resize(at->tree, at->node, offset + length);
    return unlock(at, error);
}

static pwi_errno advise(pwi_os_handle handle, uint64_t offset, uint64_t length, uint8_t advice)
{
    (void)handle, (void)offset, (void)length, (void)advice;
    return PWI_ESUCCESS;
}

static pwi_errno sync(pwi_os_handle handle, bool data_only)
{
    (void)handle, (void)data_only;
    return PWI_ESUCCESS;
}

static pwi_errno set_append(pwi_os_handle handle, bool append)
{
    open_handle(handle)->append = append;
    return PWI_ESUCCESS;
}

const pwi_fs_ops pwi_mem_fs = {
    .open_at = open_at,
    .stat_at = stat_at,
    .readlink_at = readlink_at,
    .mkdir_at = mkdir_at,
    .rmdir_at = rmdir_at,
    .unlink_at = unlink_at,
    .rename_at = rename_at,
    .link_at = link_at,
    .symlink_at = symlink_at,
    .set_times_at = set_times_at,
    .list = list,
    .close = close_handle,
    .stat_handle = stat_handle,
    .read = read_next,
    .write = write_next,
    .pread = read_at,
    .pwrite = write_at,
    .seek = seek,
    .set_size = set_size,
    .allocate = allocate,
    .advise = advise,
    .sync = sync,
    .set_append = set_append,
    .set_times = set_times,
};
