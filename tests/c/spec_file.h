/* spec_file.h - reads the command file of the spec driver. The format is drawn in tests/spec/compile_script.py.
 * A read beyond the end clears `ok` and gives zeros; whoever acts on what was read looks at `ok` first. */
#ifndef PW_TESTS_SPEC_FILE_H
#define PW_TESTS_SPEC_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct cursor {
    const uint8_t *at;
    const uint8_t *end;
    bool ok;
} cursor;

typedef struct span {
    const uint8_t *bytes;
    size_t size;
} span;

/* A value or half a pattern: type letter and 128 bits. */
typedef struct value {
    char type;
    uint64_t low;
    uint64_t high;
} value;

typedef struct action {
    bool is_get;
    uint32_t instance_slot;
    span name;
    uint32_t argument_count;
    value *arguments; /* owned by the caller of read_action */
} action;

static inline span read_bytes(cursor *in, size_t size)
{
    static const uint8_t nothing[1];
    if (!in->ok || (size_t)(in->end - in->at) < size) {
        in->ok = false;
        return (span){nothing, 0};
    }
    span found = {in->at, size};
    in->at += size;
    return found;
}

static inline uint64_t read_little_endian(cursor *in, size_t size)
{
    span found = read_bytes(in, size);
    uint64_t result = 0;
    for (size_t i = found.size; i-- > 0;)
        result = result << 8 | found.bytes[i];
    return result;
}

static inline uint8_t read_u8(cursor *in) { return (uint8_t)read_little_endian(in, 1); }

static inline uint32_t read_u32(cursor *in) { return (uint32_t)read_little_endian(in, 4); }

/* A slot number, below count. */
static inline uint32_t read_index(cursor *in, uint32_t count)
{
    uint32_t index = read_u32(in);
    if (index >= count)
        in->ok = false;
    return index;
}

static inline span read_span(cursor *in)
{
    uint32_t size = read_u32(in);
    return read_bytes(in, size);
}

static inline bool read_magic(cursor *in)
{
    span magic = read_bytes(in, 8);
    in->ok = magic.size == 8 && memcmp(magic.bytes, "PWSPEC1\n", 8) == 0;
    return in->ok;
}

static inline value read_value(cursor *in, char type)
{
    uint64_t low = read_little_endian(in, 8);
    return (value){type, low, read_little_endian(in, 8)};
}

/* False, with nothing to free, when the file ends too early. */
static inline bool read_action(cursor *in, action *out)
{
    out->is_get = read_u8(in) != 0;
    out->instance_slot = read_u32(in);
    out->name = read_span(in);
    out->argument_count = read_u32(in);
    out->arguments = NULL;
    if (out->argument_count > (size_t)(in->end - in->at) / 17)
        in->ok = false;
    if (in->ok)
        out->arguments = calloc((size_t)out->argument_count + 1, sizeof *out->arguments);
    if (out->arguments == NULL)
        return in->ok = false;
    for (uint32_t i = 0; i < out->argument_count; i++) {
        char type = (char)read_u8(in);
        out->arguments[i] = read_value(in, type);
    }
    return true;
}

/* Reads one pattern whole and says whether the value matches it. An alternative holds no further "either". */
static inline bool read_and_match(cursor *in, const value *got)
{
    char type = (char)read_u8(in);
    uint32_t alternatives = type == 'E' ? read_u32(in) : 1;
    bool matches = false;
    for (uint32_t i = 0; i < alternatives && in->ok; i++) {
        char kind = type == 'E' ? (char)read_u8(in) : type;
        value mask = read_value(in, kind);
        value wanted = read_value(in, kind);
        bool is_open = kind == 'u' || kind == 'n' || kind == '?'; /* references that are not told apart */
        bool bits_match = (got->low & mask.low) == wanted.low && (got->high & mask.high) == wanted.high;
        matches = matches || (got->type == kind && (is_open || bits_match));
    }
    return matches;
}

static inline void skip_patterns(cursor *in)
{
    static const value none;
    uint32_t count = read_u32(in);
    for (uint32_t i = 0; i < count && in->ok; i++)
        (void)read_and_match(in, &none);
}

static inline bool read_whole_file(const char *path, uint8_t **bytes, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return false;
    long length = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    bool ok = length >= 0 && fseek(file, 0, SEEK_SET) == 0;
    *bytes = ok ? malloc((size_t)length + 1) : NULL;
    ok = *bytes != NULL && fread(*bytes, 1, (size_t)length, file) == (size_t)length;
    *size = ok ? (size_t)length : 0;
    fclose(file);
    return ok;
}

#endif
