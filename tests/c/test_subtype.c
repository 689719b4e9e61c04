/* Matching of declared types: against a walk up the chain, for trees of types that are deeper than modules may have. */
#include "wasm_fixture.h"

#include "wasm/subtype.h"

#define REF(heap)      PW_REF_TYPE(PW_KIND_REF, heap)
#define REF_NULL(heap) PW_REF_TYPE(PW_KIND_REF_NULL, heap)

static pw_type_record *add(pw_type_registry *registry, uint8_t kind, uint32_t super, const pw_field *fields,
                           uint32_t field_count)
{
    pw_type_def def = {.kind = kind, .super = super, .fields = fields, .field_count = field_count};
    pw_type_record *record;
    CHECK(pwi_types_intern_group(registry, &def, 1, &record) == PW_OK);
    return record;
}

static bool is_above(const pw_type_record *sub, const pw_type_record *super)
{
    while (sub && sub != super)
        sub = sub->super;
    return sub != NULL;
}

/* Random trees; fields tell the types apart. */
static void test_trees(void)
{
    enum { TYPES = 3000, PAIRS = 200000 };
    static pw_type_record *records[TYPES];
    static pw_field fields[TYPES];
    pw_type_registry registry;
    uint32_t random = 12345;
    CHECK(pwi_types_init(&registry) == PW_OK);
    for (uint32_t i = 0; i < TYPES; i++) {
        fields[i] = (pw_field){PW_I32, 0, false};
        random = random * 1664525u + 1013904223u;
        uint32_t step = random >> 16;
        uint32_t super = i == 0 || step % 64 == 0 ? PW_NO_SUPER
                         : step % 4 != 0          ? records[i - 1]->id
                                                  : records[step % i]->id;
        records[i] = add(&registry, PW_DEF_STRUCT, super, fields, i);
        CHECK(records[i]->depth == (super == PW_NO_SUPER ? 0 : pwi_types_at(&registry, super)->depth + 1));
    }
    for (uint32_t i = 0; i < PAIRS; i++) {
        random = random * 1664525u + 1013904223u;
        const pw_type_record *sub = records[(random >> 8) % TYPES], *super = records[(random >> 4) % TYPES];
        CHECK(pwi_record_matches(sub, super) == is_above(sub, super));
        CHECK(pwi_type_matches(&registry, REF(sub->id), REF_NULL(super->id)) == is_above(sub, super));
    }
    for (uint32_t i = 0; i < TYPES; i++)
        pwi_types_drop(&registry, records[i]);
    CHECK(registry.live == 0);
    pwi_types_destroy(&registry);
}

/* A chain of 20,000 generations: steps, counted by the depth of the jumps, stay few. */
static void test_jumps(void)
{
    enum { DEPTH = 20000 };
    static pw_type_record *records[DEPTH];
    pw_type_registry registry;
    CHECK(pwi_types_init(&registry) == PW_OK);
    for (uint32_t i = 0; i < DEPTH; i++)
        records[i] = add(&registry, PW_DEF_STRUCT, i ? records[i - 1]->id : PW_NO_SUPER, NULL, 0);
    for (uint32_t target = 0; target < DEPTH; target += 97) {
        const pw_type_record *at = records[DEPTH - 1];
        uint32_t steps = 0;
        while (at->depth > target) {
            at = at->jump->depth >= target ? at->jump : at->super;
            steps++;
        }
        CHECK(at == records[target] && steps <= 2 * 15);
    }
    for (uint32_t i = 0; i < DEPTH; i++)
        pwi_types_drop(&registry, records[i]);
    pwi_types_destroy(&registry);
}

/* Types of a module between the abstract ones. */
static void test_kinds(void)
{
    const pw_field field = {PW_I32, 0, false};
    pw_type_registry registry;
    CHECK(pwi_types_init(&registry) == PW_OK);
    uint32_t s = add(&registry, PW_DEF_STRUCT, PW_NO_SUPER, &field, 1)->id;
    uint32_t sub = add(&registry, PW_DEF_STRUCT, s, &field, 1)->id;
    uint32_t a = add(&registry, PW_DEF_ARRAY, PW_NO_SUPER, &field, 1)->id;
    uint32_t f = add(&registry, PW_DEF_FUNC, PW_NO_SUPER, NULL, 0)->id;
    const struct {
        uint32_t sub, super;
        bool matches;
    } rows[] = {
        {s, PW_HEAP_STRUCT, true},
        {s, PW_HEAP_EQ, true},
        {s, PW_HEAP_ANY, true},
        {s, PW_HEAP_ARRAY, false},
        {s, PW_HEAP_I31, false},
        {s, PW_HEAP_FUNC, false},
        {s, PW_HEAP_NONE, false},
        {PW_HEAP_NONE, s, true},
        {PW_HEAP_NOFUNC, s, false},
        {PW_HEAP_STRUCT, s, false},
        {sub, s, true},
        {s, sub, false},
        {a, PW_HEAP_ARRAY, true},
        {a, PW_HEAP_STRUCT, false},
        {a, s, false},
        {PW_HEAP_NONE, a, true},
        {f, PW_HEAP_FUNC, true},
        {f, PW_HEAP_ANY, false},
        {f, s, false},
        {s, f, false},
        {PW_HEAP_NOFUNC, f, true},
        {PW_HEAP_NONE, f, false},
        {s, PW_HEAP_EXTERN, false},
        {PW_HEAP_BOTTOM, s, true},
        {s, PW_HEAP_BOTTOM, false},
        {PW_HEAP_NOEXN, s, false},
        {PW_HEAP_I31, s, false},
        {PW_HEAP_ANY, s, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (pwi_heap_matches(&registry, rows[i].sub, rows[i].super) != rows[i].matches) {
            fprintf(stderr, "row %zu of test_kinds\n", i);
            exit(1);
        }
    }
    CHECK(pwi_heap_top(&registry, s) == PW_HEAP_ANY && pwi_heap_top(&registry, a) == PW_HEAP_ANY);
    CHECK(pwi_heap_top(&registry, f) == PW_HEAP_FUNC);
    pwi_types_destroy(&registry);
}

int main(void)
{
    test_trees();
    test_jumps();
    test_kinds();
    return 0;
}
