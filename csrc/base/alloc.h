/* alloc.h - the only way to heap memory in csrc/. A torture build can make any call fail (see pwi_alloc_fail_after). */
#ifndef PW_BASE_ALLOC_H
#define PW_BASE_ALLOC_H

#include <stddef.h>

#include "base/config.h"

/* All return NULL on failure, also when count * size overflows; size 0 gives a pointer that can be freed. */
void *pwi_alloc(size_t size);
void *pwi_alloc_zero(size_t count, size_t size);
void *pwi_realloc(void *old, size_t count, size_t size); /* on failure old stays valid */
void pwi_free(void *memory);

/* Makes *data hold at least `needed` elements of `size` bytes, growing by half: the one way to grow a vector.
 * 0 on failure, and then nothing has changed. */
int pwi_reserve(void **data, size_t *capacity, size_t needed, size_t size);

#ifdef PW_TORTURE
/* The n-th allocation from now on fails, once (0: never), whichever thread makes it. For tests only. */
void pwi_alloc_fail_after(unsigned long n);
#endif

#endif
