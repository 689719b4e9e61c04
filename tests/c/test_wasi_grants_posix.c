/* What a grant allows and whom that is told: append-only grants (P29), grants with different permissions (P26, P30),
 * the hook for grants that are used, the hook for refusals, and a hook that runs the guest meanwhile. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test_wasi_support.h"

enum { RW = 3, RO = 4, LOG = 5, RW2 = 6 };

static char tree[64];
static guest g;
static int uses, denials;
static pw_wasi_use last_use;
static pw_wasi_denial last_denial;
static const char *refuse;   /* the path that the hook refuses */
static pw_result use_result; /* what the hook returns */
static uint32_t close_meanwhile;
static bool deaf; /* whether nobody listens */

static pw_result on_used(void *env, const pw_wasi_use *use, bool *allowed)
{
    CHECK(env == &g && *allowed);
    uses++;
    last_use = *use;
    if (close_meanwhile) {
        pwi_call call = {.wasi = g.wasi, .memory = {g.memory, sizeof g.memory}};
        CHECK_EQ(pwi_p1_call(&call, PWI_P1_fd_close, (const pw_slot[]){close_meanwhile}), 0);
        close_meanwhile = 0;
    }
    *allowed = !refuse || strcmp(use->path, refuse) != 0;
    return use_result;
}

static bool on_listening(void *env)
{
    CHECK(env == &g);
    return !deaf;
}

static void on_denied(void *env, const pw_wasi_denial *denial)
{
    CHECK(env == &g);
    denials++;
    last_denial = *denial;
}

static void grant(pw_wasi_config *config, const char *guest_path, uint32_t access)
{
    char host_path[96];
    snprintf(host_path, sizeof host_path, "%s/%s", tree, guest_path + 1);
    (void)mkdir(host_path, 0700);
    if (pw_wasi_config_dir(config, host_path, guest_path, access) != PW_OK)
        exit(3);
}

static void open_guest(void)
{
    pw_wasi_config *config;
    strcpy(tree, "/tmp/wasi_grants_XXXXXX");
    if (!mkdtemp(tree) || pw_wasi_config_new(&config) != PW_OK)
        exit(3);
    grant(config, "/rw", PW_WASI_READ_WRITE);
    grant(config, "/ro", PW_WASI_READ_ONLY);
    grant(config, "/log", PW_WASI_READ | PW_WASI_APPEND);
    grant(config, "/rw2", PW_WASI_READ_WRITE);
    pw_wasi_config_hooks(
        config, &(pw_wasi_hooks){.env = &g, .used = on_used, .listening = on_listening, .denied = on_denied});
    guest_open(&g, config);
    pw_wasi_config_free(config);
    uses = denials = 0;
    refuse = NULL;
    use_result = PW_OK;
    close_meanwhile = 0;
}

static void close_guest(void)
{
    char command[96];
    guest_close(&g);
    snprintf(command, sizeof command, "rm -rf %s", tree);
    if (system(command) != 0)
        exit(3);
}

static void host_file(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", tree, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        exit(3);
    close(fd);
}

static bool host_file_is(const char *name, const char *text)
{
    char path[128], got[64] = "";
    snprintf(path, sizeof path, "%s/%s", tree, name);
    int fd = open(path, O_RDONLY);
    ssize_t length = fd < 0 ? -1 : read(fd, got, sizeof got - 1);
    if (fd >= 0)
        close(fd);
    return length == (ssize_t)strlen(text) && strcmp(got, text) == 0;
}

static pwi_errno open_flags(uint32_t dir, const char *path, uint32_t oflags, uint64_t rights,
                            uint32_t fdflags, uint32_t *fd)
{
    pwi_errno error = CALL(&g, path_open, dir, 1, PATH_ARGS(&g, path), oflags, rights, 0, fdflags, AT_RESULT);
    if (error == PWI_ESUCCESS)
        *fd = result_u32(&g);
    return error;
}

