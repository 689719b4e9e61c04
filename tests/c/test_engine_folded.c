/* test_engine_folded.c - instructions that the translator makes of several: what they compute is computed in C too. On each
 * shell of the build. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "engine_modules.h"
#include "pywasi.h"

static uint8_t memory[65536];

static void fill(void)
{
    memset(memory, 0, sizeof memory);
    for (uint32_t i = 0; i < 4096; i++)
        memory[i] = (uint8_t)(i * 167);
}

static uint64_t expected_steps(int32_t n)
{
    uint64_t sum = 0, wide = 0;
    int32_t i = 0, j = n, k = 0;
    do {
        sum += (uint64_t)i++;
        j -= 2;
        k += 3;
    } while (n > i);
    do
        sum = sum * 5 ^ wide;
    while (++wide < (uint64_t)n);
    while (--i > 0)
        sum += (uint64_t)(int64_t)(int32_t)((uint32_t)i * (uint32_t)j);
    do {
        k--;
        sum++;
    } while (k >= 7);
    if (--wide == (uint64_t)n - 1)
        sum += 1000003;
    return sum * 31 + (uint64_t)(int64_t)(i + j + k) + wide;
}

static uint32_t expected_bits(uint32_t x, double f)
{
    uint32_t r = x & 4 ? 1 : 0;
    r += x & 8 ? 0 : 2;
    r += x >> 31 ? 4 : 0;
    r += (x >> 4 & 3) ? 8 : 0;
    r += f < 1.5 ? 0 : 16;
    r += f >= 1.5 ? 32 : 0;
    r += f != f ? 0 : 64;
    return r + (0 > f ? 128 : 0);
}

static uint64_t expected_addresses(uint32_t base, uint32_t n)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t word;
        int16_t half;
        uint64_t whole = 0x123456789abcdef;
        double number = i;
        memcpy(&word, memory + 8 + base + i * 4, sizeof word);
        sum = sum * 3 + word;
        memcpy(&half, memory + i * 12, sizeof half);
        sum ^= (uint64_t)(int64_t)half;
        sum += memory[i * 5 + 3];
        sum += (i ^ 1) * 8 + base;
        uint16_t low = (uint16_t)sum;
        memcpy(memory + base + 1026, &low, sizeof low);
        memcpy(memory + base + 2048, &whole, sizeof whole);
        memcpy(memory + base + 2056, &number, sizeof number);
        memcpy(&whole, memory + base + 1024, sizeof whole);
        sum += whole;
        memcpy(&whole, memory + base + 2052, sizeof whole);
        sum += whole;
    }
    return sum;
}

static void move(uint32_t to, uint32_t from, size_t width)
{
    uint8_t bytes[8];
    memcpy(bytes, memory + from, width);
    memcpy(memory + to, bytes, width);
}

static uint64_t expected_copies(uint32_t from, uint32_t to)
{
    uint64_t sum = 0;
    for (int i = 0; i < 3; i++) {
        move(to + 1, from + 3, 1);
        move(to + 2, from + 1, 2);
        move(to + 4, from, 4);
        move(to + 8, from + 9, 4);
        move(to + 12, from + 14, 4);
        move(to + 16, from + 17, 8);
        move(to + 24, from + 7, 8);
        move(2040, from + 8, 8);
        move(to + 32, from, 1);
        uint64_t whole;
        memcpy(&whole, memory + 2040, sizeof whole);
        sum += whole + (to - from);
    }
    return sum;
}

typedef struct fixture {
    pw_store *store;
    pw_module *module;
    pw_instance *instance;
} fixture;

static pw_result call(const fixture *on, const char *name, pw_slot *slots)
{
    for (size_t i = 0; i < pw_module_export_count(on->module); i++) {
        pw_export_type type;
        pw_extern value;
        pw_module_export(on->module, i, &type);
        pw_instance_export(on->instance, i, &value);
        if (type.name.length == strlen(name) && memcmp(type.name.bytes, name, type.name.length) == 0)
            return pw_func_call(value.of.func, slots);
    }
    CHECK(false && "no such export");
    return PW_OK;
}

static uint64_t answer(const fixture *on, const char *name, uint64_t first, uint64_t second)
{
    pw_slot slots[2] = {first, second};
    CHECK(call(on, name, slots) == PW_OK);
    return slots[0];
}

static void test_values(const fixture *on)
{
    for (int32_t n = 1; n < 40; n++)
        CHECK(answer(on, "steps", (uint32_t)n, 0) == expected_steps(n));
    CHECK(answer(on, "steps", 100000, 0) == expected_steps(100000));
    const double floats[] = {0, -0.0, 1.5, 1.25, -3, INFINITY, -INFINITY, NAN};
    for (uint32_t x = 0; x < 64; x++) {
        for (size_t i = 0; i < sizeof floats / sizeof *floats; i++) {
            uint64_t f;
            memcpy(&f, &floats[i], sizeof f);
            uint32_t bits = x | x << 31;
            CHECK((uint32_t)answer(on, "bits", bits, f) == expected_bits(bits, floats[i]));
        }
    }
    pw_slot none[2] = {0};
    for (uint32_t base = 0; base < 200; base += 7) {
        fill();
        CHECK(call(on, "fill", none) == PW_OK);
        CHECK(answer(on, "addresses", base, 60) == expected_addresses(base, 60));
    }
}

static void test_copies(const fixture *on)
{
    pw_slot none[2] = {0};
    fill();
    CHECK(call(on, "fill", none) == PW_OK);
    for (uint32_t from = 0; from < 60; from += 3) {
        for (uint32_t to = 0; to < 60; to += 5)
            CHECK(answer(on, "copies", from, to) == expected_copies(from, to));
    }
    uint64_t before = answer(on, "copies", 100, 300);
    CHECK(before == expected_copies(100, 300));
    pw_slot reads[2] = {65536 - 2, 300}, writes[2] = {100, 65536 - 1};
    CHECK(call(on, "copies", reads) == PW_ERR_TRAP && call(on, "copies", writes) == PW_ERR_TRAP);
    CHECK(answer(on, "copies", 300, 500) == expected_copies(300, 500)); /* nothing was written */
}

