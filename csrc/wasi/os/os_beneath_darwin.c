/* macOS has no openat2. O_RESOLVE_BENEATH exists in newer kernels, but combinations that a kernel does not know
 * are answered in ways that differ by version, so the component walker is the one resolver here. */
#include <string.h>
#include <sys/mount.h>
#include <sys/param.h>

#include "wasi/os/os_posix.h"

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
    return beneath ? PWI_ENOSYS : pwi_os_open_at(dir, path, how, out);
}

bool pwi_os_is_plain(pwi_os_handle dir)
{
    struct statfs fs;
    return fstatfs((int)dir, &fs) == 0 && ((fs.f_flags & MNT_NODEV) || strcmp(fs.f_fstypename, "apfs") == 0 ||
                                           strcmp(fs.f_fstypename, "hfs") == 0);
}

bool pwi_os_is_file_or_dir(pwi_os_handle handle)
{
    (void)handle;
    return false;
}
