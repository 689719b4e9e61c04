/* A library module: functions for Python to call, some state, buffers that the caller allocates.
 * The tests compile it twice, to a wasm reactor and to a shared object for ctypes. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int32_t add(int32_t a, int32_t b) { return (int32_t)((uint32_t)a + (uint32_t)b); }
int64_t mul64(int64_t a, int64_t b) { return (int64_t)((uint64_t)a * (uint64_t)b); }
double hypotenuse(double a, double b) { return sqrt(a * a + b * b); }
float scale(float x, int32_t by) { return x * (float)by; }
void nothing(void) {}

int32_t fib(int32_t n) { return n < 2 ? n : add(fib(n - 1), fib(n - 2)); }

/* State that must survive from call to call, and start anew with each instance. */
static int32_t counter = 100;
int32_t next_count(void) { return ++counter; }

uint32_t crc32(const unsigned char *data, uint32_t length)
{
    static uint32_t table[256];
    if (!table[1])
        for (uint32_t i = 0; i < 256; i++) {
            uint32_t c = i;
            for (int k = 0; k < 8; k++) c = c & 1 ? 0xedb88320u ^ c >> 1 : c >> 1;
            table[i] = c;
        }
    uint32_t c = ~0u;
    for (uint32_t i = 0; i < length; i++) c = table[(c ^ data[i]) & 0xff] ^ c >> 8;
    return ~c;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void sort_doubles(double *values, uint32_t count) { qsort(values, count, sizeof *values, compare); }

double mean(const double *values, uint32_t count)
{
    double sum = 0;
    for (uint32_t i = 0; i < count; i++) sum += values[i];
    return count ? sum / count : 0;
}

/* Returns a new NUL-terminated string that the caller frees. */
char *reversed(const char *text)
{
    size_t n = strlen(text);
    char *out = malloc(n + 1);
    for (size_t i = 0; i < n; i++) out[i] = text[n - 1 - i];
    out[n] = 0;
    return out;
}

int32_t describe(char *out, uint32_t size, int32_t n, double x)
{
    return snprintf(out, size, "n=%d x=%.6f hex=%#x e=%e", n, x, (unsigned)n, x);
}

/* A constructor: runs in _initialize of the reactor, and when the shared object is loaded. */
static int32_t prepared;
__attribute__((constructor)) static void prepare(void) { prepared = 4711; }
int32_t is_prepared(void) { return prepared; }

/* Through a table of functions. */
static int32_t twice(int32_t x) { return 2 * x; }
static int32_t square(int32_t x) { return x * x; }
static int32_t negate(int32_t x) { return -x; }
static int32_t (*const steps[])(int32_t) = {twice, square, negate};
int32_t apply(uint32_t which, int32_t x) { return which < 3 ? steps[which](x) : -1; }

void matrix_multiply(const double *a, const double *b, double *out, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < n; j++) {
            double sum = 0;
            for (uint32_t k = 0; k < n; k++) sum += a[i * n + k] * b[k * n + j];
            out[i * n + j] = sum;
        }
}

int32_t divide(int32_t a, int32_t b) { return a / b; }
