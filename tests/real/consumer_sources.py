"""PyCryptodome: its Python code as it is, its C code as wasm."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

NAME, VERSION = "pycryptodome", "4.4.0"
SHA256 = "eab7620c60c85f3fa251d026ec06e094f036d96187bebb9752e46fbcebabbb55"
# Libraries that the package does without where the processor has no such instructions.
NATIVE_ONLY = re.compile("aesni|armv8|shani|avx2|bmi2|clmul|pmull|neon")
_EXTENSION = re.compile(r'Extension\(\s*"(Crypto[\w.]+)",.*?sources=\[(.*?)\]', re.DOTALL)
_FLAGS = (
    "-O2", "-target", "wasm32-wasi", "-mexec-model=reactor", "-rdynamic", "-fvisibility=default", "-w",
    "-Isrc",
    "-DHAVE_STDINT_H", "-DHAVE_POSIX_MEMALIGN", "-DPYCRYPTO_LITTLE_ENDIAN", "-DSYS_BITS=64", "-DHAVE_UINT128",
    "-Wl,--export=malloc,--export=free,--export-table,--growable-table", "-s",
)  # fmt: skip


def fetch(folder: Path) -> str:
    """Downloads the sources into ``folder/source``; says what is wrong, "" if nothing is."""
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{NAME}=={VERSION} --hash=sha256:{SHA256}\n", encoding="utf-8")
    command = (
        sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", NAME,
        "--no-build-isolation", "--require-hashes", "-r", str(wanted), "-d", str(folder),
    )  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        return f"pip cannot download {NAME} {VERSION}: {done.stderr.strip()[-300:]}"
    with tarfile.open(folder / f"{NAME}-{VERSION}.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    (folder / f"{NAME}-{VERSION}").rename(folder / "source")
    return ""


def build(folder: Path) -> None:
    """Compiles the C code to ``crypto.wasm`` and ``numbers.wasm``; puts the Python code into ``lib``."""
    source = folder / "source"
    groups: dict[str, list[str]] = {"crypto": [], "numbers": []}
    for name, files in _EXTENSION.findall((source / "setup.py").read_text(encoding="utf-8")):
        if not NATIVE_ONLY.search(name):
            group = groups["numbers" if name == "Crypto.Math._nat" else "crypto"]
            group += [file for file in re.findall(r'"([^"]+)"', files) if file not in group]
    for name, files in groups.items():
        command = [sys.executable, "-m", "ziglang", "cc", *_FLAGS, *files, "-o", str(folder / f"{name}.wasm")]
        done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    shutil.copytree(source / "lib", folder / "lib")
