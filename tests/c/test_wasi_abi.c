/* The ABI: pointers out of bounds (A01), unaligned (A02), counts and lengths beyond reason (A03-A05, A15), overlaps
 * (A06), the streams, args and environ, clocks, random bytes, poll_oneoff, and what is not granted. No directory is
 * needed, so this runs on every system. */
#include "test_wasi_support.h"

static guest g;

static pw_wasi_config *new_config(void)
{
    pw_wasi_config *config;
    if (pw_wasi_config_new(&config) != PW_OK)
        exit(3);
    return config;
}

static void open_with(pw_wasi_config *config)
{
    guest_open(&g, config);
    pw_wasi_config_free(config);
}

static void set_stdio(pw_wasi_config *config, int stream, const pw_wasi_stdio *stdio)
{
    if (pw_wasi_config_stdio(config, stream, stdio) != PW_OK)
        exit(3);
}

static bool trapped(pwi_errno error)
{
    return error == PWI_STOP && g.last.stop.result == PW_ERR_TRAP &&
           g.last.stop.trap == PW_TRAP_OUT_OF_BOUNDS_MEMORY;
}

/* Every pointer parameter of every call, by position, with what the call writes there at least. */
typedef struct pointer_case {
    enum pwi_p1_index index;
    unsigned parameter;
    uint32_t bytes;
    pw_slot args[9];
} pointer_case;

#define END MEMORY_SIZE
static const pointer_case pointer_cases[] = {
    {PWI_P1_args_get, 0, 4, {64, 128}},
    {PWI_P1_args_get, 1, 2, {64, 128}},
    {PWI_P1_args_sizes_get, 0, 4, {64, 128}},
    {PWI_P1_args_sizes_get, 1, 4, {64, 128}},
    {PWI_P1_environ_get, 0, 4, {64, 128}},
    {PWI_P1_environ_get, 1, 4, {64, 128}},
    {PWI_P1_environ_sizes_get, 0, 4, {64, 128}},
    {PWI_P1_environ_sizes_get, 1, 4, {64, 128}},
    {PWI_P1_clock_res_get, 1, 8, {0, 64}},
    {PWI_P1_clock_time_get, 2, 8, {0, 0, 64}},
    {PWI_P1_fd_fdstat_get, 1, 24, {1, 64}},
    {PWI_P1_fd_filestat_get, 1, 64, {1, 64}},
    {PWI_P1_fd_prestat_get, 1, 8, {3, 64}},
    {PWI_P1_fd_prestat_dir_name, 1, 1, {3, 64, 1}},
    {PWI_P1_fd_read, 1, 8, {0, 64, 1, 128}},
    {PWI_P1_fd_read, 3, 4, {0, 64, 1, 128}},
    {PWI_P1_fd_write, 1, 8, {1, 64, 1, 128}},
    {PWI_P1_fd_write, 3, 4, {1, 64, 1, 128}},
    {PWI_P1_fd_pread, 4, 4, {0, 64, 1, 0, 128}},
    {PWI_P1_fd_pwrite, 4, 4, {1, 64, 1, 0, 128}},
    {PWI_P1_fd_readdir, 1, 1, {3, 64, 1, 0, 128}},
    {PWI_P1_fd_readdir, 4, 4, {3, 64, 1, 0, 128}},
    {PWI_P1_fd_seek, 3, 8, {1, 0, 0, 64}},
    {PWI_P1_fd_tell, 1, 8, {1, 64}},
    {PWI_P1_path_create_directory, 1, 1, {3, 64, 1}},
    {PWI_P1_path_filestat_get, 2, 1, {3, 0, 64, 1, 128}},
    {PWI_P1_path_filestat_get, 4, 64, {3, 0, 64, 1, 128}},
    {PWI_P1_path_filestat_set_times, 2, 1, {3, 0, 64, 1, 0, 0, 0}},
    {PWI_P1_path_link, 2, 1, {3, 0, 64, 1, 3, 64, 1}},
    {PWI_P1_path_open, 2, 1, {3, 0, 64, 1, 0, 0, 0, 0, 128}},
    {PWI_P1_path_open, 8, 4, {3, 0, 64, 1, 0, 0, 0, 0, 128}},
    {PWI_P1_path_readlink, 1, 1, {3, 64, 1, 128, 1, 256}},
    {PWI_P1_path_readlink, 3, 1, {3, 64, 1, 128, 1, 256}},
    {PWI_P1_path_readlink, 5, 4, {3, 64, 1, 128, 1, 256}},
    {PWI_P1_path_remove_directory, 1, 1, {3, 64, 1}},
    {PWI_P1_path_rename, 1, 1, {3, 64, 1, 3, 64, 1}},
    {PWI_P1_path_symlink, 0, 1, {64, 1, 3, 64, 1}},
    {PWI_P1_path_unlink_file, 1, 1, {3, 64, 1}},
    {PWI_P1_poll_oneoff, 0, 48, {64, 256, 1, 512}},
    {PWI_P1_poll_oneoff, 1, 32, {64, 256, 1, 512}},
    {PWI_P1_poll_oneoff, 3, 4, {64, 256, 1, 512}},
    {PWI_P1_random_get, 0, 8, {64, 8}},
    {PWI_P1_sock_accept, 2, 4, {1, 0, 64}},
    {PWI_P1_sock_recv, 4, 4, {1, 64, 0, 0, 64, 128}},
    {PWI_P1_sock_recv, 5, 2, {1, 64, 0, 0, 64, 128}},
    {PWI_P1_sock_send, 4, 4, {1, 64, 0, 0, 64}},
};

