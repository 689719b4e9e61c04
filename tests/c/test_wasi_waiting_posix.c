/* What waits and what is a terminal: FIFOs and pipes that block and are interrupted, two ends in one guest, a terminal
 * that a guest may write to but not program; and, in torture builds, every allocation that fails. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/alloc.h"
#include "test_wasi_support.h"

static char tree[64];
static guest g;
static int polls, releases, acquires;

static void must(bool good)
{
    if (!good) {
        perror("test_wasi_waiting_posix");
        exit(3);
    }
}

static pw_result on_poll(void *env)
{
    (void)env;
    return ++polls == 4 ? PW_ERR_HOST : PW_OK;
}

static void on_release(void *env)
{
    (void)env;
    releases++;
}

static void on_acquire(void *env)
{
    (void)env;
    acquires++;
}

static pw_wasi_config *new_config(void)
{
    pw_wasi_config *config;
    must(pw_wasi_config_new(&config) == PW_OK &&
         pw_wasi_config_dir(config, tree, "/", PW_WASI_READ_WRITE) == PW_OK);
    pw_wasi_config_hooks(config,
                         &(pw_wasi_hooks){.poll = on_poll, .release = on_release, .acquire = on_acquire});
    return config;
}

static void *write_later(void *path)
{
    usleep(50000);
    int fd = open(path, O_WRONLY);
    must(fd >= 0 && write(fd, "late", 4) == 4);
    usleep(200000); /* the end stays open until the guest has read */
    close(fd);
    return NULL;
}

static void test_fifo(void)
{
    char path[96];
    uint32_t fd = 0;
    pthread_t thread;
    pw_wasi_config *config = new_config();
    snprintf(path, sizeof path, "%s/fifo", tree);
    must(mkfifo(path, 0600) == 0);
    guest_open(&g, config);
    pw_wasi_config_free(config);
    int writer = open(path, O_RDWR); /* a FIFO without a writer is at its end */
    must(writer >= 0);
    CHECK_EQ(guest_path_open(&g, 3, 1, "fifo", 0, RIGHTS_READ, &fd), 0);
    CHECK_EQ(CALL(&g, fd_seek, fd, 0, 0, AT_RESULT), PWI_ESPIPE);
    polls = -1000;
    must(pthread_create(&thread, NULL, write_later, path) == 0);
    CHECK_EQ(CALL(&g, fd_read, fd, guest_iov(&g, AT_BUFFER, 10), 1, AT_RESULT), 0);
    CHECK(result_u32(&g) == 4 && memcmp(g.memory + AT_BUFFER, "late", 4) == 0);
    pthread_join(thread, NULL);
    CHECK(polls > -1000 && releases > 0 && releases == acquires);
    polls = 0; /* nothing comes: the hook ends it */
    CHECK_EQ(CALL(&g, fd_read, fd, guest_iov(&g, AT_BUFFER, 10), 1, AT_RESULT), PWI_STOP);
    CHECK(polls == 4 && g.last.stop.result == PW_ERR_HOST);
    close(writer);
    guest_close(&g);
}

static void test_full_pipe(void)
{
    int fds[2];
    pw_wasi_config *config = new_config();
    must(pipe(fds) == 0);
    must(pw_wasi_config_stdio(config, 1, &(pw_wasi_stdio){.kind = PW_WASI_STDIO_FD, .fd = fds[1]}) == PW_OK);
    guest_open(&g, config);
    pw_wasi_config_free(config);
    pwi_errno error = PWI_ESUCCESS;
    polls = 0;
    for (int i = 0; i < 1000 && error == PWI_ESUCCESS; i++) /* fills it, then blocks, then is interrupted */
        error = CALL(&g, fd_write, 1, guest_iov(&g, AT_BUFFER, 30000), 1, AT_RESULT);
    CHECK_EQ(error, PWI_STOP);
    CHECK_EQ(polls, 4);
    guest_close(&g);
    close(fds[0]);
    close(fds[1]);
}

