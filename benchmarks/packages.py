"""Builds of this project to measure beside the installed one: another shell, compiler, or folder.

`pywasi-goto` is what `pip install .` gives with this machine's compiler, `pywasi-tail` the tail-call shell by
the Clang of `ziglang`. Both are built from this tree and kept in the cache by content; `--build NAME=WHERE`
takes any wheel or any folder that `pip install --target` has filled, for example from another commit.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from .toolchain import BuildError, cache_root, compiler_identity, native_cc, zig_cc

ROOT = Path(__file__).resolve().parent.parent
DISTRIBUTION = "pywasi-native"
SOURCES = ("csrc", "src", "cmake", "stubs", "CMakeLists.txt", "pyproject.toml")
SHELLS = {"pywasi-goto": "goto", "pywasi-tail": "tail"}
LIMIT = 1800.0  # seconds for one build of the package, on a machine that may be busy


def built(name: str) -> Path:
    """The folder with the package as `name` (of `SHELLS`) asks for it, for PYTHONPATH."""
    return _site(wheel(name))


@functools.cache
def wheel(name: str) -> Path:
    """The wheel of that build."""
    shell = SHELLS[name]
    compiler = [*_zig(), "cc", "-mcpu=baseline"] if shell == "tail" else list(native_cc())
    folder = cache_root() / "packages" / f"{name}-{_fingerprint(shell, compiler)}"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            out = Path(scratch) / "wheel"
            _pip_wheel(shell, compiler, Path(scratch) / "build", out)
            out.rename(folder)
    return next(folder.glob("*.whl"))


def wheel_of(wanted: str) -> Path:
    """The wheel that pip downloads or builds for a requirement, or for this tree."""
    source = f"{_tree()} {os.environ.get('PYWASI_ZIG')}" if wanted == str(ROOT) else ""
    key = hashlib.sha256(f"{wanted} {source} {sys.version}".encode()).hexdigest()[:20]
    folder = cache_root() / "packages" / f"wheel-{key}"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            out = Path(scratch) / "wheel"
            pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(out), wanted]
            _run([*pip, *([f"-Cbuild-dir={scratch}/build"] if source else [])], _environment())
            out.rename(folder)
    return next(folder.glob("*.whl"))


def site(where: str) -> Path:
    """The folder for PYTHONPATH that `--build NAME=WHERE` names: a wheel is unpacked first.

    Raises:
        ValueError: there is no package of this project.
    """
    path = Path(where).resolve()
    if path.suffix == ".whl" and path.is_file():
        path = _site(path)
    if not (path / "pywasi_native").is_dir():
        raise ValueError(f"{where} is neither a wheel nor a folder that holds pywasi_native")
    return path


def version_in(folder: Path) -> str:
    """The version of the package that lies in that folder."""
    for found in importlib.metadata.distributions(path=[str(folder)]):
        if found.metadata["Name"].replace("_", "-").lower() == DISTRIBUTION:
            return found.version
    return "unknown"


def _site(wheel: Path) -> Path:
    key = hashlib.sha256(wheel.read_bytes()).hexdigest()[:20]
    target = cache_root() / "packages" / f"site-{key}"
    if not target.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            out = Path(scratch) / "site"
            _run(
                [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(out), str(wheel)]
            )
            out.rename(target)
    return target


def _zig() -> list[str]:
    """The program itself: in pip's build environment `python -m ziglang` would not find its module."""
    import ziglang

    suffix = ".exe" if os.name == "nt" else ""
    return [str(Path(ziglang.__file__).with_name(f"zig{suffix}"))]


def _pip_wheel(shell: str, compiler: list[str], build: Path, out: Path) -> None:
    env = _environment() | {"CC": " ".join(compiler)}
    env.pop("PYWASI_ZIG", None)  # would put zig in the place of that compiler
    settings = [f"-Cbuild-dir={build}", f"-Ccmake.define.PYWASI_SHELLS={shell}"]
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(out), str(ROOT), *settings]
    _run(pip, env)


def _environment() -> dict[str, str]:
    """Without what would put the files of one build among those of another."""
    return {key: value for key, value in os.environ.items() if not key.startswith("SKBUILD")}


def _run(command: list[str], env: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, check=False, env=env, capture_output=True, text=True, timeout=LIMIT)
    if done.returncode != 0:
        raise BuildError(f"{' '.join(command)}\nexit code {done.returncode}\n{done.stderr[-4000:]}")


def _fingerprint(shell: str, compiler: list[str]) -> str:
    identity = tuple(zig_cc()) if shell == "tail" else tuple(compiler)
    words = (shell, *compiler_identity(identity), sys.version, sysconfig.get_platform(), _tree())
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:20]


@functools.cache
def _tree() -> str:
    """The state of everything that goes into a build."""
    digest = hashlib.sha256()
    for name in SOURCES:
        top = ROOT / name
        for file in [top] if top.is_file() else sorted(top.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()