static void test_pointers(void) /* A01, A02 */
{
    pw_wasi_config *config = new_config();
    if (pw_wasi_config_arg(config, "a", 1) != PW_OK || pw_wasi_config_env(config, "A", 1, "b", 1) != PW_OK)
        exit(3);
    open_with(config);
    for (size_t i = 0; i < sizeof pointer_cases / sizeof pointer_cases[0]; i++) {
        const pointer_case *row = &pointer_cases[i];
        const uint32_t bad[] = {END - row->bytes + 1, END, UINT32_MAX, UINT32_MAX - row->bytes + 1,
                                0x80000000u};
        pw_slot args[9];
        for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
            memcpy(args, row->args, sizeof args);
            args[row->parameter] = bad[k];
            pwi_errno error = guest_run(&g, row->index, args);
            if (!trapped(error)) {
                printf("call %d, parameter %u, pointer %u: %u, no trap\n", row->index, row->parameter, bad[k],
                       error);
                failures++;
            }
        }
        memcpy(args, row->args, sizeof args); /* just inside, and at an odd address */
        args[row->parameter] = END - row->bytes;
        CHECK(guest_run(&g, row->index, args) != PWI_STOP);
        memcpy(args, row->args, sizeof args);
        args[row->parameter] = row->args[row->parameter] + 1;
        CHECK(guest_run(&g, row->index, args) != PWI_STOP);
    }
    guest_close(&g);
}

/* What was written to a stream. */
typedef struct seen {
    uint8_t bytes[64];
    size_t size;
    bool capped;
} seen;

static void see(void *env, const uint8_t *data, size_t size)
{
    seen *to = env;
    to->size = size;
    memcpy(to->bytes, data, size < sizeof to->bytes ? size : sizeof to->bytes);
}

static seen output(void)
{
    seen made = {{0}, 0, false};
    pw_wasi_output(g.wasi, PW_WASI_STDOUT, see, &made, &made.capped);
    return made;
}

