/* macOS has no openat2. O_RESOLVE_BENEATH exists in newer kernels, but combinations that a kernel does not know
 * are answered in ways that differ by version, so the component walker is the one resolver here. */
#include "wasi/os/os_posix.h"

pwi_errno pwi_os_open_beneath(pwi_os_handle dir, const char *path, pwi_os_handle *out)
{
    (void)dir;
    (void)path;
    (void)out;
    return PWI_ENOSYS;
}