/* What another thread of a guest with shared memory may do between two pieces of a transfer. */
static void shrink_list(void *env)
{
    (void)env;
    if (++releases > 1000) { /* a call that does not end */
        printf("test_wasi_waiting_posix: fd_write goes on for ever\n");
        exit(1);
    }
    pwi_store_u32(g.memory + AT_PATH2 + 4, 1);
}

static void test_a_list_that_becomes_shorter(void)
{
    int fds[2];
    pw_wasi_config *config = new_config();
    must(pipe(fds) == 0);
    must(pw_wasi_config_stdio(config, 1, &(pw_wasi_stdio){.kind = PW_WASI_STDIO_FD, .fd = fds[1]}) == PW_OK);
    pw_wasi_config_hooks(config, &(pw_wasi_hooks){.release = shrink_list});
    guest_open(&g, config);
    pw_wasi_config_free(config);
    releases = 0;
    CHECK_EQ(CALL(&g, fd_write, 1, guest_iov(&g, AT_BUFFER, 30000), 1, AT_RESULT), 0);
    CHECK_EQ(result_u32(&g), pwi_os_pipe_piece); /* the first piece had gone when it shrank */
    guest_close(&g);
    close(fds[0]);
    close(fds[1]);
}

static void poll_stdin(uint64_t *bytes, uint16_t *flags)
{
    memset(g.memory, 0, 48);
    g.memory[8] = 1; /* read, descriptor 0 */
    CHECK_EQ(CALL(&g, poll_oneoff, 0, AT_BUFFER, 1, AT_RESULT), 0);
    CHECK_EQ(result_u32(&g), 1);
    CHECK_EQ(pwi_load_u16(g.memory + AT_BUFFER + 8), 0);
    *bytes = pwi_load_u64(g.memory + AT_BUFFER + 16);
    *flags = pwi_load_u16(g.memory + AT_BUFFER + 24);
}

/* What poll_oneoff tells of a pipe: bytes that are there, and whether the writer has gone, before and after reading. */
static void test_poll_of_a_pipe(void)
{
    int fds[2];
    uint64_t bytes;
    uint16_t flags;
    pw_wasi_config *config = new_config();
    must(pipe(fds) == 0 && write(fds[1], "12345", 5) == 5);
    must(pw_wasi_config_stdio(config, 0, &(pw_wasi_stdio){.kind = PW_WASI_STDIO_FD, .fd = fds[0]}) == PW_OK);
    guest_open(&g, config);
    pw_wasi_config_free(config);
    poll_stdin(&bytes, &flags);
    CHECK(bytes == 5 && flags == 0);
    close(fds[1]);
    poll_stdin(&bytes, &flags);
    CHECK(bytes == 5 && flags == 1);
    CHECK_EQ(CALL(&g, fd_read, 0, guest_iov(&g, AT_BUFFER, 9), 1, AT_RESULT), 0);
    CHECK_EQ(result_u32(&g), 5);
    poll_stdin(&bytes, &flags);
    CHECK(bytes == 0 && flags == 1);
    guest_close(&g);
    close(fds[0]);
}

/* Calls on a file system that may wait for a network, or is of a kind unknown here, let others run meanwhile; calls on
 * a disk of this machine do not pay for that. */
