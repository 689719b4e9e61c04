/* What decoding and validation say of modules, whatever this build supports: tests/spec/test_spec_verdicts.py compares
 * it with what the official suite wants, so that the wasm layer of a proposal can be whole before its instructions run.
 *
 * Input, little endian, from the file that is named: records of u32 number of switched-off features, u32 size, bytes; a
 * switched-off feature is a u32 bit before the size. Output: a line per module, "ok", "malformed ...", "invalid ...". */
#include "wasm_fixture.h"

static uint32_t read_u32(FILE *file, bool *end)
{
    uint8_t bytes[4];
    size_t got = fread(bytes, 1, sizeof bytes, file);
    *end = got == 0;
    CHECK(got == 0 || got == 4);
    return got == 0 ? 0
                    : (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                          (uint32_t)bytes[3] << 24;
}

static void judge(pw_type_registry *registry, FILE *file, uint32_t switched_off)
{
    pw_features features = ((pw_features)1 << PW_FEATURE_COUNT) - 1;
    bool end;
    while (switched_off-- > 0)
        features &= ~((pw_features)1 << read_u32(file, &end));
    uint32_t size = read_u32(file, &end);
    CHECK(!end);
    uint8_t *bytes = malloc(size + 1);
    CHECK(bytes != NULL && fread(bytes, 1, size, file) == size);
    pw_error error;
    pw_result result = load(registry, bytes, size, features, &error, NULL);
    free(bytes);
    const char *verdict = result == PW_OK ? "ok" : result == PW_ERR_MALFORMED ? "malformed" : "invalid";
    CHECK(result == PW_OK || result == PW_ERR_MALFORMED || result == PW_ERR_INVALID);
    printf("%s %s\n", verdict, error.text);
}

int main(int argc, char **argv)
{
    pw_type_registry registry;
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    CHECK(file != NULL && pwi_types_init(&registry) == PW_OK);
    for (;;) {
        bool end;
        uint32_t switched_off = read_u32(file, &end);
        if (end)
            break;
        judge(&registry, file, switched_off);
    }
    CHECK(registry.live == 0);
    pwi_types_destroy(&registry);
    (void)fclose(file);
    return 0;
}
