"""Standard streams in all their forms: what each takes and gives, and that limits.output holds for each."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import select
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from wasi_trampoline import BUFFER, NONBLOCK, RESULT, WRITE, Guest, fd_subscription

import pywasi_native as wasm
from wasi_programs import echo, printer

MakeGuest = Callable[..., Guest]
posix = pytest.mark.skipif(os.name != "posix", reason="pipes and terminals of POSIX")


class OnlyRead:
    """The least that stdin may be."""

    def __init__(self, *parts: Any) -> None:
        self.parts = list(parts)

    def read(self, size: int) -> Any:
        return self.parts.pop(0) if self.parts else b""


class OnlyWrite:
    """The least that stdout may be: it takes what `answers` say."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.got = list(answers), b""

    def write(self, data: bytes) -> Any:
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, BaseException):
            raise answer
        self.got += data if not isinstance(answer, int) else data[: max(answer, 0)]
        return answer


# ---- the forms of output, and how to see what came of it ----


@contextlib.contextmanager
def kept(_: Path) -> Iterator[tuple[Any, Callable[[Guest], bytes]]]:
    yield wasm.PIPE, lambda guest: guest.instance.stdout


@contextlib.contextmanager
def bytes_io(_: Path) -> Iterator[tuple[Any, Callable[[Guest], bytes]]]:
    file = io.BytesIO()
    yield file, lambda guest: file.getvalue()


@contextlib.contextmanager
def only_write(_: Path) -> Iterator[tuple[Any, Callable[[Guest], bytes]]]:
    file = OnlyWrite()
    yield file, lambda guest: file.got


@contextlib.contextmanager
def path(folder: Path) -> Iterator[tuple[Any, Callable[[Guest], bytes]]]:
    yield folder / "out", lambda guest: (folder / "out").read_bytes()


@contextlib.contextmanager
def text_path(folder: Path) -> Iterator[tuple[Any, Callable[[Guest], bytes]]]:
    yield str(folder / "out"), lambda guest: (folder / "out").read_bytes()


@contextlib.contextmanager
def descriptor_of_a_file(folder: Path) -> Iterator[tuple[Any, Callable[[Guest], bytes]]]:
    with (folder / "out").open("wb") as file:
        yield file.fileno(), lambda guest: (folder / "out").read_bytes()


@contextlib.contextmanager
def buffered_file(folder: Path) -> Iterator[tuple[Any, Callable[[Guest], bytes]]]:
    with (folder / "out").open("wb") as file:

        def seen(guest: Guest) -> bytes:
            file.flush()
            return (folder / "out").read_bytes()

        yield file, seen


@contextlib.contextmanager
def raw_file(folder: Path) -> Iterator[tuple[Any, Callable[[Guest], bytes]]]:
    with (folder / "out").open("wb", buffering=0) as file:
        yield file, lambda guest: (folder / "out").read_bytes()


@contextlib.contextmanager
def temporary_file(_: Path) -> Iterator[tuple[Any, Callable[[Guest], bytes]]]:
    with tempfile.NamedTemporaryFile() as file:

        def seen(guest: Guest) -> bytes:
            file.seek(0)
            return file.read()

        yield file, seen


@contextlib.contextmanager
def pipe(_: Path) -> Iterator[tuple[Any, Callable[[Guest], bytes]]]:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    try:
        yield writer, lambda guest: os.read(reader, 100)
    finally:
        os.close(reader)
        os.close(writer)


@contextlib.contextmanager
def file_of_a_pipe(_: Path) -> Iterator[tuple[Any, Callable[[Guest], bytes]]]:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb", buffering=0) as end, os.fdopen(writer, "wb") as file:

        def seen(guest: Guest) -> bytes:
            file.flush()
            return end.read(100)

        yield file, seen


