"""How many times as long as Python's own zlib it takes: medians of interleaved rounds of CPU time."""

from __future__ import annotations

import statistics
import sys
import time
import zlib
from collections.abc import Callable

import wasm_zlib

Call = Callable[..., object]
TEXT = b" ".join(b"%d times %d" % (n % 37, n * n % 101) for n in range(100_000))[: 1 << 20]


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
    for size in (100, 10_000, 1 << 20):
        data = TEXT[:size]
        packed = zlib.compress(data)
        for name, ours, native in (
            ("crc32", wasm_zlib.crc32, zlib.crc32),
            ("adler32", wasm_zlib.adler32, zlib.adler32),
            ("compress", wasm_zlib.compress, zlib.compress),
            ("decompress", wasm_zlib.decompress, zlib.decompress),
        ):
            times, ms = ratio(ours, native, rounds, packed if name == "decompress" else data)
            print(f"| {name} | {size:,} | {times:.1f} | {ms:.3g} |", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
