/* Every way to call: direct, recursive, through pointers and tables of them, with many arguments,
 * with structures by value, with a variable number of arguments, through callbacks from libc. */
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct point { double x, y; };
struct big { int64_t words[9]; };
struct shape { const char *name; double (*area)(const struct shape *); double a, b; };

static double square(const struct shape *s) { return s->a * s->a; }
static double rectangle(const struct shape *s) { return s->a * s->b; }
static double triangle(const struct shape *s) { return s->a * s->b / 2; }
static double heron(const struct shape *s)
{
    double p = (s->a * 2 + s->b) / 2;
    return sqrt(p * (p - s->a) * (p - s->a) * (p - s->b));
}

static struct point rotate(struct point p, int quarter)
{
    for (; quarter > 0; quarter--) p = (struct point){-p.y, p.x};
    return p;
}

static struct big mix(struct big b, int64_t by)
{
    for (int i = 0; i < 9; i++) b.words[i] = b.words[(i + 4) % 9] * by + i;
    return b;
}

static double many(int a, int64_t b, float c, double d, char e, short f, uint32_t g, uint64_t h, float i, double j,
                   int k, int l, int m, int n, int64_t o, double p)
{
    return a + (double)b * 2 + (double)c * 3 + d * 4 + e * 5 + f * 6 + g * 7.0 + (double)h * 8 + (double)i * 9 +
           j * 10 + k * 11 + l * 12 + m * 13 + n * 14 + (double)o * 15 + p * 16;
}

static double sum(const char *types, ...)
{
    double total = 0;
    va_list args;
    va_start(args, types);
    for (; *types; types++) {
        if (*types == 'i') total += va_arg(args, int);
        else if (*types == 'l') total += (double)va_arg(args, int64_t);
        else if (*types == 'd') total += va_arg(args, double);
        else if (*types == 's') total += (double)strlen(va_arg(args, const char *));
        else if (*types == 'p') total += va_arg(args, struct point).x;
    }
    va_end(args);
    return total;
}

static uint32_t ackermann(uint32_t m, uint32_t n)
{
    return m == 0 ? n + 1 : ackermann(m - 1, n == 0 ? 1 : ackermann(m, n - 1));
}

static int is_odd(unsigned n);
static int is_even(unsigned n) { return n == 0 ? 1 : is_odd(n - 1); }
static int is_odd(unsigned n) { return n == 0 ? 0 : is_even(n - 1); }

static long hanoi(int n, int from, int to, long *checksum)
{
    if (n == 0) return 0;
    long moves = hanoi(n - 1, from, 6 - from - to, checksum);
    *checksum = (*checksum * 7 + n * 100 + from * 10 + to) % 1000003;
    return moves + 1 + hanoi(n - 1, 6 - from - to, to, checksum);
}

static int solve_queens(unsigned all, unsigned columns, unsigned left, unsigned right)
{
    if (columns == all) return 1;
    int found = 0;
    for (unsigned free_ = all & ~(columns | left | right); free_;) {
        unsigned bit = free_ & (0 - free_);
        free_ ^= bit;
        found += solve_queens(all, columns | bit, (left | bit) << 1, (right | bit) >> 1);
    }
    return found;
}

static long add(long a, long b) { return a + b; }
static long sub(long a, long b) { return a - b; }
static long mul(long a, long b) { return a * b; }
static long pick(long a, long b) { return a > b ? a : b; }
static long (*const table[])(long, long) = {add, sub, mul, pick};

static int compare_points(const void *a, const void *b)
{
    const struct point *p = a, *q = b;
    double d = p->x * p->x + p->y * p->y - q->x * q->x - q->y * q->y;
    return (d > 0) - (d < 0);
}

static const char *classify(int n)
{
    switch (n) {
    case -3: return "minus three";
    case 0: return "zero";
    case 1: case 2: case 3: return "few";
    case 4: case 5: case 6: case 7: return "some";
    case 1000: return "thousand";
    case 2147483647: return "last";
    default: return n < 0 ? "negative" : "many";
    }
}

int main(int argc, char **argv)
{
    unsigned depth = argc > 1 ? (unsigned)atoi(argv[1]) : 5000;
    const struct shape shapes[] = {
        {"square", square, 3, 0}, {"rectangle", rectangle, 2.5, 4}, {"triangle", triangle, 3, 7}, {"heron", heron, 5, 6}};
    for (int i = 0; i < 4; i++) printf("%s %.6f\n", shapes[i].name, shapes[i].area(&shapes[i]));
    struct point p = rotate((struct point){3, 4}, 3);
    struct big b = mix(mix((struct big){{1, 2, 3, 4, 5, 6, 7, 8, 9}}, 3), -5);
    printf("%g %g %lld %lld\n", p.x, p.y, (long long)b.words[0], (long long)b.words[8]);
    printf("%.3f\n", many(1, -2, 3.5f, -4.25, 'e', -6, 7u, 8u, 9.5f, 10.5, 11, -12, 13, 14, -15, 16.125));
    printf("%.3f\n", sum("ildsp", 1, (int64_t)1 << 40, 0.125, "four", (struct point){7, 8}));
    printf("%u %d %d\n", ackermann(2, 300), is_even(depth), is_odd(depth + 2));
    long checksum = 0, value = 1;
    long moves = hanoi(14, 1, 3, &checksum);
    printf("%ld %ld %d\n", moves, checksum, solve_queens(255, 0, 0, 0));
    for (int i = 0; i < 1000; i++) value = table[(i * 7 + value % 3 + 3) % 4](value, i) % 100003;
    printf("%ld\n", value);
    struct point cloud[50];
    for (int i = 0; i < 50; i++) cloud[i] = (struct point){(i * 37 % 101) / 8.0, (i * 53 % 97) / 4.0};
    qsort(cloud, 50, sizeof *cloud, compare_points);
    struct point wanted = cloud[31], *found = bsearch(&wanted, cloud, 50, sizeof *cloud, compare_points);
    printf("%g %g %td\n", cloud[0].x, cloud[49].y, found ? found - cloud : -1);
    static const int samples[] = {-3, -1, 0, 2, 7, 8, 1000, 2147483647};
    for (int i = 0; i < 8; i++) printf("%s%c", classify(samples[i]), i == 7 ? '\n' : ',');
    return 0;
}
