"""How much memory this process has, in bytes, as Linux tells it; None on other systems."""

from __future__ import annotations

from pathlib import Path


def _field(file: str, name: str) -> int | None:
    try:
        text = Path("/proc/self", file).read_text()
    except OSError:
        return None
    for line in text.splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return None


def resident() -> int | None:
    """Memory that is there now."""
    return _field("status", "VmRSS")


def peak() -> int | None:
    """The most that has been there since the process began. (`ru_maxrss` would count its parent, too.)"""
    return _field("status", "VmHWM")


def proportional() -> int | None:
    """Memory that is there now; of a page that N processes share, the N-th part."""
    return _field("smaps_rollup", "Pss")
