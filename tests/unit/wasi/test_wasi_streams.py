"""Standard streams, arguments, environment, clocks, random numbers, polling, exit."""

from __future__ import annotations

import io
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from wasi_trampoline import BUFFER, NONBLOCK, READ, RESULT, Guest, clock_subscription, fd_subscription

import pywasi_native as wasm

MS = 1_000_000


def test_nothing_is_granted_by_default(make_guest: Callable[..., Guest]) -> None:
    guest = make_guest()
    assert guest.read(0) == b""
    assert guest.write(1, b"lost") == 4
    assert guest.write(2, b"lost") == 4
    assert guest.fd_prestat_get(3, RESULT) == "badf"
    assert guest.open(".", dirfd=3) == "badf"
    for sizes in (guest.args_sizes_get, guest.environ_sizes_get):
        assert sizes(RESULT, RESULT + 4) == "success"
        assert guest.u64() == 0
    for fd in range(3):
        kind, _, rights, _ = guest.fdstat(fd)
        assert kind != "character"
        assert rights & 4 == 0  # no seeking


def test_bytes_in_and_out(make_guest: Callable[..., Guest]) -> None:
    guest = make_guest(stdin=b"hello world", stdout=wasm.PIPE)
    assert guest.read(0, 5) == b"hello"
    assert guest.read(0) == b" world"
    assert guest.read(0) == b""
    assert guest.write(1, b"one ") == 4
    assert guest.write(1, b"two") == 3
    assert guest.read(1) in {"badf", "notcapable"}
    assert guest.write(0, b"x") in {"badf", "notcapable"}
    assert guest.seek(1, 0) == "spipe"
    assert guest.instance.stdout == b"one two"
    assert guest.fd_close(1) == "success"
    assert guest.write(1, b"x") == "badf"
    assert guest.instance.stdout == b"one two"


def test_output_is_capped(make_guest: Callable[..., Guest]) -> None:
    guest = make_guest(stdout=wasm.PIPE, limits=wasm.Limits(output=10))
    assert guest.write(1, b"0123456") == 7
    assert guest.write(1, b"789abc") == 3
    assert guest.write(1, b"def") == "nospc"
    assert guest.instance.stdout == b"0123456789"


def test_files_of_python(make_guest: Callable[..., Guest]) -> None:
    out = io.BytesIO()
    guest = make_guest(stdin=io.BytesIO(b"from python"), stdout=out)
    assert guest.read(0, 4) == b"from"
    assert guest.read(0, 60000) == b" python"
    data = bytes(range(256)) * 100
    written = 0
    while written < len(data):
        count = guest.write(1, data[written:])
        assert isinstance(count, int)
        written += count
    assert out.getvalue() == data


def test_an_error_of_a_python_file_is_raised_as_it_is(make_guest: Callable[..., Guest]) -> None:
    problem = RuntimeError("disk on fire")

    class Burning(io.RawIOBase):
        def write(self, data: object) -> int:
            raise problem

        def readinto(self, buffer: object) -> int:
            raise problem

        def readable(self) -> bool:
            return True

    guest = make_guest(stdin=Burning(), stdout=Burning())
    with pytest.raises(RuntimeError) as caught:
        guest.write(1, b"x")
    assert caught.value is problem
    with pytest.raises(RuntimeError) as caught:
        guest.read(0)
    assert caught.value is problem
    assert guest.write(2, b"still alive") == 11


def test_a_file_as_a_stream(make_guest: Callable[..., Guest], sandbox: Path) -> None:
    (sandbox / "in").write_bytes(b"input")
    guest = make_guest(stdin=sandbox / "in", stdout=sandbox / "out")
    assert guest.read(0) == b"input"
    assert guest.write(1, b"output") == 6
    assert (sandbox / "out").read_bytes() == b"output"
    assert guest.fdstat(1)[0] == "file"


@pytest.mark.skipif(os.name != "posix", reason="os.pipe and select")
def test_a_pipe_as_a_stream(make_guest: Callable[..., Guest]) -> None:
    reader, writer = os.pipe()
    try:
        guest = make_guest(stdin=reader, stdout=writer)
        assert guest.write(1, b"through the pipe") == 16
        assert guest.read(0) == b"through the pipe"
        timer = threading.Timer(0.1, os.write, (writer, b"late"))
        timer.start()
        assert guest.read(0) == b"late"  # waits
        timer.join()
        assert guest.poll(fd_subscription(0, userdata=1), clock_subscription(20 * MS, userdata=2)) == [
            (2, "success", 0)
        ]
        os.write(writer, b"x")
        assert guest.poll(fd_subscription(0, userdata=1), clock_subscription(10**12, userdata=2)) == [
            (1, "success", 1)
        ]
        assert guest.read(0) == b"x"
        assert guest.fd_fdstat_set_flags(0, NONBLOCK) == "success"
        assert guest.read(0) == "again"
    finally:
        os.close(reader)
        os.close(writer)


@pytest.mark.skipif(os.name != "posix", reason="os.pipe")
@pytest.mark.parametrize("how", ["read", "sleep", "poll"])
def test_what_blocks_can_be_cancelled(make_guest: Callable[..., Guest], how: str) -> None:
    reader, writer = os.pipe()
    guest = make_guest(stdin=reader)
    timer = threading.Timer(0.2, guest.instance.cancel)
    timer.start()
    start = time.monotonic()
    blocked = {
        "read": lambda: guest.read(0),
        "sleep": lambda: guest.poll(clock_subscription(3600 * 1000 * MS)),
        "poll": lambda: guest.poll(fd_subscription(0)),
    }
    with pytest.raises(wasm.Cancelled):
        blocked[how]()
    assert time.monotonic() - start < 10
    timer.join()
    os.close(reader)
    os.close(writer)


