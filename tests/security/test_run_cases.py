"""R03, R04, R08 to R12, R15, R20, R21, R23, R24: what runs, what is held, and what the host gives back."""

from __future__ import annotations

import gc
import sys
import threading
import traceback
import weakref
from pathlib import Path
from typing import Any

import pytest
from wasmtime import wat2wasm as assemble

import pywasi_native as wasm

PAGE = 65536


def load(text: str, imports: Any = None, **options: Any) -> Any:
    """An instance of a module in text."""
    return wasm.load(assemble(text), imports, **options)


# ---- R03: the end of memory

ACCESSES = {
    "i32.load": 4, "i64.load": 8, "f32.load": 4, "f64.load": 8, "i32.load8_u": 1, "i32.load8_s": 1,
    "i32.load16_u": 2, "i32.load16_s": 2, "i64.load8_u": 1, "i64.load8_s": 1, "i64.load16_u": 2,
    "i64.load16_s": 2, "i64.load32_u": 4, "i64.load32_s": 4, "v128.load": 16, "v128.load8_splat": 1,
    "v128.load16_splat": 2, "v128.load32_splat": 4, "v128.load64_splat": 8, "v128.load32_zero": 4,
    "v128.load64_zero": 8, "v128.load8x8_s": 8, "v128.load32x2_u": 8, "i32.store": 4, "i64.store": 8,
    "f32.store": 4, "f64.store": 8, "i32.store8": 1, "i32.store16": 2, "i64.store8": 1, "i64.store16": 2,
    "i64.store32": 4, "v128.store": 16,
}  # fmt: skip


@pytest.mark.parametrize("wide", [False, True])
def test_R03_every_access_at_the_end_of_memory(wide: bool) -> None:
    index = "i64" if wide else "i32"
    offsets = {"none": 0, "one": 1, "page": PAGE, "most": (1 << 64) - 1 if wide else (1 << 32) - 1}
    functions = []
    for op in ACCESSES:
        kind = op.split(".")[0]
        for label, offset in offsets.items():
            head = f'(func (export "{op} {label}") (param {index})'
            if "store" in op:
                value = "(v128.const i64x2 0 0)" if kind == "v128" else f"({kind}.const 0)"
                functions.append(f"{head} ({op} offset={offset} (local.get 0) {value}))")
            else:
                functions.append(f"{head} (drop ({op} offset={offset} (local.get 0))))")
    text = f"(module (memory {'i64' if wide else ''} 2 2) {' '.join(functions)})"
    instance, size = load(text), 2 * PAGE
    top = 1 << (64 if wide else 32)
    for op, width in ACCESSES.items():
        for label, offset in offsets.items():
            function = instance[f"{op} {label}"]
            around = {size - width - 1, size - width, size - width + 1, size - 1, size, size + 1}
            for at in {*around, 0, top - 1, top - width}:
                for address in {at, at - offset}:
                    if not 0 <= address < top:
                        continue
                    if address + offset + width <= size:
                        function(address)
                    else:
                        with pytest.raises(wasm.Trap, match="out of bounds memory access"):
                            function(address)


# ---- R04: views and growth


def test_R04_a_view_stays_valid_while_memory_grows() -> None:
    text = """(module (memory (export "memory") 1 3)
      (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
      (func (export "set") (param i32 i32) (i32.store8 (local.get 0) (local.get 1))))"""
    instance = load(text)
    view = memoryview(instance.memory)
    assert instance.grow(1) == 1
    assert instance.memory.grow(1) == 2
    assert len(view) == PAGE
    instance.set(7, 99)
    assert view[7] == 99
    view[8] = 55
    assert instance.memory[8] == 55
    again = memoryview(instance.memory)
    assert len(again) == 3 * PAGE
    del instance
    gc.collect()
    assert (view[7], again[8]) == (99, 55)  # the views keep the memory alive
    view.release()
    again.release()


# ---- R08, R09: functions in tables, and what outlives what

TABLE = """(module (type $unary (func (param i32) (result i32)))
  (import "e" "table" (table $t 8 funcref))
  (func (export "call") (param i32 i32) (result i32)
    (call_indirect (type $unary) (local.get 0) (local.get 1))))"""
OWNER = """(module (table (export "table") 8 funcref) (global $n (mut i32) (i32.const 100))
  (elem (i32.const 0) $good $other)
  (func $good (param i32) (result i32) (i32.add (local.get 0) (global.get $n)))
  (func $other (param i64) (result i32) (i32.const 2)))"""


def test_R08_calls_through_a_table() -> None:
    owner = load(OWNER)
    user = load(TABLE, {"e": {"table": owner.table}})
    assert user.call(5, 0) == 105
    undefined = [(index, "undefined element") for index in (8, -1, 0x7FFFFFFF)]
    for index, text in ((1, "indirect call type mismatch"), (2, "uninitialized element"), *undefined):
        with pytest.raises(wasm.Trap, match=text):
            user.call(5, index)
    assert user.call(5, 0) == 105