static void test_iovecs(void) /* A03-A06 */
{
    pw_wasi_config *config = new_config();
    set_stdio(config, PW_WASI_STDIN,
              &(pw_wasi_stdio){.kind = PW_WASI_STDIO_BYTES,
                               .data = (const uint8_t *)"abcdefghijklmnopqrstuvwxyz",
                               .size = 26});
    set_stdio(config, PW_WASI_STDOUT, &(pw_wasi_stdio){.kind = PW_WASI_STDIO_BYTES, .cap = 1000});
    open_with(config);
    CHECK_EQ(CALL(&g, fd_write, 1, 0, UINT32_MAX, AT_RESULT), PWI_ENOMEM);
    CHECK_EQ(CALL(&g, fd_write, 1, 0, 1u << 29, AT_RESULT), PWI_ENOMEM);
    CHECK(trapped(CALL(&g, fd_write, 1, END - 8, 2, AT_RESULT)));
    CHECK(trapped(CALL(&g, fd_write, 1, guest_iov(&g, 0, UINT32_MAX), 1, AT_RESULT)));
    CHECK(trapped(CALL(&g, fd_write, 1, guest_iov(&g, END, 1), 1, AT_RESULT)));
    CHECK(trapped(CALL(&g, fd_write, 1, guest_iov(&g, UINT32_MAX, 2), 1, AT_RESULT)));
    CHECK_EQ(CALL(&g, fd_write, 1, guest_iov(&g, END, 0), 1, AT_RESULT), 0);
    CHECK_EQ(CALL(&g, fd_write, 1, guest_iov(&g, UINT32_MAX, 0), 1, AT_RESULT), 0);
    CHECK_EQ(CALL(&g, fd_write, 1, END, 0, AT_RESULT), 0);
    CHECK_EQ(result_u32(&g), 0);
    /* an iovec array inside of the buffer that is read into; then the result inside of it */
    pwi_store_u32(g.memory + AT_BUFFER, AT_BUFFER);
    pwi_store_u32(g.memory + AT_BUFFER + 4, 4);
    pwi_store_u32(g.memory + AT_BUFFER + 8, AT_BUFFER + 8);
    pwi_store_u32(g.memory + AT_BUFFER + 12, 4);
    CHECK_EQ(CALL(&g, fd_read, 0, AT_BUFFER, 2, AT_RESULT), 0);
    CHECK_EQ(result_u32(&g), 8);
    CHECK(memcmp(g.memory + AT_BUFFER, "abcd", 4) == 0 && memcmp(g.memory + AT_BUFFER + 8, "efgh", 4) == 0);
    CHECK_EQ(CALL(&g, fd_read, 0, guest_iov(&g, AT_BUFFER, 8), 1, AT_BUFFER + 2), 0);
    CHECK_EQ(pwi_load_u32(g.memory + AT_BUFFER + 2), 8);
    CHECK(memcmp(g.memory + AT_BUFFER, "ij", 2) == 0 && memcmp(g.memory + AT_BUFFER + 6, "op", 2) == 0);
    /* 1025 pieces: what is told is what was moved */
    for (uint32_t i = 0; i < 1025; i++) {
        pwi_store_u32(g.memory + AT_BUFFER + 8 * i, AT_BUFFER + 8 * i);
        pwi_store_u32(g.memory + AT_BUFFER + 8 * i + 4, i == 1024 ? 1 : 0);
    }
    CHECK_EQ(CALL(&g, fd_write, 1, AT_BUFFER, 1025, AT_RESULT), 0);
    CHECK_EQ(result_u32(&g), 1);
    for (uint32_t i = 0; i < 1025; i++)
        pwi_store_u32(g.memory + AT_BUFFER + 8 * i + 4, 1);
    CHECK_EQ(CALL(&g, fd_write, 1, AT_BUFFER, 1025, AT_RESULT), 0);
    CHECK(result_u32(&g) > 0);
    uint32_t written = 1 + result_u32(&g);
    seen all = output();
    CHECK_EQ(all.size, written);
    CHECK(!all.capped);
    guest_close(&g);
}

