"""File objects as standard streams of a program: which of their methods is called, and what that says."""

from __future__ import annotations

import io
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .wasi import Wasi


def reader(file: Any) -> tuple[Any, ...]:
    """What reads from it, and that no terminal matters. What has come is given at once, as a system does.

    Where that may block: the descriptor it waits for, and what gives the bytes that were read from it before.
    """
    waits = _waits_for(file)
    if isinstance(file, io.BufferedReader | io.BufferedRandom | io.BufferedRWPair):

        def read(size: int) -> memoryview | None:
            buffer = bytearray(size)  # not the engine's memory: a file could keep that
            count: int | None = file.readinto1(buffer)
            return None if count is None else memoryview(buffer)[:count]

        if not waits:
            return read, False

        def held(size: int) -> memoryview | bytes:
            raw = file.raw  # type: ignore[union-attr]
            raw.readinto = lambda _: None  # type: ignore[method-assign]  # as if nothing had come: the file gives what it has
            try:
                return read(size) or b""
            finally:
                del raw.readinto

        return read, False, *waits, held
    # The read() of a buffered file waits for all that was asked for; read1() does not.
    read1 = getattr(file, "read1", None)
    if getattr(type(file), "read1", None) is io.BufferedIOBase.read1:  # which only says that there is none
        read1 = None
    return read1 or file.read, False, *waits


def writer(file: Any) -> tuple[Any, ...]:
    """What writes to it, whether a terminal is behind it, and what it waits for if that may block."""
    waits = _waits_for(file)
    if isinstance(file, io.FileIO) or _is_of_socket(file):  # elsewhere None says that all was taken

        def write(data: bytes) -> int:
            return file.write(data) or 0  # None: it does not block, and nothing fits

        return write, file.isatty(), *waits
    if waits:  # a full buffer would be written whole, however little the reader takes

        def write_through(data: bytes) -> int:
            file.flush()
            return file.raw.write(data) or 0

        return write_through, _is_terminal(file), *waits
    return file.write, _is_terminal(file)


def _waits_for(file: Any) -> tuple[int, ...]:
    """The descriptor of a pipe, terminal or socket behind a file of Python's own; nothing for others."""
    try:
        raw = file.raw if type(file) in (io.BufferedReader, io.BufferedWriter) else file
        if (type(raw) is not io.FileIO and not _is_of_socket(raw)) or raw.seekable():
            return ()
        return (raw.fileno(),) if os.get_blocking(raw.fileno()) else ()
    except (
        AttributeError,
        OSError,
        ValueError,
    ):  # Windows may have no get_blocking; closed files say so later
        return ()


def _is_of_socket(raw: Any) -> bool:
    """Whether it is a file of a socket whose bytes are those of its descriptor: not one of TLS."""
    socket = sys.modules.get("socket")  # where there is none, nobody has imported it
    return socket is not None and type(raw) is socket.SocketIO and type(raw._sock) is socket.socket


def _is_terminal(file: Any) -> bool:
    ask = getattr(file, "isatty", None)
    return bool(ask()) if callable(ask) else False


def flush(wasi: Wasi) -> None:
    """Has file objects write what they hold back: the program that wrote to them has ended."""
    for stream in (wasi.stdout, wasi.stderr):
        if hasattr(stream, "write") and callable(method := getattr(stream, "flush", None)):
            method()
