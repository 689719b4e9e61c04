"""What several threads may do to the same objects at once, with a GIL and without."""

from __future__ import annotations

import faulthandler
import gc
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from wasmtime import wat2wasm as assemble

import pywasi_native as wasm
from at_once import in_threads
from pywasi_native import _native

GUEST = """
(module
  (import "env" "host" (func $host (param i32) (result i32)))
  (import "env" "same" (func $same (param externref) (result externref)))
  (type $box (struct (field (mut i32))))
  (memory (export "memory") 1 100) (table (export "table") 4 100 funcref)
  (global $total (export "total") (mut i64) (i64.const 0)) (tag $tag (export "tag") (param i32))
  (func (export "add") (param i64) (global.set $total (i64.add (global.get $total) (local.get 0))))
  (func (export "out") (param i32) (result i32) (call $host (local.get 0)))
  (func (export "refs") (param externref) (result externref) (call $same (local.get 0)))
  (func (export "box") (param i32) (result (ref $box)) (struct.new $box (local.get 0)))
  (func (export "two") (param i32) (result i32 i32) (local.get 0) (local.get 0))
  (func (export "throw") (param i32) (throw $tag (local.get 0)))
  (func (export "spin") (loop (br 0)))
  (func (export "trap") unreachable))
"""
PRINTER = """
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\10\\00\\00\\00\\40\\00\\00\\00")
  (data (i32.const 16) "0123456701234567012345670123456701234567012345670123456701234567")
  (func (export "print") (param $n i32)
    (loop $more
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
      (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))
"""
MODULE = wasm.compile(assemble(GUEST))
IMPORTS: dict[str, dict[str, Any]] = {"env": {"host": lambda number: number + 1, "same": lambda thing: thing}}
SECONDS = 2.0


