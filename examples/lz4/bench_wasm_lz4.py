"""How many times as long as PyPI's lz4 it takes: medians of interleaved rounds of CPU time."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from functools import partial

import lz4.block  # type: ignore[import-untyped]
import lz4.frame  # type: ignore[import-untyped]
import wasm_lz4

Call = Callable[..., object]
block_of = partial(lz4.block.compress, store_size=False)
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
        block, frame = wasm_lz4.compress_block(data), wasm_lz4.compress(data)
        rows: tuple[tuple[str, Call, Call, tuple[object, ...]], ...] = (
            ("compress_block", wasm_lz4.compress_block, block_of, (data,)),
            ("decompress_block", wasm_lz4.decompress_block, lz4.block.decompress, (block, size)),
            ("compress", wasm_lz4.compress, lz4.frame.compress, (data,)),
            ("decompress", wasm_lz4.decompress, lz4.frame.decompress, (frame,)),
        )
        for name, ours, native, given in rows:
            times, ms = ratio(ours, native, rounds, *given)
            print(f"| {name} | {size:,} | {times:.1f} | {ms:.3g} |", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
