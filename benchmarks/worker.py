"""A process per engine that measures on request: one JSON object per line in, one per line out.

A process of its own, so that a crash costs one cell of the table, and so that no engine's threads, caches
or heap are in another's way. CPU time is that of the whole process (all threads) around the call measured.
"""

from __future__ import annotations

import gc
import itertools
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import meters, stops, together
from .engines import ADAPTERS, Engine, Loaded, Native
from .kernels import MASK

UNROLLED = 10


class Worker:
    """The measurements; every method but `kernel` returns seconds of CPU per operation."""

    def __init__(self, engine: str) -> None:
        self.engine: Engine = ADAPTERS[engine]()
        self.kernels: dict[str, Callable[[int], int]] = {}
        self.boundary: Loaded | None = None
        self.wasi_functions: Callable[[str], Callable[..., int]] | None = None
        self.has_loaded = False
        self.stops: stops.Stops | None = None
        self.pools: together.Pools | None = None
        self.saved: tuple[Any, Any] | None = None  # the instance of 64 MiB and its snapshot

    def about(self) -> dict[str, Any]:
        """What the engine says of itself."""
        if self.engine.name != "pywasi":
            return {"result": None}
        from pywasi_native import engine

        return {"result": engine.shell()}

    def kernel(self, path: str, units: int, warm: int, fuel: bool = False) -> dict[str, Any]:
        """One run of a kernel; it was loaded, and run once with `warm` units, before the clock starts."""
        name = f"{path} fuel" if fuel else path
        if name not in self.kernels:
            if isinstance(self.engine, Native):
                run: Callable[[int], int] = self.engine.kernel(path)
            elif fuel:
                run = self.engine.load_counting(path).function("run")  # type: ignore[attr-defined]
            else:
                run = self.engine.load(Path(path).read_bytes()).function("run")
            run(warm)
            self.kernels[name] = run
        run = self.kernels[name]
        start = time.process_time()
        result = run(units)
        return {"cpu": time.process_time() - start, "result": result & MASK}

    def load(self, path: str, times: int) -> dict[str, Any]:
        """Compiles and instantiates the module; the result is that of its `run`, outside of the clock."""
        wasm = Path(path).read_bytes()
        if not self.has_loaded:  # the engine's own imports and tables are no part of a load
            self.engine.load(wasm)
            self.has_loaded = True
        start = time.process_time()
        for _ in range(times):
            loaded = self.engine.load(wasm)
        cpu = (time.process_time() - start) / times
        return {"cpu": cpu, "result": loaded.function("run")(3) & 0xFFFFFFFF}

    def load_once(self, path: str, run: bool) -> dict[str, Any]:
        """One load of a large module in this new process, and the memory that it takes at its peak."""
        before = meters.resident()
        start = time.process_time()
        if run:
            loaded = self.engine.load_file(path)
        else:
            self.engine.compile(path)
        answer: dict[str, Any] = {"cpu": time.process_time() - start}
        peak = meters.peak()
        if before is not None and peak is not None:
            answer["peak"] = peak - before
        if run:
            answer["result"] = loaded.function("run")(3) & 0xFFFFFFFF
        return answer

    def instances(self, path: str, times: int) -> dict[str, Any]:
        """Bytes of memory that each of many instances of one small module adds; each one is called once."""
        wasm = Path(path).read_bytes()
        make = self.engine.maker(wasm)
        total = sum(make().function("add")(1, 2) for _ in range(10))
        gc.collect()
        before = meters.proportional()
        if before is None:
            return {"error": "system: it does not tell the memory of a process"}
        made = [make() for _ in range(times)]
        total += sum(one.function("add")(1, 2) for one in made)
        after = meters.proportional()
        assert after is not None
        return {"bytes": (after - before) / times, "result": total}

    def cycle(self, path: str, times: int) -> dict[str, Any]:
        """An instance made, called and dropped, many times over; and how much more memory there is then."""
        make = self.engine.maker(Path(path).read_bytes())

        def run(count: int) -> int:
            return sum(make().function("add")(1, 2) for _ in range(count))

        total = run(max(10, times // 20))
        gc.collect()
        before = meters.resident()
        start = time.process_time()
        total += run(times)
        answer = {"cpu": (time.process_time() - start) / times, "result": total}
        after = meters.resident()
        if before is not None and after is not None:
            answer["bytes"] = max(0, after - before)
        return answer

    def cycle_growth(self, path: str, times: int) -> dict[str, Any]:
        """The same, in a process of its own, where only the memory counts."""
        answer = self.cycle(path, times)
        return answer if "bytes" in answer else {"error": "system: it does not tell the memory of a process"}

    def stop(self, way: str, what: str) -> dict[str, Any]:
        """How long it takes to end a call."""
        self.stops = self.stops or stops.Stops()
        return {"wall": self.stops.time(way, what), "result": what}

    def pool(self, name: str, times: int) -> dict[str, Any]:
        """Tasks for two workers."""
        self.pools = self.pools or together.Pools()
        return self.pools.time(name, times)

    def threads(self, times: int) -> dict[str, Any]:
        """Two instances in two threads."""
        return together.threads(times)

    def coroutines(self, times: int) -> dict[str, Any]:
        """Instances that wait in coroutines."""
        together.coroutines(100)
        gc.collect()
        return together.coroutines(times)

    def close(self) -> None:
        """Ends what would outlive the process."""
        if self.pools:
            self.pools.close()

    def snapshot(self, path: str, name: str, times: int) -> dict[str, Any]:
        """One deed with a snapshot of 64 MiB, every page in use; 100 are written before a reset."""
        if self.saved is None:
            instance = self.engine.load(Path(path).read_bytes()).instance  # type: ignore[attr-defined]
            instance.memory.grow(1023)
            for page in range(0, 64 << 20, 4096):
                instance.memory[page] = 1
            self.saved = instance, instance.snapshot()
            instance.reset(self.saved[1])
        instance, saved = self.saved
        deeds: dict[str, Callable[[], int]] = {
            "snapshot_take": lambda: instance.snapshot().size,
            "snapshot_reset": lambda: instance.reset(saved) or saved.size,
            "snapshot_fork": lambda: saved.instantiate().memory.size,
        }
        copy = None
        if name == "snapshot_take":  # what it costs to copy as much in the simplest way
            start = time.process_time()
            for _ in range(times):
                bytes(instance.memory)
            copy = (time.process_time() - start) / times
        cpu = total = 0.0
        for _ in range(times):
            if name == "snapshot_reset":
                for page in range(100):
                    instance.memory[page * 4096] = 7
            start = time.process_time()
            total += deeds[name]()
            cpu += time.process_time() - start
        answer = {"cpu": cpu / times, "result": int(total) // times + instance["add"](1, 2)}
        return answer if copy is None else answer | {"against": copy}

    def wasi(self, path: str, name: str, times: int) -> dict[str, Any]:
        """One kind of system call, in a loop in C, in a directory of its own."""
        if self.wasi_functions is None:
            self.folder = tempfile.TemporaryDirectory()
            os.chdir(self.folder.name)
            self.wasi_functions = self.engine.wasi(path)  # type: ignore[attr-defined]
            if self.wasi_functions("prepare")() != 1:
                raise RuntimeError("the file for the measurement cannot be made")
        run = self.wasi_functions(name)
        run(1000)
        start = time.process_time()
        good = run(times)
        cpu = (time.process_time() - start) / times
        if good != times:
            raise RuntimeError(f"{times - good} of {times} calls failed")
        return {"cpu": cpu, "result": good}

    def _open(self, path: str) -> Loaded:
        if self.boundary is None:
            self.boundary = self.engine.load(Path(path).read_bytes(), _callback)
        return self.boundary

    def call(self, path: str, times: int) -> dict[str, Any]:
        """`add(i32, i32)`, called from Python."""
        add = self._open(path).function("add")
        add(0, 0)
        rounds = itertools.repeat(None, times // UNROLLED)
        start = time.process_time()
        for _ in rounds:
            add(1, 2)
            add(3, 4)
            add(5, 6)
            add(7, 8)
            add(9, 10)
            add(11, 12)
            add(13, 14)
            add(15, 16)
            add(17, 18)
            add(19, 20)
        return {"cpu": (time.process_time() - start) / times, "result": add(2**31 - 1, 1)}

    def callback(self, path: str, times: int) -> dict[str, Any]:
        """A Python function, called from wasm."""
        loop = self._open(path).function("loop")
        loop(1000)
        start = time.process_time()
        result = loop(times)
        return {"cpu": (time.process_time() - start) / times, "result": result}

    def read16(self, path: str, times: int) -> dict[str, Any]:
        """16 bytes out of memory."""
        loaded = self._open(path)
        at = loaded.function("buffer_address")() + 64
        loaded.writer(at, bytes(range(16)))()
        read = loaded.reader(at)
        return _repeat(read, times, lambda: read().hex())

    def write1m(self, path: str, times: int) -> dict[str, Any]:
        """1 MB into memory."""
        loaded = self._open(path)
        at = loaded.function("buffer_address")()
        write = loaded.writer(at, bytes(range(250)) * 4000)
        read = loaded.reader(at + 999_984)
        return _repeat(write, times, lambda: read().hex())

    def buffers1k(self, path: str, times: int) -> dict[str, Any]:
        """A function that takes 1 KB and another that it writes to."""
        loaded = self._open(path)
        function = loaded.buffers(loaded.function("buffer_address")())
        data, out = bytes(range(256)) * 4, bytearray(1024)
        rounds = itertools.repeat(None, times // UNROLLED)
        function(data, out)
        start = time.process_time()
        for _ in rounds:
            function(data, out)
            function(data, out)
            function(data, out)
            function(data, out)
            function(data, out)
            function(data, out)
            function(data, out)
            function(data, out)
            function(data, out)
            function(data, out)
        cpu = (time.process_time() - start) / times
        out[0] = 7
        return {"cpu": cpu, "result": (function(data, out), out[0], len(out))}


def _callback(x: int) -> int:
    return x + 1


def _repeat(operation: Callable[[], object], times: int, result: Callable[[], str]) -> dict[str, Any]:
    operation()
    rounds = itertools.repeat(None, times)
    start = time.process_time()
    for _ in rounds:
        operation()
    return {"cpu": (time.process_time() - start) / times, "result": result()}


def main() -> None:
    """Serves until standard input ends."""
    worker = Worker(sys.argv[1])
    gc.disable()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = getattr(worker, request.pop("do"))(**request)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)
    worker.close()


if __name__ == "__main__":
    main()
