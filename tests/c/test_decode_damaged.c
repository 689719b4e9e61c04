/* Damaged modules: each truncation and each change of one byte of modules that have every section gives a verdict,
 * never a crash; what is still a module can be disassembled. Under the sanitizers this is the test for reads beyond the
 * bytes, overflows and leaks. */
#include "wasm_fixture.h"

#include "engine_modules.h"

#define EVERYTHING (((pw_features)1 << PW_FEATURE_COUNT) - 1)

/* Every section, every kind of import, export and segment, typed references, two memories, a 64-bit table, names. */
static void put_everything(buffer *to)
{
    put_header(to);
    SECTION(to, 1, 5, 0x60, 0, 0, 0x60, 2, 0x7f, 0x7e, 1, 0x7f, 0x60, 1, 0x64, 0, 2, 0x7d, 0x7c, 0x4e, 1,
            0x60, 1, 0x63, 3, 0, 0x4f, 0, 0x60, 0, 1, 0x6f);
    SECTION(to, 2, 4, 1, 'm', 1, 'f', 0, 1, 1, 'm', 1, 't', 1, 0x70, 1, 1, 2, 1, 'm', 1, 'y', 2, 1, 1, 3, 1,
            'm', 2, 0xc3, 0xa9, 3, 0x7f, 0);
    SECTION(to, 3, 4, 0, 1, 2, 0);
    SECTION(to, 4, 2, 0x70, 4, 5, 0x40, 0, 0x64, 0, 0, 2, 0xd2, 1, 0x0b);
    SECTION(to, 5, 1, 5, 1, 2);
    SECTION(to, 6, 3, 0x7e, 1, 0x42, 0x7f, 0x42, 1, 0x7c, 0x0b, 0x7f, 0, 0x23, 0, 0x0b, 0x70, 0, 0xd2, 2,
            0x0b);
    SECTION(to, 7, 4, 1, 'f', 0, 1, 1, 't', 1, 0, 1, 'm', 2, 0, 1, 'g', 3, 1);
    SECTION(to, 8, 1);
    SECTION(to, 9, 5, 0, 0x41, 0, 0x0b, 1, 1, 1, 0, 1, 2, 2, 1, 0x42, 1, 0x0b, 0, 1, 3, 3, 0, 1, 4, 5, 0x70,
            2, 0xd0, 0x70, 0x0b, 0xd2, 0, 0x0b);
    SECTION(to, 12, 3);
    buffer code = {NULL, 0, 0}, body = {NULL, 0, 0};
    put_u32(&code, 4);
    PUT(&body, 0, 0x02, 0x7f, 0x41, 1, 0x41, 0, 0x0e, 1, 0, 0, 0x0b, 0x1a, 0x41, 0, 0x41, 0, 0x41, 1, 0xfc, 8,
        1, 0, 0xfc, 9, 1, 0x0b);
    put_sized(&code, &body);
    PUT(&body, 2, 1, 0x7c, 1, 0x64, 0, 0x44, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0x21, 2, 0xd2, 1, 0x22, 3, 0x14, 0,
        0x20, 0, 0x04, 0x7f, 0x41, 1, 0x05, 0x20, 1, 0xa7, 0x0b, 0x28, 0x42, 0, 4, 0x0b);
    put_sized(&code, &body);
    PUT(&body, 0, 0x43, 0, 0, 0xc0, 0x7f, 0x44, 1, 0, 0, 0, 0, 0, 0xf0, 0x7f, 0x0b);
    put_sized(&code, &body);
    PUT(&body, 0, 0x41, 0, 0x11, 0, 0, 0x42, 0, 0xfc, 0x10, 1, 0x1a, 0x1a, 0x41, 0, 0x25, 0, 0xd1, 0x1a, 0x12,
        1, 0x0b);
    put_sized(&code, &body);
    put_section(to, 10, &code);
    SECTION(to, 11, 3, 0, 0x41, 0, 0x0b, 2, 'h', 'i', 1, 1, 'x', 2, 1, 0x42, 0, 0x0b, 0);
    SECTION(to, 0, 4, 'n', 'a', 'm', 'e', 0, 2, 1, 'M', 1, 7, 2, 0, 1, 'a', 2, 1, 'b', 2, 1, 0);
    free_buffer(&code);
    free_buffer(&body);
}

