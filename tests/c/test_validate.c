/* What validation says of function bodies: where an error is, what features a module uses, the limits of this
 * implementation, and bodies made to cost much. The rules of typing are the official suite's. */
#include "wasm_fixture.h"

#include "base/config.h"

/* One function of type () -> () with this body (declarations of locals and code), in a module with
 *   types   0 ()->()  1 (i32)->(i32)  2 (i32 i64)->(i32 i64)  3 ((ref 0))->()
 *   funcs   0 the body   1 of type 1        table 0 of 1 funcref, memory 0, a mutable global i32, func 1 declared */
static void put_module(buffer *to, buffer *body)
{
    buffer code = {NULL, 0, 0};
    put_header(to);
    SECTION(to, 1, 4, 0x60, 0, 0, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 2, 0x7f, 0x7e, 2, 0x7f, 0x7e, 0x60, 1, 0x64,
            0, 0);
    SECTION(to, 3, 2, 0, 1);
    SECTION(to, 4, 1, 0x70, 0, 1);
    SECTION(to, 5, 1, 0, 1);
    SECTION(to, 6, 1, 0x7f, 1, 0x41, 0, 0x0b);
    SECTION(to, 9, 1, 3, 0, 1, 1);
    put_u32(&code, 2);
    put_sized(&code, body);
    PUT(&code, 4, 0, 0x20, 0, 0x0b);
    put_section(to, 10, &code);
    free_buffer(&code);
}

static void expect_body(int line, pw_features features, pw_result wanted, const char *text, buffer *body)
{
    buffer module = {NULL, 0, 0};
    put_module(&module, body);
    expect_at(__FILE__, line, &module, features, wanted, text);
    free_buffer(&module);
    free_buffer(body);
}

/* BODY(verdict, text, bytes...): the bytes are the body of function 0 in put_module. */
#define BODY(wanted, text, ...) BODY_WITH(0, wanted, text, __VA_ARGS__)
#define BODY_WITH(features, wanted, text, ...)                                                               \
    do {                                                                                                     \
        buffer put_here = {NULL, 0, 0};                                                                      \
        PUT(&put_here, __VA_ARGS__);                                                                         \
        expect_body(__LINE__, features, wanted, text, &put_here);                                            \
    } while (0)

static void test_texts(void)
{
    BODY(PW_OK, "", 0, 0x0b);
    BODY(PW_ERR_INVALID, "type mismatch in i32.add: expected i32, got f32", 0, 0x41, 0, 0x43, 0, 0, 0, 0,
         0x6a, 0x1a, 0x0b);
    BODY(PW_ERR_INVALID, "type mismatch in i32.add: expected i32, got nothing", 0, 0x41, 0, 0x6a, 0x1a, 0x0b);
    BODY(PW_ERR_INVALID, "type mismatch: 1 values remaining", 0, 0x41, 0, 0x0b);
    BODY(PW_ERR_INVALID, "unknown local 0", 0, 0x20, 0, 0x1a, 0x0b);
    BODY(PW_ERR_INVALID, "unknown function 2", 0, 0x10, 2, 0x0b);
    BODY(PW_ERR_INVALID, "unknown global 1", 0, 0x23, 1, 0x1a, 0x0b);
    BODY(PW_ERR_INVALID, "unknown table 1", 0, 0xfc, 0x10, 1, 0x1a, 0x0b);
    BODY(PW_ERR_INVALID, "unknown memory 1", 0, 0x3f, 1, 0x1a, 0x0b);
    BODY(PW_ERR_INVALID, "unknown label 1", 0, 0x0c, 1, 0x0b);
    BODY(PW_ERR_INVALID, "unknown type 9", 0, 0x02, 9, 0x0b, 0x0b);
    BODY(PW_ERR_INVALID, "undeclared function reference 0", 0, 0xd2, 0, 0x1a, 0x0b);
    BODY(PW_OK, "", 0, 0xd2, 1, 0x1a, 0x0b);
    BODY(PW_ERR_INVALID, "alignment must not be larger than natural", 0, 0x41, 0, 0x28, 3, 0, 0x1a, 0x0b);
    BODY(PW_ERR_MALFORMED, "illegal opcode ff", 0, 0xff, 0x0b);
    BODY(PW_ERR_MALFORMED, "illegal opcode fc 7f", 0, 0xfc, 0x7f, 0x0b);
    BODY(PW_ERR_MALFORMED, "data count section required", 0, 0xfc, 9, 0, 0x0b);
    BODY(PW_ERR_MALFORMED, "misplaced else", 0, 0x05, 0x0b);
    BODY(PW_ERR_MALFORMED, "misplaced else", 0, 0x41, 0, 0x04, 0x40, 0x05, 0x05, 0x0b, 0x0b);
    BODY(PW_ERR_MALFORMED, "section size mismatch", 0, 0x0b, 0x0b);
    BODY(PW_ERR_MALFORMED, "unexpected end", 0, 0x02, 0x40, 0x0b);
}

