/* Descriptors and files: reading, writing, seeking, rights, flags, renumbering, directory listings with cookies,
 * limits, devices and magic links (P10, P29 as far as rights go, P42, A07-A11). */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#ifdef __linux__
#include <sys/sysmacros.h>
#endif
#include <unistd.h>

#include "test_wasi_support.h"

static char tree[64];
static guest g;
static const uint32_t DIR_FD = 3;

static void open_guest(uint32_t max_fds, uint32_t max_dirents)
{
    pw_wasi_config *config;
    strcpy(tree, "/tmp/wasi_files_XXXXXX");
    if (!mkdtemp(tree) || pw_wasi_config_new(&config) != PW_OK ||
        pw_wasi_config_dir(config, tree, "/data", PW_WASI_READ_WRITE) != PW_OK)
        exit(3);
    pw_wasi_config_max_fds(config, max_fds);
    pw_wasi_config_max_dirents(config, max_dirents);
    guest_open(&g, config);
    pw_wasi_config_free(config);
}

static void close_guest(void)
{
    char command[96];
    guest_close(&g);
    snprintf(command, sizeof command, "rm -rf %s", tree);
    if (system(command) != 0)
        exit(3);
}

static uint32_t must_open(const char *path, uint32_t oflags, uint64_t rights)
{
    uint32_t fd = 0;
    CHECK_EQ(guest_path_open(&g, DIR_FD, 1, path, oflags, rights, &fd), 0);
    return fd;
}

static pwi_errno write_text(uint32_t fd, const char *text)
{
    uint32_t length = guest_put(&g, AT_BUFFER, text);
    return CALL(&g, fd_write, fd, guest_iov(&g, AT_BUFFER, length), 1, AT_RESULT);
}

static pwi_errno read_some(uint32_t fd, uint32_t size)
{
    memset(g.memory + AT_BUFFER, 0, 256);
    return CALL(&g, fd_read, fd, guest_iov(&g, AT_BUFFER, size), 1, AT_RESULT);
}

static bool buffer_is(const char *text)
{
    return memcmp(g.memory + AT_BUFFER, text, strlen(text)) == 0;
}

static void test_reading_and_writing(void)
{
    open_guest(256, 1000);
    uint32_t fd = must_open("file", O_CREAT_, RIGHTS_READ | RIGHTS_WRITE);
    CHECK_EQ(fd, 4);
    CHECK_EQ(write_text(fd, "hello world"), 0);
    CHECK_EQ(result_u32(&g), 11);
    CHECK_EQ(CALL(&g, fd_tell, fd, AT_RESULT), 0);
    CHECK_EQ(result_u64(&g), 11);
    CHECK_EQ(CALL(&g, fd_seek, fd, (pw_slot)-5, 2, AT_RESULT), 0);
    CHECK_EQ(result_u64(&g), 6);
    CHECK_EQ(CALL(&g, fd_seek, fd, (pw_slot)-7, 1, AT_RESULT), PWI_EINVAL);
    CHECK_EQ(CALL(&g, fd_seek, fd, 0, 3, AT_RESULT), PWI_EINVAL);
    CHECK_EQ(read_some(fd, 100), 0);
    CHECK(result_u32(&g) == 5 && buffer_is("world"));
    CHECK_EQ(CALL(&g, fd_pread, fd, guest_iov(&g, AT_BUFFER, 5), 1, 0, AT_RESULT), 0);
    CHECK(result_u32(&g) == 5 && buffer_is("hello"));
    CHECK_EQ(CALL(&g, fd_pread, fd, guest_iov(&g, AT_BUFFER, 5), 1, (pw_slot)1 << 63, AT_RESULT), PWI_EINVAL);
    guest_put(&g, AT_BUFFER, "J");
    CHECK_EQ(CALL(&g, fd_pwrite, fd, guest_iov(&g, AT_BUFFER, 1), 1, 0, AT_RESULT), 0);
    CHECK_EQ(CALL(&g, fd_pwrite, fd, guest_iov(&g, AT_BUFFER, 1), 1, UINT64_MAX, AT_RESULT), PWI_EINVAL);
    CHECK_EQ(CALL(&g, fd_tell, fd, AT_RESULT), 0);
    CHECK_EQ(result_u64(&g), 11);
    CHECK_EQ(CALL(&g, fd_filestat_set_size, fd, 5), 0);
    CHECK_EQ(CALL(&g, fd_filestat_set_size, fd, (pw_slot)1 << 63), PWI_EINVAL);
    CHECK_EQ(CALL(&g, fd_filestat_get, fd, AT_RESULT), 0);
    CHECK_EQ(pwi_load_u64(g.memory + AT_RESULT + 32), 5);
    CHECK_EQ(g.memory[AT_RESULT + 16], PWI_TYPE_REGULAR_FILE);
    pwi_errno error = CALL(&g, fd_allocate, fd, 0, 100);
    CHECK(error == 0 || error == PWI_ENOTSUP);
    CHECK_EQ(CALL(&g, fd_filestat_get, fd, AT_RESULT), 0);
    CHECK_EQ(pwi_load_u64(g.memory + AT_RESULT + 32), error == 0 ? 100 : 5);
    CHECK_EQ(CALL(&g, fd_advise, fd, 0, 10, 0), 0);
    CHECK_EQ(CALL(&g, fd_advise, fd, 0, 10, 6), PWI_EINVAL);
    CHECK_EQ(CALL(&g, fd_advise, fd, 2, UINT64_MAX, 0), PWI_EINVAL);
    CHECK_EQ(CALL(&g, fd_sync, fd), 0);
    CHECK_EQ(CALL(&g, fd_datasync, fd), 0);
    CHECK_EQ(CALL(&g, fd_filestat_set_times, fd, 5000000000u, 7, 5), 0);
    CHECK_EQ(CALL(&g, fd_filestat_set_times, fd, 0, 0, 3), PWI_EINVAL);
    CHECK_EQ(CALL(&g, fd_filestat_set_times, fd, 0, 0, 12), PWI_EINVAL);
    CHECK_EQ(CALL(&g, fd_filestat_set_times, fd, 0, 0, 16), PWI_EINVAL);
    CHECK_EQ(CALL(&g, fd_filestat_get, fd, AT_RESULT), 0);
    CHECK_EQ(pwi_load_u64(g.memory + AT_RESULT + 40), 5000000000u);
    CHECK_EQ(pwi_load_u64(g.memory + AT_RESULT + 48), 7);
    CHECK_EQ(CALL(&g, fd_close, fd), 0);
    CHECK_EQ(CALL(&g, fd_close, fd), PWI_EBADF);
    close_guest();
}

