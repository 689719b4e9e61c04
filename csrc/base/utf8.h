/* utf8.h - names are UTF-8 (https://webassembly.github.io/spec/core/binary/values.html#names). */
#ifndef PW_BASE_UTF8_H
#define PW_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* 1 if the bytes are well-formed UTF-8 (Unicode table 3-7: no surrogates, no overlong forms, at most U+10FFFF). */
int pwi_utf8_valid(const uint8_t *bytes, size_t length);

/* The largest length <= limit at which valid UTF-8 text of at least `limit` bytes can be cut between characters. */
size_t pwi_utf8_cut(const char *text, size_t limit);

/* Copies bytes for use in an error text: valid UTF-8, control characters as \xx, cut with "..." where it does not
 * fit into size bytes (at least 16). NUL-terminated. Returns out. */
char *pwi_utf8_printable(const char *bytes, size_t length, char *out, size_t size);

#endif
