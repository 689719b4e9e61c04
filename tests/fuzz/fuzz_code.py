"""Random code, made from the top down: `expression` of a type asks for expressions of what it needs.

Every NaN that a float instruction can make is replaced by one and the same, since which NaN it is may
differ from engine to engine. Loops and calls count down a global: a module always ends.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from fuzz_binary import EMPTY, constant, opcode, signed, unsigned, value_type, vector
from fuzz_plan import (
    BYTES,
    FIELDS,
    FIRST_FUNC,
    G_ANY,
    G_STEPS,
    G_STRUCT,
    GLOBALS,
    LONGS,
    MORE_FIELDS,
    NUMBERS,
    REFS,
    STRUCT,
    SUBSTRUCT,
    Func,
)  # fmt: skip
from fuzz_rows import LANES, Row, doers, makers, pairs

BITS = {"i32": 32, "i64": 64, "f32": 32, "f64": 64, "v128": 128}
EDGES = (0, 1, 2, 7, 31, 32, 63, 64, 127, 128, 255, 256, 32767, 32768, 65535, 65536, (1 << 31) - 1, 1 << 31)
FLOATS = {
    "f32": (
        0,
        0x80000000,
        0x3F800000,
        0xBF800000,
        0x7F800000,
        0xFF800000,
        0x4F000000,
        0x00000001,
        0x7FC00000,
    ),
    "f64": (
        0,
        1 << 63,
        0x3FF0 << 48,
        0xBFF0 << 48,
        0x7FF0 << 48,
        0xFFF0 << 48,
        0x41E0 << 48,
        1,
        0x7FF8 << 48,
    ),
}
NAN = {"f32": 0x7FC00000, "f64": 0x7FF8 << 48}
LOCALS = (*NUMBERS, *NUMBERS, "i32", "i64", "ref null 0", "anyref", "ref null 2", "ref null 3", "ref null 4")
REFERENCES = ("ref null 0", "anyref", "ref null 2", "ref null 3", "ref null 4")


class Cuts:
    """Parts of a module that are left out, by their numbers: for making a failing one smaller."""

    def __init__(self, numbers: frozenset[int] = frozenset()) -> None:
        self.numbers, self.count = numbers, 0

    def part(self, code: bytes, nothing: bytes) -> bytes:
        """The code of the next part, or what stands for it."""
        self.count += 1
        return nothing if self.count in self.numbers else code


class Coder:
    """Makes the code of one function."""

    def __init__(self, rng: random.Random, funcs: list[Func], index: int, cuts: Cuts) -> None:
        self.rng, self.funcs, self.index, self.cuts = rng, funcs, index, cuts
        self.func = funcs[index]
        self.func.locals = list(LOCALS)
        self.types = [*self.func.params, *LOCALS]
        self.budget = 120
        self.labels: list[tuple[str, ...]] = [
            self.func.results
        ]  # what a branch to each takes, outermost first

    def make(self) -> None:
        """The whole body: some statements, then the results."""
        code = self.count_step()
        for _ in range(self.rng.randrange(2, 8)):
            code += self.statement(0)
        code += b"".join(self.expression(kind, 0) for kind in self.func.results)
        self.func.code = code

    # ---- small parts ----

    def count_step(self) -> bytes:
        """Traps when too many steps have been made."""
        get, put = b"\x23" + unsigned(G_STEPS), b"\x24" + unsigned(G_STEPS)
        return get + constant("i32", 1) + b"\x6b" + put + get + constant("i32", 0) + b"\x48\x04\x40\x00\x0b"

    def local_of(self, kind: str) -> int:
        """The index of some local of the type."""
        return self.rng.choice([i for i, name in enumerate(self.types) if name == kind])

    def literal(self, kind: str) -> bytes:
        """A constant, often an interesting one."""
        rng, bits = self.rng, BITS[kind]
        if kind == "v128":
            return constant(
                kind, rng.choice((0, (1 << 128) - 1, rng.getrandbits(128), int.from_bytes(bytes(range(16)))))
            )
        if kind in FLOATS:
            return constant(
                kind, rng.choice(FLOATS[kind]) if rng.random() < 0.6 else rng.getrandbits(bits - 10)
            )
        number = rng.choice(EDGES) if rng.random() < 0.6 else rng.getrandbits(bits)
        return constant(kind, (-number if rng.random() < 0.3 else number) & ((1 << bits) - 1))

    def canonical(self, kind: str, code: bytes, row: Row) -> bytes:
        """The value with every NaN made the same one; by way of a local, which has it afterwards."""
        if kind == "v128":
            equal = 0xFD041 if row.text.startswith("f32") else 0xFD047
            nan = (
                NAN["f32"] * 0x1000000010000000100000001 if equal == 0xFD041 else NAN["f64"] * ((1 << 64) + 1)
            )
            local = self.local_of(kind)
            get = b"\x20" + unsigned(local)
            code += (
                b"\x22" + unsigned(local) + constant(kind, nan) + get + get + opcode(equal) + opcode(0xFD052)
            )
            return code + b"\x22" + unsigned(local)
        local, equal = self.local_of(kind), 0x5B if kind == "f32" else 0x61
        get = b"\x20" + unsigned(local)
        code += b"\x22" + unsigned(local) + constant(kind, NAN[kind]) + get + get + opcode(equal) + b"\x1b"
        return code + b"\x22" + unsigned(local)

    def memory_argument(self, row: Row, memory: int) -> bytes:
        """Alignment, memory, offset."""
        natural = row.width.bit_length() - 1
        align = natural if row.immediate == "MEMARG_ATOMIC" else self.rng.randrange(natural + 1)
        offset = (
            self.rng.choice((0, 0, 1, 8, 65530))
            if row.immediate != "MEMARG_ATOMIC"
            else self.rng.choice((0, 8, 64))
        )
        return (
            unsigned(align | (0x40 if memory else 0))
            + (unsigned(memory) if memory else b"")
            + unsigned(offset)
        )

    def address(self, row: Row, memory: int, depth: int) -> bytes:
        """Mostly in bounds."""
        if self.rng.random() < 0.03:
            return self.expression("i64" if memory else "i32", depth)
        mask = 0xFFF & ~(row.width - 1) if row.immediate == "MEMARG_ATOMIC" else 0xFFF
        code = self.expression("i32", depth) + constant("i32", mask) + b"\x71"
        return code + (b"\xad" if memory else b"")

    def operation(self, row: Row, depth: int) -> bytes:
        """One row with its operands."""
        memory = self.rng.randrange(2)
        code = b""
        for kind in row.operands:
            code += self.address(row, memory, depth) if kind == "address" else self.expression(kind, depth)
        if (
            row.text[4:7] in ("div", "rem")
            and row.operands[-1] in ("i32", "i64")
            and self.rng.random() < 0.97
        ):
            code += constant(row.operands[-1], 1) + (b"\x72" if row.operands[-1] == "i32" else b"\x84")
        code += opcode(row.code)
        if row.immediate.startswith("MEMARG"):
            code += self.memory_argument(row, memory)
        if row.immediate == "MEMARG_LANE":
            code += bytes([self.rng.randrange(16 // row.width)])
        elif row.immediate == "SHUFFLE":
            code += bytes(self.rng.randrange(32) for _ in range(16))
        elif row.immediate in LANES:
            code += bytes([self.rng.randrange(LANES[row.immediate])])
        return self.canonical(row.results[0], code, row) if row.is_float else code

    def row_for(self, kind: str) -> Row:
        """Any row that makes the type; conversions that trap on most numbers are rare."""
        row = self.rng.choice(makers()[kind])
        traps = ".trunc_f" in row.text
        return self.rng.choice(makers()[kind]) if traps and self.rng.random() < 0.9 else row

    # ---- expressions ----

    def expression(self, kind: str, depth: int) -> bytes:
        """Code that leaves a value of the type."""
        self.budget -= 1
        if kind not in BITS:
            return self.reference(kind, depth)
        if depth > 5 or self.budget < 0:
            return self.literal(kind) if self.rng.random() < 0.5 else b"\x20" + unsigned(self.local_of(kind))
        ways: list[tuple[float, Callable[[], bytes]]] = [
            (6, lambda: self.operation(self.row_for(kind), depth + 1)),
            (2, lambda: b"\x20" + unsigned(self.local_of(kind))),
            (1, lambda: self.literal(kind)),
            (0.5, lambda: b"\x23" + unsigned(GLOBALS.index(kind))),
            (0.5, lambda: self.expression(kind, depth + 1) + b"\x22" + unsigned(self.local_of(kind))),
            (0.7, lambda: self.choice_of(kind, depth + 1)),
            (0.7, lambda: self.block_of(kind, depth + 1)),
            (0.5, lambda: self.call_of(kind, depth + 1)),
            (0.5, lambda: self.caught(kind, depth + 1)),
            (1.0, lambda: self.from_heap(kind, depth + 1)),
        ]
        code = self.rng.choices([way for _, way in ways], [weight for weight, _ in ways])[0]()
        return self.cuts.part(code, constant(kind, 0))

    def choice_of(self, kind: str, depth: int) -> bytes:
        """if-else, or select."""
        if self.rng.random() < 0.5:
            both = self.expression(kind, depth) + self.expression(kind, depth)
            return both + self.expression("i32", depth) + b"\x1b"
        code = self.expression("i32", depth) + b"\x04" + value_type(kind)
        self.labels.append((kind,))
        code += self.expression(kind, depth) + b"\x05" + self.expression(kind, depth) + b"\x0b"
        self.labels.pop()
        return code

    def block_of(self, kind: str, depth: int) -> bytes:
        """A block that is left early, by br_if or br_table."""
        self.labels.append((kind,))
        code = b"\x02" + value_type(kind) + self.statement(depth) + self.expression(kind, depth)
        if self.rng.random() < 0.3:
            same = [i for i, label in enumerate(reversed(self.labels)) if label == (kind,)]
            table = vector([unsigned(self.rng.choice(same)) for _ in range(self.rng.randrange(4))])
            code += self.expression("i32", depth) + b"\x0e" + table + unsigned(self.rng.choice(same))
        else:
            code += self.expression("i32", depth) + b"\x0d\x00"
        self.labels.pop()
        return code + b"\x0b"

    def call_of(self, kind: str, depth: int) -> bytes:
        """A function that comes later: directly, through the table, or by reference."""
        later = [i for i in range(self.index + 1, len(self.funcs)) if self.funcs[i].results == (kind,)]
        if not later:
            return self.literal(kind)
        index = self.rng.choice(later)
        code = b"".join(self.expression(name, depth) for name in self.funcs[index].params)
        way = self.rng.randrange(3)
        if way == 0:
            return code + b"\x10" + unsigned(index)
        if way == 1:
            at = constant("i32", index) if self.rng.random() < 0.9 else self.expression("i32", depth)
            return code + at + b"\x11" + unsigned(FIRST_FUNC + index) + b"\x00"
        return code + b"\xd2" + unsigned(index) + b"\x14" + unsigned(FIRST_FUNC + index)

    def caught(self, kind: str, depth: int) -> bytes:
        """try_table: the value of the body, or one made of what was thrown.

        block kind / block (i32 i64) / block / try_table (catch 0 1) (catch_all 0) body ... br 2
        """
        self.labels += [(kind,), ("i32", "i64"), ()]
        clauses = vector([b"\x00\x00\x01", b"\x02\x00"])
        code = b"\x02" + value_type(kind) + b"\x02" + self.pair_type() + b"\x02" + EMPTY
        code += b"\x1f" + value_type(kind) + clauses
        self.labels.append((kind,))
        code += self.thrower(depth) + self.expression(kind, depth)
        self.labels.pop()
        code += b"\x0b\x0c\x02\x0b"  # end of try_table, br to the outermost, end of the block of catch_all
        self.labels.pop()
        code += self.expression(kind, depth) + b"\x0c\x01\x0b"  # after catch_all
        self.labels.pop()
        code += b"\x24\x01\x24\x00" + self.expression(kind, depth) + b"\x0b"  # the values go to globals
        self.labels.pop()
        return code

    def pair_type(self) -> bytes:
        """The block type of () -> (i32 i64): function 0 of every module has it."""
        return signed(FIRST_FUNC)

    def thrower(self, depth: int) -> bytes:
        """Throws, perhaps."""
        code = self.expression("i32", depth) + constant("i32", 3) + b"\x71\x45\x04\x40"
        self.labels.append(())
        if self.rng.random() < 0.7:
            code += self.expression("i32", depth) + self.expression("i64", depth) + b"\x08\x00"
        else:
            code += b"\x08\x01"
        self.labels.pop()
        return code + b"\x0b"

    # ---- the heap ----

    def reference(self, kind: str, depth: int) -> bytes:
        """A reference, often null."""
        rng = self.rng
        if depth > 5 or self.budget < 0 or rng.random() < 0.3:
            return b"\x20" + unsigned(self.local_of(kind))
        if kind == "anyref":
            inner = rng.choice(("ref null 0", "ref null 2", "i31", "ref null 3", "global"))
            if inner == "i31":
                return self.expression("i32", depth + 1) + opcode(0xFB01C)
            return b"\x23" + unsigned(G_ANY) if inner == "global" else self.reference(inner, depth + 1)
        number = int(kind.split()[-1])
        if number == STRUCT:
            return self.struct(depth + 1)
        size = self.small(7, depth + 1) + (constant("i32", 8) + b"\x72" if rng.random() < 0.95 else b"")
        if number == REFS:
            return size + opcode(0xFB007) + unsigned(REFS)
        filling = self.expression("i32" if number == BYTES else "i64", depth + 1)
        return filling + size + opcode(0xFB006) + unsigned(number)

    def struct(self, depth: int) -> bytes:
        """A struct of the type or its subtype; or one from a global, or cast down from any."""
        way = self.rng.randrange(5)
        if way == 0:
            return b"\x23" + unsigned(G_STRUCT)
        if way == 1:
            return opcode(0xFB001) + unsigned(self.rng.choice((STRUCT, SUBSTRUCT)))
        if way == 2:  # br_on_cast out of a block with the struct, else null
            self.labels.append(("ref null 0",))
            code = b"\x02" + value_type("ref null 0") + self.reference("anyref", depth)
            code += (
                opcode(0xFB018) + b"\x03\x00" + signed(-0x12) + signed(STRUCT) + b"\x1a\xd0" + signed(STRUCT)
            )
            self.labels.pop()
            return code + b"\x0b"
        sub = way == 3
        fields = FIELDS + MORE_FIELDS if sub else FIELDS
        code = b"".join(self.expression(kind, depth) for _, kind in fields)
        return code + opcode(0xFB000) + unsigned(SUBSTRUCT if sub else STRUCT)

    def from_heap(self, kind: str, depth: int) -> bytes:
        """A number out of a struct or an array, or about a reference."""
        ways = [i for i, (_, value) in enumerate(FIELDS) if value == kind]
        rng = self.rng
        if kind == "i64" and rng.random() < 0.5:
            return self.guarded(
                "ref null 3", kind, depth, lambda: self.small(7, depth) + opcode(0xFB00B) + unsigned(LONGS)
            )
        if kind == "i32" and rng.random() < 0.6:
            about = rng.randrange(4)
            if about == 0:
                return self.reference("anyref", depth) + b"\xd1"
            if about == 1:
                return (
                    self.reference("anyref", depth)
                    + opcode(0xFB014)
                    + signed(rng.choice((STRUCT, SUBSTRUCT, BYTES, -0x14, -0x15)))
                )
            if about == 2:
                return self.guarded("ref null 2", kind, depth, lambda: opcode(0xFB00F))
            get = opcode(rng.choice((0xFB00C, 0xFB00D))) + unsigned(BYTES)
            return self.guarded("ref null 2", kind, depth, lambda: self.small(3, depth) + get)
        if not ways:
            return self.literal(kind)
        field = rng.choice(ways)
        get = rng.choice((0xFB003, 0xFB004)) if FIELDS[field][0] == "i8" else 0xFB002
        return self.guarded(
            "ref null 0", kind, depth, lambda: opcode(get) + unsigned(STRUCT) + unsigned(field)
        )

    def guarded(self, reference: str, kind: str, depth: int, use: Callable[[], bytes]) -> bytes:
        """What a reference gives, mostly a constant if it is null: a trap would end the test too soon."""
        local = self.local_of(reference)
        code = self.reference(reference, depth) + b"\x22" + unsigned(local)
        self.labels.append((kind,))
        code += b"\xd1\x04" + value_type(kind)
        null = self.literal(kind) if self.rng.random() < 0.95 else b"\x20" + unsigned(local) + use()
        code += null + b"\x05\x20" + unsigned(local) + use() + b"\x0b"
        self.labels.pop()
        return code

    def small(self, most: int, depth: int) -> bytes:
        """A number from 0 to `most`, which is all ones."""
        return self.expression("i32", depth) + constant("i32", most) + b"\x71"

    # ---- statements ----

    def statement(self, depth: int) -> bytes:
        """Code that leaves nothing."""
        self.budget -= 1
        if depth > 4 or self.budget < 0:
            return b"\x01"
        ways: list[tuple[float, Callable[[], bytes]]] = [
            (3, lambda: self.operation(self.rng.choice(doers()), depth + 1)),
            (3, self.set_local),
            (1, self.set_global),
            (1, lambda: self.loop(depth + 1)),
            (1, lambda: self.conditional(depth + 1)),
            (0.5, lambda: self.wide(depth + 1)),
            (1, lambda: self.bulk(depth + 1)),
            (1, lambda: self.to_heap(depth + 1)),
            (0.3, lambda: self.leave(depth + 1)),
        ]
        code = self.rng.choices([way for _, way in ways], [weight for weight, _ in ways])[0]()
        return self.cuts.part(code, b"")

    def set_local(self) -> bytes:
        """Any local."""
        local = self.rng.randrange(len(self.types))
        return self.expression(self.types[local], 1) + b"\x21" + unsigned(local)

    def set_global(self) -> bytes:
        """Any but the counter."""
        place = self.rng.choice((0, 1, 2, 3, 4, G_STRUCT, G_ANY))
        kind = {G_STRUCT: "ref null 0", G_ANY: "anyref"}.get(place) or GLOBALS[place]
        return self.expression(kind, 1) + b"\x24" + unsigned(place)

    def loop(self, depth: int) -> bytes:
        """Goes round while a condition holds and steps are left."""
        self.labels.append(())
        code = b"\x03\x40" + self.count_step() + self.statement(depth) + self.statement(depth)
        code += self.expression("i32", depth) + constant("i32", 1) + b"\x71\x0d\x00\x0b"
        self.labels.pop()
        return code

    def conditional(self, depth: int) -> bytes:
        """if, perhaps with else."""
        code = self.expression("i32", depth) + b"\x04\x40"
        self.labels.append(())
        code += self.statement(depth)
        code += b"\x05" + self.statement(depth) if self.rng.random() < 0.5 else b""
        self.labels.pop()
        return code + b"\x0b"

    def wide(self, depth: int) -> bytes:
        """Two results go to two locals."""
        row = self.rng.choice(pairs())
        code = self.operation(row, depth)
        return code + b"".join(b"\x21" + unsigned(self.local_of(kind)) for kind in reversed(row.results))

    def bulk(self, depth: int) -> bytes:
        """memory.fill, copy, init, grow; table.size."""
        small = [self.expression("i32", depth) + constant("i32", 0x3FF) + b"\x71" for _ in range(3)]
        way = self.rng.randrange(5)
        if way == 0:
            return b"".join(small) + opcode(0xFC00B) + b"\x00"
        if way == 1:  # from the memory of 64 bits to the other
            return small[0] + small[1] + b"\xad" + small[2] + opcode(0xFC00A) + b"\x00\x01"
        if way == 2:
            length = constant("i32", self.rng.randrange(20))
            return small[0] + constant("i32", self.rng.randrange(20)) + length + opcode(0xFC008) + b"\x01\x00"
        if way == 3:
            return constant("i32", self.rng.randrange(2)) + b"\x40\x00\x21" + unsigned(self.local_of("i32"))
        return opcode(0xFC010) + b"\x00\x21" + unsigned(self.local_of("i32"))

    def to_heap(self, depth: int) -> bytes:
        """A field or an element is set, where the reference is not null."""
        kind, number = self.rng.choice(
            (("ref null 0", STRUCT), ("ref null 2", BYTES), ("ref null 3", LONGS), ("ref null 4", REFS))
        )
        local = self.local_of(kind)
        code = (
            self.reference(kind, depth)
            + b"\x22"
            + unsigned(local)
            + b"\xd1\x45\x04\x40\x20"
            + unsigned(local)
        )
        self.labels.append(())
        if number == STRUCT:
            field = self.rng.randrange(len(FIELDS))
            code += (
                self.expression(FIELDS[field][1], depth)
                + opcode(0xFB005)
                + unsigned(STRUCT)
                + unsigned(field)
            )
        else:
            index = self.small(3, depth)
            value = self.expression({BYTES: "i32", LONGS: "i64", REFS: "ref null 0"}[number], depth)
            code += index + value + opcode(0xFB00E) + unsigned(number)
        self.labels.pop()
        return code + b"\x0b"

    def leave(self, depth: int) -> bytes:
        """A branch or a return under a condition, with what the label takes; or a tail call."""
        code = self.expression("i32", depth) + constant("i32", 7) + b"\x71\x45\x04\x40"
        self.labels.append(())
        target = self.rng.randrange(len(self.labels))
        later = [
            i for i in range(self.index + 1, len(self.funcs)) if self.funcs[i].results == self.func.results
        ]
        if later and self.rng.random() < 0.5:
            index = self.rng.choice(later)
            code += b"".join(self.expression(name, depth) for name in self.funcs[index].params)
            code += b"\x12" + unsigned(index)
        else:
            kinds = self.labels[len(self.labels) - 1 - target]
            code += b"".join(self.expression(name, depth) for name in kinds) + b"\x0c" + unsigned(target)
        self.labels.pop()
        return code + b"\x0b"
