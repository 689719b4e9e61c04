/* api_memory.c - linear memories as the embedder sees them. */
#include "base/sync.h"
#include "runtime/memory.h"

#include "base/config.h"
#include "base/error.h"
#include "runtime/store.h"
#include "wasm/module.h"

static const char *what_is_wrong(const pw_limits *type)
{
    if (type->page_bits != 16 && type->page_bits != 0)
        return "pages are of 64 KiB or of 1 byte";
    if (type->shared && !type->has_max)
        return "a shared memory must have a maximum";
    uint64_t most = pwi_most_pages(type);
    if (type->has_max && type->max < type->min)
        return "the maximum is below the minimum";
    if (type->min > most || (type->has_max && type->max > most))
        return "more pages than the address type can reach";
    return NULL;
}

pw_result pw_memory_new(pw_store *store, const pw_limits *type, pw_memory **memory)
{
    const char *wrong = what_is_wrong(type);
    *memory = NULL;
    pw_error_clear(&store->error);
    if (wrong)
        return pwi_fail(&store->error, PW_ERR_ARGUMENT, "memory type: %s", wrong);
    return pwi_memory_make(store, type, memory, &store->error);
}

pw_result pw_shared_memory_new(const pw_limits *type, uint64_t limit_bytes, pw_shared_memory **memory,
                               pw_error *error)
{
    uint64_t limit = limit_bytes ? limit_bytes : PW_DEFAULT_MEMORY_BYTES;
    const char *wrong = type->shared ? what_is_wrong(type) : "it is not shared";
    *memory = NULL;
    if (error)
        pw_error_clear(error);
    if (wrong)
        return pwi_fail(error, PW_ERR_ARGUMENT, "memory type: %s", wrong);
    if (type->min > limit >> type->page_bits)
        return pwi_fail(error, PW_ERR_LIMIT, "a memory of %llu pages would pass the limit of %llu bytes",
                        (unsigned long long)type->min, (unsigned long long)limit);
    return pwi_shared_memory_make(type, limit, memory, error);
}

pw_shared_memory *pw_memory_shared(const pw_memory *memory)
{
    return memory->shared;
}

pw_result pw_shared_memory_join(pw_shared_memory *memory, pw_store *store, pw_memory **joined)
{
    pw_error_clear(&store->error);
    return pwi_memory_join(store, memory, joined, &store->error);
}

void pw_shared_memory_type_of(const pw_shared_memory *memory, pw_limits *out)
{
    *out = memory->type;
    out->min = pwi_shared_memory_size(memory) >> memory->type.page_bits;
}

uint8_t *pw_shared_memory_data(const pw_shared_memory *memory)
{
    return memory->base;
}

uint64_t pw_shared_memory_size(const pw_shared_memory *memory)
{
    return pwi_shared_memory_size(memory);
}

pw_store *pw_memory_store(const pw_memory *memory)
{
    return memory->store;
}

void pw_memory_type_of(const pw_memory *memory, pw_limits *out)
{
    *out = memory->type;
    out->min = pw_memory_pages(memory);
}

uint8_t *pw_memory_data(const pw_memory *memory)
{
    return memory->base;
}

uint64_t pw_memory_size(const pw_memory *memory)
{
    return pwi_memory_size_now(memory);
}

uint64_t pw_memory_pages(const pw_memory *memory)
{
    return pwi_memory_size_now(memory) >> memory->type.page_bits;
}

pw_result pw_memory_grow(pw_memory *memory, uint64_t pages, uint64_t *old_pages)
{
    return pwi_memory_grow(memory, pages, old_pages);
}

void pw_memory_pin(pw_memory *memory)
{
    pwi_ref_inc(&memory->pins); /* views come and go in any thread */
}

void pw_memory_unpin(pw_memory *memory)
{
    if (pwi_load_u32_acquire(&memory->pins))
        (void)pwi_ref_dec(&memory->pins);
}
