"""Ctrl-C in a process of its own, as people press it: from the signal to the `KeyboardInterrupt`."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest
from wasmtime import wat2wasm

import pywasi_native as wasm
from stoppable import is_within, stop_times

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="a signal cannot be sent to one process alone"
)
SOON, CTRL_C, EXIT = 0.020, 0.050, 0.100
SPIN = """(module (memory (export "memory") 1)
  (func (export "_start") (loop (br 0)))
  (func (export "f") (param i32) (result i32) (loop (br 0)) (unreachable)))"""
START = "(module (func $endless (loop (br 0))) (start $endless))"
AWAITS = '(module (import "env" "host" (func $host)) (func (export "f") (call $host)))'
READS = """(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start") (i32.store (i32.const 4) (i32.const 100))
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))) (unreachable)))"""

# Each has a module in `code` and never ends.
ENDLESS = {
    "run": (SPIN, "wasm.run(code)"),
    "load": (START, "wasm.load(code)"),
    "stdin": (READS, "wasm.run(code, wasi=wasm.Wasi(stdin=wasm.INHERIT))"),
    "map": (SPIN, "list(pool.map('f', range(10)))"),
    "submit": (SPIN, "pool.submit('f', 1).result()"),
    "aio": (SPIN, "asyncio.run(awaited(wasm.load(code)['f'], 1))"),
    "aio in a host function": (
        AWAITS,
        "asyncio.run(awaited(wasm.load(code, {'env': {'host': lambda: asyncio.sleep(100)}})['f']))",
    ),
}
CHILD = """
import asyncio, contextlib, os, sys, time
import pywasi_native as wasm
code = sys.stdin.buffer.read({size})
async def awaited(f, *args):
    await f.aio(*args)
pool = wasm.Pool(wasm.compile(code), 2) if {pooled} else None
print("ready", flush=True)
try:
    {work}
except KeyboardInterrupt:
    print(time.monotonic(), flush=True)
    os._exit(0)
"""


def interrupted(text: str, work: str) -> list[float]:
    """Seconds to the exception in three new processes."""
    times, code = [], wat2wasm(text)
    child = CHILD.format(size=len(code), work=work, pooled="pool" in work)
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", child], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(code)
            process.stdin.flush()  # and it stays open
            assert process.stdout.readline() == b"ready\n"
            time.sleep(0.2)
            asked = time.monotonic()
            process.send_signal(signal.SIGINT)
            times.append(float(process.stdout.readline()) - asked)
    return times


@pytest.mark.parametrize("what", ENDLESS)
def test_ctrl_c_is_there_within_50_ms(what: str) -> None:
    text, work = ENDLESS[what]
    assert is_within(CTRL_C, lambda: interrupted(text, work))


def test_the_command_line_ends_with_130(tmp_path: Path) -> None:
    """Its time is that of the whole process, with Python's own end."""
    (tmp_path / "spin.wasm").write_bytes(wat2wasm(SPIN))

    def once() -> list[float]:
        process = subprocess.Popen(
            [sys.executable, "-m", "pywasi_native", "run", "spin.wasm"], cwd=tmp_path, stderr=subprocess.PIPE
        )
        time.sleep(1)
        asked = time.monotonic()
        process.send_signal(signal.SIGINT)
        error = process.communicate(timeout=60)[1]
        assert (process.returncode, b"Traceback" in error) == (130, False)
        return [time.monotonic() - asked]

    assert is_within(EXIT, once)


def limited(call: Callable[[wasm.Limits], object]) -> float:
    limit = 0.05
    start = time.perf_counter()
    with pytest.raises(wasm.Timeout):
        call(wasm.Limits(timeout=limit))
    return time.perf_counter() - start - limit


async def awaited(inst: wasm.Instance) -> None:
    await inst["f"].aio(1)


@pytest.mark.parametrize(
    "call",
    [
        lambda limits: wasm.run(wat2wasm(SPIN), limits=limits),
        lambda limits: wasm.load(wat2wasm(START), limits=limits),
        lambda limits: asyncio.run(awaited(wasm.load(wat2wasm(SPIN), limits=limits))),
    ],
    ids=["run", "load", "aio"],
)
def test_a_timeout_is_there_within_20_ms(call: Callable[[wasm.Limits], object]) -> None:
    assert is_within(SOON, lambda: [median(limited(call) for _ in range(3))])


def test_cancel_ends_an_awaited_call_within_20_ms() -> None:
    inst = wasm.load(wat2wasm(SPIN))
    assert is_within(
        SOON, lambda: stop_times(lambda: asyncio.run(awaited(inst)), inst.cancel, wasm.Cancelled)
    )


def test_ctrl_c_in_the_growth_of_a_table_is_no_value_error() -> None:
    inst = wasm.load(
        wat2wasm('(module (table (export "t") 0 funcref) (func (export "f")))'),
        limits=wasm.Limits(tables=100_000_000),
    )
    times = stop_times(
        lambda: inst["t"].grow(100_000_000, inst["f"]),
        lambda: os.kill(os.getpid(), signal.SIGINT),
        KeyboardInterrupt,
        tries=1,
    )
    assert times[0] < 5
    assert inst["t"].grow(1, inst["f"]) == 0
