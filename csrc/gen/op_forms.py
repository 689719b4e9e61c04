"""The handlers of an op: one per choice of operand classes.

csrc/engine/op_forms_info.h has the ids and where operands stand; here is what the cases are made of.
Classes: S slot, A accumulator, K constant; as result S writes slot and accumulator, A the accumulator only.
Shells that pin locals to registers have the classes of PINS too; as result they write register and slot.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from op_reader import FLOATS, MEMORY_TYPES, TYPES, Op, Operand

PINS = {"i32": "LN", "i64": "LN", "idx": "LN", "f64": "P"}
# Families in the order of their ids, with the prefix of their handlers' names.
FAMILIES = {"base": "", "branch": "br_", "branch_not": "brn_", "fused": "x_", "scaled": "s_", "step": "st_",
            "general": "g_"}  # fmt: skip
GENERAL = "PW_ADDRESS_G(ea, a, sizeof({}));"  # in the memory of cell 2, with the offset of cell 3


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
        return FAMILIES.get(self.family, "") + self.op.ident + (f"_{self.classes}" if self.classes else "")


def handlers(op: Op, pins: bool) -> Iterator[Handler]:
    """All handlers of a definition, in the order of their ids; a row has none. `pins`: with these classes."""
    if op.shape == "INTERNAL":
        yield Handler(op, "internal", "", op.cells, (), op.body, op.body_line, ())
    elif op.shape != "ROW":
        made = {"LOAD": loads, "STORE": stores, "FSTORE": stores, "GENERIC": generic}
        yield from made.get(shape(op), arithmetic)(op, pins)
    for family in {"CMPOP": ["branch", "step"], "FCMPOP": ["branch", "branch_not"]}.get(op.shape, ()):
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
    """An operand of a class; constants stand where their type says, or in the low half of cell 2."""
    return f"PW_GET_{kind}_{'X' * (cls == 'K' and cell == 2)}{cls}" + f"({cell}, {lane})" * (cls == "S")


def value_handler(op: Op, family: str, kinds: str, cells: int, before: list[str]) -> Handler:
    """A handler whose result has the last class: cell 1 lane 1 and a register, or the accumulator alone."""
    result, place = op.outs[0], "A(" if kinds[-1] == "A" else f"{kinds[-1]}(1, 1, "
    after = (f"PW_PUT_{result.type}_{place}{result.name});", f"PW_NEXT({cells});")
    return Handler(op, family, kinds, cells, (*before, declare(result, "")), op.body, op.body_line, after)


def operands(op: Op, ca: str, cb: str) -> tuple[list[str], int]:
    """Declarations of one or two operands, and the cells that a handler with them takes."""
    places = ((ca, 0), (cb, 2))
    lines = [declare(o, fetch(o.type, cls, 1, lane)) for o, (cls, lane) in zip(op.ins, places, strict=False)]
    return lines, 3 if cb == "K" and op.ins[1].type in FLOATS else 2


def arithmetic(op: Op, pins: bool) -> Iterator[Handler]:
    """One or two operands, one result; those of comparisons are for branches, hardly ever for locals."""
    places, results = classes(op.ins[0], pins), classes(op.outs[0], pins and "CMPOP" not in op.shape)
    others = [*places, "K"] if len(op.ins) == 2 else [""]
    families = ["base"] + ["scaled"] * (pins and op.ident == "i32_add")
    for family, ca, cb, d in product(families, places, others, results):
        before, cells = operands(op, ca, cb)
        if family == "scaled":
            a, b = fetch("i32", ca, 1, 0), fetch("i32", cb, 2, 0)
            before, cells = [f"uint32_t a = {a} * PW_SCALE, b = {b};"], 3
        yield value_handler(op, family, ca + cb + d, cells, before)


def branches(op: Op, family: str, pins: bool) -> Iterator[Handler]:
    """Comparison and branch in one, to the target in the last cell. A step changes a by a constant first."""
    (a, b), step = op.ins, family == "step"
    text = f"    PW_BRANCH_IF({f'!({op.expr})' if family == 'branch_not' else op.expr}, %d);"
    places = classes(a, pins).replace("A", "" if step else "A")
    for ca, cb in product(places, places + "K"):
        before, target = operands(op, ca, cb)
        if step:
            stepped = declare(a, f"{fetch(a.type, ca, 1, 0)} + {fetch(a.type, 'K', 1, 2)}")
            put = f"PW_PUT_{a.type}_{ca}(1, 1, a);"
            before, target = [stepped, put, declare(b, fetch(b.type, cb, 2, 0))], 3
        yield Handler(op, family, ca + cb, target + 1, tuple(before), (text % target,), op.line, ())


def access(op: Op, address: str) -> list[str]:
    """Effective address and bounds check in memory 0."""
    return [f"uint64_t ea = (uint64_t){address} + PW_OFFSET;", f"PW_BOUNDS(ea, sizeof({op.memory_type}));"]


def loads(op: Op, pins: bool) -> Iterator[Handler]:
    """From memory 0 at an address, at a sum of two, at a * factor + b; from any memory."""
    read = f"{op.memory_type} v = PW_READ%s({op.memory_type}, ea);"
    places, results = classes(op.ins[0], pins), classes(op.outs[0], pins)
    sums = product(("fused", "scaled")[: 1 + pins], places, places + "K", results)
    for family, ca, cb, d in [*product(["base"], places, [""], results), *sums]:
        a = fetch("i32", ca, 1, 0) + " * PW_SCALE" * (family == "scaled")
        before = access(op, f"(uint32_t)({a} + {fetch('i32', cb, 2, 0)})" if cb else a)
        yield value_handler(op, family, ca + cb + d, 2 + bool(cb), [*before, read % ""])
    yield slots_only(op, "general", 4, [GENERAL.format(op.memory_type), read % "_G"], op.body)


def stores(op: Op, pins: bool) -> Iterator[Handler]:
    """To memory 0, also of an integer constant, also at an address plus a constant; to any memory."""
    value, memory = op.ins[1], op.memory_type
    text = f"    PW_WRITE%s({memory}, ea, ({memory})({op.expr}));"
    values = classes(value, pins) + "K" * (value.type not in FLOATS)
    for family, ca, cv in product(("base", "fused"), classes(op.ins[0], pins), values):
        cells = 2 + (family == "fused") + (cv == "K")
        given = f"PW_GET_{value.type}_K{cells - 1}" if cv == "K" else fetch(value.type, cv, 1, 1)
        a = fetch("i32", ca, 1, 0)
        a = f"(uint32_t)({a} + PW_GET_i32_XK)" if family == "fused" else a
        before, after = (*access(op, a), declare(value, given)), (f"PW_NEXT({cells});",)
        yield Handler(op, family, ca + cv, cells, before, (text % "",), op.line, after)
    yield slots_only(op, "general", 4, [GENERAL.format(memory)], (text % "_G",))


def slots_only(op: Op, family: str, cells: int, between: list[str], text: tuple[str, ...]) -> Handler:
    """A handler with operands and result in the lanes from cell 1 on; `between` follows the operands."""
    before = [declare(o, fetch(o.type, "S", 1 + lane // 4, lane % 4)) for lane, o in enumerate(op.ins)]
    before += [*between, *(declare(o, "") for o in op.outs)]
    put = [f"PW_PUT_{o.type}_O({1 + len(op.ins) // 4}, {len(op.ins) % 4}, {o.name});" for o in op.outs]
    inline = not op.function and "v128" in (o.type for o in (*op.ins, *op.outs))
    after = (*put, *["PW_CLOBBER();"][inline:], f"PW_NEXT({cells});")
    return Handler(op, family, "", cells, tuple(before), text, op.body_line, after)


def generic_cells(op: Op) -> int:
    """Handler, lanes four a cell, immediates one a cell; 0 for others."""
    return 1 + (len(op.ins) + len(op.outs) + 3) // 4 + len(op.imms) if shape(op) == "GENERIC" else 0


def generic(op: Op, _pins: bool) -> Iterator[Handler]:
    """Slots, then immediates; a memory argument: offset in memory 0, or (general, atomic) both."""
    for general in (False, True)[op.imm == "MEMARG_ATOMIC" : 1 + bool(op.memory_type)]:
        cells = generic_cells(op) + general
        imms = list(zip(op.imms, range(cells - len(op.imms), cells), strict=True))
        between = []
        if op.memory_type:
            name, width = imms.pop(0)[0], MEMORY_TYPES[op.memory_type]
            between = [f"PW_ADDRESS_{'G' if general else 'P'}({name}, {op.ins[0].name}, {width}u);"]
        between += [f"uint64_t {name} = PW_IMM64({cell});" for name, cell in imms]
        yield slots_only(op, "general" if general else "base", cells, between, op.body)
    if [o.type for o in op.ins] == ["v128", "i32"] and not op.imms:  # a shift by a constant
        yield slots_only(replace(op, ins=op.ins[:1]), "fused", 2, ["uint32_t b = PW_GET_i32_K;"], op.body)