@contextlib.contextmanager
def socket_descriptor(_: Path) -> Iterator[tuple[Any, Callable[[Guest], bytes]]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours.fileno(), lambda guest: theirs.recv(100)


@contextlib.contextmanager
def file_of_a_socket(_: Path) -> Iterator[tuple[Any, Callable[[Guest], bytes]]]:
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile("wb", buffering=0) as file:
        yield file, lambda guest: theirs.recv(100)


def all_of(fd: int) -> bytes:
    """What has come: a terminal gives it in pieces."""
    found = b""
    while select.select([fd], [], [], 0.3)[0]:
        found += os.read(fd, 100)
    return found


@contextlib.contextmanager
def terminal(_: Path) -> Iterator[tuple[Any, Callable[[Guest], bytes]]]:
    main, other = os.openpty()
    try:
        yield other, lambda guest: all_of(main)
    finally:
        os.close(main)
        os.close(other)


ANYWHERE = [kept, bytes_io, only_write, path, text_path, descriptor_of_a_file, buffered_file, raw_file]
ANYWHERE += [temporary_file]
OF_POSIX = [pipe, file_of_a_pipe, socket_descriptor, file_of_a_socket, terminal]
FORMS = [*ANYWHERE, *(pytest.param(form, marks=posix) for form in OF_POSIX)]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("fd", [1, 2])
def test_output_is_capped_in_every_form(form: Any, fd: int, make_guest: MakeGuest, tmp_path: Path) -> None:
    with form(tmp_path) as (stream, seen):
        if stream == wasm.PIPE and fd == 2:
            stream, seen = wasm.PIPE, lambda guest: guest.instance.stderr
        limits = wasm.Limits(output=10)
        guest = make_guest(limits, **{("stdout", "stderr")[fd - 1]: stream})
        assert guest.write(fd, b"0123456") == 7
        assert guest.write(fd, b"789abc") == 3
        assert guest.write(fd, b"def") == "nospc"
        assert guest.write(fd, b"") == 0
        assert seen(guest) == b"0123456789"
        assert guest.write(3 - fd, b"x" * 100) == 100  # thrown away
        again = make_guest(limits, **{("stdout", "stderr")[fd - 1]: stream})  # each instance has its own
        assert again.write(fd, b"0123456789ab") == 10
        assert again.write(fd, b"c") == "nospc"
        assert guest.write(fd, b"d") == "nospc"


@pytest.mark.parametrize("form", FORMS)
def test_output_of_nothing_and_without_a_bound(form: Any, make_guest: MakeGuest, tmp_path: Path) -> None:
    with form(tmp_path) as (stream, seen):
        assert make_guest(wasm.Limits(output=0), stdout=stream).write(1, b"x") == "nospc"
        guest = make_guest(wasm.Limits(), stdout=stream)
        assert [guest.write(1, b"0123456789") for _ in range(9)] == [10] * 9
        assert seen(guest) == b"0123456789" * 9


def test_what_is_kept_is_bounded_without_limits_too(make_guest: MakeGuest) -> None:
    guest = make_guest(stdout=wasm.PIPE)
    piece = bytes(32 << 10)
    for _ in range(2048):
        assert guest.write(1, piece) == len(piece)
    assert guest.write(1, b"x") == "nospc"
    assert len(guest.instance.stdout) == 64 << 20


def test_the_ways_around_the_cap_of_a_file(make_guest: MakeGuest, tmp_path: Path) -> None:
    """Standard output that is a file may be written at any place, resized and moved to another number."""
    out = tmp_path / "out"
    guest = make_guest(wasm.Limits(output=100), stdout=out, dirs={"/": wasm.rw(tmp_path)})
    assert guest.fd_filestat_set_size(1, 101) == "nospc"
    assert guest.fd_allocate(1, 0, 101) == "nospc"
    assert guest.fd_allocate(1, 0, (1 << 64) - 1) == "nospc"
    assert guest.fd_filestat_set_size(1, (1 << 64) - 1) == "inval"
    assert out.stat().st_size == 0
    assert guest.fd_filestat_set_size(1, 40) == "success"
    assert guest.fd_filestat_set_size(1, 0) == "success"
    assert guest.fd_filestat_set_size(1, 61) == "nospc"  # 40 are used up
    buffers = guest.iovs((BUFFER, guest.put(BUFFER, b"x" * 50)), (BUFFER, 50))
    assert guest.fd_pwrite(1, *buffers, 5, RESULT) == "success"
    assert guest.u32() == 60
    assert guest.fd_pwrite(1, *buffers, 0, RESULT) == "nospc"
    fd = guest.opened("other", 1, WRITE)
    assert guest.fd_renumber(1, fd) == "success"
    assert guest.write(fd, b"x") == "nospc"
    assert guest.fd_allocate(fd, 0, 1) == "nospc"
    assert out.read_bytes() == bytes(5) + b"x" * 60
    fd = guest.opened("more", 1, WRITE)  # other files are the grant's business
    assert guest.write(fd, b"x" * 500) == 500


def test_what_a_callback_writes_counts(make_guest: MakeGuest) -> None:
    """A file object that runs the guest in the middle of its write."""
    guests: list[Guest] = []
    got = []

    class Nested:
        def write(self, data: bytes) -> None:
            got.append(data)
            if len(got) == 1:
                assert guests[0].write(1, b"nested") == 2

    guests.append(make_guest(wasm.Limits(output=10), stdout=Nested()))
    assert guests[0].write(1, b"01234567") == 8
    assert guests[0].write(1, b"x") == "nospc"
    assert b"".join(got) == b"01234567ne"


# ---- file objects ----


def test_objects_with_nothing_but_read_and_write(make_guest: MakeGuest) -> None:
    out = OnlyWrite(3, None, True, 100, -1, 0)
    guest = make_guest(stdin=OnlyRead(b"ab", bytearray(b"cd"), memoryview(b"ef"), None, b"gh"), stdout=out)
    assert [guest.read(0) for _ in range(3)] == [b"ab", b"cd", b"ef"]
    assert guest.read(0) == "again"  # None: nothing has come yet
    assert [guest.read(0) for _ in range(3)] == [b"gh", b"", b""]
    assert [guest.write(1, b"12345") for _ in range(4)] == [3, 5, 1, 5]
    assert [guest.write(1, b"12345") for _ in range(2)] == ["again"] * 2
    assert guest.write(1, b"end") == 3


def test_a_short_write_counts_as_much_as_was_taken(make_guest: MakeGuest) -> None:
    out = OnlyWrite(1, 0, 1)
    guest = make_guest(wasm.Limits(output=4), stdout=out)
    assert guest.write(1, b"abcdef") == 1
    assert guest.write(1, b"bcdef") == "again"
    assert guest.write(1, b"bcdef") == 1
    assert guest.write(1, b"cdef") == 2
    assert guest.write(1, b"ef") == "nospc"
    assert out.got == b"abcd"


@pytest.mark.parametrize(
    "problem", [OSError(28, "full"), BrokenPipeError(), KeyboardInterrupt(), ZeroDivisionError()]
)
def test_what_a_file_raises_comes_out_as_it_is(make_guest: MakeGuest, problem: BaseException) -> None:
    class Broken(OnlyRead):
        def read(self, size: int) -> bytes:
            raise problem

    out = OnlyWrite(problem)
    guest = make_guest(wasm.Limits(output=3), stdin=Broken(), stdout=out)
    for call in (lambda: guest.write(1, b"abc"), lambda: guest.read(0)):
        with pytest.raises(type(problem)) as caught:
            call()
        assert caught.value is problem
    assert guest.write(1, b"abc") == 3  # what failed does not count
    assert out.got == b"abc"


@pytest.mark.parametrize(
    ("given", "error"),
    [("text", TypeError), (7, TypeError), (b"x" * 2000, ValueError), ([1], TypeError)],
)
def test_read_that_gives_what_it_should_not(
    make_guest: MakeGuest, given: Any, error: type[Exception]
) -> None:
    guest = make_guest(stdin=OnlyRead(given))
    with pytest.raises(error):
        guest.read(0, 1000)
    assert guest.read(0) == b""


def test_write_that_says_what_it_should_not(make_guest: MakeGuest) -> None:
    guest = make_guest(stdout=OnlyWrite("five"))
    with pytest.raises(ValueError, match="five"):
        guest.write(1, b"12345")


def test_text_files_are_refused_with_advice(tmp_path: Path) -> None:
    with (tmp_path / "f").open("w+", encoding="utf-8") as text:
        for name in ("stdin", "stdout", "stderr"):
            for file in (text, io.StringIO(), sys.__stdout__):
                with pytest.raises(TypeError, match=f"{name} must be a binary file"):
                    wasm.Wasi(**{name: file})
        with pytest.raises(TypeError, match="bytes"):
            wasm.Wasi(stdout=b"x")
        for what in (object(), 1.5, [b"x"], True):
            with pytest.raises(TypeError, match="stdin cannot be"):
                wasm.Wasi(stdin=what)
        with pytest.raises(ValueError, match="-1"):
            wasm.Wasi(stdout=-1)
        assert make_echo(stdin=text.buffer) == b""


def make_echo(**grants: Any) -> bytes:
    out = wasm.run(echo(), wasi=wasm.Wasi(stdout=wasm.PIPE, **grants)).stdout
    assert isinstance(out, bytes)
    return out


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, io.BytesIO])
def test_input_of_bytes(kind: Any) -> None:
    data = bytes(range(256)) * 100
    assert make_echo(stdin=kind(data)) == data


