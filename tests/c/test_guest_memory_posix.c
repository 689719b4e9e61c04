/* Numbers in guest memory: little-endian, at any address; and what a thread stores in one piece is read in one piece. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "check.h"
#include "wasi/core/guest_memory.h"

enum { LOADS = 20000000 };
#define GOOD 5u
#define BAD  0xffffffffu

static void test_any_address(void)
{
    for (size_t at = 0; at < 8; at++) {
        uint8_t bytes[24] = {0};
        pwi_store_u16(bytes + at, 0x0201);
        pwi_store_u32(bytes + at + 2, 0x06050403);
        pwi_store_u64(bytes + at + 6, 0x0e0d0c0b0a090807);
        for (size_t i = 0; i < sizeof bytes; i++)
            CHECK(bytes[i] == (i < at || i >= at + 14 ? 0 : i - at + 1));
        CHECK(pwi_load_u8(bytes + at) == 1);
        CHECK(pwi_load_u16(bytes + at) == 0x0201);
        CHECK(pwi_load_u32(bytes + at + 2) == 0x06050403);
        CHECK(pwi_load_u64(bytes + at + 6) == 0x0e0d0c0b0a090807);
    }
}

typedef struct word {
    _Atomic uint32_t value;
    atomic_bool over;
} word;

static void *change(void *env)
{
    word *shared = env;
    while (!atomic_load_explicit(&shared->over, memory_order_relaxed)) {
        atomic_store_explicit(&shared->value, BAD, memory_order_relaxed);
        atomic_store_explicit(&shared->value, GOOD, memory_order_relaxed);
    }
    return NULL;
}

static void test_one_piece(void)
{
    word shared = {GOOD, false};
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, change, &shared) == 0);
    for (size_t i = 0; i < LOADS; i++) {
        uint32_t seen = pwi_load_u32((const uint8_t *)&shared.value);
        CHECK(seen == GOOD || seen == BAD);
    }
    atomic_store(&shared.over, true);
    CHECK(pthread_join(thread, NULL) == 0);
}

int main(void)
{
    test_any_address();
    test_one_piece();
    return 0;
}
