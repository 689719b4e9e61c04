/* Windows has nothing like openat2: the component walker is the one resolver. */
#include "wasi/os/os.h"

pwi_errno pwi_os_open_beneath(pwi_os_handle dir, const char *path, pwi_os_handle *out)
{
    (void)dir;
    (void)path;
    (void)out;
    return PWI_ENOSYS;
}
