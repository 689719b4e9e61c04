/* Every integer and float operation of C over a table of awkward values.
 * Prints one checksum per operation, so a wrong handler is named by its line. With an operation's
 * name as argument: each single result. The operands pass through noinline functions, so the
 * compiler can fold nothing. Undefined cases of C are left out on both sides alike. */
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define LEAF static __attribute__((noinline))

static const int64_t integers[] = {
    0, 1, 2, 3, 5, 7, 8, 15, 16, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 1000000007,
    2147483646, 2147483647, 2147483648, 4294967295, 4294967296, 4294967297, 1311768467463790320, 6148914691236517205,
    INT64_MAX - 1, INT64_MAX, INT64_MIN, INT64_MIN + 1, -1, -2, -3, -7, -8, -127, -128, -129, -255, -256, -32768,
    -32769, -65536, -2147483647, -2147483648, -2147483649, -4294967296, -1234567890123456789};

static const double doubles[] = {
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 0.1, -0.1, 3.0, 7.0, 1e-310, -1e-310, 4.9e-324, 1e300, -1e300,
    1e308, 16777216.0, 16777217.0, 2147483647.0, 2147483647.5, -2147483648.0, 4294967295.0, 4294967295.5, 9007199254740992.0,
    9007199254740993.0, 9.2233720368547748e18, -9.2233720368547758e18, 1.8446744073709550e19, 3.4028234663852886e38,
    1.17549435e-38, 1e-45, 0.9999999999999999, -0.9999999999999999, 123456.789, -98765.4321, 1e15, 6.02214076e23};

static const char *wanted;
static uint64_t hash;

static void feed(const char *name, uint64_t bits)
{
    hash = (hash ^ bits) * 1099511628211u;
    hash ^= hash >> 29;
    if (wanted && strcmp(wanted, name) == 0) printf("  %016" PRIx64 "\n", bits);
}

static void finish(const char *name)
{
    printf("%-22s %016" PRIx64 "\n", name, hash);
    hash = 14695981039346656037u;
}

