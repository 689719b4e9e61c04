"""Runs tests/c/verdict_driver.c, which says what decoding and validation think of modules."""

from __future__ import annotations

import os
import shlex
import struct
import subprocess
from collections.abc import Iterable
from pathlib import Path

from spec_driver_run import driver_command

TIMEOUT = 300.0
FEATURES = [
    line.split('"')[1]
    for line in (Path(__file__).parents[2] / "csrc/base/features.def")
    .read_text(encoding="utf-8")
    .splitlines()
    if line.startswith("PW_FEATURE(")
]


def command() -> list[str]:
    """The program beside the driver of the suite, under the same emulator."""
    words = driver_command()
    assert words
    driver = Path(words[-1])
    return [*shlex.split(os.environ.get("PYWASI_SPEC_EMULATOR", "")), str(driver.with_stem("verdict_driver"))]


def verdicts(modules: Iterable[bytes], without: Iterable[str], folder: Path) -> list[str]:
    """A text for each module that starts with "ok", "malformed" or "invalid"; features `without` are off."""
    bits = [FEATURES.index(name) for name in sorted(without)]
    head = struct.pack(f"<{len(bits) + 1}I", len(bits), *bits)
    file = folder / "modules"
    records = [head + struct.pack("<I", len(wasm)) + wasm for wasm in modules]
    file.write_bytes(b"".join(records))
    done = subprocess.run(
        [*command(), str(file)],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.split("\n")[:-1]
    assert len(lines) == len(records)
    return lines
