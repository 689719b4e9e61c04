/* test_shared_memory_threads_posix.c - stores in several threads over one shared memory: they count, lock, take turns,
 * grow and wait. Meant for the thread and the address sanitizer too. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "check.h"
#include "engine_modules.h"
#include "pywasi.h"

enum { THREADS = 4, PAGE = 65536 };
enum { COUNT, LOCKED, TURNS, GROW, LOAD, WAIT, NOTIFY, INIT };

typedef struct world {
    pw_engine *engine;
    pw_module *module;
    pw_shared_memory *memory;
} world;

/* A store with an instance; each is used by one thread at a time. */
typedef struct user {
    pw_store *store;
    pw_memory *memory;
    pw_instance *instance;
    uint32_t func, arguments[2]; /* what its thread calls */
    uint32_t answer;
    pw_result result;
    int stop; /* atomic: the poll ends the call */
    int polls, blocked;
} user;

static const pw_limits shared_type = {.min = 1, .max = 64, .has_max = true, .shared = true, .page_bits = 16};

static void begin(world *w)
{
    pw_error error;
    CHECK(pw_engine_new(NULL, &w->engine) == PW_OK);
    CHECK(pw_module_new(w->engine, shared_memory_wasm, sizeof shared_memory_wasm, NULL, &w->module, &error) == PW_OK);
    CHECK(pw_shared_memory_new(&shared_type, 0, &w->memory, &error) == PW_OK);
}

static void end(world *w)
{
    pw_shared_memory_free(w->memory);
    pw_module_free(w->module);
    pw_engine_free(w->engine);
}

static pw_result poll(void *env)
{
    user *u = env;
    u->polls++;
    return __atomic_load_n(&u->stop, __ATOMIC_ACQUIRE) ? PW_ERR_HOST : PW_OK;
}

static void blocking(void *env)
{
    ((user *)env)->blocked++;
}

static void join(const world *w, user *u)
{
    pw_error error;
    memset(u, 0, sizeof *u);
    CHECK(pw_store_new(w->engine, NULL, &u->store) == PW_OK);
    pw_store_set_poll(u->store, poll, u);
    pw_store_set_blocking(u->store, blocking);
    CHECK(pw_shared_memory_join(w->memory, u->store, &u->memory) == PW_OK);
    pw_extern import = {.kind = PW_EXTERN_MEMORY, .of = {.memory = u->memory}};
    CHECK(pw_instance_new(u->store, w->module, &import, 1, &u->instance, &error) == PW_OK);
}

static pw_result call(user *u, uint32_t func, uint64_t first, uint64_t second)
{
    pw_slot slots[2] = {first, second};
    u->result = pw_func_call(pw_instance_func(u->instance, func), slots);
    u->answer = (uint32_t)slots[0];
    return u->result;
}

static void *work(void *argument)
{
    user *u = argument;
    (void)call(u, u->func, u->arguments[0], u->arguments[1]);
    return NULL;
}

static void start(user *u, pthread_t *thread, uint32_t func, uint32_t first, uint32_t second)
{
    u->func = func;
    u->arguments[0] = first;
    u->arguments[1] = second;
    CHECK(pthread_create(thread, NULL, work, u) == 0);
}

static uint32_t word(const world *w, size_t at)
{
    uint32_t value;
    memcpy(&value, pw_shared_memory_data(w->memory) + at, sizeof value);
    return value;
}

/* The same call in all threads at once. */
static void together(user *users, uint32_t func, uint32_t first)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        start(&users[i], &threads[i], func, first, 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        CHECK(users[i].result == PW_OK);
    }
}

