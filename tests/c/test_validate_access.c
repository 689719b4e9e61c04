/* Accesses to memory and lanes of vectors: alignment, lane numbers, types of shared memories and of memories with small
 * pages, and what changes when there can be one memory only. */
#include "wasm_fixture.h"

#define EVERYTHING    (((pw_features)1 << PW_FEATURE_COUNT) - 1)
#define WITHOUT(name) (EVERYTHING & ~PW_FEATURE_MASK(name))

/* A function () -> () with this body and a memory of type `flags`, 1, 1. */
static void expect_body(int line, uint8_t flags, pw_features features, pw_result wanted, const char *text,
                        buffer *body)
{
    buffer module = {NULL, 0, 0}, code = {NULL, 0, 0};
    put_header(&module);
    SECTION(&module, 1, 1, 0x60, 0, 0);
    SECTION(&module, 3, 1, 0);
    SECTION(&module, 5, 1, flags, 1, 1);
    SECTION(&module, 12, 1);
    put_u32(&code, 1);
    put_sized(&code, body);
    put_section(&module, 10, &code);
    SECTION(&module, 11, 1, 1, 0);
    expect_at(__FILE__, line, &module, features, wanted, text);
    free_buffer(&module);
    free_buffer(&code);
    free_buffer(body);
}

#define BODY_IN(flags, features, wanted, text, ...)                                                          \
    do {                                                                                                     \
        buffer put_here = {NULL, 0, 0};                                                                      \
        PUT(&put_here, 0, __VA_ARGS__, 0x0b);                                                                \
        expect_body(__LINE__, flags, features, wanted, text, &put_here);                                     \
    } while (0)
#define BODY(wanted, text, ...) BODY_IN(1, EVERYTHING, wanted, text, __VA_ARGS__)
#define GOOD(...)               BODY(PW_OK, "", __VA_ARGS__)
#define BAD(text, ...)          BODY(PW_ERR_INVALID, text, __VA_ARGS__)

#define I32      0x41, 0
#define I64      0x42, 0
#define ZEROS    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
#define V128     0xfd, 12, ZEROS
#define DROP     0x1a
#define SIMD(op) 0xfd, op

static void test_lanes(void)
{
    GOOD(V128, SIMD(0x15), 15, DROP); /* i8x16.extract_lane_s */
    BAD("invalid lane index 16 of 16 lanes", V128, SIMD(0x15), 16, DROP);
    GOOD(V128, I32, SIMD(0x1a), 7, DROP); /* i16x8.replace_lane */
    BAD("invalid lane index 8 of 8 lanes", V128, I32, SIMD(0x1a), 8, DROP);
    GOOD(V128, SIMD(0x1b), 3, DROP);
    BAD("invalid lane index 4 of 4 lanes", V128, SIMD(0x1f), 4, DROP);
    GOOD(V128, I64, SIMD(0x1e), 1, DROP);
    BAD("invalid lane index 2 of 2 lanes", V128, I64, SIMD(0x1e), 2, DROP);
    BAD("invalid lane index 255 of 2 lanes", V128, SIMD(0x21), 255, DROP);
    GOOD(V128, V128, SIMD(13), 31, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
         DROP); /* i8x16.shuffle */
    BAD("invalid lane index 32 of 32 lanes", V128, V128, SIMD(13), 31, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
        12, 13, 32, DROP);
    GOOD(I32, V128, SIMD(0x54), 0, 0, 15, DROP); /* v128.load8_lane */
    BAD("invalid lane index 16 of 16 lanes", I32, V128, SIMD(0x54), 0, 0, 16, DROP);
    GOOD(I32, V128, SIMD(0x5b), 3, 0, 1); /* v128.store64_lane */
    BAD("invalid lane index 2 of 2 lanes", I32, V128, SIMD(0x5b), 3, 0, 2);
    BAD("alignment must not be larger than natural: 2^4, natural is 2^3", I32, V128, SIMD(0x5b), 4, 0, 1);
    GOOD(I32, SIMD(0), 4, 0, DROP);
    BAD("alignment must not be larger than natural: 2^5, natural is 2^4", I32, SIMD(0), 5, 0, DROP);
    BODY(PW_ERR_MALFORMED, "unexpected end", V128, V128, SIMD(13), 0, 1, 2);
}

