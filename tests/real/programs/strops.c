/* string.h, ctype.h, wchar.h, stdlib.h over text: results and, where C defines it, the sign. */
#include <ctype.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wchar.h>
#include <wctype.h>

static int sign(int n) { return (n > 0) - (n < 0); }

static void searching(void)
{
    const char *text = "the quick brown fox jumps over the lazy dog";
    printf("%td %td %td %td\n", strchr(text, 'q') - text, strrchr(text, 'o') - text, strstr(text, "fox") - text,
           strpbrk(text, "xyz") - text);
    printf("%zu %zu %d %d\n", strspn(text, "eht "), strcspn(text, "mno"), strstr(text, "cat") == NULL,
           memchr(text, 'z', 10) == NULL);
    printf("%d %d %d %d %d\n", sign(strcmp("a", "b")), sign(strcmp("b", "a")), sign(strncmp("abc", "abd", 2)),
           sign(memcmp("\x01", "\xff", 1)), sign(strcasecmp("HeLLo", "hEllO")));
    char haystack[3000];
    memset(haystack, 'a', sizeof haystack);
    memcpy(haystack + 2500, "aab", 4);
    printf("%td\n", strstr(haystack, "aaaaaaaaab") - haystack);
}

static void copying(void)
{
    char buffer[64], *rest;
    for (int shift = -9; shift <= 9; shift += 3) {
        for (int i = 0; i < 64; i++) buffer[i] = (char)('A' + i % 26);
        memmove(buffer + 20 + shift, buffer + 20, 30);
        printf("%.64s\n", buffer);
    }
    memset(buffer, '#', sizeof buffer);
    strncpy(buffer, "short", 10);
    printf("%d %d %c\n", buffer[5], buffer[9], buffer[10]);
    strcpy(buffer, "one");
    strcat(buffer, ", two");
    strncat(buffer, ", three and four", 7);
    printf("%s %zu %zu\n", buffer, strlen(buffer), strnlen(buffer, 4));
    char line[] = "  alpha,beta;;gamma  ";
    for (char *word = strtok_r(line, " ,;", &rest); word; word = strtok_r(NULL, " ,;", &rest)) printf("<%s>", word);
    char *copy = strndup("duplicate", 4);
    printf(" %s\n", copy);
    free(copy);
}

static void formatting(void)
{
    char small[8];
    int n = snprintf(small, sizeof small, "%s-%d", "truncated", 42);
    printf("%d <%s>\n", n, small);
    char *grown;
    size_t size;
    FILE *memory = open_memstream(&grown, &size);
    for (int i = 0; i < 100; i++) fprintf(memory, "%d,", i * i);
    fclose(memory);
    printf("%zu %.20s...\n", size, grown);
    free(grown);
}

static void characters(void)
{
    for (int (*const tests[])(int) = {isalpha, isdigit, isalnum, isspace, isupper, islower, ispunct, isxdigit, iscntrl,
                                      isprint, isgraph}, (*const *t)(int) = tests; t < tests + 11; t++) {
        unsigned count = 0, hash = 0;
        for (int c = 0; c < 128; c++)
            if ((*t)(c)) count++, hash = hash * 31 + (unsigned)c;
        printf("%u:%u ", count, hash);
    }
    putchar('\n');
    for (const char *c = "Mixed CASE 123\n"; *c; c++) putchar(isupper((unsigned char)*c) ? tolower(*c) : toupper(*c));
}

static void wide(void)
{
    const char *utf8 = "a\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e!";
    if (!setlocale(LC_ALL, "C.UTF-8")) puts("no locale");
    mbstate_t state = {0};
    wchar_t out[16];
    const char *at = utf8;
    size_t n = mbsrtowcs(out, &at, 16, &state);
    printf("%zu:", n);
    for (size_t i = 0; i < n; i++) printf(" U+%04X", (unsigned)out[i]);
    char back[32] = {0};
    size_t bytes = wcstombs(back, out, sizeof back);
    printf(" %zu %d\n", bytes, strcmp(back, utf8));
    printf("%ls|%zu|%d|%lc\n", L"wide", wcslen(L"four"), sign(wcscmp(L"a", L"b")), (wint_t)towupper(L'x'));
    memset(&state, 0, sizeof state);
    wchar_t c;
    printf("%d\n", mbrtowc(&c, "\xff\xff", 2, &state) == (size_t)-1);
}

static void conversions(void)
{
    char *end;
    printf("%ld %ld %lu %ld\n", strtol(" -0x7fz", &end, 16), strtol("0777", NULL, 0), strtoul("-1", NULL, 10) & 0xffff,
           labs(-5L));
    printf("<%s> %d %g\n", end, abs(-7), atof("1e-3"));
    div_t d = div(-17, 5);
    printf("%d %d\n", d.quot, d.rem);
    srand(1);
    int a = rand(), b = rand();
    srand(1);
    printf("%d\n", a == rand() && b == rand());
}

int main(void)
{
    searching();
    copying();
    formatting();
    characters();
    wide();
    conversions();
    return 0;
}
