"""path_*: names, links, and what a path must not reach. The security cases by number, in every way that paths
are resolved, are in tests/c/test_wasi_path_posix.c."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from wasi_trampoline import BUFFER, CREAT, DIRECTORY, EXCL, FOLLOW, READ, RESULT, TRUNC, WRITE, Guest

import pywasi_native as wasm

needs_symlinks = pytest.mark.skipif(os.name == "nt", reason="symbolic links need a privilege on Windows")
REFUSED = {"perm", "notcapable", "loop"}


@pytest.mark.parametrize(
    ("path", "errors"),
    [
        ("", {"noent"}),
        ("/", {"perm", "notcapable"}),
        ("/etc/passwd", {"perm", "notcapable"}),
        ("..", {"perm", "notcapable"}),
        ("d/../..", {"perm", "notcapable"}),
        ("d/../../sb/f", {"perm", "notcapable"}),
        (b"f\0x", {"inval", "ilseq", "noent"}),
        (b"\xff", {"ilseq", "inval", "noent"}),
        (b"\xc0\xaf", {"ilseq", "inval", "noent"}),
        ("f/", {"notdir", "noent"}),
        ("f/x", {"notdir", "noent"}),
        ("x" * 256, {"nametoolong", "noent"}),
        ("./" * 2049, {"nametoolong"}),
    ],
)
def test_paths_that_name_nothing(guest: Guest, sandbox: Path, path: str | bytes, errors: set[str]) -> None:
    (sandbox / "f").touch()
    (sandbox / "d").mkdir()
    assert guest.open(path) in errors
    assert guest.open(path, CREAT, WRITE) in errors | {"isdir"}


@pytest.mark.parametrize("path", ["f", "./f", "d/../f", "d//../f", "./d/.././f"])
def test_paths_to_a_file(guest: Guest, sandbox: Path, path: str) -> None:
    (sandbox / "f").write_bytes(b"text")
    (sandbox / "d").mkdir()
    assert guest.read(guest.opened(path)) == b"text"


@pytest.mark.parametrize("path", ["d", "d/", "d//", "d/.", "d/..", ".", "./", "d/../d/"])
def test_paths_to_a_directory(guest: Guest, sandbox: Path, path: str) -> None:
    (sandbox / "d").mkdir()
    guest.opened(path, DIRECTORY)
    guest.opened(path, 0, 0)


@needs_symlinks
@pytest.mark.parametrize("link", ["../out", "../out/", "ABSOLUTE", "../sb/../out", "d/../../out", "chain"])
@pytest.mark.parametrize(
    "path", ["l/", "l//", "l/.", "l/..", "l/secret", "l/sub/../secret", "d/../l/", "./l/"]
)
@pytest.mark.parametrize("follow", [0, FOLLOW])
def test_no_link_leads_out(guest: Guest, sandbox: Path, link: str, path: str, follow: int) -> None:
    (sandbox / "d").mkdir()
    (sandbox / "chain").symlink_to("../out")
    (sandbox / "l").symlink_to(sandbox.parent / "out" if link == "ABSOLUTE" else link)
    before = (sandbox.parent / "out").stat()
    assert guest.open(path, follow=follow) in REFUSED
    assert guest.open(path, DIRECTORY, follow=follow) in REFUSED
    assert guest.open(path, CREAT, WRITE, follow=follow) in REFUSED
    assert guest.stat(path, follow=follow) in REFUSED
    assert guest.path_filestat_set_times(3, follow, *guest.path(path), 0, 1000, 4) in REFUSED
    assert guest.mkdir("l/new") in REFUSED
    assert guest.rmdir("l/sub") in REFUSED
    assert guest.unlink("l/secret") in REFUSED
    assert guest.rename("l/secret", "got") in REFUSED
    assert guest.rename("d", "l/got") in REFUSED
    assert guest.link("l/secret", "got") in REFUSED
    assert guest.symlink("x", "l/got") in REFUSED
    assert guest.readlink("l/x") in REFUSED
    after = (sandbox.parent / "out").stat()
    assert before.st_mtime_ns == after.st_mtime_ns
    assert [entry.name for entry in (sandbox.parent / "out").iterdir()] == ["secret"]


@needs_symlinks
def test_a_link_at_the_end(guest: Guest, sandbox: Path) -> None:
    (sandbox / "f").write_bytes(b"text")
    (sandbox / "d").mkdir()
    (sandbox / "to_f").symlink_to("f")
    (sandbox / "to_d").symlink_to("d")
    (sandbox / "out").symlink_to("../out")
    assert guest.read(guest.opened("to_f")) == b"text"
    assert guest.open("to_f", follow=0) == "loop"
    assert guest.open("to_d", DIRECTORY, follow=0) in {"loop", "notdir"}
    assert guest.opened("to_d/", follow=0)
    assert guest.stat("to_d", follow=0).type == "link"
    assert guest.stat("to_d/", follow=0).type == "directory"
    assert guest.stat("out", follow=0).type == "link"
    assert guest.stat("out", follow=FOLLOW) == "perm"
    assert guest.open("to_f", CREAT | EXCL, WRITE) == "exist"
    assert guest.readlink("to_f") == b"f"
    assert guest.readlink("out", 4) == b"../o"
    assert guest.readlink("f") == "inval"
    assert guest.readlink("to_d/") == "inval"
    assert guest.readlink("out", 0) == b""


@needs_symlinks
def test_a_dangling_link(guest: Guest, sandbox: Path) -> None:
    (sandbox / "inside").symlink_to("new")
    (sandbox / "outside").symlink_to("../out/new")
    assert guest.open("inside") == "noent"
    assert guest.open("outside", CREAT, WRITE) in REFUSED
    assert guest.open("inside", CREAT | EXCL, WRITE) == "exist"
    assert guest.mkdir("inside/") == "exist"
    assert guest.opened("inside", CREAT, WRITE)
    assert (sandbox / "new").exists()
    assert not (sandbox.parent / "out" / "new").exists()


@needs_symlinks
def test_links_that_go_round(guest: Guest, sandbox: Path) -> None:
    (sandbox / "loop").symlink_to("loop")
    (sandbox / "f").touch()
    for i in range(42):
        (sandbox / f"c{i}").symlink_to(f"c{i - 1}" if i else "f")
    for path in ("loop", "loop/", "loop/x", "c41"):
        assert guest.open(path) == "loop"
    assert guest.opened("c30")


def test_making_and_removing(guest: Guest, sandbox: Path) -> None:
    assert guest.mkdir("d") == "success"
    assert guest.mkdir("d") == "exist"
    assert guest.mkdir("e/") == "success"
    assert guest.mkdir("none/x") == "noent"
    assert guest.mkdir(".") == "exist"
    assert guest.fd_close(guest.opened("d/f", CREAT, WRITE)) == "success"
    assert guest.rmdir("d") == "notempty"
    assert guest.rmdir("d/f") in {"notdir", "noent"}
    assert guest.rmdir("d/f/") in {"notdir", "noent"}
    assert guest.rmdir(".") in {"inval", "acces"}
    assert guest.unlink("d") in {"isdir", "perm", "acces"}
    assert guest.unlink("d/") in {"isdir", "perm", "acces"}
    assert guest.unlink("d/f/") in {"notdir", "noent"}
    assert guest.unlink("d/f") == "success"
    assert guest.unlink("d/f") == "noent"
    assert guest.rmdir("d/") == "success"
    assert guest.rmdir("d") == "noent"
    assert [entry.name for entry in sandbox.iterdir()] == ["e"]


def test_renaming(guest: Guest, sandbox: Path) -> None:
    (sandbox / "f").write_bytes(b"f")
    (sandbox / "g").write_bytes(b"g")
    (sandbox / "d").mkdir()
    (sandbox / "full").mkdir()
    (sandbox / "full" / "x").touch()
    assert guest.rename("f", "g") == "success"
    assert (sandbox / "g").read_bytes() == b"f"
    assert guest.rename("none", "x") == "noent"
    assert guest.rename("d", "full") in {"notempty", "acces", "exist"}
    assert guest.rename("g", "d") in {"isdir", "acces", "exist"}
    assert guest.rename("g/", "h") == "notdir"
    assert guest.rename("g", "h/") == "notdir"
    assert guest.rename("d/", "e/") == "success"
    assert guest.rename("e", "full/e") == "success"
    assert guest.rename(".", "x") in {"inval", "busy"}
    assert guest.rename("g", "../g") == "perm"
    assert sorted(path.name for path in sandbox.rglob("*")) == ["e", "full", "g", "x"]


def test_hard_links(guest: Guest, sandbox: Path) -> None:
    (sandbox / "f").write_bytes(b"text")
    (sandbox / "d").mkdir()
    assert guest.link("f", "alias") == "success"
    assert guest.stat("alias").ino == guest.stat("f").ino
    assert guest.stat("f").nlink == 2
    assert guest.link("f", "alias") == "exist"
    assert guest.link("none", "x") == "noent"
    assert guest.link("d", "x") in {"perm", "acces", "isdir"}
    assert guest.link("f", "x/") == "noent"
    assert guest.link("f/", "x") == "notdir"
    assert guest.link("f", "x", flags=1) in {"inval", "noent"}


@needs_symlinks
def test_making_symbolic_links(guest: Guest, sandbox: Path) -> None:
    (sandbox / "d").mkdir()
    (sandbox / "f").touch()
    assert guest.symlink("f", "s") == "success"
    assert (sandbox / "s").readlink() == Path("f")
    assert guest.symlink("f", "s") == "exist"
    assert guest.symlink("f", "t/") == "noent"
    assert guest.symlink("f", "d/") == "exist"
    assert guest.symlink("f", "f/") == "notdir"
    assert guest.symlink("f", "s/") == "exist"
    assert guest.symlink("/etc", "t") == "perm"
    assert guest.symlink("", "t") in {"noent", "inval"}
    assert guest.symlink("a\0b", "t") in {"inval", "ilseq"}
    assert guest.symlink("../../..", "up") == "success"
    assert guest.open("up") == "perm"


def test_a_read_only_grant_changes_nothing(guest: Guest, sandbox: Path) -> None:
    (sandbox / "f").write_bytes(b"text")
    (sandbox / "d").mkdir()
    before = (sandbox / "f").stat()
    assert guest.read(guest.opened("f", dirfd=4)) == b"text"
    for oflags, rights in ((0, WRITE), (TRUNC, 0), (TRUNC, READ), (CREAT, WRITE), (CREAT | EXCL, WRITE)):
        assert guest.open("f", oflags, rights, dirfd=4) in {"perm", "notcapable", "exist"}
    for oflags in (CREAT, CREAT | EXCL, CREAT | TRUNC):
        assert guest.open("new", oflags, READ, dirfd=4) in {"perm", "notcapable"}
    fd = guest.opened("f", 0, (1 << 30) - 1 & ~(WRITE | 1 << 8 | 1 << 22 | 1), dirfd=4)
    refused = {"perm", "notcapable", "badf", "inval"}
    assert guest.write(fd, b"x") in refused
    assert guest.fd_filestat_set_size(fd, 0) in refused
    assert guest.fd_allocate(fd, 0, 100) in refused
    assert guest.fd_filestat_set_times(fd, 0, 0, 1 | 4) in refused
    for answer in (
        guest.mkdir("new", dirfd=4),
        guest.rmdir("d", dirfd=4),
        guest.unlink("f", dirfd=4),
        guest.symlink("f", "new", dirfd=4),
        guest.rename("f", "new", old_dir=4, new_dir=4),
        guest.rename("f", "new", old_dir=4, new_dir=3),
        guest.rename("f", "new", old_dir=3, new_dir=4),
        guest.link("f", "new", old_dir=4, new_dir=3),
        guest.link("f", "new", old_dir=3, new_dir=4),
        guest.path_filestat_set_times(4, 0, *guest.path("f"), 0, 0, 1 | 4),
    ):
        assert answer in {"perm", "notcapable"}
    child = guest.opened("d", DIRECTORY, dirfd=4)
    assert guest.open("new", CREAT, WRITE, dirfd=child) in {"perm", "notcapable"}
    after = (sandbox / "f").stat()
    for field in ("st_mtime_ns", "st_size", "st_nlink"):
        assert getattr(before, field) == getattr(after, field)
    assert sorted(path.name for path in sandbox.rglob("*")) == ["d", "f"]


def test_one_grant_does_not_reach_another(make_guest: Callable[..., Guest], sandbox: Path) -> None:
    (sandbox / "sub").mkdir()
    (sandbox / "f").touch()
    guest = make_guest(dirs={"/": wasm.ro(sandbox), "/sub": wasm.rw(sandbox / "sub")})
    assert guest.open("../f", dirfd=4) == "perm"
    assert guest.opened("x", CREAT, WRITE, dirfd=4)
    assert guest.open("sub/y", CREAT, WRITE, dirfd=3) == "perm"


def test_a_refusal_is_on_record(guest: Guest) -> None:
    assert guest.open("../out/secret") == "perm"
    call, wanted, granted, path = guest.instance._wasi.denial()
    assert (call, granted, path) == ("path_open", "/", "../out/secret")
    assert "leaves" in wanted
    assert guest.open("new", CREAT, READ, dirfd=4) == "perm"
    assert guest.instance._wasi.denial() == ("path_open", "create", "/ro", "new")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs")
def test_fifos_do_not_block_and_devices_are_refused(make_guest: Callable[..., Guest], sandbox: Path) -> None:
    os.mkfifo(sandbox / "fifo")
    guest = make_guest(dirs={"/": wasm.rw(sandbox), "/dev": wasm.rw("/dev")})
    fd = guest.opened("fifo", flags=4)
    assert guest.read(fd) in {"again", b""}
    assert guest.open("null", dirfd=4) in {"perm", "notcapable"}
    assert guest.open("null", 0, WRITE, dirfd=4) in {"perm", "notcapable"}


def test_results_and_paths_may_share_memory(guest: Guest, sandbox: Path) -> None:
    (sandbox / "file").touch()
    pointer, length = guest.path("file", BUFFER)
    assert guest.path_filestat_get(3, 0, pointer, length, BUFFER) == "success"
    pointer, length = guest.path("file", BUFFER)
    assert guest.path_open(3, 0, pointer, length, 0, READ, 0, 0, BUFFER) == "success"
    assert guest.fd_filestat_get(guest.u32(BUFFER), RESULT) == "success"
