/* Granted sockets: from the configuration to descriptors. */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/utf8.h"
#include "wasi/wasi_config.h"

pw_result pw_wasi_config_socket(pw_wasi_config *config, intptr_t socket, const char *name, uint32_t access)
{
    size_t size = strlen(name) + 1;
    if (!pwi_utf8_valid((const uint8_t *)name, size - 1) ||
        (access & ~(uint32_t)(PW_WASI_READ | PW_WASI_WRITE)))
        return PW_ERR_ARGUMENT;
    if (!pwi_reserve((void **)&config->sockets, &config->socket_capacity, config->socket_count + 1,
                     sizeof *config->sockets))
        return PW_ERR_NO_MEMORY;
    char *copy = pwi_alloc(size);
    if (!copy)
        return PW_ERR_NO_MEMORY;
    memcpy(copy, name, size);
    config->sockets[config->socket_count++] = (pwi_config_socket){socket, copy, access};
    return PW_OK;
}

void pwi_config_free_sockets(pw_wasi_config *config)
{
    for (size_t i = 0; i < config->socket_count; i++)
        pwi_free(config->sockets[i].name);
    pwi_free(config->sockets);
}

static pwi_errno add_socket(pw_wasi *wasi, const pwi_config_socket *from, pwi_grant *grant)
{
    uint32_t number;
    size_t size = strlen(from->name) + 1;
    pwi_fd entry = {.kind = PWI_FD_SOCKET, .type = PWI_TYPE_SOCKET_STREAM, .grant = grant};
    grant->access = from->access;
    grant->guest_path = pwi_alloc(size);
    if (!grant->guest_path)
        return PWI_ENOMEM;
    memcpy(grant->guest_path, from->name, size);
    grant->guest_length = size - 1;
    pwi_errno error = pwi_os_sock_adopt(from->socket, &entry.handle, &entry.listens);
    if (error != PWI_ESUCCESS)
        return error;
    entry.access = PWI_OPEN_READ | PWI_OPEN_WRITE; /* the grant is what decides */
    entry.rights = entry.listens ? pwi_rights_listener : pwi_rights_connection;
    entry.inheriting = entry.listens ? pwi_rights_connection : 0;
    error = pwi_fd_insert(&wasi->fds, &entry, &number);
    if (error != PWI_ESUCCESS)
        pwi_os_sock_close(entry.handle);
    return error;
}

static const char *error_words(pwi_errno error)
{
    switch (error) {
    case PWI_EBADF:
        return "not an open socket";
    case PWI_ENOTSOCK:
        return "not a socket";
    case PWI_ENOTSUP:
        return "not a stream socket";
    case PWI_EMFILE:
    case PWI_ENFILE:
        return "too many open files";
    default:
        return "cannot be used";
    }
}

pw_result pwi_add_sockets(pw_wasi *wasi, const pw_wasi_config *config, pw_error *error)
{
    if (config->socket_count == 0)
        return PW_OK;
    wasi->socket_grants = pwi_alloc_zero(config->socket_count, sizeof *wasi->socket_grants);
    if (!wasi->socket_grants)
        return pwi_no_memory(error);
    wasi->socket_count = config->socket_count;
    for (size_t i = 0; i < config->socket_count; i++) {
        const pwi_config_socket *from = &config->sockets[i];
        pwi_errno failed = add_socket(wasi, from, &wasi->socket_grants[i]);
        if (failed == PWI_ENOMEM)
            return pwi_no_memory(error);
        if (failed == PWI_EMFILE && wasi->fds.used >= wasi->fds.max)
            return pwi_fail(error, PW_ERR_HOST, "socket %s would pass the limit of %u open files", from->name,
                            wasi->fds.max);
        if (failed != PWI_ESUCCESS)
            return pwi_fail(error, PW_ERR_HOST, "socket %s: %s (WASI error %u)", from->name,
                            error_words(failed), failed);
    }
    return PW_OK;
}
