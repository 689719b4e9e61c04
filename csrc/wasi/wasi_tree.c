/* The embedder's own look at a tree in memory. Paths take the way of a guest's: the resolver, then one name. */
#include <string.h>

#include "wasi/core/mem_tree.h"
#include "wasi/core/path.h"

/* A path of the embedder, resolved. To be left on SUCCESS. */
typedef struct visit {
    pwi_os_handle root;
    pwi_place place;
} visit;

static void leave(visit *at)
{
    pwi_place_release(&at->place);
    pwi_mem_fs.close(at->root);
}

static pwi_errno enter(pw_wasi_tree *tree, const char *path, size_t length, pwi_last last, visit *out)
{
    pwi_walk walk = {.fs = &pwi_mem_fs, .last = last};
    if (length == 0)
        path = ".", length = 1;
    pwi_errno error = pwi_path_check(path, length);
    if (error == PWI_ESUCCESS)
        error = pwi_mem_open_root(tree, NULL, 0, &out->root);
    if (error != PWI_ESUCCESS)
        return error;
    walk.root = out->root;
    memcpy(walk.text, path, length);
    walk.text[length] = '\0';
    out->place = (pwi_place){.fs = &pwi_mem_fs, .parent = PWI_OS_NONE};
    error = pwi_path_walk(&walk, &out->place);
    if (error != PWI_ESUCCESS)
        leave(out);
    return error;
}

/* The directories above the last name of a path, or all of it. */
static pwi_errno make_dirs(pw_wasi_tree *tree, const char *path, size_t length, bool all)
{
    pwi_errno error = PWI_ESUCCESS;
    for (size_t end = 1; end <= length && error == PWI_ESUCCESS; end++) {
        visit at;
        if (end < length ? path[end] != '/' || path[end - 1] == '/' : !all)
            continue;
        error = enter(tree, path, end, PWI_LAST_FOLLOW, &at);
        if (error != PWI_ESUCCESS)
            break;
        if (!at.place.exists)
            error = pwi_mem_fs.mkdir_at(at.place.parent, at.place.name);
        else if (at.place.stat.type != PWI_TYPE_DIRECTORY)
            error = PWI_ENOTDIR;
        if (error == PWI_EEXIST) /* a guest was faster */
            error = PWI_ESUCCESS;
        leave(&at);
    }
    return error;
}

static pwi_errno write_all(pwi_os_handle file, const uint8_t *data, size_t size)
{
    pwi_errno error = PWI_ESUCCESS;
    while (size > 0 && error == PWI_ESUCCESS) {
        const pwi_os_iovec piece = {(uint8_t *)(uintptr_t)data, size};
        size_t done;
        error = pwi_mem_fs.write(file, &piece, 1, &done);
        data += done;
        size -= done;
    }
    return error;
}

uint32_t pw_wasi_tree_put(pw_wasi_tree *tree, const char *path, size_t length, const uint8_t *data,
                          size_t size, uint64_t modified)
{
    visit at;
    pwi_os_handle file;
    const pwi_os_times times = {PWI_TIME_VALUE, PWI_TIME_VALUE, modified, modified};
    pwi_errno error = make_dirs(tree, path, length, false);
    if (error == PWI_ESUCCESS)
        error = enter(tree, path, length, PWI_LAST_FOLLOW, &at);
    if (error != PWI_ESUCCESS)
        return error;
    error = at.place.must_be_dir
                ? PWI_EISDIR
                : pwi_mem_fs.open_at(at.place.parent, at.place.name,
                                     PWI_OPEN_WRITE | PWI_OPEN_CREATE | PWI_OPEN_TRUNC, &file);
    leave(&at);
    if (error != PWI_ESUCCESS)
        return error;
    error = write_all(file, data, size);
    if (error == PWI_ESUCCESS && modified != PW_WASI_NOW)
        error = pwi_mem_fs.set_times(file, &times);
    pwi_mem_fs.close(file);
    return error;
}

uint32_t pw_wasi_tree_make_dir(pw_wasi_tree *tree, const char *path, size_t length)
{
    return make_dirs(tree, path, length, true);
}

