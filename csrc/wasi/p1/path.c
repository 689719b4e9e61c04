/* The calls with paths, but path_open. All paths go through pwi_path_resolve; what comes out of it is one name in an
 * open directory, and no call here follows a link at that name. */
#include "wasi/p1/path_arg.h"

#define PATH_LENGTH_BEYOND_REASON (1u << 20)

pwi_errno pwi_p1_path(pwi_call *call, uint32_t at, uint32_t length, pwi_path_arg *out)
{
    uint8_t *bytes;
    if (length > PATH_LENGTH_BEYOND_REASON)
        return PWI_ENOMEM;
    pwi_errno error = pwi_call_range(call, at, length, &bytes);
    if (error != PWI_ESUCCESS)
        return error;
    if (length > PWI_OS_PATH_MAX)
        return PWI_ENAMETOOLONG;
    memcpy(out->bytes, bytes, length);
    out->bytes[length] = '\0';
    out->length = length;
    return PWI_ESUCCESS;
}

pwi_errno pwi_p1_lookup(uint64_t flags, pwi_last *last)
{
    if ((uint32_t)flags > 1)
        return PWI_EINVAL;
    *last = flags & 1 ? PWI_LAST_FOLLOW : PWI_LAST_SLASH;
    return PWI_ESUCCESS;
}

/* One end of a call: descriptor, path, place. */
typedef struct end {
    uint32_t fd;
    uint64_t right;
    pwi_fd *dir;
    pwi_path_arg path;
    pwi_place place;
} end;

/* Descriptor with a right, path, grant, leave of the hook. Nothing is open afterwards: the hook may have run the guest. */
static pwi_errno ask(pwi_call *call, uint32_t fd, uint64_t right, uint64_t path_at, uint64_t length,
                     uint32_t access, end *out)
{
    out->fd = fd;
    out->right = right;
    pwi_errno error = pwi_p1_path(call, (uint32_t)path_at, (uint32_t)length, &out->path);
    if (error == PWI_ESUCCESS)
        error = pwi_p1_dir_with(call, fd, right, &out->dir);
    if (error != PWI_ESUCCESS)
        return error;
    const pwi_grant *grant = out->dir->grant;
    pwi_errno shape = pwi_path_check(out->path.bytes, out->path.length);
    if (shape != PWI_ESUCCESS && shape != PWI_EPERM) /* absolute: pwi_path_resolve tells so */
        return shape;
    error = pwi_grant_check(call, grant, access, out->path.bytes, out->path.length);
    if (error == PWI_ESUCCESS && shape == PWI_ESUCCESS)
        error = pwi_grant_use(call, grant, access, out->path.bytes, out->path.length);
    return error;
}

static pwi_errno find(pwi_call *call, pwi_last last, end *out)
{
    pwi_errno error = pwi_p1_dir_with(call, out->fd, out->right, &out->dir);
    if (error == PWI_ESUCCESS)
        error = pwi_path_resolve(call, out->dir, out->path.bytes, out->path.length, last, &out->place);
    return error;
}

/* Both: what every call here begins with. */
static pwi_errno begin(pwi_call *call, uint32_t fd, uint64_t right, uint64_t path_at, uint64_t length,
                       uint32_t access, pwi_last last, end *out)
{
    pwi_errno error = ask(call, fd, right, path_at, length, access, out);
    return error == PWI_ESUCCESS ? find(call, last, out) : error;
}

static bool is_self(const pwi_place *place)
{
    return place->name[0] == '.' && place->name[1] == '\0';
}

pwi_errno pwi_p1_path_create_directory(pwi_call *call, const pw_slot *args)
{
    end at;
    pwi_errno error =
        begin(call, (uint32_t)args[0], call->right, args[1], args[2], PW_WASI_CREATE, PWI_LAST_KEEP, &at);
    if (error != PWI_ESUCCESS)
        return error;
    PWI_SLOWLY(call, at.dir,
               error =
                   is_self(&at.place) ? PWI_EEXIST : at.place.fs->mkdir_at(at.place.parent, at.place.name));
    pwi_place_release(&at.place);
    return error;
}

