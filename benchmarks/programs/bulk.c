/* Blocks of memory moved, filled and compared, most of them by memory.copy and memory.fill. */
#include <string.h>

#include "bench.h"

static unsigned char arena[1 << 20];

uint64_t run(uint32_t n)
{
    uint64_t state = 77, hash = 0;
    for (size_t i = 0; i < sizeof arena; i++) arena[i] = (unsigned char)(i * 31);
    for (uint32_t step = 0; step < n * 100; step++) {
        uint64_t r = bench_random(&state);
        uint32_t size = 16u << (r & 7) << (r >> 4 & 3), room = (uint32_t)sizeof arena - size;
        uint32_t from = (uint32_t)(r >> 20) % room, to = (uint32_t)(r >> 40) % room;
        if (r >> 8 & 3) memmove(arena + to, arena + from, size);
        else memset(arena + to, (int)(r >> 60), size);
        if (memcmp(arena + from, arena + to, size < 64 ? size : 64) != 0) hash++;
        hash = bench_mix(hash, arena[to + size / 2]);
    }
    return hash;
}
