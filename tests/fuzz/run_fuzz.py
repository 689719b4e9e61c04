"""The differential test in a large dose: `make fuzz`, or `python tests/fuzz/run_fuzz.py --help`.

Modules that this project and wasmtime disagree on are written to a folder, those of the own generator made as
small as they get, with the command that runs them again.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import fuzz_binaryen  # noqa: E402
from fuzz_engines import Oracle, difference, in_ours  # noqa: E402
from fuzz_module import generate  # noqa: E402
from fuzz_reduce import reduce  # noqa: E402

AGAIN = "again: python tests/fuzz/run_fuzz.py --first {seed} --count 1{more}"


def own(first: int, count: int, folder: Path) -> int:
    """The project's generator; how many modules are told differently."""
    oracle, wrong = Oracle(), 0

    def problem(seed: int, cuts: frozenset[int] = frozenset()) -> str:
        made = generate(seed, cuts)
        return difference(in_ours(made), oracle.run(made))

    start = time.monotonic()
    for seed in range(first, first + count):
        found = problem(seed)
        if found:
            wrong += 1
            cuts = reduce(seed, lambda some, seed=seed: bool(problem(seed, some)))  # type: ignore[misc]
            (folder / f"own-{seed}.wasm").write_bytes(generate(seed, cuts).wasm)
            print(f"seed {seed}: {found}\n  {AGAIN.format(seed=seed, more='')}", flush=True)
        if (seed - first + 1) % 1000 == 0:
            print(f"{seed - first + 1} modules, {time.monotonic() - start:.0f} s, {wrong} wrong", flush=True)
    return wrong


def binaryen(first: int, count: int, folder: Path) -> int:
    """Binaryen's generator, where it is."""
    program = fuzz_binaryen.find_wasm_opt()
    if not program:
        print("binaryen is left out: npm install binaryen, and wasm-opt on the PATH or in PYWASI_WASM_OPT")
        return 0
    wrong = 0
    for seed in range(first, first + count):
        try:
            made = fuzz_binaryen.make(program, seed, folder)
        except subprocess.SubprocessError as error:
            print(f"binaryen seed {seed}: not made: {error}")
            continue
        found = fuzz_binaryen.difference(made)
        if found:
            wrong += 1
            (folder / f"binaryen-{seed}.wasm").write_bytes(made)
            print(
                f"binaryen seed {seed}: {found}\n  {AGAIN.format(seed=seed, more=' --binaryen 1')}",
                flush=True,
            )
        if (seed - first + 1) % 50 == 0:
            print(f"{seed - first + 1} modules of binaryen, {wrong} wrong", flush=True)
    return wrong


def main() -> int:
    """1 when engines disagree."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--first", type=int, default=1000, help="the first seed")
    parser.add_argument("--count", type=int, default=20_000, help="modules of the own generator")
    parser.add_argument(
        "--binaryen", type=int, default=200, help="modules of binaryen's (half a second each)"
    )
    parser.add_argument("--out", type=Path, help="where modules go that are told differently")
    given = parser.parse_args()
    folder = given.out or Path(tempfile.mkdtemp(prefix="pywasi-fuzz-"))
    folder.mkdir(parents=True, exist_ok=True)
    wrong = own(given.first, given.count, folder) + binaryen(given.first, given.binaryen, folder)
    print(f"{wrong} modules are told differently" + (f": see {folder}" if wrong else ""))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
