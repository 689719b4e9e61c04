"""LZ4, compiled to WebAssembly: blocks, and frames as the program lz4 writes them."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from . import _core
from ._core import LZ4F_frameInfo_t, LZ4F_preferences_t

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["VERSION", "LZ4Error", "compress", "compress_block", "decompress", "decompress_block"]

VERSION = _core.LZ4_versionString() or ""
_STEP = 1 << 18
_API = 100  # LZ4F_VERSION


class LZ4Error(ValueError):
    """The data is no LZ4, or is damaged."""


def compress_block(data: Buffer, level: int = 0) -> bytes:
    """One block without a head; levels from 3 on are those of LZ4 HC."""
    data = _plain(data)
    out = bytearray(_core.LZ4_compressBound(len(data)))
    size = _core.LZ4_compress_HC(data, out, level) if level else _core.LZ4_compress_default(data, out)
    if size <= 0:
        raise LZ4Error("the data is too long for one block")
    return bytes(memoryview(out)[:size])


def decompress_block(data: Buffer, size: int) -> bytes:
    """What a block has; at most `size` bytes."""
    out = bytearray(size)
    found = _core.LZ4_decompress_safe(_plain(data), out)
    if found < 0:
        raise LZ4Error("the block is damaged, or longer than said")
    return bytes(memoryview(out)[:found])


def compress(data: Buffer, level: int = 0, *, checksum: bool = False, store_size: bool = True) -> bytes:
    """A whole frame."""
    data = _plain(data)
    info = LZ4F_frameInfo_t(contentChecksumFlag=int(checksum), contentSize=len(data) if store_size else 0)
    preferences = LZ4F_preferences_t(frameInfo=info, compressionLevel=level)
    out = bytearray(_core.LZ4F_compressFrameBound(len(data), preferences))
    return bytes(memoryview(out)[: _checked(_core.LZ4F_compressFrame(out, data, preferences))])


def decompress(data: Buffer) -> bytes:
    """What a frame has."""
    data = _plain(data)
    code, context = _core.LZ4F_createDecompressionContext(_API)
    _checked(code)
    assert context is not None
    with context:
        parts: list[bytes] = []
        at, wanted, out = 0, 1, bytearray(_STEP)
        while wanted:
            sizes = array("I", [_STEP]), array("I", [min(len(data) - at, _STEP)])
            wanted = _checked(
                _core.LZ4F_decompress(context, out, sizes[0], data[at : at + _STEP], sizes[1], None)
            )
            if wanted and not sizes[0][0] and not sizes[1][0]:
                raise LZ4Error("the frame is not whole")
            parts.append(bytes(memoryview(out)[: sizes[0][0]]))
            at += sizes[1][0]
        return b"".join(parts)


def _checked(code: int) -> int:
    if _core.LZ4F_isError(code):
        raise LZ4Error(_core.LZ4F_getErrorName(code))
    return code


def _plain(data: Buffer) -> bytes | memoryview:
    return data if isinstance(data, bytes) else memoryview(data).cast("B")
