"""Fetches the C sources of LZ4 into third_party/: PyPI's lz4 carries them as source."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
from example_sources import from_pypi

NAME, VERSION = "lz4", "4.4.5"
SHA256 = "5f0b9e53c1e82e88c10d7c180069363980136b9d7a8306c4dca4f760d60c39f0"
FILES = ("lz4libs/*.[ch]", "LICENSE")

if __name__ == "__main__":
    target = Path(__file__).parent / "third_party"
    print("fetched" if from_pypi(target, NAME, VERSION, SHA256, FILES) else "there already")
