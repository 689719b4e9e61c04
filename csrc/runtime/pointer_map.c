/* pointer_map.c - numbers of things by their addresses. At most half full. */
#include "runtime/pointer_map.h"

#include "base/alloc.h"

#define FIRST_CAPACITY 16u

static size_t find(const pw_pointer_entry *entries, size_t capacity, const void *key)
{
    uint64_t mixed = (uint64_t)(uintptr_t)key * UINT64_C(0x9e3779b97f4a7c15);
    size_t i = (size_t)(mixed >> 32) & (capacity - 1);
    while (entries[i].key && entries[i].key != key)
        i = (i + 1) & (capacity - 1);
    return i;
}

static bool make_room(pw_pointer_map *map)
{
    size_t capacity = map->capacity ? map->capacity * 2 : FIRST_CAPACITY;
    if ((map->count + 1) * 2 <= map->capacity)
        return true;
    pw_pointer_entry *entries = pwi_alloc_zero(capacity, sizeof *entries);
    if (!entries)
        return false;
    for (size_t i = 0; i < map->capacity; i++) {
        if (map->entries[i].key)
            entries[find(entries, capacity, map->entries[i].key)] = map->entries[i];
    }
    pwi_free(map->entries);
    map->entries = entries;
    map->capacity = capacity;
    return true;
}

bool pwi_pointers_add(pw_pointer_map *map, const void *key, uint64_t value)
{
    if (!make_room(map))
        return false;
    pw_pointer_entry *entry = &map->entries[find(map->entries, map->capacity, key)];
    if (!entry->key) {
        *entry = (pw_pointer_entry){key, value};
        map->count++;
    }
    return true;
}

bool pwi_pointers_find(const pw_pointer_map *map, const void *key, uint64_t *value)
{
    if (!map->count)
        return false;
    const pw_pointer_entry *entry = &map->entries[find(map->entries, map->capacity, key)];
    if (entry->key)
        *value = entry->value;
    return entry->key != NULL;
}

void pwi_pointers_free(pw_pointer_map *map)
{
    pwi_free(map->entries);
    *map = (pw_pointer_map){NULL, 0, 0};
}
