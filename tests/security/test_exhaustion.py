"""A guest that wants much of what it may have: an error number ends it, and what is freed is there again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from wasi_trampoline import BUFFER, CREAT, DIRECTORY, MEMORY, READ, RESULT, WRITE, Guest

import pywasi_native as wasm

ALL = (1 << 30) - 1
MIB = 1 << 20
MakeGuest = Callable[..., Guest]


def until_refused(calls: Iterator[int | str | None], most: int) -> tuple[int, str]:
    """How many calls went well, and what the next one said."""
    for done, answer in enumerate(calls):
        if isinstance(answer, str) and answer != "success":
            return done, answer
        assert done < most, "no end"
    raise AssertionError("no end")


@pytest.fixture(params=["disk", "memory"])
def anywhere(request: pytest.FixtureRequest, make_guest: MakeGuest, sandbox: Path) -> Guest:
    """A guest with an empty directory."""
    place = wasm.rw(sandbox) if request.param == "disk" else wasm.mem(size="4MiB")
    return make_guest(wasm.Limits(open_files=50), dirs={"/": place})


def test_descriptors(anywhere: Guest) -> None:
    anywhere.fd_close(anywhere.opened("f", CREAT, WRITE))
    for path, oflags in (("f", 0), (".", DIRECTORY), ("new", CREAT)):
        assert until_refused(iter(lambda p=path, o=oflags: anywhere.open(p, o), None), 50) == (46, "mfile")
        assert anywhere.fd_renumber(4, 49) == "success"
        for number in (50, 51, 1 << 20, (1 << 31) - 1, (1 << 32) - 1):
            assert anywhere.fd_renumber(5, number) == "badf"
        for fd in range(5, 50):
            assert anywhere.fd_close(fd) == "success"
        assert anywhere.fd_close(4) == "badf"
    assert anywhere.open("g", CREAT, WRITE) == 4


def test_a_file_is_not_made_when_no_descriptor_is_left(anywhere: Guest) -> None:
    assert until_refused(iter(lambda: anywhere.open(".", DIRECTORY), None), 50) == (46, "mfile")
    assert anywhere.open("new", CREAT, WRITE) == "mfile"
    assert anywhere.stat("new") == "noent"


ENTRIES = {
    "directories": lambda guest, i: guest.mkdir(f"{i}"),
    "files": lambda guest, i: guest.fd_close(guest.open(f"{i}", CREAT, WRITE)) if guest.stat("full") else "",
    "long names": lambda guest, i: guest.mkdir(f"{i:0250}"),
    "links": lambda guest, i: guest.link("f", f"l{i}"),
    "symbolic links": lambda guest, i: guest.symlink("x" * 4000, f"s{i}"),
    "a chain": lambda guest, i: guest.mkdir("d/" * i + "d"),
}


@pytest.mark.parametrize(
    ("kind", "least", "most"),
    [
        ("directories", 1000, 4000),
        ("long names", 1000, 2500),
        ("links", 1000, 9000),
        ("symbolic links", 100, 300),
    ],
)
def test_the_size_of_a_tree_counts_names_and_what_is_around_them(
    make_guest: MakeGuest, kind: str, least: int, most: int
) -> None:
    tree = wasm.mem(size="1MiB")
    guest = make_guest(dirs={"/": tree})
    guest.fd_close(guest.opened("f", CREAT, WRITE))
    make = ENTRIES[kind]
    done, error = until_refused((make(guest, i) for i in range(1 << 20)), most)
    assert error == "nospc"
    assert done > least
    assert guest.open("full", CREAT, WRITE) == "nospc" or kind in ("long names", "symbolic links")
    left = len(guest.listing(3, 60000))
    for entry in guest.listing(3, 60000)[2:]:
        remove = guest.rmdir if entry.type == "directory" else guest.unlink
        assert remove(entry.name) == "success"
    assert left >= done
    again, error = until_refused((make(guest, i) for i in range(1 << 20)), most + 100)
    assert (again >= done - 2 or kind == "links", error in {"nospc", "noent"}) == (True, True)


def test_empty_files_of_a_tree(make_guest: MakeGuest) -> None:
    guest = make_guest(dirs={"/": wasm.mem(size="1MiB")})

    def make(i: int) -> str | None:
        fd = guest.open(f"{i}", CREAT, WRITE)
        return str(guest.fd_close(fd)) if isinstance(fd, int) else fd

    done, error = until_refused((make(i) for i in range(1 << 20)), 4000)
    assert (done > 2000, error) == (True, "nospc")


def test_the_size_of_a_tree_counts_holes_and_removed_files(make_guest: MakeGuest) -> None:
    guest = make_guest(dirs={"/": wasm.mem(size="1MiB")})
    fd = guest.opened("f", CREAT, ALL)
    for size in (1 << 40, (1 << 63) - 1, MIB + 1):
        assert guest.fd_filestat_set_size(fd, size) in {"nospc", "fbig"}
        assert guest.fd_allocate(fd, 0, size) in {"nospc", "fbig"}
        assert guest.fd_pwrite(fd, *guest.iovs((BUFFER, 1)), size, RESULT) in {"nospc", "fbig"}
        assert isinstance(guest.seek(fd, size), int)
        assert guest.write(fd, b"x") in {"nospc", "fbig"}
    assert guest.fd_filestat_get(fd, RESULT) == "success"
    assert guest.filestat().size == 0
    assert isinstance(guest.open("other", CREAT, WRITE), int)  # nothing is kept for what was refused
    held: list[int] = []

    def one_more() -> str:
        fd = guest.open("g", CREAT, ALL)
        if isinstance(fd, str):
            return fd
        held.append(fd)
        error = guest.fd_filestat_set_size(fd, 100_000)
        assert guest.unlink("g") == "success"  # it is still there for who has it open
        return str(error)

    done, error = until_refused(iter(one_more, None), 12)
    assert (done > 6, error) == (True, "nospc")
    guest.fd_close(held[0])
    assert one_more() == "success"
    assert one_more() == "nospc"


def test_deep_directories(anywhere: Guest) -> None:
    """Made from within: no path is long. (Much deeper ones pytest could not remove.)"""
    fd = 3
    for _ in range(600):
        assert anywhere.mkdir("a", dirfd=fd) == "success"
        inner = anywhere.opened("a", DIRECTORY, dirfd=fd)
        if fd != 3:
            anywhere.fd_close(fd)
        fd = inner
    assert anywhere.open("/".join(["a"] * 2048), DIRECTORY) in {"noent", "nametoolong"}
    assert isinstance(anywhere.open("/".join(["a"] * 200), DIRECTORY), int)
    for path in ("../" * 1300 + "a", "a/" * 100 + "../" * 101 + "a"):
        assert anywhere.open(path, DIRECTORY) in {"perm", "notcapable"}


def test_listings_of_large_directories(make_guest: MakeGuest) -> None:
    """Each open directory has a snapshot of its own: all of them together are bounded."""
    guest = make_guest(dirs={"/": wasm.mem()})
    done, error = until_refused((guest.mkdir(f"{i:0240}") for i in range(1 << 20)), 1 << 20)
    assert (done > 100_000, error) == (True, "nospc")
    fds = [guest.opened(".", DIRECTORY) for _ in range(12)]
    answers = [guest.fd_readdir(fd, BUFFER, 1000, 0, RESULT) for fd in fds]
    good = answers.count("success")
    assert 2 <= good < 6
    assert answers == ["success"] * good + ["nomem"] * (12 - good)
    assert guest.fd_readdir(fds[0], BUFFER, 1000, 0, RESULT) == "success"  # instead of its first
    assert guest.fd_readdir(fds[good], BUFFER, 1000, 5, RESULT) == "nomem"
    assert guest.fd_renumber(fds[-1], fds[0]) == "success"
    assert guest.fd_readdir(fds[good], BUFFER, 1000, 0, RESULT) == "success"
    assert guest.fd_readdir(fds[0], BUFFER, 1000, 0, RESULT) == "nomem"
    assert guest.fd_close(fds[1]) == "success"
    start = time.monotonic()
    assert len(guest.listing(fds[0], 30_000)) == done + 2
    assert time.monotonic() - start < 30


@pytest.mark.parametrize("count", [65537, 1 << 29, (1 << 32) - 1])
def test_lists_of_buffers(anywhere: Guest, count: int) -> None:
    fd = anywhere.opened("f", CREAT, ALL)
    for call in (anywhere.fd_read, anywhere.fd_write):
        assert call(fd, 0, count, RESULT) == "nomem"
    for call in (anywhere.fd_pread, anywhere.fd_pwrite):
        assert call(fd, 0, count, 0, RESULT) == "nomem"


@pytest.mark.parametrize(
    ("length", "error"),
    [(4097, "nametoolong"), (MEMORY, "nametoolong"), (MIB + 1, "nomem"), ((1 << 32) - 1, "nomem")],
)
def test_paths(anywhere: Guest, length: int, error: str) -> None:
    assert anywhere.path_open(3, 0, 0, length, 0, READ, 0, 0, RESULT) == error
    assert anywhere.path_filestat_get(3, 0, 0, length, RESULT) == error
    assert anywhere.path_symlink(0, length, 3, *anywhere.path("l")) == error
    assert anywhere.path_rename(3, *anywhere.path("f"), 3, 0, length) == error


def test_components_that_go_up_and_down(anywhere: Guest) -> None:
    anywhere.mkdir("d")
    start = time.monotonic()
    for path in ("d/../" * 800 + "d", "./" * 2040 + "d", "d" + "/" * 4000):
        assert isinstance(anywhere.open(path, DIRECTORY), int)
    for i in range(60):  # links that double what has to be walked
        assert anywhere.symlink("/".join([f"l{i - 1}"] * 2) if i else "d", f"l{i}") == "success"
    assert anywhere.open("l59") == "loop"
    assert time.monotonic() - start < 10


@pytest.mark.parametrize("count", [0, 4097, 1 << 27, (1 << 32) - 1])
def test_subscriptions(anywhere: Guest, count: int) -> None:
    assert anywhere.poll_oneoff(0, 8192, count, RESULT) == "inval"
