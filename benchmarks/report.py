"""From samples to ratios: the numbers that may be quoted, and the table that shows them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field


@dataclass
class Row:
    """One measurement: per engine one sample (CPU seconds) per round, or what went wrong."""

    name: str
    group: str
    samples: dict[str, list[float]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    results: dict[str, object] = field(default_factory=dict)

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
    pairs = zip(row.samples.get(engine, []), row.samples.get(base, []), strict=False)
    ratios = [mine / other for mine, other in pairs if other > 0]
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
    """Time relative to the base: smaller is faster. Behind each ratio its spread in per cent."""
    others = [engine for engine in engines if engine != base]
    width = max(len(row.name) for row in rows) + 2
    head = f"{'time / time of ' + base:<{width}}" + "".join(f"{engine:>18}" for engine in others)
    lines = [head, "-" * len(head)]
    lines += [
        f"{row.name:<{width}}" + "".join(f"{_cell(row, engine, base):>18}" for engine in others)
        for row in rows
    ]
    groups = [row.group for row in rows]
    for group in dict.fromkeys(groups):
        members = [row for row in rows if row.group == group]
        if len(members) < 2:
            continue
        means = [mean_ratio(members, engine, base) for engine in others]
        cells = "".join(f"{f'{m[0]:.3g} of {m[1]}' if m else '-':>18}" for m in means)
        lines.append(f"{'geomean ' + group:<{max(width, 9 + len(group))}}{cells}")
    return "\n".join(lines)


def markdown(rows: Sequence[Row], engines: Sequence[str], base: str) -> str:
    """The same table for a document: ratios only, the means of the groups in bold."""
    others = [engine for engine in engines if engine != base]
    lines = [f"| time / time of {base} | {' | '.join(others)} |", "|---" * (len(others) + 1) + "|"]
    for row in rows:
        ratios = [ratio(row, engine, base) for engine in others]
        lines.append(f"| {row.name} | {' | '.join(f'{r.median:.3g}' if r else '-' for r in ratios)} |")
    kernels = [row for row in rows if row.group == "kernels"]
    if len(kernels) > 1:
        means = [mean_ratio(kernels, engine, base) for engine in others]
        cells = " | ".join(f"**{m[0]:.3g}**" if m else "-" for m in means)
        lines.append(f"| **geometric mean of {len(kernels)} programs** | {cells} |")
    return "\n".join(lines)


def _cell(row: Row, engine: str, base: str) -> str:
    if engine in row.failures:
        return row.failures[engine].split(":")[0][:14]
    found = ratio(row, engine, base)
    if found is None:
        return "-"
    return f"{found.median:.3g} \u00b1{found.spread * 50:.0f}%"


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
