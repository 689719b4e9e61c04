"""fd_*: files, directories and descriptors."""

from __future__ import annotations

import os
from pathlib import Path

from wasi_trampoline import (
    APPEND,
    BUFFER,
    CREAT,
    DIRECTORY,
    EXCL,
    NONBLOCK,
    READ,
    RESULT,
    RIGHTS,
    TRUNC,
    WRITE,
    Guest,
)

DIRECTORY_REFUSES = {"isdir", "badf", "notcapable"}


def test_a_file_is_written_read_and_sought_in(guest: Guest, sandbox: Path) -> None:
    fd = guest.opened("f", CREAT, READ | WRITE)
    assert fd > 2
    assert guest.write(fd, b"hello world") == 11
    assert guest.seek(fd, 6) == 6
    assert guest.read(fd) == b"world"
    assert guest.read(fd) == b""
    assert guest.seek(fd, -5, 2) == 6
    assert guest.seek(fd, 2, 1) == 8
    assert guest.seek(fd, -9, 1) == "inval"
    assert guest.seek(fd, 0, 3) == "inval"
    assert guest.fd_tell(fd, RESULT) == "success"
    assert guest.u64() == 8
    assert guest.fd_close(fd) == "success"
    assert guest.fd_close(fd) == "badf"
    assert (sandbox / "f").read_bytes() == b"hello world"


def test_reading_at_an_offset_leaves_the_position(guest: Guest, sandbox: Path) -> None:
    (sandbox / "f").write_bytes(b"0123456789")
    fd = guest.opened("f", 0, READ | WRITE)
    assert guest.fd_pread(fd, *guest.iovs((BUFFER, 3)), 4, RESULT) == "success"
    assert guest.get(BUFFER, guest.u32()) == b"456"
    guest.put(BUFFER, b"XY")
    assert guest.fd_pwrite(fd, *guest.iovs((BUFFER, 2)), 0, RESULT) == "success"
    assert guest.read(fd, 4) == b"XY23"
    assert guest.fd_pread(fd, *guest.iovs((BUFFER, 3)), 1 << 63, RESULT) == "inval"
    assert guest.fd_pwrite(fd, *guest.iovs((BUFFER, 3)), (1 << 64) - 1, RESULT) == "inval"
    assert guest.fd_pread(fd, *guest.iovs((BUFFER, 3)), 100, RESULT) == "success"
    assert guest.u32() == 0


def test_several_buffers_are_filled_in_order(guest: Guest, sandbox: Path) -> None:
    (sandbox / "f").write_bytes(b"abcdefgh")
    fd = guest.opened("f")
    pieces = guest.iovs((BUFFER, 3), (BUFFER + 100, 0), (BUFFER + 10, 5))
    assert guest.fd_read(fd, *pieces, RESULT) == "success"
    assert guest.u32() == 8
    assert guest.get(BUFFER, 3) == b"abc"
    assert guest.get(BUFFER + 10, 5) == b"defgh"


def test_appending(guest: Guest, sandbox: Path) -> None:
    fd = guest.opened("log", CREAT, READ | WRITE, flags=APPEND)
    assert guest.write(fd, b"one") == 3
    assert guest.seek(fd, 0) == 0
    assert guest.write(fd, b"two") == 3
    assert guest.fdstat(fd)[1] == APPEND
    if os.name == "posix":
        assert guest.fd_fdstat_set_flags(fd, 0) == "success"
        assert guest.seek(fd, 0) == 0
        assert guest.write(fd, b"1") == 1
        assert (sandbox / "log").read_bytes() == b"1netwo"
    assert guest.fd_fdstat_set_flags(fd, 16) == "inval"


def test_open_flags(guest: Guest, sandbox: Path) -> None:
    (sandbox / "f").write_bytes(b"text")
    (sandbox / "d").mkdir()
    assert guest.open("f", CREAT | EXCL, WRITE) == "exist"
    assert guest.open("none") == "noent"
    assert guest.open("f", DIRECTORY) == "notdir"
    assert guest.open("d", 0, READ | WRITE) == "isdir"
    assert guest.open("f", CREAT | DIRECTORY) == "inval"
    assert guest.open("f", 16) == "inval"
    assert guest.open("f", flags=32) == "inval"
    assert guest.open("f", follow=2) == "inval"
    assert guest.open("f", dirfd=77) == "badf"
    assert guest.open("f", dirfd=0) in {"notdir", "notcapable"}
    fd = guest.opened("f")
    assert guest.open("x", dirfd=fd) in {"notdir", "notcapable"}
    assert guest.fd_close(guest.opened("f", TRUNC, 0)) == "success"
    assert (sandbox / "f").read_bytes() == b""


