"""Calls that fuel has stopped, in snapshots: they go on in forks, after a reset, in other processes."""

from __future__ import annotations

import asyncio
import multiprocessing
import pickle
from pathlib import Path
from typing import Any

import pytest
import wasmtime

import pywasi_native as wasm
from stoppable import HOLDER

MIXED = (Path(__file__).parent.parent / "c" / "wat" / "suspended.wat").read_text(encoding="utf-8")
START = 1 << 30


def twice(n: int) -> int:
    return 2 * n


IMPORTS = {"env": {"twice": twice}}


def compiled(text: str) -> wasm.Module:
    return wasm.compile(bytes(wasmtime.wat2wasm(text)))


def mixed(fuel: int = START) -> wasm.Instance:
    return compiled(MIXED).instantiate(IMPORTS, limits=wasm.Limits(fuel=fuel))


def whole() -> tuple[Any, int]:
    """The results and the fuel of a call that nothing interrupts."""
    inst = mixed()
    results = inst.go(7)
    assert inst.fuel is not None
    return results, START - inst.fuel


def stopped(inst: wasm.Instance, name: str, *args: object) -> wasm.OutOfFuel:
    """The exception of a call that fuel stops; nothing else refers to it."""
    try:
        inst[name](*args)
    except wasm.OutOfFuel as error:
        return error
    raise AssertionError("it was not stopped")


def test_a_call_goes_on_in_forks_wherever_it_was_stopped() -> None:
    results, total = whole()
    stops = set()
    for fuel in range(total):
        inst = mixed(fuel)
        error = stopped(inst, "go", 7)
        snapshot = inst.snapshot()
        assert snapshot.calls == 1
        fork = pickle.loads(pickle.dumps(snapshot)).instantiate()
        (call,) = fork.suspended
        assert call.frames == error.frames
        stops.add((error.frames[-1].index, error.frames[-1].offset, len(error.frames)))
        assert fork.fuel == inst.fuel
        assert call.resume(total) == results == error.resume(total)
        assert fork.fuel == inst.fuel == fuel
        assert fork.suspended == ()
        assert fork.memory.read(64, 300) == bytes([7]) * 300
    assert len(stops) >= 30


def test_a_call_is_moved_at_every_block_of_its_way() -> None:
    results, total = whole()
    inst, moves, given = mixed(0), 0, 0
    error: wasm.OutOfFuel = stopped(inst, "go", 7)
    while True:
        moves += 1
        inst = pickle.loads(pickle.dumps(inst.snapshot())).instantiate()
        (call,) = inst.suspended
        given += 5
        try:
            assert call.resume(5) == results
            break
        except wasm.OutOfFuel as again:
            error = again
    assert moves > 50
    assert given - total == inst.fuel
    del error


def go_on(data: bytes, fuel: int) -> tuple[Any, int | None]:
    inst = pickle.loads(data).instantiate(IMPORTS)
    (call,) = inst.suspended
    return call.resume(fuel), inst.fuel


