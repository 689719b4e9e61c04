/* api_table.c - tables as the embedder sees them: types and bounds are checked here. */
#include "runtime/table.h"

#include "base/config.h"
#include "base/error.h"
#include "runtime/store.h"

static const char *what_is_wrong(const pw_store *store, const pw_table_type *type)
{
    const pw_limits *limits = &type->limits;
    if (!pwi_type_is_ref(type->element) || !pwi_val_type_exists(store->registry, type->element))
        return "the elements are of no reference type";
    if (limits->shared)
        return "shared tables are not supported";
    if (limits->has_max && limits->max < limits->min)
        return "the maximum is below the minimum";
    if (!limits->is64 && (limits->min > UINT32_MAX || (limits->has_max && limits->max > UINT32_MAX)))
        return "more elements than the address type can reach";
    return NULL;
}

static pw_result wrong_value(pw_store *store, pw_val_type type)
{
    char text[64];
    pw_val_type_text(type, text, sizeof text);
    pw_error_clear(&store->error);
    return pwi_fail(&store->error, PW_ERR_ARGUMENT, "the value is no %s of this store", text);
}

static pw_result out_of_bounds(pw_store *store, uint64_t index, uint64_t size)
{
    pw_error_clear(&store->error);
    return pwi_fail(&store->error, PW_ERR_ARGUMENT, "index %llu is out of bounds of a table of %llu",
                    (unsigned long long)index, (unsigned long long)size);
}

pw_result pw_table_new(pw_store *store, const pw_table_type *type, pw_slot init, pw_table **table)
{
    const char *wrong = what_is_wrong(store, type);
    *table = NULL;
    pw_error_clear(&store->error);
    if (wrong)
        return pwi_fail(&store->error, PW_ERR_ARGUMENT, "table type: %s", wrong);
    if (!pwi_value_fits(store, type->element, &init))
        return wrong_value(store, type->element);
    pw_result result = pwi_store_hold_type(store, type->element);
    if (result != PW_OK)
        return pwi_fail(&store->error, result, "the element type cannot be held");
    return pwi_table_make(store, type, init, table, &store->error);
}

pw_store *pw_table_store(const pw_table *table)
{
    return table->store;
}

void pw_table_type_of(const pw_table *table, pw_table_type *out)
{
    *out = table->type;
    out->limits.min = table->size;
}

uint64_t pw_table_size(const pw_table *table)
{
    return table->size;
}

pw_result pw_table_get(const pw_table *table, uint64_t index, pw_slot *value)
{
    if (index >= table->size)
        return out_of_bounds(table->store, index, table->size);
    *value = table->elements[index];
    return PW_OK;
}

pw_result pw_table_set(pw_table *table, uint64_t index, pw_slot value)
{
    if (index >= table->size)
        return out_of_bounds(table->store, index, table->size);
    if (!pwi_value_fits(table->store, table->type.element, &value))
        return wrong_value(table->store, table->type.element);
    table->elements[index] = value;
    return PW_OK;
}

pw_result pw_table_grow(pw_table *table, uint64_t count, pw_slot init, uint64_t *old_size)
{
    if (!pwi_value_fits(table->store, table->type.element, &init))
        return wrong_value(table->store, table->type.element);
    return pwi_table_grow(table, count, init, old_size);
}
