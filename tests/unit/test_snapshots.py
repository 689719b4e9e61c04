"""Snapshots: what comes back, what forks share and do not share, what is refused, what pickles."""

from __future__ import annotations

import pickle
import random
import subprocess
import sys
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from wasmtime import wat2wasm

import pywasi_native as wasm
from pywasi_native import _native
from pywasi_native.snapshot import _rebuild

PLAIN = """
(module
  (import "env" "note" (func $note (param i32)))
  (memory (export "memory") 2 64)
  (table (export "table") 4 40 funcref)
  (table (export "second") 1 externref)
  (global $count (export "count") (mut i32) (i32.const 5))
  (global $vector (mut v128) (v128.const i64x2 1 2))
  (elem (i32.const 0) $add $note)
  (elem $passive func $add $note $add)
  (data $words "hello")
  (data (i32.const 100) "begin")
  (start $begin)
  (func $begin (call $note (i32.const -1)))
  (func (export "_initialize") (call $note (i32.const -2)))
  (func $add (export "add") (param i32)
    (global.set $count (i32.add (global.get $count) (local.get 0)))
    (global.set $vector (i64x2.splat (i64.extend_i32_u (global.get $count))))
    (call $note (global.get $count)))
  (func (export "vector") (result v128) (global.get $vector))
  (func (export "poke") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
  (func (export "peek") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "size") (result i32) (memory.size))
  (func (export "fill") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
  (func (export "words") (param i32) (memory.init $words (local.get 0) (i32.const 0) (i32.const 5)))
  (func (export "drop_words") (data.drop $words))
  (func (export "elements") (param i32) (table.init 0 $passive (local.get 0) (i32.const 0) (i32.const 3)))
  (func (export "drop_elements") (elem.drop $passive))
  (func (export "grow_table") (param i32) (result i32) (table.grow 0 (ref.func $add) (local.get 0)))
  (func (export "call") (param i32 i32) (call_indirect 0 (param i32) (local.get 1) (local.get 0))))
"""

