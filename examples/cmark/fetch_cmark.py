"""Fetches the C sources of cmark-gfm into third_party/: PyPI's cmarkgfm carries them as source."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
from example_sources import from_pypi

NAME, VERSION = "cmarkgfm", "2025.10.22"
SHA256 = "5bec61007b65b919488442c838c58a6c8bf4741f5103c593b2ef180d39818eda"
FILES = (
    "third_party/cmark/src/*.[ch]",
    "third_party/cmark/src/*.inc",
    "third_party/cmark/extensions/*.[ch]",
    "third_party/cmark/COPYING",
    "generated/unix/*.h",
)

if __name__ == "__main__":
    target = Path(__file__).parent / "third_party"
    print("fetched" if from_pypi(target, NAME, VERSION, SHA256, FILES) else "there already")
