"""Fuel: what is counted, what happens when it is used up, going on."""

from __future__ import annotations

import contextlib
import pickle

import pytest
import wasmtime

import pywasi_native as wasm
from stoppable import HOLDER

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


def test_what_one_run_of_instructions_costs_does_not_overflow() -> None:
    pages, fills = 64, (1 << 16) + 2  # each fill moves 65535 lines: together little more than 2^32
    size = 65535 << 6
    fill = f"(memory.fill (i32.const 0) (i32.const 1) (i32.const {size}))"
    instance = module(f'(module (memory {pages}) (func (export "fill") {fill * fills}))').instantiate(
        limits=wasm.Limits(fuel=20 * 65535, timeout=10)
    )
    with pytest.raises(wasm.OutOfFuel):
        instance.fill()
    assert instance.fuel == 0


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


LEAVING = """(module
  (import "m" "look" (func $look))
  (type $pair (struct (field i64 i64)))
  (type $none (func))
  (memory 1) (table 1 funcref) (tag $tag)
  (func $spin (param i32)
    (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "host") (call $spin (i32.const 10)) (call $look) (call $spin (i32.const 10)))
  (func (export "grow")
    (call $spin (i32.const 10)) (drop (memory.grow (i32.const 1))) (call $look) (call $spin (i32.const 10)))
  (func (export "bulk")
    (call $spin (i32.const 10)) (memory.fill (i32.const 0) (i32.const 1) (i32.const 640))
    (call $look) (call $spin (i32.const 10)))
  (func (export "make") (local i32) (local.set 0 (i32.const 200000))
    (loop (drop (struct.new_default $pair))
          (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (call $look) (call $spin (i32.const 10)))
  (func (export "divide") (local i32)
    (call $spin (i32.const 10)) (drop (i32.div_u (i32.const 1) (local.get 0))))
  (func (export "load") (call $spin (i32.const 10)) (drop (i32.load (i32.const -1))))
  (func (export "call") (call $spin (i32.const 10)) (call_indirect (type $none) (i32.const 0)))
  (func (export "throw") (call $spin (i32.const 10)) (throw $tag))
  (func (export "catch")
    (block (try_table (catch_all 0) (call $spin (i32.const 10)) (throw $tag)))
    (call $look) (call $spin (i32.const 10)))
)"""


@pytest.mark.parametrize(
    ("name", "looked", "cost"),
    [
        ("host", 55, 105),
        ("grow", 58, 108),
        ("bulk", 69, 119),
        ("make", 2 + 200_000 * 7 + 3, 2 + 200_000 * 7 + 3 + 50),
        ("divide", None, 56),
        ("load", None, 55),
        ("call", None, 54),
        ("throw", None, 53),
        ("catch", 56, 106),
    ],
)
def test_what_is_left_is_exact_wherever_code_is_left(name: str, looked: int | None, cost: int) -> None:
    start, seen = 1 << 30, []

    def look() -> None:
        seen.append(start - (instance.fuel or 0))

    instance = module(LEAVING).instantiate({"m": {"look": look}}, limits=wasm.Limits(fuel=start))
    for calls in (1, 2):
        with contextlib.nullcontext() if looked else pytest.raises((wasm.Trap, wasm.WasmException)):
            instance[name]()
        assert instance.fuel == start - calls * cost
    assert seen == ([looked, looked + cost] if looked else [])


def test_what_a_host_function_sets_is_what_is_left() -> None:
    def look() -> None:
        instance.fuel = 1000

    instance = module(LEAVING).instantiate({"m": {"look": look}}, limits=wasm.Limits(fuel=60))
    instance.host()
    assert instance.fuel == 950


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
    instance = module(HOLDER).instantiate(limits=wasm.Limits(fuel=100))
    with pytest.raises(wasm.OutOfFuel) as caught:
        instance.keep(1000)
    instance.fuel = 1 << 40
    instance.litter(300_000)
    assert caught.value.resume(100_000) == 7