HEAP = """
(module
  (rec (type $node
    (struct (field (mut (ref null $node))) (field (mut i16)) (field (mut v128)) (field (mut anyref)))))
  (type $bytes (array (mut i8)))
  (type $nodes (array (mut (ref null $node))))
  (type $call (func (result i32)))
  (type $calls (struct (field (ref $call))))
  (tag $wrong (export "wrong") (param i32 (ref null $node)))
  (global $root (mut (ref null $node)) (ref.null $node))
  (global $exn (mut exnref) (ref.null exn))
  (global $outside (mut externref) (ref.null extern))
  (table $anys 4 16 anyref)
  (table $functions 1 1 (ref null $calls))
  (elem $lasting (ref null $node)
    (struct.new $node (ref.null $node) (i32.const 9) (v128.const i64x2 0 0) (ref.null any)))
  (func $one (type $call) (i32.const 41))
  (func (export "build") (param $n i32)
    (local $first (ref null $node))
    (local.set $first
      (struct.new $node (ref.null $node) (i32.const 0) (v128.const i64x2 7 8) (ref.i31 (i32.const -5))))
    (global.set $root (local.get $first))
    (loop $more
      (global.set $root (struct.new $node (global.get $root) (local.get $n) (v128.const i64x2 1 2)
        (array.new $bytes (local.get $n) (local.get $n))))
      (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (struct.set $node 0 (local.get $first) (global.get $root))
    (table.set $anys (i32.const 0) (global.get $root))
    (table.set $anys (i32.const 1) (array.new $nodes (local.get $first) (i32.const 3)))
    (table.set $anys (i32.const 2) (ref.i31 (i32.const 77)))
    (table.set $functions (i32.const 0) (struct.new $calls (ref.func $one)))
    (global.set $outside (extern.convert_any (global.get $root)))
    (block $caught (result exnref)
      (try_table (catch_all_ref $caught) (throw $wrong (i32.const 12) (local.get $first)))
      (unreachable))
    (global.set $exn))
  (elem declare func $one)
  (func (export "sum") (result i32)
    (local $at (ref null $node)) (local $sum i32)
    (local.set $at (global.get $root))
    (if (ref.is_null (local.get $at)) (then (return (i32.const -1))))
    (loop $next
      (local.set $sum (i32.add (local.get $sum) (struct.get_u $node 1 (local.get $at))))
      (if (ref.test (ref $bytes) (struct.get $node 3 (local.get $at)))
        (then (local.set $sum (i32.add (local.get $sum)
          (array.get_u $bytes (ref.cast (ref $bytes) (struct.get $node 3 (local.get $at))) (i32.const 0))))))
      (local.set $at (struct.get $node 0 (local.get $at)))
      (br_if $next (i32.eqz (ref.eq (local.get $at) (global.get $root)))))
    (local.get $sum))
  (func (export "same") (result i32)
    (i32.and (i32.and
      (ref.eq (ref.cast (ref eq) (table.get $anys (i32.const 0))) (global.get $root))
      (ref.eq (ref.cast (ref eq) (any.convert_extern (global.get $outside))) (global.get $root)))
      (ref.eq
        (struct.get $node 0
          (array.get $nodes (ref.cast (ref $nodes) (table.get $anys (i32.const 1))) (i32.const 2)))
        (global.get $root))))
  (func (export "i31") (result i32) (i31.get_s (ref.cast (ref i31) (table.get $anys (i32.const 2)))))
  (func (export "call") (result i32)
    (call_ref $call (struct.get $calls 0 (table.get $functions (i32.const 0)))))
  (func (export "caught") (result i32)
    (block $handler (result i32 (ref null $node))
      (try_table (catch $wrong $handler) (throw_ref (global.get $exn)))
      (unreachable))
    (struct.get_u $node 1) (i32.add))
  (func (export "set") (param i32) (struct.set $node 1 (global.get $root) (local.get 0)))
  (func (export "keep") (param externref) (global.set $outside (local.get 0)))
  (func (export "keep_any") (param anyref) (struct.set $node 3 (global.get $root) (local.get 0)))
  (func (export "lasting") (param i32) (result i32)
    (struct.get_u $node 1
      (array.get $nodes (array.new_elem $nodes $lasting (i32.const 0) (i32.const 1)) (i32.const 0))))
  (func (export "forget") (global.set $root (ref.null $node)) (global.set $outside (ref.null extern))))
"""

PLAIN_MODULE = wasm.compile(wat2wasm(PLAIN))


def plain() -> tuple[wasm.Instance, list[int]]:
    notes: list[int] = []
    return PLAIN_MODULE.instantiate({"env": {"note": notes.append}}), notes


def heap() -> wasm.Instance:
    made = wasm.compile(wat2wasm(HEAP)).instantiate()
    made.build(10)
    return made


def state(instance: wasm.Instance) -> tuple[Any, ...]:
    """All that the guest could see of a PLAIN, without changing it."""
    return (
        bytes(instance.memory),
        instance.count.value,
        instance.vector(),
        [getattr(instance.table[i], "name", None) for i in range(len(instance.table))],
    )


def test_reset_brings_all_of_the_state_back() -> None:
    inst, notes = plain()
    inst.poke(70_000, 1234)
    inst.add(2)
    before = state(inst)
    saved = inst.snapshot()
    assert (saved.size, saved.module) == (131072, inst.module)
    assert 0 < saved.kept <= 3 * 4096
    inst.poke(70_000, 1)
    inst.poke(4, 1)
    inst.add(100)
    inst.words(0)
    inst.drop_words()
    inst.elements(1)
    inst.drop_elements()
    assert inst.grow(3) == 2
    assert inst.grow_table(20) == 4
    inst.fill(4 * 65536, 255, 65536)
    inst.reset(saved)
    assert state(inst) == before
    assert (inst.size(), len(inst.table)) == (2, 4)
    inst.words(200)  # the segments are there again
    assert inst.memory.text(200, 5) == "hello"
    inst.elements(1)
    inst.call(1, 3)
    assert inst.count.value == 10
    assert inst.grow(3) == 2
    assert bytes(inst.memory[2 * 65536 : 5 * 65536]) == bytes(3 * 65536)  # what grows again is zero
    assert notes[:2] == [-1, -2]


