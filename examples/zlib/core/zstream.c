#include "zstream.h"

#include <stdlib.h>

#include "zlib.h"

enum { FIRST_ROOM = 4096 };

struct zstream {
    z_stream z;
    int (*step)(z_stream *, int);
    int (*end)(z_stream *);
    uint8_t *out;
    size_t used, room;
};

static zstream *opened(zstream *stream, int code)
{
    if (code == Z_OK) return stream;
    free(stream);
    return NULL;
}

zstream *zstream_deflate(int level, int window_bits)
{
    zstream *stream = calloc(1, sizeof *stream);
    if (stream == NULL) return NULL;
    stream->step = deflate;
    stream->end = deflateEnd;
    return opened(stream, deflateInit2(&stream->z, level, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY));
}

zstream *zstream_inflate(int window_bits)
{
    zstream *stream = calloc(1, sizeof *stream);
    if (stream == NULL) return NULL;
    stream->step = inflate;
    stream->end = inflateEnd;
    return opened(stream, inflateInit2(&stream->z, window_bits));
}

void zstream_free(zstream *stream)
{
    if (stream == NULL) return;
    stream->end(&stream->z);
    free(stream->out);
    free(stream);
}

static int grow(zstream *stream)
{
    size_t room = stream->room != 0 ? 2 * stream->room : FIRST_ROOM;
    uint8_t *out = room > stream->room ? realloc(stream->out, room) : NULL;
    if (out == NULL) return Z_MEM_ERROR;
    stream->out = out;
    stream->room = room;
    return Z_OK;
}

int zstream_feed(zstream *stream, const uint8_t *data, size_t n, int flush)
{
    z_stream *z = &stream->z;
    z->next_in = (Bytef *)data;  /* zlib does not write there */
    z->avail_in = (uInt)n;
    for (;;) {
        if (stream->used == stream->room && grow(stream) != Z_OK) return Z_MEM_ERROR;
        size_t room = stream->room - stream->used;
        z->next_out = stream->out + stream->used;
        z->avail_out = (uInt)room;
        int code = stream->step(z, flush);
        stream->used += room - z->avail_out;
        if (code == Z_STREAM_END) return 1;
        if (code == Z_NEED_DICT) return Z_DATA_ERROR;
        if (code < 0 && code != Z_BUF_ERROR) return code;
        if (z->avail_out != 0) return 0;  /* there was room left, so all of the input is through */
    }
}

size_t zstream_unused(const zstream *stream)
{
    return stream->z.avail_in;
}

const uint8_t *zstream_take(zstream *stream, size_t *size)
{
    *size = stream->used;
    stream->used = 0;
    return stream->out;
}

const char *zstream_error(int code)
{
    return zError(code);
}
