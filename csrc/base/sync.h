/* sync.h - a mutex, a condition, a clock and the atomics that the core needs; implementation files per OS. */
#ifndef PW_BASE_SYNC_H
#define PW_BASE_SYNC_H

#include <stdint.h>

/* Opaque storage: pthread_mutex_t or SRWLOCK. A mutex stays where it is made. Whoever holds some may take only older ones:
 * in that order fork takes all of them (sync_posix.c), so that what they guard is whole in the child. */
typedef struct pwi_mutex {
    union {
        void *align;
        unsigned char bytes[64];
    } storage;
    struct pwi_mutex *older, *newer; /* of all that there are */
} pwi_mutex;

int pwi_mutex_init(pwi_mutex *mutex); /* 0 on failure */
void pwi_mutex_destroy(pwi_mutex *mutex);
void pwi_mutex_lock(pwi_mutex *mutex);
void pwi_mutex_unlock(pwi_mutex *mutex);
/* A number that is another one in the child of a fork, where no other thread exists. */
uint32_t pwi_forks(void);

/* What one thread waits for and another one wakes: pthread_cond_t or CONDITION_VARIABLE. */
typedef struct pwi_condition {
    union {
        void *align;
        unsigned char bytes[64];
    } storage;
} pwi_condition;

int pwi_condition_init(pwi_condition *condition); /* 0 on failure */
void pwi_condition_destroy(pwi_condition *condition);
/* Lets the mutex go, waits at most ns nanoseconds (or less, for no reason), takes the mutex again. Setting the clock on
 * the wall does not matter. */
void pwi_condition_wait(pwi_condition *condition, pwi_mutex *mutex, uint64_t ns);
void pwi_condition_wake(pwi_condition *condition);
/* Nanoseconds of a clock that only goes forward. */
uint64_t pwi_monotonic_ns(void);

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
/* Aligned volatile accesses are acquiring and releasing with this compiler. */
static __inline uint64_t pwi_load_u64_acquire(const uint64_t *from)
{
    return *(const volatile uint64_t *)from;
}
static __inline uint32_t pwi_load_u32_acquire(const uint32_t *from)
{
    return *(const volatile uint32_t *)from;
}
static __inline void pwi_store_u64_release(uint64_t *to, uint64_t value)
{
    *(volatile uint64_t *)to = value;
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
static inline uint64_t pwi_load_u64_acquire(const uint64_t *from)
{
    return __atomic_load_n(from, __ATOMIC_ACQUIRE);
}
static inline uint32_t pwi_load_u32_acquire(const uint32_t *from)
{
    return __atomic_load_n(from, __ATOMIC_ACQUIRE);
}
static inline void pwi_store_u64_release(uint64_t *to, uint64_t value)
{
    __atomic_store_n(to, value, __ATOMIC_RELEASE);
}
#endif

#endif
