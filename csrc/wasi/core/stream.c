/* Standard streams. */
#include "wasi/core/stream.h"

#include "base/alloc.h"
#include "wasi/core/iovec.h"

#define DEFAULT_OUTPUT_CAP ((uint64_t)1 << 20)
#define BOUNCE_SMALL       4096u
#define BOUNCE_MAX         65536u

static pwi_errno make_lock(pwi_stream *stream)
{
    stream->lock = pwi_alloc(sizeof *stream->lock);
    if (stream->lock && pwi_mutex_init(stream->lock))
        return PWI_ESUCCESS;
    pwi_free(stream->lock);
    stream->lock = NULL;
    return PWI_ENOMEM;
}

pwi_errno pwi_stream_init(pwi_stream *stream, const pw_wasi_stdio *how, bool is_input)
{
    pwi_errno error = PWI_ESUCCESS;
    *stream = (pwi_stream){.kind = how->kind, .how = *how, .handle = PWI_OS_NONE, .cap = how->cap};
    stream->has_cap = how->is_capped || how->cap > 0;
    stream->is_tty = how->kind == PW_WASI_STDIO_CALLBACK && how->is_tty;
    if (how->kind == PW_WASI_STDIO_BYTES && is_input && how->size > 0) {
        stream->data = pwi_alloc(how->size);
        if (!stream->data)
            return PWI_ENOMEM;
        memcpy(stream->data, how->data, how->size);
        stream->size = how->size;
    } else if (how->kind == PW_WASI_STDIO_BYTES && !is_input && !stream->has_cap) {
        stream->has_cap = true;
        stream->cap = DEFAULT_OUTPUT_CAP;
    }
    if (how->kind == PW_WASI_STDIO_BYTES && !is_input) {
        error = make_lock(stream);
    } else if (how->kind == PW_WASI_STDIO_FD) {
        pwi_os_handle handle;
        error = pwi_os_handle_of_fd(how->fd, &handle);
        if (error == PWI_ESUCCESS)
            error = pwi_os_dup(handle, &stream->handle);
        stream->is_tty = error == PWI_ESUCCESS && pwi_os_is_tty(stream->handle);
    } else if (how->kind == PW_WASI_STDIO_CALLBACK && how->waits) {
        error = pwi_os_handle_of_fd(how->fd, &stream->handle);
    }
    stream->how.data = NULL; /* the embedder's memory may be gone */
    return error;
}

void pwi_stream_close(pwi_stream *stream)
{
    if (stream->kind == PW_WASI_STDIO_FD)
        pwi_os_close(stream->handle);
    stream->handle = PWI_OS_NONE;
}

void pwi_stream_destroy(pwi_stream *stream)
{
    pwi_stream_close(stream);
    pwi_free(stream->data);
    if (stream->lock)
        pwi_mutex_destroy(stream->lock);
    pwi_free(stream->lock);
    *stream = (pwi_stream){.handle = PWI_OS_NONE};
}

uint64_t pwi_stream_take(pwi_stream *stream, uint64_t wanted)
{
    if (stream->has_cap) {
        uint64_t room = stream->written < stream->cap ? stream->cap - stream->written : 0;
        if (wanted > room) {
            stream->capped = true;
            wanted = room;
        }
    }
    stream->written += wanted;
    return wanted;
}

void pwi_stream_give_back(pwi_stream *stream, uint64_t bytes)
{
    stream->written -= bytes;
}

pwi_errno pwi_stream_take_all(pwi_stream *stream, uint64_t wanted)
{
    uint64_t taken = pwi_stream_take(stream, wanted);
    if (taken == wanted)
        return PWI_ESUCCESS;
    pwi_stream_give_back(stream, taken);
    return PWI_ENOSPC;
}

/* Ready at once, or after waiting if the guest wants that. */
static pwi_errno wait_for(pwi_call *call, pwi_stream *stream, bool for_write, bool wait)
{
    pwi_os_wait one = {.handle = stream->handle, .for_write = for_write};
    pwi_errno error = pwi_wait(call, &one, 1, wait ? PWI_FOREVER : 0);
    if (error == PWI_ESUCCESS && !one.ready)
        error = PWI_EAGAIN;
    return error;
}

static pwi_errno read_handle(pwi_call *call, pwi_stream *stream, uint32_t iovs, uint32_t count, bool wait,
                             size_t *done)
{
    pwi_errno error;
    do {
        pwi_iov_list list;
        error = wait_for(call, stream, false, wait);
        if (error == PWI_ESUCCESS)
            error = pwi_iov_read(call, iovs, count, &list);
        if (error != PWI_ESUCCESS)
            return error;
        pwi_unlocked_begin(call); /* another process may have taken what was there: this can block */
        error = pwi_os_read(stream->handle, list.items, list.count, done);
        pwi_unlocked_end(call);
        if (error == PWI_EINTR) { /* a signal is the embedder's business, not the guest's */
            error = pwi_poll(call);
            error = error == PWI_ESUCCESS ? PWI_EINTR : error;
        }
    } while (error == PWI_EINTR);
    return error;
}