pwi_errno pwi_p1_path_filestat_get(pwi_call *call, const pw_slot *args)
{
    end at;
    pwi_last last;
    uint8_t *out;
    pwi_errno error = pwi_p1_check(call, (uint32_t)args[4], pwi_p1_filestat_size(call));
    if (error == PWI_ESUCCESS)
        error = pwi_p1_lookup(args[1], &last);
    if (error == PWI_ESUCCESS)
        error = begin(call, (uint32_t)args[0], call->right, args[2], args[3], 0, last, &at);
    if (error != PWI_ESUCCESS)
        return error;
    pwi_place_release(&at.place);
    if (!at.place.exists)
        return PWI_ENOENT;
    error = pwi_call_range(call, (uint32_t)args[4], pwi_p1_filestat_size(call), &out);
    if (error == PWI_ESUCCESS)
        pwi_p1_put_filestat(call, out, &at.place.stat);
    return error;
}

pwi_errno pwi_p1_path_filestat_set_times(pwi_call *call, const pw_slot *args)
{
    end at;
    pwi_last last;
    pwi_os_times times;
    pwi_errno error = pwi_p1_lookup(args[1], &last);
    if (error == PWI_ESUCCESS)
        error = pwi_p1_times(args[4], args[5], (uint32_t)args[6], &times);
    if (error == PWI_ESUCCESS)
        error = begin(call, (uint32_t)args[0], call->right, args[2], args[3], PW_WASI_WRITE, last, &at);
    if (error != PWI_ESUCCESS)
        return error;
    if (!at.place.exists)
        error = PWI_ENOENT;
    else
        PWI_SLOWLY(call, at.dir, error = at.place.fs->set_times_at(at.place.parent, at.place.name, &times));
    pwi_place_release(&at.place);
    return error;
}

/* A new name that ends in '/': nothing but a directory could be made there. A file of that name is none
   (POSIX; Linux says EEXIST). */
static pwi_errno refuse_slash(pwi_place *place)
{
    if (!place->must_be_dir)
        return PWI_ESUCCESS;
    pwi_errno error = pwi_place_look(place);
    if (error != PWI_ESUCCESS)
        return error;
    if (!place->exists)
        return PWI_ENOENT;
    bool leads = place->stat.type == PWI_TYPE_DIRECTORY || place->stat.type == PWI_TYPE_SYMBOLIC_LINK;
    return leads ? PWI_EEXIST : PWI_ENOTDIR;
}

/* An old name that ends in '/': it has to be a directory, and a link to one is none. */
static pwi_errno require_dir(pwi_place *place)
{
    pwi_errno error = pwi_place_look(place);
    if (error != PWI_ESUCCESS)
        return error;
    if (!place->exists)
        return PWI_ENOENT;
    return place->stat.type == PWI_TYPE_DIRECTORY ? PWI_ESUCCESS : PWI_ENOTDIR;
}

/* May a file get from one directory into another? Not into one where more is allowed: a hard link from a read-only
 * grant into a writable one would make the file writable. The same for rights that the guest has taken away. */
static pwi_errno may_cross(pwi_call *call, const end *from, const end *to)
{
    if (from->dir->fs != to->dir->fs)
        return PWI_EXDEV;
    if (from->dir->grant != to->dir->grant && from->dir->grant->access != to->dir->grant->access)
        return pwi_deny(call, to->dir->grant, "a file from a grant with other permissions", from->path.bytes,
                        from->path.length);
    return to->dir->inheriting & ~from->dir->inheriting ? PWI_ENOTCAPABLE : PWI_ESUCCESS;
}

