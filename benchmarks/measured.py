"""What was measured, as the goals look at it, and how their numbers are written."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .engines import ADAPTERS
from .options import speaker
from .report import Row

WASM3, WASMTIME, NATIVE = "pywasm3", "wasmtime", "native"
MIB, MS = 1 << 20, 1e-3


@dataclass(frozen=True)
class Result:
    """One line of the table."""

    what: str
    goal: str
    result: str
    others: str
    met: bool


@dataclass(frozen=True)
class Measured:
    """All rows by name, and the engines; `shells` has those that are builds of this project."""

    rows: Mapping[str, Row]
    engines: Sequence[str]
    shells: Mapping[str, str]

    @property
    def ours(self) -> list[str]:
        """Builds of this project."""
        return [engine for engine in self.engines if engine in self.shells]

    @property
    def main(self) -> str:
        """See options.speaker."""
        return speaker(self.ours)

    @property
    def others(self) -> list[str]:
        """Engines of others that live in Python."""
        return [e for e in self.engines if e in ADAPTERS and e not in self.ours and e != NATIVE]

    def group(self, name: str) -> list[Row]:
        """The rows of a group."""
        return [row for row in self.rows.values() if row.group == name]

    def median(self, name: str, engine: str) -> float | None:
        """The median sample."""
        return median_of(self.rows[name].samples.get(engine, [])) if name in self.rows else None


def median_of(samples: Sequence[float]) -> float | None:
    """None where there are none."""
    return statistics.median(samples) if samples else None


def number(value: float) -> str:
    """Three digits."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def size(count: float) -> str:
    """Bytes."""
    return f"{count / 1e6:.2f} MB" if count >= 1e6 else f"{count / 1024:.1f} KiB"
