"""Fetches the C sources of zlib into third_party/: Debian's source package, by apt-get.

It needs no rights and no deb-src line of the system: its list of packages is its own. Without apt-get,
download the file by other means and name it: python fetch_zlib.py zlib_1.2.13.dfsg.orig.tar.bz2
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
from example_sources import copied

VERSION = "1:1.2.13.dfsg-1"
ARCHIVE = "zlib_1.2.13.dfsg.orig.tar.bz2"
SHA256 = "71feb7947e3c00ef125f83b79a4e529bde31171e5babe48b391f06758d1ab0a1"
FILES = ("*.c", "*.h", "README")
TARGET = Path(__file__).parent / "third_party"

# The hash above says what is right, so the system needs no key of Debian's.
SOURCES = "deb-src [trusted=yes] http://deb.debian.org/debian bookworm main\n"


def fetch(archive: Path | None = None) -> bool:
    """Writes the files; False: they are there already."""

    def unpacked(folder: Path) -> Path:
        file = archive or download(folder)
        if hashlib.sha256(file.read_bytes()).hexdigest() != SHA256:
            raise SystemExit(f"{file} is not {ARCHIVE}: it has another SHA-256")
        with tarfile.open(file) as tar:
            tar.extractall(folder, filter="data")
        (root,) = folder.glob("zlib-*/")
        return root

    return copied(TARGET, SHA256, FILES, unpacked)


def download(folder: Path) -> Path:
    """The archive, by apt-get with lists of its own."""
    if shutil.which("apt-get") is None:
        raise SystemExit(f"there is no apt-get here: python {Path(__file__).name} {ARCHIVE}")
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    (folder / "sources.list").write_text(SOURCES, encoding="utf-8")
    own = {
        "Dir::Etc::sourcelist": "sources.list", "Dir::Etc::sourceparts": "none",
        "Dir::State::lists": "lists", "Dir::Cache": "cache",
    }  # fmt: skip
    options = [word for key, name in own.items() for word in ("-o", f"{key}={folder / name}")]
    for words in (["update"], ["source", "--download-only", f"zlib={VERSION}"]):
        done = subprocess.run(
            ["apt-get", "-q", *options, *words], cwd=folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"{done.stdout}\napt-get {words[0]} failed")
    return folder / ARCHIVE


if __name__ == "__main__":
    named = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    print("fetched" if fetch(named) else "there already")
