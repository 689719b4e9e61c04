/* gc_heap.c - allocation, marking, sweeping. */
#include "runtime/gc_heap.h"

#include "base/alloc.h"
#include "base/config.h"
#include "runtime/bulk_work.h"
#include "runtime/store.h"
#include "runtime/table.h"

typedef enum pw_mark { GRAY, BLACK } pw_mark;

/* Objects and references between two looks at the poll hook: of objects that are in no cache, about a millisecond. */
#ifdef PW_TORTURE
#define POLL_EVERY 3
#define LAST_EPOCH 5
#else
#define POLL_EVERY 8192
#define LAST_EPOCH UINT16_MAX
#endif

/* Small heaps are not worth a collection. */
#define FIRST_COLLECTION ((uint64_t)1 << 20)

static uint64_t bytes_of(pw_object_kind kind, const pw_type_record *type, uint32_t length)
{
    uint64_t width = kind == PW_OBJECT_ARRAY ? pwi_storage_bytes(type->fields[0].storage) : sizeof(pw_slot);
    return sizeof(pw_object) + (length * width + 7) / 8 * 8;
}

static uint64_t object_bytes(const pw_object *object)
{
    return bytes_of((pw_object_kind)object->kind, object->type, object->length);
}

/* At the store's limit not every allocation that fails collects a large heap: only once a share of it is new, else at the
 * 1st, 2nd, 4th, 8th, ... time, since references may have been let go without an allocation. The first refusal of an
 * outermost call always collects: a call that frees may follow one that was ended by the limit. */
static bool is_worth_it(pw_store *store)
{
    pw_gc_heap *heap = &store->gc;
    bool is_first = heap->refused_in != store->calls;
    heap->refused_in = store->calls;
    if (is_first || heap->live_bytes <= FIRST_COLLECTION || heap->fresh_bytes >= heap->live_bytes / 64) {
        heap->refusals = 0;
        return true;
    }
    heap->refusals++;
    return (heap->refusals & (heap->refusals - 1)) == 0;
}

pw_result pwi_gc_new(pw_store *store, pw_object_kind kind, const pw_type_record *type, uint32_t length,
                     pw_object **object)
{
    pw_gc_heap *heap = &store->gc;
    uint64_t bytes = bytes_of(kind, type, length);
    pw_result result = PW_OK;
    *object = NULL;
#ifdef PW_TORTURE
    result = pwi_gc_collect(store);
#else
    if (heap->live_bytes + bytes > (heap->next_collection ? heap->next_collection : FIRST_COLLECTION))
        result = pwi_gc_collect(store);
#endif
    if (result != PW_OK)
        return result;
    result = pwi_store_take_memory(store, bytes);
    if (result != PW_OK && is_worth_it(store)) {
        result = pwi_gc_collect(store);
        if (result == PW_OK)
            result = pwi_store_take_memory(store, bytes);
    }
    if (result != PW_OK)
        return result;
    pw_object *made = pwi_alloc_zero(1, (size_t)bytes);
    if (!made) {
        pwi_store_return_memory(store, bytes);
        return PW_ERR_NO_MEMORY;
    }
    made->next = heap->objects;
    made->type = type;
    made->kind = (uint8_t)kind;
    made->length = length;
    heap->objects = made;
    heap->live_bytes += bytes;
    heap->fresh_bytes += bytes;
    *object = made;
    return PW_OK;
}

/* ---- polls --------------------------------------------------------------------------------------------- */

static bool ask(pw_store *store)
{
    pw_gc_heap *heap = &store->gc;
    heap->until_poll = POLL_EVERY;
    if (heap->stopped == PW_OK && !heap->deaf)
        heap->stopped = pwi_store_poll(store);
    return heap->stopped == PW_OK;
}

/* Whether to go on, asked for every object and reference. */
static inline bool goes_on(pw_store *store)
{
    return PW_LIKELY(--store->gc.until_poll >= 0) || ask(store);
}

/* ---- marking ------------------------------------------------------------------------------------------- */

bool pwi_gc_is_traced(pw_type_registry *registry, pw_val_type type)
{
    return pwi_type_is_ref(type) && pwi_heap_top(registry, PW_TYPE_HEAP(type)) != PW_HEAP_FUNC;
}

void pwi_gc_mark(pw_store *store, pw_slot reference)
{
    pw_gc_heap *heap = &store->gc;
    pw_object *object = (pw_object *)(uintptr_t)reference;
    if (pwi_gc_is_host(reference))
        ((pw_host_ref *)(uintptr_t)reference)->mark = 1;
    if (!pwi_gc_is_collected(reference) || object->epoch == heap->epoch)
        return;
    object->mark = GRAY;
    object->epoch = heap->epoch;
    void *gray = heap->gray;
    if (pwi_reserve(&gray, &heap->gray_capacity, heap->gray_count + 1, sizeof *heap->gray)) {
        heap->gray = gray;
        heap->gray[heap->gray_count++] = object;
    } else {
        heap->gray_lost = true;
    }
}

static void mark_values(pw_store *store, const pw_val_type *types, uint32_t count, const pw_slot *slots)
{
    for (uint32_t i = 0; i < count; i++) {
        if (pwi_gc_is_traced(store->registry, types[i]))
            pwi_gc_mark(store, *slots);
        slots += pw_type_slots(types[i]);
    }
}

