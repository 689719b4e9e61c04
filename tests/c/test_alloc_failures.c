/* Decoding and validation when the host refuses memory: every single allocation fails once, the result is an error
 * of its own kind and nothing is left behind (the leak check of the sanitizers sees to that). Needs a torture build. */
#include "wasm_fixture.h"

#include "base/alloc.h"
#include "engine_modules.h"

#ifdef PW_TORTURE
static void put_module(buffer *to)
{
    put_header(to);
    SECTION(to, 1, 3, 0x60, 0, 0, 0x60, 2, 0x7f, 0x7e, 1, 0x7f, 0x60, 1, 0x64, 0, 0);
    SECTION(to, 2, 4, 0, 0, 0, 0, 0, 1, 'a', 1, 0x70, 0, 1, 0, 1, 'b', 2, 0, 1, 0, 1, 'c', 3, 0x7f, 0);
    SECTION(to, 3, 2, 0, 1);
    SECTION(to, 4, 1, 0x70, 0, 1);
    SECTION(to, 5, 1, 0, 1);
    SECTION(to, 6, 1, 0x7f, 1, 0x41, 0, 0x0b);
    SECTION(to, 7, 2, 1, 'x', 0, 1, 1, 'y', 0, 2);
    SECTION(to, 9, 1, 0, 0x41, 0, 0x0b, 1, 1);
    SECTION(to, 12, 1);
    SECTION(to, 10, 2, 10, 1, 1, 0x64, 0x70, 0xd2, 1, 0x22, 0, 0x1a, 0x0b, 7, 0, 0x02, 0x40, 0x0b, 0x20, 0,
            0x0b);
    SECTION(to, 11, 1, 0, 0x41, 0, 0x0b, 1, 'z');
    SECTION(to, 0, 4, 'n', 'a', 'm', 'e', 1, 4, 1, 1, 1, 'f');
}

/* Returns the result with the n-th allocation failing. */
static pw_result load_failing(const buffer *module, unsigned long n)
{
    pw_error error;
    pw_module *loaded = NULL;
    pw_type_registry registry;
    pw_error_clear(&error);
    pwi_alloc_fail_after(n);
    pw_result result = pwi_types_init(&registry);
    if (result != PW_OK)
        return result;
    const pw_compile_config config = {.features = ((pw_features)1 << PW_FEATURE_COUNT) - 1};
    result = pwi_module_decode(&registry, module->bytes, module->size, &config, &loaded, &error);
    if (result == PW_OK)
        result = pwi_module_validate(loaded, &error);
    pwi_alloc_fail_after(0);
    CHECK(result == error.result);
    if (loaded)
        pwi_module_destroy(loaded);
    CHECK(registry.live == 0);
    pwi_types_destroy(&registry);
    return result;
}

/* Types, tags and objects of the later proposals. */
static void test_proposals(void)
{
    const buffer module = {(uint8_t *)(uintptr_t)proposals_wasm, sizeof proposals_wasm,
                           sizeof proposals_wasm};
    unsigned long failures = 0;
    for (unsigned long n = 1; n < 200; n++) {
        pw_result result = load_failing(&module, n);
        CHECK(result == PW_OK || result == PW_ERR_NO_MEMORY);
        failures += result == PW_ERR_NO_MEMORY;
    }
    CHECK(failures > 30);
    CHECK(load_failing(&module, 0) == PW_OK);
}

int main(void)
{
    buffer module = {NULL, 0, 0}, invalid = {NULL, 0, 0};
    unsigned long failures = 0;
    put_module(&module);
    put_bytes(&invalid, module.bytes, module.size);
    for (size_t i = 0; i + 1 < invalid.size; i++) {
        if (invalid.bytes[i] == 0x22 && invalid.bytes[i + 1] == 0)
            invalid.bytes[i + 1] = 9; /* local.tee of no local: the scan for malformed bytes allocates too */
    }
    CHECK(load_failing(&module, 0) == PW_OK);
    CHECK(load_failing(&invalid, 0) == PW_ERR_INVALID);
    for (unsigned long n = 1; n < 200; n++) {
        pw_result result = load_failing(&module, n);
        CHECK(result == PW_OK || result == PW_ERR_NO_MEMORY);
        failures += result == PW_ERR_NO_MEMORY;
        result = load_failing(&invalid, n);
        CHECK(result == PW_ERR_INVALID || result == PW_ERR_NO_MEMORY);
    }
    CHECK(failures > 20); /* or nothing was tested */
    CHECK(load_failing(&module, 200) == PW_OK);
    free_buffer(&module);
    free_buffer(&invalid);
    test_proposals();
    return 0;
}
#else
int main(void)
{
    printf("not a torture build (PYWASI_TORTURE): allocations cannot be made to fail\n");
    return 0;
}
#endif
