"""Fetches the C sources of xxHash into third_party/: PyPI's xxhash carries them as source."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
from example_sources import from_pypi

NAME, VERSION = "xxhash", "4.1.0"
SHA256 = "c9b288e4c1f5dae54417bc8a05e6f6daf505783d916b4783f4dd2f2e7d5db486"
FILES = ("deps/xxhash/xxhash.[ch]", "deps/xxhash/xxh3.h", "deps/xxhash/LICENSE")

if __name__ == "__main__":
    target = Path(__file__).parent / "third_party"
    print("fetched" if from_pypi(target, NAME, VERSION, SHA256, FILES) else "there already")
