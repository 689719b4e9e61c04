/* From a configuration to the state of a guest: streams at 0, 1, 2, the granted directories from 3 on. */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "wasi/core/mem_tree.h"
#include "wasi/wasi_config.h"

/* Streams that are files have the access of their direction; no grant of a directory stands behind them. */
static const pwi_grant input_grant = {.access = PW_WASI_READ};
static const pwi_grant output_grant = {.access = PW_WASI_READ | PW_WASI_WRITE};

static pw_result copy_strings(const pwi_strings *from, pwi_strings *to)
{
    if (from->count == 0)
        return PW_OK;
    to->bytes = pwi_alloc(from->size);
    to->starts = pwi_alloc(from->count * sizeof *to->starts);
    if (!to->bytes || !to->starts)
        return PW_ERR_NO_MEMORY; /* what is there is freed with the pw_wasi */
    memcpy(to->bytes, from->bytes, from->size);
    memcpy(to->starts, from->starts, from->count * sizeof *to->starts);
    to->size = from->size;
    to->count = from->count;
    return PW_OK;
}

/* A descriptor of the process that is a regular file: the guest may seek in it and ask for its size. */
static void make_file(pwi_stream *stream, bool is_input, pwi_fd *out)
{
    out->kind = PWI_FD_FILE;
    out->type = PWI_TYPE_REGULAR_FILE;
    out->is_shared = true;
    out->access = is_input ? PWI_OPEN_READ : PWI_OPEN_WRITE;
    out->rights = pwi_rights_file & ~(uint64_t)(is_input ? PWI_RIGHTS_WRITING : PWI_RIGHTS_READING);
    out->fs = &pwi_host_fs;
    out->handle = stream->handle;
    out->grant = is_input ? &input_grant : &output_grant;
    stream->handle = PWI_OS_NONE; /* it belongs to the descriptor now */
}

static pwi_errno add_stream(pw_wasi *wasi, const pw_wasi_config *config, uint32_t number)
{
    pwi_stream *stream = &wasi->streams[number];
    bool is_input = number == PW_WASI_STDIN;
    pwi_os_stat stat = {0};
    pwi_errno error = pwi_stream_init(stream, &config->stdio[number], is_input);
    if (error == PWI_ESUCCESS && stream->kind == PW_WASI_STDIO_FD)
        error = pwi_os_stat_handle(stream->handle, &stat);
    if (error != PWI_ESUCCESS)
        return error;
    pwi_fd entry = {.kind = PWI_FD_STREAM, .stream = stream, .handle = PWI_OS_NONE, .grant = &input_grant};
    entry.access = is_input ? PWI_OPEN_READ : PWI_OPEN_WRITE;
    /* Programs take "a character device without the right to seek" for a terminal. */
    entry.type = stream->is_tty ? PWI_TYPE_CHARACTER_DEVICE : PWI_TYPE_UNKNOWN;
    entry.rights = PWI_RIGHT(FD_FDSTAT_SET_FLAGS) | PWI_RIGHT(FD_FILESTAT_GET) | PWI_RIGHT(POLL_FD_READWRITE);
    entry.rights |= is_input ? PWI_RIGHT(FD_READ) : PWI_RIGHT(FD_WRITE);
    if (stat.type == PWI_TYPE_REGULAR_FILE)
        make_file(stream, is_input, &entry);
    error = pwi_fd_insert_stdio(&wasi->fds, &entry, number);
    if (error != PWI_ESUCCESS && entry.kind == PWI_FD_FILE)
        pwi_os_close(entry.handle);
    return error;
}

/* What stat tells as the device of a tree in memory: the same for the same tree, and no device that a host has. */
static uint64_t tree_device(const pw_wasi_config *config, const pw_wasi_tree *tree)
{
    uint64_t index = 0;
    while (config->dirs[index].tree != tree)
        index++;
    return UINT64_C(1) << 63 | index;
}

