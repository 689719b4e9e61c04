/* The path cases P01 to P35 on the level of C, in every way that a path can be resolved: openat2, the walker by
 * configuration, and the walker because a seccomp filter answers openat2 with ENOSYS or EPERM (on Linux).
 *
 * A fresh tree for every mode:
 *
 *   out/secret "secret"   out/sub/   empty/
 *   sb/f "inside"   sb/d/   sb/d/g   sb/d/back -> ../f
 *   sb/l -> ../out   sb/ls -> ../out/   sb/ll -> l   sb/abs -> <tree>/out   sb/sec -> ../out/secret   sb/le -> ../empty
 *   sb/dangle -> ../out/new   sb/in -> d   sb/in2 -> d/   sb/lf -> f   sb/loop -> loop   sb/again -> ../sb/f
 *   sb/dangle_in -> newfile
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test_wasi_support.h"
#include "test_wasi_seccomp.h"

static char tree[64];
static guest g;
static const uint32_t DIR_FD = 3, RO_FD = 4, SUB_FD = 5, NO_WRITE_FD = 6;

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        exit(3);
    close(fd);
}

static void link_to(const char *content, const char *path)
{
    if (symlink(content, path) != 0)
        exit(3);
}

static void make_tree(void)
{
    char absolute[80];
    strcpy(tree, "/tmp/wasi_path_XXXXXX");
    if (!mkdtemp(tree) || chdir(tree) != 0 || mkdir("out", 0700) || mkdir("out/sub", 0700) ||
        mkdir("empty", 0700) || mkdir("sb", 0700) || mkdir("sb/d", 0700))
        exit(3);
    write_file("out/secret", "secret");
    write_file("sb/f", "inside");
    write_file("sb/d/g", "g");
    snprintf(absolute, sizeof absolute, "%s/out", tree);
    link_to("../f", "sb/d/back");
    link_to("../out", "sb/l");
    link_to("../out/", "sb/ls");
    link_to("l", "sb/ll");
    link_to(absolute, "sb/abs");
    link_to("../out/secret", "sb/sec");
    link_to("../empty", "sb/le");
    link_to("../out/new", "sb/dangle");
    link_to("d", "sb/in");
    link_to("d/", "sb/in2");
    link_to("f", "sb/lf");
    link_to("loop", "sb/loop");
    link_to("../sb/f", "sb/again");
    link_to("newfile", "sb/dangle_in");
}

static void remove_tree(void)
{
    char command[96];
    if (chdir("/") != 0)
        exit(3);
    snprintf(command, sizeof command, "rm -rf %s", tree);
    if (system(command) != 0)
        exit(3);
}

static bool exists_outside(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

static pwi_errno try_open(const char *path, uint32_t follow, uint32_t oflags, uint64_t rights)
{
    uint32_t fd;
    pwi_errno error = guest_path_open(&g, DIR_FD, follow, path, oflags, rights, &fd);
    if (error == PWI_ESUCCESS)
        CHECK_EQ(CALL(&g, fd_close, fd), 0);
    return error;
}

/* The answers that refuse. */
static bool refused(pwi_errno error)
{
    return error == PWI_EPERM || error == PWI_ELOOP || error == PWI_ENOTDIR || error == PWI_EEXIST ||
           error == PWI_ENOTCAPABLE || error == PWI_EINVAL || error == PWI_ENOENT;
}

