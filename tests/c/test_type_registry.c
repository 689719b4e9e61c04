/* Canonical types: the same type is the same record, nothing outlives its users. */
#include "wasm_fixture.h"

#include "base/config.h"
#include "wasm/subtype.h"

static pw_type_record *intern(pw_type_registry *registry, uint32_t params, uint32_t results,
                              const pw_val_type *types)
{
    pw_func_type type = {params, results, types, types + params};
    pw_type_record *record;
    CHECK(pwi_types_intern(registry, &type, &record) == PW_OK);
    return record;
}

static void test_same_and_other(void)
{
    const pw_val_type numbers[] = {PW_I32, PW_I64, PW_F32};
    pw_type_registry registry;
    CHECK(pwi_types_init(&registry) == PW_OK);
    pw_type_record *one = intern(&registry, 1, 2, numbers);
    pw_type_record *two = intern(&registry, 2, 1, numbers);
    CHECK(one != two && one->id != two->id);
    CHECK(intern(&registry, 1, 2, numbers) == one);
    CHECK(one->func.param_count == 1 && one->func.results[1] == PW_F32);
    CHECK(one->param_slots == 1 && one->result_slots == 2);
    pwi_types_drop(&registry, one);
    CHECK(intern(&registry, 1, 2, numbers) == one); /* still held once */
    pwi_types_drop(&registry, one);
    pwi_types_drop(&registry, one);
    pwi_types_drop(&registry, two);
    CHECK(registry.live == 0);
    pwi_types_destroy(&registry);
}

static void test_slots_of_v128(void)
{
    const pw_val_type types[] = {PW_V128, PW_I32, PW_V128};
    pw_type_registry registry;
    CHECK(pwi_types_init(&registry) == PW_OK);
    pw_type_record *record = intern(&registry, 2, 1, types);
    CHECK(record->param_slots == 3 && record->result_slots == 2);
    pwi_types_drop(&registry, record);
    pwi_types_destroy(&registry);
}

/* (type $t (func (param (ref $t)))) twice is one type; (func (param (ref $t))) that is not $t itself is another. */
static void test_recursive(void)
{
    const pw_val_type self[] = {PW_REF_TYPE(PW_KIND_REF, PW_HEAP_SELF)};
    pw_type_registry registry;
    CHECK(pwi_types_init(&registry) == PW_OK);
    pw_type_record *recursive = intern(&registry, 1, 0, self);
    CHECK(PW_TYPE_HEAP(recursive->func.params[0]) == recursive->id);
    CHECK(intern(&registry, 1, 0, self) == recursive);
    const pw_val_type named[] = {PW_REF_TYPE(PW_KIND_REF, recursive->id)};
    pw_type_record *unrolled = intern(&registry, 1, 0, named);
    CHECK(unrolled != recursive);
    CHECK(PW_TYPE_HEAP(unrolled->func.params[0]) == recursive->id);
    pwi_types_drop(&registry, recursive);
    pwi_types_drop(&registry, recursive);
    CHECK(registry.live == 2); /* the other one names it */
    pwi_types_drop(&registry, unrolled);
    CHECK(registry.live == 0);
    pwi_types_destroy(&registry);
}

/* A chain of types, each naming the one before: dropped from the end without recursion, and the ids come back. */
static void test_long_chain(void)
{
    enum { LENGTH = 200000 };
    pw_type_registry registry;
    CHECK(pwi_types_init(&registry) == PW_OK);
    for (int round = 0; round < 2; round++) {
        pw_type_record *last = intern(&registry, 0, 0, (const pw_val_type[]){0});
        for (int i = 1; i < LENGTH; i++) {
            const pw_val_type named[] = {PW_REF_TYPE(PW_KIND_REF_NULL, last->id)};
            pw_type_record *next = intern(&registry, 1, 0, named);
            pwi_types_drop(&registry, last);
            last = next;
        }
        CHECK(registry.live == LENGTH);
        CHECK(registry.id_count == LENGTH);
        pwi_types_drop(&registry, last);
        CHECK(registry.live == 0);
    }
    pwi_types_destroy(&registry);
}

static void count_new(pw_type_record *record, void *env)
{
    record->code[0] = 42;
    ++*(int *)env;
}

