"""A07 to A11: listings, renumbering, and running out of descriptors."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from wasi_trampoline import BUFFER, CREAT, DIRECTORY, READ, RESULT, WRITE, Guest

import pywasi_native as wasm
from host_descriptors import LIST, count

HEADER = 24
TOP = 1 << 32
counts_descriptors = pytest.mark.skipif(LIST is None, reason="this system does not list descriptors")


@pytest.mark.parametrize("size", range(26))
def test_A07_a_listing_in_a_buffer_that_is_too_small(guest: Guest, sandbox: Path, size: int) -> None:
    """Filled to its end, the last entry cut, and nothing behind it: a full buffer says that there is more."""
    (sandbox / "name").touch()
    assert guest.fd_readdir(3, BUFFER, 200, 0, RESULT) == "success"
    whole = guest.get(BUFFER, guest.u32())
    assert whole[16:20] == b"\1\0\0\0"  # "." comes first: 25 bytes
    assert whole[24:25] == b"."
    guest.put(BUFFER, b"\xee" * 200)
    assert guest.fd_readdir(3, BUFFER, size, 0, RESULT) == "success"
    assert guest.u32() == size
    assert guest.get(BUFFER, 200) == whole[:size] + b"\xee" * (200 - size)


def test_A07_the_end_of_a_listing(guest: Guest, sandbox: Path) -> None:
    (sandbox / "name").touch()
    cookie = guest.listing()[-1].next
    for size in range(26):
        assert guest.fd_readdir(3, BUFFER, size, cookie, RESULT) == "success"
        assert guest.u32() == 0


def test_A08_any_cookie_is_an_index_or_the_end(guest: Guest, sandbox: Path) -> None:
    for name in "abcdefgh":
        (sandbox / name).touch()
    names = [entry.name for entry in guest.listing()]
    chance = random.Random(8)
    edges = [len(names) - 1, len(names), len(names) + 1, 1 << 31, TOP - 1, TOP, 1 << 63, (1 << 64) - 1]
    for cookie in [*edges, *(chance.randrange(1 << chance.randrange(1, 65)) for _ in range(2000))]:
        assert guest.fd_readdir(3, BUFFER, 4096, cookie, RESULT) == "success"
        if cookie >= len(names):
            assert guest.u32() == 0
        else:
            length = guest.u32(BUFFER + 16)
            assert guest.get(BUFFER + HEADER, length).decode() == names[cookie]
            assert guest.u64(BUFFER) == cookie + 1


def test_A08_the_first_cookie_may_be_any(make_guest: Callable[..., Guest], sandbox: Path) -> None:
    """Without a call with cookie 0 before."""
    for cookie in (1, 2, 3, (1 << 64) - 1):
        guest = make_guest(dirs={"/": wasm.ro(sandbox)})
        assert guest.fd_readdir(3, BUFFER, 100, cookie, RESULT) == "success"
        assert guest.u32() == (26 if cookie == 1 else 0)  # ".."


def entries(guest: Guest, names: list[str], step: Callable[[str], None]) -> None:
    """Lists one entry a call; `step` comes between the calls."""
    cookie = 2  # behind the dots
    while True:
        assert guest.fd_readdir(3, BUFFER, 40, cookie, RESULT) == "success"
        if guest.u32() < HEADER:
            return
        names.append(guest.get(BUFFER + HEADER, guest.u32(BUFFER + 16)).decode())
        cookie = guest.u64(BUFFER)
        step(names[-1])


def test_A09_unlinking_while_listing_skips_and_repeats_nothing(guest: Guest, sandbox: Path) -> None:
    for i in range(50):
        (sandbox / f"file{i:02}").touch()
    assert guest.fd_readdir(3, BUFFER, 100, 0, RESULT) == "success"
    names: list[str] = []

    def unlink(name: str) -> None:
        assert guest.unlink(name) == "success"

    entries(guest, names, unlink)
    assert sorted(names) == [f"file{i:02}" for i in range(50)]
    assert list(sandbox.iterdir()) == []


def test_A09_creating_while_listing_ends(guest: Guest, sandbox: Path) -> None:
    """What is made meanwhile may be listed or not; what was there is, once."""
    for i in range(20):
        (sandbox / f"file{i:02}").touch()
    assert guest.fd_readdir(3, BUFFER, 100, 0, RESULT) == "success"
    names: list[str] = []

    def create(name: str) -> None:
        for more in ("0", "1"):
            (sandbox / f"new{more}{name}").touch()
        (sandbox / name).rename(sandbox / f"moved{name}")

    entries(guest, names, create)
    assert sorted(name for name in names if name.startswith("file")) == [f"file{i:02}" for i in range(20)]
    assert len(names) == len(set(names))
    assert len(guest.listing()) == 2 + 3 * len(names)


def test_A09_a_directory_that_is_removed_while_listing(guest: Guest, sandbox: Path) -> None:
    (sandbox / "d").mkdir()
    (sandbox / "d" / "f").touch()
    fd = guest.opened("d", DIRECTORY)
    assert len(guest.listing(fd)) == 3
    (sandbox / "d" / "f").unlink()
    (sandbox / "d").rmdir()
    assert guest.fd_readdir(fd, BUFFER, 100, 2, RESULT) == "success"  # of what was
    assert guest.fd_readdir(fd, BUFFER, 100, 0, RESULT) in {"success", "noent"}


def kinds_of_descriptors(guest: Guest) -> dict[str, int]:
    """One of each kind: A10's matrix."""
    return {
        "stdin": 0,
        "stdout": 1,
        "preopen": 3,
        "file": guest.opened("a", CREAT, READ | WRITE),
        "directory": guest.opened("d", DIRECTORY),
        "unopened": 200,
        "far": TOP - 1,
        "negative": 1 << 31,
    }


