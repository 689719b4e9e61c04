/* Well-formed UTF-8, cutting it, and printing names that are anything. */
#include "base/utf8.h"

#include "wasm_fixture.h"

/* The definition, one scalar value at a time, as an oracle for the table-driven check. */
static int decodes(const uint8_t *bytes, size_t length)
{
    size_t at = 0;
    while (at < length) {
        uint32_t lead = bytes[at], value;
        size_t count = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 0;
        static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000}, mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
        if (count == 0 || lead >= 0xf8 || at + count > length)
            return 0;
        value = lead & mask[count];
        for (size_t i = 1; i < count; i++) {
            if ((bytes[at + i] & 0xc0) != 0x80)
                return 0;
            value = value << 6 | (bytes[at + i] & 0x3fu);
        }
        if (value < least[count] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
            return 0;
        at += count;
    }
    return 1;
}

static void test_against_definition(void)
{
    static const uint8_t edges[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf,
                                    0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee,
                                    0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff};
    enum { N = sizeof edges };
    uint8_t bytes[4];
    for (size_t i = 0; i < (size_t)N * N * N * N; i++) {
        bytes[0] = edges[i % N];
        bytes[1] = edges[i / N % N];
        bytes[2] = edges[i / N / N % N];
        bytes[3] = edges[i / N / N / N];
        for (size_t length = 1; length <= 4; length++)
            CHECK(pwi_utf8_valid(bytes, length) == decodes(bytes, length));
    }
    CHECK(pwi_utf8_valid(bytes, 0));
}

/* The eight bytes at a time must not hide what comes at their end. */
static void test_long(void)
{
    uint8_t bytes[64];
    for (size_t at = 0; at < sizeof bytes; at++) {
        memset(bytes, 'x', sizeof bytes);
        CHECK(pwi_utf8_valid(bytes, sizeof bytes));
        bytes[at] = 0x80;
        CHECK(!pwi_utf8_valid(bytes, sizeof bytes));
        CHECK(pwi_utf8_valid(bytes, at));
    }
}

static void test_cut(void)
{
    const char *text =
        "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z"; /* a, e acute, euro, face, z: 1 2 3 4 1 bytes */
    const size_t cuts[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11};
    for (size_t limit = 0; limit < sizeof cuts / sizeof cuts[0]; limit++)
        CHECK(pwi_utf8_cut(text, limit) == cuts[limit]);
}

static void test_printable(void)
{
    char out[24];
    CHECK(strcmp(pwi_utf8_printable("ok \xc3\xa9", 5, out, sizeof out), "ok \xc3\xa9") == 0);
    CHECK(strcmp(pwi_utf8_printable("\n\0\xff\x7f", 4, out, sizeof out), "\\0a\\00\\ff\\7f") == 0);
    CHECK(strcmp(pwi_utf8_printable("abcdefghijklmnopqrstuvwxyz", 26, out, sizeof out),
                 "abcdefghijklmnopq...") == 0);
    CHECK(strcmp(pwi_utf8_printable("", 0, out, sizeof out), "") == 0);
}

int main(void)
{
    test_against_definition();
    test_long();
    test_cut();
    test_printable();
    return 0;
}
