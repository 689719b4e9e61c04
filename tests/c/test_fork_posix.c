/* test_fork_posix.c - fork while threads are in the middle of everything that has a lock: each child makes modules, translates,
 * uses the tree of files and the shared memory, and comes to an end. A child that hangs is ended by its alarm. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK_ENDS _exit(1)
#include "check.h"
#include "engine_modules.h"
#include "pywasi.h"
#include "pywasi_wasi.h"

/* AddressSanitizer of gcc 12 does not free the locks of its allocator in a child: there nobody allocates during a fork. */
#ifdef __has_feature
#define IS_SANITIZED __has_feature(address_sanitizer)
#elif defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#else
#define IS_SANITIZED 0
#endif

enum { THREADS = IS_SANITIZED ? 0 : 4, WAITERS = 2, FORKS = 200, PATIENCE = 20 };
enum { WAIT = 5, NOTIFY = 6 }; /* functions of shared_memory.wat */

typedef struct world {
    pw_engine *engine;
    pw_module *waiting; /* shared_memory.wat */
    pw_wasi_tree *tree;
    pw_shared_memory *memory;
    int over;    /* atomic */
    int waiters; /* that wait; atomic */
    pid_t child; /* of a fork in the poll of a wait */
    int polls;   /* of that wait */
} world;

static bool is_over(const world *w)
{
    return __atomic_load_n(&w->over, __ATOMIC_ACQUIRE) != 0;
}

static pw_instance *instantiate(pw_store *store, pw_module *module, const pw_extern *imports, size_t count)
{
    pw_instance *instance;
    pw_error error;
    CHECK(pw_instance_new(store, module, imports, count, &instance, &error) == PW_OK);
    return instance;
}

/* A module of its own: types are interned, functions translated; a file is written and read. */
static void use_all(world *w)
{
    pw_module *module;
    pw_store *store;
    pw_error error;
    CHECK(pw_module_new(w->engine, engine_other_wasm, sizeof engine_other_wasm, NULL, &module, &error) ==
          PW_OK);
    CHECK(pw_store_new(w->engine, NULL, &store) == PW_OK);
    pw_instance *instance = instantiate(store, module, NULL, 0);
    for (uint32_t i = 0; i < 3; i++) {
        pw_slot slots[3] = {84, i == 0 ? 42 : 2, 0};
        CHECK(pw_func_call(pw_instance_func(instance, i), slots) == PW_OK && slots[0] == (i == 1 ? 2 : 42));
    }
    pw_store_free(store);
    pw_module_free(module);
    CHECK(pw_wasi_tree_put(w->tree, "a/b", 3, (const uint8_t *)"text", 4, PW_WASI_NOW) == 0);
    CHECK(pw_wasi_tree_used(w->tree) > 0);
}

static void *churn(void *argument)
{
    world *w = argument;
    while (!is_over(w))
        use_all(w);
    return NULL;
}

/* ---- the shared memory ---- */

static pw_result poll(void *env)
{
    static _Thread_local int polls;
    world *w = env;
    if (++polls == 2) /* a wait polls again and again, what leads to it does not */
        __atomic_add_fetch(&w->waiters, 1, __ATOMIC_RELEASE);
    return is_over(w) ? PW_ERR_HOST : PW_OK;
}

static pw_instance *share(world *w, pw_store *store)
{
    pw_extern import = {.kind = PW_EXTERN_MEMORY};
    CHECK(pw_shared_memory_join(w->memory, store, &import.of.memory) == PW_OK);
    return instantiate(store, w->waiting, &import, 1);
}

static pw_result wait_at(pw_instance *instance, uint32_t at, pw_slot *answer)
{
    pw_slot slots[2] = {at, UINT64_MAX}; /* without end */
    pw_result result = pw_func_call(pw_instance_func(instance, WAIT), slots);
    *answer = slots[0];
    return result;
}

static void *stand_waiting(void *argument)
{
    world *w = argument;
    pw_slot answer;
    pw_store *store;
    CHECK(pw_store_new(w->engine, NULL, &store) == PW_OK);
    pw_store_set_poll(store, poll, w);
    CHECK(wait_at(share(w, store), 64, &answer) == PW_ERR_HOST);
    pw_store_free(store);
    return NULL;
}

static uint32_t notify(world *w, uint32_t at)
{
    pw_slot slots[3] = {at, 99, 0};
    pw_store *store;
    CHECK(pw_store_new(w->engine, NULL, &store) == PW_OK);
    CHECK(pw_func_call(pw_instance_func(share(w, store), NOTIFY), slots) == PW_OK);
    pw_store_free(store);
    return (uint32_t)slots[0];
}

/* ---- forks ---- */

static void child(world *w)
{
    pthread_t thread;
    alarm(PATIENCE);
    use_all(w);
    CHECK(pthread_create(&thread, NULL, churn, w) == 0); /* on the stack of a waiter that is not here */
    CHECK(notify(w, 64) == 0);                           /* nobody waits here */
    __atomic_store_n(&w->over, 1, __ATOMIC_RELEASE);
    pthread_join(thread, NULL);
    _exit(7);
}

static void wait_for(pid_t pid)
{
    int status = 0;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static pw_result fork_then_notify(void *env)
{
    world *w = env;
    if (w->polls++ == 0)
        w->child = fork();
    else
        CHECK(notify(w, 128) == 1);
    return PW_OK;
}

/* A thread that forks while it waits goes on waiting in both, and is woken in both. */
static void fork_in_a_wait(world *w)
{
    pw_slot answer = 9;
    pw_store *store;
    CHECK(pw_store_new(w->engine, NULL, &store) == PW_OK);
    pw_instance *instance = share(w, store); /* which may poll, too */
    pw_store_set_poll(store, fork_then_notify, w);
    w->polls = 0;
    CHECK(wait_at(instance, 128, &answer) == PW_OK && answer == 0);
    pw_store_free(store);
    if (w->child == 0)
        child(w);
    wait_for(w->child);
}

int main(void)
{
    static const pw_limits shared_type = {
        .min = 1, .max = 64, .has_max = true, .shared = true, .page_bits = 16};
    world w = {0};
    pthread_t threads[THREADS + WAITERS];
    pw_error error;
    CHECK(pw_engine_new(NULL, &w.engine) == PW_OK);
    CHECK(pw_module_new(w.engine, shared_memory_wasm, sizeof shared_memory_wasm, NULL, &w.waiting, &error) ==
          PW_OK);
    CHECK(pw_shared_memory_new(&shared_type, 0, &w.memory, &error) == PW_OK);
    CHECK(pw_wasi_tree_new(1 << 20, &w.tree) == PW_OK);
    for (int i = 0; i < THREADS + WAITERS; i++)
        CHECK(pthread_create(&threads[i], NULL, i < THREADS ? churn : stand_waiting, &w) == 0);
    while (__atomic_load_n(&w.waiters, __ATOMIC_ACQUIRE) < WAITERS)
        usleep(1000);
    for (int i = 0; i < FORKS; i++) {
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0)
            child(&w);
        wait_for(pid);
    }
    fork_in_a_wait(&w);
    __atomic_store_n(&w.over, 1, __ATOMIC_RELEASE);
    for (int i = 0; i < THREADS + WAITERS; i++)
        pthread_join(threads[i], NULL);
    pw_shared_memory_free(w.memory);
    pw_wasi_tree_free(w.tree);
    pw_module_free(w.waiting);
    pw_engine_free(w.engine);
    return 0;
}
