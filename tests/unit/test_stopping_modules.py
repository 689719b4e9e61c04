"""Modules that were made to take long: compiling and instantiating them ends like a call."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import cache

import pytest

import pywasi_native as wasm
from stoppable import is_within, stop_times
from wasm_bytes import assemble, name, section, unsigned

SOON, CTRL_C = 0.020, 0.050
BEFORE_ITS_END = 0.010  # what is instantiated here takes 90 ms and more
MANY = 1_000_000
HEADER = b"\x00asm\x01\x00\x00\x00"
FUNCTION = section(1, b"\x01\x60\x00\x00"), section(3, b"\x01\x00")  # of no parameters and no results
BODY = section(10, b"\x01\x02\x00\x0b")
needs_signals = pytest.mark.skipif(
    sys.platform == "win32", reason="a signal cannot be sent to this process alone"
)


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


@cache
def long_code() -> bytes:
    """120 MB of code."""
    body = b"\x00" + assemble("i32.const 1; drop") * 2_500_000 + b"\x0b"
    sections = section(1, b"\x01\x60\x00\x00"), section(3, b"\x10" + b"\x00" * 16)
    return HEADER + b"".join(sections) + section(10, b"\x10" + (unsigned(len(body)) + body) * 16)


@cache
def long_expressions() -> bytes:
    """Ten million elements: 30 MB of expressions that the decoder and the validator read."""
    items = 10 * MANY
    table = section(4, b"\x01\x70\x00" + unsigned(items))
    elements = section(9, b"\x01\x04\x41\x00\x0b" + unsigned(items) + assemble("ref.func 0; end") * items)
    return HEADER + b"".join((*FUNCTION, table, elements, BODY))


@cache
def many_exports() -> bytes:
    names = b"".join(name(f"{i:x}".encode()) + b"\x00\x00" for i in range(MANY))
    return HEADER + b"".join((*FUNCTION, section(7, unsigned(MANY) + names), BODY))


@cache
def long_constant() -> bytes:
    """A global whose value is the sum of 30 million numbers."""
    value = assemble("i32.const 0") + assemble("i32.const 1; i32.add") * 30_000_000 + b"\x0b"
    return HEADER + section(6, b"\x01\x7f\x00" + value)


COMPILED: dict[str, Callable[[], bytes]] = {"code": long_code, "expressions": long_expressions}
INSTANTIATED: dict[str, Callable[[], bytes]] = {
    "exports": many_exports, "elements": long_expressions, "constant": long_constant,
}  # fmt: skip


@needs_signals
@pytest.mark.parametrize("what", COMPILED)
def test_ctrl_c_ends_a_compilation_within_50_ms(what: str) -> None:
    data = COMPILED[what]()
    assert is_within(
        CTRL_C, lambda: stop_times(lambda: wasm.compile(data), interrupt, KeyboardInterrupt, tries=3)
    )
    wasm.compile(data)


@pytest.mark.parametrize("what", COMPILED)
def test_a_timeout_ends_a_compilation_within_20_ms(what: str) -> None:
    data, limit = COMPILED[what](), 0.05
    size = f"to compile the module of {len(data)} bytes took longer than 0.05 s"

    def late(load: Callable[[], object]) -> list[float]:
        start = time.perf_counter()
        with pytest.raises(wasm.Timeout, match=size):
            load()
        return [time.perf_counter() - start - limit]

    assert is_within(SOON, lambda: late(lambda: wasm.load(data, limits=wasm.Limits(timeout=limit))))
    assert is_within(SOON, lambda: late(lambda: wasm.run(data, timeout=limit)))


@needs_signals
@pytest.mark.parametrize("what", INSTANTIATED)
def test_ctrl_c_ends_an_instantiation_within_50_ms(what: str) -> None:
    module = wasm.compile(INSTANTIATED[what]())
    store = wasm.Store()
    assert is_within(
        CTRL_C,
        lambda: stop_times(
            lambda: module.instantiate(store=store),
            interrupt,
            KeyboardInterrupt,
            tries=3,
            after=BEFORE_ITS_END,
        ),
    )
    assert len(wasm.compile(HEADER + b"".join((*FUNCTION, BODY))).instantiate(store=store)) == 0


@pytest.mark.parametrize("what", INSTANTIATED)
def test_a_timeout_ends_an_instantiation_within_20_ms(what: str) -> None:
    module, limit = wasm.compile(INSTANTIATED[what]()), BEFORE_ITS_END

    def late() -> list[float]:
        start = time.perf_counter()
        with pytest.raises(wasm.Timeout):
            module.instantiate(limits=wasm.Limits(timeout=limit))
        return [time.perf_counter() - start - limit]

    assert is_within(SOON, late)


def test_run_has_one_timeout_for_all_it_does() -> None:
    """Compiling takes most of it; what is left is what the program may run for."""
    endless = section(10, b"\x01\x07\x00\x03\x40\x0c\x00\x0b\x0b")
    start = section(7, b"\x02" + name(b"_start") + b"\x00\x00" + name(b"memory") + b"\x02\x00")
    items = 3 * MANY
    table = section(4, b"\x01\x70\x00" + unsigned(items)) + section(5, b"\x01\x00\x01")
    elements = section(9, b"\x01\x04\x41\x00\x0b" + unsigned(items) + assemble("ref.func 0; end") * items)
    data = HEADER + b"".join((*FUNCTION, table, start, elements, endless))
    began = time.perf_counter()
    wasm.compile(data)
    limit = 2 * (time.perf_counter() - began) + 0.1

    def late() -> list[float]:
        began = time.perf_counter()
        with pytest.raises(wasm.Timeout, match=f"the call took longer than {limit:g} s"):
            wasm.run(data, timeout=limit)
        return [time.perf_counter() - began - limit]

    assert is_within(SOON, late)


def test_other_threads_run_during_a_compilation() -> None:
    data, done, turns = long_code(), threading.Event(), 0

    def work() -> None:
        wasm.compile(data)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    while not done.wait(0.001):
        turns += 1
    thread.join()
    assert turns > 20


def test_a_million_imports_that_are_missing_are_told_soon() -> None:
    """The closest name on offer is looked for only where the message shows it."""
    names = b"".join(name(b"env") + name(f"f{i:x}".encode()) + b"\x00\x00" for i in range(20_000))
    module = wasm.compile(HEADER + FUNCTION[0] + section(2, unsigned(20_000) + names))
    offered: dict[str, object] = {f"function{i}": print for i in range(200)}
    start = time.process_time()
    with pytest.raises(wasm.LinkError, match="and 19980 more") as problem:
        module.instantiate({"env": offered})
    assert len(problem.value.problems) == 20_000
    assert time.process_time() - start < 5