static void test_append(void)
{
    open_guest(256, 1000);
    CHECK_EQ(CALL(&g, path_open, DIR_FD, 0, PATH_ARGS(&g, "log"), O_CREAT_, RIGHTS_READ | RIGHTS_WRITE, 0,
                  PWI_FDFLAG_APPEND, AT_RESULT),
             0);
    uint32_t fd = result_u32(&g);
    CHECK_EQ(write_text(fd, "one"), 0);
    CHECK_EQ(CALL(&g, fd_seek, fd, 0, 0, AT_RESULT), 0);
    CHECK_EQ(write_text(fd, "two"), 0);
    CHECK_EQ(CALL(&g, fd_fdstat_get, fd, AT_RESULT), 0);
    CHECK_EQ(pwi_load_u16(g.memory + AT_RESULT + 2), PWI_FDFLAG_APPEND);
    CHECK_EQ(CALL(&g, fd_fdstat_set_flags, fd, 0), 0);
    CHECK_EQ(CALL(&g, fd_seek, fd, 0, 0, AT_RESULT), 0);
    CHECK_EQ(write_text(fd, "1"), 0);
    CHECK_EQ(CALL(&g, fd_fdstat_set_flags, fd, PWI_FDFLAG_SYNC), PWI_EINVAL);
    CHECK_EQ(CALL(&g, fd_fdstat_set_flags, fd, 32), PWI_EINVAL);
    CHECK_EQ(CALL(&g, fd_pread, fd, guest_iov(&g, AT_BUFFER, 10), 1, 0, AT_RESULT), 0);
    CHECK(result_u32(&g) == 6 && buffer_is("1netwo"));
    close_guest();
}

