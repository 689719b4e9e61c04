"""Sources of real programs: Debian's source packages, unpacked once into the cache.

`apt-get` gets folders of its own, so this needs no rights and leaves the system's package lists alone.
Systems other than Debian and its children have no such client: the programs are left out, with a word.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .toolchain import BuildError, cache_root

LIMIT = 600.0  # seconds for a download, or for making an amalgamation
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
SOURCES = f"""Types: deb-src
URIs: http://deb.debian.org/debian
Suites: bookworm
Components: main
Signed-By: {KEYRING}
"""


class NoSource(BuildError):
    """The sources cannot be had on this machine; the text says why."""


@functools.cache
def lua() -> Path:
    """The folder with Lua's C files."""
    return _package("lua5.4") / "src"


@functools.cache
def sqlite() -> Path:
    """The folder with `sqlite3.c`, made from SQLite's own sources (by their makefile, which needs Tcl)."""
    folder = _package("sqlite3")
    if not (folder / "sqlite3.c").is_file():
        if not shutil.which("tclsh"):
            raise NoSource("SQLite's sources are put together by tclsh: apt-get install tcl")
        _run(["sh", "./configure"], folder)
        _run(["make", "sqlite3.c"], folder)
    return folder


def _package(name: str) -> Path:
    """The unpacked original sources of a source package."""
    target = cache_root() / "debian" / name
    if target.is_dir():
        return target
    if not shutil.which("apt-get") or not Path(KEYRING).is_file():
        raise NoSource(f"the sources of {name} come from Debian by apt-get, which is not here")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        place = Path(scratch)
        _download(name, place)
        archive = next(file for file in place.iterdir() if ".orig.tar" in file.name)
        with tarfile.open(archive) as tar:
            tar.extractall(place / "tree", filter="data")
        (root,) = (place / "tree").iterdir()
        root.rename(target)
    return target


def _download(name: str, place: Path) -> None:
    (place / "lists" / "partial").mkdir(parents=True)
    (place / "parts").mkdir()
    (place / "parts" / "src.sources").write_text(SOURCES)
    options = {
        "Dir::State::Lists": place / "lists",
        "Dir::Cache": place / "cache",
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": place / "parts",
    }
    apt = ["apt-get", "-q", *(word for key, value in options.items() for word in ("-o", f"{key}={value}"))]
    _run([*apt, "update"], place)
    _run([*apt, "source", "--download-only", name], place)


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(
        command,
        check=False,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        raise NoSource(f"{' '.join(command)}\nexit code {done.returncode}\n{done.stderr[-2000:]}")