/* The signatures of a few of each shape; all of them are tests/gen's. */
static void test_vector_types(void)
{
    GOOD(V128, V128, V128, SIMD(0x52), DROP); /* v128.bitselect */
    GOOD(V128, SIMD(0x53), 0x45, DROP);       /* v128.any_true gives an i32 */
    GOOD(I64, SIMD(0x12), DROP);              /* i64x2.splat */
    BAD("type mismatch in i64x2.splat: expected i64, got i32", I32, SIMD(0x12), DROP);
    BAD("type mismatch in i8x16.shl: expected i32, got v128", V128, V128, SIMD(0x6b), DROP);
    BODY_IN(1, WITHOUT(RELAXED_SIMD), PW_ERR_INVALID, "needs the proposal relaxed-simd", V128, V128,
            SIMD(0x80), 2, DROP);
    BODY_IN(1, WITHOUT(SIMD), PW_ERR_INVALID, "needs the proposal simd", I64, SIMD(0x12), DROP);
    BODY(PW_ERR_MALFORMED, "illegal opcode fd 9a", SIMD(0x9a), 1);
    BODY(PW_ERR_MALFORMED, "illegal opcode fd 114", SIMD(0x94), 2);
}

static void test_atomics(void)
{
    GOOD(I32, 0xfe, 0x10, 2, 0, DROP);
    BAD("alignment of an atomic access must be natural: 2^1, natural is 2^2", I32, 0xfe, 0x10, 1, 0, DROP);
    BAD("alignment must not be larger than natural", I32, 0xfe, 0x10, 3, 0, DROP);
    GOOD(I32, I64, I64, 0xfe, 0x49, 3, 0, DROP); /* i64.atomic.rmw.cmpxchg */
    GOOD(I32, I64, I64, 0xfe, 0x4c, 0, 0, DROP); /* i64.atomic.rmw8.cmpxchg_u */
    GOOD(I32, I64, I64, 0xfe, 2, 3, 0, DROP);    /* memory.atomic.wait64 */
    BAD("type mismatch in memory.atomic.wait32: expected i32, got i64", I32, I64, I64, 0xfe, 1, 2, 0, DROP);
    GOOD(0xfe, 3, 0);
    BODY(PW_ERR_MALFORMED, "zero byte expected", 0xfe, 3, 1);
    BODY(PW_ERR_MALFORMED, "zero byte expected", DROP, 0xfe, 3, 1);
    BODY(PW_ERR_MALFORMED, "illegal opcode fe 04", 0xfe, 4, 0, 0);
    BODY(PW_ERR_MALFORMED, "illegal opcode fe 4f", 0xfe, 0x4f, 0, 0);
    BODY_IN(1, WITHOUT(THREADS), PW_ERR_INVALID, "needs the proposal threads", I32, 0xfe, 0x10, 2, 0, DROP);
    /* addresses are those of the memory */
    BODY_IN(5, EVERYTHING, PW_OK, "", I64, 0xfe, 0x10, 2, 0, DROP);
    BODY_IN(5, EVERYTHING, PW_ERR_INVALID, "type mismatch in i32.atomic.load: expected i64", I32, 0xfe, 0x10,
            2, 0, DROP);
}

static void test_wide_arithmetic(void)
{
    GOOD(I64, I64, I64, I64, 0xfc, 0x13, DROP, DROP);
    GOOD(I64, I64, 0xfc, 0x16, 0x50, DROP, DROP);
    BAD("type mismatch in i64.sub128: expected i64, got nothing", I64, I64, I64, 0xfc, 0x14, DROP, DROP);
    BAD("type mismatch in i64.mul_wide_s: expected i64, got i32", I32, I64, 0xfc, 0x15, DROP, DROP);
    BODY_IN(1, WITHOUT(WIDE_ARITHMETIC), PW_ERR_INVALID, "needs the proposal wide-arithmetic", I64, I64, 0xfc,
            0x16, DROP, DROP);
}

