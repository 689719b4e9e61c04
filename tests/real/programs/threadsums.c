/* threadsums.c - a library for threads that share its memory: each thread is an instance, told its number and stack by
 * the host. No libc: what is here is what clang makes of C11 atomics, thread-local variables and initialised data. */
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum { MOST_THREADS = 8, LENGTH = 4096, STACK = 16384 };

static _Thread_local uint32_t my_number = 77; /* each thread has its own, at first 77 */
static uint32_t sums[MOST_THREADS] = {1, 2, 3, 4, 5, 6, 7, 8}; /* initialised by whoever comes first */
static uint32_t data[LENGTH];
static _Atomic uint32_t arrived, generation, spin;
static _Atomic uint64_t total;
static char stacks[MOST_THREADS][STACK] __attribute__((aligned(16)));

void *stack_of(uint32_t thread) { return stacks[thread] + STACK; }

/* All threads come here before any goes on. */
static void barrier(uint32_t threads)
{
    uint32_t now = atomic_load(&generation);
    if (atomic_fetch_add(&arrived, 1) + 1 == threads) {
        atomic_store(&arrived, 0);
        atomic_fetch_add(&generation, 1);
        __builtin_wasm_memory_atomic_notify((int *)&generation, ~0u);
    } else {
        while (atomic_load(&generation) == now)
            __builtin_wasm_memory_atomic_wait32((int *)&generation, (int)now, -1);
    }
}

static void lock(void)
{
    uint32_t expected = 0;
    while (!atomic_compare_exchange_weak(&spin, &expected, 1))
        expected = 0;
}

/* Fills, sums its part, adds what the parts before it sum to, all threads together. */
uint64_t run(uint32_t thread, uint32_t threads, uint32_t rounds)
{
    uint32_t part = LENGTH / threads, from = thread * part, to = from + part;
    volatile uint32_t local[256]; /* on the stack: threads must not share it */
    uint32_t tls_before = my_number;
    my_number = thread;
    for (uint32_t round = 0; round < rounds; round++) {
        for (uint32_t i = 0; i < 256; i++)
            local[i] = thread * 1000 + round + i;
        uint32_t sum = 0;
        for (uint32_t i = from; i < to; i++)
            data[i] = i ^ round, sum += data[i];
        sums[thread] = sum;
        barrier(threads);
        uint32_t before = 0;
        for (uint32_t i = 0; i < thread; i++)
            before += sums[i];
        for (uint32_t i = from; i < to; i++)
            data[i] = before += data[i];
        for (uint32_t i = 0; i < 256; i++)
            if (local[i] != thread * 1000 + round + i)
                __builtin_trap();
        if (my_number != thread)
            __builtin_trap();
        lock();
        total = total + data[to - 1]; /* one load and one store: right only under the lock */
        atomic_store(&spin, 0);
        barrier(threads);
    }
    return (uint64_t)tls_before << 32 | data[LENGTH - 1];
}

uint64_t sum_of_totals(void) { return total; }
uint32_t first_sums(void) { return sums[0] + 10 * sums[7]; }
