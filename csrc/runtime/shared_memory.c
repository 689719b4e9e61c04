/* shared_memory.c - making, growing and ending the memories that several stores use. */
#include "runtime/shared_memory.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/vm.h"

static uint64_t round_up(uint64_t bytes, uint64_t unit)
{
    return (bytes + unit - 1) / unit * unit;
}

/* Reserves room for limit bytes or, where the host refuses that, for half of it and so on, but for the minimum at the
 * least: growth may always fail. */
static bool reserve(pw_shared_memory *memory)
{
    uint64_t page = pwi_vm_page_size();
    for (;; memory->limit /= 2) {
        if (memory->limit < memory->size)
            memory->limit = memory->size;
        if (memory->limit <= SIZE_MAX / 2) {
            memory->reserved =
                round_up(memory->limit + 1, page); /* one byte more, so that it is never none */
            memory->base = pwi_vm_reserve((size_t)memory->reserved);
        }
        if (memory->base)
            return true;
        if (memory->limit == memory->size)
            return false;
    }
}

static bool commit(pw_shared_memory *memory, uint64_t size)
{
    uint64_t page = pwi_vm_page_size();
    uint64_t from = round_up(memory->size, page), to = round_up(size, page);
    return from == to || pwi_vm_commit(memory->base + from, (size_t)(to - from));
}

static void destroy(pw_shared_memory *memory)
{
    pwi_vm_release(memory->base, (size_t)memory->reserved);
    pwi_mutex_destroy(&memory->lock);
    pwi_free(memory);
}

pw_result pwi_shared_memory_make(const pw_limits *type, uint64_t limit, pw_shared_memory **memory,
                                 pw_error *error)
{
    uint64_t most = type->max > limit >> type->page_bits ? limit : type->max << type->page_bits;
    uint64_t size = type->min << type->page_bits;
    *memory = NULL;
    pw_shared_memory *self = pwi_alloc_zero(1, sizeof *self);
    if (!self)
        return pwi_no_memory(error);
    if (!pwi_mutex_init(&self->lock)) {
        pwi_free(self);
        return pwi_no_memory(error);
    }
    self->references = 1;
    self->forks = pwi_forks();
    self->type = *type;
    self->size = size;
    self->limit = most;
    bool made = reserve(self);
    self->size = 0; /* so that commit() starts at the bottom */
    if (!made || !commit(self, size)) {
        destroy(self);
        return pwi_no_memory(error);
    }
    self->size = size;
    *memory = self;
    return PW_OK;
}

void pw_shared_memory_retain(pw_shared_memory *memory)
{
    pwi_ref_inc(&memory->references);
}

void pw_shared_memory_free(pw_shared_memory *memory)
{
    if (memory && pwi_ref_dec(&memory->references))
        destroy(memory);
}

pw_result pw_shared_memory_grow(pw_shared_memory *memory, uint64_t pages, uint64_t *old_pages)
{
    uint8_t bits = memory->type.page_bits;
    pw_result result = PW_OK;
    pwi_mutex_lock(&memory->lock);
    *old_pages = memory->size >> bits;
    if (pages > memory->type.max - *old_pages || pages > (memory->limit - memory->size) >> bits) {
        result = PW_ERR_LIMIT;
    } else if (pages) {
        uint64_t size = memory->size + (pages << bits);
        result = commit(memory, size) ? PW_OK : PW_ERR_LIMIT;
        if (result == PW_OK)
            pwi_store_u64_release(&memory->size, size);
    }
    pwi_mutex_unlock(&memory->lock);
    return result;
}
