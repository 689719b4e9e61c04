/* stack.c - the memory of the wasm call stack.
 *
 *   base                          limit              base + reserved_bytes
 *    |  frames, growing upwards    |  headroom        |  guard page (no access)
 *
 * All of it is committed at once but none touched: the host gives pages as frames reach them.
 */
#include "base/config.h"
#include "base/vm.h"
#include "runtime/store.h"

/* Less would not hold one frame of a common program. */
#define MIN_STACK_BYTES ((uint64_t)4096)

static uint64_t round_up(uint64_t bytes, uint64_t unit)
{
    return (bytes + unit - 1) / unit * unit;
}

pw_result pwi_stack_make(pw_stack *stack, uint64_t bytes)
{
    uint64_t page = pwi_vm_page_size();
    if (bytes < MIN_STACK_BYTES)
        bytes = MIN_STACK_BYTES;
    if (bytes > SIZE_MAX / 2)
        return PW_ERR_NO_MEMORY;
    uint64_t used = round_up(bytes + PW_STACK_HEADROOM_SLOTS * sizeof(pw_slot), page);
    uint8_t *base = pwi_vm_reserve((size_t)(used + page));
    if (!base)
        return PW_ERR_NO_MEMORY;
    if (!pwi_vm_commit(base, (size_t)used)) {
        pwi_vm_release(base, (size_t)(used + page));
        return PW_ERR_NO_MEMORY;
    }
    stack->base = (pw_slot *)(void *)base;
    stack->top = stack->base;
    stack->limit = stack->base + (size_t)(bytes / sizeof(pw_slot));
    stack->reserved_bytes = (size_t)(used + page);
    return PW_OK;
}

void pwi_stack_destroy(pw_stack *stack)
{
    if (stack->base)
        pwi_vm_release((uint8_t *)stack->base, stack->reserved_bytes);
    stack->base = NULL;
}