static void test_bounds(const fixture *on)
{
    fill();
    pw_slot none[2] = {0};
    CHECK(call(on, "fill", none) == PW_OK);
    uint32_t at8;
    memcpy(&at8, memory + 8, sizeof at8);
    CHECK((uint32_t)answer(on, "wraps", 0, 0) == at8);
    CHECK((uint32_t)answer(on, "wraps", 4, 0) == at8);
    CHECK((uint32_t)answer(on, "wraps", (uint32_t)-4, 0) == at8);
    pw_slot slots[2] = {1};
    CHECK(call(on, "wraps", slots) == PW_ERR_TRAP);
    slots[0] = 0;
    CHECK(call(on, "beyond", slots) == PW_ERR_TRAP);
    slots[0] = 0x1fffffff; /* * 8 is -8, and the offset does not bring it back */
    CHECK(call(on, "beyond", slots) == PW_ERR_TRAP);
}

static void test_shell(pw_shell shell)
{
    const pw_engine_config config = {shell};
    pw_engine *engine;
    if (pw_engine_new(&config, &engine) != PW_OK)
        return; /* the build lacks it */
    fixture on;
    pw_error error;
    CHECK(pw_store_new(engine, NULL, &on.store) == PW_OK);
    CHECK(pw_module_new(engine, folded_wasm, sizeof folded_wasm, NULL, &on.module, &error) == PW_OK);
    CHECK(pw_instance_new(on.store, on.module, NULL, 0, &on.instance, &error) == PW_OK);
    test_values(&on);
    test_copies(&on);
    test_bounds(&on);
    printf("%s: ok\n", pw_engine_shell_name(engine));
    pw_store_free(on.store);
    pw_module_free(on.module);
    pw_engine_free(engine);
}

int main(void)
{
    test_shell(PW_SHELL_ID_GOTO);
    test_shell(PW_SHELL_ID_SWITCH);
    test_shell(PW_SHELL_ID_TAIL);
    return 0;
}
