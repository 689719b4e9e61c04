/* iovec.h - the guest's lists of buffers.
 *
 *   guest memory, at iovs: count times      0        4        8
 *                                           +--------+--------+
 *                                           | offset | length |
 *                                           +--------+--------+
 */
#ifndef PW_WASI_IOVEC_H
#define PW_WASI_IOVEC_H

#include "wasi/core/wasi_state.h"

#define PWI_MAX_IOVS 65536u /* entries that a call may pass; more is NOMEM */

typedef struct pwi_iov_list {
    pwi_os_iovec items[PWI_OS_IOVECS];
    size_t count;
    uint64_t total; /* bytes */
} pwi_iov_list;

/* Reads the guest's list: all that is used is read and checked before anything moves, since buffers may overlap the
 * list. Empty buffers are left out, wherever they point. With more than PWI_OS_IOVECS others, those beyond are not
 * used: the transfer is a short one. A pointer out of bounds traps. */
PW_MUST_USE pwi_errno pwi_iov_read(pwi_call *call, uint32_t iovs, uint32_t count, pwi_iov_list *out);

/* Takes the first `bytes` (at most all) off the list: they are done. */
void pwi_iov_skip(pwi_iov_list *list, uint64_t bytes);

/* Leaves the first `bytes` in the list. */
void pwi_iov_keep(pwi_iov_list *list, uint64_t bytes);

/* Copies between a list and host memory, from `skip` bytes into the list on; returns the bytes copied. */
size_t pwi_iov_gather(const pwi_iov_list *list, uint64_t skip, uint8_t *out, size_t size);
size_t pwi_iov_scatter(const pwi_iov_list *list, uint64_t skip, const uint8_t *data, size_t size);

#endif