static void test_rights(void)
{
    const uint64_t dir_base =
        PWI_RIGHT(PATH_CREATE_DIRECTORY) | PWI_RIGHT(PATH_CREATE_FILE) | PWI_RIGHT(PATH_LINK_SOURCE) |
        PWI_RIGHT(PATH_LINK_TARGET) | PWI_RIGHT(PATH_OPEN) | PWI_RIGHT(FD_READDIR) |
        PWI_RIGHT(PATH_READLINK) | PWI_RIGHT(PATH_RENAME_SOURCE) | PWI_RIGHT(PATH_RENAME_TARGET) |
        PWI_RIGHT(PATH_SYMLINK) | PWI_RIGHT(PATH_REMOVE_DIRECTORY) | PWI_RIGHT(PATH_UNLINK_FILE) |
        PWI_RIGHT(PATH_FILESTAT_GET) | PWI_RIGHT(PATH_FILESTAT_SET_TIMES) | PWI_RIGHT(FD_FILESTAT_GET) |
        PWI_RIGHT(FD_FILESTAT_SET_TIMES);
    open_guest(256, 1000);
    CHECK_EQ(CALL(&g, fd_fdstat_get, DIR_FD, AT_RESULT), 0);
    uint64_t base = pwi_load_u64(g.memory + AT_RESULT + 8),
             inheriting = pwi_load_u64(g.memory + AT_RESULT + 16);
    CHECK_EQ(g.memory[AT_RESULT], PWI_TYPE_DIRECTORY);
    CHECK_EQ(base & dir_base, dir_base);
    CHECK_EQ(base & (PWI_RIGHT(FD_SEEK) | PWI_RIGHT(FD_TELL) | PWI_RIGHT(FD_FILESTAT_SET_SIZE)), 0);
    CHECK_EQ(inheriting & pwi_rights_file, pwi_rights_file);
    CHECK_EQ(CALL(&g, fd_close, must_open(".", O_DIR_, base)), 0); /* a directory anew, with all it has */
    CHECK_EQ(CALL(&g, fd_close, must_open("file", O_CREAT_, RIGHTS_WRITE)), 0);
    uint32_t fd, none = must_open("file", 0, 0);
    CHECK_EQ(read_some(none, 10), PWI_EBADF);
    CHECK_EQ(write_text(none, "x"), PWI_EBADF);
    CHECK_EQ(CALL(&g, fd_filestat_get, none, AT_RESULT), 0);
    /* taking away, and not getting back */
    uint32_t file = must_open("file", 0, RIGHTS_READ | RIGHTS_WRITE);
    CHECK_EQ(CALL(&g, fd_fdstat_get, file, AT_RESULT), 0);
    uint64_t has = pwi_load_u64(g.memory + AT_RESULT + 8);
    CHECK_EQ(CALL(&g, fd_fdstat_set_rights, file, has & ~RIGHTS_WRITE, 0), 0);
    CHECK_EQ(write_text(file, "x"), PWI_ENOTCAPABLE);
    CHECK_EQ(CALL(&g, fd_fdstat_set_rights, file, has, 0), PWI_ENOTCAPABLE);
    CHECK_EQ(CALL(&g, fd_fdstat_set_rights, file, has & ~(RIGHTS_WRITE | PWI_RIGHT(FD_SEEK)), 0), 0);
    CHECK_EQ(CALL(&g, fd_seek, file, 0, 0, AT_RESULT), PWI_ENOTCAPABLE);
    /* what a directory has lost, its children do not have */
    uint32_t dir = must_open(".", O_DIR_, 0);
    CHECK_EQ(CALL(&g, fd_fdstat_set_rights, dir, base & ~PWI_RIGHT(PATH_FILESTAT_SET_SIZE), inheriting), 0);
    CHECK_EQ(guest_path_open(&g, dir, 0, "file", O_TRUNC_, 0, &fd), PWI_ENOTCAPABLE);
    CHECK_EQ(guest_path_open(&g, dir, 0, "file", 0, RIGHTS_WRITE, &fd), 0);
    CHECK_EQ(CALL(&g, fd_fdstat_set_rights, dir, base & ~PWI_RIGHT(PATH_FILESTAT_SET_SIZE),
                  inheriting & ~(RIGHTS_WRITE | PWI_RIGHT(PATH_UNLINK_FILE))),
             0);
    CHECK_EQ(guest_path_open(&g, dir, 0, "file", 0, RIGHTS_WRITE, &fd), PWI_ENOTCAPABLE);
    CHECK_EQ(CALL(&g, path_unlink_file, dir, PATH_ARGS(&g, "none")), PWI_ENOENT);
    uint32_t again;
    CHECK_EQ(guest_path_open(&g, dir, 0, ".", O_DIR_, 0, &again), 0);
    CHECK_EQ(CALL(&g, path_unlink_file, again, PATH_ARGS(&g, "file")), PWI_ENOTCAPABLE);
    /* a link from the attenuated directory into the whole one would bring the rights back */
    uint32_t length = guest_put(&g, AT_PATH2, "alias");
    CHECK_EQ(CALL(&g, path_link, dir, 0, PATH_ARGS(&g, "file"), DIR_FD, AT_PATH2, length), PWI_ENOTCAPABLE);
    CHECK_EQ(CALL(&g, path_rename, dir, PATH_ARGS(&g, "file"), DIR_FD, AT_PATH2, length), PWI_ENOTCAPABLE);
    close_guest();
}

static void test_directory_descriptors(void)
{
    open_guest(256, 1000);
    CHECK_EQ(read_some(DIR_FD, 1), PWI_EISDIR);
    CHECK_EQ(write_text(DIR_FD, "x"), PWI_EBADF);
    CHECK_EQ(CALL(&g, fd_pread, DIR_FD, guest_iov(&g, AT_BUFFER, 1), 1, 0, AT_RESULT), PWI_EISDIR);
    CHECK_EQ(CALL(&g, fd_pwrite, DIR_FD, guest_iov(&g, AT_BUFFER, 1), 1, 0, AT_RESULT), PWI_EBADF);
    CHECK_EQ(CALL(&g, fd_seek, DIR_FD, 0, 0, AT_RESULT), PWI_EBADF);
    CHECK_EQ(CALL(&g, fd_tell, DIR_FD, AT_RESULT), PWI_EBADF);
    CHECK_EQ(CALL(&g, fd_allocate, DIR_FD, 0, 1), PWI_EISDIR);
    CHECK_EQ(CALL(&g, fd_filestat_set_size, DIR_FD, 1), PWI_EISDIR);
    CHECK_EQ(CALL(&g, fd_advise, DIR_FD, 0, 1, 0), PWI_EBADF);
    CHECK_EQ(CALL(&g, fd_filestat_get, DIR_FD, AT_RESULT), 0);
    CHECK_EQ(CALL(&g, fd_prestat_get, DIR_FD, AT_RESULT), 0);
    CHECK(result_u32(&g) == 0 && pwi_load_u32(g.memory + AT_RESULT + 4) == 5);
    CHECK_EQ(CALL(&g, fd_prestat_dir_name, DIR_FD, AT_BUFFER, 4), PWI_ENAMETOOLONG);
    g.memory[AT_BUFFER + 5] = '!';
    CHECK_EQ(CALL(&g, fd_prestat_dir_name, DIR_FD, AT_BUFFER, 10), 0);
    CHECK(buffer_is("/data!"));
    CHECK_EQ(CALL(&g, fd_prestat_get, DIR_FD + 1, AT_RESULT), PWI_EBADF);
    uint32_t child = must_open(".", O_DIR_, 0);
    CHECK_EQ(CALL(&g, fd_prestat_get, child, AT_RESULT), PWI_EBADF); /* not a preopen itself */
    close_guest();
}