#define REFUSED(call)                                                                                        \
    do {                                                                                                     \
        pwi_errno got_ = (call);                                                                             \
        if (!refused(got_)) {                                                                                \
            printf("%s:%d: %s gave %u\n", __FILE__, __LINE__, #call, got_);                                  \
            failures++;                                                                                      \
        }                                                                                                    \
    } while (0)

static void test_escapes_by_open(void) /* P01-P14 */
{
    static const char *const out[] = {"l/",
                                      "l//",
                                      "l/.",
                                      "l/..",
                                      "ls/",
                                      "ll/",
                                      "d/../l/",
                                      "abs",
                                      "abs/",
                                      "..",
                                      "../",
                                      "d/../..",
                                      "d/../../sb/f",
                                      "again",
                                      "l/secret",
                                      "ls/secret",
                                      "ll/secret",
                                      "abs/secret",
                                      "d/../l/secret",
                                      "./l/secret",
                                      "in/../../out/secret",
                                      "l/sub/../secret",
                                      "d/../../out",
                                      "./..",
                                      "d/./../.."};
    for (size_t i = 0; i < sizeof out / sizeof out[0]; i++) {
        for (uint32_t follow = 0; follow < 2; follow++) {
            if (!follow && (strcmp(out[i], "abs") == 0 || strcmp(out[i], "again") == 0))
                continue; /* the link itself: below */
            REFUSED(try_open(out[i], follow, 0, RIGHTS_READ));
            REFUSED(try_open(out[i], follow, O_DIR_, RIGHTS_READ));
            REFUSED(try_open(out[i], follow, 0, 0));
        }
    }
    static const char *const links[] = {"l", "ls", "ll", "abs", "sec", "again", "dangle"};
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        REFUSED(try_open(links[i], 1, 0, RIGHTS_READ));
        CHECK_EQ(try_open(links[i], 0, 0, RIGHTS_READ), PWI_ELOOP);
        pwi_errno error = try_open(links[i], 0, O_DIR_, RIGHTS_READ);
        CHECK(error == PWI_ELOOP || error == PWI_ENOTDIR);
    }
    CHECK_EQ(try_open("..", 1, 0, 0), PWI_EPERM);
    CHECK_EQ(try_open("l/", 1, 0, 0), PWI_EPERM);
    CHECK_EQ(try_open("abs/secret", 1, 0, 0), PWI_EPERM);
    const pw_wasi_denial *denial = pw_wasi_last_denial(g.wasi);
    CHECK(denial && strcmp(denial->call, "path_open") == 0 && strcmp(denial->path, "abs/secret") == 0 &&
          strcmp(denial->granted, "/") == 0);
}

static void test_inside_works(void)
{
    static const char *const files[] = {"f",     "./f",     "d/../f",  "d//back",          "lf",   "in/g",
                                        "in2/g", "in/back", "in/../f", "./././/d/..//./f", "d/./g"};
    static const char *const dirs[] = {".",  "./",  "d",   "d/",   "d//",  "d/.",   "d/..",
                                       "in", "in/", "in2", "in2/", "in/.", "in/..", "d/../d/"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        CHECK_EQ(try_open(files[i], 1, 0, RIGHTS_READ), PWI_ESUCCESS);
        CHECK_EQ(try_open(files[i], 1, 0, 0), PWI_ESUCCESS);
        CHECK_EQ(try_open(files[i], 1, O_DIR_, 0), PWI_ENOTDIR);
    }
    for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++) {
        CHECK_EQ(try_open(dirs[i], 1, 0, RIGHTS_READ), PWI_ESUCCESS);
        CHECK_EQ(try_open(dirs[i], 1, O_DIR_, RIGHTS_READ), PWI_ESUCCESS);
        CHECK_EQ(try_open(dirs[i], 1, O_DIR_, RIGHTS_WRITE), PWI_EISDIR);
    }
    CHECK_EQ(try_open("f/", 1, 0, RIGHTS_READ), PWI_ENOTDIR);
    CHECK_EQ(try_open("f/.", 1, 0, RIGHTS_READ), PWI_ENOTDIR);
    CHECK_EQ(try_open("f/..", 1, 0, RIGHTS_READ), PWI_ENOTDIR);
    CHECK_EQ(try_open("lf/", 1, 0, RIGHTS_READ), PWI_ENOTDIR);
    CHECK_EQ(try_open("lf/", 0, 0, RIGHTS_READ), PWI_ENOTDIR);
    CHECK_EQ(try_open("in/", 0, 0, RIGHTS_READ), PWI_ESUCCESS);
    CHECK_EQ(try_open("nothing", 1, 0, RIGHTS_READ), PWI_ENOENT);
    CHECK_EQ(try_open("nothing/x", 1, 0, RIGHTS_READ), PWI_ENOENT);
    CHECK_EQ(try_open("nothing/", 1, 0, RIGHTS_READ), PWI_ENOENT);
    CHECK_EQ(try_open("f/x", 1, 0, RIGHTS_READ), PWI_ENOTDIR);
    CHECK_EQ(try_open("lf/x", 1, 0, RIGHTS_READ), PWI_ENOTDIR);
}

