/* A small file manager that reads its orders from standard input, one per line, and answers each
 * with "ok", with what was asked for, or with the name of the errno.
 * Everything it prints is the same on every POSIX system: no times, no inode numbers. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *errno_name(int code)
{
    static const struct { int code; const char *name; } names[] = {
        {EACCES, "EACCES"}, {EBADF, "EBADF"}, {EEXIST, "EEXIST"}, {EINVAL, "EINVAL"}, {EISDIR, "EISDIR"},
        {ELOOP, "ELOOP"}, {ENOENT, "ENOENT"}, {ENOTDIR, "ENOTDIR"}, {ENOTEMPTY, "ENOTEMPTY"}, {EPERM, "EPERM"},
        {ENAMETOOLONG, "ENAMETOOLONG"}, {EXDEV, "EXDEV"}, {ENOSYS, "ENOSYS"}, {EROFS, "EROFS"}, {ESPIPE, "ESPIPE"},
        {EBUSY, "EBUSY"}, {ENOTSUP, "ENOTSUP"},
#ifdef ENOTCAPABLE
        {ENOTCAPABLE, "ENOTCAPABLE"},
#endif
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].code == code) return names[i].name;
    return "another errno";
}

static int answer(int result)
{
    puts(result < 0 ? errno_name(errno) : "ok");
    return result;
}

static void write_file(const char *path, const char *text, int flags)
{
    int fd = open(path, O_WRONLY | flags, 0644);
    if (answer(fd) < 0) return;
    size_t length = strlen(text);
    if (write(fd, text, length) != (ssize_t)length) puts("short write");
    if (close(fd) != 0) puts("close failed");
}

static void show_file(const char *path)
{
    char buffer[512];
    ssize_t got;
    int fd = open(path, O_RDONLY);
    if (fd < 0) {
        answer(fd);
        return;
    }
    printf("<");
    while ((got = read(fd, buffer, sizeof buffer)) > 0) fwrite(buffer, 1, (size_t)got, stdout);
    puts(got < 0 ? errno_name(errno) : ">");
    close(fd);
}

static const char *type_name(mode_t mode)
{
    return S_ISDIR(mode) ? "dir" : S_ISREG(mode) ? "file" : S_ISLNK(mode) ? "link" : "other";
}

static void show_stat(const char *path, int follow)
{
    struct stat st;
    if ((follow ? stat : lstat)(path, &st) != 0) puts(errno_name(errno));
    else if (S_ISREG(st.st_mode)) printf("file %lld links=%d\n", (long long)st.st_size, (int)st.st_nlink);
    else puts(type_name(st.st_mode));
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *join(const char *a, const char *b)
{
    char *out = malloc(strlen(a) + strlen(b) + 2);
    sprintf(out, "%s/%s", a, b);
    return out;
}

static void list(const char *path, int depth)
{
    DIR *dir = opendir(path);
    if (!dir) {
        puts(errno_name(errno));
        return;
    }
    char **names = NULL;
    size_t count = 0;
    int dots = 0;
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) {
            dots++;
            continue;
        }
        names = realloc(names, (count + 1) * sizeof *names);
        names[count++] = strdup(e->d_name);
    }
    closedir(dir);
    if (count) qsort(names, count, sizeof *names, by_name);
    if (depth == 0) printf("%zu entries, %d dots\n", count, dots);
    for (size_t i = 0; i < count; i++) {
        struct stat st;
        char *full = join(path, names[i]);
        if (lstat(full, &st) != 0) printf("%*s%s %s\n", depth * 2, "", names[i], errno_name(errno));
        else if (S_ISREG(st.st_mode)) printf("%*s%s %lld\n", depth * 2, "", names[i], (long long)st.st_size);
        else printf("%*s%s %s\n", depth * 2, "", names[i], type_name(st.st_mode));
        if (S_ISDIR(st.st_mode)) list(full, depth + 1);
        free(full);
        free(names[i]);
    }
    free(names);
}

static int remove_tree(const char *path)
{
    struct stat st;
    if (lstat(path, &st) != 0) return -1;
    if (!S_ISDIR(st.st_mode)) return unlink(path);
    DIR *dir = opendir(path);
    if (!dir) return -1;
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        char *full = join(path, e->d_name);
        if (remove_tree(full) != 0) printf("%s: %s\n", full, errno_name(errno));
        free(full);
    }
    closedir(dir);
    return rmdir(path);
}

static void make_many(const char *path, int count)
{
    char name[64];
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%s/entry-with-a-longer-name-%04d", path, i);
        int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0644);
        if (fd < 0) {
            printf("%s %s\n", name, errno_name(errno));
            return;
        }
        close(fd);
    }
    puts("ok");
}

static void make_deep(const char *path, int depth)
{
    char *here = strdup(path);
    for (int i = 0; i < depth; i++) {
        char *next = join(here, "d");
        free(here);
        here = next;
        if (mkdir(here, 0755) != 0) {
            printf("level %d %s\n", i, errno_name(errno));
            break;
        }
    }
    printf("%zu characters\n", strlen(here));
    free(here);
}

static void read_link(const char *path)
{
    char target[256];
    ssize_t n = readlink(path, target, sizeof target - 1);
    if (n < 0) puts(errno_name(errno));
    else printf("-> %.*s\n", (int)n, target);
}

static void resize(const char *path, long size)
{
    int fd = open(path, O_RDWR);
    if (fd < 0) {
        answer(fd);
        return;
    }
    answer(ftruncate(fd, size));
    printf("end %lld\n", (long long)lseek(fd, 0, SEEK_END));
    close(fd);
}

/* The file stays usable after its name is gone. */
static void hold(const char *path)
{
    char buffer[32] = {0};
    int fd = open(path, O_RDWR);
    if (answer(fd) < 0) return;
    answer(unlink(path));
    ssize_t got = read(fd, buffer, sizeof buffer - 1), wrote = write(fd, "+", 1);
    struct stat st;
    int known = fstat(fd, &st);
    printf("read %zd <%s> write %zd fstat %d size %lld\n", got, buffer, wrote, known, (long long)st.st_size);
    close(fd);
}

