/* path_open: what is asked for -> checks -> the open file -> a descriptor with its rights. */
#include "wasi/p1/path_arg.h"

enum { OFLAG_CREAT = 1, OFLAG_DIRECTORY = 2, OFLAG_EXCL = 4, OFLAG_TRUNC = 8, OFLAG_ALL = 15 };

typedef struct opening {
    uint32_t fd; /* of dir */
    pwi_fd *dir;
    pwi_path_arg path;
    pwi_last last;
    uint32_t oflags;
    uint32_t fdflags;
    bool read;  /* the guest will read or list */
    bool write; /* the guest will write */
} opening;

static pwi_errno parse(pwi_call *call, const pw_slot *args, opening *open)
{
    pwi_errno error = pwi_p1_check(call, (uint32_t)args[8], 4);
    if (error == PWI_ESUCCESS)
        error = pwi_p1_path(call, (uint32_t)args[2], (uint32_t)args[3], &open->path);
    if (error == PWI_ESUCCESS)
        error = pwi_p1_dir(call, open->fd = (uint32_t)args[0], &open->dir);
    if (error == PWI_ESUCCESS)
        error = pwi_p1_lookup(args[1], &open->last);
    if (error != PWI_ESUCCESS)
        return error;
    open->oflags = (uint32_t)args[4];
    open->fdflags = (uint32_t)args[7];
    if ((open->oflags & ~(uint32_t)OFLAG_ALL) || (open->fdflags & ~(uint32_t)PWI_FDFLAG_ALL))
        return PWI_EINVAL;
    if ((open->oflags & OFLAG_CREAT) && (open->oflags & OFLAG_DIRECTORY))
        return PWI_EINVAL;
    if ((open->oflags & OFLAG_CREAT) && (open->oflags & OFLAG_EXCL))
        open->last = PWI_LAST_SLASH; /* a link that is there is enough to say EXIST */
    /* Rights are the access mode and no more: what else a program asks for (0, all bits) says nothing. */
    open->read = (args[5] & (PWI_RIGHT(FD_READ) | PWI_RIGHT(FD_READDIR))) != 0;
    open->write = (args[5] & PWI_RIGHTS_WRITING) != 0; /* not FD_DATASYNC: directories have it too */
    return PWI_ESUCCESS;
}

/* The grant (PERM), the rights of the directory (NOTCAPABLE), room in the table, leave of the hook. */
static pwi_errno check_wishes(pwi_call *call, opening *open)
{
    uint32_t access = 0;
    uint64_t rights = 0, inheriting = 0;
    if (open->read)
        access |= PW_WASI_READ, inheriting |= PWI_RIGHT(FD_READ);
    if (open->write)
        access |= open->fdflags & PWI_FDFLAG_APPEND ? PW_WASI_APPEND : PW_WASI_WRITE,
            inheriting |= PWI_RIGHT(FD_WRITE);
    if (open->oflags & OFLAG_TRUNC)
        access |= PW_WASI_WRITE, rights |= PWI_RIGHT(PATH_FILESTAT_SET_SIZE);
    if (open->oflags & OFLAG_CREAT)
        rights |= PWI_RIGHT(PATH_CREATE_FILE);
    pwi_errno error = pwi_grant_check(call, open->dir->grant, access, open->path.bytes, open->path.length);
    if (error != PWI_ESUCCESS)
        return error;
    if ((rights & ~open->dir->rights) || (inheriting & ~open->dir->inheriting))
        return PWI_ENOTCAPABLE;
    error = pwi_fd_room(&call->wasi->fds);
    if (error != PWI_ESUCCESS || open->path.bytes[0] == '/') /* absolute: pwi_path_resolve tells so */
        return error;
    if (open->oflags & OFLAG_CREAT)
        access |= PW_WASI_CREATE;
    error = pwi_grant_use(call, open->dir->grant, access, open->path.bytes, open->path.length);
    if (error == PWI_ESUCCESS && call->was_told)
        error = pwi_p1_dir(call, open->fd, &open->dir);
    return error;
}

/* Opening a device can do things to the machine, so it is refused before it is opened, not only after. */
static pwi_errno deny_device(pwi_call *call, const opening *open)
{
    return pwi_deny(call, open->dir->grant, "a device", open->path.bytes, open->path.length);
}

static pwi_errno check_existing(pwi_call *call, const opening *open, const pwi_place *place)
{
    uint8_t type = place->stat.type;
    if ((open->oflags & OFLAG_CREAT) && (open->oflags & OFLAG_EXCL))
        return PWI_EEXIST;
    if (type == PWI_TYPE_SYMBOLIC_LINK)
        return PWI_ELOOP;
    if ((open->oflags & OFLAG_DIRECTORY) && type != PWI_TYPE_DIRECTORY)
        return PWI_ENOTDIR;
    if (type == PWI_TYPE_DIRECTORY && (open->write || (open->oflags & (OFLAG_TRUNC | OFLAG_CREAT))))
        return PWI_EISDIR;
    return pwi_os_is_device(type) ? deny_device(call, open) : PWI_ESUCCESS;
}

