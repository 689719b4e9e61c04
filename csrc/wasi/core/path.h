/* path.h - from a guest's path to a directory handle and one name in it: the only way that paths take.
 *
 *      dir fd + "a/b/../link/file/"   ->   place { parent: handle of ..., name: "file", must_be_dir: true }
 *
 * The result never lies outside of the directory of the fd, and `name` has no '/' in it and is not "..". What a
 * trailing slash says travels in must_be_dir, never in a string (a trailing slash makes openat follow a link
 * that O_NOFOLLOW should have stopped).
 *
 * Two resolvers give the same answers; tests run both:
 *   openat2   the kernel resolves the parent below the directory              path_beneath.c
 *   walker    component by component, a stack of handles, ".." pops           path_walk.c
 * What remains, with the walker only: a directory that another process moves out of the tree during a walk stays
 * reachable until the walk ends.
 */
#ifndef PW_WASI_PATH_H
#define PW_WASI_PATH_H

#include "wasi/core/wasi_state.h"

#define PWI_MAX_LINKS 40u  /* symbolic links in one resolution, then LOOP */
#define PWI_MAX_DEPTH 256u /* directories deep that the walker goes, then NAMETOOLONG */

/* What to do with a symbolic link at the end. */
typedef enum pwi_last {
    PWI_LAST_KEEP,   /* it is the thing meant, whatever the path ends with */
    PWI_LAST_SLASH,  /* it is the thing meant, but "link/" means what it points to */
    PWI_LAST_FOLLOW, /* what it points to is meant */
} pwi_last;

typedef struct pwi_place {
    const pwi_fs_ops *fs;
    pwi_os_handle parent;
    bool owns_parent; /* else it is the handle of the fd */
    bool must_be_dir; /* the path ended in '/', "." or ".." */
    bool is_known;    /* stat is filled in: not after KEEP */
    bool exists;      /* valid if is_known */
    pwi_os_stat stat;
    char name[PWI_OS_NAME_MAX + 1];
} pwi_place;

/* What is left to resolve. `text` holds the path and, behind it, room for the contents of links. */
#define PWI_WALK_TEXT (2u * PWI_OS_PATH_MAX + 2u)
typedef struct pwi_walk {
    const pwi_fs_ops *fs;
    pwi_os_handle root;
    pwi_last last;
    uint32_t links;
    char text[PWI_WALK_TEXT];
} pwi_walk;

/* The bytes of a path: NUL INVAL, not UTF-8 ILSEQ, too long NAMETOOLONG, absolute PERM, empty NOENT. */
PW_MUST_USE pwi_errno pwi_path_check(const char *path, size_t length);

/* Resolves; on SUCCESS the place has to be released. A path that leaves the directory is denied (PERM). In the modes
 * that look, a place that must be a directory and is something else is NOTDIR. */
PW_MUST_USE pwi_errno pwi_path_resolve(pwi_call *call, const pwi_fd *dir, const char *path, size_t length,
                                       pwi_last last, pwi_place *out);
void pwi_place_release(pwi_place *place);

/* ---- between the files of the resolver ---- */
/* Fill in parent, owns_parent, name, must_be_dir, is_known, exists, stat. PERM: the path leaves the directory.
 * pwi_path_beneath answers NOSYS or AGAIN where the walker has to go, with walk->text unchanged. */
PW_MUST_USE pwi_errno pwi_path_beneath(pwi_walk *walk, pwi_place *out);
PW_MUST_USE pwi_errno pwi_path_walk(pwi_walk *walk, pwi_place *out);
/* Does a link at the end have to be followed? */
bool pwi_walk_follows(const pwi_walk *walk, bool must_be_dir);
/* Copies a component to place->name; NAMETOOLONG. */
PW_MUST_USE pwi_errno pwi_place_name(pwi_place *place, const char *name, size_t length);
/* Looks at place->name: fills in is_known, exists and stat. NOENT is no error. */
PW_MUST_USE pwi_errno pwi_place_look(pwi_place *place);
/* Reads the link `name` in `dir` to content (PWI_OS_PATH_MAX + 1 bytes): LOOP after too many, PERM for absolute. */
PW_MUST_USE pwi_errno pwi_walk_link(pwi_walk *walk, pwi_os_handle dir, const char *name, char *content,
                                    size_t *length);

#endif