static void run(const char *verb, const char *a, const char *b)
{
    if (strcmp(verb, "mkdir") == 0) answer(mkdir(a, 0755));
    else if (strcmp(verb, "rmdir") == 0) answer(rmdir(a));
    else if (strcmp(verb, "unlink") == 0) answer(unlink(a));
    else if (strcmp(verb, "rename") == 0) answer(rename(a, b));
    else if (strcmp(verb, "link") == 0) answer(link(a, b));
    else if (strcmp(verb, "symlink") == 0) answer(symlink(a, b));
    else if (strcmp(verb, "readlink") == 0) read_link(a);
    else if (strcmp(verb, "write") == 0) write_file(a, b, O_CREAT | O_TRUNC);
    else if (strcmp(verb, "append") == 0) write_file(a, b, O_APPEND);
    else if (strcmp(verb, "create") == 0) write_file(a, b, O_CREAT | O_EXCL);
    else if (strcmp(verb, "overwrite") == 0) write_file(a, b, 0);
    else if (strcmp(verb, "cat") == 0) show_file(a);
    else if (strcmp(verb, "stat") == 0) show_stat(a, 1);
    else if (strcmp(verb, "lstat") == 0) show_stat(a, 0);
    else if (strcmp(verb, "list") == 0) list(a, 0);
    else if (strcmp(verb, "remove") == 0) answer(remove_tree(a));
    else if (strcmp(verb, "many") == 0) make_many(a, atoi(b));
    else if (strcmp(verb, "deep") == 0) make_deep(a, atoi(b));
    else if (strcmp(verb, "resize") == 0) resize(a, atol(b));
    else if (strcmp(verb, "hold") == 0) hold(a);
    else if (strcmp(verb, "access") == 0) answer(access(a, F_OK));
    else if (strcmp(verb, "opendir") == 0) answer(open(a, O_RDONLY | O_DIRECTORY));
    else if (strcmp(verb, "nofollow") == 0) answer(open(a, O_RDONLY | O_NOFOLLOW));
    else printf("unknown order %s\n", verb);
}

int main(void)
{
    char line[1024];
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        char *verb = strtok(line, " "), *a = strtok(NULL, " "), *b = strtok(NULL, "");
        if (!verb || *verb == '#') continue;
        printf("%s %s%s%s: ", verb, a ? a : "", b ? " " : "", b ? b : "");
        run(verb, a ? a : "", b ? b : "");
        fflush(stdout);
    }
    return 0;
}
