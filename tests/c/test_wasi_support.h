/* test_wasi_support.h - WASI without an engine: a guest that is an array of bytes, and calls by row.
 *
 *   memory   0 ... 255 nothing    256 paths    1024 second paths    2048 results    4096 buffers    65536 end
 */
#ifndef TEST_WASI_SUPPORT_H
#define TEST_WASI_SUPPORT_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wasi/p1/p1.h"

enum { AT_PATH = 256, AT_PATH2 = 1024 * 8, AT_RESULT = 2048, AT_BUFFER = 16384, MEMORY_SIZE = 65536 };

static int failures;

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            printf("%s:%d: failed: %s\n", __FILE__, __LINE__, #condition);                                   \
            failures++;                                                                                      \
        }                                                                                                    \
    } while (0)

#define CHECK_EQ(got, wanted)                                                                                \
    do {                                                                                                     \
        unsigned long long got_ = (unsigned long long)(got), wanted_ = (unsigned long long)(wanted);         \
        if (got_ != wanted_) {                                                                               \
            printf("%s:%d: %s is %llu, not %llu (%s)\n", __FILE__, __LINE__, #got, got_, wanted_, #wanted);  \
            failures++;                                                                                      \
        }                                                                                                    \
    } while (0)

typedef struct guest {
    pw_wasi *wasi;
    uint8_t memory[MEMORY_SIZE];
    pwi_call last; /* of the last call: why it stopped */
} guest;

static inline void guest_open(guest *g, const pw_wasi_config *config)
{
    pw_error error;
    memset(&error, 0, sizeof error);
    memset(g, 0, sizeof *g);
    if (pw_wasi_new(config, &g->wasi, &error) != PW_OK) {
        printf("pw_wasi_new: %s\n", error.text);
        exit(2);
    }
}

static inline void guest_close(guest *g)
{
    pw_wasi_free(g->wasi);
    g->wasi = NULL;
}

static inline pwi_errno guest_run(guest *g, enum pwi_p1_index index, const pw_slot *args)
{
    g->last = (pwi_call){.wasi = g->wasi, .memory = {g->memory, sizeof g->memory}};
    return pwi_p1_call(&g->last, index, args);
}

/* CALL(g, fd_close, 3): arguments as 64-bit slots. */
#define CALL(g, name, ...) guest_run((g), PWI_P1_##name, (const pw_slot[]){__VA_ARGS__})

static inline uint32_t guest_put(guest *g, uint32_t at, const char *text)
{
    memcpy(g->memory + at, text, strlen(text));
    return (uint32_t)strlen(text);
}

static inline uint32_t result_u32(const guest *g)
{
    return pwi_load_u32(g->memory + AT_RESULT);
}

static inline uint64_t result_u64(const guest *g)
{
    return pwi_load_u64(g->memory + AT_RESULT);
}

/* Calls with one path in the usual place. */
#define PATH_ARGS(g, path) AT_PATH, guest_put((g), AT_PATH, (path))

#define RIGHTS_READ  PWI_RIGHT(FD_READ)
#define RIGHTS_WRITE PWI_RIGHT(FD_WRITE)
enum { O_CREAT_ = 1, O_DIR_ = 2, O_EXCL_ = 4, O_TRUNC_ = 8 };

/* path_open; *fd is set on success. */
static inline pwi_errno guest_path_open(guest *g, uint32_t dir, uint32_t follow, const char *path,
                                        uint32_t oflags, uint64_t rights, uint32_t *fd)
{
    pwi_errno error = CALL(g, path_open, dir, follow, PATH_ARGS(g, path), oflags, rights, 0, 0, AT_RESULT);
    if (error == PWI_ESUCCESS)
        *fd = result_u32(g);
    return error;
}

/* An iovec of one piece at AT_PATH2. */
static inline uint32_t guest_iov(guest *g, uint32_t at, uint32_t length)
{
    pwi_store_u32(g->memory + AT_PATH2, at);
    pwi_store_u32(g->memory + AT_PATH2 + 4, length);
    return AT_PATH2;
}

static inline int finish(const char *what)
{
    printf("%s: %s\n", what, failures ? "FAILED" : "ok");
    return failures ? 1 : 0;
}

#endif
