"""Runs the cases of the suite in the ways of resolving paths that are not this system's own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from resolver_modes import MODES, pass_all

CASES = {"test_suite_files.py": 70, "test_suite_paths.py": 44}


@pytest.mark.skipif(
    not sys.platform.startswith("linux"),
    reason="these ways of resolving are Linux's; the cases ran in this one",
)
@pytest.mark.parametrize("mode", MODES[1:])
@pytest.mark.parametrize("file", CASES)
def test_cases(file: str, mode: str) -> None:
    pass_all(Path(__file__).with_name(file), mode, CASES[file])
