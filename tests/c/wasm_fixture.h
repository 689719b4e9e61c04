/* wasm_fixture.h - what the tests of csrc/wasm share: a check that ends the program, modules built byte by byte, and
 * the verdict that the decoder and the validator give. */
#ifndef PW_TEST_WASM_FIXTURE_H
#define PW_TEST_WASM_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "wasm/module.h"

/* ---- bytes ---------------------------------------------------------------------------------------------------- */

typedef struct buffer {
    uint8_t *bytes;
    size_t size, capacity;
} buffer;

static inline void put_bytes(buffer *to, const void *bytes, size_t count)
{
    if (to->size + count > to->capacity) {
        to->capacity = (to->size + count) * 2;
        to->bytes = realloc(to->bytes, to->capacity);
        CHECK(to->bytes != NULL);
    }
    if (count > 0)
        memcpy(to->bytes + to->size, bytes, count);
    to->size += count;
}

static inline void put_byte(buffer *to, unsigned byte)
{
    uint8_t one = (uint8_t)byte;
    put_bytes(to, &one, 1);
}

static inline void put_u32(buffer *to, uint32_t value)
{
    do {
        put_byte(to, (value & 0x7f) | (value > 0x7f ? 0x80u : 0u));
        value >>= 7;
    } while (value != 0);
}

static inline void put_name(buffer *to, const char *name)
{
    put_u32(to, (uint32_t)strlen(name));
    put_bytes(to, name, strlen(name));
}

/* PUT(&b, 1, 2, 3) appends bytes. */
#define PUT(to, ...)                                                                                         \
    do {                                                                                                     \
        const uint8_t put_these[] = {__VA_ARGS__};                                                           \
        put_bytes(to, put_these, sizeof put_these);                                                          \
    } while (0)

static inline void put_header(buffer *to)
{
    PUT(to, 0, 'a', 's', 'm', 1, 0, 0, 0);
}

/* Appends a section, or anything that starts with its size, and empties `content`. */
static inline void put_sized(buffer *to, buffer *content)
{
    put_u32(to, (uint32_t)content->size);
    put_bytes(to, content->bytes, content->size);
    content->size = 0;
}

static inline void put_section(buffer *to, unsigned id, buffer *content)
{
    put_byte(to, id);
    put_sized(to, content);
}

#define SECTION(to, id, ...)                                                                                 \
    do {                                                                                                     \
        buffer section_content = {NULL, 0, 0};                                                               \
        PUT(&section_content, __VA_ARGS__);                                                                  \
        put_section(to, id, &section_content);                                                               \
        free(section_content.bytes);                                                                         \
    } while (0)

static inline void free_buffer(buffer *of)
{
    free(of->bytes);
    *of = (buffer){NULL, 0, 0};
}

/* ---- verdicts ------------------------------------------------------------------------------------------------- */

/* Decodes and validates. The bytes are at the end of their own allocation, so that a read beyond them is seen by the
 * sanitizers. *module is the module if the verdict is PW_OK and the caller wants it. */
static inline pw_result load(pw_type_registry *registry, const uint8_t *bytes, size_t size,
                             pw_features features, pw_error *error, pw_module **module)
{
    const pw_compile_config config = {.features = features};
    pw_module *loaded = NULL;
    uint8_t *exact = malloc(size > 0 ? size : 1);
    CHECK(exact != NULL);
    if (size > 0)
        memcpy(exact, bytes, size);
    pw_error_clear(error);
    pw_result result = pwi_module_decode(registry, exact, size, &config, &loaded, error);
    free(exact);
    CHECK((result == PW_OK) == (loaded != NULL));
    if (result == PW_OK)
        result = pwi_module_validate(loaded, error);
    CHECK(result == error->result);
    CHECK(result == PW_OK || error->text[0] != '\0');
    if (loaded && (result != PW_OK || !module))
        pwi_module_destroy(loaded);
    else if (module)
        *module = loaded;
    return result;
}

/* The same in a registry of its own, which has to be empty afterwards. */
static inline pw_result verdict(const buffer *of, pw_features features, pw_error *error)
{
    pw_type_registry registry;
    CHECK(pwi_types_init(&registry) == PW_OK);
    pw_result result = load(&registry, of->bytes, of->size, features, error, NULL);
    CHECK(registry.live == 0);
    pwi_types_destroy(&registry);
    return result;
}

/* Ends the program unless the verdict is `wanted` and the error's text starts with `text`. */
static inline void expect_at(const char *file, int line, const buffer *of, pw_features features,
                             pw_result wanted, const char *text)
{
    pw_error error;
    pw_result result = verdict(of, features, &error);
    if (result == wanted && strncmp(error.text, text, strlen(text)) == 0)
        return;
    fprintf(stderr, "%s:%d: wanted result %d \"%s\", got %d \"%s\" at %llu\n", file, line, (int)wanted, text,
            (int)result, error.text, (unsigned long long)error.offset);
    exit(1);
}
#define EXPECT(of, wanted, text)                expect_at(__FILE__, __LINE__, of, 0, wanted, text)
#define EXPECT_WITH(of, features, wanted, text) expect_at(__FILE__, __LINE__, of, features, wanted, text)

#endif