/* The index of the only memory is a byte then. */
static void test_one_memory(void)
{
    BODY_IN(1, WITHOUT(MULTI_MEMORY), PW_OK, "", 0x3f, 0, DROP, I32, I32, I32, 0xfc, 10, 0, 0);
    BODY_IN(1, WITHOUT(MULTI_MEMORY), PW_ERR_MALFORMED, "zero byte expected", 0x3f, 1, DROP);
    BODY_IN(1, WITHOUT(MULTI_MEMORY), PW_ERR_MALFORMED, "zero byte expected", 0x3f, 0x80, 0, DROP);
    BODY_IN(1, WITHOUT(MULTI_MEMORY), PW_ERR_MALFORMED, "zero byte expected", DROP, 0x3f, 0x80, 0);
    BODY_IN(1, WITHOUT(MULTI_MEMORY), PW_ERR_MALFORMED, "zero byte expected", I32, I32, I32, 0xfc, 10, 0, 1);
    BODY_IN(1, WITHOUT(MULTI_MEMORY), PW_ERR_MALFORMED, "zero byte expected", I32, I32, I32, 0xfc, 8, 0, 1);
    GOOD(0x3f, 0x80, 0, DROP);
    BAD("unknown memory 1", 0x3f, 1, DROP);
    buffer module = {NULL, 0, 0}; /* whoever has two is told what is missing */
    put_header(&module);
    SECTION(&module, 5, 2, 0, 1, 0, 1);
    EXPECT_WITH(&module, WITHOUT(MULTI_MEMORY), PW_ERR_INVALID, "needs the proposal multi-memory");
    free_buffer(&module);
}

static void test_memory_types(void)
{
#define MEMORY(features, wanted, text, ...)                                                                  \
    do {                                                                                                     \
        buffer module = {NULL, 0, 0};                                                                        \
        put_header(&module);                                                                                 \
        SECTION(&module, 5, 1, __VA_ARGS__);                                                                 \
        EXPECT_WITH(&module, features, wanted, text);                                                        \
        free_buffer(&module);                                                                                \
    } while (0)
    MEMORY(EVERYTHING, PW_OK, "", 3, 1, 2);
    MEMORY(EVERYTHING, PW_ERR_INVALID, "shared memory must have maximum", 2, 1);
    MEMORY(WITHOUT(THREADS), PW_ERR_INVALID, "needs the proposal threads", 3, 1, 2);
    MEMORY(EVERYTHING, PW_OK, "", 8, 0xff, 0xff, 0xff, 0xff, 0x0f, 0); /* 4 GiB less a byte */
    MEMORY(EVERYTHING, PW_ERR_INVALID, "memory size must be at most 4294967295 pages of 1 bytes", 8, 0x80,
           0x80, 0x80, 0x80, 0x10, 0);
    MEMORY(EVERYTHING, PW_OK, "", 9, 1, 2, 16);
    MEMORY(EVERYTHING, PW_ERR_INVALID, "invalid custom page size 2^1", 8, 1, 1);
    MEMORY(EVERYTHING, PW_ERR_INVALID, "invalid custom page size 2^17", 8, 1, 17);
    MEMORY(EVERYTHING, PW_ERR_MALFORMED, "invalid custom page size 2^64", 8, 1, 64);
    MEMORY(WITHOUT(CUSTOM_PAGE_SIZES), PW_ERR_INVALID, "needs the proposal custom-page-sizes", 8, 1, 0);
    MEMORY(EVERYTHING, PW_ERR_INVALID, "size minimum must not be greater", 9, 3, 2, 0);
    MEMORY(EVERYTHING, PW_ERR_MALFORMED, "malformed limits flags 0x10", 16, 1);
    buffer module = {NULL, 0, 0}; /* tables are not shared and have no pages */
    put_header(&module);
    SECTION(&module, 4, 1, 0x70, 3, 1, 2);
    EXPECT_WITH(&module, EVERYTHING, PW_ERR_MALFORMED, "malformed limits flags 0x03");
    free_buffer(&module);
}

int main(void)
{
    test_lanes();
    test_vector_types();
    test_atomics();
    test_wide_arithmetic();
    test_one_memory();
    test_memory_types();
    return 0;
}
