"""Runs scripts of the suite from the command line: ``python tests/spec/run_suite.py [paths]``.

For work on the engine and on the lists of expected failures; the tests use the same parts by way of pytest.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from spec_driver_run import DriverError, run_driver, shells
from wast_engine import Engine
from wast_expected import load, surprises
from wast_runner import Outcome, Status
from wast_suite import Script, run, scripts

CACHE = Path(tempfile.gettempdir()) / "pywasi-spec-modules"


def make_engine(name: str, without: frozenset[str]) -> Engine:
    """The adapter of that name."""
    if name == "wasmtime":
        from oracle_wasmtime import WasmtimeEngine

        return WasmtimeEngine(without)
    from pywasi_engine import PywasiEngine

    return PywasiEngine(without)


def outcomes_of(script: Script, engine: str) -> list[Outcome]:
    """Runs one script; `c` is the driver that PYWASI_SPEC_DRIVER names, on its first shell."""
    if engine != "c":
        return run(script, make_engine(engine, script.without), CACHE)
    with tempfile.TemporaryDirectory() as folder:
        try:
            return run_driver(script, shells()[0], CACHE, Path(folder))
        except (DriverError, subprocess.TimeoutExpired) as error:
            return [Outcome(1, "driver", Status.FAILED, str(error))]


def main() -> int:
    """Prints failures (with `--surprises`: only what the lists do not expect) and totals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", help="prefixes of script paths, as core/simd")
    parser.add_argument("--engine", default="pywasi", choices=["pywasi", "wasmtime", "c"])
    parser.add_argument("--surprises", action="store_true")
    parser.add_argument("--notes", action="store_true", help="passes with a differing message, too")
    options = parser.parse_args()
    root = Path(__file__).resolve().parents[2]
    suite = Path(os.environ.get("PYWASI_SHARED") or root.parent / "shared") / "conformance" / "spec-testsuite"
    expected, totals, bad = load(), Counter[Status](), 0
    for script in scripts(suite):
        if options.paths and not script.path.startswith(tuple(options.paths)):
            continue
        start = time.perf_counter()
        outcomes = outcomes_of(script, options.engine)
        counts = Counter(outcome.status for outcome in outcomes)
        totals += counts
        lines = _report(script.path, outcomes, options.notes)
        if options.surprises:
            lines = surprises(script.path, outcomes, expected.get(script.path, []))
        bad += bool(lines)
        print(*lines, sep="\n", end="\n" if lines else "")
        seconds = time.perf_counter() - start
        if lines or seconds > 5:
            print(f"{script.path}: {_counts(counts)} in {seconds:.1f} s", flush=True)
    print(f"all: {_counts(totals)}; scripts with something above: {bad}")
    return 1 if bad else 0


def _counts(counts: Counter[Status]) -> str:
    return ", ".join(f"{counts[status]} {status.value}" for status in Status)


def _report(path: str, outcomes: list[Outcome], notes: bool) -> list[str]:
    lines = [f"{path}:{o.line} {o.command}: {o.detail}" for o in outcomes if o.status is Status.FAILED]
    return lines + [f"{path}:{o.line} {o.command}: {o.note}" for o in outcomes if notes and o.note]


if __name__ == "__main__":
    sys.exit(main())
