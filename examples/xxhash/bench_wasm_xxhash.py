"""How many times as long as PyPI's xxhash it takes: medians of interleaved rounds of CPU time."""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable

import wasm_xxhash
import xxhash

Call = Callable[..., object]
NOISE = random.Random(1).randbytes(1 << 20)


def ratio(ours: Call, native: Call, rounds: int, *given: object) -> tuple[float, float]:
    """CPU time of ours through that of the native one, and milliseconds of ours."""
    calls = ours, native
    loops = [max(1, int(0.05 / max(spent(call, 2, *given), 1e-7))) for call in calls]
    found = [
        [spent(call, many, *given) for call, many in zip(calls, loops, strict=True)] for _ in range(rounds)
    ]
    return statistics.median(a / b for a, b in found), 1e3 * statistics.median(a for a, _ in found)


def spent(call: Call, loops: int, *given: object) -> float:
    """CPU seconds of one call."""
    start = time.process_time()
    for _ in range(loops):
        call(*given)
    return (time.process_time() - start) / loops


def main(rounds: int = 7) -> None:
    """Prints a table for the README."""
    print("| what | size | times native | ms |\n|---|---|---|---|")
    for size in (16, 1000, 100_000, 1 << 20):
        data = NOISE[:size]
        for name in ("xxh32", "xxh64", "xxh3_64", "xxh3_128"):
            ours, native = (getattr(module, f"{name}_intdigest") for module in (wasm_xxhash, xxhash))
            times, ms = ratio(ours, native, rounds, data)
            print(f"| {name} | {size:,} | {times:.1f} | {ms:.3g} |", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
