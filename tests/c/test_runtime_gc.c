/* The collected heap: what each kind of root keeps, cycles, accounting and limits, handles, a mark stack that cannot
 * grow. Objects are made by hand; what the frames hold is the engine's matter (test_engine_exceptions). */
#include "runtime_fixture.h"

#include "runtime/exception.h"
#include "runtime/gc_object.h"

static const pw_val_type ANY = PW_REF_TYPE(PW_KIND_REF_NULL, PW_HEAP_ANY);

typedef struct heap_fixture {
    fixture fx;
    pw_store *store;
    pw_gc_heap *heap;
    pw_type_record *pair;  /* struct: anyref, i64, anyref; all mutable */
    pw_type_record *bytes; /* array of i8 */
    pw_type_record *refs;  /* array of anyref */
} heap_fixture;

static pw_type_record *intern(heap_fixture *hf, uint8_t kind, const pw_field *fields, uint32_t count)
{
    pw_type_def def = {
        .kind = kind, .is_final = true, .super = PW_NO_SUPER, .fields = fields, .field_count = count};
    pw_type_record *record;
    CHECK(pwi_types_intern_group(&hf->fx.registry, &def, 1, &record) == PW_OK);
    return record;
}

static void start(heap_fixture *hf, uint64_t memory_bytes)
{
    const pw_store_limits limits = {.memory_bytes = memory_bytes};
    const pw_field ref = {ANY, 0, true}, number = {PW_I64, 0, true}, byte = {PW_STORAGE_I8, 0, true};
    const pw_field pair[] = {ref, number, ref};
    fx_start(&hf->fx, &limits);
    hf->store = hf->fx.store;
    hf->heap = &hf->store->gc;
    hf->pair = intern(hf, PW_DEF_STRUCT, pair, 3);
    hf->bytes = intern(hf, PW_DEF_ARRAY, &byte, 1);
    hf->refs = intern(hf, PW_DEF_ARRAY, &ref, 1);
}

static void finish(heap_fixture *hf)
{
    pw_type_record *records[] = {hf->pair, hf->bytes, hf->refs};
    for (int i = 0; i < 3; i++)
        pwi_types_drop(&hf->fx.registry, records[i]);
    fx_end(&hf->fx);
}

static pw_slot ref_to(const void *thing)
{
    return (pw_slot)(uintptr_t)thing;
}

/* Objects are made while no collection can take what the test has in C variables. */
static pw_object *make_pair(heap_fixture *hf, pw_slot left, pw_slot right)
{
    const pw_slot fields[] = {left, 7, right};
    pw_object *object;
    hf->heap->paused++;
    CHECK(pwi_struct_new(hf->store, hf->pair, fields, &object) == PW_OK);
    hf->heap->paused--;
    return object;
}

static pw_object *make_refs(heap_fixture *hf, uint32_t length)
{
    pw_object *object;
    hf->heap->paused++;
    CHECK(pwi_array_new(hf->store, hf->refs, length, &object) == PW_OK);
    hf->heap->paused--;
    return object;
}

static size_t live(const heap_fixture *hf)
{
    size_t count = 0;
    for (const pw_object *object = hf->heap->objects; object; object = object->next) {
        CHECK(object->epoch <= hf->heap->epoch);
        count++;
    }
    return count;
}

static size_t collect(heap_fixture *hf)
{
    uint64_t before = hf->heap->collections;
    CHECK(pwi_gc_collect(hf->store) == PW_OK);
    CHECK(hf->heap->collections == before + 1);
    return live(hf);
}

static pw_object *hold(heap_fixture *hf, pw_object *object)
{
    CHECK(pwi_gc_hold(hf->store, ref_to(object)) == PW_OK);
    return object;
}

/* ---- reachability -------------------------------------------------------------------------------------- */

