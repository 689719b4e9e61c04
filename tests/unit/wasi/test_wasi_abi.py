"""The ABI: pointers, counts and lengths that no honest program passes, structs that overlap, memories that
are not there, and what the imports are called."""

from __future__ import annotations

import contextlib
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from wasi_trampoline import BUFFER, CREAT, IOVS, MEMORY, RESULT, SIGNATURES, WRITE, Guest, trampoline

import pywasi_native as wasm

# Every function that has pointers, with arguments that get it as far as them. P<n>: a pointer, where the
# function touches at least n bytes; F: a file; other numbers are themselves.
_CALLS = """
args_get P4 P2                    args_sizes_get P4 P4           environ_get P4 P4
environ_sizes_get P4 P4           clock_res_get 0 P8             clock_time_get 0 0 P8
fd_fdstat_get F P24               fd_filestat_get F P64          fd_pread F P8 1 0 P4
fd_prestat_get 3 P8               fd_prestat_dir_name 3 P1 1     fd_pwrite F P8 1 0 P4
fd_read F P8 1 P4                 fd_readdir 3 P1 1 0 P4         fd_seek F 0 0 P8
fd_tell F P8                      fd_write F P8 1 P4             path_create_directory 3 P1 1
path_filestat_get 3 0 P1 1 P64    path_filestat_set_times 3 0 P1 1 0 0 0
path_link 3 0 P1 1 3 P1 1         path_open 3 0 P1 1 0 0 0 0 P4  path_readlink 3 P1 1 P1 1 P4
path_remove_directory 3 P1 1      path_rename 3 P1 1 3 P1 1      path_symlink P1 1 3 P1 1
path_unlink_file 3 P1 1           poll_oneoff P48 P32 1 P4       random_get P4 4
sock_accept F 0 P4                sock_recv F 0 1 0 P4 P2        sock_send F 0 1 0 P4
"""
CALLS = {
    match[1]: match[2].split()
    for match in re.finditer(r"\b([a-z]+_[a-z_]+)((?:\s+(?:P\d+|F|\d+)\b)+)", _CALLS)
}
HAVE_POINTERS = sorted(CALLS)


def arguments(name: str) -> list[int]:
    """The arguments of the table."""
    return [BUFFER if word[0] == "P" else 4 if word == "F" else int(word) for word in CALLS[name]]


def pointers(name: str) -> list[tuple[int, int]]:
    """(parameter number, bytes touched) of the pointers."""
    return [(i, int(word[1:])) for i, word in enumerate(CALLS[name]) if word[0] == "P"]


def test_every_function_with_a_pointer_is_in_the_table() -> None:
    others = set(SIGNATURES) - CALLS.keys()
    assert others == {
        "fd_advise", "fd_allocate", "fd_close", "fd_datasync", "fd_fdstat_set_flags", "fd_fdstat_set_rights",
        "fd_filestat_set_size", "fd_filestat_set_times", "fd_renumber", "fd_sync", "proc_exit", "proc_raise",
        "sched_yield", "sock_shutdown",
    }  # fmt: skip
    assert {name: len(SIGNATURES[name]) for name in CALLS} == {
        name: len(words) for name, words in CALLS.items()
    }


@pytest.fixture
def files(make_guest: Callable[..., Guest], sandbox: Path) -> Guest:
    """A guest with an argument, a variable, a directory at 3 and a file at 4."""
    (sandbox / "f").write_bytes(b"text")
    guest = make_guest(dirs={"/": wasm.rw(sandbox)}, args=["a"], env={"A": "b"})
    assert guest.opened("f", 0, 2 | WRITE) == 4
    guest.put(BUFFER, b"f")
    return guest


