"""What the public wasi-testsuite checks of descriptors, case by case, driven from Python without its modules.

A test has the name of the case; the rest of the cases is in test_suite_paths.py. test_suite_modes.py runs
both in the other ways of resolving paths.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from wasi_trampoline import (
    APPEND,
    BUFFER,
    CREAT,
    DIRECTORY,
    NONBLOCK,
    PATH,
    READ,
    RESULT,
    RIGHTS,
    TRUNC,
    WRITE,
    Guest,
    clock_subscription,
    fd_subscription,
)  # fmt: skip

import pywasi_native as wasm
from suite_guest import CANNOT, INHERITED, Scratch, errno, rights, scratch

__all__ = ["scratch"]

Make = Callable[..., Guest]
SET, CUR, END = 0, 1, 2
ATIM, ATIM_NOW, MTIM, MTIM_NOW = 1, 2, 4, 8
ON_A_DIRECTORY = {"isdir", "badf", "notcapable"}
PREOPENED = """path_create_directory path_create_file path_link_source path_link_target path_open fd_readdir
    path_readlink path_rename_source path_rename_target path_symlink path_remove_directory path_unlink_file
    path_filestat_get path_filestat_set_times fd_filestat_get fd_filestat_set_times"""


def test_close_preopen(scratch: Scratch) -> None:
    scratch.close(3)
    assert scratch.guest.fdstat(scratch.root)[0] == "directory"
    assert scratch.guest.fd_fdstat_get(3, RESULT) == "badf"


@pytest.mark.parametrize("close_first", [True, False])
def test_dangling_fd(scratch: Scratch, close_first: bool) -> None:
    for make, oflags, remove in (
        (scratch.touch, 0, scratch.unlink),
        (scratch.mkdir, DIRECTORY, scratch.rmdir),
    ):
        make("x")
        fd = scratch.opened("x", oflags)
        if close_first:
            scratch.close(fd)
        assert remove("x") == errno("success", "success" if close_first else "acces")
        make("x")
        if not close_first:
            scratch.close(fd)
        assert remove("x") == "success"


def test_dir_fd_op_failures(scratch: Scratch) -> None:
    guest, fd = scratch.guest, scratch.root
    assert scratch.fstat(fd).type == "directory"
    assert guest.fd_prestat_get(3, RESULT) == "success"
    length = guest.u32(RESULT + 4)
    assert guest.fd_prestat_dir_name(3, BUFFER, 0) in {"inval", "nametoolong"}
    assert guest.fd_prestat_dir_name(3, BUFFER, length + 1) == "success"
    assert guest.read(fd, 128) in ON_A_DIRECTORY
    assert scratch.pread(fd, 0, 128) in ON_A_DIRECTORY
    assert guest.write(fd, bytes(128)) in ON_A_DIRECTORY
    assert scratch.pwrite(fd, 0, bytes(128)) in ON_A_DIRECTORY
    for whence in (CUR, SET, END):
        assert guest.seek(fd, 0, whence) in ON_A_DIRECTORY
    assert guest.fd_tell(fd, RESULT) in ON_A_DIRECTORY
    assert guest.fd_allocate(fd, 0, 1) in ON_A_DIRECTORY
    assert guest.fd_filestat_set_size(fd, 0) in ON_A_DIRECTORY | {"inval"}


def test_directory_seek(scratch: Scratch) -> None:
    assert scratch.mkdir("d") == "success"
    fd = scratch.opened("d", DIRECTORY, RIGHTS["fd_seek"])
    assert scratch.guest.seek(fd, 0, CUR) in ON_A_DIRECTORY
    kind, _, base, _ = scratch.guest.fdstat(fd)
    assert (kind, base & RIGHTS["fd_seek"]) == ("directory", 0)
    scratch.close(fd)
    assert scratch.rmdir("d") == "success"


def test_fd_advise(scratch: Scratch) -> None:
    wanted = "fd_read fd_write fd_advise fd_filestat_get fd_filestat_set_size fd_allocate"
    fd = scratch.opened("f", CREAT, rights(wanted))
    assert scratch.fstat(fd).size == 0
    assert scratch.guest.fd_filestat_set_size(fd, 100) == "success"
    assert scratch.fstat(fd).size == 100
    assert scratch.guest.fd_advise(fd, 10, 50, 0) == "success"
    assert scratch.fstat(fd).size == 100
    if (done := scratch.guest.fd_allocate(fd, 100, 100)) != "notsup":
        assert (done, scratch.fstat(fd).size) == ("success", 200)
    scratch.close(fd)
    assert scratch.unlink("f") == "success"


def test_fd_fdstat_set_rights(scratch: Scratch) -> None:
    guest, all_of = scratch.guest, rights("fd_read fd_write fd_seek fd_tell")
    fd = scratch.opened("f", CREAT, all_of)
    assert guest.write(fd, b"\0\1\2\3") == 4
    assert guest.seek(fd, 0) == 0
    assert guest.read(fd, 4) == b"\0\1\2\3"
    _, _, base, inheriting = guest.fdstat(fd)
    assert guest.fd_fdstat_set_rights(fd, base & ~(READ | WRITE), inheriting) == "success"
    left = guest.fdstat(fd)[2]
    assert (left & (READ | WRITE), left & RIGHTS["fd_seek"]) == (0, RIGHTS["fd_seek"])
    assert guest.read(fd, 4) in CANNOT
    assert guest.write(fd, b"x") in CANNOT
    assert guest.fd_fdstat_set_rights(fd, left | all_of, inheriting | all_of) == "notcapable"
    scratch.close(fd)
    assert scratch.unlink("f") == "success"


def test_fd_filestat_set(scratch: Scratch) -> None:
    wanted = "fd_read fd_write fd_filestat_get fd_filestat_set_size fd_filestat_set_times"
    fd = scratch.opened("f", CREAT, rights(wanted))
    assert scratch.guest.fd_filestat_set_size(fd, 100) == "success"
    before = scratch.fstat(fd)
    old = before.mtim - 100
    assert scratch.guest.fd_filestat_set_times(fd, old, old, MTIM) == "success"
    after = scratch.fstat(fd)
    assert (before.size, after.size, after.mtim, after.atim) == (100, 100, old, before.atim)
    scratch.close(fd)
    assert scratch.unlink("f") == "success"


def test_fstflags_validate(scratch: Scratch) -> None:
    fd = scratch.opened("f", CREAT, rights("fd_read fd_filestat_set_times"))
    for both in (MTIM | MTIM_NOW, ATIM | ATIM_NOW):
        assert scratch.guest.fd_filestat_set_times(fd, 100, 200, both) == "inval"
    scratch.close(fd)
    assert scratch.unlink("f") == "success"


def test_fd_flags_set(scratch: Scratch) -> None:
    guest = scratch.guest
    wanted = "fd_read fd_write fd_seek fd_tell fd_fdstat_set_flags"
    fd = scratch.opened("f", CREAT, rights(wanted), flags=APPEND)
    for at, byte in ((0, b"\0"), (100, b"\1")):  # appended, wherever the position was
        assert guest.seek(fd, 0) == 0
        assert guest.write(fd, byte * 100) == 100
        assert guest.seek(fd, at) == at
        assert guest.read(fd, 100) == byte * 100
    assert guest.fd_fdstat_set_flags(fd, 0) == "success"
    assert guest.seek(fd, 0) == 0
    assert guest.write(fd, b"\2" * 100) == 100
    assert guest.seek(fd, 0) == 0
    assert guest.read(fd, 100) == b"\2" * 100
    scratch.close(fd)
    assert scratch.stat("f").size == 200
    assert scratch.unlink("f") == "success"


def test_fd_readdir(scratch: Scratch) -> None:
    inode = scratch.fstat(scratch.fd).ino
    entries, whole = scratch.page(scratch.fd, 0)
    assert whole
    (_, found, *dot), (_, _, *dots) = sorted(entries, key=lambda entry: entry[3])
    assert (dot, dots, found) == (["directory", "."], ["directory", ".."], inode)
    fd = scratch.opened("file", CREAT, rights("fd_read fd_write fd_readdir fd_filestat_get"))
    inode = scratch.fstat(fd).ino
    scratch.close(fd)
    entries, whole = scratch.page(scratch.fd, 0)
    assert (len(entries), whole) == (3, True)
    assert [entry[1:] for entry in entries if entry[3] == "file"] == [(inode, "file", "file")]
    rest, whole = scratch.page(scratch.fd, entries[1][0])  # the cookie of the second is where the third is
    assert ([entry[3] for entry in rest], whole) == ([entries[2][3]], True)
    assert scratch.unlink("file") == "success"


def test_fd_readdir_lots(scratch: Scratch) -> None:
    for number in range(1000):
        scratch.touch(f"file.{number}")
    names, cookie, whole = [], 0, False
    while not whole:
        entries, whole = scratch.page(scratch.fd, cookie)
        assert entries or whole
        names += [entry[3] for entry in entries]
        cookie = entries[-1][0] if entries else cookie
    assert len(names) == len(set(names)) == 1002
    for number in range(1000):
        assert scratch.unlink(f"file.{number}") == "success"


def test_file_allocate(scratch: Scratch) -> None:
    fd = scratch.opened("f", CREAT, rights("fd_read fd_write fd_allocate fd_filestat_get"))
    assert scratch.fstat(fd).size == 0
    if scratch.guest.fd_allocate(fd, 0, 100) != "notsup":
        assert scratch.fstat(fd).size == 100
        for offset, length, size in ((10, 10, 100), (90, 20, 110)):
            assert scratch.guest.fd_allocate(fd, offset, length) == "success"
            assert scratch.fstat(fd).size == size
    scratch.close(fd)
    assert scratch.unlink("f") == "success"


def test_file_pread_pwrite(scratch: Scratch) -> None:
    fd = scratch.opened("f", CREAT, rights("fd_read fd_seek fd_write"))
    assert scratch.pwrite(fd, 0, b"\0\1\2\3") == 4
    assert scratch.pread(fd, 0, 4) == b"\0\1\2\3"
    assert scratch.pwrite(fd, 0, b"\0\1", b"\2\3") == 4
    assert scratch.pread(fd, 0, 2, 2) == b"\0\1\2\3"
    assert scratch.pread(fd, 1, 2, 2) == b"\1\2\3"
    assert scratch.pread(fd, 4, 2, 2) == b""
    assert scratch.pread(fd, 2, 4) == b"\2\3"
    assert scratch.pwrite(fd, 2, b"\1\0") == 2
    assert scratch.pread(fd, 0, 4) == b"\0\1\1\0"
    scratch.close(fd)
    assert scratch.unlink("f") == "success"


def test_file_seek_tell(scratch: Scratch) -> None:
    guest = scratch.guest
    fd = scratch.opened("f", CREAT, rights("fd_read fd_write fd_seek fd_tell"))

    def tell() -> int:
        assert guest.fd_tell(fd, RESULT) == "success"
        return guest.u64()

    assert tell() == 0
    assert guest.write(fd, bytes(100)) == 100
    assert tell() == 100
    assert guest.seek(fd, -50, CUR) == 50
    assert guest.seek(fd, 0, SET) == 0
    assert guest.seek(fd, 1000, CUR) == 1000
    assert guest.seek(fd, -2000, CUR) == "inval"
    assert guest.seek(fd, 0, SET) == 0
    assert guest.read(fd, 100) == bytes(100)
    assert tell() == 100
    scratch.close(fd)
    assert scratch.unlink("f") == "success"


def test_file_truncation(scratch: Scratch) -> None:
    fd = scratch.opened("f", CREAT, WRITE)
    assert scratch.guest.write(fd, b"this will be gone") == 17
    scratch.close(fd)
    fd = scratch.opened("f", CREAT | TRUNC, READ | WRITE)
    assert scratch.guest.read(fd, 100) == b""
    scratch.close(fd)
    assert scratch.unlink("f") == "success"


def test_file_unbuffered_write(scratch: Scratch) -> None:
    reader = scratch.opened("f", CREAT, READ)
    writer = scratch.opened("f", 0, WRITE)
    assert scratch.guest.write(writer, b"\1") == 1
    assert scratch.guest.read(reader, 1) == b"\1"
    scratch.close(writer)
    scratch.close(reader)
    assert scratch.unlink("f") == "success"


def test_isatty(scratch: Scratch) -> None:
    fd = scratch.opened("f", CREAT)
    # For a libc a terminal is a character device that cannot be sought in.
    assert scratch.guest.fdstat(fd)[0] == "file"
    scratch.close(fd)
    assert scratch.unlink("f") == "success"


def test_overwrite_preopen(scratch: Scratch) -> None:
    assert scratch.fd > 3
    before = scratch.fstat(scratch.fd)
    assert scratch.guest.fd_renumber(scratch.fd, 3) == "success"
    after = scratch.fstat(3)
    assert (before.dev, before.ino) == (after.dev, after.ino)
    assert scratch.guest.fd_fdstat_get(scratch.fd, RESULT) == "badf"
    scratch.close(3)
    scratch.fd = -1


def test_renumber(scratch: Scratch) -> None:
    guest = scratch.guest
    one, other = (scratch.opened(name, CREAT, READ | WRITE) for name in ("f", "g"))
    before = guest.fdstat(one)
    assert guest.fd_renumber(one, other) == "success"
    assert guest.fd_close(one) == "badf"
    assert guest.fdstat(other) == before
    assert guest.fd_renumber(other, one) == "badf"
    scratch.close(other)
    assert [scratch.unlink(name) for name in ("f", "g")] == ["success"] * 2


def test_stdio(scratch: Scratch) -> None:
    for stream in range(3):
        fd = scratch.opened("f", CREAT)
        assert scratch.guest.fd_renumber(stream, fd) == "success"
        assert scratch.guest.fd_fdstat_get(fd, RESULT) == "success"
        assert scratch.guest.fd_fdstat_get(stream, RESULT) == "badf"
        assert scratch.unlink("f") == "success"
        scratch.close(fd)


def test_path_open_nonblock(scratch: Scratch) -> None:
    scratch.close(scratch.opened(".", flags=NONBLOCK))


def test_path_open_preopen(scratch: Scratch) -> None:
    guest, inherited = scratch.guest, rights("fd_datasync poll_fd_readwrite") | rights(INHERITED)
    _, _, base, inheriting = guest.fdstat(3)
    assert rights(PREOPENED) & ~base == 0
    assert (rights(PREOPENED) | inherited) & ~inheriting == 0
    scratch.close(scratch.opened(".", 0, base, inheriting, at=3))
    scratch.close(scratch.opened(".", at=3))
    scratch.close(scratch.opened(".", DIRECTORY, at=3))
    scratch.close(scratch.opened(".", DIRECTORY, READ, at=3))
    assert scratch.open(".", DIRECTORY, READ | WRITE, at=3) == "isdir"


def test_path_open_read_write(scratch: Scratch) -> None:
    guest, cannot = scratch.guest, CANNOT | {"acces"}
    scratch.touch("f")
    fd = scratch.opened("f", 0, READ)
    assert guest.fdstat(fd)[2] & (READ | WRITE) == READ
    assert guest.read(fd, 100) == b""
    assert guest.write(fd, b"\1") in cannot
    scratch.close(fd)
    fd = scratch.opened("f", 0, WRITE)
    assert guest.fdstat(fd)[2] & (READ | WRITE) == WRITE
    assert guest.read(fd, 100) in cannot
    assert guest.write(fd, b"\1" * 50) == 50
    scratch.close(fd)
    fd = scratch.opened("f", 0, READ | WRITE | RIGHTS["fd_filestat_get"])
    assert guest.fdstat(fd)[2] & (READ | WRITE) == READ | WRITE
    assert guest.read(fd, 100) == b"\1" * 50
    assert guest.write(fd, b"\2" * 25) == 25
    assert scratch.fstat(fd).size == 75
    scratch.close(fd)
    assert scratch.unlink("f") == "success"


# ---- those that need no directory


@pytest.fixture
def plain(make_guest: Make) -> Guest:
    """A guest with streams and nothing else."""
    return make_guest(stdin=b"", stdout=wasm.PIPE, stderr=wasm.PIPE)


def test_big_random_buf(plain: Guest) -> None:
    plain.put(BUFFER, bytes(1024))
    assert plain.random_get(BUFFER, 1024) == "success"
    assert any(plain.get(BUFFER, 1024))


@pytest.mark.parametrize("size", [0, 32])
def test_random_get(plain: Guest, size: int) -> None:
    assert plain.random_get(BUFFER, size) == "success"


def test_clock_time_get(plain: Guest) -> None:
    times = []
    for precision in (1, 0, 0):
        assert plain.clock_time_get(1, precision, RESULT) == "success"
        times.append(plain.u64())
    assert times[0] < times[1] < times[2]  # the case in C wants them to differ


@pytest.mark.parametrize("clock", [0, 1])
def test_clock_getres_and_gettime(plain: Guest, clock: int) -> None:
    assert plain.clock_res_get(clock, RESULT) == "success"
    assert plain.clock_time_get(clock, 1, RESULT) == "success"


def test_sched_yield(plain: Guest) -> None:
    assert plain.sched_yield() == "success"


def test_poll_oneoff_stdio(plain: Guest) -> None:
    timeout = clock_subscription(200_000_000, userdata=7)
    events = plain.poll(timeout, fd_subscription(0, userdata=8))
    assert events
    assert all(event in [(7, "success", 0), (8, "success", 1)] for event in events)
    pending = {1, 2}
    while pending:
        wanted = [fd_subscription(fd, userdata=fd, write=True) for fd in sorted(pending)]
        events = plain.poll(*wanted, timeout)
        assert events
        for userdata, error, kind in events:
            assert (error, kind) == ("success", 2)
            pending.remove(int(userdata))


def test_sock_shutdown(plain: Guest) -> None:
    assert plain.sock_shutdown(3, 1) == "badf"
    assert plain.sock_shutdown(1, 1) == "notsock"


def test_fd_write(plain: Guest) -> None:
    assert plain.fd_write(-31337 & 0xFFFFFFFF, 0, 0, RESULT) == "badf"
    assert plain.write(1, b"hello") == 5
    assert plain.instance.stdout == b"hello"


@pytest.mark.parametrize("code", [0, 33])
def test_proc_exit(plain: Guest, code: int) -> None:
    with pytest.raises(wasm.WasiExit) as caught:
        plain.proc_exit(code)
    assert caught.value.code == code


@pytest.mark.parametrize("call", ["args", "environ"])
@pytest.mark.parametrize("items", [[], ["first", 'the "second" arg', "new\nline"]])
def test_args_and_environ(make_guest: Make, call: str, items: list[str]) -> None:
    env = {f"V{number}": item for number, item in enumerate(items)}
    wanted = items if call == "args" else [f"{name}={item}" for name, item in env.items()]
    guest = make_guest(args=items, env=env)
    sizes, get = (getattr(guest, f"{call}_{name}") for name in ("sizes_get", "get"))
    assert sizes(RESULT, RESULT + 4) == "success"
    count, size = struct.unpack("<II", guest.get(RESULT, 8))
    assert (count, size) == (len(wanted), sum(len(item) + 1 for item in wanted))
    assert get(PATH, BUFFER) == "success"
    begins = struct.unpack(f"<{count}I", guest.get(PATH, 4 * count))
    found = [guest.get(begin, size - begin + BUFFER).split(b"\0")[0].decode() for begin in begins]
    assert sorted(found) == sorted(wanted)


# ---- the cases in C, as the calls that a libc makes of them


@pytest.fixture
def libc(make_guest: Make, tmp_path: Path) -> Guest:
    """A guest with the files of the suite's cases in C."""
    (tmp_path / "fopendir.dir").mkdir()
    for name, content in {
        "file": b"", "lseek.txt": b"01234567", "pread.txt": b"pread-test", "fopendir.dir/file-0": b"",
        "fopendir.dir/file-1": b"",
    }.items():  # fmt: skip
        (tmp_path / name).write_bytes(content)
    return make_guest(dirs={"/": wasm.rw(tmp_path)})


