"""Handlers of numbers, run in a shell of their own (tests/c/ops_shell.c), against an oracle in Python.

All operand classes of an op see a few values, its slot form sees many pairs. Checked are results, what is
written where, the number of cells, traps and branches.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import cache

import pytest

import op_oracle
from op_shell import FAMILY, Op, Shell, State, Tables, give, handler_count, place, same_register
from op_values import VALUES, many, some


def outcome(state: State, op: Op, cls: str, cells: int, *operands: int) -> None:
    """Expects the oracle's answer."""
    try:
        result = op_oracle.expected(op.text, *operands)
    except op_oracle.TrapError as trap:
        state.outcome = f"!{trap}"
        state.cells[0] |= 1 << 16
    else:
        state.outcome = f"+{cells}"
        give(state, op.result, cls, result)


def binary(op: Op, handler: str, classes: str, pairs: list[tuple[int, int]]) -> Iterator[State]:
    """A handler of two operands and one result."""
    kind = op.operands[0]
    cells = 3 if classes[1] == "K" and kind in "fF" else 2
    for a, b in pairs:
        if same_register(classes):
            b = a
        if classes[1] == "K" and kind == "I":
            b = op_oracle.signed(b & 0xFFFFFFFF, 32) & op_oracle.mask(64)
        state = State(handler, [0, 0])
        place(state, kind, classes[0], 0, a)
        place(state, kind, classes[1], 2, b, "high" if kind in "iI" else "cell")
        outcome(state, op, classes[2], cells, a, b)
        yield state


def scaled(handler: str, classes: str, pairs: list[tuple[int, int]]) -> Iterator[State]:
    """i32.add of a product: a * factor + b."""
    for factor, (a, b) in itertools.product((0, 1, 8, 12, 0x80000001), pairs):
        if same_register(classes):
            b = a
        state = State(handler, [0, factor << 32])
        place(state, "i", classes[0], 0, a)
        in_second_cell(state, "i", classes[1], b)
        state.outcome = "+3"
        give(state, "i", classes[2], (a * factor + b) & 0xFFFFFFFF)
        yield state


def in_second_cell(state: State, kind: str, cls: str, value: int) -> None:
    """The second operand where a constant is 32 bits and a slot has lane 0."""
    if cls == "S":
        state.cells[1] |= 2
        state.slots[2] = value
    elif cls == "K":
        state.cells[1] |= value & 0xFFFFFFFF
    else:
        place(state, kind, cls, 2, value)


def branches(
    op: Op, handler: str, family: str, classes: str, pairs: list[tuple[int, int]]
) -> Iterator[State]:
    """A comparison that branches when it holds (or, in the other family, when not)."""
    kind = op.operands[0]
    for a, b in pairs:
        if same_register(classes):
            b = a
        if classes[1] == "K" and kind == "I":
            b = op_oracle.signed(b & 0xFFFFFFFF, 32) & op_oracle.mask(64)
        state = State(handler, [0, 0])
        place(state, kind, classes[0], 0, a)
        place(state, kind, classes[1], 2, b, "high" if kind in "iI" else "cell")
        cells = 3 + (classes[1] == "K" and kind in "fF")
        state.cells[cells - 2 :] = [0xBEEF0]
        taken = (op_oracle.expected(op.text, a, b) == 1) == (family == "br")
        state.outcome = ">beef0" if taken else f"+{cells}"
        yield state


def steps(op: Op, handler: str, classes: str, pairs: list[tuple[int, int]]) -> Iterator[State]:
    """A local changes by a constant; a comparison of what it is then branches when it holds."""
    kind = op.operands[0]
    mask = op_oracle.mask(32 if kind == "i" else 64)
    for by, (a, b) in itertools.product((1, -1, 0x7FFFFFFF), pairs):
        now = (a + by) & mask
        if same_register(classes):
            b = now
        if classes[1] == "K" and kind == "I":
            b = op_oracle.signed(b & 0xFFFFFFFF, 32) & mask
        state = State(handler, [(by & 0xFFFFFFFF) << 32, 0, 0xBEEF0])
        place(state, kind, classes[0], 0, a)
        if not same_register(classes):
            in_second_cell(state, kind, classes[1], b)
        give(state, kind, classes[0], now)
        state.outcome = ">beef0" if op_oracle.expected(op.text, now, b) == 1 else "+4"
        yield state


def numeric_states(tables: Tables, op: Op) -> Iterator[State]:
    """All handlers of an op on numbers."""
    for handler in tables.handlers:
        match = FAMILY.match(handler)
        if not match or match[2] != op.ident:
            continue
        family, classes = match[1], match[3] or ""
        if len(op.operands) == 2:
            kind = op.operands[0]
            whole = classes == "SSS" or (classes == "SS" and family)
            values = many(kind) if whole else some(kind)
            pairs = list(itertools.product(values, values))
            if family == "s":
                yield from scaled(handler, classes, pairs)
            elif family == "st":
                yield from steps(op, handler, classes, pairs)
            elif family:
                yield from branches(op, handler, family, classes, pairs)
            else:
                yield from binary(op, handler, classes, pairs)
        else:
            for a in VALUES[op.operands]:
                state = State(handler, [0])
                place(state, op.operands, classes[0], 0, a)
                outcome(state, op, classes[1], 2, a)
                yield state


SHAPES = ["BINOP", "CMPOP", "FCMPOP", "UNOP"]


@cache
def numeric_shape(tables: Tables, shape: str) -> list[State]:
    """All handlers of all ops of a shape; made once for all builds."""
    ops = [op for op in tables.ops.values() if op.shape == shape]
    assert len(ops) >= 12
    states = []
    for op in ops:
        made = list(numeric_states(tables, op))
        assert len({state.handler for state in made}) == handler_count(op), op
        states += made
    return states


@pytest.mark.parametrize("shape", SHAPES)
def test_numeric(shell: Shell, shape: str) -> None:
    shell.run(numeric_shape(shell.tables, shape))