def test_input_of_files(tmp_path: Path) -> None:
    data = bytes(range(256)) * 300
    (tmp_path / "f").write_bytes(data)
    with gzip.open(tmp_path / "f.gz", "wb") as packed:
        packed.write(data)
    with (
        (tmp_path / "f").open("rb") as buffered,
        (tmp_path / "f").open("rb", buffering=0) as raw,
        (tmp_path / "f").open("r+b") as both,
        gzip.open(tmp_path / "f.gz", "rb") as packed,
        tempfile.SpooledTemporaryFile() as spooled,
        (tmp_path / "f").open("rb") as number,
    ):
        spooled.write(data)
        spooled.seek(0)
        forms = [tmp_path / "f", str(tmp_path / "f"), buffered, raw, both, packed, spooled, number.fileno()]
        assert [make_echo(stdin=form) == data for form in forms] == [True] * len(forms)


@posix
def test_what_has_come_is_given_at_once(make_guest: MakeGuest) -> None:
    """read() of a buffered file waits until there is all that was asked for: a program could not answer."""
    reader, writer = os.pipe()
    ours, theirs = socket.socketpair()
    with os.fdopen(reader, "rb") as file, ours, theirs, ours.makefile("rwb") as both:
        for stream, send in ((file, lambda data: os.write(writer, data)), (both, theirs.sendall)):
            guest = make_guest(stdin=stream)
            send(b"one")
            assert guest.read(0, 4000) == b"one"
            timer = threading.Timer(0.1, send, [b"two"])
            timer.start()
            assert guest.read(0, 4000) == b"two"
            timer.join()
        os.close(writer)
        assert make_guest(stdin=file).read(0) == b""