static void test_reachable_lives_and_cycles_go(void)
{
    heap_fixture hf;
    start(&hf, 0);
    pw_object *inner = make_pair(&hf, 0, pwi_i31(5));
    pw_object *outer = hold(&hf, make_pair(&hf, ref_to(inner), ref_to(fx_host(&hf.fx))));
    inner->payload[0] = ref_to(outer);
    make_pair(&hf, ref_to(outer), ref_to(inner)); /* refers to them, but nobody to it */
    CHECK(live(&hf) == 3);
    CHECK(collect(&hf) == 2);
    CHECK(inner->payload[0] == ref_to(outer) && inner->payload[1] == 7 && inner->payload[2] == pwi_i31(5));
    outer->payload[0] = 0;
    CHECK(collect(&hf) == 1);
    outer->payload[0] = ref_to(outer);
    pwi_gc_release(hf.store, ref_to(outer));
    CHECK(collect(&hf) == 0);
    CHECK(hf.heap->live_bytes == 0 && hf.store->memory_in_use == 0);
    finish(&hf);
}

static void test_every_kind_of_object_is_gone_into(void)
{
    static const pw_val_type params[] = {PW_I64, PW_V128, PW_REF_TYPE(PW_KIND_REF_NULL, PW_HEAP_EXN),
                                         PW_EXTERNREF, PW_FUNCREF};
    const pw_func_type type = {5, 0, params, NULL};
    heap_fixture hf;
    pw_tag *tag;
    pw_object *first, *second, *bytes;
    pw_slot host;
    int thing;
    start(&hf, 0);
    CHECK(pw_tag_new(hf.store, &type, &tag) == PW_OK && pw_extern_new(hf.store, &thing, &host) == PW_OK);
    hf.heap->paused++;
    CHECK(pwi_array_new(hf.store, hf.bytes, 100, &bytes) == PW_OK);
    memset(pwi_elements(bytes), 0xa8, 100); /* no references */
    pw_object *list = make_refs(&hf, 3);
    list->payload[1] = ref_to(bytes);
    list->payload[2] = host;
    pw_slot values[] = {ref_to(list), 1, ~(pw_slot)0, 0, ref_to(list), ref_to(fx_host(&hf.fx))};
    CHECK(pwi_exception_new(hf.store, tag, values, &first) ==
          PW_OK); /* its i64 is no reference, whatever its bits */
    values[0] = 0;
    values[3] = ref_to(first);
    CHECK(pwi_exception_new(hf.store, tag, values, &second) == PW_OK);
    hf.heap->paused--;
    hold(&hf, second);
    CHECK(collect(&hf) == 4);
    second->payload[4] = 0;
    CHECK(collect(&hf) == 4); /* first has the list as well, as an externref */
    first->payload[4] = 0;
    CHECK(collect(&hf) == 2);
    pwi_gc_release(hf.store, ref_to(second));
    CHECK(collect(&hf) == 0);
    finish(&hf);
}

static void test_roots(void)
{
    const pw_global_type cell = {ANY, true};
    const pw_table_type row = {ANY, fx_limits(4, 4, true)};
    heap_fixture hf;
    pw_instance *instance;
    pw_global *global;
    pw_table *table;
    const pw_slot null = 0;
    start(&hf, 0);
    CHECK(pw_global_new(hf.store, &cell, &null, &global) == PW_OK);
    CHECK(pw_table_new(hf.store, &row, 0, &table) == PW_OK);
    uint32_t index = fx_global(&hf.fx, cell, EXPR(&hf.fx, ANY, 0xd0, 0x6e));
    CHECK(fx_instance(&hf.fx, &instance) == PW_OK);
    pw_slot object = ref_to(make_pair(&hf, 0, 0));
    pw_slot *places[] = {global->value, &table->elements[3], pwi_global_place(instance, index),
                         &hf.store->exception};
    for (int i = 0; i < 4; i++) {
        *places[i] = object;
        CHECK(collect(&hf) == 1);
        if (i < 3)
            *places[i] = 0;
    }
    *places[3] = 0;
    CHECK(collect(&hf) == 0);
    finish(&hf);
}

/* ---- the engine's roots -------------------------------------------------------------------------------- */

static pw_slot frame[1000];
static bool frames_known; /* else there is no memory for them */
#ifdef PW_TORTURE
static bool refuse;
#endif

