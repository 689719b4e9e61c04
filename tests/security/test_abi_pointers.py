"""A01 to A06, A15 and A20: what a guest passes as pointers, counts and lengths."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from wasi_trampoline import (
    BUFFER,
    CREAT,
    ERRNO,
    IOVS,
    MEMORY,
    NONBLOCK,
    READ,
    RESULT,
    SIGNATURES,
    WRITE,
    Guest,
    clock_subscription,
    trampoline,
)

import pywasi_native as wasm
from abi_calls import DATA, HAVE_LISTS, HAVE_POINTERS, ROWS, World

TOP = 1 << 32
# Or one of the errors that the reference allows for counts that no memory can hold.
BEYOND_REASON = {"out of bounds", "nomem", "inval", "nametoolong"}
# The parameter that makes a file as long as it says.
WRITES_FAR = {"fd_allocate": 2, "fd_filestat_set_size": 1, "fd_pwrite": 3}
# What they write differs from guest to guest: inodes, times, chance.
VARY = {"random_get", "clock_time_get", "fd_filestat_get", "path_filestat_get", "fd_readdir"}


@pytest.fixture
def world(sandbox: Path, trampoline_module: wasm.Module) -> Iterator[World]:
    made = World(sandbox, trampoline_module)
    made.renew()
    yield made
    made.close()


@pytest.fixture
def files(make_guest: Callable[..., Guest], sandbox: Path) -> Guest:
    """A guest with a directory at 3 and a file at 4."""
    (sandbox / "f").write_bytes(b"abcdefghijklmnopqrstuvwxyz")
    guest = make_guest(dirs={"/": wasm.rw(sandbox)})
    assert guest.opened("f", 0, READ | WRITE) == 4
    return guest


def test_the_table_names_all_46() -> None:
    assert len(ROWS) == 46
    signatures = {name: "".join(p.letter for p in row.parameters) for name, row in ROWS.items()}
    assert signatures == SIGNATURES
    assert set(SIGNATURES) - set(HAVE_POINTERS) == {
        "fd_advise", "fd_allocate", "fd_close", "fd_datasync", "fd_fdstat_set_flags", "fd_fdstat_set_rights",
        "fd_filestat_set_size", "fd_filestat_set_times", "fd_renumber", "fd_sync", "proc_exit", "proc_raise",
        "sched_yield", "sock_shutdown",
    }  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_A01_pointers_out_of_bounds_trap(world: World, name: str) -> None:
    """Out by one, at the end, wrapping round 2^32: a trap, and nothing has been done."""
    row = ROWS[name]
    for pointer in row.pointers:
        size = row.size(pointer)
        for bad in (MEMORY - size + 1, MEMORY, 1 << 31, TOP - size, TOP - size + 1, TOP - 1):
            if bad == TOP:  # one byte: this is no address
                continue
            world.renew()
            before = world.picture()
            assert world.call(row, {pointer: bad}) == "out of bounds"
            assert world.picture() == before
            assert world.guest.fd_filestat_get(world.fds["file"], RESULT) == "success"  # and it goes on
    for count in row.counts:
        pointer = next(i for i in row.pointers if row.count_of(i) == count)
        element = row.parameters[pointer].element
        for at, number in (
            (TOP - element, 2),  # ends above 2^32: modulo 2^32 it would lie at the very beginning
            (element, TOP // element - 1),
            (MEMORY - element, 2),
        ):
            world.renew()
            before = world.picture()
            assert world.call(row, {pointer: at, count: number}) in BEYOND_REASON
            assert world.picture() == before


@pytest.mark.parametrize("name", ROWS)
def test_A01_other_numbers_are_never_used_as_pointers(world: World, name: str) -> None:
    """What the table does not call a pointer may have any value: the call ends with an error number."""
    row = ROWS[name]
    for number, parameter in enumerate(row.parameters):
        if parameter.is_pointer or parameter.kind == "count":
            continue
        for value in (MEMORY, 1 << 31, TOP - 1):
            is_size = parameter.kind == "i64" and WRITES_FAR.get(name) == number
            world.renew()
            answer = world.call(row, {number: MEMORY if is_size else value})
            assert answer in ERRNO or answer == row.answer == "exit"


@pytest.mark.parametrize("name", ROWS)
def test_A02_unaligned_pointers_give_the_same(world: World, name: str) -> None:
    """At every misalignment, and at the very end of memory: the same answer and the same bytes."""
    row = ROWS[name]
    world.renew()
    for pointer in row.pointers:
        world.guest.put(world.arguments(row)[pointer], b"\xee" * row.size(pointer))
    assert world.call(row, {}) == row.answer
    aligned = [world.guest.get(world.arguments(row)[pointer], row.size(pointer)) for pointer in row.pointers]
    for pointer, wanted in zip(row.pointers, aligned, strict=True):
        size = row.size(pointer)
        for at in (*range(BUFFER + 1, BUFFER + 8), MEMORY - size):
            world.renew()
            world.guest.put(at, b"\xee" * size)
            assert world.call(row, {pointer: at}) == row.answer
            got = world.guest.get(at, size)
            assert (got != b"\xee" * size) == (wanted != b"\xee" * size)
            assert got == wanted or name in VARY


@pytest.mark.parametrize("name", HAVE_LISTS)
@pytest.mark.parametrize("count", [TOP - 1, 1 << 29, 1 << 28, 1 << 20])
def test_A03_lists_of_more_buffers_than_there_can_be(world: World, name: str, count: int) -> None:
    row = ROWS[name]
    for at in (IOVS, 0, MEMORY - 8, TOP - 8):
        world.renew()
        before = world.picture()
        assert world.call(row, {row.counts[0]: count, row.pointers[0]: at}) == "nomem"
        assert world.picture() == before


def test_A03_1025_buffers(files: Guest, sandbox: Path) -> None:
    fd = files.opened("big", CREAT, WRITE)
    assert files.fd_write(fd, *files.iovs(*[(BUFFER, 0)] * 1024, (BUFFER, 1)), RESULT) == "success"
    assert files.u32() == 1
    assert files.fd_write(fd, *files.iovs(*[(BUFFER + i, 1) for i in range(1025)]), RESULT) == "success"
    assert files.u32() > 0
    assert (sandbox / "big").stat().st_size == 1 + files.u32()


@pytest.mark.parametrize("name", HAVE_LISTS)
def test_A04_a_buffer_of_a_list_out_of_bounds(world: World, name: str) -> None:
    outside = [(BUFFER, TOP - 1), (MEMORY, 1), (MEMORY - 1, 2), (TOP - 1, 2), (TOP - 1, TOP - 1)]
    for bad in (*outside, (0, MEMORY + 1)):
        for buffers in ((bad,), ((BUFFER, 4), bad)):
            world.renew()
            before = world.picture()
            with pytest.raises(wasm.Trap, match="out of bounds memory access"):
                call_with_list(world, name, *world.guest.iovs(*buffers))
            assert world.picture() == before


@pytest.fixture
def huge(sandbox: Path) -> Iterator[World]:
    """A memory of 4 GiB, where every number is an address; the host gives room for what is touched."""
    module = wasm.compile(trampoline(pages=1 << 16))
    made = World(sandbox, module, wasm.Limits(memory="5GiB", output="1MB"), memory=TOP)
    made.renew()
    yield made
    made.close()


@pytest.mark.parametrize("name", [name for name in HAVE_LISTS if name not in ("fd_write", "fd_pwrite")])
def test_A04_lengths_whose_sum_no_number_holds(huge: World, name: str) -> None:
    """Each buffer is there, but all of them are more than a guest can be told of."""
    half = TOP // 2
    at, count = huge.guest.iovs((DATA, half), (half, half), (1, half), (DATA, TOP - DATA))
    if name == "sock_send":
        assert huge.guest.fd_fdstat_set_flags(huge.fds["connection"], NONBLOCK) == "success"
    assert call_with_list(huge, name, at, count) == "success"
    told = huge.guest.u32(huge.arguments(ROWS[name])[ROWS[name].pointers[1]])
    assert told == 4 or (name == "sock_send" and 0 < told < TOP - 1)


@pytest.mark.parametrize("sink", [None, wasm.PIPE])
def test_A04_output_of_more_than_a_number_holds(sink: object) -> None:
    module = wasm.compile(trampoline(pages=1 << 16))
    wasi = wasm.Wasi(stdout=sink)  # type: ignore[arg-type]
    instance = module.instantiate(wasi=wasi, limits=wasm.Limits(memory="5GiB", output="1MB"))
    guest = Guest(instance.exports, instance.exports["memory"])
    half = TOP // 2
    assert guest.fd_write(1, *guest.iovs((0, half), (half, half), (1, half)), RESULT) == "success"
    written = guest.u32()
    assert written == (half if sink is None else 1_000_000)


def call_with_list(world: World, name: str, at: int, count: int) -> str:
    """The call of the table with another list."""
    row = ROWS[name]
    arguments = world.arguments(row)
    arguments[row.pointers[0]], arguments[row.counts[0]] = at, count
    return str(getattr(world.guest, name)(*arguments))


@pytest.mark.parametrize("name", HAVE_LISTS)
def test_A05_buffers_of_no_length_may_lie_anywhere(world: World, name: str) -> None:
    row = ROWS[name]
    for empty in ((MEMORY, 0), (TOP - 1, 0), (0, 0), (MEMORY + 1, 0)):
        world.renew()
        at, count = world.guest.iovs(empty)
        assert call_with_list(world, name, at, count) == "success"
        assert world.guest.u32(world.arguments(row)[row.pointers[1]]) == 0
    for nothing in (MEMORY, TOP - 1):
        world.renew()
        assert call_with_list(world, name, nothing, 0) == "success"


def test_A05_lengths_of_0_at_the_end(world: World) -> None:
    guest, result = world.guest, RESULT
    for at in (MEMORY, MEMORY + 1, TOP - 1):
        assert guest.random_get(at, 0) == "success"
        assert guest.fd_readdir(3, at, 0, 0, result) == "success"
        assert guest.u32(result) == 0
        assert guest.path_open(3, 0, at, 0, 0, READ, 0, 0, result) == "noent"
        assert guest.path_readlink(3, *guest.path("link"), at, 0, result) in {"success", "noent"}
        assert guest.fd_prestat_dir_name(3, at, 0) in {"inval", "nametoolong"}
        assert guest.poll_oneoff(at, at, 0, result) == "inval"


def test_A06_a_list_inside_the_buffer_that_is_read_into(files: Guest) -> None:
    files.put(BUFFER, struct.pack("<II", BUFFER, 8))
    assert files.fd_read(4, BUFFER, 1, RESULT) == "success"
    assert files.get(BUFFER, 8) == b"abcdefgh"


def test_A06_a_list_whose_first_buffer_is_its_second_entry(files: Guest) -> None:
    """The whole list is read before a byte is moved."""
    files.put(IOVS, struct.pack("<IIII", IOVS + 8, 8, BUFFER, 4))
    assert files.fd_read(4, IOVS, 2, RESULT) == "success"
    assert files.u32() == 12
    assert files.get(IOVS + 8, 8) == b"abcdefgh"
    assert files.get(BUFFER, 4) == b"ijkl"


def test_A06_a_result_inside_the_buffer_is_written_last(files: Guest) -> None:
    assert files.fd_read(4, *files.iovs((BUFFER, 8)), BUFFER + 2) == "success"
    assert files.get(BUFFER, 8) == b"ab" + struct.pack("<I", 8) + b"gh"


def test_A06_a_result_on_the_list(files: Guest) -> None:
    assert files.fd_read(4, *files.iovs((BUFFER, 2)), IOVS) == "success"
    assert files.u32(IOVS) == 2
    assert files.get(BUFFER, 2) == b"ab"


def test_A06_buffers_that_overlap(files: Guest, sandbox: Path) -> None:
    assert files.fd_read(4, *files.iovs((BUFFER, 4), (BUFFER + 2, 4)), RESULT) == "success"
    assert files.get(BUFFER, 6) == b"abefgh"
    assert files.seek(4, 0) == 0
    assert files.fd_write(4, *files.iovs((BUFFER, 4), (BUFFER, 4)), RESULT) == "success"
    assert files.u32() == 8
    assert (sandbox / "f").read_bytes()[:8] == b"abefabef"


def test_A06_a_path_that_is_its_result(files: Guest) -> None:
    pointer, length = files.path("f", BUFFER)
    assert files.path_filestat_get(3, 0, pointer, length, BUFFER) == "success"
    assert files.filestat(BUFFER).size == 26
    pointer, length = files.path("f", BUFFER)
    assert files.path_open(3, 0, pointer, length, 0, READ, 0, 0, BUFFER) == "success"
    assert files.fd_filestat_get(files.u32(BUFFER), RESULT) == "success"
    assert files.rename("f", "g") == "success"
    pointer, length = files.path("g", BUFFER)
    assert files.path_rename(3, pointer, length, 3, pointer, length) == "success"


def test_A06_events_on_their_subscriptions(files: Guest) -> None:
    subscriptions = clock_subscription(0, userdata=7) + clock_subscription(0, userdata=8)
    files.put(BUFFER, subscriptions)
    assert files.poll_oneoff(BUFFER, BUFFER, 2, BUFFER + 60) == "success"
    assert [files.u64(BUFFER), files.u64(BUFFER + 32)] == [7, 8]
    assert files.u32(BUFFER + 60) == 2
    files.put(BUFFER, subscriptions)
    assert files.poll_oneoff(BUFFER, BUFFER + 16, 2, RESULT) == "success"
    assert [files.u64(BUFFER + 16), files.u64(BUFFER + 48)] == [7, 8]


def resident(field: str = "VmRSS") -> int:
    """Bytes of this process that lie in memory, or did at most (VmHWM)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(rf"{field}:\s*(\d+) kB", status)[1]) * 1024  # type: ignore[index]


@pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="Linux tells what was resident at most"
)
@pytest.mark.parametrize("how", [wasm.SYSTEM_RANDOM, wasm.seeded(1)])
def test_A15_random_bytes_need_no_memory_of_the_host(how: wasm.Random) -> None:
    size = 64 << 20
    instance = wasm.load(trampoline(pages=size >> 16), wasi=wasm.Wasi(random=how))
    guest = Guest(instance.exports, instance.exports["memory"])
    assert guest.random_get(0, size) == "success"  # now the pages of the guest are resident
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = resident()
    assert guest.random_get(0, size) == "success"
    assert resident("VmHWM") - before < 4 << 20


def test_A15_random_bytes_for_4_gib_that_are_not_there(files: Guest) -> None:
    for at in (0, 1, MEMORY - 1):
        with pytest.raises(wasm.Trap, match="out of bounds"):
            files.random_get(at, TOP - 1)
    before = files.get(0, 64)
    assert files.random_get(0, MEMORY) == "success"
    assert files.get(0, 64) != before


@pytest.mark.parametrize("name", HAVE_POINTERS)
def test_A20_sums_are_not_cut_to_32_bits(huge: World, name: str) -> None:
    """In a memory of 4 GiB, a sum that is cut to 32 bits would always be in bounds."""
    row = ROWS[name]
    for pointer in row.pointers:
        size = row.size(pointer)
        huge.renew()
        assert huge.call(row, {pointer: TOP - size}) == row.answer
        for bad in range(TOP - size + 1, TOP, max(1, size // 4)):
            huge.renew()
            assert huge.call(row, {pointer: bad}) == "out of bounds"
    for count in row.counts:
        pointer = next(i for i in row.pointers if row.count_of(i) == count)
        element = row.parameters[pointer].element
        for at, number in ((TOP - element, 2), (2 * element, TOP // element - 1), (TOP - 1, TOP - 1)):
            huge.renew()
            assert huge.call(row, {pointer: at, count: number}) in BEYOND_REASON
