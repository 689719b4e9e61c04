/* memory_block.c - memories whose address space the host refuses: heap blocks that growth leaves for larger ones.
 *
 *   base              base + size          base + capacity
 *    |  bytes          |  zeros             |
 *
 * A thread of the embedder may read the bytes, size first and base then, while another one runs the guest that grows them. So a
 * block that was left stays as it is until the memory goes. Each is twice as large as the last: those that were left are
 * together smaller than the one in use. The torture build leaves a block at each growth and frees it, so that the engine's own
 * stale pointers are found. */
#include <string.h>

#include "base/alloc.h"
#include "base/sync.h"
#include "runtime/memory.h"
#include "runtime/store.h"

#ifdef PW_TORTURE
enum { KEEPS_LEFT = 0 };
#else
enum { KEEPS_LEFT = 1 };
#endif

bool pwi_memory_block_make(pw_memory *memory)
{
    if (memory->size > SIZE_MAX / 2)
        return false;
    memory->capacity = memory->size ? memory->size : 1;
    memory->base = pwi_alloc_zero((size_t)memory->capacity, 1);
    return memory->base != NULL;
}

/* Twice the capacity, unless nothing may become so large. */
static uint64_t next_capacity(const pw_memory *memory, uint64_t size)
{
    uint64_t most = memory->store->limits.memory_bytes;
    if (memory->max_pages < most >> memory->type.page_bits)
        most = memory->max_pages << memory->type.page_bits;
    uint64_t wanted = memory->capacity * 2 < most ? memory->capacity * 2 : most;
    return wanted > size && KEEPS_LEFT ? wanted : size;
}

bool pwi_memory_block_extend(pw_memory *memory, uint64_t size)
{
    if (size <= memory->capacity)
        return true;
    if (pwi_load_u32_acquire(&memory->pins) || size > SIZE_MAX / 2 ||
        !pwi_reserve((void **)&memory->left, &memory->left_capacity, memory->left_count + 1,
                     sizeof *memory->left))
        return false;
    uint64_t capacity = next_capacity(memory, size);
    uint8_t *fresh = pwi_alloc_zero((size_t)capacity, 1);
    if (!fresh && capacity > size) {
        capacity = size;
        fresh = pwi_alloc_zero((size_t)capacity, 1);
    }
    if (!fresh)
        return false;
    memcpy(fresh, memory->base, (size_t)memory->size);
    if (KEEPS_LEFT)
        memory->left[memory->left_count++] = memory->base;
    else
        pwi_free(memory->base);
    memory->base = fresh;
    memory->capacity = capacity;
    return true;
}

void pwi_memory_block_free(pw_memory *memory)
{
    for (size_t i = 0; i < memory->left_count; i++)
        pwi_free(memory->left[i]);
    pwi_free(memory->left);
    pwi_free(memory->base);
}
