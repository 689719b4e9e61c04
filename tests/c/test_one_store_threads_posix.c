/* test_one_store_threads_posix.c - sixteen threads use one store by turns, as pywasi.h has it: the embedder's lock is around each
 * use. What needs no lock (interrupting a call, dropping a suspended one, modules, snapshots) is done without it meanwhile.
 * Meant for the thread sanitizer; with an argument, the lock is left out: that has to fail (Makefile, tsan). */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "check.h"
#include "engine_modules.h"
#include "pywasi.h"

enum { THREADS = 16, ROUNDS = 60, ANY = 1 << 14 };
enum { ADD, OUT, GROW, BY_TABLE, TRAP, GARBAGE, BYTES, COUNT, SPIN, EXPORTS };

typedef struct world {
    pw_engine *engine;
    pw_module *module;
    pw_store *store;
    pw_instance *instance;
    pw_snapshot *snapshot;
    pthread_mutex_t lock;
    int without_lock;
    int spinning, stopping, over; /* atomic */
    int waits,
        suspensions; /* of the thread that has the store: whether to suspend the call; how often that was */
} world;

typedef struct worker {
    world *w;
    uint32_t dice;
} worker;

static uint32_t roll(worker *me, uint32_t sides)
{
    me->dice = me->dice * 1664525u + 1013904223u;
    return (me->dice >> 8) % sides;
}

static void take(world *w)
{
    if (!w->without_lock)
        pthread_mutex_lock(&w->lock);
}

static void give(world *w)
{
    if (!w->without_lock)
        pthread_mutex_unlock(&w->lock);
}

static pw_result poll(void *env)
{
    world *w = env;
    if (__atomic_exchange_n(&w->stopping, 0, __ATOMIC_RELAXED) &&
        __atomic_load_n(&w->spinning, __ATOMIC_RELAXED))
        return PW_ERR_HOST;
    return w->waits && pw_store_can_give_way(w->store) ? PW_ERR_SUSPENDED : PW_OK;
}

/* Calls back into the store: 5 more than what `add` says, or a failure. */
static pw_result host(void *env, pw_instance *caller, pw_slot *slots)
{
    uint32_t number = (uint32_t)slots[0];
    pw_slot inner[2] = {0, 0};
    (void)env;
    if (number % 7 == 0)
        return pw_raise_trap(pw_instance_store(caller), PW_TRAP_UNREACHABLE, "seven");
    CHECK(pw_func_call(pw_instance_func(caller, 1 + ADD), inner) == PW_OK);
    slots[0] = number + 5;
    return PW_OK;
}

static pw_instance *instantiate(world *w, pw_store *store, const pw_snapshot *snapshot)
{
    static const pw_val_type number = PW_I32;
    static const pw_func_type unary = {
        .params = &number, .param_count = 1, .results = &number, .result_count = 1};
    pw_extern import = {.kind = PW_EXTERN_FUNC};
    pw_instance *made = NULL;
    pw_error error;
    CHECK(pw_func_new(store, &unary, host, w, NULL, &import.of.func) == PW_OK);
    if (snapshot)
        CHECK(pw_snapshot_instantiate(snapshot, store, &import, 1, &made, &error) == PW_OK);
    else
        CHECK(pw_instance_new(store, w->module, &import, 1, &made, &error) == PW_OK);
    return made;
}

static pw_result call(pw_instance *instance, uint32_t export, uint32_t argument, uint32_t *answer)
{
    pw_slot slots[2] = {argument, 0};
    pw_result result = pw_func_call(pw_instance_func(instance, 1 + export), slots);
    *answer = (uint32_t)slots[0];
    return result;
}

/* ---- what has the lock around it ---- */

static void use(worker *me, uint32_t number)
{
    world *w = me->w;
    uint32_t answer, of = 1 + number % 7;
    pw_result result;
    CHECK(call(w->instance, GROW, number % 2, &answer) == PW_OK && answer >= 1 && answer <= 200);
    CHECK(call(w->instance, BY_TABLE, number, &answer) == PW_OK && answer == 2 * number);
    CHECK(call(w->instance, BYTES, of, &answer) == PW_OK && answer == 512 * of);
    CHECK(call(w->instance, GARBAGE, 1 + number % 300, &answer) == PW_OK && answer == 1);
    CHECK(call(w->instance, TRAP, 0, &answer) == PW_ERR_TRAP);
    CHECK(pw_store_error(w->store)->trap == PW_TRAP_OUT_OF_BOUNDS_MEMORY);
    result = call(w->instance, OUT, number, &answer);
    if (number % 7 == 0)
        CHECK(result == PW_ERR_TRAP && pw_store_error(w->store)->trap == PW_TRAP_UNREACHABLE);
    else
        CHECK(result == PW_OK && answer == number + 5);
    CHECK(call(w->instance, ADD, 1, &answer) == PW_OK);
}

