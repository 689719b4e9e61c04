"""The names of types that a header may use without declaring them: C's own and those of the standard headers.

Sizes are those of wasm32-wasi: `long` has 4 bytes, `time_t` and `off_t` have 8.
"""

from __future__ import annotations

from .ctype import BOOL, CHAR, INT, SIZE, UNSIGNED, VOID, CType, Scalar, Struct, Unmapped

_LONG_DOUBLE = "long double has 16 bytes and no counterpart in Python; use double"
_VA_LIST = "a va_list can only be made in C; export a function with fixed parameters that calls it"

# What a set of words means, whatever their order in the source.
WORDS: dict[tuple[str, ...], CType] = {
    ("void",): VOID,
    ("_Bool",): BOOL,
    ("char",): CHAR,
    ("char", "signed"): Scalar("signed char", "i", 1),
    ("char", "unsigned"): Scalar("unsigned char", "u", 1),
    ("short",): Scalar("short", "i", 2),
    ("short", "unsigned"): Scalar("unsigned short", "u", 2),
    ("int",): INT,
    ("int", "unsigned"): UNSIGNED,
    ("long",): Scalar("long", "i", 4),
    ("long", "unsigned"): Scalar("unsigned long", "u", 4),
    ("long", "long"): Scalar("long long", "i", 8),
    ("long", "long", "unsigned"): Scalar("unsigned long long", "u", 8),
    ("float",): Scalar("float", "f", 4),
    ("double",): Scalar("double", "f", 8),
    ("double", "long"): Unmapped("long double", 16, _LONG_DOUBLE),
    ("__int128",): Unmapped(
        "__int128", 16, "integers of 128 bits are passed in two halves; pass two uint64_t"
    ),
}
TYPE_WORDS = frozenset(
    "void _Bool char signed unsigned short int long float double __int128 _Complex __signed__".split()
)


def _standard() -> dict[str, CType]:
    table: dict[str, CType] = {"bool": BOOL, "size_t": SIZE, "FILE": Struct("FILE")}
    for bits in (8, 16, 32, 64):
        for prefix, kind in (("int", "i"), ("uint", "u")):
            for suffix in ("_t", "_least%d_t"):
                name = f"{prefix}{bits}_t" if suffix == "_t" else f"{prefix}{suffix % bits}"
                table[name] = Scalar(name, kind, bits // 8)
            fast = f"{prefix}_fast{bits}_t"
            table[fast] = Scalar(fast, kind, {8: 1, 16: 4, 32: 4, 64: 8}[bits])
    for name, kind, size in (
        ("intptr_t", "i", 4), ("uintptr_t", "u", 4), ("ptrdiff_t", "i", 4), ("ssize_t", "i", 4),
        ("intmax_t", "i", 8), ("uintmax_t", "u", 8), ("wchar_t", "i", 4), ("wint_t", "u", 4),
        ("char16_t", "u", 2), ("char32_t", "u", 4), ("time_t", "i", 8), ("off_t", "i", 8),
    ):  # fmt: skip
        table[name] = Scalar(name, kind, size)
    for name in ("va_list", "__builtin_va_list", "__gnuc_va_list"):
        table[name] = Unmapped(name, 4, _VA_LIST)
    return table


STANDARD: dict[str, CType] = _standard()

# The short notation of `Instance.func`: wasm's words beside those of C.
SHORT: dict[str, CType] = {
    **{f"i{bits}": Scalar(f"i{bits}", "i", bits // 8) for bits in (8, 16, 32, 64)},
    **{f"u{bits}": Scalar(f"u{bits}", "u", bits // 8) for bits in (8, 16, 32, 64)},
    "f32": Scalar("f32", "f", 4),
    "f64": Scalar("f64", "f", 8),
    "usize": Scalar("usize", "u", 4),
}  # fmt: skip
