/* Memories: sizes, growth, limits, accounts, pins, bulk operations. */
#include "runtime_fixture.h"

/* A limit that no host can reserve: memories of such a store are heap blocks that move. */
#define UNRESERVABLE ((uint64_t)1 << 60)

#if defined(__SANITIZE_ADDRESS__) || defined(__clang__)
/* Asking for more than there is, is what is tested: the sanitizer shall refuse it as malloc does, not
 * stop. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}
#endif

static pw_memory *make(fixture *fx, pw_limits type)
{
    pw_memory *memory;
    CHECK(pwi_memory_make(fx->store, &type, &memory, &fx->error) == PW_OK);
    return memory;
}

static bool all_zero(const pw_memory *memory, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++) {
        if (memory->base[i])
            return false;
    }
    return true;
}

static void test_growth_keeps_contents_and_fresh_pages_are_zero(const pw_store_limits *limits, bool is64)
{
    fixture fx;
    uint64_t old;
    fx_start(&fx, limits);
    pw_limits type = fx_limits(1, 0, false);
    type.is64 = is64;
    pw_memory *memory = make(&fx, type);
    CHECK(memory->size == PW_PAGE_BYTES && all_zero(memory, 0, memory->size));
    memset(memory->base, 0xab, PW_PAGE_BYTES);
    for (uint64_t pages = 1; pages < 20; pages += 3) {
        CHECK(pwi_memory_grow(memory, 3, &old) == PW_OK && old == pages);
        CHECK(memory->size == (pages + 3) * PW_PAGE_BYTES);
        CHECK(memory->base[0] == 0xab && memory->base[PW_PAGE_BYTES * pages - 1] == 0xab);
        CHECK(all_zero(memory, PW_PAGE_BYTES * pages, memory->size));
        memset(memory->base, 0xab, memory->size);
    }
    fx_end(&fx);
}

static void test_base_never_moves(void)
{
#ifndef PW_TORTURE
    fixture fx;
    uint64_t old;
    fx_start(&fx, NULL);
    pw_memory *memory = make(&fx, fx_limits(0, 0, false));
    CHECK(memory->base && memory->reserved > (uint64_t)4 << 30);
    memory = make(&fx, fx_limits(0, 2000, true)); /* what the smallest host can commit */
    uint8_t *base = memory->base;
    pw_memory_pin(memory);
    for (int i = 0; i < 100; i++) {
        CHECK(pwi_memory_grow(memory, 1, &old) == PW_OK && memory->base == base);
        base[memory->size - 1] = 1;
    }
    pw_memory_unpin(memory);
    CHECK(pwi_memory_grow(memory, 2000 - 100, &old) == PW_OK && old == 100 && memory->base == base);
    base[memory->size - 1] = 1;
    CHECK(pwi_memory_grow(memory, 1, &old) == PW_ERR_LIMIT);
    fx_end(&fx);

    pw_store_limits limits = {10 * PW_PAGE_BYTES, 0, 0, 0};
    fx_start(&fx, &limits);
    memory = make(&fx, fx_limits(1, 0, false));
    CHECK(memory->reserved > 10 * PW_PAGE_BYTES && memory->reserved < 12 * PW_PAGE_BYTES);
    memory = make(&fx, fx_limits(1, 3, true));
    CHECK(memory->reserved > 3 * PW_PAGE_BYTES && memory->reserved < 5 * PW_PAGE_BYTES);
    fx_end(&fx);
#endif
}

/* Starts the fixture. */
static pw_memory *make_moving(fixture *fx, uint64_t pages)
{
    pw_store_limits limits = {UNRESERVABLE, 0, 0, 0};
    fx_start(fx, &limits);
    pw_limits type = fx_limits(pages, 0, false);
    type.is64 = true;
    pw_memory *memory = make(fx, type);
    CHECK(memory->reserved == 0);
    return memory;
}

static void test_memory_that_moves_does_not_while_pinned(void)
{
    fixture fx;
    uint64_t old;
    pw_memory *memory = make_moving(&fx, 2);
    uint8_t *base = memory->base;
    pw_memory_pin(memory);
    pw_memory_pin(memory);
    pw_memory_unpin(memory);
    uint64_t in_use = fx.store->memory_in_use;
    CHECK(pwi_memory_grow(memory, 1, &old) == PW_ERR_LIMIT && old == 2);
    CHECK(memory->base == base && memory->size == 2 * PW_PAGE_BYTES && fx.store->memory_in_use == in_use);
    CHECK(pwi_memory_grow(memory, 0, &old) == PW_OK && old == 2);
    pw_memory_unpin(memory);
    CHECK(pwi_memory_grow(memory, 1, &old) == PW_OK && memory->size == 3 * PW_PAGE_BYTES);
    /* More than any host has: refused, and what was there stays. */
    memory->base[7] = 7;
    CHECK(pwi_memory_grow(memory, (uint64_t)1 << 43, &old) == PW_ERR_LIMIT);
    CHECK(memory->size == 3 * PW_PAGE_BYTES && memory->base[7] == 7);
    fx_end(&fx);
}

