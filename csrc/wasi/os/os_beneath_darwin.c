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

uint8_t pwi_os_fs_traits(pwi_os_handle dir)
{
    struct statfs fs;
    if (fstatfs((int)dir, &fs) != 0)
        return 0;
    if (strcmp(fs.f_fstypename, "apfs") == 0 || strcmp(fs.f_fstypename, "hfs") == 0)
        return PWI_FS_PLAIN | PWI_FS_FAST;
    return fs.f_flags & MNT_NODEV ? PWI_FS_PLAIN : 0;
}

bool pwi_os_is_file_or_dir(pwi_os_handle handle)
{
    (void)handle;
    return false;
}
