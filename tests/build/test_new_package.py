"""pywasi new: what it lays out builds, installs, tests and type-checks as it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

import locate
from pywasi_native.build import BuildError
from pywasi_native.build.new_package import BACKENDS, new_package
from pywasi_native.cli import main


@pytest.mark.parametrize("backend", BACKENDS)
def test_it_builds_installs_tests_and_type_checks(
    backend: str, zig: None, runtime_wheel: Path, tmp_path: Path
) -> None:
    for module in ("mypy", "pytest", backend.replace("-", "_")):
        if not __import__("importlib.util").util.find_spec(module):
            locate.missing(f"The new package needs it: pip install {module}")
    root = tmp_path / "fast-sums"
    assert "src/fast_sums/__init__.py" in new_package(root, backend)
    base = Path(sysconfig.get_path("purelib"))
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    env.pop("SKBUILD_BUILD_DIR", None)

    def run(*words: str | Path, **more: str) -> str:
        done = subprocess.run(
            [sys.executable, *map(str, words)], cwd=root, env={**env, **more}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
        return done.stdout

    run("-m", "pip", "wheel", "-q", "--no-build-isolation", "--no-deps", "-w", "dist", ".")
    (wheel,) = (root / "dist").iterdir()
    assert wheel.name == "fast_sums-0.1.0-py3-none-any.whl"
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    path = os.pathsep.join([str(site), str(base)])
    assert "2 passed" in run("-m", "pytest", "-q", "-p", "no:cacheprovider", PYTHONPATH=path)
    shutil.rmtree(site)
    # mypy looks at the sources: where the back end builds elsewhere it sees what is installed.
    if backend == "scikit-build-core":
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if "/_core." in name:
                    (root / "src" / name).write_bytes(archive.read(name))
    assert "Success" in run("-m", "mypy", "--cache-dir", tmp_path / "cache", MYPYPATH="src")


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
