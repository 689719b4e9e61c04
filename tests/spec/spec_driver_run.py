"""Runs the C driver on compiled scripts and reads what it says.

PYWASI_SPEC_DRIVER names the program (built by CMake with -DPYWASI_BUILD_TESTS=ON), PYWASI_SPEC_EMULATOR
what to put before it (``qemu-aarch64 -L /usr/aarch64-linux-gnu``, ``wine``), PYWASI_SPEC_SHELLS the shells to
run it on (``goto switch``; without it the default of the build), PYWASI_SPEC_FUEL after how many units of
fuel every call is to be interrupted and resumed, PYWASI_SPEC_MOVES how many of these for each script go on as
they come back from a snapshot.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

from compile_script import ScriptCompiler
from wast_assemble import ModuleCache
from wast_reader import WastSyntaxError
from wast_runner import Outcome, Status
from wast_script import parse_script
from wast_suite import Script

TIMEOUT = 600.0  # seconds for one script, emulated and under the sanitizers


class DriverError(Exception):
    """The driver crashed, hung, or printed what it must not print."""


def driver_command() -> list[str] | None:
    """The emulator and the driver, or None when no driver is named."""
    driver = os.environ.get("PYWASI_SPEC_DRIVER")
    return [*shlex.split(os.environ.get("PYWASI_SPEC_EMULATOR", "")), driver] if driver else None


def shells() -> list[str]:
    """The shells to test; the empty word is the default of the build."""
    return os.environ.get("PYWASI_SPEC_SHELLS", "").split() or [""]


def run_driver(script: Script, shell: str, cache: Path, folder: Path) -> list[Outcome]:
    """Compiles one script into `folder`, runs it, and gives all that was not passed, with counts made up."""
    data = script.file.read_bytes()
    try:
        commands = parse_script(data, script.path)
    except WastSyntaxError as error:
        return [Outcome(1, "script", Status.FAILED, str(error))]
    modules = ModuleCache(cache, data)
    file = folder / "script.pwspec"
    file.write_bytes(ScriptCompiler(modules).compile(commands))
    modules.save()
    options = ["--shell", shell] if shell else []
    options += ["--without", ",".join(sorted(script.without))] if script.without else []
    options += ["--fuel", fuel] if (fuel := os.environ.get("PYWASI_SPEC_FUEL")) else []
    options += ["--moves", moves] if (moves := os.environ.get("PYWASI_SPEC_MOVES")) else []
    words = [*(driver_command() or []), *options, str(file)]
    done = subprocess.run(
        words, capture_output=True, text=True, errors="replace", timeout=TIMEOUT, check=False
    )
    outcomes = parse_report(done.stdout)
    if done.returncode != 0 or outcomes is None:
        raise DriverError(f"exit code {done.returncode}\n{done.stdout[-1000:]}\n{done.stderr[-6000:]}")
    return outcomes


def parse_report(text: str) -> list[Outcome] | None:
    """The outcomes that a report tells; None when it does not end with totals that agree with its lines."""
    outcomes: list[Outcome] = []
    totals: list[int] = []
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "fail":
            number, _, detail = rest.partition(" ")
            outcomes.append(Outcome(int(number), "command", Status.FAILED, detail))
        elif word == "blocked":
            number, _, root = rest.partition(" ")
            outcomes.append(Outcome(int(number), "command", Status.BLOCKED, root=int(root)))
        elif word == "totals":
            totals = [int(count) for count in rest.split()]
    if len(totals) != 4:
        return None
    passed, failed, blocked, texts = totals
    if failed + blocked != len(outcomes):
        return None
    outcomes += [Outcome(0, "command", Status.PASSED)] * passed
    return outcomes + [Outcome(0, "command", Status.TEXT)] * texts
