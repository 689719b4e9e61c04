/* A compressor of the LZ77 kind with a hash of three bytes, and its decompressor. */
#include <string.h>

#include "bench.h"

enum { SIZE = 1 << 16, HASH = 1 << 12, MAX_MATCH = 130, MIN_MATCH = 3 };
static unsigned char input[SIZE], packed[SIZE * 2], unpacked[SIZE];
static uint32_t heads[HASH];

/* Token: 0..127 = that many + 1 literals follow; 128..255 = a match of (token - 128) + 3 bytes,
 * two bytes of distance follow, low byte first. */
static uint32_t compress(void)
{
    uint32_t out = 0, at = 0, literals = 0;
    memset(heads, 0xff, sizeof heads);
    while (at < SIZE) {
        uint32_t length = 0, from = 0;
        if (at + MIN_MATCH <= SIZE) {
            uint32_t key = (input[at] * 506832829u + input[at + 1] * 65599u + input[at + 2] * 40503u) >> 5 & (HASH - 1);
            from = heads[key];
            heads[key] = at;
            if (from != UINT32_MAX && at - from < 65536)
                while (length < MAX_MATCH && at + length < SIZE && input[from + length] == input[at + length]) length++;
        }
        if (length >= MIN_MATCH) {
            packed[out++] = (unsigned char)(128 + length - MIN_MATCH);
            packed[out++] = (unsigned char)(at - from);
            packed[out++] = (unsigned char)((at - from) >> 8);
            at += length;
            literals = 0;
        } else {
            if (!literals || packed[literals - 1] == 127) {
                packed[out++] = 0;
                literals = out;
            } else {
                packed[literals - 1]++;
            }
            packed[out++] = input[at++];
        }
    }
    return out;
}

static uint32_t expand(uint32_t size)
{
    uint32_t out = 0, at = 0;
    while (at < size) {
        uint32_t token = packed[at++];
        if (token < 128) {
            for (uint32_t i = 0; i <= token; i++) unpacked[out++] = packed[at++];
        } else {
            uint32_t distance = packed[at] | (uint32_t)packed[at + 1] << 8;
            at += 2;
            for (uint32_t i = 0; i < token - 128 + MIN_MATCH; i++, out++) unpacked[out] = unpacked[out - distance];
        }
    }
    return out;
}

uint64_t run(uint32_t n)
{
    uint64_t state = 1234, hash = 0;
    for (uint32_t round = 0; round < n; round++) {
        for (uint32_t i = 0; i < SIZE;) {
            uint64_t r = bench_random(&state);
            uint32_t length = 1 + (uint32_t)(r >> 59), from = i ? (uint32_t)(r >> 20) % i : 0;
            for (; length-- && i < SIZE; i++) input[i] = i && r & 3 ? input[from++] : (unsigned char)(r >> 30);
        }
        uint32_t size = compress(), restored = expand(size);
        hash = bench_mix(hash, size + (restored == SIZE && memcmp(input, unpacked, SIZE) == 0 ? 0 : 1000000));
    }
    return hash;
}
