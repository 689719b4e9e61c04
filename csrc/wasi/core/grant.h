/* grant.h - the host's word on a directory (or on a stream that is a file): it holds for all that is reached
 * through it, and nothing inside can change it. */
#ifndef PW_WASI_GRANT_H
#define PW_WASI_GRANT_H

#include <stddef.h>
#include <stdint.h>

typedef struct pwi_grant {
    char *guest_path; /* NUL-terminated, NULL for streams */
    size_t guest_length;
    uint32_t access; /* PW_WASI_READ... */
} pwi_grant;

#endif
