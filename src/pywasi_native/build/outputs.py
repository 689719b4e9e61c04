"""Writes the files of a build: all of them or none, each by a rename."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from .build_error import BuildError
from .shim_text import MARK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def differing(root: Path, files: Mapping[str, bytes]) -> list[str]:
    """Those of the files that are missing on disk, or other there."""
    return [name for name, data in files.items() if _content(root / name) != data]


def write(root: Path, files: Mapping[str, bytes]) -> list[str]:
    """Puts the files there; gives those that have changed.

    Raises:
        BuildError: a file cannot be written, or one of another's making is there. Nothing is changed.
    """
    for name in files:
        refuse_foreign(root / name)
    changed = differing(root, files)
    written: list[tuple[str, Path]] = []
    try:
        for name in changed:
            written.append((_beside(root / name, files[name]), root / name))
        while written:
            temporary, target = written[0]
            os.replace(temporary, target)  # noqa: PTH105
            del written[0]
    except OSError as error:
        raise BuildError(f"{error.filename or root}: {error.strerror or error}") from None
    finally:
        for temporary, _ in written:
            Path(temporary).unlink(missing_ok=True)
    return changed


def refuse_foreign(path: Path) -> None:
    """Raises if a Python file of another's making would be overwritten."""
    if path.suffix not in (".py", ".pyi"):
        return
    content = _content(path)
    if content is not None and content.strip() and b"`pywasi " not in content[:400]:
        raise BuildError(
            f"{path} is there and was not {MARK.partition(';')[0]}",
            "move it away, or give module in [tool.pywasi] another name",
        )


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _beside(target: Path, data: bytes) -> str:
    """A temporary file in the folder of `target`, with the modes of a file that the user makes."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    return name
