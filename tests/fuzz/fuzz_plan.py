"""What every generated module has: types, memories, tables, globals, tags; its bytes around the functions.

types     0 struct   1 struct, a subtype of it   2 array of i8   3 array of i64   4 array of (ref null 0)
          5 tag of (i32 i64)   6 tag of ()       7... one per function
memories  0 of 32 bits, 1 of 64 bits             tables 0: all functions
globals   0-4 mutable numbers and vector   5 steps that are left   6, 7 (ref null 0), anyref
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from fuzz_binary import constant, func_type, opcode, section, signed, unsigned, value_type, vector

NUMBERS = ("i32", "i64", "f32", "f64", "v128")
STEPS = 3000  # loop rounds and calls in one call from outside
PAGES = 1
STRUCT, SUBSTRUCT, BYTES, LONGS, REFS, TAG_VALUES, TAG_NONE, FIRST_FUNC = range(8)
# Fields of the struct: storage, value type. Its subtype has one more.
FIELDS = (("i32", "i32"), ("i64", "i64"), ("i8", "i32"), ("v128", "v128"), ("ref null 0", "ref null 0"))
MORE_FIELDS = (("f64", "f64"),)
GLOBALS = ("i32", "i64", "f32", "f64", "v128")
G_STEPS, G_STRUCT, G_ANY = 5, 6, 7
SHOWN_GLOBALS = (0, 1, 2, 3, G_STEPS)  # exported
PACKED = {"i8": b"\x78", "i16": b"\x77"}


@dataclass
class Func:
    """A function: its type, and once it is made its locals and code."""

    params: tuple[str, ...]
    results: tuple[str, ...]
    locals: list[str] = field(default_factory=list)
    code: bytes = b""


def storage(name: str) -> bytes:
    """A storage type."""
    return PACKED.get(name) or value_type(name)


def _struct(fields: tuple[tuple[str, str], ...]) -> bytes:
    return b"\x5f" + vector([storage(name) + b"\x01" for name, _ in fields])


def _types(funcs: list[Func]) -> bytes:
    structs = [
        b"\x50" + vector([]) + _struct(FIELDS),
        b"\x4f" + vector([unsigned(STRUCT)]) + _struct(FIELDS + MORE_FIELDS),
    ]
    arrays = [b"\x5e" + storage(name) + b"\x01" for name in ("i8", "i64", "ref null 0")]
    tags = [func_type(("i32", "i64"), ()), func_type((), ())]
    own = [func_type(func.params, func.results) for func in funcs]
    return vector([*structs, *arrays, *tags, *own])


def _globals(rng: random.Random) -> bytes:
    numbers = [value_type(kind) + b"\x01" + constant(kind, rng.getrandbits(20)) + b"\x0b" for kind in GLOBALS]
    steps = value_type("i32") + b"\x01" + constant("i32", STEPS) + b"\x0b"
    struct = value_type("ref null 0") + b"\x01" + b"\xd0" + signed(STRUCT) + b"\x0b"
    anyref = value_type("anyref") + b"\x01" + constant("i32", rng.getrandbits(20)) + opcode(0xFB01C) + b"\x0b"
    return vector([*numbers, steps, struct, anyref])


def _exports(funcs: list[Func]) -> bytes:
    names = [(f"f{i}", 0, i) for i in range(len(funcs))]
    names += [("m0", 2, 0), ("m1", 2, 1), *((f"g{i}", 3, i) for i in SHOWN_GLOBALS)]
    return vector(
        [vector([bytes([c]) for c in name.encode()]) + bytes([kind]) + unsigned(i) for name, kind, i in names]
    )


def _body(func: Func) -> bytes:
    declared = vector([unsigned(1) + value_type(name) for name in func.locals])
    code = declared + func.code + b"\x0b"
    return unsigned(len(code)) + code


def assemble(funcs: list[Func], rng: random.Random) -> bytes:
    """The module."""
    count = len(funcs)
    memories = [b"\x01" + unsigned(PAGES) + unsigned(2), b"\x05" + unsigned(PAGES) + unsigned(2)]
    table = value_type("funcref") + b"\x00" + unsigned(count + 1)
    elements = b"\x00" + constant("i32", 0) + b"\x0b" + vector([unsigned(i) for i in range(count)])
    data = [rng.randbytes(rng.randrange(1, 64)) for _ in range(2)]
    segments = [
        b"\x00" + constant("i32", rng.randrange(1000)) + b"\x0b" + vector([bytes([b]) for b in data[0]]),
        b"\x01" + vector([bytes([b]) for b in data[1]]),
    ]
    sections = [
        section(1, _types(funcs)),
        section(3, vector([unsigned(FIRST_FUNC + i) for i in range(count)])),
        section(4, vector([table])),
        section(5, vector(memories)),
        section(13, vector([b"\x00" + unsigned(TAG_VALUES), b"\x00" + unsigned(TAG_NONE)])),
        section(6, _globals(rng)),
        section(7, _exports(funcs)),
        section(9, vector([elements])),
        section(12, unsigned(len(segments))),
        section(10, vector([_body(func) for func in funcs])),
        section(11, vector(segments)),
    ]
    return b"\0asm\x01\0\0\0" + b"".join(sections)
