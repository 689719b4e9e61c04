"""The types that users see: mypy --strict on user code, and stubs against the installed package."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import locate

HERE = Path(__file__).parent
NEEDS_MYPY = "mypy is missing: pip install 'pywasi-native[dev]'"


@pytest.fixture(autouse=True)
def mypy() -> None:
    if importlib.util.find_spec("mypy") is None:
        locate.missing(NEEDS_MYPY)


def run(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(locate.ROOT / "stubs"), str(locate.ROOT / "src")])
    return subprocess.run(
        [sys.executable, *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "MYPYPATH": path},
    )


def test_user_code_has_the_types_that_its_comments_say(tmp_path: Path) -> None:
    done = run(
        "-m",
        "mypy",
        "--strict",
        "--config-file",
        os.devnull,
        "--cache-dir",
        str(tmp_path),
        "--no-error-summary",
        "--explicit-package-bases",
        str(HERE / "user_code.py"),
        cwd=tmp_path,
    )
    found: dict[int, str] = {}
    for line in done.stdout.splitlines():
        if note := re.search(r'user_code\.py:(\d+): note: Revealed type is "(.*)"$', line):
            found[int(note[1])] = note[2].replace("builtins.", "")
        elif error := re.search(r"user_code\.py:(\d+): error: .*\[([a-z-]+)\]$", line):
            found[int(error[1])] = f"error: {error[2]}"
    wanted = {
        number: line.partition("  # ")[2]
        for number, line in enumerate((HERE / "user_code.py").read_text().splitlines(), 1)
        if line.lstrip().startswith("reveal_type") or "  # error: " in line
    }
    assert found == wanted, done.stdout


def test_the_sources_are_strictly_typed(tmp_path: Path) -> None:
    done = run("-m", "mypy", "--cache-dir", str(tmp_path), cwd=locate.ROOT)
    assert done.returncode == 0, done.stdout


def test_stubs_are_true(tmp_path: Path) -> None:
    done = run(
        "-m",
        "mypy.stubtest",
        "pywasi_native",
        "--mypy-config-file",
        str(locate.ROOT / "setup.cfg"),
        "--ignore-unused-allowlist",
        "--allowlist",
        str(locate.ROOT / "stubs" / "stubtest_allowlist.txt"),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout
