/* poll_oneoff.
 *
 *   subscription   0 u64 userdata   8 u8 tag          clock: 16 u32 id  24 u64 timeout  32 u64 precision  40 u16 flags
 *   48 bytes                                          read, write: 16 u32 fd
 *   wasi_unstable: 56 bytes, the clock's fields       clock: 16 u64 identifier  24 u32 id  32 u64 timeout  ...  48 u16
 *   behind an identifier
 *   event          0 u64 userdata   8 u16 error  10 u8 tag   16 u64 bytes  24 u16 flags (1: hang-up)
 *   32 bytes
 *
 * Files are always ready. Pipes, terminals, FIFOs and sockets are waited for. A clock that stands still (pw_wasi_config_fixed_
 * clock) is moved on by the time that the guest wants to sleep, and no time is spent.
 */
#include "base/alloc.h"
#include "wasi/p1/p1.h"

#define MAX_SUBSCRIPTIONS 4096u
#define EVENT_SIZE        32u
enum { TAG_CLOCK = 0, TAG_READ = 1, TAG_WRITE = 2 };
enum { SUBCLOCK_ABSTIME = 1 };
enum { EVENT_HANGUP = 1 };

typedef struct sub {
    uint64_t userdata;
    uint8_t tag;
    bool fired;
    pwi_errno error;
    uint64_t remaining; /* CLOCK: nanoseconds from the call on */
    uint64_t bytes;
    uint16_t flags;
    size_t wait; /* index in waits, or NO_WAIT */
} sub;
#define NO_WAIT SIZE_MAX

typedef struct polling {
    sub *subs;
    size_t count;
    pwi_os_wait *waits;
    size_t wait_count;
    bool any_fired;
    uint64_t earliest; /* of the clocks, or PWI_FOREVER */
} polling;

static void fire(polling *all, sub *one, pwi_errno error)
{
    one->fired = true;
    one->error = error;
    all->any_fired = true;
}

static void add_clock(pwi_call *call, polling *all, sub *one, const uint8_t *at)
{
    const uint8_t *clock = call->is_unstable ? at + 24 : at + 16;
    uint64_t timeout = pwi_load_u64(clock + 8), now;
    uint16_t flags = pwi_load_u16(clock + 24);
    pwi_errno error = pwi_clock_now(call->wasi, pwi_load_u32(clock), &now);
    if (error == PWI_ESUCCESS && (flags & ~SUBCLOCK_ABSTIME))
        error = PWI_EINVAL;
    if (error != PWI_ESUCCESS) {
        fire(all, one, error);
        return;
    }
    if (flags & SUBCLOCK_ABSTIME)
        timeout = timeout > now ? timeout - now : 0;
    one->remaining = timeout;
    if (timeout < all->earliest)
        all->earliest = timeout;
}

static void add_wait(polling *all, sub *one, pwi_os_handle handle, bool is_socket)
{
    one->wait = all->wait_count;
    all->waits[all->wait_count++] =
        (pwi_os_wait){.handle = handle, .is_socket = is_socket, .for_write = one->tag == TAG_WRITE};
}

static void add_stream(polling *all, sub *one, const pwi_stream *stream)
{
    bool may_hold = one->tag == TAG_READ && stream->how.held; /* then its descriptor does not tell */
    if (stream->handle != PWI_OS_NONE && !may_hold) {
        add_wait(all, one, stream->handle, false);
        return;
    }
    if (one->tag == TAG_READ && stream->kind == PW_WASI_STDIO_BYTES)
        one->bytes = stream->size - stream->position;
    else if (one->tag == TAG_WRITE || stream->kind == PW_WASI_STDIO_CALLBACK)
        one->bytes = 1;
    if (one->bytes == 0)
        one->flags = EVENT_HANGUP;
    fire(all, one, PWI_ESUCCESS);
}

static void add_file(polling *all, sub *one, const pwi_fd *entry)
{
    uint64_t position;
    pwi_os_stat stat;
    if (entry->may_block) {
        add_wait(all, one, entry->handle, false);
        return;
    }
    one->bytes = 1;
    if (one->tag == TAG_READ && entry->fs->stat_handle(entry->handle, &stat) == PWI_ESUCCESS &&
        entry->fs->seek(entry->handle, 0, PWI_SEEK_CUR, &position) == PWI_ESUCCESS)
        one->bytes = stat.size > position ? stat.size - position : 0;
    fire(all, one, PWI_ESUCCESS);
}

static void add_fd(pwi_call *call, polling *all, sub *one, uint32_t fd)
{
    pwi_fd *entry;
    pwi_errno error = pwi_p1_any(call, fd, &entry);
    if (error == PWI_ESUCCESS && entry->kind == PWI_FD_DIR)
        error = PWI_EBADF;
    if (error != PWI_ESUCCESS)
        fire(all, one, error);
    else if (entry->kind == PWI_FD_STREAM)
        add_stream(all, one, entry->stream);
    else if (entry->kind == PWI_FD_SOCKET)
        add_wait(all, one, entry->handle, true);
    else
        add_file(all, one, entry);
}

