/* extern_ref.c - references to host objects. A store has one handle per host pointer, so that the same
 * object is the same reference; the handles are found by an open-addressed hash set that is at most half
 * full. */
#include "base/alloc.h"
#include "base/config.h"
#include "runtime/store.h"

#define FIRST_CAPACITY 16u

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
        ref->host = host;
        ref->kind = PW_OBJECT_HOST;
        *place = ref;
        store->extern_count++;
        if (store->extern_retain)
            store->extern_retain(host);
        *handle = (pw_slot)(uintptr_t)ref;
        return PW_OK;
    }
    *handle = (pw_slot)(uintptr_t)*place;
    return PW_OK;
}

void pwi_externs_destroy(pw_store *store)
{
    pw_host_ref **buckets = store->externs;
    size_t capacity = store->extern_capacity;
    store->externs = NULL;
    store->extern_capacity = store->extern_count = 0;
    for (size_t i = 0; i < capacity; i++) {
        if (!buckets[i])
            continue;
        if (store->extern_release)
            store->extern_release(buckets[i]->host);
        pwi_free(buckets[i]);
    }
    pwi_free(buckets);
}