@pytest.mark.parametrize("name", HAVE_POINTERS)
def test_pointers_out_of_bounds_trap(files: Guest, name: str) -> None:
    for parameter, size in pointers(name):
        for bad in (MEMORY - size + 1, MEMORY, (1 << 32) - 1, (1 << 32) - size, 1 << 31):
            args = arguments(name)
            args[parameter] = bad
            with pytest.raises(wasm.Trap, match="out of bounds memory access") as caught:
                getattr(files, name)(*args)
            assert [frame.function for frame in caught.value.frames] == [name]
    assert files.fd_filestat_get(4, RESULT) == "success"  # and the guest goes on


@pytest.mark.parametrize("name", HAVE_POINTERS)
def test_pointers_need_no_alignment_and_may_touch_the_end(files: Guest, name: str) -> None:
    for parameter, size in pointers(name):
        for good in (BUFFER + 1, BUFFER + 3, MEMORY - size):
            args = arguments(name)
            args[parameter] = good
            assert isinstance(getattr(files, name)(*args), str)


@pytest.mark.parametrize("call", ["fd_read", "fd_write"])
def test_lists_of_buffers(files: Guest, call: str) -> None:
    transfer = getattr(files, call)
    assert transfer(4, IOVS, (1 << 32) - 1, RESULT) in {"nomem", "inval"}
    assert transfer(4, IOVS, 1 << 29, RESULT) in {"nomem", "inval"}
    for bad in ((BUFFER, (1 << 32) - 1), (MEMORY, 1), (MEMORY - 1, 2), ((1 << 32) - 1, 2)):
        with pytest.raises(wasm.Trap):
            transfer(4, *files.iovs(bad), RESULT)
    for good in ((MEMORY, 0), ((1 << 32) - 1, 0), (0, 0)):
        assert transfer(4, *files.iovs(good), RESULT) == "success"
        assert files.u32() == 0
    assert transfer(4, MEMORY, 0, RESULT) == "success"


def test_1025_buffers(files: Guest, sandbox: Path) -> None:
    fd = files.opened("big", CREAT, WRITE)
    assert files.fd_write(fd, *files.iovs(*[(BUFFER, 0)] * 1024, (BUFFER, 1)), RESULT) == "success"
    assert files.u32() == 1
    assert files.fd_write(fd, *files.iovs(*[(BUFFER + i, 1) for i in range(1025)]), RESULT) == "success"
    assert files.u32() > 0
    assert (sandbox / "big").stat().st_size == 1 + files.u32()


def test_overlaps(files: Guest, sandbox: Path) -> None:
    (sandbox / "abc").write_bytes(b"abcdefghijklmnopqrstuvwxyz")
    fd = files.opened("abc")
    # the list lies in the buffer that is read into
    files.put(BUFFER, (BUFFER).to_bytes(4, "little") + (8).to_bytes(4, "little"))
    assert files.fd_read(fd, BUFFER, 1, RESULT) == "success"
    assert files.get(BUFFER, 8) == b"abcdefgh"
    # the result lies in the buffer: it is written last
    assert files.fd_read(fd, *files.iovs((BUFFER, 8)), BUFFER + 2) == "success"
    assert files.get(BUFFER, 8) == b"ij" + (8).to_bytes(4, "little") + b"op"
    # the result lies on the list
    assert files.fd_read(fd, *files.iovs((BUFFER, 2)), IOVS) == "success"
    assert files.u32(IOVS) == 2
    # two buffers are the same
    assert files.fd_read(fd, *files.iovs((BUFFER, 4), (BUFFER, 4)), RESULT) == "success"
    assert files.get(BUFFER, 4) == b"wxyz"


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("path_open", (3, 2, BUFFER, 1, 0, 0, 0, 0, RESULT)),
        ("path_open", (3, 0, BUFFER, 1, 1 << 16, 0, 0, 0, RESULT)),
        ("path_open", (3, 0, BUFFER, 1, 0, 0, 0, 1 << 16, RESULT)),
        ("path_filestat_get", (3, 1 << 31, BUFFER, 1, RESULT)),
        ("fd_fdstat_set_flags", (4, 1 << 16)),
        ("fd_filestat_set_times", (4, 0, 0, 1 << 16)),
        ("fd_seek", (4, 0, 255, RESULT)),
        ("fd_advise", (4, 0, 0, 255)),
        ("clock_time_get", (4, 0, RESULT)),
        ("clock_res_get", ((1 << 32) - 1, RESULT)),
    ],
)
def test_numbers_that_mean_nothing(files: Guest, name: str, args: tuple[int, ...]) -> None:
    assert getattr(files, name)(*args) in {"inval", "notsup"}


