/* api_memory.c - linear memories as the embedder sees them. */
#include "runtime/memory.h"

#include "base/config.h"
#include "base/error.h"
#include "runtime/store.h"

static const char *what_is_wrong(const pw_limits *type)
{
    if (type->page_bits != 16 && type->page_bits != 0)
        return "pages are of 64 KiB or of 1 byte";
    if (type->shared && !type->has_max)
        return "a shared memory must have a maximum";
    uint64_t most = type->page_bits ? (uint64_t)1 << (type->is64 ? 48 : 16) : type->is64 ? UINT64_MAX : UINT32_MAX;
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

pw_result pw_memory_join(pw_store *store, pw_memory *shared, pw_memory **memory)
{
    *memory = NULL;
    pw_error_clear(&store->error);
    if (!shared->shared)
        return pwi_fail(&store->error, PW_ERR_ARGUMENT, "only a shared memory can be in two stores");
    if (shared->store->registry != store->registry)
        return pwi_fail(&store->error, PW_ERR_ARGUMENT, "the memory and the store belong to different engines");
    return pwi_memory_join(store, shared, memory, &store->error);
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
    memory->pins++;
}

void pw_memory_unpin(pw_memory *memory)
{
    if (memory->pins)
        memory->pins--;
}
