/* sync.h - a mutex and the atomics that the core needs; one implementation file per OS (sync_posix.c, sync_win32.c). */
#ifndef PW_BASE_SYNC_H
#define PW_BASE_SYNC_H

#include <stdint.h>

/* Opaque storage: pthread_mutex_t or SRWLOCK. */
typedef struct pwi_mutex {
    union {
        void *align;
        unsigned char bytes[64];
    } storage;
} pwi_mutex;

int pwi_mutex_init(pwi_mutex *mutex); /* 0 on failure */
void pwi_mutex_destroy(pwi_mutex *mutex);
void pwi_mutex_lock(pwi_mutex *mutex);
void pwi_mutex_unlock(pwi_mutex *mutex);

/* Reference counts. pwi_ref_dec returns 1 when this was the last reference. */
#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
static __inline void pwi_ref_inc(uint32_t *count)
{
    _InterlockedIncrement((volatile long *)count);
}
static __inline int pwi_ref_dec(uint32_t *count)
{
    return _InterlockedDecrement((volatile long *)count) == 0;
}
#else
static inline void pwi_ref_inc(uint32_t *count)
{
    __atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
}
static inline int pwi_ref_dec(uint32_t *count)
{
    return __atomic_sub_fetch(count, 1, __ATOMIC_ACQ_REL) == 0;
}
#endif

#endif
