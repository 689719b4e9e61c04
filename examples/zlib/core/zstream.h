#pragma once
#include <stddef.h>
#include <stdint.h>

/** A stream of zlib with the output that nobody has taken yet. */
typedef struct zstream zstream;

/** A stream that compresses.
 *  @param window_bits as for deflateInit2: 9 to 15, negative without header, 16 more for gzip
 *  @return null for a parameter that zlib refuses, or if there is no memory */
zstream *zstream_deflate(int level, int window_bits);

/** A stream that decompresses; `window_bits` as for inflateInit2. */
zstream *zstream_inflate(int window_bits);

void zstream_free(zstream *stream);

/** Compresses or decompresses all of the input.
 *  @param flush 0 for more to come, 2 for Z_SYNC_FLUSH, 4 for the end of the input
 *  @return 1 at the end of a compressed stream, 0 before, an error of zlib's below 0 */
int zstream_feed(zstream *stream, const uint8_t *data, size_t n, int flush);

/** How much of the last input came after the end of the compressed stream. */
size_t zstream_unused(const zstream *stream);

/** What has come out, until the next call.
 *  @param[out] size in bytes */
const uint8_t *zstream_take(zstream *stream, size_t *size);

/** What zlib says of an error. */
const char *zstream_error(int code);
