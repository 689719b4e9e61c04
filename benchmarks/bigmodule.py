"""Makes valid modules of any size: the input of the load measurement, the same bytes every time.

The bodies are statements as a compiler would write them: expressions over locals, loads and stores,
counted loops, branches out of blocks, switches, calls. Only Wasm 1.0. `run(x)` calls some functions
and returns a checksum, so that engines can be compared on what they loaded.
"""

from __future__ import annotations

import random
import struct
from pathlib import Path

I32, I64, F64 = 0x7F, 0x7E, 0x7C
LOCALS = {I32: range(6), I64: range(6, 9), F64: range(9, 12)}  # the first two are the parameters
COUNTER = 12  # a local that only loops use
BINARY = {
    I32: (0x6A, 0x6B, 0x6C, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77),
    I64: (0x7C, 0x7D, 0x7E, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89),
    F64: (0xA0, 0xA1, 0xA2),
}
COMPARE = {
    I32: (0x46, 0x47, 0x48, 0x49, 0x4A, 0x4B, 0x4C, 0x4D, 0x4E, 0x4F),
    I64: (0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5A),
    F64: (0x61, 0x62, 0x63, 0x64, 0x65, 0x66),
}
LOAD = {I32: (0x28, 2), I64: (0x29, 3), F64: (0x2B, 3)}
STORE = {I32: (0x36, 2), I64: (0x37, 3), F64: (0x39, 3)}
CONVERT = {I32: (0xA7, I64), I64: (0xAC, I32), F64: (0xB7, I32)}  # wrap, extend_s, convert_i32_s
PAGES = 2
DISTINCT = 3_000_000  # bytes of code that are made; what is longer has the same functions again
# Bytes of the smallest functions: the mean is 330, as in small libraries, or 930, as in Yosys (69 MB).
SMALLEST, SMALLEST_OF_LARGE = 60, 200


def uleb(n: int) -> bytes:
    """LEB128 of an unsigned number."""
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def sleb(n: int) -> bytes:
    """LEB128 of a signed number."""
    out = bytearray()
    while not -64 <= n < 64:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n & 0x7F)
    return bytes(out)


def vector(items: list[bytes]) -> bytes:
    """Items behind their count."""
    return uleb(len(items)) + b"".join(items)


def section(number: int, content: bytes) -> bytes:
    """A section of a module."""
    return bytes([number]) + uleb(len(content)) + content


