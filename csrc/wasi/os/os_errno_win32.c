/* Windows errors -> WASI. */
#include "wasi/os/os_win32.h"

pwi_errno pwi_win32_errno(DWORD error)
{
    static const struct {
        DWORD windows;
        pwi_errno wasi;
    } table[] = {
        {ERROR_FILE_NOT_FOUND, PWI_ENOENT},
        {ERROR_PATH_NOT_FOUND, PWI_ENOENT},
        {ERROR_INVALID_NAME, PWI_ENOENT},
        {ERROR_DELETE_PENDING, PWI_ENOENT},
        {ERROR_ACCESS_DENIED, PWI_EACCES},
        {ERROR_SHARING_VIOLATION, PWI_EACCES},
        {ERROR_LOCK_VIOLATION, PWI_EACCES},
        {ERROR_WRITE_PROTECT, PWI_EROFS},
        {ERROR_PRIVILEGE_NOT_HELD, PWI_EPERM},
        {ERROR_ALREADY_EXISTS, PWI_EEXIST},
        {ERROR_FILE_EXISTS, PWI_EEXIST},
        {ERROR_DIR_NOT_EMPTY, PWI_ENOTEMPTY},
        {ERROR_DIRECTORY, PWI_ENOTDIR},
        {ERROR_INVALID_HANDLE, PWI_EBADF},
        {ERROR_NOT_ENOUGH_MEMORY, PWI_ENOMEM},
        {ERROR_OUTOFMEMORY, PWI_ENOMEM},
        {ERROR_TOO_MANY_OPEN_FILES, PWI_EMFILE},
        {ERROR_TOO_MANY_LINKS, PWI_EMLINK},
        {ERROR_DISK_FULL, PWI_ENOSPC},
        {ERROR_HANDLE_DISK_FULL, PWI_ENOSPC},
        {ERROR_BROKEN_PIPE, PWI_EPIPE},
        {ERROR_NO_DATA, PWI_EPIPE},
        {ERROR_NOT_SAME_DEVICE, PWI_EXDEV},
        {ERROR_BUFFER_OVERFLOW, PWI_ENAMETOOLONG},
        {ERROR_FILENAME_EXCED_RANGE, PWI_ENAMETOOLONG},
        {ERROR_INVALID_PARAMETER, PWI_EINVAL},
        {ERROR_NEGATIVE_SEEK, PWI_EINVAL},
        {ERROR_NOT_A_REPARSE_POINT, PWI_EINVAL},
        {ERROR_NOT_SUPPORTED, PWI_ENOTSUP},
        {ERROR_INVALID_FUNCTION, PWI_ENOTSUP},
        {ERROR_CANT_RESOLVE_FILENAME, PWI_ELOOP},
        {ERROR_BUSY, PWI_EBUSY},
        {ERROR_SEEK_ON_DEVICE, PWI_ESPIPE},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].windows == error)
            return table[i].wasi;
    return error == ERROR_SUCCESS ? PWI_ESUCCESS : PWI_EIO;
}

pwi_errno pwi_win32_last(void)
{
    return pwi_win32_errno(GetLastError());
}
