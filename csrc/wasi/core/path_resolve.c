/* The front of the resolver: checks, choice of the way, what both ways share. */
#include <string.h>

#include "wasi/core/path.h"
#include "base/utf8.h"

pwi_errno pwi_path_check(const char *path, size_t length)
{
    if (length == 0)
        return PWI_ENOENT;
    if (length > PWI_OS_PATH_MAX)
        return PWI_ENAMETOOLONG;
    if (memchr(path, '\0', length))
        return PWI_EINVAL;
    if (!pwi_utf8_valid((const uint8_t *)path, length))
        return PWI_EILSEQ;
    if (path[0] == '/')
        return PWI_EPERM;
    return PWI_ESUCCESS;
}

bool pwi_walk_follows(const pwi_walk *walk, bool must_be_dir)
{
    return walk->last == PWI_LAST_FOLLOW || (walk->last == PWI_LAST_SLASH && must_be_dir);
}

pwi_errno pwi_place_name(pwi_place *place, const char *name, size_t length)
{
    if (length > PWI_OS_NAME_MAX)
        return PWI_ENAMETOOLONG;
    memcpy(place->name, name, length);
    place->name[length] = '\0';
    return PWI_ESUCCESS;
}

pwi_errno pwi_place_look(pwi_place *place)
{
    pwi_errno error = place->fs->stat_at(place->parent, place->name, &place->stat);
    if (error != PWI_ESUCCESS && error != PWI_ENOENT)
        return error;
    place->is_known = true;
    place->exists = error == PWI_ESUCCESS;
    return PWI_ESUCCESS;
}

pwi_errno pwi_walk_link(pwi_walk *walk, pwi_os_handle dir, const char *name, char *content, size_t *length)
{
    if (++walk->links > PWI_MAX_LINKS)
        return PWI_ELOOP;
    pwi_errno error = walk->fs->readlink_at(dir, name, content, PWI_OS_PATH_MAX + 1, length);
    if (error != PWI_ESUCCESS)
        return error;
    if (*length == 0)
        return PWI_ENOENT;
    return content[0] == '/' ? PWI_EPERM : PWI_ESUCCESS;
}

/* NOSYS and AGAIN of openat2 mean "walk", unless a test insists. */
static pwi_errno resolve(pw_wasi *wasi, pwi_walk *walk, pwi_place *out)
{
    if (walk->fs->open_beneath && wasi->resolver != PW_WASI_RESOLVER_WALKER) {
        pwi_errno error = pwi_path_beneath(walk, out);
        if ((error != PWI_ENOSYS && error != PWI_EAGAIN) || wasi->resolver == PW_WASI_RESOLVER_OPENAT2)
            return error;
        if (error == PWI_ENOSYS) /* and so it will be for the rest of this process: do not ask again */
            wasi->resolver = PW_WASI_RESOLVER_WALKER;
        walk->links = 0;
    }
    return pwi_path_walk(walk, out);
}

pwi_errno pwi_path_resolve(pwi_call *call, const pwi_fd *dir, const char *path, size_t length, pwi_last last,
                           pwi_place *out)
{
    pwi_walk walk;
    pwi_errno error = pwi_path_check(path, length);
    if (error == PWI_EPERM)
        return pwi_deny(call, dir->grant, "an absolute path", path, length);
    if (error != PWI_ESUCCESS)
        return error;
    walk.fs = dir->fs;
    walk.root = dir->handle;
    walk.last = last;
    walk.links = 0;
    memcpy(walk.text, path, length);
    walk.text[length] = '\0';
    *out = (pwi_place){.fs = dir->fs, .parent = PWI_OS_NONE};
    PWI_SLOWLY(call, dir, error = resolve(call->wasi, &walk, out));
    if (error == PWI_ESUCCESS && out->is_known && out->exists && out->must_be_dir &&
        out->stat.type != PWI_TYPE_DIRECTORY)
        error = PWI_ENOTDIR;
    if (error != PWI_ESUCCESS)
        pwi_place_release(out);
    if (error == PWI_EPERM)
        return pwi_deny(call, dir->grant, "a path that leaves the directory", path, length);
    return error;
}

void pwi_place_release(pwi_place *place)
{
    if (place->owns_parent)
        place->fs->close(place->parent);
    place->owns_parent = false;
    place->parent = PWI_OS_NONE;
}
