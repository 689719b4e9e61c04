"""Pools of workers, and functions that are sent to other processes."""

from __future__ import annotations

import concurrent.futures
import gc
import multiprocessing
import os
import pickle
import subprocess
import sys
import textwrap
import threading
import time
import weakref
from typing import Any

import pytest
from wasmtime import wat2wasm as assemble

import pywasi_native as wasm
import wasm_bytes

# Everything in which one task could leave something for the next one.
STATE = """
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
  (type $box (struct (field (mut i32))))
  (memory (export "memory") 1 3)
  (table $table (export "table") 2 4 funcref)
  (global $global (export "global") (mut i32) (i32.const 1))
  (global $box (ref $box) (struct.new $box (i32.const 1)))
  (global $host (export "host") (mut externref) (ref.null extern))
  (data (i32.const 8) "abc")
  (data $passive "xyz")
  (elem $functions func $spoil)
  (func $spoil (export "spoil")
    (memory.fill (i32.const 0) (i32.const 255) (i32.const 65536))
    (drop (memory.grow (i32.const 1)))
    (memory.fill (i32.const 65536) (i32.const 255) (i32.const 65536))
    (table.set $table (i32.const 0) (ref.func $spoil))
    (drop (table.grow $table (ref.func $spoil) (i32.const 2)))
    (global.set $global (i32.const 77))
    (struct.set $box 0 (global.get $box) (i32.const 77))
    (data.drop $passive) (elem.drop $functions)
    (i32.store (i32.const 0) (i32.const 100)) (i32.store (i32.const 4) (i32.const 3))
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 200)))
    (drop (call $close (i32.const 1))))
  (func (export "seen") (result i32 i32 i32 i32 i32 i32 i32)
    (i32.store (i32.const 0) (i32.const 100)) (i32.store (i32.const 4) (i32.const 3))
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 200)))
    (memory.init $passive (i32.const 16) (i32.const 0) (i32.const 3))
    (table.init $table $functions (i32.const 1) (i32.const 0) (i32.const 1))
    (i32.load (i32.const 100)) (memory.size) (table.size $table) (global.get $global)
    (struct.get $box 0 (global.get $box))
    (ref.is_null (table.get $table (i32.const 0))) (call $close (i32.const 1)))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "spin") (loop (br 0)))
  (func (export "trap") unreachable)
  (func (export "count") (param $n i32) (result i32) (local $i i32)
    (loop (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.get $i)))
"""
MODULE = wasm.compile(assemble(STATE))
GRANTED = wasm.Wasi(stdin=b"abcdef", stdout=wasm.PIPE)
FRESH = (int.from_bytes(b"abc", "little"), 1, 2, 1, 1, 1, 0)


def looks(instance: wasm.Instance) -> tuple[Any, ...]:
    """All that a task could see of another one."""
    before = bytes(instance.memory)
    clean = before == bytes(8) + b"abc" + bytes(65536 - 11)
    return clean, instance.host.value, instance.seen(), bytes(instance.memory[16:19])


def spoils(instance: wasm.Instance, how: str) -> None:
    """Leaves everything otherwise than it was, and ends well or not."""
    instance.spoil()
    instance.host.value = object()
    if how == "trap":
        instance.trap()
    elif how == "raise":
        raise KeyError("mine")


def make_pool(workers: int = 2, **options: Any) -> wasm.Pool:
    """A pool of the module above."""
    return wasm.Pool(MODULE, workers, **{"wasi": GRANTED, **options})


def test_results_come_in_order() -> None:
    with make_pool() as pool:
        assert list(pool.map("add", range(100), range(100))) == [2 * n for n in range(100)]
        assert pool.submit("add", 2, 3).result(10) == 5
        assert pool.submit(lambda instance, a, *, b: instance.add(a, b), 4, b=5).result(10) == 9
        assert pool.module is MODULE


@pytest.mark.parametrize("how", ["well", "trap", "raise"])
def test_no_task_sees_what_another_one_left(how: str) -> None:  # R25
    expected = (True, None, FRESH, b"xyz")
    with make_pool(1) as pool:
        assert pool.submit(looks).result(10) == expected
        for _ in range(3):
            spoiled = pool.submit(spoils, how)
            assert (type(spoiled.exception(10)).__name__, pool.submit(looks).result(10)) == (
                {"well": "NoneType", "trap": "Trap", "raise": "KeyError"}[how],
                expected,
            )


