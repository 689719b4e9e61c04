/* A library that uses every part of C that ctypes and cffi reach; built for the host and for wasm32. */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#ifdef _WIN32
#define API __declspec(dllexport)
#else
#define API __attribute__((visibility("default")))
#endif

/* ---- numbers ---- */
API int add(int a, int b) { return a + b; }
API unsigned char next_u8(unsigned char x) { return (unsigned char)(x + 1); }
API signed char negate_i8(signed char x) { return (signed char)-x; }
API unsigned short next_u16(unsigned short x) { return (unsigned short)(x + 1); }
API int64_t mul_i64(int64_t a, int64_t b) { return a * b; }
API uint64_t next_u64(uint64_t x) { return x + 1; }
API uint32_t next_u32(uint32_t x) { return x + 1; }
API double half(double x) { return x / 2; }
API float halff(float x) { return x / 2; }
API bool negate(bool x) { return !x; }
API char upper(char c) { return c >= 'a' && c <= 'z' ? (char)(c - 32) : c; }
API size_t doubled(size_t n) { return n * 2; }
API void nothing(void) {}
API int32_t sum_mixed(int8_t a, uint16_t b, int32_t c, float d, double e) { return (int32_t)(a + b + c + d + e); }

/* ---- strings ---- */
API size_t length(const char *s) { return s ? strlen(s) : 12345; }
API const char *greeting(void) { return "hello"; }
API const char *maybe(int yes) { return yes ? "yes" : NULL; }
API char *join(const char *a, const char *b)
{
    char *out = malloc(strlen(a) + strlen(b) + 1);
    strcpy(out, a);
    return strcat(out, b);
}
API void release(void *p) { free(p); }
API void fill(char *out, size_t n, char c) { memset(out, c, n); }
API void reverse(char *s)
{
    for (size_t i = 0, j = strlen(s); i + 1 < j; i++) {
        char c = s[i];
        s[i] = s[--j];
        s[j] = c;
    }
}
API size_t wide_length(const wchar_t *s) { return wcslen(s); }
API const wchar_t *wide_greeting(void) { return L"h\u00e9llo"; }
API int count_words(const char **words, char *longest)
{
    int n = 0;
    size_t best = 0;
    for (; words[n]; n++)
        if (strlen(words[n]) > best) {
            best = strlen(words[n]);
            strcpy(longest, words[n]);
        }
    return n;
}

/* ---- pointers ---- */
API int read_int(const int *p) { return p ? *p : -1; }
API void set_int(int *p, int value) { *p = value; }
API void divide(int a, int b, int *quotient, int *rest)
{
    *quotient = a / b;
    *rest = a % b;
}
API int sum_ints(const int *p, size_t n)
{
    int sum = 0;
    for (size_t i = 0; i < n; i++) sum += p[i];
    return sum;
}
API double sum_doubles(const double *p, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += p[i];
    return sum;
}
API int same(const void *a, const void *b) { return a == b; }
API ptrdiff_t distance(const char *a, const char *b) { return b - a; }
static int table_of_ints[5] = {10, 20, 30, 40, 50};
API int *ints(void) { return table_of_ints; }
API void find_int(int value, int **out)
{
    *out = NULL;
    for (int i = 0; i < 5; i++)
        if (table_of_ints[i] == value) *out = &table_of_ints[i];
}
API void *identity(void *p) { return p; }
API int text_out(const char **out, int *length)
{
    *out = "out of C";
    *length = 8;
    return 0;
}

/* ---- structs ---- */
typedef struct { int x, y; } Point;
typedef struct { char tag; double weight; Point at; int16_t values[3]; } Record;
typedef struct Node { int value; struct Node *next; } Node;
typedef struct { const char *name; int (*apply)(int); void *data; Point *where; uint8_t flags; } Item;
typedef union { int32_t i; float f; uint8_t bytes[4]; } Number;
typedef struct { unsigned a : 3; unsigned b : 5; int c : 8; unsigned d : 20; } Bits;
typedef struct { int32_t only; } Single;