static pwi_errno open_granted(const pw_wasi *wasi, const pw_wasi_config *config, const pwi_config_dir *dir,
                              pwi_fd *out)
{
    out->fs = dir->tree ? &pwi_mem_fs : &pwi_host_fs;
    if (dir->tree)
        return pwi_mem_open_root(dir->tree, wasi, tree_device(config, dir->tree), &out->handle);
    return pwi_os_open_root(dir->host_path, &out->handle);
}

static pwi_errno add_dir(pw_wasi *wasi, const pw_wasi_config *config, const pwi_config_dir *dir,
                         pwi_grant *grant)
{
    uint32_t number;
    size_t size = strlen(dir->guest_path) + 1;
    pwi_fd entry = {.kind = PWI_FD_DIR, .type = PWI_TYPE_DIRECTORY, .is_preopen = true};
    grant->access = dir->access;
    grant->guest_path = pwi_alloc(size);
    if (!grant->guest_path)
        return PWI_ENOMEM;
    memcpy(grant->guest_path, dir->guest_path, size);
    grant->guest_length = size - 1;
    entry.grant = grant;
    /* All rights, even for a read-only grant: a libc asks path_open only for what it finds here, and has to ask for
     * writing in order to be told PERM. The grant is what decides. */
    entry.rights = pwi_rights_dir;
    entry.inheriting = pwi_rights_dir | pwi_rights_file;
    pwi_errno error = open_granted(wasi, config, dir, &entry);
    if (error != PWI_ESUCCESS)
        return error;
    error = pwi_fd_insert(&wasi->fds, &entry, &number);
    if (error != PWI_ESUCCESS)
        entry.fs->close(entry.handle);
    return error;
}

static const char *const stream_names[] = {"stdin", "stdout", "stderr"};

static const char *error_words(pwi_errno error)
{
    switch (error) {
    case PWI_ENOENT:
        return "no such directory";
    case PWI_ENOTDIR:
        return "not a directory";
    case PWI_EACCES:
    case PWI_EPERM:
        return "permission denied";
    case PWI_EBADF:
        return "not an open file descriptor";
    case PWI_EMFILE:
    case PWI_ENFILE:
        return "too many open files";
    case PWI_ENOTSUP:
        return "not supported on this system";
    default:
        return "cannot be opened";
    }
}

static pw_result fill(pw_wasi *wasi, const pw_wasi_config *config, pw_error *error)
{
    if (copy_strings(&config->args, &wasi->args) != PW_OK || copy_strings(&config->env, &wasi->env) != PW_OK)
        return pwi_no_memory(error);
    for (uint32_t i = 0; i < 3; i++) {
        pwi_errno failed = add_stream(wasi, config, i);
        if (failed == PWI_ENOMEM)
            return pwi_no_memory(error);
        if (failed == PWI_EMFILE && wasi->fds.used >= wasi->fds.max)
            return pwi_fail(error, PW_ERR_HOST, "%s would pass the limit of %u open files", stream_names[i],
                            wasi->fds.max);
        if (failed != PWI_ESUCCESS)
            return pwi_fail(error, PW_ERR_HOST, "%s: %s (WASI error %u)", stream_names[i],
                            error_words(failed), failed);
    }
    if (config->dir_count == 0)
        return PW_OK;
    wasi->grants = pwi_alloc_zero(config->dir_count, sizeof *wasi->grants);
    if (!wasi->grants)
        return pwi_no_memory(error);
    wasi->grant_count = config->dir_count;
    for (size_t i = 0; i < config->dir_count; i++) {
        const pwi_config_dir *dir = &config->dirs[i];
        pwi_errno failed = add_dir(wasi, config, dir, &wasi->grants[i]);
        if (failed == PWI_ENOMEM)
            return pwi_no_memory(error);
        if (failed == PWI_EMFILE && wasi->fds.used >= wasi->fds.max)
            return pwi_fail(error, PW_ERR_HOST, "the directory for %s would pass the limit of %u open files",
                            dir->guest_path, wasi->fds.max);
        if (failed != PWI_ESUCCESS)
            return pwi_fail(error, PW_ERR_HOST, "directory %s for %s: %s (WASI error %u)",
                            dir->host_path ? dir->host_path : "in memory", dir->guest_path,
                            error_words(failed), failed);
    }
    return PW_OK;
}