def test_dropped_segments_stay_dropped() -> None:
    inst, _ = plain()
    inst.drop_words()
    inst.drop_elements()
    saved = inst.snapshot()
    for made in (saved.instantiate(), pickle.loads(pickle.dumps(saved)).instantiate(inst_imports())):
        with pytest.raises(wasm.Trap, match="out of bounds memory"):
            made.words(0)
        with pytest.raises(wasm.Trap, match="out of bounds table"):
            made.elements(0)


def inst_imports() -> dict[str, Any]:
    return {"env": {"note": lambda _value: None}}


def test_a_fork_runs_no_start_function_and_has_the_imports_of_the_original() -> None:
    inst, notes = plain()
    inst.add(1)
    saved = inst.snapshot()
    fork = saved.instantiate()
    assert notes == [-1, -2, 6]
    assert fork.store is not inst.store
    fork.call(0, 10)  # its own function, in its own table
    fork.call(1, 33)  # the imported one
    assert notes == [-1, -2, 6, 16, 33]
    assert (inst.count.value, fork.count.value) == (6, 16)
    others: list[int] = []
    other = saved.instantiate({"env": {"note": others.append}})
    other.call(1, 5)
    assert (others, len(notes)) == ([5], 5)
    with pytest.raises(wasm.LinkError, match="note"):
        saved.instantiate({"env": {"note": 5}})


def test_forks_share_nothing_that_they_write() -> None:
    inst, _ = plain()
    inst.poke(0, 1)
    saved = inst.snapshot()
    forks = [saved.instantiate() for _ in range(5)]
    for number, fork in enumerate(forks):
        fork.poke(0, number + 10)
        fork.add(number)
        fork.table[2] = fork.add
    inst.poke(0, 2)
    assert [fork.peek(0) for fork in forks] == [10, 11, 12, 13, 14]
    assert [fork.count.value for fork in forks] == [5, 6, 7, 8, 9]
    assert saved.instantiate().peek(0) == 1
    del inst, forks
    assert saved.instantiate().peek(0) == 1  # the snapshot needs nobody


def test_a_snapshot_of_a_fork_after_growth() -> None:
    inst, _ = plain()
    inst.poke(65536, 3)
    fork = inst.snapshot().instantiate()
    fork.grow(5)
    fork.poke(6 * 65536, 8)
    second = fork.snapshot().instantiate()
    assert (second.size(), second.peek(65536), second.peek(6 * 65536)) == (7, 3, 8)
    second.reset(inst.snapshot())
    assert (second.size(), second.peek(65536)) == (2, 3)
    inst.reset(fork.snapshot())  # and up again
    assert (inst.size(), inst.peek(6 * 65536)) == (7, 8)


def test_views_stay_valid_when_a_reset_makes_the_memory_smaller() -> None:
    inst, _ = plain()
    saved = inst.snapshot()
    inst.grow(10)
    inst.poke(11 * 65536, 7)
    view = memoryview(inst.memory)
    inst.reset(saved)
    assert len(view) == 12 * 65536
    assert view[11 * 65536] == 0
    assert inst.memory.size == 2 * 65536
    with pytest.raises(wasm.Trap):
        inst.peek(2 * 65536)