/* A thread of the host may be reading there: the torture build, where it is freed, is not used by hosts. */
static void test_what_growth_has_left_stays_readable(void)
{
#ifndef PW_TORTURE
    fixture fx;
    uint64_t old;
    pw_memory *memory = make_moving(&fx, 1);
    enum { PAGES = 300 };
    uint8_t *seen[PAGES];
    size_t moves = 0;
    for (size_t i = 0; i < PAGES; i++) {
        seen[i] = memory->base;
        memory->base[memory->size - 1] = 7;
        CHECK(pwi_memory_grow(memory, 1, &old) == PW_OK && memory->capacity >= memory->size);
        moves += memory->base != seen[i];
        CHECK(memory->base[memory->size - 1] == 0 && memory->base[memory->size - PW_PAGE_BYTES - 1] == 7);
    }
    CHECK(moves > 2 && moves < 12);
    for (size_t i = 0; i < PAGES; i++)
        CHECK(seen[i][(i + 1) * PW_PAGE_BYTES - 1] == 7);
    fx_end(&fx);
#endif
}

static void test_limits(void)
{
    fixture fx;
    uint64_t old;
    pw_memory *memory, *other;
    pw_store_limits limits = {10 * PW_PAGE_BYTES + 5, 0, 0, 0};
    fx_start(&fx, &limits);
    pw_limits type = fx_limits(11, 0, false);
    CHECK(pwi_memory_make(fx.store, &type, &memory, &fx.error) == PW_ERR_LIMIT && !memory);
    CHECK(fx.error.result == PW_ERR_LIMIT && strstr(fx.error.text, "11 pages"));
    memory = make(&fx, fx_limits(2, 4, true));
    other = make(&fx, fx_limits(0, 0, false));
    CHECK(other->base && other->size == 0 && fx.store->memory_in_use == 2 * PW_PAGE_BYTES);
    CHECK(pwi_memory_grow(memory, 3, &old) == PW_ERR_LIMIT && old == 2);
    CHECK(pwi_memory_grow(memory, UINT64_MAX, &old) == PW_ERR_LIMIT);
    CHECK(pwi_memory_grow(memory, 2, &old) == PW_OK && old == 2);
    CHECK(pwi_memory_grow(memory, 1, &old) == PW_ERR_LIMIT && old == 4);
    CHECK(pwi_memory_grow(other, 7, &old) == PW_ERR_LIMIT); /* 4 + 7 > 10: together they pass it */
    CHECK(pwi_memory_grow(other, 6, &old) == PW_OK && old == 0);
    CHECK(pwi_memory_grow(other, 1, &old) == PW_ERR_LIMIT);
    CHECK(fx.store->memory_in_use == 10 * PW_PAGE_BYTES && fx.store->memory_peak == 10 * PW_PAGE_BYTES);
    pw_store_mark mark = pwi_store_get_mark(fx.store);
    mark.memories = 1;
    pwi_store_rollback(fx.store, mark);
    CHECK(fx.store->memory_in_use == 4 * PW_PAGE_BYTES && fx.store->memory_peak == 10 * PW_PAGE_BYTES);
    fx_end(&fx);
}

static void test_memory64_with_a_huge_maximum(void)
{
    fixture fx;
    uint64_t old;
    fx_start(&fx, NULL);
    pw_limits type = fx_limits(1, (uint64_t)1 << 48, true);
    type.is64 = true;
    pw_memory *memory = make(&fx, type);
    CHECK(pwi_memory_grow(memory, (uint64_t)1 << 47, &old) == PW_ERR_LIMIT && old == 1);
    CHECK(pwi_memory_grow(memory, 1, &old) == PW_OK && old == 1);
    CHECK(memory->max_pages == (uint64_t)1 << 48);
    fx_end(&fx);
}