/* path_link and path_rename: both ends, and whether they go together. The places of `from` and `to` are to be
 * released on SUCCESS. */
static pwi_errno begin_two(pwi_call *call, const pw_slot *from_args, const pw_slot *to_args,
                           uint64_t to_right, uint32_t from_access, uint32_t to_access, end *from, end *to)
{
    pwi_errno error =
        ask(call, (uint32_t)from_args[0], call->right, from_args[1], from_args[2], from_access, from);
    if (error == PWI_ESUCCESS)
        error = ask(call, (uint32_t)to_args[0], to_right, to_args[1], to_args[2], to_access, to);
    if (error == PWI_ESUCCESS)
        error = find(call, PWI_LAST_KEEP, from);
    if (error != PWI_ESUCCESS)
        return error;
    error = find(call, PWI_LAST_KEEP, to);
    if (error == PWI_ESUCCESS) {
        error = may_cross(call, from, to);
        if (error != PWI_ESUCCESS)
            pwi_place_release(&to->place);
    }
    if (error != PWI_ESUCCESS)
        pwi_place_release(&from->place);
    return error;
}

pwi_errno pwi_p1_path_link(pwi_call *call, const pw_slot *args)
{
    end from, to;
    const pw_slot from_args[] = {args[0], args[2], args[3]};
    if ((uint32_t)args[1] != 0) /* a link that is followed could lead to a file outside */
        return PWI_EINVAL;
    pwi_errno error = begin_two(call, from_args, args + 4, PWI_RIGHT(PATH_LINK_TARGET), PW_WASI_CREATE,
                                PW_WASI_CREATE, &from, &to);
    if (error != PWI_ESUCCESS)
        return error;
    error = from.place.must_be_dir ? require_dir(&from.place) : PWI_ESUCCESS;
    if (error == PWI_ESUCCESS && from.place.must_be_dir) /* directories have no hard links */
        error = PWI_EPERM;
    if (error == PWI_ESUCCESS)
        error = refuse_slash(&to.place);
    if (error == PWI_ESUCCESS)
        PWI_SLOWLY(call, to.dir,
                   error = from.place.fs->link_at(from.place.parent, from.place.name, to.place.parent,
                                                  to.place.name));
    pwi_place_release(&from.place);
    pwi_place_release(&to.place);
    return error;
}

pwi_errno pwi_p1_path_rename(pwi_call *call, const pw_slot *args)
{
    end from, to;
    pwi_errno error = begin_two(call, args, args + 3, PWI_RIGHT(PATH_RENAME_TARGET), PW_WASI_DELETE,
                                PW_WASI_CREATE | PW_WASI_DELETE, &from, &to);
    if (error != PWI_ESUCCESS)
        return error;
    if (is_self(&from.place) || is_self(&to.place))
        error = PWI_EINVAL;
    else if (from.place.must_be_dir || to.place.must_be_dir)
        error = require_dir(&from.place);
    if (error == PWI_ESUCCESS)
        PWI_SLOWLY(call, to.dir,
                   error = from.place.fs->rename_at(from.place.parent, from.place.name, to.place.parent,
                                                    to.place.name));
    pwi_place_release(&from.place);
    pwi_place_release(&to.place);
    return error;
}

