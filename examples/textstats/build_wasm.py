"""Compiles textstats.c to src/textstats/_core.wasm: `pip install ziglang`, then run this."""

import subprocess
import sys
from pathlib import Path

BUILT_WITH = "0.17.0"  # the version of ziglang that made the _core.wasm in the repository
HERE = Path(__file__).parent
EXPORTS = ["gcd", "count_words", "entropy", "distance", "malloc", "free"]


def build(out: Path = HERE / "src/textstats/_core.wasm") -> None:
    """A reactor: a library with `_initialize` and the exports named, no `main`."""
    zig = [sys.executable, "-m", "ziglang", "cc", "-target", "wasm32-wasi", "-O2", "-s"]
    exports = [f"-Wl,--export={name}" for name in EXPORTS]
    subprocess.run(
        [*zig, "-mexec-model=reactor", *exports, "-o", str(out), "textstats.c"], cwd=HERE, check=True
    )


if __name__ == "__main__":
    build()
