/* Granted sockets: loopback connections that are accepted, read, written, polled and shut down; hooks around blocking;
 * a peer that goes away; what is no socket. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test_wasi_support.h"

static guest g;
static int polls, stop_at, releases, acquires, uses;
static char peer_seen[64];
static bool refuse_peer;

static void must(bool good)
{
    if (!good) {
        perror("test_wasi_sockets_posix");
        exit(3);
    }
}

static pw_result on_poll(void *env)
{
    (void)env;
    return ++polls == stop_at ? PW_ERR_HOST : PW_OK;
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

static pw_result on_used(void *env, const pw_wasi_use *use, bool *allowed)
{
    (void)env;
    uses++;
    snprintf(peer_seen, sizeof peer_seen, "%.60s", use->path);
    CHECK(strcmp(use->call, "sock_accept") == 0 && strcmp(use->granted, "door") == 0);
    *allowed = !refuse_peer;
    return PW_OK;
}

static void open_with(int socket, const char *name, uint32_t access, uint32_t max_fds)
{
    pw_wasi_config *config;
    must(pw_wasi_config_new(&config) == PW_OK);
    must(pw_wasi_config_dir(config, "/tmp", "/", PW_WASI_READ) == PW_OK);
    must(pw_wasi_config_socket(config, socket, name, access) == PW_OK);
    pw_wasi_config_max_fds(config, max_fds);
    pw_wasi_config_hooks(
        config,
        &(pw_wasi_hooks){.poll = on_poll, .release = on_release, .acquire = on_acquire, .used = on_used});
    guest_open(&g, config);
    pw_wasi_config_free(config);
    polls = stop_at = releases = acquires = uses = 0;
    refuse_peer = false;
}

enum { SOCKET = 4, BOTH = PW_WASI_READ | PW_WASI_WRITE }; /* behind the directory */

static int listener(struct sockaddr_in *address)
{
    socklen_t size = sizeof *address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    memset(address, 0, sizeof *address);
    address->sin_family = AF_INET;
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    must(fd >= 0 && bind(fd, (struct sockaddr *)address, sizeof *address) == 0 && listen(fd, 8) == 0);
    must(getsockname(fd, (struct sockaddr *)address, &size) == 0);
    return fd;
}

static int dial(const struct sockaddr_in *address)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    must(fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) == 0);
    return fd;
}

static void open_pair(int *other, uint32_t access)
{
    int pair[2];
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    open_with(pair[0], "pair", access, 256);
    close(pair[0]); /* the guest has its own */
    *other = pair[1];
}

static pwi_errno recv_some(uint32_t fd, uint32_t size, uint32_t flags)
{
    memset(g.memory + AT_BUFFER, 0, 256);
    return CALL(&g, sock_recv, fd, guest_iov(&g, AT_BUFFER, size), 1, flags, AT_RESULT, AT_RESULT + 4);
}

static bool got(const char *text)
{
    return result_u32(&g) == strlen(text) && memcmp(g.memory + AT_BUFFER, text, strlen(text)) == 0;
}

