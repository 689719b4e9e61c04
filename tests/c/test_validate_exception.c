/* Tags, and what validation says of throwing and catching; the legacy encoding, for which there is no assembler. */
#include "wasm_fixture.h"

#define EVERYTHING (((pw_features)1 << PW_FEATURE_COUNT) - 1)

/* A function () -> () with this body, tags: 0 of i32, 1 without values. Type 2 is () -> (i32 exnref). */
static void put_module(buffer *to, buffer *body)
{
    buffer code = {NULL, 0, 0};
    put_header(to);
    SECTION(to, 1, 3, 0x60, 1, 0x7f, 0, 0x60, 0, 0, 0x60, 0, 2, 0x7f, 0x64, 0x69);
    SECTION(to, 2, 1, 0, 0, 4, 0, 0);
    SECTION(to, 3, 1, 1);
    SECTION(to, 13, 1, 0, 1);
    SECTION(to, 7, 1, 1, 't', 4, 1);
    put_u32(&code, 1);
    put_sized(&code, body);
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

#define BODY_WITH(features, wanted, text, ...)                                                               \
    do {                                                                                                     \
        buffer put_here = {NULL, 0, 0};                                                                      \
        PUT(&put_here, 0, __VA_ARGS__, 0x0b);                                                                \
        expect_body(__LINE__, features, wanted, text, &put_here);                                            \
    } while (0)
#define BAD(text, ...)       BODY_WITH(EVERYTHING, PW_ERR_INVALID, text, __VA_ARGS__)
#define MALFORMED(text, ...) BODY_WITH(EVERYTHING, PW_ERR_MALFORMED, text, __VA_ARGS__)
#define GOOD(...)            BODY_WITH(EVERYTHING, PW_OK, "", __VA_ARGS__)

#define I32(n)      0x41, n
#define DROP        0x1a
#define END         0x0b
#define THROW(t)    0x08, t
#define THROW_REF   0x0a
#define BLOCK(t)    0x02, t
#define TRY_TABLE   0x1f
#define TRY(t)      0x06, t
#define CATCH(t)    0x07, t
#define CATCH_ALL   0x19
#define DELEGATE(l) 0x18, l
#define RETHROW(l)  0x09, l

static void test_throw(void)
{
    GOOD(I32(1), THROW(0), I32(2), DROP);
    GOOD(THROW(1));
    GOOD(0xd0, 0x69, THROW_REF);
    GOOD(0xd0, 0x74, THROW_REF);
    BAD("unknown tag 2", THROW(2));
    BAD("type mismatch in throw: expected i32", THROW(0));
    BAD("type mismatch in throw_ref: expected exnref, got externref", 0xd0, 0x6f, THROW_REF);
}

static void test_try_table(void)
{
    GOOD(TRY_TABLE, 0x40, 0, END);
    GOOD(BLOCK(0x7f), TRY_TABLE, 0x40, 1, 0, 0, 0, END, I32(0), END, DROP);
    GOOD(BLOCK(2), TRY_TABLE, 0x40, 1, 1, 0, 0, END, 0x00, END, DROP, DROP);
    GOOD(BLOCK(0x69), TRY_TABLE, 0x40, 2, 3, 0, 1, 1, 0, END, 0x00, END, DROP);
    GOOD(TRY_TABLE, 0x7f, 1, 2, 0, I32(1), END,
         DROP); /* the label is the function's: the block's own does not count */
    BAD("type mismatch in try_table: a catch clause of 1 values, its label takes 0", TRY_TABLE, 0x7f, 1, 0, 0,
        0, I32(1), END, DROP);
    BAD("type mismatch in try_table: expected i64, got i32", BLOCK(0x7e), TRY_TABLE, 0x40, 1, 0, 0, 0, END,
        0x00, END, DROP);
    BAD("unknown tag 9", TRY_TABLE, 0x40, 1, 0, 9, 0, END);
    BAD("unknown label 1", TRY_TABLE, 0x40, 1, 2, 1, END);
    MALFORMED("malformed catch clause 0x04", TRY_TABLE, 0x40, 1, 4, 0, END);
    MALFORMED("malformed catch clause 0x04", DROP, TRY_TABLE, 0x40, 1, 4, 0, END); /* by the scan */
    MALFORMED("length out of bounds", TRY_TABLE, 0x40, 0xff, 0xff, 3, 2, 0, END);
}

static void test_legacy(void)
{
    GOOD(TRY(0x40), END);
    GOOD(TRY(0x7f), I32(1), CATCH(0), CATCH(1), I32(2), CATCH_ALL, I32(3), END, DROP);
    GOOD(TRY(0x40), TRY(0x40), DELEGATE(0), CATCH_ALL, RETHROW(0), END);
    GOOD(TRY(0x40), CATCH(1), BLOCK(0x40), RETHROW(1), END, END);
    GOOD(TRY(0x7f), I32(1), DELEGATE(0), DROP);
    GOOD(TRY(0x40), CATCH(0), 0x0d, 0, END); /* br_if in a handler: the tag's value is the condition */
    BAD("type mismatch: 1 values remaining", TRY(0x40), I32(1), CATCH_ALL, END);
    BAD("type mismatch: 1 values remaining", TRY(0x40), CATCH(0), END);
    BAD("type mismatch in catch: expected i32", TRY(0x7f), CATCH(0), END, DROP);
    BAD("unknown tag 2", TRY(0x40), CATCH(2), END);
    BAD("unknown label 1", TRY(0x40), DELEGATE(1));
    BAD("unknown label 3", RETHROW(3));
    BAD("invalid rethrow label 0", RETHROW(0));
    BAD("invalid rethrow label 0", TRY(0x40), RETHROW(0), CATCH_ALL, END);
    BAD("invalid rethrow label 0", TRY(0x40), CATCH_ALL, BLOCK(0x40), RETHROW(0), END, END);
}

/* What divides blocks stands where it may, or the bytes are malformed; the second of each pair is seen by the scan. */
static void test_misplaced(void)
{
    MALFORMED("misplaced catch", CATCH(0));
    MALFORMED("misplaced catch", DROP, CATCH(0));
    MALFORMED("misplaced catch", BLOCK(0x40), CATCH_ALL, END);
    MALFORMED("misplaced catch", DROP, BLOCK(0x40), CATCH_ALL, END);
    MALFORMED("misplaced catch", TRY(0x40), CATCH_ALL, CATCH_ALL, END);
    MALFORMED("misplaced catch", DROP, TRY(0x40), CATCH_ALL, CATCH_ALL, END);
    MALFORMED("misplaced catch", TRY(0x40), CATCH_ALL, CATCH(1), END);
    MALFORMED("misplaced delegate", DELEGATE(0));
    MALFORMED("misplaced delegate", DROP, DELEGATE(0));
    MALFORMED("misplaced delegate", TRY(0x40), CATCH_ALL, DELEGATE(0));
    MALFORMED("misplaced delegate", DROP, TRY(0x40), CATCH_ALL, DELEGATE(0));
    MALFORMED("misplaced else", TRY(0x40), 0x05, END);
    BAD("type mismatch in drop", DROP, TRY(0x40), TRY(0x40), DELEGATE(0), CATCH(1), CATCH_ALL, END);
}

/* Locals set in the body of a try are not set in its handlers. */
static void test_locals(void)
{
    buffer body = {NULL, 0, 0};
    PUT(&body, 1, 1, 0x64, 0x70, TRY(0x40), 0x00, 0x21, 0, CATCH_ALL, 0x20, 0, DROP, END, 0x0b);
    expect_body(__LINE__, EVERYTHING, PW_ERR_INVALID, "uninitialized local 0", &body);
}

static void test_tags(void)
{
    buffer module = {NULL, 0, 0};
#define MODULE(wanted, text, ...)                                                                            \
    do {                                                                                                     \
        put_header(&module);                                                                                 \
        SECTION(&module, 1, 2, 0x60, 0, 0, 0x60, 0, 1, 0x7f);                                                \
        SECTION(&module, __VA_ARGS__);                                                                       \
        EXPECT_WITH(&module, EVERYTHING, wanted, text);                                                      \
        free_buffer(&module);                                                                                \
    } while (0)
    MODULE(PW_OK, "", 13, 1, 0, 0);
    MODULE(PW_ERR_MALFORMED, "malformed tag attribute 0x01", 13, 1, 1, 0);
    MODULE(PW_ERR_INVALID, "unknown type 2", 13, 1, 0, 2);
    MODULE(PW_ERR_INVALID, "non-empty tag result type 1", 13, 1, 0, 1);
    MODULE(PW_ERR_INVALID, "non-empty tag result type 1", 2, 1, 0, 0, 4, 0, 1);
    MODULE(PW_ERR_INVALID, "unknown tag 0 in export 0", 7, 1, 0, 4, 0);
}

static void test_features(void)
{
    const pw_features legacy = EVERYTHING & ~PW_FEATURE_MASK(EXCEPTIONS);
    const pw_features modern = EVERYTHING & ~PW_FEATURE_MASK(LEGACY_EXCEPTIONS);
    const pw_features none = legacy & modern;
    BODY_WITH(none, PW_ERR_INVALID, "needs the proposal exceptions", 0x01);
    BODY_WITH(modern, PW_ERR_INVALID, "needs the proposal legacy-exceptions", TRY(0x40), END);
    BODY_WITH(modern, PW_OK, "", THROW(1));
    BODY_WITH(legacy, PW_OK, "", TRY(0x40), THROW(1), CATCH_ALL, END); /* tags and throw are of both */
}

int main(void)
{
    test_throw();
    test_try_table();
    test_legacy();
    test_misplaced();
    test_locals();
    test_tags();
    test_features();
    return 0;
}