static void test_renumber(void) /* A10, P42 */
{
    open_guest(256, 1000);
    uint32_t a = must_open("a", O_CREAT_, RIGHTS_WRITE), b = must_open("b", O_CREAT_, RIGHTS_WRITE);
    CHECK_EQ(CALL(&g, fd_renumber, a, 77), PWI_EBADF);
    CHECK_EQ(CALL(&g, fd_renumber, 77, a), PWI_EBADF);
    CHECK_EQ(CALL(&g, fd_renumber, a, UINT32_MAX), PWI_EBADF);
    CHECK_EQ(CALL(&g, fd_renumber, UINT32_MAX, UINT32_MAX), PWI_EBADF);
    CHECK_EQ(CALL(&g, fd_renumber, a, a), 0);
    CHECK_EQ(CALL(&g, fd_renumber, a, b), 0);
    CHECK_EQ(write_text(a, "x"), PWI_EBADF);
    CHECK_EQ(write_text(b, "x"), 0);
    CHECK_EQ(CALL(&g, fd_renumber, b, 1), 0); /* onto stdout */
    CHECK_EQ(write_text(1, "y"), 0);
    CHECK_EQ(CALL(&g, fd_renumber, 1, DIR_FD), 0); /* onto the preopen */
    CHECK_EQ(CALL(&g, fd_prestat_get, DIR_FD, AT_RESULT), PWI_EBADF);
    CHECK_EQ(CALL(&g, path_open, DIR_FD, 0, PATH_ARGS(&g, "a"), 0, 0, 0, 0, AT_RESULT), PWI_ENOTDIR);
    CHECK_EQ(write_text(DIR_FD, "z"), 0);
    CHECK_EQ(pw_wasi_open_fds(g.wasi), 3);
    close_guest();
    open_guest(256, 1000);
    for (int i = 0; i < 2000; i++) { /* no host descriptor may be lost */
        uint32_t from = must_open("a", O_CREAT_, RIGHTS_WRITE), to = must_open("a", 0, RIGHTS_WRITE);
        CHECK_EQ(CALL(&g, fd_renumber, from, to), 0);
        CHECK_EQ(CALL(&g, fd_close, to), 0);
    }
    CHECK_EQ(pw_wasi_open_fds(g.wasi), 4);
    close_guest();
}

static void test_limits(void) /* A11 */
{
    uint32_t fd;
    struct stat st;
    char path[96];
    open_guest(6, 3);
    CHECK_EQ(must_open("a", O_CREAT_, RIGHTS_WRITE), 4);
    CHECK_EQ(must_open("a", 0, RIGHTS_WRITE), 5);
    CHECK_EQ(guest_path_open(&g, DIR_FD, 0, "b", O_CREAT_, RIGHTS_WRITE, &fd), PWI_EMFILE);
    snprintf(path, sizeof path, "%s/b", tree);
    CHECK(stat(path, &st) != 0); /* and nothing was made */
    CHECK_EQ(CALL(&g, fd_close, 4), 0);
    CHECK_EQ(must_open("b", O_CREAT_, RIGHTS_WRITE), 4);
    CHECK_EQ(CALL(&g, fd_close, 4), 0);
    CHECK_EQ(CALL(&g, fd_readdir, DIR_FD, AT_BUFFER, 1000, 0, AT_RESULT), 0);
    CHECK_EQ(CALL(&g, fd_close, must_open("c", O_CREAT_, RIGHTS_WRITE)), 0);
    CHECK_EQ(CALL(&g, fd_close, must_open("d", O_CREAT_, RIGHTS_WRITE)), 0);
    CHECK_EQ(CALL(&g, fd_readdir, DIR_FD, AT_BUFFER, 1000, 0, AT_RESULT), PWI_ENOMEM);
    close_guest();
}

/* Reads a listing through a buffer of `size` bytes, as a libc does; sets bit n for the file "f<n>". */
static uint64_t list_with(uint32_t size, bool unlink_first)
{
    uint64_t seen = 0, cookie = 0;
    for (int rounds = 0; rounds < 1000; rounds++) {
        CHECK_EQ(CALL(&g, fd_readdir, DIR_FD, AT_BUFFER, size, cookie, AT_RESULT), 0);
        uint32_t used = result_u32(&g), at = 0;
        while (used - at >= 24) {
            const uint8_t *entry = g.memory + AT_BUFFER + at;
            uint32_t length = pwi_load_u32(entry + 16);
            if (used - at - 24 < length)
                break;
            char name[8] = "";
            memcpy(name, entry + 24, length < sizeof name ? length : sizeof name - 1);
            if (name[0] == 'f') {
                uint64_t bit = (uint64_t)1 << atoi(name + 1);
                CHECK((seen & bit) == 0 && entry[20] == PWI_TYPE_REGULAR_FILE &&
                      pwi_load_u64(entry + 8) != 0);
                seen |= bit;
            } else {
                CHECK(entry[20] == PWI_TYPE_DIRECTORY && pwi_load_u64(entry + 8) != 0);
            }
            cookie = pwi_load_u64(entry);
            at += 24 + length;
        }
        if (unlink_first && rounds == 0)
            for (int i = 0; i < 10; i++) {
                char name[16];
                snprintf(name, sizeof name, "f%d", i);
                CHECK_EQ(CALL(&g, path_unlink_file, DIR_FD, PATH_ARGS(&g, name)), 0);
            }
        if (used < size)
            return seen;
    }
    CHECK(false && "the listing ends");
    return 0;
}

