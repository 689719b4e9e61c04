"""One wheel for several versions of Python: installed where there is no compiler, tested by its own tests."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

import locate
import machine_pythons
from pywasi_native.build.new_package import new_package

ENVIRONMENT = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
MINORS = (13, 12, 14, 11)
PROBE = """
import importlib.util, os, shutil, sys
assert importlib.util.find_spec("ziglang") is None
assert not [tool for tool in ("cc", "gcc", "clang", "zig") if shutil.which(tool)]
import fast_sums
assert not [name for name in sys.modules if name.startswith("pywasi_native.build")]
print(fast_sums.__file__)
"""


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=env or ENVIRONMENT, text=True, timeout=1200,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


def built_in(tmp_path: Path) -> dict[str, str]:
    """The environment in which the engine is built: C is the same for all Pythons, and compiled once."""
    folder = os.environ.get("PYWASI_PACKAGE_BUILD", str(tmp_path / "build"))
    return {**ENVIRONMENT, "SKBUILD_BUILD_DIR": folder}


def pythons() -> list[str]:
    """Two other versions than this one: those of PYWASI_OTHER_PYTHON, or on CI what this machine has."""
    named = os.environ.get("PYWASI_OTHER_PYTHON", "").split()
    if not named and not locate.on_ci():
        pytest.skip(
            "builds the engine for others, which takes minutes: PYWASI_OTHER_PYTHON='python3.11 python3.13'"
        )
    if unfit := [name for name in named if machine_pythons.version_of(name) is None]:
        locate.missing(f"PYWASI_OTHER_PYTHON: no Pythons that can make environments: {', '.join(unfit)}")
    found = named or list(islice(machine_pythons.others(MINORS), 2))
    if not found:
        pytest.skip(
            f"no other Python that can make environments, of 3.{', 3.'.join(map(str, MINORS))}, on PATH, or "
            "by pyenv, uv or GitHub: PYWASI_OTHER_PYTHON=/opt/python3.13/bin/python3.13"
        )
    return found


@pytest.mark.slow
def test_one_wheel_for_other_pythons(package_index: None, zig: None, tmp_path: Path) -> None:
    if not __import__("importlib.util").util.find_spec("hatchling"):
        locate.missing("The back end is not installed: pip install hatchling")
    names = pythons()
    project = tmp_path / "fast-sums"
    new_package(project)
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-build-isolation", "--no-deps", "-w", "dist", ".",
        cwd=project)  # fmt: skip
    (wheel,) = (project / "dist").iterdir()
    assert wheel.name == "fast_sums-0.1.0-py3-none-any.whl"
    for name in names:
        folder = tmp_path / f"python{machine_pythons.version_of(name)}"
        run(name, "-m", "venv", folder, cwd=tmp_path)
        python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        run(python, "-m", "pip", "install", "-q", locate.ROOT, "pytest", cwd=tmp_path, env=built_in(tmp_path))
        bare = {"PATH": str(python.parent), "SYSTEMROOT": os.environ.get("SYSTEMROOT", "")}
        run(python, "-m", "pip", "install", "-q", "--no-index", "--no-deps", wheel, cwd=tmp_path, env=bare)
        assert str(folder) in run(python, "-I", "-c", PROBE, cwd=tmp_path, env=bare)
        said = run(
            python, "-I", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", cwd=project, env=bare
        )
        assert "3 passed" in said


@pytest.mark.skipif(os.name == "nt", reason="pyenv's folders for Windows have no scripts that could stand in")
def test_pythons_are_found_where_they_were_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def stand_in(path: Path, says: str) -> Path:
        path.parent.mkdir(parents=True)
        path.write_text(f"#!/bin/sh\n{says}\n")
        path.chmod(0o755)
        return path

    pyenv, uv, cache, path = (tmp_path / name for name in ("pyenv", "uv", "cache", "path"))
    for name, value in (
        ("PATH", str(path)), ("PYENV_ROOT", str(pyenv)), ("UV_PYTHON_INSTALL_DIR", str(uv)),
        ("RUNNER_TOOL_CACHE", str(cache)),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    stand_in(pyenv / "versions/3.91.4/bin/python3.91", "exit 1")  # as one without ensurepip
    made = [
        stand_in(uv / "cpython-3.91.5-linux-x86_64-gnu/bin/python3.91", "echo 3.91"),
        stand_in(cache / "Python/3.92.0/x64/bin/python3.92", "echo 3.92"),
        stand_in(pyenv / "versions/3.93.0/bin/python3.93", "echo 3.93"),
        stand_in(path / "python3.94", "echo 3.94"),
    ]
    stand_in(tmp_path / "shims/python3.95", "exit 127")
    stand_in(pyenv / "versions/3.95.0/bin/python3.95", "echo 3.9")  # another one than it is called
    assert list(machine_pythons.others((91, 92, 93, 94, 95, sys.version_info[1]))) == list(map(str, made))
    assert machine_pythons.version_of(tmp_path / "nothing") is None
    assert machine_pythons.version_of(sys.executable) == f"3.{sys.version_info[1]}"