static bool was_denied(const char *call, const char *granted, uint32_t access)
{
    const pw_wasi_denial *last = pw_wasi_last_denial(g.wasi);
    bool same = last && denials == 1 && strcmp(last->call, call) == 0 &&
                strcmp(last->granted, granted) == 0 && last->access == access &&
                strcmp(last_denial.call, call) == 0 && strcmp(last_denial.path, last->path) == 0;
    denials = 0;
    return same;
}

static void test_append_only(void) /* P29 */
{
    uint32_t fd = 0;
    open_guest();
    host_file("log/a", "one\n");
    CHECK_EQ(open_flags(LOG, "a", 0, RIGHTS_WRITE, 0, &fd), PWI_EPERM);
    CHECK(was_denied("path_open", "/log", PW_WASI_WRITE) && strcmp(last_denial.path, "a") == 0);
    CHECK_EQ(open_flags(LOG, "a", O_TRUNC_, RIGHTS_WRITE, PWI_FDFLAG_APPEND, &fd), PWI_EPERM);
    CHECK(was_denied("path_open", "/log", PW_WASI_WRITE));
    CHECK_EQ(open_flags(LOG, "new", O_CREAT_, RIGHTS_WRITE, PWI_FDFLAG_APPEND, &fd), PWI_EPERM);
    CHECK(was_denied("path_open", "/log", PW_WASI_CREATE));
    CHECK_EQ(open_flags(LOG, "a", 0, RIGHTS_READ | RIGHTS_WRITE, PWI_FDFLAG_APPEND, &fd), 0);
    CHECK_EQ(CALL(&g, fd_seek, fd, 0, 0, AT_RESULT), 0);
    guest_put(&g, AT_BUFFER, "two\n");
    CHECK_EQ(CALL(&g, fd_write, fd, guest_iov(&g, AT_BUFFER, 4), 1, AT_RESULT), 0);
    CHECK(host_file_is("log/a", "one\ntwo\n"));
    CHECK_EQ(CALL(&g, fd_pwrite, fd, guest_iov(&g, AT_BUFFER, 4), 1, 0, AT_RESULT), PWI_EPERM);
    CHECK(was_denied("fd_pwrite", "/log", PW_WASI_WRITE));
    CHECK_EQ(CALL(&g, fd_filestat_set_size, fd, 0), PWI_EPERM);
    CHECK(was_denied("fd_filestat_set_size", "/log", PW_WASI_WRITE));
    CHECK_EQ(CALL(&g, fd_allocate, fd, 0, 100), PWI_EPERM);
    CHECK(was_denied("fd_allocate", "/log", PW_WASI_WRITE));
    CHECK_EQ(CALL(&g, fd_filestat_set_times, fd, 0, 0, 5), PWI_EPERM);
    CHECK(was_denied("fd_filestat_set_times", "/log", PW_WASI_WRITE));
    CHECK_EQ(CALL(&g, fd_fdstat_set_flags, fd, 0), PWI_EPERM);
    CHECK(was_denied("fd_fdstat_set_flags", "/log", PW_WASI_WRITE));
    CHECK_EQ(CALL(&g, path_unlink_file, LOG, PATH_ARGS(&g, "a")), PWI_EPERM);
    CHECK(was_denied("path_unlink_file", "/log", PW_WASI_DELETE));
    CHECK(host_file_is("log/a", "one\ntwo\n"));
    /* WRITE includes it, and may end it */
    CHECK_EQ(open_flags(RW, "b", O_CREAT_, RIGHTS_WRITE, PWI_FDFLAG_APPEND, &fd), 0);
    CHECK_EQ(CALL(&g, fd_fdstat_set_flags, fd, 0), 0);
    CHECK_EQ(CALL(&g, fd_pwrite, fd, guest_iov(&g, AT_BUFFER, 4), 1, 0, AT_RESULT), 0);
    CHECK_EQ(denials, 0);
    close_guest();
}