static void test_streams(void)
{
    pw_wasi_config *config = new_config();
    set_stdio(config, PW_WASI_STDOUT, &(pw_wasi_stdio){.kind = PW_WASI_STDIO_BYTES, .cap = 10});
    open_with(config);
    guest_put(&g, AT_BUFFER, "0123456789abcdef");
    CHECK_EQ(CALL(&g, fd_read, 0, guest_iov(&g, AT_BUFFER, 8), 1, AT_RESULT),
             0); /* nothing granted: end of file */
    CHECK_EQ(result_u32(&g), 0);
    CHECK_EQ(CALL(&g, fd_write, 2, guest_iov(&g, AT_BUFFER, 8), 1, AT_RESULT), 0); /* thrown away */
    CHECK_EQ(result_u32(&g), 8);
    CHECK_EQ(CALL(&g, fd_write, 1, guest_iov(&g, AT_BUFFER, 8), 1, AT_RESULT), 0);
    CHECK_EQ(CALL(&g, fd_write, 1, guest_iov(&g, AT_BUFFER, 8), 1, AT_RESULT), 0);
    CHECK_EQ(result_u32(&g), 2);
    CHECK_EQ(CALL(&g, fd_write, 1, guest_iov(&g, AT_BUFFER, 8), 1, AT_RESULT), PWI_ENOSPC);
    seen all = output();
    CHECK(all.size == 10 && memcmp(all.bytes, "0123456701", 10) == 0 && all.capped);
    CHECK_EQ(CALL(&g, fd_read, 1, guest_iov(&g, AT_BUFFER, 8), 1, AT_RESULT), PWI_EBADF);
    CHECK_EQ(CALL(&g, fd_write, 0, guest_iov(&g, AT_BUFFER, 8), 1, AT_RESULT), PWI_EBADF);
    CHECK_EQ(CALL(&g, fd_seek, 1, 0, 0, AT_RESULT), PWI_ESPIPE);
    CHECK_EQ(CALL(&g, fd_tell, 0, AT_RESULT), PWI_ESPIPE);
    CHECK_EQ(CALL(&g, fd_fdstat_get, 1, AT_RESULT), 0);
    CHECK(g.memory[AT_RESULT] != PWI_TYPE_CHARACTER_DEVICE);
    CHECK_EQ(CALL(&g, fd_prestat_get, 3, AT_RESULT), PWI_EBADF); /* no directory is granted by default */
    CHECK_EQ(CALL(&g, path_open, 3, 0, AT_PATH, 1, 0, 0, 0, 0, AT_RESULT), PWI_EBADF);
    CHECK_EQ(CALL(&g, path_open, 1, 0, AT_PATH, 1, 0, 0, 0, 0, AT_RESULT), PWI_ENOTDIR);
    CHECK_EQ(CALL(&g, fd_close, 1), 0);
    CHECK_EQ(CALL(&g, fd_close, 1), PWI_EBADF);
    CHECK_EQ(CALL(&g, fd_write, 1, guest_iov(&g, AT_BUFFER, 8), 1, AT_RESULT), PWI_EBADF);
    CHECK_EQ(output().size, 10); /* what was written outlives the descriptor */
    CHECK_EQ(CALL(&g, sock_shutdown, 2, 1), PWI_ENOTSOCK);
    CHECK_EQ(CALL(&g, sock_shutdown, 77, 1), PWI_EBADF);
    CHECK_EQ(CALL(&g, proc_raise, 1), PWI_ENOTSUP);
    guest_close(&g);
}

/* A stream of the embedder that gives "xy" and takes 3 bytes at a time; fails on "!". */
static char heard[64];
static size_t heard_size;

static pw_result on_read(void *env, uint8_t *buffer, size_t size, size_t *done)
{
    (void)env;
    *done = size < 2 ? size : 2;
    memcpy(buffer, "xy", *done);
    return PW_OK;
}

static pw_result on_write(void *env, const uint8_t *data, size_t size, size_t *done)
{
    (void)env;
    if (data[0] == '!')
        return PW_ERR_HOST;
    *done = size < 3 ? size : 3;
    memcpy(heard + heard_size, data, *done);
    heard_size += *done;
    return PW_OK;
}

static void test_callbacks(void)
{
    pw_wasi_config *config = new_config();
    CHECK(pw_wasi_config_stdio(config, 0, &(pw_wasi_stdio){.kind = PW_WASI_STDIO_CALLBACK}) ==
          PW_ERR_ARGUMENT);
    CHECK(pw_wasi_config_stdio(config, 3, &(pw_wasi_stdio){.kind = PW_WASI_STDIO_NULL}) == PW_ERR_ARGUMENT);
    set_stdio(config, PW_WASI_STDIN, &(pw_wasi_stdio){.kind = PW_WASI_STDIO_CALLBACK, .read = on_read});
    set_stdio(config, PW_WASI_STDOUT, &(pw_wasi_stdio){.kind = PW_WASI_STDIO_CALLBACK, .write = on_write});
    open_with(config);
    CHECK_EQ(CALL(&g, fd_read, 0, guest_iov(&g, AT_BUFFER, 5), 1, AT_RESULT), 0);
    CHECK(result_u32(&g) == 2 && memcmp(g.memory + AT_BUFFER, "xy", 2) == 0);
    guest_put(&g, AT_BUFFER, "hello!");
    CHECK_EQ(CALL(&g, fd_write, 1, guest_iov(&g, AT_BUFFER, 5), 1, AT_RESULT), 0);
    CHECK(result_u32(&g) == 3 && heard_size == 3 && memcmp(heard, "hel", 3) == 0);
    CHECK_EQ(CALL(&g, fd_write, 1, guest_iov(&g, AT_BUFFER, 40000), 1, AT_RESULT),
             0); /* more than the small buffer */
    CHECK_EQ(result_u32(&g), 3);
    CHECK_EQ(CALL(&g, fd_write, 1, guest_iov(&g, AT_BUFFER + 5, 1), 1, AT_RESULT), PWI_STOP);
    CHECK_EQ(g.last.stop.result, PW_ERR_HOST);
    guest_close(&g);
}

