"""Fetches the C sources of cmark-gfm into third_party/: PyPI's cmarkgfm carries them as source."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

NAME, VERSION = "cmarkgfm", "2025.10.22"
SHA256 = "5bec61007b65b919488442c838c58a6c8bf4741f5103c593b2ef180d39818eda"
FILES = (
    "third_party/cmark/src/*.[ch]",
    "third_party/cmark/src/*.inc",
    "third_party/cmark/extensions/*.[ch]",
    "third_party/cmark/COPYING",
    "generated/unix/*.h",
)
TARGET = Path(__file__).parent / "third_party"


def fetch(target: Path = TARGET) -> bool:
    """Downloads with pip, which refuses an archive with another hash; False: they are there already."""
    stamp = target / "sha256"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == SHA256:
        return False
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder, "wanted.txt")
        wanted.write_text(f"{NAME}=={VERSION} --hash=sha256:{SHA256}\n", encoding="utf-8")
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", NAME,
             "--require-hashes", "-r", wanted, "-d", folder],
            check=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        with tarfile.open(Path(folder, f"{NAME}-{VERSION}.tar.gz")) as archive:
            archive.extractall(folder, filter="data")
        root = Path(folder, f"{NAME}-{VERSION}")
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for pattern in FILES:
            for path in root.glob(pattern):
                shutil.copy(path, target)
    stamp.write_text(SHA256, encoding="utf-8")
    return True


if __name__ == "__main__":
    print("fetched" if fetch() else "there already")