static void test_readdir(void) /* A07-A09 */
{
    char name[16];
    open_guest(256, 1000);
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "f%d", i);
        CHECK_EQ(CALL(&g, fd_close, must_open(name, O_CREAT_, RIGHTS_WRITE)), 0);
    }
    const uint64_t all = ((uint64_t)1 << 40) - 1;
    CHECK_EQ(list_with(4096, false), all);
    CHECK_EQ(list_with(100, false), all);
    CHECK_EQ(list_with(27, false), all);
    CHECK_EQ(CALL(&g, fd_readdir, DIR_FD, AT_BUFFER, 1000, 0, AT_RESULT), 0);
    const uint8_t *dot = g.memory + AT_BUFFER; /* "." and "..", the root being its own parent */
    CHECK(pwi_load_u32(dot + 16) == 1 && dot[24] == '.' && pwi_load_u32(dot + 25 + 16) == 2);
    CHECK_EQ(pwi_load_u64(dot + 8), pwi_load_u64(dot + 25 + 8));
    for (uint32_t size = 0; size <= 25; size++) {
        memset(g.memory + AT_BUFFER, 0xee, 64);
        CHECK_EQ(CALL(&g, fd_readdir, DIR_FD, AT_BUFFER, size, 0, AT_RESULT), 0);
        CHECK_EQ(result_u32(&g), size);
        CHECK_EQ(g.memory[AT_BUFFER + size], 0xee);
    }
    CHECK_EQ(CALL(&g, fd_readdir, DIR_FD, AT_BUFFER, 100, 42, AT_RESULT), 0);
    CHECK_EQ(result_u32(&g), 0);
    CHECK_EQ(CALL(&g, fd_readdir, DIR_FD, AT_BUFFER, 100, UINT64_MAX, AT_RESULT), 0);
    CHECK_EQ(result_u32(&g), 0);
    CHECK_EQ(list_with(100, true), all); /* unlinking while reading skips and repeats nothing */
    CHECK_EQ(list_with(100, false), all & ~(uint64_t)1023);
    uint32_t file = must_open("f20", 0, RIGHTS_READ);
    CHECK_EQ(CALL(&g, fd_readdir, file, AT_BUFFER, 100, 0, AT_RESULT), PWI_ENOTDIR);
    close_guest();
}

static void test_magic_links_and_devices(void) /* P10, P40 */
{
    static const char *const paths[] = {"self/root/", "self/root/etc", "self/cwd/",        "self/fd/0",
                                        "self/exe",   "self/fd/0/",    "thread-self/root/"};
    pw_wasi_config *config;
    uint32_t fd;
    if (access("/proc/self/root", F_OK) != 0) {
        printf("magic links: skipped, this system has no /proc\n");
        return;
    }
    for (int mode = 0; mode < 2; mode++) {
        if (pw_wasi_config_new(&config) != PW_OK ||
            pw_wasi_config_dir(config, "/proc", "/proc", PW_WASI_READ_ONLY) != PW_OK ||
            pw_wasi_config_dir(config, "/dev", "/dev", PW_WASI_READ_WRITE) != PW_OK)
            exit(3);
        pw_wasi_config_resolver(config, mode ? PW_WASI_RESOLVER_WALKER : PW_WASI_RESOLVER_AUTO);
        guest_open(&g, config);
        pw_wasi_config_free(config);
        for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
            CHECK(guest_path_open(&g, 3, 1, paths[i], 0, RIGHTS_READ, &fd) != 0);
        CHECK_EQ(guest_path_open(&g, 4, 1, "null", 0, RIGHTS_READ, &fd), PWI_EPERM);
        CHECK_EQ(guest_path_open(&g, 4, 1, "tty", 0, RIGHTS_READ | RIGHTS_WRITE, &fd), PWI_EPERM);
        CHECK(guest_path_open(&g, 4, 1, "fd/0", 0, RIGHTS_READ, &fd) != 0);
        const pw_wasi_denial *denial = pw_wasi_last_denial(g.wasi);
        CHECK(denial != NULL);
        guest_close(&g);
    }
}