static void test_create_through_links(void) /* P15, P16, P31 */
{
    REFUSED(try_open("dangle", 1, O_CREAT_, RIGHTS_WRITE));
    REFUSED(try_open("dangle", 0, O_CREAT_, RIGHTS_WRITE));
    CHECK_EQ(try_open("dangle", 1, O_CREAT_ | O_EXCL_, RIGHTS_WRITE), PWI_EEXIST);
    CHECK_EQ(try_open("dangle", 0, O_CREAT_ | O_EXCL_, RIGHTS_WRITE), PWI_EEXIST);
    CHECK_EQ(try_open("dangle_in", 0, O_CREAT_, RIGHTS_WRITE), PWI_ELOOP);
    CHECK_EQ(try_open("dangle_in", 1, O_CREAT_, RIGHTS_WRITE), PWI_ESUCCESS);
    CHECK(exists_outside("sb/newfile"));
    REFUSED(try_open("new/", 1, O_CREAT_, RIGHTS_WRITE) == PWI_EISDIR ? PWI_EPERM : PWI_ESUCCESS);
    CHECK_EQ(CALL(&g, path_create_directory, DIR_FD, PATH_ARGS(&g, "dangle/")), PWI_EEXIST);
    CHECK_EQ(CALL(&g, path_create_directory, DIR_FD, PATH_ARGS(&g, "dangle")), PWI_EEXIST);
    REFUSED(CALL(&g, path_create_directory, DIR_FD, PATH_ARGS(&g, "l/made")));
    REFUSED(CALL(&g, path_create_directory, DIR_FD, PATH_ARGS(&g, "../made")));
    CHECK(!exists_outside("out/new") && !exists_outside("out/made") && !exists_outside("made"));
    CHECK_EQ(CALL(&g, path_create_directory, DIR_FD, PATH_ARGS(&g, "dir/")), 0);
    CHECK_EQ(CALL(&g, path_create_directory, DIR_FD, PATH_ARGS(&g, "dir")), PWI_EEXIST);
    CHECK_EQ(CALL(&g, path_create_directory, DIR_FD, PATH_ARGS(&g, ".")), PWI_EEXIST);
    CHECK_EQ(CALL(&g, path_remove_directory, DIR_FD, PATH_ARGS(&g, "dir/")), 0);
    CHECK_EQ(try_open("loop", 1, 0, RIGHTS_READ), PWI_ELOOP);
    CHECK_EQ(try_open("loop/", 1, 0, RIGHTS_READ), PWI_ELOOP);
    CHECK_EQ(try_open("loop/x", 1, 0, RIGHTS_READ), PWI_ELOOP);
}

static pwi_errno stat_of(const char *path, uint32_t follow)
{
    return CALL(&g, path_filestat_get, DIR_FD, follow, PATH_ARGS(&g, path), AT_RESULT);
}

