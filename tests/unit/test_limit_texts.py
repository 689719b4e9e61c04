"""Whoever reaches a limit is told which one, its number, and what allows more; the store goes on."""

from __future__ import annotations

import pickle
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from wasmtime import wat2wasm

import pywasi_native as wasm

GUEST = """(module
  (import "env" "host" (func $host))
  (type $list (struct (field (ref null $list))))
  (type $bytes (array (mut i8)))
  (global $head (mut (ref null $list)) (ref.null $list))
  (memory (export "memory") 1) (table (export "table") 1 funcref)
  (func (export "memory_grow") (result i32) (memory.grow (i32.const 100)))
  (func (export "table_grow") (result i32) (table.grow (ref.null func) (i32.const 100)))
  (func (export "objects") (loop (global.set $head (struct.new $list (global.get $head))) (br 0)))
  (func (export "array") (drop (array.new_default $bytes (i32.const 5000000))))
  (func $deep (export "deep") (call $deep))
  (func (export "nested") (call $host))
  (func (export "endless") (loop (br 0)))
  (func (export "fine") (result i32) (global.set $head (ref.null $list)) (i32.const 7)))"""
SMALL = wasm.Limits(memory="1MiB", tables=50, stack="64KiB", instances=2)
LARGE = {
    "memory": ("(memory 100)", "memory of 100 pages .* 1048576 bytes"),
    "shared memory": ("(memory 100 100 shared)", "memory of 100 pages .* 1048576 bytes"),
    "table": ("(table 51 funcref)", "table of 51 elements .* 50 elements"),
    "object": (
        "(type $a (array i8)) (global (ref $a) (array.new_default $a (i32.const 2000000)))",
        "object of a constant expression .* 1048576 bytes",
    ),
}
ARGUMENT = {"memory": "memory", "shared memory": "memory", "table": "tables", "object": "memory"}


def guest(limits: wasm.Limits, host: Callable[[Any], object] = lambda _: None) -> Any:
    made: Any = wasm.load(wat2wasm(GUEST), imports={"env": {"host": lambda: host(made)}}, limits=limits)
    return made


def more(argument: str) -> str:
    return rf"wasm\.Limits\({argument}=\.\.\.\) allows more"


@pytest.mark.parametrize("what", LARGE)
def test_what_a_module_begins_with(what: str) -> None:
    text, said = LARGE[what]
    store = wasm.Store(SMALL)
    with pytest.raises(wasm.WasmError, match=f"{said}.*{more(ARGUMENT[what])}"):
        wasm.compile(wat2wasm(f"(module {text})")).instantiate(store=store)
    inst: Any = wasm.compile(
        wat2wasm('(module (memory 15) (table 50 funcref) (func (export "f")))')
    ).instantiate(store=store)
    inst.f()  # nothing was left behind that counts


@pytest.mark.parametrize(
    ("grown", "argument", "number"), [("memory", "memory", "1048576"), ("table", "tables", "50")]
)
def test_growth(grown: str, argument: str, number: str) -> None:
    inst = guest(SMALL)
    assert inst[f"{grown}_grow"]() == -1  # as the specification says
    with pytest.raises(ValueError, match=f"cannot grow by 100 .* limit is {number} .*{more(argument)}"):
        inst[grown].grow(100)
    assert inst[grown].grow(1) == 1
    bounded: Any = wasm.load(
        wat2wasm('(module (memory (export "memory") 1 2) (table (export "table") 1 2 funcref))')
    )
    with pytest.raises(ValueError, match=r"has at most 2$"):
        bounded[grown].grow(2)


@pytest.mark.parametrize("what", ["objects", "array"])
def test_the_heap(what: str) -> None:
    inst = guest(SMALL)
    with pytest.raises(MemoryError, match=rf"limit of 1048576 bytes \(\d+ in use\); .*{more('memory')}"):
        inst[what]()
    assert inst.fine() == 7