/* Streams that are descriptors of the process: a file, and a pipe. */
/* path_open asks no more than it must: what was opened may be a file or a directory until that matters. */
static void test_unsettled_descriptors(void)
{
    uint32_t fd = 0, inner = 0;
    char path[96];
    open_guest(256, 1000);
    snprintf(path, sizeof path, "%s/d", tree);
    if (mkdir(path, 0700) != 0)
        exit(3);
    CHECK_EQ(write_text(must_open("d/f", O_CREAT_, RIGHTS_WRITE), "text"), 0);
    fd = must_open("d", 0, RIGHTS_READ);
    CHECK_EQ(read_some(fd, 4), PWI_EISDIR);
    CHECK_EQ(CALL(&g, fd_pread, fd, guest_iov(&g, AT_BUFFER, 4), 1, 0, AT_RESULT), PWI_EISDIR);
    CHECK_EQ(write_text(fd, "x"), PWI_EBADF);
    CHECK_EQ(CALL(&g, fd_seek, fd, 0, 0, AT_RESULT), PWI_EBADF);
    CHECK_EQ(CALL(&g, fd_fdstat_get, fd, AT_RESULT), 0);
    CHECK_EQ(g.memory[AT_RESULT], PWI_TYPE_DIRECTORY);
    CHECK_EQ(pwi_load_u64(g.memory + AT_RESULT + 8), pwi_rights_dir);
    CHECK_EQ(pwi_load_u64(g.memory + AT_RESULT + 16), pwi_rights_dir | pwi_rights_file);
    fd = must_open("d", 0, 0); /* used as a directory at once, without any rights asked for */
    CHECK_EQ(guest_path_open(&g, fd, 1, "f", 0, RIGHTS_READ, &inner), 0);
    CHECK_EQ(CALL(&g, fd_renumber, inner, fd), 0); /* before anybody has asked what it is */
    CHECK_EQ(read_some(fd, 9), 0);
    CHECK(buffer_is("text"));
    CHECK_EQ(CALL(&g, fd_fdstat_get, fd, AT_RESULT), 0);
    CHECK_EQ(g.memory[AT_RESULT], PWI_TYPE_REGULAR_FILE);
    CHECK_EQ(pwi_load_u64(g.memory + AT_RESULT + 16), 0);
    CHECK_EQ(pwi_load_u64(g.memory + AT_RESULT + 8) & PWI_RIGHTS_WRITING, 0);
    fd = must_open("d", 0, RIGHTS_READ);
    CHECK_EQ(CALL(&g, fd_readdir, fd, AT_BUFFER, 1000, 0, AT_RESULT), 0);
    CHECK_EQ(CALL(&g, fd_close, fd), 0);
    fd = must_open("d/f", 0, RIGHTS_READ);
    CHECK_EQ(guest_path_open(&g, fd, 1, "x", 0, RIGHTS_READ, &inner), PWI_ENOTDIR);
    CHECK_EQ(CALL(&g, fd_readdir, fd, AT_BUFFER, 1000, 0, AT_RESULT), PWI_ENOTDIR);
    /* paths of several components and links in the middle, opened at once or not */
    snprintf(path, sizeof path, "%s/l", tree);
    CHECK_EQ(symlink("d", path), 0);
    snprintf(path, sizeof path, "%s/d/up", tree);
    CHECK_EQ(symlink("../d/f", path), 0);
    CHECK_EQ(guest_path_open(&g, DIR_FD, 1, "l/up", 0, RIGHTS_READ, &fd), 0);
    CHECK_EQ(guest_path_open(&g, DIR_FD, 0, "l/up", 0, RIGHTS_READ, &fd), PWI_ELOOP);
    CHECK_EQ(guest_path_open(&g, DIR_FD, 0, "l/../d/./f", 0, RIGHTS_READ, &fd), 0);
    CHECK_EQ(guest_path_open(&g, DIR_FD, 1, "d/f/", 0, RIGHTS_READ, &fd), PWI_ENOTDIR);
    CHECK_EQ(guest_path_open(&g, DIR_FD, 1, "d/no/f", O_CREAT_, RIGHTS_READ, &fd), PWI_ENOENT);
    CHECK_EQ(guest_path_open(&g, DIR_FD, 1, "d/f", O_CREAT_ | O_EXCL_, RIGHTS_READ, &fd), PWI_EEXIST);
    CHECK_EQ(guest_path_open(&g, DIR_FD, 1, "l/up", O_DIR_, RIGHTS_READ, &fd), PWI_ENOTDIR);
    CHECK_EQ(guest_path_open(&g, DIR_FD, 1, "l", O_DIR_, RIGHTS_READ, &fd), 0);
    CHECK_EQ(guest_path_open(&g, DIR_FD, 1, "d", O_CREAT_, RIGHTS_READ, &fd), PWI_EISDIR);
    CHECK_EQ(guest_path_open(&g, DIR_FD, 1, "d", 0, RIGHTS_WRITE, &fd), PWI_EISDIR);
    /* a device on a disk: only root can make one */
    snprintf(path, sizeof path, "%s/null", tree);
    if (mknod(path, S_IFCHR | 0600, makedev(1, 3)) == 0)
        CHECK_EQ(guest_path_open(&g, DIR_FD, 1, "null", 0, RIGHTS_READ, &fd), PWI_EPERM);
    else
        printf("a device node: skipped, it cannot be made\n");
    close_guest();
}

static void replace_seen(mode_t mode, dev_t device)
{
    char path[96];
    uint32_t fd = must_open("seen", O_CREAT_, RIGHTS_WRITE);
    CHECK_EQ(CALL(&g, fd_close, fd), 0);
    fd = must_open("seen", 0, RIGHTS_READ);
    CHECK_EQ(CALL(&g, fd_close, fd), 0);
    snprintf(path, sizeof path, "%s/seen", tree);
    if (unlink(path) != 0 || mknod(path, mode, device) != 0)
        printf("a node of the kind %o: skipped, it cannot be made\n", (unsigned)mode);
}

