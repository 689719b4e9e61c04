"""A tree in memory and a directory of the host must not be told apart: the same random calls on both.

What may differ is what no program can rely on: inodes, devices, sizes of directories, times that nobody set.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from wasi_trampoline import APPEND, CREAT, DIRECTORY, EXCL, READ, TRUNC, WRITE, Guest

import pywasi_native as wasm

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the errors of trees in memory are those of Linux"
)
NAMES = ["a", "b", "c", "d", "l"]
PATHS = [
    *NAMES,
    "a/b",
    "a/c",
    "b/a",
    "a/b/c",
    "d/..",
    "a/../b",
    "a/",
    "l/",
    "l/a",
    ".",
    "a/.",
    "..",
    "b/l",
    "x" * 256,
]


def shape(stat: Any) -> Any:
    """What of a filestat has to agree."""
    if isinstance(stat, str):
        return stat
    return stat.type, stat.nlink, 0 if stat.type == "directory" else stat.size


class Twins:
    """Two guests that are told the same, and must say the same."""

    def __init__(self, one: Guest, other: Guest, seed: int) -> None:
        self.guests, self.random, self.log = (one, other), random.Random(seed), [f"seed {seed}"]
        self.fds: list[tuple[int, int]] = []

    def both(self, what: str, do: Callable[[Guest, int], Any]) -> Any:
        """Runs it on both, compares, gives the answer of the first."""
        answers = [do(guest, number) for number, guest in enumerate(self.guests)]
        self.log.append(f"{what} -> {answers[0]}")
        assert answers[0] == answers[1], "\n".join([*self.log[-40:], f"in memory: {answers[1]}"])
        return answers[0]

    def path(self) -> str:
        return self.random.choice(PATHS)

    def open(self) -> None:
        path, oflags = (
            self.path(),
            self.random.choice([0, 0, CREAT, CREAT, CREAT | EXCL, TRUNC, CREAT | TRUNC, DIRECTORY]),
        )
        rights = self.random.choice([READ, WRITE, READ | WRITE])
        flags, follow = self.random.choice([0, 0, APPEND]), self.random.choice([0, 1])
        found: list[Any] = []

        def do(guest: Guest, _number: int) -> Any:
            found.append(guest.open(path, oflags, rights, follow=follow, flags=flags))
            return isinstance(found[-1], int) or found[-1]

        self.both(f"open {path!r} {oflags} {rights:#x} {flags} {follow}", do)
        if isinstance(found[0], int):
            self.fds.append((found[0], found[1]))

    def close(self) -> None:
        if len(self.fds) > 6 or (self.fds and self.random.random() < 0.3):
            pair = self.fds.pop(self.random.randrange(len(self.fds)))
            self.both("close", lambda guest, number: guest.fd_close(pair[number]))

    def on_names(self) -> None:
        path, other = self.path(), self.path()
        content = self.random.choice(["a", "b/c", "../a", "l", "./d", "a/", "../../x"])
        step = self.random.choice(
            ["mkdir", "rmdir", "unlink", "link", "rename", "rename", "symlink", "readlink", "stat"]
        )
        if step in ("link", "rename"):
            self.both(f"{step} {path!r} {other!r}", lambda guest, _number: getattr(guest, step)(path, other))
        elif step == "symlink":
            self.both(f"symlink {content!r} {path!r}", lambda guest, _number: guest.symlink(content, path))
        elif step == "stat":
            follow = self.random.choice([0, 1])
            self.both(
                f"stat {path!r} {follow}", lambda guest, _number: shape(guest.stat(path, follow=follow))
            )
        else:
            self.both(f"{step} {path!r}", lambda guest, _number: getattr(guest, step)(path))

    def on_open(self) -> None:
        if not self.fds:
            return
        pair, number = self.random.choice(self.fds), self.random.choice([0, 1, 7, 100, 3000])
        data = self.random.randbytes(self.random.choice([0, 1, 10, 500]))
        steps: dict[str, Callable[[Guest, int], Any]] = {
            "write": lambda guest, fd: guest.write(fd, data),
            "read": lambda guest, fd: guest.read(fd, number),
            "seek": lambda guest, fd: guest.seek(fd, number - 7, whence),
            "tell": lambda guest, fd: guest.seek(fd, 0, 1),
            "size": lambda guest, fd: guest.fd_filestat_set_size(fd, number),
            "allocate": lambda guest, fd: guest.fd_allocate(fd, number, len(data)),
            "stat": lambda guest, fd: self.stat(guest, fd),
            "list": lambda guest, fd: self.names(guest, fd),
            "sync": lambda guest, fd: guest.fd_sync(fd),
            "flags": lambda guest, fd: guest.fd_fdstat_set_flags(fd, number & APPEND),
            "times": lambda guest, fd: self.times(guest, fd),
        }
        whence = self.random.choice([0, 1, 2])
        step = self.random.choice(list(steps))
        self.both(f"{step} {number} {len(data)}", lambda guest, which: steps[step](guest, pair[which]))

    @staticmethod
    def names(guest: Guest, fd: int) -> Any:
        """A listing in the order of names."""
        error = guest.fd_readdir(fd, 32768, 4096, 0, 16384)
        return sorted((item.name, item.type) for item in guest.listing(fd)) if error == "success" else error

    @staticmethod
    def stat(guest: Guest, fd: int) -> Any:
        error = guest.fd_filestat_get(fd, 16384)
        return shape(guest.filestat()) if error == "success" else error

    @staticmethod
    def times(guest: Guest, fd: int) -> Any:
        error = guest.fd_filestat_set_times(fd, 5_000_000_000, 7_000_000_000, 1 | 4)
        assert guest.fd_filestat_get(fd, 16384) == "success"
        return (error, guest.filestat().atim, guest.filestat().mtim) if error == "success" else error

    def step(self) -> None:
        self.random.choice(
            [self.open, self.open, self.close, self.on_names, self.on_names, self.on_open, self.on_open]
        )()

    def tree(self, guest: Guest, prefix: str = "") -> Any:
        """All that can be reached, with contents."""
        fd = guest.open(prefix or ".", DIRECTORY)
        assert isinstance(fd, int)
        found = {}
        for item in sorted(guest.listing(fd), key=lambda item: item.name):
            path = prefix + item.name
            if item.name in (".", ".."):
                continue
            found[path] = shape(guest.stat(path, follow=0))
            if item.type == "directory":
                found |= self.tree(guest, path + "/")
            elif item.type == "link":
                found[path] = guest.readlink(path)
            elif isinstance(opened := guest.open(path), int):
                found[path] = found[path], guest.read(opened, 60000)
                guest.fd_close(opened)
        guest.fd_close(fd)
        return found


@pytest.mark.parametrize("seed", range(40))
def test_random_calls_have_the_same_answers(
    seed: int, make_guest: Callable[..., Guest], tmp_path: Path
) -> None:
    memory = wasm.mem()
    twins = Twins(make_guest(dirs={"/": wasm.rw(tmp_path)}), make_guest(dirs={"/": memory}), seed)
    for _ in range(400):
        twins.step()
    twins.both("the whole tree", lambda guest, _number: twins.tree(guest))
    for pair in twins.fds:
        twins.both("close", lambda guest, number, pair=pair: guest.fd_close(pair[number]))  # type: ignore[misc]
    everything = list(memory)
    for path in everything:
        assert (tmp_path / path).read_bytes() == memory[path]
    on_disk = [path for path in tmp_path.rglob("*") if path.is_file() and not path.is_symlink()]
    assert sorted(everything) == sorted(path.relative_to(tmp_path).as_posix() for path in on_disk)
