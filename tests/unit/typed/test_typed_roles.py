"""What parameters of real headers are taken for."""

from __future__ import annotations

import pytest

from pywasi_native import typed
from pywasi_native.typed import roles, rules

# A declaration, and its parameters: `name` given by the caller, `name:length` with its length left out,
# `=name` left out, `->name` a result.
CASES = [
    ("int LZ4(const char *src, char *dst, int srcSize, int dstCapacity);", "src:srcSize dst:dstCapacity"),
    ("int LZ4_decompress(const char *src, char *dst, int compressedSize, int dstCapacity);",
     "src:compressedSize dst:dstCapacity"),
    ("int LZ4_compressBound(int inputSize);", "inputSize"),
    ("size_t ZSTD_compress(void *dst, size_t dstCapacity, const void *src, size_t srcSize, int level);",
     "dst:dstCapacity src:srcSize level"),
    ("int compress(uint8_t *dest, unsigned long *destLen, const uint8_t *source, unsigned long sourceLen);",
     "dest:destLen ->destLen source:sourceLen"),
    ("uint64_t XXH64(const void *input, size_t length, uint64_t seed);", "input:length seed"),
    ("void *qoi_decode(const void *data, int size, int channels);", "data:size channels"),
    ("double dot(const double *a, const double *b, size_t n);", "a:n b:n"),
    ("void add(const float *x, const float *y, float *out, int n);", "x:n y:n out:n"),
    ("void fft(float *re, float *im, int n);", "re:n im:n"),
    ("void two(const uint8_t *x1, const uint8_t *x2, uint8_t *y, size_t n);", "x1:n x2:n y:n"),
    ("void copy(const char *src, char *dst, size_t n);", "src:n dst:n"),
    ("int readlink(const char *path, char *buf, size_t n);", "path buf:n"),
    ("void hmac(const uint8_t *key, const uint8_t *data, size_t n, uint8_t *mac);", "key data:n mac"),
    ("size_t fwrite(const void *ptr, size_t size, size_t nmemb);", "ptr size nmemb"),
    ("int find(const char *hay, size_t hay_len, const char *needle, size_t needle_len);",
     "hay:hay_len needle:needle_len"),
    ("int get(const int *x, size_t n, size_t index);", "x:n index"),
    ("int peek(const int *x, size_t offset);", "x offset"),
    ("void draw(int n_rows, const float *rows);", "rows:n_rows"),
    ("int open(const char *name, struct thing **out);", "name ->out"),
    ("void minmax(const int *x, size_t n, int *out_min, int *out_max);", "x:n ->out_min ->out_max"),
    ("int puts(const char *text);", "text"),
    ("int main(int argc, char **argv);", "argc argv"),
    ("int pick(const char **names, const char **end);", "names ->end"),
    ("int join(const char *const *list, char **result);", "list ->result"),
]  # fmt: skip


def shown(declaration: str, *, by_convention: bool = True) -> str:
    header = typed.parse_header(f"#include <stdint.h>\n#include <stddef.h>\n{declaration}")
    (function,) = header.functions.values()
    found = roles.assign(function, by_convention=by_convention, rules=rules.NO_RULES)
    words = []
    for role in found:
        name = role.param.name
        if role.what in ("out", "room"):
            words.append(f"->{name}")
        elif role.what != "length":
            words.append(f"{name}:{found[role.length].param.name}" if role.length is not None else name)
    return " ".join(words)


@pytest.mark.parametrize(
    ("declaration", "wanted"), CASES, ids=[case[0].split("(")[0].split()[-1] for case in CASES]
)
def test_lengths_and_results(declaration: str, wanted: str) -> None:
    assert shown(declaration) == wanted


def test_nothing_is_guessed_in_short_signatures() -> None:
    assert shown("int f(const int *x, size_t n, int *out_min);", by_convention=False) == "x n out_min"
