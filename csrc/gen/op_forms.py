"""The handlers of an op: one per choice of operand classes.

csrc/engine/op_forms_info.h has the ids and where operands stand; here is what the cases are made of.

Classes: S slot, A accumulator, K constant; as result S writes slot and accumulator, A the accumulator only.
Shells that pin locals to registers have the classes of PINS too; as result they write register and slot.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from op_reader import FLOATS, MEMORY_TYPES, TYPES, Op, Operand

PINS = {"i32": "LN", "i64": "LN", "idx": "LN", "f64": "P"}
# Families in the order of their ids, with the prefix of their handlers' names and of their constants.
GENERAL = "PW_ADDRESS_G(ea, a, sizeof({}));"  # in the memory of cell 2, with the offset of cell 3
FAMILIES = {"base": ("", "PW_F_"), "branch": ("br_", "PW_FBR_"), "branch_not": ("brn_", "PW_FBRN_"),
            "fused": ("x_", "PW_FX_"), "general": ("g_", "PW_FG_")}  # fmt: skip


@dataclass(frozen=True)
class Handler:
    """One case: `before` and `after` surround the text of the op, which stands on `line` of its file."""

    op: Op
    family: str  # key of FAMILIES, or "internal"
    classes: str
    cells: int
    before: tuple[str, ...]
    text: tuple[str, ...]
    line: int
    after: tuple[str, ...]

    @property
    def name(self) -> str:
        """`i32_add_SKA`; internal handlers have the ident alone."""
        prefix = FAMILIES[self.family][0] if self.family in FAMILIES else ""
        return prefix + self.op.ident + (f"_{self.classes}" if self.classes else "")


def handlers(op: Op, pins: bool) -> Iterator[Handler]:
    """All handlers of a definition, in the order of their ids; a row has none. `pins`: with these classes."""
    if op.shape == "INTERNAL":
        yield Handler(op, "internal", "", op.cells, (), op.body, op.body_line, ())
    elif op.shape != "ROW":
        made = {"LOAD": loads, "STORE": stores, "FSTORE": stores, "GENERIC": generic, "UNOP": unary}
        yield from made.get(shape(op), binary)(op, pins)
    for family in {"CMPOP": ["branch"], "FCMPOP": ["branch", "branch_not"]}.get(op.shape, ()):
        yield from branches(op, family, pins)


def classes(operand: Operand, pins: bool) -> str:
    """Where a value of this type may be, constants apart."""
    return "SA" + PINS.get(operand.type, "") * pins


def shape(op: Op) -> str:
    """Name of the shape in pw_op_shape."""
    if op.shape == "OP":
        return {"binop": "BINOP", "cvt": "UNOP", "": "GENERIC"}[op.forms]
    if op.shape == "STOREOP":
        return "FSTORE" if op.ins[1].type in FLOATS else "STORE"
    return {"BINOPC": "BINOP", "CVTOP": "UNOP", "LOADOP": "LOAD"}.get(op.shape, op.shape)


def declare(operand: Operand, value: str) -> str:
    """The declaration of an operand, or of a result without a value yet."""
    return f"{TYPES[operand.type][0]} {operand.name}{f' = {value}' if value else ''};"


def fetch(kind: str, cls: str, cell: int, lane: int) -> str:
    """An operand of a class; constants stand where their type says."""
    return f"PW_GET_{kind}_{cls}" + (f"({cell}, {lane})" if cls == "S" else "")


def value_handler(op: Op, family: str, kinds: str, cells: int, before: list[str]) -> Handler:
    """A handler whose result has the last class: cell 1 lane 1 and a register, or the accumulator alone."""
    result, place = op.outs[0], "A(" if kinds[-1] == "A" else f"{kinds[-1]}(1, 1, "
    after = (f"PW_PUT_{result.type}_{place}{result.name});", f"PW_NEXT({cells});")
    return Handler(op, family, kinds, cells, (*before, declare(result, "")), op.body, op.body_line, after)


def pair(op: Op, ca: str, cb: str) -> tuple[list[str], int]:
    """Declarations of two operands, and the cells that a handler with them takes."""
    a, b = op.ins
    lines = [declare(a, fetch(a.type, ca, 1, 0)), declare(b, fetch(b.type, cb, 1, 2))]
    return lines, 3 if cb == "K" and b.type in FLOATS else 2


def binary(op: Op, pins: bool) -> Iterator[Handler]:
    """Two operands, one result; those of comparisons are for branches, hardly ever for locals."""
    places, results = classes(op.ins[0], pins), classes(op.outs[0], pins and "CMPOP" not in op.shape)
    for ca, cb, d in product(places, places + "K", results):
        before, cells = pair(op, ca, cb)
        yield value_handler(op, "base", ca + cb + d, cells, before)


def unary(op: Op, pins: bool) -> Iterator[Handler]:
    """One operand, one result."""
    for ca, d in product(classes(op.ins[0], pins), classes(op.outs[0], pins)):
        yield value_handler(op, "base", ca + d, 2, [declare(op.ins[0], fetch(op.ins[0].type, ca, 1, 0))])


def branches(op: Op, family: str, pins: bool) -> Iterator[Handler]:
    """Comparison and conditional branch in one: the target is cell 2."""
    condition = op.expr if family == "branch" else f"!({op.expr})"
    places = classes(op.ins[0], pins)
    for ca, cb in product(places, places + "K" * (op.shape == "CMPOP")):
        before, text = tuple(pair(op, ca, cb)[0]), (f"    PW_BRANCH_IF({condition}, 2);",)
        yield Handler(op, family, ca + cb, 3, before, text, op.line, ("PW_NEXT(3);",))


def access(op: Op, address: str) -> list[str]:
    """Effective address and bounds check in memory 0."""
    return [f"uint64_t ea = (uint64_t){address} + PW_OFFSET;", f"PW_BOUNDS(ea, sizeof({op.memory_type}));"]


def loads(op: Op, pins: bool) -> Iterator[Handler]:
    """From memory 0 at an address; at a sum of two; from any memory."""
    read = f"{op.memory_type} v = PW_READ%s({op.memory_type}, ea);"
    places, results = classes(op.ins[0], pins), classes(op.outs[0], pins)
    for ca, d in product(places, results):
        yield value_handler(op, "base", ca + d, 2, [*access(op, fetch("i32", ca, 1, 0)), read % ""])
    for ca, cb, d in product(places, places + "K", results):
        address = f"{fetch('i32', ca, 1, 0)} + PW_GET_i32_{'X' * (cb in 'SK')}{cb}"
        before = [*access(op, f"(uint32_t)({address})"), read % ""]
        yield value_handler(op, "fused", ca + cb + d, 3, before)
    yield slots_only(op, "general", 4, [GENERAL.format(op.memory_type), read % "_G"], op.body)


def stores(op: Op, pins: bool) -> Iterator[Handler]:
    """To memory 0, of a constant too where that is an integer; to any memory."""
    value, memory = op.ins[1], op.memory_type
    for ca, cv in product(classes(op.ins[0], pins), classes(value, pins) + "K" * (value.type not in FLOATS)):
        cells = 3 if cv == "K" else 2
        given = f"PW_GET_{value.type}_K2" if cv == "K" else fetch(value.type, cv, 1, 1)
        before = [*access(op, fetch("i32", ca, 1, 0)), declare(value, given)]
        text = (f"    PW_WRITE({memory}, ea, ({memory})({op.expr}));",)
        yield Handler(op, "base", ca + cv, cells, tuple(before), text, op.line, (f"PW_NEXT({cells});",))
    text = (f"    PW_WRITE_G({memory}, ea, ({memory})({op.expr}));",)
    yield slots_only(op, "general", 4, [GENERAL.format(memory)], text)


def slots_only(op: Op, family: str, cells: int, between: list[str], text: tuple[str, ...]) -> Handler:
    """A handler with operands and result in the lanes from cell 1 on; `between` follows the operands."""
    before = [declare(o, fetch(o.type, "S", 1 + lane // 4, lane % 4)) for lane, o in enumerate(op.ins)]
    before += [*between, *(declare(o, "") for o in op.outs)]
    lane = len(op.ins)
    put = [f"PW_PUT_{o.type}_O({1 + lane // 4}, {lane % 4}, {o.name});" for o in op.outs]
    after = (*put, "PW_CLOBBER();", f"PW_NEXT({cells});")
    return Handler(op, family, "", cells, tuple(before), text, op.body_line, after)


def generic_cells(op: Op) -> int:
    """Handler, lanes four a cell, immediates one a cell."""
    return 1 + (len(op.ins) + len(op.outs) + 3) // 4 + len(op.imms)


def generic(op: Op, _pins: bool) -> Iterator[Handler]:
    """Slots only, then immediates; a memory argument: offset in memory 0, or (general) memory and offset."""
    for general in (False, True) if op.memory_type else (False,):
        cells = generic_cells(op) + general
        imms = list(zip(op.imms, range(cells - len(op.imms), cells), strict=True))
        between = []
        if op.memory_type:
            name, width = imms.pop(0)[0], MEMORY_TYPES[op.memory_type]
            between = [f"PW_ADDRESS_{'G' if general else 'P'}({name}, {op.ins[0].name}, {width}u);"]
        between += [f"uint64_t {name} = PW_IMM64({cell});" for name, cell in imms]
        yield slots_only(op, "general" if general else "base", cells, between, op.body)
