/* Resolution component by component, for systems without openat2 (and for tests of the other way).
 *
 *     handles  [root] [a] [b] ...     depth counts what lies above root; ".." closes the top one.
 *     text     what is left, from `at` on. The content of a link is put before what is left.
 *
 * openat(dir, "..") is never called: its answer depends on where dir is at that moment. Each component is opened
 * without following; what turns out to be a link is read, and its content walked in the same way.
 */
#include <string.h>

#include "wasi/core/path.h"

typedef struct steps {
    pwi_os_handle handles[PWI_MAX_DEPTH];
    size_t depth;
    size_t at; /* in walk->text */
} steps;

static pwi_os_handle top(const pwi_walk *walk, const steps *state)
{
    return state->depth == 0 ? walk->root : state->handles[state->depth - 1];
}

static void pop(const pwi_walk *walk, steps *state)
{
    walk->fs->close(state->handles[--state->depth]);
}

/* text := content + [ '/' ] + what is left; walking begins at its start again. */
static pwi_errno put_link(pwi_walk *walk, steps *state, const char *content, size_t length)
{
    size_t left = strlen(walk->text + state->at);
    if (length + left >= sizeof walk->text)
        return PWI_ENAMETOOLONG;
    memmove(walk->text + length, walk->text + state->at,
            left + 1); /* what is left begins with '/' or is empty */
    memcpy(walk->text, content, length);
    state->at = 0;
    return PWI_ESUCCESS;
}

static pwi_errno expand(pwi_walk *walk, steps *state, const char *name)
{
    char content[PWI_OS_PATH_MAX + 1];
    size_t length;
    pwi_errno error = pwi_walk_link(walk, top(walk, state), name, content, &length);
    if (error == PWI_ESUCCESS)
        error = put_link(walk, state, content, length);
    return error;
}

/* Enters a directory in the middle of the path, or puts the link at that name in its place. */
static pwi_errno enter(pwi_walk *walk, steps *state, const char *name)
{
    pwi_os_handle next;
    pwi_errno error = walk->fs->open_at(top(walk, state), name, PWI_OPEN_SEARCH, &next);
    if (error == PWI_ESUCCESS) {
        if (state->depth == PWI_MAX_DEPTH) {
            walk->fs->close(next);
            return PWI_ENAMETOOLONG;
        }
        state->handles[state->depth++] = next;
        return PWI_ESUCCESS;
    }
    /* Systems differ in what they say of a link here (ELOOP, ENOTDIR, EMLINK): reading it tells. */
    if (error == PWI_ELOOP || error == PWI_ENOTDIR || error == PWI_EMLINK) {
        error = expand(walk, state, name);
        if (error == PWI_EINVAL) /* no link */
            error = PWI_ENOTDIR;
    }
    return error;
}

/* The last component. *done: out is filled in; else it was a link and there is more to walk. */
static pwi_errno finish(pwi_walk *walk, steps *state, const char *name, size_t length, bool slash,
                        pwi_place *out, bool *done)
{
    out->must_be_dir = slash;
    out->parent = top(walk, state);
    out->owns_parent = false;
    *done = true;
    pwi_errno error = pwi_place_name(out, name, length);
    if (error != PWI_ESUCCESS || walk->last == PWI_LAST_KEEP)
        return error;
    error = pwi_place_look(out);
    if (error != PWI_ESUCCESS || !out->exists || out->stat.type != PWI_TYPE_SYMBOLIC_LINK ||
        !pwi_walk_follows(walk, slash))
        return error;
    error = expand(walk, state, out->name);
    if (error == PWI_EINVAL) /* a link a moment ago: what is it now? */
        return pwi_place_look(out);
    *done = false;
    return error;
}

/* One component: "", ".", ".." or a name. *done as for finish. */
static pwi_errno step(pwi_walk *walk, steps *state, pwi_place *out, bool *done)
{
    char name[PWI_OS_NAME_MAX + 1];
    const char *text = walk->text + state->at;
    size_t slashes = strspn(text, "/");
    size_t length = strcspn(text + slashes, "/");
    const char *start = text + slashes;
    size_t after = strspn(start + length, "/");
    bool is_last = start[length + after] == '\0';
    *done = false;
    state->at += slashes + length;
    if (length == 0 || (length == 1 && start[0] == '.'))
        return is_last ? finish(walk, state, ".", 1, true, out, done) : PWI_ESUCCESS;
    if (length == 2 && memcmp(start, "..", 2) == 0) {
        if (state->depth == 0)
            return PWI_EPERM;
        pop(walk, state);
        return is_last ? finish(walk, state, ".", 1, true, out, done) : PWI_ESUCCESS;
    }
    if (length > PWI_OS_NAME_MAX)
        return PWI_ENAMETOOLONG;
    memcpy(name, start, length); /* expand() moves the text */
    name[length] = '\0';
    if (is_last)
        return finish(walk, state, name, length, after > 0, out, done);
    return enter(walk, state, name);
}

pwi_errno pwi_path_walk(pwi_walk *walk, pwi_place *out)
{
    steps state;
    bool done = false;
    pwi_errno error = PWI_ESUCCESS;
    state.depth = 0;
    state.at = 0;
    while (error == PWI_ESUCCESS && !done)
        error = step(walk, &state, out, &done);
    if (error == PWI_ESUCCESS && state.depth > 0) { /* the parent goes to the caller */
        out->owns_parent = true;
        state.depth--;
    }
    while (state.depth > 0)
        pop(walk, &state);
    return error;
}