@pytest.mark.skipif(os.name != "posix", reason="os.kill")
def test_ctrl_c_reaches_a_guest_that_sleeps(make_guest: Callable[..., Guest]) -> None:
    guest = make_guest()
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    start = time.monotonic()
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        guest.poll(clock_subscription(3600 * 1000 * MS))
    assert time.monotonic() - start < 10
    timer.join()
    assert guest.write(1, b"and goes on") == 11


def test_python_runs_while_a_guest_sleeps(make_guest: Callable[..., Guest]) -> None:
    guest = make_guest()
    counted, done = 0, threading.Event()

    def count() -> None:
        nonlocal counted
        while not done.wait(0.005):
            counted += 1

    thread = threading.Thread(target=count)
    thread.start()
    guest.poll(clock_subscription(300 * MS))
    seen = counted
    done.set()
    thread.join()
    assert seen > 5


def test_arguments_and_environment(make_guest: Callable[..., Guest]) -> None:
    guest = make_guest(args=["prog", "", "ä b"], env={"KEY": "value=", "EMPTY": ""})
    for sizes, get, wanted in (
        (guest.args_sizes_get, guest.args_get, [b"prog", b"", "ä b".encode()]),
        (guest.environ_sizes_get, guest.environ_get, [b"KEY=value=", b"EMPTY="]),
    ):
        assert sizes(RESULT, RESULT + 4) == "success"
        count, size = guest.u32(), guest.u32(RESULT + 4)
        assert (count, size) == (len(wanted), sum(len(item) + 1 for item in wanted))
        assert get(RESULT, BUFFER) == "success"
        found = [guest.get(guest.u32(RESULT + 4 * i), len(item) + 1) for i, item in enumerate(wanted)]
        assert found == [item + b"\0" for item in wanted]


def test_clocks(make_guest: Callable[..., Guest]) -> None:
    guest = make_guest()
    before = time.time_ns()
    assert guest.clock_time_get(0, 0, RESULT) == "success"
    assert before - 10**9 <= guest.u64() <= time.time_ns() + 10**9
    assert guest.clock_time_get(1, 0, RESULT) == "success"
    earlier = guest.u64()
    guest.poll(clock_subscription(20 * MS))
    assert guest.clock_time_get(1, 0, RESULT) == "success"
    assert guest.u64() - earlier >= 20 * MS
    for clock in (0, 1):
        assert guest.clock_res_get(clock, RESULT) == "success"
        assert guest.u64() > 0
    for clock in (2, 3):
        assert guest.clock_time_get(clock, 0, RESULT) == "success"
    for clock in (4, 77):
        assert guest.clock_time_get(clock, 0, RESULT) in {"inval", "badf", "notsup"}


def test_a_fixed_clock_is_moved_by_sleeping_only(make_guest: Callable[..., Guest]) -> None:
    guest = make_guest(clock=wasm.fixed_clock(1000))
    start = time.monotonic()
    for expected in (1000, 1000 + 3600 * 10**9):
        for clock in (0, 1):
            assert guest.clock_time_get(clock, 0, RESULT) == "success"
            assert guest.u64() == expected
        assert guest.poll(clock_subscription(3600 * 10**9, userdata=5)) == [(5, "success", 0)]
    assert time.monotonic() - start < 60


def test_random_numbers(make_guest: Callable[..., Guest]) -> None:
    def draw(**grants: object) -> bytes:
        guest = make_guest(**grants)
        assert guest.random_get(BUFFER, 64) == "success"
        return guest.get(BUFFER, 64)

    assert draw() != draw()
    assert draw(random=wasm.seeded(1)) == draw(random=wasm.seeded(1))
    assert draw(random=wasm.seeded(1)) != draw(random=wasm.seeded(2))


def test_polling(make_guest: Callable[..., Guest], sandbox: Path) -> None:
    (sandbox / "f").write_bytes(b"text")
    guest = make_guest(dirs={"/": wasm.rw(sandbox)}, stdin=b"abc")
    fd = guest.opened("f", 0, READ)
    forever = clock_subscription((1 << 64) - 1, userdata=9)
    assert guest.poll(forever, fd_subscription(fd, userdata=1)) == [(1, "success", 1)]
    assert guest.poll(fd_subscription(1, userdata=1, write=True)) == [(1, "success", 2)]
    assert guest.poll(fd_subscription(0, userdata=1)) == [(1, "success", 1)]
    past = clock_subscription(5, clock=0, absolute=True, userdata=6)
    assert guest.poll(past) == [(6, "success", 0)]
    assert guest.poll(clock_subscription(0, userdata=7), clock_subscription(10**15, userdata=8)) == [
        (7, "success", 0)
    ]


def test_calls_without_effect(make_guest: Callable[..., Guest]) -> None:
    guest = make_guest()
    assert guest.sched_yield() == "success"
    assert guest.proc_raise(6) in {"nosys", "notsup"}


def test_processor_time_tells_nothing_about_the_host(make_guest: Callable[..., Guest]) -> None:
    """Each call of a test is a call of the host's: what it does between them is not the guest's business."""
    guest = make_guest()
    for clock in (2, 3):
        for _ in range(2):
            assert guest.clock_time_get(clock, 0, RESULT) == "success"
            assert guest.u64() == 0
            end = time.thread_time() + 0.03
            while time.thread_time() < end:
                pass