static void scan(pw_store *store, pw_object *object)
{
    const pw_type_record *type = object->type;
    object->mark = BLACK;
    switch ((pw_object_kind)object->kind) {
    case PW_OBJECT_EXCEPTION:
        mark_values(store, type->func.params, type->func.param_count, object->payload);
        break;
    case PW_OBJECT_STRUCT:
        for (uint32_t i = 0; i < type->field_count; i++) {
            if (pwi_type_is_ref(type->fields[i].storage))
                pwi_gc_mark(store, object->payload[type->fields[i].slot]);
        }
        break;
    case PW_OBJECT_ARRAY:
        for (uint32_t i = 0; pwi_type_is_ref(type->fields[0].storage) && i < object->length && goes_on(store); i++)
            pwi_gc_mark(store, object->payload[i]);
        break;
    case PW_OBJECT_FUNC:
    case PW_OBJECT_HOST:
        break;
    }
}

static void drain(pw_store *store)
{
    pw_gc_heap *heap = &store->gc;
    for (;;) {
        while (heap->gray_count > 0 && goes_on(store))
            scan(store, heap->gray[--heap->gray_count]);
        if (!heap->gray_lost || heap->stopped != PW_OK)
            return;
        heap->gray_lost = false;
        for (pw_object *object = heap->objects; object && goes_on(store); object = object->next) {
            if (object->epoch == heap->epoch && object->mark == GRAY)
                scan(store, object);
        }
    }
}

/* ---- roots --------------------------------------------------------------------------------------------- */

static void mark_table(pw_store *store, const pw_table *table)
{
    for (uint64_t i = 0; i < table->size && goes_on(store); i++)
        pwi_gc_mark(store, table->elements[i]);
}

static void mark_instance(pw_store *store, pw_instance *instance)
{
    const pw_module *module = instance->module;
    for (uint32_t i = module->imported_globals; i < module->global_count && goes_on(store); i++) {
        if (pwi_gc_is_traced(store->registry, module->globals[i].type.type))
            pwi_gc_mark(store, *pwi_global_place(instance, i));
    }
    for (uint32_t i = 0; i < module->elem_count && goes_on(store); i++) {
        const pw_elem_segment *segment = &module->elems[i];
        if (!instance->elem_values[i] || !pwi_gc_is_traced(store->registry, segment->type))
            continue;
        for (uint32_t k = 0; k < segment->count && goes_on(store); k++)
            pwi_gc_mark(store, instance->elem_values[i][k]);
    }
}

static pw_result mark_roots(pw_store *store)
{
    for (size_t i = 0; i < store->instances.count; i++)
        mark_instance(store, store->instances.items[i]);
    for (size_t i = 0; i < store->globals.count; i++) {
        const pw_global *global = store->globals.items[i];
        if (pwi_gc_is_traced(store->registry, global->type.type))
            pwi_gc_mark(store, *global->value);
    }
    for (size_t i = 0; i < store->tables.count; i++) {
        const pw_table *table = store->tables.items[i];
        if (pwi_gc_is_traced(store->registry, table->type.element))
            mark_table(store, table);
    }
    pwi_gc_mark_handles(store);
    pwi_gc_mark(store, store->exception);
    if (store->gc.stopped != PW_OK || !store->gc.mark_frames)
        return store->gc.stopped;
    return store->gc.mark_frames(store);
}

/* ---- sweeping ------------------------------------------------------------------------------------------ */

static void sweep(pw_store *store)
{
    pw_gc_heap *heap = &store->gc;
    pw_object **link = &heap->objects;
    while (*link && goes_on(store)) {
        pw_object *object = *link;
        if (object->epoch == heap->epoch) {
            link = &object->next;
            continue;
        }
        *link = object->next;
        heap->live_bytes -= object_bytes(object);
        pwi_store_return_memory(store, object_bytes(object));
        pwi_free(object);
    }
    if (heap->stopped == PW_OK)
        pwi_externs_sweep(store);
}

/* An epoch that no object has. Once in a long time they begin anew. */
static void begin_epoch(pw_store *store)
{
    pw_gc_heap *heap = &store->gc;
    if (heap->epoch == LAST_EPOCH) {
        for (pw_object *object = heap->objects; object && goes_on(store); object = object->next)
            object->epoch = 0;
        if (heap->stopped == PW_OK)
            heap->epoch = 0;
    }
    if (heap->stopped == PW_OK)
        heap->epoch++;
}

/* Host references that a collection had marked before it was ended stay marked, and so live until the next one has passed. */
pw_result pwi_gc_collect(pw_store *store)
{
    pw_gc_heap *heap = &store->gc;
    if (heap->paused)
        return PW_OK;
    heap->stopped = PW_OK;
    heap->until_poll = POLL_EVERY;
    heap->gray_count = 0;
    heap->gray_lost = false;
    begin_epoch(store);
    pw_result roots = heap->stopped == PW_OK ? mark_roots(store) : heap->stopped;
    if (roots == PW_OK) {
        drain(store);
        if (heap->stopped == PW_OK)
            sweep(store);
        roots = heap->stopped;
    }
    if (roots == PW_ERR_NO_MEMORY)
        pwi_externs_unmark(store);
    else if (roots != PW_OK)
        return roots;
    heap->collections++;
    heap->fresh_bytes = 0;
    heap->next_collection = heap->live_bytes * 2 > FIRST_COLLECTION ? heap->live_bytes * 2 : FIRST_COLLECTION;
    return PW_OK;
}

void pwi_gc_collect_all(pw_store *store)
{
    bool before = store->gc.deaf;
    store->gc.deaf = true;
    pw_result result = pwi_gc_collect(store);
    store->gc.deaf = before;
    (void)result; /* nobody has been asked */
}

void pwi_gc_destroy(pw_store *store)
{
    while (store->gc.objects) {
        pw_object *object = store->gc.objects;
        store->gc.objects = object->next;
        pwi_free(object);
    }
    pwi_free(store->gc.gray);
    pwi_free(store->gc.handles);
}
