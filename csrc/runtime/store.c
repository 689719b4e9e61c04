/* store.c - making and ending a store, its lists, its accounts. */
#include "runtime/store.h"

#include "base/alloc.h"
#include "base/config.h"
#include "runtime/memory.h"
#include "runtime/table.h"

pw_result pwi_list_add(pw_list *list, void *item)
{
    void *items = list->items;
    if (!pwi_reserve(&items, &list->capacity, list->count + 1, sizeof *list->items))
        return PW_ERR_NO_MEMORY;
    list->items = items;
    list->items[list->count++] = item;
    return PW_OK;
}

#define KIND_AT_THIRD_WORD(type)                                                                             \
    _Static_assert(offsetof(type, kind) == 2 * sizeof(void *), "gc_heap.h draws it: " #type)
KIND_AT_THIRD_WORD(pw_object);
KIND_AT_THIRD_WORD(pw_host_ref);
KIND_AT_THIRD_WORD(struct pw_func);

static void *list_pop(pw_list *list)
{
    return list->items[--list->count];
}

static pw_store_limits limits_with_defaults(const pw_store_limits *limits)
{
    pw_store_limits out = {0, 0, 0, 0};
    if (limits)
        out = *limits;
    if (!out.memory_bytes)
        out.memory_bytes = PW_DEFAULT_MEMORY_BYTES;
    if (!out.table_elements)
        out.table_elements = PW_DEFAULT_TABLE_ELEMENTS;
    if (!out.instances)
        out.instances = PW_DEFAULT_INSTANCES;
    if (!out.stack_bytes)
        out.stack_bytes = PW_DEFAULT_STACK_BYTES;
    return out;
}

pw_result pwi_store_make(pw_engine *engine, pw_type_registry *registry, const pw_store_limits *limits,
                         pw_store **store)
{
    *store = NULL;
    pw_store *self = pwi_alloc_zero(1, sizeof *self);
    if (!self)
        return PW_ERR_NO_MEMORY;
    self->references = 1;
    self->engine = engine;
    self->registry = registry;
    self->limits = limits_with_defaults(limits);
    pw_error_clear(&self->error);
    pw_result result = pwi_stack_make(&self->stack, self->limits.stack_bytes);
    if (result != PW_OK) {
        pwi_free(self);
        return result;
    }
    *store = self;
    return PW_OK;
}

/* Code of the embedder runs here, so everything it could still look at is alive, and each entry is off its
 * list before its hook is called. */
static void run_finalizers(pw_store *store)
{
    while (store->host_funcs.count) {
        pw_func *func = list_pop(&store->host_funcs);
        if (func->finalize)
            func->finalize(func->env);
        pwi_free(func);
    }
    pwi_externs_destroy(store);
}

pw_store_mark pwi_store_get_mark(const pw_store *store)
{
    pw_store_mark mark = {store->instances.count, store->memories.count, store->tables.count,
                          store->globals.count, store->tags.count};
    return mark;
}

void pwi_store_rollback(pw_store *store, pw_store_mark mark)
{
    while (store->instances.count > mark.instances) {
        pw_instance *instance = list_pop(&store->instances);
        if (instance->module->memory_count && instance->memories && instance->memories[0])
            pwi_memory_detach(instance->memories[0], instance);
        pwi_instance_destroy(instance);
    }
    while (store->tags.count > mark.tags)
        pwi_free(list_pop(&store->tags));
    while (store->globals.count > mark.globals)
        pwi_free(list_pop(&store->globals));
    while (store->tables.count > mark.tables)
        pwi_table_destroy(list_pop(&store->tables));
    while (store->memories.count > mark.memories)
        pwi_memory_destroy(list_pop(&store->memories));
}

void pwi_store_destroy(pw_store *store)
{
    /* A finalizer may retain and free the store once more: that must not end it a second time. */
    store->references = UINT32_MAX / 2;
    run_finalizers(store);
    while (store->instances.count)
        pwi_instance_destroy(list_pop(&store->instances));
    pwi_store_rollback(store, (pw_store_mark){0, 0, 0, 0, 0});
    pwi_gc_destroy(store);
    while (store->types.count)
        pwi_types_drop(store->registry, list_pop(&store->types));
    pwi_free(store->instances.items);
    pwi_free(store->host_funcs.items);
    pwi_free(store->memories.items);
    pwi_free(store->tables.items);
    pwi_free(store->globals.items);
    pwi_free(store->tags.items);
    pwi_free(store->types.items);
    pwi_stack_destroy(&store->stack);
    pwi_free(store);
}

void pwi_store_add_memory(pw_store *store, uint64_t bytes)
{
    store->memory_in_use += bytes;
    if (store->memory_in_use > store->memory_peak)
        store->memory_peak = store->memory_in_use;
}

pw_result pwi_store_take_memory(pw_store *store, uint64_t bytes)
{
    uint64_t most = store->limits.memory_bytes, used = store->memory_in_use;
    if (used > most || bytes > most - used) /* more than most: a shared memory has grown elsewhere */
        return PW_ERR_LIMIT;
    pwi_store_add_memory(store, bytes);
    return PW_OK;
}

void pwi_store_return_memory(pw_store *store, uint64_t bytes)
{
    store->memory_in_use -= bytes;
}

pw_result pwi_store_take_elements(pw_store *store, uint64_t count)
{
    if (count > store->limits.table_elements - store->table_elements_in_use)
        return PW_ERR_LIMIT;
    store->table_elements_in_use += count;
    return PW_OK;
}

void pwi_store_return_elements(pw_store *store, uint64_t count)
{
    store->table_elements_in_use -= count;
}