static void test_hook(void)
{
    int made = 0;
    pw_type_registry registry;
    CHECK(pwi_types_init(&registry) == PW_OK);
    registry.on_new = count_new;
    registry.env = &made;
    pw_type_record *record = intern(&registry, 0, 0, (const pw_val_type[]){0});
    CHECK(intern(&registry, 0, 0, (const pw_val_type[]){0}) == record);
    CHECK(made == 1 && record->code[0] == 42);
    pwi_types_retain(&registry, record);
    for (int i = 0; i < 3; i++)
        pwi_types_drop(&registry, record);
    CHECK(registry.live == 0);
    pwi_types_destroy(&registry);
}

/* Modules of one registry share types; a registry can be used for a long time without growing. */
static void test_modules_share(void)
{
    buffer module = {NULL, 0, 0};
    pw_type_registry registry;
    pw_module *first, *second;
    pw_error error;
    put_header(&module);
    SECTION(&module, 1, 2, 0x60, 1, 0x63, 0, 0, 0x60, 1, 0x63, 0, 1, 0x7f);
    CHECK(pwi_types_init(&registry) == PW_OK);
    CHECK(load(&registry, module.bytes, module.size, 0, &error, &first) == PW_OK);
    CHECK(load(&registry, module.bytes, module.size, 0, &error, &second) == PW_OK);
    CHECK(first->types[0] == second->types[0] && first->types[1] == second->types[1]);
    CHECK(registry.live == 2);
    pwi_module_destroy(first);
    CHECK(registry.live == 2);
    pwi_module_destroy(second);
    CHECK(registry.live == 0);
    pwi_types_destroy(&registry);
    free_buffer(&module);
}

static void test_matching(void)
{
    pw_type_registry registry;
    CHECK(pwi_types_init(&registry) == PW_OK);
    pw_type_record *type = intern(&registry, 0, 0, (const pw_val_type[]){0});
    pw_type_record *other = intern(&registry, 1, 0, (const pw_val_type[]){PW_I32});
#define REF(heap)      PW_REF_TYPE(PW_KIND_REF, heap)
#define REF_NULL(heap) PW_REF_TYPE(PW_KIND_REF_NULL, heap)
    const struct {
        pw_val_type sub, super;
        bool matches;
    } rows[] = {
        {PW_I32, PW_I32, true},
        {PW_I32, PW_I64, false},
        {PW_I32, PW_FUNCREF, false},
        {PW_FUNCREF, PW_FUNCREF, true},
        {PW_FUNCREF, PW_EXTERNREF, false},
        {REF(PW_HEAP_FUNC), PW_FUNCREF, true},
        {PW_FUNCREF, REF(PW_HEAP_FUNC), false},
        {REF(type->id), PW_FUNCREF, true},
        {REF(type->id), REF_NULL(type->id), true},
        {REF_NULL(type->id), REF(type->id), false},
        {REF(type->id), REF(other->id), false},
        {PW_FUNCREF, REF_NULL(type->id), false},
        {REF_NULL(PW_HEAP_NOFUNC), REF_NULL(type->id), true},
        {REF(PW_HEAP_NOFUNC), REF(PW_HEAP_FUNC), true},
        {REF_NULL(PW_HEAP_NOFUNC), PW_EXTERNREF, false},
        {REF_NULL(PW_HEAP_NOEXTERN), PW_EXTERNREF, true},
        {REF_NULL(PW_HEAP_I31), REF_NULL(PW_HEAP_EQ), true},
        {REF_NULL(PW_HEAP_I31), REF_NULL(PW_HEAP_STRUCT), false},
        {REF_NULL(PW_HEAP_NONE), REF_NULL(PW_HEAP_ARRAY), true},
        {REF_NULL(PW_HEAP_ARRAY), REF_NULL(PW_HEAP_ANY), true},
        {REF_NULL(PW_HEAP_ANY), REF_NULL(PW_HEAP_EQ), false},
        {REF_NULL(PW_HEAP_NOEXN), REF_NULL(PW_HEAP_EXN), true},
        {REF(PW_HEAP_BOTTOM), REF(type->id), true},
        {REF(PW_HEAP_BOTTOM), PW_EXTERNREF, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (pwi_type_matches(&registry, rows[i].sub, rows[i].super) != rows[i].matches) {
            fprintf(stderr, "row %zu of test_matching\n", i);
            exit(1);
        }
    }
    pwi_types_drop(&registry, type);
    pwi_types_drop(&registry, other);
    pwi_types_destroy(&registry);
}

int main(void)
{
    test_same_and_other();
    test_slots_of_v128();
    test_recursive();
    test_long_chain();
    test_hook();
    test_modules_share();
    test_matching();
    return 0;
}