static void test_args_environ(void)
{
    pw_wasi_config *config = new_config();
    CHECK(pw_wasi_config_arg(config, "prog", 4) == PW_OK && pw_wasi_config_arg(config, "", 0) == PW_OK &&
          pw_wasi_config_arg(config, "-v", 2) == PW_OK);
    CHECK(pw_wasi_config_arg(config, "a\0b", 3) == PW_ERR_ARGUMENT);
    CHECK(pw_wasi_config_env(config, "K", 1, "=v", 2) == PW_OK);
    CHECK(pw_wasi_config_env(config, "", 0, "v", 1) == PW_ERR_ARGUMENT);
    CHECK(pw_wasi_config_env(config, "a=b", 3, "v", 1) == PW_ERR_ARGUMENT);
    CHECK(pw_wasi_config_env(config, "a", 1, "v\0w", 3) == PW_ERR_ARGUMENT);
    open_with(config);
    CHECK_EQ(CALL(&g, args_sizes_get, AT_RESULT, AT_RESULT + 4), 0);
    CHECK_EQ(result_u32(&g), 3);
    CHECK_EQ(pwi_load_u32(g.memory + AT_RESULT + 4), 9);
    CHECK_EQ(CALL(&g, args_get, AT_RESULT, AT_BUFFER), 0);
    CHECK_EQ(result_u32(&g), AT_BUFFER);
    CHECK_EQ(pwi_load_u32(g.memory + AT_RESULT + 4), AT_BUFFER + 5);
    CHECK_EQ(pwi_load_u32(g.memory + AT_RESULT + 8), AT_BUFFER + 6);
    CHECK(memcmp(g.memory + AT_BUFFER, "prog\0\0-v\0", 9) == 0);
    CHECK_EQ(CALL(&g, environ_sizes_get, AT_RESULT, AT_RESULT + 4), 0);
    CHECK_EQ(result_u32(&g), 1);
    CHECK_EQ(CALL(&g, environ_get, AT_RESULT, AT_BUFFER), 0);
    CHECK(memcmp(g.memory + AT_BUFFER, "K==v\0", 5) == 0);
    guest_close(&g);
    open_with(new_config());
    CHECK_EQ(CALL(&g, args_sizes_get, AT_RESULT, AT_RESULT + 4), 0);
    CHECK_EQ(pwi_load_u64(g.memory + AT_RESULT), 0);
    CHECK_EQ(CALL(&g, args_get, UINT32_MAX, UINT32_MAX), 0); /* nothing is written anywhere */
    guest_close(&g);
}