static pw_result begin(pw_wasi *wasi, const pw_wasi_config *config, pw_error *error)
{
    for (size_t i = 0; i < 3; i++)
        wasi->streams[i].handle = PWI_OS_NONE;
    wasi->fds.max = config->max_fds;
    wasi->max_dirents = config->max_dirents;
    wasi->resolver = config->resolver;
    wasi->clock_is_fixed = config->clock_is_fixed;
    wasi->fixed_now = config->fixed_now;
    wasi->random_is_seeded = config->random_is_seeded;
    wasi->random_state = config->seed;
    wasi->hooks = config->hooks;
    pw_result result = fill(wasi, config, error);
    if (result == PW_OK)
        result = pwi_add_sockets(wasi, config, error);
    wasi->granted_fds = wasi->fds.used;
    return result;
}

static void end(pw_wasi *wasi)
{
    pwi_fd_table_destroy(&wasi->fds);
    for (size_t i = 0; i < 3; i++)
        pwi_stream_destroy(&wasi->streams[i]);
    for (size_t i = 0; i < wasi->grant_count; i++)
        pwi_free(wasi->grants[i].guest_path);
    pwi_free(wasi->grants);
    for (size_t i = 0; i < wasi->socket_count; i++)
        pwi_free(wasi->socket_grants[i].guest_path);
    pwi_free(wasi->socket_grants);
    pwi_strings_free(&wasi->args);
    pwi_strings_free(&wasi->env);
}

pw_result pw_wasi_new(const pw_wasi_config *config, pw_wasi **out, pw_error *error)
{
    pw_wasi *wasi = pwi_alloc_zero(1, sizeof *wasi);
    if (!wasi)
        return pwi_no_memory(error);
    pw_result result = begin(wasi, config, error);
    if (result != PW_OK) {
        pw_wasi_free(wasi);
        return result;
    }
    *out = wasi;
    return PW_OK;
}

pw_result pw_wasi_renew(pw_wasi *wasi, const pw_wasi_config *config, pw_error *error)
{
    end(wasi);
    memset(wasi, 0, sizeof *wasi);
    return begin(wasi, config, error);
}

void pw_wasi_free(pw_wasi *wasi)
{
    if (!wasi)
        return;
    end(wasi);
    pwi_free(wasi);
}

static bool is_granted(const pw_wasi *wasi, uint32_t number)
{
    const pwi_fd *entry = pwi_fd_lookup(&wasi->fds, number);
    if (!entry || number >= wasi->granted_fds)
        return false;
    return entry->is_preopen || entry->is_shared || entry->kind == PWI_FD_STREAM ||
           entry->kind == PWI_FD_SOCKET;
}

bool pw_wasi_next_changed(const pw_wasi *wasi, uint32_t *fd, bool *open)
{
    for (;; ++*fd) {
        *open = pwi_fd_lookup(&wasi->fds, *fd) != NULL;
        if (*open ? !is_granted(wasi, *fd) : *fd < wasi->granted_fds)
            return true;
        if (*fd >= wasi->fds.capacity && *fd >= wasi->granted_fds)
            return false;
    }
}

void pw_wasi_output(const pw_wasi *wasi, int stream,
                    void (*take)(void *env, const uint8_t *data, size_t size), void *env, bool *capped)
{
    bool known = stream == PW_WASI_STDOUT || stream == PW_WASI_STDERR;
    const pwi_stream *from = known ? &wasi->streams[stream] : NULL;
    if (capped)
        *capped = from && from->capped;
    if (!from || !from->lock)
        return;
    pwi_mutex_lock(from->lock);
    take(env, from->data, from->size);
    pwi_mutex_unlock(from->lock);
}

const pw_wasi_denial *pw_wasi_last_denial(const pw_wasi *wasi)
{
    return wasi->was_denied ? &wasi->denial : NULL;
}

uint32_t pw_wasi_open_fds(const pw_wasi *wasi)
{
    return wasi->fds.used;
}
