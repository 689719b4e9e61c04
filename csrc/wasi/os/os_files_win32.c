/* Open files on Windows. Not there: allocating ahead (NOTSUP), changing the append flag of an open file (NOTSUP). */
#include "wasi/os/os_win32.h"

#include <io.h>
#include <stdio.h>

#include "wasi/os/windows_rules.h"

/* Anonymous pipes have a buffer of 4 KiB or more, and cannot be asked how much of it is free. */
const size_t pwi_os_pipe_piece = 512;

void pwi_os_close(pwi_os_handle handle)
{
    if (handle != PWI_OS_NONE)
        (void)CloseHandle(pwi_win32_handle(handle));
}

pwi_errno pwi_os_dup(pwi_os_handle handle, pwi_os_handle *out)
{
    HANDLE copy, self = GetCurrentProcess();
    if (!DuplicateHandle(self, pwi_win32_handle(handle), self, &copy, 0, FALSE, DUPLICATE_SAME_ACCESS))
        return pwi_win32_last();
    *out = (pwi_os_handle)copy;
    return PWI_ESUCCESS;
}

pwi_errno pwi_os_handle_of_fd(int fd, pwi_os_handle *out)
{
    intptr_t handle = fd < 0 ? -1 : _get_osfhandle(fd);
    if (handle == -1 || handle == -2)
        return PWI_EBADF;
    *out = handle;
    return PWI_ESUCCESS;
}

bool pwi_os_is_tty(pwi_os_handle handle)
{
    DWORD mode;
    return GetConsoleMode(pwi_win32_handle(handle), &mode) != 0;
}

static uint64_t join(DWORD high, DWORD low)
{
    return (uint64_t)high << 32 | low;
}

static uint8_t type_of(HANDLE handle, DWORD attributes)
{
    FILE_ATTRIBUTE_TAG_INFO tag;
    if (attributes & FILE_ATTRIBUTE_REPARSE_POINT) {
        if (!GetFileInformationByHandleEx(handle, FileAttributeTagInfo, &tag, sizeof tag))
            return PWI_TYPE_UNKNOWN;
        return pwi_windows_is_link(tag.ReparseTag) ? PWI_TYPE_SYMBOLIC_LINK : PWI_TYPE_UNKNOWN;
    }
    return attributes & FILE_ATTRIBUTE_DIRECTORY ? PWI_TYPE_DIRECTORY : PWI_TYPE_REGULAR_FILE;
}

pwi_errno pwi_os_stat_handle(pwi_os_handle handle, pwi_os_stat *out)
{
    BY_HANDLE_FILE_INFORMATION info;
    HANDLE file = pwi_win32_handle(handle);
    *out = (pwi_os_stat){0};
    DWORD kind = GetFileType(file);
    if (kind == FILE_TYPE_CHAR)
        out->type = PWI_TYPE_CHARACTER_DEVICE;
    else
        out->is_fifo = kind == FILE_TYPE_PIPE;
    if (kind != FILE_TYPE_DISK)
        return kind == FILE_TYPE_UNKNOWN && GetLastError() != NO_ERROR ? pwi_win32_last() : PWI_ESUCCESS;
    if (!GetFileInformationByHandle(file, &info))
        return pwi_win32_last();
    out->dev = info.dwVolumeSerialNumber;
    out->ino = join(info.nFileIndexHigh, info.nFileIndexLow);
    out->nlink = info.nNumberOfLinks;
    out->size = join(info.nFileSizeHigh, info.nFileSizeLow);
    out->atim = pwi_win32_nanoseconds(
        join(info.ftLastAccessTime.dwHighDateTime, info.ftLastAccessTime.dwLowDateTime));
    out->mtim =
        pwi_win32_nanoseconds(join(info.ftLastWriteTime.dwHighDateTime, info.ftLastWriteTime.dwLowDateTime));
    out->ctim = out->mtim;
    out->type = type_of(file, info.dwFileAttributes);
    return PWI_ESUCCESS;
}

/* One piece, at most: a short transfer, which WASI allows. at: NULL for the handle's own position. */
static pwi_errno move(HANDLE file, const pwi_os_iovec *iov, size_t count, OVERLAPPED *at, bool write,
                      size_t *done)
{
    uint8_t nothing = 0;
    uint8_t *data = count > 0 ? iov->data : &nothing;
    DWORD moved = 0, length = count == 0 ? 0 : iov->length < 0x40000000u ? (DWORD)iov->length : 0x40000000u;
    BOOL good = write ? WriteFile(file, data, length, &moved, at) : ReadFile(file, data, length, &moved, at);
    if (!good) {
        DWORD error = GetLastError();
        if (write || (error != ERROR_HANDLE_EOF && error != ERROR_BROKEN_PIPE))
            return pwi_win32_errno(error);
    }
    *done = moved;
    return PWI_ESUCCESS;
}

pwi_errno pwi_os_read(pwi_os_handle handle, const pwi_os_iovec *iov, size_t count, size_t *done)
{
    return move(pwi_win32_handle(handle), iov, count, NULL, false, done);
}

pwi_errno pwi_os_write(pwi_os_handle handle, const pwi_os_iovec *iov, size_t count, size_t *done)
{
    return move(pwi_win32_handle(handle), iov, count, NULL, true, done);
}

