/* What the decoder takes and refuses, section by section. The official suite has the finer points of LEB128. */
#include "wasm_fixture.h"

#include "base/config.h"

/* A module with one more section or more, given as raw bytes behind the header. */
#define RAW(wanted, text, ...) RAW_WITH(0, wanted, text, __VA_ARGS__)
#define RAW_WITH(features, wanted, text, ...)                                                                \
    do {                                                                                                     \
        buffer raw = {NULL, 0, 0};                                                                           \
        put_header(&raw);                                                                                    \
        PUT(&raw, __VA_ARGS__);                                                                              \
        EXPECT_WITH(&raw, features, wanted, text);                                                           \
        free_buffer(&raw);                                                                                   \
    } while (0)

/* "needs the proposal ...": with all features, supported or not, but these. */
#define NEEDS_ONE_OF(features, text, ...)                                                                    \
    RAW_WITH((((pw_features)1 << PW_FEATURE_COUNT) - 1) & ~(features), PW_ERR_INVALID,                       \
             "needs the proposal " text ", which", __VA_ARGS__)
#define NEEDS(feature, text, ...) NEEDS_ONE_OF(PW_FEATURE_MASK(feature), text, __VA_ARGS__)
#define NEEDS_EXCEPTIONS(...)                                                                                \
    NEEDS_ONE_OF(PW_FEATURE_MASK(EXCEPTIONS) | PW_FEATURE_MASK(LEGACY_EXCEPTIONS), "exceptions", __VA_ARGS__)

