"""Measures engines against each other: `python -m benchmarks` (or `make bench`).

Rounds are interleaved (A, B, C, A, B, C, ...), time is CPU time, and what is reported is the median of
the ratios of the same round, with its spread. No absolute time is printed: on another machine it would
mean nothing. All engines get the same bytes, and their results must agree.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import debian, toolchain
from .bigmodule import module_file
from .engines import BOUNDARY, ENGINES, FIRST_USE, version
from .kernels import KERNELS, Kernel
from .report import Row, as_json, markdown, mean_ratio, table

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 300.0  # seconds of wall time for one request; a worker that needs more is ended
BOUNDARY_EXPORTS = ["add", "loop", "buffer_address"]
# name: (what is done per sample, times)
BOUNDARY_TIMES = {"call": 300_000, "callback": 100_000, "read16": 100_000, "write1m": 400}
WASI = ROOT / "benchmarks" / "wasi"
# name: calls per sample
WASI_TIMES = {"write16": 200_000, "read16": 200_000, "open_close": 100_000, "clock_time": 1_000_000}
LOAD_SIZE = 1_400_000
HAVE_WAIT4 = hasattr(os, "wait4")


class WorkerProcess:
    """The process of one engine; after a crash or a timeout it is `dead` and answers nothing more."""

    def __init__(self, engine: str) -> None:
        self.engine, self.dead = engine, ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", engine],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer, or {"error": ...}."""
        if self.dead:
            return {"error": self.dead}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return self._die()
        # A timer and not select(): Windows cannot wait for a pipe.
        timer = threading.Timer(LIMIT, self._time_out)
        timer.start()
        try:
            line = self.process.stdout.readline()
        finally:
            timer.cancel()
        if not line:
            return self._die()
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _time_out(self) -> None:
        self.dead = f"timeout: over {LIMIT:g} s"
        self.process.kill()

    def _die(self) -> dict[str, Any]:
        code = self.process.wait()
        self.dead = self.dead or f"crash: the worker ended with {code}"
        return {"error": self.dead}

    def close(self) -> None:
        """Ends the process."""
        if self.process.stdin:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()
        if self.process.stdout:
            self.process.stdout.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass
class Options:
    """The command line, resolved."""

    engines: list[str]
    commands: dict[str, str]
    base: str
    rounds: int
    scale: float
    only: list[str]
    quiet: bool
    json: Path | None = None
    markdown: Path | None = None

    @property
    def columns(self) -> list[str]:
        """In-process engines and command lines."""
        return [*self.engines, *self.commands]

    def wants(self, group: str, name: str) -> bool:
        """Whether `--only` lets this row through."""
        return not self.only or group in self.only or name in self.only