def test_unknown_rights_are_ignored(files: Guest) -> None:
    assert files.path_open(3, 0, BUFFER, 1, 0, (1 << 64) - 1, (1 << 64) - 1, 0, RESULT) == "success"
    rights = files.fdstat(files.u32())[2]
    assert rights < 1 << 30


def test_random_calls_do_no_harm(make_guest: Callable[..., Guest], sandbox: Path) -> None:
    (sandbox / "f").touch()
    chance = random.Random(7)
    edges = [0, 1, 2, 3, 4, 24, 255, 4096, BUFFER, MEMORY - 1, MEMORY, 1 << 31, (1 << 32) - 1]
    names = sorted(set(SIGNATURES) - {"proc_exit"})
    guest = make_guest(dirs={"/": wasm.rw(sandbox)}, clock=wasm.fixed_clock(0))
    for _ in range(5000):
        name = chance.choice(names)
        args = [
            chance.choice(edges)
            if chance.random() < 0.8
            else chance.randrange(1 << (64 if kind == "I" else 32))
            for kind in SIGNATURES[name]
        ]
        if name == "poll_oneoff":
            args[2] = 0  # a poll of garbage may rightly wait for ever
        with contextlib.suppress(wasm.Trap):
            assert isinstance(getattr(guest, name)(*args), str)
    assert sorted(path.name for path in sandbox.parent.iterdir()) == ["out", "sb"]


def test_the_module_has_no_memory_of_the_right_name(sandbox: Path) -> None:
    module = wasm.compile(trampoline(memory="other"))
    instance = module.instantiate(wasi=wasm.Wasi(args=["x"]))
    with pytest.raises(wasm.Trap):
        instance.exports["args_sizes_get"](0, 4)
    assert instance.exports["fd_close"](99) == 8


def test_wasi_unstable(sandbox: Path) -> None:
    (sandbox / "f").write_bytes(b"0123456789")
    module = wasm.compile(trampoline("wasi_unstable", leave_out=["sock_accept"]))
    instance = module.instantiate(wasi=wasm.Wasi(dirs={"/": wasm.rw(sandbox)}))
    guest = Guest(instance.exports, instance.exports["memory"])
    fd = guest.opened("f")
    assert guest.seek(fd, 7, 2) == 7  # set
    assert guest.seek(fd, 1, 0) == 8  # cur
    assert guest.seek(fd, -4, 1) == 6  # end
    guest.put(RESULT, b"\xee" * 64)
    assert guest.fd_filestat_get(fd, RESULT) == "success"
    assert guest.u64(RESULT + 24) == 10  # size, behind a link count of 4 bytes
    assert guest.get(RESULT + 56, 8) == b"\xee" * 8
    with pytest.raises(wasm.LinkError, match="sock_accept"):
        wasm.compile(trampoline("wasi_unstable")).instantiate(wasi=wasm.Wasi())


def test_sockets_are_never_there(files: Guest) -> None:
    for name, args in (
        ("sock_accept", (0, RESULT)),
        ("sock_recv", (*files.iovs((BUFFER, 1)), 0, RESULT, RESULT + 4)),
        ("sock_send", (*files.iovs((BUFFER, 1)), 0, RESULT)),
        ("sock_shutdown", (1,)),
    ):
        call = getattr(files, name)
        assert call(1, *args) == "notsock"
        assert call(4, *args) == "notsock"
        assert call(99, *args) == "badf"