static pwi_errno check_missing(pwi_call *call, const opening *open, const pwi_place *place)
{
    if (!(open->oflags & OFLAG_CREAT))
        return PWI_ENOENT;
    if (place->must_be_dir)
        return PWI_EISDIR;
    return pwi_grant_check(call, open->dir->grant, PW_WASI_CREATE, open->path.bytes, open->path.length);
}

static uint32_t how_to_open(const opening *open)
{
    uint32_t how = 0;
    if (open->write || (open->oflags & OFLAG_TRUNC))
        how |= PWI_OPEN_WRITE;
    if (open->read || how == 0)
        how |= PWI_OPEN_READ;
    if (open->fdflags & PWI_FDFLAG_APPEND)
        how |= PWI_OPEN_APPEND;
    if (open->fdflags & PWI_FDFLAG_DSYNC)
        how |= PWI_OPEN_DSYNC;
    if (open->fdflags & (PWI_FDFLAG_SYNC | PWI_FDFLAG_RSYNC))
        how |= PWI_OPEN_SYNC;
    if (open->oflags & OFLAG_TRUNC)
        how |= PWI_OPEN_TRUNC;
    return how;
}

static uint32_t how_to_open_place(const opening *open, const pwi_place *place)
{
    if (place->exists && place->stat.type == PWI_TYPE_DIRECTORY)
        return PWI_OPEN_READ | PWI_OPEN_DIRECTORY;
    uint32_t how = how_to_open(open);
    if (!place->exists)
        how |= PWI_OPEN_CREATE;
    if (!place->exists && (open->oflags & OFLAG_EXCL))
        how |= PWI_OPEN_EXCL;
    return how;
}

static void describe_dir(const opening *open, pwi_fd *out)
{
    out->kind = PWI_FD_DIR;
    out->type = PWI_TYPE_DIRECTORY;
    out->traits = 0; /* it may be another file system */
    out->rights = open->dir->inheriting & pwi_rights_dir;
    out->inheriting = open->dir->inheriting;
}

static void describe_file(const opening *open, pwi_fd *out)
{
    out->kind = PWI_FD_FILE;
    out->type = PWI_TYPE_REGULAR_FILE;
    out->flags = (uint16_t)open->fdflags;
    out->rights = open->dir->inheriting & pwi_rights_file;
    if (open->read)
        out->access |= PWI_OPEN_READ;
    else
        out->rights &= ~(uint64_t)PWI_RIGHTS_READING;
    if (open->write)
        out->access |= PWI_OPEN_WRITE;
    else
        out->rights &= ~(uint64_t)PWI_RIGHTS_WRITING;
}

/* The descriptor of what was opened: what it is is asked of the handle, not of the name. */
static pwi_errno describe(pwi_call *call, const opening *open, pwi_os_handle handle, pwi_fd *out)
{
    pwi_os_stat stat;
    const pwi_fd *dir = open->dir;
    pwi_errno error = dir->fs->stat_handle(handle, &stat);
    if (error != PWI_ESUCCESS)
        return error;
    if (pwi_os_is_device(stat.type))
        return deny_device(call, open);
    *out = (pwi_fd){.fs = dir->fs, .handle = handle, .grant = dir->grant, .traits = dir->traits};
    if (stat.type == PWI_TYPE_DIRECTORY) {
        describe_dir(open, out);
        return PWI_ESUCCESS;
    }
    describe_file(open, out);
    out->type = stat.type;
    out->may_block = stat.type != PWI_TYPE_REGULAR_FILE;
    return PWI_ESUCCESS;
}

/* The same after opening at once: a stat is put off until it matters, if a cheaper look says enough, or that is put off
 * too (seen_names.h). */
static pwi_errno describe_soon(pwi_call *call, const opening *open, pwi_os_handle handle, pwi_fd *out)
{
    const pwi_fd *dir = open->dir;
    bool is_dir = (open->oflags & OFLAG_DIRECTORY) != 0; /* else it could not be opened */
    uint64_t name = pwi_seen_hash(dir->handle, open->path.bytes, open->path.length);
    bool unseen = !is_dir && pwi_seen_before(&call->wasi->seen_names, name);
    if (!is_dir && !unseen) {
        if (!dir->fs->is_file_or_dir(handle))
            return describe(call, open, handle, out);
        pwi_seen_remember(&call->wasi->seen_names, name);
    }
    *out = (pwi_fd){.fs = dir->fs, .handle = handle, .grant = dir->grant, .traits = dir->traits};
    if (is_dir) {
        describe_dir(open, out);
        return PWI_ESUCCESS;
    }
    describe_file(open, out);
    out->unseen = unseen;
    out->unsettled = unseen || (!open->write && /* these fail on directories */
                                !(open->oflags & (OFLAG_CREAT | OFLAG_TRUNC)));
    if (out->unsettled)
        out->inheriting = dir->inheriting;
    return PWI_ESUCCESS;
}

