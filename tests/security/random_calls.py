"""Random calls of all functions of WASI, in a process of their own: python random_calls.py SEED CALLS FOLDER.

Each call begins with the good arguments of wasi_parameters.txt; some are replaced by what no honest program
passes. Prints what came of it as JSON. tests/c/test_wasi_random_posix.c does the same below the engine, with
sanitizers.
"""

from __future__ import annotations

import collections
import contextlib
import gc
import json
import random
import re
import socket
import struct
import sys
import threading
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("tests", "tests/security", "tests/unit/wasi", "tests/unit")]

from wasi_trampoline import (  # noqa: E402
    ERRNO,
    MEMORY,
    NONBLOCK,
    clock_subscription,
    fd_subscription,
    trampoline,
)

import pywasi_native as wasm  # noqa: E402
import resolver_modes  # noqa: E402
from abi_calls import DESCRIPTORS, ROWS, Parameter, Row, World  # noqa: E402
from host_descriptors import LIST, count  # noqa: E402

TOP = 1 << 32
ROUND = 40  # calls of one guest: then most of its descriptors are gone
PATIENCE = 60.0  # seconds; no call is made that may wait for long
OPEN_FILES = 24
MOST_BYTES = 100_000  # of a file: the disk is not what is tested
EDGES = [
    0,
    1,
    2,
    3,
    8,
    24,
    4095,
    MEMORY - 48,
    MEMORY - 1,
    MEMORY,
    MEMORY + 1,
    1 << 31,
    TOP - 48,
    TOP - 8,
    TOP - 1,
]
SIZES = {"fd_allocate": (1, 2), "fd_filestat_set_size": (1,), "fd_pwrite": (3,), "fd_seek": (1,)}
NAMES = ["f", "open", "empty", "empty/", "link", "new", "n2", "..", ".", "", "../out", "../out/secret", "up"]
NAMES += ["up/secret", "up/", "empty/../f", "loop", "/etc/passwd", "f/x", "empty/n", "a\0b", "\udcff"]
NAMES += ["x" * 300, "./" * 3000]


def drain(connection: Any) -> None:
    """Takes what the guest sends, so that it never waits."""
    with contextlib.suppress(OSError):
        while connection.recv(65536):
            pass