static void test_counting_locking_and_turns(void)
{
    world w;
    user users[THREADS];
    pthread_t threads[2];
    begin(&w);
    for (int i = 0; i < THREADS; i++)
        join(&w, &users[i]);
    together(users, COUNT, 20000);
    CHECK(word(&w, 8) == THREADS * 20000);
    together(users, LOCKED, 1000);
    CHECK(word(&w, 64) == THREADS * 1000 && word(&w, 0) == 0);
    for (uint32_t i = 0; i < 2; i++)
        start(&users[i], &threads[i], TURNS, i, 200);
    for (uint32_t i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    CHECK(word(&w, 128) == 400);
    for (int i = 0; i < THREADS; i++)
        pw_store_free(users[i].store);
    end(&w);
}

static void *grow_many(void *argument)
{
    user *u = argument;
    for (int i = 0; i < 15; i++) {
        CHECK(call(u, GROW, 0, 0) == PW_OK && u->answer < 64);
        uint32_t page = u->answer;
        CHECK(call(u, LOAD, (uint64_t)page * PAGE, 0) == PW_OK && u->answer == page);
        CHECK(pw_memory_pages(u->memory) > page);
    }
    return NULL;
}

static void test_growing_at_the_same_time(void)
{
    world w;
    user users[THREADS];
    pthread_t threads[THREADS];
    uint64_t before;
    begin(&w);
    for (int i = 0; i < THREADS; i++)
        join(&w, &users[i]);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, grow_many, &users[i]) == 0);
    for (uint64_t size = 0; size < 61ull * PAGE;) { /* it never shrinks, and what is there can be read */
        uint64_t now = pw_shared_memory_size(w.memory);
        CHECK(now >= size && pw_shared_memory_data(w.memory)[now - 1] == 0);
        size = now;
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (uint32_t page = 1; page < 61; page++)
        CHECK(word(&w, (size_t)page * PAGE) == page); /* every page was given to one */
    CHECK(pw_shared_memory_grow(w.memory, 4, &before) == PW_ERR_LIMIT && before == 61);
    CHECK(pw_shared_memory_grow(w.memory, 3, &before) == PW_OK && before == 61);
    CHECK(call(&users[0], INIT, 64 * PAGE - 4, 0) == PW_OK && word(&w, 64 * PAGE - 4) == 0x33323130);
    CHECK(call(&users[1], LOAD, 64 * PAGE, 0) == PW_ERR_TRAP);
    CHECK(pw_store_peak_memory(users[1].store) == 64ull * PAGE);
    for (int i = 0; i < THREADS; i++)
        pw_store_free(users[i].store);
    end(&w);
}

static void test_ends_of_a_wait(void)
{
    world w;
    user waiter, waker;
    begin(&w);
    join(&w, &waiter);
    join(&w, &waker);
    CHECK(call(&waiter, WAIT, 32, 0) == PW_OK && waiter.answer == 2 && waiter.blocked == 0);
    CHECK(call(&waiter, WAIT, 32, 1000000) == PW_OK && waiter.answer == 2 && waiter.blocked == 1);
    CHECK(call(&waiter, WAIT, 64 * PAGE, 0) == PW_ERR_TRAP);
    CHECK(call(&waiter, WAIT, 36, 0) == PW_ERR_TRAP); /* not aligned to 8 bytes */
    CHECK(pw_store_error(waiter.store)->trap == PW_TRAP_UNALIGNED_ATOMIC);

    /* Without end: it polls until the poll says stop. */
    pw_slot slots[2] = {32, UINT64_MAX};
    __atomic_store_n(&waiter.stop, 1, __ATOMIC_RELEASE);
    CHECK(pw_func_call(pw_instance_func(waiter.instance, WAIT), slots) == PW_ERR_HOST && waiter.polls > 0);
    const pw_error *error = pw_store_error(waiter.store);
    CHECK(error->frame_count == 1 && error->frames[0].func_index == WAIT);
    CHECK(call(&waker, NOTIFY, 32, UINT32_MAX) == PW_OK && waker.answer == 0); /* it has left the queue */
    pw_store_free(waiter.store);
    pw_store_free(waker.store);
    end(&w);
}

static void *wait_without_end(void *argument)
{
    (void)call(argument, WAIT, 32, UINT64_MAX);
    return NULL;
}

static void test_notify_wakes_as_many_as_it_says(void)
{
    world w;
    user users[THREADS], waker;
    pthread_t threads[THREADS];
    uint32_t woken = 0;
    begin(&w);
    join(&w, &waker);
    for (int i = 0; i < THREADS; i++) {
        join(&w, &users[i]);
        CHECK(pthread_create(&threads[i], NULL, wait_without_end, &users[i]) == 0);
    }
    while (woken < THREADS) {
        CHECK(call(&waker, NOTIFY, 40, UINT32_MAX) == PW_OK && waker.answer == 0);
        CHECK(call(&waker, NOTIFY, 32, 3) == PW_OK && waker.answer <= 3);
        woken += waker.answer;
    }
    CHECK(woken == THREADS);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        CHECK(users[i].result == PW_OK && users[i].answer == 0);
        pw_store_free(users[i].store);
    }
    pw_store_free(waker.store);
    end(&w);
}