static uint64_t bits_of_double(double x)
{
    uint64_t bits;
    if (isnan(x)) return 0x7ff8000000000000u;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static uint64_t bits_of_float(float x)
{
    uint32_t bits;
    if (isnan(x)) return 0x7fc00000u;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

#define INT_BINARY(name, type, legal, expr)                                      \
    LEAF type name(type a, type b) { return (type)(expr); }                      \
    static void all_##name(void)                                                 \
    {                                                                            \
        for (size_t i = 0; i < COUNT(integers); i++)                             \
            for (size_t j = 0; j < COUNT(integers); j++) {                       \
                type a = (type)integers[i], b = (type)integers[j];               \
                (void)b;                                                         \
                if (legal) feed(#name, (uint64_t)name(a, b));                    \
            }                                                                    \
        finish(#name);                                                           \
    }

#define INT_OPS(s, u, S, U, BITS, MIN)                                           \
    INT_BINARY(s##_add, U, 1, a + b)                                             \
    INT_BINARY(s##_sub, U, 1, a - b)                                             \
    INT_BINARY(s##_mul, U, 1, a * b)                                             \
    INT_BINARY(s##_and, U, 1, a &b)                                              \
    INT_BINARY(s##_or, U, 1, a | b)                                              \
    INT_BINARY(s##_xor, U, 1, a ^ b)                                             \
    INT_BINARY(s##_div_s, S, b != 0 && !(a == MIN && b == -1), a / b)            \
    INT_BINARY(s##_rem_s, S, b != 0 && !(a == MIN && b == -1), a % b)            \
    INT_BINARY(s##_div_u, U, b != 0, a / b)                                      \
    INT_BINARY(s##_rem_u, U, b != 0, a % b)                                      \
    INT_BINARY(s##_shl, U, 1, a << (b & (BITS - 1)))                             \
    INT_BINARY(s##_shr_u, U, 1, a >> (b & (BITS - 1)))                           \
    INT_BINARY(s##_shr_s, S, 1, a >> (b & (BITS - 1)))                           \
    INT_BINARY(s##_rotl, U, 1, (a << (b & (BITS - 1))) | (a >> (-b & (BITS - 1))))  \
    INT_BINARY(s##_rotr, U, 1, (a >> (b & (BITS - 1))) | (a << (-b & (BITS - 1))))  \
    INT_BINARY(s##_compare_s, S, 1, (a < b) | (a <= b) << 1 | (a > b) << 2 | (a >= b) << 3 | (a == b) << 4 | (a != b) << 5) \
    INT_BINARY(s##_compare_u, U, 1, (U)((a < b) | (a <= b) << 1 | (a > b) << 2 | (a >= b) << 3))                             \
    INT_BINARY(s##_branch_s, S, 1, a < b ? (a < 0 ? 3 : 5) : a == b ? 7 : b > 100 ? 11 : 13)                                 \
    INT_BINARY(s##_branch_u, U, 1, a < b ? (a < 99 ? 3 : 5) : a == b ? 7 : b > 100 ? 11 : 13)                                \
    INT_BINARY(s##_select, S, 1, a > b ? a : b)                                  \
    INT_BINARY(s##_eqz, S, 1, !a + 2 * !b)                                       \
    static void all_##s(void)                                                    \
    {                                                                            \
        all_##s##_add(), all_##s##_sub(), all_##s##_mul(), all_##s##_and(), all_##s##_or(), all_##s##_xor(); \
        all_##s##_div_s(), all_##s##_rem_s(), all_##s##_div_u(), all_##s##_rem_u(), all_##s##_shl();         \
        all_##s##_shr_u(), all_##s##_shr_s(), all_##s##_rotl(), all_##s##_rotr(), all_##s##_compare_s();     \
        all_##s##_compare_u(), all_##s##_branch_s(), all_##s##_branch_u(), all_##s##_select(), all_##s##_eqz(); \
    }

INT_OPS(i8, u8, int8_t, uint8_t, 8, INT8_MIN)
INT_OPS(i16, u16, int16_t, uint16_t, 16, INT16_MIN)
INT_OPS(i32, u32, int32_t, uint32_t, 32, INT32_MIN)
INT_OPS(i64, u64, int64_t, uint64_t, 64, INT64_MIN)

#define FLOAT_BINARY(name, type, bits, expr)                                     \
    LEAF type name(type a, type b) { return expr; }                              \
    static void all_##name(void)                                                 \
    {                                                                            \
        for (size_t i = 0; i < COUNT(doubles); i++)                              \
            for (size_t j = 0; j < COUNT(doubles); j++)                          \
                feed(#name, bits(name((type)doubles[i], (type)doubles[j])));     \
        finish(#name);                                                           \
    }

#define FLOAT_COMPARE(name, type)                                                \
    LEAF int name(type a, type b)                                                \
    {                                                                            \
        int r = (a < b) | (a <= b) << 1 | (a > b) << 2 | (a >= b) << 3 | (a == b) << 4 | (a != b) << 5; \
        if (a < b) r += 64;                                                      \
        if (!(a >= b)) r += 128;                                                 \
        if (a == b) r += 256;                                                    \
        return r;                                                                \
    }                                                                            \
    static void all_##name(void)                                                 \
    {                                                                            \
        for (size_t i = 0; i <= COUNT(doubles); i++)                             \
            for (size_t j = 0; j <= COUNT(doubles); j++)                         \
                feed(#name, (uint64_t)name((type)(i < COUNT(doubles) ? doubles[i] : NAN),   \
                                           (type)(j < COUNT(doubles) ? doubles[j] : NAN))); \
        finish(#name);                                                           \
    }

#define FLOAT_OPS(f, type, bits, suffix)                                         \
    FLOAT_BINARY(f##_add, type, bits, a + b)                                     \
    FLOAT_BINARY(f##_sub, type, bits, a - b)                                     \
    FLOAT_BINARY(f##_mul, type, bits, a * b)                                     \
    FLOAT_BINARY(f##_div, type, bits, a / b)                                     \
    FLOAT_BINARY(f##_copysign, type, bits, copysign##suffix(a, b))               \
    FLOAT_BINARY(f##_fmin, type, bits, a == b ? a : fmin##suffix(a, b))          \
    FLOAT_BINARY(f##_fmax, type, bits, a == b ? a : fmax##suffix(a, b))          \
    FLOAT_BINARY(f##_rounding, type, bits, floor##suffix(a) + 2 * ceil##suffix(b) + 3 * trunc##suffix(a)) \
    FLOAT_BINARY(f##_rint, type, bits, rint##suffix(a) + nearbyint##suffix(b))   \
    FLOAT_BINARY(f##_abs_neg, type, bits, fabs##suffix(a) + -b)                  \
    FLOAT_BINARY(f##_sqrt, type, bits, sqrt##suffix(fabs##suffix(a)) - sqrt##suffix(fabs##suffix(b))) \
    FLOAT_BINARY(f##_fma, type, bits, fma##suffix(a, b, a))                      \
    FLOAT_BINARY(f##_fmod, type, bits, b == 0 ? 0 : fmod##suffix(a, b))          \
    FLOAT_COMPARE(f##_compare, type)                                             \
    static void all_##f(void)                                                    \
    {                                                                            \
        all_##f##_add(), all_##f##_sub(), all_##f##_mul(), all_##f##_div(), all_##f##_copysign();  \
        all_##f##_fmin(), all_##f##_fmax(), all_##f##_rounding(), all_##f##_rint(), all_##f##_abs_neg(); \
        all_##f##_sqrt(), all_##f##_fma(), all_##f##_fmod(), all_##f##_compare();                  \
    }

FLOAT_OPS(f32, float, bits_of_float, f)
FLOAT_OPS(f64, double, bits_of_double, )

#define FROM_INT(name, from, to, bits)                                           \
    LEAF to name(from x) { return (to)x; }                                       \
    static void all_##name(void)                                                 \
    {                                                                            \
        for (size_t i = 0; i < COUNT(integers); i++) feed(#name, bits(name((from)integers[i]))); \
        finish(#name);                                                           \
    }

#define FROM_FLOAT(name, from, to, low, high)                                    \
    LEAF to name(from x) { return (to)x; }                                       \
    static void all_##name(void)                                                 \
    {                                                                            \
        for (size_t i = 0; i < COUNT(doubles); i++) {                            \
            from x = (from)doubles[i];                                           \
            if (x > (from)(low) && x < (from)(high)) feed(#name, (uint64_t)name(x)); \
        }                                                                        \
        finish(#name);                                                           \
    }

FROM_INT(f32_from_i32, int32_t, float, bits_of_float)
FROM_INT(f32_from_u32, uint32_t, float, bits_of_float)
FROM_INT(f32_from_i64, int64_t, float, bits_of_float)
FROM_INT(f32_from_u64, uint64_t, float, bits_of_float)
FROM_INT(f64_from_i32, int32_t, double, bits_of_double)
FROM_INT(f64_from_u32, uint32_t, double, bits_of_double)
FROM_INT(f64_from_i64, int64_t, double, bits_of_double)
FROM_INT(f64_from_u64, uint64_t, double, bits_of_double)
FROM_INT(i64_from_i8, int8_t, int64_t, (uint64_t))
FROM_INT(i64_from_i16, int16_t, int64_t, (uint64_t))
FROM_INT(i64_from_i32, int32_t, int64_t, (uint64_t))
FROM_INT(i64_from_u32, uint32_t, int64_t, (uint64_t))
FROM_INT(i32_from_i8, int8_t, int32_t, (uint64_t))
FROM_INT(i32_from_i16, int16_t, int32_t, (uint64_t))
FROM_INT(i32_from_i64, int64_t, int32_t, (uint64_t))
FROM_FLOAT(i32_from_f32, float, int32_t, -2147483648.0, 2147483648.0)
FROM_FLOAT(u32_from_f32, float, uint32_t, -1.0, 4294967296.0)
FROM_FLOAT(i64_from_f32, float, int64_t, -9223372036854775808.0, 9223372036854775808.0)
FROM_FLOAT(u64_from_f32, float, uint64_t, -1.0, 18446744073709551616.0)
FROM_FLOAT(i32_from_f64, double, int32_t, -2147483649.0, 2147483648.0)
FROM_FLOAT(u32_from_f64, double, uint32_t, -1.0, 4294967296.0)
FROM_FLOAT(i64_from_f64, double, int64_t, -9223372036854775808.0, 9223372036854775808.0)
FROM_FLOAT(u64_from_f64, double, uint64_t, -1.0, 18446744073709551616.0)

static void all_conversions(void)
{
    all_f32_from_i32(), all_f32_from_u32(), all_f32_from_i64(), all_f32_from_u64();
    all_f64_from_i32(), all_f64_from_u32(), all_f64_from_i64(), all_f64_from_u64();
    all_i64_from_i8(), all_i64_from_i16(), all_i64_from_i32(), all_i64_from_u32();
    all_i32_from_i8(), all_i32_from_i16(), all_i32_from_i64();
    all_i32_from_f32(), all_u32_from_f32(), all_i64_from_f32(), all_u64_from_f32();
    all_i32_from_f64(), all_u32_from_f64(), all_i64_from_f64(), all_u64_from_f64();
}

/* Counting zeros: __builtin_clz and __builtin_ctz of zero are undefined in C. */
LEAF int clz32(uint32_t x) { return __builtin_clz(x); }
LEAF int ctz32(uint32_t x) { return __builtin_ctz(x); }
LEAF int popcount32(uint32_t x) { return __builtin_popcount(x); }
LEAF int clz64(uint64_t x) { return __builtin_clzll(x); }
LEAF int ctz64(uint64_t x) { return __builtin_ctzll(x); }
LEAF int popcount64(uint64_t x) { return __builtin_popcountll(x); }
LEAF uint64_t swap64(uint64_t x) { return __builtin_bswap64(x) + __builtin_bswap32((uint32_t)x); }

static void all_counting(void)
{
    for (size_t i = 0; i < COUNT(integers); i++) {
        uint64_t x = (uint64_t)integers[i];
        feed("counting", (uint64_t)popcount32((uint32_t)x) + ((uint64_t)popcount64(x) << 8) + swap64(x));
        if ((uint32_t)x) feed("counting", (uint64_t)clz32((uint32_t)x) + ((uint64_t)ctz32((uint32_t)x) << 8));
        if (x) feed("counting", (uint64_t)clz64(x) + ((uint64_t)ctz64(x) << 8));
    }
    finish("counting");
}

/* Narrow loads and stores, aligned and not, in every width and signedness. */
static unsigned char memory[64 * 1024 + 64];

#define ACCESS(type)                                                             \
    LEAF type load_##type(const unsigned char *p) { type x; memcpy(&x, p, sizeof x); return x; } \
    LEAF void store_##type(unsigned char *p, type x) { memcpy(p, &x, sizeof x); } \
    static void all_##type##_access(void)                                        \
    {                                                                            \
        for (size_t i = 0; i < COUNT(integers); i++)                             \
            for (size_t offset = 0; offset < 65536; offset += 4093) {            \
                store_##type(memory + offset, (type)integers[i]);                \
                feed(#type, (uint64_t)(int64_t)load_##type(memory + offset));    \
                feed(#type, (uint64_t)(int64_t)load_##type(memory + offset + 1)); \
            }                                                                    \
        finish(#type " access");                                                 \
    }

ACCESS(int8_t)
ACCESS(uint8_t)
ACCESS(int16_t)
ACCESS(uint16_t)
ACCESS(int32_t)
ACCESS(uint32_t)
ACCESS(int64_t)
ACCESS(uint64_t)

static void all_bulk(void)
{
    for (int round = 0; round < 40; round++) {
        size_t from = (size_t)(round * 911), to = (size_t)((round * 1733 + 5) % 50000), n = (size_t)(round * round * 9);
        memset(memory + to, round * 37, n / 3);
        memmove(memory + to, memory + from, n);
        memcpy(memory + 60000, memory + from, (size_t)round);
        uint64_t sum = 0;
        for (size_t i = 0; i < sizeof memory; i++) sum = sum * 31 + memory[i];
        feed("bulk", sum + (uint64_t)(memcmp(memory + from, memory + to, 16) > 0));
    }
    finish("bulk");
}

int main(int argc, char **argv)
{
    wanted = argc > 1 ? argv[1] : NULL;
    hash = 14695981039346656037u;
    all_i8(), all_i16(), all_i32(), all_i64();
    all_f32(), all_f64();
    all_conversions(), all_counting();
    all_int8_t_access(), all_uint8_t_access(), all_int16_t_access(), all_uint16_t_access();
    all_int32_t_access(), all_uint32_t_access(), all_int64_t_access(), all_uint64_t_access();
    all_bulk();
    return 0;
}
