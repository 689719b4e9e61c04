"""`Pool.map`: tasks that workers take some at once, and instances that are used again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import Any

import pytest
from wasmtime import wat2wasm as assemble

import pywasi_native as wasm
from pywasi_native import engine

TEXT = """
(module
  (memory (export "memory") 1 4)
  (table $table (export "table") 2 8 funcref)
  (global $calls (export "calls") (mut i32) (i32.const 0))
  (func $leave (export "leave") (param i32) (result i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (i32.store (i32.const 100) (i32.add (i32.load (i32.const 100)) (local.get 0)))
    (drop (memory.grow (i32.const 1)))
    (table.set $table (i32.const 1) (ref.func $leave))
    (i32.add (i32.load (i32.const 100)) (i32.mul (i32.const 1000000) (global.get $calls))))
  (func (export "size") (result i32) (memory.size))
  (func (export "divide") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
  (func (export "wide") (param v128 f64 i64) (result i64 v128 f32)
    (local.get 2) (local.get 0) (f32.demote_f64 (local.get 1)))
  (func (export "count") (param $n i32) (result i32) (local $i i32)
    (loop (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.get $i))
  (func (export "spin") (param i32) (loop (br_if 0 (local.get 0)))))
"""
MODULE = wasm.compile(assemble(TEXT))


def test_many_tasks_give_what_single_calls_give() -> None:
    bits = bytes(range(16))
    with wasm.Pool(MODULE, 3) as pool:
        assert list(pool.map("divide", range(0, 60_000, 3), [3] * 20_000)) == list(range(20_000))
        assert list(pool.map("wide", [bits] * 3, [0.5] * 3, range(3))) == [(i, bits, 0.5) for i in range(3)]
        assert list(pool.map("size", ())) == []
        assert list(pool.map("leave", range(5), chunksize=2)) == [1_000_000 + i for i in range(5)]
        assert list(pool.map(lambda instance, n: instance.divide(n, 2), range(0, 2000, 2))) == list(
            range(1000)
        )


@pytest.mark.parametrize("wasi", [None, wasm.Wasi(stdout=wasm.PIPE)])
@pytest.mark.parametrize("chunksize", [None, 1, 7])
def test_each_of_many_tasks_finds_the_first_state(
    wasi: wasm.Wasi | None, chunksize: int | None
) -> None:  # R25
    with wasm.Pool(MODULE, 2, wasi=wasi) as pool:
        assert set(pool.map("leave", [5] * 3000, chunksize=chunksize)) == {1_000_005}

        def looks(instance: Any, n: int) -> Any:
            before = bytes(instance.memory), instance.table[1], instance.calls.value
            return before, instance.leave(n)

        for _ in range(
            30
        ):  # callables, names one by one and names many at once, in turns, with the same instances
            assert set(pool.map("leave", [5] * 10)) == {1_000_005}
            assert pool.submit("leave", 6).result(10) == 1_000_006
            for seen in pool.map(looks, [7] * 4):
                assert seen == ((bytes(65536), None, 0), 1_000_007)


def test_without_fresh_instances_the_state_stays() -> None:
    with wasm.Pool(MODULE, 1, fresh=False) as pool:
        assert list(pool.map("leave", [1] * 1000)) == [1_000_000 * n + n for n in range(1, 1001)]


def test_an_instance_is_used_again_when_nobody_has_anything_of_it() -> None:
    seen: list[weakref.ref[wasm.Instance]] = []

    def again(instance: wasm.Instance) -> bool:
        seen.append(weakref.ref(instance))
        return len(seen) > 1 and seen[-2]() is instance

    with wasm.Pool(MODULE, 1) as pool:
        assert list(pool.map(again, *[()])) == []
        assert [pool.submit(again).result(10) for _ in range(5)] == [False, True, True, True, True]
        for _ in range(300):
            pool.submit(again).result(10)
    assert len({id(ref) for ref in seen}) == 2  # a store ends after some hundred callables


KEEPS: dict[str, Callable[[Any], Any]] = {
    "the instance": lambda i: i,
    "its memory": lambda i: i.memory,
    "a view": lambda i: memoryview(i.memory),
    "a table": lambda i: i.table,
    "a function": lambda i: i.leave,
    "a function out of a table": lambda i: (i.leave(1), i.table[1])[1],
    "a method": lambda i: i.func,
    "the exports": lambda i: i.exports,
    "the attributes": vars,
    "the store": lambda i: i.store,
    "a typed function": lambda i: i.func("leave", "i32(i32)"),
    "a coroutine": lambda i: i.leave.aio(1),
}


@pytest.mark.parametrize("what", KEEPS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_a_task_keeps_is_nobody_elses(what: str) -> None:
    refs: list[weakref.ref[wasm.Instance]] = []

    def keep(instance: wasm.Instance) -> Any:
        refs.append(weakref.ref(instance))
        instance.memory[0] = 42
        return KEEPS[what](instance)

    def is_it(instance: wasm.Instance) -> bool:
        return refs[0]() is instance or instance.memory[0] == 42

    with wasm.Pool(MODULE, 1) as pool:
        kept = pool.submit(keep).result(10)
        assert not any(pool.map(is_it, *[[()] * 0]))
        assert [pool.submit(is_it).result(10) for _ in range(3)] == [False] * 3
        assert pool.submit("leave", 1).result(10) == 1_000_001
        if what == "its memory":
            assert (kept[0], kept.pages) == (42, 1)
        if what == "a view":
            assert kept[0] == 42
        del kept


def test_what_a_task_sets_is_gone() -> None:
    def sets(instance: Any) -> bool:
        had = hasattr(instance, "note")
        instance.note = "mine"
        return had

    with wasm.Pool(MODULE, 1) as pool:
        assert [pool.submit(sets).result(10) for _ in range(3)] == [False] * 3


def test_objects_of_python_are_not_kept_until_the_next_task() -> None:
    text = """(module
      (import "e" "get" (func $get (result externref)))
      (import "e" "tick" (func $tick (param i32)))
      (global $kept (mut externref) (ref.null extern))
      (func (export "keep") (param i32) (global.set $kept (call $get)) (call $tick (local.get 0)))
      (func (export "has") (param i32) (result i32) (i32.eqz (ref.is_null (global.get $kept)))))"""

    class Thing:
        pass

    refs: list[weakref.ref[Thing]] = []

    def get() -> Thing:
        thing = Thing()
        refs.append(weakref.ref(thing))
        return thing

    imports = {"e": {"get": get, "tick": lambda n: None}}
    with wasm.Pool(assemble(text), 1, imports=imports) as pool:
        assert list(pool.map("keep", range(50))) == [None] * 50
        assert list(pool.map("has", range(50))) == [0] * 50
    assert len(refs) == 50
    assert not any(ref() for ref in refs)


def test_the_first_failure_comes_out_in_its_place() -> None:
    with wasm.Pool(MODULE, 2) as pool:
        results = pool.map("divide", [6, 6, 6, 6], [1, 2, 0, 3])
        assert [next(results), next(results)] == [6, 3]
        with pytest.raises(wasm.Trap, match="divide by zero"):
            next(results)
        with pytest.raises(StopIteration):
            next(results)
        for bad, error in (("x", TypeError), (1 << 40, OverflowError)):
            results = pool.map("divide", [6] * 50 + [bad] + [6] * 50, [1] * 101)
            assert [next(results) for _ in range(50)] == [6] * 50
            with pytest.raises(error, match=r"divide\(\) argument 1"):
                next(results)
        with pytest.raises(TypeError, match="takes 2 arguments"):
            list(pool.map("divide", range(3)))
        assert list(pool.map("divide", [8] * 100, [2] * 100)) == [4] * 100


def test_failures_in_the_middle_of_many_leave_the_others_as_they_are() -> None:
    def outcome(instance: Any, a: int, b: int) -> Any:
        try:
            return instance.divide(a, b)
        except wasm.Trap as trap:
            return str(trap)

    with wasm.Pool(MODULE, 2) as pool:
        futures = [pool.submit("divide", 10, n % 3) for n in range(100)]
        assert [type(future.exception(10)) for future in futures[:3]] == [wasm.Trap, type(None), type(None)]
        assert list(pool.map(outcome, [10] * 90, [0, 1, 2] * 30)) == ["integer divide by zero", 10, 5] * 30


def test_limits_are_of_each_task_of_many() -> None:
    with wasm.Pool(MODULE, 2, limits=wasm.Limits(fuel=2000, timeout=30)) as pool:
        assert list(pool.map("count", [100] * 500)) == [100] * 500
        results = pool.map("count", [100] * 20 + [100_000])
        assert [next(results) for _ in range(20)] == [100] * 20
        with pytest.raises(wasm.OutOfFuel):
            next(results)
        left = pool.map(lambda instance: (instance.count(100), instance.fuel)[1], *[()])
        assert list(left) == []
        fuels = {
            pool.submit(lambda instance: (instance.count(100), instance.fuel)[1]).result(10) for _ in range(9)
        }
        assert len(fuels) == 1
    with wasm.Pool(MODULE, 2, limits=wasm.Limits(timeout=0.05)) as pool, pytest.raises(wasm.Timeout):
        list(pool.map("spin", [0] * 5 + [1]))


def test_a_result_that_does_not_come_in_time() -> None:
    pool = wasm.Pool(MODULE, 1)
    results = pool.map("spin", [0, 1, 0], timeout=0.1)
    assert next(results) is None
    with pytest.raises(TimeoutError):
        next(results)
    pool.terminate()


def test_what_has_not_begun_is_dropped() -> None:
    entered, go_on = threading.Event(), threading.Event()
    ran: list[int] = []

    def task(instance: wasm.Instance, n: int) -> int:
        ran.append(n)
        if n == 1:
            entered.set()
            go_on.wait(10)
        return n

    with wasm.Pool(MODULE, 1) as pool:  # by the one who closes the iterator
        results: Any = pool.map(task, range(1000))
        assert next(results) == 0
        entered.wait(10)
        results.close()
        go_on.set()
        pool.submit("size").result(10)
        assert len(ran) < 1000
    entered.clear()
    go_on.clear()
    pool = wasm.Pool(MODULE, 1)  # by shutdown
    results = pool.map(task, range(1000), chunksize=500)
    entered.wait(10)
    pool.shutdown(wait=False, cancel_futures=True)
    go_on.set()
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(CancelledError):
        list(results)
    pool.shutdown()
    with pytest.raises(RuntimeError, match="shut down"):
        pool.map("size")


def test_terminate_ends_what_runs_of_many() -> None:
    pool = wasm.Pool(MODULE, 2)
    results = pool.map("spin", [1] * 10_000)
    time.sleep(0.05)
    start = time.perf_counter()
    pool.terminate()
    assert time.perf_counter() - start < 5
    with pytest.raises(wasm.Cancelled):
        next(results)


@pytest.mark.skipif(sys.platform == "win32", reason="a signal cannot be sent to this process alone")
def test_ctrl_c_ends_a_map() -> None:
    timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
    start = time.perf_counter()
    with pytest.raises(KeyboardInterrupt), wasm.Pool(MODULE, 2) as pool:  # noqa: PT012
        results = pool.map("spin", [1] * 50)
        timer.start()
        list(results)
    assert time.perf_counter() - start < 5


def test_a_map_that_runs_does_not_hold_up_the_end_of_the_interpreter() -> None:
    program = f"""
import pywasi_native as wasm
pool = wasm.Pool(bytes.fromhex("{MODULE.to_bytes().hex()}"), 3)
spinning, waiting = pool.map("spin", [1] * 50), pool.map("size", *[])
import time
time.sleep(0.05)
print("end")
"""
    run = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", program],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (run.returncode, run.stdout, run.stderr) == (0, "end\n", "")


def test_what_runs_is_done_on_shutdown() -> None:
    pool = wasm.Pool(MODULE, 2)
    results = pool.map("count", [1000] * 2000)
    pool.shutdown()
    assert list(results) == [1000] * 2000


def test_bad_maps() -> None:
    with wasm.Pool(MODULE, 1) as pool:
        with pytest.raises(KeyError, match="did you mean 'size'"):
            pool.map("siz")
        with pytest.raises(ValueError, match="at least 1"):
            pool.map("size", chunksize=0)
        if sys.version_info < (3, 14):
            with pytest.raises(TypeError, match="buffersize"):
                pool.map("size", buffersize=3)
        else:
            assert list(pool.map("divide", range(4), [1] * 4, buffersize=2)) == [0, 1, 2, 3]


def test_a_batch_is_of_one_instance_and_of_numbers() -> None:
    one, other = MODULE.instantiate(), MODULE.instantiate()
    found: list[Any] = []
    run = engine.native.run_batch
    with pytest.raises(ValueError, match="another store"):
        run(one.size, other._handle, None, False, [()], 0, 1, found)
    for start, stop in ((0, 2), (-1, 1), (1, 1)):
        with pytest.raises(IndexError):
            run(one.size, one._handle, None, False, [()], start, stop, found)
    module = wasm.compile(assemble('(module (func (export "f") (param externref)))'))
    instance = module.instantiate()
    with pytest.raises(ValueError, match="references"):
        run(instance.f, instance._handle, None, False, [(1,)], 0, 1, found)
    foreign = module.instantiate().snapshot()
    with pytest.raises(ValueError, match="another module"):
        run(one.size, one._handle, foreign._handle, False, [()], 0, 1, found)
    assert found == []
    run(one.size, one._handle, None, False, [()] * 3, 1, 3, found)
    assert found == [1, 1]


def test_a_timeout_is_of_each_call_of_a_batch() -> None:
    instance = MODULE.instantiate(limits=wasm.Limits(timeout=0.1))
    start, found, tasks = time.perf_counter(), [], [(400_000,)]
    while time.perf_counter() - start < 0.4:  # all together they take longer than one may
        engine.native.run_batch(instance.count, instance._handle, None, False, tasks, 0, len(tasks), found)
        tasks = tasks * 2
    assert set(found) == {400_000}
    with pytest.raises(wasm.Timeout):
        engine.native.run_batch(instance.spin, instance._handle, None, False, [(0,), (1,)], 0, 2, found)
    assert found[-1] is None
