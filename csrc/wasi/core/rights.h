/* rights.h - what a file descriptor may be used for, as far as the guest itself decides.
 *
 * Two things are checked. Rights are the guest's own: a descriptor starts with all that fit it, fd_fdstat_set_rights
 * only takes away, and what a directory has lost in `inheriting` nothing opened through it has: NOTCAPABLE. The
 * grant (grant.h) is the host's word and cannot be changed from inside: PERM, and a record of the refusal.
 *
 * Programs ask path_open for rights at random (0, all bits, what their libc thinks), so only the access mode is
 * taken from what they ask: does it have a bit that reads, does it have a bit that writes.
 */
#ifndef PW_WASI_RIGHTS_H
#define PW_WASI_RIGHTS_H

#include <stdint.h>

enum pwi_right_bit {
#define RIGHT(name, what) PWI_RIGHT_BIT_##name,
#include "wasi/core/rights.def"
#undef RIGHT
    PWI_RIGHT_COUNT
};

#define PWI_RIGHT(name) ((uint64_t)1 << PWI_RIGHT_BIT_##name)

/* All that an open file, a directory or anything at all can have. */
extern const uint64_t pwi_rights_file;
extern const uint64_t pwi_rights_dir;
extern const uint64_t pwi_rights_all;
/* The same for sockets that accept, and for connections. */
extern const uint64_t pwi_rights_listener;
extern const uint64_t pwi_rights_connection;

/* Bits that ask for, and need, a file open for reading or writing. */
#define PWI_RIGHTS_READING (PWI_RIGHT(FD_READ))
#define PWI_RIGHTS_WRITING (PWI_RIGHT(FD_WRITE) | PWI_RIGHT(FD_ALLOCATE) | PWI_RIGHT(FD_FILESTAT_SET_SIZE))

#endif
