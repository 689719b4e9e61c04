"""Expected failures: one file per missing proposal, one row per cause.

A row is ``path:line  reason`` for one command of a script, or ``path  reason`` for a script that as a whole
needs the proposal. Commands that are blocked by a failed line need no row. What is listed and passes is an
error, as is what fails and is not listed: the files always tell the truth.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from wast_runner import Outcome, Status

FOLDER = Path(__file__).parent / "expected_failures"


@dataclass(frozen=True, slots=True)
class Row:
    """One expected failure; `line` 0 is the whole script."""

    script: str
    line: int
    reason: str
    file: str


def parse_rows(text: str, file: str) -> list[Row]:
    """The rows of one file; ``#`` starts a comment line."""
    rows = []
    for number, raw in enumerate(text.splitlines(), 1):
        if not raw.strip() or raw.startswith("#"):
            continue
        place, _, reason = raw.strip().partition(" ")
        script, _, line = place.partition(":")
        if not script.endswith(".wast") or not reason.strip() or (line and not line.isdigit()):
            raise ValueError(f"{file}:{number}: a row is 'path[:line] reason', not {raw!r}")
        rows.append(Row(script, int(line or 0), reason.strip(), file))
    return rows


def load(folder: Path = FOLDER) -> dict[str, list[Row]]:
    """All rows by script; two rows for one place are an error."""
    by_script: dict[str, list[Row]] = {}
    for path in sorted(folder.glob("*.txt")):
        for row in parse_rows(path.read_text(encoding="utf-8"), path.name):
            rows = by_script.setdefault(row.script, [])
            if any(other.line == row.line for other in rows):
                raise ValueError(f"{path.name}: {row.script}:{row.line} stands in the lists twice")
            rows.append(row)
    return by_script


def surprises(script: str, outcomes: Iterable[Outcome], rows: Iterable[Row]) -> list[str]:
    """What is not as the rows say, one sentence each; empty when all is as expected."""
    failed = {o.line: o for o in outcomes if o.status is Status.FAILED}
    rows = list(rows)
    listed = {row.line for row in rows}
    found = []
    if 0 not in listed:
        for line in sorted(failed.keys() - listed):
            found.append(f"{script}:{line} {failed[line].command}: {failed[line].detail}")
    for row in rows:
        if row.line == 0 and not failed:
            found.append(f"{script} passes as a whole: remove its row from {row.file}")
        elif row.line and row.line not in failed:
            found.append(f"{script}:{row.line} is no failure: remove its row from {row.file}")
    return found
