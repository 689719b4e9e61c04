/* P44 to P50 as far as they are rules: names and links of Windows, on every system. With the id of a case as its
 * argument it runs that one; tests/security/test_windows_rules.py does so. */
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

static void expect_names(const char *const *names, size_t count, bool ok)
{
    for (size_t i = 0; i < count; i++)
        expect_name(names[i], ok);
}
#define ALLOWED(...)                                                                                         \
    expect_names((const char *const[]){__VA_ARGS__},                                                         \
                 sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *), true)
#define REFUSED(...)                                                                                         \
    expect_names((const char *const[]){__VA_ARGS__},                                                         \
                 sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *), false)

/* All letters small, or every second one. */
static void respell(char *out, const char *name, size_t step)
{
    size_t i = 0;
    for (; name[i]; i++)
        out[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' && i % step == 0 ? name[i] + 32 : name[i]);
    out[i] = '\0';
}

static void test_P44_devices(void)
{
    static const char *const stems[] = {
        "CON",    "PRN",     "AUX",         "NUL",         "COM0",        "COM1",        "COM2",
        "COM3",   "COM4",    "COM5",        "COM6",        "COM7",        "COM8",        "COM9",
        "LPT0",   "LPT1",    "LPT2",        "LPT3",        "LPT4",        "LPT5",        "LPT6",
        "LPT7",   "LPT8",    "LPT9",        "COM\xc2\xb9", "COM\xc2\xb2", "COM\xc2\xb3", "LPT\xc2\xb9",
        "CONIN$", "CONOUT$", "LPT\xc2\xb2", "LPT\xc2\xb3"};
    static const char *const suffixes[] = {"", ".txt", ".", " ", ".tar.gz", " .txt", "  .x", ".a b", ". "};
    char name[32], spelled[32];
    for (size_t i = 0; i < sizeof stems / sizeof stems[0]; i++)
        for (size_t k = 0; k < sizeof suffixes / sizeof suffixes[0]; k++) {
            snprintf(name, sizeof name, "%s%s", stems[i], suffixes[k]);
            expect_name(name, false);
            for (size_t step = 1; step <= 2; step++) {
                respell(spelled, name, step);
                expect_name(spelled, false);
            }
        }
    ALLOWED("CONSOLE", "COM", "COM10", "LPTX", "NULL", "xCON", "CON-1", "AUXILIARY.txt", "COM\xc3\xa4",
            "my.con", "a.nul", "CONIN", "CONOUT", "com1x.txt", "COM\xc2\xb4", "LPT\xe2\x81\xb4", "co.n");
}

static void test_P45_alternate_data_streams(void)
{
    REFUSED("f:s", "f::$DATA", "f:s:$DATA", "d:$I30:$INDEX_ALLOCATION", "::$DATA", ":", ":s", "f:", ".:s",
            "f.txt:", "d::$INDEX_ALLOCATION", "a b:c");
}

static void test_P46_separators_and_prefixes(void)
{
    REFUSED("..\\out", "a\\b", "a/b", "\\", "/", "\\a", "a\\", "..\\", "..\\/out", "C:x", "C:", "C:\\x",
            "\\\\?\\x", "\\\\.\\x", "\\\\server\\share", "//server/share", "\\??\\C:\\x", "?", "a*", "a|b",
            "\"", "<", ">", "a\x01", "a\x1f", "\n", "\t");
}

static void test_P48_dots_and_spaces_at_the_end(void)
{
    REFUSED("f.", "f..", "f ", "f. ", "f .", "f...", "..", "...", ". ", ".. ", " ", "  ", "", " .");
    ALLOWED(".", "f", ".f", "..f", "a b", " a", "a.b.c", "a .b", "\xc3\xa4", ".gitignore", "a..b");
}

/* Names are compared by nobody here (only handles are): spellings that a file system may take for the same are
 * judged alike, and none is made of another. */
static void test_P49_aliases(void)
{
    ALLOWED("readme", "README", "ReadMe", "\xc3\x84", "A\xcc\x88", "\xc3\xa4", "a\xcc\x88", "\xe2\x84\xaa",
            "k",
            "stra\xc3\x9f"
            "e",
            "STRASSE", "\xef\xac\x81le", "file");
    /* Windows knows its devices by letters of ASCII: neither full-width ones nor a dotless i make one. */
    ALLOWED("\xef\xbc\xa3\xef\xbc\xaf\xef\xbc\xae", "con\xc4\xb1n$", "nu\xe2\x84\x93", "\xc5\xbf");
    /* but a colon, a slash or a dot stays refused whatever stands around it */
    REFUSED("\xc3\xa4:s", "A\xcc\x88\\b", "\xc3\xa4.", "\xc3\xa4 ", "aux.\xc3\xa4", "AuX.A\xcc\x88");
}

/* A short name is another name of the same file, which is found by handle: harmless. */
static void test_P50_short_names(void)
{
    ALLOWED("f~1", "PROGRA~1", "progra~1", "LONGNA~1.TXT", "~1", "~", "F~1234", "CON~1", "NUL~1.TXT",
            "COM~1");
    REFUSED("PROGRA~1:s", "PROGRA~1.", "PROGRA~1 ", "PROGRA~1\\x", "aux.~1", "NUL .~1");
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

static void test_P47_reparse_points(void)
{
    uint8_t data[512];
    size_t size = build(data, 0xa000000c, 1, "..\\out\\x");
    expect_link(data, size, PWI_ESUCCESS, "../out/x");
    for (size_t cut = 0; cut < size; cut++) /* truncated: refused, never read beyond */
        expect_link(data, cut, PWI_EPERM, "");
    expect_link(data, build(data, 0xa000000c, 0, "\\??\\C:\\x"), PWI_ESUCCESS, "//\?\?/C:/x");
    expect_link(data, build(data, 0xa0000003, 0, "\\??\\C:\\x"), PWI_ESUCCESS, "//\?\?/C:/x");
    expect_link(data, build(data, 0x8000001b, 0, "app"), PWI_EPERM, ""); /* appexec */
    static const uint32_t others[] = {0x80000013, 0x80000014, 0x9000001a, 0x80000023,
                                      0xa0000019, 0x9000301a, 0,          UINT32_MAX};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) /* dedup, NFS, cloud files, sockets, ... */
        expect_link(data, build(data, others[i], 0, "x"), PWI_EPERM, "");
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
    const uint8_t lx[] = {0x1d, 0, 0, 0xa0, 8, 0, 0, 0, 2, 0, 0, 0, '.', '.', '/', 'x'}; /* made by WSL */
    expect_link(lx, sizeof lx, PWI_ESUCCESS, "../x");
    for (size_t cut = 0; cut < sizeof lx; cut++)
        expect_link(lx, cut, PWI_EPERM, "");
    const uint8_t nul[] = {0x1d, 0, 0, 0xa0, 7, 0, 0, 0, 2, 0, 0, 0, 'a', 0, 'b'};
    expect_link(nul, sizeof nul, PWI_EPERM, "");
    size = build(data, 0xa000000c, 1, "0123456789012345678901234567890123456789012345678901234567890123");
    expect_link(data, size, PWI_ENAMETOOLONG, "");
}

static const struct {
    const char *id;
    void (*run)(void);
} cases[] = {
    {"P44", test_P44_devices},
    {"P45", test_P45_alternate_data_streams},
    {"P46", test_P46_separators_and_prefixes},
    {"P47", test_P47_reparse_points},
    {"P48", test_P48_dots_and_spaces_at_the_end},
    {"P49", test_P49_aliases},
    {"P50", test_P50_short_names},
};

int main(int count, char **words)
{
    int ran = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (count < 2 || strcmp(words[1], cases[i].id) == 0) {
            cases[i].run();
            ran++;
        }
    printf("test_wasi_windows_rules: %d cases, %s\n", ran, failures ? "FAILED" : "ok");
    return failures || ran == 0 ? 1 : 0;
}
