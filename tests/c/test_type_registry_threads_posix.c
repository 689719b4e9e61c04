/* 16 threads make and drop the same types. */
#include <pthread.h>

#include "wasm_fixture.h"

enum { THREADS = 16, ROUNDS = 2000, KINDS = 7 };

/* Two structs that name each other, the second below the first, and a type that others make and drop meanwhile. */
static void use_group(pw_type_registry *registry, uint32_t id)
{
    const pw_field fields[] = {{PW_REF_TYPE(PW_KIND_REF_NULL, PW_HEAP_GROUP(1)), 0, false},
                               {PW_REF_TYPE(PW_KIND_REF_NULL, id), 0, true}};
    const pw_type_def defs[] = {
        {.kind = PW_DEF_STRUCT, .super = PW_NO_SUPER, .fields = fields, .field_count = 2},
        {.kind = PW_DEF_STRUCT, .super = PW_HEAP_GROUP(0), .fields = fields, .field_count = 2}};
    pw_type_record *held[2];
    CHECK(pwi_types_intern_group(registry, defs, 2, held) == PW_OK);
    CHECK(pwi_record_matches(held[1], held[0]) && pwi_record_fits_super(registry, held[1]));
    CHECK(PW_TYPE_HEAP(held[0]->fields[0].storage) == held[1]->id);
    CHECK(pwi_heap_matches(registry, held[1]->id, held[0]->id) && pwi_types_at(registry, id)->id == id);
    pwi_types_drop(registry, held[1]);
    pwi_types_drop(registry, held[0]);
}

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
        use_group(registry, held[round % KINDS]->id);
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
    CHECK(registry.id_count <= THREADS * (KINDS + 2));
    pwi_types_destroy(&registry);
    return 0;
}
