"""Small modules for tests, built without any tool: they also run where no assembler can be installed."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

TYPES = {
    "i32": 0x7F, "i64": 0x7E, "f32": 0x7D, "f64": 0x7C, "v128": 0x7B, "funcref": 0x70, "externref": 0x6F,
    "exnref": 0x69,
}  # fmt: skip
# One mnemonic, opcode and immediates a word. u = unsigned LEB, s = signed LEB, t = block type, h = heap type,
# f, d = floats, v = 128 bits, l = labels of a br_table, * = handlers.
_OPS = """
    unreachable=00 nop=01 block=02t loop=03t if=04t else=05 end=0b br=0cu br_if=0du return=0f call=10u
    call_indirect=11uu drop=1a local.get=20u local.set=21u local.tee=22u global.get=23u global.set=24u
    table.get=25u     i32.load=28uu i32.load8_u=2duu i32.store=36uu memory.size=3fu memory.grow=40u
    i32.const=41s i64.const=42s f32.const=43f f64.const=44d
    i32.eqz=45 i32.eq=46 i64.eqz=50 i32.rem_u=70
    i32.add=6a i32.sub=6b i32.mul=6c i32.div_s=6d i64.add=7c i64.sub=7d i64.mul=7e
    f64.add=a0
    ref.null=d0h ref.func=d2u ref.is_null=d1
    throw=08u throw_ref=0a try_table=1ft*
    select=1b br_table=0el return_call=12u
    memory.init=fc08,uu memory.atomic.notify=fe00,uu memory.atomic.wait32=fe01,uu memory.atomic.wait64=fe02,uu
    i32.atomic.load=fe10,uu i32.atomic.store=fe17,uu i32.atomic.rmw.add=fe1e,uu i32.atomic.rmw.xchg=fe41,uu
    i32.atomic.rmw.cmpxchg=fe48,uu
    v128.const=fd0c,v v128.load=fd00,uu v128.store=fd0b,uu i64x2.add=fdce01,
"""
CATCHES = {"catch": 0, "catch_ref": 1, "catch_all": 2, "catch_all_ref": 3}


def _op(code: str) -> tuple[bytes, str]:
    """Opcode bytes (the first, or all up to a comma) and the kinds of immediates."""
    opcode, comma, kinds = code.partition(",")
    return (bytes.fromhex(opcode), kinds) if comma else (bytes.fromhex(code[:2]), code[2:])


OPS = {text: _op(code) for text, code in (word.split("=") for word in _OPS.split())}


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
        if kinds.endswith("*"):  # as in `try_table i32 catch:0:1 catch_all:2`: tag, label
            kinds, catches = kinds[:-1], [_catch(word) for word in words[len(kinds) :]]
            words = words[: len(kinds) + 1]
            out += _immediate(kinds, words[1]) + vector(catches)
            continue
        for kind, word in zip(kinds, words[1:], strict=True):
            out += _immediate(kind, word)
    return out


def _catch(text: str) -> bytes:
    kind, *numbers = text.split(":")
    return bytes([CATCHES[kind]]) + b"".join(unsigned(int(number)) for number in numbers)


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
    if word.isdigit():  # a function type: parameters, or several results
        return signed(int(word))
    return b"\x40" if word == "-" else bytes([TYPES[word]])


def limits(minimum: int, maximum: int | None, *, shared: bool = False, small_pages: bool = False) -> bytes:
    """Limits of a memory or table; a memory may be shared, and have pages of one byte."""
    flags = bytes([(maximum is not None) | shared << 1 | small_pages << 3])
    sizes = unsigned(minimum) + (b"" if maximum is None else unsigned(maximum))
    return flags + sizes + (b"\x00" if small_pages else b"")


class Module:
    """Collects the parts of a module; `bytes` gives the binary. Imports come first."""

    def __init__(self) -> None:
        self.types: list[bytes] = []
        self.imports: list[bytes] = []
        self.funcs: list[tuple[int, bytes]] = []
        self.tables: list[bytes] = []
        self.memories: list[bytes] = []
        self.globals: list[bytes] = []
        self.tags: list[bytes] = []
        self.imported_tags = 0
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

    def import_memory(
        self, module: str, item: str, minimum: int, maximum: int | None = None, *, shared: bool = False
    ) -> None:
        """An imported memory."""
        self.import_(module, item, 2, limits(minimum, maximum, shared=shared))

    def import_global(self, module: str, item: str, kind: str, mutable: bool = False) -> None:
        """An imported global."""
        self.import_(module, item, 3, bytes([TYPES[kind], mutable]))

    def import_tag(self, module: str, item: str, params: str = "") -> int:
        """An imported tag; gives its index."""
        self.import_(module, item, 4, b"\0" + unsigned(self.type(params)))
        self.imported_tags += 1
        return self.imported_tags - 1

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
        """An export; kinds: 0 function, 1 table, 2 memory, 3 global, 4 tag."""
        self.exports.append(name(item) + bytes([kind]) + unsigned(index))

    def memory(
        self, minimum: int, maximum: int | None = None, *, export: str | None = "memory",
        shared: bool = False, small_pages: bool = False,
    ) -> None:  # fmt: skip
        """A memory."""
        self.memories.append(limits(minimum, maximum, shared=shared, small_pages=small_pages))
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

    def tag(self, params: str = "", *, export: str | None = None) -> int:
        """A tag; gives its index."""
        self.tags.append(b"\0" + unsigned(self.type(params)))
        index = self.imported_tags + len(self.tags) - 1
        if export is not None:
            self.export(export, 4, index)
        return index

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
        codes = [name(body) for _, body in self.funcs]
        start = b"" if self.start is None else unsigned(self.start)
        parts = [
            (1, vector(self.types)), (2, vector(self.imports)), (4, vector(self.tables)),
            (5, vector(self.memories)), (5.5, vector(self.tags)), (6, vector(self.globals)),
            (7, vector(self.exports)), (8, start), (9, vector(self.elements)), (10, vector(codes)),
            (11, vector(self.datas)), (3, vector([unsigned(t) for t, _ in self.funcs])),
        ]  # fmt: skip
        kept = [(n, body) for n, body in sorted(parts) if body != (b"" if n == 8 else b"\0")]
        out = b"\0asm\x01\0\0\0" + b"".join(section(13 if n == 5.5 else int(n), body) for n, body in kept)
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
    adds = "\n".join(f"local.get {i}; i32.add" if i else "local.get 0" for i in range(20))
    m.func(adds, " ".join(["i32"] * 20), "i32", export="sum20")
    return m.bytes()


def fib() -> bytes:
    """``fib(n: i32) -> i32``, recursive."""
    m = Module()
    body = """
        local.get 0; i32.eqz; if i32; i32.const 0
        else; local.get 0; i32.const 1; i32.sub; i32.eqz; if i32; i32.const 1
        else; local.get 0; i32.const 1; i32.sub; call 0; local.get 0; i32.const 2; i32.sub; call 0; i32.add
        end; end
    """
    m.func(body, "i32", "i32", export="fib")
    return m.bytes()


def spinner() -> bytes:
    """``spin()`` never ends."""
    m = Module()
    m.func("loop -; br 0; end", export="spin", label="spin")
    return m.bytes()
