"""Looks at the sections of a module, and takes out those that only a debugger reads.

A module is 8 bytes of header, then sections: one byte of id, the size as LEB128, the content. Id 0 is a
custom section; its content begins with its name.
https://webassembly.github.io/spec/core/binary/modules.html#sections
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_HEADER = b"\0asm\1\0\0\0"
_DEBUG = (".debug_", "reloc.", "linking", "external_debug_info", "sourceMappingURL")


def strip(data: bytes, *, names: bool = False) -> bytes:
    """The module without debug information; without the name section too where `names` is true."""
    dropped = (*_DEBUG, "name") if names else _DEBUG
    kept = [
        data[start:end] for start, end, name in sections(data) if name is None or not name.startswith(dropped)
    ]
    return b"".join([_HEADER, *kept])


def sections(data: bytes) -> Iterator[tuple[int, int, str | None]]:
    """(start, end, name) of every section; the name is None for those that are not custom.

    Raises:
        ValueError: the bytes are no module.
    """
    if data[:8] != _HEADER:
        raise ValueError("not a core WebAssembly module")
    at = 8
    while at < len(data):
        kind, size, begin = data[at], *_unsigned(data, at + 1)
        end = begin + size
        if end > len(data):
            raise ValueError(f"section at offset {at} is cut off")
        name = None
        if kind == 0:
            length, start = _unsigned(data, begin)
            name = data[start : start + length].decode("utf-8", "replace")
        yield at, end, name
        at = end


def _unsigned(data: bytes, at: int) -> tuple[int, int]:
    """A LEB128 number, and the offset after it."""
    value = shift = 0
    while True:
        if at >= len(data) or shift > 28:
            raise ValueError(f"no number at offset {at}")
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
