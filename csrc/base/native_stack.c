/* native_stack.c - how much is left of the C stack. */
#include "base/native_stack.h"

#define RESERVE_MOST ((size_t)128 << 10)
enum { NOT_ASKED = 0, UNKNOWN = 1 };

/* Where the reserve of this thread begins; asking the system takes microseconds. */
static _Thread_local uintptr_t reserve_end = NOT_ASKED;

static uintptr_t find_reserve_end(void)
{
    uintptr_t lowest;
    size_t size;
    if (!pwi_native_stack_bounds(&lowest, &size))
        return UNKNOWN;
    size_t reserve = size / 4;
    return lowest + (reserve < RESERVE_MOST ? reserve : RESERVE_MOST);
}

bool pwi_native_stack_is_low(void)
{
    if (reserve_end == NOT_ASKED)
        reserve_end = find_reserve_end();
    return (uintptr_t)__builtin_frame_address(0) < reserve_end;
}
