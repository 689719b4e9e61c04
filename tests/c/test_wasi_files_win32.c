/* Files and names on Windows: what a guest can do in a granted directory, and that no name leaves it or is a device
 * (P11-P13, P44-P46, P48). Runs under wine too. */
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include <windows.h>

#include "test_wasi_support.h"

static guest g;

static pwi_errno try_open(const char *path, uint32_t oflags, uint64_t rights)
{
    uint32_t fd;
    pwi_errno error = guest_path_open(&g, 3, 1, path, oflags, rights, &fd);
    if (error == PWI_ESUCCESS)
        CHECK_EQ(CALL(&g, fd_close, fd), 0);
    return error;
}

static pwi_errno rename_to(const char *from, const char *to)
{
    uint32_t length = guest_put(&g, AT_PATH2, to);
    return CALL(&g, path_rename, 3, PATH_ARGS(&g, from), 3, AT_PATH2, length);
}

static void test_files(void)
{
    uint32_t fd;
    CHECK_EQ(guest_path_open(&g, 3, 1, "f", O_CREAT_ | O_EXCL_, RIGHTS_READ | RIGHTS_WRITE, &fd), 0);
    guest_put(&g, AT_BUFFER, "hello");
    CHECK_EQ(CALL(&g, fd_write, fd, guest_iov(&g, AT_BUFFER, 5), 1, AT_RESULT), 0);
    CHECK_EQ(CALL(&g, fd_seek, fd, 1, 0, AT_RESULT), 0);
    CHECK_EQ(CALL(&g, fd_read, fd, guest_iov(&g, AT_BUFFER, 2), 1, AT_RESULT), 0);
    CHECK(result_u32(&g) == 2 && memcmp(g.memory + AT_BUFFER, "el", 2) == 0);
    CHECK_EQ(CALL(&g, fd_pread, fd, guest_iov(&g, AT_BUFFER, 9), 1, 3, AT_RESULT), 0);
    CHECK(result_u32(&g) == 2 && memcmp(g.memory + AT_BUFFER, "lo", 2) == 0);
    CHECK_EQ(CALL(&g, fd_pwrite, fd, guest_iov(&g, AT_BUFFER, 1), 1, 0, AT_RESULT), 0);
    CHECK_EQ(CALL(&g, fd_tell, fd, AT_RESULT), 0);
    CHECK_EQ(result_u64(&g), 3);
    CHECK_EQ(CALL(&g, fd_filestat_set_size, fd, 100), 0);
    CHECK_EQ(CALL(&g, fd_filestat_set_times, fd, 0, 1600000000000000000u, 4), 0);
    CHECK_EQ(CALL(&g, fd_filestat_get, fd, AT_RESULT), 0);
    CHECK_EQ(g.memory[AT_RESULT + 16], PWI_TYPE_REGULAR_FILE);
    CHECK_EQ(pwi_load_u64(g.memory + AT_RESULT + 32), 100);
    CHECK_EQ(pwi_load_u64(g.memory + AT_RESULT + 48), 1600000000000000000u);
    CHECK_EQ(CALL(&g, fd_sync, fd), 0);
    CHECK_EQ(CALL(&g, fd_close, fd), 0);
    CHECK_EQ(try_open("f", O_CREAT_ | O_EXCL_, RIGHTS_WRITE), PWI_EEXIST);
    CHECK_EQ(try_open("f", O_TRUNC_, RIGHTS_WRITE), 0);
    CHECK_EQ(CALL(&g, path_filestat_get, 3, 1, PATH_ARGS(&g, "f"), AT_RESULT), 0);
    CHECK_EQ(pwi_load_u64(g.memory + AT_RESULT + 32), 0);
    CHECK_EQ(CALL(&g, path_open, 3, 1, PATH_ARGS(&g, "f"), 0, RIGHTS_WRITE, 0, PWI_FDFLAG_APPEND, AT_RESULT),
             0);
    fd = result_u32(&g);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(CALL(&g, fd_seek, fd, 0, 0, AT_RESULT), 0);
        CHECK_EQ(CALL(&g, fd_write, fd, guest_iov(&g, AT_BUFFER, 3), 1, AT_RESULT), 0);
    }
    CHECK_EQ(CALL(&g, fd_filestat_get, fd, AT_RESULT), 0);
    CHECK_EQ(pwi_load_u64(g.memory + AT_RESULT + 32), 6);
    CHECK_EQ(CALL(&g, fd_close, fd), 0);
}

