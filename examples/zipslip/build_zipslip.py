"""Builds the extractor from C: `pip install ziglang`, then run this. The bytes are the same every time."""

import subprocess
import sys
from pathlib import Path

BUILT_WITH = "0.17.0"  # the version of ziglang that made the file beside this one
HERE = Path(__file__).parent


def build(out: Path = HERE) -> None:
    """Compiles unzip.c to a program below `out`."""
    zig = [sys.executable, "-m", "ziglang", "cc", "-target", "wasm32-wasi", "-Oz", "-s"]
    subprocess.run([*zig, "-o", str(out / "unzip.wasm"), "unzip.c"], cwd=HERE, check=True)


if __name__ == "__main__":
    build()
