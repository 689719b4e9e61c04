"""Structs lie in the guest as clang lays them out: random ones, compiled, and compared byte by byte."""

from __future__ import annotations

import ctypes
import random
from pathlib import Path
from typing import Any

import pytest
from c_sources import compile_c

from pywasi_native import ffi
from pywasi_native.ffi.layouts import Layouts, layouts

COUNT = 120
_NUMBERS = {
    "char": ctypes.c_char, "signed char": ctypes.c_byte, "uint8_t": ctypes.c_ubyte, "int16_t": ctypes.c_int16,
    "uint16_t": ctypes.c_uint16, "int": ctypes.c_int, "uint32_t": ctypes.c_uint32,
    "long long": ffi.c_longlong, "uint64_t": ffi.c_uint64, "float": ctypes.c_float,
    "double": ctypes.c_double, "_Bool": ctypes.c_bool,
    "long": ffi.c_long, "size_t": ffi.c_size_t, "wchar_t": ctypes.c_wchar,
}  # fmt: skip
_POINTERS = {
    "char *": ctypes.c_char_p, "void *": ctypes.c_void_p, "int *": ctypes.POINTER(ctypes.c_int),
    "wchar_t *": ctypes.c_wchar_p, "unary": ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int),
}  # fmt: skip
_BITS = {
    "int": ctypes.c_int, "unsigned": ctypes.c_uint, "uint8_t": ctypes.c_ubyte, "uint16_t": ctypes.c_uint16,
    "uint64_t": ffi.c_uint64,
}  # fmt: skip


class Made:
    """A random struct in C and in ctypes."""

    def __init__(self, chance: random.Random, number: int, earlier: list[Made]) -> None:
        self.name = f"s{number}"
        self.union, self.packed = chance.random() < 0.15, chance.random() < 0.15
        self.members: list[tuple[str, str, Any, int]] = []  # name, C with %s for the name, ctypes, width
        for i in range(chance.randint(1, 6)):
            self.members.append((f"m{i}", *self._member(chance, earlier)))
        names: dict[str, Any] = {
            "_fields_": [
                (name, kind, width) if width else (name, kind) for name, _, kind, width in self.members
            ]
        }
        if self.packed:
            names |= {"_pack_": 1, "_layout_": "ms"}
        base: Any = ctypes.Union if self.union else ctypes.Structure
        self.type: Any = type(self.name, (base,), names)

    def _member(self, chance: random.Random, earlier: list[Made]) -> tuple[str, Any, int]:
        pick = chance.random()
        if pick < 0.2 and not self.union and not self.packed:
            word = chance.choice(list(_BITS))
            kind = _BITS[word]
            width = chance.randint(1, 8 * ctypes.sizeof(kind))
            return f"{word} %s : {width}", kind, width
        if pick < 0.35 and earlier:
            inner = chance.choice(earlier)
            return f"struct_{inner.name} %s", inner.type, 0
        word, kind = chance.choice([*_NUMBERS.items(), *_POINTERS.items()])
        if chance.random() < 0.25:
            count = chance.randint(1, 5)
            return f"{word} %s[{count}]", kind * count, 0
        return f"{word} %s", kind, 0

    def source(self) -> str:
        """The C of the struct, of its measures, and of a function that sets every bit of a bit-field."""
        body = " ".join(text % name + ";" for name, text, _, _ in self.members)
        packed = " __attribute__((packed))" if self.packed else ""
        word = "union" if self.union else "struct"
        plain = [f"offsetof(struct_{self.name}, {name})" for name, _, _, width in self.members if not width]
        measures = ", ".join([f"sizeof(struct_{self.name})", f"_Alignof(struct_{self.name})", *plain])
        ones = "".join(f"case {i}: p->m{i} = -1; break;" for i, one in enumerate(self.members) if one[3])
        return (
            f"typedef {word} {{ {body} }}{packed} struct_{self.name};\n"
            f"API int {self.name}_measures[] = {{ {measures} }};\n"
            f"API void {self.name}_ones(struct_{self.name} *p, int i)\n"
            f"{{ switch (i) {{ {ones} default: break; }} }}\n"
        )


@pytest.fixture(scope="module")
def compiled(zig: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Made], Any]:
    """The structs, and a library that knows them."""
    chance = random.Random(20261121)
    made: list[Made] = []
    for number in range(COUNT):
        made.append(Made(chance, number, made[-12:]))
    folder: Path = tmp_path_factory.mktemp("layouts")
    head = (
        "#include <stddef.h>\n#include <stdint.h>\n#include <wchar.h>\ntypedef int (*unary)(int);\n"
        '#define API __attribute__((visibility("default")))\n'
    )
    (folder / "structs.c").write_text(head + "".join(one.source() for one in made), encoding="utf-8")
    compile_c(
        folder / "structs.c", folder / "structs.wasm", "-target", "wasm32-wasi", "-mexec-model=reactor",
        "-Wl,--export-dynamic", "-Wl,--export=malloc,--export=free", "-Wno-everything",
    )  # fmt: skip
    return made, ffi.CDLL(folder / "structs.wasm")


def test_sizes_alignments_and_offsets(compiled: tuple[list[Made], Any]) -> None:
    made, library = compiled
    known: Layouts = layouts(None)
    for one in made:
        layout = known.of(one.type)
        plain = [member.offset for member in layout.fields if not member.width]
        measures = library.in_dll(ctypes.c_int * (2 + len(plain)), f"{one.name}_measures")
        assert [layout.size, layout.align, *plain] == list(measures), one.source()


def test_bit_fields_are_where_clang_puts_them(compiled: tuple[list[Made], Any]) -> None:
    made, library = compiled
    seen = 0
    for one in made:
        for i, (name, _, kind, width) in enumerate(one.members):
            if not width:
                continue
            seen += 1
            value = library.new(one.type)
            library[f"{one.name}_ones"](ctypes.byref(value), i)
            signed = kind(-1).value < 0
            assert getattr(value, name) == (-1 if signed else (1 << width) - 1), one.source()
            others = [label for label, _, _, bits in one.members if bits and label != name]
            assert not any(getattr(value, label) for label in others), one.source()
    assert seen > 30


def test_members_are_set_alone(compiled: tuple[list[Made], Any]) -> None:
    """Writing a bit-field through ctypes changes no other bit than C's own write."""
    made, library = compiled
    for one in made:
        size = ffi.sizeof(one.type)
        for i, (name, _, kind, width) in enumerate(one.members):
            if width:
                by_c, by_python = library.new(one.type), library.new(one.type)
                library[f"{one.name}_ones"](ctypes.byref(by_c), i)
                setattr(by_python, name, -1 if kind(-1).value < 0 else (1 << width) - 1)
                assert ffi.string_at(ffi.addressof(by_c), size) == ffi.string_at(
                    ffi.addressof(by_python), size
                )