/* Every instruction of the module as text, so that the walk over its bytes is right to the last one. */
static size_t disassemble(const pw_module *module)
{
    size_t lines = 0;
    for (uint32_t i = 0; i < module->body_count; i++) {
        const pw_body *body = &module->bodies[i];
        uint64_t offset = body->code_offset;
        int depth = 1;
        while (offset < (uint64_t)body->offset + body->size) {
            char text[64];
            int change;
            CHECK(pw_module_disassemble(module, &offset, text, sizeof text, &change) == PW_OK);
            CHECK(text[0] != '\0' && strlen(text) < sizeof text);
            depth += change;
            lines++;
        }
        CHECK(depth == 0 && offset == (uint64_t)body->offset + body->size);
    }
    return lines;
}

static pw_result look(pw_type_registry *registry, const uint8_t *bytes, size_t size)
{
    pw_module *module = NULL;
    pw_error error;
    pw_result result = load(registry, bytes, size, EVERYTHING, &error, &module);
    if (result == PW_OK) {
        (void)disassemble(module);
        pwi_module_destroy(module);
        return result;
    }
    CHECK(result == PW_ERR_MALFORMED || result == PW_ERR_INVALID);
    CHECK(error.offset == PW_NO_OFFSET || error.offset <= size);
    return result;
}

static void damage(pw_type_registry *registry, const uint8_t *good, size_t size)
{
    size_t counts[3] = {0, 0, 0}; /* by result: PW_OK, PW_ERR_MALFORMED, PW_ERR_INVALID */
    uint8_t *bytes = malloc(size);
    CHECK(bytes != NULL);
    for (size_t cut = 0; cut < size; cut++)
        counts[look(registry, good, cut)]++;
    memcpy(bytes, good, size);
    for (size_t at = 0; at < size; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes[at] = (uint8_t)(good[at] ^ 1u << bit);
            counts[look(registry, bytes, size)]++;
        }
        const uint8_t values[] = {0x00, 0x01, 0x0b, 0x40, 0x7f, 0x80, 0xfc, 0xff};
        for (size_t i = 0; i < sizeof values; i++) {
            bytes[at] = values[i];
            counts[look(registry, bytes, size)]++;
        }
        bytes[at] = good[at];
    }
    free(bytes);
    CHECK(counts[PW_OK] > 0 && counts[PW_ERR_MALFORMED] > 0 && counts[PW_ERR_INVALID] > 0);
    CHECK(registry->live == 0);
}

static void damage_whole(pw_type_registry *registry, const uint8_t *good, size_t size)
{
    pw_module *module;
    pw_error error;
    if (load(registry, good, size, EVERYTHING, &error, &module) != PW_OK) {
        fprintf(stderr, "the module itself: %s at %llu\n", error.text, (unsigned long long)error.offset);
        exit(1);
    }
    CHECK(disassemble(module) > 0);
    pwi_module_destroy(module);
    damage(registry, good, size);
}

int main(void)
{
    pw_type_registry registry;
    buffer everything = {NULL, 0, 0};
    CHECK(pwi_types_init(&registry) == PW_OK);
    put_everything(&everything);
    damage_whole(&registry, everything.bytes, everything.size);
    damage_whole(&registry, engine_main_wasm, sizeof engine_main_wasm);
    damage_whole(&registry, engine_other_wasm, sizeof engine_other_wasm);
    damage_whole(&registry, proposals_wasm, sizeof proposals_wasm);
    free_buffer(&everything);
    pwi_types_destroy(&registry);
    return 0;
}
