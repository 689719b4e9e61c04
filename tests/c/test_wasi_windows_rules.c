/* P44 to P48 as far as they are rules: names and links of Windows, on every system. */
#include <stdio.h>
#include <string.h>

#include "wasi/os/windows_rules.h"

static int failures;

static void expect_name(const char *name, bool ok)
{
    if (pwi_windows_name_ok(name, strlen(name)) != ok) {
        printf("\"%s\" should be %s\n", name, ok ? "allowed" : "refused");
        failures++;
    }
}

static void test_devices(void) /* P44 */
{
    static const char *const stems[] = {
        "CON",    "PRN",     "AUX",         "NUL",         "COM0",       "COM1", "COM2", "COM3",
        "COM4",   "COM5",    "COM6",        "COM7",        "COM8",       "COM9", "LPT0", "LPT1",
        "LPT2",   "LPT3",    "LPT4",        "LPT5",        "LPT6",       "LPT7", "LPT8", "LPT9",
        "CONIN$", "CONOUT$", "COM\xc2\xb9", "COM\xc2\xb2", "LPT\xc2\xb3"};
    static const char *const suffixes[] = {"", ".txt", ".", " ", ".tar.gz", " .txt", "  .x", ".a b", ". "};
    char name[32], lower[32];
    for (size_t i = 0; i < sizeof stems / sizeof stems[0]; i++)
        for (size_t k = 0; k < sizeof suffixes / sizeof suffixes[0]; k++) {
            snprintf(name, sizeof name, "%s%s", stems[i], suffixes[k]);
            expect_name(name, false);
            for (size_t c = 0; c <= strlen(name); c++)
                lower[c] = (char)(name[c] >= 'A' && name[c] <= 'Z' ? name[c] + 32 : name[c]);
            expect_name(lower, false);
        }
    static const char *const fine[] = {"CONSOLE", "COM",   "COM10",         "LPTX",        "NULL",
                                       "xCON",    "CON-1", "AUXILIARY.txt", "COM\xc3\xa4", "my.con",
                                       "a.nul",   "CONIN", "com1x.txt"};
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++)
        expect_name(fine[i], true);
}

static void test_names(void) /* P45, P46, P48 */
{
    static const char *const bad[] = {"f:s",     "f::$DATA", "d:$I30:$INDEX_ALLOCATION",
                                      "..\\out", "a\\b",     "a/b",
                                      "C:x",     "\\\\?\\x", "?",
                                      "a*",      "a|b",      "\"",
                                      "<",       ">",        "a\x01",
                                      "a\x1f",   "f.",       "f..",
                                      "f ",      "f. ",      "..",
                                      "...",     " ",        ""};
    static const char *const good[] = {".",  "f",     ".f",       "..f", "a b",
                                       " a", "a.b.c", "\xc3\xa4", "f~1", "PROGRA~1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        expect_name(bad[i], false);
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        expect_name(good[i], true);
}

/* A reparse point of this tag with an ASCII name; returns its size. */
static size_t build(uint8_t *out, uint32_t tag, uint32_t flags, const char *name)
{
    size_t names = tag == 0xa000000c ? 20 : 16, length = strlen(name) * 2, content = names - 8 + length;
    memset(out, 0, names);
    memcpy(out,
           (const uint8_t[]){(uint8_t)tag, (uint8_t)(tag >> 8), (uint8_t)(tag >> 16), (uint8_t)(tag >> 24)},
           4);
    out[4] = (uint8_t)content;
    out[10] = (uint8_t)length;
    if (names == 20)
        out[16] = (uint8_t)flags;
    for (size_t i = 0; name[i]; i++) {
        out[names + 2 * i] = (uint8_t)name[i];
        out[names + 2 * i + 1] = 0;
    }
    return names + length;
}

static void expect_link(const uint8_t *data, size_t size, pwi_errno error, const char *text)
{
    char out[64] = "";
    size_t length = 0;
    pwi_errno got = pwi_windows_reparse(data, size, out, sizeof out, &length);
    if (got != error || (error == PWI_ESUCCESS && (strcmp(out, text) != 0 || length != strlen(text)))) {
        printf("reparse point: %u \"%s\", not %u \"%s\"\n", got, out, error, text);
        failures++;
    }
}

static void test_reparse_points(void) /* P47 */
{
    uint8_t data[512];
    size_t size = build(data, 0xa000000c, 1, "..\\out\\x");
    expect_link(data, size, PWI_ESUCCESS, "../out/x");
    for (size_t cut = 0; cut < size; cut++) /* truncated: refused, never read beyond */
        expect_link(data, cut, PWI_EPERM, "");
    expect_link(data, build(data, 0xa000000c, 0, "\\??\\C:\\x"), PWI_ESUCCESS, "//\?\?/C:/x");
    expect_link(data, build(data, 0xa0000003, 0, "\\??\\C:\\x"), PWI_ESUCCESS, "//\?\?/C:/x");
    expect_link(data, build(data, 0x8000001b, 0, "app"), PWI_EPERM, ""); /* appexec */
    expect_link(data, build(data, 0x80000013, 0, "dedup"), PWI_EPERM, "");
    size = build(data, 0xa000000c, 1, "ab");
    data[8] = 200; /* the name outside of the content */
    expect_link(data, size, PWI_EPERM, "");
    size = build(data, 0xa000000c, 1, "ab");
    data[10] = 3; /* half a character */
    expect_link(data, size, PWI_EPERM, "");
    size = build(data, 0xa000000c, 1, "ab");
    data[21] = 0xd8; /* a lone surrogate */
    expect_link(data, size, PWI_EPERM, "");
    size = build(data, 0xa000000c, 1, "ab");
    data[20] = 0x3d, data[21] = 0xd8, data[22] = 0x00, data[23] = 0xde;
    expect_link(data, size, PWI_ESUCCESS, "\xf0\x9f\x98\x80");
    const uint8_t lx[] = {0x1d, 0, 0, 0xa0, 8, 0, 0, 0, 2, 0, 0, 0, '.', '.', '/', 'x'};
    expect_link(lx, sizeof lx, PWI_ESUCCESS, "../x");
    size = build(data, 0xa000000c, 1, "0123456789012345678901234567890123456789012345678901234567890123");
    expect_link(data, size, PWI_ENAMETOOLONG, "");
}

int main(void)
{
    test_devices();
    test_names();
    test_reparse_points();
    printf("test_wasi_windows_rules: %s\n", failures ? "FAILED" : "ok");
    return failures ? 1 : 0;
}
