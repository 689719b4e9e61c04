"""Handlers of atomic accesses, run in the shell of tests/c/ops_shell.c: what is read, written, given; traps.

That the accesses are atomic no single thread can show: tests/unit/test_threads.py has several.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import op_oracle
from op_shell import Op, Shell, State
from test_op_access import MEMORY, SIZE, TRAP, addresses

UNALIGNED = "!UNALIGNED_ATOMIC"
VALUE, OTHER = 0xF1E2D3C4B5A69788, 0x0123456789ABCDEF
UPDATE = {
    "add": lambda was, v: was + v,
    "sub": lambda was, v: was - v,
    "and": lambda was, v: was & v,
    "or": lambda was, v: was | v,
    "xor": lambda was, v: was ^ v,
    "xchg": lambda was, v: v,
}
# Operands behind the address; what is asked of the shell's runtime, which says no to a negative timeout;
# the result.
RUNTIME = {
    "memory_atomic_notify": ([7], "memory_notify({memory},{at:x},7)", 3, None),
    "memory_atomic_wait32": ([9, 11], "memory_wait({memory},{at:x},0,9,b)", 2, None),
    "memory_atomic_wait64": ([9, 2**64 - 1], "memory_wait({memory},{at:x},1,9,ffffffffffffffff)", 0, "!HOST"),
}


def width(op: Op) -> int:
    """Bytes of the access."""
    if op.ident in RUNTIME:
        return 8 if op.ident.endswith("64") else 4
    match = re.search(r"(?:load|store|rmw)(\d+)", op.text)
    return int(match[1] if match else op.text[1:3]) // 8


def changes(at: int, was: int, now: int, size: int) -> str:
    """As the shell tells what differs in memory."""
    pairs = zip(was.to_bytes(size, "little"), now.to_bytes(size, "little"), strict=True)
    return ",".join(f"{at + i}={b}" for i, (a, b) in enumerate(pairs) if a != b) or "-"


def effects(op: Op, size: int, was: int) -> Iterator[tuple[list[int], int, int | None]]:
    """Operands behind the address, what is in memory then, and the result."""
    mask = op_oracle.mask(8 * size)
    whole = op_oracle.mask(int(op.text[1:3]))
    if ".load" in op.text:
        yield [], was, was
    elif ".store" in op.text:
        yield [VALUE & whole], VALUE & mask, None
    elif "cmpxchg" in op.text:
        yield [was, VALUE & whole], VALUE & mask, was
        yield [was ^ 1, VALUE & whole], was, was
        high = was | (OTHER & whole & ~mask)  # the operand is cut to the access
        yield [high, VALUE & whole], VALUE & mask, was
    else:
        update = UPDATE[re.split(r"[._]", op.text.split("rmw")[1])[1]]
        yield [VALUE & whole], update(was, VALUE) & mask, was


def states(op: Op, second: bool) -> Iterator[State]:
    """The handler on memory 0, or on the second one, whose addresses have 64 bits."""
    size = width(op)
    for address, offset in addresses(size):
        at, first = address + offset, SIZE * second
        inside = at + size <= SIZE
        was = int.from_bytes(MEMORY[at : at + size], "little") if inside else 0
        told = [(RUNTIME[op.ident][0], was, 0)] if op.ident in RUNTIME else effects(op, size, was)
        for operands, now, result in told:
            state = State(f"g_{op.ident}", [0, int(second), offset])
            lanes = 1 + len(operands) + len(op.result)
            state.cells[0] = sum(lane << 16 * lane for lane in range(lanes))
            state.slots[: 1 + len(operands)] = [address, *operands]
            state.outcome = TRAP if not inside else UNALIGNED
            if inside and at % size == 0:
                state.outcome, state.clobbers = f"+{1 + len(state.cells)}", True
                if op.ident in RUNTIME:
                    _, call, result, trap = RUNTIME[op.ident]
                    state.calls = call.format(memory=int(second), at=at)
                    if trap:
                        state.outcome, state.clobbers = trap, False
                    if second and "wait" in op.ident:  # the shell's second memory is not shared
                        state.outcome, state.clobbers, state.calls = "!EXPECTED_SHARED_MEMORY", False, "-"
                else:
                    state.memory = changes(first + at, was, now, size)
                if state.clobbers and op.result:
                    state.result, state.result_to = result, (str(lanes - 1),)
            yield state


def test_atomics(shell: Shell) -> None:
    ops = [op for op in shell.tables.ops.values() if "atomic" in op.ident and op.ident != "atomic_fence"]
    assert len(ops) == 66
    shell.run([state for op in ops for second in (False, True) for state in states(op, second)])


def test_fence(shell: Shell) -> None:
    shell.run([State("atomic_fence", [0], outcome="+2", clobbers=True)])