static void test_clock_and_random(void)
{
    uint8_t first[64];
    pw_wasi_config *config = new_config();
    open_with(config);
    for (uint32_t id = 0; id < 2; id++) {
        CHECK_EQ(CALL(&g, clock_res_get, id, AT_RESULT), 0);
        CHECK(result_u64(&g) > 0);
        CHECK_EQ(CALL(&g, clock_time_get, id, 0, AT_RESULT), 0);
        uint64_t earlier = result_u64(&g);
        CHECK_EQ(CALL(&g, clock_time_get, id, 0, AT_RESULT), 0);
        CHECK(result_u64(&g) >= earlier && earlier > 0);
    }
    CHECK_EQ(CALL(&g, clock_time_get, 4, 0, AT_RESULT), PWI_EINVAL);
    CHECK_EQ(CALL(&g, clock_res_get, 4, AT_RESULT), PWI_EINVAL);
    CHECK_EQ(CALL(&g, clock_res_get, UINT32_MAX, AT_RESULT), PWI_EINVAL);
    CHECK_EQ(CALL(&g, random_get, 0, 64), 0);
    memcpy(first, g.memory, 64);
    CHECK_EQ(CALL(&g, random_get, 0, 64), 0);
    CHECK(memcmp(first, g.memory, 64) != 0);
    CHECK(trapped(CALL(&g, random_get, 0, UINT32_MAX)));
    CHECK_EQ(CALL(&g, random_get, END, 0), 0);
    CHECK_EQ(CALL(&g, random_get, 0, END), 0);
    guest_close(&g);
    for (int i = 0; i < 2; i++) {
        config = new_config();
        pw_wasi_config_seeded_random(config, 42);
        pw_wasi_config_fixed_clock(config, 1234567890);
        open_with(config);
        CHECK_EQ(CALL(&g, random_get, 0, 64), 0);
        CHECK(i == 0 || memcmp(first, g.memory, 64) == 0);
        memcpy(first, g.memory, 64);
        CHECK_EQ(CALL(&g, clock_time_get, 0, 0, AT_RESULT), 0);
        CHECK_EQ(result_u64(&g), 1234567890);
        guest_close(&g);
    }
}

/* Processor time: from the first reading on, and not while the guest sleeps. */
static void test_processor_time(void)
{
    const uint64_t ms = 1000000;
    open_with(new_config());
    for (uint32_t id = 2; id < 4; id++) {
        uint64_t start, end, mine;
        CHECK_EQ(CALL(&g, clock_res_get, id, AT_RESULT), 0);
        uint64_t step = result_u64(&g);
        CHECK(step > 0);
        CHECK_EQ(CALL(&g, clock_time_get, id, 0, AT_RESULT), 0);
        start = result_u64(&g);
        CHECK(id == 3 || start == 0);
        CHECK_EQ(pwi_os_clock_now(PWI_CLOCK_THREAD, &mine), 0);
        for (end = mine; end - mine < 40 * ms;)
            CHECK_EQ(pwi_os_clock_now(PWI_CLOCK_THREAD, &end), 0);
        CHECK_EQ(CALL(&g, clock_time_get, id, 0, AT_RESULT), 0);
        end = result_u64(&g);
        CHECK(end - start >= 40 * ms - step && end - start < 4000 * ms);
        memset(g.memory, 0, 48);
        pwi_store_u32(g.memory + 16, 1);
        pwi_store_u64(g.memory + 24, 60 * ms);
        CHECK_EQ(CALL(&g, poll_oneoff, 0, AT_BUFFER, 1, AT_RESULT), 0);
        CHECK_EQ(CALL(&g, clock_time_get, id, 0, AT_RESULT), 0);
        CHECK(result_u64(&g) - end < 50 * ms);
        pwi_store_u32(g.memory + 16, id); /* nobody sleeps until it has worked enough */
        CHECK_EQ(CALL(&g, poll_oneoff, 0, AT_BUFFER, 1, AT_RESULT), 0);
        CHECK_EQ(pwi_load_u16(g.memory + AT_BUFFER + 8), PWI_EINVAL);
    }
    guest_close(&g);
    pw_wasi_config *config = new_config();
    pw_wasi_config_fixed_clock(config, 5);
    open_with(config);
    CHECK_EQ(CALL(&g, clock_time_get, 2, 0, AT_RESULT), 0);
    CHECK_EQ(CALL(&g, clock_time_get, 2, 0, AT_RESULT), 0);
    CHECK_EQ(result_u64(&g), 0);
    guest_close(&g);
}

static uint32_t put_clock_sub(uint32_t at, uint64_t userdata, uint32_t clock, uint64_t timeout,
                              uint16_t flags)
{
    memset(g.memory + at, 0, 48);
    pwi_store_u64(g.memory + at, userdata);
    pwi_store_u32(g.memory + at + 16, clock);
    pwi_store_u64(g.memory + at + 24, timeout);
    pwi_store_u16(g.memory + at + 40, flags);
    return at;
}

