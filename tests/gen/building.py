"""Runs the generator and C compilers, for the tests of this folder."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import locate

GENERATOR = locate.ROOT / "csrc" / "gen" / "generate.py"
OPS = locate.ROOT / "csrc" / "ops"
STRICT = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]
# What csrc/CMakeLists.txt compiles floats with.
FLOATS = ["-ffp-contract=off", "-fno-math-errno"]
INCLUDES = [f"-I{locate.ROOT / 'csrc'}", f"-I{locate.ROOT / 'csrc' / 'include'}"]
# Their words are the interpreter's own (engine/interp.h), which compiles them in every build.
ENGINE_OPS = {"internal.op.c", "internal_gc.op.c", "internal_wide.op.c"}


def op_files() -> list[Path]:
    """The op files whose bodies use no words of the interpreter."""
    return sorted(path for path in OPS.glob("*.op.c") if path.name not in ENGINE_OPS)


def generate(out: Path, *files: Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Runs the generator as the build does."""
    return run([sys.executable, str(GENERATOR), str(out), *map(str, files)], cwd=cwd)


def run(command: list[str], cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Runs a command and returns what it said, whatever its status."""
    return subprocess.run(
        command, capture_output=True, text=True, timeout=300, cwd=cwd, check=False, stdin=subprocess.DEVNULL
    )


def run_with_input(command: list[str], text: str) -> subprocess.CompletedProcess[str]:
    """Runs a command that reads its standard input."""
    return subprocess.run(command, input=text, capture_output=True, text=True, timeout=600, check=False)


def compiler(name: str) -> list[str]:
    """The command of a compiler: cc (the machine's) or zig:TARGET (from PyPI); skips where it is missing."""
    kind, _, target = name.partition(":")
    if kind == "zig":
        if find_spec("ziglang") is None:
            locate.missing("ziglang is missing: pip install ziglang")
        return [sys.executable, "-m", "ziglang", "cc", "-target", target or "native"]
    found = shutil.which("cc") or shutil.which("gcc")
    if found is None:
        locate.missing("no C compiler (cc) on this machine")
    return [found]


def emulator(name: str) -> list[str]:
    """The command that runs programs of another machine, empty for this one's; skips where it is missing."""
    if name and shutil.which(name) is None:
        locate.missing(f"{name} is missing: apt-get install qemu-user wine")
    return [name] if name else []