static pwi_errno open_place(pwi_call *call, const opening *open, const pwi_place *place, pwi_fd *out)
{
    pwi_os_handle handle;
    pwi_errno error = place->exists ? check_existing(call, open, place) : check_missing(call, open, place);
    if (error == PWI_ESUCCESS)
        PWI_SLOWLY(
            call, open->dir,
            error = place->fs->open_at(place->parent, place->name, how_to_open_place(open, place), &handle));
    if (error != PWI_ESUCCESS)
        return error;
    error = describe(call, open, handle, out);
    if (error != PWI_ESUCCESS)
        place->fs->close(handle);
    return error;
}

/* Names to which the way without a look does not apply: "a/", "." and "..", and what may be too long. */
static bool ends_plainly(const pwi_path_arg *path, bool *has_slash)
{
    size_t at = path->length;
    while (at > 0 && path->bytes[at - 1] != '/')
        at--;
    size_t length = path->length - at;
    const char *last = path->bytes + at;
    *has_slash = at > 0;
    return length > 0 && length <= PWI_OS_NAME_MAX && (last[0] != '.' || last[strspn(last, ".")] != '\0');
}

/* The common case, in one system call and a look at what was opened: nothing is followed at the end, and no device
 * can be there. *done: the result is final; else open_slowly has to look. */
static pwi_errno open_at_once(pwi_call *call, opening *open, pwi_fd *out, bool *done)
{
    pwi_os_handle handle;
    const pwi_fs_ops *fs = open->dir->fs;
    bool beneath;
    bool create = (open->oflags & OFLAG_CREAT) != 0;
    uint32_t how = how_to_open(open);
    *done = false;
    if (open->path.bytes[0] == '/' || !ends_plainly(&open->path, &beneath) ||
        !(open->dir->traits & PWI_FS_PLAIN) || (beneath && call->wasi->resolver == PW_WASI_RESOLVER_WALKER) ||
        (create && !(open->dir->grant->access & PW_WASI_CREATE)))
        return PWI_ESUCCESS;
    if (open->oflags & OFLAG_DIRECTORY)
        how |= PWI_OPEN_DIRECTORY;
    if (create)
        how |= open->oflags & OFLAG_EXCL ? PWI_OPEN_CREATE | PWI_OPEN_EXCL : PWI_OPEN_CREATE;
    pwi_errno error;
    PWI_SLOWLY(call, open->dir,
               error = fs->open_direct(open->dir->handle, open->path.bytes, beneath, how, &handle));
    *done = error == PWI_ESUCCESS || error == PWI_ENOENT || error == PWI_EEXIST || error == PWI_EACCES;
    if (error != PWI_ESUCCESS)
        return error;
    error = describe_soon(call, open, handle, out);
    if (error != PWI_ESUCCESS)
        fs->close(handle);
    return error;
}

static pwi_errno open_slowly(pwi_call *call, opening *open, pwi_fd *out)
{
    pwi_place place;
    pwi_errno error =
        pwi_path_resolve(call, open->dir, open->path.bytes, open->path.length, open->last, &place);
    if (error != PWI_ESUCCESS)
        return error;
    error = open_place(call, open, &place, out);
    pwi_place_release(&place);
    return error;
}

pwi_errno pwi_p1_path_open(pwi_call *call, const pw_slot *args)
{
    opening open;
    pwi_fd entry;
    uint32_t fd;
    bool done;
    pwi_errno error = parse(call, args, &open);
    if (error == PWI_ESUCCESS)
        error = pwi_path_check(open.path.bytes, open.path.length);
    if (error == PWI_ESUCCESS || error == PWI_EPERM) /* absolute: pwi_path_resolve tells so */
        error = check_wishes(call, &open);
    if (error != PWI_ESUCCESS)
        return error;
    error = open_at_once(call, &open, &entry, &done);
    if (!done)
        error = open_slowly(call, &open, &entry);
    if (error != PWI_ESUCCESS)
        return error;
    error = pwi_fd_insert(&call->wasi->fds, &entry, &fd);
    if (error != PWI_ESUCCESS) {
        entry.fs->close(entry.handle);
        return error;
    }
    return pwi_p1_put_u32(call, (uint32_t)args[8], fd);
}