static void test_slow_file_systems(void)
{
    static const char *const places[] = {"/dev/pts", "/sys/fs/cgroup", "/dev/mqueue"};
    uint32_t fd = 0;
    pw_wasi_config *config = new_config();
    const char *slow = NULL;
    for (size_t i = 0; i < sizeof places / sizeof places[0] && !slow; i++) {
        pwi_os_handle dir;
        if (pwi_os_open_root(places[i], &dir) != PWI_ESUCCESS)
            continue;
        slow = pwi_os_fs_traits(dir) & PWI_FS_FAST ? NULL : places[i];
        pwi_os_close(dir);
    }
    must(!slow || pw_wasi_config_dir(config, slow, "/slow", PW_WASI_READ) == PW_OK);
    guest_open(&g, config);
    pw_wasi_config_free(config);
    releases = acquires = 0;
    CHECK_EQ(guest_path_open(&g, 3, 1, "file", O_CREAT_, RIGHTS_READ | RIGHTS_WRITE, &fd), 0);
    CHECK_EQ(CALL(&g, fd_write, fd, guest_iov(&g, AT_BUFFER, 16), 1, AT_RESULT), 0);
    CHECK_EQ(CALL(&g, path_filestat_get, 3, 0, PATH_ARGS(&g, "file"), AT_RESULT), 0);
    CHECK(pwi_fd_is_slow(pwi_fd_lookup(&g.wasi->fds, 3)) || releases == 0);
    if (slow) {
        releases = acquires = 0;
        CHECK_EQ(CALL(&g, path_filestat_get, 4, 0, PATH_ARGS(&g, "nothing"), AT_RESULT), PWI_ENOENT);
        CHECK(releases == 1 && acquires == 1);
        CHECK_EQ(guest_path_open(&g, 4, 0, "nothing", 0, RIGHTS_READ, &fd), PWI_ENOENT);
        CHECK(releases >= 2 && acquires == releases);
    } else
        printf("slow file systems: skipped, none is here\n");
    guest_close(&g);
}

/* The reader of stdout, and of a FIFO, is gone: an error number, although a signal would end this process. */
static void test_reader_gone(void)
{
    int fds[2];
    char path[96];
    uint32_t fd = 0;
    struct sigaction action;
    pw_wasi_config *config = new_config();
    must(signal(SIGPIPE, SIG_DFL) != SIG_ERR && pipe(fds) == 0);
    must(pw_wasi_config_stdio(config, 1, &(pw_wasi_stdio){.kind = PW_WASI_STDIO_FD, .fd = fds[1]}) == PW_OK);
    guest_open(&g, config);
    pw_wasi_config_free(config);
    close(fds[1]);
    close(fds[0]);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(CALL(&g, fd_write, 1, guest_iov(&g, AT_BUFFER, 10), 1, AT_RESULT), PWI_EPIPE);
    snprintf(path, sizeof path, "%s/gone", tree);
    must(mkfifo(path, 0600) == 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK);
    must(reader >= 0);
    CHECK_EQ(guest_path_open(&g, 3, 1, "gone", 0, RIGHTS_WRITE, &fd), 0);
    close(reader);
    CHECK_EQ(CALL(&g, fd_write, fd, guest_iov(&g, AT_BUFFER, 10), 1, AT_RESULT), PWI_EPIPE);
    sigset_t pending, blocked;
    must(sigpending(&pending) == 0 && pthread_sigmask(SIG_BLOCK, NULL, &blocked) == 0);
    CHECK(sigismember(&pending, SIGPIPE) == 0 && sigismember(&blocked, SIGPIPE) == 0);
    must(sigaction(SIGPIPE, NULL, &action) == 0);
    CHECK(action.sa_handler == SIG_DFL);
    guest_close(&g);
}

