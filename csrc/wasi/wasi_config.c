/* The configuration: what the embedder grants. Everything is copied. */
#include "wasi/wasi_config.h"

#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "wasi/core/mem_tree.h"

#define DEFAULT_MAX_FDS     256u
#define DEFAULT_MAX_DIRENTS 1000000u
#define MAX_STRINGS_BYTES   ((size_t)UINT32_MAX / 2) /* a guest has 32-bit addresses */

pw_result pw_wasi_config_new(pw_wasi_config **out)
{
    pw_wasi_config *config = pwi_alloc_zero(1, sizeof *config);
    if (!config)
        return PW_ERR_NO_MEMORY;
    config->max_fds = DEFAULT_MAX_FDS;
    config->max_dirents = DEFAULT_MAX_DIRENTS;
    *out = config;
    return PW_OK;
}

void pw_wasi_config_free(pw_wasi_config *config)
{
    if (!config)
        return;
    pwi_strings_free(&config->args);
    pwi_strings_free(&config->env);
    for (size_t i = 0; i < config->dir_count; i++) {
        pwi_free(config->dirs[i].host_path);
        pwi_free(config->dirs[i].guest_path);
        pw_wasi_tree_free(config->dirs[i].tree);
    }
    pwi_free(config->dirs);
    pwi_config_free_sockets(config);
    for (size_t i = 0; i < 3; i++)
        pwi_free(config->stdio_data[i]);
    pwi_free(config);
}

void pwi_strings_free(pwi_strings *strings)
{
    pwi_free(strings->bytes);
    pwi_free(strings->starts);
    *strings = (pwi_strings){0};
}

/* Appends up to three pieces and a NUL as one string. */
static pw_result append(pwi_strings *strings, const char *const pieces[], const size_t lengths[],
                        size_t count)
{
    size_t total = 1;
    for (size_t i = 0; i < count; i++) {
        if (lengths[i] > MAX_STRINGS_BYTES - total)
            return PW_ERR_LIMIT;
        total += lengths[i];
        if (lengths[i] > 0 && memchr(pieces[i], '\0', lengths[i]))
            return PW_ERR_ARGUMENT;
    }
    if (strings->size > MAX_STRINGS_BYTES - total || strings->count >= MAX_STRINGS_BYTES / 4)
        return PW_ERR_LIMIT;
    if (!pwi_reserve((void **)&strings->bytes, &strings->size_capacity, strings->size + total, 1) ||
        !pwi_reserve((void **)&strings->starts, &strings->count_capacity, strings->count + 1,
                     sizeof(uint32_t)))
        return PW_ERR_NO_MEMORY;
    strings->starts[strings->count++] = (uint32_t)strings->size;
    for (size_t i = 0; i < count; i++) {
        if (lengths[i] > 0)
            memcpy(strings->bytes + strings->size, pieces[i], lengths[i]);
        strings->size += lengths[i];
    }
    strings->bytes[strings->size++] = '\0';
    return PW_OK;
}

pw_result pw_wasi_config_arg(pw_wasi_config *config, const char *bytes, size_t length)
{
    return append(&config->args, &bytes, &length, 1);
}

pw_result pw_wasi_config_env(pw_wasi_config *config, const char *name, size_t name_length, const char *value,
                             size_t value_length)
{
    const char *const pieces[] = {name, "=", value};
    const size_t lengths[] = {name_length, 1, value_length};
    if (name_length == 0 || memchr(name, '=', name_length))
        return PW_ERR_ARGUMENT;
    return append(&config->env, pieces, lengths, 3);
}

static char *copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = pwi_alloc(size);
    if (copy)
        memcpy(copy, text, size);
    return copy;
}

/* Takes over dir->host_path and the share of dir->tree on success. */
static pw_result add_dir(pw_wasi_config *config, pwi_config_dir *dir, const char *guest_path, uint32_t access)
{
    size_t length = strlen(guest_path);
    if (length == 0 || length > PWI_OS_PATH_MAX || !pwi_utf8_valid((const uint8_t *)guest_path, length) ||
        (access & ~(uint32_t)(PW_WASI_READ_WRITE | PW_WASI_APPEND)))
        return PW_ERR_ARGUMENT;
    if (!pwi_reserve((void **)&config->dirs, &config->dir_capacity, config->dir_count + 1,
                     sizeof *config->dirs))
        return PW_ERR_NO_MEMORY;
    dir->guest_path = copy_text(guest_path);
    if (!dir->guest_path)
        return PW_ERR_NO_MEMORY;
    dir->access = access;
    config->dirs[config->dir_count++] = *dir;
    return PW_OK;
}

pw_result pw_wasi_config_dir(pw_wasi_config *config, const char *host_path, const char *guest_path,
                             uint32_t access)
{
    pwi_config_dir dir = {.host_path = copy_text(host_path)};
    pw_result result = dir.host_path ? add_dir(config, &dir, guest_path, access) : PW_ERR_NO_MEMORY;
    if (result != PW_OK)
        pwi_free(dir.host_path);
    return result;
}

pw_result pw_wasi_config_tree(pw_wasi_config *config, pw_wasi_tree *tree, const char *guest_path,
                              uint32_t access)
{
    pwi_config_dir dir = {.tree = pwi_mem_tree_share(tree)};
    pw_result result = add_dir(config, &dir, guest_path, access);
    if (result != PW_OK)
        pw_wasi_tree_free(tree);
    return result;
}

pw_result pw_wasi_config_stdio(pw_wasi_config *config, int stream, const pw_wasi_stdio *stdio)
{
    uint8_t *data = NULL;
    if (stream < PW_WASI_STDIN || stream > PW_WASI_STDERR)
        return PW_ERR_ARGUMENT;
    if (stdio->kind == PW_WASI_STDIO_CALLBACK &&
        !(stream == PW_WASI_STDIN ? (bool)stdio->read : (bool)stdio->write))
        return PW_ERR_ARGUMENT;
    if (stdio->kind == PW_WASI_STDIO_BYTES && stream == PW_WASI_STDIN && stdio->size > 0) {
        data = pwi_alloc(stdio->size);
        if (!data)
            return PW_ERR_NO_MEMORY;
        memcpy(data, stdio->data, stdio->size);
    }
    pwi_free(config->stdio_data[stream]);
    config->stdio_data[stream] = data;
    config->stdio[stream] = *stdio;
    config->stdio[stream].data = data;
    return PW_OK;
}

void pw_wasi_config_fixed_clock(pw_wasi_config *config, uint64_t ns)
{
    config->clock_is_fixed = true;
    config->fixed_now = ns;
}

void pw_wasi_config_seeded_random(pw_wasi_config *config, uint64_t seed)
{
    config->random_is_seeded = true;
    config->seed = seed;
}

void pw_wasi_config_max_fds(pw_wasi_config *config, uint32_t count)
{
    config->max_fds = count;
}

void pw_wasi_config_max_dirents(pw_wasi_config *config, uint32_t count)
{
    config->max_dirents = count;
}

void pw_wasi_config_resolver(pw_wasi_config *config, pw_wasi_resolver resolver)
{
    config->resolver = resolver;
}

void pw_wasi_config_hooks(pw_wasi_config *config, const pw_wasi_hooks *hooks)
{
    config->hooks = *hooks;
}
