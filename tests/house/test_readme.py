"""The README keeps its word: its example runs, its commands are what CI runs, what it names is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def readme(project_root: Path) -> str:
    return (project_root / "README.md").read_text(encoding="utf-8")


def test_first_example_runs_and_prints_what_its_comments_say(readme: str) -> None:
    example = BLOCK.findall(readme)[0]
    done = subprocess.run(
        [sys.executable, "-c", example], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[:2] == ["5", "(func (param i32 i32) (result i32))"]
    assert "add" in lines[2]


def test_examples_are_python(readme: str) -> None:
    for example in BLOCK.findall(readme):
        compile(example, "README.md", "exec")


@pytest.mark.parametrize("which", ["install", "test"])
def test_commands_can_be_read_by_the_makefile(project_root: Path, which: str) -> None:
    done = subprocess.run(
        [sys.executable, str(project_root / ".ci" / "readme_commands.py"), which],
        capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("pip install ")
    for script in re.findall(r"[\w/]+\.py", done.stdout):
        assert (project_root / script).is_file()


def test_makefile_targets_that_documents_name_exist(project_root: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (project_root / "Makefile").read_text(), re.MULTILINE))
    for document in project_root.glob("*.md"):
        named = set(re.findall(r"\bmake ([a-z][a-z-]+)`", document.read_text(encoding="utf-8")))
        assert named <= targets, f"{document.name}: {named - targets}"