/* A name that was a file is opened without a look; what it has become is looked at before it is used. */
static void test_unseen_descriptors(void)
{
    uint32_t fd = 0;
    open_guest(256, 1000);
    replace_seen(S_IFCHR | 0600, makedev(1, 5)); /* zero: it would be read without end */
    static const uint32_t rights[] = {RIGHTS_READ, RIGHTS_WRITE, RIGHTS_READ | RIGHTS_WRITE};
    for (size_t i = 0; i < sizeof rights / sizeof rights[0]; i++) {
        pwi_errno error = guest_path_open(&g, DIR_FD, 1, "seen", 0, rights[i], &fd);
        CHECK(error == 0 || error == PWI_EPERM || error == PWI_ENOENT);
        if (error != 0)
            continue;
        for (int j = 0; j < 2; j++) {
            CHECK_EQ(read_some(fd, 9), PWI_EPERM);
            CHECK_EQ(write_text(fd, "x"), PWI_EPERM);
            CHECK_EQ(CALL(&g, fd_pread, fd, guest_iov(&g, AT_BUFFER, 4), 1, 0, AT_RESULT), PWI_EPERM);
            CHECK_EQ(CALL(&g, fd_fdstat_get, fd, AT_RESULT), PWI_EPERM);
            CHECK_EQ(CALL(&g, fd_filestat_get, fd, AT_RESULT), PWI_EPERM);
            CHECK_EQ(CALL(&g, fd_seek, fd, 0, 0, AT_RESULT), PWI_EPERM);
            CHECK_EQ(CALL(&g, fd_allocate, fd, 0, 1), PWI_EPERM);
        }
        CHECK(strcmp(pw_wasi_last_denial(g.wasi)->wanted, "a device") == 0);
        CHECK_EQ(CALL(&g, fd_renumber, fd, 0), 0);
        CHECK_EQ(read_some(0, 9), PWI_EPERM);
        close_guest();
        open_guest(256, 1000);
        replace_seen(S_IFCHR | 0600, makedev(1, 5));
    }
    close_guest();
    open_guest(256, 1000);
    replace_seen(S_IFIFO | 0600, 0);
    CHECK_EQ(guest_path_open(&g, DIR_FD, 1, "seen", 0, RIGHTS_READ | RIGHTS_WRITE, &fd), 0);
    CHECK_EQ(write_text(fd, "through"), 0);
    CHECK_EQ(read_some(fd, 99), 0);
    CHECK(buffer_is("through"));
    CHECK_EQ(CALL(&g, fd_fdstat_set_flags, fd, PWI_FDFLAG_NONBLOCK), 0);
    CHECK_EQ(read_some(fd, 9), PWI_EAGAIN);
    CHECK_EQ(CALL(&g, fd_seek, fd, 0, 0, AT_RESULT), PWI_ESPIPE);
    close_guest();
    open_guest(256, 1000);
    replace_seen(S_IFREG | 0600, 0); /* another file */
    fd = must_open("seen", 0, RIGHTS_WRITE);
    CHECK_EQ(CALL(&g, fd_fdstat_get, fd, AT_RESULT), 0);
    CHECK_EQ(g.memory[AT_RESULT], PWI_TYPE_REGULAR_FILE);
    CHECK_EQ(pwi_load_u64(g.memory + AT_RESULT + 16), 0);
    close_guest();
}

/* wasi_unstable: cur, end, set; and sizes that are its own. */
static void test_unstable(void) /* A19 */
{
    open_guest(64, 1000);
    uint32_t fd = must_open("f", O_CREAT_, RIGHTS_READ | RIGHTS_WRITE);
    CHECK_EQ(write_text(fd, "0123456789"), 0);
    pwi_call call = {.wasi = g.wasi, .memory = {g.memory, sizeof g.memory}, .is_unstable = true};
    const struct {
        uint32_t whence;
        int64_t offset;
        uint64_t position;
    } seeks[] = {{2, 3, 3}, {0, 2, 5}, {1, -1, 9}, {0, -9, 0}};
    for (size_t i = 0; i < sizeof seeks / sizeof seeks[0]; i++) {
        const pw_slot args[] = {fd, (uint64_t)seeks[i].offset, seeks[i].whence, AT_RESULT};
        CHECK_EQ(pwi_p1_call(&call, PWI_P1_fd_seek, args), 0);
        CHECK_EQ(result_u64(&g), seeks[i].position);
    }
    CHECK_EQ(pwi_p1_call(&call, PWI_P1_fd_seek, (const pw_slot[]){fd, 0, 3, AT_RESULT}), PWI_EINVAL);
    memset(g.memory + AT_RESULT, 0xee, 64);
    guest_put(&g, AT_PATH, "f");
    CHECK_EQ(
        pwi_p1_call(&call, PWI_P1_path_filestat_get, (const pw_slot[]){DIR_FD, 0, AT_PATH, 1, AT_RESULT}), 0);
    CHECK_EQ(g.memory[AT_RESULT + 16], PWI_TYPE_REGULAR_FILE);
    CHECK_EQ(pwi_load_u32(g.memory + AT_RESULT + 20), 1);  /* links */
    CHECK_EQ(pwi_load_u64(g.memory + AT_RESULT + 24), 10); /* size */
    CHECK_EQ(g.memory[AT_RESULT + 56], 0xee);
    CHECK(pw_wasi_lookup("wasi_unstable", 13, "sock_recv", 9) != NULL);
    CHECK(pw_wasi_lookup("wasi_unstable", 13, "sock_accept", 11) == NULL);
    CHECK(pw_wasi_lookup("wasi_snapshot_preview1", 22, "sock_accept", 11) != NULL);
    close_guest();
}

