/* native_stack_linux.c - the stack of a thread, by glibc and musl. */
#define _GNU_SOURCE
#include <pthread.h>

#include "base/native_stack.h"

bool pwi_native_stack_bounds(uintptr_t *lowest, size_t *size)
{
    pthread_attr_t attributes;
    void *address = NULL;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        return false;
    bool known = pthread_attr_getstack(&attributes, &address, size) == 0 && *size > 0;
    (void)pthread_attr_destroy(&attributes);
    *lowest = (uintptr_t)address;
    return known;
}
