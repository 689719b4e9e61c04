"""zlib, compiled to WebAssembly, with the interface of Python's own module."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from . import _core
from ._core import (
    MAX_WBITS,
    Z_BEST_COMPRESSION,
    Z_BEST_SPEED,
    Z_DEFAULT_COMPRESSION,
    Z_FINISH,
    Z_NO_FLUSH,
    Z_SYNC_FLUSH,
    ZLIB_VERSION,
)
from ._error import error

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = [
    "MAX_WBITS", "ZLIB_RUNTIME_VERSION", "Z_BEST_COMPRESSION", "Z_BEST_SPEED", "Z_DEFAULT_COMPRESSION",
    "Z_FINISH", "Z_NO_FLUSH", "Z_SYNC_FLUSH", "adler32", "compress", "compressobj", "crc32",
    "decompress", "decompressobj", "error",
]  # fmt: skip

ZLIB_RUNTIME_VERSION = ZLIB_VERSION


def crc32(data: Buffer, value: int = 0) -> int:
    """The CRC-32 of data, continued from `value`."""
    return _core.crc32(value, _plain(data))


def adler32(data: Buffer, value: int = 1) -> int:
    """The Adler-32 of data, continued from `value`."""
    return _core.adler32(value, _plain(data))


def compress(data: Buffer, level: int = Z_DEFAULT_COMPRESSION, wbits: int = MAX_WBITS) -> bytes:
    """All of the data, compressed."""
    data = _plain(data)
    if wbits == MAX_WBITS:
        out = bytearray(_core.compressBound(len(data)))
        return bytes(memoryview(out)[: _core.compress2(out, data, level)])
    with _core.zstream_deflate(level, wbits) as stream:
        _core.zstream_feed(stream, data, Z_FINISH)
        return _taken(stream)


def decompress(data: Buffer, wbits: int = MAX_WBITS) -> bytes:
    """What was compressed; more after its end is passed over, as Python's zlib does."""
    with _core.zstream_inflate(wbits) as stream:
        if not _core.zstream_feed(stream, _plain(data), Z_NO_FLUSH):
            raise error("decompress", -5, "incomplete or truncated stream")
        return _taken(stream)


class compressobj:  # noqa: N801
    """Compresses data that comes in parts."""

    def __init__(self, level: int = Z_DEFAULT_COMPRESSION, wbits: int = MAX_WBITS) -> None:
        self._stream = _core.zstream_deflate(level, wbits)
        weakref.finalize(self, self._stream.close)

    def compress(self, data: Buffer) -> bytes:
        """The next part; gives what is ready."""
        _core.zstream_feed(self._stream, _plain(data), Z_NO_FLUSH)
        return _taken(self._stream)

    def flush(self, mode: int = Z_FINISH) -> bytes:
        """The rest."""
        _core.zstream_feed(self._stream, b"", mode)
        return _taken(self._stream)


class decompressobj:  # noqa: N801
    """Decompresses data that comes in parts.

    Attributes:
        eof: whether the end of the compressed data was seen.
        unused_data: what came after it.
    """

    def __init__(self, wbits: int = MAX_WBITS) -> None:
        self._stream = _core.zstream_inflate(wbits)
        weakref.finalize(self, self._stream.close)
        self.eof, self.unused_data = False, b""

    def decompress(self, data: Buffer) -> bytes:
        """The next part; gives what is ready."""
        if self.eof:
            self.unused_data += bytes(data)
            return b""
        self.eof = bool(_core.zstream_feed(self._stream, _plain(data), Z_NO_FLUSH))
        if self.eof:
            rest = _plain(data)
            self.unused_data = bytes(rest[len(rest) - _core.zstream_unused(self._stream) :])
        return _taken(self._stream)


def _plain(data: Buffer) -> bytes | memoryview:
    """The bytes of any buffer: an array of doubles is data here too."""
    return data if isinstance(data, bytes) else memoryview(data).cast("B")


def _taken(stream: _core.zstream) -> bytes:
    start, size = _core.zstream_take(stream)
    return start.read(size) if start is not None else b""
