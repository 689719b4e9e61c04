"""Stores: who shares one, one thread at a time, limits, Ctrl-C, cancel, timeout."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import pywasi_native as wasm
import wasm_bytes
from at_once import in_threads


def exporter(store: wasm.Store | None = None) -> wasm.Instance:
    m = wasm_bytes.Module()
    m.func("i32.const 1", results="i32", export="one")
    return wasm.compile(m.bytes()).instantiate(store=store)


def importer() -> wasm.Module:
    m = wasm_bytes.Module()
    m.import_func("a", "one", "", "i32")
    m.import_func("b", "one", "", "i32")
    m.func("call 0; call 1; i32.add", results="i32", export="two")
    return wasm.compile(m.bytes())


def test_an_importer_joins_the_store() -> None:
    a = exporter()
    m = importer().instantiate({"a": a, "b": a})
    assert m.store is a.store
    assert m.two() == 2


def test_two_stores_do_not_mix() -> None:
    with pytest.raises(ValueError, match="different stores"):
        importer().instantiate({"a": exporter(), "b": exporter()})


def test_a_named_store() -> None:
    store = wasm.Store()
    m = importer().instantiate({"a": exporter(store), "b": exporter(store)})
    assert m.store is store
    with pytest.raises(ValueError, match="different stores"):
        importer().instantiate({"a": exporter(store), "b": exporter(store)}, store=wasm.Store())


def test_values_of_another_store_are_refused() -> None:
    b = wasm_bytes.Module()
    b.table("funcref", 1, export="t")
    m = wasm.load(b.bytes())
    with pytest.raises(ValueError, match="another store"):
        m.t[0] = exporter().one
    assert m.t[0] is None


def test_things_of_python_join_when_they_are_used() -> None:
    m = wasm_bytes.Module()
    m.import_memory("env", "mem", 1)
    m.import_global("env", "g", "i32")
    memory, g = wasm.Memory(1), wasm.Global("i32", 1)
    memory[0] = 1  # this one has a store now; the global follows
    assert wasm.load(m.bytes(), {"env": {"mem": memory, "g": g}}) is not None
    other = wasm.Memory(1)
    other[0] = 1
    with pytest.raises(ValueError, match="different stores"):
        wasm.load(m.bytes(), {"env": {"mem": other, "g": g}})


def test_limits_belong_to_the_store() -> None:
    limits = wasm.Limits(instances=2)
    first = wasm.compile(wasm_bytes.numbers()).instantiate(limits=limits)
    assert first.store.limits == limits
    wasm.compile(wasm_bytes.numbers()).instantiate(store=first.store, limits=limits)
    with pytest.raises(wasm.WasmError):
        wasm.compile(wasm_bytes.numbers()).instantiate(store=first.store)
    with pytest.raises(ValueError, match="limits belong to the store"):
        wasm.compile(wasm_bytes.numbers()).instantiate(store=first.store, limits=wasm.Limits())


def test_the_limit_of_the_stack() -> None:
    m = wasm_bytes.Module()
    m.func(
        "local.get 0; i32.eqz; if -; else; local.get 0; i32.const 1; i32.sub; call 0; end",
        "i32",
        export="down",
    )
    data = m.bytes()
    wasm.load(data, limits=wasm.Limits(stack="1MiB")).down(5000)
    with pytest.raises(wasm.StackExhausted):
        wasm.load(data, limits=wasm.Limits(stack="16KiB")).down(5000)


# ---- threads ----


def test_one_store_serves_many_threads_one_at_a_time() -> None:
    m = wasm_bytes.Module()
    host = m.import_func("env", "host")
    m.global_("i64", "i64.const 0", mutable=True, export="g")
    # Reads, calls Python (which lets other threads run), writes: a second thread in between loses counts.
    m.func(
        f"global.get 0; call {host}; i64.const 1; i64.add; global.set 0",
        export="count",
    )
    instance = wasm.load(m.bytes(), {"env": {"host": lambda: time.sleep(0.0005)}})

    def work(_index: int) -> None:
        for _ in range(25):
            instance.count()

    in_threads(8, work)
    assert instance.g.value == 200


def test_fib_in_many_threads_of_one_store_and_of_many() -> None:
    shared = wasm.load(wasm_bytes.fib())
    module = wasm.compile(wasm_bytes.fib())
    results: list[int] = []

    def work(index: int) -> None:
        mine = module.instantiate()
        for _ in range(3):
            results.append(shared.fib(17))
            results.append(mine.fib(17))

    in_threads(8, work)
    assert set(results) == {1597}


def test_long_calls_let_other_threads_run() -> None:
    instance = wasm.load(wasm_bytes.spinner())
    steps = 0

    def spin() -> None:
        with pytest.raises(wasm.Cancelled):
            instance.spin()

    thread = threading.Thread(target=spin)
    thread.start()
    end = time.monotonic() + 0.3
    while time.monotonic() < end:
        steps += 1
    while thread.is_alive():  # it may not even have begun
        assert time.monotonic() < end + 20
        instance.cancel()
        thread.join(0.05)
    assert steps > 1000


def test_a_thread_that_waits_gets_its_turn() -> None:
    instance = wasm.load(wasm_bytes.spinner(), limits=wasm.Limits(timeout=0.2))
    order: list[str] = []

    def work(index: int) -> None:
        with pytest.raises(wasm.Timeout):
            instance.spin()
        order.append(str(index))

    start = time.monotonic()
    in_threads(3, work)
    assert len(order) == 3
    assert time.monotonic() - start >= 0.55


def test_cancel_from_another_thread() -> None:
    instance = wasm.load(wasm_bytes.spinner())
    timer = threading.Timer(0.1, instance.cancel)
    timer.start()
    with pytest.raises(wasm.Cancelled) as caught:
        instance.spin()
    timer.join()
    assert caught.value.kind is wasm.TrapKind.CANCELLED
    assert [frame.function for frame in caught.value.frames] == ["spin"]


def test_cancel_without_a_call_does_nothing() -> None:
    m = wasm.load(wasm_bytes.numbers())
    m.cancel()
    assert m.add(1, 2) == 3


def test_timeout() -> None:
    m = wasm.load(wasm_bytes.spinner(), limits=wasm.Limits(timeout=0.1))
    for _ in range(2):
        start = time.monotonic()
        with pytest.raises(wasm.Timeout, match="timed out") as caught:
            m.spin()
        assert 0.09 < time.monotonic() - start < 5
        assert isinstance(caught.value, TimeoutError)
        assert caught.value.kind is wasm.TrapKind.TIMEOUT


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_ends_a_call() -> None:
    m = wasm.load(wasm_bytes.spinner())
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        m.spin()
    timer.join()


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_reaches_a_thread_that_waits() -> None:
    m = wasm.load(wasm_bytes.spinner())

    def spin() -> None:
        with pytest.raises(wasm.Cancelled):
            m.spin()

    thread = threading.Thread(target=spin)
    thread.start()
    time.sleep(0.1)
    # Late enough for start() to return first, also where threads without a GIL fight for few processors.
    timer = threading.Timer(1, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        m.spin()
    timer.join()
    m.cancel()
    thread.join(20)
    assert not thread.is_alive()


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs interval timers")
def test_a_signal_handler_cannot_enter_a_running_store() -> None:
    m = wasm.load(wasm_bytes.spinner())
    seen: list[BaseException] = []

    def handler(_number: int, _frame: object) -> None:
        try:
            m.spin()
        except RuntimeError as error:
            seen.append(error)
            raise

    old = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(RuntimeError, match="signal handler"):
            m.spin()
    finally:
        signal.signal(signal.SIGALRM, old)
    assert len(seen) == 1


def test_shutdown_is_silent() -> None:
    code = """
import pywasi_native as wasm, wasm_bytes
class A:
    def __del__(self): pass
    def host(self): pass
m = wasm_bytes.Module(); m.import_func("env", "host"); m.memory(1); m.func("call 0", export="run")
a = A(); a.m = wasm.load(m.bytes(), {"env": {"host": a.host}}); a.m.run()
view = memoryview(a.m.memory); keep = a.m.run
"""
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", code],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parent,
        stdin=subprocess.DEVNULL,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
