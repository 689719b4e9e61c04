/* table.c - tables of references. The elements are a heap block that grows by half, as tables are grown
 * one by one. */
#include "runtime/table.h"

#include "base/alloc.h"
#include "base/config.h"
#include "base/error.h"
#include "runtime/bulk_work.h"
#include "runtime/store.h"

pw_result pwi_table_make(pw_store *store, const pw_table_type *type, pw_slot init, pw_table **table,
                         pw_error *error)
{
    uint64_t size = type->limits.min;
    *table = NULL;
    if (pwi_store_take_elements(store, size) != PW_OK)
        return pwi_fail(error, PW_ERR_LIMIT,
                        "a table of %llu elements would pass the limit of %llu elements (%llu in use)",
                        (unsigned long long)size, (unsigned long long)store->limits.table_elements,
                        (unsigned long long)store->table_elements_in_use);

    pw_table *self = pwi_alloc_zero(1, sizeof *self);
    if (!self) {
        pwi_store_return_elements(store, size);
        return pwi_no_memory(error);
    }
    self->store = store;
    self->type = *type;
    self->size = size;
    self->capacity = size;
    self->max = type->limits.is64 ? UINT64_MAX : UINT32_MAX;
    if (type->limits.has_max)
        self->max = type->limits.max;
    /* calloc leaves the pages of a big table of nulls untouched. */
    self->elements = size <= SIZE_MAX ? pwi_alloc_zero((size_t)size, sizeof *self->elements) : NULL;
    if (!self->elements || pwi_list_add(&store->tables, self) != PW_OK) {
        pwi_table_destroy(self);
        return pwi_no_memory(error);
    }
    *table = self;
    return init ? pwi_bulk_repeat(store, self->elements, &init, sizeof init, size) : PW_OK;
}

void pwi_table_destroy(pw_table *table)
{
    pwi_store_return_elements(table->store, table->size);
    pwi_free(table->elements);
    pwi_free(table);
}

/* Makes room for needed elements, which the type and the store's limit allow. */
static bool reserve(pw_table *table, uint64_t needed)
{
    uint64_t capacity = table->capacity + table->capacity / 2;
    if (needed <= table->capacity)
        return true;
    if (capacity > table->max)
        capacity = table->max;
    if (capacity > table->store->limits.table_elements)
        capacity = table->store->limits.table_elements;
    if (capacity < needed)
        capacity = needed;
    if (capacity > SIZE_MAX)
        return false;
    pw_slot *grown = pwi_realloc(table->elements, (size_t)capacity, sizeof *grown);
    if (!grown)
        return false;
    table->elements = grown;
    table->capacity = capacity;
    return true;
}

pw_result pwi_table_grow(pw_table *table, uint64_t count, pw_slot init, uint64_t *old_size)
{
    *old_size = table->size;
    if (count > table->max - table->size)
        return PW_ERR_LIMIT;
    pw_result result = pwi_store_take_elements(table->store, count);
    if (result != PW_OK)
        return result;
    if (!reserve(table, table->size + count)) {
        pwi_store_return_elements(table->store, count);
        return PW_ERR_LIMIT;
    }
    result = pwi_bulk_repeat(table->store, table->elements + table->size, &init, sizeof init, count);
    if (result == PW_OK)
        table->size += count;
    else
        pwi_store_return_elements(table->store, count);
    return result;
}

static bool in_bounds(const pw_table *table, uint64_t at, uint64_t count)
{
    return at <= table->size && count <= table->size - at;
}

pw_result pwi_table_fill(pw_table *table, uint64_t to, pw_slot value, uint64_t count)
{
    if (!in_bounds(table, to, count))
        return PW_ERR_TRAP;
    return pwi_bulk_repeat(table->store, table->elements + to, &value, sizeof value, count);
}

pw_result pwi_table_copy(pw_table *to_table, uint64_t to, pw_table *from_table, uint64_t from, uint64_t count)
{
    if (!in_bounds(to_table, to, count) || !in_bounds(from_table, from, count))
        return PW_ERR_TRAP;
    return pwi_bulk_move(to_table->store, to_table->elements + to, from_table->elements + from,
                         count * sizeof(pw_slot));
}
