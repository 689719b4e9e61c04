/* native_stack.h - how much is left of the C stack of this thread. Code does not use it, but host functions do, and what
 * they call: a guest decides how deep that goes. */
#ifndef PW_BASE_NATIVE_STACK_H
#define PW_BASE_NATIVE_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether less is left than a host function should begin with: a quarter of the stack, at most 128 KiB. False where the
 * system does not tell how large the stack is. */
bool pwi_native_stack_is_low(void);

/* native_stack_<os>.c: the lowest address of this thread's stack and its size; false: not known. */
bool pwi_native_stack_bounds(uintptr_t *lowest, size_t *size);

#endif
