"""Builds both modules from C: `pip install ziglang`, then run this. The bytes are the same every time."""

import subprocess
import sys
from pathlib import Path

BUILT_WITH = "0.17.0"  # the version of ziglang that made the files beside this one
HERE = Path(__file__).parent
EXPORTS = ["circle_area", "triangle_area", "greatest_common_divisor"]


def build(out: Path = HERE) -> None:
    """Compiles hello.c to a program and shapes.c to a library, below `out`."""
    (out / "shapes").mkdir(exist_ok=True)
    zig = [sys.executable, "-m", "ziglang", "cc", "-target", "wasm32-wasi", "-Oz", "-s"]
    library = ["-mexec-model=reactor", *(f"-Wl,--export={name}" for name in EXPORTS)]
    subprocess.run([*zig, "-o", str(out / "hello.wasm"), "hello.c"], cwd=HERE, check=True)
    subprocess.run(
        [*zig, *library, "-o", str(out / "shapes/_shapes.wasm"), "shapes/shapes.c"], cwd=HERE, check=True
    )


if __name__ == "__main__":
    build()
