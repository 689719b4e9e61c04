/* type_registry.c - canonical function types by hashing.
 *
 * A type that names itself holds PW_HEAP_SELF while it is looked up and its own id once it is a record; hashing and
 * comparing see the marker in both cases (as_key), which makes two recursive types the same if their only
 * difference is their own name.
 *
 * A record holds a reference to every record that its parameters and results name (but itself), so the ids in it
 * stay true. Chains of such references can be a million long: dropping walks them with a list, not by recursion.
 */
#include "wasm/type_registry.h"

#include <string.h>

#include "base/alloc.h"

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
    for (size_t i = 0; i < registry->id_count; i++)
        pwi_free(registry->by_id[i]);
    pwi_free(registry->by_id);
    pwi_free(registry->free_ids);
    pwi_free(registry->buckets);
    pwi_mutex_destroy(&registry->lock);
}

/* What a value type counts as when types are compared: references to `self` are the marker. */
static pw_val_type as_key(pw_val_type type, uint32_t self)
{
    if (pwi_type_is_ref(type) && PW_TYPE_HEAP(type) == self)
        return PW_REF_TYPE(PW_TYPE_KIND(type), PW_HEAP_SELF);
    return type;
}

static uint64_t hash_types(uint64_t hash, const pw_val_type *types, uint32_t count)
{
    hash = (hash ^ count) * UINT64_C(0x9e3779b97f4a7c15);
    for (uint32_t i = 0; i < count; i++) {
        hash = (hash ^ types[i]) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
    }
    return hash;
}

/* Seeded with an address, so that nobody can prepare a module of types that all fall into one bucket. */
static uint32_t hash_key(const pw_type_registry *registry, const pw_func_type *key)
{
    uint64_t hash = hash_types((uint64_t)(uintptr_t)registry, key->params, key->param_count);
    hash = hash_types(hash, key->results, key->result_count);
    return (uint32_t)(hash >> 32);
}

static bool types_equal(const pw_val_type *key, const pw_val_type *types, uint32_t count, uint32_t self)
{
    for (uint32_t i = 0; i < count; i++) {
        if (key[i] != as_key(types[i], self))
            return false;
    }
    return true;
}

static pw_type_record *find(const pw_type_registry *registry, const pw_func_type *key, uint32_t hash)
{
    pw_type_record *record = registry->buckets[hash & (registry->bucket_count - 1)];
    for (; record; record = record->next) {
        if (record->hash == hash && record->func.param_count == key->param_count &&
            record->func.result_count == key->result_count &&
            types_equal(key->params, record->func.params, key->param_count, record->id) &&
            types_equal(key->results, record->func.results, key->result_count, record->id))
            return record;
    }
    return NULL;
}

/* Doubles the table; a failure to do so only makes chains longer. */
static void grow_buckets(pw_type_registry *registry)
{
    size_t count = registry->bucket_count * 2;
    pw_type_record **buckets = pwi_alloc_zero(count, sizeof *buckets);
    if (!buckets)
        return;
    for (size_t i = 0; i < registry->bucket_count; i++) {
        pw_type_record *record = registry->buckets[i];
        while (record) {
            pw_type_record *next = record->next;
            pw_type_record **head = &buckets[record->hash & (count - 1)];
            record->next = *head;
            *head = record;
            record = next;
        }
    }
    pwi_free(registry->buckets);
    registry->buckets = buckets;
    registry->bucket_count = count;
}

/* A free id. The list of free ids gets room for all ids here, so that giving one back cannot fail. */
static pw_result take_id(pw_type_registry *registry, uint32_t *id)
{
    if (registry->free_count > 0) {
        *id = registry->free_ids[--registry->free_count];
        return PW_OK;
    }
    if (registry->id_count >= PW_HEAP_SELF)
        return PW_ERR_LIMIT;
    size_t needed = registry->id_count + 1;
    if (!pwi_reserve((void **)&registry->by_id, &registry->id_capacity, needed, sizeof *registry->by_id) ||
        !pwi_reserve((void **)&registry->free_ids, &registry->free_capacity, needed,
                     sizeof *registry->free_ids))
        return PW_ERR_NO_MEMORY;
    registry->by_id[registry->id_count] = NULL;
    *id = (uint32_t)registry->id_count++;
    return PW_OK;
}

/* The record that a value type names, other than `self`; NULL for all other types. */
static pw_type_record *named_record(const pw_type_registry *registry, pw_val_type type,
                                    const pw_type_record *self)
{
    if (!pwi_type_is_ref(type) || PW_TYPE_HEAP(type) >= registry->id_count)
        return NULL;
    pw_type_record *record = registry->by_id[PW_TYPE_HEAP(type)];
    return record == self ? NULL : record;
}

