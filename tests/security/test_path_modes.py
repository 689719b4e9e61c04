"""Runs the cases where paths matter in each way that paths are resolved, in processes of their own.

path_cases.py (P01 to P43) runs here only. The files of the ABI run by themselves too, in this system's way.
"""

from __future__ import annotations

import sys

import pytest

import locate
from resolver_modes import MODES, in_force, pass_all

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
    pass_all(HERE / file, mode, FILES[file][0])