/* Host memory for the data of one callback: the callback may run the guest, and its memory may move. */
typedef struct bounce {
    uint8_t small[BOUNCE_SMALL];
    uint8_t *data;
    size_t size;
} bounce;

static pwi_errno bounce_make(bounce *buffer, uint64_t wanted)
{
    buffer->size = wanted < BOUNCE_MAX ? (size_t)wanted : BOUNCE_MAX;
    buffer->data = buffer->size <= sizeof buffer->small ? buffer->small : pwi_alloc(buffer->size);
    return buffer->data ? PWI_ESUCCESS : PWI_ENOMEM;
}

static void bounce_free(bounce *buffer)
{
    if (buffer->data != buffer->small)
        pwi_free(buffer->data);
}

typedef pw_result read_fn(void *env, uint8_t *buffer, size_t size, size_t *done);

static pwi_errno read_by(pwi_call *call, pwi_stream *stream, read_fn *read, uint32_t iovs, uint32_t count,
                         size_t *done)
{
    pwi_iov_list list;
    bounce buffer;
    pwi_errno error = pwi_iov_read(call, iovs, count, &list);
    if (error == PWI_ESUCCESS)
        error = bounce_make(&buffer, list.total);
    if (error != PWI_ESUCCESS)
        return error;
    size_t got = 0;
    pw_result result = read(stream->how.env, buffer.data, buffer.size, &got);
    pwi_call_refresh(call);
    if (result != PW_OK)
        error = pwi_call_stop(call, result);
    else if (got > buffer.size)
        error = got == PW_WASI_WOULD_BLOCK ? PWI_EAGAIN : PWI_EIO;
    else /* read once more: the list's pointers are of before the callback */
        error = pwi_iov_read(call, iovs, count, &list);
    if (error == PWI_ESUCCESS)
        *done = pwi_iov_scatter(&list, 0, buffer.data, got);
    bounce_free(&buffer);
    return error;
}

static pwi_errno read_callback(pwi_call *call, pwi_stream *stream, uint32_t iovs, uint32_t count, bool wait,
                               size_t *done)
{
    pwi_errno error = PWI_ESUCCESS;
    if (stream->handle != PWI_OS_NONE) {
        error = wait_for(call, stream, false, false);
        if (error == PWI_EAGAIN && stream->how.held) {
            error = read_by(call, stream, stream->how.held, iovs, count, done);
            if (error == PWI_ESUCCESS && *done > 0)
                return error;
            error = error == PWI_ESUCCESS ? PWI_EAGAIN : error;
        }
        if (error == PWI_EAGAIN)
            error = wait_for(call, stream, false, wait);
    }
    return error == PWI_ESUCCESS ? read_by(call, stream, stream->how.read, iovs, count, done) : error;
}

pwi_errno pwi_stream_read(pwi_call *call, pwi_stream *stream, uint32_t iovs, uint32_t count, bool wait,
                          size_t *done)
{
    pwi_iov_list list;
    pwi_errno error = pwi_iov_read(call, iovs, count, &list);
    *done = 0;
    if (error != PWI_ESUCCESS || list.total == 0)
        return error;
    switch (stream->kind) {
    case PW_WASI_STDIO_BYTES:
        *done = pwi_iov_scatter(&list, 0, stream->data + stream->position, stream->size - stream->position);
        stream->position += *done;
        return PWI_ESUCCESS;
    case PW_WASI_STDIO_FD:
        return read_handle(call, stream, iovs, count, wait, done);
    case PW_WASI_STDIO_CALLBACK:
        return stream->how.read ? read_callback(call, stream, iovs, count, wait, done) : PWI_ESUCCESS;
    case PW_WASI_STDIO_NULL:
        break;
    }
    return PWI_ESUCCESS;
}

static pwi_errno write_bytes(pwi_stream *stream, const pwi_iov_list *list, size_t part, size_t *done)
{
    pwi_errno error = PWI_ENOMEM;
    pwi_mutex_lock(stream->lock);
    if (pwi_reserve((void **)&stream->data, &stream->capacity, stream->size + part, 1)) {
        *done = pwi_iov_gather(list, 0, stream->data + stream->size, part);
        stream->size += *done;
        error = PWI_ESUCCESS;
    }
    pwi_mutex_unlock(stream->lock);
    return error;
}

/* A guest may print what it likes, but not program the terminal of whoever runs it: control characters but tab,
 * newline and return become '?', and so do the C1 controls (U+0080 to U+009F, in UTF-8 0xc2 0x80 to 0xc2 0x9f). */
