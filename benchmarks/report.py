"""From samples to ratios: the numbers that may be quoted, and the table that shows them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

_KEYS = {"s": "cpu", "wall": "wall", "B": "bytes"}  # of what a sampler gives, by unit


@dataclass
class Row:
    """One measurement: per engine one sample per round, or what went wrong.

    A sample is CPU seconds (unit `s`), seconds of wall time (`wall`) or bytes (`B`). `peak` has the bytes of
    memory that a load took; `against` the time of the same work done the other way that the row is about:
    without vectors, by processes, one after the other.
    """

    name: str
    group: str
    unit: str = "s"
    samples: dict[str, list[float]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    results: dict[str, object] = field(default_factory=dict)
    peak: dict[str, list[float]] = field(default_factory=dict)
    against: dict[str, list[float]] = field(default_factory=dict)

    def record(self, engine: str, answer: Mapping[str, Any]) -> None:
        """Takes what a sampler gave: the next sample, or the failure that ends this engine's cell.

        An engine that computes something else in a later round has failed.
        """
        result = answer.get("result")
        if "error" in answer:
            self._fail(engine, answer["error"])
        elif engine in self.results and self.results[engine] != result:
            self._fail(engine, f"unsteady: the result was {self.results[engine]}, now it is {result}")
        else:
            self.samples.setdefault(engine, []).append(answer[_KEYS[self.unit]])
            self.results[engine] = result
            for name, kept in (("peak", self.peak), ("against", self.against)):
                if name in answer:
                    kept.setdefault(engine, []).append(answer[name])

    def _fail(self, engine: str, why: str) -> None:
        self.failures[engine] = why
        for kept in (self.samples, self.peak, self.against):
            kept.pop(engine, None)

    def disagreement(self) -> str | None:
        """A sentence when the engines did not compute the same, else None."""
        if len(set(map(str, self.results.values()))) <= 1:
            return None
        return f"{self.name}: results differ: {self.results}"


@dataclass(frozen=True)
class Ratio:
    """Time of an engine over time of the base, of the same round each; `spread` is (max - min) / median."""

    median: float
    spread: float


def ratio(row: Row, engine: str, base: str) -> Ratio | None:
    """The ratio of two engines on one row; None where one of them has no samples."""
    return _median_ratio(row.samples.get(engine, []), row.samples.get(base, []))


def gain(row: Row, engine: str) -> Ratio | None:
    """How many times as fast it is done so as the other way, by the same engine (see Row.against)."""
    return _median_ratio(row.against.get(engine, []), row.samples.get(engine, []))


def _median_ratio(mine: Sequence[float], others: Sequence[float]) -> Ratio | None:
    # An engine that was sampled in the first round only has its pair in the first round.
    ratios = [one / other for one, other in zip(mine, others, strict=False) if other > 0]
    if not ratios:
        return None
    middle = statistics.median(ratios)
    return Ratio(middle, (max(ratios) - min(ratios)) / middle if middle else 0.0)


def geometric_mean(values: Sequence[float]) -> float:
    """The geometric mean of positive numbers."""
    return math.exp(sum(map(math.log, values)) / len(values))


def mean_ratio(rows: Sequence[Row], engine: str, base: str) -> tuple[float, int] | None:
    """Geometric mean of an engine's ratios, and over how many rows."""
    found = [r.median for row in rows if (r := ratio(row, engine, base)) and r.median > 0]
    return (geometric_mean(found), len(found)) if found else None


def table(rows: Sequence[Row], engines: Sequence[str], base: str) -> str:
    """Time relative to the base, for rows that the base has (or where something failed): smaller is faster.

    Behind each ratio half its spread in per cent.
    """
    others = [engine for engine in engines if engine != base]
    shown = [row for row in rows if base in row.samples or row.failures]
    width = max([len(base) + 14, *(len(row.name) for row in shown)]) + 2
    head = f"{'time / time of ' + base:<{width}}" + "".join(f"{engine:>18}" for engine in others)
    lines = [head, "-" * len(head)]
    lines += [
        f"{row.name:<{width}}" + "".join(f"{_cell(row, engine, base):>18}" for engine in others)
        for row in shown
    ]
    groups = [row.group for row in shown]
    for group in dict.fromkeys(groups):
        members = [row for row in shown if row.group == group]
        if len(members) < 2:
            continue
        means = [mean_ratio(members, engine, base) for engine in others]
        cells = "".join(f"{f'{m[0]:.3g} of {m[1]}' if m else '-':>18}" for m in means)
        lines.append(f"{'geomean ' + group:<{max(width, 9 + len(group))}}{cells}")
    return "\n".join(lines)


def markdown(rows: Sequence[Row], engines: Sequence[str], base: str) -> str:
    """The same table for a document: rows that the base has, the mean of the programs in bold."""
    others = [engine for engine in engines if engine != base]
    lines = [f"| time / time of {base} | {' | '.join(others)} |", "|---" * (len(others) + 1) + "|"]
    for row in rows:
        if base in row.samples:
            ratios = [ratio(row, engine, base) for engine in others]
            cells = (f"{r.median:.3g} ± {r.spread * 50:.0f} %" if r else "-" for r in ratios)
            lines.append(f"| {row.name} | {' | '.join(cells)} |")
    kernels = [row for row in rows if row.group == "kernels"]
    if len(kernels) > 1:
        means = [mean_ratio(kernels, engine, base) for engine in others]
        cells = (f"**{m[0]:.3g}**" if m else "-" for m in means)
        lines.append(f"| **geometric mean of {len(kernels)} programs** | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(row: Row, engine: str, base: str) -> str:
    if engine in row.failures:
        return row.failures[engine].split(":")[0][:14]
    found = ratio(row, engine, base)
    if found is None:
        return "-"
    return f"{found.median:.3g} \u00b1{found.spread * 50:.0f}%"


def gains_markdown(rows: Sequence[Row], engines: Sequence[str]) -> str:
    """Speed with vectors over speed without, for a document; empty where nothing was measured."""
    members = [row for row in rows if row.group == "simd" and row.against]
    shown = [engine for engine in engines if any(gain(row, engine) for row in members)]
    if not shown:
        return ""
    lines = [f"| with v128 / without | {' | '.join(shown)} |", "|---" * (len(shown) + 1) + "|"]
    for row in members:
        gains = [gain(row, engine) for engine in shown]
        lines.append(f"| {row.name} | {' | '.join(f'{g.median:.2f}' if g else '-' for g in gains)} |")
    means = [geometric_mean([g.median for row in members if (g := gain(row, engine))]) for engine in shown]
    lines.append(f"| **geometric mean** | {' | '.join(f'**{mean:.2f}**' for mean in means)} |")
    return "\n".join(lines)


def from_json(data: Mapping[str, Any]) -> list[Row]:
    """The rows that `as_json` wrote."""
    names = {item.name for item in fields(Row)}
    return [Row(**{key: value for key, value in row.items() if key in names}) for row in data["rows"]]


def as_json(
    rows: Sequence[Row], engines: Sequence[str], base: str, about: Mapping[str, object]
) -> dict[str, object]:
    """Everything, for tools and for later: samples, ratios, and the circumstances."""
    return {
        "about": dict(about),
        "base": base,
        "engines": list(engines),
        "rows": [
            {
                **asdict(row),
                "ratios": {e: asdict(r) for e in engines if (r := ratio(row, e, base)) is not None},
            }
            for row in rows
        ],
    }