@pytest.fixture(autouse=True)
def a_deadlock_ends() -> Iterator[None]:
    faulthandler.dump_traceback_later(120, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


def use_functions(instance: Any, number: int) -> None:
    assert instance.out(number) == number + 1
    assert instance.two(number) == (number, number)
    thing = object()
    assert instance.refs(thing) is thing
    with pytest.raises(wasm.Trap, match="unreachable"):
        instance.trap()
    with pytest.raises(wasm.WasmException):
        instance.throw(number)


def use_objects(instance: Any, number: int) -> None:
    box = instance.box(number)
    box[0] = box[0] + 1
    assert box[0] == number + 1
    del box
    view = memoryview(instance.memory)
    assert len(view) >= 65536
    view.release()
    instance.memory.grow(0)
    instance.table[number % 4] = instance.two
    assert instance.table[number % 4] is not None
    assert instance.total.value >= 0


def look(instance: Any, number: int) -> None:
    assert "i32" in str(instance.out.type)
    assert instance.out.__name__ == "out"
    assert len(MODULE.exports) == len(instance.exports)
    repr((instance, instance.memory, instance.table, instance.total, instance.tag, instance.two.__doc__))
    if number % 20 == 0:
        gc.collect()


def make(instance: Any, number: int) -> None:
    fresh: Any = MODULE.instantiate(IMPORTS)
    fresh.add(number)
    copy: Any = fresh.snapshot().instantiate()
    assert copy.total.value == number
    if number % 10 == 0:
        assert MODULE.instantiate(IMPORTS, store=instance.store).total.value == 0


def test_sixteen_threads_use_all_that_two_stores_have() -> None:  # R10
    instances: list[Any] = [
        MODULE.instantiate(IMPORTS, limits=wasm.Limits(instances=100_000)) for _ in range(2)
    ]
    sums = [0] * 16
    end = time.monotonic() + SECONDS

    def work(index: int) -> None:
        dice = random.Random(index)
        while time.monotonic() < end:
            instance = instances[dice.randrange(2)]
            dice.choice((use_functions, use_objects, look, make))(instance, dice.randrange(1, 1000))
            instance.add(1)
            sums[index] += 1

    in_threads(16, work)
    assert sum(instance.total.value for instance in instances) == sum(sums)


def test_calls_are_cancelled_while_others_wait_for_the_store() -> None:
    instance: Any = MODULE.instantiate(IMPORTS)
    left = [15]
    lock = threading.Lock()

    def work(index: int) -> None:
        if index == 0:
            while left[0]:
                instance.cancel()
                time.sleep(0.001)
            return
        for _ in range(3):
            with pytest.raises(wasm.Cancelled):
                instance.spin()
        with lock:
            left[0] -= 1

    in_threads(16, work)
    assert instance.out(1) == 2


def test_threads_make_the_first_use_of_the_same_objects() -> None:
    for _ in range(30):
        function = wasm.Func(wasm.FuncType(("i32",), ("i32",)), lambda number: number * 2)
        memory, tag = wasm.Memory(1, 5), wasm.Tag(["i32"])
        table = wasm.Table(wasm.TableType("funcref", 3))
        instance: Any = MODULE.instantiate(IMPORTS)

        def work(
            index: int, function: Any = function, memory: Any = memory, tag: Any = tag, table: Any = table,
            instance: Any = instance,
        ) -> None:  # fmt: skip
            assert function(index) == 2 * index
            assert len(memory) == 65536
            assert memory.type.minimum == 1
            assert table.type.minimum == len(table) == 3
            assert tag.type.params == instance.tag.type.params == ("i32",)
            assert instance.two.type.results == ("i32", "i32")

        in_threads(8, work)


def things() -> list[Any]:
    """One of each kind that belongs to no store yet."""
    function = wasm.Func(wasm.FuncType(("i32",), ("i32",)), lambda number: number * 2)
    table = wasm.Table(wasm.TableType("funcref", 3))
    return [function, table, wasm.Memory(1, 5), wasm.Tag(["i32"]), wasm.Global("i32", 7, mutable=True)]


def use(made: list[Any]) -> None:
    function, table, memory, tag, number = made
    assert (function(21), len(table), len(memory), number.value) == (42, 3, 65536, 7)
    assert tag.type.params == ("i32",)


def test_of_the_stores_that_threads_bind_an_object_to_one_has_it() -> None:
    for _ in range(50):
        made, stores = things(), [wasm.Store() for _ in range(4)]
        winners: list[list[int]] = [[] for _ in made]

        def work(
            index: int, made: list[Any] = made, stores: list[Any] = stores, winners: Any = winners
        ) -> None:
            for thing, found in zip(made, winners, strict=True):
                try:
                    _native.bind(thing, stores[index])
                except ValueError:
                    continue
                found.append(index)

        in_threads(4, work)
        assert [len(found) for found in winners] == [1] * len(made)
        for thing, (index,) in zip(made, winners, strict=True):
            assert _native.store_of(thing) is stores[index]
        use(made)


@pytest.mark.parametrize("kind", ["func", "table", "memory", "tag"])
def test_an_object_that_is_bound_in_the_middle_of_being_bound_stays_there(kind: str) -> None:
    """As when another thread gets its turn, or the critical section: here the type's own code takes it."""
    turns: list[Callable[[], object]] = []

    def slow(base: Any, *args: Any) -> Any:
        class Slow(base):  # type: ignore[misc]
            __slots__ = ()

            def __getattribute__(self, name: str) -> object:
                if turns:
                    turns.pop()()
                return super().__getattribute__(name)

        return Slow(*args)

    thing: Any = {
        "func": lambda: wasm.Func(slow(wasm.FuncType, ("i32",), ("i32",)), lambda number: number * 2),
        "table": lambda: wasm.Table(slow(wasm.TableType, "funcref", 3)),
        "memory": lambda: wasm.Memory(slow(wasm.MemoryType, 1, 5)),
        "tag": lambda: wasm.Tag(slow(wasm.TagType, ["i32"])),
    }[kind]()
    first, second = wasm.Store(), wasm.Store()
    turns.append(lambda: _native.bind(thing, first))
    with pytest.raises(ValueError, match="another store"):
        _native.bind(thing, second)
    assert _native.store_of(thing) is first
    made = things()
    made[("func", "table", "memory", "tag").index(kind)] = thing
    use(made)


def test_output_is_read_while_the_guest_writes() -> None:
    instance: Any = wasm.compile(assemble(PRINTER)).instantiate(
        wasi=wasm.Wasi(stdout=wasm.PIPE), limits=wasm.Limits(output="64MiB")
    )
    over = threading.Event()

    def work(index: int) -> None:
        if index == 0:
            instance.print(200_000)
            over.set()
            return
        while not over.is_set():
            seen = instance.stdout
            assert len(seen) % 64 == 0
            assert seen[-64:] in (b"", b"01234567" * 8)

    in_threads(3, work)
    assert len(instance.stdout) == 200_000 * 64


def test_instances_are_made_in_a_store_that_another_thread_runs() -> None:
    instance: Any = MODULE.instantiate(IMPORTS, limits=wasm.Limits(timeout=0.2))

    def work(index: int) -> None:
        if index == 0:
            for _ in range(5):
                with pytest.raises(wasm.Timeout):
                    instance.spin()
            return
        for number in range(20):
            made: Any = MODULE.instantiate(IMPORTS, store=instance.store)
            assert made.out(number) == number + 1

    in_threads(4, work)
