/* A library: no main, the functions are exported by name (build_hello.py). */
#include <math.h>
#include <stdint.h>

double circle_area(double radius) { return 3.14159265358979323846 * radius * radius; }

double triangle_area(double a, double b, double c)
{
    double s = (a + b + c) / 2;
    return sqrt(s * (s - a) * (s - b) * (s - c));
}

int32_t greatest_common_divisor(int32_t a, int32_t b)
{
    while (b) {
        int32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a < 0 ? -a : a;
}
