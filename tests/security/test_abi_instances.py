"""A12 to A14 and A16 to A19: waiting, ending, and the instances and memories that a call comes from."""

from __future__ import annotations

import gc
import os
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from wasi_trampoline import (
    BUFFER,
    ERRNO,
    MEMORY,
    PATH,
    READ,
    RESULT,
    SIGNATURES,
    WRITE,
    Guest,
    clock_subscription,
    fd_subscription,
    trampoline,
)

import pywasi_native as wasm
import wasm_bytes
from host_descriptors import LIST, count

TOP = 1 << 32
FOREVER = (1 << 64) - 1
MS = 1_000_000
P1 = "wasi_snapshot_preview1"
FD4 = "i32 i32 i32 i32"


# ---- A12: poll_oneoff


@pytest.mark.parametrize("number", [0, 4097, 1 << 20, 1 << 27, (1 << 32) // 48 + 1, 1 << 31, TOP - 1])
def test_A12_numbers_of_subscriptions_beyond_reason(make_guest: Callable[..., Guest], number: int) -> None:
    guest = make_guest()
    for at in (0, BUFFER, MEMORY - 48, TOP - 48):
        assert guest.poll_oneoff(at, BUFFER, number, RESULT) in {"inval", "nomem"}


def test_A12_as_many_subscriptions_as_there_can_be(make_guest: Callable[..., Guest]) -> None:
    instance = wasm.load(trampoline(pages=8), wasi=wasm.Wasi())
    guest = Guest(instance.exports, instance.exports["memory"])
    at, out = 65536, 65536 + 4096 * 48
    guest.put(at, b"".join(clock_subscription(i % 7, userdata=i) for i in range(4096)))
    assert guest.poll_oneoff(at, out, 4096, RESULT) == "success"
    assert 0 < guest.u32() <= 4096
    assert guest.u64(out) % 7 == 0


@pytest.mark.parametrize("tag", [3, 7, 128, 255])
def test_A12_a_tag_that_means_nothing(make_guest: Callable[..., Guest], tag: int) -> None:
    guest = make_guest()
    bad = bytes(8) + bytes([tag]) + bytes(39)
    assert guest.poll(bad) == "inval"
    assert guest.poll(clock_subscription(0), bad) == "inval"


@pytest.mark.parametrize("clock", [4, 77, 1 << 31, TOP - 1])
def test_A12_a_clock_that_there_is_not(make_guest: Callable[..., Guest], clock: int) -> None:
    bad = clock_subscription(1, clock=clock, userdata=4)
    assert make_guest().poll(bad) in ([(4, "inval", 0)], "inval")


@pytest.mark.parametrize("flags", [2, 1 << 15, 0xFFFF])
def test_A12_flags_that_mean_nothing(make_guest: Callable[..., Guest], flags: int) -> None:
    bad = bytearray(clock_subscription(1, userdata=4))
    bad[40:42] = flags.to_bytes(2, "little")
    assert make_guest().poll(bytes(bad)) in ([(4, "inval", 0)], "inval")


@pytest.mark.parametrize("timeout", [FOREVER, FOREVER - 1, 1 << 63, (1 << 63) - 1])
@pytest.mark.parametrize("clock", [0, 1])
@pytest.mark.parametrize("absolute", [False, True])
def test_A12_timeouts_do_not_wrap(
    make_guest: Callable[..., Guest], timeout: int, clock: int, absolute: bool
) -> None:
    """Added to what the clock shows they would lie in the past: they never come."""
    guest = make_guest(limits=wasm.Limits(timeout=5))
    never = clock_subscription(timeout, clock=clock, absolute=absolute, userdata=1)
    soon = clock_subscription(5 * MS, userdata=2)
    assert guest.poll(never, soon) == [(2, "success", 0)]
    assert guest.poll(never, fd_subscription(1, userdata=3, write=True)) == [(3, "success", 2)]


def test_A12_a_wait_for_ever_ends_with_the_timeout(make_guest: Callable[..., Guest]) -> None:
    guest = make_guest(limits=wasm.Limits(timeout=0.1))
    start = time.monotonic()
    with pytest.raises(wasm.Timeout):
        guest.poll(clock_subscription(FOREVER))
    assert time.monotonic() - start < 5


def test_A12_points_in_time_that_are_over(make_guest: Callable[..., Guest]) -> None:
    guest = make_guest()
    for clock in (0, 1):
        for when in (0, 1):
            past = clock_subscription(when, clock=clock, absolute=True, userdata=6)
            assert guest.poll(past) == [(6, "success", 0)]


def test_A12_a_descriptor_twice_and_one_that_is_not_open(make_guest: Callable[..., Guest]) -> None:
    guest = make_guest(stdin=b"abc")
    twice = [fd_subscription(0, userdata=1), fd_subscription(0, userdata=2)]
    assert guest.poll(*twice) == [(1, "success", 1), (2, "success", 1)]
    forever = clock_subscription(FOREVER, userdata=9)
    for fd in (99, TOP - 1):
        assert guest.poll(fd_subscription(fd, userdata=3), forever) in ([(3, "badf", 1)], "badf")


# ---- A13 and A14: proc_exit


def exiting(code: int = 5) -> wasm_bytes.Module:
    """A module with proc_exit as function 0, and `leave` that calls it."""
    m = wasm_bytes.Module()
    m.import_func(P1, "proc_exit", "i32")
    m.memory(1)
    m.func(f"i32.const {code}; call 0", export="leave", label="leave")
    return m


def test_A13_in_a_start_function() -> None:
    m = exiting()
    m.start = 1
    with pytest.raises(wasm.WasiExit) as caught:
        wasm.load(m.bytes(), wasi=wasm.Wasi())
    assert caught.value.code == 5


def test_A13_in_initialize_of_a_reactor() -> None:
    m = exiting()
    m.export("_initialize", 0, 1)
    with pytest.raises(wasm.WasiExit) as caught:
        wasm.load(m.bytes(), wasi=wasm.Wasi())
    assert caught.value.code == 5


def test_A13_in_a_callback_it_passes_through_python() -> None:
    """Guest, Python, guest again: what Python does in between is done, and the outer guest never goes on."""
    m = wasm_bytes.Module()
    m.import_func(P1, "proc_exit", "i32")
    again = m.import_func("env", "again")
    m.memory(1)
    m.global_("i32", "i32.const 0", mutable=True, export="reached")
    m.func(f"call {again}; i32.const 1; global.set 0", export="outer")
    m.func("i32.const 9; call 0", export="inner")
    seen = []

    def call_back() -> None:
        try:
            instance.inner()
        finally:
            seen.append("cleaned up")

    instance = wasm.load(m.bytes(), {"env": {"again": call_back}}, wasi=wasm.Wasi())
    with pytest.raises(wasm.WasiExit) as caught:
        instance.outer()
    assert caught.value.code == 9
    assert seen == ["cleaned up"]
    assert instance.exports["reached"].value == 0
    with pytest.raises(wasm.WasiExit):  # the stack is as it was: again
        instance.outer()


def test_A13_python_may_catch_it_as_any_exception() -> None:
    m = wasm_bytes.Module()
    m.import_func(P1, "proc_exit", "i32")
    again = m.import_func("env", "again", "", "i32")
    m.memory(1)
    m.func(f"call {again}", results="i32", export="outer")
    m.func("i32.const 9; call 0", export="inner")

    def call_back() -> int:
        with pytest.raises(wasm.WasiExit) as caught:
            instance.inner()
        return int(caught.value.code) + 1

    instance = wasm.load(m.bytes(), {"env": {"again": call_back}}, wasi=wasm.Wasi())
    assert instance.outer() == 10


def test_A13_in_an_instance_behind_another() -> None:
    inner = wasm.load(exiting(7).bytes(), wasi=wasm.Wasi())
    m = wasm_bytes.Module()
    leave = m.import_func("inner", "leave")
    m.global_("i32", "i32.const 0", mutable=True, export="reached")
    m.func(f"call {leave}; i32.const 1; global.set 0", export="outer")
    outer = wasm.load(m.bytes(), {"inner": inner})
    with pytest.raises(wasm.WasiExit) as caught:
        outer.outer()
    assert caught.value.code == 7
    assert outer.exports["reached"].value == 0


def test_A13_a_guest_cannot_catch_it() -> None:
    m = exiting(3)
    catch = "block -; try_table - catch_all:0; i32.const 3; call 0; end; end; i32.const 1"
    m.func(catch, results="i32", export="catching")
    instance = wasm.load(m.bytes(), wasi=wasm.Wasi())
    with pytest.raises(wasm.WasiExit) as caught:
        instance.catching()
    assert caught.value.code == 3


@pytest.mark.skipif(LIST is None, reason="this system does not list a process's descriptors")
def test_A13_open_descriptors_are_closed_with_the_guest(
    make_guest: Callable[..., Guest], sandbox: Path
) -> None:
    (sandbox / "f").touch()
    before = count()
    guest = make_guest(dirs={"/": wasm.rw(sandbox)})
    for _ in range(10):
        guest.opened("f")
    with pytest.raises(wasm.WasiExit) as caught:
        guest.proc_exit(1)
    assert count() == before + 11
    del guest, caught
    assert count() == before


@pytest.mark.parametrize("code", [0, 1, 125, 126, 255, 256, 1 << 31, TOP - 1])
def test_A14_the_code_is_the_whole_number(make_guest: Callable[..., Guest], code: int) -> None:
    with pytest.raises(wasm.WasiExit) as caught:
        make_guest().proc_exit(code)
    assert caught.value.code == code


def test_A14_the_code_of_a_run() -> None:
    m = exiting(-1)
    m.export("_start", 0, 1)
    assert wasm.run(m.bytes()).returncode == TOP - 1


# ---- A16: memories


def caller(memories: list[bytes], *, export: tuple[str, int, int] | None) -> Any:
    """Calls random_get(8, 8), args_sizes_get(0, 2^32 - 4) and fd_close(99)."""
    m = wasm_bytes.Module()
    m.import_func(P1, "random_get", "i32 i32", "i32")
    m.import_func(P1, "args_sizes_get", "i32 i32", "i32")
    m.import_func(P1, "fd_close", "i32", "i32")
    m.memories = memories
    m.func("i32.const 8; i32.const 8; call 0", results="i32", export="random")
    m.func("i32.const 0; i32.const -4; call 1", results="i32", export="far")
    m.func("i32.const 99; call 2", results="i32", export="close")
    if export is not None:
        m.export(*export)
    return wasm.load(m.bytes(), wasi=wasm.Wasi())


PLAIN, WIDE = wasm_bytes.limits(1, 2), b"\x05\x01\x02"  # WIDE has addresses of 64 bits


@pytest.mark.parametrize(
    ("memories", "export"),
    [
        ([], None),
        ([PLAIN], None),
        ([PLAIN], ("mem", 2, 0)),
        ([PLAIN], ("memory\0", 2, 0)),
        ([PLAIN], ("memory", 0, 3)),  # a function of that name
        ([PLAIN, PLAIN], ("mem", 2, 1)),
    ],
)
def test_A16_no_memory_of_that_name(memories: list[bytes], export: tuple[str, int, int] | None) -> None:
    """Calls with pointers trap; the others work."""
    instance = caller(memories, export=export)
    for call in (instance.random, instance.far):
        with pytest.raises(wasm.Trap):
            call()
    assert instance.close() == ERRNO.index("badf")


def test_A16_a_global_or_a_table_of_that_name() -> None:
    for kind in (1, 3):
        m = wasm_bytes.Module()
        m.import_func(P1, "random_get", "i32 i32", "i32")
        m.memory(1, export=None)
        m.table("funcref", 1)
        m.global_("i32", "i32.const 0")
        m.export("memory", kind, 0)
        m.func("i32.const 8; i32.const 8; call 0", results="i32", export="random")
        with pytest.raises(wasm.Trap):
            wasm.load(m.bytes(), wasi=wasm.Wasi()).random()


@pytest.mark.parametrize("exported", [0, 1])
def test_A16_two_memories(exported: int) -> None:
    """The one that is exported as "memory" is meant, whichever it is."""
    m = wasm_bytes.Module()
    m.import_func(P1, "random_get", "i32 i32", "i32")
    m.memories = [PLAIN, PLAIN]
    m.export("memory", 2, exported)
    m.export("other", 2, 1 - exported)
    m.func("i32.const 8; i32.const 8; call 0", results="i32", export="random")
    instance = wasm.load(m.bytes(), wasi=wasm.Wasi())
    assert instance.random() == 0
    assert instance.exports["memory"][8:16] != bytes(8)
    assert instance.exports["other"][:] == bytes(65536)


def test_A16_a_memory_with_addresses_of_64_bits() -> None:
    """Pointers of WASI have 32 bits: the first 4 GiB are reached, and checked as ever."""
    instance = caller([WIDE], export=("memory", 2, 0))
    assert instance.random() == 0
    assert instance.exports["memory"][8:16] != bytes(8)
    with pytest.raises(wasm.Trap, match="out of bounds"):
        instance.far()


def test_A16_the_memory_of_the_caller_is_meant(make_guest: Callable[..., Guest]) -> None:
    """A function of one instance's WASI that another instance calls works in that one's memory."""
    m = wasm_bytes.Module()
    m.import_func("wasi", "random_get", "i32 i32", "i32")
    m.memory(1)
    m.func("i32.const 8; i32.const 8; call 0", results="i32", export="random")
    first = wasm.load(exiting().bytes(), wasi=wasm.Wasi())
    lender = wasm_bytes.Module()
    lender.import_func(P1, "random_get", "i32 i32", "i32")
    lender.memory(1)
    lender.export("random_get", 0, 0)
    lends = wasm.load(lender.bytes(), wasi=wasm.Wasi(), store=first.store)
    borrows = wasm.load(m.bytes(), {"wasi": lends})
    assert borrows.random() == 0
    assert borrows.exports["memory"][8:16] != bytes(8)
    assert lends.exports["memory"][:] == bytes(65536)


# ---- A17: growth during a call


class Growing:
    """A file of the host that makes the guest's memory grow while the guest reads or writes."""

    def __init__(self) -> None:
        self.instance: Any = None
        self.pages = 1
        self.written = b""

    def read(self, size: int) -> bytes:
        self.instance.grow(self.pages)
        return bytes(range(1, size + 1))

    def write(self, data: bytes) -> int:
        self.instance.grow(self.pages)
        self.written += data
        return len(data)


def growing() -> tuple[Any, Growing]:
    m = wasm_bytes.Module()
    m.import_func(P1, "fd_read", FD4, "i32")
    m.import_func(P1, "fd_write", FD4, "i32")
    m.memory(1, 200)
    for i, name in enumerate(("read", "write")):
        m.func(f"local.get 0; local.get 1; local.get 2; local.get 3; call {i}", FD4, "i32", export=name)
    m.func("local.get 0; memory.grow 0", "i32", "i32", export="grow")
    file = Growing()
    file.instance = wasm.load(m.bytes(), wasi=wasm.Wasi(stdin=file, stdout=file))  # type: ignore[arg-type]
    return file.instance, file


def test_A17_a_callback_makes_the_memory_grow() -> None:
    instance, file = growing()
    memory = instance.exports["memory"]
    for pages in (1, 50, 100):
        file.pages, before = pages, memory.pages
        memory.write(16, (65000).to_bytes(4, "little") + (100).to_bytes(4, "little"))
        memory.write(65000, bytes(100))
        assert instance.read(0, 16, 1, 32) == 0
        assert memory.pages == before + pages
        assert memory[65000:65100] == bytes(range(1, 101))
        assert memory[32:36] == (100).to_bytes(4, "little")


def test_A17_a_callback_makes_the_memory_grow_while_it_takes_output() -> None:
    instance, file = growing()
    memory = instance.exports["memory"]
    memory.write(16, (65000).to_bytes(4, "little") + (5).to_bytes(4, "little"))
    memory.write(65000, b"hello")
    assert instance.write(1, 16, 1, 32) == 0
    assert file.written == b"hello"
    assert memory.pages == 2
    assert memory[32:36] == (5).to_bytes(4, "little")


def test_A17_what_is_out_of_bounds_stays_so_in_that_call() -> None:
    """It is checked before the callback runs, however much that makes the memory grow."""
    instance, _ = growing()
    memory = instance.exports["memory"]
    memory.write(16, (65536).to_bytes(4, "little") + (4).to_bytes(4, "little"))
    with pytest.raises(wasm.Trap, match="out of bounds"):
        instance.read(0, 16, 1, 32)
    assert memory.pages == 1
    instance.grow(1)
    assert instance.read(0, 16, 1, 32) == 0


def test_A17_a_callback_changes_the_list() -> None:
    """The list is read again after the callback, and checked again."""
    instance, _ = growing()
    memory = instance.exports["memory"]

    class Changing:
        def read(self, size: int) -> bytes:
            memory.write(16, (TOP - 16).to_bytes(4, "little"))
            return b"x" * size

    other = wasm.Wasi(stdin=Changing())
    m = wasm_bytes.Module()
    m.import_func(P1, "fd_read", FD4, "i32")
    m.import_memory("env", "memory", 1)
    m.export("memory", 2, 0)
    m.func("local.get 0; local.get 1; local.get 2; local.get 3; call 0", FD4, "i32", export="read")
    reader = wasm.load(m.bytes(), {"env": {"memory": memory}}, wasi=other)
    memory.write(16, (1024).to_bytes(4, "little") + (8).to_bytes(4, "little"))
    with pytest.raises(wasm.Trap, match="out of bounds"):
        reader.read(0, 16, 1, 32)


# ---- A18: after the end of an instance


def test_A18_functions_outlive_their_instance(sandbox: Path) -> None:
    """A function keeps what it needs: it works, and closes all when it goes too."""
    (sandbox / "f").write_bytes(b"text")
    instance = wasm.load(trampoline(), wasi=wasm.Wasi(dirs={"/": wasm.rw(sandbox)}, stdout=wasm.PIPE))
    before = count() if LIST is not None else 0
    functions = {name: instance.exports[name] for name in SIGNATURES}
    guest, gone = Guest(functions, instance.exports["memory"]), weakref.ref(instance)
    del instance
    gc.collect()
    assert gone() is None
    fd = guest.opened("f", 0, READ | WRITE)
    assert guest.read(fd) == b"text"
    assert guest.write(1, b"x") == 1
    del guest, functions
    if LIST is not None:
        assert count() == before - 1


def test_A18_after_proc_exit_and_after_a_trap(make_guest: Callable[..., Guest], sandbox: Path) -> None:
    guest = make_guest(dirs={"/": wasm.rw(sandbox)})
    with pytest.raises(wasm.WasiExit):
        guest.proc_exit(0)
    with pytest.raises(wasm.Trap):
        guest.fd_prestat_get(3, TOP - 1)
    assert guest.fd_prestat_get(3, RESULT) == "success"


@pytest.mark.skipif(os.name != "posix", reason="os.pipe")
def test_A18_an_instance_that_is_cancelled_while_it_waits() -> None:
    """Its last reference goes away in another thread while a call of it blocks."""
    reader, writer = os.pipe()
    try:
        instance = wasm.load(trampoline(), wasi=wasm.Wasi(stdin=reader))
        guest = Guest(instance.exports, instance.exports["memory"])
        threading.Timer(0.1, instance.cancel).start()
        del instance
        with pytest.raises(wasm.Cancelled):
            guest.read(0)
    finally:
        os.close(reader)
        os.close(writer)


# ---- A19: wasi_unstable


@pytest.fixture
def unstable(sandbox: Path) -> Guest:
    (sandbox / "f").write_bytes(b"0123456789")
    module = wasm.compile(trampoline("wasi_unstable", leave_out=["sock_accept"]))
    instance = module.instantiate(wasi=wasm.Wasi(dirs={"/": wasm.rw(sandbox)}))
    return Guest(instance.exports, instance.exports["memory"])


def test_A19_whence(unstable: Guest) -> None:
    fd = unstable.opened("f")
    assert unstable.seek(fd, 7, 2) == 7  # set
    assert unstable.seek(fd, 1, 0) == 8  # cur
    assert unstable.seek(fd, -4, 1) == 6  # end
    assert unstable.seek(fd, 0, 3) == "inval"


@pytest.mark.parametrize("by", ["fd", "path"])
def test_A19_filestat_has_56_bytes(unstable: Guest, by: str) -> None:
    fd = unstable.opened("f")

    def stat(at: int) -> str:
        if by == "fd":
            return str(unstable.fd_filestat_get(fd, at))
        return str(unstable.path_filestat_get(3, 0, *unstable.path("f"), at))

    unstable.put(RESULT, b"\xee" * 64)
    assert stat(RESULT) == "success"
    assert unstable.get(RESULT + 16, 8) == b"\x04" + bytes(3) + b"\x01" + bytes(3)  # type, count of links
    assert unstable.u64(RESULT + 24) == 10  # size
    assert unstable.get(RESULT + 56, 8) == b"\xee" * 8
    assert stat(MEMORY - 56) == "success"
    with pytest.raises(wasm.Trap):
        stat(MEMORY - 55)


def test_A19_subscriptions_have_56_bytes(unstable: Guest) -> None:
    """An identifier comes before the clock; the flags are at 48."""

    def subscription(timeout: int, userdata: int, flags: int = 0) -> bytes:
        fields = (userdata, 0, 999, 1, timeout, 0, flags)
        sizes = (8, 8, 8, 8, 8, 8, 8)
        return b"".join(value.to_bytes(size, "little") for value, size in zip(fields, sizes, strict=True))

    unstable.put(PATH, subscription(0, 7) + subscription(10**15, 8))
    assert unstable.poll_oneoff(PATH, BUFFER, 2, RESULT) == "success"
    assert unstable.u32() == 1
    assert unstable.u64(BUFFER) == 7
    unstable.put(MEMORY - 56, subscription(0, 7))
    assert unstable.poll_oneoff(MEMORY - 56, BUFFER, 1, RESULT) == "success"
    with pytest.raises(wasm.Trap):
        unstable.poll_oneoff(MEMORY - 55, BUFFER, 1, RESULT)


def test_A19_it_has_45_functions() -> None:
    with pytest.raises(wasm.LinkError, match="sock_accept"):
        wasm.compile(trampoline("wasi_unstable")).instantiate(wasi=wasm.Wasi())