static void test_pages_of_one_byte(void)
{
    fixture fx;
    uint64_t old;
    fx_start(&fx, NULL);
    pw_limits type = fx_limits(3, 0, false);
    type.page_bits = 0;
    pw_memory *memory = make(&fx, type);
    CHECK(memory->size == 3);
    memory->base[2] = 9;
    CHECK(pwi_memory_grow(memory, 70000, &old) == PW_OK && old == 3 && memory->size == 70003);
    CHECK(memory->base[2] == 9 && all_zero(memory, 3, 70003));
    CHECK(memory->max_pages == UINT32_MAX); /* of 2^32 bytes the number would be no i32 */
    CHECK(pwi_memory_grow(memory, UINT32_MAX - 70002, &old) == PW_ERR_LIMIT && old == 70003);
    fx_end(&fx);
}

static void test_fill_and_copy(void)
{
    fixture fx;
    fx_start(&fx, NULL);
    pw_memory *memory = make(&fx, fx_limits(1, 1, true));
    pw_memory *other = make(&fx, fx_limits(1, 1, true));
    pw_memory *empty = make(&fx, fx_limits(0, 0, true));
    CHECK(pwi_memory_fill(memory, 65530, 5, 6) == PW_OK && memory->base[65535] == 5 &&
          memory->base[65529] == 0);
    CHECK(pwi_memory_fill(memory, 65530, 6, 7) == PW_ERR_TRAP && memory->base[65530] == 5);
    CHECK(pwi_memory_fill(memory, 65536, 6, 0) == PW_OK &&
          pwi_memory_fill(memory, 65537, 6, 0) == PW_ERR_TRAP);
    CHECK(pwi_memory_fill(memory, UINT64_MAX, 6, 2) == PW_ERR_TRAP &&
          pwi_memory_fill(memory, 2, 6, UINT64_MAX) == PW_ERR_TRAP);
    CHECK(pwi_memory_fill(empty, 0, 1, 0) == PW_OK && pwi_memory_fill(empty, 0, 1, 1) == PW_ERR_TRAP);
    for (uint8_t i = 0; i < 10; i++)
        memory->base[i] = i;
    CHECK(pwi_memory_copy(memory, 2, memory, 0, 8) == PW_OK); /* overlapping, upwards */
    CHECK(memcmp(memory->base, "\0\1\0\1\2\3\4\5\6\7", 10) == 0);
    CHECK(pwi_memory_copy(memory, 0, memory, 2, 8) == PW_OK &&
          memcmp(memory->base, "\0\1\2\3\4\5\6\7\6\7", 10) == 0);
    CHECK(pwi_memory_copy(other, 65536 - 4, memory, 4, 4) == PW_OK &&
          memcmp(other->base + 65532, "\4\5\6\7", 4) == 0);
    CHECK(pwi_memory_copy(other, 65536 - 4, memory, 0, 5) == PW_ERR_TRAP && other->base[65532] == 4);
    CHECK(pwi_memory_copy(other, 0, memory, 65535, 2) == PW_ERR_TRAP &&
          pwi_memory_copy(other, 0, memory, UINT64_MAX, 2) == PW_ERR_TRAP);
    CHECK(pwi_memory_copy(empty, 0, memory, 65536, 0) == PW_OK &&
          pwi_memory_copy(empty, 1, memory, 0, 0) == PW_ERR_TRAP);
    fx_end(&fx);
}

static void test_instances_follow_growth(void)
{
    fixture fx;
    pw_instance *first, *second;
    uint64_t old;
    pw_store_limits limits = {UNRESERVABLE, 0, 0, 0};
    fx_start(&fx, &limits);
    pw_limits type = fx_limits(1, 0, false);
    type.is64 = true;
    pw_memory *memory = make(&fx, type);
    fx_import_memory(&fx, "memory", memory, type);
    CHECK(fx_instance(&fx, &first) == PW_OK && fx_instance(&fx, &second) == PW_OK);
    for (int i = 0; i < 5; i++) {
        CHECK(pwi_memory_grow(memory, 100, &old) == PW_OK);
        CHECK(first->memory_base == memory->base && second->memory_base == memory->base);
        CHECK(first->memory_size == memory->size && second->memory_size == memory->size);
    }
    fx_end(&fx);
}

int main(void)
{
    pw_store_limits moving = {UNRESERVABLE, 0, 0, 0};
    test_growth_keeps_contents_and_fresh_pages_are_zero(NULL, false);
    test_growth_keeps_contents_and_fresh_pages_are_zero(NULL, true);
    test_growth_keeps_contents_and_fresh_pages_are_zero(&moving, true);
    test_base_never_moves();
    test_memory_that_moves_does_not_while_pinned();
    test_what_growth_has_left_stays_readable();
    test_limits();
    test_memory64_with_a_huge_maximum();
    test_pages_of_one_byte();
    test_fill_and_copy();
    test_instances_follow_growth();
    return 0;
}