static void test_terminal(void)
{
    char text[64] = "";
    const char *evil = "a\x1b]0;pwned\x07\tb\x7f\n\xc2\x9bm\xc3\xa4",
               *tame = "a?]0;pwned?\tb?\n\xc2?m\xc3\xa4";
    struct termios mode;
    pw_wasi_config *config = new_config();
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    must(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    must(slave >= 0 && tcgetattr(slave, &mode) == 0);
    mode.c_oflag &= ~(tcflag_t)OPOST; /* no newline translation: bytes as they are */
    must(tcsetattr(slave, TCSANOW, &mode) == 0);
    must(pw_wasi_config_stdio(config, 1, &(pw_wasi_stdio){.kind = PW_WASI_STDIO_FD, .fd = slave}) == PW_OK);
    guest_open(&g, config);
    pw_wasi_config_free(config);
    CHECK_EQ(CALL(&g, fd_fdstat_get, 1, AT_RESULT), 0);
    CHECK_EQ(g.memory[AT_RESULT], PWI_TYPE_CHARACTER_DEVICE);
    CHECK_EQ(pwi_load_u64(g.memory + AT_RESULT + 8) & (PWI_RIGHT(FD_SEEK) | PWI_RIGHT(FD_TELL)), 0);
    uint32_t length = guest_put(&g, AT_BUFFER, evil);
    for (uint32_t i = 0; i < length; i++) /* one byte at a time: a control may come in halves */
        CHECK_EQ(CALL(&g, fd_write, 1, guest_iov(&g, AT_BUFFER + i, 1), 1, AT_RESULT), 0);
    size_t have = 0; /* the terminal hands on what it has so far */
    for (ssize_t got = 1; got > 0 && have < length; have += got > 0 ? (size_t)got : 0)
        got = read(master, text + have, sizeof text - 1 - have);
    CHECK(have == length && strcmp(text, tame) == 0);
    CHECK(memcmp(g.memory + AT_BUFFER, evil, length) == 0); /* the guest's own bytes are as they were */
    guest_close(&g);
    close(slave);
    close(master);
}

#ifdef PW_TORTURE
/* Everything that allocates, with each allocation failing in turn: an error, no leak (sanitizers), no crash. */
static void everything(void)
{
    uint32_t fd = 0;
    pw_error error;
    pw_wasi *wasi = NULL;
    pw_wasi_config *config = NULL;
    memset(&error, 0, sizeof error);
    const pw_wasi_stdio input = {.kind = PW_WASI_STDIO_BYTES, .data = (const uint8_t *)"abc", .size = 3};
    if (pw_wasi_config_new(&config) != PW_OK)
        return;
    int pair[2];
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    if (pw_wasi_config_socket(config, pair[0], "pair", PW_WASI_READ) == PW_OK &&
        pw_wasi_config_arg(config, "a", 1) == PW_OK && pw_wasi_config_env(config, "A", 1, "b", 1) == PW_OK &&
        pw_wasi_config_dir(config, tree, "/", PW_WASI_READ_WRITE) == PW_OK &&
        pw_wasi_config_stdio(config, 0, &input) == PW_OK &&
        pw_wasi_config_stdio(config, 1, &(pw_wasi_stdio){.kind = PW_WASI_STDIO_BYTES}) == PW_OK &&
        pw_wasi_new(config, &wasi, &error) == PW_OK) {
        g.wasi = wasi;
        (void)CALL(&g, fd_write, 1, guest_iov(&g, AT_BUFFER, 100), 1, AT_RESULT);
        if (guest_path_open(&g, 3, 1, "some", O_CREAT_, RIGHTS_READ, &fd) == 0)
            (void)CALL(&g, fd_close, fd);
        (void)CALL(&g, fd_readdir, 3, AT_BUFFER, 1000, 0, AT_RESULT);
        memset(g.memory, 0, 96);
        (void)CALL(&g, poll_oneoff, 0, AT_BUFFER, 2, AT_RESULT);
    }
    pw_wasi_free(wasi);
    pw_wasi_config_free(config);
    close(pair[0]);
    close(pair[1]);
}

static int open_host_fds(void)
{
    int count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void test_no_memory(void)
{
    int before = open_host_fds();
    memset(&g, 0, sizeof g);
    for (unsigned long n = 1; n < 60; n++) {
        pwi_alloc_fail_after(n);
        everything();
    }
    pwi_alloc_fail_after(0);
    everything();
    CHECK_EQ(open_host_fds(), before);
}
#endif

int main(void)
{
    char command[96];
    strcpy(tree, "/tmp/wasi_waiting_XXXXXX");
    must(mkdtemp(tree) != NULL);
    test_fifo();
    test_full_pipe();
    test_a_list_that_becomes_shorter();
    test_poll_of_a_pipe();
    test_slow_file_systems();
    test_reader_gone();
    test_terminal();
#ifdef PW_TORTURE
    test_no_memory();
#endif
    snprintf(command, sizeof command, "rm -rf %s", tree);
    must(system(command) == 0);
    return finish("test_wasi_waiting_posix");
}
