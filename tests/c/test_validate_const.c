/* Constant expressions: what may stand in them, which globals they see, and hostile ones. */
#include "wasm_fixture.h"

#include "base/config.h"

/* Globals: 0 imported i32, 1 imported mutable i32, 2 defined i32 = 0, 3 the expression of the given type, 4 defined. */
static void expect_global(int line, pw_features features, unsigned type, pw_result wanted, const char *text,
                          const uint8_t *expr, size_t size)
{
    buffer to = {NULL, 0, 0}, globals = {NULL, 0, 0};
    put_header(&to);
    SECTION(&to, 1, 1, 0x60, 0, 0);
    SECTION(&to, 2, 2, 0, 0, 3, 0x7f, 0, 0, 0, 3, 0x7f, 1);
    SECTION(&to, 3, 1, 0);
    PUT(&globals, 3, 0x7f, 0, 0x41, 0, 0x0b, (uint8_t)type, 0);
    put_bytes(&globals, expr, size);
    PUT(&globals, 0x7f, 0, 0x41, 0, 0x0b);
    put_section(&to, 6, &globals);
    SECTION(&to, 10, 1, 2, 0, 0x0b);
    expect_at(__FILE__, line, &to, features, wanted, text);
    free_buffer(&to);
    free_buffer(&globals);
}

#define EXPR(type, wanted, text, ...) EXPR_WITH(0, type, wanted, text, __VA_ARGS__)
#define EXPR_WITH(features, type, wanted, text, ...)                                                         \
    do {                                                                                                     \
        const uint8_t expr_here[] = {__VA_ARGS__};                                                           \
        expect_global(__LINE__, features, type, wanted, text, expr_here, sizeof expr_here);                  \
    } while (0)

static void test_instructions(void)
{
    EXPR(0x7f, PW_OK, "", 0x41, 0, 0x0b);
    EXPR(0x7e, PW_OK, "", 0x42, 0, 0x0b);
    EXPR(0x7d, PW_OK, "", 0x43, 0, 0, 0, 0, 0x0b);
    EXPR(0x7c, PW_OK, "", 0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0x0b);
    EXPR(0x70, PW_OK, "", 0xd0, 0x70, 0x0b);
    EXPR(0x70, PW_OK, "", 0xd2, 0, 0x0b);
    EXPR(0x6f, PW_ERR_INVALID, "type mismatch in end: expected externref, got (ref 0)", 0xd2, 0, 0x0b);
    EXPR(0x7f, PW_OK, "", 0x41, 1, 0x41, 2, 0x41, 3, 0x6c, 0x6a, 0x0b);
    EXPR_WITH(pw_features_supported() & ~PW_FEATURE_MASK(EXTENDED_CONST), 0x7f, PW_ERR_INVALID,
              "needs the proposal extended-const, which is switched off", 0x41, 1, 0x41, 2, 0x6a, 0x0b);
    EXPR(0x7f, PW_ERR_INVALID, "constant expression required", 0x41, 1, 0x41, 2, 0x6d, 0x0b); /* i32.div_s */
    EXPR(0x7f, PW_ERR_INVALID, "constant expression required", 0x10, 0, 0x0b);
    EXPR(0x7f, PW_ERR_INVALID, "constant expression required", 0x02, 0x7f, 0x41, 0, 0x0b, 0x0b);
#define ALL (((pw_features)1 << PW_FEATURE_COUNT) - 1)
    EXPR_WITH(ALL & ~PW_FEATURE_MASK(GC), 0x7f, PW_ERR_INVALID, "needs the proposal gc", 0xfb, 0, 0, 0x0b);
    EXPR_WITH(ALL, 0x7b, PW_OK, "", 0xfd, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0b);
    EXPR_WITH(ALL, 0x6e, PW_OK, "", 0x41, 0, 0xfb, 28, 0x0b); /* ref.i31 */
    EXPR_WITH(ALL, 0x6e, PW_OK, "", 0xd0, 0x6f, 0xfb, 26, 0x0b);
    EXPR_WITH(ALL, 0x7f, PW_ERR_INVALID, "type mismatch: type 0 is no struct type", 0xfb, 0, 0, 0x0b);
    EXPR_WITH(ALL, 0x7f, PW_ERR_INVALID, "constant expression required", 0x41, 0, 0xfb, 28, 0xfb, 29, 0x0b);
    EXPR(0x7f, PW_ERR_MALFORMED, "illegal opcode ff", 0xff, 0x0b);
}

static void test_stack(void)
{
    EXPR(0x7f, PW_ERR_INVALID, "type mismatch in end: expected i32, got nothing", 0x0b);
    EXPR(0x7f, PW_ERR_INVALID, "type mismatch: 2 values remaining", 0x41, 0, 0x41, 0, 0x0b);
    EXPR(0x7f, PW_ERR_INVALID, "type mismatch in i32.add: expected i32, got nothing", 0x41, 0, 0x6a, 0x0b);
    EXPR(0x7f, PW_ERR_INVALID, "type mismatch in end: expected i32, got i64", 0x42, 0, 0x0b);
}

static void test_globals(void)
{
    EXPR(0x7f, PW_OK, "", 0x23, 0, 0x0b);
    EXPR(0x7f, PW_OK, "", 0x23, 2, 0x0b);
    EXPR(0x7f, PW_ERR_INVALID, "constant expression required: global 1 is mutable", 0x23, 1, 0x0b);
    EXPR(0x7f, PW_ERR_INVALID, "unknown global 3", 0x23, 3, 0x0b);
    EXPR(0x7f, PW_ERR_INVALID, "unknown global 4", 0x23, 4, 0x0b);
}

static void test_hostile(void)
{
    enum { DEPTH = 1000000 };
    buffer expr = {NULL, 0, 0};
    for (int i = 0; i < DEPTH; i++)
        PUT(&expr, 0x02, 0x40);
    for (int i = 0; i < DEPTH; i++)
        put_byte(&expr, 0x0b);
    PUT(&expr, 0x41, 0, 0x0b);
    expect_global(__LINE__, 0, 0x7f, PW_ERR_INVALID, "constant expression required", expr.bytes, expr.size);
    expr.size = 0;
    for (unsigned i = 0; i < PW_MAX_FRAME_SLOTS; i++)
        PUT(&expr, 0x41, 0);
    put_byte(&expr, 0x0b);
    expect_global(__LINE__, 0, 0x7f, PW_ERR_INVALID, "constant expression needs more than 65000 slots",
                  expr.bytes, expr.size);
    free_buffer(&expr);
}

int main(void)
{
    test_instructions();
    test_stack();
    test_globals();
    test_hostile();
    return 0;
}