def test_fdopendir_with_access(libc: Guest) -> None:
    fd = libc.opened("fopendir.dir", DIRECTORY, rights("fd_readdir path_filestat_get"))
    entries = {item.name: item.ino for item in libc.listing(fd) if item.name not in (".", "..")}
    assert sorted(entries) == ["file-0", "file-1"]
    for name, inode in entries.items():
        found = libc.stat(name, follow=0, dirfd=fd)
        assert not isinstance(found, str)
        assert found.ino == inode
    assert len(set(entries.values())) == 2


def test_lseek(libc: Guest) -> None:
    fd = libc.opened("lseek.txt", 0, rights("fd_read fd_seek fd_tell"))
    assert libc.read(fd, 4) == b"0123"
    assert libc.seek(fd, 0, CUR) == 4
    assert libc.read(fd, 1) == b"4"
    assert [libc.seek(fd, 0, whence) for whence in (CUR, SET, END)] == [5, 0, 8]


def test_pread_with_access(libc: Guest) -> None:
    fd = libc.opened("pread.txt", 0, rights("fd_read fd_seek"))
    assert libc.fd_pread(fd, *libc.iovs((BUFFER, 3)), 4, RESULT) == "success"
    assert libc.get(BUFFER, libc.u32()) == b"d-t"