static void test_place(void)
{
    buffer module = {NULL, 0, 0}, body = {NULL, 0, 0};
    pw_error error;
    PUT(&body, 0, 0x01, 0x01, 0x6a, 0x0b);
    put_module(&module, &body);
    CHECK(verdict(&module, 0, &error) == PW_ERR_INVALID);
    CHECK(error.func_index == 0);
    CHECK(module.bytes[error.offset] == 0x6a);
    free_buffer(&module);
    free_buffer(&body);
}

static void test_polymorphic(void)
{
    BODY(PW_OK, "", 0, 0x00, 0x6a, 0x1a, 0x0b); /* unreachable i32.add drop */
    BODY(PW_ERR_INVALID, "type mismatch in i32.add", 0, 0x00, 0x42, 0, 0x6a, 0x1a,
         0x0b);                                                         /* ... i64.const i32.add */
    BODY(PW_OK, "", 0, 0x00, 0x1b, 0x1a, 0x0b);                         /* select of nothing known */
    BODY(PW_OK, "", 0, 0x00, 0x42, 0, 0x41, 0, 0x1b, 0x7c, 0x1a, 0x0b); /* select is i64 then */
    BODY(PW_ERR_INVALID, "type mismatch in i32.eqz", 0, 0x00, 0x42, 0, 0x41, 0, 0x1b, 0x45, 0x1a, 0x0b);
    BODY(PW_OK, "", 0, 0x00, 0x02, 2, 0x0b, 0x1a, 0x1a, 0x0b); /* block with parameters */
    BODY(PW_ERR_INVALID, "type mismatch", 0, 0x00, 0x41, 0, 0x02, 2, 0x0b, 0x1a, 0x1a,
         0x0b); /* i32 where i64 must be */
    BODY(PW_ERR_INVALID, "type mismatch: 1 values remaining", 0, 0x00, 0x41, 0, 0x0b);
    BODY(PW_OK, "", 0, 0x00, 0xd4, 0xd1, 0x1a, 0x0b); /* references out of nowhere */
    BODY(PW_ERR_INVALID, "type mismatch in i32.eqz: expected i32, got (ref unknown)", 0, 0x00, 0xd4, 0x45,
         0x1a, 0x0b);
    BODY(PW_OK, "", 0, 0x00, 0xd4, 0x14, 0, 0x0b);                         /* (ref bottom) is a (ref 0) */
    BODY(PW_OK, "", 0, 0x02, 0x7f, 0x00, 0x0e, 1, 0, 0, 0x0b, 0x1a, 0x0b); /* br_table */
    BODY(PW_ERR_INVALID, "type mismatch in br_table: labels of 1 and of 0 values", 0, 0x02, 0x7f, 0x00, 0x0e,
         1, 0, 1, 0x0b, 0x1a, 0x0b);
}

/* An i64 and an i32 label take the same bottom value, but not the same i32. */
static void test_br_table_types(void)
{
    BODY(PW_OK, "", 0, 0x02, 0x7f, 0x02, 0x7e, 0x00, 0x0e, 1, 0, 1, 0x0b, 0x1a, 0x00, 0x0b, 0x1a, 0x0b);
    BODY(PW_ERR_INVALID, "type mismatch in br_table", 0, 0x02, 0x7f, 0x02, 0x7e, 0x41, 0, 0x41, 0, 0x0e, 1, 0,
         1, 0x0b, 0x1a, 0x00, 0x0b, 0x1a, 0x0b);
}

