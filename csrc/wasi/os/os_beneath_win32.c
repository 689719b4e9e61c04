/* Windows has nothing like openat2: the component walker is the one resolver. */
#include "wasi/os/os.h"

pwi_errno pwi_os_open_beneath(pwi_os_handle dir, const char *path, pwi_os_handle *out)
{
    (void)dir;
    (void)path;
    (void)out;
    return PWI_ENOSYS;
}

pwi_errno pwi_os_open_direct(pwi_os_handle dir, const char *path, bool beneath, uint32_t how,
                             pwi_os_handle *out)
{
    (void)dir;
    (void)path;
    (void)beneath;
    (void)how;
    (void)out;
    return PWI_ENOSYS;
}

/* Not plain: what a name is (a link, a file, a device) decides here how it is opened. Not fast: filters that look at
 * every file may sit in the way. */
uint8_t pwi_os_fs_traits(pwi_os_handle dir)
{
    (void)dir;
    return 0;
}

bool pwi_os_is_file_or_dir(pwi_os_handle handle)
{
    (void)handle;
    return false;
}
