/* The type section: recursive groups, declared supertypes, structs and arrays; types that are the same across modules;
 * sections made to cost much. */
#include "wasm_fixture.h"

#include <time.h>

#include "base/config.h"

#define EVERYTHING (((pw_features)1 << PW_FEATURE_COUNT) - 1)
/* A module of a type section alone. */
#define TYPES(wanted, text, ...)                                                                             \
    do {                                                                                                     \
        buffer module = {NULL, 0, 0};                                                                        \
        put_header(&module);                                                                                 \
        SECTION(&module, 1, __VA_ARGS__);                                                                    \
        EXPECT_WITH(&module, EVERYTHING, wanted, text);                                                      \
        free_buffer(&module);                                                                                \
    } while (0)

#define FUNC           0x60, 0, 0
#define STRUCT(n)      0x5f, n
#define OPEN           0x50, 0    /* no supertype, subtypes allowed */
#define SUB(i)         0x50, 1, i /* a subtype of i, subtypes allowed */
#define FINAL(i)       0x4f, 1, i
#define I32            0x7f, 0 /* an i32 field */
#define MUT_I32        0x7f, 1
#define NULL_REF(heap) 0x63, heap

static void test_forms(void)
{
    TYPES(PW_OK, "", 0);
    TYPES(PW_OK, "", 1, 0x4e, 0);
    TYPES(PW_OK, "", 3, STRUCT(0), STRUCT(3), I32, 0x78, 0, 0x77, 1, 0x5e, 0x7b, 1);
    TYPES(PW_OK, "", 1, 0x4e, 2, STRUCT(1), NULL_REF(1), 0, 0x5e, NULL_REF(0), 1);
    TYPES(PW_ERR_INVALID, "unknown type 1", 2, STRUCT(1), NULL_REF(1), 0, FUNC);
    TYPES(PW_ERR_INVALID, "unknown type 2", 1, 0x4e, 2, STRUCT(1), NULL_REF(2), 0, FUNC);
    TYPES(PW_ERR_MALFORMED, "malformed value type 0x78", 1, 0x60, 1, 0x78, 0);
    TYPES(PW_ERR_MALFORMED, "malformed mutability 0x02", 1, STRUCT(1), 0x7f, 2);
    TYPES(PW_ERR_MALFORMED, "malformed definition type 0x4e", 1, 0x4e, 1, 0x4e, 0);
    TYPES(PW_ERR_MALFORMED, "malformed definition type 0x50", 1, OPEN, OPEN, FUNC);
    TYPES(PW_ERR_MALFORMED, "malformed definition type 0x61", 1, 0x61, 0, 0);
    TYPES(PW_ERR_MALFORMED, "length out of bounds", 1, 0x4e, 0xff, 0xff, 0xff, 0xff, 0x0f, FUNC);
    TYPES(PW_ERR_MALFORMED, "length out of bounds", 1, 0x5f, 0xff, 0xff, 0xff, 0xff, 0x0f, I32);
    TYPES(PW_ERR_MALFORMED, "unexpected end", 1, 0x4e, 2, FUNC, 0x5e);
}

static void test_supertypes(void)
{
    TYPES(PW_OK, "", 2, OPEN, STRUCT(0), SUB(0), STRUCT(1), I32);
    TYPES(PW_OK, "", 1, 0x4e, 2, OPEN, STRUCT(0), FINAL(0), STRUCT(1), I32);
    TYPES(PW_ERR_INVALID, "sub type 1: its supertype is final", 2, STRUCT(0), SUB(0), STRUCT(0));
    TYPES(PW_ERR_INVALID, "sub type 2: its supertype is final", 3, OPEN, FUNC, FINAL(0), FUNC, SUB(1), FUNC);
    TYPES(PW_ERR_INVALID, "sub type 1 does not match super type", 2, OPEN, STRUCT(1), I32, SUB(0), STRUCT(0));
    TYPES(PW_ERR_INVALID, "sub type 1 does not match super type", 2, OPEN, STRUCT(0), SUB(0), FUNC);
    TYPES(PW_ERR_INVALID, "sub type 1 does not match super type", 2, OPEN, STRUCT(1), I32, SUB(0), STRUCT(1),
          MUT_I32);
    TYPES(PW_ERR_INVALID, "sub type 1 does not match super type", 2, OPEN, 0x5e, 0x78, 0, SUB(0), 0x5e, 0x77,
          0);
    /* fields: the same type if mutable, a subtype if not */
    TYPES(PW_OK, "", 2, OPEN, STRUCT(1), NULL_REF(0x6d), 0, SUB(0), STRUCT(1), NULL_REF(0x6c), 0);
    TYPES(PW_ERR_INVALID, "sub type 1 does not", 2, OPEN, STRUCT(1), NULL_REF(0x6d), 1, SUB(0), STRUCT(1),
          NULL_REF(0x6c), 1);
    /* functions: wider parameters, narrower results */
    TYPES(PW_OK, "", 2, OPEN, 0x60, 1, 0x6c, 1, 0x6d, SUB(0), 0x60, 1, 0x6d, 1, 0x6c);
    TYPES(PW_ERR_INVALID, "sub type 1 does not", 2, OPEN, 0x60, 1, 0x6d, 0, SUB(0), 0x60, 1, 0x6c, 0);
    TYPES(PW_ERR_INVALID, "unknown type 1: a supertype comes before type 1", 2, OPEN, FUNC, SUB(1), FUNC);
    TYPES(PW_ERR_INVALID, "unknown type 1", 1, 0x4e, 2, SUB(1), FUNC, OPEN, FUNC);
    TYPES(PW_ERR_INVALID, "sub type: 2 supertypes", 3, OPEN, FUNC, OPEN, FUNC, 0x50, 2, 0, 1, FUNC);
}