static pw_result mark_frames(pw_store *store)
{
    for (size_t i = 0; i < sizeof frame / sizeof *frame; i++) {
#ifdef PW_TORTURE
        if (refuse && frame[i])
            pwi_alloc_fail_after(1);
#endif
        pwi_gc_mark(store, frame[i]);
    }
#ifdef PW_TORTURE
    if (refuse)
        pwi_alloc_fail_after(0);
#endif
    return frames_known ? PW_OK : PW_ERR_NO_MEMORY;
}

static void test_nothing_is_freed_when_the_frames_are_not_known(void)
{
    heap_fixture hf;
    start(&hf, 0);
    hf.heap->mark_frames = mark_frames;
    memset(frame, 0, sizeof frame);
    frame[0] = ref_to(make_pair(&hf, ref_to(make_pair(&hf, 0, 0)), 0));
    make_pair(&hf, 0, 0);
    frames_known = false;
    CHECK(collect(&hf) == 3);
    frames_known = true;
    CHECK(collect(&hf) == 2);
    frame[0] = 0;
    CHECK(collect(&hf) == 0);
    finish(&hf);
}

/* A chain whose links stand in the list of objects in the order in which they refer, or in the other one. */
static pw_slot make_chain(heap_fixture *hf, uint32_t length, bool backwards)
{
    pw_object *last = make_pair(hf, 0, 0), *first = last;
    for (uint32_t i = 1; i < length; i++) {
        pw_object *link = make_pair(hf, 0, 0);
        if (backwards) {
            last->payload[0] = ref_to(link);
            last = link;
        } else {
            link->payload[2] = ref_to(first);
            first = link;
        }
    }
    return ref_to(first);
}

static void test_deep_and_wide(void)
{
    heap_fixture hf;
    start(&hf, 0);
    hf.heap->mark_frames = mark_frames;
    memset(frame, 0, sizeof frame);
    frames_known = true;
    frame[0] = make_chain(&hf, 100000, false);
    frame[1] = make_chain(&hf, 100000, true);
    pw_object *wide = make_refs(&hf, 50000);
    for (uint32_t i = 0; i < wide->length; i++)
        wide->payload[i] = ref_to(make_pair(&hf, ref_to(wide), 0));
    frame[2] = ref_to(wide);
    CHECK(collect(&hf) == 250001);
    memset(frame, 0, sizeof frame);
    CHECK(collect(&hf) == 0);
    finish(&hf);
}

/* The poll hook ends the run at the n-th time that it is asked. */
static pw_result end_later(void *env)
{
    unsigned *left = env;
    return *left > 0 && --*left == 0 ? PW_ERR_HOST : PW_OK;
}

#ifdef PW_TORTURE
#define LINKS 60u /* it is asked all the time */
#else
#define LINKS 20000u
#endif

static void test_a_collection_that_is_ended_at_any_time(void)
{
    heap_fixture hf;
    unsigned left = 0, ended = 0;
    start(&hf, 0);
    hf.heap->mark_frames = mark_frames;
    memset(frame, 0, sizeof frame);
    frames_known = true;
    pw_store_set_poll(hf.store, end_later, &left);
    for (unsigned n = 1;; n++) {
        frame[0] = make_chain(&hf, LINKS, n % 2 == 0);
        make_chain(&hf, LINKS, n % 2 != 0); /* garbage */
        left = n;
        pw_result result = pwi_gc_collect(hf.store);
        size_t alive = live(&hf);
        CHECK(alive >= LINKS && (result == PW_OK) == (left != 0));
        size_t reached = 0;
        for (const pw_object *at = (pw_object *)(uintptr_t)frame[0]; at; reached++)
            at = (pw_object *)(uintptr_t)(at->payload[0] ? at->payload[0] : at->payload[2]);
        CHECK(reached == LINKS);
        left = 0;
        CHECK(collect(&hf) == LINKS); /* the next one finds everything that the ended ones have left */
        if (result == PW_OK)
            break;
        CHECK(hf.store->error.result == PW_ERR_HOST);
        ended++;
    }
    CHECK(ended >= 3);
    frame[0] = 0;
    left = 1;
    pwi_gc_collect_all(hf.store); /* asks nobody */
    CHECK(left == 1 && live(&hf) == 0 && hf.store->memory_in_use == 0);
    finish(&hf);
}

