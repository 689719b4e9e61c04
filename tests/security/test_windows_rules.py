"""P44 to P50: the rules of Windows for names and links, on every system.

They are pure functions, csrc/wasi/os/windows_rules.c; tests/c/test_wasi_windows_rules.c holds the cases.
A build of the C tests has that program; where there is none it is compiled here.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import locate

NAME = "test_wasi_windows_rules"
CASES = ["P44", "P45", "P46", "P47", "P48", "P49", "P50"]


def compiler() -> list[str]:
    """zig from PyPI, or the machine's own."""
    if importlib.util.find_spec("ziglang") is not None:
        return [sys.executable, "-m", "ziglang", "cc"]
    found = shutil.which("cc") or shutil.which("clang") or shutil.which("gcc")
    if found is None:
        locate.missing("no C compiler: pip install ziglang")
    return [found]


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The C program: of the build whose driver PYWASI_SPEC_DRIVER names, or made here."""
    driver = Path(os.environ.get("PYWASI_SPEC_DRIVER") or "-")
    built = driver.with_name(NAME + driver.suffix)
    if built.is_file() and not os.environ.get("PYWASI_SPEC_EMULATOR"):
        return built
    source = locate.ROOT / "csrc"
    out = tmp_path_factory.mktemp("rules") / (NAME + (".exe" if os.name == "nt" else ""))
    files = [str(locate.ROOT / "tests" / "c" / f"{NAME}.c"), str(source / "wasi" / "os" / "windows_rules.c")]
    folders = [f"-I{source}", f"-I{source / 'include'}"]
    subprocess.run([*compiler(), "-std=c11", *folders, *files, "-o", str(out)], check=True, timeout=300)
    return out


@pytest.mark.parametrize("case", CASES)
def test_rules_of_windows(program: Path, case: str) -> None:
    done = subprocess.run([str(program), case], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == f"{NAME}: 1 cases, ok\n"
    assert done.returncode == 0


def test_a_case_that_there_is_not_fails(program: Path) -> None:
    done = subprocess.run([str(program), "P99"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    whole = subprocess.run([str(program)], capture_output=True, text=True, timeout=60, check=False)
    assert whole.stdout == f"{NAME}: {len(CASES)} cases, ok\n"
