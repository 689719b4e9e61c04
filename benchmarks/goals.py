"""What this project wants to reach, and what was measured: a row for each goal.

Goals are ratios wherever there is something to compare with. Where one is a number of milliseconds or of
bytes, what the other engines take stands beside it: a time alone says as much about the machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import run_goals
from .measured import MIB, MS, NATIVE, WASM3, WASMTIME, Measured, Result, median_of, number, size
from .report import Row, gain, geometric_mean, mean_ratio, ratio

INSTALLED_SPEED, GOTO_SPEED = 2.0, 1.8  # against wasm3: what a wheel ships, the goto shell of another build
WHOLE = ("load", "async", "cycles")


def results(rows: Sequence[Row], engines: Sequence[str], about: Mapping[str, Any]) -> list[Result]:
    """The goals that the rows allow to speak of, in the order of the table; `about` is of the run.

    A part of a module says nothing about a goal in milliseconds, nor few instances about many: left out.
    """
    whole = {row.name: row for row in rows if row.group not in WHOLE or about["scale"] == 1}
    measured = Measured(whole, engines, about["shells"])
    return [
        *_speed(measured), *_slower(measured), *_simd(measured), *_boundary(measured), *_import(measured),
        *_load(measured), *_load_large(measured), *_sizes(measured),
        *run_goals.results(measured),
    ]  # fmt: skip


def markdown(results: Sequence[Result]) -> str:
    """The table for a document."""
    lines = ["| | goal | here | others | met |", "|---|---|---|---|---|"]
    marks = {True: "yes", False: "**not yet**"}
    lines += [f"| {r.what} | {r.goal} | {r.result} | {r.others} | {marks[r.met]} |" for r in results]
    return "\n".join(lines)


def _speed(measured: Measured) -> Iterator[Result]:
    kernels = measured.group("kernels")
    if WASM3 not in measured.engines or len(kernels) < 2:
        return
    others = [
        f"{engine} {1 / mean[0]:.2g}"
        for engine in measured.engines
        if engine not in measured.ours and engine != WASM3 and (mean := mean_ratio(kernels, engine, WASM3))
    ]
    for engine in measured.ours:
        mean = mean_ratio(kernels, engine, WASM3)
        if not mean:
            continue
        goto = engine != "pywasi" and measured.shells[engine] == "goto"
        goal, speed = GOTO_SPEED if goto else INSTALLED_SPEED, 1 / mean[0]
        what = f"speed, geometric mean of {mean[1]} programs: {_build(engine, measured)}"
        # An engine that fails on a program has no mean of all of them.
        met = speed >= goal and mean[1] == len(kernels)
        yield Result(what, f"≥ {goal:g} x {WASM3}", f"{speed:.2f} x", ", ".join(others), met)


def _build(engine: str, measured: Measured) -> str:
    return f"{engine} ({measured.shells[engine]} shell)"


def _slower(measured: Measured) -> Iterator[Result]:
    kernels = measured.group("kernels")
    for engine in measured.ours:
        found = {row.name: r.median for row in kernels if (r := ratio(row, engine, WASM3))}
        if len(found) < 2:
            continue
        slower = sorted(name for name, median in found.items() if median > 1)
        worst = max(found, key=found.__getitem__)
        text = ": ".join(filter(None, [str(len(slower)), ", ".join(slower)]))
        text += f" (the least: {worst}, {1 / found[worst]:.2f} x)"
        yield Result(f"programs slower than {WASM3}: {_build(engine, measured)}", "0", text, "", not slower)


def _simd(measured: Measured) -> Iterator[Result]:
    means = {}
    for engine in measured.engines:
        gains = {row.name: found.median for row in measured.group("simd") if (found := gain(row, engine))}
        if gains:
            means[engine] = geometric_mean(list(gains.values())), gains
    others = ", ".join(f"{e} {m[0]:.2g}" for e, m in means.items() if e not in measured.ours)
    for engine in measured.ours:
        if engine in means:
            mean, gains = means[engine]
            each = ", ".join(f"{name} {value:.2g}" for name, value in gains.items())
            what = f"{len(gains)} programs with SIMD against the same without: {_build(engine, measured)}"
            yield Result(what, "≥ 2 x", f"{mean:.2f} x ({each})", others, mean >= 2)


def _boundary(measured: Measured) -> Iterator[Result]:
    texts = {
        "call": ("`add(i32, i32)` from Python", "a METH_FASTCALL C function", 1.8),
        "callback": ("wasm calls a Python function", "a C extension that calls it", 2.0),
        "read16": ("read 16 bytes of memory", "the same on a bytearray", 1.5),
        "write1m": ("write 1 MB of memory", "the same on a bytearray", 1.5),
        "buffers1k": (
            "two buffers of 1 KB to a function, one back",
            "a C function with the same copies",
            3.0,
        ),
    }
    for name, (what, than, goal) in texts.items():
        row = measured.rows.get(name)
        found = ratio(row, measured.main, NATIVE) if row else None
        if row and found:
            others = [f"{e} {number(r.median)}" for e in measured.others if (r := ratio(row, e, NATIVE))]
            text = f"{found.median:.2f} x (± {found.spread * 50:.0f} %)"
            yield Result(what, f"≤ {goal:g} x {than}", text, ", ".join(others), found.median <= goal)


def _import(measured: Measured) -> Iterator[Result]:
    row = measured.rows.get("import")
    mine = _over_bare(row, measured.main) if row else None
    if row and mine is not None:
        found = {e: _over_bare(row, e) for e in measured.others}
        others = [f"{engine} {value / MS:.1f} ms" for engine, value in found.items() if value is not None]
        text, met = f"{mine / MS:.1f} ms", mine <= 3 * MS
        yield Result("import, over bare Python", "≤ 3 ms CPU", text, ", ".join(others), met)


def _over_bare(row: Row, engine: str) -> float | None:
    pairs = zip(row.samples.get(engine, []), row.samples.get(NATIVE, []), strict=False)
    return median_of([mine - bare for mine, bare in pairs])


def _times(row: Row, measured: Measured) -> str:
    """The time of others over ours."""
    found = [(engine, ratio(row, engine, measured.main)) for engine in measured.others]
    return ", ".join(f"{engine} {number(r.median)} x ours" for engine, r in found if r)


def _load(measured: Measured) -> Iterator[Result]:
    time = measured.median("load", measured.main)
    if time is None:
        return
    row = measured.rows["load"]
    validating = ratio(row, WASMTIME, measured.main)
    met = time <= 8 * MS and (validating is None or validating.median > 1)
    what, goal = "load a module of 1.4 MB, with validation", "≤ 8 ms CPU, and less than who validates"
    yield Result(what, goal, f"{time / MS:.1f} ms", _times(row, measured), met)


def _load_large(measured: Measured) -> Iterator[Result]:
    texts = {
        "load_27m": "load a module of 27 MB",
        "load_69m": "load a module of 69 MB",
        "load_yosys": "compile Yosys (69 MB)",
    }
    for name, what in texts.items():
        time = measured.median(name, measured.main)
        if time is None:
            continue
        row = measured.rows[name]
        peaks = {e: median_of(row.peak.get(e, [])) for e in (measured.main, *measured.others)}
        mine = peaks.pop(measured.main)
        memory = "" if mine is None else f", {mine / MIB:.0f} MiB at the peak"
        theirs = ", ".join(f"{e} {peak / MIB:.0f} MiB" for e, peak in peaks.items() if peak is not None)
        others = "; ".join(filter(None, [_times(row, measured), theirs]))
        met = time <= 1 and (mine is None or mine <= 250e6)
        yield Result(what, "≤ 1 s CPU, ≤ 250 MB", f"{time:.2f} s{memory}", others, met)


def _sizes(measured: Measured) -> Iterator[Result]:
    texts = (
        ("instance", "memory of an instance of a tiny module", 16 << 10, "≤ 16 KiB"),
        ("wheel", "the wheel", 1_500_000, "≤ 1.5 MB"),
    )
    for name, what, limit, goal in texts:
        mine = measured.median(name, measured.main)
        if mine is not None:
            found = {e: measured.median(name, e) for e in measured.others}
            others = ", ".join(f"{engine} {size(n)}" for engine, n in found.items() if n is not None)
            yield Result(what, goal, size(mine), others, mine <= limit)