static void test_locals(void)
{
    BODY(PW_OK, "", 2, 2, 0x7f, 1, 0x7e, 0x20, 1, 0x1a, 0x20, 2, 0x50, 0x1a, 0x0b);
    BODY(PW_OK, "", 0x80 | 1, 0, 0, 0x7f, 0x0b); /* no locals, declared at length */
    BODY(PW_ERR_MALFORMED, "too many locals", 2, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f, 1, 0x7f, 0x0b);
    BODY(PW_ERR_INVALID, "50001 locals: the limit is 50000", 1, 0xd1, 0x86, 0x03, 0x7f, 0x0b);
    BODY(PW_OK, "", 1, 0xd0, 0x86, 0x03, 0x7f, 0x20, 0xcf, 0x86, 0x03, 0x1a, 0x0b); /* the last of 50,000 */
    BODY(PW_ERR_INVALID, "unknown local 50000", 1, 0xd0, 0x86, 0x03, 0x7f, 0x20, 0xd0, 0x86, 0x03, 0x1a,
         0x0b);
    /* 300 i32, then i64: found by a search, as only the first 256 are found directly */
    BODY(PW_OK, "", 2, 0xac, 0x02, 0x7f, 1, 0x7e, 0x20, 0xac, 0x02, 0x50, 0x1a, 0x20, 0xab, 0x02, 0x45, 0x1a,
         0x0b);
    BODY(PW_ERR_INVALID, "type mismatch in i32.eqz", 2, 0xac, 0x02, 0x7f, 1, 0x7e, 0x20, 0xac, 0x02, 0x45,
         0x1a, 0x0b);
}

/* Locals of type (ref func): read only after being set, in the block or an outer one. */
static void test_unset_locals(void)
{
#define SET 0xd2, 1, 0x21, 0 /* ref.func 1, local.set 0 */
#define GET 0x20, 0, 0x1a    /* local.get 0, drop */
    BODY(PW_ERR_INVALID, "uninitialized local 0", 1, 1, 0x64, 0x70, GET, 0x0b);
    BODY(PW_OK, "", 1, 1, 0x64, 0x70, SET, GET, 0x0b);
    BODY(PW_OK, "", 1, 1, 0x64, 0x70, SET, 0x02, 0x40, GET, 0x0b, 0x0b);
    BODY(PW_ERR_INVALID, "uninitialized local 0", 1, 1, 0x64, 0x70, 0x02, 0x40, SET, GET, 0x0b, GET, 0x0b);
    BODY(PW_ERR_INVALID, "uninitialized local 0", 1, 1, 0x64, 0x70, 0x41, 0, 0x04, 0x40, SET, 0x05, GET, 0x0b,
         0x0b);
    BODY(PW_ERR_INVALID, "uninitialized local 300", 2, 0xac, 0x02, 0x7f, 1, 0x64, 0x70, 0x20, 0xac, 0x02,
         0x1a, 0x0b);
    BODY(PW_OK, "", 2, 0xac, 0x02, 0x7f, 1, 0x64, 0x70, 0xd2, 1, 0x22, 0xac, 0x02, 0x1a, 0x20, 0xac, 0x02,
         0x1a, 0x0b);
    BODY(PW_OK, "", 1, 2, 0x63, 0x70, GET, 0x0b); /* nullable: null */
    BODY(PW_ERR_INVALID, "unknown type 4294967295", 1, 2, 0x63, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x0b);
}

#define ZEROS 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
#define V128  0xfd, 0x0c, ZEROS