def test_state_is_kept_where_that_is_asked_for() -> None:
    with make_pool(1, fresh=False) as pool:
        first = pool.submit(lambda instance: id(instance)).result(10)
        pool.submit("spoil").result(10)
        assert pool.submit(lambda instance: (id(instance), instance.memory.pages)).result(10) == (first, 2)


def test_a_memory_that_a_task_returns_is_nobody_elses() -> None:
    with make_pool(1) as pool:
        memory = pool.submit(lambda instance: instance.memory).result(10)
        memory[0] = 42
        pool.submit("spoil").result(10)
        assert (memory[0], memory.pages) == (42, 1)


def test_errors_come_out_of_the_future() -> None:
    with make_pool() as pool:
        with pytest.raises(wasm.Trap, match="unreachable"):
            pool.submit("trap").result(10)
        with pytest.raises(TypeError, match="add"):
            pool.submit("add", 1).result(10)
        with pytest.raises(KeyError, match="did you mean 'add'"):
            pool.submit("ad")
        with pytest.raises(TypeError, match="callable"):
            pool.submit(3)  # type: ignore[arg-type]
        assert pool.submit("add", 1, 2).result(10) == 3


def test_limits_hold_for_each_task() -> None:
    with make_pool(limits=wasm.Limits(timeout=0.05)) as pool:
        futures = [pool.submit("spin") for _ in range(4)]
        assert {type(future.exception(20)) for future in futures} == {wasm.Timeout}
        assert pool.submit("add", 1, 2).result(10) == 3


def test_imports_of_python() -> None:
    m = wasm_bytes.Module()
    log = m.import_func("env", "log", "i32", "i32")
    m.func(f"local.get 0; call {log}", "i32", "i32", export="f")
    for imports in ({"env": {"log": lambda x: x + 1}}, lambda: {"env": {"log": lambda x: x + 1}}):
        with wasm.Pool(m.bytes(), 2, imports=imports) as pool:
            assert list(pool.map("f", range(10))) == list(range(1, 11))
    with wasm.Pool(m.bytes(), 1) as pool, pytest.raises(wasm.LinkError):
        pool.submit("f", 1).result(10)


def test_work_that_no_worker_has_begun_can_be_cancelled() -> None:
    pool = make_pool(1)
    running, waiting = pool.submit("spin"), pool.submit("add", 1, 2)
    while not running.running():
        time.sleep(0.001)
    assert waiting.cancel()
    start = time.perf_counter()
    pool.terminate()
    assert time.perf_counter() - start < 5
    assert isinstance(running.exception(10), wasm.Cancelled)
    with pytest.raises(RuntimeError, match="shut down"):
        pool.submit("add", 1, 2)
    assert "shut down" in repr(pool)


def test_shutdown_waits_for_what_is_there() -> None:
    pool = make_pool(2)
    futures = [pool.submit("count", 100_000) for _ in range(20)]
    pool.shutdown()
    assert [future.result(0) for future in futures] == [100_000] * 20
    pool.shutdown()


def test_an_error_in_the_block_ends_what_runs() -> None:
    start = time.perf_counter()
    with pytest.raises(ZeroDivisionError), make_pool(2) as pool:  # noqa: PT012
        futures = [pool.submit("spin") for _ in range(5)]
        while not futures[0].running():
            time.sleep(0.001)
        raise ZeroDivisionError
    assert time.perf_counter() - start < 5
    assert all(future.cancelled() or isinstance(future.exception(), wasm.Cancelled) for future in futures)


def test_a_pool_that_is_forgotten_ends_its_threads() -> None:
    pool = make_pool(2)
    threads = pool._workers.threads
    future = pool.submit("add", 1, 2)
    gone = weakref.ref(pool)
    del pool
    gc.collect()
    assert gone() is None
    assert future.result(10) == 3
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def test_tasks_of_two_workers_run_at_the_same_time() -> None:
    # Each spins until the other one has run: no end if workers took turns.
    memory = wasm.Memory(wasm.MemoryType(1, 1, shared=True))
    text = """(module (import "e" "m" (memory 1 1 shared))
      (func (export "meet") (param i32 i32)
        (i32.atomic.store (local.get 0) (i32.const 1))
        (loop (br_if 0 (i32.eqz (i32.atomic.load (local.get 1)))))))"""
    with wasm.Pool(assemble(text), 2, imports={"e": {"m": memory}}, limits=wasm.Limits(timeout=20)) as pool:
        for future in [pool.submit("meet", 0, 4), pool.submit("meet", 4, 0)]:
            future.result(30)


