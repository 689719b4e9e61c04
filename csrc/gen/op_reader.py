"""Reads csrc/ops/*.op.c: the one-line headers are parsed, bodies and expressions are carried as text.

The shapes are documented in csrc/ops/op_shapes.h, the headers of ops with a body in csrc/ops/op_prelude.h.
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
}
FLOATS = ("f32", "f64")
NUMBERS = ("i32", "i64", "f32", "f64")
MEMORY_TYPES = {
    "int8_t": 1, "uint8_t": 1, "int16_t": 2, "uint16_t": 2, "int32_t": 4, "uint32_t": 4, "uint64_t": 8,
    "float": 4, "double": 8,
}  # fmt: skip
# Immediates that an op with a body may have, and their number; those of rows need no number.
BODY_IMMEDIATES = {
    "MEMORY": 1, "MEMORY_COPY": 2, "MEMORY_INIT": 2, "DATA": 1,
    "TABLE": 1, "TABLE_COPY": 2, "TABLE_INIT": 2, "ELEM": 1,
}  # fmt: skip
ROW_IMMEDIATES = {
    "NONE", "BLOCK", "LABEL", "BR_TABLE", "FUNC", "TYPE", "CALL_INDIRECT", "LOCAL", "GLOBAL", "MEMARG",
    "I32", "I64", "F32", "F64", "HEAP", "SELECT", *BODY_IMMEDIATES,
}  # fmt: skip
# Shape: names of what follows the ident, in order; "expr" is free text and may hold commas.
SHAPES = {
    "BINOP": ("type", "expr"),
    "BINOPC": ("type", "expr"),
    "CMPOP": ("type", "expr", "swap", "negate"),
    "FCMPOP": ("type", "expr", "swap"),
    "UNOP": ("type", "expr"),
    "CVTOP": ("type", "to", "expr"),
    "LOADOP": ("type", "memory_type", "expr"),
    "STOREOP": ("type", "memory_type", "expr"),
}
PREFIXES = range(0xFB, 0xFF)
SUB_OPCODES = 512

CALL = re.compile(r"^(\s*)([A-Z_]+)\(")
HEAD = re.compile(r'(0x[0-9a-f]+), "([^"]+)", (\w+)(?:, (.+))?$')
FEATURE = re.compile(r"[A-Z0-9_]+$")
INTERNAL = re.compile(r"(\w+), ([0-9]+)$")
ONE_LINE_BODY = re.compile(r"(.*\)) \{ (.*) \}$")
ROW = re.compile(r'([A-Z0-9_]+), "(\*|[iIfFVat]*:[iIfFVat]*)"$')
CLAUSES = re.compile(
    r"(?:FORMS\((?P<forms>\w+)\) ?)?(?:IMM\((?P<imm>[^()]*)\) ?)?"
    r"(?:IN\((?P<ins>[^()]*)\) ?)?(?:OUT\((?P<outs>[^()]*)\))?$"
)


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
    imms: tuple[str, ...] = ()
    ins: tuple[Operand, ...] = ()
    outs: tuple[Operand, ...] = ()
    signature: str = ""  # of a row
    forms: str = ""  # of an OP: binop, cvt or nothing
    memory_type: str = ""
    swap: str = ""
    negate: str = ""
    cells: int = 0  # of an INTERNAL
    expr: str = ""
    body: tuple[str, ...] = ()
    body_line: int = 0

    @property
    def result(self) -> str:
        """Type of the result, or nothing."""
        return self.outs[0].type if self.outs else ""


class Reader:
    """Reads one file; ops() yields its definitions in order."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.lines = text.splitlines()
        self.at = 0  # index of the line being read
        self.feature = "NONE"
        self.one_line_body = ""

    def fail(self, what: str, line: int | None = None) -> OpError:
        """An error at a line (counted from 1), by default the one being read."""
        return OpError(self.file, self.at + 1 if line is None else line, what)

    def ops(self) -> Iterator[Op]:
        """All definitions of the file; a FEATURE line holds until the next one."""
        while self.at < len(self.lines):
            found = CALL.match(self.lines[self.at])
            if found:
                name = found.group(2)
                known = name in SHAPES or name in ("OP", "ROW", "INTERNAL", "FEATURE")
                if found.group(1) and known:
                    raise self.fail(f"{name} does not start in the first column")
                if not known and not found.group(1):
                    raise self.fail(f"unknown shape {name}")
                if known:
                    yield from self.definition(name, self.lines[self.at][found.end() :].rstrip())
            self.at += 1

    def definition(self, shape: str, rest: str) -> Iterator[Op]:
        """What the line that is being read defines, if anything (a FEATURE line does not)."""
        one_line = ONE_LINE_BODY.match(rest) if shape in ("OP", "INTERNAL") else None
        if one_line:
            rest, self.one_line_body = one_line.groups()
        if not rest.endswith(")"):
            raise self.fail("the header does not end on its line")
        rest = rest[:-1]
        if shape == "FEATURE":
            if not FEATURE.match(rest):
                raise self.fail("malformed header, expected FEATURE(NAME)")
            self.feature = rest
        elif shape == "INTERNAL":
            found = INTERNAL.match(rest)
            if not found:
                raise self.fail("malformed header, expected INTERNAL(ident, cells)")
            line, cells = self.at + 1, int(found.group(2))
            if cells > 255:
                raise self.fail(f"{cells} cells: expected at most 255")
            body, body_line = self.body()
            yield Op(shape, self.file, line, found.group(1), cells=cells, body=body, body_line=body_line)
        else:
            yield self.opcode(shape, rest)

    def opcode(self, shape: str, rest: str) -> Op:
        """A definition of an opcode: shape, OP or ROW."""
        found = HEAD.match(rest)
        if not found:
            raise self.fail(f'malformed header, expected {shape}(0xcode, "text", ident, ...)')
        code, text, ident, tail = found.groups()
        number = int(code, 16)
        if number > 0xFF and not (number >> 12 in PREFIXES and number & 0xFFF < SUB_OPCODES):
            raise self.fail(f"{code} is neither a byte nor a prefix 0xfb to 0xfe with a sub-opcode below 0x200")
        common = Op(shape, self.file, self.at + 1, ident, number, text, self.feature)
        if shape == "ROW":
            return self.row(common, tail or "")
        if shape == "OP":
            return self.op(common, tail or "")
        return self.shaped(common, tail or "")

    def row(self, op: Op, tail: str) -> Op:
        """ROW(code, "text", ident, IMMEDIATE, "signature")."""
        found = ROW.match(tail)
        if not found:
            raise self.fail('malformed header, expected ROW(code, "text", ident, IMMEDIATE, "ii:i" or "*")')
        if found.group(1) not in ROW_IMMEDIATES:
            raise self.fail(f"unknown kind of immediate {found.group(1)}")
        return replace(op, imm=found.group(1), signature=found.group(2))

    def shaped(self, op: Op, tail: str) -> Op:
        """An op whose meaning is one expression."""
        fields = SHAPES[op.shape]
        before = fields.index("expr")
        parts = tail.split(", ", before)
        after = len(fields) - before - 1
        if len(parts) == before + 1 and after:
            parts[before:] = parts[before].rsplit(", ", after)
        if len(parts) != len(fields) or not all(parts):
            raise self.fail(f'malformed header, expected {op.shape}(code, "text", ident, {", ".join(fields)})')
        given = dict(zip(fields, parts, strict=True))
        kind = self.number_type(given["type"], op.shape)
        if "memory_type" in given and given["memory_type"] not in MEMORY_TYPES:
            raise self.fail(f"unknown memory type {given['memory_type']}")
        a, b, address = Operand(kind, "a"), Operand(kind, "b"), Operand("idx", "a")
        ins, out = {
            "UNOP": ((a,), kind),
            "CVTOP": ((a,), self.number_type(given.get("to", kind), "")),
            "LOADOP": ((address,), kind),
            "STOREOP": ((address, Operand(kind, "v")), ""),
        }.get(op.shape, ((a, b), "i32" if "CMP" in op.shape else kind))
        return replace(
            op,
            imm="MEMARG" if "memory_type" in given else "NONE",
            ins=ins,
            outs=(Operand(out, "r"),) if out else (),
            memory_type=given.get("memory_type", ""),
            swap=op.ident if op.shape == "BINOPC" else given.get("swap", ""),
            negate=given.get("negate", ""),
            expr=given["expr"],
        )

    def number_type(self, name: str, shape: str) -> str:
        """A type that the shape takes."""
        if name not in NUMBERS:
            raise self.fail(f"unknown type {name}")
        if shape in ("CMPOP", "FCMPOP") and (name in FLOATS) != (shape == "FCMPOP"):
            raise self.fail(f"{shape} is not for {name}")
        return name

    def op(self, op: Op, tail: str) -> Op:
        """OP(code, "text", ident, FORMS(..) IMM(..) IN(..) OUT(..)) and a body."""
        found = CLAUSES.match(tail)
        if not found:
            raise self.fail("malformed header, expected FORMS(..) IMM(..) IN(..) OUT(..), in this order, or less")
        imm, imms = self.immediates(found["imm"])
        ins, outs = self.operands(found["ins"]), self.operands(found["outs"])
        names = [*imms, *(o.name for o in (*ins, *outs))]
        if len(set(names)) < len(names):
            raise self.fail("two operands have the same name")
        if len(outs) > 1:
            raise self.fail("more than one result")
        types = [o.type for o in (*ins, *outs)]
        if "idx" in types and not imm.startswith(("MEMORY", "TABLE")):
            raise self.fail("idx needs an immediate that names a memory or a table")
        forms = found["forms"] or ""
        fits = {
            "": True,
            "binop": len(types) == 3 and len(outs) == 1 and len(set(types)) == 1,
            "cvt": len(types) == 2 and len(outs) == 1,
        }
        if forms not in fits:
            raise self.fail(f"unknown forms {forms}")
        if not fits[forms] or (forms and (imms or not set(types) <= set(NUMBERS))):
            raise self.fail(f"FORMS({forms}) does not fit the operands")
        body, line = self.body()
        return replace(op, imm=imm, imms=imms, ins=ins, outs=outs, forms=forms, body=body, body_line=line)

    def immediates(self, text: str | None) -> tuple[str, tuple[str, ...]]:
        """Kind and names of IMM(KIND, imm name, ...)."""
        if text is None:
            return "NONE", ()
        kind, *names = [part.strip() for part in text.split(",")]
        if kind not in BODY_IMMEDIATES:
            raise self.fail(f"unknown kind of immediate {kind}")
        if len(names) != BODY_IMMEDIATES[kind] or not all(re.fullmatch(r"imm \w+", name) for name in names):
            raise self.fail(f"IMM({kind}, ...) takes {BODY_IMMEDIATES[kind]} of the form `imm name`")
        return kind, tuple(name.split()[1] for name in names)

    def operands(self, text: str | None) -> tuple[Operand, ...]:
        """Those of IN(type name, ...) or OUT(type name)."""
        operands = []
        for part in (text or "").split(",") if text is not None else []:
            words = part.split()
            if len(words) != 2 or words[0] not in TYPES:
                raise self.fail(f"malformed operand {part.strip()!r}, expected `type name`")
            operands.append(Operand(words[0], words[1]))
        return tuple(operands)

    def body(self) -> tuple[tuple[str, ...], int]:
        """The lines between { and } in the first column below the header, or what stands in { } on its line,
        verbatim; and the number of the first of them."""
        if self.one_line_body:
            text, self.one_line_body = self.one_line_body, ""
            return (f"    {text}",), self.at + 1
        header = self.at + 1
        if self.at + 1 >= len(self.lines) or self.lines[self.at + 1] != "{":
            raise self.fail("expected { alone on the line below the header")
        start = self.at + 2
        for end in range(start, len(self.lines)):
            if self.lines[end] == "}":
                self.at = end
                return tuple(self.lines[start:end]), start + 1
            if CALL.match(self.lines[end]) and not self.lines[end][0].isspace():
                break
        raise self.fail("the body does not end: no } in the first column", header)


def check(ops: list[Op]) -> None:
    """Raises OpError for what is wrong between definitions."""
    seen: dict[str, Op] = {}
    for op in ops:
        for key in [f"handler {op.ident}"] if op.shape == "INTERNAL" else [op.ident, f"{op.code:#x}"]:
            first = seen.setdefault(key, op)
            if first is not op:
                raise OpError(op.file, op.line, f"{key} is defined twice, first in {first.file}:{first.line}")
    for op in ops:
        for role, other in (("swapped", op.swap), ("negated", op.negate)):
            if not other:
                continue
            found = seen.get(other)
            if not found or found.shape != op.shape or found.ins != op.ins:
                raise OpError(op.file, op.line, f"{other}, the {role} {op.ident}, is no {op.shape} of the same type")


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
