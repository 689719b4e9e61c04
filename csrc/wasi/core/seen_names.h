/* seen_names.h - names that led to a file or a directory when the guest opened them last. It saves the look at what
 * was opened (no FIFO, no device) until that is used: who only opens and closes pays for no more than that.
 *
 * What stands here is a guess and nothing rests on it: names are hashes, and what they lead to may be another thing by
 * now. A descriptor that was opened on it is `unseen`, and pwi_p1_any and pwi_p1_file look before they give it out. */
#ifndef PW_WASI_SEEN_NAMES_H
#define PW_WASI_SEEN_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PWI_SEEN_NAMES 64u /* a power of 2 */

typedef struct pwi_seen_names {
    uint64_t hashes[PWI_SEEN_NAMES]; /* by their low bits; 0: none */
} pwi_seen_names;

/* Of a path in an open directory. Never 0. */
uint64_t pwi_seen_hash(intptr_t dir, const char *path, size_t length);

static inline bool pwi_seen_before(const pwi_seen_names *names, uint64_t hash)
{
    return names->hashes[hash % PWI_SEEN_NAMES] == hash;
}

static inline void pwi_seen_remember(pwi_seen_names *names, uint64_t hash)
{
    names->hashes[hash % PWI_SEEN_NAMES] = hash;
}

#endif