static void test_stat_and_times(void) /* P17, P18 */
{
    static const char *const out[] = {"l/", "l//", "l/.", "ls/", "ll/", "abs/", "..", "l/secret", "d/../l/"};
    struct stat before, after;
    if (stat("out", &before) != 0)
        exit(3);
    for (size_t i = 0; i < sizeof out / sizeof out[0]; i++)
        for (uint32_t follow = 0; follow < 2; follow++) {
            CHECK_EQ(stat_of(out[i], follow), PWI_EPERM);
            CHECK_EQ(CALL(&g, path_filestat_set_times, DIR_FD, follow, PATH_ARGS(&g, out[i]), 0, 1000, 4),
                     PWI_EPERM);
        }
    CHECK_EQ(CALL(&g, path_filestat_set_times, DIR_FD, 1, PATH_ARGS(&g, "l"), 0, 1000, 4), PWI_EPERM);
    CHECK_EQ(CALL(&g, path_filestat_set_times, DIR_FD, 0, PATH_ARGS(&g, "l"), 0, 1000, 4), 0);
    CHECK(stat("out", &after) == 0 && after.st_mtime == before.st_mtime);
    CHECK_EQ(stat_of("l", 0), 0);
    CHECK_EQ(g.memory[AT_RESULT + 16], PWI_TYPE_SYMBOLIC_LINK);
    CHECK_EQ(pwi_load_u64(g.memory + AT_RESULT + 48), 1000); /* the link's own time was set */
    CHECK_EQ(stat_of("l", 1), PWI_EPERM);
    CHECK_EQ(stat_of("in", 0), 0);
    CHECK_EQ(g.memory[AT_RESULT + 16], PWI_TYPE_SYMBOLIC_LINK);
    CHECK_EQ(stat_of("in/", 0), 0);
    CHECK_EQ(g.memory[AT_RESULT + 16], PWI_TYPE_DIRECTORY);
    CHECK_EQ(stat_of("in", 1), 0);
    CHECK_EQ(g.memory[AT_RESULT + 16], PWI_TYPE_DIRECTORY);
    CHECK_EQ(stat_of("f/", 0), PWI_ENOTDIR);
    CHECK_EQ(stat_of("none", 1), PWI_ENOENT);
    CHECK_EQ(stat_of("dangle_in", 1), exists_outside("sb/newfile") ? 0 : PWI_ENOENT);
}

static void test_removing(void) /* P19, P20 */
{
    CHECK_EQ(CALL(&g, path_remove_directory, DIR_FD, PATH_ARGS(&g, "le/")), PWI_ENOTDIR);
    CHECK_EQ(CALL(&g, path_remove_directory, DIR_FD, PATH_ARGS(&g, "le")), PWI_ENOTDIR);
    CHECK_EQ(CALL(&g, path_remove_directory, DIR_FD, PATH_ARGS(&g, ".")), PWI_EINVAL);
    REFUSED(CALL(&g, path_remove_directory, DIR_FD, PATH_ARGS(&g, "l/sub")));
    REFUSED(CALL(&g, path_remove_directory, DIR_FD, PATH_ARGS(&g, "../empty")));
    CHECK_EQ(CALL(&g, path_remove_directory, DIR_FD, PATH_ARGS(&g, "f/")), PWI_ENOTDIR);
    CHECK_EQ(CALL(&g, path_remove_directory, DIR_FD, PATH_ARGS(&g, "d")), PWI_ENOTEMPTY);
    CHECK_EQ(CALL(&g, path_unlink_file, DIR_FD, PATH_ARGS(&g, "sec/")), PWI_ENOTDIR);
    REFUSED(CALL(&g, path_unlink_file, DIR_FD, PATH_ARGS(&g, "l/secret")));
    CHECK_EQ(CALL(&g, path_unlink_file, DIR_FD, PATH_ARGS(&g, "f/")), PWI_ENOTDIR);
    CHECK_EQ(CALL(&g, path_unlink_file, DIR_FD, PATH_ARGS(&g, "d")), PWI_EISDIR);
    CHECK_EQ(CALL(&g, path_unlink_file, DIR_FD, PATH_ARGS(&g, "d/")), PWI_EISDIR);
    CHECK_EQ(CALL(&g, path_unlink_file, DIR_FD, PATH_ARGS(&g, ".")), PWI_EISDIR);
    CHECK_EQ(CALL(&g, path_unlink_file, DIR_FD, PATH_ARGS(&g, "none/")), PWI_ENOENT);
    CHECK_EQ(CALL(&g, path_unlink_file, DIR_FD, PATH_ARGS(&g, "lf")), 0); /* the link */
    CHECK(exists_outside("sb/f") && exists_outside("empty") && exists_outside("out/secret") &&
          exists_outside("out/sub") && !exists_outside("sb/lf"));
}

static pwi_errno rename_in(uint32_t from_fd, const char *from, uint32_t to_fd, const char *to)
{
    uint32_t length = guest_put(&g, AT_PATH2, to);
    return CALL(&g, path_rename, from_fd, PATH_ARGS(&g, from), to_fd, AT_PATH2, length);
}