def test_the_call_stack() -> None:
    inst = guest(SMALL)
    with pytest.raises(wasm.StackExhausted) as caught:
        inst.deep()
    assert str(caught.value) == "call stack exhausted"
    (note,) = caught.value.__notes__
    assert note.startswith("the call stack has 65536 bytes; limits=wasm.Limits(stack=...) allows more")
    assert note in "".join(traceback.format_exception(caught.value))
    assert pickle.loads(pickle.dumps(caught.value)).__notes__ == [note]
    assert inst.fine() == 7


def test_calls_that_are_nested_through_the_host() -> None:
    inst = guest(wasm.Limits(), host=lambda made: made.nested())
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(5000)
    try:
        with pytest.raises(wasm.StackExhausted) as caught:
            inst.nested()
    finally:
        sys.setrecursionlimit(limit)
    assert caught.value.__notes__ == ["200 calls are nested through host functions"]
    assert inst.fine() == 7


def test_instances() -> None:
    store, module = wasm.Store(SMALL), wasm.compile(wat2wasm('(module (func (export "f")))'))
    made: list[Any] = [module.instantiate(store=store) for _ in range(2)]
    with pytest.raises(wasm.WasmError, match=f"holds 2 instances, its limit; .*{more('instances')}"):
        module.instantiate(store=store)
    made[1].f()


def test_time() -> None:
    inst = guest(wasm.Limits(timeout=0.03))
    with pytest.raises(wasm.Timeout) as caught:
        inst.endless()
    assert str(caught.value) == "timed out"
    (note,) = caught.value.__notes__
    assert note.startswith("the call took longer than 0.03 s; timeout= allows more")
    assert inst.fine() == 7


def test_fuel() -> None:
    inst = guest(wasm.Limits(fuel=1000))
    with pytest.raises(wasm.OutOfFuel) as caught:
        inst.endless()
    (note,) = caught.value.__notes__
    assert note == (
        "nothing is left of the 1000 units that the store began with; "
        "resume(units) of this exception goes on with the call"
    )
    start = wat2wasm("(module (func $endless (loop (br 0))) (start $endless))")
    with pytest.raises(wasm.OutOfFuel) as caught:
        wasm.load(start, limits=wasm.Limits(fuel=1000))
    assert caught.value.__notes__[0].endswith(
        "limits=wasm.Limits(fuel=...) and fuel= of the instance allow more"
    )
    inst.fuel = 100
    assert inst.fine() == 7


def test_open_files(tmp_path: Path) -> None:
    dirs = {f"/{name}": wasm.ro(tmp_path) if name == "c" else wasm.mem() for name in "abc"}
    load = partial(
        wasm.load, wat2wasm('(module (import "wasi_snapshot_preview1" "sched_yield" (func (result i32))))')
    )
    with pytest.raises(
        OSError, match=f"directory for /c would pass the limit of 5 open files; .*{more('open_files')}"
    ):
        load(wasi=wasm.Wasi(dirs=dirs), limits=wasm.Limits(open_files=5))
    load(wasi=wasm.Wasi(dirs=dirs), limits=wasm.Limits(open_files=6))


@pytest.mark.parametrize(
    ("change", "small", "argument"),
    [
        (lambda inst: inst.memory.grow(20), wasm.Limits(memory="1MiB"), "memory"),
        (lambda inst: inst.table.grow(50), wasm.Limits(tables=50), "tables"),
    ],
)
def test_snapshots(change: Callable[[Any], object], small: wasm.Limits, argument: str) -> None:
    inst = guest(wasm.Limits())
    change(inst)
    taken, imports = inst.snapshot(), {"env": {"host": lambda: None}}
    store = wasm.Store(small)
    with pytest.raises(wasm.WasmError, match=f"would pass the limit of .*{more(argument)}"):
        taken.instantiate(imports, store=store)
    other: Any = wasm.compile(wat2wasm(GUEST)).instantiate(imports, store=store)
    assert other.fine() == 7
