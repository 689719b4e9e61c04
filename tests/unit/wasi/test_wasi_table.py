"""The table of functions against the reference, the list of what is missing, and the host that serves it."""

from __future__ import annotations

import re
from pathlib import Path

from wasi_trampoline import ERRNO, RIGHTS, SIGNATURES

from pywasi_native import _native

ROW = re.compile(r'^P1\((\w+),\s*"(\w*):(i?)",\s*"(\w+)",\s*(\w+),\s*(\w+)\)', re.MULTILINE)


def test_names_and_signatures(project_root: Path) -> None:
    rows = ROW.findall((project_root / "csrc/wasi/p1/preview1.def").read_text(encoding="utf-8"))
    assert {name: params for name, params, *_ in rows} == SIGNATURES
    assert [name for name, _, result, *_ in rows if not result] == ["proc_exit"]
    assert len(rows) == 46


def test_what_is_missing_is_listed(project_root: Path) -> None:
    rows = ROW.findall((project_root / "csrc/wasi/p1/preview1.def").read_text(encoding="utf-8"))
    status = (project_root / "csrc/wasi/STATUS.md").read_text(encoding="utf-8")
    listed = re.search(r"^## Not implemented.*?$(.*?)^## ", status, re.MULTILINE | re.DOTALL)
    assert listed is not None
    missing = {name for name, *_, state in rows if state == "NOSYS"}
    assert set(re.findall(r"`(\w+)`", listed[1])) == missing
    assert {name for name, _, there in _native.wasi_functions() if not there} == missing


def test_numbers_of_the_abi(project_root: Path) -> None:
    errno = (project_root / "csrc/wasi/os/errno.def").read_text(encoding="utf-8")
    names = re.findall(r"^(?:WASI|POSIX)\((\w+)\)", errno, re.MULTILINE)
    assert [name.lower() for name in names] == ERRNO
    rights = (project_root / "csrc/wasi/core/rights.def").read_text(encoding="utf-8")
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