static pwi_errno link_in(uint32_t from_fd, uint32_t flags, const char *from, uint32_t to_fd, const char *to)
{
    uint32_t length = guest_put(&g, AT_PATH2, to);
    return CALL(&g, path_link, from_fd, flags, PATH_ARGS(&g, from), to_fd, AT_PATH2, length);
}

static pwi_errno symlink_in(const char *content, const char *path)
{
    uint32_t length = guest_put(&g, AT_PATH2, content);
    return CALL(&g, path_symlink, AT_PATH2, length, DIR_FD, PATH_ARGS(&g, path));
}

static void test_rename_and_links(void) /* P21-P24 */
{
    REFUSED(rename_in(DIR_FD, "f", DIR_FD, "l/x"));
    REFUSED(rename_in(DIR_FD, "l/secret", DIR_FD, "got"));
    REFUSED(rename_in(DIR_FD, "d", DIR_FD, "le/"));
    REFUSED(rename_in(DIR_FD, "f", DIR_FD, "../f2"));
    CHECK_EQ(rename_in(DIR_FD, "f/", DIR_FD, "x"), PWI_ENOTDIR);
    CHECK_EQ(rename_in(DIR_FD, "f", DIR_FD, "x/"), PWI_ENOTDIR);
    CHECK_EQ(rename_in(DIR_FD, ".", DIR_FD, "x"), PWI_EINVAL);
    CHECK_EQ(rename_in(DIR_FD, "d/", DIR_FD, "dd/"), 0);
    CHECK_EQ(rename_in(DIR_FD, "dd", DIR_FD, "d"), 0);
    CHECK_EQ(link_in(DIR_FD, 1, "l", DIR_FD, "hard"), PWI_EINVAL);
    CHECK_EQ(link_in(DIR_FD, 1, "sec", DIR_FD, "hard"), PWI_EINVAL);
    REFUSED(link_in(DIR_FD, 0, "l/secret", DIR_FD, "hard"));
    REFUSED(link_in(DIR_FD, 0, "f", DIR_FD, "l/hard"));
    CHECK_EQ(link_in(DIR_FD, 0, "f", DIR_FD, "hard/"), PWI_ENOENT);
    CHECK_EQ(link_in(DIR_FD, 0, "f/", DIR_FD, "hard"), PWI_ENOTDIR);
    CHECK_EQ(link_in(DIR_FD, 0, "d/", DIR_FD, "hard"), PWI_EPERM);
    CHECK_EQ(link_in(DIR_FD, 0, "f", DIR_FD, "d"), PWI_EEXIST);
    CHECK_EQ(link_in(DIR_FD, 0, "f", DIR_FD, "hard"), 0);
    CHECK_EQ(CALL(&g, path_readlink, DIR_FD, PATH_ARGS(&g, "l/"), AT_BUFFER, 100, AT_RESULT), PWI_EPERM);
    CHECK_EQ(CALL(&g, path_readlink, DIR_FD, PATH_ARGS(&g, "in/"), AT_BUFFER, 100, AT_RESULT), PWI_EINVAL);
    CHECK_EQ(CALL(&g, path_readlink, DIR_FD, PATH_ARGS(&g, "l"), AT_BUFFER, 100, AT_RESULT), 0);
    CHECK(result_u32(&g) == 6 && memcmp(g.memory + AT_BUFFER, "../out", 6) == 0);
    CHECK_EQ(CALL(&g, path_readlink, DIR_FD, PATH_ARGS(&g, "l"), AT_BUFFER, 3, AT_RESULT), 0);
    CHECK_EQ(result_u32(&g), 3);
    CHECK_EQ(CALL(&g, path_readlink, DIR_FD, PATH_ARGS(&g, "f"), AT_BUFFER, 3, AT_RESULT), PWI_EINVAL);
    CHECK_EQ(symlink_in("/etc/passwd", "s"), PWI_EPERM);
    CHECK_EQ(symlink_in("", "s"), PWI_ENOENT);
    CHECK_EQ(symlink_in("f", "s/"), PWI_ENOENT);
    CHECK_EQ(symlink_in("f", "d/"), PWI_EEXIST);
    REFUSED(symlink_in("f", "l/s"));
    CHECK_EQ(symlink_in("../out/secret", "s"), 0);
    REFUSED(try_open("s", 1, 0, RIGHTS_READ));
    CHECK(!exists_outside("out/x") && !exists_outside("out/hard") && !exists_outside("out/s") &&
          !exists_outside("f2") && exists_outside("out/secret") && !exists_outside("sb/got"));
}

