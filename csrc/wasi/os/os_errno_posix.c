/* errno -> WASI. */
#include <errno.h>

#include "wasi/os/os_posix.h"

pwi_errno pwi_posix_errno(int error)
{
    switch (error) {
    case 0:
        return PWI_ESUCCESS;
#define WASI(name)
#define POSIX(name)                                                                                          \
    case E##name:                                                                                            \
        return PWI_E##name;
#include "wasi/os/errno.def"
#undef WASI
#undef POSIX
    default:
        break;
    }
    /* Synonyms: on some systems numbers of their own, so no case labels. */
    if (error == EWOULDBLOCK)
        return PWI_EAGAIN;
    if (error == EOPNOTSUPP)
        return PWI_ENOTSUP;
    return PWI_EIO;
}

pwi_errno pwi_posix_last(void)
{
    return pwi_posix_errno(errno);
}
