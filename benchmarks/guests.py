"""Small modules for what is measured around a call: to be stopped, pooled, awaited, made and dropped."""

from __future__ import annotations

from .bigmodule import section, sleb, uleb, vector

MAGIC = b"\0asm\x01\0\0\0"
WASI = b"\x16wasi_snapshot_preview1"
I32_TO_I32 = b"\x60\x01\x7f\x01\x7f"
DATA = 1024  # where `mix` finds its words
PAGE = 1 << 16
BULK = 128 << 20  # bytes of the memory that `bulk` fills


def tiny_module() -> bytes:
    """`add(i32, i32)` and a memory of one page with a few bytes in it."""
    return MAGIC + b"".join(
        [
            section(1, vector([b"\x60\x02\x7f\x7f\x01\x7f"])),
            section(3, vector([b"\x00"])),
            section(5, b"\x01\x00\x01"),
            section(7, _exports(memory=b"\x02\x00", add=b"\x00\x00")),
            section(10, vector([b"\x07\x00\x20\x00\x20\x01\x6a\x0b"])),
            section(11, vector([b"\x00\x41\x10\x0b\x05hello"])),
        ]
    )


def endless_module() -> bytes:
    """Functions that do not end: `loop`, `bulk`, `sleep`, `read` (of standard input), `wait`."""
    four = b"\x60\x04\x7f\x7f\x7f\x7f\x01\x7f"
    bodies = [
        # loop, br 0; loop, memory.fill of all pages but the first, br 0
        b"\x03\x40\x0c\x00\x0b",
        b"\x03\x40\x41" + sleb(PAGE) + b"\x41\x01\x41" + sleb(BULK - PAGE) + b"\xfc\x0b\x01\x0c\x00\x0b",
        b"\x41\x00" + b"\x41" + sleb(100) + b"\x41\x01\x41" + sleb(200) + b"\x10\x00\x1a",  # poll_oneoff
        b"\x41\x00\x41" + sleb(300) + b"\x41\x01\x41" + sleb(308) + b"\x10\x01\x1a",  # fd_read
        b"\x41\x00\x41\x00\x42\x7f\xfe\x01\x02\x00\x1a",  # memory.atomic.wait32, forever
    ]
    # A subscription to the monotonic clock at 0, far from now, and at 300 where a read puts 100 bytes.
    clock = b"\0" * 16 + b"\x01\0\0\0" + b"\0" * 4 + (10**12).to_bytes(8, "little")
    vectors = (400).to_bytes(4, "little") + (100).to_bytes(4, "little")
    names = ("loop", "bulk", "sleep", "read", "wait")
    functions = {name: b"\x00" + uleb(2 + i) for i, name in enumerate(names)}
    return MAGIC + b"".join(
        [
            section(1, vector([b"\x60\x00\x00", four])),
            section(
                2,
                vector(
                    [
                        b"\x03env\x06shared\x02\x03\x01\x01",
                        WASI + b"\x0bpoll_oneoff\x00\x01",
                        WASI + b"\x07fd_read\x00\x01",
                    ]
                ),
            ),
            section(3, vector([b"\x00"] * len(bodies))),
            section(5, vector([b"\x00" + uleb(BULK >> 16)])),
            section(7, _exports(memory=b"\x02\x01", **functions)),
            section(10, vector([_body(code) for code in bodies])),
            section(11, vector([_data(0, clock), _data(300, vectors)])),
        ]
    )


def task_module() -> bytes:
    """`work(n)`: n steps of a generator that starts with how often it was called; `mix(n)`: n words changed.

    Who gives each call an instance as it was made gets the same number each time.
    """
    step = b"\x41" + sleb(1664525) + b"\x6c\x41" + sleb(1013904223) + b"\x6a"
    down = b"\x20\x00\x41\x01\x6b\x22\x00\x0d\x00\x0b"  # n = n - 1, br_if 0, end
    count = b"\x41\x00\x41\x00\x28\x02\x00\x41\x01\x6a\x22\x01\x36\x02\x00"  # x = ++memory[0]
    work = count + b"\x03\x40\x20\x01" + step + b"\x21\x01" + down + b"\x20\x01"
    at = b"\x41" + sleb(DATA) + b"\x20\x00\x41\x02\x74\x6a\x41\x04\x6b"  # of word n - 1
    word = at + at + b"\x28\x02\x00\x20\x01" + step + b"\x22\x01\x73\x36\x02\x00"  # ^= next number
    mix = count + b"\x03\x40" + word + down + b"\x20\x01"
    local = b"\x01\x01\x7f"
    return MAGIC + b"".join(
        [
            section(1, vector([I32_TO_I32])),
            section(3, vector([b"\x00", b"\x00"])),
            section(5, b"\x01\x00\x02"),
            section(7, _exports(memory=b"\x02\x00", work=b"\x00\x00", mix=b"\x00\x01")),
            section(10, vector([_body(work, local), _body(mix, local)])),
        ]
    )


def asking_module() -> bytes:
    """`ask(n)`: what the import `env.answer` gives for n, and one; a memory of one page that it writes to."""
    code = b"\x41\x00\x20\x00\x36\x02\x00" + b"\x20\x00\x10\x00\x41\x01\x6a"
    return MAGIC + b"".join(
        [
            section(1, vector([I32_TO_I32])),
            section(2, vector([b"\x03env\x06answer\x00\x00"])),
            section(3, vector([b"\x00"])),
            section(5, b"\x01\x00\x01"),
            section(7, _exports(memory=b"\x02\x00", ask=b"\x00\x01")),
            section(10, vector([_body(code)])),
        ]
    )


def _exports(**what: bytes) -> bytes:
    return vector([uleb(len(name)) + name.encode() + kind for name, kind in what.items()])


def _body(code: bytes, locals_: bytes = b"\x00") -> bytes:
    return uleb(len(locals_) + len(code) + 1) + locals_ + code + b"\x0b"


def _data(at: int, content: bytes) -> bytes:
    """An active segment of memory 1."""
    return b"\x02\x01\x41" + sleb(at) + b"\x0b" + uleb(len(content)) + content
