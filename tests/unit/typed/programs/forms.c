#include "forms.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double grid_sum(const grid *g)
{
    double sum = g->address + g->kinds[1];
    for (int i = 0; i < 6; i++)
        sum += (i + 1) * g->cells[i / 2][i % 2];
    for (int i = 0; i < 4; i++)
        sum += 100 * g->corners[i].x;
    return sum;
}

double sum_f64(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return sum;
}

double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

void scale(float *samples, size_t n, float by)
{
    for (size_t i = 0; i < n; i++)
        samples[i] *= by;
}

int double_bytes(const uint8_t *src, size_t n, uint8_t *dst, size_t *dst_len)
{
    size_t room = *dst_len, done = n < room ? n : room;
    for (size_t i = 0; i < done; i++)
        dst[i] = (uint8_t)(src[i] * 2);
    *dst_len = done;
    return (int)(n - done);
}

size_t text_length(const char *text) { return text ? strlen(text) : 12345; }

size_t count_char(const char *text, size_t n, char c)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += text[i] == c;
    return count;
}

const char *kind_name(kind k) { return k == KIND_LINE ? "line" : k == KIND_CURVE ? "courbe \xc3\xa9" : NULL; }

kind next_kind(kind k) { return k + 1; }

int extent(const int32_t *x, size_t n, int32_t *least, int32_t *greatest)
{
    if (n == 0)
        return ERR_EMPTY;
    *least = *greatest = x[0];
    for (size_t i = 1; i < n; i++) {
        if (x[i] < *least)
            *least = x[i];
        if (x[i] > *greatest)
            *greatest = x[i];
    }
    return OK;
}

bool is_even(unsigned long long number) { return number % 2 == 0; }
int8_t low_byte(int16_t number) { return (int8_t)number; }
uint32_t wrap_add(uint32_t a, uint32_t b) { return a + b; }
int64_t wide(int64_t a, uint64_t b) { return a + (int64_t)b; }

point point_add(point a, const point *b)
{
    a.x += b->x;
    a.y += b->y;
    return a;
}

boxed box(boxed b, double by)
{
    b.value += by;
    return b;
}

color color_mix(color a, color b)
{
    color mixed = {(a.r + b.r) / 2, (a.g + b.g) / 2, (a.b + b.b) / 2, (a.a + b.a) / 2};
    return mixed;
}

void shape_move(shape *s, double dx, double dy)
{
    s->from.x += dx;
    s->from.y += dy;
    s->to.x += dx;
    s->to.y += dy;
    s->what = KIND_CURVE;
    s->weights[1] += 1;
    s->closed = !s->closed;
}

double shape_length(const shape *s) { return hypot(s->to.x - s->from.x, s->to.y - s->from.y); }

double path_length(const point *points, size_t n)
{
    double length = 0;
    for (size_t i = 1; i < n; i++)
        length += hypot(points[i].x - points[i - 1].x, points[i].y - points[i - 1].y);
    return length;
}

void origin(point *out)
{
    out->x = 7;
    out->y = 8;
}

static shape shared = {{1, 2}, {3, 4}, KIND_LINE, {1, 2, 3, 4}, "shared", {1, 2, 3}, "its label", true};
shape *shape_shared(void) { return &shared; }

int visit_all(visitor v, void *user)
{
    int total = 0;
    total += v(user, "one", 1.5);
    total += v(user, "two", 2.5);
    return total;
}

int chunks(void (*write)(const char *, forms_size, void *), void *user)
{
    static const char text[] = "one two\0three";
    write(text, 3, user);
    write(text + 4, 9, user);
    write(NULL, 0, user);
    return 3;
}

double generate(double (*fill)(double *values, size_t n), double *out, size_t n)
{
    double got = fill(out, n);
    return n ? got + out[n - 1] : got;
}

int with_huge(void (*write)(const void *data, size_t size))
{
    write("x", (size_t)-1);
    return 1;
}

static visitor hook;
void set_hook(visitor v) { hook = v; }
int call_hook(double value) { return hook ? hook(NULL, "hook", value) : -1; }
int apply(int (*f)(int), int x) { return f(x) + 1; }

void sort_i32(int32_t *x, size_t n, int (*less)(const int32_t *a, const int32_t *b))
{
    for (size_t i = 1; i < n; i++)
        for (size_t j = i; j > 0 && less(&x[j], &x[j - 1]); j--) {
            int32_t kept = x[j];
            x[j] = x[j - 1];
            x[j - 1] = kept;
        }
}

struct counter {
    char name[32];
    int count;
};
static int live;

counter *counter_new(const char *name)
{
    if (!*name)
        return NULL;
    counter *made = calloc(1, sizeof *made);
    strncpy(made->name, name, sizeof made->name - 1);
    live++;
    return made;
}

void counter_free(counter *c)
{
    if (c)
        live--;
    free(c);
}

int counter_add(counter *c, int by)
{
    if (by < 0)
        return ERR_RANGE;
    return c->count += by;
}

const char *counter_name(const counter *c) { return c->name; }

int counter_open(const char *name, counter **out)
{
    *out = counter_new(name);
    return *out ? OK : ERR_EMPTY;
}

int live_counters(void) { return live; }
const char *error_text(int code) { return code == ERR_EMPTY ? "it is empty" : code == ERR_RANGE ? "out of range" : "?"; }

size_t join(const char *const *words, char *buffer, size_t capacity)
{
    size_t used = 0;
    for (; *words; words++)
        for (const char *c = *words; *c && used < capacity; c++)
            buffer[used++] = *c;
    return used;
}

char *duplicate(const char *text) { return strdup(text); }

static uint8_t bytes[4096];
uint8_t *region(void) { return bytes; }

size_t touch(uint8_t *data, size_t n)
{
    for (size_t i = 0; i < n; i++)
        data[i]++;
    return (size_t)data;
}

int fill_all(void *a, size_t a_size, const void *b, size_t b_size)
{
    memcpy(a, b, a_size < b_size ? a_size : b_size);
    return (int)(a_size - b_size);
}

int formatted(const char *format, ...) { return (int)strlen(format); }

void trap_now(const uint8_t *data, size_t n)
{
    (void)data;
    if (n)
        __builtin_trap();
}

int callback_with_buffers(const uint8_t *data, size_t n, int (*f)(int depth))
{
    int sum = f(data[0]);
    for (size_t i = 0; i < n; i++)
        sum += data[i];
    return sum;
}
