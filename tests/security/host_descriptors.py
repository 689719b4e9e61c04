"""The descriptors of this process, counted."""

from __future__ import annotations

import gc
from pathlib import Path

LIST = next((path for path in (Path("/proc/self/fd"), Path("/dev/fd")) if path.exists()), None)


def count() -> int:
    """How many are open; the one that looks is among them every time."""
    assert LIST is not None
    gc.collect()
    return len(list(LIST.iterdir()))
