/* Reads one JSON value from standard input and writes it again.
 *   jsonfmt [-m] [-s]     -m: minified, -s: keys sorted
 * Exit code 2 and "line:column: message" on standard error when the text is not JSON. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { NUL, FALSE_, TRUE_, NUMBER, STRING, ARRAY, OBJECT };

struct value {
    enum kind kind;
    double number;
    char *text; /* STRING: UTF-8, may hold NUL bytes */
    size_t length;
    struct member *members; /* ARRAY, OBJECT */
    size_t count;
};

struct member {
    char *key;
    size_t key_length;
    struct value value;
};

struct parser {
    const char *text, *at, *end;
    int depth;
    int failed;
};

#define MAX_DEPTH 200

static int fail(struct parser *p, const char *message)
{
    if (p->failed) return 0;
    int line = 1, column = 1;
    for (const char *c = p->text; c < p->at; c++) {
        column++;
        if (*c == '\n') line++, column = 1;
    }
    fprintf(stderr, "jsonfmt: %d:%d: %s\n", line, column, message);
    p->failed = 1;
    return 0;
}

static void skip_space(struct parser *p)
{
    while (p->at < p->end && strchr(" \t\r\n", *p->at) && *p->at) p->at++;
}

static int take(struct parser *p, char c)
{
    skip_space(p);
    if (p->at < p->end && *p->at == c) {
        p->at++;
        return 1;
    }
    return 0;
}

static size_t put_utf8(char *out, unsigned long c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n - 1; i > 0; i--, c >>= 6) out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(lead[n] | c);
    return n;
}

static int hex4(struct parser *p, unsigned long *out)
{
    if (p->end - p->at < 4) return fail(p, "short \\u escape");
    char digits[5] = {p->at[0], p->at[1], p->at[2], p->at[3], 0}, *stop;
    *out = strtoul(digits, &stop, 16);
    if (stop != digits + 4 || strchr("+- ", digits[0])) return fail(p, "bad \\u escape");
    p->at += 4;
    return 1;
}

static int parse_escape(struct parser *p, char *out, size_t *used)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char c = p->at < p->end ? *p->at++ : 0;
    const char *hit = c ? strchr(from, c) : NULL;
    if (hit) {
        out[(*used)++] = to[hit - from];
        return 1;
    }
    unsigned long code, low;
    if (c != 'u' || !hex4(p, &code)) return fail(p, "bad escape");
    if (code >= 0xd800 && code < 0xdc00 && p->end - p->at >= 6 && p->at[0] == '\\' && p->at[1] == 'u') {
        p->at += 2;
        if (!hex4(p, &low)) return 0;
        if (low < 0xdc00 || low > 0xdfff) return fail(p, "lone surrogate");
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xd800 && code < 0xe000) {
        return fail(p, "lone surrogate");
    }
    *used += put_utf8(out + *used, code);
    return 1;
}

static int parse_string(struct parser *p, char **text, size_t *length)
{
    if (!take(p, '"')) return fail(p, "string expected");
    size_t capacity = 16, used = 0;
    char *out = malloc(capacity);
    while (p->at < p->end && *p->at != '"') {
        if (used + 8 > capacity) out = realloc(out, capacity *= 2);
        unsigned char c = (unsigned char)*p->at++;
        if (c < 0x20) {
            fail(p, "control character in a string");
            break;
        }
        if (c != '\\') out[used++] = (char)c;
        else if (!parse_escape(p, out, &used)) break;
    }
    if (!p->failed && !take(p, '"')) fail(p, "string does not end");
    out[used] = 0;
    *text = out;
    *length = used;
    return !p->failed;
}

static int parse_value(struct parser *p, struct value *out);

static int parse_members(struct parser *p, struct value *out, char close)
{
    size_t capacity = 0;
    if (take(p, close)) return 1;
    do {
        if (out->count == capacity) {
            capacity = capacity ? capacity * 2 : 4;
            out->members = realloc(out->members, capacity * sizeof *out->members);
        }
        struct member *m = &out->members[out->count];
        memset(m, 0, sizeof *m);
        out->count++;
        if (out->kind == OBJECT) {
            if (!parse_string(p, &m->key, &m->key_length)) return 0;
            if (!take(p, ':')) return fail(p, "':' expected");
        }
        if (!parse_value(p, &m->value)) return 0;
    } while (take(p, ','));
    return take(p, close) ? 1 : fail(p, close == ']' ? "',' or ']' expected" : "',' or '}' expected");
}

