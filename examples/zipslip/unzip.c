/* unzip ARCHIVE FOLDER: unpacks the stored entries of a zip file below a folder, believing every name in it.
 *
 * This is the mistake called ZipSlip: an entry "../../x", an absolute one, or one whose path goes through a
 * symbolic link that an earlier entry has made, is written outside of the folder. Do not copy it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CENTRAL = 0x02014b50, END = 0x06054b50, END_SIZE = 22, CENTRAL_SIZE = 46, LOCAL_SIZE = 30 };

typedef struct {
    uint8_t *data;
    size_t size;
} archive;

static uint32_t number(const archive *zip, size_t at, int bytes)
{
    uint32_t value = 0;
    for (int i = bytes - 1; i >= 0; i--)
        value = value << 8 | (at + (size_t)i < zip->size ? zip->data[at + (size_t)i] : 0);
    return value;
}

static int load(const char *path, archive *zip)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return -1;
    fseek(file, 0, SEEK_END);
    zip->size = (size_t)ftell(file);
    rewind(file);
    zip->data = malloc(zip->size + 1);
    if (!zip->data || fread(zip->data, 1, zip->size, file) != zip->size)
        return -1;
    return fclose(file);
}

/* The folders in front of the last name, as far as they are missing. */
static void make_parents(int folder, char *name)
{
    for (char *slash = strchr(name + 1, '/'); slash && slash[1]; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdirat(folder, name, 0755);
        *slash = '/';
    }
}

static int write_file(int folder, const char *name, const uint8_t *data, size_t size)
{
    int file = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file < 0)
        return -1;
    ssize_t written = write(file, data, size);
    return close(file) || written != (ssize_t)size ? -1 : 0;
}

static int make_link(int folder, char *name, const uint8_t *data, size_t size)
{
    char target[4096];
    size_t length = strlen(name);
    snprintf(target, sizeof target, "%.*s", (int)size, (const char *)data);
    while (length > 1 && name[length - 1] == '/')
        name[--length] = 0;
    return symlinkat(target, folder, name);
}

static int unpack(int folder, const archive *zip, size_t at, char *name)
{
    size_t size = number(zip, at + 20, 4), local = number(zip, at + 42, 4);
    size_t content = local + LOCAL_SIZE + number(zip, local + 26, 2) + number(zip, local + 28, 2);
    uint32_t mode = number(zip, at + 38, 4) >> 16;
    if (content > zip->size || size > zip->size - content) {
        errno = EINVAL;
        return -1;
    }
    make_parents(folder, name);
    if ((mode & 0170000) == 0120000)
        return make_link(folder, name, zip->data + content, size);
    if (name[strlen(name) - 1] == '/')
        return mkdirat(folder, name, 0755);
    return write_file(folder, name, zip->data + content, size);
}

static int unpack_all(int folder, const archive *zip)
{
    int failed = 0;
    char name[4096];
    size_t end = zip->size < END_SIZE ? 0 : zip->size - END_SIZE;
    if (number(zip, end, 4) != END)
        return fprintf(stderr, "not a zip file\n"), 2;
    for (size_t at = number(zip, end + 16, 4); number(zip, at, 4) == CENTRAL;) {
        size_t length = number(zip, at + 28, 2);
        if (at + CENTRAL_SIZE + length > zip->size || length == 0)
            return fprintf(stderr, "damaged\n"), 2;
        snprintf(name, sizeof name, "%.*s", (int)length, (const char *)zip->data + at + CENTRAL_SIZE);
        int result = unpack(folder, zip, at, name);
        printf("%s: %s\n", name, result ? strerror(errno) : "unpacked");
        failed |= result != 0;
        at += CENTRAL_SIZE + length + number(zip, at + 30, 2) + number(zip, at + 32, 2);
    }
    return failed;
}

int main(int count, char **words)
{
    archive zip;
    if (count != 3)
        return fprintf(stderr, "usage: unzip ARCHIVE FOLDER\n"), 2;
    int folder = open(words[2], O_RDONLY | O_DIRECTORY);
    if (folder < 0 || load(words[1], &zip))
        return perror("unzip"), 2;
    return unpack_all(folder, &zip);
}
