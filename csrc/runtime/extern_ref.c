/* extern_ref.c - references to host objects. A store has one handle per host pointer, so that the same
 * object is the same reference; the handles are found by an open-addressed hash set that is at most half
 * full. A collection drops those that nothing refers to. */
#include "base/alloc.h"
#include "base/config.h"
#include "runtime/store.h"

#define FIRST_CAPACITY   16u
#define FIRST_COLLECTION 1000u

/* Host pointers are aligned and close together: the multiplication spreads them over the high bits. */
static size_t bucket_of(const void *host, size_t capacity)
{
    uint64_t mixed = (uint64_t)(uintptr_t)host * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(mixed >> 32) & (capacity - 1);
}

/* The bucket that holds host, or the free one where it belongs. */
static pw_host_ref **find(pw_host_ref **buckets, size_t capacity, const void *host)
{
    size_t i = bucket_of(host, capacity);
    while (buckets[i] && buckets[i]->host != host)
        i = (i + 1) & (capacity - 1);
    return &buckets[i];
}

static pw_result make_room(pw_store *store)
{
    if ((store->extern_count + 1) * 2 <= store->extern_capacity)
        return PW_OK;
    size_t capacity = store->extern_capacity ? store->extern_capacity * 2 : FIRST_CAPACITY;
    pw_host_ref **buckets = pwi_alloc_zero(capacity, sizeof(pw_host_ref *));
    if (!buckets)
        return PW_ERR_NO_MEMORY;
    for (size_t i = 0; i < store->extern_capacity; i++) {
        if (store->externs[i])
            *find(buckets, capacity, store->externs[i]->host) = store->externs[i];
    }
    pwi_free(store->externs);
    store->externs = buckets;
    store->extern_capacity = capacity;
    return PW_OK;
}

pw_result pwi_extern_intern(pw_store *store, void *host, pw_slot *handle)
{
    *handle = 0;
    if (!host)
        return PW_OK;
    pw_result result = make_room(store);
    if (result != PW_OK)
        return result;
    pw_host_ref **place = find(store->externs, store->extern_capacity, host);
    if (!*place) {
        pw_host_ref *ref = pwi_alloc(sizeof *ref);
        if (!ref)
            return PW_ERR_NO_MEMORY;
        *ref = (pw_host_ref){.host = host, .kind = PW_OBJECT_HOST};
        *place = ref;
        store->extern_count++;
        *handle = (pw_slot)(uintptr_t)ref;
        return PW_OK;
    }
    *handle = (pw_slot)(uintptr_t)*place;
    return PW_OK;
}

bool pwi_externs_are_due(const pw_store *store)
{
    size_t next = store->next_extern_collection ? store->next_extern_collection : FIRST_COLLECTION;
    return store->extern_count >= next;
}

/* Frees a bucket. Whatever follows without a gap and would not be found behind one moves up. */
static void remove_at(pw_store *store, size_t hole)
{
    size_t mask = store->extern_capacity - 1;
    pw_host_ref **buckets = store->externs;
    for (size_t i = (hole + 1) & mask; buckets[i]; i = (i + 1) & mask) {
        size_t home = bucket_of(buckets[i]->host, store->extern_capacity);
        if (((i - home) & mask) < ((i - hole) & mask))
            continue; /* its home is behind the hole */
        buckets[hole] = buckets[i];
        hole = i;
    }
    buckets[hole] = NULL;
    store->extern_count--;
}

/* What moves into a bucket that was freed is looked at there. (Marks stay until the end: what wraps around to the front is
 * not taken for unmarked.) */
void pwi_externs_sweep(pw_store *store)
{
    for (size_t i = 0; i < store->extern_capacity;) {
        pw_host_ref *ref = store->externs[i];
        if (!ref || ref->mark || ref->of.holds) {
            i++;
            continue;
        }
        remove_at(store, i);
        ref->of.next = store->dropped_externs;
        store->dropped_externs = ref;
    }
    pwi_externs_unmark(store);
    store->next_extern_collection = store->extern_count * 2 > FIRST_COLLECTION ? store->extern_count * 2 : FIRST_COLLECTION;
    if (store->dropped_externs && store->extern_dropped)
        store->extern_dropped(store->extern_env);
}

void pwi_externs_unmark(pw_store *store)
{
    for (size_t i = 0; i < store->extern_capacity; i++) {
        if (store->externs[i])
            store->externs[i]->mark = 0;
    }
}

void *pwi_extern_next_dropped(pw_store *store)
{
    pw_host_ref *ref = store->dropped_externs;
    if (!ref)
        return NULL;
    void *host = ref->host;
    store->dropped_externs = ref->of.next;
    pwi_free(ref);
    return host;
}

void pwi_externs_destroy(pw_store *store)
{
    while (pwi_extern_next_dropped(store))
        continue;
    for (size_t i = 0; i < store->extern_capacity; i++)
        pwi_free(store->externs[i]);
    pwi_free(store->externs);
    store->externs = NULL;
    store->extern_capacity = store->extern_count = 0;
}
