"""A server in C, with wasi-libc, on a socket that Python made: accept, recv, send, poll, shutdown."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

from benchmarks import toolchain

import pywasi_native as wasm

PROGRAMS = Path(__file__).parent / "programs"


def test_an_echo_server(zig: None) -> None:
    server = toolchain.build_command(PROGRAMS / "echoserver.c")
    messages = [b"hello", b"x" * 100_000, b""]
    answers = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def client() -> None:
            for message in messages:
                with socket.create_connection(listener.getsockname(), timeout=20) as connection:
                    sender = threading.Thread(target=_send, args=(connection, message))
                    sender.start()
                    with connection.makefile("rb") as reader:
                        answers.append(reader.read())
                    sender.join(20)

        thread = threading.Thread(target=client)
        thread.start()
        wasi = wasm.Wasi(
            args=["server", str(len(messages))], sockets=[listener], stdout=wasm.PIPE, stderr=wasm.PIPE
        )
        result = wasm.run(server, wasi=wasi, timeout=30)
        thread.join(30)
    assert (result.returncode, result.stderr) == (0, b"")
    assert answers == [message.upper() for message in messages]
    assert result.stdout == b"".join(b"%d bytes\n" % len(message) for message in messages)


def _send(connection: socket.socket, message: bytes) -> None:
    connection.sendall(message)
    connection.shutdown(socket.SHUT_WR)