/* Another thread ends it. */
static void spin(world *w)
{
    uint32_t answer;
    __atomic_store_n(&w->spinning, 1, __ATOMIC_RELAXED);
    CHECK(call(w->instance, SPIN, 0, &answer) == PW_ERR_HOST);
    __atomic_store_n(&w->spinning, 0, __ATOMIC_RELAXED);
}

/* Every other one goes on; the rest is for the caller to drop, without the lock. */
static pw_suspended *suspend(world *w, uint32_t number)
{
    uint32_t answer;
    pw_slot slots[2] = {0, 0};
    w->waits = 1;
    pw_result result = call(w->instance, COUNT, 300000, &answer);
    w->waits = 0;
    if (result == PW_OK)
        return NULL;
    CHECK(result == PW_ERR_SUSPENDED);
    pw_suspended *suspended = pw_store_take_suspended(w->store);
    CHECK(suspended);
    w->suspensions++;
    if (number % 2)
        return suspended;
    CHECK(pw_suspended_resume(&suspended, slots) == PW_OK && !suspended && slots[0] == 300000);
    return NULL;
}

/* ---- what needs none ---- */

static void use_apart(world *w)
{
    pw_store *own;
    uint32_t answer;
    CHECK(pw_store_new(w->engine, NULL, &own) == PW_OK);
    pw_instance *instance = instantiate(w, own, w->snapshot);
    CHECK(call(instance, ADD, 1, &answer) == PW_OK && answer == 1001);
    CHECK(pw_snapshot_restore(w->snapshot, instance, pw_store_error(own)) == PW_OK);
    CHECK(call(instance, ADD, 2, &answer) == PW_OK && answer == 1002);
    pw_store_free(own);
}

static void *work(void *argument)
{
    worker *me = argument;
    world *w = me->w;
    for (int i = 0; i < ROUNDS; i++) {
        uint32_t what = roll(me, 8);
        pw_suspended *dropped = NULL;
        take(w);
        use(me, roll(me, ANY));
        if (what == 0)
            spin(w);
        else if (what == 1)
            dropped = suspend(w, roll(me, 2));
        else if (what == 2)
            (void)instantiate(w, w->store, NULL);
        give(w);
        if (dropped)
            pw_suspended_drop(dropped);
        if (what == 3)
            use_apart(w);
    }
    return NULL;
}

static void *interrupt(void *argument)
{
    static const struct timespec pause = {0, 100000};
    world *w = argument;
    while (!__atomic_load_n(&w->over, __ATOMIC_ACQUIRE)) {
        __atomic_store_n(&w->stopping, 1, __ATOMIC_RELAXED);
        pw_store_interrupt(w->store);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

static void begin(world *w)
{
    pw_error error;
    uint32_t answer;
    CHECK(pw_engine_new(NULL, &w->engine) == PW_OK);
    CHECK(pw_module_new(w->engine, one_store_wasm, sizeof one_store_wasm, NULL, &w->module, &error) == PW_OK);
    CHECK(pw_store_new(w->engine, NULL, &w->store) == PW_OK);
    pw_store_set_poll(w->store, poll, w);
    w->instance = instantiate(w, w->store, NULL);
    CHECK(call(w->instance, ADD, 1000, &answer) == PW_OK);
    CHECK(pw_snapshot_take(w->instance, &w->snapshot, &error) == PW_OK);
}

int main(int count, char **arguments)
{
    world w = {.lock = PTHREAD_MUTEX_INITIALIZER, .without_lock = count > 1};
    worker workers[THREADS];
    pthread_t threads[THREADS], other;
    uint32_t answer;
    (void)arguments;
    begin(&w);
    CHECK(pthread_create(&other, NULL, interrupt, &w) == 0);
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (worker){&w, (uint32_t)i * 7919u};
        CHECK(pthread_create(&threads[i], NULL, work, &workers[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    __atomic_store_n(&w.over, 1, __ATOMIC_RELEASE);
    pthread_join(other, NULL);
    CHECK(call(w.instance, ADD, 0, &answer) == PW_OK && answer == 1000 + THREADS * ROUNDS);
    CHECK(w.suspensions > 0);
    pw_store_free(w.store);
    pw_snapshot_free(w.snapshot);
    pw_module_free(w.module);
    pw_engine_free(w.engine);
    return 0;
}
