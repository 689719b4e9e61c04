/* Numbers as text, both ways. The functions of libm that must be exact are used, no others.
 *   numfmt            a fixed table
 *   numfmt NUMBER...  each as a double and as an integer in several bases */
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void show_double(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    if (isnan(x)) {
        puts("nan");
        return;
    }
    printf("%016" PRIx64 " %g %e %f %a|%+.3f|%-12.4g|%012.2f|% .0f|%#.0f|%.17g\n", bits, x, x,
           fabs(x) < 1e30 ? x : 0.0, isnormal(x) ? x : 0.0, x, x, x, x, x, x);
    int exponent;
    double fraction = frexp(x, &exponent), whole;
    double rest = modf(x, &whole);
    printf("  %.17g*2^%d %.17g %.17g floor=%g ceil=%g trunc=%g rint=%g round=%g\n", fraction,
           isinf(x) ? 0 : exponent, rest, whole, floor(x), ceil(x), trunc(x), rint(x), round(x));
    if (isfinite(x))
        printf("  sqrt=%.17g fmod=%.17g ldexp=%.17g next=%.17g fma=%.17g float=%.9g\n", x < 0 ? 0.0 : sqrt(x),
               fmod(x, 0.7), ldexp(x, -3), nextafter(x, 0.0), fma(x, x, -1.0), (double)(float)x);
}

static void show_integers(void)
{
    static const int64_t values[] = {0, 1, -1, 42, -128, 32767, INT_MAX, INT_MIN, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        int64_t v = values[i];
        printf("%d|%5d|%-5d|%05d|%+d|%u|%x|%#X|%o|%#o|%hhd|%hd\n", (int)v, (int)v, (int)v, (int)v, (int)v,
               (unsigned)v, (unsigned)v, (unsigned)v, (unsigned)v, (unsigned)v, (signed char)v, (short)v);
        printf("%" PRId64 "|%" PRIu64 "|%" PRIx64 "|%24" PRId64 "|%-24" PRId64 "|%.22" PRId64 "\n", v, (uint64_t)v,
               (uint64_t)v, v, v, v);
    }
    printf("%s|%.3s|%10s|%-10s|%c|%%|%*d|%-*d|%.*f\n", "text", "truncated", "right", "left", 'x', 6, 1, 6, 2, 3, 1.5);
    printf("%5.1f|%-8.3e|%G|%E\n", -0.05, 12345.678, 1e-10, 1e100);
}

static void show_argument(const char *text)
{
    char *end;
    errno = 0;
    double x = strtod(text, &end);
    printf("strtod(%s): rest=%s%s\n", text, *end ? end : "-", errno == ERANGE ? " ERANGE" : "");
    show_double(x);
    for (int base = 0; base <= 36; base += base ? 10 : 2) {
        errno = 0;
        long long n = strtoll(text, &end, base);
        /* Where the value overflows, musl and glibc disagree on where the digits end. */
        if (errno == ERANGE) printf("  base %d: %lld ERANGE\n", base, n);
        else printf("  base %d: %lld rest=%s\n", base, n, *end ? end : "-");
    }
    printf("  float %.9g int %d\n", (double)strtof(text, NULL), atoi("77x") + 1);
}

static void scan(void)
{
    int a, n;
    unsigned b;
    double c;
    char word[16], set[16];
    int got = sscanf("  -17 0x1F 2.5e3 hello [abc]123", "%d %x %lf %15s [%15[a-z]]%n", &a, &b, &c, word, set, &n);
    printf("sscanf %d: %d %u %g %s %s %d\n", got, a, b, c, word, set, n);
}

int main(int argc, char **argv)
{
    static const double table[] = {0.0, -0.0, 1.0, -1.5, 0.1, 1.0 / 3.0, 2.5, 3.5, -2.5, 1e-5, 123456789.0, 1e15,
                                   1e16, 1e22, 1e23, 9007199254740993.0, 4.9406564584124654e-324, DBL_MIN, DBL_MAX,
                                   DBL_EPSILON, 3.141592653589793, 6.02214076e23, 1.7976931348623157e308, 0.3, 0.7};
    if (argc > 1) {
        for (int i = 1; i < argc; i++) show_argument(argv[i]);
        return 0;
    }
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) show_double(table[i]);
    show_double(INFINITY);
    show_double(-INFINITY);
    show_double(NAN);
    show_integers();
    scan();
    return 0;
}