static pwi_errno add_all(pwi_call *call, polling *all, uint32_t in_at)
{
    uint32_t size = call->is_unstable ? 56 : 48;
    for (size_t i = 0; i < all->count; i++) {
        const uint8_t *at = pwi_guest_range(&call->memory, in_at + (uint64_t)i * size, size);
        if (!at)
            return pwi_call_fault(call);
        sub *one = &all->subs[i];
        *one = (sub){.userdata = pwi_load_u64(at),
                     .tag = pwi_load_u8(at + 8),
                     .wait = NO_WAIT,
                     .remaining = PWI_FOREVER};
        if (one->tag == TAG_CLOCK)
            add_clock(call, all, one, at);
        else if (one->tag == TAG_READ || one->tag == TAG_WRITE)
            add_fd(call, all, one, pwi_load_u32(at + 16));
        else
            return PWI_EINVAL;
    }
    return PWI_ESUCCESS;
}

/* Marks what has happened after `elapsed` nanoseconds. */
static void collect(polling *all, uint64_t elapsed)
{
    for (size_t i = 0; i < all->count; i++) {
        sub *one = &all->subs[i];
        if (one->fired)
            continue;
        if (one->tag == TAG_CLOCK && one->remaining <= elapsed)
            fire(all, one, PWI_ESUCCESS);
        else if (one->wait != NO_WAIT && all->waits[one->wait].ready) {
            const pwi_os_wait *wait = &all->waits[one->wait];
            one->flags = wait->hangup ? EVENT_HANGUP : 0;
            one->bytes = one->tag == TAG_READ ? pwi_os_available(wait) : 1; /* how much fits is not told */
            if (one->bytes == 0 && !wait->hangup) /* a connection to accept, or a system that does not tell */
                one->bytes = 1;
            fire(all, one, PWI_ESUCCESS);
        }
    }
}

static pwi_errno wait_all(pwi_call *call, polling *all)
{
    pw_wasi *wasi = call->wasi;
    bool is_virtual = wasi->clock_is_fixed && all->earliest != PWI_FOREVER;
    uint64_t start, now, timeout = all->any_fired || is_virtual ? 0 : all->earliest;
    pwi_errno error = pwi_os_clock_now(PWI_CLOCK_MONOTONIC, &start);
    if (error == PWI_ESUCCESS)
        error = pwi_wait(call, all->waits, all->wait_count, timeout);
    if (error == PWI_ESUCCESS)
        error = pwi_os_clock_now(PWI_CLOCK_MONOTONIC, &now);
    if (error != PWI_ESUCCESS)
        return error;
    collect(all, is_virtual ? 0 : now - start);
    if (!all->any_fired && is_virtual) {
        wasi->fixed_now =
            all->earliest > UINT64_MAX - wasi->fixed_now ? UINT64_MAX : wasi->fixed_now + all->earliest;
        collect(all, all->earliest);
        error = pwi_poll(call); /* a guest that only sleeps must not run for ever */
    }
    return error;
}

static pwi_errno put_events(pwi_call *call, const polling *all, uint32_t out_at, uint32_t count_at)
{
    uint32_t events = 0;
    for (size_t i = 0; i < all->count; i++) {
        const sub *one = &all->subs[i];
        if (!one->fired)
            continue;
        uint8_t *at = pwi_guest_range(&call->memory, out_at + (uint64_t)events * EVENT_SIZE, EVENT_SIZE);
        if (!at)
            return pwi_call_fault(call);
        memset(at, 0, EVENT_SIZE);
        pwi_store_u64(at, one->userdata);
        pwi_store_u16(at + 8, (uint16_t)one->error);
        at[10] = one->tag;
        pwi_store_u64(at + 16, one->tag == TAG_CLOCK ? 0 : one->bytes);
        pwi_store_u16(at + 24, one->flags);
        events++;
    }
    return pwi_p1_put_u32(call, count_at, events);
}

pwi_errno pwi_p1_poll_oneoff(pwi_call *call, const pw_slot *args)
{
    uint32_t in_at = (uint32_t)args[0], out_at = (uint32_t)args[1], count = (uint32_t)args[2];
    uint32_t count_at = (uint32_t)args[3];
    polling all = {.count = count, .earliest = PWI_FOREVER};
    if (count == 0 || count > MAX_SUBSCRIPTIONS)
        return PWI_EINVAL;
    pwi_errno error = pwi_p1_check(call, count_at, 4);
    if (error == PWI_ESUCCESS)
        error = pwi_p1_check(call, out_at, (uint64_t)count * EVENT_SIZE);
    if (error != PWI_ESUCCESS)
        return error;
    all.subs = pwi_alloc_zero(count, sizeof *all.subs);
    all.waits = pwi_alloc_zero(count, sizeof *all.waits);
    if (!all.subs || !all.waits)
        error = PWI_ENOMEM;
    if (error == PWI_ESUCCESS)
        error = add_all(call, &all, in_at);
    while (error == PWI_ESUCCESS) {
        error = wait_all(call, &all);
        if (all.any_fired)
            break;
    }
    if (error == PWI_ESUCCESS)
        error = put_events(call, &all, out_at, count_at);
    pwi_free(all.subs);
    pwi_free(all.waits);
    return error;
}
