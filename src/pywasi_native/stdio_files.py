"""File objects as standard streams of a program: which of their methods is called, and what that says."""

from __future__ import annotations

import io

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .wasi import Wasi


def reader(file: Any) -> tuple[Callable[[int], Any], bool]:
    """What reads from it, and that no terminal matters. What has come is given at once, as a system does."""
    if isinstance(file, io.BufferedReader | io.BufferedRandom | io.BufferedRWPair):

        def read(size: int) -> memoryview | None:
            buffer = bytearray(size)  # not the engine's memory: a file could keep that
            count: int | None = file.readinto1(buffer)
            return None if count is None else memoryview(buffer)[:count]

        return read, False
    # The read() of a buffered file waits for all that was asked for; read1() does not.
    read1 = getattr(file, "read1", None)
    if getattr(type(file), "read1", None) is io.BufferedIOBase.read1:  # which only says that there is none
        read1 = None
    return read1 or file.read, False


def writer(file: Any) -> tuple[Callable[[bytes], Any], bool]:
    """What writes to it, and whether a terminal is behind it."""
    if isinstance(file, io.FileIO):  # elsewhere None says that all was taken

        def write(data: bytes) -> int:
            return file.write(data) or 0  # None: it does not block, and nothing fits

        return write, file.isatty()
    return file.write, _is_terminal(file)


def _is_terminal(file: Any) -> bool:
    ask = getattr(file, "isatty", None)
    return bool(ask()) if callable(ask) else False


def flush(wasi: Wasi) -> None:
    """Has file objects write what they hold back: the program that wrote to them has ended."""
    for stream in (wasi.stdout, wasi.stderr):
        if hasattr(stream, "write") and callable(method := getattr(stream, "flush", None)):
            method()
