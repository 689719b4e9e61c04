/* gc_heap.h - objects that references point to and that a collector frees: exceptions,
 * structs and arrays.
 *
 * Whatever a reference points to (functions and host references too, which are not the collector's) has its kind in
 * the third word, so that any slot with a reference can be marked without knowing its type:
 *
 *    word   object          pw_func     pw_host_ref
 *     0     next            instance    host
 *     1     type            code        holds
 *     2     kind, mark, epoch, length: slots of the payload, or elements of an array
 *     3     tag             type
 *     4     payload         ...
 *
 * Mark and sweep. Roots are exact: globals, tables, evaluated element segments, the pending exception, handles of the
 * embedder, and the frames' reference slots, which the engine enumerates (engine/gc_roots.c). A collection starts at an
 * allocation once as much has been allocated since the last one as was alive then, so its cost is in proportion to
 * what lives; host references start one by their number, when the embedder asks whether it is due. It stops the store for a
 * time in proportion to the live heap, which the store's memory limit bounds, and looks at the store's poll hook meanwhile: when
 * that ends the run, the collection ends where it is. Nothing has to be put back: marks count only in the collection
 * (the epoch) that made them, and what has not been swept is for the next one. It uses no memory that it could fail to
 * get: where the mark stack cannot grow, objects are left gray and the heap is gone over again.
 */
#ifndef PW_RUNTIME_GC_HEAP_H
#define PW_RUNTIME_GC_HEAP_H

#include "pywasi.h"
#include "wasm/type_registry.h"

typedef enum pw_object_kind {
    PW_OBJECT_FUNC,
    PW_OBJECT_HOST,
    PW_OBJECT_EXCEPTION,
    PW_OBJECT_STRUCT,
    PW_OBJECT_ARRAY
} pw_object_kind;

typedef struct pw_object {
    struct pw_object *next;
    const pw_type_record *type;
    uint8_t kind;
    uint8_t mark;   /* pw_mark, if epoch is the heap's: else it is white */
    uint16_t epoch; /* of the collection that marked it last; 0: none */
    uint32_t length;
    struct pw_tag *tag;
    pw_slot payload[];
} pw_object;

typedef struct pw_gc_handle { /* a root of the embedder */
    pw_slot reference;
    uint64_t count; /* 0: a free place */
} pw_gc_handle;

typedef struct pw_gc_heap {
    pw_object *objects;
    uint64_t live_bytes;      /* of all objects now */
    uint64_t fresh_bytes;     /* allocated since the last collection */
    uint64_t refusals;        /* of the store's limit since as much was new that a collection was worth it */
    uint64_t refused_in;      /* pw_store.calls at the latest of them */
    uint64_t next_collection; /* live_bytes at which the next one starts */
    pw_object **gray;         /* mark stack */
    size_t gray_count, gray_capacity;
    bool gray_lost; /* some gray objects are not on the stack */
    pw_gc_handle *handles; /* hash table by reference, gc_handles.c */
    size_t handle_count, handle_capacity;
    uint64_t collections; /* that came to their end */
    uint16_t epoch;       /* of the latest collection */
    int32_t until_poll;   /* objects and references until the poll hook is asked again */
    pw_result stopped;    /* what it said */
    bool deaf;            /* nobody is asked */
    uint32_t paused; /* no collection while an instance is made: its values are in C variables */
    /* The engine's part: marks the references in the frames of all runs. PW_ERR_NO_MEMORY: it could not, free nothing;
     * or what the poll said. */
    pw_result (*mark_frames)(pw_store *store);
} pw_gc_heap;

/* A new object with its payload zero. May collect: the caller's references must be in roots. PW_ERR_LIMIT when the
 * store's memory limit forbids it; PW_ERR_NO_MEMORY; or what the poll said, which store->error has then. */
PW_MUST_USE pw_result pwi_gc_new(pw_store *store, pw_object_kind kind, const pw_type_record *type, uint32_t length,
                                 pw_object **object);
/* Marks what a reference points to, of any kind; for mark_frames. */
void pwi_gc_mark(pw_store *store, pw_slot reference);
/* Not PW_OK: the poll hook ended it, and store->error says so. */
PW_MUST_USE pw_result pwi_gc_collect(pw_store *store);
/* The same where nobody may be asked. */
void pwi_gc_collect_all(pw_store *store);
void pwi_gc_destroy(pw_store *store);

/* Does the reference point to an object of the heap? Not so: null, an i31, a function, a host reference. */
static inline bool pwi_gc_is_collected(pw_slot reference)
{
    return reference && !(reference & 1) && ((const pw_object *)(uintptr_t)reference)->kind > PW_OBJECT_HOST;
}

/* A host reference: not of the heap, but dropped by a collection that does not find it (extern_ref.c). */
static inline bool pwi_gc_is_host(pw_slot reference)
{
    return reference && !(reference & 1) && ((const pw_object *)(uintptr_t)reference)->kind == PW_OBJECT_HOST;
}

/* Can a reference of this type point into the heap? */
bool pwi_gc_is_traced(pw_type_registry *registry, pw_val_type type);

/* gc_handles.c: handles are counted; of what is not the collector's they are not needed and cost nothing. */
PW_MUST_USE pw_result pwi_gc_hold(pw_store *store, pw_slot reference);
void pwi_gc_release(pw_store *store, pw_slot reference);
void pwi_gc_mark_handles(pw_store *store);

#endif
