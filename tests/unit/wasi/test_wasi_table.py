"""The table of functions against the reference, the list of what is missing, and the host that serves it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from wasi_trampoline import ERRNO, RIGHTS, SIGNATURES

import locate
from pywasi_native import _native

ROW = re.compile(r'^P1\((\w+),\s*"(\w*):(i?)",\s*"(\w+)",\s*(\w+),\s*(\w+)\)', re.MULTILINE)


@pytest.fixture
def wasi_sources(project_root: Path) -> Path:
    """csrc/wasi; an installed package is tested without it."""
    folder = project_root / "csrc" / "wasi"
    if not folder.is_dir():
        locate.missing("csrc/wasi is missing: run this test from a checkout")
    return folder


def test_names_and_signatures(wasi_sources: Path) -> None:
    rows = ROW.findall((wasi_sources / "p1/preview1.def").read_text(encoding="utf-8"))
    assert {name: params for name, params, *_ in rows} == SIGNATURES
    assert [name for name, _, result, *_ in rows if not result] == ["proc_exit"]
    assert len(rows) == 46


def test_what_is_missing_is_listed(wasi_sources: Path) -> None:
    rows = ROW.findall((wasi_sources / "p1/preview1.def").read_text(encoding="utf-8"))
    status = (wasi_sources / "STATUS.md").read_text(encoding="utf-8")
    listed = re.search(r"^## Not implemented.*?$(.*?)^## ", status, re.MULTILINE | re.DOTALL)
    assert listed is not None
    missing = {name for name, *_, state in rows if state == "NOSYS"}
    assert set(re.findall(r"`(\w+)`", listed[1])) == missing
    assert {name for name, _, there in _native.wasi_functions() if not there} == missing


def test_numbers_of_the_abi(wasi_sources: Path) -> None:
    errno = (wasi_sources / "os/errno.def").read_text(encoding="utf-8")
    names = re.findall(r"^(?:WASI|POSIX)\((\w+)\)", errno, re.MULTILINE)
    assert [name.lower() for name in names] == ERRNO
    rights = (wasi_sources / "core/rights.def").read_text(encoding="utf-8")
    assert [name.lower() for name in re.findall(r"^RIGHT\((\w+)", rights, re.MULTILINE)] == list(RIGHTS)
    fixed = {
        0: "success",
        8: "badf",
        20: "exist",
        28: "inval",
        31: "isdir",
        32: "loop",
        44: "noent",
        52: "nosys",
    }
    fixed |= {
        54: "notdir",
        55: "notempty",
        57: "notsock",
        58: "notsup",
        61: "overflow",
        63: "perm",
        76: "notcapable",
    }
    assert {number: ERRNO[number] for number in fixed} == fixed
