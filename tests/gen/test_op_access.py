"""Handlers of memories and tables, run in a shell of their own (tests/c/ops_shell.c).

Bounds, what is read and written where, in every operand class; what ops with slots only ask of the runtime.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

import op_oracle
from op_shell import FAMILY, Op, Shell, State, Tables, give, handler_count, place, register, same_register
from op_values import some

SIZE = 64
MEMORY = bytes((i * 37 + 128) & 0xFF for i in range(SIZE))
TRAP = "!OUT_OF_BOUNDS_MEMORY"


def accessed(op: Op) -> tuple[int, bool]:
    """Bytes that a load or store touches, and whether a load extends the sign."""
    match = re.search(r"(?:load|store)(\d+)?(_[su])?$", op.text)
    assert match
    return (int(match[1]) if match[1] else int(op.text[1:3])) // 8, match[2] == "_s"


def loaded(op: Op, at: int) -> int:
    """What is in memory, as the op reads it."""
    size, is_signed = accessed(op)
    value = int.from_bytes(MEMORY[at : at + size], "little", signed=is_signed)
    return value & op_oracle.mask(int(op.text[1:3]))


def stored(op: Op, at: int, value: int, memory: int = 0) -> str:
    """The changes that a store makes."""
    size, _ = accessed(op)
    now = (value & op_oracle.mask(8 * size)).to_bytes(size, "little")
    changes = [(at + i, b) for i, b in enumerate(now) if MEMORY[at + i] != b]
    return ",".join(f"{SIZE * memory + i}={b}" for i, b in changes) or "-"


def addresses(size: int) -> list[tuple[int, int]]:
    """Addresses and offsets, in bounds and out, and such as would be in bounds again after 2^32."""
    last = SIZE - size
    inside = [(0, 0), (1, 0), (0, 1), (3, 4), (last, 0), (0, last), (last - 1, 1)]
    outside = [(last + 1, 0), (last, 1), (0, last + 1), (0x80000000, 0), (0xFFFFFFFF, 0), (0, 0xFFFFFFFF)]
    return inside + outside + [(0xFFFFFFFF, 1), (0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFC0, 0x40), (5, 0xFFFFFFFB)]


def sums(first: int, family: str | None, classes: str) -> list[tuple[int, int, int]]:
    """An address as a * factor + b, modulo 2^32, in some ways that the family can do."""
    mask = 0xFFFFFFFF
    if family is None:
        return [(first, 1, 0)]
    if same_register(classes):
        factors = [1] if family == "x" else [1, 3, 7]
        return [(first // (f + 1), f, first // (f + 1)) for f in factors if first % (f + 1) == 0]
    ways = [(first, 1, 0), (0, 1, first), (first - 9 & mask, 1, 9), (3, 1, first - 3 & mask)]
    more = [(3, 4, first - 12 & mask), (0x40000005, 4, first - 20 & mask), (first // 8, 8, first % 8)]
    return ways + more * (family == "s")


def access_states(op: Op, handler: str, family: str | None, classes: str) -> Iterator[State]:
    """A handler on memory 0."""
    size, _ = accessed(op)
    cells = 2 + (family is not None) + (classes[-1] == "K")
    added = "" if family is None else classes[1] if op.shape == "LOAD" else "K"
    for first, offset in addresses(size):
        for a, factor, b in sums(first, family, classes[0] + added):
            state = State(handler, [offset << 32, 0, 0])
            place(state, "a", classes[0], 0, a)
            if added == "S":
                state.cells[1], state.slots[2] = 2, b
            elif added:
                place(state, "a", added, 2, b, "cell")
            if family == "s":
                state.cells[1] |= factor << 32
            at = (a * factor + b & 0xFFFFFFFF) + offset
            if at + size > SIZE:
                state.outcome = TRAP
                yield from with_value(op, state, classes, None)
            else:
                state.outcome = f"+{cells}"
                yield from with_value(op, state, classes, at)


def with_value(op: Op, state: State, classes: str, at: int | None) -> Iterator[State]:
    """The state of a load with its result, or those of a store with values."""
    if op.shape == "LOAD":
        state.cells[0] |= 1 << 16
        if at is not None:
            give(state, op.result, classes[-1], loaded(op, at))
        yield state
        return
    for value in some(op.operands[1]):
        told = state.copy()
        if same_register(classes) and register(op.operands[1], classes[1]) in "ALN":
            value = state.registers[classes[1]]
        if classes[1] == "K" and told.handler.startswith("x_"):
            told.cells[2] = value
        else:
            place(told, op.operands[1], classes[1], 1, value, "cell")
        if at is not None:
            told.memory = stored(op, at, value)
        yield told


def general_states(op: Op, handler: str) -> Iterator[State]:
    """The handler for any memory: the second one, with addresses of 64 bits."""
    size, _ = accessed(op)
    huge = [(2**64 - 1, 1), (1, 2**64 - 1), (2**64 - 1, 2**64 - 1), (2**32, 0), (0, 2**32)]
    for first, offset in addresses(size) + huge:
        state = State(handler, [1 << 16, 1, offset])
        state.slots[0] = first
        value = some(op.operands[1])[-1] if op.shape != "LOAD" else 0
        if op.shape != "LOAD":
            state.slots[1] = value
        at = first + offset
        state.outcome = TRAP if at + size > SIZE else "+4"
        if at + size <= SIZE:
            state.clobbers = True
            if op.shape == "LOAD":
                state.result, state.result_to = loaded(op, at), ("1",)
            else:
                state.memory = stored(op, at, value, 1)
        yield state


ACCESSES = {"LOAD": 14, "STORE": 7, "FSTORE": 2}


@pytest.mark.parametrize("shape", ACCESSES)
def test_access(shell: Shell, shape: str) -> None:
    ops = [op for op in shell.tables.ops.values() if op.shape == shape]
    assert len(ops) == ACCESSES[shape]
    for op in ops:
        states: list[State] = []
        for handler in shell.tables.handlers:
            match = FAMILY.match(handler)
            if match and match[2] == op.ident:
                if match[1] == "g":
                    states += general_states(op, handler)
                else:
                    states += access_states(op, handler, match[1], match[3])
        assert len({state.handler for state in states}) == handler_count(op)
        shell.run(states)


# ---- ops with slots only: tests/c/ops_shell.c plays the runtime and writes down what it is asked ----

MAX = 2**64 - 1
TABLE_TRAP = "!OUT_OF_BOUNDS_TABLE"
# handler, operands, immediates: result, outcome, changes, calls
GENERIC: list[tuple[str, list[int], list[int], dict[str, Any]]] = [
    ("memory_size", [], [1], {"result": 4}),
    ("memory_grow", [5], [0], {"result": 7, "calls": "memory_grow(0,5)"}),
    ("memory_grow", [101], [0], {"result": 0xFFFFFFFF, "calls": "memory_grow(0,65)"}),
    ("memory_grow", [101], [1], {"result": MAX, "calls": "memory_grow(1,65)"}),
    ("memory_fill", [2**40, 0x1FF, 3], [1], {"calls": f"memory_fill(1,{2**40:x},ff,3)"}),
    ("memory_fill", [1, 2, 101], [0], {"trap": TRAP, "calls": "memory_fill(0,1,2,65)"}),
    ("memory_copy", [1, 2, 3], [1, 0], {"calls": "memory_copy(1,1,0,2,3)"}),
    ("memory_copy", [1, 2, 101], [0, 1], {"trap": TRAP, "calls": "memory_copy(0,1,1,2,65)"}),
    ("memory_init", [2**33, 2, 3], [6, 1], {"calls": f"memory_init(1,6,{2**33:x},2,3)"}),
    ("memory_init", [1, 2, 101], [6, 0], {"trap": TRAP, "calls": "memory_init(0,6,1,2,65)"}),
    ("data_drop", [], [6], {"calls": "data_drop(6)"}),
    ("table_get", [7], [1], {"result": 0x1007}),
    ("table_get", [8], [1], {"trap": TABLE_TRAP}),
    ("table_get", [MAX], [1], {"trap": TABLE_TRAP}),
    ("table_set", [7, 0xCAFE], [1], {"memory": "t15=cafe"}),
    ("table_set", [0, 0], [0], {"memory": "t0=0"}),
    ("table_set", [8, 0xCAFE], [0], {"trap": TABLE_TRAP}),
    ("table_size", [], [1], {"result": 8}),
    ("table_grow", [0xCAFE, 5], [1], {"result": 9, "calls": "table_grow(1,5,cafe)"}),
    ("table_grow", [0xCAFE, 101], [0], {"result": 0xFFFFFFFF, "calls": "table_grow(0,65,cafe)"}),
    ("table_grow", [0xCAFE, 101], [1], {"result": MAX, "calls": "table_grow(1,65,cafe)"}),
    ("table_fill", [1, 0xCAFE, 3], [1], {"calls": "table_fill(1,1,cafe,3)"}),
    ("table_fill", [1, 0xCAFE, 101], [1], {"trap": TABLE_TRAP, "calls": "table_fill(1,1,cafe,65)"}),
    ("table_copy", [1, 2, 3], [1, 0], {"calls": "table_copy(1,1,0,2,3)"}),
    ("table_copy", [1, 2, 101], [0, 1], {"trap": TABLE_TRAP, "calls": "table_copy(0,1,1,2,65)"}),
    ("table_init", [1, 2, 3], [6, 1], {"calls": "table_init(1,6,1,2,3)"}),
    ("table_init", [1, 2, 101], [6, 1], {"trap": TABLE_TRAP, "calls": "table_init(1,6,1,2,65)"}),
    ("elem_drop", [], [6], {"calls": "elem_drop(6)"}),
]


def test_generic(shell: Shell) -> None:
    states = []
    for handler, operands, immediates, want in GENERIC:
        op = shell.tables.ops[handler]
        lanes = len(operands) + len(op.result)
        assert len(operands) == len(op.operands)
        cells = [sum(lane << 16 * lane for lane in range(lanes))] if lanes else []
        state = State(handler, cells + immediates)
        state.slots[: len(operands)] = operands
        state.memory, state.calls = want.get("memory", "-"), want.get("calls", "-")
        reloads = "r" if handler == "memory_grow" else ""
        state.outcome = want.get("trap", f"+{shell.tables.handlers[handler]}{reloads}")
        state.clobbers = "trap" not in want
        if "result" in want:
            state.result, state.result_to = want["result"], (str(len(operands)),)
        assert 1 + len(state.cells) == shell.tables.handlers[handler]
        states.append(state)
    ops = shell.tables.ops.values()
    generic = {
        op.ident for op in ops if op.shape == "GENERIC" and not op.is_vector and "atomic" not in op.ident
    }
    assert {state.handler for state in states} == generic
    shell.run(states)


def test_every_handler_is_covered(tables: Tables) -> None:
    count = sum(handler_count(op) for op in tables.ops.values())
    # Loads and stores of vectors have a handler for any memory too (test_op_vectors.py).
    count += sum(
        op.shape == "GENERIC" and {op.ident, f"g_{op.ident}"} <= {*tables.handlers}
        for op in tables.ops.values()
    )
    count += sum(op.shape == "GENERIC" and f"x_{op.ident}" in tables.handlers for op in tables.ops.values())
    assert count == len(tables.handlers)
