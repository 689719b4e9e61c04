/* Bulk work in pieces: the same bytes as at once, the poll between the pieces, and its word ends it. */
#include "runtime/bulk_work.h"
#include "runtime_fixture.h"

enum { SIZE = (3 << 20) + 123, SHIFT = 4099 };

typedef struct counted {
    unsigned polls, allowed;
    pw_result answer;
} counted;

static pw_result poll(void *env)
{
    counted *c = env;
    return ++c->polls > c->allowed ? c->answer : PW_OK;
}

static void watch(fixture *fx, counted *c, unsigned allowed, pw_result answer)
{
    *c = (counted){0, allowed, answer};
    pw_error_clear(&fx->store->error);
    fx->store->poll = poll;
    fx->store->poll_env = c;
}

static uint8_t at(size_t i)
{
    return (uint8_t)(i * 31 + (i >> 8) + (i >> 16) * 7);
}

static uint8_t *numbered(void)
{
    uint8_t *bytes = pwi_alloc(SIZE + SHIFT);
    CHECK(bytes);
    for (size_t i = 0; i < SIZE + SHIFT; i++)
        bytes[i] = at(i);
    return bytes;
}

static void test_moves_overlap(fixture *fx)
{
    counted c;
    uint8_t *bytes = numbered();
    watch(fx, &c, UINT32_MAX, PW_OK);
    CHECK(pwi_bulk_move(fx->store, bytes + SHIFT, bytes, SIZE) == PW_OK && c.polls >= 3);
    for (size_t i = 0; i < SIZE; i++)
        CHECK(bytes[SHIFT + i] == at(i));
    pwi_free(bytes);
    bytes = numbered();
    CHECK(pwi_bulk_move(fx->store, bytes, bytes + SHIFT, SIZE) == PW_OK);
    for (size_t i = 0; i < SIZE; i++)
        CHECK(bytes[i] == at(i + SHIFT));
    c.polls = 0;
    CHECK(pwi_bulk_move(fx->store, bytes, bytes + 1, 0) == PW_OK && c.polls == 0);
    CHECK(pwi_bulk_move(fx->store, NULL, NULL, 0) == PW_OK);
    pwi_free(bytes);
}

static void test_sets_and_repeats(fixture *fx)
{
    static const pw_slot value[2] = {UINT64_C(0x0807060504030201), UINT64_C(0x100f0e0d0c0b0a09)};
    counted c;
    uint8_t *bytes = numbered();
    watch(fx, &c, UINT32_MAX, PW_OK);
    CHECK(pwi_bulk_set(fx->store, bytes + 1, 0xa5, SIZE) == PW_OK && c.polls >= 3);
    CHECK(bytes[0] == at(0) && bytes[SIZE + 1] == at(SIZE + 1));
    for (size_t i = 1; i <= SIZE; i++)
        CHECK(bytes[i] == 0xa5);
    for (uint32_t width = 1; width <= 16; width *= 2) {
        for (size_t i = 0; i < SIZE + SHIFT; i++)
            bytes[i] = 0;
        uint64_t count = SIZE / width - 1;
        c.polls = 0;
        CHECK(pwi_bulk_repeat(fx->store, bytes, value, width, count) == PW_OK && c.polls >= 3);
        for (size_t i = 0; i < count * width; i++)
            CHECK(bytes[i] == i % width + 1);
        CHECK(bytes[count * width] == 0);
        CHECK(pwi_bulk_repeat(fx->store, bytes + count * width, value, width, 0) == PW_OK);
        CHECK(bytes[count * width] == 0);
    }
    pwi_free(bytes);
}

static void test_the_poll_ends_it(fixture *fx)
{
    static const pw_slot value[2] = {7, 7};
    counted c;
    uint8_t *bytes = numbered();
    watch(fx, &c, 1, PW_ERR_HOST);
    CHECK(pwi_bulk_set(fx->store, bytes, 0, SIZE) == PW_ERR_HOST && c.polls == 2);
    CHECK(fx->store->error.result == PW_ERR_HOST && bytes[SIZE - 1] == at(SIZE - 1));
    watch(fx, &c, 1, PW_ERR_HOST);
    CHECK(pwi_bulk_move(fx->store, bytes, bytes + SHIFT, SIZE) == PW_ERR_HOST && c.polls == 2);
    watch(fx, &c, 1, PW_ERR_HOST);
    CHECK(pwi_bulk_move(fx->store, bytes + SHIFT, bytes, SIZE) == PW_ERR_HOST && c.polls == 2);
    watch(fx, &c, 1, PW_ERR_TRAP); /* would be taken for one of bounds */
    CHECK(pwi_bulk_repeat(fx->store, bytes, value, 8, SIZE / 8) == PW_ERR_HOST && c.polls == 2);
    pwi_free(bytes);
}

/* Half done nothing: elements behind the size do not count. */
static void test_a_growth_that_ends(fixture *fx)
{
    pw_table_type type = {PW_EXTERNREF, fx_limits(1, 0, false)};
    pw_table *table;
    counted c;
    uint64_t old;
    CHECK(pwi_table_make(fx->store, &type, 0, &table, &fx->error) == PW_OK);
    watch(fx, &c, 1, PW_ERR_HOST);
    CHECK(pwi_table_grow(table, SIZE / 8, 5, &old) == PW_ERR_HOST);
    CHECK(table->size == 1 && fx->store->table_elements_in_use == 1);
    watch(fx, &c, UINT32_MAX, PW_OK);
    CHECK(pwi_table_grow(table, SIZE / 8, 6, &old) == PW_OK && old == 1 && table->elements[SIZE / 8] == 6);
    CHECK(pwi_table_fill(table, 0, 9, table->size) == PW_OK && table->elements[SIZE / 8] == 9);
}

int main(void)
{
    fixture fx;
    fx_start(&fx, NULL);
    test_moves_overlap(&fx);
    test_sets_and_repeats(&fx);
    test_the_poll_ends_it(&fx);
    test_a_growth_that_ends(&fx);
    fx_end(&fx);
    return 0;
}
