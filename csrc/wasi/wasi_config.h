/* wasi_config.h - inside of pw_wasi_config. */
#ifndef PW_WASI_CONFIG_H
#define PW_WASI_CONFIG_H

#include "wasi/core/wasi_state.h"

typedef struct pwi_config_dir {
    char *host_path;    /* NULL: a tree */
    pw_wasi_tree *tree; /* a share of it */
    char *guest_path;
    uint32_t access;
} pwi_config_dir;

typedef struct pwi_config_socket {
    intptr_t socket;
    char *name;
    uint32_t access;
} pwi_config_socket;

struct pw_wasi_config {
    pwi_strings args;
    pwi_strings env;
    pwi_config_dir *dirs;
    size_t dir_count;
    size_t dir_capacity;
    pwi_config_socket *sockets;
    size_t socket_count;
    size_t socket_capacity;
    pw_wasi_stdio stdio[3];
    uint8_t *stdio_data[3]; /* owned copies of stdio[].data */
    bool clock_is_fixed;
    uint64_t fixed_now;
    bool random_is_seeded;
    uint64_t seed;
    uint32_t max_fds;
    uint32_t max_dirents;
    pw_wasi_resolver resolver;
    pw_wasi_hooks hooks;
};

void pwi_strings_free(pwi_strings *strings);
void pwi_config_free_sockets(pw_wasi_config *config);
/* Descriptors for the granted sockets. */
PW_MUST_USE pw_result pwi_add_sockets(pw_wasi *wasi, const pw_wasi_config *config, pw_error *error);

#endif