def test_R08_R09_a_function_in_a_shared_table_outlives_its_instance() -> None:
    owner = load(OWNER)
    user = load(TABLE, {"e": {"table": owner.table}})
    gone = weakref.ref(owner)
    del owner
    gc.collect()
    assert gone() is None
    assert user.call(5, 0) == 105


def test_R09_references_that_python_holds() -> None:
    text = """(module (func $f (export "f") (result i32) (i32.const 42)) (table (export "t") 1 funcref)
      (global (export "g") (mut externref) (ref.null extern))
      (elem (i32.const 0) $f))"""
    instance = load(text)
    function, table, thing = instance.t[0], instance.t, Path("x")
    instance.g.value = thing
    cell = instance.g
    del instance
    gc.collect()
    assert (function(), table[0](), cell.value is thing) == (42, 42, True)
    held = sys.getrefcount(thing)
    del function, table, cell
    gc.collect()
    assert sys.getrefcount(thing) == held - 1


# ---- R10: instances that go in the middle


def test_R10_an_instance_is_dropped_in_its_own_host_function() -> None:
    kept: list[Any] = []

    def host() -> int:
        kept.clear()
        gc.collect()
        return 7

    text = '(module (import "e" "f" (func $f (result i32))) (func (export "g") (result i32) (call $f)))'
    kept.append(load(text, {"e": {"f": host}}))
    assert kept[0].g() == 7


def test_R10_a_finalizer_drops_a_store_and_runs_another() -> None:
    seen = []

    class Ends:
        def __init__(self) -> None:
            self.inner = load('(module (func (export "g") (result i32) (i32.const 3)))')

        def __del__(self) -> None:
            seen.append(self.inner.g())
            del self.inner

    outer = load('(module (global (export "g") (mut externref) (ref.null extern)))')
    outer.g.value = Ends()
    del outer
    gc.collect()
    assert seen == [3]


# ---- R11, R12: through the host and back

NEST = """(module
  (import "e" "host" (func $host (param i32) (result i32)))
  (memory (export "memory") 1 10)
  (func (export "grow") (result i32) (memory.grow (i32.const 1)))
  (func (export "trap") (result i32) unreachable)
  (func $third (export "third") (param i32) (result i32) (call $host (local.get 0)))
  (func $second (param i32) (result i32) (i32.add (i32.const 1) (call $third (local.get 0))))
  (func (export "outer") (param i32) (result i32) (local i64 f64)
    (local.set 1 (i64.const 0x1122334455667788)) (local.set 2 (f64.const 2.5))
    (i32.store8 (i32.const 65535) (i32.const 9))
    (i32.add (call $second (local.get 0))
      (i32.add (i32.load8_u (i32.const 65535))
        (i32.and (i64.eq (local.get 1) (i64.const 0x1122334455667788))
          (f64.eq (local.get 2) (f64.const 2.5)))))))"""


def test_R11_what_a_callback_may_do() -> None:
    def host(what: int) -> int:
        if what == 1:
            return instance.grow()
        if what == 2:
            with pytest.raises(wasm.Trap):
                instance.trap()
            return 50
        if what == 3:
            return instance.third(4)
        if what == 5:
            raise SystemExit(5)
        return 60

    instance = load(NEST, {"e": {"host": host}})
    # What the host gives, 1, the byte that was stored before the call, and 1 for locals that are unharmed.
    assert [instance.outer(n) for n in (1, 2, 3, 4, 1)] == [1 + 11, 50 + 11, 60 + 11, 60 + 11, 2 + 11]
    with pytest.raises(SystemExit):
        instance.outer(5)
    assert instance.outer(4) == 71


def test_R12_an_exception_comes_through_three_frames_as_itself() -> None:
    problem = KeyError("mine")

    def host(_: int) -> int:
        raise problem

    instance = load(NEST, {"e": {"host": host}})
    with pytest.raises(KeyError) as caught:
        instance.outer(0)
    assert caught.value is problem
    names = [frame.name for frame in traceback.extract_tb(problem.__traceback__)]
    assert names[-1] == "host"
    assert sum("wasm" in frame.filename for frame in traceback.extract_tb(problem.__traceback__)) == 3


# ---- R15: traps


def test_R15_traps_leave_the_store_usable_and_tail_calls_their_frames() -> None:
    text = """(module (global (export "n") (mut i32) (i32.const 0))
      (func $deep (export "deep") unreachable)
      (func $tail (return_call $deep))
      (func (export "f") (global.set 0 (i32.add (global.get 0) (i32.const 1))) (call $tail)))"""
    instance = load(text)
    for turn in range(1, 1000):
        with pytest.raises(wasm.Trap, match="unreachable") as caught:
            instance.f()
        assert instance.n.value == turn
    assert [frame.function for frame in caught.value.frames] == ["f", "deep"]


