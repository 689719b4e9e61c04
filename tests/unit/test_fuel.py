"""Fuel: what is counted, what happens when it is used up, going on."""

from __future__ import annotations

import pickle

import pytest
import wasmtime

import pywasi_native as wasm

FIB = """(module
  (import "m" "back" (func $back (param i32) (result i32)))
  (func $fib (export "fib") (param i32) (result i32)
    (if (result i32) (i32.lt_s (local.get 0) (i32.const 2))
      (then (local.get 0))
      (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                     (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
  (func (export "over") (param i32) (result i32) (call $back (local.get 0)))
  (func (export "pair") (param i64 f64) (result i64 f64)
    (loop (br_if 0 (i64.ne (local.tee 0 (i64.sub (local.get 0) (i64.const 1))) (i64.const 0))))
    (local.get 0) (f64.add (local.get 1) (f64.const 0.5)))
  (memory (export "memory") 2)
  (func (export "fill") (param i32) (memory.fill (i32.const 0) (i32.const 1) (local.get 0)))
  (func (export "straight") (drop (i32.const 1)) (drop (i32.const 2)))
  (func (export "trap") (unreachable)))"""


def module(text: str = FIB) -> wasm.Module:
    return wasm.compile(bytes(wasmtime.wat2wasm(text)))


def load(fuel: int | None, back: object = None) -> wasm.Instance:
    limits = wasm.Limits(fuel=fuel)
    return module().instantiate({"m": {"back": back or (lambda x: x)}}, limits=limits)


def used(name: str, *args: object) -> int:
    instance = load(1 << 40)
    instance[name](*args)
    left = instance.fuel
    assert left is not None
    return (1 << 40) - left


def test_every_instruction_counts_one_and_structure_nothing() -> None:
    assert used("straight") == 4
    # local.get, i32.const, lt_s, if, and local.get in the arm that is taken
    assert used("fib", 1) == 5
    # the other arm: get, const, sub, call, get, const, sub, call, add
    assert used("fib", 2) == 4 + 9 + 2 * 5
    assert used("fib", 15) > used("fib", 14)


def test_bulk_instructions_count_what_they_move() -> None:
    assert used("fill", 0) == used("fill", 63)
    assert used("fill", 64 * 1024) == used("fill", 0) + 1024


def test_nothing_is_counted_unless_asked_for() -> None:
    instance = load(None)
    assert instance.fib(10) == 55
    assert instance.fuel is None
    with pytest.raises(RuntimeError, match=r"limits=wasm\.Limits\(fuel="):
        instance.fuel = 5


def test_what_is_left_may_be_set() -> None:
    instance = load(0)
    with pytest.raises(wasm.OutOfFuel):
        instance.straight()
    instance.fuel = 4
    instance.straight()
    assert instance.fuel == 0
    for bad, error in ((-1, ValueError), (1 << 63, ValueError), (1.5, TypeError), (True, TypeError)):
        with pytest.raises(error, match="fuel must be"):
            instance.fuel = bad  # type: ignore[assignment]
    assert instance.fuel == 0


@pytest.mark.parametrize("stretch", [9, 10, 100, 12345])
def test_a_call_goes_on_where_it_stopped(stretch: int) -> None:  # R13
    total = used("fib", 12)
    instance = load(stretch)
    stops, given = 0, stretch
    try:
        result = instance.fib(12)
    except wasm.OutOfFuel as error:
        while True:
            stops += 1
            given += stretch
            try:
                result = error.resume(stretch)
                break
            except wasm.OutOfFuel as again:
                error = again
    assert result == 144
    assert instance.fuel == given - total  # interruptions cost nothing
    assert stops >= total // stretch - 1


def test_several_results_and_all_frames() -> None:
    instance = load(100)
    with pytest.raises(wasm.OutOfFuel, match="all fuel consumed") as caught:
        instance.pair(1000, 1.5)
    assert caught.value.kind is wasm.TrapKind.OUT_OF_FUEL
    assert [frame.function for frame in caught.value.frames] == ["pair"]
    assert caught.value.resume(1 << 20) == (0, 2.0)


def test_each_interruption_is_resumed_once() -> None:
    instance = load(10)
    with pytest.raises(wasm.OutOfFuel) as caught:
        instance.fib(5)
    assert caught.value.resume(10_000) == 5
    with pytest.raises(RuntimeError, match="gone on already"):
        caught.value.resume(10_000)
    for bad, error in ((0, ValueError), (-5, ValueError), ("5", TypeError)):
        with pytest.raises(error, match="fuel must be"):
            caught.value.resume(bad)  # type: ignore[arg-type]


