"""Work that no instruction shows: collections, translation, the frames of a trap. It ends like the rest."""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from wasmtime import wat2wasm

import pywasi_native as wasm
from stoppable import is_within, stop_times
from wasm_bytes import assemble, name, section, unsigned, vector

SOON, CTRL_C = 0.020, 0.050

# ---- collections

HEAP = """(module
  (type $list (struct (field (ref null $list)) (field i64)))
  (type $refs (array (mut (ref null $list))))
  (global $head (mut (ref null $list)) (ref.null $list))
  (global $all (mut (ref null $refs)) (ref.null $refs))
  (func $push (global.set $head (struct.new $list (global.get $head) (i64.const 7))))
  (func (export "fill") (param i32)
    (loop (call $push) (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "wide") (param i32) (call $push)
    (global.set $all (array.new $refs (global.get $head) (local.get 0))))
  (func (export "length") (result i32) (local $at (ref null $list)) (local $n i32)
    (local.set $at (global.get $head))
    (block $end
      (loop $more
        (br_if $end (ref.is_null (local.get $at)))
        (if (i64.ne (struct.get $list 1 (local.get $at)) (i64.const 7)) (then unreachable))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (local.set $at (struct.get $list 0 (local.get $at)))
        (br $more)))
    (local.get $n))
  (func (export "garbage")
    (loop (drop (array.new_default $refs (i32.const 50000))) (br 0)))
  (func (export "forget") (global.set $head (ref.null $list)) (global.set $all (ref.null $refs))))"""
OBJECTS = 1_500_000