# ---- R20, R21: what does not belong


def test_R20_things_of_two_stores_do_not_mix() -> None:
    text = """(module (type $s (struct)) (table (export "t") 1 funcref) (table (export "x") 1 anyref)
      (global (export "g") (mut funcref) (ref.null func)) (func (export "f"))
      (func (export "take") (param funcref)) (func (export "any") (param anyref))
      (func (export "make") (result anyref) (struct.new $s)))"""
    one, other = load(text), load(text)
    thing = other.make()
    for wrong in (
        lambda: one.t.__setitem__(0, other.f),
        lambda: setattr(one.g, "value", other.f),
        lambda: one.take(other.f),
        lambda: one.any(thing),
        lambda: one.x.__setitem__(0, thing),
        lambda: one.t.grow(1, other.f),
        lambda: load('(module (import "a" "f" (func)) (import "b" "f" (func)))', {"a": one, "b": other}),
    ):
        with pytest.raises((ValueError, TypeError)):
            wrong()
    one.take(one.f)
    one.any(one.make())


def test_R21_imports_of_other_types_and_limits() -> None:
    have = load("""(module (memory (export "m") 1 5) (table (export "t") 2 5 funcref)
      (global (export "g") i32 (i32.const 1)) (global (export "v") (mut i32) (i32.const 1))
      (func (export "f") (param i32)) (tag (export "e") (param i32)))""")
    for wanted in (
        '"m" (memory 2 5)', '"m" (memory 1 4)', '"m" (memory 1 5 shared)', '"m" (memory i64 1 5)',
        '"t" (table 3 5 funcref)', '"t" (table 2 4 funcref)', '"t" (table 2 5 externref)', '"g" (global i64)',
        '"g" (global (mut i32))', '"v" (global i32)', '"f" (func (param i64))', '"f" (func)',
        '"f" (memory 1)',
        '"m" (func)', '"e" (tag (param i64))', '"none" (func)',
    ):  # fmt: skip
        with pytest.raises(wasm.LinkError):
            load(f'(module (import "h" {wanted}))', {"h": have})
    load('(module (import "h" "m" (memory 0 7)) (import "h" "t" (table 1 funcref)))', {"h": have})


# ---- R23: the first call of one function by many threads


def test_R23_sixteen_threads_call_a_function_for_the_first_time() -> None:
    body = " ".join(f"(local.set 0 (i32.add (local.get 0) (i32.const {n})))" for n in range(500))
    functions = " ".join(
        f'(func (export "f{i}") (param i32) (result i32) {body} (local.get 0))' for i in range(20)
    )
    for _ in range(5):
        module = wasm.compile(assemble(f"(module {functions})"))
        gate, answers = threading.Barrier(16), []

        def call(module: wasm.Module = module, gate: Any = gate, answers: list[int] = answers) -> None:
            instance: Any = module.instantiate()
            gate.wait(20)
            answers.extend(instance[f"f{i}"](1) for i in range(20))

        threads = [threading.Thread(target=call) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [1 + sum(range(500))] * 320


# ---- R24: what a host function returns


ALIEN = '(module (func (export "f")))'


def test_R24_wrong_results_of_host_functions() -> None:
    results: list[Any] = []
    text = """(module (import "e" "i" (func $i (result i32))) (import "e" "two" (func $two (result i32 f64)))
      (import "e" "none" (func $none)) (import "e" "ref" (func $ref (result funcref)))
      (func (export "i") (result i32) (call $i)) (func (export "two") (result i32 f64) (call $two))
      (func (export "none") (call $none)) (func (export "ref") (result funcref) (call $ref)))"""
    instance = load(text, {"e": dict.fromkeys(("i", "two", "none", "ref"), lambda: results[0])})
    for name, wrong in (
        ("i", "x"), ("i", None), ("i", 1.5), ("i", 1 << 32), ("i", -(1 << 31) - 1), ("i", 1 << 200),
        ("i", (1, 2)),
        ("two", 1), ("two", (1,)), ("two", (1, 2.0, 3)), ("two", (1, "x")), ("two", ("x", 1)), ("none", 1),
        ("ref", 1), ("ref", print), ("ref", load(ALIEN).f),
    ):  # fmt: skip
        results[:] = [wrong]
        with pytest.raises((TypeError, ValueError, OverflowError)):
            instance[name]()
    results[:] = [(1 << 32) - 1]
    assert instance.i() == -1
    results[:] = [(1, 2)]
    assert instance.two() == (1, 2.0)
