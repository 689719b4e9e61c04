"""Whatever a guest does, `cancel`, a timeout and Ctrl-C end it soon."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import threading
import time
from typing import Any

import pytest

import pywasi_native as wasm
from stoppable import BULK, LOOPS, WAITS, guest, is_within, stop_times

SOON, CTRL_C = 0.020, 0.050
needs_memory = pytest.mark.skipif(sys.maxsize < 1 << 32, reason="2 GiB of memory need 64 bits")
EVERYTHING = (*LOOPS, *BULK, *WAITS, "nested")
# Windows does not tell that a pipe is full or empty.
if sys.platform == "win32":
    EVERYTHING = tuple(name for name in EVERYTHING if name not in ("read", "write"))


@needs_memory
@pytest.mark.parametrize("what", EVERYTHING)
def test_cancel_ends_it_within_20_ms(what: str) -> None:  # R13
    with guest(wasm.Limits(memory="8GiB")) as instance:
        assert is_within(SOON, lambda: stop_times(instance[what], instance.cancel, wasm.Cancelled))
        assert instance.memory.grow(1) == 1  # the store is usable


@needs_memory
@pytest.mark.parametrize("what", EVERYTHING)
def test_a_timeout_ends_it_within_20_ms(what: str) -> None:  # R13
    limit = 0.05

    def late() -> list[float]:
        times = []
        for _ in range(5):
            start = time.perf_counter()
            with pytest.raises(wasm.Timeout) as ended:
                instance[what]()
            times.append(time.perf_counter() - start - limit)
            assert isinstance(ended.value, TimeoutError)
        assert min(times) >= -0.001
        return times

    with guest(wasm.Limits(memory="8GiB", timeout=limit)) as instance:
        assert is_within(SOON, late)
        assert instance.memory.grow(1) == 1


@needs_memory
@pytest.mark.skipif(sys.platform == "win32", reason="a signal cannot be sent to this process alone")
@pytest.mark.parametrize("what", EVERYTHING)
def test_ctrl_c_ends_it_within_50_ms(what: str) -> None:  # R13
    with guest(wasm.Limits(memory="8GiB")) as instance:
        assert is_within(
            CTRL_C,
            lambda: stop_times(
                instance[what], lambda: os.kill(os.getpid(), signal.SIGINT), KeyboardInterrupt
            ),
        )
        assert instance.memory.grow(1) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="a signal cannot be sent to this process alone")
def test_ctrl_c_ends_an_awaited_call_within_50_ms() -> None:
    with guest() as instance:

        async def work() -> None:
            await instance["loop"].aio()

        assert is_within(
            CTRL_C,
            lambda: stop_times(
                lambda: asyncio.run(work()), lambda: os.kill(os.getpid(), signal.SIGINT), KeyboardInterrupt
            ),
        )
        assert instance.memory.grow(1) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="no setitimer")
def test_cancel_from_a_signal_handler() -> None:
    with guest() as instance:
        before = signal.signal(signal.SIGALRM, lambda *_: instance.cancel())
        try:
            for what in ("loop", "sleep", "nested", "atomic.wait"):
                signal.setitimer(signal.ITIMER_REAL, 0.03)
                with pytest.raises(wasm.Cancelled):
                    instance[what]()
        finally:
            signal.signal(signal.SIGALRM, before)


@pytest.mark.skipif(sys.platform == "win32", reason="no setitimer")
def test_a_signal_handler_may_not_call_into_the_store_that_runs() -> None:
    with guest() as instance:
        before = signal.signal(signal.SIGALRM, lambda *_: instance["calls"]())
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.03)
            with pytest.raises(RuntimeError, match="in the middle of a running call"):
                instance["memory.fill"]()
        finally:
            signal.signal(signal.SIGALRM, before)
        assert instance.memory.grow(1) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="no setitimer")
def test_a_signal_handler_that_does_not_raise_changes_nothing() -> None:
    ticks: list[int] = []
    with guest(wasm.Limits(memory="8GiB", timeout=0.5)) as instance:
        before = signal.signal(signal.SIGALRM, lambda *_: ticks.append(1))
        try:
            for what in ("loop", "memory.fill", "sleep"):
                ticks.clear()
                signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
                with pytest.raises(wasm.Timeout):
                    instance[what]()
                assert len(ticks) >= 3
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)


def test_cancel_reaches_through_python_to_the_outermost_call() -> None:
    with guest() as instance:
        timer = threading.Timer(0.05, instance.cancel)
        timer.start()
        with pytest.raises(wasm.Cancelled) as ended:
            instance["nested"]()
        timer.join()
        assert ended.value.frames[0].function == "nested"


def test_an_interrupt_of_one_thread_does_not_end_calls_of_others() -> None:
    problems: list[BaseException] = []
    with guest() as one, guest() as other:

        def run() -> None:
            try:
                other["loop"]()
            except BaseException as problem:
                problems.append(problem)

        thread = threading.Thread(target=run)
        thread.start()
        stop_times(one["loop"], one.cancel, wasm.Cancelled, tries=2)
        assert thread.is_alive()
        other.cancel()
        thread.join(10)
        assert [type(problem) for problem in problems] == [wasm.Cancelled]


def test_a_wait_for_a_connection_ends() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        inst: Any = _with_listener(server)
        assert is_within(SOON, lambda: stop_times(inst["accept"], inst.cancel, wasm.Cancelled))


def _with_listener(server: socket.socket) -> wasm.Instance:
    from wasmtime import wat2wasm

    text = """(module
      (import "wasi_snapshot_preview1" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "accept")
        (drop (call $accept (i32.const 3) (i32.const 0) (i32.const 8))) (unreachable)))"""
    return wasm.load(wat2wasm(text), wasi=wasm.Wasi(sockets=[server]))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell that a pipe is full or empty")
@pytest.mark.parametrize("buffering", [0, -1], ids=["raw", "buffered"])
@pytest.mark.parametrize("what", ["read", "write"])
def test_file_objects_of_pipes_are_waited_for_where_that_can_be_stopped(what: str, buffering: int) -> None:
    def opened(descriptor: int, mode: str) -> Any:
        return open(descriptor, mode, buffering=buffering, closefd=False)

    with guest(stream=opened) as instance:
        assert is_within(SOON, lambda: stop_times(instance[what], instance.cancel, wasm.Cancelled))


def test_timeout_of_run_covers_the_whole_program() -> None:
    from wasmtime import wat2wasm

    text = '(module (memory (export "memory") 1) (func (export "_start") (loop (br 0))))'
    start = time.perf_counter()
    with pytest.raises(wasm.Timeout):
        wasm.run(wat2wasm(text), timeout=0.1)
    assert 0.1 <= time.perf_counter() - start < 5