/* Piece by piece. What was moved before an error is a short transfer. */
static pwi_errno move_pieces(HANDLE file, const pwi_os_iovec *iov, size_t count, uint64_t offset, bool write,
                             size_t *done)
{
    size_t all = 0, i = 0;
    pwi_errno error;
    do {
        OVERLAPPED at = {.Offset = (DWORD)(offset + all), .OffsetHigh = (DWORD)((offset + all) >> 32)};
        size_t part = 0;
        error =
            offset + all > INT64_MAX ? PWI_EINVAL : move(file, iov + i, count > i ? 1 : 0, &at, write, &part);
        all += part;
        if (count > i && part < iov[i].length)
            break;
        i++;
    } while (error == PWI_ESUCCESS && i < count);
    *done = all;
    return all > 0 ? PWI_ESUCCESS : error;
}

/* A transfer at an offset moves the position of a synchronous handle: it is put back. */
static pwi_errno move_at(pwi_os_handle handle, const pwi_os_iovec *iov, size_t count, uint64_t offset,
                         bool write, size_t *done)
{
    HANDLE file = pwi_win32_handle(handle);
    LARGE_INTEGER zero = {0}, before;
    if (offset > INT64_MAX)
        return PWI_EINVAL;
    if (!SetFilePointerEx(file, zero, &before, FILE_CURRENT))
        return pwi_win32_last();
    pwi_errno error = move_pieces(file, iov, count, offset, write, done);
    if (!SetFilePointerEx(file, before, NULL, FILE_BEGIN) && error == PWI_ESUCCESS)
        error = pwi_win32_last();
    return error;
}

pwi_errno pwi_os_pread(pwi_os_handle handle, const pwi_os_iovec *iov, size_t count, uint64_t offset,
                       size_t *done)
{
    return move_at(handle, iov, count, offset, false, done);
}

pwi_errno pwi_os_pwrite(pwi_os_handle handle, const pwi_os_iovec *iov, size_t count, uint64_t offset,
                        size_t *done)
{
    return move_at(handle, iov, count, offset, true, done);
}

pwi_errno pwi_os_seek(pwi_os_handle handle, int64_t offset, uint8_t whence, uint64_t *position)
{
    static const DWORD system[] = {FILE_BEGIN, FILE_CURRENT, FILE_END};
    LARGE_INTEGER distance = {.QuadPart = offset}, now;
    if (whence > PWI_SEEK_END)
        return PWI_EINVAL;
    if (!SetFilePointerEx(pwi_win32_handle(handle), distance, &now, system[whence]))
        return pwi_win32_last();
    *position = (uint64_t)now.QuadPart;
    return PWI_ESUCCESS;
}

pwi_errno pwi_os_set_size(pwi_os_handle handle, uint64_t size)
{
    FILE_END_OF_FILE_INFO end;
    if (size > INT64_MAX)
        return PWI_EINVAL;
    end.EndOfFile.QuadPart = (LONGLONG)size;
    if (!SetFileInformationByHandle(pwi_win32_handle(handle), FileEndOfFileInfo, &end, sizeof end))
        return pwi_win32_last();
    return PWI_ESUCCESS;
}

pwi_errno pwi_os_allocate(pwi_os_handle handle, uint64_t offset, uint64_t length)
{
    (void)handle; /* space without size is all that Windows can reserve */
    (void)offset;
    (void)length;
    return PWI_ENOTSUP;
}

pwi_errno pwi_os_advise(pwi_os_handle handle, uint64_t offset, uint64_t length, uint8_t advice)
{
    (void)handle; /* hints are given when a file is opened, or not at all */
    return advice > 5 || offset > INT64_MAX || length > INT64_MAX - offset ? PWI_EINVAL : PWI_ESUCCESS;
}

pwi_errno pwi_os_sync(pwi_os_handle handle, bool data_only)
{
    (void)data_only;
    if (FlushFileBuffers(pwi_win32_handle(handle)))
        return PWI_ESUCCESS;
    /* A file open for reading has nothing to write, and no right to. */
    return GetLastError() == ERROR_ACCESS_DENIED ? PWI_ESUCCESS : pwi_win32_last();
}

pwi_errno pwi_os_set_append(pwi_os_handle handle, bool append)
{
    (void)handle; /* appending is an access right of the handle, fixed when it was opened */
    (void)append;
    return PWI_ENOTSUP;
}

static FILETIME file_time(uint8_t mode, uint64_t ns)
{
    FILETIME time = {0, 0}; /* OMIT: zero leaves the time as it is */
    uint64_t ticks = pwi_win32_ticks(ns);
    if (mode == PWI_TIME_NOW)
        GetSystemTimeAsFileTime(&time);
    else if (mode == PWI_TIME_VALUE)
        time = (FILETIME){(DWORD)ticks, (DWORD)(ticks >> 32)};
    return time;
}

pwi_errno pwi_os_set_times(pwi_os_handle handle, const pwi_os_times *times)
{
    FILETIME access = file_time(times->set_atim, times->atim),
             write = file_time(times->set_mtim, times->mtim);
    if (!SetFileTime(pwi_win32_handle(handle), NULL, &access, &write))
        return pwi_win32_last();
    return PWI_ESUCCESS;
}

pwi_errno pwi_os_write_pipe(pwi_os_handle handle, const pwi_os_iovec *iov, size_t count, size_t *done)
{
    return pwi_os_write(handle, iov, count, done); /* no signals here */
}
