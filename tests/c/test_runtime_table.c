/* Tables: growth, limits, accounts, bulk operations, and the checks of what a host puts in. */
#include "runtime_fixture.h"
#include "wasm/type_group.h"

static pw_table_type table_type(uint64_t min, uint64_t max, bool has_max)
{
    pw_table_type type = {PW_EXTERNREF, fx_limits(min, max, has_max)};
    return type;
}

static pw_table *make(fixture *fx, pw_table_type type, pw_slot init)
{
    pw_table *table;
    CHECK(pwi_table_make(fx->store, &type, init, &table, &fx->error) == PW_OK);
    return table;
}

static void test_growth(void)
{
    fixture fx;
    uint64_t old;
    fx_start(&fx, NULL);
    pw_table *table = make(&fx, table_type(2, 0, false), 77);
    CHECK(table->elements[0] == 77 && table->elements[1] == 77);
    for (uint64_t i = 2; i < 1000; i++) {
        CHECK(pwi_table_grow(table, 1, i, &old) == PW_OK && old == i && table->elements[i] == i);
    }
    CHECK(pwi_table_grow(table, 3, 5, &old) == PW_OK && old == 1000 && table->size == 1003);
    CHECK(table->elements[0] == 77 && table->elements[999] == 999 && table->elements[1002] == 5);
    CHECK(table->capacity < 2 * table->size);
    CHECK(pwi_table_grow(table, 0, 5, &old) == PW_OK && old == 1003);
    fx_end(&fx);
}

static void test_limits(void)
{
    fixture fx;
    uint64_t old;
    pw_table *table;
    pw_store_limits limits = {0, 100, 0, 0};
    fx_start(&fx, &limits);
    pw_table_type type = table_type(101, 0, false);
    CHECK(pwi_table_make(fx.store, &type, 0, &table, &fx.error) == PW_ERR_LIMIT && !table);
    CHECK(strstr(fx.error.text, "101 elements"));
    table = make(&fx, table_type(10, 20, true), 0);
    pw_table *other = make(&fx, table_type(0, 0, false), 0);
    CHECK(pwi_table_grow(table, 11, 0, &old) == PW_ERR_LIMIT && old == 10);
    CHECK(pwi_table_grow(table, UINT64_MAX, 0, &old) == PW_ERR_LIMIT);
    CHECK(pwi_table_grow(table, 10, 0, &old) == PW_OK && pwi_table_grow(table, 1, 0, &old) == PW_ERR_LIMIT);
    CHECK(pwi_table_grow(other, 81, 0, &old) == PW_ERR_LIMIT && pwi_table_grow(other, 80, 0, &old) == PW_OK);
    CHECK(fx.store->table_elements_in_use == 100);
    pw_store_mark mark = pwi_store_get_mark(fx.store);
    mark.tables = 1;
    pwi_store_rollback(fx.store, mark);
    CHECK(fx.store->table_elements_in_use == 20);
    fx_end(&fx);
}

static void test_fill_and_copy(void)
{
    fixture fx;
    fx_start(&fx, NULL);
    pw_table *table = make(&fx, table_type(10, 10, true), 0);
    pw_table *other = make(&fx, table_type(4, 4, true), 9);
    CHECK(pwi_table_fill(table, 7, 3, 3) == PW_OK && table->elements[9] == 3 && table->elements[6] == 0);
    CHECK(pwi_table_fill(table, 8, 4, 3) == PW_ERR_TRAP && table->elements[8] == 3);
    CHECK(pwi_table_fill(table, 10, 4, 0) == PW_OK && pwi_table_fill(table, 11, 4, 0) == PW_ERR_TRAP);
    CHECK(pwi_table_fill(table, UINT64_MAX, 4, 2) == PW_ERR_TRAP &&
          pwi_table_fill(table, 2, 4, UINT64_MAX) == PW_ERR_TRAP);
    for (pw_slot i = 0; i < 10; i++)
        table->elements[i] = i;
    CHECK(pwi_table_copy(table, 1, table, 0, 9) == PW_OK && table->elements[1] == 0 &&
          table->elements[9] == 8);
    CHECK(pwi_table_copy(other, 0, table, 6, 4) == PW_OK && other->elements[0] == 5 &&
          other->elements[3] == 8);
    CHECK(pwi_table_copy(other, 0, table, 7, 4) == PW_ERR_TRAP &&
          pwi_table_copy(other, 1, table, 0, 4) == PW_ERR_TRAP);
    CHECK(pwi_table_copy(other, UINT64_MAX, table, 0, 2) == PW_ERR_TRAP &&
          pwi_table_copy(other, 0, table, UINT64_MAX, 2) == PW_ERR_TRAP);
    CHECK(other->elements[0] == 5 && other->elements[3] == 8);
    fx_end(&fx);
}