static void test_grants(void) /* P26-P30, P43 */
{
    uint32_t fd, dir;
    const pw_wasi_denial *denial;
    CHECK_EQ(rename_in(RO_FD, "f", DIR_FD, "moved"), PWI_EPERM);
    CHECK_EQ(link_in(RO_FD, 0, "f", DIR_FD, "linked"), PWI_EPERM);
    CHECK_EQ(link_in(DIR_FD, 0, "f", RO_FD, "linked"), PWI_EPERM);
    /* may make and remove names, but not write: what gets out of there would become writable */
    CHECK_EQ(link_in(NO_WRITE_FD, 0, "f", DIR_FD, "linked"), PWI_EPERM);
    CHECK_EQ(rename_in(NO_WRITE_FD, "f", DIR_FD, "moved"), PWI_EPERM);
    CHECK_EQ(link_in(NO_WRITE_FD, 0, "f", NO_WRITE_FD, "same_grant"), 0);
    CHECK_EQ(guest_path_open(&g, NO_WRITE_FD, 1, "same_grant", 0, RIGHTS_WRITE, &fd), PWI_EPERM);
    CHECK_EQ(CALL(&g, path_unlink_file, NO_WRITE_FD, PATH_ARGS(&g, "same_grant")), 0);
    CHECK_EQ(guest_path_open(&g, RO_FD, 1, "f", O_TRUNC_, 0, &fd), PWI_EPERM);
    CHECK_EQ(guest_path_open(&g, RO_FD, 1, "f", 0, RIGHTS_WRITE, &fd), PWI_EPERM);
    denial = pw_wasi_last_denial(g.wasi);
    CHECK(denial && strcmp(denial->wanted, "write") == 0 && strcmp(denial->granted, "/ro") == 0);
    CHECK_EQ(guest_path_open(&g, RO_FD, 1, "brand_new", O_CREAT_, RIGHTS_READ, &fd), PWI_EPERM);
    CHECK_EQ(guest_path_open(&g, RO_FD, 1, "brand_new", O_CREAT_ | O_EXCL_, RIGHTS_READ, &fd), PWI_EPERM);
    CHECK(!exists_outside("sb/brand_new"));
    CHECK_EQ(CALL(&g, path_create_directory, RO_FD, PATH_ARGS(&g, "n")), PWI_EPERM);
    CHECK_EQ(CALL(&g, path_remove_directory, RO_FD, PATH_ARGS(&g, "d")), PWI_EPERM);
    CHECK_EQ(CALL(&g, path_unlink_file, RO_FD, PATH_ARGS(&g, "f")), PWI_EPERM);
    CHECK_EQ(CALL(&g, path_filestat_set_times, RO_FD, 1, PATH_ARGS(&g, "f"), 0, 0, 5), PWI_EPERM);
    CHECK_EQ(
        guest_path_open(&g, RO_FD, 1, "f", 0, ~(uint64_t)0 & ~(RIGHTS_WRITE | PWI_RIGHTS_WRITING | 1), &fd),
        0);
    CHECK_EQ(CALL(&g, fd_filestat_set_times, fd, 0, 0, 5), PWI_EPERM);
    CHECK_EQ(CALL(&g, fd_filestat_set_size, fd, 0), PWI_EBADF);
    CHECK_EQ(CALL(&g, fd_allocate, fd, 0, 100), PWI_EBADF);
    CHECK_EQ(CALL(&g, fd_write, fd, guest_iov(&g, AT_BUFFER, 1), 1, AT_RESULT), PWI_EBADF);
    CHECK_EQ(CALL(&g, fd_pwrite, fd, guest_iov(&g, AT_BUFFER, 1), 1, 0, AT_RESULT), PWI_EBADF);
    CHECK_EQ(CALL(&g, fd_close, fd), 0);
    CHECK_EQ(guest_path_open(&g, RO_FD, 1, "d", O_DIR_, RIGHTS_READ, &dir), 0);
    CHECK_EQ(guest_path_open(&g, dir, 1, "g", 0, RIGHTS_WRITE, &fd), PWI_EPERM);
    CHECK_EQ(guest_path_open(&g, dir, 1, "h", O_CREAT_, RIGHTS_WRITE, &fd), PWI_EPERM);
    CHECK_EQ(guest_path_open(&g, dir, 1, "../f", 0, RIGHTS_READ, &fd), PWI_EPERM);
    CHECK_EQ(CALL(&g, fd_close, dir), 0);
}

