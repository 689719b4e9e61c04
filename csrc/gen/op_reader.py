"""Reads csrc/ops/*.op.c: the one-line headers are parsed, bodies and expressions are carried as text.

The shapes are documented in csrc/ops/op_shapes.h, all other headers in csrc/ops/op_prelude.h.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

# Type of an operand: its C type, its character in signatures.
TYPES = {
    "i32": ("uint32_t", "i"),
    "i64": ("uint64_t", "I"),
    "f32": ("float", "f"),
    "f64": ("double", "F"),
    "idx": ("uint64_t", "?"),  # "a" or "t": an address or a table index, as the immediate says
    "ref": ("uint64_t", "r"),
    "v128": ("pw_v128", "V"),
}
FLOATS = ("f32", "f64")
NUMBERS = ("i32", "i64", *FLOATS)
MEMORY_TYPES = {
    "int8_t": 1, "uint8_t": 1, "int16_t": 2, "uint16_t": 2, "int32_t": 4, "uint32_t": 4, "uint64_t": 8,
    "float": 4, "double": 8, "at8": 1, "at16": 2, "at32": 4, "at64": 8, "at128": 16,
}  # fmt: skip
# Immediates that an op with a body may have, and the number of their words; rows may have any.
ONE = "MEMORY DATA TABLE ELEM MEMARG MEMARG_ATOMIC LANE_2 LANE_4 LANE_8 LANE_16 ZERO".split()
TWO = "MEMORY_COPY MEMORY_INIT TABLE_COPY TABLE_INIT MEMARG_LANE SHUFFLE V128".split()
BODY_IMMEDIATES = dict.fromkeys(ONE, 1) | dict.fromkeys(TWO, 2)
PREFIXES, SUB_OPCODES = range(0xFB, 0xFF), 512

# What follows `code, "text", ident` in the header of a shape: words, save expr, which may hold commas.
SHAPES = {
    "BINOP": "T, expr", "BINOPC": "T, expr", "CMPOP": "T, expr, swap, negate", "FCMPOP": "T, expr, swap",
    "UNOP": "T, expr", "CVTOP": "T, U, expr", "LOADOP": "T, C, expr", "STOREOP": "T, C, expr",
}  # fmt: skip
# Shapes over lanes: operands of the op whose body is the macro of that name (op_vectors.h), or a call.
VECTOR_SHAPES = {
    "VUNOP": "v128 a", "VBINOP": "v128 a, v128 b", "VCMPOP": "v128 a, v128 b", "VSHIFT": "v128 a, i32 b",
    "VTERNOP": "v128 a, v128 b, v128 c",
}  # fmt: skip
VECTOR_SHAPES |= {f"{shape}_CALL": operands for shape, operands in VECTOR_SHAPES.items()}
SHAPES |= dict.fromkeys(VECTOR_SHAPES, "T, expr")
HEAD = '0xcode, "text", ident'
PATTERNS = {
    shape: ", ".join(f"(?P<{name}>{'.+' if name == 'expr' else '[a-z0-9_]+'})" for name in names.split(", "))
    for shape, names in SHAPES.items()
} | {
    "ROW": r'(?P<imm>[A-Z0-9_]+), "(?P<signature>\*|[iIfFVat]*:[iIfFVat]*)"(?:, (?P<C>\w+))?',
    "OP": r"(?:FORMS\((?P<forms>\w+)\) ?)?(?:IMM\((?P<imm>[^()]*)\) ?)?"
    r"(?:IN\((?P<ins>[^()]*)\) ?)?(?:OUT\((?P<outs>[^()]*)\))?",
}
EXPECTED = {shape: f"{HEAD}, {names}" for shape, names in SHAPES.items()} | {
    "ROW": HEAD + ', IMMEDIATE, "params:results" or "*", C',
    "OP": HEAD + ", FORMS(..) IMM(..) IN(..) OUT(..)",
    "INTERNAL": "ident, cells",
    "FEATURE": "NAME",
}
CALL = re.compile(r"(\s*)([A-Z_]+)\(")
WITH_BODY = re.compile(r"(?P<header>.*\)) \{ (?P<body>.*) \}")


class OpError(Exception):
    """A definition that cannot be read: `file:line: error: what`."""

    def __init__(self, file: str, line: int, what: str) -> None:
        super().__init__(f"{file}:{line}: error: {what}")


@dataclass(frozen=True)
class Operand:
    """A named operand or result; `type` is a key of TYPES."""

    type: str
    name: str


@dataclass(frozen=True)
class Op:
    """One definition. `shape` is a key of SHAPES, or OP, ROW, INTERNAL."""

    shape: str
    file: str
    line: int  # of the header
    ident: str
    code: int = -1
    text: str = ""
    feature: str = "NONE"
    imm: str = "NONE"
    imms: tuple[str, ...] = ()  # their names
    ins: tuple[Operand, ...] = ()
    outs: tuple[Operand, ...] = ()
    signature: str = ""  # of a ROW
    forms: str = ""  # of an OP: binop, cvt or nothing
    memory_type: str = ""
    swap: str = ""
    negate: str = ""
    cells: int = 0  # of an INTERNAL
    expr: str = ""
    function: str = ""  # the definition of what the body calls
    body: tuple[str, ...] = ()
    body_line: int = 0


class Reader:
    """Reads one file; ops() yields its definitions in order."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.lines = text.splitlines()
        self.at = 0  # index of the line being read
        self.feature = "NONE"

    def need(self, good: object, what: str) -> None:
        """Fails at the line being read unless `good`."""
        if not good:
            raise OpError(self.file, self.at + 1, what)

    def ops(self) -> Iterator[Op]:
        """All definitions of the file; a FEATURE line holds until the next one."""
        while self.at < len(self.lines):
            found = CALL.match(self.lines[self.at])
            indent, shape = found.groups() if found else (" ", "")
            self.need(indent or shape in EXPECTED, f"unknown shape {shape}")
            if found and shape in EXPECTED:
                self.need(not indent, f"{shape} does not start in the first column")
                yield from self.definition(shape, self.lines[self.at][found.end() :].rstrip())
            self.at += 1

    def definition(self, shape: str, rest: str) -> Iterator[Op]:
        """What the line that is being read defines: nothing if it is a FEATURE line."""
        line, one_line = self.at + 1, WITH_BODY.fullmatch(rest) if shape in ("OP", "INTERNAL") else None
        header = one_line["header"] if one_line else rest
        self.need(header.endswith(")"), "the header does not end on its line")
        pattern = {"INTERNAL": r"(\w+), (\d{1,2})", "FEATURE": "([A-Z0-9_]+)"}.get(
            shape, r'(0x[0-9a-f]+), "([^"]+)", (\w+)(?:, (.+))?'
        )
        found = re.fullmatch(pattern, header[:-1])
        tail = found and shape in PATTERNS and re.fullmatch(PATTERNS[shape], found[4] or "")
        good = found and (tail or shape not in PATTERNS)
        self.need(good, f"malformed header, expected {shape}({EXPECTED[shape]})")
        assert found
        if shape == "FEATURE":
            self.feature = found[1]
            return
        if shape == "INTERNAL":
            op = Op(shape, self.file, line, found[1], cells=int(found[2]))
        else:
            assert tail
            op = Op(shape, self.file, line, found[3], int(found[1], 16), found[2], self.feature)
            good = op.code <= 0xFF or (op.code >> 12 in PREFIXES and op.code & 0xFFF < SUB_OPCODES)
            self.need(good, f"{found[1]} is no byte and no prefix 0xfb to 0xfe with a sub-opcode below 0x200")
            parse = {"ROW": self.row, "OP": self.op}.get(shape, self.shaped)
            given = tail.groupdict(default="")
            self.need(given.get("C", "") in ("", *MEMORY_TYPES), f"unknown memory type {given.get('C')}")
            op = parse(op, given)
        if one_line:
            op = replace(op, body=(f"    {one_line['body']}",), body_line=line)
        elif shape in ("OP", "INTERNAL"):
            op = self.with_body(op)
        yield op

    def row(self, op: Op, given: dict[str, str]) -> Op:
        """An opcode without a body."""
        return replace(op, imm=given["imm"], signature=given["signature"], memory_type=given["C"])

    def shaped(self, op: Op, given: dict[str, str]) -> Op:
        """An op whose meaning is one expression."""
        if op.shape in VECTOR_SHAPES:
            expr, called = f"{given['T']}, {given['expr']}", "_CALL" in op.shape
            body = (f"    PW_{op.shape}({op.ident if called else expr});",)
            op = replace(op, ins=self.operands(VECTOR_SHAPES[op.shape]), outs=self.operands("v128 r"))
            function = f"PW_{op.shape}_FUNCTION({op.ident}, {expr})" if called else ""
            return replace(op, shape="OP", body=body, body_line=op.line, function=function)
        kind, to, memory = given["T"], given.get("U") or given["T"], given.get("C", "")
        for name in (kind, to):
            self.need(name in NUMBERS, f"unknown type {name}")
        if "CMP" in op.shape:
            self.need((op.shape == "FCMPOP") == (kind in FLOATS), f"{op.shape} is not for {kind}")
            to = "i32"
        a, b, address, value = Operand(kind, "a"), Operand(kind, "b"), Operand("idx", "a"), Operand(kind, "v")
        ins = {"UNOP": (a,), "CVTOP": (a,), "LOADOP": (address,), "STOREOP": (address, value)}
        return replace(
            op,
            imm="MEMARG" if memory else "NONE",
            ins=ins.get(op.shape, (a, b)),
            outs=() if op.shape == "STOREOP" else (Operand(to, "r"),),
            memory_type=memory,
            swap=op.ident if op.shape == "BINOPC" else given.get("swap", ""),
            negate=given.get("negate", ""),
            expr=given["expr"],
            body=(f"    r = {given['expr']};",),
            body_line=op.line,
        )

    def op(self, op: Op, given: dict[str, str]) -> Op:
        """The header of an op with a body."""
        imm, *words = [word.strip() for word in given["imm"].split(",")] if given["imm"] else ["NONE"]
        count, first = BODY_IMMEDIATES.get(imm, 0), "at[0-9]+" if imm.startswith("MEMARG") else "imm"
        self.need(count or imm == "NONE", f"unknown kind of immediate {imm}")
        well = len(words) == count and re.fullmatch(rf"({first} \w+(, imm \w+)*)?", ", ".join(words))
        form = "imm name" if first == "imm" else "at64 name, imm name"
        self.need(well, f"IMM({imm}, ...) takes {count} of the form `{form}`")
        types, imms = [word.split()[0] for word in words], tuple(word.split()[1] for word in words)
        memory = types[0] if types and types[0] in MEMORY_TYPES else ""
        self.need(memory or first == "imm", f"unknown memory type {''.join(types[:1])}")
        ins, outs = self.operands(given["ins"]), self.operands(given["outs"])
        names = [*imms, *(o.name for o in (*ins, *outs))]
        self.need(len(set(names)) == len(names), "two operands have the same name")
        self.need(len(outs) <= 1, "more than one result")
        types = [o.type for o in (*ins, *outs)]
        good = "idx" not in types or imm.startswith(("MEM", "TABLE"))
        self.need(good, "idx needs an immediate that names a memory or a table")
        plain, forms = outs and not imms and set(types) <= set(NUMBERS), given["forms"]
        same = len(types) == 3 and len(set(types)) == 1
        fits = {"": True, "binop": plain and same, "cvt": plain and len(types) == 2}
        self.need(forms in fits, f"unknown forms {forms}")
        self.need(fits.get(forms), f"FORMS({forms}) does not fit the operands")
        return replace(op, imm=imm, imms=imms, ins=ins, outs=outs, forms=forms, memory_type=memory)

    def operands(self, text: str) -> tuple[Operand, ...]:
        """Those of IN(type name, ...) or OUT(type name)."""
        operands = [part.split() for part in text.split(",")] if text else []
        for words in operands:
            good = len(words) == 2 and words[0] in TYPES
            self.need(good, f"malformed operand `{' '.join(words)}`, expected `type name`")
        return tuple(Operand(*words) for words in operands)

    def with_body(self, op: Op) -> Op:
        """The op with the lines between { and } in the first column, verbatim; leaves off at the }."""
        below = self.lines[self.at + 1 :]
        self.need(below[:1] == ["{"], "expected { alone on the line below the header")
        for count, line in enumerate(below):
            if line == "}":
                self.at += count + 1
                return replace(op, body=tuple(below[1:count]), body_line=op.line + 2)
            if re.match("[A-Z]", line):
                break
        raise OpError(self.file, op.line, "the body does not end: no } in the first column")


def check(ops: list[Op]) -> None:
    """Raises OpError for what is wrong between definitions."""
    seen: dict[str, Op] = {}
    for op in ops:
        for key in [f"handler {op.ident}"] if op.shape == "INTERNAL" else [op.ident, f"{op.code:#04x}"]:
            first = seen.setdefault(key, op)
            if first is not op:
                raise OpError(op.file, op.line, f"{key} is defined twice, first in {first.file}:{first.line}")
    for op in ops:
        for role, other in (("swapped", op.swap), ("negated", op.negate)):
            found = seen.get(other)
            if other and (not found or found.shape != op.shape or found.ins != op.ins):
                what = f"{other}, the {role} {op.ident}, is no {op.shape} of the same type"
                raise OpError(op.file, op.line, what)


def read(paths: list[Path]) -> list[Op]:
    """All definitions of the files, in the order of the file names."""
    ops: list[Op] = []
    for path in sorted(paths, key=lambda path: path.name):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise OpError(path.as_posix(), 1, f"cannot read: {error}") from None
        ops += Reader(path.as_posix(), text).ops()
    check(ops)
    return ops
