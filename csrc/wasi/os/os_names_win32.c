/* Directories and names on Windows: NtCreateFile with the directory's handle as root, one component, and never through
 * a reparse point (FILE_OPEN_REPARSE_POINT); whether it was one is asked of the handle. Not there: making symbolic
 * links (it needs a privilege; NOTSUP). */
#include "wasi/os/os_win32.h"

#include <winternl.h>

#include <stdlib.h>
#include <string.h>

#include "wasi/os/windows_rules.h"

/* Options and constants of ntifs.h, which the SDK for applications leaves out. */
#define OPT_DIRECTORY         0x00000001u
#define OPT_WRITE_THROUGH     0x00000002u
#define OPT_SYNC_NONALERT     0x00000020u
#define OPT_NON_DIRECTORY     0x00000040u
#define OPT_BACKUP_INTENT     0x00004000u
#define OPT_REPARSE_POINT     0x00200000u
#define DISPOSITION_OPEN      1u
#define DISPOSITION_CREATE    2u
#define DISPOSITION_OPEN_IF   3u
#define CASE_INSENSITIVE      0x40u
#define INFO_RENAME           10
#define INFO_LINK             11
#define GET_REPARSE_POINT     0x000900a8u
#define REPARSE_BUFFER_SIZE   16384u
#define STATUS_IS_A_DIRECTORY ((NTSTATUS)0xc00000ba)
#define STATUS_NO_DIRECTORY   ((NTSTATUS)0xc0000103)
#define STATUS_NOT_THERE      ((NTSTATUS)0xc00000bb)
#define SHARE_ALL             (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

/* Not in every SDK's winternl.h, so it is looked up; it is in every ntdll.dll. */
typedef NTSTATUS(NTAPI *set_information_fn)(HANDLE, PIO_STATUS_BLOCK, PVOID, ULONG, int);

static NTSTATUS set_information(HANDLE file, void *info, ULONG size, int kind)
{
    IO_STATUS_BLOCK io;
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    FARPROC found = ntdll ? GetProcAddress(ntdll, "NtSetInformationFile") : NULL;
    set_information_fn call;
    if (!found)
        return STATUS_NOT_THERE;
    memcpy(&call, &found, sizeof call);
    return call(file, &io, info, size, kind);
}

/* A component in UTF-16. "." becomes the empty name: the directory of the handle itself. */
typedef struct wide {
    WCHAR text[PWI_OS_NAME_MAX + 1];
    size_t length;
} wide;

static pwi_errno widen(const char *name, wide *out)
{
    size_t length = strlen(name);
    if (!pwi_windows_name_ok(name, length))
        return PWI_EINVAL;
    out->length = 0;
    if (length == 1 && name[0] == '.')
        return PWI_ESUCCESS;
    int got =
        MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, name, (int)length, out->text, PWI_OS_NAME_MAX);
    if (got <= 0)
        return GetLastError() == ERROR_INSUFFICIENT_BUFFER ? PWI_ENAMETOOLONG : PWI_EILSEQ;
    out->length = (size_t)got;
    return PWI_ESUCCESS;
}

static pwi_errno status_errno(NTSTATUS status)
{
    if (status >= 0)
        return PWI_ESUCCESS;
    if (status == STATUS_IS_A_DIRECTORY)
        return PWI_EISDIR;
    if (status == STATUS_NO_DIRECTORY)
        return PWI_ENOTDIR;
    return pwi_win32_errno(RtlNtStatusToDosError(status));
}