PATHS = """(module
  (tag $t (param i32))
  (func $throws (param i32) (if (local.get 0) (then (throw $t (local.get 0)))))          ;; 2, and 2
  (func (export "if") (param i32) (result i32) (local i32)
    (local.set 1 (i32.const 1))                                                          ;; 2
    (if (local.get 0) (then (local.set 1 (i32.const 2))))                                ;; 2, and 2
    (local.get 1))                                                                       ;; 1
  (func (export "else") (param i32) (result i32)
    (if (result i32) (local.get 0)                                                       ;; 2
      (then (i32.const 1)) (else (i32.add (i32.const 1) (i32.const 1))))                 ;; 1 or 3
    (i32.eqz))                                                                           ;; 1
  (func (export "values") (param i32) (result i32)
    (block (result i32)
      (i32.const 5) (i32.const 6)                                                        ;; 2
      (local.get 0) (br_if 0)                                                            ;; 2
      (i32.add)))                                                                        ;; and 1
  (func (export "leave") (param i32) (result i32)
    (i32.const 7) (local.get 0) (br_if 0) (i32.const 1) (i32.add))                       ;; 3, and 2
  (func (export "table") (param i32) (result i32)
    (block $b (block $a (br_table $a $b $b (local.get 0))) (return (i32.const 3)))       ;; 2, and 2
    (i32.const 1))                                                                       ;; or 1
  (func (export "loop") (param i32) (result i32) (local i32)
    (i32.const 0) (local.set 1)                                                          ;; 2
    (loop $l
      (local.set 1 (i32.add (local.get 1) (i32.const 1)))                                ;; 4 each
      (block (br_if 0 (i32.lt_u (local.get 1) (local.get 0))) (return (local.get 1)))    ;; 4, 2 at the end
      (br $l))                                                                           ;; 1, but at the end
    (unreachable))
  (func (export "dead") (param i32)
    (block (br 0) (if (i32.const 0) (then (nop)) (else (drop (i32.const 1)))) (drop (i32.const 1))))  ;; 1
  (func (export "catch") (param i32) (result i32)
    (block $h (result i32)
      (try_table (catch $t $h) (call $throws (local.get 0)))                             ;; 2
      (i32.const 9) (return))                                       ;; 2: one run with what is before
    (i32.const 1) (i32.add))                                                             ;; 2: another
  (func (export "again") (param i32) (result i32) (local i32)
    (local.get 0)                                                                        ;; 1
    (loop $l (param i32)
      (local.set 0)                                                                      ;; 1 each
      (local.set 1 (i32.add (local.get 1) (i32.const 1)))                                ;; 4 each
      (if (i32.ge_u (local.get 1) (i32.const 3)) (then (local.set 0 (i32.const 0))))     ;; 4 each, 2 once
      (try_table (catch $t $l) (call $throws (local.get 0))))                            ;; 2 each
    (local.get 1)))                                                                      ;; 1"""

COSTS = [
    ("if", 0, 1, 5), ("if", 1, 2, 7), ("else", 1, 0, 4), ("else", 0, 0, 6), ("values", 0, 11, 5),
    ("values", 1, 6, 4), ("leave", 0, 8, 5), ("leave", 1, 7, 3), ("table", 0, 3, 4), ("table", 1, 1, 3),
    ("table", 7, 1, 3), ("loop", 1, 1, 2 + 8 + 2), ("loop", 5, 5, 2 + 5 * 8 + 4 + 2), ("dead", 0, None, 1),
    ("catch", 0, 9, 4 + 2), ("catch", 4, 5, 4 + 4 + 2), ("again", 0, 1, 1 + 11 + 1 + 2),
    # what comes behind the call belongs to its run, which the caught exception leaves
    ("again", 3, 3, 1 + 3 * 11 + 2 + 3 * 1 + 2 * 4 + 2),
]  # fmt: skip


@pytest.mark.parametrize(("name", "argument", "result", "cost"), COSTS)
def test_each_way_through_a_function_costs_its_instructions(
    name: str, argument: int, result: int | None, cost: int
) -> None:
    instance = module(PATHS).instantiate(limits=wasm.Limits(fuel=1000))
    assert instance[name](argument) == result
    assert instance.fuel == 1000 - cost


@pytest.mark.parametrize(("name", "argument", "result", "cost"), COSTS)
def test_the_same_unit_by_unit(name: str, argument: int, result: int | None, cost: int) -> None:
    instance = module(PATHS).instantiate(limits=wasm.Limits(fuel=1))
    given = 1
    try:
        found = instance[name](argument)
    except wasm.OutOfFuel as error:
        while True:
            assert instance.fuel == 0  # a part of what comes next is paid for
            given += 1
            try:
                found = error.resume(1)
                break
            except wasm.OutOfFuel as again:
                error = again
    assert (found, given) == (result, cost)


def test_what_the_next_instruction_takes_is_kept_too() -> None:
    """The reference is on the stack where the call waits, and popped by the instruction that comes first."""
    text = """(module (type $box (struct (field (mut i32))))
      (func (export "keep") (param i32) (result i32) (local (ref null $box))
        (block (result (ref null $box))
          (struct.new $box (i32.const 7))
          (br_if 0 (local.get 0)) (br 0))
        (local.set 1)
        (struct.get $box 0 (local.get 1)))
      (func (export "litter") (param i32)
        (loop (drop (struct.new $box (i32.const 1)))
          (br_if 0 (i32.ne (local.tee 0 (i32.sub (local.get 0) (i32.const 1))) (i32.const 0))))))"""
    for way in (0, 1):
        for fuel in range(8 - way):
            instance = module(text).instantiate(limits=wasm.Limits(fuel=fuel))
            with pytest.raises(wasm.OutOfFuel) as caught:
                instance.keep(way)
            instance.fuel = 1 << 40
            instance.litter(100_000)
            assert caught.value.resume(100) == 7
