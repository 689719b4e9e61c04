/* pw_error: the first one wins, texts are cut between characters, every trap has a text. */
#include "base/error.h"

#include "base/utf8.h"
#include "wasm_fixture.h"

static void test_first_wins(void)
{
    pw_error error;
    pw_error_clear(&error);
    CHECK(error.result == PW_OK && error.offset == PW_NO_OFFSET && error.func_index == PW_NO_INDEX);
    CHECK(pwi_fail_at(&error, PW_ERR_INVALID, 7, "number %d", 1) == PW_ERR_INVALID);
    CHECK(pwi_fail(&error, PW_ERR_LIMIT, "number %d", 2) ==
          PW_ERR_LIMIT); /* the caller's result, the first text */
    CHECK(error.result == PW_ERR_INVALID && error.offset == 7);
    CHECK(strcmp(error.text, "number 1") == 0);
    CHECK(pwi_trap(&error, PW_TRAP_UNREACHABLE) == PW_ERR_TRAP && error.trap == PW_TRAP_NONE);
    CHECK(pwi_fail(NULL, PW_ERR_HOST, "nobody listens") == PW_ERR_HOST);
    CHECK(pwi_no_memory(NULL) == PW_ERR_NO_MEMORY);
    pw_error_clear(&error);
    CHECK(pwi_trap(&error, PW_TRAP_UNREACHABLE) == PW_ERR_TRAP);
    CHECK(error.trap == PW_TRAP_UNREACHABLE && strcmp(error.text, "unreachable") == 0);
}

static void test_long_text(void)
{
    char text[2 * PW_ERROR_TEXT];
    pw_error error;
    for (size_t shift = 0; shift < 3; shift++) {
        memset(text, 'x', shift);
        for (size_t at = shift; at + 3 < sizeof text; at += 3)
            memcpy(text + at, "\xe2\x82\xac", 4);
        pw_error_clear(&error);
        (void)pwi_fail(&error, PW_ERR_HOST, "%s", text);
        size_t length = strlen(error.text);
        CHECK(length < PW_ERROR_TEXT && length + 3 >= PW_ERROR_TEXT);
        CHECK(pwi_utf8_valid((const uint8_t *)error.text, length));
    }
}

static void test_trap_texts(void)
{
    CHECK(strcmp(pw_trap_text(PW_TRAP_INTEGER_DIVIDE_BY_ZERO), "integer divide by zero") == 0);
    for (int kind = PW_TRAP_NONE + 1; kind < PW_TRAP_COUNT; kind++)
        CHECK(pw_trap_text((pw_trap_kind)kind)[0] != '\0');
    CHECK(pw_trap_text(PW_TRAP_NONE)[0] == '\0');
    CHECK(pw_trap_text((pw_trap_kind)1000)[0] == '\0');
}

static void test_features(void)
{
    for (uint32_t bit = 0; bit < PW_FEATURE_COUNT; bit++)
        CHECK(pw_feature_text(bit) != NULL && pw_feature_text(bit)[0] != '\0');
    CHECK(pw_feature_text(PW_FEATURE_COUNT) == NULL);
    CHECK(pw_features_supported() & PW_FEATURE_MASK(BULK_MEMORY));
    CHECK(!(pw_features_supported() >> PW_FEATURE_COUNT));
}

int main(void)
{
    test_first_wins();
    test_long_text();
    test_trap_texts();
    test_features();
    return 0;
}
