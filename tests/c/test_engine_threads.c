/* test_engine_threads.c - sixteen threads, each with a store of its own, make the first calls of one module's functions
 * at the same moment: each function is translated once and all threads get right answers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "engine_modules.h"
#include "pywasi.h"
#include "wasm/module.h"

#ifdef _WIN32
int main(void)
{
    printf("skipped: threads of this test are POSIX threads\n");
    return 0;
}
#else
#include <pthread.h>

enum { THREADS = 16, ROUNDS = 20 };

typedef struct job {
    pw_engine *engine;
    pw_module *module;
    pthread_mutex_t lock; /* a barrier, which macOS has none of */
    pthread_cond_t all_here;
    int missing;
} job;

static void wait_for_all(job *j)
{
    pthread_mutex_lock(&j->lock);
    if (--j->missing == 0)
        pthread_cond_broadcast(&j->all_here);
    while (j->missing > 0)
        pthread_cond_wait(&j->all_here, &j->lock);
    pthread_mutex_unlock(&j->lock);
}

static void *work(void *argument)
{
    job *j = argument;
    pw_store *store;
    pw_instance *instance;
    pw_error error;
    CHECK(pw_store_new(j->engine, NULL, &store) == PW_OK);
    CHECK(pw_instance_new(store, j->module, NULL, 0, &instance, &error) == PW_OK);
    wait_for_all(j);
    for (uint32_t i = 0; i < 3; i++) { /* sub, pair, divide: the first three functions */
        pw_slot slots[3] = {84, i == 0 ? 42 : 2, 0};
        CHECK(pw_func_call(pw_instance_func(instance, i), slots) == PW_OK);
        CHECK(slots[0] == (i == 1 ? 2 : 42));
    }
    pw_store_free(store);
    return NULL;
}

int main(void)
{
    pw_engine *engine;
    CHECK(pw_engine_new(NULL, &engine) == PW_OK);
    for (int round = 0; round < ROUNDS; round++) {
        pw_module *module;
        pw_error error;
        pthread_t threads[THREADS];
        CHECK(pw_module_new(engine, engine_other_wasm, sizeof engine_other_wasm, NULL, &module, &error) == PW_OK);
        job j = {engine, module, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, THREADS};
        for (int i = 0; i < THREADS; i++)
            CHECK(pthread_create(&threads[i], NULL, work, &j) == 0);
        for (int i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
        for (uint32_t i = 0; i < 3; i++)
            CHECK(module->codes[i].state == 1);
        pthread_cond_destroy(&j.all_here);
        pthread_mutex_destroy(&j.lock);
        pw_module_free(module);
    }
    pw_engine_free(engine);
    return 0;
}
#endif