def test_the_heap_comes_back_with_its_identities() -> None:
    inst = heap()
    saved = inst.snapshot()
    expected = (inst.sum(), inst.same(), inst.i31(), inst.call(), inst.caught(), inst.lasting(0))
    assert expected == (110, 1, 77, 41, 12, 9)

    def looks(made: wasm.Instance) -> tuple[int, ...]:
        return (made.sum(), made.same(), made.i31(), made.call(), made.caught(), made.lasting(0))

    for made in (saved.instantiate(), pickle.loads(pickle.dumps(saved)).instantiate()):
        assert looks(made) == expected
        made.set(1000)
        assert made.sum() == 1109  # the first node counted 1
        assert inst.sum() == 110
        made.forget()
        made.reset(saved)
        assert looks(made) == expected
    inst.forget()
    inst.reset(saved)
    assert looks(inst) == expected


def test_resets_leave_no_objects_behind() -> None:
    inst = wasm.compile(wat2wasm(HEAP)).instantiate(limits=wasm.Limits(memory="1MiB"))
    inst.build(200)
    saved = inst.snapshot()
    for _ in range(300):  # 300 times 30 KiB and more
        inst.build(200)
        inst.reset(saved)
    assert inst.same() == 1


@pytest.mark.parametrize(
    ("text", "imports", "named"),
    [
        ('(import "env" "memory" (memory 1))', {"memory": wasm.Memory(1)}, "the imported memory env.memory"),
        (
            '(import "env" "t" (table 1 funcref))',
            {"t": wasm.Table(wasm.TableType("funcref", 1))},
            "the imported table env.t",
        ),
        (
            '(import "env" "g" (global (mut i32)))',
            {"g": wasm.Global(wasm.GlobalType("i32", True), 1)},
            "the imported global env.g",
        ),
        ('(memory (export "m") 1 2 shared)', {}, "memory m is shared"),
    ],
)  # fmt: skip
def test_what_belongs_to_others_is_refused_by_name(text: str, imports: dict[str, Any], named: str) -> None:
    inst = wasm.compile(wat2wasm(f"(module {text})")).instantiate({"env": imports})
    with pytest.raises(ValueError, match="the instance cannot be saved: " + named):
        inst.snapshot()


def test_host_objects_are_refused_and_all_of_them_are_named() -> None:
    inst, _ = plain()
    inst.second[0] = ["a list"]
    inst.table[3] = wasm.Func(wasm.FuncType((), ()), lambda: None)
    with pytest.raises(ValueError) as caught:
        inst.snapshot()
    assert "table table holds a host function that is not imported at 3" in str(caught.value)
    assert "table second holds a host object at 0" in str(caught.value)
    inst.second[0] = None
    inst.table[3] = None
    inst.snapshot()
    made = heap()
    made.keep("text")
    with pytest.raises(ValueError, match=r"global \d holds a host object"):
        made.snapshot()
    made.build(3)
    made.keep_any([])
    with pytest.raises(ValueError, match="a struct of type 0 refers to a host object"):
        made.snapshot()


def test_functions_of_other_instances_are_refused() -> None:
    other = wasm.load(wat2wasm('(module (func (export "f") (param i32)))'))
    inst = PLAIN_MODULE.instantiate({"env": {"note": print}}, store=other.store)
    inst.table[2] = other.f
    named = "table table holds a function of another instance that is not imported at 2"
    with pytest.raises(ValueError, match=named):
        inst.snapshot()


def test_misuse() -> None:
    inst, _ = plain()
    saved = inst.snapshot()
    other = wasm.load(wat2wasm("(module (memory 1))"))
    with pytest.raises(ValueError, match="another module"):
        other.reset(saved)
    with pytest.raises(TypeError, match="Snapshot, not to a dict"):
        inst.reset({})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"made by Instance\.snapshot"):
        wasm.Snapshot()
    again = wasm.compile(PLAIN_MODULE.to_bytes()).instantiate(inst_imports())
    again.reset(saved)  # the same bytes are the same module


def test_no_snapshot_and_no_reset_while_a_call_runs() -> None:
    problems: list[Exception] = []
    inst: wasm.Instance

    def note(value: int) -> None:
        if value < 0:
            return
        for deed in (inst.snapshot, lambda: inst.reset(saved)):
            try:
                deed()
            except ValueError as problem:
                problems.append(problem)

    inst = PLAIN_MODULE.instantiate({"env": {"note": note}})
    saved = inst.snapshot()
    inst.add(1)
    assert len(problems) == 2
    assert all("a call runs" in str(problem) for problem in problems)
    inst.reset(saved)