/* Every proposal can be missing. */
static void test_features(void)
{
    const uint8_t sections[][8] = {
        {1, 4, 1, 0x5f, 0, 0}, /* one byte too many: malformed bytes would win */
        {1, 3, 1, 0x5f, 0},    {1, 4, 1, 0x5e, 0x7f, 0}, {1, 6, 1, 0x50, 0, 0x60, 0, 0}, {1, 3, 1, 0x4e, 0},
    };
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        buffer module = {NULL, 0, 0};
        put_header(&module);
        put_bytes(&module, sections[i], 2u + sections[i][1]);
        EXPECT_WITH(&module, EVERYTHING & ~PW_FEATURE_MASK(GC), i == 0 ? PW_ERR_MALFORMED : PW_ERR_INVALID,
                    i == 0 ? "section size mismatch" : "needs the proposal gc");
        free_buffer(&module);
    }
}

/* ---- canonical types ---------------------------------------------------------------------------------------------- */

static pw_module *load_types(pw_type_registry *registry, const uint8_t *section, size_t size)
{
    buffer module = {NULL, 0, 0}, content = {NULL, 0, 0};
    pw_module *loaded;
    pw_error error;
    put_header(&module);
    put_bytes(&content, section, size);
    put_section(&module, 1, &content);
    CHECK(load(registry, module.bytes, module.size, EVERYTHING, &error, &loaded) == PW_OK);
    free_buffer(&module);
    free_buffer(&content);
    return loaded;
}
#define LOAD(registry, name, ...)                                                                            \
    const uint8_t name##_bytes[] = {__VA_ARGS__};                                                            \
    pw_module *name = load_types(registry, name##_bytes, sizeof name##_bytes)

static void test_canonical(void)
{
    pw_type_registry registry;
    CHECK(pwi_types_init(&registry) == PW_OK);
    /* the same group behind another type: its references are places, not indices */
    LOAD(&registry, one, 1, 0x4e, 2, STRUCT(1), NULL_REF(1), 0, STRUCT(1), NULL_REF(0), 0);
    LOAD(&registry, two, 2, FUNC, 0x4e, 2, STRUCT(1), NULL_REF(2), 0, STRUCT(1), NULL_REF(1), 0);
    CHECK(one->types[0] == two->types[1] && one->types[1] == two->types[2]);
    CHECK(one->types[0] != one->types[1]);
    /* the group's first type outside of it, and groups in another order, are other types */
    LOAD(&registry, other, 3, 0x4e, 2, STRUCT(1), NULL_REF(0), 0, STRUCT(1), NULL_REF(1), 0, STRUCT(0), 0x4e,
         2, STRUCT(1), NULL_REF(4), 0, STRUCT(1), NULL_REF(3), 1);
    CHECK(other->type_count == 5 && other->types[0] != one->types[0] && other->types[3] != one->types[0]);
    /* open and final, supertype and none, field and mutable field */
    LOAD(&registry, kinds, 6, OPEN, STRUCT(0), STRUCT(0), SUB(0), STRUCT(0), FINAL(0), STRUCT(0), 0x5e, 0x7f,
         0, 0x5e, 0x7f, 1);
    for (uint32_t i = 0; i < kinds->type_count; i++)
        for (uint32_t k = 0; k < i; k++)
            CHECK(kinds->types[i] != kinds->types[k]);
    CHECK(kinds->types[1] == other->types[2]); /* 4f 00 is what a plain form means */
    CHECK(pwi_record_matches(kinds->types[2], kinds->types[0]) &&
          pwi_record_matches(kinds->types[3], kinds->types[0]));
    CHECK(!pwi_record_matches(kinds->types[0], kinds->types[2]) &&
          !pwi_record_matches(kinds->types[1], kinds->types[0]));
    pwi_module_destroy(one);
    CHECK(two->types[1]->kind == PW_DEF_STRUCT && two->types[1]->field_count == 1);
    pwi_module_destroy(two);
    pwi_module_destroy(other);
    pwi_module_destroy(kinds);
    CHECK(registry.live == 0 && registry.groups == 0);
    pwi_types_destroy(&registry);
}

static void test_layout(void)
{
    pw_type_registry registry;
    CHECK(pwi_types_init(&registry) == PW_OK);
    LOAD(&registry, module, 2, STRUCT(4), 0x78, 1, 0x7b, 0, NULL_REF(0), 1, 0x7d, 0, 0x5e, 0x77, 1);
    const pw_type_record *record = module->types[0];
    CHECK(record->field_count == 4 && record->field_slots == 5);
    CHECK(record->fields[0].storage == PW_STORAGE_I8 && record->fields[0].is_mutable &&
          record->fields[0].slot == 0);
    CHECK(record->fields[1].storage == PW_V128 && !record->fields[1].is_mutable &&
          record->fields[1].slot == 1);
    CHECK(record->fields[2].storage == PW_REF_TYPE(PW_KIND_REF_NULL, record->id) &&
          record->fields[2].slot == 3);
    CHECK(record->fields[3].storage == PW_F32 && record->fields[3].slot == 4);
    CHECK(module->types[1]->kind == PW_DEF_ARRAY &&
          pwi_storage_bytes(module->types[1]->fields[0].storage) == 2);
    pwi_module_destroy(module);
    pwi_types_destroy(&registry);
}

/* ---- limits and cost ----------------------------------------------------------------------------------------------- */

static void expect_types(int line, pw_result wanted, const char *text, buffer *content)
{
    buffer module = {NULL, 0, 0};
    put_header(&module);
    put_section(&module, 1, content);
    expect_at(__FILE__, line, &module, EVERYTHING, wanted, text);
    free_buffer(&module);
    free_buffer(content);
}

static void put_chain(buffer *to, uint32_t length)
{
    put_u32(to, length);
    for (uint32_t i = 0; i < length; i++) {
        if (i == 0)
            PUT(to, OPEN);
        else
            PUT(to, 0x50, 1);
        if (i > 0)
            put_u32(to, i - 1);
        PUT(to, STRUCT(0));
    }
}

static void test_limits(void)
{
    buffer content = {NULL, 0, 0};
    put_chain(&content, 64);
    expect_types(__LINE__, PW_OK, "", &content);
    put_chain(&content, 65);
    expect_types(__LINE__, PW_ERR_INVALID, "sub type 64 has more than 63 supertypes", &content);
    put_chain(&content, 100000); /* noted once, and read to the end */
    expect_types(__LINE__, PW_ERR_INVALID, "sub type 64 has more than 63 supertypes", &content);
    for (uint32_t fields = 10000; fields <= 10001; fields++) {
        PUT(&content, 1, 0x5f);
        put_u32(&content, fields);
        for (uint32_t i = 0; i < fields; i++)
            PUT(&content, I32);
        expect_types(__LINE__, fields > 10000 ? PW_ERR_INVALID : PW_OK, fields > 10000 ? "10001 fields" : "",
                     &content);
    }
    put_u32(&content, 2);
    PUT(&content, 0x4e);
    put_u32(&content, 1000000);
    for (int i = 0; i < 1000000; i++)
        PUT(&content, STRUCT(0));
    PUT(&content, STRUCT(0));
    expect_types(__LINE__, PW_ERR_INVALID, "too many types: the limit is 1000000", &content);
}

static double seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

/* A type index as a heap type: a signed number. */
static void put_heap(buffer *to, uint32_t index)
{
    for (; index > 0x3f; index >>= 7)
        put_byte(to, (index & 0x7f) | 0x80);
    put_byte(to, index);
}

/* A million types, alone or in one group, each naming the one before and the one behind it: time in proportion to their
 * number, which a generous factor tells from its square. */
static double time_types(uint32_t count, bool one_group)
{
    buffer content = {NULL, 0, 0};
    put_u32(&content, one_group ? 1 : count);
    if (one_group) {
        put_byte(&content, 0x4e);
        put_u32(&content, count);
    }
    for (uint32_t i = 0; i < count; i++) {
        PUT(&content, 0x5f, 2, 0x63);
        put_heap(&content, i > 0 ? i - 1 : 0);
        PUT(&content, 1, 0x63);
        put_heap(&content, one_group && i + 1 < count ? i + 1 : i);
        PUT(&content, 0);
    }
    double start = seconds();
    expect_types(__LINE__, PW_OK, "", &content);
    return seconds() - start;
}

static void test_many_types(void)
{
    for (int one_group = 0; one_group < 2; one_group++) {
        double few = time_types(50000, one_group != 0), many = time_types(1000000, one_group != 0);
        if (many > 20 * 10 * (few + 0.01))
            fprintf(stderr, "%g s for 50,000 types, %g s for 1,000,000\n", few, many);
        CHECK(many <= 20 * 10 * (few + 0.01));
    }
}

int main(void)
{
    test_forms();
    test_supertypes();
    test_features();
    test_canonical();
    test_layout();
    test_limits();
    test_many_types();
    return 0;
}
