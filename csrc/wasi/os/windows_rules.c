/* Names and links on Windows. https://learn.microsoft.com/windows/win32/fileio/naming-a-file */
#include "wasi/os/windows_rules.h"

#include <string.h>

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool same(const char *name, size_t length, const char *wanted)
{
    if (strlen(wanted) != length)
        return false;
    for (size_t i = 0; i < length; i++)
        if (upper(name[i]) != wanted[i])
            return false;
    return true;
}

/* The ports' numbers: 0 to 9, and the superscripts U+00B9, U+00B2, U+00B3, which Windows takes for 1, 2, 3. */
static bool is_port_number(const char *text, size_t length)
{
    if (length == 1)
        return text[0] >= '0' && text[0] <= '9';
    return length == 2 && text[0] == '\xc2' && (text[1] == '\xb9' || text[1] == '\xb2' || text[1] == '\xb3');
}

static bool is_device_stem(const char *stem, size_t length)
{
    static const char *const devices[] = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"};
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++)
        if (same(stem, length, devices[i]))
            return true;
    return length > 3 && (same(stem, 3, "COM") || same(stem, 3, "LPT")) &&
           is_port_number(stem + 3, length - 3);
}

/* "NUL", "nul.txt", "NUL .tar.gz": what counts is what stands before the first dot, without spaces at its end. */
static bool is_device(const char *name, size_t length)
{
    size_t stem = 0;
    while (stem < length && name[stem] != '.')
        stem++;
    while (stem > 0 && name[stem - 1] == ' ')
        stem--;
    return is_device_stem(name, stem);
}

bool pwi_windows_name_ok(const char *name, size_t length)
{
    if (length == 1 && name[0] == '.')
        return true;
    if (length == 0 || name[length - 1] == '.' || name[length - 1] == ' ') /* ".." too */
        return false;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)name[i] < 0x20 || strchr("\\/:<>\"|?*", name[i]))
            return false;
    return !is_device(name, length);
}

#define TAG_MOUNT_POINT  0xa0000003u /* junctions too */
#define TAG_SYMLINK      0xa000000cu
#define TAG_LX_SYMLINK   0xa000001du /* made by WSL */
#define SYMLINK_RELATIVE 1u

bool pwi_windows_is_link(uint32_t tag)
{
    return tag == TAG_MOUNT_POINT || tag == TAG_SYMLINK || tag == TAG_LX_SYMLINK;
}

static uint32_t load16(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8;
}

static uint32_t load32(const uint8_t *at)
{
    return load16(at) | load16(at + 2) << 16;
}

typedef struct text {
    char *out;
    size_t size;
    size_t used;
} text;

static bool put(text *to, uint32_t byte)
{
    if (to->used + 1 >= to->size) /* room for the NUL */
        return false;
    to->out[to->used++] = (char)byte;
    return true;
}

static bool put_code_point(text *to, uint32_t c)
{
    if (c < 0x80)
        return put(to, c == '\\' ? '/' : c);
    if (c < 0x800)
        return put(to, 0xc0 | c >> 6) && put(to, 0x80 | (c & 0x3f));
    if (c < 0x10000)
        return put(to, 0xe0 | c >> 12) && put(to, 0x80 | (c >> 6 & 0x3f)) && put(to, 0x80 | (c & 0x3f));
    return put(to, 0xf0 | c >> 18) && put(to, 0x80 | (c >> 12 & 0x3f)) && put(to, 0x80 | (c >> 6 & 0x3f)) &&
           put(to, 0x80 | (c & 0x3f));
}

/* UTF-16 to UTF-8; a lone surrogate is no name that a guest could use: PERM. */
static pwi_errno put_utf16(text *to, const uint8_t *data, size_t bytes)
{
    for (size_t i = 0; i + 1 < bytes; i += 2) {
        uint32_t c = load16(data + i);
        if (c == 0)
            return PWI_EPERM;
        if (c >= 0xd800 && c < 0xdc00 && i + 3 < bytes) {
            uint32_t low = load16(data + i + 2);
            if (low < 0xdc00 || low > 0xdfff)
                return PWI_EPERM;
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
            i += 2;
        } else if (c >= 0xd800 && c <= 0xdfff) {
            return PWI_EPERM;
        }
        if (!put_code_point(to, c))
            return PWI_ENAMETOOLONG;
    }
    return PWI_ESUCCESS;
}

/*  0 u32 tag   4 u16 length of what follows from 8 on   6 u16 reserved
 *  8 u16 offset, length of the substitute name   12 u16 offset, length of the print name
 *  symbolic link: 16 u32 flags, names from 20 on     mount point: names from 16 on
 *  LX symbolic link: 8 u32 version, 12 UTF-8 up to the end                                  */
pwi_errno pwi_windows_reparse(const uint8_t *data, size_t size, char *out, size_t out_size, size_t *length)
{
    text to = {out, out_size, 0};
    pwi_errno error = PWI_ESUCCESS;
    if (size < 12 || out_size == 0)
        return PWI_EPERM;
    uint32_t tag = load32(data), content = load16(data + 4);
    if (!pwi_windows_is_link(tag) || content > size - 8)
        return PWI_EPERM;
    size_t end = 8 + (size_t)content;
    if (tag == TAG_LX_SYMLINK) {
        for (size_t i = 12; i < end && error == PWI_ESUCCESS; i++)
            if (data[i] == 0 || !put(&to, data[i]))
                error = data[i] == 0 ? PWI_EPERM : PWI_ENAMETOOLONG;
    } else {
        size_t names = tag == TAG_SYMLINK ? 20 : 16;
        if (end < names)
            return PWI_EPERM;
        size_t start = names + load16(data + 8), bytes = load16(data + 10);
        if (start > end || bytes > end - start || bytes % 2 != 0)
            return PWI_EPERM;
        if (tag == TAG_MOUNT_POINT || !(load32(data + 16) & SYMLINK_RELATIVE))
            error =
                put(&to, '/') ? PWI_ESUCCESS : PWI_ENAMETOOLONG; /* somewhere else: refused by the resolver */
        if (error == PWI_ESUCCESS)
            error = put_utf16(&to, data + start, bytes);
    }
    out[to.used] = '\0';
    *length = to.used;
    return error;
}