static pwi_errno nt_open(pwi_os_handle dir, const char *name, ACCESS_MASK access, ULONG disposition,
                         ULONG options, HANDLE *out)
{
    wide component;
    IO_STATUS_BLOCK io;
    OBJECT_ATTRIBUTES object = {0};
    UNICODE_STRING text;
    pwi_errno error = widen(name, &component);
    if (error != PWI_ESUCCESS)
        return error;
    text.Buffer = component.text;
    text.Length = text.MaximumLength = (USHORT)(component.length * sizeof(WCHAR));
    object.Length = sizeof object;
    object.RootDirectory = pwi_win32_handle(dir);
    object.ObjectName = &text;
    object.Attributes = CASE_INSENSITIVE;
    return status_errno(NtCreateFile(out, access | SYNCHRONIZE | FILE_READ_ATTRIBUTES, &object, &io, NULL,
                                     FILE_ATTRIBUTE_NORMAL, SHARE_ALL, disposition,
                                     options | OPT_REPARSE_POINT | OPT_SYNC_NONALERT | OPT_BACKUP_INTENT,
                                     NULL, 0));
}

/* SUCCESS, LOOP for a link, PERM for a reparse point that is no link. */
static pwi_errno check_no_reparse(HANDLE file)
{
    FILE_ATTRIBUTE_TAG_INFO info;
    if (!GetFileInformationByHandleEx(file, FileAttributeTagInfo, &info, sizeof info))
        return pwi_win32_last();
    if (!(info.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT))
        return PWI_ESUCCESS;
    return pwi_windows_is_link(info.ReparseTag) ? PWI_ELOOP : PWI_EPERM;
}

pwi_errno pwi_os_open_root(const char *host_path, pwi_os_handle *out)
{
    BY_HANDLE_FILE_INFORMATION info;
    pwi_errno error = PWI_ESUCCESS;
    WCHAR path[32768 / 8]; /* the embedder's own path: 4096 characters */
    if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, host_path, -1, path,
                            (int)(sizeof path / sizeof path[0])) <= 0)
        return PWI_ENAMETOOLONG;
    HANDLE dir = CreateFileW(path, FILE_LIST_DIRECTORY | FILE_TRAVERSE | FILE_READ_ATTRIBUTES | SYNCHRONIZE,
                             SHARE_ALL, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    if (dir == INVALID_HANDLE_VALUE)
        return pwi_win32_last();
    if (!GetFileInformationByHandle(dir, &info))
        error = pwi_win32_last();
    else if (!(info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY))
        error = PWI_ENOTDIR;
    if (error != PWI_ESUCCESS) {
        CloseHandle(dir);
        return error;
    }
    *out = (pwi_os_handle)dir;
    return PWI_ESUCCESS;
}

static ACCESS_MASK access_for(uint32_t how)
{
    ACCESS_MASK access = 0;
    if (how & (PWI_OPEN_SEARCH | PWI_OPEN_DIRECTORY))
        return FILE_LIST_DIRECTORY | FILE_TRAVERSE;
    if (how & PWI_OPEN_READ)
        access |= FILE_GENERIC_READ;
    if (how & PWI_OPEN_WRITE)
        access |= FILE_GENERIC_WRITE;
    if ((how & PWI_OPEN_APPEND) &&
        !(how & PWI_OPEN_TRUNC)) /* without the right to write, writes go to the end */
        access &= ~(ACCESS_MASK)FILE_WRITE_DATA;
    return access;
}

pwi_errno pwi_os_open_at(pwi_os_handle dir, const char *name, uint32_t how, pwi_os_handle *out)
{
    HANDLE file;
    ULONG options = 0, disposition = DISPOSITION_OPEN;
    if (how & PWI_OPEN_CREATE)
        disposition = how & PWI_OPEN_EXCL ? DISPOSITION_CREATE : DISPOSITION_OPEN_IF;
    if (how & (PWI_OPEN_SEARCH | PWI_OPEN_DIRECTORY))
        options |= OPT_DIRECTORY;
    if (how & (PWI_OPEN_SYNC | PWI_OPEN_DSYNC))
        options |= OPT_WRITE_THROUGH;
    pwi_errno error = nt_open(dir, name, access_for(how), disposition, options, &file);
    if (error != PWI_ESUCCESS)
        return error;
    error = check_no_reparse(file);
    if (error == PWI_ESUCCESS && (how & PWI_OPEN_TRUNC)) /* only now is it known to be no link */
        error = pwi_os_set_size((pwi_os_handle)file, 0);
    if (error != PWI_ESUCCESS) {
        CloseHandle(file);
        return error;
    }
    *out = (pwi_os_handle)file;
    return PWI_ESUCCESS;
}

