"""What the test files of the suite share: which scripts there are, and how one of them is judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

import locate
from spec_report import PROPERTY
from wast_expected import load, surprises
from wast_runner import Outcome, Status
from wast_suite import Script, scripts

MOST_SHOWN = 25


def nothing(reason: str) -> list[object]:
    """In place of parameters: one that is skipped and says why."""
    return [pytest.param(None, id="none", marks=pytest.mark.skip(reason=reason))]


def collect(group_prefix: str, *, threads: bool = True) -> list[object]:
    """One parameter per script; a skipped one without the suite (test_spec_presence.py fails on CI).

    Without `threads` those are left out that start threads.
    """
    shared = locate.shared_folder()
    suite = shared / "conformance" / "spec-testsuite" if shared else None
    if suite is None or not suite.is_dir():
        return nothing(locate.SHARED_ADVICE)
    found = [s for s in scripts(suite) if s.group.startswith(group_prefix) and (threads or not s.has_threads)]
    return [pytest.param(s, id=s.path) for s in found]


def judge(label: str, script: Script, outcomes: list[Outcome], record: Callable[[str, object], None]) -> None:
    """Records the counts of a script and fails on whatever the lists of expected failures do not say."""
    counts = Counter(outcome.status for outcome in outcomes)
    record(
        PROPERTY,
        {
            "group": f"{label}: {script.group}",
            "counts": {
                "scripts": 1,
                "clean scripts": int(counts[Status.FAILED] == 0),
                "commands": counts[Status.PASSED] + counts[Status.FAILED] + counts[Status.BLOCKED],
                **{status.value: counts[status] for status in Status},
            },
        },
    )
    found = surprises(script.path, outcomes, load().get(script.path, []))
    if found:
        left_out = len(found) - MOST_SHOWN
        more = [f"... and {left_out} more"] if left_out > 0 else []
        pytest.fail("\n".join([*found[:MOST_SHOWN], *more]), pytrace=False)
