"""Small programs of WASI, written by hand."""

from __future__ import annotations

import wasm_bytes

P1 = "wasi_snapshot_preview1"


def command(body: str, *imports: tuple[str, str], data: bytes = b"") -> bytes:
    """A program; its WASI functions (name, parameters) are numbered as they come and give an i32."""
    m = wasm_bytes.Module()
    for name, params in imports:
        m.import_func(P1, name, params, "" if name == "proc_exit" else "i32")
    m.memory(1)
    if data:
        m.data(0, data)
    m.func(body, export="_start", label="_start")
    return m.bytes()


def iov(offset: int, length: int) -> bytes:
    return offset.to_bytes(4, "little") + length.to_bytes(4, "little")


FD4 = "i32 i32 i32 i32"


def printer(out: bytes = b"out", err: bytes = b"err", code: int = 0) -> bytes:
    """Writes to stdout and stderr, then exits."""
    data = iov(64, len(out)) + iov(64 + len(out), len(err)) + bytes(48) + out + err
    body = f"""i32.const 1; i32.const 0; i32.const 1; i32.const 32; call 0; drop
        i32.const 2; i32.const 8; i32.const 1; i32.const 32; call 0; drop
        i32.const {code}; call 1"""
    return command(body, ("fd_write", FD4), ("proc_exit", "i32"), data=data)


def echo() -> bytes:
    """Copies stdin to stdout, up to 4096 bytes at a time."""
    body = """block -; loop -
        i32.const 0; i32.const 8192; i32.store 2 0
        i32.const 4; i32.const 4096; i32.store 2 0
        i32.const 0; i32.const 0; i32.const 1; i32.const 8; call 0; br_if 1
        i32.const 8; i32.load 2 0; i32.eqz; br_if 1
        i32.const 4; i32.const 8; i32.load 2 0; i32.store 2 0
        i32.const 1; i32.const 0; i32.const 1; i32.const 8; call 1; drop
        br 0; end; end"""
    return command(body, ("fd_read", FD4), ("fd_write", FD4))