@pytest.mark.alone
def test_workers_give_the_gil_away_early() -> None:
    # 20 calls of about 2 ms: alone none of them would give the GIL away.
    def turns() -> int:
        """How often another thread had its turn meanwhile."""
        count = 0
        stop = threading.Event()

        def python() -> None:
            nonlocal count
            while not stop.is_set():
                count += 1
                time.sleep(0)

        thread = threading.Thread(target=python)
        thread.start()
        for _ in range(20):
            pool.submit("count", 400_000).result(20)
        stop.set()
        thread.join()
        return count

    with make_pool(1) as pool:
        assert any(turns() > 100 for _ in range(5))  # other programs on the machine take turns too


def test_bad_pools() -> None:
    for workers, error in ((0, ValueError), (-1, ValueError), ("2", TypeError), (True, TypeError)):
        with pytest.raises(error):
            wasm.Pool(MODULE, workers)  # type: ignore[arg-type]
    with make_pool(1) as pool, pytest.raises(TypeError, match="send its module"):
        pickle.dumps(pool)
    for wrong, what in (({"limits": "1s"}, "must be a Limits"), ({"wasi": {"/": "/"}}, "must be a Wasi")):
        with pytest.raises(TypeError, match=what):
            wasm.Pool(MODULE, 1, **wrong)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match=what):
            MODULE.instantiate(**wrong)  # type: ignore[arg-type]
    m = wasm_bytes.Module()
    m.memory(1, export="memory")
    with (
        wasm.Pool(m.bytes(), 1) as pool,
        pytest.raises(TypeError, match=r"'memory' is no function: \(memory 1\)"),
    ):
        pool.submit("memory")


def test_threads_that_the_system_does_not_give(monkeypatch: pytest.MonkeyPatch) -> None:
    before, start = set(threading.enumerate()), threading.Thread.start

    def some(thread: threading.Thread) -> None:
        if thread.name == "few_3":
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", some)
    with pytest.raises(RuntimeError, match="can't start"):
        wasm.Pool(MODULE, 9, name="few")
    for thread in set(threading.enumerate()) - before:
        thread.join(20)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("few")]