/* v128 as a type of locals, operands and blocks; 25,000 locals of 16 bytes leave no room for as many more. */
static void test_vectors(void)
{
    const pw_features simd = pw_features_supported() | PW_FEATURE_MASK(SIMD);
    BODY_WITH(simd, PW_OK, "", 1, 1, 0x7b, V128, 0x21, 0, 0x20, 0, 0x1a, 0x0b);
    BODY_WITH(simd, PW_OK, "", 0, 0x02, 0x7b, V128, 0x0b, V128, 0x41, 0, 0x1b, 0x1a, 0x0b);
    BODY_WITH(simd, PW_ERR_INVALID, "type mismatch in i32.eqz: expected i32, got v128", 0, V128, 0x45, 0x1a,
              0x0b);
    BODY_WITH(simd, PW_ERR_MALFORMED, "unexpected end", 0, 0xfd, 0x0c, 0, 0, 0x0b);
    BODY_WITH(simd, PW_OK, "", 1, 0x80, 0xfd, 1, 0x7b, 0x0b); /* 32,384 */
    BODY_WITH(simd, PW_ERR_INVALID, "function needs more than 65000 slots", 1, 0xf4, 0xfd, 1, 0x7b,
              0x0b); /* 32,500 */
    buffer body = {NULL, 0, 0};
    put_byte(&body, 0);
    for (int i = 0; i < 32500; i++)
        PUT(&body, V128);
    PUT(&body, 0x00, 0x0b);
    expect_body(__LINE__, simd, PW_ERR_INVALID, "function needs more than 65000 slots", &body);
    put_byte(&body, 0);
    for (int i = 0; i < 32000; i++)
        PUT(&body, V128);
    PUT(&body, 0x00, 0x0b);
    expect_body(__LINE__, simd, PW_OK, "", &body);
}

/* Every proposal can be switched off, and its instructions then say so. */
static void test_features(void)
{
    const pw_features all = ((pw_features)1 << PW_FEATURE_COUNT) - 1; /* supported or not */
#define WITHOUT(name) (all & ~PW_FEATURE_MASK(name))
    /* the fixture's own module needs these */
    BODY_WITH(WITHOUT(FUNCTION_REFERENCES), PW_ERR_INVALID,
              "needs the proposal function-references, which is switched off", 0, 0x0b);
    BODY_WITH(WITHOUT(MULTI_VALUE), PW_ERR_INVALID, "needs the proposal multi-value, which is switched off",
              0, 0x0b);
    BODY_WITH(WITHOUT(SIGN_EXTENSION), PW_OK, "", 0, 0x0b);
    BODY_WITH(WITHOUT(SIGN_EXTENSION), PW_ERR_INVALID, "needs the proposal sign-extension", 0, 0x41, 0, 0xc0,
              0x1a, 0x0b);
    BODY_WITH(WITHOUT(SATURATING_FLOAT), PW_ERR_INVALID, "needs the proposal saturating-float-to-int", 0,
              0x43, 0, 0, 0, 0, 0xfc, 0, 0x1a, 0x0b);
    BODY_WITH(WITHOUT(BULK_MEMORY), PW_ERR_INVALID, "needs the proposal bulk-memory", 0, 0x41, 0, 0x41, 0,
              0x41, 0, 0xfc, 0x0b, 0, 0x0b);
    BODY_WITH(WITHOUT(TAIL_CALL), PW_ERR_INVALID, "needs the proposal tail-call", 0, 0x12, 0, 0x0b);
    BODY_WITH(WITHOUT(TAIL_CALL), PW_ERR_INVALID, "needs the proposal tail-call", 0, 0xd0, 0, 0x15, 0, 0x0b);
    BODY_WITH(WITHOUT(MULTI_MEMORY), PW_ERR_INVALID, "needs the proposal multi-memory", 0, 0x41, 0, 0x28,
              0x42, 0, 0, 0x1a, 0x0b);
    BODY_WITH(WITHOUT(GC), PW_ERR_INVALID, "needs the proposal gc", 0, 0xd0, 0x6e, 0x1a, 0x0b);
    BODY_WITH(WITHOUT(GC), PW_ERR_INVALID, "needs the proposal gc", 0, 0xfb, 0, 0, 0x0b);
    BODY_WITH(WITHOUT(SIMD), PW_ERR_INVALID, "needs the proposal simd", 0, 0xfd, 0x0c, ZEROS, 0x1a, 0x0b);
    BODY_WITH(WITHOUT(RELAXED_SIMD), PW_ERR_INVALID, "needs the proposal relaxed-simd", 0, 0xfd, 0x80, 2,
              0x0b);
    BODY_WITH(WITHOUT(THREADS), PW_ERR_INVALID, "needs the proposal threads", 0, 0xfe, 3, 0, 0x0b);
    BODY_WITH(WITHOUT(EXCEPTIONS) & WITHOUT(LEGACY_EXCEPTIONS), PW_ERR_INVALID,
              "needs the proposal exceptions", 0, 0x08, 0, 0x0b);
    BODY_WITH(WITHOUT(LEGACY_EXCEPTIONS), PW_ERR_INVALID, "needs the proposal legacy-exceptions", 0, 0x06,
              0x40, 0x0b, 0x0b);
    BODY_WITH(WITHOUT(WIDE_ARITHMETIC), PW_ERR_INVALID, "needs the proposal wide-arithmetic", 0, 0xfc, 0x13,
              0x0b);
}

