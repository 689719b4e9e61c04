/* The guest's random bytes: from the OS, or a fixed sequence. */
#include "wasi/core/wasi_state.h"

/* SplitMix64: every state gives another word, any seed is as good as another. For repeatable runs, not for secrets. */
static uint64_t next_word(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

pwi_errno pwi_random_fill(pw_wasi *wasi, uint8_t *out, size_t length)
{
    if (!wasi->random_is_seeded)
        return pwi_os_random(out, length);
    for (size_t i = 0; i < length;) {
        uint64_t word = next_word(&wasi->random_state);
        for (int byte = 0; byte < 8 && i < length; byte++, i++, word >>= 8)
            out[i] = (uint8_t)word;
    }
    return PWI_ESUCCESS;
}
