"""R01, R02, R05, R14: each limit is hit, gives the right error, and leaves the store usable."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from wasi_trampoline import Guest
from wasmtime import wat2wasm as assemble

import pywasi_native as wasm

PAGE = 65536
SMALL_STACK = 256 << 10

# ---- R01: recursion

DEEP = """
(module
  (import "env" "host" (func $host (param i32)))
  (import "env" "through" (func $through))
  (type $v (func))
  (table funcref (elem $calls $indirect $host))
  (global $depth (mut i32) (i32.const 0))
  (func $count (global.set $depth (i32.add (global.get $depth) (i32.const 1))))
  (func $calls (export "calls") (call $count) (call $calls))
  (func $indirect (export "indirect") (call $count) (call_indirect (type $v) (i32.const 1)))
  (func $by_ref (export "by_ref") (call $count) (call_ref $v (ref.func $by_ref)))
  (func (export "through_python") (param i32)
    (call $count) (call $host (i32.add (local.get 0) (i32.const 1))))
  (func (export "through_other") (call $count) (call $through))
  (func $wide (export "wide") (param i64 i64 i64 i64 i64 i64 i64 i64) (result i64 i64 i64 i64)
    (call $count)
    (call $wide (local.get 7) (local.get 6) (local.get 5) (local.get 4)
      (local.get 3) (local.get 2) (local.get 1) (local.get 0)))
  (func $tail (export "tail") (param i64) (result i64)
    (if (result i64) (i64.eqz (local.get 0))
      (then (i64.const 7))
      (else (return_call $tail (i64.sub (local.get 0) (i64.const 1))))))
  (func $tail_indirect (export "tail_indirect") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0))
      (then (i32.const 7))
      (else (return_call_ref $unary (i32.sub (local.get 0) (i32.const 1)) (ref.func $tail_indirect)))))
  (type $unary (func (param i32) (result i32)))
  (func (export "depth") (result i32) (global.get $depth) (global.set $depth (i32.const 0)))
)
"""
RECURSIONS = ("calls", "indirect", "by_ref", "through_python", "through_other", "wide")


def deep(limits: wasm.Limits | None = None) -> Any:
    """An instance that calls itself: directly, through Python, through another instance."""
    store = wasm.Store(limits)
    other = wasm.load(
        assemble('(module (import "e" "f" (func $f)) (func (export "again") (call $f)))'),
        imports={"e": {"f": lambda: made.through_other()}},
        store=store,
    )
    imports = {"env": {"host": lambda n: made.through_python(n), "through": other.again}}
    made = wasm.load(assemble(DEEP), imports=imports, store=store)
    return made


def arguments(name: str) -> list[int]:
    """What the function takes."""
    return {"through_python": [0], "wide": [1, 2, 3, 4, 5, 6, 7, 8]}.get(name, [])


def on_thread(work: Callable[[], object], stack: int) -> None:
    """Runs it on a thread with such a stack; raises what it raised."""
    problems: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as problem:
            problems.append(problem)

    before = threading.stack_size(stack)
    try:
        thread = threading.Thread(target=run)
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    if problems:
        raise problems[0]


def exhaust(instance: Any, name: str, least: int) -> None:
    """The recursion ends by StackExhausted, more than once, and the store goes on."""
    depths = []
    for _ in range(2):
        with pytest.raises(wasm.StackExhausted, match="call stack exhausted") as caught:
            instance[name](*arguments(name))
        assert caught.value.kind is wasm.TrapKind.STACK_EXHAUSTED
        assert caught.value.frames[0].function == name
        depths.append(instance.depth())
        assert instance.tail(5) == 7
    assert min(depths) >= least
    assert depths[0] == depths[1]


@pytest.mark.parametrize("name", RECURSIONS)
def test_R01_recursion_without_end_on_the_main_thread(name: str) -> None:
    exhaust(deep(), name, 100 if name.startswith("through") else 5000)


@pytest.mark.parametrize("name", RECURSIONS)
def test_R01_recursion_without_end_on_a_thread_with_a_small_stack(name: str) -> None:
    instance = deep()
    on_thread(lambda: exhaust(instance, name, 20 if name.startswith("through") else 5000), SMALL_STACK)
    exhaust(instance, name, 20)


def test_R01_a_large_stack_is_as_deep_as_asked_for() -> None:
    instance = deep(wasm.Limits(stack="256MiB"))
    with pytest.raises(wasm.StackExhausted):
        instance.calls()
    assert instance.depth() > 5_000_000


def test_R01_many_stores_in_turn_do_not_escape_the_limit() -> None:
    # Each store is entered once: only the C stack tells how deep it is. Python's own limit may come first.
    module = wasm.compile(assemble('(module (import "e" "f" (func $f)) (func (export "again") (call $f)))'))
    chain: list[Any] = []

    def link(index: int) -> Callable[[], None]:
        return lambda: chain[index + 1].again() if index + 1 < len(chain) else None

    chain.extend(module.instantiate({"e": {"f": link(index)}}) for index in range(600))

    def work() -> None:
        with pytest.raises((wasm.StackExhausted, RecursionError)):
            chain[0].again()
        chain[-1].again()

    on_thread(work, SMALL_STACK)


def test_R01_tail_calls_take_constant_space() -> None:
    instance = deep(wasm.Limits(stack="64KiB"))
    assert instance.tail(100_000_000) == 7
    assert instance.tail_indirect(2_000_000) == 7


# ---- R02: large frames near the end of the stack


def test_R02_a_frame_of_many_locals_is_checked_before_it_is_written() -> None:
    text = """(module
      (func $deeper (export "deeper") (param i32) (result i32)
        (if (result i32) (local.get 0)
          (then (call $deeper (i32.sub (local.get 0) (i32.const 1)))) (else (call $large))))
      (func $large (result i32) (local LOCALS) (local.set 49999 (i64.const -1))
        (i32.wrap_i64 (local.get 49998)))
      (func $constants (export "constants") (param i32) (result i32)
        (if (result i32) (local.get 0)
          (then (call $constants (i32.sub (local.get 0) (i32.const 1)))) (else (return_call $large)))))"""
    module = wasm.compile(assemble(text.replace("LOCALS", " ".join(["i64"] * 50000))))
    instance = module.instantiate(limits=wasm.Limits(stack=50000 * 8 + 30000))
    assert instance.deeper(10) == instance.constants(10) == 0
    results = set()
    for depth in range(0, 3000, 7):
        for call in (instance.deeper, instance.constants):
            try:
                assert call(depth) == 0
                results.add("fits")
            except wasm.StackExhausted:
                results.add("exhausted")
    assert results == {"fits", "exhausted"}
    assert instance.deeper(0) == 0


# ---- R05: growth

GROWS = """(module (memory (export "memory") 1 5)
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "size") (result i32) (memory.size))
  (func (export "last") (result i32)
    (i32.load8_u (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 1)))))"""


def test_R05_growth_to_the_maximum_and_past_it() -> None:
    instance = wasm.load(assemble(GROWS))
    assert [instance.grow(n) for n in (0, 2, 0, 3, -1, 0x7FFF, 2, 1)] == [1, 1, 3, -1, -1, -1, 3, -1]
    assert (instance.size(), instance.last(), len(instance.memory)) == (5, 0, 5 * PAGE)
    with pytest.raises(ValueError, match="grow"):
        instance.memory.grow(1)


def test_R05_growth_that_the_limit_forbids_gives_minus_one() -> None:
    instance = wasm.load(assemble(GROWS), limits=wasm.Limits(memory=3 * PAGE))
    assert [instance.grow(n) for n in (3, 2, 1, 0)] == [-1, 1, -1, 3]
    assert instance.last() == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="RLIMIT_AS")
def test_R05_growth_that_the_system_forbids_gives_minus_one() -> None:
    program = """
        import resource
        import pywasi_native as wasm
        from wasmtime import wat2wasm
        module = wasm.compile(wat2wasm('(module (memory 1) (func (export "grow") (param i32) (result i32)'
                                       ' (memory.grow (local.get 0))))'))
        used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + (256 << 20), resource.RLIM_INFINITY))
        instance = module.instantiate()
        assert instance.grow(100) == 1
        assert instance.grow(60000) == -1
        assert instance.grow(1) == 101
        try:
            wasm.load(wat2wasm("(module (memory 60000))"))
        except (MemoryError, wasm.WasmError) as problem:
            print(type(problem).__name__)
        assert module.instantiate().grow(3) == 1
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() in ("MemoryError", "WasmError")