static void test_transfers(void)
{
    int other;
    char text[16] = "";
    open_pair(&other, BOTH);
    CHECK_EQ(CALL(&g, fd_fdstat_get, SOCKET, AT_RESULT), 0);
    CHECK_EQ(g.memory[AT_RESULT], PWI_TYPE_SOCKET_STREAM);
    CHECK_EQ(result_u64(&g) >> 16 & 0xffff, 0);
    CHECK_EQ(pwi_load_u64(g.memory + AT_RESULT + 8), pwi_rights_connection);
    must(write(other, "hello", 5) == 5);
    CHECK_EQ(recv_some(SOCKET, 3, PWI_RECV_PEEK), 0);
    CHECK(got("hel"));
    CHECK_EQ(recv_some(SOCKET, 3, 0), 0);
    CHECK(got("hel") && pwi_load_u16(g.memory + AT_RESULT + 4) == 0);
    CHECK_EQ(CALL(&g, fd_read, SOCKET, guest_iov(&g, AT_BUFFER, 9), 1, AT_RESULT), 0);
    CHECK(got("lo"));
    guest_put(&g, AT_BUFFER, "abcd");
    CHECK_EQ(CALL(&g, sock_send, SOCKET, guest_iov(&g, AT_BUFFER, 2), 1, 0, AT_RESULT), 0);
    CHECK_EQ(result_u32(&g), 2);
    CHECK_EQ(CALL(&g, fd_write, SOCKET, guest_iov(&g, AT_BUFFER + 2, 2), 1, AT_RESULT), 0);
    CHECK(read(other, text, sizeof text) == 4 && memcmp(text, "abcd", 4) == 0);
    CHECK_EQ(releases, 0); /* nothing had to wait, no lock was given away */
    CHECK_EQ(recv_some(SOCKET, 3, 4), PWI_EINVAL);
    CHECK_EQ(CALL(&g, sock_send, SOCKET, guest_iov(&g, AT_BUFFER, 2), 1, 1, AT_RESULT), PWI_EINVAL);
    CHECK_EQ(CALL(&g, sock_accept, SOCKET, 0, AT_RESULT), PWI_ENOTCAPABLE);
    CHECK_EQ(CALL(&g, fd_fdstat_set_flags, SOCKET, PWI_FDFLAG_NONBLOCK), 0);
    CHECK_EQ(recv_some(SOCKET, 3, 0), PWI_EAGAIN);
    must(write(other, "xy", 2) == 2);
    CHECK_EQ(recv_some(SOCKET, 3, PWI_RECV_WAITALL), 0); /* does not wait: what is there */
    CHECK(got("xy"));
    /* what a file can and a socket cannot */
    CHECK_EQ(CALL(&g, fd_seek, SOCKET, 0, 0, AT_RESULT), PWI_ESPIPE);
    CHECK_EQ(CALL(&g, fd_tell, SOCKET, AT_RESULT), PWI_ESPIPE);
    CHECK_EQ(CALL(&g, fd_pread, SOCKET, guest_iov(&g, AT_BUFFER, 2), 1, 0, AT_RESULT), PWI_ESPIPE);
    CHECK_EQ(CALL(&g, fd_pwrite, SOCKET, guest_iov(&g, AT_BUFFER, 2), 1, 0, AT_RESULT), PWI_ESPIPE);
    CHECK_EQ(CALL(&g, fd_advise, SOCKET, 0, 0, 0), PWI_ESPIPE);
    CHECK_EQ(CALL(&g, fd_allocate, SOCKET, 0, 1), PWI_ESPIPE);
    CHECK_EQ(CALL(&g, fd_filestat_set_size, SOCKET, 0), PWI_EINVAL);
    CHECK(CALL(&g, fd_sync, SOCKET) != 0);
    CHECK(CALL(&g, fd_filestat_set_times, SOCKET, 0, 0, 0) != 0);
    CHECK_EQ(CALL(&g, fd_filestat_get, SOCKET, AT_RESULT), 0);
    CHECK_EQ(g.memory[AT_RESULT + 16], PWI_TYPE_SOCKET_STREAM);
    CHECK_EQ(CALL(&g, fd_readdir, SOCKET, AT_BUFFER, 100, 0, AT_RESULT), PWI_ENOTDIR);
    CHECK_EQ(CALL(&g, fd_prestat_get, SOCKET, AT_RESULT), PWI_EBADF);
    uint32_t fd;
    CHECK_EQ(guest_path_open(&g, SOCKET, 1, "x", 0, RIGHTS_READ, &fd), PWI_ENOTDIR);
    CHECK_EQ(CALL(&g, fd_close, SOCKET), 0);
    CHECK_EQ(recv_some(SOCKET, 3, 0), PWI_EBADF);
    CHECK_EQ(read(other, text, sizeof text), 0); /* the guest's was the only one */
    close(other);
    guest_close(&g);
}

static void *write_in_pieces(void *other)
{
    for (int i = 0; i < 4; i++) {
        usleep(20000);
        must(write(*(int *)other, "part", 4) == 4);
    }
    return NULL;
}

