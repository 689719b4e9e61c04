"""Measures engines against each other: `python -m benchmarks` (or `make bench`).

Rounds are interleaved (A, B, C, A, B, C, ...), time is CPU time, and what is reported is the median of
the ratios of the same round, with its spread. All engines get the same bytes, and their results must agree.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from . import packages, publish, toolchain
from .engines import ADAPTERS, version
from .jobs import Job, Jobs
from .options import Options, adapter, parse
from .processes import WorkerProcess
from .report import Row, as_json, gains_markdown, mean_ratio, table


class Bench:
    """Runs the rows that the options ask for."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.workers: dict[str, WorkerProcess] = {}
        self.started = time.monotonic()

    def worker(self, engine: str) -> WorkerProcess:
        """The engine's process; a new one where there is none, or where it has crashed or hung."""
        found = self.workers.get(engine)
        if found and found.dead:
            found.close()
            found = None
        if found is None:
            found = WorkerProcess(adapter(engine), self.options.sites.get(engine))
            self.workers[engine] = found
        return found

    def close(self) -> None:
        """Ends all workers."""
        for worker in self.workers.values():
            worker.close()
        self.workers.clear()

    def say(self, text: str) -> None:
        """Progress, on standard error."""
        if not self.options.quiet:
            print(f"[{time.monotonic() - self.started:6.0f} s] {text}", file=sys.stderr, flush=True)

    def rows(self) -> list[Row]:
        """All rows. Each round has new processes: where one lies in memory is worth some per cent."""
        self.say("building")
        jobs = Jobs(self.options, self.worker, self.say).all()
        rows = [Row(job.name, job.group, job.unit) for job in jobs]
        for number in range(self.options.rounds):
            for row, job in zip(rows, jobs, strict=True):
                self.say(f"round {number + 1}/{self.options.rounds} {row.name}")
                self._round(number, row, job)
            self.close()
        return rows

    def _round(self, number: int, row: Row, job: Job) -> None:
        for engine, sample in job.samplers.items():
            if engine in row.failures or (number > 0 and engine in job.once):
                continue
            row.record(engine, sample())
            if engine in row.failures:
                self.say(f"  {row.name}, {engine}: {row.failures[engine]}")

    def shells(self) -> dict[str, str]:
        """The interpreter shell of each engine that is a build of this project."""
        found = {}
        for engine in self.options.engines:
            if adapter(engine) == "pywasi":
                found[engine] = str(self.worker(engine).ask({"do": "about"}).get("result"))
        self.close()
        return found


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def circumstances(options: Options, shells: dict[str, str]) -> dict[str, object]:
    """What has to stand beside a ratio for it to mean something."""
    versions = {
        engine: version(engine) if engine in ADAPTERS else packages.version_in(options.sites[engine])
        for engine in options.engines
    }
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "cpu": _cpu(),
        "cpus": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": versions,
        "shells": shells,
        "commands": options.commands,
        "zig": toolchain.zig_version(),
        "rounds": options.rounds,
        "scale": options.scale,
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }


def problems(rows: Sequence[Row]) -> list[str]:
    """Disagreements and failures, in sentences."""
    found = [text for row in rows if (text := row.disagreement())]
    return found + [f"{row.name}, {engine}: {why}" for row in rows for engine, why in row.failures.items()]


def show(rows: Sequence[Row], options: Options) -> None:
    """The tables, on standard output."""
    print(table(rows, options.columns, options.base))
    print("Median of the ratios of the same round, ± half the spread; smaller is faster.")
    kernels = [row for row in rows if row.group == "kernels"]
    for engine in options.columns:
        mean = mean_ratio(kernels, engine, options.base)
        if mean and engine != options.base and mean[1] > 1:
            print(f"{engine}: {1 / mean[0]:.3g} x the speed of {options.base} over {mean[1]} kernels")
    alone = publish.without(rows, options.base)
    if alone:
        print("\n" + table(alone, publish.having(alone, options.columns), "native"))
    gains = gains_markdown(rows, options.columns)
    if gains:
        print("\n" + gains)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark; 1 when engines disagree or fail."""
    options = parse(arguments)
    bench = Bench(options)
    try:
        rows = bench.rows()
        about = circumstances(options, bench.shells())
    finally:
        bench.close()
    if not rows:
        print("nothing to measure: --only left no row", file=sys.stderr)
        return 2
    show(rows, options)
    data = as_json(rows, options.columns, options.base, about)
    found = problems(rows)
    publish.write(data, options.out)
    if options.publish:
        obstacles = publish.obstacles(found, rows, options)
        if obstacles:
            found = obstacles
        else:
            publish.publish(data)
    print()
    print(publish.goals_of(data))
    print(f"\nwritten to {options.out}", file=sys.stderr)
    for problem in found:
        print(f"error: {problem}", file=sys.stderr)
    return 1 if found else 0