def test_a_running_pool_does_not_hold_up_the_end_of_the_interpreter() -> None:
    program = """
        import sys
        import pywasi_native as wasm
        from wasmtime import wat2wasm
        pool = wasm.Pool(wat2wasm('(module (func (export "spin") (loop (br 0))))'), 3)
        futures = [pool.submit("spin") for _ in range(5)]
        while not futures[0].running():
            pass
        print("end")
    """
    run = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(program)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (run.returncode, run.stdout, run.stderr) == (0, "end\n", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_pool_is_of_no_use_after_fork() -> None:
    with make_pool(1) as pool:
        child = os.fork()
        if child == 0:
            try:
                pool.submit("add", 1, 2)
            except RuntimeError:
                pool.shutdown()
                os._exit(7)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert pool.submit("add", 1, 2).result(10) == 3


# ---- functions that are sent


def fib() -> wasm.Func:
    """An export of an instance that nobody has any more."""
    function: wasm.Func = wasm.load(wasm_bytes.fib()).fib
    return function


def test_a_function_is_the_same_when_it_comes_back() -> None:
    instance = wasm.load(wasm_bytes.fib(), limits=wasm.Limits(timeout=3))
    assert pickle.loads(pickle.dumps(instance.fib)) is instance.fib
    lonely = fib()
    made = pickle.loads(pickle.dumps(lonely))
    assert made is not lonely
    assert (made.name, made.type, made(10)) == ("fib", lonely.type, 55)
    assert pickle.loads(pickle.dumps(lonely)) is made


def test_typed_functions_are_sent_with_their_signature() -> None:
    typed = wasm.load(wasm_bytes.fib()).func("fib", "int(int n)")
    for copy in (pickle.loads(pickle.dumps(typed)), pickle.loads(pickle.dumps(lonely_typed()))):
        assert copy(n=10) == 55
        assert copy.declaration == typed.declaration
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        assert pool.submit(typed, 10).result(60) == 55


def lonely_typed() -> Any:
    return wasm.load(wasm_bytes.fib()).func("fib", "int(int n)")


def test_what_cannot_be_sent_is_named() -> None:
    m = wasm_bytes.Module()
    log = m.import_func("env", "log", "i32", "i32")
    m.func(f"local.get 0; call {log}", "i32", "i32", export="f")
    instance = wasm.load(m.bytes(), {"env": {"log": abs}})
    with pytest.raises(TypeError, match=r"function f: its instance imports env\.log"):
        pickle.dumps(instance.f)
    hidden = wasm_bytes.Module()
    hidden.func(label="inner")
    hidden.table("funcref", 1, export="t")
    hidden.elem(0, [0])
    with pytest.raises(TypeError, match="function inner: it is no export"):
        pickle.dumps(wasm.load(hidden.bytes()).t[0])
    with pytest.raises(TypeError, match="no export"):
        pickle.dumps(wasm.Func(wasm.FuncType(("i32",), ()), print))
    secret = MODULE.instantiate(wasi=GRANTED.replace(env={"TOKEN": "x"}))
    with pytest.raises(TypeError, match="may be secret"):
        pickle.dumps(secret.add)


@pytest.mark.parametrize("way", ["spawn", "forkserver", "fork"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_functions_run_in_other_processes(way: str) -> None:
    if way not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {way} on this system")
    numbers = list(range(15))
    expected = [fib()(n) for n in numbers]
    context = multiprocessing.get_context(way)
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        assert list(pool.map(fib(), numbers, chunksize=3)) == expected
    with context.Pool(2) as workers:
        assert workers.map(fib(), numbers) == expected
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        assert list(threads.map(fib(), numbers)) == expected


def test_limits_and_grants_go_along(tmp_path: Any) -> None:
    limits = wasm.Limits(timeout=0.05, memory="1MiB")
    wasi = wasm.Wasi(dirs={"/": wasm.ro(tmp_path)}, random=wasm.seeded(3))
    function = MODULE.instantiate(wasi=wasi, limits=limits).spin
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        assert type(pool.submit(function).exception(60)) is wasm.Timeout
    assert pickle.loads(pickle.dumps((MODULE.to_bytes(), limits, wasi)))[1:] == (limits, wasi)


COUNTED = """
(module
  (import "env" "note" (func $note))
  (memory (export "memory") 1)
  (table (export "things") 1 externref)
  (global $count (mut i32) (i32.const 0))
  (start $begin)
  (func $begin (call $note) (i32.store (i32.const 8) (i32.const 77)))
  (func (export "next") (result i32)
    (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 1)))
    (global.set $count (i32.add (global.get $count) (i32.const 1)))
    (i32.add (i32.mul (i32.load (i32.const 8)) (i32.const 100)) (global.get $count)))
  (func (export "again") (result i32) (i32.load (i32.const 8)))
  (func (export "_initialize") (call $note)))
"""


def test_start_functions_run_once_and_each_task_has_a_fork_of_its_own() -> None:
    notes: list[None] = []
    module = wasm.compile(assemble(COUNTED))
    imports = {"env": {"note": lambda: notes.append(None)}}

    def keep(instance: wasm.Instance) -> tuple[int, wasm.Memory]:
        return instance.next(), instance.memory

    with wasm.Pool(module, 3, imports=imports) as pool:
        results = [task.result() for task in [pool.submit(keep) for _ in range(50)]]
    assert [number for number, _ in results] == [7801] * 50
    assert len({id(memory) for _, memory in results}) == 50
    assert {memory[8] for _, memory in results} == {78}  # nobody else has written to what was kept
    assert len(notes) == 2
    notes.clear()
    with wasm.Pool(module, 2, imports=lambda: imports) as pool:
        assert [pool.submit("next").result() for _ in range(5)] == [7801] * 5
    assert len(notes) == 10  # imports that are made for each instance: each is made anew


def test_a_state_that_cannot_be_saved_is_made_anew_for_each_task() -> None:
    text = """
    (module
      (import "env" "thing" (func $thing (result externref)))
      (global $kept (mut externref) (ref.null extern))
      (func (export "_initialize") (global.set $kept (call $thing)))
      (func (export "f") (result externref) (global.get $kept) (global.set $kept (ref.null extern))))
    """
    made: list[object] = []

    def thing() -> object:
        made.append(object())
        return made[-1]

    with wasm.Pool(wasm.compile(assemble(text)), 1, imports={"env": {"thing": thing}}) as pool:
        assert [pool.submit("f").result() for _ in range(3)] == made
    assert len(made) == 3
