"""Where other versions of Python are on this machine, whoever put them there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PROBE = "import ensurepip, sys; print('%d.%d' % sys.version_info[:2])"


def _said(*command: str) -> str:
    """What a tool prints; nothing where there is no such tool or it fails."""
    if (tool := shutil.which(command[0])) is None:
        return ""
    try:
        done = subprocess.run(
            [tool, *command[1:]], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _managed() -> Iterator[Path]:
    """Folders of which each sub-folder is an installation: of pyenv, of uv, of GitHub's runners."""
    if root := os.environ.get("PYENV_ROOT") or _said("pyenv", "root"):
        yield Path(root, "versions")
    if folder := os.environ.get("UV_PYTHON_INSTALL_DIR") or _said("uv", "python", "dir"):
        yield Path(folder)
    if cache := os.environ.get("RUNNER_TOOL_CACHE") or os.environ.get("AGENT_TOOLSDIRECTORY"):
        yield Path(cache, "Python")


def _installed(name: str) -> Iterator[Path]:
    """Programs that may be Python `name` (such as "3.12"), the likelier first; some may not run."""
    file = "python.exe" if os.name == "nt" else f"python{name}"
    for folder in (*os.get_exec_path(), "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"):
        # pyenv's shims run only the versions that it was told to, and are slow to say so.
        if os.name != "nt" and Path(folder).name != "shims":
            yield Path(folder, file)
    for parent in _managed():
        # pyenv: 3.12.1, uv: cpython-3.12.1-linux-..., runners: 3.12.1/x64
        for home in sorted((*parent.glob(f"{name}.*"), *parent.glob(f"cpython-{name}.*")), reverse=True):
            for inner in (home, *home.glob("x64"), *home.glob("arm64")):
                yield inner / file if os.name == "nt" else inner / "bin" / file
    if os.name == "nt" and (said := _said("py", f"-{name}", "-c", "import sys; print(sys.executable)")):
        yield Path(said)


def version_of(python: str | Path) -> str | None:
    """ "3.12" for a Python that runs and can make environments; else None."""
    try:
        done = subprocess.run(
            [str(python), "-I", "-c", PROBE],
            capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None


def find(name: str) -> str | None:
    """The program of that version ("3.12"), if this machine has one that can make environments."""
    for python in _installed(name):
        if python.is_file() and version_of(python) == name:
            return str(python)
    return None


def others(minors: tuple[int, ...]) -> Iterator[str]:
    """The programs of these versions 3.x that are here, in this order, but for the one that runs this."""
    for minor in minors:
        if minor != sys.version_info[1] and (python := find(f"3.{minor}")):
            yield python