Sampler = Callable[[], dict[str, Any]]
Job = tuple[str, str, dict[str, Sampler]]  # row, group, and how to get a sample of each engine


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
            found = self.workers[engine] = WorkerProcess(engine)
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
        jobs = [*self._boundary(), *self._imports(), *self._load(), *self._wasi(), *self._kernels()]
        rows = [Row(name, group) for name, group, _ in jobs]
        for number in range(1, self.options.rounds + 1):
            for row, (name, _, samplers) in zip(rows, jobs, strict=True):
                self.say(f"round {number}/{self.options.rounds} {name}")
                for engine, sample in samplers.items():
                    if engine not in row.failures:
                        self._record(row, engine, sample())
            self.close()
        return rows

    def _record(self, row: Row, engine: str, answer: dict[str, Any]) -> None:
        if "error" in answer:
            row.failures[engine] = answer["error"]
            row.samples.pop(engine, None)
            self.say(f"  {row.name}, {engine}: {answer['error']}")
            return
        row.samples.setdefault(engine, []).append(answer["cpu"])
        row.results[engine] = answer.get("result")

    def _asking(self, engine: str, **request: Any) -> Sampler:
        return lambda: self.worker(engine).ask(dict(request))

    def _boundary(self) -> Iterator[Job]:
        wanted = [name for name in BOUNDARY_TIMES if self.options.wants("boundary", name)]
        if not wanted:
            return
        flags = ("-O2", toolchain.PORTABLE_CPU)
        wasm = toolchain.build_reactor(BOUNDARY / "boundary.c", BOUNDARY_EXPORTS, flags)
        for name in wanted:
            times = max(20, int(BOUNDARY_TIMES[name] * self.options.scale) // 10 * 10)
            yield (
                name,
                "boundary",
                {e: self._asking(e, do=name, path=str(wasm), times=times) for e in self.options.engines},
            )

    def _imports(self) -> Iterator[Job]:
        if not self.options.wants("import", "import"):
            return
        if not HAVE_WAIT4:
            self.say("import is left out: this system does not tell the CPU time of one process")
            return
        yield "import", "import", {engine: _importer(FIRST_USE[engine]) for engine in self.options.engines}

    def _load(self) -> Iterator[Job]:
        if not self.options.wants("load", "load"):
            return
        size = max(20_000, int(LOAD_SIZE * self.options.scale))
        wasm = module_file(toolchain.cache_root() / "modules", size)
        engines = [engine for engine in self.options.engines if engine != "native"]
        yield "load", "load", {e: self._asking(e, do="load", path=str(wasm), times=1) for e in engines}

    def _wasi(self) -> Iterator[Job]:
        wanted = [name for name in WASI_TIMES if self.options.wants("wasi", f"wasi_{name}")]
        engines = [engine for engine in self.options.engines if hasattr(ENGINES[engine], "wasi")]
        if not wanted or not engines:
            return
        source, flags = WASI / "syscalls.c", ("-O3",)
        wasm = toolchain.build_reactor(source, ["prepare", *WASI_TIMES], [*flags, toolchain.PORTABLE_CPU])
        native = toolchain.build_shared(source, flags, compiler=toolchain.zig_cc())
        for name in wanted:
            times = max(1000, int(WASI_TIMES[name] * self.options.scale))
            samplers = {
                engine: self._asking(
                    engine,
                    do="wasi",
                    path=str(native if engine == "native" else wasm),
                    name=name,
                    times=times,
                )
                for engine in engines
            }
            yield f"wasi_{name}", "wasi", samplers

    def _kernels(self) -> Iterator[Job]:
        for kernel in KERNELS:
            if not self.options.wants("kernels", kernel.name):
                continue
            try:
                kernel.flags()
            except debian.NoSource as error:
                self.say(f"{kernel.name} is left out: {error}")
                continue
            units = kernel.scaled(self.options.scale)
            samplers = {}
            for engine in self.options.engines:
                path = kernel.native() if engine == "native" else kernel.wasm()
                samplers[engine] = self._asking(engine, do="kernel", path=str(path), units=units, warm=1)
            for name, template in self.options.commands.items():
                samplers[name] = _command(template, kernel, units)
            yield kernel.name, "kernels", samplers


def _timed(command: list[str]) -> tuple[float, bytes, int]:
    """CPU seconds of a whole process, its standard output, and its exit code."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert process.stdout is not None
    with process.stdout as stream:
        output = stream.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime, output, process.returncode


def _importer(statement: str) -> Sampler:
    def sample() -> dict[str, Any]:
        # Five processes: one import is near the resolution of the clock.
        runs = [_timed([sys.executable, "-c", statement]) for _ in range(5)]
        if any(code for _, _, code in runs):
            return {"error": f"import: {statement!r} failed"}
        return {"cpu": sum(cpu for cpu, _, _ in runs) / len(runs)}

    return sample


def _command(template: str, kernel: Kernel, units: int) -> Sampler:
    path = kernel.command()
    words = [word.format(file=path, n=units) for word in shlex.split(template)]

    def sample() -> dict[str, Any]:
        if not HAVE_WAIT4:
            return {"error": "system: it does not tell the CPU time of one process"}
        try:
            cpu, output, code = _timed(words)
        except OSError as error:
            return {"error": f"cannot run: {error}"}
        if code != 0:
            return {"error": f"exit {code}: {output[-200:]!r}"}
        return {"cpu": cpu, "result": int(output.split()[-1])}

    return sample


def parse(arguments: Sequence[str] | None) -> Options:
    """The command line; ends the program with advice where it asks for what is not there."""
    parser = argparse.ArgumentParser(prog="bench", description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--engines", help=f"comma-separated, of {', '.join(ENGINES)} (default: all installed)"
    )
    parser.add_argument(
        "--command",
        action="append",
        default=[],
        metavar="NAME=TEMPLATE",
        help="a command-line engine for the kernels, with {file} and {n}: wasm3='wasm3 {file} {n}'",
    )
    parser.add_argument("--base", help="what the ratios are relative to (default: pywasm3, else the first)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0, help="amount of work; 0.05 for a quick look")
    parser.add_argument(
        "--only", default="", help="comma-separated: boundary, import, load, wasi, kernels, or rows"
    )
    parser.add_argument("--json", type=Path, help="write samples, ratios and circumstances to this file")
    parser.add_argument("--markdown", type=Path, help="write the table to this file, for a document")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    given = parser.parse_args(arguments)
    engines = given.engines.split(",") if given.engines else [e for e in ENGINES if version(e)]
    groups = {"boundary", "import", "load", "wasi", "kernels"}
    rows = {*BOUNDARY_TIMES, *(f"wasi_{name}" for name in WASI_TIMES), *(k.name for k in KERNELS)}
    known = {*ENGINES, *groups, *rows}
    only = given.only.split(",") if given.only else []
    for name in [*engines, *only]:
        if name not in known:
            parser.error(f"unknown name {name!r}; there are {', '.join(sorted(known))}")
    for engine in engines:
        if not version(engine):
            parser.error(f"{engine} is not installed: pip install {ENGINES[engine].distribution}")
    if not toolchain.have_zig():
        parser.error("the programs are compiled by zig: pip install ziglang")
    commands = dict(command.split("=", 1) for command in given.command)
    base = given.base or ("pywasm3" if "pywasm3" in engines else [*engines, *commands][0])
    if base not in [*engines, *commands]:
        parser.error(f"--base {base} is not among the engines")
    if given.rounds < 1 or given.scale <= 0:
        parser.error("--rounds and --scale must be positive")
    return Options(
        engines, commands, base, given.rounds, given.scale, only, given.quiet, given.json, given.markdown
    )


def circumstances(options: Options) -> dict[str, object]:
    """What has to stand beside a ratio for it to mean something."""
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.platform(),
        "cpus": os.cpu_count(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "versions": {engine: version(engine) for engine in options.engines},
        "zig": toolchain.zig_version(),
        "rounds": options.rounds,
        "scale": options.scale,
    }


def write_files(rows: Sequence[Row], options: Options) -> None:
    """What --json and --markdown ask for."""
    if options.json:
        data = as_json(rows, options.columns, options.base, circumstances(options))
        _write(options.json, json.dumps(data, indent=1))
    if options.markdown:
        _write(options.markdown, markdown(rows, options.columns, options.base))


def _write(target: Path, text: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark; 1 when engines disagree or fail."""
    options = parse(arguments)
    bench = Bench(options)
    try:
        rows = bench.rows()
    finally:
        bench.close()
    if not rows:
        print("nothing to measure: --only left no row", file=sys.stderr)
        return 2
    print(table(rows, options.columns, options.base))
    print("Median of the ratios of the same round, ± half the spread; smaller is faster.")
    kernels = [row for row in rows if row.group == "kernels"]
    for engine in options.columns:
        mean = mean_ratio(kernels, engine, options.base)
        if mean and engine != options.base and mean[1] > 1:
            print(f"{engine}: {1 / mean[0]:.3g} x the speed of {options.base} over {mean[1]} kernels")
    write_files(rows, options)
    problems = [text for row in rows if (text := row.disagreement())]
    problems += [f"{row.name}, {engine}: {why}" for row in rows for engine, why in row.failures.items()]
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    return 1 if problems else 0
