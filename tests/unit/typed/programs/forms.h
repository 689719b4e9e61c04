/* What a library's header looks like, as far as typed functions go. */
#ifndef FORMS_H
#define FORMS_H
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>

#define FORMS_VERSION "1.4"
#define FORMS_MOST 16

#ifdef __cplusplus
extern "C" {
#endif

/** A place in the plane. */
typedef struct {
    double x, y;
} point;

/* Four bytes of one thing each. */
typedef struct { uint8_t r, g, b, a; } color;

typedef struct { double value; } boxed;

typedef enum { KIND_NONE, KIND_LINE = 3, KIND_CURVE } kind;

typedef struct {
    point from, to;
    kind what;
    color paint;
    char name[12];
    float weights[3];
    const char *label;
    bool closed;
} shape;

typedef struct {
    float cells[3][2];
    point corners[4];
    char words[2][8];
    kind kinds[2];
    const char *names[2];
    int address;
} grid;

double grid_sum(const grid *g);

/* Sum of the numbers. */
double sum_f64(const double *x, size_t n);
/* Scalar product of two vectors of one length. */
double dot(const double *a, const double *b, size_t n);
/* Multiplies in place. */
void scale(float *samples, size_t n, float by);
/** Bytes of src, doubled, into dst.
 *  @return how many did not fit */
int double_bytes(const uint8_t *src, size_t n, uint8_t *dst, size_t *dst_len);
size_t text_length(const char *text);
size_t count_char(const char *text, size_t n, char c);
const char *kind_name(kind k);
kind next_kind(kind k);
/** Least and greatest.
 *  @param[out] least of all
 *  @param[out] greatest of all */
int extent(const int32_t *x, size_t n, int32_t *least, int32_t *greatest);
bool is_even(unsigned long long number);
int8_t low_byte(int16_t number);
uint32_t wrap_add(uint32_t a, uint32_t b);
int64_t wide(int64_t a, uint64_t b);

point point_add(point a, const point *b);
boxed box(boxed b, double by);
color color_mix(color a, color b);
void shape_move(shape *s, double dx, double dy);
double shape_length(const shape *s);
double path_length(const point *points, size_t n);
void origin(point *out);
shape *shape_shared(void);

typedef int (*visitor)(void *user, const char *name, double value);
int visit_all(visitor v, void *user);
void set_hook(visitor v);
int call_hook(double value);
int apply(int (*f)(int), int x);
void sort_i32(int32_t *x, size_t n, int (*less)(const int32_t *a, const int32_t *b));

typedef unsigned forms_size;
int chunks(void (*write)(const char *, forms_size, void *), void *user);
double generate(double (*fill)(double *values, size_t n), double *out, size_t n);
int with_huge(void (*write)(const void *data, size_t size));

typedef struct counter counter;
/* A counter with a name; fails on an empty one. */
counter *counter_new(const char *name);
void counter_free(counter *c);
int counter_add(counter *c, int by);
const char *counter_name(const counter *c);
int counter_open(const char *name, counter **out);
int live_counters(void);

enum { OK = 0, ERR_EMPTY = -1, ERR_RANGE = -2 };
const char *error_text(int code);

size_t join(const char *const *words, char *buffer, size_t capacity);
char *duplicate(const char *text);
uint8_t *region(void);
size_t touch(uint8_t *data, size_t n);
int fill_all(void *a, size_t a_size, const void *b, size_t b_size);
int formatted(const char *format, ...);
void trap_now(const uint8_t *data, size_t n);
int not_exported(int x);
int callback_with_buffers(const uint8_t *data, size_t n, int (*f)(int depth));

#ifdef __cplusplus
}
#endif
#endif