static void test_bytes(void) /* P32-P34 */
{
    char name[4200];
    uint32_t fd;
    memset(name, 'x', sizeof name);
    name[255] = '\0';
    CHECK_EQ(try_open(name, 1, 0, 0), PWI_ENOENT);
    name[255] = 'x';
    name[256] = '\0';
    CHECK_EQ(try_open(name, 1, 0, 0), PWI_ENAMETOOLONG);
    CHECK_EQ(try_open(name, 1, O_CREAT_, RIGHTS_WRITE), PWI_ENAMETOOLONG);
    for (size_t i = 0; i < 4100; i++)
        name[i] = i % 2 ? '/' : '.';
    name[4096] = '\0';
    CHECK_EQ(try_open(name, 1, 0, 0), 0);
    name[4096] = '.';
    name[4097] = '\0';
    CHECK_EQ(try_open(name, 1, 0, 0), PWI_ENAMETOOLONG);
    CHECK_EQ(CALL(&g, path_open, DIR_FD, 0, AT_PATH, 3, 0, 0, 0, 0, AT_RESULT), 0); /* "./." */
    fd = result_u32(&g);
    CHECK_EQ(CALL(&g, fd_close, fd), 0);
    memcpy(g.memory + AT_PATH, "f\0x", 3);
    CHECK_EQ(CALL(&g, path_open, DIR_FD, 0, AT_PATH, 3, 0, 0, 0, 0, AT_RESULT), PWI_EINVAL);
    CHECK_EQ(try_open("\xff", 1, 0, 0), PWI_EILSEQ);
    CHECK_EQ(try_open("\xc0\xaf", 1, 0, 0), PWI_EILSEQ); /* an overlong '/' */
    CHECK_EQ(try_open("..\xc0\xaf..", 1, 0, 0), PWI_EILSEQ);
    CHECK_EQ(try_open("", 1, 0, 0), PWI_ENOENT);
    CHECK_EQ(try_open("/", 1, 0, 0), PWI_EPERM);
    CHECK_EQ(try_open("/etc/passwd", 1, 0, 0), PWI_EPERM);
    CHECK_EQ(try_open("//", 1, 0, 0), PWI_EPERM);
}

static void test_nested_preopen(void) /* P35: ".." from /sub does not reach "/" */
{
    uint32_t fd;
    CHECK_EQ(guest_path_open(&g, SUB_FD, 1, "g", 0, RIGHTS_READ, &fd), 0);
    CHECK_EQ(CALL(&g, fd_close, fd), 0);
    CHECK_EQ(guest_path_open(&g, SUB_FD, 1, "../f", 0, RIGHTS_READ, &fd), PWI_EPERM);
    CHECK_EQ(guest_path_open(&g, SUB_FD, 1, "back", 0, RIGHTS_READ, &fd), PWI_EPERM);
}

