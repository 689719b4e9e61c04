/* The frame of every benchmark program.
 *
 * A program defines `uint64_t run(uint32_t n)`: n units of work, and a checksum that depends on all of
 * it. It calls nothing but memory functions of libc, so the module has no imports and every engine can
 * load it. With -DBENCH_COMMAND it becomes a program that takes n as its argument and prints the
 * checksum, for engines that are command lines. With n = 0 it does nothing: what that takes is what the
 * engine needs to start and to load it. */
#ifndef PYWASI_BENCH_H
#define PYWASI_BENCH_H

#include <stddef.h>
#include <stdint.h>

uint64_t run(uint32_t n);

/* xorshift64*: small, fast, the same everywhere. */
static inline uint64_t bench_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1du;
}

static inline uint64_t bench_mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * 0x100000001b3u;
    return hash ^ hash >> 32;
}

#ifdef BENCH_COMMAND
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv)
{
    uint32_t n = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1;
    printf("%" PRIu64 "\n", n ? run(n) : 0);
    return 0;
}
#endif

#endif
