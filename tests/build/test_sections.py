"""Stripping a module."""

from __future__ import annotations

import pytest

from pywasi_native.build.sections import sections, strip

HEADER = b"\0asm\1\0\0\0"


def custom(name: bytes, content: bytes = b"xyz") -> bytes:
    body = bytes([len(name)]) + name + content
    return bytes([0, len(body)]) + body


TYPE = b"\1\4\1\x60\0\0"


def test_debug_sections_go_and_names_stay() -> None:
    data = (
        HEADER
        + custom(b".debug_info")
        + TYPE
        + custom(b"name")
        + custom(b"producers")
        + custom(b".debug_line")
    )
    assert strip(data) == HEADER + TYPE + custom(b"name") + custom(b"producers")
    assert strip(data, names=True) == HEADER + TYPE + custom(b"producers")
    assert [name for _, _, name in sections(data)] == [
        ".debug_info",
        None,
        "name",
        "producers",
        ".debug_line",
    ]


@pytest.mark.parametrize(
    "data", [b"", b"\0asm\x0d\0\1\0", HEADER + b"\1\x7f", HEADER + b"\1\xff\xff\xff\xff\xff\1"]
)
def test_what_is_no_module(data: bytes) -> None:
    with pytest.raises(ValueError):
        strip(data)