# ---- R14: bombs


def test_R14_memories_together() -> None:
    text = '(module (memory (export "memory") 10))'
    store = wasm.Store(wasm.Limits(memory=25 * PAGE))
    module = wasm.compile(assemble(text))
    kept = [module.instantiate(store=store) for _ in range(2)]
    with pytest.raises(wasm.WasmError, match="limit"):
        module.instantiate(store=store)
    assert kept[0].memory.grow(5) == 10
    with pytest.raises(ValueError, match="grow"):
        kept[1].memory.grow(1)
    assert store.peak_memory == 25 * PAGE


def test_R14_tables_together() -> None:
    text = """(module (table $a (export "a") 10 funcref) (table $b 10 externref)
      (func (export "grow_a") (param i32) (result i32) (table.grow $a (ref.null func) (local.get 0)))
      (func (export "grow_b") (param i32) (result i32) (table.grow $b (ref.null extern) (local.get 0))))"""
    module = wasm.compile(assemble(text))
    instance = module.instantiate(limits=wasm.Limits(tables=30))
    assert [instance.grow_a(11), instance.grow_a(4), instance.grow_b(7), instance.grow_b(6)] == [
        -1,
        10,
        -1,
        10,
    ]
    assert instance.grow_b(-1) == -1
    with pytest.raises(wasm.WasmError, match="limit"):
        module.instantiate(store=instance.store)
    with pytest.raises(wasm.WasmError, match="limit"):
        module.instantiate(limits=wasm.Limits(tables=19))
    assert len(instance.a) == 14