static void test_special_files(void) /* P40, P41 */
{
    uint32_t fd;
    if (mkfifo("sb/fifo", 0600) != 0 || mkdir("sb/gone", 0700) != 0)
        exit(3);
    CHECK_EQ(guest_path_open(&g, DIR_FD, 1, "fifo", 0, RIGHTS_READ, &fd), 0); /* does not wait for a writer */
    CHECK_EQ(CALL(&g, fd_fdstat_set_flags, fd, PWI_FDFLAG_NONBLOCK), 0);
    pwi_errno error = CALL(&g, fd_read, fd, guest_iov(&g, AT_BUFFER, 10), 1, AT_RESULT);
    CHECK(error == PWI_EAGAIN || (error == 0 && result_u32(&g) == 0));
    CHECK_EQ(CALL(&g, fd_close, fd), 0);
    CHECK_EQ(guest_path_open(&g, DIR_FD, 1, "gone", O_DIR_, RIGHTS_READ, &fd), 0);
    if (rmdir("sb/gone") != 0)
        exit(3);
    uint32_t inner;
    CHECK_EQ(guest_path_open(&g, fd, 1, "x", O_CREAT_, RIGHTS_WRITE, &inner), PWI_ENOENT);
    CHECK_EQ(CALL(&g, fd_close, fd), 0);
}

static void test_depth_and_chains(void) /* P31: forty links are followed, not one more */
{
    char name[32], content[32];
    for (int i = 1; i <= 42; i++) {
        snprintf(name, sizeof name, "sb/c%d", i);
        snprintf(content, sizeof content, i == 1 ? "f" : "c%d", i - 1);
        link_to(content, name);
    }
    CHECK_EQ(try_open("c1", 1, 0, RIGHTS_READ), 0);
    CHECK_EQ(try_open("c40", 1, 0, RIGHTS_READ), 0);
    CHECK_EQ(try_open("c41", 1, 0, RIGHTS_READ), PWI_ELOOP);
}

static void run_mode(pw_wasi_resolver resolver)
{
    char sandbox[80], sub[80];
    pw_wasi_config *config;
    make_tree();
    snprintf(sandbox, sizeof sandbox, "%s/sb", tree);
    snprintf(sub, sizeof sub, "%s/sb/d", tree);
    if (pw_wasi_config_new(&config) != PW_OK ||
        pw_wasi_config_dir(config, sandbox, "/", PW_WASI_READ_WRITE) != PW_OK ||
        pw_wasi_config_dir(config, sandbox, "/ro", PW_WASI_READ_ONLY) != PW_OK ||
        pw_wasi_config_dir(config, sub, "/sub", PW_WASI_READ_WRITE) != PW_OK ||
        pw_wasi_config_dir(config, sandbox, "/names", PW_WASI_READ | PW_WASI_CREATE | PW_WASI_DELETE) !=
            PW_OK)
        exit(3);
    pw_wasi_config_resolver(config, resolver);
    guest_open(&g, config);
    pw_wasi_config_free(config);
    uint32_t open_before = pw_wasi_open_fds(g.wasi);
    test_inside_works();
    test_escapes_by_open();
    test_create_through_links();
    test_stat_and_times();
    test_removing();
    test_rename_and_links();
    test_grants();
    test_bytes();
    test_nested_preopen();
    test_special_files();
    test_depth_and_chains();
    CHECK_EQ(pw_wasi_open_fds(g.wasi), open_before);
    guest_close(&g);
    remove_tree();
}

static int open_host_fds(void)
{
    int count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* Each mode in a process of its own: a filter cannot be taken off again. */
static void run_child(const char *name, pw_wasi_resolver resolver, int openat2_errno)
{
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        if (openat2_errno != 0 && !deny_openat2(openat2_errno))
            _exit(77);
        int before = open_host_fds();
        run_mode(resolver);
        CHECK_EQ(open_host_fds(), before);
        fflush(stdout);
        exit(failures ? 1 : 0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        exit(3);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
        printf("%s: skipped, this system has no seccomp filters\n", name);
        return;
    }
    printf("%s: %s\n", name, status == 0 ? "ok" : "FAILED");
    failures += status != 0;
}

int main(void)
{
    run_child("auto", PW_WASI_RESOLVER_AUTO, 0);
    run_child("walker", PW_WASI_RESOLVER_WALKER, 0);
    if (has_openat2())
        run_child("openat2", PW_WASI_RESOLVER_OPENAT2, 0);
    else
        printf("openat2: skipped, this kernel has none\n");
    run_child("openat2 answers ENOSYS", PW_WASI_RESOLVER_AUTO, ENOSYS);
    run_child("openat2 answers EPERM", PW_WASI_RESOLVER_AUTO, EPERM);
    return finish("test_wasi_path_posix");
}