def test_limits_hold_and_a_refused_reset_changes_nothing() -> None:
    big, _ = plain()
    big.grow(20)
    big.grow_table(30)
    saved = big.snapshot()
    small = PLAIN_MODULE.instantiate(inst_imports(), limits=wasm.Limits(memory="256KiB"))
    small.poke(0, 77)
    before = state(small)
    with pytest.raises(wasm.WasmError, match="limit"):
        small.reset(saved)
    assert state(small) == before
    assert small.grow(2) == 2  # what was taken has been given back
    few = PLAIN_MODULE.instantiate(inst_imports(), limits=wasm.Limits(tables=10))
    with pytest.raises(wasm.WasmError, match="limit"):
        few.reset(saved)
    assert (few.grow_table(5), few.grow_table(1)) == (4, -1)
    with pytest.raises(wasm.WasmError, match="limit"):
        saved.instantiate(limits=wasm.Limits(memory="256KiB"))
    assert saved.instantiate(limits=wasm.Limits(memory="2MiB")).size() == 22


def test_limits_are_those_of_the_original() -> None:
    limits = wasm.Limits(memory="256KiB")
    inst = PLAIN_MODULE.instantiate(inst_imports(), limits=limits)
    saved = inst.snapshot()
    for made in (saved, pickle.loads(pickle.dumps(saved))):
        fork = made.instantiate(inst_imports())
        assert fork.store.limits == limits
        assert (fork.grow(2), fork.grow(1)) == (2, -1)


# ---- WASI ----

WASI = """
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\10\\00\\00\\00\\03\\00\\00\\00")
  (data (i32.const 16) "hey")
  (func (export "say") (result i32) (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
  (func (export "open") (result i32)
    (call $open (i32.const 3) (i32.const 0) (i32.const 16) (i32.const 3) (i32.const 1)
      (i64.const 64) (i64.const 64) (i32.const 0) (i32.const 32)))
  (func (export "close") (param i32) (result i32) (call $close (local.get 0)))
  (func (export "random") (result i32)
    (drop (call $random (i32.const 64) (i32.const 4)))
    (i32.load (i32.const 64))))
"""


def test_wasi_begins_anew_and_open_files_are_refused(tmp_path: Path) -> None:
    config = wasm.Wasi(stdout=wasm.PIPE, dirs={"/": wasm.rw(tmp_path)}, random=wasm.seeded(4))
    inst = wasm.compile(wat2wasm(WASI)).instantiate(wasi=config)
    saved = inst.snapshot()
    numbers = [inst.random(), inst.random()]
    assert (inst.say(), inst.stdout) == (0, b"hey")
    assert inst.open() == 0
    assert inst.memory[32] == 4
    with pytest.raises(ValueError, match="the instance cannot be saved: descriptor 4 is open"):
        inst.snapshot()
    inst.reset(saved)
    assert inst.stdout == b""
    assert inst.close(4) == 8  # BADF
    assert [inst.random(), inst.random()] == numbers
    assert inst.open() == 0
    assert inst.memory[32] == 4
    inst.reset(saved)
    assert inst.close(3) == 0
    with pytest.raises(ValueError, match="descriptor 3 is closed"):
        inst.snapshot()
    fork = saved.instantiate()
    assert (fork.say(), fork.say(), fork.stdout, inst.stdout) == (0, 0, b"heyhey", b"")
    bare = pickle.loads(pickle.dumps(saved))
    with pytest.raises(wasm.LinkError, match="pass wasi="):
        bare.instantiate()
    assert bare.instantiate(wasi=wasm.Wasi(stdout=wasm.PIPE)).say() == 0


