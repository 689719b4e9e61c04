"""A guest with everything that can take long, and a clock for how long it takes to end it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from wasmtime import wat2wasm as assemble

import pywasi_native as wasm

# One function a line of work; none of them ends by itself.
GUEST = """
(module
  (type $bytes (array (mut i8))) (type $refs (array (mut anyref)))
  (import "env" "host" (func $host))
  (import "env" "shared" (memory $shared 1 1 shared))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))
  (memory $m (export "memory") 1)
  (memory $big 0)
  (table $t 0 funcref)
  (elem declare func $host)
  (type $tail (func))
  (func (export "loop") (loop (br 0)))
  (func $recursion (export "calls") (result i32) (loop (drop (call $leaf)) (br 0)) (unreachable))
  (func $leaf (result i32) (i32.const 1))
  (func $tail (export "tail_calls") (return_call $tail))
  (func $grown (drop (memory.grow $big (i32.const 32768)))
    (drop (table.grow $t (ref.null func) (i32.const 9000000))))
  (func (export "memory.fill") (call $grown)
    (loop (memory.fill $big (i32.const 0) (i32.const 1) (i32.const 0x7fffffff)) (br 0)))
  (func (export "small memory.fill") (call $grown)
    (loop (memory.fill $big (i32.const 0) (i32.const 1) (i32.const 65536)) (br 0)))
  (func (export "memory.copy") (call $grown)
    (loop (memory.copy $big $big (i32.const 0) (i32.const 64) (i32.const 0x70000000)) (br 0)))
  (func (export "table.fill") (call $grown)
    (loop (table.fill $t (i32.const 0) (ref.func $host) (i32.const 9000000)) (br 0)))
  (func (export "table.copy") (call $grown)
    (loop (table.copy $t $t (i32.const 1) (i32.const 0) (i32.const 8000000)) (br 0)))
  (func (export "array.fill") (local $a (ref $bytes))
    (local.set $a (array.new_default $bytes (i32.const 500000000)))
    (loop (array.fill $bytes (local.get $a) (i32.const 0) (i32.const 3) (i32.const 500000000)) (br 0)))
  (func (export "array.copy") (local $a (ref $refs))
    (local.set $a (array.new_default $refs (i32.const 60000000)))
    (loop
      (array.copy $refs $refs (local.get $a) (i32.const 1) (local.get $a) (i32.const 0) (i32.const 50000000))
      (br 0)))
  (func (export "array.new") (loop (drop (array.new $bytes (i32.const 7) (i32.const 500000000))) (br 0)))
  (func (export "atomic.wait")
    (drop (memory.atomic.wait32 $shared (i32.const 0) (i32.const 0) (i64.const -1))) (unreachable))
  (func (export "sleep")
    (i64.store $m (i32.const 24) (i64.const 1000000000000))
    (i32.store $m (i32.const 16) (i32.const 1))
    (drop (call $poll (i32.const 0) (i32.const 100) (i32.const 1) (i32.const 200))) (unreachable))
  (func (export "read")
    (i32.store $m (i32.const 0) (i32.const 100)) (i32.store $m (i32.const 4) (i32.const 100))
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))) (unreachable))
  (func (export "write")
    (i32.store $m (i32.const 0) (i32.const 100)) (i32.store $m (i32.const 4) (i32.const 50000))
    (loop (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))) (br 0)))
  (func (export "nested") (call $host))
  (func (export "accept") (drop (call $accept (i32.const 3) (i32.const 0) (i32.const 8))) (unreachable))
)
"""
LOOPS = ("loop", "calls", "tail_calls")
BULK = (
    "memory.fill", "small memory.fill", "memory.copy", "table.fill", "table.copy", "array.fill", "array.copy",
    "array.new",
)  # fmt: skip
WAITS = ("atomic.wait", "sleep", "read", "write")

# keep(n) holds a struct while it counts n down, litter(n) makes garbage of n structs.
HOLDER = """
(module
  (type $box (struct (field (mut i32))))
  (func (export "keep") (param $n i32) (result i32) (local $held (ref null $box))
    (local.set $held (struct.new $box (i32.const 7)))
    (loop (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (struct.get $box 0 (local.get $held)))
  (func (export "litter") (param $n i32)
    (loop
      (drop (struct.new $box (i32.const 1)))
      (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))
"""


@contextmanager
def guest(
    limits: wasm.Limits | None = None,
    stream: Callable[[int, str], Any] = lambda number, _: number,
) -> Iterator[wasm.Instance]:
    """An instance whose stdin never has anything and whose stdout nobody reads; `host` calls ``loop``.

    `stream` makes what `Wasi` gets of the two descriptors.
    """
    inside, into = os.pipe()
    out_of, out = os.pipe()
    shared = wasm.Memory(wasm.MemoryType(1, 1, shared=True))
    try:
        made = wasm.load(
            assemble(GUEST),
            imports={"env": {"host": lambda: made["loop"](), "shared": shared}},
            wasi=wasm.Wasi(stdin=stream(inside, "rb"), stdout=stream(out, "wb")),
            limits=limits,
        )
        yield made
    finally:
        for descriptor in (inside, into, out_of, out):
            os.close(descriptor)


def stop_times(
    call: Callable[[], object],
    stop: Callable[[], object],
    error: type[BaseException],
    tries: int = 5,
    after: float = 0.05,
) -> list[float]:
    """Seconds from the call of stop, `after` so many in another thread, to the error in this one."""
    times = []
    for _ in range(tries):
        asked, calling = [0.0], threading.Event()

        def later(asked: list[float] = asked, calling: threading.Event = calling) -> None:
            calling.wait()  # start() may come back late
            time.sleep(after)
            asked[0] = time.perf_counter()
            stop()

        thread = threading.Thread(target=later)
        thread.start()
        try:
            calling.set()
            call()
        except error:
            times.append(time.perf_counter() - asked[0])
        thread.join()
    assert len(times) == tries
    return times


def is_within(seconds: float, measure: Callable[[], list[float]]) -> bool:
    """Whether the median is below that; other programs on the machine get three chances to be quiet."""
    results: list[Any] = []
    for _ in range(4):
        results.append(median(measure()))
        if results[-1] < seconds:
            return True
    print(f"medians: {results}")
    return False
