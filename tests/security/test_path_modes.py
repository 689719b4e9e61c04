"""Runs path_cases.py (P01 to P43) in each way that paths are resolved, in processes of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

import locate
from resolver_modes import MODES, VARIABLE, in_force

CASES = locate.ROOT / "tests" / "security" / "path_cases.py"
LEAST = 70  # cases that must have run and passed

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"),
    reason="these ways of resolving are Linux's; test_wasi_paths.py runs here",
)


@pytest.mark.parametrize("mode", MODES)
def test_path_cases(mode: str) -> None:
    if mode == "openat2" and in_force() != "openat2":
        pytest.skip("this kernel, or its container, has no openat2: the other modes are what is used here")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header", str(CASES)]
    done = subprocess.run(
        command,
        env={**os.environ, VARIABLE: mode},
        cwd=locate.ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    summary = re.search(r"(\d+) passed(.*)", done.stdout)
    assert summary
    assert int(summary[1]) >= LEAST
    assert "skipped" not in summary[2]
