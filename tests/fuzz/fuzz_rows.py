"""The op definitions of csrc/ops as the generator of modules needs them."""

from __future__ import annotations

import functools
import sys
from collections import defaultdict
from dataclasses import dataclass

import locate

OPS = locate.ROOT / "csrc" / "ops"
LETTERS = {"i": "i32", "I": "i64", "f": "f32", "F": "f64", "V": "v128"}
NUMBERS = frozenset(LETTERS.values())
LANES = {"LANE_2": 2, "LANE_4": 4, "LANE_8": 8, "LANE_16": 16}
WIDTHS = {"int8_t": 1, "uint8_t": 1, "int16_t": 2, "uint16_t": 2, "int32_t": 4, "uint32_t": 4, "uint64_t": 8}
WIDTHS |= {"float": 4, "double": 8, "at8": 1, "at16": 2, "at32": 4, "at64": 8, "at128": 16}


@dataclass(frozen=True)
class Row:
    """One opcode. Operands are value types, or ``address``; `width`: bytes of an access to memory."""

    code: int
    text: str
    immediate: str
    operands: tuple[str, ...]
    results: tuple[str, ...]
    width: int

    @property
    def is_float(self) -> bool:
        """Whether its result may be a NaN of any bits."""
        return self.text.startswith(("f32", "f64")) and self.results[:1] in (("f32",), ("f64",), ("v128",))


def _types(op: object, side: str) -> tuple[str, ...] | None:
    signature = getattr(op, "signature", "")
    if not signature:
        operands = getattr(op, "ins" if side == "in" else "outs")
        return tuple("address" if operand.type == "idx" else operand.type for operand in operands)
    if "*" in signature:
        return None
    letters = signature.split(":")[0 if side == "in" else 1]
    return tuple("address" if letter in "at" else LETTERS[letter] for letter in letters)


@functools.cache
def rows() -> tuple[Row, ...]:
    """All opcodes that are told by their row alone: no control, no types, no tables; nothing relaxed."""
    sys.path.append(str(locate.ROOT / "csrc" / "gen"))
    from op_reader import Reader

    found = []
    for file in sorted(OPS.glob("*.op.c")):
        for op in Reader(file.name, file.read_text(encoding="utf-8")).ops():
            takes, gives = _types(op, "in"), _types(op, "out")
            plain = op.imm in ("NONE", "MEMARG", "MEMARG_ATOMIC", "MEMARG_LANE", "SHUFFLE", *LANES)
            if op.code < 0 or not plain or takes is None or gives is None or "relaxed" in op.text:
                continue
            known = set(takes) <= NUMBERS | {"address"} and set(gives) <= NUMBERS
            if known and (gives or op.memory_type) and "wait" not in op.text and "notify" not in op.text:
                width = WIDTHS.get(op.memory_type, 0)
                found.append(Row(op.code, op.text, op.imm, takes, gives, width))
    return tuple(found)


@functools.cache
def makers() -> dict[str, tuple[Row, ...]]:
    """Rows with one result, by its type."""
    by_type = defaultdict(list)
    for row in rows():
        if len(row.results) == 1:
            by_type[row.results[0]].append(row)
    return {kind: tuple(found) for kind, found in by_type.items()}


@functools.cache
def doers() -> tuple[Row, ...]:
    """Rows without a result: stores."""
    return tuple(row for row in rows() if not row.results)


@functools.cache
def pairs() -> tuple[Row, ...]:
    """Rows with two results: wide arithmetic."""
    return tuple(row for row in rows() if len(row.results) == 2)
