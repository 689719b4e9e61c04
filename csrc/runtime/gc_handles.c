/* gc_handles.c - references that the embedder holds, counted. An open-addressed hash table by reference, at most half
 * full; a removed entry's followers move up, so that there are no tombstones and the table can shrink: a collection goes
 * over all of it. */
#include "base/alloc.h"
#include "runtime/store.h"

#define FIRST_CAPACITY 16u

static size_t bucket_of(pw_slot reference, size_t capacity)
{
    return (size_t)((reference * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (capacity - 1);
}

/* The place of the reference, or the free one where it belongs. */
static size_t find(const pw_gc_handle *handles, size_t capacity, pw_slot reference)
{
    size_t i = bucket_of(reference, capacity);
    while (handles[i].count && handles[i].reference != reference)
        i = (i + 1) & (capacity - 1);
    return i;
}

static pw_result set_capacity(pw_gc_heap *heap, size_t capacity)
{
    pw_gc_handle *handles = pwi_alloc_zero(capacity, sizeof *handles);
    if (!handles)
        return PW_ERR_NO_MEMORY;
    for (size_t i = 0; i < heap->handle_capacity; i++) {
        if (heap->handles[i].count)
            handles[find(handles, capacity, heap->handles[i].reference)] = heap->handles[i];
    }
    pwi_free(heap->handles);
    heap->handles = handles;
    heap->handle_capacity = capacity;
    return PW_OK;
}

pw_result pwi_gc_hold(pw_store *store, pw_slot reference)
{
    pw_gc_heap *heap = &store->gc;
    if (pwi_gc_is_host(reference))
        ((pw_host_ref *)(uintptr_t)reference)->of.holds++;
    if (!pwi_gc_is_collected(reference))
        return PW_OK;
    if ((heap->handle_count + 1) * 2 > heap->handle_capacity) {
        size_t capacity = heap->handle_capacity ? heap->handle_capacity * 2 : FIRST_CAPACITY;
        pw_result result = set_capacity(heap, capacity);
        if (result != PW_OK)
            return result;
    }
    pw_gc_handle *handle = &heap->handles[find(heap->handles, heap->handle_capacity, reference)];
    if (handle->count++ == 0) {
        handle->reference = reference;
        heap->handle_count++;
    }
    return PW_OK;
}

/* Frees a place. Whatever follows without a gap and would not be found behind one moves up. */
static void remove_at(pw_gc_heap *heap, size_t hole)
{
    size_t mask = heap->handle_capacity - 1;
    for (size_t i = (hole + 1) & mask; heap->handles[i].count; i = (i + 1) & mask) {
        size_t home = bucket_of(heap->handles[i].reference, heap->handle_capacity);
        if (((i - home) & mask) < ((i - hole) & mask))
            continue; /* its home is behind the hole */
        heap->handles[hole] = heap->handles[i];
        hole = i;
    }
    heap->handles[hole] = (pw_gc_handle){0, 0};
    heap->handle_count--;
}

void pwi_gc_release(pw_store *store, pw_slot reference)
{
    pw_gc_heap *heap = &store->gc;
    if (pwi_gc_is_host(reference))
        ((pw_host_ref *)(uintptr_t)reference)->of.holds--;
    if (!heap->handle_count || !pwi_gc_is_collected(reference))
        return;
    size_t place = find(heap->handles, heap->handle_capacity, reference);
    if (!heap->handles[place].count || --heap->handles[place].count)
        return;
    remove_at(heap, place);
    if (heap->handle_capacity > FIRST_CAPACITY && heap->handle_count < heap->handle_capacity / 8)
        (void)set_capacity(heap, heap->handle_capacity / 2); /* without memory it stays as it is */
}

void pwi_gc_mark_handles(pw_store *store)
{
    const pw_gc_heap *heap = &store->gc;
    for (size_t i = 0; i < heap->handle_capacity; i++) {
        if (heap->handles[i].count)
            pwi_gc_mark(store, heap->handles[i].reference);
    }
}
