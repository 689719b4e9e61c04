"""A project in a temporary folder, and the compiler."""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

import locate
from installed_wheel import wheel_of_installed

Make = Callable[..., Path]


@pytest.fixture
def zig() -> None:
    """Skips where `ziglang` is not installed (fails with CI=true)."""
    if importlib.util.find_spec("ziglang") is None:
        locate.missing("The sources are compiled by zig: pip install ziglang")


@pytest.fixture
def project(tmp_path: Path) -> Make:
    """Makes a project: `project(table, {"src/core.c": text})`; the package is pkg."""

    def make(table: str, files: dict[str, str | bytes] | None = None) -> Path:
        root = tmp_path / "project"
        for name, content in {"pkg/__init__.py": "", **(files or {})}.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        (root / "pyproject.toml").write_text(f"[tool.pywasi]\n{table}\n", encoding="utf-8")
        return root

    return make


@pytest.fixture
def imported(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path, str], ModuleType]]:
    """Imports a module of a project: `imported(root, "pkg._core")`."""
    before = set(sys.modules)

    def load(root: Path, name: str) -> ModuleType:
        monkeypatch.syspath_prepend(str(root))
        importlib.invalidate_caches()
        for known in [key for key in sys.modules if key.split(".")[0] == "pkg"]:
            del sys.modules[known]
        return importlib.import_module(name)

    yield load
    for name in set(sys.modules) - before:
        if name.split(".")[0] == "pkg":
            del sys.modules[name]


@pytest.fixture(scope="session")
def runtime_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of the pywasi-native under test."""
    return wheel_of_installed(tmp_path_factory.mktemp("runtime"))


@pytest.fixture(scope="session")
def package_index(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skips where pip reaches no package index (fails with CI=true)."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-cache-dir", "--retries", "0",
         "-d", str(tmp_path_factory.mktemp("index")), "editables"],
        capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode:
        locate.missing(
            f"A build in isolation needs the package index: {done.stderr.strip().splitlines()[-1]}"
        )