CLOSED = {"unopened", "far", "negative"}
KINDS = ["stdin", "stdout", "preopen", "file", "directory", "unopened", "far", "negative"]


@pytest.mark.parametrize("source", KINDS)
@pytest.mark.parametrize("target", KINDS)
def test_A10_renumbering(make_guest: Callable[..., Guest], sandbox: Path, source: str, target: str) -> None:
    (sandbox / "d").mkdir()
    guest = make_guest(dirs={"/": wasm.rw(sandbox)}, stdin=b"", stdout=wasm.PIPE)
    fds = kinds_of_descriptors(guest)
    before = {kind: guest.fdstat(fd) for kind, fd in fds.items() if kind not in CLOSED}
    answer = guest.fd_renumber(fds[source], fds[target])
    if (
        source in CLOSED or target in CLOSED
    ):  # CVE-2025-53901: a target that is not open is an error, no panic
        assert answer == "badf"
        after = {kind: guest.fdstat(fd) for kind, fd in fds.items() if kind not in CLOSED}
        assert after == before
        return
    assert answer == "success"
    assert guest.fdstat(fds[target]) == before[source]
    if source != target:
        assert guest.fd_fdstat_get(fds[source], RESULT) == "badf"
        assert guest.fd_prestat_get(fds[target], RESULT) == ("success" if source == "preopen" else "badf")
    for kind in before.keys() - {source, target}:
        assert guest.fdstat(fds[kind]) == before[kind]


@counts_descriptors
def test_A10_2000_rounds_of_renumbering_lose_nothing(make_guest: Callable[..., Guest], sandbox: Path) -> None:
    """RUSTSEC-2026-0182: the descriptor of the host behind the target is closed."""
    (sandbox / "d").mkdir()
    guest = make_guest(dirs={"/": wasm.rw(sandbox)}, limits=wasm.Limits(open_files=20))
    before = count()
    for _ in range(2000):
        a, b = guest.opened("f", CREAT, WRITE), guest.opened("d", DIRECTORY)
        assert guest.fd_renumber(a, a) == "success"
        assert guest.fd_renumber(a, b) == "success"
        assert guest.fd_renumber(b, 77) == "badf"
        assert guest.fd_close(b) == "success"
    assert count() == before
    for fd in (0, 1, 3):  # and the one of a stream, or of a grant
        assert guest.fd_renumber(guest.opened("f"), fd) == "success"
    assert count() == before + 3 - 1  # of what was replaced only the grant had one


def test_A11_the_limit_of_the_guest_comes_first(make_guest: Callable[..., Guest], sandbox: Path) -> None:
    guest = make_guest(dirs={"/": wasm.rw(sandbox)}, limits=wasm.Limits(open_files=10))
    opened = [guest.opened("f", CREAT, READ) for _ in range(6)]
    for _ in range(100):
        assert guest.open("new", CREAT, READ) in {"mfile", "nfile"}
    assert not (sandbox / "new").exists()
    assert guest.fd_close(opened[2]) == "success"
    assert guest.opened("new", CREAT, READ) == opened[2]
    assert guest.open("f") in {"mfile", "nfile"}


def test_A11_by_default_there_are_256(guest: Guest, sandbox: Path) -> None:
    (sandbox / "f").touch()
    opened = list(itertools.takewhile(lambda fd: isinstance(fd, int), (guest.open("f") for _ in range(300))))
    assert len(opened) == 256 - 5
    assert guest.open("f") in {"mfile", "nfile"}


@counts_descriptors
@pytest.mark.skipif(os.name != "posix", reason="the host's limit is set with setrlimit")
def test_A11_the_limit_of_the_host(make_guest: Callable[..., Guest], sandbox: Path) -> None:
    """The guest may have more than the host gives: it is told so, nothing breaks, and it recovers."""
    import resource

    (sandbox / "d").mkdir()
    (sandbox / "f").touch()
    guest = make_guest(dirs={"/": wasm.rw(sandbox)}, limits=wasm.Limits(open_files=5000))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(name.name) for name in LIST.iterdir())  # type: ignore[union-attr]
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 40, hard))
    try:
        opened = list(
            itertools.takewhile(lambda fd: isinstance(fd, int), (guest.open("f") for _ in range(500)))
        )
        assert 0 < len(opened) < 500
        for path in ("f", "d/../f", "d", "none"):
            assert guest.open(path) in {"mfile", "nfile", "noent"}
        assert guest.open("new", CREAT, WRITE) in {"mfile", "nfile"}
        guest.fd_readdir(3, BUFFER, 100, 0, RESULT)
        for fd in opened:
            assert guest.fd_close(int(fd)) == "success"
        guest.opened("d/../f")
        assert len(guest.listing()) >= 4
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@counts_descriptors
def test_A11_no_descriptor_of_the_host_is_lost(make_guest: Callable[..., Guest], sandbox: Path) -> None:
    (sandbox / "d").mkdir()
    (sandbox / "f").touch()
    guest = make_guest(dirs={"/": wasm.rw(sandbox)})
    before = count()
    for _ in range(200):
        fd = guest.opened("d")
        guest.listing(fd, 100)
        assert guest.open("d/../../out/secret") == "perm"
        assert guest.open("f/x") == "notdir"
        assert guest.open("f", DIRECTORY) == "notdir"
        assert guest.mkdir("d") == "exist"
        assert guest.stat("d/none") == "noent"
        assert guest.rename("none", "d/x") == "noent"
        assert guest.link("none", "d/x") == "noent"
        assert guest.fd_close(fd) == "success"
    assert count() == before
    guest.opened("f")
    del guest
    assert count() == before - 1  # the grant's is closed with the guest