pwi_errno pwi_p1_path_readlink(pwi_call *call, const pw_slot *args)
{
    end at;
    char content[PWI_OS_PATH_MAX + 1];
    uint8_t *buffer;
    size_t length = 0;
    uint32_t buffer_at = (uint32_t)args[3], size = (uint32_t)args[4], result_at = (uint32_t)args[5];
    pwi_errno error = pwi_p1_check(call, buffer_at, size);
    if (error == PWI_ESUCCESS)
        error = pwi_p1_check(call, result_at, 4);
    if (error == PWI_ESUCCESS)
        error =
            begin(call, (uint32_t)args[0], call->right, args[1], args[2], PW_WASI_READ, PWI_LAST_SLASH, &at);
    if (error != PWI_ESUCCESS)
        return error;
    if (!at.place.exists)
        error = PWI_ENOENT;
    else if (at.place.stat.type != PWI_TYPE_SYMBOLIC_LINK)
        error = PWI_EINVAL;
    else
        PWI_SLOWLY(call, at.dir,
                   error = at.place.fs->readlink_at(at.place.parent, at.place.name, content, sizeof content,
                                                    &length));
    pwi_place_release(&at.place);
    if (length > size) /* cut without a word, as readlink(2) does */
        length = size;
    if (error == PWI_ESUCCESS)
        error = pwi_call_range(call, buffer_at, length, &buffer);
    if (error != PWI_ESUCCESS)
        return error;
    memcpy(buffer, content, length);
    return pwi_p1_put_u32(call, result_at, (uint32_t)length);
}

pwi_errno pwi_p1_path_remove_directory(pwi_call *call, const pw_slot *args)
{
    end at;
    pwi_errno error =
        begin(call, (uint32_t)args[0], call->right, args[1], args[2], PW_WASI_DELETE, PWI_LAST_KEEP, &at);
    if (error != PWI_ESUCCESS)
        return error;
    PWI_SLOWLY(call, at.dir,
               error =
                   is_self(&at.place) ? PWI_EINVAL : at.place.fs->rmdir_at(at.place.parent, at.place.name));
    pwi_place_release(&at.place);
    return error;
}

pwi_errno pwi_p1_path_symlink(pwi_call *call, const pw_slot *args)
{
    end at;
    pwi_path_arg content;
    pwi_fd *dir;
    pwi_errno error = pwi_p1_path(call, (uint32_t)args[0], (uint32_t)args[1], &content);
    if (error == PWI_ESUCCESS)
        error = pwi_p1_dir(call, (uint32_t)args[2], &dir);
    if (error == PWI_ESUCCESS)
        error = pwi_path_check(content.bytes, content.length);
    if (error == PWI_EPERM) /* other programs would follow it, from the root of the host */
        error = pwi_deny(call, dir->grant, "a link to an absolute path", content.bytes, content.length);
    if (error == PWI_ESUCCESS)
        error =
            begin(call, (uint32_t)args[2], call->right, args[3], args[4], PW_WASI_CREATE, PWI_LAST_KEEP, &at);
    if (error != PWI_ESUCCESS)
        return error;
    error = refuse_slash(&at.place);
    if (error == PWI_ESUCCESS)
        PWI_SLOWLY(call, at.dir,
                   error = at.place.fs->symlink_at(content.bytes, at.place.parent, at.place.name));
    pwi_place_release(&at.place);
    return error;
}

/* unlink(2) on a directory: EISDIR on Linux, EPERM where POSIX is followed. */
static pwi_errno unlink_place(pwi_place *place)
{
    pwi_errno error = is_self(place) ? PWI_EISDIR : PWI_ESUCCESS;
    if (error == PWI_ESUCCESS && place->must_be_dir) { /* "file/" is no file */
        error = require_dir(place);
        return error == PWI_ESUCCESS ? PWI_EISDIR : error;
    }
    if (error == PWI_ESUCCESS)
        error = place->fs->unlink_at(place->parent, place->name);
    if (error == PWI_EPERM && require_dir(place) == PWI_ESUCCESS)
        error = PWI_EISDIR;
    return error;
}

pwi_errno pwi_p1_path_unlink_file(pwi_call *call, const pw_slot *args)
{
    end at;
    pwi_errno error =
        begin(call, (uint32_t)args[0], call->right, args[1], args[2], PW_WASI_DELETE, PWI_LAST_KEEP, &at);
    if (error != PWI_ESUCCESS)
        return error;
    PWI_SLOWLY(call, at.dir, error = unlink_place(&at.place));
    pwi_place_release(&at.place);
    return error;
}