def test_two_interrupted_calls_of_one_store() -> None:
    instance = load(10)
    waiting = []
    for n in (9, 10):
        with pytest.raises(wasm.OutOfFuel) as caught:
            instance.fib(n)
        waiting.append(caught.value)
    assert waiting[0].resume(10_000) == 34
    assert waiting[1].resume(10_000) == 55


def test_calls_of_host_functions_cannot_go_on() -> None:
    def back(n: int) -> int:
        return int(instance.fib(n))

    instance = load(100, back)
    with pytest.raises(wasm.OutOfFuel) as caught:
        instance.over(12)
    with pytest.raises(RuntimeError, match="a host function stands between"):
        caught.value.resume(1000)
    instance.fuel = 1 << 20
    assert instance.over(12) == 144


def test_a_call_goes_on_inside_of_a_host_function() -> None:
    instance = load(10)
    with pytest.raises(wasm.OutOfFuel) as caught:
        instance.fib(10)
    other = module().instantiate({"m": {"back": lambda n: caught.value.resume(10_000)}}, store=instance.store)
    instance.fuel = 1000
    assert other.over(0) == 55


def test_a_start_function_is_not_resumed() -> None:
    text = "(module (func $f (loop (br 0))) (start $f))"
    with pytest.raises(wasm.OutOfFuel) as caught:
        module(text).instantiate(limits=wasm.Limits(fuel=1000))
    with pytest.raises(RuntimeError, match="start function"):
        caught.value.resume(1000)


def test_other_traps_and_the_store_afterwards() -> None:
    instance = load(1000)
    with pytest.raises(wasm.Trap, match="unreachable"):
        instance.trap()
    assert instance.fuel == 999
    assert instance.fib(5) == 5


def test_it_passes_through_other_instances() -> None:
    first = load(50)
    text = """(module (import "a" "fib" (func $f (param i32) (result i32)))
      (func (export "go") (param i32) (result i32) (i32.add (call $f (local.get 0)) (i32.const 1000))))"""
    second = module(text).instantiate({"a": {"fib": first.fib}})
    with pytest.raises(wasm.OutOfFuel) as caught:
        second.go(10)
    assert caught.value.frames[0].function == "go"
    assert caught.value.resume(100_000) == 1055
    assert second.fuel == first.fuel


def test_dropped_interruptions_take_no_memory() -> None:
    instance = load(10)
    for _ in range(20_000):
        with pytest.raises(wasm.OutOfFuel):
            instance.fib(20)
        instance.fuel = 10


def test_the_exception_is_pickled_without_its_call() -> None:
    instance = load(10)
    with pytest.raises(wasm.OutOfFuel) as caught:
        instance.fib(20)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert type(copy) is wasm.OutOfFuel
    assert str(copy) == "all fuel consumed"
    with pytest.raises(RuntimeError, match="another process"):
        copy.resume(5)


def test_programs() -> None:
    text = """(module (memory (export "memory") 1) (func (export "_start") (local i32)
      (loop (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 10))))))"""
    done = wasm.run(module(text), fuel=1000)
    assert done.fuel_used == 10 * 7
    assert wasm.run(module(text)).fuel_used is None
    with pytest.raises(wasm.OutOfFuel):
        wasm.run(module(text), fuel=20)


def test_collections_see_what_waits() -> None:
    text = """(module (type $box (struct (field (mut i32))))
      (func (export "keep") (param i32) (result i32) (local (ref null $box))
        (local.set 1 (struct.new $box (i32.const 7)))
        (loop (br_if 0 (i32.ne (local.tee 0 (i32.sub (local.get 0) (i32.const 1))) (i32.const 0))))
        (struct.get $box 0 (local.get 1)))
      (func (export "litter") (param i32)
        (loop (drop (struct.new $box (i32.const 1)))
          (br_if 0 (i32.ne (local.tee 0 (i32.sub (local.get 0) (i32.const 1))) (i32.const 0))))))"""
    instance = module(text).instantiate(limits=wasm.Limits(fuel=100))
    with pytest.raises(wasm.OutOfFuel) as caught:
        instance.keep(1000)
    instance.fuel = 1 << 40
    instance.litter(300_000)
    assert caught.value.resume(100_000) == 7
