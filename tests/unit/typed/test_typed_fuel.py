"""Typed functions that fuel stops: their arguments stay, and `resume` gives what the function would."""

from __future__ import annotations

import asyncio
import gc

import pytest
import wasmtime

import pywasi_native as wasm

TEXT = """(module (memory (export "memory") 8)
  (global $at (mut i32) (i32.const 1024)) (global $freed (mut i32) (i32.const 0))
  (func (export "malloc") (param i32) (result i32)
    (global.get $at)
    (global.set $at
      (i32.and (i32.add (i32.add (global.get $at) (local.get 0)) (i32.const 15)) (i32.const -16))))
  (func (export "free") (param i32) (global.set $freed (i32.add (global.get $freed) (i32.const 1))))
  (func (export "freed") (result i32) (global.get $freed))
  (func (export "sum") (param $from i32) (param $n i32) (result i32) (local $total i32)
    (loop $more
      (if (i32.eqz (local.get $n)) (then (return (local.get $total))))
      (local.set $total (i32.add (local.get $total) (i32.load8_u (local.get $from))))
      (local.set $from (i32.add (local.get $from) (i32.const 1)))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br $more))
    (unreachable))
  (func (export "raise") (param $to i32) (param $n i32)
    (loop $more
      (if (i32.eqz (local.get $n)) (then (return)))
      (i32.store8 (local.get $to) (i32.add (i32.load8_u (local.get $to)) (i32.const 1)))
      (local.set $to (i32.add (local.get $to) (i32.const 1)))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br $more)))
  (func (export "trap") (param $from i32) (param $n i32) (result i32)
    (loop $more
      (if (i32.eqz (local.get $n)) (then (unreachable)))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br $more))
    (unreachable))
  (func (export "half") (param $n i32) (result f64)
    (loop $more
      (if (i32.eqz (local.get $n)) (then (return (f64.const 0.5))))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br $more))
    (unreachable)))"""
MUCH = 1 << 30


def load(fuel: int = MUCH) -> wasm.Instance:
    return wasm.compile(bytes(wasmtime.wat2wasm(TEXT))).instantiate(limits=wasm.Limits(fuel=fuel))


def stopped(inst: wasm.Instance, function: object, *args: object, fuel: int = 50) -> wasm.OutOfFuel:
    inst.fuel = fuel
    try:
        function(*args)  # type: ignore[operator]
    except wasm.OutOfFuel as error:
        return error
    raise AssertionError("it was not stopped")


def test_the_result_is_what_the_typed_function_gives() -> None:
    inst = load()
    total = inst.func("sum", "u32(const u8*, size)")
    assert total(b"abc") == 294
    error = stopped(inst, total, b"\1" * 100)
    assert error.resume(MUCH) == 100
    with pytest.raises(RuntimeError, match="gone on already"):
        error.resume(5)
    half = inst.func("half", "f64(u32)")
    assert stopped(inst, half, 100).resume(MUCH) == 0.5


def test_stops_in_a_row_and_copies_back() -> None:
    inst = load()
    up = inst.func("raise", "void(u8*, size)")
    data = bytearray(range(50))
    up(data)
    error, stops = stopped(inst, up, data), 0
    while True:
        stops += 1
        assert data == bytes(range(1, 51))  # nothing comes back before the end
        with pytest.raises(BufferError):
            data.append(1)
        try:
            assert error.resume(30) is None
            break
        except wasm.OutOfFuel as again:
            assert not error._suspended.ready  # type: ignore[union-attr]
            error = again
    assert stops > 5
    assert data == bytes(range(2, 52))
    data.append(1)  # no view of it is left


def test_calls_in_between_leave_arguments_alone() -> None:
    inst = load()
    total = inst.func("sum", "u32(const u8*, size)")
    assert total(b"") == 0
    errors = [stopped(inst, total, bytes([n]) * 100) for n in range(1, 6)]
    arena = inst._space.arena
    kept = repr(arena)
    inst.fuel = MUCH
    assert total(b"\xff" * 1000) == 255_000
    assert repr(arena) == kept
    for n in (3, 1, 5, 2, 4):  # in any order
        assert errors[n - 1].resume(MUCH) == 100 * n
        assert total(b"\xff" * 1000) == 255_000
    assert " 0 in use" in repr(arena)


def test_dropped_calls_give_back_what_they_held() -> None:
    inst = load()
    total, up = inst.func("sum", "u32(const u8*, size)"), inst.func("raise", "void(u8*, size)")
    assert total(b"") == 0
    data = bytearray(100)
    large = bytes(1 << 16)  # more than there is left of the arena's chunk
    first = stopped(inst, up, data)
    second = stopped(inst, total, large)
    inst.fuel = MUCH
    freed = inst.freed()
    arena = inst._space.arena
    assert " 0 in use" not in repr(arena)
    del first, second
    gc.collect()
    data.append(1)
    inst.fuel = MUCH
    assert total(b"\1\2") == 3
    assert " 0 in use" in repr(arena)
    assert inst.freed() > freed


def test_a_trap_after_the_stop_gives_back_too() -> None:
    inst = load()
    trap = inst.func("trap", "u32(const u8*, size)")
    error = stopped(inst, trap, b"\1" * 100)
    with pytest.raises(wasm.Trap, match="unreachable"):
        error.resume(MUCH)
    assert " 0 in use" in repr(inst._space.arena)


def test_a_reset_ends_it() -> None:
    inst = load()
    saved = inst.snapshot()
    up = inst.func("raise", "void(u8*, size)")
    data = bytearray(100)
    error = stopped(inst, up, data)
    inst.reset(saved)
    with pytest.raises(RuntimeError, match="reset since"):
        error.resume(MUCH)
    data.append(1)
    inst.fuel = MUCH
    up(data)
    assert data == b"\1" * 100 + b"\2"


def test_it_is_no_coroutine() -> None:
    inst = load()
    error = stopped(inst, inst.func("half", "f64(u32)"), 100)
    with pytest.raises(RuntimeError, match=r"not by resume_aio"):
        asyncio.run(error.resume_aio(MUCH))
    assert error.resume(MUCH) == 0.5


def test_in_a_fork_the_call_gives_the_raw_result() -> None:
    inst = load()
    total = inst.func("sum", "u32(const u8*, size)")
    error = stopped(inst, total, b"\2" * 100)
    (call,) = inst.snapshot().instantiate().suspended
    assert call.resume(MUCH) == error.resume(MUCH) == 200
