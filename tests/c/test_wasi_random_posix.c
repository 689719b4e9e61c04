/* Any call with any arguments, in a guest that has everything: directories, files, links, a socket. No crash (under the
 * sanitizers), no descriptor of the host left over, nothing outside of the tree touched, no memory that a guest chose. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test_wasi_support.h"

static char base[64];
static guest g;
static uint64_t state;
static unsigned tried[PWI_P1_COUNT];
static unsigned good[PWI_P1_COUNT]; /* successes of each call */

static void must(bool fine)
{
    if (!fine) {
        perror("test_wasi_random_posix");
        exit(3);
    }
}

static uint32_t next(uint32_t below) /* SplitMix64 */
{
    uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)(z >> 33) % below;
}

static int host_fds(void)
{
    int count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* sched_yield asks it too, and so never succeeds here. */
static pw_result never_wait(void *env)
{
    (void)env;
    return PW_ERR_HOST;
}

static const char *const names[] = {"a",    "d",         "d/f",      "d/",       "l",          "l/f",
                                    "up",   "up/secret", "../out",   ".",        "..",         "d/.",
                                    "loop", "dangling",  "d/../d/f", "out/../a", "/etc",       "d//f",
                                    "new",  "n2",        "d/n",      "\xff\xfe", "a/b/c/d/e/f"};

/* The names stand in memory, one after the other; at[i] and length of each. */
static uint32_t name_at[sizeof names / sizeof names[0]];

static void put_names(void)
{
    uint32_t at = AT_PATH;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        name_at[i] = at;
        at += guest_put(&g, at, names[i]) + 1;
    }
}

/* Arguments by guess: what fits the letter of the parameter often enough to get past the first checks. */
static void guess(pw_slot *args)
{
    static const uint32_t edges[] = {
        0, 1, 2, 4, 8, 24, 255, 4096, MEMORY_SIZE - 1, MEMORY_SIZE, 0x80000000u, UINT32_MAX};
    for (int i = 0; i < 9; i++) {
        uint32_t name = next(sizeof names / sizeof names[0]);
        switch (next(6)) {
        case 0:
            args[i] = edges[next(sizeof edges / sizeof edges[0])];
            break;
        case 1: /* pointer and length go together */
            args[i] = name_at[name];
            if (i < 8)
                args[++i] = strlen(names[name]);
            break;
        case 2:
            args[i] = next(32);
            break;
        case 3:
            args[i] = (uint64_t)next(UINT32_MAX) << 32 | next(UINT32_MAX);
            break;
        case 4:
            args[i] = AT_BUFFER + 8 * next(16);
            break;
        default:
            args[i] = next(4);
            break;
        }
    }
    if (next(4))
        args[0] = 3 + next(12); /* a descriptor, most often first */
}

static void put_path(pw_slot *args, int at)
{
    uint32_t name = next(sizeof names / sizeof names[0]);
    args[at] = name_at[name];
    args[at + 1] = strlen(names[name]);
}

/* Half of the calls with paths are well-formed, so that they reach what is behind. */
static void shape(enum pwi_p1_index index, pw_slot *args)
{
    static const struct {
        enum pwi_p1_index index;
        int path, second, second_fd;
    } shapes[] = {{PWI_P1_path_create_directory, 1, -1, -1},
                  {PWI_P1_path_filestat_get, 2, -1, -1},
                  {PWI_P1_path_filestat_set_times, 2, -1, -1},
                  {PWI_P1_path_link, 2, 5, 4},
                  {PWI_P1_path_open, 2, -1, -1},
                  {PWI_P1_path_readlink, 1, -1, -1},
                  {PWI_P1_path_remove_directory, 1, -1, -1},
                  {PWI_P1_path_rename, 1, 4, 3},
                  {PWI_P1_path_symlink, 0, 3, 2},
                  {PWI_P1_path_unlink_file, 1, -1, -1}};
    static const uint64_t rights[] = {0, RIGHTS_READ, RIGHTS_WRITE, RIGHTS_READ | RIGHTS_WRITE, UINT64_MAX};
    if (next(2))
        return;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        if (shapes[i].index == index) {
            put_path(args, shapes[i].path);
            if (shapes[i].second >= 0)
                put_path(args, shapes[i].second);
            if (shapes[i].second_fd >= 0)
                args[shapes[i].second_fd] = 3 + next(2);
            if (next(2))
                args[shapes[i].path == 0 ? 2 : 0] = 3;
        }
    if (index == PWI_P1_path_open) {
        args[1] = next(2);
        args[4] = next(16);
        args[5] = rights[next(5)];
        args[6] = UINT64_MAX;
        args[7] = next(8);
        args[8] = AT_RESULT;
    }
    if (index == PWI_P1_path_link)
        args[1] = 0;
    if (index == PWI_P1_sock_send || index == PWI_P1_sock_recv) {
        args[0] = 6;
        args[1] = guest_iov(&g, AT_BUFFER, next(64));
        args[2] = 1;
        args[3] = 0;
        args[4] = args[5] = AT_RESULT;
    }
    if (index == PWI_P1_fd_read || index == PWI_P1_fd_write || index == PWI_P1_fd_pread ||
        index == PWI_P1_fd_pwrite) {
        args[1] = guest_iov(&g, AT_BUFFER, next(64));
        args[2] = 1;
        args[index == PWI_P1_fd_read || index == PWI_P1_fd_write ? 3 : 4] = AT_RESULT;
    }
}

