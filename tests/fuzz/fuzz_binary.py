"""Bytes of a module: numbers, vectors, sections, value types."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

TYPES = {"i32": 0x7F, "i64": 0x7E, "f32": 0x7D, "f64": 0x7C, "v128": 0x7B, "funcref": 0x70, "externref": 0x6F}
TYPES |= {"anyref": 0x6E, "eqref": 0x6D, "i31ref": 0x6C, "exnref": 0x69}
EMPTY = b"\x40"


def unsigned(number: int) -> bytes:
    """LEB128."""
    out = bytearray()
    while True:
        number, byte = number >> 7, number & 0x7F
        out.append(byte | (0x80 if number else 0))
        if not number:
            return bytes(out)


def signed(number: int) -> bytes:
    """LEB128 of a number with a sign."""
    out = bytearray()
    while True:
        byte, number = number & 0x7F, number >> 7
        done = number == (-1 if byte & 0x40 else 0)
        out.append(byte if done else byte | 0x80)
        if done:
            return bytes(out)


def value_type(name: str) -> bytes:
    """A value type; ``ref null 3`` and ``ref 3`` are of a type of the module."""
    words = name.split()
    if words[0] == "ref":
        return (b"\x63" if words[1] == "null" else b"\x64") + signed(int(words[-1]))
    return bytes([TYPES[name]])


def opcode(code: int) -> bytes:
    """A plain byte, or a prefix and a number."""
    return bytes([code]) if code < 0x100 else bytes([code >> 12]) + unsigned(code & 0xFFF)


def vector(items: Sequence[bytes]) -> bytes:
    """A count and the items."""
    return unsigned(len(items)) + b"".join(items)


def section(number: int, content: bytes) -> bytes:
    """A section."""
    return bytes([number]) + unsigned(len(content)) + content


def func_type(params: Iterable[str], results: Iterable[str]) -> bytes:
    """A function type."""
    both = (vector([value_type(name) for name in names]) for names in (list(params), list(results)))
    return b"\x60" + b"".join(both)


def constant(kind: str, bits: int) -> bytes:
    """An instruction that gives these bits."""
    if kind == "i32":
        return b"\x41" + signed(bits - (1 << 32) if bits >> 31 else bits)
    if kind == "i64":
        return b"\x42" + signed(bits - (1 << 64) if bits >> 63 else bits)
    if kind == "f32":
        return b"\x43" + struct.pack("<I", bits)
    if kind == "f64":
        return b"\x44" + struct.pack("<Q", bits)
    return opcode(0xFD00C) + bits.to_bytes(16, "little")
