"""Granted sockets, from Python: the guest finds them behind its directories."""

from __future__ import annotations

import copy
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from wasi_trampoline import BUFFER, RESULT, Guest

import pywasi_native as wasm


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A connection: what the guest gets, and the other end."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def send(guest: Guest, fd: int, data: bytes) -> tuple[str, int]:
    guest.put(BUFFER, data)
    errno = guest.sock_send(fd, *guest.iovs((BUFFER, len(data))), 0, RESULT)
    return errno, guest.u32(RESULT)


def receive(guest: Guest, fd: int, size: int, flags: int = 0) -> tuple[str, bytes]:
    errno = guest.sock_recv(fd, *guest.iovs((BUFFER, size)), flags, RESULT, RESULT + 4)
    return errno, guest.get(BUFFER, guest.u32(RESULT)) if errno == "success" else b""


def test_a_connection(
    make_guest: Callable[..., Guest], sandbox: Path, pair: tuple[socket.socket, socket.socket]
) -> None:
    ours, theirs = pair
    guest = make_guest(dirs={"/": wasm.ro(sandbox)}, sockets=[ours])
    assert guest.fd_prestat_get(4, RESULT) == "badf"  # no directory: the scan of a libc ends here
    theirs.sendall(b"question")
    assert receive(guest, 4, 100) == ("success", b"question")
    assert send(guest, 4, b"answer") == ("success", 6)
    assert theirs.recv(100) == b"answer"
    ours.close()  # the guest has its own
    assert send(guest, 4, b"more") == ("success", 4)
    assert theirs.recv(100) == b"more"
    assert guest.sock_shutdown(4, 2) == "success"
    assert theirs.recv(1) == b""


def test_a_server(make_guest: Callable[..., Guest]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        guest = make_guest(sockets=(listener,))
        answers = []

        def client() -> None:
            with socket.create_connection(listener.getsockname()) as connection:
                connection.sendall(b"ping")
                answers.append(connection.recv(4))

        thread = threading.Thread(target=client)
        thread.start()  # it runs while the guest waits: the lock of the interpreter is given away
        assert guest.sock_accept(3, 0, RESULT) == "success"
        fd = guest.u32(RESULT)
        assert fd == 4
        assert receive(guest, fd, 4, 2) == ("success", b"ping")
        assert send(guest, fd, b"pong") == ("success", 4)
        thread.join(10)
        assert answers == [b"pong"]


def test_a_wait_ends_with_the_timeout(
    make_guest: Callable[..., Guest], pair: tuple[socket.socket, socket.socket]
) -> None:
    guest = make_guest(wasm.Limits(timeout=0.1), sockets=[pair[0]])
    with pytest.raises(wasm.Timeout):
        receive(guest, 3, 1)


def test_accepted_connections_count(make_guest: Callable[..., Guest]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        guest = make_guest(wasm.Limits(open_files=5), sockets=[listener])
        with (
            socket.create_connection(listener.getsockname()),
            socket.create_connection(listener.getsockname()),
        ):
            assert guest.sock_accept(3, 0, RESULT) == "success"
            assert guest.sock_accept(3, 0, RESULT) == "mfile"
            assert guest.fd_close(4) == "success"
            assert guest.sock_accept(3, 0, RESULT) == "success"


def test_a_peer_that_is_gone(
    make_guest: Callable[..., Guest], pair: tuple[socket.socket, socket.socket]
) -> None:
    guest = make_guest(sockets=[pair[0]])
    pair[1].close()
    assert send(guest, 3, b"x")[0] == "pipe"
    assert receive(guest, 3, 1) == ("success", b"")


def test_the_value(pair: tuple[socket.socket, socket.socket]) -> None:
    wasi = wasm.Wasi(sockets=pair)
    assert wasi.sockets == pair
    assert wasi == copy.copy(wasi)
    assert hash(wasi) == hash(wasm.Wasi(sockets=list(pair)))
    assert wasi != wasm.Wasi()
    assert wasi.without("sockets").sockets == ()
    assert (wasi & wasm.Wasi(sockets=pair[:1])).sockets == pair[:1]
    with pytest.raises(TypeError, match=r"socket\.socket"):
        wasm.Wasi(sockets=[3])  # type: ignore[list-item]


def test_what_cannot_be_granted(make_guest: Callable[..., Guest]) -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
        pytest.raises(OSError, match="not a stream socket"),
    ):
        make_guest(sockets=[datagrams])
    with pytest.raises(ValueError, match="cannot be granted"):
        make_guest(sockets=[datagrams])  # closed