API int point_sum(Point p) { return p.x + p.y; }
API Point point_make(int x, int y) { return (Point){x, y}; }
API void point_move(Point *p, int dx, int dy) { p->x += dx; p->y += dy; }
API Record record_make(char tag, double weight) { return (Record){tag, weight, {1, 2}, {3, 4, 5}}; }
API double record_weight(const Record *r) { return r->weight + r->at.x + r->values[2]; }
API int single_get(Single s) { return s.only; }
API Single single_make(int v) { return (Single){v}; }
API int list_sum(const Node *n)
{
    int sum = 0;
    for (; n; n = n->next) sum += n->value;
    return sum;
}
API Node *list_push(Node *head, int value)
{
    Node *n = malloc(sizeof *n);
    n->value = value;
    n->next = head;
    return n;
}
API void list_free(Node *n)
{
    while (n) {
        Node *next = n->next;
        free(n);
        n = next;
    }
}
API void list_double(Node *n) { for (; n; n = n->next) n->value *= 2; }
API Node *list_reverse(Node *n)
{
    Node *done = NULL;
    while (n) {
        Node *next = n->next;
        n->next = done;
        done = n;
        n = next;
    }
    return done;
}
API int item_run(const Item *item, int x)
{
    int sum = item->apply ? item->apply(x) : x;
    if (item->name) sum += (int)strlen(item->name);
    if (item->where) sum += item->where->x;
    if (item->data) sum += *(int *)item->data;
    return sum + item->flags;
}
API void item_init(Item *item)
{
    item->name = "from C";
    item->apply = NULL;
    item->data = table_of_ints;
    item->where = NULL;
    item->flags = 7;
}
API int item_by_value(Item item) { return item.flags + (item.name ? (int)strlen(item.name) : 0); }
API Item item_make(const char *name) { Item item = {name, NULL, NULL, NULL, 9}; return item; }
API int32_t number_bits(Number n) { return n.i; }
API void number_set(Number *n, float f) { n->f = f; }
API int bits_sum(const Bits *b) { return (int)(b->a + b->b + b->d) + b->c; }
API void bits_set(Bits *b, int a, int bb, int c, int d) { b->a = a & 7; b->b = bb & 31; b->c = c; b->d = d & 0xfffff; }
API int points_sum(const Point *p, int n)
{
    int sum = 0;
    for (int i = 0; i < n; i++) sum += p[i].x * p[i].y;
    return sum;
}
API size_t size_of(int which)
{
    switch (which) {
    case 0: return sizeof(Point);
    case 1: return sizeof(Record);
    case 2: return sizeof(Node);
    case 3: return sizeof(Item);
    case 4: return sizeof(Number);
    case 5: return sizeof(Bits);
    case 6: return sizeof(long);
    default: return sizeof(void *);
    }
}

/* ---- callbacks ---- */
API int apply(int (*f)(int), int x) { return f(x); }
API double apply_double(double (*f)(double, float), double x) { return f(x, 2.5f); }
API void each(const int *p, int n, void (*f)(int, void *), void *data)
{
    for (int i = 0; i < n; i++) f(p[i], data);
}
API void sort(int *p, size_t n, int (*compare)(const int *, const int *))
{
    qsort(p, n, sizeof *p, (int (*)(const void *, const void *))compare);
}
API int call_with_point(int (*f)(Point *), int x)
{
    Point p = {x, 1};
    int got = f(&p);
    return got + p.y;
}
API int call_with_text(int (*f)(const char *), const char *s) { return f(s); }
API int walk(Node *n, int (*f)(Node *))
{
    int sum = 0;
    for (; n; n = n->next) sum += f(n);
    return sum;
}
static int (*kept)(int);
API void keep(int (*f)(int)) { kept = f; }
API int call_kept(int x) { return kept ? kept(x) : -1; }
static int triple(int x) { return 3 * x; }
typedef int (*Unary)(int);
API Unary get_triple(int yes) { return yes ? triple : NULL; }

/* ---- a library that keeps what it is given ---- */
static char *kept_buffer;
API void keep_buffer(char *p) { kept_buffer = p; }
API void write_kept(char c) { *kept_buffer = c; }

/* ---- a stream, as zlib has it ---- */
typedef struct { const uint8_t *next_in; unsigned avail_in; uint8_t *next_out; unsigned avail_out; void *state; } Stream;
API int stream_step(Stream *s)
{
    int n = 0;
    if (!s->state) s->state = calloc(1, 4);
    while (s->avail_in && s->avail_out && n < 4) {
        *s->next_out++ = (uint8_t)(*s->next_in++ ^ 0x20);
        s->avail_in--, s->avail_out--, n++;
    }
    *(int *)s->state += n;
    return *(int *)s->state;
}

/* ---- variables, errno, variable arguments ---- */
API int counter = 42;
API const char *const version = "1.2.3";
API Point origin = {7, 8};
API Node first = {5, NULL};
API int bump(void) { return ++counter; }
API int fail_with(int which)
{
    errno = which == 0 ? ENOENT : which == 1 ? EINVAL : ERANGE;
    return -1;
}
API int errno_now(void) { return errno == ENOENT ? 1 : errno == EINVAL ? 2 : errno == 0 ? 0 : 3; }
API int format(char *out, size_t n, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int r = vsnprintf(out, n, fmt, args);
    va_end(args);
    return r;
}
API void crash(void) { __builtin_trap(); }
API const char *bad_text(void) { return (const char *)(uintptr_t)0xfffffff0u; }
