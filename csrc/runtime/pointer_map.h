/* pointer_map.h - numbers of things by their addresses: an open-addressed hash table that only grows. */
#ifndef PW_RUNTIME_POINTER_MAP_H
#define PW_RUNTIME_POINTER_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct pw_pointer_entry {
    const void *key; /* NULL: a free place */
    uint64_t value;
} pw_pointer_entry;

typedef struct pw_pointer_map {
    pw_pointer_entry *entries;
    size_t count, capacity;
} pw_pointer_map;

/* Adds a number; what is there already stays. false: no memory. */
bool pwi_pointers_add(pw_pointer_map *map, const void *key, uint64_t value);
bool pwi_pointers_find(const pw_pointer_map *map, const void *key, uint64_t *value);
void pwi_pointers_free(pw_pointer_map *map);

#endif
