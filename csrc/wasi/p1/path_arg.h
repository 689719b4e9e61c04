/* path_arg.h - what path.c and path_open.c share: a guest's path, copied, and the place that it names. */
#ifndef PW_WASI_PATH_ARG_H
#define PW_WASI_PATH_ARG_H

#include "wasi/p1/p1.h"

/* A copy: the guest's memory may be shared with other threads, and what was checked must be what is used. */
typedef struct pwi_path_arg {
    size_t length;
    char bytes[PWI_OS_PATH_MAX + 1];
} pwi_path_arg;

/* Trap for bytes out of bounds, NAMETOOLONG, NOMEM for lengths beyond reason. */
PW_MUST_USE pwi_errno pwi_p1_path(pwi_call *call, uint32_t at, uint32_t length, pwi_path_arg *out);

/* lookupflags of WASI: bit 0 follows links; others INVAL. */
PW_MUST_USE pwi_errno pwi_p1_lookup(uint64_t flags, pwi_last *last);

#endif
