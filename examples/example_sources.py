"""What the scripts share that fetch the C sources of others into an example's third_party/."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path


def from_pypi(target: Path, name: str, version: str, sha256: str, files: Iterable[str]) -> bool:
    """Files of a source archive on PyPI; pip refuses one with another hash. False: they are there already."""

    def unpacked(folder: Path) -> Path:
        wanted = folder / "wanted.txt"
        wanted.write_text(f"{name}=={version} --hash=sha256:{sha256}\n", encoding="utf-8")
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", name,
             "--require-hashes", "-r", wanted, "-d", folder],
            check=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        with tarfile.open(folder / f"{name}-{version}.tar.gz") as archive:
            archive.extractall(folder, filter="data")
        return folder / f"{name}-{version}"

    return copied(target, sha256, files, unpacked)


def copied(target: Path, sha256: str, files: Iterable[str], unpacked: Callable[[Path], Path]) -> bool:
    """Copies what matches the patterns; False: it is there already.

    Args:
        target: where to, without folders in between.
        sha256: of the archive; kept in the target to know it again.
        files: patterns.
        unpacked: is given an empty folder, and returns the one in it that the patterns are for.
    """
    stamp = target / "sha256"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == sha256:
        return False
    with tempfile.TemporaryDirectory() as folder:
        root = unpacked(Path(folder))
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for pattern in files:
            for path in root.glob(pattern):
                shutil.copy(path, target)
    stamp.write_text(sha256, encoding="utf-8")
    return True
