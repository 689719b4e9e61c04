/* wasi_errno.h - the one error type of csrc/wasi: an error number of WASI 0.1, or PWI_STOP. */
#ifndef PW_WASI_ERRNO_H
#define PW_WASI_ERRNO_H

#include <stdint.h>

#include "pywasi.h"

enum {
#define WASI(name)  PWI_E##name,
#define POSIX(name) PWI_E##name,
#include "wasi/os/errno.def"
#undef WASI
#undef POSIX
    PWI_ERRNO_COUNT
};

/* Not an error number: the call does not return to the guest. Why stands in the pw_wasi (struct pwi_stop). */
#define PWI_STOP 0x10000u

/* What every fallible function of csrc/wasi returns: 0, a PWI_E... or PWI_STOP. */
typedef uint32_t pwi_errno;

#endif
