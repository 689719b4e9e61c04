"""Shared memories: two stores, two threads, the same bytes."""

from __future__ import annotations

import time
from typing import Any

import pytest
from wasmtime import wat2wasm as assemble

import pywasi_native as wasm
from at_once import together

PAGE = 65536
COUNTER = """
(module
  (import "env" "memory" (memory 1 4 shared))
  (func (export "hammer") (param $n i32)
    (loop $again
      (drop (i32.atomic.rmw.add (i32.const 8) (i32.const 1)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "lock")
    (block $mine
      (loop $try
        (br_if $mine (i32.eqz (i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 0) (i32.const 1))))
        (drop (memory.atomic.wait32 (i32.const 0) (i32.const 1) (i64.const -1)))
        (br $try))))
  (func (export "unlock")
    (i32.atomic.store (i32.const 0) (i32.const 0))
    (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))
  (func (export "plain") (param $n i32)
    (loop $again
      (block $mine
        (loop $try
          (br_if $mine (i32.eqz (i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 0) (i32.const 1))))
          (drop (memory.atomic.wait32 (i32.const 0) (i32.const 1) (i64.const -1)))
          (br $try)))
      (i32.store (i32.const 16) (i32.add (i32.load (i32.const 16)) (i32.const 1)))
      (i32.atomic.store (i32.const 0) (i32.const 0))
      (drop (memory.atomic.notify (i32.const 0) (i32.const 1)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "wait") (param $at i32) (param $ns i64) (result i32)
    (memory.atomic.wait32 (local.get $at) (i32.const 0) (local.get $ns)))
  (func (export "notify") (param $at i32) (param $n i32) (result i32)
    (memory.atomic.notify (local.get $at) (local.get $n)))
  (func (export "set") (param i32 i32) (i32.atomic.store (local.get 0) (local.get 1)))
  (func (export "await") (param $at i32)
    (loop $spin (br_if $spin (i32.eqz (i32.atomic.load (local.get $at))))))
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "store_float") (param i32 f64) (f64.store (local.get 0) (local.get 1)))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "size") (result i32) (memory.size)))
"""


@pytest.fixture
def pair() -> tuple[wasm.Memory, Any, Any]:
    """A shared memory and two instances that have it, each in a store of its own."""
    memory = wasm.Memory(wasm.MemoryType(1, 4, shared=True))
    module = wasm.compile(assemble(COUNTER))
    first, second = (module.instantiate(imports={"env": {"memory": memory}}) for _ in range(2))
    return memory, first, second


def until_waiting(instance: Any, at: int) -> None:
    """Notifies until somebody waited there."""
    end = time.monotonic() + 30
    while instance.notify(at, 1) == 0:
        assert time.monotonic() < end
        time.sleep(0.001)


def test_both_stores_count_in_the_same_memory(pair: tuple[wasm.Memory, Any, Any]) -> None:
    memory, first, second = pair
    together(lambda: first.hammer(300_000), lambda: second.hammer(300_000))
    assert int.from_bytes(memory[8:12], "little") == 600_000


def test_a_lock_of_wait_and_notify_keeps_plain_code_apart(pair: tuple[wasm.Memory, Any, Any]) -> None:
    memory, first, second = pair
    together(lambda: first.plain(20_000), lambda: second.plain(20_000))
    assert int.from_bytes(memory[16:20], "little") == 40_000


def test_both_run_at_the_same_time(pair: tuple[wasm.Memory, Any, Any]) -> None:
    # Each spins until the other one has run in between: no end if a call kept the GIL.
    _, first, second = pair

    def one() -> None:
        first.set(32, 1)
        first["await"](36)

    def other() -> None:
        second["await"](32)
        second.set(36, 1)

    together(one, other)


def test_waiting_leaves_the_gil_to_the_one_that_notifies(pair: tuple[wasm.Memory, Any, Any]) -> None:
    _, first, second = pair
    answers: list[int] = []
    together(lambda: answers.append(first.wait(64, -1)), lambda: until_waiting(second, 64))
    assert answers == [0]


def test_wait_that_ends_by_itself(pair: tuple[wasm.Memory, Any, Any]) -> None:
    _, first, second = pair
    assert first.wait(64, 0) == 2
    assert first.wait(64, 2_000_000) == 2
    second.set(64, 7)
    assert first.wait(64, -1) == 1
    assert second.notify(64, 1) == 0


def test_notify_wakes_as_many_as_it_says() -> None:
    memory = wasm.Memory(wasm.MemoryType(1, 1, shared=True))
    module = wasm.compile(assemble(COUNTER.replace("1 4 shared", "1 1 shared")))
    waiting = [module.instantiate(imports={"env": {"memory": memory}}) for _ in range(4)]
    waker = module.instantiate(imports={"env": {"memory": memory}})

    def wake() -> None:
        end, woken = time.monotonic() + 30, 0
        while woken < 4 and time.monotonic() < end:
            now = waker.notify(0, 3)
            assert now <= 3
            woken += now
        assert woken == 4

    together(wake, *(lambda one=one: one.wait(0, -1) for one in waiting))


def test_cancel_ends_a_wait(pair: tuple[wasm.Memory, Any, Any]) -> None:
    _, first, _ = pair

    def cancel() -> None:
        time.sleep(0.05)
        first.cancel()

    with pytest.raises(wasm.Cancelled):
        together(lambda: first.wait(0, -1), cancel)
    assert first.size() == 1  # the store is usable, and nobody is left in the queue
    assert first.notify(0, 9) == 0