static void put_fd_sub(uint32_t at, uint64_t userdata, uint8_t tag, uint32_t fd)
{
    memset(g.memory + at, 0, 48);
    pwi_store_u64(g.memory + at, userdata);
    g.memory[at + 8] = tag;
    pwi_store_u32(g.memory + at + 16, fd);
}

static uint64_t monotonic(void)
{
    uint64_t ns;
    if (pwi_os_clock_now(PWI_CLOCK_MONOTONIC, &ns) != 0)
        exit(3);
    return ns;
}

static int polls;
static pw_result on_poll(void *env)
{
    (void)env;
    return ++polls == 3 ? PW_ERR_HOST : PW_OK;
}

static void test_poll(void) /* A12 */
{
    const uint64_t ms = 1000000;
    open_with(new_config());
    CHECK_EQ(CALL(&g, poll_oneoff, 0, AT_BUFFER, 0, AT_RESULT), PWI_EINVAL);
    CHECK_EQ(CALL(&g, poll_oneoff, 0, AT_BUFFER, 1u << 27, AT_RESULT), PWI_EINVAL);
    CHECK_EQ(CALL(&g, poll_oneoff, 0, AT_BUFFER, UINT32_MAX, AT_RESULT), PWI_EINVAL);
    uint64_t start = monotonic();
    CHECK_EQ(CALL(&g, poll_oneoff, put_clock_sub(0, 7, 1, 30 * ms, 0), AT_BUFFER, 1, AT_RESULT), 0);
    CHECK(monotonic() - start >= 30 * ms);
    CHECK_EQ(result_u32(&g), 1);
    CHECK_EQ(pwi_load_u64(g.memory + AT_BUFFER), 7);
    CHECK_EQ(pwi_load_u16(g.memory + AT_BUFFER + 8), 0);
    CHECK_EQ(CALL(&g, poll_oneoff, put_clock_sub(0, 7, 0, 5, 1), AT_BUFFER, 1, AT_RESULT), 0); /* long past */
    /* in = out; a far clock and a ready stream; the same descriptor twice; a bad descriptor; a bad clock */
    put_clock_sub(AT_BUFFER, 1, 1, UINT64_MAX, 0);
    put_fd_sub(AT_BUFFER + 48, 2, 2, 1);
    put_fd_sub(AT_BUFFER + 96, 3, 2, 1);
    put_fd_sub(AT_BUFFER + 144, 4, 1, 99);
    put_clock_sub(AT_BUFFER + 192, 5, 99, 0, 0);
    CHECK_EQ(CALL(&g, poll_oneoff, AT_BUFFER, AT_BUFFER, 5, AT_RESULT), 0);
    CHECK_EQ(result_u32(&g), 4);
    for (uint32_t i = 0; i < 4; i++) {
        const uint8_t *event = g.memory + AT_BUFFER + 32 * i;
        CHECK_EQ(pwi_load_u64(event), i + 2);
        CHECK_EQ(pwi_load_u16(event + 8), i == 2 ? PWI_EBADF : i == 3 ? PWI_EINVAL : 0);
    }
    put_fd_sub(0, 1, 3, 1);
    CHECK_EQ(CALL(&g, poll_oneoff, 0, AT_BUFFER, 1, AT_RESULT), PWI_EINVAL);
    CHECK_EQ(CALL(&g, poll_oneoff, put_clock_sub(0, 7, 1, 1, 2), AT_BUFFER, 1, AT_RESULT),
             0); /* unknown flag */
    CHECK_EQ(pwi_load_u16(g.memory + AT_BUFFER + 8), PWI_EINVAL);
    guest_close(&g);
    /* a sleep that nobody would wait for is ended by the hook */
    pw_wasi_config *config = new_config();
    pw_wasi_config_hooks(config, &(pw_wasi_hooks){.poll = on_poll});
    open_with(config);
    CHECK_EQ(CALL(&g, poll_oneoff, put_clock_sub(0, 7, 1, UINT64_MAX, 0), AT_BUFFER, 1, AT_RESULT), PWI_STOP);
    CHECK(polls == 3 && g.last.stop.result == PW_ERR_HOST);
    guest_close(&g);
    /* a clock that stands still is moved by sleeping, and no time is spent */
    config = new_config();
    pw_wasi_config_fixed_clock(config, 1000);
    open_with(config);
    start = monotonic();
    CHECK_EQ(CALL(&g, poll_oneoff, put_clock_sub(0, 7, 1, 3600 * 1000 * ms, 0), AT_BUFFER, 1, AT_RESULT), 0);
    CHECK_EQ(CALL(&g, clock_time_get, 0, 0, AT_RESULT), 0);
    CHECK_EQ(result_u64(&g), 1000 + 3600 * 1000 * ms);
    CHECK(monotonic() - start < 1000 * ms);
    guest_close(&g);
}

