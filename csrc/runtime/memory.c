/* memory.c - linear memories.
 *
 *   base              base + size                        base + reserved
 *    |  committed      |  reserved, no access             |  guard page |
 *
 * The reservation holds whatever the type and the store's limit let the memory become, so the base never
 * moves. Where the host refuses it (reserved is 0): memory_block.c. Memory that stores share: shared_memory.h. */
#include "runtime/memory.h"

#include <string.h>

#include "base/alloc.h"
#include "base/config.h"
#include "base/error.h"
#include "base/sync.h"
#include "base/vm.h"
#include "runtime/bulk_work.h"
#include "runtime/store.h"

#ifdef PW_TORTURE
enum { MAY_RESERVE = 0 };
#else
enum { MAY_RESERVE = 1 };
#endif

static uint64_t round_up(uint64_t bytes, uint64_t unit)
{
    return (bytes + unit - 1) / unit * unit;
}

/* Bytes of address space to ask for: room for all growth, at least a page so that base is a real address,
 * and the guard. 0 when that does not fit into an address. */
static size_t reservation(uint64_t most_bytes)
{
    uint64_t page = pwi_vm_page_size();
    if (most_bytes > SIZE_MAX / 2)
        return 0;
    return (size_t)(round_up(most_bytes ? most_bytes : 1, page) + page);
}

/* Finds a place for memory->size bytes that may become most_bytes. */
static pw_result place(pw_memory *memory, uint64_t most_bytes)
{
    size_t wanted = MAY_RESERVE ? reservation(most_bytes) : 0;
    uint64_t page = pwi_vm_page_size();
    memory->base = wanted ? pwi_vm_reserve(wanted) : NULL;
    if (memory->base) {
        memory->reserved = wanted;
        if (memory->size && !pwi_vm_commit(memory->base, (size_t)round_up(memory->size, page))) {
            pwi_vm_release(memory->base, wanted);
            memory->base = NULL;
            return PW_ERR_NO_MEMORY;
        }
        return PW_OK;
    }
    memory->reserved = 0;
    return pwi_memory_block_make(memory) ? PW_OK : PW_ERR_NO_MEMORY;
}

static pw_result over_limit(const pw_store *store, uint64_t pages, pw_error *error)
{
    return pwi_fail(error, PW_ERR_LIMIT,
                    "a memory of %llu pages would pass the limit of %llu bytes (%llu in use)",
                    (unsigned long long)pages, (unsigned long long)store->limits.memory_bytes,
                    (unsigned long long)store->memory_in_use);
}

/* The memory, with its first use in the store that makes it. Other stores may let it grow further than this one. */
static pw_result make_shared(pw_store *store, const pw_limits *type, pw_memory **memory, pw_error *error)
{
    pw_shared_memory *shared;
    uint64_t limit = store->limits.memory_bytes;
    if (limit < PW_DEFAULT_MEMORY_BYTES)
        limit = PW_DEFAULT_MEMORY_BYTES;
    pw_result result = pwi_shared_memory_make(type, limit, &shared, error);
    if (result == PW_OK) {
        result = pwi_memory_join(store, shared, memory, error);
        pw_shared_memory_free(shared);
    }
    return result;
}

pw_result pwi_memory_make(pw_store *store, const pw_limits *type, pw_memory **memory, pw_error *error)
{
    uint64_t limit_pages = store->limits.memory_bytes >> type->page_bits;
    *memory = NULL;
    if (type->shared && type->min <= limit_pages)
        return make_shared(store, type, memory, error);
    if (type->min > limit_pages || pwi_store_take_memory(store, type->min << type->page_bits) != PW_OK)
        return over_limit(store, type->min, error);

    pw_memory *self = pwi_alloc_zero(1, sizeof *self);
    if (!self) {
        pwi_store_return_memory(store, type->min << type->page_bits);
        return pwi_no_memory(error);
    }
    self->store = store;
    self->type = *type;
    self->size = type->min << type->page_bits;
    self->max_pages = type->has_max ? type->max : pwi_most_pages(type);
    uint64_t most = self->max_pages < limit_pages ? self->max_pages : limit_pages;
    if (place(self, most << type->page_bits) != PW_OK || pwi_list_add(&store->memories, self) != PW_OK) {
        pwi_memory_destroy(self);
        return pwi_no_memory(error);
    }
    *memory = self;
    return PW_OK;
}

pw_result pwi_memory_join(pw_store *store, pw_shared_memory *shared, pw_memory **memory, pw_error *error)
{
    for (size_t i = 0; i < store->memories.count; i++) {
        *memory = store->memories.items[i];
        if ((*memory)->shared == shared)
            return PW_OK;
    }
    *memory = NULL;
    pw_memory *self = pwi_alloc_zero(1, sizeof *self);
    if (!self)
        return pwi_no_memory(error);
    self->store = store;
    self->type = shared->type;
    self->max_pages = shared->type.max;
    self->shared = shared;
    self->base = shared->base;
    pw_shared_memory_retain(shared);
    uint64_t size = pwi_shared_memory_size(shared);
    if (pwi_store_take_memory(store, size) != PW_OK) {
        pwi_memory_destroy(self); /* of size 0 still: it has taken nothing */
        return over_limit(store, size >> shared->type.page_bits, error);
    }
    self->size = size;
    if (pwi_list_add(&store->memories, self) != PW_OK) {
        pwi_memory_destroy(self);
        return pwi_no_memory(error);
    }
    *memory = self;
    return PW_OK;
}

