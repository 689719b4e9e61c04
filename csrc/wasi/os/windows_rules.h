/* windows_rules.h - what Windows makes of names and links, as pure functions: they are compiled and tested everywhere.
 *
 * A component that these refuse would not name the file that it seems to name: a device ("CON.txt"), an alternate
 * data stream ("f:s"), the same file as another name ("f." and "f "), or a path ("..\\out").
 */
#ifndef PW_WASI_WINDOWS_RULES_H
#define PW_WASI_WINDOWS_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wasi/os/wasi_errno.h"

/* Whether valid UTF-8 may be one component of a path. "." may; ".." may not. */
bool pwi_windows_name_ok(const char *name, size_t length);

/* Reads a reparse point (REPARSE_DATA_BUFFER, as the file system gives it) as a link: UTF-8 with '/', NUL-terminated.
 * Absolute targets, junctions and mount points begin with '/', which the resolver refuses. Tags that are no links, and
 * damaged data: PERM. Too long: NAMETOOLONG. */
PW_MUST_USE pwi_errno pwi_windows_reparse(const uint8_t *data, size_t size, char *out, size_t out_size,
                                          size_t *length);
/* Whether the tag is that of a link that pwi_windows_reparse reads. */
bool pwi_windows_is_link(uint32_t tag);

#endif
