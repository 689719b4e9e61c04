/* The hash of names: quick, and nothing more is asked of it. */
#include "wasi/core/seen_names.h"

#include <string.h>

#define ODD 0x9e3779b97f4a7c15u /* 2^64 by the golden ratio */

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * ODD;
    return hash ^ hash >> 32;
}

uint64_t pwi_seen_hash(intptr_t dir, const char *path, size_t length)
{
    uint64_t hash = mix((uint64_t)dir, length), word;
    for (; length > sizeof word; path += sizeof word, length -= sizeof word) {
        memcpy(&word, path, sizeof word);
        hash = mix(hash, word);
    }
    word = 0;
    memcpy(&word, path, length);
    hash = mix(hash, word);
    return hash ? hash : 1;
}