static void test_directories(void)
{
    uint32_t fd;
    CHECK_EQ(CALL(&g, path_create_directory, 3, PATH_ARGS(&g, "d/")), 0);
    CHECK_EQ(CALL(&g, path_create_directory, 3, PATH_ARGS(&g, "d")), PWI_EEXIST);
    CHECK_EQ(try_open("d/x", O_CREAT_, RIGHTS_WRITE), 0);
    CHECK_EQ(try_open("d/./../d/x", 0, RIGHTS_READ), 0);
    CHECK_EQ(try_open("d/x/", 0, RIGHTS_READ), PWI_ENOTDIR);
    CHECK_EQ(try_open("d", O_DIR_, RIGHTS_READ), 0);
    CHECK_EQ(try_open("d/..", O_DIR_, RIGHTS_READ), 0);
    CHECK_EQ(try_open("f", O_DIR_, RIGHTS_READ), PWI_ENOTDIR);
    CHECK_EQ(try_open("d", 0, RIGHTS_WRITE), PWI_EISDIR);
    CHECK_EQ(try_open("none", 0, RIGHTS_READ), PWI_ENOENT);
    CHECK_EQ(guest_path_open(&g, 3, 1, "d", O_DIR_, RIGHTS_READ, &fd), 0);
    CHECK_EQ(CALL(&g, fd_readdir, fd, AT_BUFFER, 1000, 0, AT_RESULT), 0);
    CHECK_EQ(result_u32(&g), 24 + 1 + 24 + 2 + 24 + 1); /* ".", "..", "x" */
    const uint8_t *last = g.memory + AT_BUFFER + 25 + 26;
    CHECK(last[24] == 'x' && last[20] == PWI_TYPE_REGULAR_FILE);
    CHECK_EQ(guest_path_open(&g, fd, 1, "../f", 0, RIGHTS_READ, &fd), PWI_EPERM);
    CHECK_EQ(CALL(&g, fd_close, fd), 0);
    CHECK(CALL(&g, path_remove_directory, 3, PATH_ARGS(&g, "d")) != 0); /* not empty */
    CHECK_EQ(CALL(&g, path_unlink_file, 3, PATH_ARGS(&g, "d")), PWI_EISDIR);
    CHECK_EQ(CALL(&g, path_remove_directory, 3, PATH_ARGS(&g, "f")), PWI_ENOTDIR);
    CHECK_EQ(rename_to("d/x", "y"), 0);
    CHECK_EQ(rename_to("y", "f"), 0); /* over a file */
    CHECK_EQ(try_open("y", 0, RIGHTS_READ), PWI_ENOENT);
    CHECK_EQ(rename_to("d", "e/"), 0);
    CHECK_EQ(CALL(&g, path_remove_directory, 3, PATH_ARGS(&g, "e/")), 0);
    uint32_t length = guest_put(&g, AT_PATH2, "h");
    pwi_errno error = CALL(&g, path_link, 3, 0, PATH_ARGS(&g, "f"), 3, AT_PATH2, length);
    CHECK(error == 0 || error == PWI_ENOTSUP);
    if (error == 0)
        CHECK_EQ(CALL(&g, path_unlink_file, 3, PATH_ARGS(&g, "h")), 0);
    CHECK_EQ(CALL(&g, path_unlink_file, 3, PATH_ARGS(&g, "f")), 0);
    CHECK_EQ(CALL(&g, path_unlink_file, 3, PATH_ARGS(&g, "f")), PWI_ENOENT);
}

static void test_names(void)
{
    static const char *const names[] = {"..",      "../x",    "d/../..",     "/x",       "CON",
                                        "nul.txt", "COM1 .x", "f:s",         "f::$DATA", "..\\x",
                                        "a\\b",    "C:x",     "C:\\x",       "\\\\?\\x", "f.",
                                        "f ",      "a*",      "LPT\xc2\xb9", "x/NUL",    "x/..\\..\\y"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        pwi_errno error = try_open(names[i], O_CREAT_, RIGHTS_WRITE);
        if (error == 0 || error == PWI_STOP) {
            printf("\"%s\" was opened\n", names[i]);
            failures++;
        }
        CHECK(CALL(&g, path_create_directory, 3, PATH_ARGS(&g, names[i])) != 0);
    }
    CHECK_EQ(try_open("\xc3\xa4\xe2\x82\xac", O_CREAT_, RIGHTS_WRITE), 0);
    CHECK_EQ(try_open("\xc3\xa4\xe2\x82\xac", 0, RIGHTS_READ), 0);
    CHECK_EQ(CALL(&g, path_unlink_file, 3, PATH_ARGS(&g, "\xc3\xa4\xe2\x82\xac")), 0);
}

int main(void)
{
    char temp[MAX_PATH], dir[MAX_PATH + 32];
    pw_wasi_config *config;
    if (GetTempPathA(sizeof temp, temp) == 0)
        return 3;
    snprintf(dir, sizeof dir, "%swasi_files_%lu", temp, (unsigned long)GetCurrentProcessId());
    if (!CreateDirectoryA(dir, NULL) || pw_wasi_config_new(&config) != PW_OK ||
        pw_wasi_config_dir(config, dir, "/", PW_WASI_READ_WRITE) != PW_OK)
        return 3;
    guest_open(&g, config);
    pw_wasi_config_free(config);
    test_files();
    test_directories();
    test_names();
    guest_close(&g);
    CHECK(RemoveDirectoryA(dir)); /* empty again: nothing was left, nothing is still open */
    return finish("test_wasi_files_win32");
}
