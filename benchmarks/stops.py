"""How long it takes to end a run: by `cancel` in another thread, by a timeout, by Ctrl-C. In wall time."""

from __future__ import annotations

import os
import signal
import statistics
import threading
import time
from typing import Any

from . import guests

AFTER = 0.02  # seconds that a call runs before it is ended
TRIES = 3
WAYS = ("cancel", "timeout", "ctrl_c") if hasattr(os, "fork") else ("cancel", "timeout")
WHATS = ("loop", "bulk", "sleep", "read", "wait")


class Stops:
    """Instances of a guest that never ends, one of them with a timeout; its stdin never has anything."""

    def __init__(self) -> None:
        import pywasi_native as wasm

        self.errors = {"cancel": wasm.Cancelled, "timeout": wasm.Timeout, "ctrl_c": KeyboardInterrupt}
        self.stdin, self.into = os.pipe()
        shared = wasm.Memory(wasm.MemoryType(1, 1, shared=True))
        module = wasm.compile(guests.endless_module())
        self.instances = {
            timeout: module.instantiate(
                {"env": {"shared": shared}},
                wasi=wasm.Wasi(stdin=self.stdin),
                limits=wasm.Limits(timeout=timeout),
            )
            for timeout in (None, AFTER)
        }
        for way in ("cancel", "timeout"):
            self.time(way, "bulk")  # its pages are there before they count

    def time(self, way: str, what: str) -> float:
        """Seconds from the request to the exception, the median of some tries."""
        return statistics.median(self._once(way, what) for _ in range(TRIES))

    def _once(self, way: str, what: str) -> float:
        instance: Any = self.instances[AFTER if way == "timeout" else None]
        asked = time.perf_counter() + AFTER
        thread = None
        ended = threading.Event()

        def stop() -> None:
            nonlocal asked
            time.sleep(AFTER)
            asked = time.perf_counter()
            if way == "ctrl_c":
                os.kill(os.getpid(), signal.SIGINT)
                return
            instance.cancel()
            while not ended.wait(1):  # a busy machine had not begun the call, and then this ends nothing
                asked = time.perf_counter()
                instance.cancel()

        # A program that was started in the background of a shell does not listen to Ctrl-C.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            if way != "timeout":
                thread = threading.Thread(target=stop)
                thread.start()
            instance[what]()
        except self.errors[way]:
            return time.perf_counter() - asked
        finally:
            ended.set()
            if thread:
                thread.join()
            signal.signal(signal.SIGINT, before)
        raise RuntimeError(f"{what} ended by itself")
