"""Calls of every function of WASI with good arguments, from wasi_parameters.txt, and a world to make them in.

A test changes one argument of a call. What it can rely on: each pointer touches `size` bytes, and the call
gives `answer` if nothing is changed.
"""

from __future__ import annotations

import os
import shutil
import socket
import struct
from pathlib import Path
from typing import Any, NamedTuple

from wasi_trampoline import MEMORY, READ, WRITE, Guest, clock_subscription

import pywasi_native as wasm

TABLE = Path(__file__).with_name("wasi_parameters.txt")
DESCRIPTORS = {"dir", "file", "other", "connection", "listener"}
POINTERS = {"out", "text", "iovs", "subs"}
FIRST, STEP = 4096, 4096  # where the pointers of a call lie
DATA = 65536  # the buffer of a list
BUFFER_SIZE = 4


class Parameter(NamedTuple):
    """A column of the table."""

    kind: str
    value: str

    @property
    def is_pointer(self) -> bool:
        return self.kind in POINTERS

    @property
    def letter(self) -> str:
        """Its type, as the signatures have it."""
        return "I" if self.kind == "i64" else "i"

    @property
    def element(self) -> int:
        """Bytes of what it points to."""
        return {"out": int(self.value or 0) if self.kind == "out" else 0, "text": 1, "iovs": 8, "subs": 48}[
            self.kind
        ]

    def content(self) -> bytes:
        """What has to lie there."""
        if self.kind == "text":
            return self.value.encode()
        if self.kind == "iovs":
            return struct.pack("<II", DATA, BUFFER_SIZE)
        return clock_subscription(0) if self.kind == "subs" else b""


class Row(NamedTuple):
    """A line of the table."""

    name: str
    parameters: tuple[Parameter, ...]
    answer: str

    @property
    def pointers(self) -> list[int]:
        """The numbers of the parameters that are pointers."""
        return [i for i, parameter in enumerate(self.parameters) if parameter.is_pointer]

    @property
    def counts(self) -> list[int]:
        """The numbers of the parameters that say how much there is."""
        return [i for i, parameter in enumerate(self.parameters) if parameter.kind == "count"]

    def count_of(self, pointer: int) -> int | None:
        """The number of the parameter that says how much is behind a pointer."""
        after = pointer + 1
        while after < len(self.parameters) and self.parameters[after].is_pointer:
            after += 1
        if after == len(self.parameters) or self.parameters[after].kind != "count":
            return None
        return after

    def size(self, pointer: int) -> int:
        """Bytes that are touched behind a pointer."""
        count = self.count_of(pointer)
        return self.parameters[pointer].element * (1 if count is None else int(self.parameters[count].value))


def read_table() -> dict[str, Row]:
    """The table."""
    rows = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            (name, *words), answer = line.split("=")[0].split(), line.split("=")[1].strip()
            parameters = tuple(Parameter(*word.partition(":")[::2]) for word in words)
            rows[name] = Row(name, parameters, answer)
    return rows


ROWS = read_table()
HAVE_POINTERS = [name for name, row in ROWS.items() if row.pointers]
HAVE_LISTS = [name for name, row in ROWS.items() if any(p.kind == "iovs" for p in row.parameters)]
if os.name == "nt":  # there are no symbolic links without a privilege: csrc/wasi/STATUS.md
    ROWS["path_symlink"] = ROWS["path_symlink"]._replace(answer="notsup")
    ROWS["path_readlink"] = ROWS["path_readlink"]._replace(answer="noent")


class World:
    """A sandbox, and a guest that may use all of it; `renew` begins anew, `call` calls."""

    def __init__(
        self, folder: Path, module: wasm.Module, limits: wasm.Limits | None = None, memory: int = MEMORY
    ) -> None:
        self.folder, self.module, self.limits, self.memory = folder, module, limits, memory
        self.sockets: list[socket.socket] = []
        self.guest: Guest
        self.fds: dict[str, int]

    def close(self) -> None:
        """Closes the host's ends."""
        for one in self.sockets:
            one.close()
        self.sockets = []

    def renew(self, *, sockets: bool = True) -> Guest:
        """The files as the table needs them, and a new guest."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        (self.folder / "empty").mkdir()
        for name in ("f", "open", "other"):
            (self.folder / name).write_bytes(b"text")
        if os.name != "nt":
            (self.folder / "link").symlink_to("f")
        grants = self._sockets() if sockets else []
        instance = self.module.instantiate(
            wasi=wasm.Wasi(args=["a"], env={"A": "b"}, dirs={"/": wasm.rw(self.folder)}, sockets=grants),
            limits=self.limits,
        )
        self.guest = Guest(instance.exports, instance.exports["memory"])
        self.fds = {"dir": 3, "connection": 4, "listener": 5}
        for name, path in (("file", "open"), ("other", "other")):
            self.fds[name] = self.guest.opened(path, 0, READ | WRITE | (1 << 30) - 1)
        return self.guest

    def _sockets(self) -> list[socket.socket]:
        """A connection on which something has come, and a listener to which somebody has come."""
        self.close()
        listener = socket.create_server(("127.0.0.1", 0))
        client = socket.create_connection(listener.getsockname())
        ours, theirs = socket.socketpair()
        self.sockets = [listener, client, ours, theirs]
        theirs.sendall(b"text")
        return [ours, listener]

    def arguments(self, row: Row) -> list[int]:
        """The arguments of the table: pointers one page each."""
        found, at = [], FIRST
        for parameter in row.parameters:
            if parameter.is_pointer:
                found.append(at)
                at += STEP
            elif parameter.kind in DESCRIPTORS:
                found.append(self.fds[parameter.kind])
            else:
                found.append(int(parameter.value))
        return found

    def place(self, row: Row, arguments: list[int]) -> None:
        """Puts what the pointers point to where they point, as far as there is memory."""
        for i in row.pointers:
            content = row.parameters[i].content()
            room = max(0, min(len(content), self.memory - arguments[i]))
            self.guest.put(min(arguments[i], self.memory - room), content[:room])

    def call(self, row: Row, changes: dict[int, int]) -> str:
        """Calls the function with some of its arguments changed: the error, or "exit" or "out of bounds"."""
        arguments = self.arguments(row)
        for number, value in changes.items():
            arguments[number] = value
        self.place(row, arguments)
        try:
            return str(getattr(self.guest, row.name)(*arguments))
        except wasm.WasiExit as end:
            return "exit" if end.code == arguments[0] else f"exit with {end.code}"
        except wasm.Trap as trap:
            if [frame.function for frame in trap.frames] == [row.name]:
                return str(trap).removesuffix(" memory access")
            raise

    def picture(self) -> dict[str, Any]:
        """The files, to compare."""
        found: dict[str, Any] = {}
        for path in sorted(self.folder.iterdir()):
            kind = "link" if path.is_symlink() else "dir" if path.is_dir() else path.read_bytes()
            found[path.name] = (kind, path.lstat().st_mtime_ns, path.lstat().st_nlink)
        return found
