/* P36 to P39: a thread swaps directories, files and links while a guest opens, stats and truncates. Nothing outside
 * may ever be reached: the file outside keeps its content, and no byte of it is read. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test_wasi_support.h"

#define ROUNDS 5000

static char tree[64];
static guest g;
static atomic_bool stop;

static void must(bool good)
{
    if (!good) {
        perror("test_wasi_races_posix");
        exit(3);
    }
}

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

/* sb/x is, in turn, a directory with a file f in it, and a link to ../out, which has an f too; sb/t is a file or a link
 * to ../out/f; sb/deep/er moves between the sandbox and outside, so that ".." in it leads elsewhere. */
static void *swapper(void *unused)
{
    (void)unused;
    while (!atomic_load(&stop)) {
        if (rename("sb/x", "spare/dir") == 0 && rename("spare/link", "sb/x") == 0) {
            (void)rename("sb/t", "spare/file");
            (void)rename("spare/tlink", "sb/t");
            (void)rename("sb/deep/er", "out/er");
            (void)rename("sb/x", "spare/link");
            (void)rename("spare/dir", "sb/x");
            (void)rename("sb/t", "spare/tlink");
            (void)rename("spare/file", "sb/t");
            (void)rename("out/er", "sb/deep/er");
        }
    }
    return NULL;
}

static void make_tree(void)
{
    strcpy(tree, "/tmp/wasi_races_XXXXXX");
    must(mkdtemp(tree) && chdir(tree) == 0 && mkdir("sb", 0700) == 0 && mkdir("out", 0700) == 0);
    must(mkdir("spare", 0700) == 0 && mkdir("sb/x", 0700) == 0 && mkdir("sb/deep", 0700) == 0);
    must(mkdir("sb/deep/er", 0700) == 0);
    write_file("sb/x/f", "inside");
    write_file("sb/t", "inside");
    write_file("out/f", "secret");
    must(symlink("../out", "spare/link") == 0 && symlink("../out/f", "spare/tlink") == 0);
}

/* Opens and reads; the content tells on which side the file was. */
static bool reads_secret(const char *path, uint32_t follow)
{
    uint32_t fd;
    bool secret = false;
    if (guest_path_open(&g, 3, follow, path, 0, RIGHTS_READ, &fd) != 0)
        return false;
    memset(g.memory + AT_BUFFER, 0, 8);
    if (CALL(&g, fd_read, fd, guest_iov(&g, AT_BUFFER, 6), 1, AT_RESULT) == 0)
        secret = memcmp(g.memory + AT_BUFFER, "secret", 6) == 0;
    CHECK_EQ(CALL(&g, fd_close, fd), 0);
    return secret;
}

static void attack(uint32_t *worked)
{
    static const char *const reads[] = {"x/f",   "x/../x/f",          "t",
                                        "x/./f", "deep/er/../../x/f", "deep/er/../../out/f"};
    uint32_t fd;
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < sizeof reads / sizeof reads[0]; i++)
            CHECK(!reads_secret(reads[i], (uint32_t)round & 1));
        if (guest_path_open(&g, 3, 1, "t", O_TRUNC_, RIGHTS_WRITE, &fd) == 0) {
            guest_put(&g, AT_BUFFER, "inside");
            CHECK_EQ(CALL(&g, fd_write, fd, guest_iov(&g, AT_BUFFER, 6), 1, AT_RESULT), 0);
            CHECK_EQ(CALL(&g, fd_close, fd), 0);
            ++*worked;
        }
        (void)CALL(&g, path_filestat_set_times, 3, 1, PATH_ARGS(&g, "x/"), 0, 1000, 4);
        (void)CALL(&g, path_unlink_file, 3, PATH_ARGS(&g, "x/g"));
        (void)CALL(&g, path_create_directory, 3, PATH_ARGS(&g, "x/made"));
        (void)CALL(&g, path_remove_directory, 3, PATH_ARGS(&g, "x/made/"));
    }
}

static void run_mode(const char *name, pw_wasi_resolver resolver)
{
    char path[96], content[8] = "";
    struct stat st;
    uint32_t worked = 0;
    pthread_t thread;
    pw_wasi_config *config;
    make_tree();
    snprintf(path, sizeof path, "%s/sb", tree);
    must(pw_wasi_config_new(&config) == PW_OK &&
         pw_wasi_config_dir(config, path, "/", PW_WASI_READ_WRITE) == PW_OK);
    pw_wasi_config_resolver(config, resolver);
    guest_open(&g, config);
    pw_wasi_config_free(config);
    atomic_store(&stop, false);
    must(pthread_create(&thread, NULL, swapper, NULL) == 0);
    attack(&worked);
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    int fd = open("out/f", O_RDONLY);
    CHECK(fd >= 0 && read(fd, content, 7) == 6 && strcmp(content, "secret") == 0);
    close(fd);
    CHECK(stat("out", &st) == 0 && st.st_mtime > 1000);
    CHECK(stat("out/made", &st) != 0);
    CHECK(worked > 0); /* else nothing was tried */
    CHECK_EQ(pw_wasi_open_fds(g.wasi), 4);
    guest_close(&g);
    printf("%s: %u of %d truncations went through\n", name, worked, ROUNDS);
    snprintf(path, sizeof path, "rm -rf %s", tree);
    must(chdir("/") == 0 && system(path) == 0);
}

int main(void)
{
    run_mode("auto", PW_WASI_RESOLVER_AUTO);
    run_mode("walker", PW_WASI_RESOLVER_WALKER);
    return finish("test_wasi_races_posix");
}
