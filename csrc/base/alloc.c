/* alloc.c - heap memory from libc, with overflow-checked sizes; in a torture build any allocation can fail. */
#include "base/alloc.h"

#include <stdlib.h>

#ifdef PW_TORTURE
#include <stdatomic.h>

/* The one mutable global of csrc/: it exists in torture builds only, and counts down to the failure. */
static _Atomic unsigned long fail_countdown;

void pwi_alloc_fail_after(unsigned long n)
{
    atomic_store(&fail_countdown, n);
}

static int must_fail(void)
{
    unsigned long left = atomic_load(&fail_countdown);
    while (left != 0 && !atomic_compare_exchange_weak(&fail_countdown, &left, left - 1)) {
    }
    return left == 1;
}
#else
static inline int must_fail(void)
{
    return 0;
}
#endif

/* count * size, never 0 (malloc(0) may be NULL); SIZE_MAX when it overflows, which malloc refuses. */
static size_t checked_size(size_t count, size_t size)
{
    if (count == 0 || size == 0)
        return 1;
    if (count > SIZE_MAX / size)
        return SIZE_MAX;
    return count * size;
}

/* The largest object: differences of pointers into it must fit ptrdiff_t. */
#define MAX_BYTES ((size_t)PTRDIFF_MAX)

void *pwi_alloc(size_t size)
{
    size_t bytes = checked_size(1, size);
    if (bytes > MAX_BYTES || must_fail())
        return NULL;
    return malloc(bytes);
}

void *pwi_alloc_zero(size_t count, size_t size)
{
    size_t bytes = checked_size(count, size);
    if (bytes > MAX_BYTES || must_fail())
        return NULL;
    return calloc(1, bytes);
}

void *pwi_realloc(void *old, size_t count, size_t size)
{
    size_t bytes = checked_size(count, size);
    if (bytes > MAX_BYTES || must_fail())
        return NULL;
    return realloc(old, bytes);
}

void pwi_free(void *memory)
{
    free(memory);
}

int pwi_reserve(void **data, size_t *capacity, size_t needed, size_t size)
{
    if (needed <= *capacity)
        return 1;
    size_t grown = *capacity < SIZE_MAX - *capacity / 2 ? *capacity + *capacity / 2 : SIZE_MAX;
    if (grown < 16)
        grown = 16;
    if (grown < needed)
        grown = needed;
    void *moved = pwi_realloc(*data, grown, size);
    if (!moved)
        return 0;
    *data = moved;
    *capacity = grown;
    return 1;
}