static void test_host_access_is_checked(void)
{
    fixture fx;
    pw_table *table;
    pw_slot value, handle;
    uint64_t old;
    int object;
    fx_start(&fx, NULL);
    pw_table_type type = {PW_FUNCREF, fx_limits(2, 3, true)};
    pw_func *func = fx_host(&fx);
    pw_slot ref = (pw_slot)(uintptr_t)func;
    CHECK(pw_table_new(fx.store, &type, 0, &table) == PW_OK && pw_table_size(table) == 2);
    CHECK(pw_table_set(table, 1, ref) == PW_OK && pw_table_get(table, 1, &value) == PW_OK && value == ref);
    CHECK(pw_table_set(table, 2, ref) == PW_ERR_ARGUMENT &&
          pw_table_get(table, 2, &value) == PW_ERR_ARGUMENT);
    CHECK(strstr(pw_store_error(fx.store)->text, "index 2 is out of bounds of a table of 2"));
    CHECK(pw_table_grow(table, 1, ref, &old) == PW_OK && old == 2 &&
          pw_table_grow(table, 1, 0, &old) == PW_ERR_LIMIT);
    pw_table_type now;
    pw_table_type_of(table, &now);
    CHECK(now.limits.min == 3 && now.limits.max == 3 && now.element == PW_FUNCREF);

    type.element = PW_REF_TYPE(PW_KIND_REF, PW_HEAP_EXTERN);
    CHECK(pw_extern_new(fx.store, &object, &handle) == PW_OK);
    CHECK(pw_table_new(fx.store, &type, 0, &table) == PW_ERR_ARGUMENT); /* null in a non-null table */
    CHECK(pw_table_new(fx.store, &type, handle, &table) == PW_OK);
    CHECK(pw_table_set(table, 0, 0) == PW_ERR_ARGUMENT &&
          pw_table_grow(table, 1, 0, &old) == PW_ERR_ARGUMENT);
    type.element = PW_I32;
    CHECK(pw_table_new(fx.store, &type, 0, &table) == PW_ERR_ARGUMENT && !table);
    type.element = PW_REF_TYPE(PW_KIND_REF_NULL, 4711); /* no such record */
    CHECK(pw_table_new(fx.store, &type, 0, &table) == PW_ERR_ARGUMENT);
    type.element = PW_REF_TYPE(PW_KIND_REF_NULL, fx.nullary->id);
    uint32_t references = fx.nullary->group->references;
    CHECK(pw_table_new(fx.store, &type, ref, &table) == PW_OK &&
          fx.nullary->group->references == references + 1);
    type.limits.max = 1;
    CHECK(pw_table_new(fx.store, &type, ref, &table) == PW_ERR_ARGUMENT); /* max < min */
    fx_end(&fx);
}

#ifdef PW_TORTURE
static void test_growth_that_gets_no_memory_changes_nothing(void)
{
    fixture fx;
    uint64_t old;
    fx_start(&fx, NULL);
    pw_table *table = make(&fx, table_type(2, 0, false), 7);
    pwi_alloc_fail_after(1);
    CHECK(pwi_table_grow(table, 1, 8, &old) == PW_ERR_LIMIT && old == 2);
    CHECK(table->size == 2 && table->elements[1] == 7 && fx.store->table_elements_in_use == 2);
    CHECK(pwi_table_grow(table, 1, 8, &old) == PW_OK && table->elements[2] == 8);
    fx_end(&fx);
}
#endif

int main(void)
{
#ifdef PW_TORTURE
    test_growth_that_gets_no_memory_changes_nothing();
#endif
    test_growth();
    test_limits();
    test_fill_and_copy();
    test_host_access_is_checked();
    return 0;
}
