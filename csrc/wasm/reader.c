/* reader.c - the checked reader: LEB128, opcodes, counts, names, and its two kinds of errors. */
#include "wasm/reader.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"
#include "wasm/compile_watch.h"
#include "wasm/features.h"
#include "wasm/instr_reader.h"

#define TEXT_SIZE 256

pw_result pwi_reader_malformed(pw_reader *reader, const uint8_t *at, const char *format, ...)
{
    char text[TEXT_SIZE];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return pwi_fail_at(reader->error, PW_ERR_MALFORMED, pwi_reader_offset(reader, at), "%s", text);
}

pw_result pwi_reader_end(pw_reader *reader)
{
    const char *where = reader->top_level ? "" : " of section or function";
    return pwi_reader_malformed(reader, reader->end, "unexpected end%s", where);
}

pw_result pwi_reader_invalid(pw_reader *reader, const uint8_t *at, const char *format, ...)
{
    char text[TEXT_SIZE];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)pwi_fail_at(reader->invalid, PW_ERR_INVALID, pwi_reader_offset(reader, at), "%s", text);
    return reader->defer_invalid ? PW_OK : PW_ERR_INVALID;
}

pw_result pwi_reader_need(pw_reader *reader, const uint8_t *at, uint32_t feature_bit)
{
    pw_features mask = (pw_features)1 << feature_bit;
    if (!(reader->module->used & mask)) /* a function that is validated again writes nothing: operand_types.c */
        reader->module->used |= mask;
    if (PW_LIKELY(reader->module->features & mask))
        return PW_OK;
    return pwi_reader_invalid(reader, at, "needs the proposal %s, which %s", pw_feature_text(feature_bit),
                              pwi_feature_refusal(feature_bit));
}

/* The last byte of a LEB128 number of full length holds bits % 7 bits of the value (7 if that is 0); for unsigned
 * numbers all others are 0, for signed ones they repeat the sign bit. */
pw_result pwi_read_leb_unsigned(pw_reader *reader, uint32_t bits, uint64_t *out)
{
    const uint8_t *start = reader->at;
    uint64_t value = 0;
    for (uint32_t shift = 0; shift < bits; shift += 7) {
        uint8_t byte;
        PW_TRY(pwi_read_byte(reader, &byte));
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte & 0x80)
            continue;
        if (shift + 7 > bits && (byte >> (bits - shift)) != 0)
            return pwi_reader_malformed(reader, start, "integer too large");
        *out = value;
        return PW_OK;
    }
    return pwi_reader_malformed(reader, start, "integer representation too long");
}

pw_result pwi_read_leb_signed(pw_reader *reader, uint32_t bits, int64_t *out)
{
    const uint8_t *start = reader->at;
    uint64_t value = 0;
    for (uint32_t shift = 0; shift < bits; shift += 7) {
        uint8_t byte;
        PW_TRY(pwi_read_byte(reader, &byte));
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte & 0x80)
            continue;
        if (shift + 7 > bits) {
            uint32_t spare = 0x7fu & (0x7fu << (bits - shift - 1)); /* the sign bit and all above it */
            if ((byte & spare) != 0 && (byte & spare) != spare)
                return pwi_reader_malformed(reader, start, "integer too large");
        }
        if (shift + 7 < 64 && (byte & 0x40))
            value |= ~(uint64_t)0 << (shift + 7);
        *out = (int64_t)value;
        return PW_OK;
    }
    return pwi_reader_malformed(reader, start, "integer representation too long");
}

pw_result pwi_read_prefixed_opcode(pw_reader *reader, uint32_t prefix, uint32_t *code)
{
    uint32_t sub;
    PW_TRY(pwi_read_u32(reader, &sub));
    *code = PW_OPCODE_PREFIXED(prefix, sub);
    return PW_OK;
}

pw_result pwi_read_count(pw_reader *reader, uint32_t least, uint32_t limit, const char *what, uint32_t *out)
{
    const uint8_t *start = reader->at;
    PW_TRY(pwi_read_u32(reader, out));
    if (*out > pwi_reader_left(reader) / least)
        return pwi_reader_malformed(reader, start,
                                    "length out of bounds: %u %s do not fit in %zu bytes, unexpected end",
                                    *out, what, pwi_reader_left(reader));
    if (*out > limit) {
        (void)pwi_reader_invalid(reader, start, "%u %s: the limit is %u", *out, what, limit);
        return PW_ERR_INVALID;
    }
    return PW_OK;
}

pw_result pwi_read_name(pw_reader *reader, pw_name *out)
{
    const uint8_t *start = reader->at;
    uint32_t length;
    PW_TRY(pwi_read_count(reader, 1, UINT32_MAX, "bytes of a name", &length));
    PW_TRY(pwi_watch(reader->module, length / 16));
    if (!pwi_utf8_valid(reader->at, length))
        return pwi_reader_malformed(reader, reader->at, "malformed UTF-8 encoding");
    out->bytes = (const char *)reader->at;
    out->length = length;
    reader->at += length;
    if (length > PW_MAX_NAME_BYTES)
        return pwi_reader_invalid(reader, start, "name of %u bytes: the limit is %u", length,
                                  PW_MAX_NAME_BYTES);
    return PW_OK;
}