def test_a_call_goes_on_in_another_process() -> None:
    results, total = whole()
    half = mixed(total // 2)
    error = stopped(half, "go", 7)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(go_on, (pickle.dumps(half.snapshot()), total)) == (results, total // 2)
    assert error.resume(total) == results


def test_a_reset_ends_calls_and_brings_those_of_the_snapshot() -> None:
    results, total = whole()
    inst = mixed(total // 2)
    first = stopped(inst, "go", 7)
    left = inst.fuel
    assert left is not None
    snapshot = inst.snapshot()
    assert inst.suspended == ()
    for _ in range(3):
        inst.reset(snapshot)
        inst.fuel = left
        with pytest.raises(RuntimeError, match="reset since"):
            first.resume(5)
        assert inst.fuel == left
        (call,) = inst.suspended
        inst.fuel = START
        assert inst.go(7) == results  # beside it, as in the original
        inst.fuel = left
        assert call.resume(total) == results
        with pytest.raises(RuntimeError, match="gone on already"):
            call.resume(5)
    (call,) = snapshot.instantiate().suspended
    inst.reset(snapshot)
    inst.reset(snapshot)
    assert len(inst.suspended) == 1
    inst.reset(mixed().snapshot())
    assert inst.suspended == ()
    assert call.resume(total) == results


def test_several_calls_oldest_first_and_dropped_ones_are_not_there() -> None:
    inst = mixed(10)
    errors = [stopped(inst, "go", n) for n in (1, 2, 3)]
    del errors[1]
    fork = inst.snapshot().instantiate()
    fuel = START
    results = [call.resume(fuel) for call in fork.suspended]
    assert results == [error.resume(fuel) for error in errors]
    assert results[0] != results[1]
    assert inst.snapshot().calls == 0


def test_collections_and_second_snapshots_see_calls_that_nobody_has_asked_for() -> None:
    inst = compiled(HOLDER).instantiate(limits=wasm.Limits(fuel=100))
    error = stopped(inst, "keep", 1000)
    fork = inst.snapshot().instantiate()
    fork.fuel = 1 << 40
    fork.litter(300_000)
    second = fork.snapshot().instantiate()
    for (call,) in (fork.suspended, second.suspended):
        assert call.resume(100_000) == 7
    assert error.resume(100_000) == 7


def test_what_cannot_be_saved_is_named() -> None:
    text = """(module (import "m" "back" (func $back (param i32) (result i32)))
      (func (export "hold") (param externref) (loop (br 0)))
      (func (export "over") (param i32) (result i32) (call $back (local.get 0)))
      (func (export "spin") (param i32) (result i32) (loop (br 0)) (unreachable)))"""
    caught: list[BaseException] = []

    def back(_n: int) -> int:
        with pytest.raises(ValueError, match=r"a call runs in the store.*: over has called") as found:
            inst.snapshot()
        caught.append(found.value)
        return 1

    module = compiled(text)
    inst = module.instantiate({"m": {"back": back}}, limits=wasm.Limits(fuel=100))
    assert inst.over(1) == 1
    assert caught
    error = stopped(inst, "hold", object())
    with pytest.raises(ValueError, match=r"saved: the stopped call, in hold holds a host object"):
        inst.snapshot()
    del error
    first = module.instantiate({"m": {"back": inst.spin}})
    inst.fuel = 100
    error = stopped(first, "over", 1)
    for one, name in ((inst, "over"), (first, "over")):
        with pytest.raises(ValueError, match=f"a stopped call of {name} passes through other instances"):
            one.snapshot()
    first.reset(module.instantiate({"m": {"back": back}}).snapshot())
    with pytest.raises(RuntimeError, match="reset since"):
        error.resume(1)
    assert inst.snapshot().calls == 0


def test_functions_without_a_name_are_named_by_number() -> None:
    text = """(module (table 1 funcref) (elem (i32.const 0) 1)
      (func (export "hold") (call_indirect (param externref) (ref.null extern) (i32.const 0)))
      (func (param externref) (loop (br 0))))"""
    inst = compiled(text).instantiate(limits=wasm.Limits(fuel=100))
    error = stopped(inst, "hold")
    (call,) = inst.snapshot().instantiate().suspended  # null is nothing of the host's
    assert [frame.function for frame in call.frames] == ["hold", "func[1]"]
    del error
    text = text.replace("(ref.null extern)", "(local.get 0)").replace('"hold")', '"hold") (param externref)')
    inst = compiled(text).instantiate(limits=wasm.Limits(fuel=100))
    error = stopped(inst, "hold", object())
    with pytest.raises(ValueError, match=r"in func\[1\] holds a host object; the stopped call, in hold"):
        inst.snapshot()
    del error


def test_a_call_that_a_host_function_made_is_not_in_the_snapshot() -> None:
    inst = mixed(100)
    other = compiled('(module (import "a" "b" (func $f)) (func (export "run") (call $f)))').instantiate(
        {"a": {"b": lambda: inst.go(7)}}, store=inst.store
    )
    error = stopped(other, "run")
    with pytest.raises(RuntimeError, match="host function stands between"):
        error.resume(10)
    assert inst.snapshot().calls == 0


def test_a_call_that_waits_for_a_coroutine_is_refused_by_name() -> None:
    text = """(module (import "m" "wait" (func $wait)) (func (export "f") (call $wait)))"""

    async def main() -> None:
        gate = asyncio.Event()

        async def wait() -> None:
            await gate.wait()

        inst = compiled(text).instantiate({"m": {"wait": wait}}, limits=wasm.Limits(fuel=100))
        saved = inst.snapshot()
        task = asyncio.ensure_future(inst.f.aio())
        await asyncio.sleep(0.01)
        for deed in (inst.snapshot, lambda: inst.reset(saved)):
            with pytest.raises(ValueError, match=r"a call of f stands still.* in the host function wait"):
                deed()
        gate.set()
        await task
        assert inst.snapshot().calls == 0

    asyncio.run(main())


def test_stopped_calls_need_a_store_that_counts() -> None:
    inst = mixed(50)
    error = stopped(inst, "go", 7)
    snapshot = inst.snapshot()
    with pytest.raises(ValueError, match="stores that count fuel"):
        snapshot.instantiate(limits=wasm.Limits())
    fork = snapshot.instantiate(limits=wasm.Limits(fuel=5))
    assert fork.fuel == 5
    (call,) = fork.suspended
    assert call.resume(START) == error.resume(START)


def test_a_deep_call_and_a_small_stack() -> None:
    text = """(module (func $f (export "f") (param i32) (result i32)
      (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
        (else (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1))))))))"""
    inst = compiled(text).instantiate(limits=wasm.Limits(fuel=20_000))
    error = stopped(inst, "f", 5000)
    snapshot = inst.snapshot()
    assert snapshot.instantiate().suspended[0].resume(START) == error.resume(START) == 5000
    with pytest.raises(wasm.WasmError, match="limit of 16384 bytes of stack"):
        snapshot.instantiate(limits=wasm.Limits(fuel=1, stack="16KiB"))