static void open_guest(int *other)
{
    char command[400];
    int pair[2];
    pw_wasi_config *config;
    strcpy(base, "/tmp/wasi_random_XXXXXX");
    must(mkdtemp(base) != NULL);
    snprintf(command, sizeof command,
             "cd %s && mkdir -p sb/d out && echo f >sb/d/f && echo a >sb/a && echo secret >out/secret && ln "
             "-s d sb/l "
             "&& ln -s ../out sb/up && ln -s loop sb/loop && ln -s nowhere sb/dangling",
             base);
    must(system(command) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    snprintf(command, sizeof command, "%s/sb", base);
    must(pw_wasi_config_new(&config) == PW_OK &&
         pw_wasi_config_dir(config, command, "/", PW_WASI_READ_WRITE) == PW_OK &&
         pw_wasi_config_dir(config, command, "/ro", PW_WASI_READ_ONLY) == PW_OK &&
         pw_wasi_config_dir(config, command, "/log", PW_WASI_READ | PW_WASI_APPEND | PW_WASI_CREATE) ==
             PW_OK &&
         pw_wasi_config_socket(config, pair[0], "pair", PW_WASI_READ | PW_WASI_WRITE) == PW_OK &&
         pw_wasi_config_stdio(config, 1, &(pw_wasi_stdio){.kind = PW_WASI_STDIO_BYTES, .cap = 5000}) ==
             PW_OK);
    pw_wasi_config_fixed_clock(config, 0); /* sleeping takes no time */
    pw_wasi_config_max_fds(config, 24);
    pw_wasi_config_hooks(config, &(pw_wasi_hooks){.poll = never_wait});
    guest_open(&g, config);
    pw_wasi_config_free(config);
    close(pair[0]);
    must(shutdown(pair[1], SHUT_WR) == 0);
    *other = pair[1];
    put_names();
}

static bool outside_is_as_it_was(void)
{
    char command[400];
    snprintf(command, sizeof command,
             "cd %s && [ \"$(ls -A out)\" = secret ] && [ \"$(cat out/secret)\" = secret ] && "
             "[ \"$(ls -A . | tr '\\n' ' ')\" = 'out sb ' ] && [ $(stat -c %%h out/secret 2>/dev/null || "
             "echo 1) = 1 ]",
             base);
    return system(command) == 0;
}

static void run(uint64_t seed, int rounds)
{
    int other, before = host_fds();
    char command[96];
    state = seed;
    open_guest(&other);
    for (int round = 0; round < rounds; round++) {
        pw_slot args[9];
        enum pwi_p1_index index = (enum pwi_p1_index)next(PWI_P1_COUNT);
        guess(args);
        shape(index, args);
        if (index == PWI_P1_poll_oneoff)
            args[2] %= 4;
        if (index == PWI_P1_fd_allocate ||
            index == PWI_P1_fd_filestat_set_size) /* the disk is not what is tested */
            args[1] %= 100000, args[2] %= 100000;
        if (index == PWI_P1_fd_pwrite)
            args[3] %= 100000;
        if (index == PWI_P1_fd_seek)
            args[1] %= 100000;
        bool takes =
            index == PWI_P1_fd_close || index == PWI_P1_fd_renumber || index == PWI_P1_fd_fdstat_set_rights;
        bool grants = (uint32_t)args[0] < 7 || (index == PWI_P1_fd_renumber && (uint32_t)args[1] < 7);
        if (takes && grants && round < rounds * 3 / 4)
            continue; /* the grants stay for most of the time */
        pwi_errno error = guest_run(&g, index, args);
        CHECK(error == PWI_STOP || error < PWI_ERRNO_COUNT);
        tried[index]++;
        good[index] += error == PWI_ESUCCESS;
        if (round % 16 == 0)
            put_names();
    }
    CHECK(pw_wasi_open_fds(g.wasi) <= 24);
    guest_close(&g);
    close(other);
    CHECK_EQ(host_fds(), before);
    CHECK(outside_is_as_it_was());
    snprintf(command, sizeof command, "rm -rf %s", base);
    must(system(command) == 0);
}

int main(void)
{
    for (uint64_t seed = 1; seed <= 20; seed++)
        run(seed, 8000);
    for (int i = 0; i < PWI_P1_COUNT; i++) /* a call that never got anywhere was not tested */
        if (good[i] == 0 && i != PWI_P1_proc_exit && i != PWI_P1_sock_accept && i != PWI_P1_sched_yield) {
            printf("call %d never succeeded, %u calls\n", i, tried[i]);
            failures++;
        }
    return finish("test_wasi_random_posix");
}