@posix
def test_what_a_buffered_file_holds_comes_before_waiting(make_guest: MakeGuest) -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as file:
        os.write(writer, b"a line\nthe rest")
        assert file.readline() == b"a line\n"  # and the rest lies in its buffer; nothing is in the pipe
        guest = make_guest(stdin=file)
        assert guest.poll(fd_subscription(0, userdata=1))[0][:2] == (1, "success")
        assert [guest.read(0, 5), guest.read(0, 4000)] == [b"the r", b"est"]
        assert guest.fd_fdstat_set_flags(0, NONBLOCK) == "success"
        assert guest.read(0) == "again"
        os.write(writer, b"one two three")
        assert guest.read(0, 4) == b"one "
        assert file.read1(4) == b"two "  # Python goes on where the program stopped
        os.close(writer)
        assert [guest.read(0), guest.read(0)] == [b"three", b""]


@posix
@pytest.mark.parametrize("buffering", [0, None], ids=["raw", "buffered"])
def test_waiting_for_a_socket_file_can_be_stopped(make_guest: MakeGuest, buffering: int | None) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile("rb", buffering=buffering) as file:  # type: ignore[call-overload]
        guest = make_guest(stdin=file)
        threading.Timer(0.1, guest.instance.cancel).start()
        with pytest.raises(wasm.Cancelled):
            guest.read(0)
        theirs.sendall(b"data")
        assert guest.read(0) == b"data"


@posix
@pytest.mark.parametrize("buffering", [0, -1], ids=["raw", "buffered"])
def test_writing_to_the_file_object_of_a_pipe(make_guest: MakeGuest, buffering: int) -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as back:
        with os.fdopen(writer, "wb", buffering=buffering) as file:
            guest = make_guest(stdout=file)
            file.write(b"before,")
            assert guest.write(1, b"between,") == 8
            file.write(b"after,")
            assert guest.poll(fd_subscription(1, userdata=1, write=True))[0][:2] == (1, "success")
            assert guest.fd_fdstat_set_flags(1, NONBLOCK) == "success"
            sent = 0
            while (count := guest.write(1, b"x" * 60000)) != "again":
                assert isinstance(count, int)
                sent += count
            assert 4096 < sent < 1 << 21
            assert guest.fd_fdstat_set_flags(1, 0) == "success"
            got: list[bytes] = []
            threading.Timer(0.1, lambda: got.append(back.read(sent))).start()
            assert guest.write(1, b"end") == 3  # waits until there is room
        assert guest.instance  # it lives, and yet the reader sees the end
        rest = back.read()
        assert got[0] + rest == b"before,between,after," + b"x" * sent + b"end"
        with pytest.raises(ValueError, match="closed file"):
            guest.write(1, b"x")


