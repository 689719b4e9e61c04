"""The cases P01 to P43, A01 to A20 and L01 to L08 by id, in each way that paths are resolved.

A file and a way make a process of its own; what became of its tests is told here case by case. path_cases.py
runs here only; the others run by themselves too, in this system's way. P44 to P50: test_windows_rules.py.
"""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import pytest

import locate
from resolver_modes import MODES, VARIABLE, in_force

HERE = locate.ROOT / "tests" / "security"
ABI, POLICY = [f"A{n:02}" for n in range(1, 21)], [f"L{n:02}" for n in range(1, 9)]
PATHS, WINDOWS = [f"P{n:02}" for n in range(1, 44)], [f"P{n}" for n in range(44, 51)]
# Where the tests of a case are. A test has the id in its name or in its parameters.
FILES = {
    "path_cases.py": PATHS,
    "test_abi_pointers.py": ["A01", "A02", "A03", "A04", "A05", "A06", "A15", "A20"],
    "test_abi_descriptors.py": ["A07", "A08", "A09", "A10", "A11"],
    "test_abi_instances.py": ["A12", "A13", "A14", "A16", "A17", "A18", "A19"],
    "test_policy.py": POLICY,
}
RUNS = [(mode, case, file) for file, cases in FILES.items() for mode in MODES for case in cases]

linux = pytest.mark.skipif(
    not sys.platform.startswith("linux"),
    reason="these ways of resolving are Linux's; test_wasi_paths.py runs here",
)


class Outcome(NamedTuple):
    """What became of a test."""

    name: str
    result: str  # "passed", "skipped", "failure", "error"


@functools.cache
def outcomes(file: str, mode: str) -> tuple[list[Outcome], str]:
    """Runs a file in a way; gives its tests and what pytest printed."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header"]
        done = subprocess.run(
            [*command, f"--junitxml={report}", str(HERE / file)],
            env={**os.environ, VARIABLE: mode},
            cwd=locate.ROOT,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        text = done.stdout[-6000:] + done.stderr[-2000:]
        assert report.is_file(), text
        found = [
            Outcome(str(test.get("name")), next((child.tag for child in test), "passed"))
            for test in ElementTree.parse(report).iter("testcase")
        ]
    return found, text


def ids(name: str) -> set[str]:
    """The cases that a test names; "P01_to_P14" is no list: the case is among the parameters then."""
    return set(re.findall(r"(?<![A-Za-z0-9])[PAL]\d\d(?![0-9])", re.sub(r"P\d\d_to_P\d\d", "", name)))


@linux
@pytest.mark.parametrize(("mode", "case", "file"), RUNS, ids=[f"{mode}-{case}" for mode, case, _ in RUNS])
def test_case(mode: str, case: str, file: str) -> None:
    if mode == "openat2" and in_force() != "openat2":
        pytest.skip("this kernel, or its container, has no openat2: the other modes are what is used here")
    found, text = outcomes(file, mode)
    results = [test.result for test in found if case in ids(test.name.replace("_", " "))]
    assert results, f"no test of {file} names {case}"
    assert set(results) == {"passed"}, f"{case}: {results}\n{text}"


@linux
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("file", FILES)
def test_nothing_else_failed(mode: str, file: str) -> None:
    if mode == "openat2" and in_force() != "openat2":
        pytest.skip("this kernel, or its container, has no openat2")
    found, text = outcomes(file, mode)
    assert [test for test in found if test.result != "passed"] == [], text


def test_every_case_of_the_list_has_a_test() -> None:
    """Also those that the reference has and this file may have forgotten."""
    here = sorted(case for cases in FILES.values() for case in cases)
    assert here == sorted(PATHS + ABI + POLICY)
    from test_windows_rules import CASES

    assert CASES == WINDOWS
    folder = locate.shared_folder()
    if folder is None:
        locate.missing(locate.SHARED_ADVICE)
    text = (folder / "reference" / "security-cases.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^- \*\*([PAL]\d\d)\*\*", text, re.MULTILINE))
    assert listed == {*here, *WINDOWS}