static void test_features_used(void)
{
    buffer module = {NULL, 0, 0}, body = {NULL, 0, 0};
    pw_type_registry registry;
    pw_module *loaded;
    pw_error error;
    CHECK(pwi_types_init(&registry) == PW_OK);
    PUT(&body, 1, 1, 0x7f, 0x41, 0, 0xc0, 0x1a, 0x0b);
    put_module(&module, &body);
    CHECK(load(&registry, module.bytes, module.size, 0, &error, &loaded) == PW_OK);
    CHECK(loaded->used == (PW_FEATURE_MASK(SIGN_EXTENSION) | PW_FEATURE_MASK(MULTI_VALUE) |
                           PW_FEATURE_MASK(FUNCTION_REFERENCES) | PW_FEATURE_MASK(REFERENCE_TYPES)));
    CHECK(loaded->bodies[0].code_offset == loaded->bodies[0].offset + 3);
    CHECK(loaded->bodies[1].code_offset == loaded->bodies[1].offset + 1);
    CHECK(!loaded->funcs[0].declared && loaded->funcs[1].declared);
    pwi_module_destroy(loaded);
    pwi_types_destroy(&registry);
    free_buffer(&module);
    free_buffer(&body);
}

/* ---- bodies that cost ------------------------------------------------------------------------------------------- */

static void repeat(buffer *to, unsigned byte, unsigned second, size_t count)
{
    for (size_t i = 0; i < count; i++)
        PUT(to, (uint8_t)byte, (uint8_t)second);
}

static void test_deep_nesting(void)
{
    enum { DEPTH = 1000000 };
    buffer body = {NULL, 0, 0};
    put_byte(&body, 0);
    repeat(&body, 0x02, 0x40, DEPTH);
    for (int i = 0; i < DEPTH + 1; i++)
        put_byte(&body, 0x0b);
    expect_body(__LINE__, 0, PW_OK, "", &body);

    put_byte(&body, 0); /* the same without an end: malformed, and found out by both passes */
    repeat(&body, 0x02, 0x40, DEPTH);
    expect_body(__LINE__, 0, PW_ERR_MALFORMED, "unexpected end", &body);

    put_byte(&body, 0); /* invalid at once, so that the rest is only scanned */
    put_byte(&body, 0x1a);
    repeat(&body, 0x03, 0x40, DEPTH);
    for (int i = 0; i < DEPTH + 1; i++)
        put_byte(&body, 0x0b);
    expect_body(__LINE__, 0, PW_ERR_INVALID, "type mismatch in drop", &body);
}

