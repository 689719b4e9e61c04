"""The ABI: numbers that mean nothing, and what is not there. Pointers, counts and lengths are cases of
tests/security."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from wasi_trampoline import BUFFER, RESULT, WRITE, Guest

import pywasi_native as wasm


@pytest.fixture
def files(make_guest: Callable[..., Guest], sandbox: Path) -> Guest:
    """A guest with an argument, a variable, a directory at 3 and a file at 4."""
    (sandbox / "f").write_bytes(b"text")
    guest = make_guest(dirs={"/": wasm.rw(sandbox)}, args=["a"], env={"A": "b"})
    assert guest.opened("f", 0, 2 | WRITE) == 4
    guest.put(BUFFER, b"f")
    return guest


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