static void tame(const pwi_stream *stream, uint8_t *bytes, size_t length)
{
    bool after_lead = stream->escape_lead;
    for (size_t i = 0; stream->is_tty && i < length; i++) {
        uint8_t byte = bytes[i];
        if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7f ||
            (after_lead && byte >= 0x80 && byte < 0xa0))
            bytes[i] = '?';
        after_lead = byte == 0xc2;
    }
}

/* After the first `done` of these bytes were taken. */
static void tamed(pwi_stream *stream, const uint8_t *bytes, size_t done)
{
    if (done > 0)
        stream->escape_lead = bytes[done - 1] == 0xc2;
}

static pwi_errno write_callback(pwi_call *call, pwi_stream *stream, uint32_t iovs, uint32_t count,
                                size_t part, bool wait, size_t *done)
{
    bounce buffer;
    pwi_iov_list list;
    pwi_errno error = PWI_ESUCCESS;
    if (stream->handle != PWI_OS_NONE) {
        error = wait_for(call, stream, true, wait);
        part = part < pwi_os_pipe_piece ? part : pwi_os_pipe_piece;
    }
    if (error == PWI_ESUCCESS)
        error = pwi_iov_read(call, iovs, count, &list); /* after waiting: memory may have moved */
    if (error == PWI_ESUCCESS)
        error = bounce_make(&buffer, part);
    if (error != PWI_ESUCCESS)
        return error;
    buffer.size = pwi_iov_gather(&list, 0, buffer.data, buffer.size);
    tame(stream, buffer.data, buffer.size);
    pw_result result = stream->how.write(stream->how.env, buffer.data, buffer.size, done);
    if (result != PW_OK)
        error = pwi_call_stop(call, result);
    else if (*done > buffer.size)
        error = PWI_EIO;
    else if (*done == 0)
        error = PWI_EAGAIN;
    if (error != PWI_ESUCCESS)
        *done = 0;
    tamed(stream, buffer.data, *done);
    bounce_free(&buffer);
    pwi_call_refresh(call);
    return error;
}

static pwi_errno write_handle(pwi_call *call, pwi_stream *stream, uint32_t iovs, uint32_t count, size_t limit,
                              bool wait, size_t *done)
{
    pwi_errno error = PWI_ESUCCESS;
    size_t total = 0;
    while (error == PWI_ESUCCESS && total < limit) {
        pwi_iov_list list;
        uint8_t piece[PWI_OS_PIPE_PIECE_MAX];
        size_t space = limit - total < pwi_os_pipe_piece ? limit - total : pwi_os_pipe_piece;
        size_t length, written = 0;
        error = wait_for(call, stream, true, wait && total == 0);
        if (error == PWI_ESUCCESS)
            error = pwi_iov_read(call, iovs, count, &list); /* the poll hook may have moved memory */
        if (error != PWI_ESUCCESS || list.total <= total)   /* the list is shorter now: memory is shared */
            break;
        length = pwi_iov_gather(&list, total, piece, space);
        tame(stream, piece, length);
        pwi_unlocked_begin(call);
        error = pwi_os_write_pipe(stream->handle, &(pwi_os_iovec){piece, length}, 1, &written);
        pwi_unlocked_end(call);
        if (error == PWI_EINTR) /* a signal is the embedder's business, not the guest's */
            error = pwi_poll(call);
        else if (written < length)
            limit = total + written;
        tamed(stream, piece, written);
        total += written;
    }
    *done = total;
    if (total > 0 && error < PWI_STOP) /* what was written is told; the error comes back with the next call */
        error = PWI_ESUCCESS;
    return error;
}

pwi_errno pwi_stream_write(pwi_call *call, pwi_stream *stream, uint32_t iovs, uint32_t count, bool wait,
                           size_t *done)
{
    pwi_iov_list list;
    pwi_errno error = pwi_iov_read(call, iovs, count, &list);
    *done = 0;
    if (error != PWI_ESUCCESS || list.total == 0)
        return error;
    /* Taken before, since a callback may run the guest, which may write. It fits: at most UINT32_MAX. */
    size_t part = (size_t)pwi_stream_take(stream, list.total);
    if (part == 0)
        return PWI_ENOSPC;
    switch (stream->kind) {
    case PW_WASI_STDIO_BYTES:
        error = write_bytes(stream, &list, part, done);
        break;
    case PW_WASI_STDIO_FD:
        error = write_handle(call, stream, iovs, count, part, wait, done);
        break;
    case PW_WASI_STDIO_CALLBACK:
        if (stream->how.write)
            error = write_callback(call, stream, iovs, count, part, wait, done);
        else
            *done = part;
        break;
    case PW_WASI_STDIO_NULL:
        *done = part;
        break;
    }
    pwi_stream_give_back(stream, part - *done);
    return error;
}
