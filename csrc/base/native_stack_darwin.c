/* native_stack_darwin.c - the stack of a thread. The system names its upper end. */
#define _DARWIN_C_SOURCE
#include <pthread.h>

#include "base/native_stack.h"

bool pwi_native_stack_bounds(uintptr_t *lowest, size_t *size)
{
    pthread_t self = pthread_self();
    *size = pthread_get_stacksize_np(self);
    *lowest = (uintptr_t)pthread_get_stackaddr_np(self) - *size;
    return *size > 0;
}