def test_a_reset_closes_files(tmp_path: Path) -> None:
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("needs /proc")
    inst = wasm.compile(wat2wasm(WASI)).instantiate(wasi=wasm.Wasi(dirs={"/": wasm.rw(tmp_path)}))
    saved = inst.snapshot()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        assert inst.open() == 0
        inst.reset(saved)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


# ---- pickles ----

CHILD = """
import pickle, sys
saved = pickle.loads(sys.stdin.buffer.read())
inst = saved.instantiate({"env": {"note": lambda value: None}})
inst.add(10)
print(inst.peek(70000), inst.count.value, inst.size(), len(inst.table))
"""


def test_a_snapshot_goes_on_in_another_process() -> None:
    inst, _ = plain()
    inst.poke(70_000, 99)
    inst.grow(1)
    done = subprocess.run(
        [sys.executable, "-c", CHILD], input=pickle.dumps(inst.snapshot()), capture_output=True, check=True
    )
    assert done.stdout.split() == [b"99", b"15", b"3", b"4"]


def test_fuel_is_counted_where_the_original_counted_none() -> None:
    module = wasm.compile(wat2wasm('(module (func (export "f") (param i32) (result i32) (local.get 0)))'))
    saved = module.instantiate().snapshot()
    fork = saved.instantiate(limits=wasm.Limits(fuel=100))  # its code does not count yet
    assert fork.f(7) == 7
    assert fork.fuel == 99
    fork.fuel = 0
    with pytest.raises(wasm.OutOfFuel):
        fork.f(7)
    copy = pickle.loads(pickle.dumps(fork.snapshot()))
    assert copy.instantiate().fuel == 100


def note_at_top(_value: int) -> None:
    """A function that pickle finds again."""


def test_imports_that_pickle_go_along() -> None:
    inst = PLAIN_MODULE.instantiate({"env": {"note": note_at_top}})
    fork = pickle.loads(pickle.dumps(inst.snapshot())).instantiate()
    assert fork.peek(100) == int.from_bytes(b"begi", "little")
    inst = PLAIN_MODULE.instantiate({"env": {"note": lambda _value: None}})
    with pytest.raises(wasm.LinkError, match=r"env\.note .* is missing"):
        pickle.loads(pickle.dumps(inst.snapshot())).instantiate()


def test_zeros_are_not_pickled() -> None:
    inst = wasm.load(wat2wasm('(module (memory (export "memory") 16384))'))  # 1 GiB
    inst.memory[1 << 29] = 1
    saved = inst.snapshot()
    assert (saved.size, saved.kept) == (1 << 30, 4096)
    data = pickle.dumps(saved)
    assert len(data) < 1000
    assert pickle.loads(data).instantiate().memory[1 << 29] == 1


def same_or_damaged(module: wasm.Module, size: int, packed: bytes, *rest: Any) -> bool:
    """Whether it is refused as damaged; or the bit says nothing, as some of the packing do not."""
    try:
        unpacked = zlib.decompress(packed)
    except zlib.error:
        with pytest.raises(ValueError, match="damaged"):
            _rebuild(module, size, packed, *rest)
        return True
    pieces: list[bytes] = []
    _rebuild(module, size, packed, *rest)._handle.pieces(pieces.append)
    return b"".join(pieces) == unpacked


def test_damaged_pickles() -> None:
    inst, _ = plain()
    data = pickle.dumps(inst.snapshot())
    _, (module, size, packed, values, limits, label) = inst.snapshot().__reduce__()[:2]
    for at in range(0, len(packed), 7):
        damaged = packed[:at] + bytes([packed[at] ^ 16]) + packed[at + 1 :]
        if not same_or_damaged(module, size, damaged, values, limits, label):
            pytest.fail(f"a changed bit of byte {at} went unnoticed")
    with pytest.raises(ValueError, match="another size"):
        _rebuild(module, size - 1, packed, values, limits, label)
    with pytest.raises(ValueError, match="damaged"):
        _rebuild(module, size, packed[:-1], values, limits, label)
    other = wasm.compile(wat2wasm("(module (memory 1))"))
    with pytest.raises(ValueError, match="of another module"):
        _rebuild(other, size, packed, values, limits, label)
    assert pickle.loads(data).instantiate(inst_imports()).count.value == 5