def test_a_timeout_ends_a_wait() -> None:
    memory = wasm.Memory(wasm.MemoryType(1, 4, shared=True))
    module = wasm.compile(assemble(COUNTER))
    first = module.instantiate(imports={"env": {"memory": memory}}, limits=wasm.Limits(timeout=0.05))
    with pytest.raises(wasm.Timeout):
        first.wait(0, -1)


def test_growth_is_seen_by_all(pair: tuple[wasm.Memory, Any, Any]) -> None:
    memory, first, second = pair
    assert first.load(0) == 0
    with pytest.raises(wasm.Trap, match="out of bounds memory access"):
        first.load(PAGE)
    assert second.grow(1) == 1
    assert first.load(PAGE) == 0  # looks again before it traps
    assert (first.size(), memory.pages, len(memory)) == (2, 2, 2 * PAGE)
    assert second.grow(2) == 2
    first.store_float(3 * PAGE, 1.5)  # the operand in the accumulator survives the second look
    assert memory[3 * PAGE : 3 * PAGE + 8] == bytes.fromhex("000000000000f83f")
    assert first.grow(1) == -1
    memory[4 * PAGE - 1] = 9
    with pytest.raises(IndexError):
        memory[4 * PAGE]


def test_the_limit_of_a_store_holds_for_its_own_growth() -> None:
    memory = wasm.Memory(wasm.MemoryType(1, 4, shared=True))
    module = wasm.compile(assemble(COUNTER))
    small = module.instantiate(imports={"env": {"memory": memory}}, limits=wasm.Limits(memory=2 * PAGE))
    large = module.instantiate(imports={"env": {"memory": memory}})
    assert small.grow(2) == -1
    assert small.grow(1) == 1
    assert large.grow(2) == 2
    assert small.grow(1) == -1
    assert small.size() == 4
    with pytest.raises(wasm.WasmError, match="limit"):
        module.instantiate(imports={"env": {"memory": memory}}, limits=wasm.Limits(memory=PAGE))


def test_only_shared_memories_cross_stores(pair: tuple[wasm.Memory, Any, Any]) -> None:
    memory, first, _ = pair
    plain = wasm.Memory(1, store=wasm.Store())
    text = '(module (import "e" "m" (memory 1 4 shared)) (import "e" "f" (func (param i32) (result i32))))'
    both = {"e": {"m": memory, "f": first.load}}
    wasm.compile(assemble(text)).instantiate(imports=both)
    with pytest.raises(wasm.LinkError, match="must be"):
        wasm.compile(assemble(text)).instantiate(imports={"e": {"m": plain, "f": lambda x: x}})
    with pytest.raises(ValueError, match="maximum"):
        wasm.Memory(wasm.MemoryType(1, shared=True))


def test_an_exported_shared_memory_can_be_given_on() -> None:
    text = """(module (memory (export "memory") 1 4 shared)
        (func (export "get") (result i32) (i32.load (i32.const 0))))"""
    owner = wasm.load(assemble(text))
    assert str(owner.memory.type) == "(memory 1 4 shared)"
    user = wasm.compile(assemble(COUNTER)).instantiate(imports={"env": {"memory": owner.memory}})
    user.set(0, 77)
    assert owner.get() == 77
    del owner
    assert user.load(0) == 77  # the bytes live as long as one store that has them


def test_traps_of_atomics() -> None:  # R19
    module = wasm.load(
        assemble("""
        (module (memory 1)
          (func (export "load") (param i32) (result i32) (i32.atomic.load (local.get 0)))
          (func (export "wait") (result i32)
            (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 0)))
          (func (export "notify") (result i32) (memory.atomic.notify (i32.const 0) (i32.const 1))))""")
    )
    for call, kind in (
        (lambda: module.load(2), wasm.TrapKind.UNALIGNED_ATOMIC),
        (lambda: module.load(PAGE), wasm.TrapKind.OUT_OF_BOUNDS_MEMORY),
        (lambda: module.wait(), wasm.TrapKind.EXPECTED_SHARED_MEMORY),
    ):
        with pytest.raises(wasm.Trap) as trap:
            call()
        assert trap.value.kind == kind
    assert module.notify() == 0


def test_pages_of_one_byte() -> None:
    text = """(module (memory (export "memory") 5 20 (pagesize 1))
        (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0))))"""
    with pytest.raises(wasm.ValidationError, match="custom-page-sizes"):
        wasm.compile(assemble(text))
    module = wasm.load(assemble(text), features={"custom-page-sizes", "mutable-globals"})
    assert (module.memory.size, module.memory.pages) == (5, 5)
    assert str(module.memory.type) == "(memory 5 20 (pagesize 1))"
    module.memory[:] = b"hello"
    assert module.load(4) == ord("o")
    with pytest.raises(wasm.Trap, match="out of bounds"):
        module.load(5)
    assert module.memory.grow(2) == 5
    assert module.load(6) == 0
    with pytest.raises(ValueError, match="grow"):
        module.memory.grow(14)
    alone = wasm.Memory(wasm.MemoryType(3, 9, page_size=1))
    assert len(alone) == 3
    with pytest.raises(ValueError, match="pages are of"):
        wasm.Memory(wasm.MemoryType(1, page_size=16))
