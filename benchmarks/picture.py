"""The picture of a run: speed of each program, and the cost of the boundary, on logarithmic scales (SVG).

Text and lines take the colour that the reader's scheme asks for, so it can be read on white and on black.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from .report import Row, mean_ratio, ratio

WIDTH, LEFT, RIGHT = 720, 118, 24
LINE, BAR, HEAD = 17, 9, 46
Scale = Callable[[float], float]
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 } .small { font-size: 11px }
.grid { stroke: #d0d7de; stroke-width: 1 } .one { stroke: #57606a; stroke-width: 1.5 }
.c0 { fill: #0969da } .c1 { fill: #54aeff } .c2 { fill: #bf8700 } .c3 { fill: #cf222e } .c4 { fill: #57606a }
.c5 { fill: #8250df }
@media (prefers-color-scheme: dark) {
 text { fill: #e6edf3 } .grid { stroke: #30363d } .one { stroke: #8b949e }
 .c0 { fill: #2f81f7 } .c1 { fill: #79c0ff } .c2 { fill: #d29922 } .c3 { fill: #f85149 } .c4 { fill: #8b949e }
 .c5 { fill: #a371f7 }
}"""


@dataclass
class Panel:
    """Values by line and engine; `bars` are drawn from 1, the other engines are dots on the same line."""

    title: str
    engines: list[str]
    bars: list[str]
    lines: dict[str, dict[str, float]] = field(default_factory=dict)

    def height(self) -> int:
        """In pixels."""
        return HEAD + LINE * len(self.lines) + 14

    def ticks(self) -> list[float]:
        """1, 2, 5, 10, ... around all values."""
        values = [value for line in self.lines.values() for value in line.values()] + [1.0]
        steps = [m * 10.0**e for e in range(-3, 6) for m in (1, 2, 5)]
        low = max((s for s in steps if s <= min(values)), default=steps[0])
        high = min((s for s in steps if s >= max(values)), default=steps[-1])
        found = [s for s in steps if low <= s <= high]
        return found if len(found) > 1 else [1.0, 2.0]

    def draw(self, top: int, colours: Mapping[str, int]) -> list[str]:
        """The elements of the panel, from `top` on."""
        ticks = self.ticks()
        low, span = math.log(ticks[0]), math.log(ticks[-1] / ticks[0])

        def x(value: float) -> float:
            return LEFT + (WIDTH - LEFT - RIGHT) * (math.log(value) - low) / span

        end = top + self.height() - 14
        out = [_text(8, top + 14, self.title, "title"), *self._legend(top + 30, colours)]
        far = len(ticks) > 9
        for tick in ticks:
            out.append(_line(x(tick), top + HEAD - 8, end, "one" if tick == 1 else "grid"))
            if not far or f"{tick:e}".startswith("1"):
                out.append(_text(x(tick), end + 12, f"{tick:g}", "small", "middle"))
        for number, (name, values) in enumerate(self.lines.items()):
            middle = top + HEAD + LINE * number + LINE / 2 - 4
            kind = "title" if name.startswith("geometric") else ""
            out.append(_text(LEFT - 8, middle + 4, name, kind, "end"))
            out += self._marks(values, middle, x, colours)
        return out

    def _marks(
        self,
        values: Mapping[str, float],
        middle: float,
        x: Callable[[float], float],
        colours: Mapping[str, int],
    ) -> list[str]:
        shown = [engine for engine in self.bars if engine in values]
        thick = BAR / max(1, len(shown))
        out = []
        for number, engine in enumerate(shown):
            left, right = sorted((x(1.0), x(values[engine])))
            top = middle - BAR / 2 + thick * number
            place = f'x="{left:.1f}" y="{top:.1f}" width="{max(right - left, 1):.1f}" height="{thick:.1f}"'
            hint = _hint(engine, values[engine])
            out.append(f'<rect class="c{colours[engine]}" {place}>{hint}</rect>')
        for engine in self.engines:
            if engine not in self.bars and engine in values:
                place = f'cx="{x(values[engine]):.1f}" cy="{middle:.1f}" r="3.5"'
                hint = _hint(engine, values[engine])
                out.append(f'<circle class="c{colours[engine]}" {place}>{hint}</circle>')
        return out

    def _legend(self, y: int, colours: Mapping[str, int]) -> list[str]:
        out, at = [], LEFT
        for engine in self.engines:
            if engine in self.bars:
                out.append(f'<rect class="c{colours[engine]}" x="{at}" y="{y - 9}" width="10" height="9"/>')
            else:
                out.append(f'<circle class="c{colours[engine]}" cx="{at + 5}" cy="{y - 4}" r="3.5"/>')
            out.append(_text(at + 15, y, engine, "small"))
            at += 34 + 7 * len(engine)
        return out


def _hint(engine: str, value: float) -> str:
    return f"<title>{escape(engine)} {value:.3g}</title>"


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    name = f' class="{kind}"' if kind else ""
    return f'<text{name} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _line(x: float, top: float, bottom: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}"/>'


def _speed(rows: Sequence[Row], engines: Sequence[str], base: str, ours: Sequence[str]) -> Panel:
    others = [engine for engine in engines if engine != base]
    title = f"Speed of programs, {base} = 1 (to the right is faster)"
    panel = Panel(title, others, [engine for engine in ours if engine != base])
    for row in rows:
        panel.lines[row.name] = {
            e: 1 / r.median for e in others if (r := ratio(row, e, base)) and r.median > 0
        }
    means = {e: 1 / mean[0] for e in others if (mean := mean_ratio(rows, e, base))}
    panel.lines["geometric mean"] = means
    return panel


def _boundary(rows: Sequence[Row], engines: Sequence[str], ours: Sequence[str]) -> Panel:
    others = [engine for engine in engines if engine != "native"]
    panel = Panel(
        "Cost of the boundary, a C extension or a bytearray = 1 (to the left is cheaper)", others, list(ours)
    )
    for row in rows:
        panel.lines[row.name] = {
            e: r.median for e in others if (r := ratio(row, e, "native")) and r.median > 0
        }
    return panel


def svg(rows: Sequence[Row], engines: Sequence[str], base: str, ours: Sequence[str], note: str) -> str:
    """The picture of what there is among the rows; `note` says when and where."""
    kernels = [row for row in rows if row.group == "kernels"]
    boundary = [row for row in rows if row.group == "boundary"]
    panels = []
    if len(kernels) > 1:
        panels.append(_speed(kernels, engines, base, ours))
    if boundary and "native" in engines:
        panels.append(
            _boundary(boundary, [e for e in engines if e in {*ours[:1], "pywasm3", "wasmtime"}], ours[:1])
        )
    order = [*ours, *(engine for engine in engines if engine not in ours)]
    # Ours in blue, the first two; the others have the colours that are left.
    colours = {engine: (n if n < 6 else 5) for n, engine in enumerate(_with_gap(order, len(ours)))}
    out, top = [], 4
    for panel in panels:
        out += panel.draw(top, colours)
        top += panel.height() + 12
    out.append(_text(8, top + 8, note, "small"))
    height = top + 16
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>'
    return "\n".join([head, f"<style>{STYLE}\n</style>", *out, "</svg>"]) + "\n"


def _with_gap(order: Sequence[str], ours: int) -> list[str]:
    return [*order[:1], "", *order[1:]] if ours == 1 else list(order)