class Calls:
    """The world and the chance of one run."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.chance = random.Random(seed)
        self.folder = folder
        limits = wasm.Limits(open_files=OPEN_FILES, output=5000, timeout=PATIENCE)
        self.world = World(folder / "sb", wasm.compile(trampoline()), limits)
        self.threads: list[threading.Thread] = []

    def renew(self) -> None:
        self.end()
        self.world.renew()
        for name, target in (("up", "../out"), ("loop", "loop")):
            with contextlib.suppress(OSError):  # Windows
                (self.folder / "sb" / name).symlink_to(target)
        for peer in self.peers():
            peer.shutdown(socket.SHUT_WR)  # reading comes to an end and never waits
            self.threads.append(threading.Thread(target=drain, args=(peer,), daemon=True))
            self.threads[-1].start()

    def peers(self) -> list[socket.socket]:
        """The other ends of the listener's one connection and of the granted one."""
        _, client, _, theirs = self.world.sockets
        return [client, theirs]

    def end(self) -> None:
        if self.threads:
            del self.world.guest
            for peer in self.peers():
                with contextlib.suppress(OSError):
                    peer.shutdown(socket.SHUT_RDWR)  # wakes the thread
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive()
        self.threads = []
        self.world.close()
        gc.collect()

    def number(self) -> int:
        """Any of 32 bits."""
        return self.chance.choice(EDGES) if self.chance.random() < 0.7 else self.chance.randrange(TOP)

    def value(self, parameter: Parameter) -> int:
        """Something for a parameter, fitting or not."""
        if parameter.kind in DESCRIPTORS:
            return self.chance.randrange(14) if self.chance.random() < 0.8 else self.number()
        if parameter.kind == "count":
            return self.chance.randrange(9) if self.chance.random() < 0.6 else self.number()
        if parameter.kind == "i64":
            return self.chance.choice(
                [0, 1, 2, TOP - 1, 1 << 63, (1 << 64) - 1, self.chance.randrange(1 << 64)]
            )
        if parameter.kind == "i32":
            return self.chance.randrange(17) if self.chance.random() < 0.6 else self.number()
        return self.chance.randrange(MEMORY) if self.chance.random() < 0.5 else self.number()

    def arguments(self, row: Row) -> list[int]:
        """The good ones, and some others."""
        found = self.world.arguments(row)
        changed = self.chance.choice([0.0, 0.15, 0.5, 1.0])
        for i, parameter in enumerate(row.parameters):
            if self.chance.random() < changed:
                found[i] = self.value(parameter)
        for i in SIZES.get(row.name, ()):
            found[i] %= MOST_BYTES
        return found

    def put(self, at: int, content: bytes) -> None:
        """As far as there is memory."""
        room = max(0, min(len(content), MEMORY - at))
        self.world.guest.put(min(at, MEMORY - room), content[:room])

    def place(self, row: Row, arguments: list[int]) -> None:
        """Paths, lists and subscriptions where the pointers point."""
        for i in row.pointers:
            kind, content = row.parameters[i].kind, row.parameters[i].content()
            if kind == "text" and self.chance.random() < 0.5:
                content = self.chance.choice(NAMES).encode(errors="surrogateescape")
                if self.chance.random() < 0.9:
                    arguments[i + 1] = len(content)
            elif kind == "iovs" and self.chance.random() < 0.5:
                content = b"".join(
                    struct.pack("<II", self.number(), self.chance.randrange(99)) for _ in range(8)
                )
            elif kind == "subs":  # the first has rung, so no poll waits
                fds = [
                    fd_subscription(self.value(Parameter("file", "")), write=bool(n % 2)) for n in range(7)
                ]
                content = clock_subscription(0) + b"".join(fds)
            self.put(arguments[i], content)

    def one(self) -> tuple[str, str]:
        """A call: the function, and how it ended."""
        row = self.chance.choice(list(ROWS.values()))
        arguments = self.arguments(row)
        self.place(row, arguments)
        guest = self.world.guest
        if row.name == "poll_oneoff" and 8 < arguments[2] <= 4096:
            arguments[2] %= 9  # behind them anything may stand, and be waited for
        if row.name == "sock_accept" and guest.fd_fdstat_set_flags(arguments[0], NONBLOCK) == "notcapable":
            return row.name, "left out"
        try:
            return row.name, str(getattr(guest, row.name)(*arguments))
        except wasm.WasiExit:
            return row.name, "exit"
        except wasm.Trap as trap:
            return row.name, str(trap)


def peak() -> int:
    """Bytes of addresses that this process had at most; 0 where nobody tells."""
    with contextlib.suppress(OSError):
        found = re.search(r"VmPeak:\s*(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
        return int(found[1]) * 1024 if found else 0
    return 0


def outside(folder: Path) -> list[str]:
    """What lies beside the sandbox."""
    return sorted(f"{path.relative_to(folder)}={path.read_bytes()!r}" for path in (folder / "out").iterdir())


def main(seed: int, calls: int, folder: Path) -> dict[str, Any]:
    resolver_modes.enter_from_environment()
    (folder / "out").mkdir()
    (folder / "out" / "secret").write_bytes(b"secret")
    before = outside(folder), sorted(path.name for path in folder.iterdir())
    run = Calls(seed, folder)
    run.renew()
    run.end()  # so that what is made once is there
    descriptors, addresses = count() if LIST else 0, 0
    out_of_bounds = "out of bounds memory access"
    ends: dict[str, collections.Counter[str]] = {name: collections.Counter() for name in ROWS}
    for done in range(calls):
        if done % ROUND == 0:
            run.renew()
            addresses = addresses or peak()
        name, end = run.one()
        ends[name][end] += 1
    run.end()
    (folder / "sb").rename(folder / "done")
    return {
        "mode": resolver_modes.in_force(),
        "descriptors": (count() if LIST else 0) - descriptors,
        "addresses": peak() - addresses,
        "outside": (outside(folder), sorted(p.name for p in folder.iterdir() if p.name != "done")) == before,
        "never_succeeded": sorted(name for name in ROWS if not ends[name][ROWS[name].answer]),
        "never_trapped": sorted(
            name
            for name, row in ROWS.items()
            if row.pointers and not ends[name]["out of bounds memory access"]
        ),
        "strange": sorted(
            {end for name in ends for end in ends[name]} - {*ERRNO, "exit", "left out", out_of_bounds}
        ),
        "calls": sum(sum(ends[name].values()) for name in ends),
    }


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))))
