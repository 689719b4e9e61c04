"""Structs, arrays and i31 in Python; who keeps what alive."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from wasmtime import wat2wasm

import pywasi_native as wasm

TEXT = """
(module
  (type $point (struct (field i32) (field (mut f64)) (field (mut i8)) (field (mut anyref)) (field v128)))
  (type $bytes (array (mut i8)))
  (type $refs (array (mut externref)))
  (type $fixed (array i64))
  (type $box (struct (field (mut externref))))
  (import "env" "make" (func $make (result externref)))
  (func (export "point") (param i32 f64) (result (ref $point))
    (struct.new $point (local.get 0) (local.get 1) (i32.const 200) (ref.null any)
      (v128.const i32x4 1 2 3 4)))
  (func (export "packed") (param (ref $point)) (result i32) (struct.get_s $point 2 (local.get 0)))
  (func (export "bytes") (param i32) (result (ref $bytes)) (array.new $bytes (i32.const 7) (local.get 0)))
  (func (export "refs") (param i32) (result (ref $refs)) (array.new_default $refs (local.get 0)))
  (func (export "fixed") (result (ref $fixed)) (array.new_fixed $fixed 2 (i64.const -1) (i64.const 5)))
  (func (export "box") (param externref) (result (ref $box)) (struct.new $box (local.get 0)))
  (func (export "same") (param anyref) (result anyref) (local.get 0))
  (func (export "i31") (param i32) (result i31ref) (ref.i31 (local.get 0)))
  (func (export "drop") (param externref))
  (global $kept (export "kept") (mut externref) (ref.null extern))
  (func (export "keep") (param externref) (global.set $kept (local.get 0)))
  (func (export "kept_now") (result externref) (global.get $kept))
  (func (export "two") (param externref externref) (result externref externref)
    (local.get 1) (local.get 0))
  (func (export "churn") (param $n i32)
    (loop $again
      (drop (call $make))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))
"""


class Thing:
    """Something that can be watched."""

    other: Any = None


@pytest.fixture
def module() -> Any:
    """An instance whose import makes new objects."""
    return wasm.load(wat2wasm(TEXT), {"env": {"make": Thing}})


def test_fields_of_a_struct(module: Any) -> None:
    point = module.point(5, 1.5)
    assert isinstance(point, wasm.Struct)
    assert list(point) == [5, 1.5, 200, None, (1 | 2 << 32 | 3 << 64 | 4 << 96).to_bytes(16, "little")]
    assert (len(point), point[0], point[-4]) == (5, 5, 1.5)
    point[1], point[2], point[3] = -2, -1, module.bytes(1)
    assert point[1] == -2.0
    assert (point[2], module.packed(point)) == (255, -1)
    assert isinstance(point[3], wasm.Array)
    assert (
        point.type
        == "(struct (field i32) (field (mut f64)) (field (mut i8)) (field (mut anyref)) (field v128))"
    )
    assert repr(point).startswith("<wasm (struct")
    for index in (5, -6, 1 << 70):
        with pytest.raises(IndexError, match="outside of"):
            point[index]
    with pytest.raises(TypeError, match="must be an int"):
        point["x"]
    with pytest.raises(TypeError, match=r"field 0 of .* is immutable"):
        point[0] = 1
    with pytest.raises(TypeError, match=r"field 1 of .* must be float, not str"):
        point[1] = "x"
    for number in (256, -129):
        with pytest.raises(OverflowError, match="range of i8"):
            point[2] = number
    with pytest.raises(TypeError, match="cannot be made"):
        wasm.Struct()


def test_elements_of_an_array(module: Any) -> None:
    array = module.bytes(4)
    assert (len(array), list(array), array[1:3], bytes(array)) == (4, [7] * 4, [7, 7], b"\x07" * 4)
    array[0] = array[-1] = 250
    assert list(array) == [250, 7, 7, 250]
    assert array.type == "(array (mut i8))"
    assert len(module.bytes(0)) == 0
    with pytest.raises(IndexError, match=r"outside of .* with 4 elements"):
        array[4]
    with pytest.raises(TypeError, match="one by one"):
        array[0:2] = [1, 2]
    fixed = module.fixed()
    assert list(fixed) == [-1, 5]
    with pytest.raises(TypeError, match="immutable"):
        fixed[0] = 3
    refs, thing = module.refs(2), Thing()
    refs[0] = thing
    assert refs[0] is thing
    assert refs[1] is None


def test_identity(module: Any) -> None:
    point = module.point(1, 2.0)
    assert module.same(point) is point
    assert module.point(1, 2.0) != point
    assert len({point, module.same(point)}) == 1
    assert module.i31(-3) == wasm.I31(-3)
    assert module.same(wasm.I31(9)).value == 9
    with pytest.raises(ValueError, match="another store"):
        wasm.load(wat2wasm(TEXT), {"env": {"make": Thing}}).same(point)


def passed(module: Any, count: int) -> list[weakref.ref[Thing]]:
    """Passes new objects to the guest, which keeps none."""
    seen = []
    for _ in range(count):
        thing = Thing()
        seen.append(weakref.ref(thing))
        module.drop(thing)
    return seen


def test_objects_that_the_guest_has_let_go_are_freed(module: Any) -> None:
    seen = passed(module, 20_000)
    assert sum(one() is not None for one in seen) <= 2_500


def test_a_guest_that_makes_objects_by_itself_is_bounded(module: Any) -> None:
    made = []

    class Counted(Thing):
        def __init__(self) -> None:
            made.append(weakref.ref(self))

    counting = wasm.load(wat2wasm(TEXT), {"env": {"make": Counted}})
    counting.churn(20_000)
    passed(counting, 1)
    assert len(made) == 20_000
    assert sum(one() is not None for one in made) <= 2_500


def test_what_the_guest_keeps_lives(module: Any) -> None:
    thing = Thing()
    seen = weakref.ref(thing)
    module.keep(thing)
    box = module.box(Thing())
    inside = weakref.ref(box[0])
    del thing
    passed(module, 5_000)
    assert seen() is not None
    assert module.kept_now() is seen()
    assert inside() is box[0]
    module.keep(None)
    del box
    passed(module, 5_000)
    assert seen() is None
    assert inside() is None


def test_the_same_object_again_after_it_was_let_go(module: Any) -> None:
    thing = Thing()
    module.drop(thing)
    passed(module, 3_000)
    module.keep(thing)
    passed(module, 3_000)
    assert module.kept_now() is thing


def test_a_finalizer_that_calls_the_guest(module: Any) -> None:
    class Caller:
        calls = 0

        def __del__(self) -> None:
            Caller.calls += 1
            module.drop(object())

    for _ in range(5_000):
        module.drop(Caller())
    assert Caller.calls >= 2_500


def test_arguments_are_kept_while_others_are_converted() -> None:
    class Busy:
        """Its conversion runs the guest, which collects."""

        def __index__(self) -> int:
            passed(module, 3_000)
            return 4

    text = """(module (func (export "f") (param externref i32) (result externref i32)
        (local.get 0) (local.get 1)))"""
    store = wasm.Store()
    module = wasm.compile(wat2wasm(TEXT)).instantiate({"env": {"make": Thing}}, store=store)
    together = wasm.compile(wat2wasm(text)).instantiate(store=store)
    thing = Thing()
    assert together.f(thing, Busy()) == (thing, 4)
    one, two = Thing(), Thing()
    assert module.two(one, two) == (two, one)


def test_handles_of_python_keep_and_let_go(module: Any) -> None:
    box = module.box(None)
    again = weakref.ref(box)
    del box
    gc.collect()
    assert again() is None


def test_a_cycle_through_both_heaps_goes_with_the_store() -> None:
    # object -> handle -> struct -> object: neither collector sees the whole of it while the store is in use.
    module = wasm.load(wat2wasm(TEXT), {"env": {"make": Thing}})
    thing = Thing()
    thing.other = module.box(thing)
    seen = weakref.ref(thing)
    del thing
    passed(module, 5_000)
    gc.collect()
    assert seen() is not None
    del module
    gc.collect()
    assert seen() is None


def test_ten_million_structs_under_a_limit() -> None:
    text = """(module (type $node (struct (field i64) (field (ref null $node))))
        (func (export "run") (param $n i32) (local $last (ref null $node))
          (loop $again
            (local.set $last (struct.new $node (i64.const 1) (ref.null $node)))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
        (func (export "chain") (param $n i32) (local $last (ref null $node))
          (loop $again
            (local.set $last (struct.new $node (i64.const 1) (local.get $last)))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))"""
    module = wasm.load(wat2wasm(text), limits=wasm.Limits(memory="8MiB"))
    module.run(1_000_000)
    with pytest.raises(MemoryError, match="an object would pass the limit of 8388608 bytes"):
        module.chain(1_000_000)
    module.run(100_000)  # the store is usable
    wasm.load(wat2wasm(text)).chain(1_000_000)  # marking does not recurse