#ifdef PW_TORTURE
static void test_mark_stack_that_cannot_grow(void)
{
    heap_fixture hf;
    start(&hf, 0);
    hf.heap->mark_frames = mark_frames;
    memset(frame, 0, sizeof frame);
    frames_known = true;
    for (int i = 0; i < 1000; i += 2) {
        frame[i] = make_chain(&hf, 5, i % 4 == 0);
        make_chain(&hf, 5, true); /* garbage between them */
    }
    refuse = true;
    CHECK(collect(&hf) == 2500); /* every root was left gray */
    CHECK(!hf.heap->gray_lost && hf.heap->gray_count == 0);
    CHECK(collect(&hf) == 2500);
    refuse = false;
    for (unsigned long n = 1; n < 20; n++) { /* in the middle of it */
        make_chain(&hf, 10, true);
        pwi_free(hf.heap->gray);
        hf.heap->gray = NULL;
        hf.heap->gray_capacity = 0;
        pwi_alloc_fail_after(n);
        CHECK(collect(&hf) == 2500);
        pwi_alloc_fail_after(0);
    }
    memset(frame, 0, sizeof frame);
    CHECK(collect(&hf) == 0);
    finish(&hf);
}
#endif

/* ---- memory -------------------------------------------------------------------------------------------- */

static void test_accounting_and_limits(void)
{
    enum { LIMIT = 100000 };
    heap_fixture hf;
    pw_object *array, *other;
    start(&hf, LIMIT);
    CHECK(pwi_array_new(hf.store, hf.bytes, 50001, &array) == PW_OK);
    CHECK(array->length == 50001 && pwi_elements(array)[50000] == 0);
    CHECK(hf.heap->live_bytes == sizeof(pw_object) + 50008 && hf.store->memory_in_use == hf.heap->live_bytes);
    hold(&hf, array);
    CHECK(pwi_array_new(hf.store, hf.bytes, 50001, &other) == PW_ERR_LIMIT && other == NULL);
    CHECK(pwi_array_new(hf.store, hf.refs, UINT32_MAX, &other) == PW_ERR_LIMIT && other == NULL);
    CHECK(hf.store->memory_in_use == hf.heap->live_bytes && collect(&hf) == 1);
    pwi_gc_release(hf.store, ref_to(array));
    CHECK(pwi_array_new(hf.store, hf.bytes, 90000, &other) == PW_OK); /* it collects before it gives up */
    CHECK(live(&hf) == 1 && hf.store->memory_in_use == sizeof(pw_object) + 90000);
    finish(&hf);
}

static void test_garbage_does_not_pile_up(void)
{
    enum { COUNT = 200000 };
    heap_fixture hf;
    const pw_slot fields[3] = {0, 7, 0};
    pw_object *object;
    start(&hf, 0);
    hold(&hf, make_refs(&hf, 10));
    for (int i = 0; i < COUNT; i++)
        CHECK(pwi_struct_new(hf.store, hf.pair, fields, &object) == PW_OK);
    CHECK(hf.store->memory_peak < 2u << 20);
    CHECK(hf.heap->collections > 3);
#ifndef PW_TORTURE
    CHECK(hf.heap->collections < 100); /* in proportion to what is allocated */
#endif
    finish(&hf);
}

#ifdef PW_TORTURE
static void test_refused_objects(void)
{
    heap_fixture hf;
    pw_object *object = NULL;
    start(&hf, 0);
    pwi_alloc_fail_after(1);
    CHECK(pwi_array_new(hf.store, hf.bytes, 10, &object) == PW_ERR_NO_MEMORY && object == NULL);
    CHECK(hf.heap->live_bytes == 0 && hf.store->memory_in_use == 0 && live(&hf) == 0);
    object = make_pair(&hf, 0, 0);
    pwi_alloc_fail_after(1);
    CHECK(pwi_gc_hold(hf.store, ref_to(object)) == PW_ERR_NO_MEMORY);
    pwi_alloc_fail_after(0);
    CHECK(hf.heap->handle_count == 0 && collect(&hf) == 0);
    finish(&hf);
}
#endif

