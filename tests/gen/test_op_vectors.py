"""Handlers of vectors, run in a shell of their own (tests/c/ops_shell.c): memory, and which slots they touch.

What the lanes hold is the matter of the official suite (core/simd, core/relaxed-simd); here all handlers run
on operands that lie as in a frame, with the result in a place of its own and in that of the first operand.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import op_oracle
from op_shell import Op, Shell, State
from test_op_access import MEMORY, SIZE, TRAP, addresses

WIDTH = {"V": 2}  # slots
VECTOR = 0x0F1E2D3C4B5A69788796A5B4C3D2E1F0
LANE = 1
SLOT = 2**64 - 1


def accessed(op: Op) -> int:
    """Bytes of memory that the op touches."""
    match = re.fullmatch(r"v128\.(?:load|store)(\d*)(?:x(\d))?_?\w*", op.text)
    assert match
    return int(match[1] or 128) * int(match[2] or 1) // 8


def loaded(op: Op, at: int) -> int:
    """The vector that a load makes of memory."""
    size = accessed(op)
    raw = MEMORY[at : at + size]
    extending = re.search(r"(\d+)x(\d)_([su])$", op.text)
    if extending:
        lanes, step = int(extending[2]), int(extending[1]) // 8
        numbers = (
            int.from_bytes(raw[i * step : (i + 1) * step], "little", signed=extending[3] == "s")
            for i in range(lanes)
        )
        return sum((n & op_oracle.mask(16 * step)) << 16 * step * i for i, n in enumerate(numbers))
    if op.text.endswith("_splat"):
        return int.from_bytes(raw * (16 // size), "little")
    if op.text.endswith("_lane"):
        whole = bytearray(VECTOR.to_bytes(16, "little"))
        whole[LANE * size : (LANE + 1) * size] = raw
        return int.from_bytes(whole, "little")
    return int.from_bytes(raw, "little")


def stored(op: Op, at: int, memory: int) -> str:
    """The changes that a store makes."""
    size = accessed(op)
    first = LANE * size if op.text.endswith("_lane") else 0
    now = VECTOR.to_bytes(16, "little")[first : first + size]
    changes = [(at + i, b) for i, b in enumerate(now) if MEMORY[at + i] != b]
    return ",".join(f"{SIZE * memory + i}={b}" for i, b in changes) or "-"


def access_states(op: Op, general: bool) -> Iterator[State]:
    """Memory 0 with 32-bit addresses; or the second memory with those of 64 bits."""
    size = accessed(op)
    huge = [(2**64 - 1, 1), (1, 2**64 - 1), (2**32, 0), (0, 2**32)] if general else []
    for address, offset in addresses(size) + huge:
        immediates = [1, offset] if general else [offset]
        if op.text.endswith("_lane"):
            immediates.append(LANE)
        # Slots: 0 the address, 1 and 2 the vector, 4 and 5 the result.
        lanes = [0, 1, 4] if len(op.operands) == 2 else [0, 4]
        state = State(f"g_{op.ident}" if general else op.ident, [0, *immediates])
        state.cells[0] = sum(slot << 16 * lane for lane, slot in enumerate(lanes))
        state.slots[:3] = [address, VECTOR & SLOT, VECTOR >> 64]
        at = address + offset
        state.outcome = TRAP
        if at + size <= SIZE:
            state.outcome = f"+{1 + len(state.cells)}"
            if op.result:
                value = loaded(op, at)
                state.slots_after = {"4": value & SLOT, "5": value >> 64}
            else:
                state.memory = stored(op, at, 1 if general else 0)
        yield state


def test_memory(shell: Shell) -> None:
    ops = [op for op in shell.tables.ops.values() if op.is_vector and "a" in op.operands]
    assert len(ops) == 22
    for op in ops:
        shell.run([*access_states(op, False), *access_states(op, True)])


def lane_states(op: Op, draw: random.Random, calls: bool) -> Iterator[State]:
    """The result in a place of its own, then in that of the first operand."""
    slots = [draw.getrandbits(64) for _ in range(8)]
    lanes, at = [], 0
    for kind in op.operands:
        lanes.append(at)
        if kind in "if":
            slots[at] &= 0xFFFFFFFF
        at += WIDTH.get(kind, 1)
    for result in (6, 0):
        state = State(op.ident, [0])
        state.slots = list(slots)
        state.cells[0] = sum(slot << 16 * lane for lane, slot in enumerate([*lanes, result]))
        state.clobbers = calls
        state.slots_after = {str(result + i): None for i in range(WIDTH.get(op.result, 1))}
        yield state


def test_lanes(shell: Shell) -> None:
    ops = [op for op in shell.tables.ops.values() if op.is_vector and "a" not in op.operands]
    assert len(ops) == 236 + 20 - 22
    draw = random.Random(128)
    pairs: list[tuple[Op, list[State]]] = []
    for op in ops:
        for _ in range(4):
            states = list(lane_states(op, draw, op.ident in shell.tables.called))
            for state in states:
                immediates = shell.tables.handlers[op.ident] - 2
                state.cells += [draw.randrange(2) for _ in range(immediates)]
                state.outcome = f"+{shell.tables.handlers[op.ident]}"
            states[1].cells[1:] = states[0].cells[1:]
            pairs.append((op, states))
    after = iter(shell.run([state for _, states in pairs for state in states]))
    for (op, _), apart, onto in zip(pairs, after, after, strict=True):
        width = WIDTH.get(op.result, 1)
        assert [apart[str(6 + i)] for i in range(width)] == [onto[str(i)] for i in range(width)], op


def test_shifts_by_constants(shell: Shell) -> None:
    """What the count in a slot gives, the constant gives."""
    tables = shell.tables
    ops = [op for op in tables.ops.values() if op.is_vector and f"x_{op.ident}" in tables.handlers]
    assert len(ops) == 12
    pairs: list[tuple[Op, int, list[State]]] = []
    for op in ops:
        for count in (0, 1, 7, 13, 33, 0xFFFFFFFF):
            calls, given = op.ident in tables.called, [VECTOR & SLOT, VECTOR >> 64, count]
            slot = State(op.ident, [2 << 16 | 6 << 32], outcome="+2", clobbers=calls)
            constant = State(f"x_{op.ident}", [6 << 16 | count << 32], outcome="+2", clobbers=calls)
            for state in (slot, constant):
                state.slots[:3] = given
                state.slots_after = {"6": None, "7": None}
            pairs.append((op, count, [slot, constant]))
    after = iter(shell.run([state for *_, states in pairs for state in states]))
    for (op, count, _), one, other in zip(pairs, after, after, strict=True):
        assert one == other, (op, count)
