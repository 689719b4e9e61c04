"""Packs the installed pywasi-native into a wheel again, for other environments of this Python."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import locate

_OF_THE_INSTALLER = {"INSTALLER", "REQUESTED", "RECORD", "direct_url.json"}


def wheel_of_installed(folder: Path) -> Path:
    """The wheel; of an editable install, which has no files, one that is built anew."""
    dist = distribution("pywasi-native")
    files = [path for path in dist.files or [] if path.parts[0] in ("pywasi_native", _info(dist.version))]
    files = [path for path in files if "__pycache__" not in path.parts and path.name not in _OF_THE_INSTALLER]
    if not any(path.parts[0] == "pywasi_native" for path in files):
        subprocess.run(
            [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder), str(locate.ROOT)],
            check=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return next(folder.glob("*.whl"))
    tags = [line[5:] for line in (dist.read_text("WHEEL") or "").splitlines() if line.startswith("Tag: ")]
    wheel = folder / f"pywasi_native-{dist.version}-{tags[0]}.whl"
    record = []
    with zipfile.ZipFile(wheel, "w") as archive:
        for path in files:
            data = Path(str(dist.locate_file(path))).read_bytes()
            archive.writestr(path.as_posix(), data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record.append(f"{path.as_posix()},sha256={digest},{len(data)}\n")
        name = f"{_info(dist.version)}/RECORD"
        archive.writestr(name, "".join(record) + f"{name},,\n")
    return wheel


def _info(version: str) -> str:
    return f"pywasi_native-{version}.dist-info"
