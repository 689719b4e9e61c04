"""The documentation keeps its word: the tutorial builds and passes, the command line is as its page says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

TITLED = re.compile(r'```\w+ title="([^"]+)"\n(.*?)```', re.DOTALL)
PYTHON = re.compile(r"```python[^\n]*\n(.*?)```", re.DOTALL)


def run(*words: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, *words],
        cwd=cwd, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_page_of_the_command_line_is_what_the_program_says(project_root: Path) -> None:
    code = "import sys; sys.path.insert(0, '.ci'); import cli_reference; print(cli_reference.page(), end='')"
    page = (project_root / "docs/reference/cli.md").read_text(encoding="utf-8")
    assert run("-c", code, cwd=project_root) == page, "python .ci/cli_reference.py writes it anew"


@pytest.mark.usefixtures("zig")
def test_the_tutorial_builds_and_its_tests_pass(project_root: Path, tmp_path: Path) -> None:
    text = (project_root / "docs/tutorial.md").read_text(encoding="utf-8")
    files = dict(TITLED.findall(text))
    run("-m", "pywasi_native", "new", "journal", cwd=tmp_path)
    package = tmp_path / "journal"
    table = files.pop("pyproject.toml")
    laid_out = (package / "pyproject.toml").read_text(encoding="utf-8")
    written, after = laid_out.split("[tool.pywasi]\n", 1)[1].split("\n\n", 1)
    assert table.startswith("[tool.pywasi]\n" + written), "the tutorial shows what `pywasi new` writes"
    whole = laid_out.split("[tool.pywasi]\n", 1)[0] + table + "\n" + after
    (package / "pyproject.toml").write_text(whole, encoding="utf-8")
    assert set(files) == {
        "core/journal.h",
        "core/journal.c",
        "src/journal/__init__.py",
        "tests/test_journal.py",
    }
    for name, content in files.items():
        (package / name).write_text(content, encoding="utf-8")
    run("-m", "pywasi_native", "build", "-q", cwd=package)
    passed = run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "pythonpath=src", cwd=package)
    assert "4 passed" in passed
    stub = (package / "src/journal/_core.pyi").read_text(encoding="utf-8")
    shown = next(block for block in PYTHON.findall(text) if block.startswith("class summary"))
    assert shown in stub


def test_python_in_the_pages_is_python(project_root: Path) -> None:
    for page in sorted((project_root / "docs").rglob("*.md")):
        for number, block in enumerate(PYTHON.findall(page.read_text(encoding="utf-8"))):
            if not block.startswith("class summary"):  # of a stub
                compile(block, f"{page.name} {number}", "exec", flags=0x2000)  # with await at the top


def test_pages_and_navigation_name_each_other(project_root: Path) -> None:
    folder = project_root / "docs"
    named = set(re.findall(r"[\w/-]+\.md", (project_root / "mkdocs.yml").read_text(encoding="utf-8")))
    assert named == {page.relative_to(folder).as_posix() for page in folder.rglob("*.md")}