def test_pwrite_with_access(libc: Guest) -> None:
    assert libc.stat("new") == "noent"
    fd = libc.opened("new", CREAT, rights("fd_write fd_seek"))
    for data, offset in ((b"very long text", 0), (b"test", 3)):
        where = libc.iovs((BUFFER, libc.put(BUFFER, data)))
        assert libc.fd_pwrite(fd, *where, offset, RESULT) == "success"
        assert libc.u32() == len(data)
    assert libc.fd_close(fd) == "success"
    assert libc.read(libc.opened("new")) == b"vertestng text"


def test_pwrite_with_append(libc: Guest) -> None:
    fd = libc.opened("new", CREAT | TRUNC, rights("fd_write fd_seek fd_tell"), flags=APPEND)
    assert libc.write(fd, b"\0\0") == 2
    assert libc.seek(fd, 0) == 0
    assert libc.write(fd, b"\0\0") == 2
    assert libc.seek(fd, 0, CUR) == 4
    assert libc.fd_pwrite(fd, *libc.iovs((BUFFER, 3)), 0, RESULT) == "success"
    assert libc.seek(fd, 0, CUR) == 4
    assert libc.seek(fd, 0, END) in (4, 7)  # POSIX, or Linux, where even pwrite appends


def test_stat_dev_ino(libc: Guest) -> None:
    one, other = libc.stat("file"), libc.stat("lseek.txt")
    assert not isinstance(one, str)
    assert not isinstance(other, str)
    assert one.dev == other.dev
    assert one.ino != other.ino


def test_fopen(libc: Guest, plain: Guest) -> None:
    assert libc.fd_close(libc.opened("file")) == "success"
    # Without a preopened directory a libc has nothing to open it in, and says ENOENT by itself.
    assert plain.fd_prestat_get(3, RESULT) == "badf"