def test_rights_of_zero_open_but_do_not_read(guest: Guest, sandbox: Path) -> None:
    (sandbox / "f").write_bytes(b"text")
    fd = guest.opened("f", 0, 0)
    assert guest.read(fd) in {"badf", "notcapable", "acces"}
    assert guest.write(fd, b"x") in {"badf", "notcapable", "acces"}
    assert guest.fd_filestat_get(fd, RESULT) == "success"
    assert guest.filestat().size == 4
    assert guest.opened(".", 0, 0)


def test_size_times_and_space(guest: Guest, sandbox: Path) -> None:
    fd = guest.opened("f", CREAT, READ | WRITE)
    assert guest.fd_filestat_set_size(fd, 100) == "success"
    assert (sandbox / "f").stat().st_size == 100
    assert guest.fd_filestat_set_size(fd, 1 << 63) == "inval"
    assert guest.fd_allocate(fd, 0, 1000) in {"success", "notsup"}
    assert guest.fd_filestat_set_times(fd, 5_000_000_000, 7_000_000_000, 1 | 4) == "success"
    assert guest.fd_filestat_get(fd, RESULT) == "success"
    stat = guest.filestat()
    assert (stat.type, stat.nlink, stat.atim, stat.mtim) == ("file", 1, 5_000_000_000, 7_000_000_000)
    assert stat.size in {100, 1000}
    for bad in (1 | 2, 4 | 8, 16):
        assert guest.fd_filestat_set_times(fd, 0, 0, bad) == "inval"
    assert guest.fd_filestat_set_times(fd, 0, 0, 2 | 8) == "success"
    assert guest.fd_advise(fd, 0, 10, 3) == "success"
    assert guest.fd_advise(fd, 0, 10, 6) == "inval"
    assert guest.fd_advise(fd, 1, (1 << 64) - 1, 0) == "inval"
    assert guest.fd_sync(fd) == guest.fd_datasync(fd) == "success"
    for call in (guest.fd_sync, guest.fd_datasync):
        assert call(99) == "badf"


def test_a_directory_is_no_file(guest: Guest) -> None:
    fd = guest.opened(".", DIRECTORY)
    assert guest.read(fd) in DIRECTORY_REFUSES
    assert guest.write(fd, b"x") in DIRECTORY_REFUSES
    assert guest.fd_pread(fd, *guest.iovs((BUFFER, 1)), 0, RESULT) in DIRECTORY_REFUSES
    assert guest.fd_pwrite(fd, *guest.iovs((BUFFER, 1)), 0, RESULT) in DIRECTORY_REFUSES
    assert guest.seek(fd, 0) in DIRECTORY_REFUSES
    assert guest.fd_tell(fd, RESULT) in DIRECTORY_REFUSES
    assert guest.fd_allocate(fd, 0, 1) in DIRECTORY_REFUSES
    assert guest.fd_filestat_set_size(fd, 0) in DIRECTORY_REFUSES | {"inval"}
    assert guest.fd_advise(fd, 0, 0, 0) == "badf"
    assert guest.fd_filestat_get(fd, RESULT) == "success"
    assert guest.filestat().type == "directory"
    kind, flags, rights, _ = guest.fdstat(fd)
    assert (kind, flags) == ("directory", 0)
    assert rights & (RIGHTS["fd_seek"] | RIGHTS["fd_tell"] | RIGHTS["fd_filestat_set_size"]) == 0


def test_preopens_are_found_as_a_libc_finds_them(guest: Guest) -> None:
    found, fd = {}, 3
    while guest.fd_prestat_get(fd, RESULT) == "success":
        length = guest.u32(RESULT + 4)
        assert guest.u32() == 0
        if length > 0:
            assert guest.fd_prestat_dir_name(fd, BUFFER, length - 1) in {"inval", "nametoolong"}
        assert guest.fd_prestat_dir_name(fd, BUFFER, length + 5) == "success"
        found[fd] = guest.get(BUFFER, length)
        fd += 1
    assert found == {3: b"/", 4: b"/ro"}
    assert guest.fd_prestat_get(5, RESULT) == "badf"
    assert guest.fd_prestat_get(0, RESULT) == "badf"


