"""How many times as long as PyPI's lz4 it takes: medians of interleaved rounds of CPU time."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import lz4.block  # type: ignore[import-untyped]
import lz4.frame  # type: ignore[import-untyped]
import wasm_lz4

sys.path.append(str(Path(__file__).parents[1]))
from example_times import Call, ratio

block_of = partial(lz4.block.compress, store_size=False)
TEXT = b" ".join(b"%d times %d" % (n % 37, n * n % 101) for n in range(100_000))[: 1 << 20]


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