/* ---- handles ------------------------------------------------------------------------------------------- */

static void test_handles_are_counted(void)
{
    heap_fixture hf;
    start(&hf, 0);
    pw_object *object = hold(&hf, hold(&hf, make_pair(&hf, 0, 0)));
    CHECK(hf.heap->handle_count == 1);
    pwi_gc_release(hf.store, ref_to(object));
    CHECK(collect(&hf) == 1);
    pwi_gc_release(hf.store, ref_to(object));
    CHECK(hf.heap->handle_count == 0);
    pwi_gc_release(hf.store, ref_to(object)); /* once too often */
    CHECK(hf.heap->handle_count == 0 && collect(&hf) == 0);
    finish(&hf);
}

static void test_what_needs_no_handle(void)
{
    heap_fixture hf;
    pw_slot host;
    int thing;
    start(&hf, 0);
    CHECK(pw_extern_new(hf.store, &thing, &host) == PW_OK);
    const pw_slot others[] = {0, pwi_i31(3), host, ref_to(fx_host(&hf.fx))};
    for (int i = 0; i < 4; i++) {
        CHECK(pw_ref_hold(hf.store, others[i]) == PW_OK && hf.heap->handle_count == 0);
        pw_ref_release(hf.store, others[i]);
    }
    CHECK(hf.heap->handles == NULL);
    finish(&hf);
}

/* Against a plain list, in an order that moves entries of the table about. */
static void test_many_handles(void)
{
    enum { COUNT = 5000 };
    static pw_object *objects[COUNT];
    static unsigned char counts[COUNT];
    heap_fixture hf;
    uint32_t random = 1, held = 0;
    start(&hf, 0);
    pw_object *keeper = hold(&hf, make_refs(&hf, COUNT));
    for (int i = 0; i < COUNT; i++) {
        random = random * 1664525u + 1013904223u;
        objects[i] = make_refs(&hf, random >> 26); /* addresses at even distances would hardly collide */
        keeper->payload[i] = ref_to(objects[i]);
    }
    for (int step = 0; step < 20 * COUNT; step++) {
        random = random * 1664525u + 1013904223u;
        uint32_t i = (random >> 8) % COUNT;
        bool let_go = step > 10 * COUNT ? counts[i] > 0 : counts[i] > 0 && (random & 3) == 0;
        if (let_go)
            pwi_gc_release(hf.store, ref_to(objects[i]));
        else if (step <= 10 * COUNT)
            hold(&hf, objects[i]);
        else
            continue;
        held += !let_go && counts[i] == 0;
        counts[i] = (unsigned char)(let_go ? counts[i] - 1 : counts[i] + 1);
        held -= let_go && counts[i] == 0;
        CHECK(hf.heap->handle_count == held + 1);
        CHECK(hf.heap->handle_count * 2 <= hf.heap->handle_capacity);
    }
    memset(keeper->payload, 0, COUNT * sizeof(pw_slot)); /* from here on only handles keep them */
    CHECK(collect(&hf) == held + 1);
    for (int i = 0; i < COUNT; i++) {
        CHECK(counts[i] == 0 || objects[i]->kind == PW_OBJECT_ARRAY);
        for (; counts[i] > 0; counts[i]--)
            pwi_gc_release(hf.store, ref_to(objects[i]));
    }
    CHECK(hf.heap->handle_count == 1 && hf.heap->handle_capacity <= 32); /* the table shrinks */
    CHECK(collect(&hf) == 1);
    finish(&hf);
}

int main(void)
{
    test_reachable_lives_and_cycles_go();
    test_every_kind_of_object_is_gone_into();
    test_roots();
    test_nothing_is_freed_when_the_frames_are_not_known();
    test_deep_and_wide();
    test_a_collection_that_is_ended_at_any_time();
    test_accounting_and_limits();
    test_garbage_does_not_pile_up();
    test_handles_are_counted();
    test_what_needs_no_handle();
    test_many_handles();
#ifdef PW_TORTURE
    test_mark_stack_that_cannot_grow();
    test_refused_objects();
#else
    printf("not a torture build (PYWASI_TORTURE): allocations cannot be made to fail\n");
#endif
    return 0;
}
