"""Instances made, called and dropped, 100,000 of them with traps and exceptions: nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from wasmtime import wat2wasm as assemble

import pywasi_native as wasm

GUEST = """
(module
  (import "e" "host" (func $host (param externref i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (type $box (struct (field externref)))
  (memory (export "memory") 2)
  (table (export "table") 4 funcref)
  (global $box (mut (ref null $box)) (ref.null $box))
  (func (export "work") (param externref i32)
    (memory.fill (i32.const 0) (i32.const 7) (i32.const 100))
    (global.set $box (struct.new $box (local.get 0)))
    (call $host (local.get 0) (local.get 1))
    (if (i32.eq (local.get 1) (i32.const 1)) (then unreachable))))
"""
CYCLES = 100_000

STOPPED = """
(module
  (import "e" "wait" (func $wait (param i32) (result i32)))
  (memory (export "memory") 1 4)
  (func (export "spin") (loop (br 0)))
  (func (export "count") (param i32) (result i32)
    (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (i32.const 5))
  (func (export "waits") (param i32) (result i32) (i32.add (i32.const 1) (call $wait (local.get 0)))))
"""
STOPPED_CYCLES = 20_000


class Thing:
    """What is given to the guest."""


def host(thing: Thing, what: int) -> None:
    """Raises every third time."""
    if what == 2:
        raise KeyError(thing)


def cycle(module: wasm.Module, what: int) -> None:
    """An instance, a call that ends well, by a trap or by an exception, and the end of it."""
    instance: Any = module.instantiate({"e": {"host": host}}, wasi=wasm.Wasi(stdout=wasm.PIPE))
    try:
        instance.work(Thing(), what)
    except wasm.Trap:
        assert what == 1
    except KeyError:
        assert what == 2
    else:
        instance.table[0] = instance.work


def many(times: int, once: Callable[[int], object]) -> None:
    """Collects now and then: without a GIL Python waits until there are a quarter more objects, and keeps the
    memory of such a peak."""
    for i in range(times):
        once(i % 3)
        if i % 1000 == 0:
            gc.collect()
    gc.collect()


def resident() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def handles() -> int:
    """Open descriptors."""
    return len(list(Path("/proc/self/fd").iterdir()))


def mappings() -> int:
    """Pieces of address space."""
    return len(Path("/proc/self/maps").read_text().splitlines())


async def wait(what: int) -> int:
    """What an awaited call waits for."""
    if what == 2:
        raise KeyError(what)
    await asyncio.sleep(0)
    return what


def made(module: wasm.Module, limits: wasm.Limits | None = None) -> Any:
    """An instance in a store of its own."""
    return module.instantiate({"e": {"wait": wait}}, limits=limits)


def with_snapshot(module: wasm.Module, _: int) -> None:
    """Taken, put back, and made into another instance."""
    first = made(module)
    first.memory[5] = 7
    state = first.snapshot()
    second: Any = state.instantiate({"e": {"wait": wait}})
    second.memory[5] = 8
    second.reset(state)
    assert second.memory[5] == 7


def out_of_fuel(module: wasm.Module, what: int) -> None:
    """Gone on with, or dropped while it waits for that."""
    with pytest.raises(wasm.OutOfFuel) as stopped:
        made(module, FUEL).count(1000)
    if what == 1:
        assert stopped.value.resume(100_000) == 5


def timed_out(module: wasm.Module, _: int) -> None:
    """Ended by its limit."""
    with pytest.raises(wasm.Timeout):
        made(module, QUICK).spin()


async def awaited(module: wasm.Module, what: int) -> None:
    """Ends well, or by an exception of what it waits for."""
    try:
        assert await made(module).waits.aio(what) == what + 1
    except KeyError:
        assert what == 2


async def given_up(module: wasm.Module, _: int) -> None:
    """Cancelled while it waits."""
    task = asyncio.ensure_future(made(module).waits.aio(1))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


FUEL, QUICK = wasm.Limits(fuel=100), wasm.Limits(timeout=1e-5)
KINDS: dict[str, Callable[[wasm.Module, int], Any]] = {
    "snapshots": with_snapshot, "fuel": out_of_fuel, "timeouts": timed_out,
    "awaited": awaited, "cancelled": given_up,
}  # fmt: skip


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop of its own."""
    made = asyncio.new_event_loop()
    yield made
    made.close()


def use(module: wasm.Module, times: int, work: Callable[[wasm.Module, int], Any]) -> tuple[int, ...]:
    """Does it so often; descriptors, pieces of address space, objects, and bytes in memory after it."""
    many(times, lambda what: work(module, what))
    return handles(), mappings(), len(gc.get_objects()), resident()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc/self")
@pytest.mark.parametrize("kind", KINDS)
def test_calls_that_stop_leave_nothing_behind(kind: str, loop: asyncio.AbstractEventLoop) -> None:
    """Snapshots, interrupted calls that go on or do not, timeouts, awaited and abandoned calls."""
    module, work = wasm.compile(assemble(STOPPED)), KINDS[kind]
    if asyncio.iscoroutinefunction(work):
        coroutine, work = work, lambda module, what: loop.run_until_complete(coroutine(module, what))
    before = use(module, 3000, work)
    after = use(module, STOPPED_CYCLES, work)
    assert after[0] == before[0]
    assert after[1] <= before[1] + 5
    assert abs(after[2] - before[2]) < 100
    assert after[3] - before[3] < 2 << 20  # 100 bytes a cycle would be as much


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc/self")
def test_memory_and_handles_are_where_they_were() -> None:
    module = wasm.compile(assemble(GUEST))
    many(5000, lambda what: cycle(module, what))
    descriptors, maps, objects, before = handles(), mappings(), len(gc.get_objects()), resident()
    many(CYCLES, lambda what: cycle(module, what))
    assert handles() == descriptors
    assert mappings() <= maps + 5
    assert abs(len(gc.get_objects()) - objects) < 100
    assert resident() - before < 2 << 20  # 20 bytes a cycle would be as much
    assert not any(isinstance(item, Thing) for item in gc.get_objects())