def heap(objects: int, wide: int) -> Any:
    """A heap that a few large arrays fill up, so that it is collected again and again."""
    live = objects * 48 + wide * 8
    made: Any = wasm.load(wat2wasm(HEAP), limits=wasm.Limits(memory=live + live // 16 + (1 << 20)))
    made.fill(objects)
    if wide:
        made.wide(wide)
    return made


@pytest.mark.parametrize(("objects", "wide"), [(OBJECTS, 0), (10, 30_000_000)])
def test_a_collection_ends_within_20_ms(objects: int, wide: int) -> None:
    """A collection of this heap takes 100 ms and more; the loop does little else."""
    guest = heap(objects, wide)
    assert is_within(SOON, lambda: stop_times(guest.garbage, guest.cancel, wasm.Cancelled))
    assert guest.length() == objects + bool(wide)  # it has lost nothing that lives


def test_collections_that_were_ended_are_made_up_for() -> None:
    guest = heap(200_000, 0)
    for _ in range(20):
        stop_times(guest.garbage, guest.cancel, wasm.Cancelled, tries=1)
    assert guest.length() == 200_000
    guest.forget()
    guest.fill(200_000)  # there is room only if the old ones are gone
    assert guest.length() == 200_000
    assert guest.store.peak_memory < 2 * 200_000 * 48


@pytest.mark.skipif(sys.platform == "win32", reason="a signal cannot be sent to this process alone")
def test_ctrl_c_ends_a_collection_within_50_ms() -> None:
    guest = heap(OBJECTS, 0)
    interrupt = lambda: os.kill(os.getpid(), signal.SIGINT)  # noqa: E731
    assert is_within(CTRL_C, lambda: stop_times(guest.garbage, interrupt, KeyboardInterrupt))
    assert guest.length() == OBJECTS


# ---- translation


def of_bodies(bodies: list[bytes], extra_types: list[bytes] | None = None) -> wasm.Module:
    """A module of functions (i32) -> i32, the first of them exported as ``f``."""
    types = vector([b"\x60\x01\x7f\x01\x7f", *(extra_types or [])])
    parts = (
        section(1, types),
        section(3, vector([b"\x00"] * len(bodies))),
        section(7, vector([name("f") + b"\x00\x00"])),
        section(10, vector([name(body) for body in bodies])),
    )
    return wasm.compile(b"\x00asm\x01\x00\x00\x00" + b"".join(parts))


SUM = assemble("local.get 0; i32.const 1; i32.add; local.set 0")
MOST = 7_600_000  # bytes of a body


def long_bodies(count: int) -> wasm.Module:
    """The first function calls all others, each of them as long as one may be."""
    first = (
        b"\x00"
        + b"".join(b"\x20\x00\x10" + unsigned(i + 1) + b"\x1a" for i in range(count))
        + b"\x20\x00\x0b"
    )
    return of_bodies([first] + [b"\x00" + SUM * (MOST // len(SUM)) + b"\x20\x00\x0b"] * count)


@pytest.mark.parametrize("how", ["cancel", "timeout", "Ctrl-C"])
def test_the_translation_of_long_functions_ends_soon(how: str) -> None:
    """Each takes 100 ms and more, at its first call: twenty of them would take seconds."""
    if how == "Ctrl-C" and sys.platform == "win32":
        pytest.skip("a signal cannot be sent to this process alone")
    module = long_bodies(20)

    def times() -> list[float]:
        guest: Any = module.instantiate(limits=wasm.Limits(timeout=0.05) if how == "timeout" else None)
        if how == "timeout":
            start = time.perf_counter()
            with pytest.raises(wasm.Timeout):
                guest.f(1)
            return [time.perf_counter() - start - 0.05]
        if how == "cancel":
            return stop_times(lambda: guest.f(1), guest.cancel, wasm.Cancelled, tries=1)
        interrupt = lambda: os.kill(os.getpid(), signal.SIGINT)  # noqa: E731
        return stop_times(lambda: guest.f(1), interrupt, KeyboardInterrupt, tries=1)

    assert is_within(CTRL_C if how == "Ctrl-C" else SOON, times)


def test_a_function_whose_translation_was_ended_is_translated_later() -> None:
    module = long_bodies(1)
    guest: Any = module.instantiate()
    store = wasm.Store(wasm.Limits(timeout=0.01))
    hasty: Any = module.instantiate(store=store)
    with pytest.raises(wasm.Timeout):
        hasty.f(1)
    assert guest.f(1) == 1
    assert hasty.f(1) == 1


def peak_of(work: Callable[[], object]) -> int:
    """Bytes by which the most that this process had in memory has grown."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    work()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ru_maxrss in KiB")
@pytest.mark.parametrize("kind", ["br_if", "br_table"])
def test_branches_with_many_values_are_short_code(kind: str) -> None:
    """Were each value moved by an instruction of its own, 400 KB of this would be 1.5 GB of code."""
    values, branches = 1000, 100_000
    wide = b"\x60\x00" + vector([b"\x7f"] * values)
    branch = b"\x20\x00\x0d\x00" if kind == "br_if" else b"\x02\x40\x20\x00\x0d\x00\x0b\x20\x00\x0d\x00"
    inner = b"\x41\x00" + b"\x20\x00" * values + branch * branches + b"\x0c\x00"
    body = b"\x00" + b"\x02\x01" + inner + b"\x0b" + b"\x6a" * (values - 1) + b"\x0b"
    guest: Any = of_bodies([body], [wide]).instantiate()
    assert peak_of(lambda: guest.f(0)) < 300 << 20
    assert guest.f(3) == 3000
    assert guest.f(0) == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ru_maxrss in KiB")
def test_many_references_on_the_operand_stack_take_little_memory() -> None:
    """A collection asks where the references are: 20,000 at each of 100,000 instructions."""
    text = """(module (type $s (struct (field i32))) (global $g (mut (ref null $s)) (ref.null $s))
      (func $get (result (ref null $s)) (global.get $g))
      (func (export "f") (param i32) (result i32) {many} {change}
        (loop (drop (struct.new $s (i32.const 1)))
          (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        {drops} (local.get 0))
      (func (export "g") (param i32) (result i32)
        (loop (drop (struct.new $s (i32.const 1)))
          (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get 0)))"""
    many, changes = 20_000, 100_000
    parts = {
        "many": "(call $get) " * many,
        "change": "(call $get) (drop) " * changes,
        "drops": "(drop) " * many,
    }
    code = wat2wasm(text.format(**parts))
    guest: Any = wasm.load(code, limits=wasm.Limits(memory="4MiB"))
    assert guest.f(1000) == 0

    def exhaust() -> None:
        with pytest.raises(MemoryError):
            guest.f(1_000_000)

    # It gets no map: nothing is collected while it runs, but everything when another function asks.
    assert peak_of(exhaust) < 200 << 20
    assert guest.g(1_000_000) == 0


# ---- the frames of a trap


def test_the_frames_of_a_trap_in_long_functions_end_soon() -> None:
    """The offset of each frame is found by translating its function once more."""
    count = 12
    never = b"\x20\x00\x04\x40" + SUM * (MOST // len(SUM)) + b"\x0b"
    bodies = [b"\x00\x20\x00\x10" + unsigned(i + 1) + b"\x1a" + never + b"\x20\x00\x0b" for i in range(count)]
    module = of_bodies([*bodies, b"\x00\x00\x0b"])
    patient: Any = module.instantiate()
    with pytest.raises(wasm.Trap, match="unreachable") as trap:
        patient.f(0)
    assert len(trap.value.frames) == count + 1
    assert all(frame.offset is not None for frame in trap.value.frames)
    limit = 0.02
    hasty: Any = module.instantiate(limits=wasm.Limits(timeout=limit))

    def times() -> list[float]:
        start = time.perf_counter()
        with pytest.raises(wasm.Timeout) as late:
            hasty.f(0)
        assert [frame.index for frame in late.value.frames] == list(range(count + 1))
        assert late.value.frames[0].offset is None  # from the innermost one on they were found
        return [time.perf_counter() - start - limit]

    assert is_within(SOON, times)


# ---- what Python does not wait for


def longest_pause(work: Callable[[], object]) -> float:
    """The longest time that another thread has to wait while this one works."""
    worst, done, running = 0.0, threading.Event(), threading.Event()

    def tick() -> None:
        nonlocal worst
        last = time.perf_counter()
        running.set()
        while not done.is_set():
            time.sleep(0.001)
            now = time.perf_counter()
            worst, last = max(worst, now - last), now

    thread = threading.Thread(target=tick)
    thread.start()
    running.wait()
    try:
        work()
    finally:
        done.set()
        thread.join()
    return worst


@pytest.mark.skipif(sys.maxsize < 1 << 32, reason="1 GiB of memory needs 64 bits")
def test_other_threads_go_on_while_much_memory_is_given_back() -> None:
    module = wasm.compile(
        wat2wasm("""(module (memory (export "memory") 16384)
          (func (export "fill") (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x3fffffff))))""")
    )

    def pause() -> list[float]:
        made: Any = module.instantiate()
        made.fill()
        kept = [made]
        del made
        return [longest_pause(kept.clear)]

    assert is_within(CTRL_C, pause)


def test_other_threads_go_on_while_a_large_heap_is_put_back() -> None:
    taken = heap(2 * OBJECTS, 0).snapshot()
    made: Any = taken.instantiate(
        limits=wasm.Limits(memory="1GiB")
    )  # the old objects go when the new ones are there
    assert is_within(CTRL_C, lambda: [longest_pause(lambda: made.reset(taken))])
    assert is_within(CTRL_C, lambda: [longest_pause(taken.instantiate)])
    assert made.length() == 2 * OBJECTS


@pytest.mark.skipif(sys.platform == "win32", reason="a signal cannot be sent to this process alone")
def test_ctrl_c_ends_the_making_of_a_large_heap_within_50_ms() -> None:
    taken = heap(2 * OBJECTS, 0).snapshot()
    store = wasm.Store(wasm.Limits(memory="1GiB"))
    interrupt = lambda: os.kill(os.getpid(), signal.SIGINT)  # noqa: E731
    assert is_within(
        CTRL_C,
        lambda: stop_times(lambda: taken.instantiate(store=store), interrupt, KeyboardInterrupt, tries=2),
    )
    made: Any = taken.instantiate(store=store)
    assert made.length() == 2 * OBJECTS


@pytest.mark.skipif(not getattr(sys, "_is_gil_enabled", lambda: True)(), reason="there is no GIL to keep")
def test_snapshots_of_small_instances_keep_the_gil() -> None:
    """Given away, it comes back when the other thread has had its turn, 5 ms as a rule and 2 s here."""
    instance = wasm.load(wat2wasm('(module (memory (export "memory") 1))'))
    snapshot = instance.snapshot()
    over, usual = threading.Event(), sys.getswitchinterval()

    def work() -> None:
        while not over.is_set():
            pass

    thread = threading.Thread(target=work)
    thread.start()
    try:
        sys.setswitchinterval(2)
        start = time.perf_counter()
        for _ in range(10):
            snapshot.instantiate()
            instance.reset(snapshot)
            snapshot = instance.snapshot()
        del snapshot
        took = time.perf_counter() - start
    finally:
        sys.setswitchinterval(usual)
        over.set()
        thread.join()
    assert took < 1