static void test_blocking(void)
{
    int other;
    pthread_t thread;
    open_pair(&other, BOTH);
    must(pthread_create(&thread, NULL, write_in_pieces, &other) == 0);
    CHECK_EQ(recv_some(SOCKET, 16, PWI_RECV_WAITALL), 0);
    CHECK(got("partpartpartpart"));
    pthread_join(thread, NULL);
    CHECK(releases > 0 && releases == acquires && polls >= 0);
    polls = 0;
    stop_at = 3; /* nothing comes: the hook ends it */
    CHECK_EQ(recv_some(SOCKET, 16, 0), PWI_STOP);
    CHECK(polls == 3 && g.last.stop.result == PW_ERR_HOST);
    polls = 0; /* nobody reads: sending fills the buffers of the system, then is ended */
    pwi_errno error = PWI_ESUCCESS;
    for (int i = 0; i < 1000 && error == PWI_ESUCCESS; i++)
        error = CALL(&g, sock_send, SOCKET, guest_iov(&g, AT_BUFFER, 30000), 1, 0, AT_RESULT);
    CHECK_EQ(error, PWI_STOP);
    close(other);
    guest_close(&g);
}

/* Three pieces of 30000 bytes and more than the buffers hold: all of it arrives, in order. */
static void *read_all(void *other)
{
    static uint8_t buffer[65536];
    uint64_t sum = 0;
    ssize_t length;
    while ((length = read(*(int *)other, buffer, sizeof buffer)) > 0)
        for (ssize_t i = 0; i < length; i++)
            sum = sum * 31 + buffer[i];
    return (void *)(uintptr_t)(sum & 0x7fffffff);
}

static void test_long_send(void)
{
    int other;
    pthread_t thread;
    void *sum;
    uint64_t wanted = 0;
    open_pair(&other, BOTH);
    must(pthread_create(&thread, NULL, read_all, &other) == 0);
    for (int round = 0; round < 40; round++) {
        for (uint32_t i = 0; i < 30000; i++)
            g.memory[AT_BUFFER + i] = (uint8_t)(i * 7 + (uint32_t)round);
        for (uint32_t i = 0; i < 3; i++) {
            pwi_store_u32(g.memory + AT_PATH2 + 8 * i, AT_BUFFER + 10000 * i);
            pwi_store_u32(g.memory + AT_PATH2 + 8 * i + 4, 10000);
        }
        CHECK_EQ(CALL(&g, sock_send, SOCKET, AT_PATH2, 3, 0, AT_RESULT), 0);
        CHECK_EQ(result_u32(&g), 30000);
        for (uint32_t i = 0; i < 30000; i++)
            wanted = wanted * 31 + g.memory[AT_BUFFER + i];
    }
    CHECK_EQ(CALL(&g, sock_shutdown, SOCKET, 2), 0);
    pthread_join(thread, &sum);
    CHECK_EQ((uintptr_t)sum, wanted & 0x7fffffff);
    close(other);
    guest_close(&g);
}

