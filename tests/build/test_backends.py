"""Wheels by hatchling, setuptools and scikit-build-core: for every platform, and reproducible."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import locate

pytestmark = pytest.mark.usefixtures("zig")

FILES = {
    "core/core.c": '#include "private.h"\n#include "core.h"\nint add(int a, int b) { return a + b * F; }\n',
    "core/core.h": "/** One number and three others. */\nint add(int a, int b);\n",
    "core/private.h": "#define F 3\n",
    "src/pkg/__init__.py": "from ._core import add as add\n",
    "src/pkg/py.typed": "",
    ".gitignore": "_core.py\n_core.pyi\n_core.wasm\nbuild/\n",
    "README.md": "# pkg\n",
}
PROJECT = """\
[project]
name = "pkg"
version = "1.0"
requires-python = ">=3.11"
dependencies = ["pywasi-native"]

[tool.pywasi]
module = "pkg._core"
sources = ["core/core.c"]
headers = ["core/core.h"]
"""
BACKENDS = {
    "hatchling": """
[build-system]
requires = ["hatchling", "pywasi-native[build]"]
build-backend = "hatchling.build"

[tool.hatch.build.targets.wheel]
packages = ["src/pkg"]

[tool.hatch.build.hooks.pywasi]
""",
    "setuptools": """
[build-system]
requires = ["setuptools", "pywasi-native[build]"]
build-backend = "setuptools.build_meta"

[tool.setuptools.package-data]
pkg = ["py.typed"]
""",
    "scikit_build_core": """
[build-system]
requires = ["scikit-build-core", "pywasi-native[build]"]
build-backend = "scikit_build_core.build"

[tool.scikit-build]
wheel.py-api = "py3"
wheel.platlib = false
""",
}
HOOKS = {
    "hatchling": "hatchling.build",
    "setuptools": "setuptools.build_meta",
    "scikit_build_core": "scikit_build_core.build",
}
CMAKE = """\
cmake_minimum_required(VERSION 3.26)
include(PywasiWasm)
project(example LANGUAGES C)
pywasi_add_module(pkg._core SOURCES core/core.c HEADERS core/core.h)
"""
# Wheels of these two carry the times of files, unless they are told another.
ENVIRONMENT = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
ENVIRONMENT.pop("SKBUILD_BUILD_DIR", None)
MADE = ["pkg/_core.py", "pkg/_core.pyi", "pkg/_core.wasm"]


@pytest.fixture(params=list(BACKENDS))
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if importlib.util.find_spec(name) is None:
        locate.missing(f"The back end is not installed: pip install {name.replace('_', '-')}")
    if name == "scikit_build_core" and not (shutil.which("ninja") or shutil.which("make")):
        locate.missing("scikit-build-core needs ninja or make")
    return name


def lay_out(root: Path, backend: str) -> Path:
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    table = PROJECT
    if backend == "scikit_build_core":
        table = PROJECT[: PROJECT.index("[tool.pywasi]")]  # CMakeLists.txt says it
        (root / "CMakeLists.txt").write_text(CMAKE, encoding="utf-8")
    (root / "pyproject.toml").write_text(table + BACKENDS[backend], encoding="utf-8")
    return root


class CommandFailed(Exception):
    """Its text is what the command has said."""


def run(*command: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=env or ENVIRONMENT, text=True, timeout=600,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    if done.returncode:
        raise CommandFailed(done.stdout)
    return done.stdout


def pip(*words: str | Path, env: dict[str, str] | None = None) -> str:
    return run(sys.executable, "-m", "pip", *words, env=env)


def build_wheel(project: Path, out: Path) -> Path:
    pip("wheel", "-q", "--no-build-isolation", "--no-deps", "-w", out, project)
    (wheel,) = out.glob("*.whl")
    return wheel


@pytest.fixture
def fresh(runtime_wheel: Path, tmp_path: Path) -> Path:
    """The Python of an environment that has pywasi-native and nothing else."""
    return environment(tmp_path / "fresh", runtime_wheel)


def environment(folder: Path, *wheels: Path) -> Path:
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    install(python, *wheels)
    return python


def install(python: Path, *words: str | Path) -> None:
    pip("--python", python, "install", "-q", "--no-deps", "--no-index", *words)


def use(python: Path, code: str) -> str:
    """What a program prints, in an environment where nothing is on PATH, and not in the project's folder."""
    bare = {"PATH": str(python.parent), "SYSTEMROOT": os.environ.get("SYSTEMROOT", "")}
    return run(python, "-I", "-c", code, cwd=python.parent, env=bare).strip()


CHECK = """
import importlib.util, pkg, sys
assert importlib.util.find_spec("ziglang") is None
assert pkg.add.__module__ == "pkg._core"
assert not [name for name in sys.modules if name.startswith("pywasi_native.build")]
print(pkg.add(1, 2))
"""


def test_a_wheel_for_everybody(backend: str, fresh: Path, tmp_path: Path) -> None:
    project = lay_out(tmp_path / "project", backend)
    wheel = build_wheel(project, tmp_path / "out")
    assert wheel.name == "pkg-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = sorted(name for name in archive.namelist() if name.startswith("pkg/"))
        assert names == ["pkg/__init__.py", *MADE, "pkg/py.typed"]
        assert "Root-Is-Purelib: true" in archive.read("pkg-1.0.dist-info/WHEEL").decode()
        assert b"/project" not in archive.read("pkg/_core.wasm")
    install(fresh, wheel)
    assert use(fresh, CHECK) == "7"


