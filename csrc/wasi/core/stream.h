/* stream.h - stdin, stdout and stderr where they are no files: nothing, bytes, a pipe or terminal, a callback. */
#ifndef PW_WASI_STREAM_H
#define PW_WASI_STREAM_H

#include "base/sync.h"
#include "pywasi_wasi.h"
#include "wasi/core/guest_memory.h"
#include "wasi/os/os.h"

typedef struct pwi_stream {
    pw_wasi_stdio_kind kind;
    bool is_tty;
    bool capped;          /* the guest wanted more than the cap */
    bool escape_lead;     /* the last byte to a terminal was 0xc2, the lead of a C1 control */
    pwi_os_handle handle; /* FD: ours. CALLBACK: what it waits for, the embedder's */
    uint8_t *data;        /* BYTES: what stdin gives, or what was written */
    size_t size;
    size_t capacity;
    pwi_mutex *lock; /* of what was written to BYTES, which other threads may look at meanwhile */
    size_t position; /* BYTES on stdin */
    bool has_cap;
    uint64_t cap;     /* of written */
    uint64_t written; /* bytes so far, and those that are being written */
    pw_wasi_stdio how;
} pwi_stream;

struct pwi_call;

/* Makes a stream of its configuration; data is copied, a descriptor duplicated. */
PW_MUST_USE pwi_errno pwi_stream_init(pwi_stream *stream, const pw_wasi_stdio *how, bool is_input);
/* The guest needs it no longer: whoever has the other end of a pipe is to see that. What was written stays. */
void pwi_stream_close(pwi_stream *stream);
void pwi_stream_destroy(pwi_stream *stream);

/* How many of `wanted` bytes may still be written; they count as written. What was not written is given back. */
uint64_t pwi_stream_take(pwi_stream *stream, uint64_t wanted);
void pwi_stream_give_back(pwi_stream *stream, uint64_t bytes);
/* All of them or NOSPC. */
PW_MUST_USE pwi_errno pwi_stream_take_all(pwi_stream *stream, uint64_t wanted);

/* Transfer between a stream and the guest's memory; 0 bytes from read is end of file. `wait`: block until something
 * can be moved, else AGAIN. The guest's memory may have moved afterwards. */
PW_MUST_USE pwi_errno pwi_stream_read(struct pwi_call *call, pwi_stream *stream, uint32_t iovs,
                                      uint32_t count, bool wait, size_t *done);
PW_MUST_USE pwi_errno pwi_stream_write(struct pwi_call *call, pwi_stream *stream, uint32_t iovs,
                                       uint32_t count, bool wait, size_t *done);

#endif
