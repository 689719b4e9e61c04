/* native_stack_win32.c - the stack of a thread: what is reserved, of which pages become usable by being touched. */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "base/native_stack.h"

bool pwi_native_stack_bounds(uintptr_t *lowest, size_t *size)
{
    ULONG_PTR low, high;
    GetCurrentThreadStackLimits(&low, &high);
    *lowest = (uintptr_t)low;
    *size = (size_t)(high - low);
    return true;
}