def test_the_rights_of_a_preopen(guest: Guest) -> None:
    base = """
        path_create_directory path_create_file path_link_source path_link_target path_open fd_readdir
        path_readlink path_rename_source path_rename_target path_symlink path_remove_directory
        path_unlink_file path_filestat_get path_filestat_set_times fd_filestat_get fd_filestat_set_times
    """
    inheriting = """
        fd_datasync fd_read fd_seek fd_fdstat_set_flags fd_sync fd_tell fd_write fd_advise fd_allocate
        fd_filestat_get fd_filestat_set_size fd_filestat_set_times poll_fd_readwrite
    """
    kind, flags, has, hands_on = guest.fdstat(3)
    assert (kind, flags) == ("directory", 0)
    assert [name for name in base.split() if not has & RIGHTS[name]] == []
    assert [name for name in [*base.split(), *inheriting.split()] if not hands_on & RIGHTS[name]] == []


def test_a_directory_is_opened_anew_with_the_rights_that_it_has(guest: Guest) -> None:
    _, _, has, hands_on = guest.fdstat(3)
    for oflags in (0, DIRECTORY):
        assert guest.path_open(3, 0, *guest.path("."), oflags, has, hands_on, 0, RESULT) == "success"
        assert guest.fdstat(guest.u32())[2:] == (has, hands_on)
    assert guest.open(".", DIRECTORY, READ | WRITE) == "isdir"
    assert isinstance(guest.open(".", 0, 0, flags=NONBLOCK), int)


def test_rights_are_only_ever_taken_away(guest: Guest) -> None:
    fd = guest.opened("f", CREAT, READ | WRITE)
    _, _, has, hands_on = guest.fdstat(fd)
    assert guest.fd_fdstat_set_rights(fd, has & ~WRITE, hands_on) == "success"
    assert guest.write(fd, b"x") == "notcapable"
    assert guest.fd_fdstat_set_rights(fd, has, hands_on) == "notcapable"
    assert guest.fdstat(fd)[2] == has & ~WRITE


def test_what_a_directory_has_lost_its_children_do_not_have(guest: Guest, sandbox: Path) -> None:
    (sandbox / "f").write_bytes(b"text")
    (sandbox / "d").mkdir()
    fd = guest.opened(".", DIRECTORY)
    _, _, has, hands_on = guest.fdstat(fd)
    lost = RIGHTS["fd_write"] | RIGHTS["path_unlink_file"]
    has &= ~RIGHTS["path_filestat_set_size"]
    assert guest.fd_fdstat_set_rights(fd, has, hands_on & ~lost) == "success"
    assert guest.open("f", TRUNC, 0, dirfd=fd) in {"perm", "notcapable"}
    assert guest.open("f", 0, WRITE, dirfd=fd) == "notcapable"
    child = guest.opened("d", DIRECTORY, dirfd=fd)
    assert guest.unlink("f", dirfd=fd) == "success"
    (sandbox / "d" / "g").write_bytes(b"")
    assert guest.unlink("g", dirfd=child) == "notcapable"
    assert guest.link("g", "alias", old_dir=child, new_dir=3) == "notcapable"


def test_listing(guest: Guest, sandbox: Path) -> None:
    for i in range(50):
        (sandbox / f"file{i}").touch()
    (sandbox / "sub").mkdir()
    wanted = {f"file{i}" for i in range(50)} | {"sub", ".", ".."}
    for size in (4096, 200, 31):
        found = guest.listing(size=size)
        assert [entry.name for entry in found[:2]] == [".", ".."]
        assert len(found) == len(wanted)
        assert {entry.name for entry in found} == wanted
    kinds = {entry.name: entry.type for entry in found}
    assert kinds["sub"] == kinds["."] == "directory"
    assert kinds["file0"] == "file"
    if os.name == "posix":
        inodes = {entry.name: entry.ino for entry in found}
        assert inodes["file7"] == (sandbox / "file7").stat().st_ino
        assert inodes["."] == inodes[".."] == sandbox.stat().st_ino  # nothing is above the root


def test_renumbering(guest: Guest, sandbox: Path) -> None:
    a, b = guest.opened("a", CREAT, WRITE), guest.opened("b", CREAT, WRITE)
    assert guest.fd_renumber(a, b) == "success"
    assert guest.write(b, b"text") == 4
    assert guest.write(a, b"text") == "badf"
    assert (sandbox / "a").read_bytes() == b"text"
