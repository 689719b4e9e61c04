"""The suite is there and whole: without it, the other files of this folder collect nothing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from wast_expected import load
from wast_suite import NOT_CORE, scripts


def test_suite_has_its_scripts(spec_testsuite: Path) -> None:
    counts = Counter(script.group.split("/")[0] for script in scripts(spec_testsuite))
    assert counts["core"] >= 258
    assert counts["proposals"] >= 50


def test_expected_failures_name_scripts_that_exist(spec_testsuite: Path) -> None:
    known = {script.path for script in scripts(spec_testsuite)}
    assert load().keys() <= known
    assert all((spec_testsuite / path).is_file() for path in NOT_CORE)