pwi_errno pwi_os_stat_at(pwi_os_handle dir, const char *name, pwi_os_stat *out)
{
    HANDLE file;
    pwi_errno error = nt_open(dir, name, 0, DISPOSITION_OPEN, 0, &file);
    if (error != PWI_ESUCCESS)
        return error;
    error = pwi_os_stat_handle((pwi_os_handle)file, out);
    CloseHandle(file);
    return error;
}

pwi_errno pwi_os_readlink_at(pwi_os_handle dir, const char *name, char *out, size_t size, size_t *length)
{
    uint8_t data[REPARSE_BUFFER_SIZE];
    HANDLE file;
    DWORD got = 0;
    pwi_errno error = nt_open(dir, name, 0, DISPOSITION_OPEN, 0, &file);
    if (error != PWI_ESUCCESS)
        return error;
    if (DeviceIoControl(file, GET_REPARSE_POINT, NULL, 0, data, sizeof data, &got, NULL))
        error = pwi_windows_reparse(data, got, out, size, length);
    else
        error = GetLastError() == ERROR_NOT_A_REPARSE_POINT ? PWI_EINVAL : pwi_win32_last();
    CloseHandle(file);
    return error;
}

pwi_errno pwi_os_mkdir_at(pwi_os_handle dir, const char *name)
{
    HANDLE made;
    pwi_errno error = nt_open(dir, name, FILE_LIST_DIRECTORY, DISPOSITION_CREATE, OPT_DIRECTORY, &made);
    if (error == PWI_ESUCCESS)
        CloseHandle(made);
    return error;
}

/* Opens for deletion and marks the file behind the handle: nothing is deleted by name. */
static pwi_errno remove_at(pwi_os_handle dir, const char *name, bool is_dir)
{
    HANDLE file;
    pwi_os_stat stat;
    FILE_DISPOSITION_INFO gone = {TRUE};
    pwi_errno error = nt_open(dir, name, DELETE, DISPOSITION_OPEN, 0, &file);
    if (error != PWI_ESUCCESS)
        return error;
    error = pwi_os_stat_handle((pwi_os_handle)file, &stat);
    if (error == PWI_ESUCCESS && is_dir && stat.type != PWI_TYPE_DIRECTORY)
        error = PWI_ENOTDIR;
    if (error == PWI_ESUCCESS && !is_dir && stat.type == PWI_TYPE_DIRECTORY)
        error = PWI_EISDIR;
    if (error == PWI_ESUCCESS && !SetFileInformationByHandle(file, FileDispositionInfo, &gone, sizeof gone))
        error = pwi_win32_last();
    CloseHandle(file);
    return error;
}

pwi_errno pwi_os_rmdir_at(pwi_os_handle dir, const char *name)
{
    return remove_at(dir, name, true);
}

pwi_errno pwi_os_unlink_at(pwi_os_handle dir, const char *name)
{
    return remove_at(dir, name, false);
}

/* FILE_RENAME_INFORMATION and FILE_LINK_INFORMATION have the same shape. */
typedef struct name_info {
    BOOLEAN replace;
    HANDLE root;
    ULONG length; /* bytes */
    WCHAR name[PWI_OS_NAME_MAX + 1];
} name_info;