def test_two_builds_are_one(backend: str, tmp_path: Path) -> None:
    wheels = [
        build_wheel(lay_out(tmp_path / name / "project", backend), tmp_path / name / "out")
        for name in ("one", "another")
    ]
    assert wheels[0].read_bytes() == wheels[1].read_bytes()


def test_the_source_distribution_has_what_a_build_needs(backend: str, tmp_path: Path) -> None:
    project = lay_out(tmp_path / "project", backend)
    direct = build_wheel(project, tmp_path / "direct")
    code = f"import sys; from {HOOKS[backend]} import build_sdist; build_sdist(sys.argv[1])"
    (tmp_path / "sdist").mkdir()
    run(sys.executable, "-c", code, tmp_path / "sdist", cwd=project)
    (archive,) = (tmp_path / "sdist").glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        names = {name.split("/", 1)[1] for name in tar.getnames() if "/" in name}
        tar.extractall(tmp_path / "unpacked", filter="data")
    assert {"core/core.c", "core/core.h", "core/private.h", "pyproject.toml"} <= names
    assert "src/pkg/_core.wasm" not in names
    (source,) = (tmp_path / "unpacked").iterdir()
    assert build_wheel(source, tmp_path / "again").read_bytes() == direct.read_bytes()


def test_hatchling_with_a_narrow_source_distribution(tmp_path: Path) -> None:
    if importlib.util.find_spec("hatchling") is None:
        locate.missing("The back end is not installed: pip install hatchling")
    project = lay_out(tmp_path / "project", "hatchling")
    with (project / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(
            '[tool.hatch.build.targets.sdist]\nonly-include = ["src/pkg/__init__.py", "core/core.c"]\n'
        )
    run(sys.executable, "-c", "from hatchling.build import build_sdist; build_sdist('out')", cwd=project)
    with tarfile.open(next((project / "out").glob("*.tar.gz"))) as tar:
        names = [name.split("/", 1)[1] for name in tar.getnames()]
    assert sorted(name for name in names if name.startswith("core/")) == [
        "core/core.c", "core/core.h", "core/private.h"
    ]  # fmt: skip


def test_an_editable_install(backend: str, fresh: Path, tmp_path: Path) -> None:
    project = lay_out(tmp_path / "project", backend)
    pip(
        "--python",
        fresh,
        "install",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-e",
        project,
        env=with_tools(),
    )
    assert use(fresh, CHECK) == "7"
    init = project / "src/pkg/__init__.py"
    init.write_text(init.read_text() + "late = add(1, 1)\n", encoding="utf-8")
    assert use(fresh, "import pkg; print(pkg.late)") == "4"
    if backend != "scikit_build_core":  # its editable mode builds elsewhere
        assert sorted(path.name for path in (project / "src/pkg").glob("_core*")) == [
            "_core.py", "_core.pyi", "_core.wasm"
        ]  # fmt: skip


def with_tools() -> dict[str, str]:
    """The back ends of this environment, for a build that another one's Python does."""
    import sysconfig

    return {**ENVIRONMENT, "PYTHONPATH": sysconfig.get_path("purelib")}


def test_an_error_is_seen_in_a_build(backend: str, tmp_path: Path) -> None:
    project = lay_out(tmp_path / "project", backend)
    (project / "core/core.c").write_text(
        '#include "core.h"\nint add(int a, int b) { return a +; }\n', encoding="utf-8"
    )
    with pytest.raises(CommandFailed) as caught:
        build_wheel(project, tmp_path / "out")
    said = str(caught.value)
    assert re.search(r"core/core\.c:2:\d+: error: expected expression", said)
    if backend != "scikit_build_core":
        assert "core/core.c does not compile" in said
    assert not list((project / "src/pkg").glob("_core*"))


def test_setuptools_leaves_other_projects_alone(tmp_path: Path) -> None:
    if importlib.util.find_spec("setuptools") is None:
        locate.missing("The back end is not installed: pip install setuptools")
    project = tmp_path / "plain"
    project.mkdir()
    (project / "plain.py").write_text("x = 1\n", encoding="utf-8")
    for table in ("", '[tool.pywasi.grants."pkg"]\nargs = ["x"]\n', "[tool]\npywasi = 3\n"):
        text = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        (project / "pyproject.toml").write_text(f'{text}[project]\nname = "plain"\nversion = "1"\n{table}')
        shutil.rmtree(project / "build", ignore_errors=True)
        out = tmp_path / f"out{len(table)}"
        with zipfile.ZipFile(build_wheel(project, out)) as archive:
            assert "plain.py" in archive.namelist()


@pytest.mark.slow
def test_a_build_in_isolation(package_index: None, runtime_wheel: Path, fresh: Path, tmp_path: Path) -> None:
    """As a user's `pip wheel .` does it: the back end and the compiler come from the package index."""
    project = lay_out(tmp_path / "project", "hatchling")
    links = {
        **ENVIRONMENT,
        "PIP_FIND_LINKS": f"{runtime_wheel.parent} {os.environ.get('PIP_FIND_LINKS', '')}",
    }
    pip("wheel", "-q", "--no-deps", "-w", tmp_path / "out", project, env=links)
    (wheel,) = (tmp_path / "out").glob("*.whl")
    install(fresh, wheel)
    assert use(fresh, CHECK) == "7"
