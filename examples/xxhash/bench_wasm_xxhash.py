"""How many times as long as PyPI's xxhash it takes: medians of interleaved rounds of CPU time."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import wasm_xxhash
import xxhash

sys.path.append(str(Path(__file__).parents[1]))
from example_times import ratio

NOISE = random.Random(1).randbytes(1 << 20)


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