static pwi_errno set_name(pwi_os_handle from, const char *name, pwi_os_handle to, const char *new_name,
                          int kind)
{
    HANDLE file;
    wide component;
    name_info info = {0};
    pwi_errno error = widen(new_name, &component);
    if (error == PWI_ESUCCESS && component.length == 0)
        error = PWI_EINVAL;
    if (error == PWI_ESUCCESS)
        error = nt_open(from, name, kind == INFO_RENAME ? DELETE : FILE_WRITE_ATTRIBUTES, DISPOSITION_OPEN, 0,
                        &file);
    if (error != PWI_ESUCCESS)
        return error;
    info.replace = kind == INFO_RENAME;
    info.root = pwi_win32_handle(to);
    info.length = (ULONG)(component.length * sizeof(WCHAR));
    memcpy(info.name, component.text, info.length);
    error = status_errno(set_information(file, &info, sizeof info, kind));
    CloseHandle(file);
    return error;
}

pwi_errno pwi_os_rename_at(pwi_os_handle from, const char *name, pwi_os_handle to, const char *new_name)
{
    return set_name(from, name, to, new_name, INFO_RENAME);
}

pwi_errno pwi_os_link_at(pwi_os_handle from, const char *name, pwi_os_handle to, const char *new_name)
{
    return set_name(from, name, to, new_name, INFO_LINK);
}

pwi_errno pwi_os_symlink_at(const char *content, pwi_os_handle dir, const char *name)
{
    (void)content;
    (void)dir;
    (void)name;
    return PWI_ENOTSUP;
}

pwi_errno pwi_os_set_times_at(pwi_os_handle dir, const char *name, const pwi_os_times *times)
{
    HANDLE file;
    pwi_errno error = nt_open(dir, name, FILE_WRITE_ATTRIBUTES, DISPOSITION_OPEN, 0, &file);
    if (error != PWI_ESUCCESS)
        return error;
    error = pwi_os_set_times((pwi_os_handle)file, times);
    CloseHandle(file);
    return error;
}

static pwi_errno list_entry(const FILE_ID_BOTH_DIR_INFO *entry, pwi_os_entry_fn call, void *env)
{
    char name[3 * PWI_OS_NAME_MAX + 1];
    uint8_t type = PWI_TYPE_REGULAR_FILE;
    int length =
        WideCharToMultiByte(CP_UTF8, 0, entry->FileName, (int)(entry->FileNameLength / sizeof(WCHAR)), name,
                            (int)sizeof name - 1, NULL, NULL);
    if (length <= 0) /* cannot be told to a guest */
        return PWI_ESUCCESS;
    name[length] = '\0';
    if (entry->FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) /* EaSize holds the tag then */
        type = pwi_windows_is_link(entry->EaSize) ? PWI_TYPE_SYMBOLIC_LINK : PWI_TYPE_UNKNOWN;
    else if (entry->FileAttributes & FILE_ATTRIBUTE_DIRECTORY)
        type = PWI_TYPE_DIRECTORY;
    return call(env, name, (size_t)length, (uint64_t)entry->FileId.QuadPart, type);
}

pwi_errno pwi_os_list(pwi_os_handle dir, pwi_os_entry_fn entry, void *env)
{
    /* A new handle: the position in the listing belongs to it. */
    union {
        FILE_ID_BOTH_DIR_INFO info;
        uint8_t bytes[8192];
    } buffer;
    HANDLE list;
    pwi_errno error = nt_open(dir, ".", FILE_LIST_DIRECTORY, DISPOSITION_OPEN, OPT_DIRECTORY, &list);
    if (error != PWI_ESUCCESS)
        return error;
    while (error == PWI_ESUCCESS) {
        if (!GetFileInformationByHandleEx(list, FileIdBothDirectoryInfo, &buffer, sizeof buffer)) {
            error = GetLastError() == ERROR_NO_MORE_FILES ? PWI_ESUCCESS : pwi_win32_last();
            break;
        }
        for (size_t at = 0, step = 1; step != 0 && error == PWI_ESUCCESS; at += step) {
            const FILE_ID_BOTH_DIR_INFO *found =
                (const FILE_ID_BOTH_DIR_INFO *)(const void *)(buffer.bytes + at);
            step = found->NextEntryOffset;
            error = list_entry(found, entry, env);
        }
    }
    CloseHandle(list);
    return error;
}
