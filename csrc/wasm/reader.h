/* reader.h - reading bytes that nobody has checked yet: every read is bounded, every LEB128 number is checked
 * (https://webassembly.github.io/spec/core/binary/values.html).
 *
 * A reader sees a window of the module: a section, a function body. Malformed bytes end the reading at once. What is
 * well formed but not valid goes to `invalid`: the decoder notes it and reads on, because bytes that are malformed
 * further down decide the verdict; the validator stops.
 */
#ifndef PW_WASM_READER_H
#define PW_WASM_READER_H

#include "base/config.h"
#include "base/error.h"
#include "wasm/module.h"

typedef struct pw_reader {
    const uint8_t *at;
    const uint8_t *end;
    pw_module *module;
    pw_error *error;     /* malformed bytes */
    pw_error *invalid;   /* validity errors; NULL: nobody wants them */
    bool defer_invalid;  /* note them and read on */
    uint32_t group_start; /* type index of the first type of the group that is being read, or PW_NO_INDEX */
    bool top_level;       /* between sections */
    uint32_t group_count; /* types in that group */
    bool in_code;         /* in a function body: data segments must have been counted */
} pw_reader;

#define PW_TRY(expression)                                                                                   \
    do {                                                                                                     \
        pw_result pw_try_result = (expression);                                                              \
        if (PW_UNLIKELY(pw_try_result != PW_OK))                                                             \
            return pw_try_result;                                                                            \
    } while (0)

static inline uint64_t pwi_reader_offset(const pw_reader *reader, const uint8_t *at)
{
    return (uint64_t)(at - reader->module->bytes);
}

static inline size_t pwi_reader_left(const pw_reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

/* PW_ERR_MALFORMED at a place in the module. */
PW_COLD pw_result pwi_reader_malformed(pw_reader *reader, const uint8_t *at, const char *format, ...)
    PW_PRINTF(3, 4);
/* "unexpected end": the window holds less than what has to follow. */
PW_COLD pw_result pwi_reader_end(pw_reader *reader);
/* A validity error at a place: PW_OK where it is only noted. */
PW_COLD pw_result pwi_reader_invalid(pw_reader *reader, const uint8_t *at, const char *format, ...)
    PW_PRINTF(3, 4);
/* What stands at `at` needs the feature with this bit: notes the use, a validity error where it is not allowed. */
pw_result pwi_reader_need(pw_reader *reader, const uint8_t *at, uint32_t feature_bit);
/* LEB128 of more than one byte, or none: `bits` 32, 33 or 64. */
PW_MUST_USE pw_result pwi_read_leb_unsigned(pw_reader *reader, uint32_t bits, uint64_t *out);
PW_MUST_USE pw_result pwi_read_leb_signed(pw_reader *reader, uint32_t bits, int64_t *out);

PW_MUST_USE static inline pw_result pwi_read_byte(pw_reader *reader, uint8_t *out)
{
    *out = 0;
    if (PW_UNLIKELY(reader->at == reader->end))
        return pwi_reader_end(reader);
    *out = *reader->at++;
    return PW_OK;
}

PW_MUST_USE static inline pw_result pwi_read_u32(pw_reader *reader, uint32_t *out)
{
    if (PW_LIKELY(reader->at < reader->end && *reader->at < 0x80)) {
        *out = *reader->at++;
        return PW_OK;
    }
    uint64_t value = 0;
    pw_result result = pwi_read_leb_unsigned(reader, 32, &value);
    *out = (uint32_t)value;
    return result;
}

PW_MUST_USE static inline pw_result pwi_read_u64(pw_reader *reader, uint64_t *out)
{
    if (PW_LIKELY(reader->at < reader->end && *reader->at < 0x80)) {
        *out = *reader->at++;
        return PW_OK;
    }
    return pwi_read_leb_unsigned(reader, 64, out);
}

/* Skips a signed constant of 32 or 64 bits. */
PW_MUST_USE static inline pw_result pwi_skip_signed(pw_reader *reader, uint32_t bits)
{
    if (PW_LIKELY(reader->at < reader->end && *reader->at < 0x80)) {
        reader->at++;
        return PW_OK;
    }
    int64_t ignored;
    return pwi_read_leb_signed(reader, bits, &ignored);
}

PW_MUST_USE static inline pw_result pwi_skip_bytes(pw_reader *reader, size_t count)
{
    if (PW_UNLIKELY(pwi_reader_left(reader) < count)) {
        reader->at = reader->end;
        return pwi_reader_end(reader);
    }
    reader->at += count;
    return PW_OK;
}

/* An opcode as numbered in instr_reader.h, its prefixed form read from the LEB128 sub-opcode. */
PW_MUST_USE pw_result pwi_read_prefixed_opcode(pw_reader *reader, uint32_t prefix, uint32_t *code);
PW_MUST_USE static inline pw_result pwi_read_checked_opcode(pw_reader *reader, uint32_t *code)
{
    uint8_t byte;
    PW_TRY(pwi_read_byte(reader, &byte));
    *code = byte;
    return byte >= 0xfb && byte <= 0xfe ? pwi_read_prefixed_opcode(reader, byte, code) : PW_OK;
}

/* Looks at the index of a memory that follows: with the proposal multi-memory switched off and no two memories it is not
 * a number but a byte, and zero. */
PW_MUST_USE static inline pw_result pwi_check_memory_byte(pw_reader *reader)
{
    const pw_module *module = reader->module;
    if (PW_LIKELY(module->features & PW_FEATURE_MASK(MULTI_MEMORY)) || module->memory_count > 1)
        return PW_OK;
    if (reader->at < reader->end && *reader->at != 0)
        return pwi_reader_malformed(reader, reader->at, "zero byte expected");
    return PW_OK;
}

/* A vector's length: at most what `least` bytes an entry leave room for (malformed), at most `limit` (invalid). */
PW_MUST_USE pw_result pwi_read_count(pw_reader *reader, uint32_t least, uint32_t limit, const char *what,
                                     uint32_t *out);
/* A name: valid UTF-8, points into the module. */
PW_MUST_USE pw_result pwi_read_name(pw_reader *reader, pw_name *out);

/* type_reader.c: types, with type indices made canonical; those of the group that is being read are PW_HEAP_GROUP. */
PW_MUST_USE pw_result pwi_read_val_type(pw_reader *reader, pw_val_type *out);
/* A value type, i8 or i16. */
PW_MUST_USE pw_result pwi_read_storage_type(pw_reader *reader, pw_val_type *out);
PW_MUST_USE pw_result pwi_read_ref_type(pw_reader *reader, pw_val_type *out);
PW_MUST_USE pw_result pwi_read_heap_type(pw_reader *reader, uint32_t *heap);

/* A block type: PW_BLOCK_EMPTY, a value type (one result), or PW_BLOCK_INDEXED(type index); in 32 bits, because
 * validation keeps one for every open block. The kind byte tells them apart. */
#define PW_BLOCK_EMPTY            0x40u
#define PW_BLOCK_INDEXED(index)   ((uint32_t)(index) << 8)
#define PW_BLOCK_IS_INDEXED(type) (((type) & 0xffu) == 0)
#define PW_BLOCK_INDEX(type)      ((type) >> 8)
PW_MUST_USE pw_result pwi_read_block_type(pw_reader *reader, uint32_t *out);

#endif