class Body:
    """The code of one function: appends statements until it is long enough."""

    def __init__(self, rng: random.Random, index: int) -> None:
        self.rng, self.index, self.out = rng, index, bytearray()

    def local(self, kind: int) -> bytes:
        """The index of a local of that type."""
        return uleb(self.rng.choice(LOCALS[kind]))

    def constant(self, kind: int) -> None:
        """Pushes a constant."""
        if kind == F64:
            self.out += b"\x44" + struct.pack("<d", self.rng.choice([0.5, 1.0, 3.25, -2.0, 1e3]))
        else:
            bits = self.rng.choice([4, 8, 16, 31])
            self.out += (b"\x41" if kind == I32 else b"\x42") + sleb(self.rng.randrange(-(2**bits), 2**bits))

    def address(self) -> None:
        """Pushes an address that is in bounds, whatever the local holds."""
        self.out += b"\x20" + self.local(I32) + b"\x41" + sleb(0xFFF8) + b"\x71"

    def expression(self, kind: int, depth: int) -> None:
        """Pushes a value of that type."""
        shape = self.rng.random()
        if depth == 0 or shape < 0.25:
            if self.rng.random() < 0.7:
                self.out += b"\x20" + self.local(kind)
            else:
                self.constant(kind)
        elif shape < 0.45:
            opcode, align = LOAD[kind]
            self.address()
            self.out += bytes([opcode, align]) + uleb(self.rng.randrange(0, 60000))
        elif shape < 0.55:
            opcode, source = CONVERT[kind]
            self.expression(source, depth - 1)
            self.out.append(opcode)
        elif shape < 0.6 and kind == I32:
            operand = self.rng.choice((I32, I64, F64))
            self.expression(operand, depth - 1)
            self.expression(operand, depth - 1)
            self.out.append(self.rng.choice(COMPARE[operand]))
        else:
            self.expression(kind, depth - 1)
            self.expression(kind, depth - 1)
            self.out.append(self.rng.choice(BINARY[kind]))

    def statement(self, depth: int) -> None:
        """One statement; nested ones while `depth` lasts."""
        shape = self.rng.random()
        kind = self.rng.choice((I32, I32, I64, F64))
        if depth == 0 or shape < 0.4:
            self.expression(kind, 3)
            self.out += b"\x21" + self.local(kind)
        elif shape < 0.65:
            self.address()
            self.expression(kind, 2)
            opcode, align = STORE[kind]
            self.out += bytes([opcode, align]) + uleb(self.rng.randrange(0, 60000))
        elif shape < 0.8:
            self.expression(I32, 2)
            self.out += b"\x04\x40"
            self.block(depth - 1)
            self.out += b"\x05"
            self.block(depth - 1)
            self.out += b"\x0b"
        elif shape < 0.87:
            self.out += b"\x02\x40"
            self.block(depth - 1)
            self.expression(I32, 1)
            self.out += b"\x0d\x00"
            self.block(depth - 1)
            self.out += b"\x0b"
        elif shape < 0.92:
            self.loop()
        elif shape < 0.95:
            self.switch(depth)
        else:
            self.call()

    def block(self, depth: int) -> None:
        """A few statements."""
        for _ in range(self.rng.randrange(1, 4)):
            self.statement(depth)

    def loop(self) -> None:
        """Three rounds, counted in the local that is kept for it."""
        self.out += b"\x41\x03\x21" + uleb(COUNTER) + b"\x03\x40"
        self.statement(0)
        self.out += b"\x20" + uleb(COUNTER) + b"\x41\x01\x6b\x22" + uleb(COUNTER) + b"\x0d\x00\x0b"

    def switch(self, depth: int) -> None:
        """Three blocks around a br_table with as many targets."""
        self.out += b"\x02\x40\x02\x40\x02\x40"
        self.expression(I32, 1)
        self.out += b"\x41\x03\x71\x0e\x02\x00\x01\x02\x0b"
        for _ in range(2):
            self.block(depth - 1)
            self.out += b"\x0b"

    def call(self) -> None:
        """A call of an earlier function, under a condition that is rarely true."""
        if self.index == 0:
            return
        target = self.rng.randrange(self.index)
        self.expression(I32, 1)
        self.out += b"\x41" + sleb(self.rng.randrange(2**30)) + b"\x46\x04\x40"
        self.expression(I32, 1)
        self.expression(I32, 1)
        self.out += b"\x10" + uleb(target) + b"\x21" + self.local(I32) + b"\x0b"

    def finish(self, size: int) -> bytes:
        """The function's bytes, with a code of at least `size`."""
        while len(self.out) < size:
            self.statement(3)
        self.out += b"\x20\x00\x20\x02\x73\x20\x06\xa7\x6a\x0b"  # p0 ^ l2 + wrap(l6)
        locals_ = b"\x04" + b"\x04\x7f" + b"\x03\x7e" + b"\x03\x7c" + b"\x01\x7f"
        code = locals_ + bytes(self.out)
        return uleb(len(code)) + code


def _run(functions: int) -> bytes:
    """`run(x)`: the sum of some functions' results."""
    out = bytearray(b"\x00\x41\x00")
    for target in range(0, functions, max(1, functions // 20)):
        out += b"\x20\x00\x41" + sleb(target) + b"\x10" + uleb(target) + b"\x6a"
    out += b"\x0b"
    return uleb(len(out)) + bytes(out)


def make_module(size: int, seed: int = 1, distinct: int = DISTINCT) -> bytes:
    """A module of about `size` bytes (at least, and less than one function more).

    After `distinct` bytes its functions repeat: they only call functions before themselves, so a copy further
    on is as valid, and no engine looks for copies.
    """
    rng = random.Random(seed)
    smallest = SMALLEST_OF_LARGE if size > distinct else SMALLEST
    codes: list[bytes] = []
    total = made = 0
    while total < size:
        if total < distinct:
            code = Body(rng, len(codes)).finish(int(min(20_000, smallest * rng.paretovariate(1.1))))
            made = len(codes) + 1
        else:
            code = codes[len(codes) % made]
        codes.append(code)
        total += len(code) + 1
    return _module(codes)


def _module(codes: list[bytes]) -> bytes:
    count = len(codes)
    types = vector([b"\x60\x02\x7f\x7f\x01\x7f", b"\x60\x01\x7f\x01\x7f"])
    return b"\0asm\x01\0\0\0" + b"".join(
        [
            section(1, types),
            section(3, vector([b"\x00"] * count + [b"\x01"])),
            section(5, b"\x01\x00" + uleb(PAGES)),
            section(7, vector([b"\x03run\x00" + uleb(count), b"\x06memory\x02\x00"])),
            section(10, vector([*codes, _run(count)])),
        ]
    )


def module_file(folder: Path, size: int) -> Path:
    """The module in a file, made when it is not there."""
    path = folder / f"module-{size}-v3.wasm"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        scratch = path.with_suffix(".part")
        scratch.write_bytes(make_module(size))
        scratch.replace(path)
    return path