static void test_peer_gone(void) /* no signal: the default action would end this process */
{
    int other;
    must(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
    open_pair(&other, BOTH);
    close(other);
    CHECK_EQ(CALL(&g, fd_write, SOCKET, guest_iov(&g, AT_BUFFER, 2), 1, AT_RESULT), PWI_EPIPE);
    CHECK_EQ(CALL(&g, sock_send, SOCKET, guest_iov(&g, AT_BUFFER, 2), 1, 0, AT_RESULT), PWI_EPIPE);
    CHECK_EQ(recv_some(SOCKET, 5, PWI_RECV_WAITALL), 0);
    CHECK_EQ(result_u32(&g), 0);
    guest_close(&g);
    open_pair(&other, BOTH);
    CHECK_EQ(CALL(&g, sock_shutdown, SOCKET, 0), PWI_EINVAL);
    CHECK_EQ(CALL(&g, sock_shutdown, SOCKET, 4), PWI_EINVAL);
    CHECK_EQ(CALL(&g, sock_shutdown, SOCKET, 2), 0);
    CHECK_EQ(CALL(&g, sock_send, SOCKET, guest_iov(&g, AT_BUFFER, 2), 1, 0, AT_RESULT), PWI_EPIPE);
    must(write(other, "in", 2) == 2);
    CHECK_EQ(recv_some(SOCKET, 5, 0), 0);
    CHECK(got("in"));
    close(other);
    guest_close(&g);
}

static void test_grants_and_rights(void)
{
    int other;
    open_pair(&other, PW_WASI_READ);
    CHECK_EQ(CALL(&g, sock_send, SOCKET, guest_iov(&g, AT_BUFFER, 2), 1, 0, AT_RESULT), PWI_EPERM);
    const pw_wasi_denial *denial = pw_wasi_last_denial(g.wasi);
    CHECK(denial && strcmp(denial->granted, "pair") == 0 && denial->access == PW_WASI_WRITE);
    CHECK_EQ(CALL(&g, fd_fdstat_set_rights, SOCKET, 0, 0), 0);
    CHECK_EQ(recv_some(SOCKET, 5, 0), PWI_ENOTCAPABLE);
    CHECK_EQ(CALL(&g, sock_shutdown, SOCKET, 1), PWI_ENOTCAPABLE);
    guest_close(&g);
    close(other);
}

static void put_sub(uint32_t index, uint8_t tag, uint32_t fd, uint64_t timeout)
{
    uint8_t *at = g.memory + 48u * index;
    memset(at, 0, 48);
    pwi_store_u64(at, index);
    at[8] = tag;
    pwi_store_u32(at + 16, tag == 0 ? 1 : fd);
    if (tag == 0)
        pwi_store_u64(at + 24, timeout);
}

static void test_poll(void)
{
    int other;
    open_pair(&other, BOTH);
    put_sub(0, 1, SOCKET, 0);
    put_sub(1, 0, 0, 10000000);
    CHECK_EQ(CALL(&g, poll_oneoff, 0, AT_BUFFER, 2, AT_RESULT), 0); /* nothing to read: the clock */
    CHECK(result_u32(&g) == 1 && pwi_load_u64(g.memory + AT_BUFFER) == 1);
    put_sub(1, 2, SOCKET, 0);
    CHECK_EQ(CALL(&g, poll_oneoff, 0, AT_BUFFER, 2, AT_RESULT), 0); /* room to write */
    CHECK(result_u32(&g) == 1 && g.memory[AT_BUFFER + 10] == 2);
    must(write(other, "12345", 5) == 5);
    put_sub(1, 1, SOCKET, 0); /* the same one twice */
    CHECK_EQ(CALL(&g, poll_oneoff, 0, AT_BUFFER, 2, AT_RESULT), 0);
    CHECK_EQ(result_u32(&g), 2);
    for (uint32_t i = 0; i < 2; i++) {
        const uint8_t *event = g.memory + AT_BUFFER + 32 * i;
        CHECK(pwi_load_u64(event) == i && pwi_load_u16(event + 8) == 0);
        CHECK(pwi_load_u64(event + 16) == 5 && pwi_load_u16(event + 24) == 0);
    }
    must(shutdown(other, SHUT_WR) == 0);
    CHECK_EQ(CALL(&g, poll_oneoff, 0, AT_BUFFER, 1, AT_RESULT), 0); /* what is left, and no more to come */
    CHECK_EQ(pwi_load_u64(g.memory + AT_BUFFER + 16), 5);
    CHECK_EQ(recv_some(SOCKET, 5, 0), 0);
    CHECK_EQ(CALL(&g, poll_oneoff, 0, AT_BUFFER, 1, AT_RESULT), 0);
    CHECK_EQ(pwi_load_u64(g.memory + AT_BUFFER + 16), 0);
    CHECK_EQ(pwi_load_u16(g.memory + AT_BUFFER + 24), 1);
    close(other);
    guest_close(&g);
}

static void test_accept(void)
{
    struct sockaddr_in address;
    char expected[64];
    int door = listener(&address);
    open_with(door, "door", BOTH, 6);
    CHECK_EQ(CALL(&g, fd_fdstat_get, SOCKET, AT_RESULT), 0);
    CHECK_EQ(pwi_load_u64(g.memory + AT_RESULT + 8), pwi_rights_listener);
    CHECK_EQ(pwi_load_u64(g.memory + AT_RESULT + 16), pwi_rights_connection);
    CHECK_EQ(CALL(&g, fd_fdstat_set_flags, SOCKET, PWI_FDFLAG_NONBLOCK), 0);
    CHECK_EQ(CALL(&g, sock_accept, SOCKET, 0, AT_RESULT), PWI_EAGAIN);
    CHECK_EQ(CALL(&g, sock_accept, SOCKET, PWI_FDFLAG_APPEND, AT_RESULT), PWI_EINVAL);
    CHECK_EQ(CALL(&g, fd_fdstat_set_flags, SOCKET, 0), 0);
    polls = 0;
    stop_at = 3;
    CHECK_EQ(CALL(&g, sock_accept, SOCKET, 0, AT_RESULT), PWI_STOP);
    CHECK_EQ(recv_some(SOCKET, 5, 0), PWI_ENOTCONN);
    CHECK_EQ(CALL(&g, sock_shutdown, SOCKET, 3), PWI_ENOTCONN);
    int client = dial(&address);
    put_sub(0, 1, SOCKET, 0);
    CHECK_EQ(CALL(&g, poll_oneoff, 0, AT_BUFFER, 1, AT_RESULT), 0);
    CHECK(result_u32(&g) == 1 && pwi_load_u16(g.memory + AT_BUFFER + 8) == 0);
    CHECK_EQ(CALL(&g, sock_accept, SOCKET, PWI_FDFLAG_NONBLOCK, AT_RESULT), 0);
    uint32_t fd = result_u32(&g);
    socklen_t size = sizeof address;
    must(getsockname(client, (struct sockaddr *)&address, &size) == 0);
    snprintf(expected, sizeof expected, "127.0.0.1:%u", ntohs(address.sin_port));
    CHECK(uses == 1 && strcmp(peer_seen, expected) == 0);
    CHECK_EQ(recv_some(fd, 5, 0), PWI_EAGAIN);
    must(write(client, "hi", 2) == 2);
    CHECK_EQ(CALL(&g, fd_fdstat_set_flags, fd, 0), 0);
    CHECK_EQ(recv_some(fd, 5, 0), 0);
    CHECK(got("hi"));
    must(getsockname(door, (struct sockaddr *)&address, &size) == 0);
    int second = dial(&address);
    CHECK_EQ(CALL(&g, sock_accept, SOCKET, 0, AT_RESULT), PWI_EMFILE); /* 0, 1, 2, /, door, fd */
    CHECK_EQ(CALL(&g, fd_close, fd), 0);
    refuse_peer = true;
    CHECK_EQ(CALL(&g, sock_accept, SOCKET, 0, AT_RESULT), PWI_EPERM);
    CHECK_EQ(read(second, expected, 1), 0); /* it was closed */
    CHECK_EQ(pw_wasi_open_fds(g.wasi), 5);
    close(second);
    close(client);
    close(door);
    guest_close(&g);
}

static void test_what_is_no_stream_socket(void)
{
    pw_wasi *wasi = NULL;
    pw_error error;
    int datagrams = socket(AF_INET, SOCK_DGRAM, 0), file = open("/dev/null", O_RDONLY);
    const struct {
        int fd;
        const char *words;
    } bad[] = {{datagrams, "not a stream socket"}, {file, "not a socket"}, {9999, "not an open socket"}};
    must(datagrams >= 0 && file >= 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        pw_wasi_config *config;
        memset(&error, 0, sizeof error);
        must(pw_wasi_config_new(&config) == PW_OK);
        must(pw_wasi_config_socket(config, bad[i].fd, "it", BOTH) == PW_OK);
        CHECK(pw_wasi_new(config, &wasi, &error) == PW_ERR_HOST && strstr(error.text, bad[i].words));
        CHECK(pw_wasi_config_socket(config, 0, "it", PW_WASI_CREATE) == PW_ERR_ARGUMENT);
        CHECK(pw_wasi_config_socket(config, 0, "\xff", BOTH) == PW_ERR_ARGUMENT);
        pw_wasi_config_free(config);
    }
    close(datagrams);
    close(file);
}

int main(void)
{
    test_transfers();
    test_blocking();
    test_long_send();
    test_peer_gone();
    test_grants_and_rights();
    test_poll();
    test_accept();
    test_what_is_no_stream_socket();
    return finish("test_wasi_sockets_posix");
}