/* The lowest free number, whatever was closed and renumbered. */
static void test_numbers(void)
{
    open_guest(64, 1000);
    for (uint32_t i = 4; i < 12; i++)
        CHECK_EQ(must_open("f", O_CREAT_, RIGHTS_READ), i);
    CHECK_EQ(CALL(&g, fd_close, 9), 0);
    CHECK_EQ(CALL(&g, fd_close, 6), 0);
    CHECK_EQ(must_open("f", 0, RIGHTS_READ), 6);
    CHECK_EQ(CALL(&g, fd_renumber, 5, 7), 0);
    CHECK_EQ(must_open("f", 0, RIGHTS_READ), 5);
    CHECK_EQ(must_open("f", 0, RIGHTS_READ), 9);
    CHECK_EQ(must_open("f", 0, RIGHTS_READ), 12);
    close_guest();
}

static void test_stdio_descriptors(void)
{
    int pipe_fds[2];
    char path[96], text[8] = "";
    pw_wasi_config *config;
    open_guest(256, 10);
    guest_close(&g);
    snprintf(path, sizeof path, "%s/out", tree);
    int file = open(path, O_RDWR | O_CREAT, 0600);
    if (file < 0 || pipe(pipe_fds) != 0 || pw_wasi_config_new(&config) != PW_OK)
        exit(3);
    CHECK(pw_wasi_config_stdio(config, 0, &(pw_wasi_stdio){.kind = PW_WASI_STDIO_FD, .fd = pipe_fds[0]}) ==
          PW_OK);
    CHECK(pw_wasi_config_stdio(config, 1, &(pw_wasi_stdio){.kind = PW_WASI_STDIO_FD, .fd = file}) == PW_OK);
    CHECK(pw_wasi_config_stdio(config, 2, &(pw_wasi_stdio){.kind = PW_WASI_STDIO_FD, .fd = pipe_fds[1]}) ==
          PW_OK);
    guest_open(&g, config);
    CHECK_EQ(write_text(1, "file"), 0);
    CHECK(pread(file, text, 4, 0) == 4 && strcmp(text, "file") == 0);
    CHECK_EQ(CALL(&g, fd_seek, 1, 0, 0, AT_RESULT), 0);
    CHECK_EQ(read_some(1, 4), PWI_EBADF);
    CHECK_EQ(write_text(2, "pipe"), 0);
    CHECK_EQ(read_some(0, 100), 0);
    CHECK(result_u32(&g) == 4 && buffer_is("pipe"));
    CHECK_EQ(CALL(&g, fd_fdstat_set_flags, 0, PWI_FDFLAG_NONBLOCK), 0);
    CHECK_EQ(read_some(0, 100), PWI_EAGAIN);
    CHECK((fcntl(pipe_fds[0], F_GETFL) & O_NONBLOCK) == 0); /* nothing was set on the process's own pipe */
    CHECK_EQ(CALL(&g, fd_fdstat_set_flags, 2, PWI_FDFLAG_NONBLOCK), 0);
    uint64_t filled = 0; /* a full pipe: AGAIN, not a block */
    pwi_errno error;
    while ((error = CALL(&g, fd_write, 2, guest_iov(&g, AT_BUFFER, 40000), 1, AT_RESULT)) == 0 &&
           filled < 1 << 24)
        filled += result_u32(&g);
    CHECK_EQ(error, PWI_EAGAIN);
    CHECK(filled >= 4096);
    guest_close(&g);
    CHECK(pw_wasi_config_stdio(config, 0, &(pw_wasi_stdio){.kind = PW_WASI_STDIO_FD, .fd = 999}) == PW_OK);
    pw_wasi *wasi = NULL;
    pw_error details;
    memset(&details, 0, sizeof details);
    CHECK(pw_wasi_new(config, &wasi, &details) == PW_ERR_HOST && strstr(details.text, "stdin"));
    pw_wasi_config_free(config);
    close(file);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    close_guest();
}

static void test_no_such_grant(void)
{
    pw_wasi_config *config;
    pw_wasi *wasi = NULL;
    pw_error details;
    memset(&details, 0, sizeof details);
    if (pw_wasi_config_new(&config) != PW_OK)
        exit(3);
    CHECK(pw_wasi_config_dir(config, "/tmp", "", PW_WASI_READ) == PW_ERR_ARGUMENT);
    CHECK(pw_wasi_config_dir(config, "/tmp", "/x", 64) == PW_ERR_ARGUMENT);
    CHECK(pw_wasi_config_dir(config, "/no/such/place", "/x", PW_WASI_READ) == PW_OK);
    CHECK(pw_wasi_new(config, &wasi, &details) == PW_ERR_HOST && strstr(details.text, "/no/such/place"));
    pw_wasi_config_free(config);
}

int main(void)
{
    test_reading_and_writing();
    test_append();
    test_rights();
    test_directory_descriptors();
    test_renumber();
    test_limits();
    test_readdir();
    test_magic_links_and_devices();
    test_unsettled_descriptors();
    test_unseen_descriptors();
    test_unstable();
    test_numbers();
    test_stdio_descriptors();
    test_no_such_grant();
    return finish("test_wasi_files_posix");
}
