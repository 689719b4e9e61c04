/* A chained hash table of small heap blocks: malloc, free, pointer chasing. */
#include <stdlib.h>

#include "bench.h"

struct node { struct node *next; uint32_t key, value; };
enum { BUCKETS = 4096 };
static struct node *buckets[BUCKETS];

static struct node **find(uint32_t key)
{
    struct node **at = &buckets[(key * 2654435761u) >> 20];
    while (*at && (*at)->key != key) at = &(*at)->next;
    return at;
}

uint64_t run(uint32_t n)
{
    uint64_t state = 99, hash = 0;
    for (uint32_t step = 0; step < n * 10000; step++) {
        uint32_t key = (uint32_t)bench_random(&state) % 16384, what = (uint32_t)(state >> 40) % 4;
        struct node **at = find(key);
        if (*at && what == 0) {
            struct node *gone = *at;
            hash = bench_mix(hash, gone->value);
            *at = gone->next;
            free(gone);
        } else if (*at) {
            (*at)->value += step;
        } else {
            *at = malloc(sizeof **at);
            **at = (struct node){NULL, key, step};
        }
    }
    for (int i = 0; i < BUCKETS; i++)
        while (buckets[i]) {
            struct node *gone = buckets[i];
            hash = bench_mix(hash, gone->value);
            buckets[i] = gone->next;
            free(gone);
        }
    return hash;
}