static void test_header(void)
{
    static const uint8_t component[] = {0, 'a', 's', 'm', 0x0d, 0, 1, 0};
    static const uint8_t zeros[64] = {0};
    static const uint8_t good[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    for (size_t size = 0; size < sizeof good; size++) {
        buffer cut = {(uint8_t *)(uintptr_t)good, size, size};
        EXPECT(&cut, PW_ERR_MALFORMED, "unexpected end");
    }
    buffer whole = {(uint8_t *)(uintptr_t)good, sizeof good, 0};
    EXPECT(&whole, PW_OK, "");
    buffer other = {(uint8_t *)(uintptr_t)component, sizeof component, 0};
    EXPECT(&other, PW_ERR_MALFORMED, "unknown binary version: this is a component");
    buffer nothing = {(uint8_t *)(uintptr_t)zeros, sizeof zeros, 0};
    EXPECT(&nothing, PW_ERR_MALFORMED, "magic header not detected");
}

/* A gigabyte that is no module is refused without a copy: there would be no memory for 2^40 bytes. */
static void test_size_before_copy(void)
{
    static const uint8_t zeros[8] = {0}, good[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    const pw_compile_config config = {.features = 0};
    pw_type_registry registry;
    pw_module *module;
    pw_error error;
    CHECK(pwi_types_init(&registry) == PW_OK);
    pw_error_clear(&error);
    CHECK(pwi_module_decode(&registry, zeros, PW_MAX_MODULE_SIZE, &config, &module, &error) == PW_ERR_MALFORMED);
    pw_error_clear(&error);
    CHECK(pwi_module_decode(&registry, good, PW_MAX_MODULE_SIZE + 1, &config, &module, &error) == PW_ERR_INVALID);
    pwi_types_destroy(&registry);
}

static void test_sections(void)
{
    RAW(PW_ERR_MALFORMED, "malformed section id 14", 14, 0);
    RAW(PW_ERR_MALFORMED, "length out of bounds", 1, 5, 0);
    RAW(PW_ERR_MALFORMED, "length out of bounds", 1, 0xff, 0xff, 0xff, 0xff, 0x0f);
    RAW(PW_ERR_MALFORMED, "section size mismatch", 1, 2, 0, 0);
    RAW(PW_ERR_MALFORMED, "unexpected content after last section", 1, 1, 0, 1, 1, 0);
    RAW(PW_ERR_MALFORMED, "unexpected content after last section", 3, 1, 0, 2, 1, 0);
    RAW(PW_OK, "", 12, 1, 0, 10, 1, 0, 11, 1, 0); /* data count stands before code */
    RAW(PW_ERR_MALFORMED, "unexpected content after last section", 10, 1, 0, 12, 1, 0);
    NEEDS_EXCEPTIONS(13, 3, 1, 0, 0);
    RAW(PW_ERR_MALFORMED, "unexpected end", 0, 0);
    RAW(PW_ERR_MALFORMED, "length out of bounds", 0, 2, 2, 'a');
    RAW(PW_ERR_MALFORMED, "malformed UTF-8", 0, 3, 2, 0xc0, 0x80);
}

/* Counts that promise more than the bytes that are left could hold. */
static void test_counts(void)
{
    static const uint8_t sections[] = {1, 2, 3, 4, 5, 6, 7, 9, 10, 11};
    for (size_t i = 0; i < sizeof sections; i++)
        RAW(PW_ERR_MALFORMED, "", sections[i], 6, 0xff, 0xff, 0xff, 0xff, 0x0f, 0);
    RAW(PW_ERR_MALFORMED, "length out of bounds", 1, 7, 1, 0x60, 0xff, 0xff, 0xff, 0xff, 0x0f);
    RAW(PW_ERR_MALFORMED, "length out of bounds", 2, 6, 1, 0xff, 0xff, 0xff, 0xff, 0x0f);
    RAW(PW_ERR_MALFORMED, "length out of bounds", 9, 8, 1, 1, 0, 0xff, 0xff, 0xff, 0xff, 0x0f);
    RAW(PW_ERR_MALFORMED, "unexpected end", 11, 7, 1, 1, 0xff, 0xff, 0xff, 0xff, 0x0f);
}

static void test_types(void)
{
    RAW(PW_OK, "", 1, 4, 1, 0x60, 0, 0);
    RAW(PW_OK, "", 1, 6, 1, 0x4e, 1, 0x60, 0, 0);             /* a group of one */
    RAW(PW_OK, "", 1, 6, 1, 0x4f, 0, 0x60, 0, 0);             /* final, without supertypes */
    RAW(PW_OK, "", 1, 6, 1, 0x60, 1, 0x64, 0, 0);             /* names itself */
    RAW(PW_OK, "", 1, 9, 2, 0x60, 0, 0, 0x60, 0, 1, 0x63, 0); /* names an earlier one */
    RAW(PW_ERR_INVALID, "unknown type 1", 1, 9, 2, 0x60, 1, 0x64, 1, 0, 0x60, 0, 0);
    NEEDS(GC, "gc", 1, 9, 1, 0x4e, 2, 0x60, 0, 0, 0x60, 0, 0);
    NEEDS(GC, "gc", 1, 3, 1, 0x5f, 0);
    NEEDS(GC, "gc", 1, 6, 1, 0x50, 0, 0x60, 0, 0);
    NEEDS(SIMD, "simd", 1, 5, 1, 0x60, 1, 0x7b, 0);
    RAW(PW_ERR_MALFORMED, "malformed definition type", 1, 4, 1, 0x61, 0, 0);
    RAW(PW_ERR_MALFORMED, "malformed value type 0x40", 1, 5, 1, 0x60, 1, 0x40, 0);
    RAW(PW_ERR_MALFORMED, "malformed heap type", 1, 6, 1, 0x60, 1, 0x64, 0x7f, 0);
}

static void test_entities(void)
{
    RAW(PW_ERR_MALFORMED, "malformed import kind", 2, 4, 1, 0, 0, 5);
    NEEDS_EXCEPTIONS(2, 6, 1, 0, 0, 4, 0, 0);
    RAW(PW_ERR_INVALID, "unknown type 0", 2, 5, 1, 0, 0, 0, 0);
    RAW(PW_ERR_INVALID, "unknown type 7", 3, 2, 1, 7, 10, 4, 1, 2, 0, 0x0b);
    RAW(PW_ERR_MALFORMED, "malformed reference type", 4, 4, 1, 0x7f, 0, 0);
    RAW(PW_ERR_MALFORMED, "malformed limits flags 0x08", 4, 4, 1, 0x70, 8, 0);
    RAW(PW_ERR_MALFORMED, "malformed limits flags 0x10", 5, 4, 1, 0x10, 0, 0);
    NEEDS(THREADS, "threads", 5, 4, 1, 3, 0, 0);
    NEEDS(CUSTOM_PAGE_SIZES, "custom-page-sizes", 5, 4, 1, 8, 0, 0);
    RAW(PW_ERR_INVALID, "size minimum must not be greater", 5, 4, 1, 1, 2, 1);
    RAW(PW_ERR_INVALID, "size minimum must not be greater", 4, 5, 1, 0x70, 1, 2, 1);
    RAW(PW_OK, "", 5, 5, 1, 0, 0x80, 0x80, 4); /* 65,536 pages */
    RAW(PW_ERR_INVALID, "memory size must be at most 65536 pages", 5, 5, 1, 0, 0x81, 0x80, 4);
    RAW(PW_OK, "", 5, 9, 1, 4, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40); /* 2^48 pages */
    RAW(PW_ERR_INVALID, "memory size must be at most 281474976710656 pages of 65536 bytes", 5, 9, 1, 4, 0x81,
        0x80, 0x80, 0x80, 0x80, 0x80, 0x40);
    RAW(PW_OK, "", 4, 8, 1, 0x70, 0, 0xff, 0xff, 0xff, 0xff, 0x0f); /* instantiation will refuse it */
    RAW(PW_ERR_INVALID, "table size must be at most", 4, 8, 1, 0x70, 0, 0x80, 0x80, 0x80, 0x80, 0x10);
    RAW(PW_OK, "", 4, 13, 1, 0x70, 4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01);
    RAW(PW_ERR_MALFORMED, "malformed mutability 0x02", 6, 6, 1, 0x7f, 2, 0x41, 0, 0x0b);
    RAW(PW_ERR_MALFORMED, "malformed export kind 0x05", 7, 5, 1, 1, 'a', 5, 0);
    RAW(PW_ERR_INVALID, "unknown memory 0 in export 0", 7, 5, 1, 1, 'a', 2, 0);
    RAW(PW_ERR_INVALID, "unknown function 0 as start", 8, 1, 0);
}

/* Imports come first in every index space. */
static void test_index_spaces(void)
{
#define IMPORTS                                                                                              \
    1, 4, 1, 0x60, 0, 0, 2, 21, 4, 0, 0, 0, 0, 0, 0, 1, 0x70, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0x7f, 0
#define DEFINITIONS         3, 2, 1, 0, 4, 4, 1, 0x6f, 0, 0, 5, 3, 1, 0, 0, 6, 6, 1, 0x7e, 0, 0x42, 0, 0x0b
#define EXPORT(kind, index) 7, 4, 1, 0, kind, index, 10, 4, 1, 2, 0, 0x0b
    for (uint8_t kind = 0; kind < 4; kind++) {
        RAW(PW_OK, "", IMPORTS, DEFINITIONS, EXPORT(kind, 0));
        RAW(PW_OK, "", IMPORTS, DEFINITIONS, EXPORT(kind, 1));
        RAW(PW_ERR_INVALID, "unknown", IMPORTS, DEFINITIONS, EXPORT(kind, 2));
    }
    /* table 1 holds externref: function 0 does not fit; memory 1 and table 0 do */
    RAW(PW_ERR_INVALID, "type mismatch: element segment 0 does not fit table 1", IMPORTS, DEFINITIONS, 9, 9,
        1, 2, 1, 0x41, 0, 0x0b, 0, 1, 0, 10, 4, 1, 2, 0, 0x0b);
    RAW(PW_OK, "", IMPORTS, DEFINITIONS, 9, 9, 1, 2, 0, 0x41, 0, 0x0b, 0, 1, 0, 10, 4, 1, 2, 0, 0x0b);
    RAW(PW_OK, "", IMPORTS, DEFINITIONS, 10, 4, 1, 2, 0, 0x0b, 11, 7, 1, 2, 1, 0x41, 0, 0x0b, 0);
    RAW(PW_ERR_INVALID, "unknown memory 2", IMPORTS, DEFINITIONS, 10, 4, 1, 2, 0, 0x0b, 11, 7, 1, 2, 2, 0x41,
        0, 0x0b, 0);
}

static void test_segments(void)
{
    RAW(PW_ERR_MALFORMED, "malformed elements segment kind 8", 9, 3, 1, 8, 0);
    RAW(PW_ERR_MALFORMED, "malformed element kind 0x01", 9, 4, 1, 1, 1, 0);
    RAW(PW_ERR_MALFORMED, "malformed data segment kind 3", 11, 3, 1, 3, 0);
    RAW(PW_ERR_MALFORMED, "data count and data section", 12, 1, 1);
    RAW(PW_ERR_INVALID, "unknown memory 0 in data segment 0", 11, 6, 1, 0, 0x41, 0, 0x0b, 0);
    RAW(PW_ERR_INVALID, "unknown table 1 in element segment 0", 9, 8, 1, 2, 1, 0x41, 0, 0x0b, 0, 0);
    RAW(PW_ERR_MALFORMED, "function and code section have inconsistent lengths", 10, 4, 1, 2, 0, 0x0b);
    RAW(PW_ERR_MALFORMED, "unexpected end", 6, 5, 1, 0x7f, 0, 0x41, 0); /* no end */
    RAW(PW_ERR_MALFORMED, "illegal opcode ff", 6, 5, 1, 0x7f, 0, 0xff, 0x0b);
}

/* What is malformed wins over what is invalid, wherever the two stand. */
static void test_malformed_wins(void)
{
    /* the function section names a type that is not there */
    RAW(PW_ERR_MALFORMED, "illegal opcode ff", 3, 2, 1, 7, 10, 5, 1, 3, 0, 0xff, 0x0b);
    RAW(PW_ERR_MALFORMED, "malformed data segment kind 3", 3, 2, 1, 7, 10, 4, 1, 2, 0, 0x0b, 11, 3, 1, 3, 0);
    /* function 0 leaves a value on the stack, function 1 has no end */
    RAW(PW_ERR_MALFORMED, "unexpected end", 1, 4, 1, 0x60, 0, 0, 3, 3, 2, 0, 0, 10, 9, 2, 4, 0, 0x41, 0, 0x0b,
        2, 0, 1);
    /* two exports of one name, and a code body that breaks off */
    RAW(PW_ERR_MALFORMED, "unexpected end", 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 7, 9, 2, 1, 'a', 0, 0, 1, 'a', 0,
        0, 10, 4, 1, 2, 0, 1);
}

static void test_duplicate_exports(void)
{
    RAW(PW_ERR_INVALID, "duplicate export name \"a\\07\"", 5, 3, 1, 0, 0, 7, 11, 2, 2, 'a', 7, 2, 0, 2, 'a',
        7, 2, 0);
    RAW(PW_ERR_INVALID, "duplicate export name \"\"", 5, 3, 1, 0, 0, 7, 7, 2, 0, 2, 0, 0, 2, 0);
    buffer many = {NULL, 0, 0}, content = {NULL, 0, 0};
    enum { COUNT = 100003 };
    for (int twice = 0; twice < 2; twice++) {
        put_header(&many);
        SECTION(&many, 5, 1, 0, 0);
        put_u32(&content, COUNT + (unsigned)twice);
        for (int i = 0; i < COUNT + twice; i++) {
            char name[32];
            snprintf(name, sizeof name, "export %d", i == COUNT ? 1234 : i * 7919 % COUNT);
            put_name(&content, name);
            PUT(&content, 2, 0);
        }
        put_section(&many, 7, &content);
        EXPECT(&many, twice ? PW_ERR_INVALID : PW_OK, twice ? "duplicate export name \"export 1234\"" : "");
        many.size = 0;
    }
    free_buffer(&many);
    free_buffer(&content);
}

static void test_limits(void)
{
    buffer module = {NULL, 0, 0}, content = {NULL, 0, 0};
    put_header(&module);
    put_u32(&content, PW_MAX_MEMORIES + 1);
    for (unsigned i = 0; i <= PW_MAX_MEMORIES; i++)
        PUT(&content, 0, 0);
    put_section(&module, 5, &content);
    EXPECT(&module, PW_ERR_INVALID, "101 memories: the limit is 100");
    module.size = 0;

    put_header(&module);
    put_u32(&content, 1);
    put_byte(&content, 0x60);
    put_u32(&content, PW_MAX_PARAMS + 1);
    for (unsigned i = 0; i <= PW_MAX_PARAMS; i++)
        put_byte(&content, PW_KIND_I32);
    put_byte(&content, 0);
    put_section(&module, 1, &content);
    EXPECT(&module, PW_ERR_INVALID, "1001 parameters: the limit is 1000");
    module.size = 0;

    put_header(&module);
    for (unsigned i = 0; i <= PW_MAX_CUSTOM_SECTIONS; i++)
        PUT(&module, 0, 1, 0);
    EXPECT(&module, PW_ERR_INVALID, "too many custom sections");
    free_buffer(&module);
    free_buffer(&content);
}

int main(void)
{
    test_header();
    test_size_before_copy();
    test_sections();
    test_counts();
    test_types();
    test_entities();
    test_index_spaces();
    test_segments();
    test_malformed_wins();
    test_duplicate_exports();
    test_limits();
    return 0;
}