static void test_deep_stack(void)
{
    buffer body = {NULL, 0, 0};
    put_byte(&body, 0);
    repeat(&body, 0x41, 0, 60000);
    put_byte(&body, 0x00);
    put_byte(&body, 0x0b);
    expect_body(__LINE__, 0, PW_OK, "", &body);
    put_byte(&body, 0);
    repeat(&body, 0x41, 0, PW_MAX_FRAME_SLOTS);
    put_byte(&body, 0x00);
    put_byte(&body, 0x0b);
    expect_body(__LINE__, 0, PW_ERR_INVALID, "function needs more than 65000 slots", &body);
    PUT(&body, 1, 0xd0, 0x86, 0x03, 0x7f); /* 50,000 locals leave room for 14,999 operands */
    repeat(&body, 0x41, 0, PW_MAX_FRAME_SLOTS - 50000);
    put_byte(&body, 0x00);
    put_byte(&body, 0x0b);
    expect_body(__LINE__, 0, PW_ERR_INVALID, "function needs more than 65000 slots", &body);
}

static void test_br_tables(void)
{
    BODY(PW_ERR_MALFORMED, "length out of bounds", 0, 0x41, 0, 0x0e, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0x0b);
    BODY(PW_ERR_MALFORMED, "length out of bounds", 0, 0x41, 0, 0x0e, 0xfb, 0xff, 0xff, 0xff, 0x0f, 0, 0x0b);
    buffer body = {NULL, 0, 0};
    enum { LABELS = 2000000 };
    PUT(&body, 0, 0x02, 0x40, 0x41, 0, 0x0e);
    put_u32(&body, LABELS);
    repeat(&body, 0, 1, LABELS / 2);
    PUT(&body, 0, 0x0b, 0x0b);
    expect_body(__LINE__, 0, PW_OK, "", &body);
}

/* A function of 1000 parameters and results that calls itself and carries them through blocks, loops and branches. */
static void test_wide_types(void)
{
    buffer module = {NULL, 0, 0}, content = {NULL, 0, 0}, body = {NULL, 0, 0};
    put_header(&module);
    PUT(&content, 1, 0x60);
    for (int part = 0; part < 2; part++) {
        put_u32(&content, 1000);
        for (unsigned i = 0; i < 1000; i++)
            put_byte(&content, i % 4 ? 0x7f - i % 4 : 0x7f);
    }
    put_section(&module, 1, &content);
    SECTION(&module, 3, 1, 0);
    put_byte(&body, 0);
    for (uint32_t i = 0; i < 1000; i++) {
        put_byte(&body, 0x20);
        put_u32(&body, i);
    }
    PUT(&body, 0x03, 0, 0x02, 0, 0x10, 0); /* loop, block, call 0 */
    for (int i = 0; i < 20000; i++)
        PUT(&body, 0x41, 0, 0x0d, 0x01); /* i32.const 0, br_if 1 */
    PUT(&body, 0x41, 0, 0x0e, 3, 0, 1, 2, 0, 0x0b, 0x0b, 0x0b);
    put_u32(&content, 1);
    put_sized(&content, &body);
    put_section(&module, 10, &content);
    EXPECT(&module, PW_OK, "");
    free_buffer(&module);
    free_buffer(&content);
    free_buffer(&body);
}

/* Many functions with many locals each: time must follow the bytes, not the locals. */
static void test_many_locals(void)
{
    enum { COUNT = 100000 };
    buffer module = {NULL, 0, 0}, content = {NULL, 0, 0};
    put_header(&module);
    SECTION(&module, 1, 1, 0x60, 0, 0);
    put_u32(&content, COUNT);
    for (int i = 0; i < COUNT; i++)
        put_byte(&content, 0);
    put_section(&module, 3, &content);
    put_u32(&content, COUNT);
    for (int i = 0; i < COUNT; i++)
        PUT(&content, 6, 1, 0xd0, 0x86, 0x03, 0x7f, 0x0b); /* 50,000 i32 */
    put_section(&module, 10, &content);
    EXPECT(&module, PW_OK, "");
    free_buffer(&module);
    free_buffer(&content);
}

int main(void)
{
    test_texts();
    test_place();
    test_polymorphic();
    test_br_table_types();
    test_locals();
    test_unset_locals();
    test_vectors();
    test_features();
    test_features_used();
    test_deep_nesting();
    test_deep_stack();
    test_br_tables();
    test_wide_types();
    test_many_locals();
    return 0;
}
