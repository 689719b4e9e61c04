/* Resolution with the kernel's help: the parent of the last component is opened in one call that cannot leave the
 * directory. Only the last component is looked at here: a link there, if it is to be followed, is put in its place
 * in the path ("a/b/link" -> "a/b/" + content), and the kernel resolves that from the top again. */
#include <string.h>

#include "wasi/core/path.h"

/*  a//b/c//        prefix "a//b/"  last "c"   slash
 *  a/b/..          prefix all      last ""    (a directory, by itself)   */
typedef struct split {
    size_t prefix;  /* bytes before the last component */
    size_t last_at; /* where it begins */
    size_t last_length;
    bool slash;
} split;

static split split_last(const char *text)
{
    size_t end = strlen(text);
    split parts = {0};
    parts.slash = end > 0 && text[end - 1] == '/';
    while (end > 0 && text[end - 1] == '/')
        end--;
    size_t start = end;
    while (start > 0 && text[start - 1] != '/')
        start--;
    parts.prefix = start;
    parts.last_at = start;
    parts.last_length = end - start;
    size_t dots = strspn(text + start, ".");
    if (dots == parts.last_length && dots <= 2) { /* "." or "..": the whole path names a directory */
        parts.prefix = end;
        parts.last_length = 0;
        parts.slash = true;
    }
    return parts;
}

/* Whether a prefix is nothing but "." components. */
static bool stays(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        bool is_dot =
            text[i] == '.' && (i == 0 || text[i - 1] == '/') && (i + 1 == length || text[i + 1] == '/');
        if (text[i] != '/' && !is_dot)
            return false;
    }
    return true;
}

static pwi_errno open_parent(const pwi_walk *walk, const split *parts, pwi_place *out)
{
    char prefix[PWI_WALK_TEXT];
    if (stays(walk->text, parts->prefix)) {
        out->parent = walk->root;
        out->owns_parent = false;
        return PWI_ESUCCESS;
    }
    if (parts->prefix >= PWI_OS_PATH_MAX) /* more than the kernel takes; the walker has room */
        return PWI_EAGAIN;
    memcpy(prefix, walk->text, parts->prefix);
    prefix[parts->prefix] = '\0';
    pwi_errno error = walk->fs->open_beneath(walk->root, prefix, &out->parent);
    out->owns_parent = error == PWI_ESUCCESS;
    return error;
}

/* text := prefix + content [+ '/'] */
static pwi_errno put_link(pwi_walk *walk, const split *parts, const char *content, size_t length)
{
    size_t total = parts->prefix + length + (parts->slash ? 1 : 0);
    if (total >= sizeof walk->text)
        return PWI_ENAMETOOLONG;
    memcpy(walk->text + parts->prefix, content, length);
    if (parts->slash)
        walk->text[total - 1] = '/';
    walk->text[total] = '\0';
    return PWI_ESUCCESS;
}

/* One round: opens the parent, looks at the last component. *again: it was a link, the text has changed. */
static pwi_errno one_round(pwi_walk *walk, pwi_place *out, bool *again)
{
    char content[PWI_OS_PATH_MAX + 1];
    size_t length;
    split parts = split_last(walk->text);
    *again = false;
    out->must_be_dir = parts.slash;
    pwi_errno error = open_parent(walk, &parts, out);
    if (error != PWI_ESUCCESS)
        return error;
    if (parts.last_length == 0)
        error = pwi_place_name(out, ".", 1);
    else
        error = pwi_place_name(out, walk->text + parts.last_at, parts.last_length);
    if (error != PWI_ESUCCESS || walk->last == PWI_LAST_KEEP)
        return error;
    error = pwi_place_look(out);
    if (error != PWI_ESUCCESS || !out->exists || out->stat.type != PWI_TYPE_SYMBOLIC_LINK ||
        !pwi_walk_follows(walk, parts.slash))
        return error;
    error = pwi_walk_link(walk, out->parent, out->name, content, &length);
    if (error == PWI_EINVAL) /* a link a moment ago: what is it now? */
        return pwi_place_look(out);
    if (error == PWI_ESUCCESS)
        error = put_link(walk, &parts, content, length);
    *again = error == PWI_ESUCCESS;
    return error;
}

pwi_errno pwi_path_beneath(pwi_walk *walk, pwi_place *out)
{
    char original[PWI_OS_PATH_MAX + 1];
    bool again = true;
    pwi_errno error = PWI_ESUCCESS;
    strcpy(original, walk->text); /* checked: at most PWI_OS_PATH_MAX bytes */
    while (again) {
        error = one_round(walk, out, &again);
        if (again || error != PWI_ESUCCESS)
            pwi_place_release(out);
    }
    if (error == PWI_ENOSYS || error == PWI_EAGAIN)
        strcpy(walk->text, original);
    return error;
}
