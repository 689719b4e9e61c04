/* The ChaCha20 key stream (RFC 8439), four blocks at a time: a word of the state is a lane of each block. */
#include "bench.h"
#include "vectors.h"

enum { BLOCKS = 4 };

#define ROTATE(v, by) ((v) << (by) | (v) >> (32 - (by)))
#define QUARTER(a, b, c, d)                                                                                          \
    (s[a] += s[b], s[d] ^= s[a], s[d] = ROTATE(s[d], 16), s[c] += s[d], s[b] ^= s[c], s[b] = ROTATE(s[b], 12),       \
     s[a] += s[b], s[d] ^= s[a], s[d] = ROTATE(s[d], 8), s[c] += s[d], s[b] ^= s[c], s[b] = ROTATE(s[b], 7))
#define TWO_ROUNDS                                                                                                   \
    (QUARTER(0, 4, 8, 12), QUARTER(1, 5, 9, 13), QUARTER(2, 6, 10, 14), QUARTER(3, 7, 11, 15),                       \
     QUARTER(0, 5, 10, 15), QUARTER(1, 6, 11, 12), QUARTER(2, 7, 8, 13), QUARTER(3, 4, 9, 14))

static uint32_t out[16][BLOCKS];

/* out[word][block], for blocks from the counter on. */
#ifdef VECTORS
static void blocks(const uint32_t *key)
{
    u32x4 s[16], start[16];
    for (int i = 0; i < 16; i++) start[i] = s[i] = (u32x4){key[i], key[i], key[i], key[i]};
    start[12] = s[12] += (u32x4){0, 1, 2, 3};
    for (int i = 0; i < 10; i++) TWO_ROUNDS;
    for (int i = 0; i < 16; i++) s[i] += start[i];
    __builtin_memcpy(out, s, sizeof out);
}
#else
static void blocks(const uint32_t *key)
{
    for (uint32_t block = 0; block < BLOCKS; block++) {
        uint32_t s[16];
        for (int i = 0; i < 16; i++) s[i] = key[i];
        s[12] += block;
        for (int i = 0; i < 10; i++) TWO_ROUNDS;
        for (int i = 0; i < 16; i++) out[i][block] = s[i] + key[i] + (i == 12 ? block : 0);
    }
}
#endif

uint64_t run(uint32_t n)
{
    uint32_t key[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    uint64_t hash = 0;
    for (uint32_t i = 4; i < 16; i++) key[i] = i * 0x01030507;
    for (uint32_t i = 0; i < n * 250; i++) {
        blocks(key);
        for (int block = 0; block < BLOCKS; block++)
            hash = bench_mix(hash, (uint64_t)out[i & 15][block] << 32 | out[15][block]);
        key[12] += BLOCKS;
    }
    return hash;
}
