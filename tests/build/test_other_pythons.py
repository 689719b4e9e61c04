"""One wheel for several versions of Python: installed where there is no compiler, tested by its own tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import locate
from pywasi_native.build.new_package import new_package

ENVIRONMENT = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
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


def usable(name: str) -> str | None:
    """The version of a Python with venv; None if there is none of that name."""
    found = shutil.which(name)
    if found is None:
        return None
    code = "import ensurepip, sys; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([found, "-c", code], capture_output=True, text=True)
    return done.stdout.strip() or None


def pythons() -> list[str]:
    """Two other versions than this one: those of PYWASI_OTHER_PYTHON, or on CI the first on PATH."""
    named = os.environ.get("PYWASI_OTHER_PYTHON", "").split()
    if not named and not locate.on_ci():
        pytest.skip(
            "builds the engine for others, which takes minutes: PYWASI_OTHER_PYTHON='python3.11 python3.13'"
        )
    names = named or [f"python3.{minor}" for minor in (11, 13, 12, 14)]
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    found: dict[str, str] = {}
    for name in names:
        version = usable(name)
        if version and (named or version != own):
            found.setdefault(version, name)
    if len(found) < len(named) or not found:
        pytest.skip(
            f"the wheel is tried on other Pythons with venv, and of {', '.join(names)} there are: {found}"
        )
    return list(found.values())[:2]


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
        folder = tmp_path / name.replace(os.sep, "_")
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