static int parse_number(struct parser *p, struct value *out)
{
    char *stop;
    const char *digit = p->at + (*p->at == '-');
    if (digit >= p->end || *digit < '0' || *digit > '9') return fail(p, "value expected");
    if (digit[0] == '0' && digit + 1 < p->end && digit[1] >= '0' && digit[1] <= '9') return fail(p, "leading zero");
    out->kind = NUMBER;
    out->number = strtod(p->at, &stop);
    p->at = stop;
    return 1;
}

static int parse_value(struct parser *p, struct value *out)
{
    static const struct { const char *word; enum kind kind; } words[] = {
        {"null", NUL}, {"false", FALSE_}, {"true", TRUE_}};
    skip_space(p);
    memset(out, 0, sizeof *out);
    if (p->at >= p->end) return fail(p, "value expected");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i].word);
        if ((size_t)(p->end - p->at) >= n && memcmp(p->at, words[i].word, n) == 0) {
            out->kind = words[i].kind;
            p->at += n;
            return 1;
        }
    }
    if (*p->at == '"') {
        out->kind = STRING;
        return parse_string(p, &out->text, &out->length);
    }
    if (*p->at != '[' && *p->at != '{') return parse_number(p, out);
    if (++p->depth > MAX_DEPTH) return fail(p, "nested too deeply");
    out->kind = *p->at == '[' ? ARRAY : OBJECT;
    int ok = parse_members(p, out, *p->at++ == '[' ? ']' : '}');
    p->depth--;
    return ok;
}

static void print_string(const char *text, size_t length)
{
    putchar('"');
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\') printf("\\%c", c);
        else if (c == '\n') fputs("\\n", stdout);
        else if (c == '\t') fputs("\\t", stdout);
        else if (c < 0x20 || c == 0x7f) printf("\\u%04x", c);
        else putchar(c);
    }
    putchar('"');
}

static void print_number(double x)
{
    char text[40];
    if (x == floor(x) && fabs(x) < 1e15) {
        printf("%.0f", x);
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, x);
        if (strtod(text, NULL) == x) break;
    }
    fputs(text, stdout);
}

static int by_key(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    return strcmp(x->key, y->key);
}

static void print_break(int minified, int level)
{
    if (!minified) printf("\n%*s", level * 2, "");
}

static void print_value(const struct value *v, int minified, int sorted, int level)
{
    static const char *const words[] = {"null", "false", "true"};
    if (v->kind <= TRUE_) fputs(words[v->kind], stdout);
    else if (v->kind == NUMBER) print_number(v->number);
    else if (v->kind == STRING) print_string(v->text, v->length);
    else {
        putchar(v->kind == ARRAY ? '[' : '{');
        if (sorted && v->kind == OBJECT && v->count) qsort(v->members, v->count, sizeof *v->members, by_key);
        for (size_t i = 0; i < v->count; i++) {
            if (i) putchar(',');
            print_break(minified, level + 1);
            if (v->kind == OBJECT) {
                print_string(v->members[i].key, v->members[i].key_length);
                fputs(minified ? ":" : ": ", stdout);
            }
            print_value(&v->members[i].value, minified, sorted, level + 1);
        }
        if (v->count) print_break(minified, level);
        putchar(v->kind == ARRAY ? ']' : '}');
    }
}

static void release(struct value *v)
{
    for (size_t i = 0; i < v->count; i++) {
        free(v->members[i].key);
        release(&v->members[i].value);
    }
    free(v->members);
    free(v->text);
}

int main(int argc, char **argv)
{
    int minified = 0, sorted = 0;
    for (int i = 1; i < argc; i++) {
        minified |= strcmp(argv[i], "-m") == 0;
        sorted |= strcmp(argv[i], "-s") == 0;
    }
    size_t capacity = 64, length = 0, got;
    char *text = malloc(capacity + 1);
    while ((got = fread(text + length, 1, capacity - length, stdin)) > 0) {
        length += got;
        if (length == capacity) text = realloc(text, (capacity *= 2) + 1);
    }
    text[length] = 0;
    struct parser p = {text, text, text + length, 0, 0};
    struct value root;
    int ok = parse_value(&p, &root);
    skip_space(&p);
    if (ok && p.at != p.end) ok = fail(&p, "text after the value");
    if (ok) {
        print_value(&root, minified, sorted, 0);
        putchar('\n');
    }
    release(&root);
    free(text);
    return ok ? 0 : 2;
}