def raw(instance: wasm.Instance) -> bytearray:
    pieces: list[bytes] = []
    instance._handle.snapshot().pieces(pieces.append)
    return bytearray(b"".join(pieces))


def use(instance: wasm.Instance) -> None:
    """Touches what a hostile state could have broken."""
    for name in "sum same i31 call caught build size vector elements words lasting".split():
        function = instance.exports.get(name)
        if isinstance(function, wasm.Func):
            with suppress(wasm.Trap, wasm.WasmException):
                function(*[1] * len(function.type.params))
    instance.snapshot()


@pytest.mark.parametrize("which", ["plain", "heap"])
def test_hostile_content_is_refused_or_harmless(which: str) -> None:
    inst = plain()[0] if which == "plain" else heap()
    module, data, dice = inst.module, raw(inst), random.Random(7)
    for at in range(0, len(data), max(1, len(data) // 200)):
        with pytest.raises(ValueError, match=r"no snapshot|cannot have|version|another module"):
            _native.SnapshotHandle(module._handle, bytes(data[:at]))
    small = min(len(data), 1200)  # the head, objects, globals, tables: all that has a meaning
    accepted = 0
    for _ in range(4000):
        damaged = bytearray(data)
        for _ in range(dice.choice((1, 1, 2, 8))):
            at = dice.randrange(small)
            flipped = damaged[at] ^ (1 << dice.randrange(8))
            damaged[at] = dice.choice((0, 1, 2, 4, 255, dice.randrange(256), flipped))
        try:
            handle = _native.SnapshotHandle(module._handle, bytes(damaged))
        except (ValueError, MemoryError):
            continue
        accepted += 1
        if accepted % 5 == 0:
            saved = wasm.Snapshot.__new__(wasm.Snapshot)
            saved._handle, saved._module, saved._wasi = handle, module, None
            saved._limits, saved._label = wasm.Limits(memory="16MiB", timeout=5), ""
            saved._values = [note_at_top] * len(module.imports)
            try:
                made = saved.instantiate()
            except wasm.WasmError:
                continue
            use(made)
    assert accepted > 50


# ---- the same as a fresh one ----


def deeds(dice: random.Random, count: int) -> list[tuple[str, tuple[int, ...]]]:
    found: list[tuple[str, tuple[int, ...]]] = []
    for _ in range(count):
        name = dice.choice("poke poke poke add grow fill words elements grow_table call drop_words".split())
        top = dice.choice((1, 2, 3, 8)) * 65536
        arguments = {
            "poke": (dice.randrange(top), dice.randrange(1 << 31)), "add": (dice.randrange(99),),
            "grow": (dice.randrange(3),),
            "fill": (dice.randrange(top), dice.randrange(256), dice.randrange(70_000)),
            "words": (dice.randrange(top),), "elements": (dice.randrange(6),),
            "grow_table": (dice.randrange(4),),
            "call": (dice.randrange(8), dice.randrange(99)), "drop_words": (),
        }[name]  # fmt: skip
        found.append((name, arguments))
    return found


def play(instance: wasm.Instance, what: list[tuple[str, tuple[int, ...]]]) -> list[Any]:
    answers: list[Any] = []
    for name, arguments in what:
        try:
            answers.append(instance[name](*arguments))
        except wasm.Trap as trap:
            answers.append(str(trap))
    return [*answers, *state(instance)]


@pytest.mark.parametrize("seed", range(12))
def test_random_programs_after_reset_and_fork_are_those_of_a_fresh_instance(seed: int) -> None:
    dice = random.Random(seed)
    beginning, rest = deeds(dice, 30), deeds(dice, 60)
    fresh, _ = plain()
    play(fresh, beginning)
    expected = play(fresh, rest)
    inst, _ = plain()
    play(inst, beginning)
    saved = inst.snapshot()
    fork, third = saved.instantiate(), pickle.loads(pickle.dumps(saved)).instantiate(inst_imports())
    assert play(inst, rest) == expected
    for made in (inst, fork, third):
        for _ in range(3):
            play(made, deeds(dice, 20))
            made.reset(saved)
            assert play(made, rest) == expected
            made.reset(saved)
            assert play(made, []) == play(saved.instantiate(), [])


# ---- many, and little room ----

BOMB = """
import resource, sys
import pywasi_native as wasm
module = wasm.compile(sys.stdin.buffer.read())
inst = module.instantiate()
for at in range(0, 64 << 20, 4096):
    inst.memory[at] = 1
saved = inst.snapshot()
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096
before = resident()
forks = [saved.instantiate() for _ in range(1000)]
for number, fork in enumerate(forks):
    fork.poke(number * 4096, number)
assert all(fork.peek(number * 4096) == number for number, fork in enumerate(forks))
assert inst.peek(4096) == 1
print(resident() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memories are copied elsewhere")
def test_a_thousand_forks_of_64_mib_in_little_memory() -> None:
    text = PLAIN.replace("2 64)", "1024 2048)").replace('(import "env" "note" (func $note (param i32)))', "")
    text = text.replace("(func $begin", "(func $note (param i32)) (func $begin")
    done = subprocess.run(
        [sys.executable, "-c", BOMB], input=wat2wasm(text), capture_output=True, timeout=120
    )
    assert done.returncode == 0, done.stderr.decode()
    assert int(done.stdout) < 192 << 20  # the snapshot once (64 MiB), and some pages of each


COPIED = """
import resource, sys
import pywasi_native as wasm
wasm.Snapshot
module = wasm.compile(sys.stdin.buffer.read())
inst = module.instantiate({"env": {"note": lambda value: None}})
inst.poke(70000, 5)
low = len(__import__("os").listdir("/proc/self/fd"))
resource.setrlimit(resource.RLIMIT_NOFILE, (low - 1, low - 1))
saved = inst.snapshot()
fork = saved.instantiate()
fork.poke(70000, 6)
inst.poke(4, 1)
inst.grow(1)
inst.reset(saved)
print(inst.peek(70000), inst.peek(4), inst.size(), fork.peek(70000), saved.instantiate().peek(70000))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memories are always copied elsewhere")
def test_without_descriptors_memories_are_copied() -> None:
    done = subprocess.run(
        [sys.executable, "-c", COPIED], input=wat2wasm(PLAIN), capture_output=True, timeout=60
    )
    assert done.stdout.split() == [b"5", b"0", b"2", b"6", b"5"], done.stderr.decode()


# ---- typed functions ----

TYPED = """
(module
  (memory (export "memory") 4 20)
  (global $next (mut i32) (i32.const 1024))
  (func (export "malloc") (param i32) (result i32)
    (global.get $next)
    (global.set $next
      (i32.add (global.get $next) (i32.and (i32.add (local.get 0) (i32.const 15)) (i32.const -16)))))
  (func (export "free") (param i32))
  (func (export "top") (result i32) (global.get $next))
  (func (export "sum") (param $at i32) (param $n i32) (result i32) (local $sum i32)
    (block $end (loop $next
      (br_if $end (i32.eqz (local.get $n)))
      (local.set $sum (i32.add (local.get $sum) (i32.load8_u (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br $next)))
    (local.get $sum)))
"""


def test_typed_functions_allocate_anew_after_a_reset() -> None:
    inst = wasm.load(wat2wasm(TYPED))
    saved = inst.snapshot()
    add = inst.func("sum", "u32(const u8*, size)")
    for _ in range(3):
        assert add(bytes([1, 2, 3])) == 6
        assert inst.top() > 1024
        inst.reset(saved)
        assert inst.top() == 1024
