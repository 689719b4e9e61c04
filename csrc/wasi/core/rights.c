/* The sets of rights, from rights.def. */
#include "wasi/core/rights.h"

#define MASK_F(bit) ((uint64_t)1 << (bit))
#define MASK_D(bit) 0u
#define MASK_B(bit) ((uint64_t)1 << (bit))
#define MASK_S(bit) 0u
const uint64_t pwi_rights_file = 0
#define RIGHT(name, what) | MASK_##what(PWI_RIGHT_BIT_##name)
#include "wasi/core/rights.def"
#undef RIGHT
    ;

#undef MASK_F
#undef MASK_D
#define MASK_F(bit) 0u
#define MASK_D(bit) ((uint64_t)1 << (bit))
const uint64_t pwi_rights_dir = 0
#define RIGHT(name, what) | MASK_##what(PWI_RIGHT_BIT_##name)
#include "wasi/core/rights.def"
#undef RIGHT
    ;

const uint64_t pwi_rights_all = ((uint64_t)1 << PWI_RIGHT_COUNT) - 1;

#define ANY_SOCKET                                                                                           \
    (PWI_RIGHT(FD_FDSTAT_SET_FLAGS) | PWI_RIGHT(FD_FILESTAT_GET) | PWI_RIGHT(POLL_FD_READWRITE))
const uint64_t pwi_rights_listener = ANY_SOCKET | PWI_RIGHT(SOCK_ACCEPT);
const uint64_t pwi_rights_connection =
    ANY_SOCKET | PWI_RIGHT(FD_READ) | PWI_RIGHT(FD_WRITE) | PWI_RIGHT(SOCK_SHUTDOWN);
