/* What validation says of instructions on structs, arrays, i31 and casts: texts, limits, and rules that the official
 * suite does not reach. */
#include "wasm_fixture.h"

#include <time.h>

#include "base/config.h"

#define EVERYTHING (((pw_features)1 << PW_FEATURE_COUNT) - 1)

/* A function () -> () with this body in a module with
 *   types   0 ()->()   1 struct {i32, mut i8, mut (ref null 1)}   2 array mut i16   3 array (ref i31)
 *           4 open struct {}   5 a subtype of 4: struct {i32}
 *   func 0 of type 0, element segment 0 of (ref i31), data segment 0 */
static void put_module(buffer *to, buffer *body)
{
    buffer code = {NULL, 0, 0};
    put_header(to);
    SECTION(to, 1, 6, 0x60, 0, 0, 0x5f, 3, 0x7f, 0, 0x78, 1, 0x63, 1, 1, 0x5e, 0x77, 1, 0x5e, 0x64, 0x6c, 0,
            0x50, 0, 0x5f, 0, 0x50, 1, 4, 0x5f, 1, 0x7f, 0);
    SECTION(to, 3, 1, 0);
    SECTION(to, 9, 1, 5, 0x64, 0x6c, 1, 0x41, 0, 0xfb, 0x1c, 0x0b);
    SECTION(to, 12, 1);
    put_u32(&code, 1);
    put_sized(&code, body);
    put_section(to, 10, &code);
    SECTION(to, 11, 1, 1, 1, 'x');
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

/* The bytes are code; no locals. */
#define BODY(wanted, text, ...)                                                                              \
    do {                                                                                                     \
        buffer put_here = {NULL, 0, 0};                                                                      \
        PUT(&put_here, 0, __VA_ARGS__, 0x0b);                                                                \
        expect_body(__LINE__, EVERYTHING, wanted, text, &put_here);                                          \
    } while (0)

#define GC(op)         0xfb, op
#define I32(n)         0x41, n
#define NEW_DEFAULT    GC(1), 1 /* a (ref 1) */
#define DROP           0x1a
#define NULL_OF(ht)    0xd0, ht
#define BAD(text, ...) BODY(PW_ERR_INVALID, text, __VA_ARGS__)
#define GOOD(...)      BODY(PW_OK, "", __VA_ARGS__)

static void test_structs(void)
{
    GOOD(I32(1), I32(2), NULL_OF(1), GC(0), 1, DROP);
    GOOD(NEW_DEFAULT, GC(2), 1, 0, DROP);
    GOOD(NEW_DEFAULT, GC(3), 1, 1, DROP, NEW_DEFAULT, GC(4), 1, 1, DROP);
    GOOD(NEW_DEFAULT, NULL_OF(0x71), GC(5), 1, 2);
    BAD("type mismatch in struct.new: expected i32", I32(1), NULL_OF(1), GC(0), 1, DROP);
    BAD("type mismatch in struct.set: expected (ref null 1), got (ref 5)", GC(1), 5, I32(1), GC(5), 1, 1);
    BAD("type mismatch: type 2 is no struct type", GC(1), 2, DROP);
    BAD("type mismatch: type 0 is no struct type", GC(1), 0, DROP);
    BAD("unknown type 6", GC(1), 6, DROP);
    BAD("unknown field 3", NEW_DEFAULT, GC(2), 1, 3, DROP);
    BAD("immutable field", NEW_DEFAULT, I32(0), GC(5), 1, 0);
    BAD("type mismatch: the storage type is packed", NEW_DEFAULT, GC(2), 1, 1, DROP);
    BAD("type mismatch: the storage type is not packed", NEW_DEFAULT, GC(3), 1, 0, DROP);
    GOOD(GC(1), 5, GC(2), 5, 0, DROP, NULL_OF(5), GC(2), 5, 0, DROP);
    BAD("type mismatch in struct.get: expected (ref null 5), got (ref 4)", GC(1), 4, GC(2), 5, 0, DROP);
}

static void test_arrays(void)
{
    GOOD(I32(7), I32(2), GC(6), 2, GC(15), DROP);
    GOOD(I32(2), GC(7), 2, I32(0), GC(13), 2, DROP);
    GOOD(I32(1), I32(2), GC(8), 2, 2, DROP, GC(8), 2, 0, DROP);
    GOOD(I32(0), I32(1), GC(9), 2, 0, DROP, I32(0), I32(1), GC(10), 3, 0, DROP);
    GOOD(NULL_OF(2), I32(0), I32(1), GC(14), 2, NULL_OF(2), I32(0), I32(1), I32(2), GC(16), 2);
    GOOD(NULL_OF(2), I32(0), NULL_OF(2), I32(0), I32(1), GC(17), 2, 2);
    GOOD(NULL_OF(2), I32(0), I32(0), I32(1), GC(18), 2, 0);
    BAD("array type is not defaultable", I32(2), GC(7), 3, DROP);
    BAD("type mismatch in array.new: expected (ref i31), got i32", I32(2), I32(2), GC(6), 3, DROP);
    BAD("immutable array", NULL_OF(3), I32(0), NULL_OF(3), I32(0), I32(1), GC(17), 3, 3);
    BAD("immutable array", NULL_OF(3), I32(0), I32(0), I32(1), GC(19), 3, 0);
    BAD("array types do not match", NULL_OF(2), I32(0), NULL_OF(3), I32(0), I32(1), GC(17), 2, 3);
    BAD("type mismatch: array type is not numeric or vector", I32(0), I32(1), GC(9), 3, 0, DROP);
    BAD("type mismatch in array.new_elem: expected i16", I32(0), I32(1), GC(10), 2, 0, DROP);
    BAD("unknown data segment 1", I32(0), I32(1), GC(9), 2, 1, DROP);
    BAD("unknown elem segment 1", I32(0), I32(1), GC(10), 3, 1, DROP);
    BAD("array.new_fixed of 10001 elements: the limit is 10000", GC(8), 2, 0x91, 0xce, 0, DROP);
    BAD("type mismatch in array.len: expected arrayref", NEW_DEFAULT, GC(15), DROP);
}

static void test_references(void)
{
    GOOD(I32(0), GC(28), GC(29), DROP, NULL_OF(0x6c), GC(30), DROP);
    GOOD(NEW_DEFAULT, I32(0), GC(28), 0xd3, DROP);
    BAD("type mismatch in ref.eq: expected eqref, got funcref", NULL_OF(0x70), NULL_OF(0x6d), 0xd3, DROP);
    GOOD(NULL_OF(0x6e), GC(20), 1, DROP, NULL_OF(0x6f), GC(21), 0x72, DROP);
    BAD("type mismatch in ref.test: expected anyref, got externref", NULL_OF(0x6f), GC(20), 1, DROP);
    BAD("unknown type 6", NULL_OF(0x6e), GC(20), 6, DROP);
    GOOD(NULL_OF(0x6e), GC(22), 1, GC(2), 1, 0, DROP);
    GOOD(NULL_OF(0x6f), GC(26), GC(27), DROP, 0x00, GC(26), GC(20), 0x6c, DROP);
    BAD("type mismatch in any.convert_extern: expected externref, got anyref", NULL_OF(0x6e), GC(26), DROP);
}

/* br_on_cast in a block that takes a (ref 5) */
static void test_branches(void)
{
    GOOD(0x02, 0x64, 5, NULL_OF(4), GC(24), 1, 0, 4, 5, DROP, 0x00, 0x0b, DROP);
    GOOD(0x02, 0x63, 4, NULL_OF(4), GC(25), 1, 0, 4, 5, DROP, 0x00, 0x0b, DROP);
    /* a null that the cast takes is no longer there when it fails */
    GOOD(0x02, 0x64, 4, NULL_OF(4), GC(25), 3, 0, 4, 5, DROP, 0x00, 0x0b, DROP);
    BAD("type mismatch in br_on_cast: expected (ref null 5), got (ref null 4)", 0x02, 0x64, 4, NULL_OF(5),
        GC(24), 3, 0, 5, 4, DROP, 0x00, 0x0b, DROP);
    BAD("type mismatch in br_on_cast: expected (ref 5), got (ref null 5)", 0x02, 0x64, 5, NULL_OF(4), GC(24),
        3, 0, 4, 5, DROP, 0x00, 0x0b, DROP);
    BAD("type mismatch in br_on_cast: the label takes no reference", NULL_OF(4), GC(24), 1, 0, 4, 5, DROP);
    BAD("unknown label 7", NULL_OF(4), GC(24), 1, 7, 4, 5, DROP);
    BODY(PW_ERR_MALFORMED, "malformed br_on_cast flags 0x04", NULL_OF(4), GC(24), 4, 0, 4, 5, DROP);
    /* found by the scan after an error, too */
    BODY(PW_ERR_MALFORMED, "malformed br_on_cast flags 0x08", DROP, NULL_OF(4), GC(24), 8, 0, 4, 5, DROP);
}

/* Two million operands in unreachable code, of which there is none to look at. */
static void test_cost(void)
{
    buffer module = {NULL, 0, 0}, content = {NULL, 0, 0}, body = {NULL, 0, 0};
    put_header(&module);
    PUT(&content, 2, 0x60, 0, 0, 0x5f);
    put_u32(&content, PW_MAX_FIELDS);
    for (uint32_t i = 0; i < PW_MAX_FIELDS; i++)
        PUT(&content, 0x7f, 1);
    put_section(&module, 1, &content);
    SECTION(&module, 3, 1, 0);
    PUT(&body, 0, 0x00);
    for (uint32_t i = 0; i < 400000; i++)
        PUT(&body, GC(0), 1, DROP, GC(1), 1, DROP);
    PUT(&body, 0x0b);
    put_u32(&content, 1);
    put_sized(&content, &body);
    put_section(&module, 10, &content);
    clock_t start = clock();
    EXPECT_WITH(&module, EVERYTHING, PW_OK, "");
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    if (seconds > 5)
        fprintf(stderr, "%g s for 3.2 MB of code\n", seconds);
    CHECK(seconds < 5); /* 0.02 s; with a look at each field, 30 s */
    free_buffer(&module);
    free_buffer(&content);
    free_buffer(&body);
}

/* A type that is no function type stands nowhere that calls or blocks want one. */
static void test_no_function_type(void)
{
    BAD("type 1 of a block is no function type", 0x02, 1, 0x0b);
    BAD("type mismatch: type 1 is no function type", NULL_OF(0x73), 0x14, 1);
    buffer module = {NULL, 0, 0};
    put_header(&module);
    SECTION(&module, 1, 1, 0x5f, 0);
    SECTION(&module, 3, 1, 0);
    SECTION(&module, 10, 1, 2, 0, 0x0b);
    EXPECT_WITH(&module, EVERYTHING, PW_ERR_INVALID, "type 0 is no function type");
    free_buffer(&module);
}

static void test_features(void)
{
    buffer body = {NULL, 0, 0};
    PUT(&body, 0, NEW_DEFAULT, DROP, 0x0b);
    expect_body(__LINE__, EVERYTHING & ~PW_FEATURE_MASK(GC), PW_ERR_INVALID, "needs the proposal gc", &body);
}

int main(void)
{
    test_structs();
    test_arrays();
    test_references();
    test_branches();
    test_cost();
    test_no_function_type();
    test_features();
    return 0;
}