def test_R14_instances_together() -> None:
    module = wasm.compile(assemble("(module)"))
    store = wasm.Store(wasm.Limits(instances=3))
    kept = [module.instantiate(store=store) for _ in range(3)]
    with pytest.raises(wasm.WasmError, match="3 instances, its limit"):
        module.instantiate(store=store)
    assert len(kept) == 3


def test_R14_the_heap_of_objects() -> None:
    text = """(module
      (type $list (struct (field (ref null $list)) (field i64)))
      (type $bytes (array (mut i8)))
      (global $head (mut (ref null $list)) (ref.null $list))
      (func (export "leak")
        (loop (global.set $head (struct.new $list (global.get $head) (i64.const 1))) (br 0)))
      (func (export "forget") (global.set $head (ref.null $list)))
      (func (export "garbage") (param i32)
        (loop (drop (array.new_default $bytes (i32.const 10000)))
          (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
      (func (export "large") (result i32) (array.len (array.new_default $bytes (i32.const 0x7fffffff)))))"""
    instance = wasm.load(assemble(text), limits=wasm.Limits(memory="4MiB"))
    for _ in range(2):
        with pytest.raises(MemoryError, match="limit"):
            instance.leak()
        with pytest.raises(MemoryError, match="limit"):
            instance.large()
        instance.forget()
        instance.garbage(5000)  # 50 MB in all: what nothing refers to is given back
    assert instance.store.peak_memory <= 4 << 20


def test_R14_output(make_guest: Callable[..., Guest]) -> None:
    guest = make_guest(stdout=wasm.PIPE, stderr=wasm.PIPE, limits=wasm.Limits(output="1KB"))
    for fd in (1, 2):
        assert guest.write(fd, b"x" * 700) == 700
        assert guest.write(fd, b"x" * 700) == 300
        assert guest.write(fd, b"x") == "nospc"
    assert len(guest.instance.stdout) == len(guest.instance.stderr) == 1000
    assert guest.read(0) == b""


def test_R14_open_files(make_guest: Callable[..., Guest], tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"hello")
    guest = make_guest(dirs={"/": wasm.ro(tmp_path)}, limits=wasm.Limits(open_files=8))
    descriptors = Path("/proc/self/fd")
    before = len(list(descriptors.iterdir())) if descriptors.is_dir() else 0
    opened = []
    while isinstance(fd := guest.open("file"), int):
        opened.append(fd)
        assert len(opened) < 100
    assert fd == "mfile"
    assert len(opened) == 4  # the streams and the directory are descriptors too
    assert guest.fd_close(opened.pop()) == "success"
    assert isinstance(guest.open("file"), int)
    if before:
        assert len(list(descriptors.iterdir())) - before <= 8
