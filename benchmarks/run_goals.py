"""Goals for runs that are stopped, put back, shared and awaited."""

from __future__ import annotations

from collections.abc import Iterator

from .measured import MIB, MS, Measured, Result, number, size
from .report import gain
from .stops import WHATS

MICRO = 1e-6


def results(measured: Measured) -> Iterator[Result]:
    """In the order of the table."""
    yield from _fuel(measured)
    yield from _stops(measured)
    yield from _snapshots(measured)
    yield from _pools(measured)
    yield from _threads(measured)
    yield from _coroutines(measured)
    yield from _cycles(measured)


def _fuel(measured: Measured) -> Iterator[Result]:
    for engine in measured.ours:
        rows = [row for row in measured.rows.values() if row.group == "fuel"]
        found = {row.name: 1 / r.median for row in rows if (r := gain(row, engine)) and r.median > 0}
        if found:
            worst = max(found, key=found.__getitem__)
            text = f"{found[worst]:.2f} x ({worst.removeprefix('fuel_')})"
            shell = measured.shells[engine]
            what = f"counting fuel, the worst of {len(found)} programs: {engine} ({shell} shell)"
            yield Result(what, "≤ 1.1 x", text, "", found[worst] <= 1.1)


def _stops(measured: Measured) -> Iterator[Result]:
    texts = (
        ("cancel", "`cancel` from a thread ends a call", 20),
        ("timeout", "a timeout ends it", 20),
        ("ctrl_c", "Ctrl-C ends it", 50),
    )
    for way, what, most in texts:
        names = {name: measured.median(f"{way}_{name}", measured.main) for name in WHATS}
        found = {name: time / MS for name, time in names.items() if time is not None}
        if found:
            text = ", ".join(f"{name} {number(time)}" for name, time in found.items()) + " ms"
            yield Result(what, f"≤ {most} ms", text, "", max(found.values()) <= most)


def _snapshots(measured: Measured) -> Iterator[Result]:
    name = "snapshot_take"
    take = measured.median(name, measured.main)
    found = gain(measured.rows[name], measured.main) if take is not None else None
    if take is not None and found:
        text = f"{1 / found.median:.2f} x ({take / MS:.0f} ms)"
        what = "snapshot of an instance of 64 MiB, all in use"
        yield Result(what, "≤ 2 x a copy of its bytes", text, "", 1 / found.median <= 2)
    texts = (
        ("snapshot_reset", "reset of it, 100 pages written"),
        ("snapshot_fork", "fork of it, made and dropped"),
    )
    for name, what in texts:
        time = measured.median(name, measured.main)
        if time is not None:
            yield Result(what, "≤ 200 µs CPU", f"{time / MICRO:.0f} µs", "", time <= 200e-6)


def _pools(measured: Measured) -> Iterator[Result]:
    texts = (
        ("pool_small", "`Pool` of 2: tasks of less than 1 µs", 1.5),
        ("pool_64k", "`Pool` of 2: tasks with 64 KiB there and back", 1.2),
        ("pool_10ms", "`Pool` of 2: tasks of some 10 ms", 0.95),
    )
    for name, what, goal in texts:
        row = measured.rows.get(name)
        found = gain(row, measured.main) if row else None
        time = measured.median(name, measured.main)
        if row and found and time is not None:
            text = f"{found.median:.2f} x ({number(1 / time)} tasks/s)"
            theirs = f"multiprocessing {number(1 / time / found.median)} tasks/s"
            yield Result(what, f"≥ {goal:g} x multiprocessing.Pool", text, theirs, found.median >= goal)


def _threads(measured: Measured) -> Iterator[Result]:
    row = measured.rows.get("two_threads")
    found = gain(row, measured.main) if row else None
    if found:
        slower = 1 / found.median
        what = "two instances in two threads"
        yield Result(what, "≤ 1.2 x the wall time of one", f"{slower:.2f} x", "", slower <= 1.2)


def _coroutines(measured: Measured) -> Iterator[Result]:
    row = measured.rows.get("async_waiting")
    found = gain(row, measured.main) if row else None
    time = measured.median("async_waiting", measured.main)
    if found and time is not None:
        text = f"{number(1 / time)} instances/s"
        bare = f"tasks of asyncio without wasm {number(1 / time / found.median)}/s"
        what = "10,000 instances that wait for `async` functions in one thread, made, called and finished"
        yield Result(what, "≥ 10000 instances/s of CPU", text, bare, time <= 1 / 10_000)


def _cycles(measured: Measured) -> Iterator[Result]:
    time = measured.median("cycle", measured.main)
    if time is not None:
        found = {engine: measured.median("cycle", engine) for engine in measured.others}
        others = ", ".join(f"{engine} {number(t / MICRO)} µs" for engine, t in found.items() if t is not None)
        text = f"{number(time / MICRO)} µs ({number(1 / time)}/s)"
        met = time <= 50e-6 and all(time < t for t in found.values() if t is not None)
        yield Result("an instance made, called once, dropped", "≤ 50 µs CPU, and least", text, others, met)
    grown = measured.median("cycle_growth", measured.main)
    if grown is not None:
        what = "memory that 100,000 of them leave"
        yield Result(what, "≤ 2 MiB", size(grown), "", grown <= 2 * MIB)
