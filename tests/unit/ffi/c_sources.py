"""Compiles the C sources of these tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def compile_c(source: Path, output: Path, *flags: str) -> None:
    """Compiles C with zig."""
    command = [sys.executable, "-m", "ziglang", "cc", "-O1", *flags, str(source), "-o", str(output)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
