"""Writes what a run has found: `benchmark.json` (all of it), `.md` (tables) and `.svg` (a picture).

`--publish` puts them into `benchmarks/results` and the table of goals into the README. Tables and picture are
made from the JSON alone, so a test can tell when one of them is not of the run that the others are of.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import goals, picture, report
from .report import Row

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
README = ROOT / "README.md"
BLOCK = re.compile(r"<!-- benchmarks -->.*?<!-- /benchmarks -->", re.DOTALL)


def note(about: Mapping[str, Any]) -> str:
    """When, where and with what."""
    versions = ", ".join(
        f"{engine} {number}" for engine, number in about["versions"].items() if engine != "native"
    )
    where = f"{about['date']}, {about['cpu']} ({about['cpus']} CPUs), Python {about['python']}"
    return f"{where}; {versions}; {about['rounds']} rounds"


def picture_of(data: Mapping[str, Any]) -> str:
    """The SVG of a run."""
    rows, about = report.from_json(data), data["about"]
    ours = [engine for engine in data["engines"] if engine in about["shells"]]
    return picture.svg(rows, data["engines"], data["base"], ours, note(about))


def goals_of(data: Mapping[str, Any]) -> str:
    """The table of goals of a run."""
    return goals.markdown(goals.results(report.from_json(data), data["engines"], data["about"]))


def without(rows: Sequence[Row], base: str) -> list[Row]:
    """System calls, where the base makes none: their table is relative to native."""
    return [
        row for row in rows if row.group == "wasi" and base not in row.samples and "native" in row.samples
    ]


def having(rows: Sequence[Row], engines: Sequence[str]) -> list[str]:
    """The engines that have samples."""
    return [engine for engine in engines if any(engine in row.samples for row in rows)]


def document_of(data: Mapping[str, Any]) -> str:
    """All tables of a run, as Markdown."""
    rows, engines, base = report.from_json(data), data["engines"], data["base"]
    parts = ["# Results of `python -m benchmarks`", note(data["about"]) + ".", "![speed](benchmark.svg)"]
    parts += ["## Goals", goals_of(data), f"## Time relative to {base}"]
    parts += [
        "Median of the ratios of the same round ± half their spread; smaller is faster.",
        report.markdown(rows, engines, base),
    ]
    alone = without(rows, base)
    if alone:
        table = report.markdown(alone, having(alone, engines), "native")
        parts += ["## Time of system calls relative to native", table]
    gains = report.gains_markdown(rows, engines)
    if gains:
        parts += ["## SIMD: speed with v128 relative to without, same engine; larger is faster", gains]
    return "\n\n".join(parts) + "\n"


def readme_block(data: Mapping[str, Any]) -> str:
    """What stands in the README, with its markers."""
    return "\n".join(
        [
            "<!-- benchmarks -->",
            "![Speed of programs and cost of the boundary](benchmarks/results/benchmark.svg)",
            "",
            goals_of(data),
            "",
            f"{note(data['about'])}.",
            "<!-- /benchmarks -->",
        ]
    )


def write(data: Mapping[str, Any], folder: Path) -> None:
    """The three files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "benchmark.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    (folder / "benchmark.md").write_text(document_of(data), encoding="utf-8")
    (folder / "benchmark.svg").write_text(picture_of(data), encoding="utf-8")


def publish(data: Mapping[str, Any], folder: Path = RESULTS, readme: Path = README) -> None:
    """The three files where they are committed, and the README's block."""
    write(data, folder)
    text = readme.read_text(encoding="utf-8")
    if not BLOCK.search(text):
        raise ValueError(f"{readme}: no <!-- benchmarks --> ... <!-- /benchmarks -->")
    block = readme_block(data)
    readme.write_text(BLOCK.sub(lambda _: block, text), encoding="utf-8")


def obstacles(problems: Sequence[str], rows: Sequence[Row], options: Any) -> list[str]:
    """Why a run is not fit to be published."""
    found = list(problems)
    if options.only or options.scale != 1:
        found.append("--publish is for all rows at full length: no --only, no --scale")
    missing = {"pywasi", "pywasm3", "wasmtime", "native"} - set(options.engines)
    if missing:
        found.append(f"--publish needs {', '.join(sorted(missing))}, too")
    if not any(row.group == "kernels" for row in rows):
        found.append("no program was run")
    return found
