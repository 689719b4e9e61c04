/* 16 threads make and drop the same types. */
#include <pthread.h>

#include "wasm_fixture.h"

enum { THREADS = 16, ROUNDS = 2000, KINDS = 7 };

static void *work(void *argument)
{
    pw_type_registry *registry = argument;
    const pw_val_type types[KINDS] = {PW_I32, PW_I64, PW_F32, PW_F64, PW_FUNCREF, PW_EXTERNREF, PW_I32};
    for (int round = 0; round < ROUNDS; round++) {
        pw_type_record *held[KINDS];
        for (uint32_t i = 0; i < KINDS; i++) {
            pw_func_type type = {i, KINDS - i, types, types};
            CHECK(pwi_types_intern(registry, &type, &held[i]) == PW_OK);
            CHECK(held[i]->func.param_count == i && held[i]->func.result_count == KINDS - i);
        }
        for (uint32_t i = 0; i < KINDS; i++)
            pwi_types_drop(registry, held[i]);
    }
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    pw_type_registry registry;
    CHECK(pwi_types_init(&registry) == PW_OK);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, work, &registry) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(registry.live == 0);
    CHECK(registry.id_count <= THREADS * KINDS);
    pwi_types_destroy(&registry);
    return 0;
}
