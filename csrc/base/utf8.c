/* utf8.c - checking UTF-8, and making it fit for error texts. */
#include "base/utf8.h"

#include <string.h>

/* Length of the well-formed character at bytes, 0 if there is none. left > 0. */
static size_t char_length(const uint8_t *bytes, size_t left)
{
    uint8_t lead = bytes[0];
    if (lead < 0x80)
        return 1;
    /* The second byte's range rules out overlong forms (E0, F0), surrogates (ED) and what lies beyond U+10FFFF (F4). */
    uint8_t low = 0x80, high = 0xbf;
    size_t length;
    if (lead >= 0xc2 && lead <= 0xdf) {
        length = 2;
    } else if (lead >= 0xe0 && lead <= 0xef) {
        length = 3;
        if (lead == 0xe0)
            low = 0xa0;
        if (lead == 0xed)
            high = 0x9f;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
        length = 4;
        if (lead == 0xf0)
            low = 0x90;
        if (lead == 0xf4)
            high = 0x8f;
    } else {
        return 0;
    }
    if (length > left || bytes[1] < low || bytes[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    }
    return length;
}

int pwi_utf8_valid(const uint8_t *bytes, size_t length)
{
    size_t at = 0;
    while (at < length) {
        uint64_t eight;
        if (length - at >= sizeof eight) { /* names are mostly ASCII */
            memcpy(&eight, bytes + at, sizeof eight);
            if ((eight & UINT64_C(0x8080808080808080)) == 0) {
                at += sizeof eight;
                continue;
            }
        } else if (length >= sizeof eight) { /* the last eight bytes: some are looked at twice */
            memcpy(&eight, bytes + length - sizeof eight, sizeof eight);
            if ((eight & UINT64_C(0x8080808080808080)) == 0)
                return 1;
        }
        size_t step = char_length(bytes + at, length - at);
        if (step == 0)
            return 0;
        at += step;
    }
    return 1;
}

size_t pwi_utf8_cut(const char *text, size_t limit)
{
    size_t at = limit;
    while (at > 0 && limit - at < 4) {
        at--;
        uint8_t byte = (uint8_t)text[at];
        if ((byte & 0xc0) == 0x80)
            continue; /* inside a character: look at what comes before */
        return at + char_length((const uint8_t *)text + at, limit - at) > at ? limit : at;
    }
    return limit;
}

char *pwi_utf8_printable(const char *bytes, size_t length, char *out, size_t size)
{
    static const char hex[] = "0123456789abcdef";
    size_t at = 0, used = 0;
    while (at < length) {
        uint8_t byte = (uint8_t)bytes[at];
        size_t step = char_length((const uint8_t *)bytes + at, length - at);
        int escape = step == 0 || byte < 0x20 || byte == 0x7f;
        if (used + 4 + 4 > size) { /* the longest character or escape, and "..." with its NUL */
            memcpy(out + used, "...", 3);
            used += 3;
            break;
        }
        if (escape) {
            out[used++] = '\\';
            out[used++] = hex[byte >> 4];
            out[used++] = hex[byte & 15];
            at++;
        } else {
            memcpy(out + used, bytes + at, step);
            used += step;
            at += step;
        }
    }
    out[used] = '\0';
    return out;
}
