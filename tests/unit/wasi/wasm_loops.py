"""Guests that call WASI in a loop, encoded here so that no toolchain is needed."""

from __future__ import annotations

from wasi_trampoline import leb, section, text, vector

_I32, _I64 = b"\x7f", b"\x7e"


def opener(path: str) -> bytes:
    """Opens a path below descriptor 3 and closes it, until either fails; `run` gives the error number."""
    params = [_I32] * 5 + [_I64] * 2 + [_I32] * 2
    types = [
        b"\x60" + vector(params) + vector([_I32]),
        b"\x60" + vector([_I32]) + vector([_I32]),
        b"\x60" + vector([]) + vector([_I32]),
    ]
    wasi = text("wasi_snapshot_preview1")
    imports = [wasi + text("path_open") + b"\x00\x00", wasi + text("fd_close") + b"\x00\x01"]
    # loop: local 0 = path_open(3, 0, 64, length, 0, FD_READ, 0, 0, 32); return it if not 0
    call = (
        b"\x41\x03\x41\x00\x41\xc0\x00\x41"
        + leb(len(path))
        + b"\x41\x00\x42\x02\x42\x00\x41\x00\x41\x20\x10\x00"
    )
    give_up = b"\x22\x00\x04\x40\x20\x00\x0f\x0b"
    close = b"\x41\x20\x28\x02\x00\x10\x01"
    body = b"\x01\x01\x7f\x03\x40" + call + give_up + close + give_up + b"\x0c\x00\x0b\x00\x0b"
    return b"\0asm\x01\0\0\0" + b"".join(
        [
            section(1, vector(types)),
            section(2, vector(imports)),
            section(3, vector([b"\x02"])),
            section(5, vector([b"\x00\x01"])),
            section(7, vector([text("run") + b"\x00\x02", text("memory") + b"\x02\x00"])),
            section(10, vector([leb(len(body)) + body])),
            section(11, vector([b"\x00\x41\xc0\x00\x0b" + leb(len(path)) + path.encode()])),
        ]
    )
