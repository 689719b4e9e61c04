"""pywasi new: what it lays out builds, installs, tests and type-checks as it is."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import locate
from pywasi_native.build import BuildError
from pywasi_native.build.new_package import BACKENDS, new_package
from pywasi_native.cli import main


@pytest.mark.parametrize("backend", BACKENDS)
def test_it_builds_installs_tests_and_type_checks(backend: str, zig: None, tmp_path: Path) -> None:
    for module in ("mypy", "pytest", backend.replace("-", "_")):
        if importlib.util.find_spec(module) is None:
            locate.missing(f"The new package needs it: pip install {module}")
    root = tmp_path / "fast-sums"
    assert "src/fast_sums/__init__.py" in new_package(root, backend)
    python = environment(tmp_path / "venv")

    def run(*words: str | Path) -> str:
        done = subprocess.run(
            [str(python), "-m", *map(str, words)], cwd=root, text=True, timeout=600,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
        return done.stdout

    # The README's commands; without isolation and dependencies, since what is needed is here.
    editable = [] if backend == "scikit-build-core" else ["-e"]
    run("pip", "install", "-q", "--no-build-isolation", "--no-deps", *editable, ".")
    assert f"pip install {' '.join([*editable, '.'])}" in (root / "README.md").read_text().replace(
        ".[test]", "."
    ).replace("'", "")
    assert "3 passed" in run("pytest", "-q", "-p", "no:cacheprovider")
    assert "Success" in run("mypy", "--cache-dir", tmp_path / "cache")
    if editable and importlib.util.find_spec("pyright"):  # of the dev extra
        assert "0 errors, 0 warnings" in run("pyright", "--project", ".", "--pythonpath", python)
    run("pip", "wheel", "-q", "--no-build-isolation", "--no-deps", "-w", "dist", ".")
    (wheel,) = (root / "dist").iterdir()
    assert wheel.name == "fast_sums-0.1.0-py3-none-any.whl"


def environment(folder: Path) -> Path:
    """The Python of an environment that sees the packages of this one, and installs into itself."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    own = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    Path(own, "outer.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return python


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("2fast", "no name of a package"), ("a b", "no name of a package"), ("-x", "no name of a package"),
        ("json", "module of Python's"), ("class", "module of Python's"), ("pywasi-native", "or of ours"),
    ],
)  # fmt: skip
def test_names_that_do_not_do(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(BuildError, match=message) as caught:
        new_package(tmp_path / "x", name=name)
    assert caught.value.advice
    assert not (tmp_path / "x").exists()


def test_a_folder_with_something_in_it(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x", encoding="utf-8")
    with pytest.raises(BuildError, match="is not empty"):
        new_package(tmp_path, name="good")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    with pytest.raises(BuildError, match=r"mine\.txt.*: "):
        new_package(tmp_path / "mine.txt" / "x")


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", str(tmp_path / "sums"), "--backend", "setuptools"]) == 0
    said = capsys.readouterr().out
    assert "sums/pyproject.toml" in said
    assert "pip install -e '.[test]'" in said
    assert main(["new", str(tmp_path / "other"), "--backend", "poetry"]) == 1
    assert "none of hatchling, setuptools, scikit-build-core" in capsys.readouterr().err
