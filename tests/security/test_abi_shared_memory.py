"""A16, shared: a memory that other threads of the guest write to meanwhile."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from wasmtime import wat2wasm

import pywasi_native as wasm

PAGE = 65536
# fd_write of a list of one buffer; and what changes that entry all the time, from what is right to what
# reaches far outside, until the word at 0 is set.
GUEST = """
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "env" "memory" (memory 1 2 shared))
  (export "memory" (memory 0))
  (func (export "write") (param $fd i32) (result i32)
    (call $write (local.get $fd) (i32.const 16) (i32.const 1) (i32.const 32)))
  (func (export "poll") (result i32)
    (call $poll (i32.const 1024) (i32.const 2048) (i32.const 1) (i32.const 32)))
  (func (export "random") (param i32 i32) (result i32)
    (call $random (local.get 0) (local.get 1)))
  (func (export "grow") (result i32) (memory.grow (i32.const 1)))
  (func (export "disturb") (param $address i32) (param $good i32) (param $bad i32)
    (loop $again
      (i32.atomic.store (local.get $address) (local.get $good))
      (i32.atomic.store (local.get $address) (local.get $bad))
      (br_if $again (i32.eqz (i32.atomic.load (i32.const 0)))))))
"""


def instance(memory: wasm.Memory, wasi: wasm.Wasi | None = None) -> Any:
    """One with a store of its own; without WASI it only disturbs."""
    module = wasm.compile(wat2wasm(GUEST))
    return module.instantiate(imports={"env": {"memory": memory}}, wasi=wasi or wasm.Wasi())


def put(memory: wasm.Memory, at: int, *words: int) -> None:
    for i, word in enumerate(words):
        memory.write(at + 4 * i, word.to_bytes(4, "little"))


@pytest.fixture
def memory() -> wasm.Memory:
    made = wasm.Memory(1, 2, shared=True)
    put(made, 16, 64, 5)
    made.write(64, b"hello")
    return made


class Disturbed:
    """Another instance changes a word of the memory as long as this lasts."""

    def __init__(self, memory: wasm.Memory, address: int, good: int, bad: int) -> None:
        self.memory = memory
        other = instance(memory)
        self.thread = threading.Thread(target=other.disturb, args=(address, good, bad), daemon=True)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.memory[0] = 1
        self.thread.join(60)
        assert not self.thread.is_alive()


def test_A16_a_shared_memory_is_as_good_as_any(memory: wasm.Memory) -> None:
    guest = instance(memory, wasm.Wasi(stdout=wasm.PIPE))
    assert guest.write(1) == 0
    assert memory[32:36] == b"\x05\0\0\0"
    assert guest.stdout == b"hello"


def test_A16_growth_by_another_store_counts(memory: wasm.Memory) -> None:
    guest = instance(memory, wasm.Wasi(stdout=wasm.PIPE))
    put(memory, 16, 2 * PAGE - 5, 5)
    with pytest.raises(wasm.Trap, match="out of bounds"):
        guest.write(1)
    assert instance(memory).grow() == 1
    memory.write(2 * PAGE - 5, b"there")
    assert guest.write(1) == 0
    assert guest.stdout == b"there"
    assert guest.random(2 * PAGE - 8, 8) == 0


@pytest.mark.parametrize(("address", "good", "bad"), [(20, 5, 0xFFFFFFFF), (16, 64, 0xFFFFFFF0)])
def test_A16_a_list_that_changes_is_used_as_it_was_checked(
    memory: wasm.Memory, address: int, good: int, bad: int
) -> None:
    """The guest changes the number in one piece: it is one of the two. Bytes of both would make a third."""
    guest = instance(memory, wasm.Wasi(stdout=wasm.PIPE))
    ends: set[object] = set()
    rounds, end = 0, time.monotonic() + 60
    with Disturbed(memory, address, good, bad):
        while rounds < 5000 or (len(ends) < 2 and time.monotonic() < end):
            rounds += 1
            try:
                ends.add(guest.write(1))
            except wasm.Trap as trap:
                ends.add(trap.kind.value)
    assert ends == {0, "out of bounds memory access"}
    assert guest.stdout == b"hello" * (len(guest.stdout) // 5)


def test_A16_a_subscription_that_changes(memory: wasm.Memory) -> None:
    guest = instance(memory, wasm.Wasi())
    put(memory, 1024, 7, 0, 0, 0, 1)  # a clock that has rung
    with Disturbed(memory, 1032, 0, 1):
        for _ in range(5000):
            assert guest.poll() in (0, 28)
