"""The official suite in C alone: the driver of tests/c, as sanitizers, emulators and shells need it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from spec_driver_run import driver_command, parse_report, run_driver, shells
from spec_items import collect, judge, nothing
from wast_runner import Status
from wast_suite import Script

ADVICE = "PYWASI_SPEC_DRIVER does not name the spec_driver that CMake builds with -DPYWASI_BUILD_TESTS=ON"


GROUPS = ("core", "legacy", "proposals/threads", "proposals/custom-page-sizes", "proposals/wide-arithmetic")


def driven() -> list[object]:
    """What the driver runs: the proposals that are there, but no script that starts threads."""
    return [item for group in GROUPS for item in collect(group, threads=False)]


@pytest.mark.parametrize("shell", shells(), ids=lambda shell: shell or "default")
@pytest.mark.parametrize("script", driven() if driver_command() else nothing(ADVICE))
def test_script_in_c(
    script: Script,
    shell: str,
    module_cache: Path,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    outcomes = run_driver(script, shell, module_cache, tmp_path)
    judge(f"C {shell}".strip(), script, outcomes, record_property)


def test_report_of_the_driver() -> None:
    outcomes = parse_report("fail 3 trap: no\nblocked 5 3\ntotals 2 1 1 1\n")
    assert outcomes is not None
    assert [(o.line, o.status, o.root) for o in outcomes] == [
        (3, Status.FAILED, 0),
        (5, Status.BLOCKED, 3),
        (0, Status.PASSED, 0),
        (0, Status.PASSED, 0),
        (0, Status.TEXT, 0),
    ]


@pytest.mark.parametrize("text", ["", "fail 3 x\n", "fail 3 x\ntotals 1 0 0 0\n", "totals 1 0 1 0\n"])
def test_a_cut_report_is_no_report(text: str) -> None:
    assert parse_report(text) is None