static void test_unstable(void) /* A19 */
{
    open_with(new_config());
    memset(g.memory, 0xee, 128);
    pwi_call call = {.wasi = g.wasi, .memory = {g.memory, sizeof g.memory}, .is_unstable = true};
    CHECK_EQ(pwi_p1_call(&call, PWI_P1_fd_filestat_get, (const pw_slot[]){1, 0}), 0);
    CHECK(g.memory[55] == 0 && g.memory[56] == 0xee);
    memset(g.memory, 0, 128);
    pwi_store_u32(g.memory + 24, 1); /* clock: monotonic */
    pwi_store_u64(g.memory + 32, 1); /* 1 ns */
    CHECK_EQ(pwi_p1_call(&call, PWI_P1_poll_oneoff, (const pw_slot[]){0, 256, 1, AT_RESULT}), 0);
    CHECK_EQ(result_u32(&g), 1);
    guest_close(&g);
}

static void test_exit(void) /* A14 */
{
    open_with(new_config());
    CHECK_EQ(CALL(&g, proc_exit, UINT32_MAX), PWI_STOP);
    CHECK(g.last.stop.result == PW_ERR_EXIT && g.last.stop.exit_code == UINT32_MAX);
    CHECK_EQ(guest_run(&g, PWI_P1_sched_yield, NULL), 0);
    CHECK_EQ(CALL(&g, proc_raise, 0), 0);
    CHECK_EQ(CALL(&g, proc_raise, 6), PWI_ENOTSUP);
    CHECK_EQ(CALL(&g, proc_raise, 31), PWI_EINVAL);
    /* no memory at all (A16) */
    pwi_call call = {.wasi = g.wasi};
    CHECK_EQ(pwi_p1_call(&call, PWI_P1_random_get, (const pw_slot[]){0, 1}), PWI_STOP);
    CHECK(call.stop.trap == PW_TRAP_OUT_OF_BOUNDS_MEMORY && call.stop.text);
    guest_close(&g);
}

/* Any call with any arguments: no crash (under the sanitizers), and every descriptor but those that it closes stays. */
static void test_random_calls(void)
{
    uint64_t state = 1;
    static const uint32_t edges[] = {0,         1,       2,          3,           8,
                                     24,        48,      255,        4096,        END - 1,
                                     END,       END + 1, 0x7fffffff, 0x80000000u, UINT32_MAX - 1,
                                     UINT32_MAX};
    pw_wasi_config *config = new_config();
    pw_wasi_config_fixed_clock(config, 0); /* sleeping takes no time */
    set_stdio(config, PW_WASI_STDOUT, &(pw_wasi_stdio){.kind = PW_WASI_STDIO_BYTES, .cap = 5000});
    open_with(config);
    for (int round = 0; round < 200000; round++) {
        pw_slot args[9];
        for (int i = 0; i < 9; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            uint32_t pick = (uint32_t)(state >> 33);
            args[i] = pick % 3 ? edges[pick / 3 % (sizeof edges / sizeof edges[0])] : pick / 3 % END;
        }
        enum pwi_p1_index index = (enum pwi_p1_index)((state >> 40) % PWI_P1_COUNT);
        if (index == PWI_P1_poll_oneoff)
            args[2] %= 4;
        pwi_errno error = guest_run(&g, index, args);
        CHECK(error == PWI_STOP || error < PWI_ERRNO_COUNT);
    }
    guest_close(&g);
}

int main(void)
{
    test_pointers();
    test_iovecs();
    test_streams();
    test_callbacks();
    test_args_environ();
    test_clock_and_random();
    test_processor_time();
    test_poll();
    test_unstable();
    test_exit();
    test_random_calls();
    return finish("test_wasi_abi");
}