void pwi_memory_destroy(pw_memory *memory)
{
    pwi_store_return_memory(memory->store, memory->size);
    if (memory->shared)
        pw_shared_memory_free(memory->shared);
    else if (memory->reserved && memory->base)
        pwi_vm_release(memory->base, (size_t)memory->reserved);
    else if (!memory->reserved)
        pwi_memory_block_free(memory);
    pwi_vm_image_free(memory->image);
    pwi_free(memory->users);
    pwi_free(memory);
}

void pwi_memory_tell_users(const pw_memory *memory)
{
    for (size_t i = 0; i < memory->user_count; i++) {
        memory->users[i]->memory_base = memory->base;
        memory->users[i]->memory_size = memory->size;
    }
}

uint64_t pwi_memory_size_now(const pw_memory *memory)
{
    return memory->shared ? pwi_shared_memory_size(memory->shared) : pwi_load_u64_acquire(&memory->size);
}

/* What another store has grown counts here too, but is not refused: it is there. */
static bool catch_up(pw_memory *memory)
{
    uint64_t size = pwi_memory_size_now(memory);
    if (size == memory->size)
        return false;
    pwi_store_add_memory(memory->store, size - memory->size);
    memory->size = size;
    pwi_memory_tell_users(memory);
    return true;
}

bool pwi_memory_catch_up(pw_instance *instance)
{
    bool grown = false;
    for (uint32_t i = 0; i < instance->module->memory_count; i++)
        grown |= catch_up(instance->memories[i]);
    return grown;
}

pw_result pwi_memory_attach(pw_memory *memory, pw_instance *instance)
{
    void *users = memory->users;
    if (!pwi_reserve(&users, &memory->user_capacity, memory->user_count + 1, sizeof *memory->users))
        return PW_ERR_NO_MEMORY;
    memory->users = users;
    memory->users[memory->user_count++] = instance;
    instance->memory_base = memory->base;
    instance->memory_size = memory->size;
    return PW_OK;
}

void pwi_memory_detach(pw_memory *memory, pw_instance *instance)
{
    for (size_t i = memory->user_count; i-- > 0;) {
        if (memory->users[i] == instance) {
            memory->users[i] = memory->users[--memory->user_count];
            return;
        }
    }
}

static bool extend(pw_memory *memory, uint64_t size)
{
    if (!memory->reserved)
        return pwi_memory_block_extend(memory, size);
    uint64_t page = pwi_vm_page_size();
    uint64_t from = round_up(memory->size, page);
    uint64_t to = round_up(size, page);
    return from == to || pwi_vm_commit(memory->base + from, (size_t)(to - from));
}

/* Other threads may grow it at the same time: who comes first is decided in there. The bytes are taken from the store
 * only to see whether it has them: what the memory has grown by counts afterwards. */
static pw_result grow_shared(pw_memory *memory, uint64_t pages, uint64_t *old_pages)
{
    pw_store *store = memory->store;
    uint8_t bits = memory->type.page_bits;
    (void)catch_up(memory);
    *old_pages = memory->size >> bits;
    if (pages > store->limits.memory_bytes >> bits)
        return PW_ERR_LIMIT;
    if (pages && pwi_store_take_memory(store, pages << bits) != PW_OK)
        return PW_ERR_LIMIT;
    pwi_store_return_memory(store, pages << bits);
    pw_result result = pw_shared_memory_grow(memory->shared, pages, old_pages);
    (void)catch_up(memory);
    return result;
}

pw_result pwi_memory_grow(pw_memory *memory, uint64_t pages, uint64_t *old_pages)
{
    if (memory->shared)
        return grow_shared(memory, pages, old_pages);
    pw_store *store = memory->store;
    uint64_t old = memory->size >> memory->type.page_bits;
    *old_pages = old;
    if (pages == 0)
        return PW_OK;
    if (pages > memory->max_pages - old || pages > store->limits.memory_bytes >> memory->type.page_bits)
        return PW_ERR_LIMIT;
    uint64_t bytes = pages << memory->type.page_bits;
    pw_result result = pwi_store_take_memory(store, bytes);
    if (result != PW_OK)
        return result;
    if (!extend(memory, memory->size + bytes)) {
        pwi_store_return_memory(store, bytes);
        return PW_ERR_LIMIT;
    }
    pwi_store_u64_release(&memory->size, memory->size + bytes); /* who sees the size sees the base */
    pwi_memory_tell_users(memory);
    return PW_OK;
}

static bool in_bounds(const pw_memory *memory, uint64_t at, uint64_t count)
{
    uint64_t size = pwi_memory_size_now(memory);
    return at <= size && count <= size - at;
}

pw_result pwi_memory_fill(pw_memory *memory, uint64_t to, uint8_t value, uint64_t count)
{
    if (!in_bounds(memory, to, count))
        return PW_ERR_TRAP;
    return pwi_bulk_set(memory->store, memory->base + to, value, count);
}

pw_result pwi_memory_copy(pw_memory *to_memory, uint64_t to, pw_memory *from_memory, uint64_t from,
                          uint64_t count)
{
    if (!in_bounds(to_memory, to, count) || !in_bounds(from_memory, from, count))
        return PW_ERR_TRAP;
    return pwi_bulk_move(to_memory->store, to_memory->base + to, from_memory->base + from, count);
}
