"""Many runs at once: a pool against `multiprocessing`, threads, coroutines.

Both pools have two workers and give each task an instance as it was made. A process resets its own, which is
the cheapest way that a user of `multiprocessing` has; how many tasks are sent at once is left to both.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import multiprocessing.pool
import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from . import guests

WORKERS = 2
SMALL, LARGE = 20, 4_000_000  # steps of `work`: less than a microsecond, some 10 ms
WORDS = 16 << 10  # of `mix`: 64 KiB

_own: Any = None  # of a process of multiprocessing: its instance
_state: Any = None  # and what it is reset to


def _begin(module: Any) -> None:
    """A process of multiprocessing begins."""
    global _own, _state
    _own = module.instantiate()
    _state = _own.snapshot()


def _work_in_process(n: int) -> int:
    try:
        result: int = _own.work(n)
        return result
    finally:
        _own.reset(_state)


def _mix_in_process(data: bytes) -> bytes:
    try:
        return mix(_own, data)
    finally:
        _own.reset(_state)


def mix(instance: Any, data: bytes) -> bytes:
    """Bytes in and changed bytes out: the task of `pool_64k`."""
    instance.memory.write(guests.DATA, data)
    instance.mix(len(data) // 4)
    changed: bytes = instance.memory.read(guests.DATA, len(data))
    return changed


class Pools:
    """A pool of this project and one of `multiprocessing`, both warm."""

    def __init__(self) -> None:
        import pywasi_native as wasm

        module = wasm.compile(guests.task_module())
        # Before there are threads. A fork takes no time that the measurement would have to leave out.
        context = multiprocessing.get_context("fork" if hasattr(os, "fork") else "spawn")
        self.processes: multiprocessing.pool.Pool = context.Pool(WORKERS, _begin, [module])
        self.threads: Any = wasm.Pool(module, WORKERS)
        self.time("pool_small", 100)

    def time(self, name: str, times: int) -> dict[str, Any]:
        """Seconds of wall time for a task, here and there; the results have to be the same."""
        rows: dict[str, tuple[Any, Callable[[Any], Any], Sequence[Any]]] = {
            "pool_small": ("work", _work_in_process, [SMALL] * times),
            "pool_10ms": ("work", _work_in_process, [LARGE] * times),
            "pool_64k": (mix, _mix_in_process, [bytes([i % 251]) * 4 * WORDS for i in range(times)]),
        }
        function, in_process, tasks = rows[name]
        here, ours = _timed(lambda: list(self.threads.map(function, tasks)))
        there, theirs = _timed(lambda: self.processes.map(in_process, tasks))
        if ours != theirs:
            raise RuntimeError("the pools do not compute the same")
        return {"wall": here / times, "against": there / times, "result": len(set(ours))}

    def close(self) -> None:
        """Ends all workers."""
        self.threads.shutdown()
        self.processes.close()
        self.processes.join()


def _timed(deed: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = deed()
    return time.perf_counter() - start, result


def threads(times: int) -> dict[str, Any]:
    """Wall time of two instances in two threads, and of one of them alone: the best of three."""
    import pywasi_native as wasm

    module = wasm.compile(guests.task_module())
    instances: list[Any] = [module.instantiate() for _ in range(WORKERS)]
    for instance in instances:
        instance.work(1)

    def run(some: Sequence[Any]) -> float:
        started = [threading.Thread(target=one.work, args=(times,)) for one in some]
        start = time.perf_counter()
        for thread in started:
            thread.start()
        for thread in started:
            thread.join()
        return time.perf_counter() - start

    times_of = [(run(instances), run(instances[:1])) for _ in range(3)]
    together, alone = map(min, zip(*times_of, strict=True))
    return {"wall": together, "against": alone, "result": instances[0].work(1)}


def coroutines(times: int) -> dict[str, Any]:
    """CPU for an instance that is made, called, waits in an `async` host function, and finishes.

    All of them wait at once in one thread. Against it: tasks of asyncio that wait the same way without wasm.
    """
    import pywasi_native as wasm

    module = wasm.compile(guests.asking_module())

    async def all_of_them(asked: bool) -> tuple[float, int]:
        gate, waiting = asyncio.Event(), 0

        async def answer(n: int) -> int:
            nonlocal waiting
            waiting += 1
            await gate.wait()
            return n

        async def one(n: int) -> int:
            if asked:
                instance: Any = module.instantiate({"env": {"answer": answer}})
                result: int = await instance.ask.aio(n)
                return result
            return await answer(n) + 1

        start = time.process_time()
        tasks = [asyncio.create_task(one(n)) for n in range(times)]
        while waiting < times:
            await asyncio.sleep(0)
        gate.set()
        results = await asyncio.gather(*tasks)
        return time.process_time() - start, sum(results)

    cpu, total = asyncio.run(all_of_them(True))
    bare, expected = asyncio.run(all_of_them(False))
    if total != expected:
        raise RuntimeError(f"the sum is {total}, not {expected}")
    return {"cpu": cpu / times, "against": bare / times, "result": total}
