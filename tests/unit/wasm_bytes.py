"""Small modules for tests, built without any tool: they also run where no assembler can be installed."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

TYPES = {"i32": 0x7F, "i64": 0x7E, "f32": 0x7D, "f64": 0x7C, "v128": 0x7B, "funcref": 0x70, "externref": 0x6F}
# Mnemonic -> opcode bytes and the immediates that follow: u = unsigned, s = signed LEB, f / d = float,
# v = 128 bits, t = block type (- for none, a value type, a type index), l = labels of a br_table, h = heap type.
OPS: dict[str, tuple[bytes, str]] = {
    "unreachable": (b"\x00", ""), "nop": (b"\x01", ""), "block": (b"\x02", "t"), "loop": (b"\x03", "t"),
    "if": (b"\x04", "t"), "else": (b"\x05", ""), "end": (b"\x0b", ""), "br": (b"\x0c", "u"), "br_if": (b"\x0d", "u"),
    "return": (b"\x0f", ""), "call": (b"\x10", "u"), "call_indirect": (b"\x11", "uu"), "drop": (b"\x1a", ""),
    "local.get": (b"\x20", "u"), "local.set": (b"\x21", "u"), "local.tee": (b"\x22", "u"),
    "global.get": (b"\x23", "u"), "global.set": (b"\x24", "u"), "table.get": (b"\x25", "u"),
    "i32.load": (b"\x28", "uu"), "i32.load8_u": (b"\x2d", "uu"), "i32.store": (b"\x36", "uu"),
    "memory.size": (b"\x3f", "u"), "memory.grow": (b"\x40", "u"),
    "i32.const": (b"\x41", "s"), "i64.const": (b"\x42", "s"), "f32.const": (b"\x43", "f"), "f64.const": (b"\x44", "d"),
    "i32.eqz": (b"\x45", ""), "i64.eqz": (b"\x50", ""), "i32.add": (b"\x6a", ""), "i32.sub": (b"\x6b", ""),
    "i32.mul": (b"\x6c", ""), "i32.div_s": (b"\x6d", ""), "i64.add": (b"\x7c", ""), "i64.sub": (b"\x7d", ""),
    "i64.mul": (b"\x7e", ""), "f64.add": (b"\xa0", ""), "ref.null": (b"\xd0", "h"), "ref.func": (b"\xd2", "u"),
    "select": (b"\x1b", ""), "br_table": (b"\x0e", "l"), "return_call": (b"\x12", "u"),
    "v128.const": (b"\xfd\x0c", "v"), "v128.load": (b"\xfd\x00", "uu"), "v128.store": (b"\xfd\x0b", "uu"),
    "i64x2.add": (b"\xfd\xce\x01", ""),
}  # fmt: skip


def unsigned(value: int) -> bytes:
    """LEB128."""
    out = bytearray()
    while True:
        byte, value = value & 0x7F, value >> 7
        out.append(byte | (0x80 if value else 0))
        if not value:
            return bytes(out)


def signed(value: int) -> bytes:
    """Signed LEB128."""
    out = bytearray()
    while True:
        byte, value = value & 0x7F, value >> 7
        done = (value == 0 and not byte & 0x40) or (value == -1 and byte & 0x40)
        out.append(byte if done else byte | 0x80)
        if done:
            return bytes(out)


def name(text: str | bytes) -> bytes:
    """A vector of UTF-8 bytes."""
    raw = text.encode() if isinstance(text, str) else text
    return unsigned(len(raw)) + raw


def vector(items: Sequence[bytes]) -> bytes:
    """A count and the items."""
    return unsigned(len(items)) + b"".join(items)


def section(number: int, content: bytes) -> bytes:
    """A section."""
    return bytes([number]) + name(content)


def assemble(text: str) -> bytes:
    """Instructions, separated by ``;`` or newlines."""
    out = b""
    for line in text.replace("\n", ";").split(";"):
        words = line.split()
        if not words:
            continue
        code, kinds = OPS[words[0]]
        out += code
        for kind, word in zip(kinds, words[1:], strict=True):
            out += _immediate(kind, word)
    return out


def _immediate(kind: str, word: str) -> bytes:
    if kind == "u":
        return unsigned(int(word, 0))
    if kind == "s":
        return signed(int(word, 0))
    if kind == "f":
        return struct.pack("<f", float(word))
    if kind == "d":
        return struct.pack("<d", float(word))
    if kind == "h":
        return bytes([TYPES[word + "ref"]])
    if kind == "v":
        return int(word, 0).to_bytes(16, "little")
    if kind == "l":
        return vector([unsigned(int(depth)) for depth in word.split(",")[:-1]]) + unsigned(
            int(word.split(",")[-1])
        )
    if word.isdigit():
        return signed(int(word))
    return b"\x40" if word == "-" else bytes([TYPES[word]])


def limits(minimum: int, maximum: int | None) -> bytes:
    """Limits of a memory or table."""
    return b"\x00" + unsigned(minimum) if maximum is None else b"\x01" + unsigned(minimum) + unsigned(maximum)


class Module:
    """Collects the parts of a module; `bytes` gives the binary. Imports come first."""

    def __init__(self) -> None:
        self.types: list[bytes] = []
        self.imports: list[bytes] = []
        self.funcs: list[tuple[int, bytes]] = []
        self.tables: list[bytes] = []
        self.memories: list[bytes] = []
        self.globals: list[bytes] = []
        self.exports: list[bytes] = []
        self.elements: list[bytes] = []
        self.datas: list[bytes] = []
        self.customs: list[bytes] = []
        self.names: dict[int, str] = {}
        self.start: int | None = None
        self.imported_funcs = 0

    def type(self, params: str = "", results: str = "") -> int:
        """The index of a function type; types are separated by blanks."""
        code = b"\x60" + b"".join(
            vector([bytes([TYPES[t]]) for t in part.split()]) for part in (params, results)
        )
        if code not in self.types:
            self.types.append(code)
        return self.types.index(code)

    def import_(self, module: str, item: str, kind: int, description: bytes) -> None:
        """Any import."""
        self.imports.append(name(module) + name(item) + bytes([kind]) + description)

    def import_func(self, module: str, item: str, params: str = "", results: str = "") -> int:
        """An imported function; gives its index."""
        self.import_(module, item, 0, unsigned(self.type(params, results)))
        self.imported_funcs += 1
        return self.imported_funcs - 1

    def import_table(
        self, module: str, item: str, element: str, minimum: int, maximum: int | None = None
    ) -> None:
        """An imported table."""
        self.import_(module, item, 1, bytes([TYPES[element]]) + limits(minimum, maximum))

    def import_memory(self, module: str, item: str, minimum: int, maximum: int | None = None) -> None:
        """An imported memory."""
        self.import_(module, item, 2, limits(minimum, maximum))

    def import_global(self, module: str, item: str, kind: str, mutable: bool = False) -> None:
        """An imported global."""
        self.import_(module, item, 3, bytes([TYPES[kind], mutable]))

    def func(
        self, body: str = "", params: str = "", results: str = "", *, export: str | bytes | None = None,
        locals_: Iterable[str] = (), label: str | None = None,
    ) -> int:  # fmt: skip
        """A function; gives its index."""
        variables = vector([b"\x01" + bytes([TYPES[kind]]) for kind in locals_])
        self.funcs.append((self.type(params, results), variables + assemble(body) + b"\x0b"))
        index = self.imported_funcs + len(self.funcs) - 1
        if label is not None:
            self.names[index] = label
        if export is not None:
            self.export(export, 0, index)
        return index

    def export(self, item: str | bytes, kind: int, index: int) -> None:
        """An export; kinds: 0 function, 1 table, 2 memory, 3 global."""
        self.exports.append(name(item) + bytes([kind]) + unsigned(index))

    def memory(self, minimum: int, maximum: int | None = None, *, export: str | None = "memory") -> None:
        """A memory."""
        self.memories.append(limits(minimum, maximum))
        if export is not None:
            self.export(export, 2, 0)

    def table(
        self, element: str, minimum: int, maximum: int | None = None, *, export: str | None = None
    ) -> None:
        """A table."""
        self.tables.append(bytes([TYPES[element]]) + limits(minimum, maximum))
        if export is not None:
            self.export(export, 1, len(self.tables) - 1)

    def global_(self, kind: str, init: str, *, mutable: bool = False, export: str | None = None) -> None:
        """A global with a constant expression."""
        self.globals.append(bytes([TYPES[kind], mutable]) + assemble(init) + b"\x0b")
        if export is not None:
            self.export(export, 3, len(self.globals) - 1)

    def elem(self, offset: int, funcs: Sequence[int]) -> None:
        """An active segment of functions for table 0."""
        self.elements.append(
            b"\x00" + assemble(f"i32.const {offset}") + b"\x0b" + vector([unsigned(f) for f in funcs])
        )

    def data(self, offset: int, content: bytes) -> None:
        """An active segment for memory 0."""
        self.datas.append(b"\x00" + assemble(f"i32.const {offset}") + b"\x0b" + name(content))

    def custom(self, title: str, content: bytes) -> None:
        """A custom section."""
        self.customs.append(section(0, name(title) + content))

    def bytes(self) -> bytes:
        """The binary."""
        parts = [
            (1, vector(self.types)), (2, vector(self.imports)), (3, vector([unsigned(t) for t, _ in self.funcs])),
            (4, vector(self.tables)), (5, vector(self.memories)), (6, vector(self.globals)), (7, vector(self.exports)),
            (8, b"" if self.start is None else unsigned(self.start)), (9, vector(self.elements)),
            (10, vector([name(body) for _, body in self.funcs])), (11, vector(self.datas)),
        ]  # fmt: skip
        kept = [(n, body) for n, body in parts if body != (b"" if n == 8 else b"\0")]
        out = b"\0asm\x01\0\0\0" + b"".join(section(n, body) for n, body in kept)
        if self.names:
            pairs = [unsigned(index) + name(text) for index, text in sorted(self.names.items())]
            out += section(0, name("name") + b"\x01" + name(vector(pairs)))
        return out + b"".join(self.customs)


def numbers() -> bytes:
    """A module with one function of each kind of signature that tests of calls need."""
    m = Module()
    m.func("local.get 0; local.get 1; i32.add", "i32 i32", "i32", export="add")
    m.func("local.get 0; local.get 1; i32.div_s", "i32 i32", "i32", export="div")
    for kind in ("i32", "i64", "f32", "f64", "externref", "funcref"):
        m.func("local.get 0", kind, kind, export=f"same_{kind}")
    m.func("", export="nothing")
    m.func("i32.const 7; f64.const 2.5; local.get 0", "i64", "i32 f64 i64", export="three")
    m.func("\n".join(f"local.get {i}; i32.add" if i else "local.get 0" for i in range(20)), " ".join(["i32"] * 20),
           "i32", export="sum20")  # fmt: skip
    return m.bytes()


def fib() -> bytes:
    """``fib(n: i32) -> i32``, recursive."""
    m = Module()
    m.func(
        """local.get 0; i32.eqz; if i32; i32.const 0; else; local.get 0; i32.const 1; i32.sub; i32.eqz; if i32
           i32.const 1; else; local.get 0; i32.const 1; i32.sub; call 0; local.get 0; i32.const 2; i32.sub; call 0
           i32.add; end; end""",
        "i32", "i32", export="fib",
    )  # fmt: skip
    return m.bytes()


def spinner() -> bytes:
    """``spin()`` never ends."""
    m = Module()
    m.func("loop -; br 0; end", export="spin", label="spin")
    return m.bytes()