/* Copies types into a record, with its id for the marker; counts slots, references the records named. */
static uint32_t copy_types(pw_type_registry *registry, pw_type_record *record, pw_val_type *to,
                           const pw_val_type *from, uint32_t count)
{
    uint32_t slots = 0;
    for (uint32_t i = 0; i < count; i++) {
        to[i] = from[i];
        if (pwi_type_is_ref(from[i]) && PW_TYPE_HEAP(from[i]) == PW_HEAP_SELF)
            to[i] = PW_REF_TYPE(PW_TYPE_KIND(from[i]), record->id);
        slots += pw_type_slots(to[i]);
        pw_type_record *named = named_record(registry, to[i], record);
        if (named)
            named->references++;
    }
    return slots;
}

/* Makes a record for a type that is not there yet. Record and value types are one allocation. */
static pw_result make(pw_type_registry *registry, const pw_func_type *key, uint32_t hash,
                      pw_type_record **out)
{
    size_t types = (size_t)key->param_count + key->result_count;
    pw_type_record *record = pwi_alloc(sizeof *record + types * sizeof(pw_val_type));
    if (!record)
        return PW_ERR_NO_MEMORY;
    memset(record, 0, sizeof *record);
    pw_result result = take_id(registry, &record->id);
    if (result != PW_OK) {
        pwi_free(record);
        return result;
    }
    pw_val_type *params = (pw_val_type *)(record + 1), *results = params + key->param_count;
    record->references = 1;
    record->hash = hash;
    record->kind = PW_DEF_FUNC;
    record->func = (pw_func_type){key->param_count, key->result_count, params, results};
    record->param_slots = copy_types(registry, record, params, key->params, key->param_count);
    record->result_slots = copy_types(registry, record, results, key->results, key->result_count);
    registry->by_id[record->id] = record;
    if (registry->on_new)
        registry->on_new(record, registry->env);

    if (registry->live >= registry->bucket_count)
        grow_buckets(registry);
    pw_type_record **head = &registry->buckets[hash & (registry->bucket_count - 1)];
    record->next = *head;
    *head = record;
    registry->live++;
    *out = record;
    return PW_OK;
}

pw_result pwi_types_intern(pw_type_registry *registry, const pw_func_type *type, pw_type_record **record)
{
    pw_result result = PW_OK;
    uint32_t hash = hash_key(registry, type);
    pwi_mutex_lock(&registry->lock);
    pw_type_record *found = find(registry, type, hash);
    if (found)
        found->references++;
    else
        result = make(registry, type, hash, &found);
    pwi_mutex_unlock(&registry->lock);
    *record = result == PW_OK ? found : NULL;
    return result;
}

void pwi_types_retain(pw_type_registry *registry, pw_type_record *record)
{
    pwi_mutex_lock(&registry->lock);
    record->references++;
    pwi_mutex_unlock(&registry->lock);
}

static void unlink_record(pw_type_registry *registry, pw_type_record *record)
{
    pw_type_record **link = &registry->buckets[record->hash & (registry->bucket_count - 1)];
    while (*link != record)
        link = &(*link)->next;
    *link = record->next;
    registry->by_id[record->id] = NULL;
    registry->free_ids[registry->free_count++] = record->id;
    registry->live--;
}

/* Takes one reference off each record named, and puts those that nobody holds any more on the list. */
static pw_type_record *release_named(pw_type_registry *registry, pw_type_record *record,
                                     const pw_val_type *types, uint32_t count, pw_type_record *dead)
{
    for (uint32_t i = 0; i < count; i++) {
        pw_type_record *named = named_record(registry, types[i], record);
        if (named && --named->references == 0) {
            unlink_record(registry, named);
            named->next = dead;
            dead = named;
        }
    }
    return dead;
}

void pwi_types_drop(pw_type_registry *registry, pw_type_record *record)
{
    pwi_mutex_lock(&registry->lock);
    if (--record->references == 0) {
        unlink_record(registry, record);
        record->next = NULL;
        pw_type_record *dead = record;
        while (dead) {
            pw_type_record *next = dead->next;
            next = release_named(registry, dead, dead->func.params, dead->func.param_count, next);
            next = release_named(registry, dead, dead->func.results, dead->func.result_count, next);
            pwi_free(dead);
            dead = next;
        }
    }
    pwi_mutex_unlock(&registry->lock);
}
