"""Runs the cases where paths matter in each way that paths are resolved, in processes of their own.

path_cases.py (P01 to P43) runs here only. The files of the ABI run by themselves too, in this system's way.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

import locate
from resolver_modes import MODES, VARIABLE, in_force

HERE = locate.ROOT / "tests" / "security"
# The cases that must have run and passed, at least, and the ways.
FILES = {
    "path_cases.py": (70, MODES),
    "test_abi_pointers.py": (220, MODES[1:]),
    "test_abi_descriptors.py": (100, MODES[1:]),
}

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"),
    reason="these ways of resolving are Linux's; test_wasi_paths.py runs here",
)


@pytest.mark.parametrize(("file", "mode"), [(file, mode) for file in FILES for mode in FILES[file][1]])
def test_cases(file: str, mode: str) -> None:
    if mode == "openat2" and in_force() != "openat2":
        pytest.skip("this kernel, or its container, has no openat2: the other modes are what is used here")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--no-header",
        str(HERE / file),
    ]
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
    assert int(summary[1]) >= FILES[file][0]
    assert "skipped" not in summary[2]