static pwi_errno two(enum pwi_p1_index index, uint32_t from, const char *name, uint32_t to,
                     const char *new_name)
{
    uint32_t length = guest_put(&g, AT_PATH, name), new_length = guest_put(&g, AT_PATH2, new_name);
    if (index == PWI_P1_path_link)
        return CALL(&g, path_link, from, 0, AT_PATH, length, to, AT_PATH2, new_length);
    return CALL(&g, path_rename, from, AT_PATH, length, to, AT_PATH2, new_length);
}

static void test_between_grants(void) /* P26, P30 */
{
    open_guest();
    host_file("ro/secret", "secret");
    host_file("rw/mine", "mine");
    CHECK_EQ(two(PWI_P1_path_link, RO, "secret", RW, "x"), PWI_EPERM);
    CHECK(was_denied("path_link", "/ro", PW_WASI_CREATE));
    CHECK_EQ(two(PWI_P1_path_rename, RO, "secret", RW, "x"), PWI_EPERM);
    CHECK(was_denied("path_rename", "/ro", PW_WASI_DELETE));
    CHECK_EQ(two(PWI_P1_path_link, RW, "mine", RO, "x"), PWI_EPERM);
    CHECK(was_denied("path_link", "/ro", PW_WASI_CREATE));
    CHECK_EQ(two(PWI_P1_path_rename, RW, "mine", LOG, "x"), PWI_EPERM);
    CHECK(was_denied("path_rename", "/log", PW_WASI_CREATE | PW_WASI_DELETE));
    CHECK_EQ(two(PWI_P1_path_link, RW, "mine", RW2, "linked"),
             0); /* the same permissions on one file system */
    CHECK_EQ(two(PWI_P1_path_rename, RW, "mine", RW2, "moved"), 0);
    CHECK(host_file_is("rw2/linked", "mine") && host_file_is("rw2/moved", "mine"));
    CHECK_EQ(CALL(&g, path_filestat_set_times, RO, 0, PATH_ARGS(&g, "secret"), 0, 0, 5), PWI_EPERM);
    CHECK(was_denied("path_filestat_set_times", "/ro", PW_WASI_WRITE));
    close_guest();
}

static void test_used(void)
{
    uint32_t fd = 0;
    open_guest();
    host_file("ro/file", "file");
    CHECK_EQ(open_flags(RO, "file", 0, RIGHTS_READ, 0, &fd), 0);
    CHECK(uses == 1 && strcmp(last_use.call, "path_open") == 0 && strcmp(last_use.granted, "/ro") == 0);
    CHECK(last_use.access == PW_WASI_READ && strcmp(last_use.path, "file") == 0);
    CHECK(last_use.raw_length == 4 && !last_use.is_below);
    CHECK_EQ(open_flags(RW, "new", O_CREAT_ | O_TRUNC_, RIGHTS_WRITE, 0, &fd), 0);
    CHECK(uses == 2 && last_use.access == (PW_WASI_WRITE | PW_WASI_CREATE));
    CHECK_EQ(CALL(&g, path_filestat_get, RO, 0, PATH_ARGS(&g, "file"), AT_RESULT), 0);
    CHECK(uses == 3 && last_use.access == 0);
    CHECK_EQ(CALL(&g, fd_readdir, RO, AT_BUFFER, 1000, 0, AT_RESULT), 0);
    CHECK(uses == 4 && strcmp(last_use.call, "fd_readdir") == 0 && last_use.access == PW_WASI_READ);
    CHECK_EQ(two(PWI_P1_path_rename, RW, "new", RW2, "new"), 0);
    CHECK_EQ(uses, 6); /* both ends */
    CHECK_EQ(CALL(&g, fd_write, fd, guest_iov(&g, AT_BUFFER, 4), 1, AT_RESULT), 0);
    CHECK_EQ(open_flags(RO, "file", 0, RIGHTS_WRITE, 0, &fd), PWI_EPERM); /* refused: not used */
    CHECK_EQ(open_flags(RO, "/file", 0, RIGHTS_READ, 0, &fd), PWI_EPERM);
    CHECK_EQ(CALL(&g, path_filestat_get, RO, 0, PATH_ARGS(&g, "/file"), AT_RESULT), PWI_EPERM);
    CHECK_EQ(uses, 6);
    CHECK_EQ(CALL(&g, path_create_directory, RW, PATH_ARGS(&g, "sub")), 0);
    CHECK_EQ(open_flags(RW, "sub", O_DIR_, RIGHTS_READ, 0, &fd), 0);
    CHECK_EQ(open_flags(fd, "x", 0, RIGHTS_READ, 0, &fd), PWI_ENOENT);
    CHECK(uses == 9 && last_use.is_below && last_use.dir > 2);
    uses = 6;
    deaf = true;
    CHECK_EQ(open_flags(RO, "file", 0, RIGHTS_READ, 0, &fd), 0);
    CHECK_EQ(open_flags(RO, "file", 0, RIGHTS_WRITE, 0, &fd), PWI_EPERM); /* refusals are always told */
    CHECK_EQ(uses, 6);
    deaf = false;
    close_guest();
}

