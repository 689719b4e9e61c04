"""How many times as long as Python's own zlib it takes: medians of interleaved rounds of CPU time."""

from __future__ import annotations

import sys
import zlib
from pathlib import Path

import wasm_zlib

sys.path.append(str(Path(__file__).parents[1]))
from example_times import ratio

TEXT = b" ".join(b"%d times %d" % (n % 37, n * n % 101) for n in range(100_000))[: 1 << 20]


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