@posix
def test_files_that_do_not_block(make_guest: MakeGuest) -> None:
    reader, writer = os.pipe()
    for fd in (reader, writer):
        os.set_blocking(fd, False)
    with (
        os.fdopen(reader, "rb") as file,
        os.fdopen(os.dup(reader), "rb", buffering=0) as raw,
        os.fdopen(writer, "wb", buffering=0) as out,
        os.fdopen(os.dup(writer), "wb", buffering=16) as held,
    ):
        for stream in (file, raw):
            guest = make_guest(stdin=stream, stdout=out, stderr=held)
            assert guest.read(0) == "again"
            assert guest.write(1, b"data") == 4
            assert guest.read(0) == b"data"
        data = bytes(60000)
        sent = 0
        while (count := guest.write(1, data)) != "again":
            assert isinstance(count, int)
            sent += count
        assert 60000 < sent <= 1 << 22  # not thrown away
        told = [guest.write(2, b"x" * 10) for _ in range(4)]
        assert told[0] == 10  # in its buffer
        assert "again" in told
        while isinstance(got := guest.read(0, 60000), bytes):
            sent -= len(got)
        assert sent == 0
        with contextlib.suppress(BlockingIOError):
            held.flush()


@posix
def test_a_pipe_that_nobody_reads(make_guest: MakeGuest) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    guest = make_guest(stdout=writer)
    assert guest.write(1, b"x") == "pipe"
    os.close(writer)
    assert guest.write(1, b"x") == "pipe"  # its own descriptor
    with pytest.raises(OSError, match="stdout"):
        make_guest(stdout=writer)


@posix
def test_other_threads_run_while_a_pipe_is_full(make_guest: MakeGuest) -> None:
    reader, writer = os.pipe()
    guest = make_guest(stdout=writer)
    got = []

    def drain() -> None:
        time.sleep(0.2)
        while data := os.read(reader, 8192):
            got.append(data)

    thread = threading.Thread(target=drain)
    thread.start()
    data, sent = bytes(60000), 0
    while sent < 300_000:  # more than a pipe holds: it waits for the thread, which needs the GIL
        count = guest.write(1, data[: 300_000 - sent])
        assert isinstance(count, int)
        sent += count
    os.close(writer)
    assert guest.fd_close(1) == "success"  # and the thread sees the end
    thread.join(60)
    os.close(reader)
    assert sum(map(len, got)) == 300_000


# ---- terminals ----


@posix
@pytest.mark.parametrize("kind", ["descriptor", "file", "raw file"])
def test_terminals_are_not_programmed(make_guest: MakeGuest, kind: str) -> None:
    main, other = os.openpty()
    with os.fdopen(os.dup(other), "wb") as file, os.fdopen(os.dup(other), "wb", buffering=0) as raw:
        stream = {"descriptor": other, "file": file, "raw file": raw}[kind]
        guest = make_guest(stdout=stream)
        assert guest.fdstat(1)[0] == "character"
        assert guest.fdstat(2)[0] != "character"
        assert guest.write(1, b"a\x1b[2J\x07\xc2") == 7
        assert guest.write(1, b"\x9b5n \xc3\xa4\t\n") == 8  # a control character in two halves
        file.flush()
        assert all_of(main) == b"a?[2J?\xc2?5n \xc3\xa4\t\r\n"
    os.close(main)
    os.close(other)


def test_what_is_no_terminal_gets_all_bytes(make_guest: MakeGuest) -> None:
    class NoFile(OnlyWrite):
        isatty = False

    out = NoFile()
    guest = make_guest(stdout=out)
    assert guest.write(1, b"\x1b[2J") == 4
    assert out.got == b"\x1b[2J"
    assert guest.fdstat(1)[0] != "character"


# ---- the end of a program ----


@pytest.mark.parametrize("code", [0, 3])
def test_files_are_flushed_when_the_program_has_ended(tmp_path: Path, code: int) -> None:
    with (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err:
        wasm.run(printer(code=code), wasi=wasm.Wasi(stdout=out, stderr=err))
        assert (tmp_path / "out").read_bytes() == b"out"
        assert (tmp_path / "err").read_bytes() == b"err"
        assert not out.closed


def test_what_flush_raises_is_told() -> None:
    class Full(OnlyWrite):
        def flush(self) -> None:
            raise OSError(28, "no space left")

    with pytest.raises(OSError, match="no space left"):
        wasm.run(printer(), wasi=wasm.Wasi(stdout=Full()))


def test_polling_files_of_python(make_guest: MakeGuest) -> None:
    guest = make_guest(stdin=OnlyRead(b"x"), stdout=OnlyWrite())
    events = guest.poll(fd_subscription(0, userdata=1), fd_subscription(1, userdata=2, write=True))
    assert events == [(1, "success", 1), (2, "success", 2)]


def test_run_caps_what_it_collects() -> None:
    done = wasm.run(printer(b"0123456789"), capture_output=True, limits=wasm.Limits(output="4B"))
    assert done.stdout == b"0123"
    assert done.stderr == b"err"