static void test_hook_that_refuses(void)
{
    uint32_t fd = 0, open = 0;
    open_guest();
    refuse = "no";
    open = pw_wasi_open_fds(g.wasi);
    CHECK_EQ(open_flags(RW, "no", O_CREAT_, RIGHTS_WRITE, 0, &fd), PWI_EPERM);
    CHECK(was_denied("path_open", "/rw", 0) && strcmp(last_denial.path, "no") == 0);
    CHECK(strstr(last_denial.wanted, "hook") != NULL);
    CHECK(!host_file_is("rw/no", "")); /* nothing was made */
    CHECK_EQ(CALL(&g, path_create_directory, RW, PATH_ARGS(&g, "no")), PWI_EPERM);
    host_file("rw/yes", "yes");
    CHECK_EQ(two(PWI_P1_path_rename, RW, "yes", RW2, "no"), PWI_EPERM);
    CHECK(host_file_is("rw/yes", "yes"));
    refuse = "";
    CHECK_EQ(CALL(&g, fd_readdir, RW, AT_BUFFER, 1000, 0, AT_RESULT), PWI_EPERM);
    refuse = NULL;
    use_result = PW_ERR_HOST; /* as an exception: the call of the guest ends */
    CHECK_EQ(open_flags(RW, "yes", 0, RIGHTS_READ, 0, &fd), PWI_STOP);
    CHECK_EQ(g.last.stop.result, PW_ERR_HOST);
    CHECK_EQ(pw_wasi_open_fds(g.wasi), open);
    close_guest();
}

/* What a hook does to descriptors meanwhile is found out, not run into. */
static void test_hook_that_closes(void)
{
    uint32_t fd = 0;
    open_guest();
    host_file("rw/file", "file");
    close_meanwhile = RW;
    CHECK_EQ(open_flags(RW, "file", 0, RIGHTS_READ, 0, &fd), PWI_EBADF);
    close_meanwhile = RO;
    CHECK_EQ(CALL(&g, path_filestat_get, RO, 0, PATH_ARGS(&g, "x"), AT_RESULT), PWI_EBADF);
    close_meanwhile = LOG;
    CHECK_EQ(CALL(&g, fd_readdir, LOG, AT_BUFFER, 1000, 0, AT_RESULT), PWI_EBADF);
    close_guest();
    open_guest();
    host_file("rw/file", "file");
    close_meanwhile = RW2; /* by the first of two questions, the second end */
    CHECK_EQ(two(PWI_P1_path_rename, RW, "file", RW2, "file"), PWI_EBADF);
    CHECK(host_file_is("rw/file", "file"));
    close_guest();
}

int main(void)
{
    test_append_only();
    test_between_grants();
    test_used();
    test_hook_that_refuses();
    test_hook_that_closes();
    return finish("test_wasi_grants_posix");
}
