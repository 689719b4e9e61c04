/* op_atomics.h - sequentially consistent accesses to linear memory, for the bodies of atomic.op.c.
 *
 * ATOMIC_* first trap where p is not aligned to the access. T is the unsigned type in memory, p a pointer to it in bounds,
 * v and e operands (cut to T), r the result: what was in memory before, zero-extended.
 */
#ifndef PW_OPS_OP_ATOMICS_H
#define PW_OPS_OP_ATOMICS_H

#include <stdint.h>

#define ALIGNED_ATOMIC(T, p) TRAP_IF(((uintptr_t)(p) & (sizeof(T) - 1)) != 0, UNALIGNED_ATOMIC)

#define ATOMIC_LOAD(T, p, r)                                                                                 \
    ALIGNED_ATOMIC(T, p);                                                                                    \
    r = PW_ATOMIC_LOAD(T, p)
#define ATOMIC_STORE(T, p, v)                                                                                \
    ALIGNED_ATOMIC(T, p);                                                                                    \
    PW_ATOMIC_STORE(T, p, v)
#define ATOMIC_RMW(op, T, p, v, r)                                                                           \
    ALIGNED_ATOMIC(T, p);                                                                                    \
    r = PW_ATOMIC_##op(T, p, v)

#if defined(__GNUC__) || defined(__clang__)

#define PW_ATOMIC_LOAD(T, p)     __atomic_load_n((const T *)(const void *)(p), __ATOMIC_SEQ_CST)
#define PW_ATOMIC_STORE(T, p, v) __atomic_store_n((T *)(void *)(p), (T)(v), __ATOMIC_SEQ_CST)
#define PW_ATOMIC_ADD(T, p, v)   __atomic_fetch_add((T *)(void *)(p), (T)(v), __ATOMIC_SEQ_CST)
#define PW_ATOMIC_SUB(T, p, v)   __atomic_fetch_sub((T *)(void *)(p), (T)(v), __ATOMIC_SEQ_CST)
#define PW_ATOMIC_AND(T, p, v)   __atomic_fetch_and((T *)(void *)(p), (T)(v), __ATOMIC_SEQ_CST)
#define PW_ATOMIC_OR(T, p, v)    __atomic_fetch_or((T *)(void *)(p), (T)(v), __ATOMIC_SEQ_CST)
#define PW_ATOMIC_XOR(T, p, v)   __atomic_fetch_xor((T *)(void *)(p), (T)(v), __ATOMIC_SEQ_CST)
#define PW_ATOMIC_XCHG(T, p, v)  __atomic_exchange_n((T *)(void *)(p), (T)(v), __ATOMIC_SEQ_CST)
#define PW_ATOMIC_FENCE()        __atomic_thread_fence(__ATOMIC_SEQ_CST)

#define ATOMIC_CMPXCHG(T, p, e, v, r)                                                                        \
    ALIGNED_ATOMIC(T, p);                                                                                    \
    T before = (T)(e);                                                                                       \
    (void)__atomic_compare_exchange_n((T *)(void *)(p), &before, (T)(v), 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
    r = before

#else /* Microsoft's compiler: one intrinsic a width; aligned plain accesses are atomic, the exchange makes them ordered */

#include <intrin.h>

#define PW_WIDE(name, T, p, v)                                                                               \
    (sizeof(T) == 1   ? (uint64_t)(uint8_t)name##8((volatile char *)(p), (char)(v))                          \
     : sizeof(T) == 2 ? (uint64_t)(uint16_t)name##16((volatile short *)(p), (short)(v))                      \
     : sizeof(T) == 4 ? (uint64_t)(uint32_t)name((volatile long *)(p), (long)(v))                            \
                      : (uint64_t)name##64((volatile __int64 *)(p), (__int64)(v)))
#define PW_ATOMIC_ADD(T, p, v)   ((T)PW_WIDE(_InterlockedExchangeAdd, T, p, v))
#define PW_ATOMIC_SUB(T, p, v)   ((T)PW_WIDE(_InterlockedExchangeAdd, T, p, 0 - (v)))
#define PW_ATOMIC_AND(T, p, v)   ((T)PW_WIDE(_InterlockedAnd, T, p, v))
#define PW_ATOMIC_OR(T, p, v)    ((T)PW_WIDE(_InterlockedOr, T, p, v))
#define PW_ATOMIC_XOR(T, p, v)   ((T)PW_WIDE(_InterlockedXor, T, p, v))
#define PW_ATOMIC_XCHG(T, p, v)  ((T)PW_WIDE(_InterlockedExchange, T, p, v))
#define PW_ATOMIC_LOAD(T, p)     PW_ATOMIC_OR(T, p, 0)
#define PW_ATOMIC_STORE(T, p, v) ((void)PW_ATOMIC_XCHG(T, p, v))
#define PW_ATOMIC_FENCE()        _mm_mfence()
#define ATOMIC_CMPXCHG(T, p, e, v, r)                                                                        \
    ALIGNED_ATOMIC(T, p);                                                                                    \
    r = sizeof(T) == 1   ? (T)_InterlockedCompareExchange8((volatile char *)(p), (char)(v), (char)(e))       \
        : sizeof(T) == 2 ? (T)_InterlockedCompareExchange16((volatile short *)(p), (short)(v), (short)(e))   \
        : sizeof(T) == 4 ? (T)_InterlockedCompareExchange((volatile long *)(p), (long)(v), (long)(e))        \
                         : (T)_InterlockedCompareExchange64((volatile __int64 *)(p), (__int64)(v), (__int64)(e))

#endif
#endif