uint32_t pw_wasi_tree_link(pw_wasi_tree *tree, const char *path, size_t length, const char *content,
                           size_t content_length)
{
    visit at;
    char text[PWI_OS_PATH_MAX + 1];
    pwi_errno error = pwi_path_check(content, content_length);
    if (error == PWI_ESUCCESS)
        error = make_dirs(tree, path, length, false);
    if (error == PWI_ESUCCESS)
        error = enter(tree, path, length, PWI_LAST_KEEP, &at);
    if (error != PWI_ESUCCESS)
        return error;
    memcpy(text, content, content_length);
    text[content_length] = '\0';
    error = at.place.must_be_dir ? PWI_ENOENT
                                 : pwi_mem_fs.symlink_at(text, at.place.parent, at.place.name);
    leave(&at);
    return error;
}

uint32_t pw_wasi_tree_remove(pw_wasi_tree *tree, const char *path, size_t length)
{
    visit at;
    pwi_errno error = enter(tree, path, length, PWI_LAST_KEEP, &at);
    if (error != PWI_ESUCCESS)
        return error;
    error = at.place.must_be_dir ? PWI_EISDIR : pwi_mem_fs.unlink_at(at.place.parent, at.place.name);
    if (error == PWI_EISDIR)
        error = pwi_mem_fs.rmdir_at(at.place.parent, at.place.name);
    leave(&at);
    return error;
}

uint32_t pw_wasi_tree_get(pw_wasi_tree *tree, const char *path, size_t length, bool follow,
                          void (*take)(void *env, const uint8_t *data, size_t size), void *env)
{
    visit at;
    pwi_errno error = enter(tree, path, length, follow ? PWI_LAST_FOLLOW : PWI_LAST_SLASH, &at);
    if (error != PWI_ESUCCESS)
        return error;
    pwi_mutex_lock(&tree->lock);
    const pwi_mem_node *parent = ((pwi_mem_handle *)at.place.parent)->node;
    const pwi_mem_name *name = pwi_mem_find(tree, parent, at.place.name);
    if (!name)
        error = strcmp(at.place.name, ".") == 0 ? PWI_EISDIR : PWI_ENOENT;
    else if (name->node->type == PWI_TYPE_DIRECTORY)
        error = PWI_EISDIR;
    else if (at.place.must_be_dir)
        error = PWI_ENOTDIR;
    else if ((name->node->type == PWI_TYPE_SYMBOLIC_LINK) == follow)
        error = PWI_EINVAL;
    else
        take(env, name->node->data, name->node->size);
    pwi_mutex_unlock(&tree->lock);
    leave(&at);
    return error;
}

uint32_t pw_wasi_tree_list(pw_wasi_tree *tree, const char *path, size_t length,
                           void (*entry)(void *env, const char *name, size_t length, uint8_t type,
                                         uint64_t size),
                           void *env)
{
    visit at;
    pwi_os_handle dir;
    pwi_errno error = enter(tree, path, length, PWI_LAST_FOLLOW, &at);
    if (error != PWI_ESUCCESS)
        return error;
    error = pwi_mem_fs.open_at(at.place.parent, at.place.name, PWI_OPEN_SEARCH, &dir);
    leave(&at);
    if (error != PWI_ESUCCESS)
        return error;
    pwi_mutex_lock(&tree->lock);
    for (const pwi_mem_name *name = ((pwi_mem_handle *)dir)->node->first; name; name = name->after)
        entry(env, name->text, name->length, name->node->type, name->node->size);
    pwi_mutex_unlock(&tree->lock);
    pwi_mem_fs.close(dir);
    return error;
}

uint64_t pw_wasi_tree_used(pw_wasi_tree *tree)
{
    pwi_mutex_lock(&tree->lock);
    uint64_t used = tree->used;
    pwi_mutex_unlock(&tree->lock);
    return used;
}

const char *pw_wasi_errno_name(uint32_t number)
{
    static const char *const names[] = {
#define WASI(name)  "E" #name,
#define POSIX(name) "E" #name,
#include "wasi/os/errno.def"
#undef WASI
#undef POSIX
    };
    return number < sizeof names / sizeof names[0] ? names[number] : NULL;
}