static void test_ownership_and_limits(void)
{
    world w;
    user one;
    pw_store *small;
    pw_memory *memory, *again;
    pw_error error;
    uint64_t before;
    pw_limits wrong = shared_type;
    begin(&w);
    join(&w, &one);
    CHECK(pw_shared_memory_join(w.memory, one.store, &again) == PW_OK && again == one.memory);
    CHECK(pw_memory_shared(one.memory) == w.memory);
    CHECK(pw_shared_memory_grow(w.memory, 2, &before) == PW_OK && before == 1);
    pw_store_limits limits = {.memory_bytes = 2 * PAGE};
    CHECK(pw_store_new(w.engine, &limits, &small) == PW_OK);
    CHECK(pw_shared_memory_join(w.memory, small, &memory) == PW_ERR_LIMIT && !memory);
    CHECK(strstr(pw_store_error(small)->text, "limit"));
    CHECK(pw_memory_new(small, &shared_type, &memory) == PW_OK); /* its own, of one page */
    CHECK(pw_memory_grow(memory, 2, &before) == PW_ERR_LIMIT && before == 1);
    CHECK(pw_memory_grow(memory, 1, &before) == PW_OK && pw_memory_pages(memory) == 2);
    pw_shared_memory *kept = pw_memory_shared(memory);
    pw_shared_memory_retain(kept);
    pw_store_free(small);
    pw_shared_memory_data(kept)[2 * PAGE - 1] = 7; /* outlives its store */
    pw_shared_memory_free(kept);

    wrong.shared = false;
    CHECK(pw_shared_memory_new(&wrong, 0, &kept, &error) == PW_ERR_ARGUMENT && !kept);
    wrong = shared_type;
    wrong.has_max = false;
    CHECK(pw_shared_memory_new(&wrong, 0, &kept, &error) == PW_ERR_ARGUMENT && strstr(error.text, "maximum"));
    CHECK(pw_shared_memory_new(&shared_type, PAGE - 1, &kept, &error) == PW_ERR_LIMIT && !kept);
    CHECK(pw_shared_memory_new(&shared_type, 2 * PAGE, &kept, &error) == PW_OK);
    CHECK(pw_shared_memory_grow(kept, 2, &before) == PW_ERR_LIMIT && before == 1);
    CHECK(pw_shared_memory_grow(kept, 1, &before) == PW_OK);
    pw_shared_memory_free(kept);

    pw_limits vast = shared_type;
    vast.is64 = true;
    vast.max = (uint64_t)1 << 48;
    CHECK(pw_memory_new(one.store, &vast, &memory) == PW_OK);
    CHECK(pw_memory_grow(memory, (uint64_t)1 << 48, &before) == PW_ERR_LIMIT && before == 1);
    CHECK(pw_memory_grow(memory, ((uint64_t)1 << 48) - 1, &before) == PW_ERR_LIMIT && before == 1);
    end(&w);
    CHECK(call(&one, LOAD, 3 * PAGE - 4, 0) == PW_OK); /* the store has what it needs */
    pw_store_free(one.store);
}

#ifdef PW_TORTURE
/* Each allocation fails in turn: what was made is given back (under the address sanitizer), the next try is well. */
static void test_no_memory(void)
{
    world w;
    pw_error error;
    begin(&w);
    uint32_t failures = 0;
    for (unsigned long n = 1; n < 60; n++) {
        pw_shared_memory *memory = NULL;
        pw_store *store = NULL;
        pw_memory *joined, *own;
        pw_instance *instance;
        pwi_alloc_fail_after(n);
        pw_result result = pw_shared_memory_new(&shared_type, 0, &memory, &error);
        if (result == PW_OK)
            result = pw_store_new(w.engine, NULL, &store);
        if (result == PW_OK)
            result = pw_shared_memory_join(memory, store, &joined);
        if (result == PW_OK)
            result = pw_memory_new(store, &shared_type, &own);
        if (result == PW_OK) {
            pw_extern import = {.kind = PW_EXTERN_MEMORY, .of = {.memory = joined}};
            result = pw_instance_new(store, w.module, &import, 1, &instance, &error);
        }
        pwi_alloc_fail_after(0);
        CHECK(result == PW_OK || result == PW_ERR_NO_MEMORY);
        failures += result != PW_OK;
        pw_store_free(store);
        pw_shared_memory_free(memory);
    }
    CHECK(failures > 10 && failures < 59);
    end(&w);
}
#endif

int main(void)
{
#ifdef PW_TORTURE
    test_no_memory();
#endif
    test_counting_locking_and_turns();
    test_growing_at_the_same_time();
    test_ends_of_a_wait();
    test_notify_wakes_as_many_as_it_says();
    test_ownership_and_limits();
    return 0;
}
