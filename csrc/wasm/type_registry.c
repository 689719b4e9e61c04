/* type_registry.c - canonical groups of types by hashing.
 *
 * A group holds a reference to every group that its types name (but itself), so the ids in it stay true. Chains of such
 * references can be a million long: dropping walks them with a list, not by recursion.
 */
#include "wasm/type_registry.h"

#include <string.h>

#include "base/alloc.h"
#include "wasm/type_group.h"

#define FIRST_BUCKETS 64u

pw_result pwi_types_init(pw_type_registry *registry)
{
    memset(registry, 0, sizeof *registry);
    registry->buckets = pwi_alloc_zero(FIRST_BUCKETS, sizeof *registry->buckets);
    if (!registry->buckets)
        return PW_ERR_NO_MEMORY;
    registry->bucket_count = FIRST_BUCKETS;
    if (!pwi_mutex_init(&registry->lock)) {
        pwi_free(registry->buckets);
        return PW_ERR_NO_MEMORY;
    }
    return PW_OK;
}

void pwi_types_destroy(pw_type_registry *registry)
{
    for (size_t i = 0; i < registry->bucket_count; i++) {
        pw_type_group *group = registry->buckets[i];
        while (group) {
            pw_type_group *next = group->next;
            pwi_free(group);
            group = next;
        }
    }
    for (size_t i = 0; i < PW_TYPE_CHUNKS; i++)
        pwi_free(registry->chunks[i]);
    pwi_free(registry->free_ids);
    pwi_free(registry->buckets);
    pwi_mutex_destroy(&registry->lock);
}

/* ---- looking up and making -------------------------------------------------------------------------------------- */

/* Doubles the table; a failure to do so only makes chains longer. */
static void grow_buckets(pw_type_registry *registry)
{
    size_t count = registry->bucket_count * 2;
    pw_type_group **buckets = pwi_alloc_zero(count, sizeof *buckets);
    if (!buckets)
        return;
    for (size_t i = 0; i < registry->bucket_count; i++) {
        pw_type_group *group = registry->buckets[i];
        while (group) {
            pw_type_group *next = group->next;
            pw_type_group **head = &buckets[group->hash & (count - 1)];
            group->next = *head;
            *head = group;
            group = next;
        }
    }
    pwi_free(registry->buckets);
    registry->buckets = buckets;
    registry->bucket_count = count;
}

static pw_type_group *find(const pw_type_registry *registry, const pw_type_def *defs, uint32_t count,
                           uint32_t hash)
{
    pw_type_group *group = registry->buckets[hash & (registry->bucket_count - 1)];
    while (group && (group->hash != hash || !pwi_group_equal(registry, group, defs, count)))
        group = group->next;
    return group;
}

static void hold(pw_type_group *named, void *env)
{
    (void)env;
    named->references++;
}

static void add(pw_type_registry *registry, pw_type_group *group, uint32_t hash)
{
    if (registry->groups >= registry->bucket_count)
        grow_buckets(registry);
    pw_type_group **head = &registry->buckets[hash & (registry->bucket_count - 1)];
    group->hash = hash;
    group->next = *head;
    *head = group;
    registry->groups++;
    registry->live += group->count;
    pwi_group_names(registry, group, hold, NULL);
}

pw_result pwi_types_intern_group(pw_type_registry *registry, const pw_type_def *defs, uint32_t count,
                                 pw_type_record **records)
{
    pw_result result = PW_OK;
    if (count == 0)
        return PW_OK; /* nobody could hold it */
    uint32_t hash = pwi_group_hash(registry, defs, count);
    pwi_mutex_lock(&registry->lock);
    pw_type_group *group = find(registry, defs, count, hash);
    if (!group) {
        result = pwi_group_make(registry, defs, count, &group);
        if (result == PW_OK)
            add(registry, group, hash);
    }
    if (result == PW_OK)
        group->references += count;
    pwi_mutex_unlock(&registry->lock);
    for (uint32_t i = 0; i < count; i++)
        records[i] = result == PW_OK ? &group->records[i] : NULL;
    return result;
}

pw_result pwi_types_intern(pw_type_registry *registry, const pw_func_type *type, pw_type_record **record)
{
    const pw_type_def def = {PW_DEF_FUNC, true, PW_NO_SUPER, *type, NULL, 0};
    return pwi_types_intern_group(registry, &def, 1, record);
}

pw_type_record *pwi_types_find(pw_type_registry *registry, uint32_t id)
{
    pwi_mutex_lock(&registry->lock);
    pw_type_record *record = id < registry->id_count ? pwi_types_at(registry, id) : NULL;
    pwi_mutex_unlock(&registry->lock);
    return record;
}

/* ---- references ------------------------------------------------------------------------------------------------- */

void pwi_types_retain(pw_type_registry *registry, pw_type_record *record)
{
    pwi_mutex_lock(&registry->lock);
    record->group->references++;
    pwi_mutex_unlock(&registry->lock);
}

/* Takes a reference off; a group that nobody holds any more leaves its bucket for the list. */
static void release(pw_type_registry *registry, pw_type_group *group, pw_type_group **dead)
{
    if (--group->references > 0)
        return;
    pw_type_group **link = &registry->buckets[group->hash & (registry->bucket_count - 1)];
    while (*link != group)
        link = &(*link)->next;
    *link = group->next;
    registry->groups--;
    registry->live -= group->count;
    group->next = *dead;
    *dead = group;
}

typedef struct dropping {
    pw_type_registry *registry;
    pw_type_group *dead;
} dropping;

static void release_named(pw_type_group *named, void *env)
{
    dropping *drop = env;
    release(drop->registry, named, &drop->dead);
}

static void free_ids(pw_type_registry *registry, const pw_type_group *group)
{
    for (uint32_t i = 0; i < group->count; i++) {
        uint32_t id = group->records[i].id;
        registry->chunks[id >> PW_TYPE_CHUNK_BITS][id & ((1u << PW_TYPE_CHUNK_BITS) - 1)] = NULL;
        registry->free_ids[registry->free_count++] = id;
    }
}

void pwi_types_drop(pw_type_registry *registry, pw_type_record *record)
{
    pwi_mutex_lock(&registry->lock);
    dropping drop = {registry, NULL};
    release(registry, record->group, &drop.dead);
    while (drop.dead) {
        pw_type_group *group = drop.dead;
        drop.dead = group->next;
        pwi_group_names(registry, group, release_named, &drop);
        free_ids(registry, group);
        pwi_free(group);
    }
    pwi_mutex_unlock(&registry->lock);
}
