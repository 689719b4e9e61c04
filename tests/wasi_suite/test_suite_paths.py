"""What the public wasi-testsuite checks of paths, case by case, driven from Python without its modules.

A test has the name of the case. Where the suite wants one error of each system, it is that of this one.
"""

from __future__ import annotations

from typing import Any

import pytest
from wasi_trampoline import APPEND, BUFFER, CREAT, DIRECTORY, EXCL, FOLLOW, RIGHTS, TRUNC

from suite_guest import Scratch, errno, rights, scratch

__all__ = ["scratch"]

SYNC = 16
ATIM, ATIM_NOW, MTIM, MTIM_NOW = 1, 2, 4, 8


def is_there(scratch: Scratch, name: str, oflags: int = 0) -> None:
    """`source` is gone, `name` can be opened; removes it."""
    assert scratch.open("source", oflags) == "noent"
    scratch.close(scratch.opened(name, oflags))
    assert (scratch.rmdir if oflags else scratch.unlink)(name) == "success"


def test_dangling_symlink(scratch: Scratch) -> None:
    assert scratch.symlink("target", "link") == "success"
    assert scratch.open("link", DIRECTORY) in {"notdir", "loop"}
    assert scratch.open("link") == "loop"
    assert scratch.unlink("link") == "success"


def test_interesting_paths(scratch: Scratch) -> None:
    assert scratch.mkdir("dir") == "success"
    assert scratch.mkdir("dir/nested") == "success"
    scratch.touch("dir/nested/file")
    assert scratch.open("/dir/nested/file") in {"perm", "notcapable"}
    scratch.close(scratch.opened("dir/.//nested/../../dir/nested/../nested///./file"))
    assert scratch.open("dir/nested/file\0") in {"inval", "ilseq", "noent"}
    for path in ("dir/nested/file/", "dir/nested/file///"):
        assert scratch.open(path) in {"notdir", "noent"}
    for path in ("dir/nested/", "dir/nested///"):
        scratch.close(scratch.opened(path))
    for name in ("fs-tests.dir", "scratch.cleanup", "/", "."):
        assert scratch.open(f"dir/nested/../../../{name}/dir/nested/file") in {"perm", "notcapable"}
    assert scratch.unlink("dir/nested/file") == "success"
    assert scratch.rmdir("dir/nested") == "success"
    assert scratch.rmdir("dir") == "success"


def test_nofollow_errors(scratch: Scratch) -> None:
    assert scratch.mkdir("target") == "success"
    assert scratch.symlink("target", "link") == "success"
    assert scratch.open("link", DIRECTORY) in {"loop", "notdir"}
    assert scratch.open("link") in {"loop", "acces"}
    scratch.close(scratch.opened("link", DIRECTORY, follow=FOLLOW))
    assert scratch.unlink("link") == "success"
    assert scratch.rmdir("target") == "success"
    scratch.touch("target")
    assert scratch.symlink("target", "link") == "success"
    assert scratch.open("link", DIRECTORY) in {"loop", "notdir"}
    assert scratch.open("link") == "loop"
    assert scratch.open("link", DIRECTORY, follow=FOLLOW) == "notdir"
    assert scratch.unlink("target") == "success"
    assert scratch.unlink("link") == "success"


def test_path_exists(scratch: Scratch) -> None:
    def types(path: str) -> list[str]:
        return [scratch.stat(path, follow).type for follow in (0, FOLLOW)]

    assert scratch.mkdir("subdir") == "success"
    assert types("subdir") == ["directory", "directory"]
    scratch.touch("subdir/file")
    assert types("subdir/file") == ["file", "file"]
    assert scratch.symlink("subdir/file", "one") == "success"
    assert types("one") == ["link", "file"]
    assert scratch.symlink("subdir", "other") == "success"
    assert types("other") == ["link", "directory"]
    assert [scratch.unlink(path) for path in ("one", "other", "subdir/file")] == ["success"] * 3
    assert scratch.rmdir("subdir") == "success"


def test_path_filestat(scratch: Scratch) -> None:
    assert scratch.guest.fdstat(scratch.fd)[2] & RIGHTS["path_filestat_get"]
    fd = scratch.opened("f", CREAT, rights("fd_read fd_write path_filestat_get"), flags=APPEND | SYNC)
    assert scratch.guest.fdstat(fd)[1] & (APPEND | SYNC) == APPEND | SYNC
    found = scratch.stat("f")
    assert found.size == 0
    old = found.mtim - 100
    assert scratch.times("f", old, MTIM) == "success"
    assert scratch.stat("f").mtim == old
    assert scratch.times("f", old, MTIM | MTIM_NOW) == "inval"
    assert scratch.stat("f").mtim == old
    assert scratch.times("f", 0, ATIM | ATIM_NOW) == "inval"
    scratch.close(fd)
    assert scratch.unlink("f") == "success"


def test_path_link(scratch: Scratch) -> None:
    wanted = rights("fd_read path_link_source path_link_target fd_filestat_get path_open path_unlink_file")

    def opened(path: str, oflags: int = 0, at: int | None = None) -> int:
        return scratch.opened(path, oflags, wanted, wanted, at=at)

    def facts(fd: int) -> tuple[Any, ...]:
        return scratch.fstat(fd), scratch.guest.fdstat(fd)

    file = opened("file", CREAT)
    assert scratch.link("file", "link") == "success"
    link = opened("link")
    assert facts(file) == facts(link)
    scratch.close(link)
    assert scratch.unlink("link") == "success"
    assert scratch.mkdir("subdir") == "success"
    subdir = opened("subdir", DIRECTORY)
    assert scratch.link("file", "link", new_dir=subdir) == "success"
    link = opened("link", at=subdir)
    assert facts(file) == facts(link)
    scratch.close(link)
    scratch.close(file)
    assert scratch.unlink("link", at=subdir) == "success"
    scratch.close(subdir)
    for make, remove in ((scratch.touch, scratch.unlink), (scratch.mkdir, scratch.rmdir)):
        make("link")
        assert scratch.link("file", "link") == "exist"
        assert remove("link") == "success"
    assert scratch.link("file", "file") == "exist"
    assert scratch.link("subdir", "link") in {"perm", "acces"}
    assert scratch.rmdir("subdir") == "success"
    assert scratch.link("file", "link/") == "noent"
    assert scratch.unlink("file") == "success"


def test_path_link_and_symbolic_links(scratch: Scratch) -> None:
    scratch.touch("file")
    for content in ("target", "symlink"):  # one that dangles, one that goes round
        assert scratch.symlink(content, "symlink") == "success"
        assert scratch.link("symlink", "link") == "success"
        assert scratch.unlink("symlink") == "success"
        assert scratch.stat("link").type == "link"
        assert scratch.unlink("link") == "success"
    assert scratch.symlink("target", "symlink") == "success"
    assert scratch.link("file", "symlink") == "exist"
    assert scratch.link("symlink", "link", flags=FOLLOW) in {"inval", "noent"}
    assert scratch.unlink("symlink") == "success"
    assert scratch.unlink("file") == "success"


def test_path_open_create_existing(scratch: Scratch) -> None:
    scratch.touch("f")
    assert scratch.open("f", CREAT | EXCL) == "exist"
    assert scratch.unlink("f") == "success"


def test_path_open_dirfd_not_dir(scratch: Scratch) -> None:
    fd = scratch.opened("f", CREAT)
    assert scratch.open("foo", CREAT, at=fd) in {"notdir", "notcapable"}
    scratch.close(fd)
    assert scratch.unlink("f") == "success"


def test_path_open_missing(scratch: Scratch) -> None:
    assert scratch.open("f") == "noent"


def test_path_rename(scratch: Scratch) -> None:
    assert scratch.mkdir("source") == "success"
    assert scratch.rename("source", "target") == "success"
    is_there(scratch, "target", DIRECTORY)
    assert [scratch.mkdir(name) for name in ("source", "target")] == ["success"] * 2
    onto_empty = scratch.rename("source", "target")  # which Windows cannot
    assert onto_empty == errno("success", onto_empty)
    if onto_empty == "success":
        is_there(scratch, "target", DIRECTORY)
        assert [scratch.mkdir(name) for name in ("source", "target")] == ["success"] * 2
    scratch.touch("target/file")
    assert scratch.rename("source", "target") == errno("notempty", "acces")
    if (onto_file := scratch.rename("source", "target/file")) == "success":
        assert errno("", "windows") == "windows"
        assert scratch.rmdir("target/file") == "success"
    else:
        assert onto_file == "notdir"
        assert scratch.unlink("target/file") == "success"
        assert scratch.rmdir("source") == "success"
    assert scratch.rmdir("target") == "success"
    scratch.touch("source")
    assert scratch.rename("source", "target") == "success"
    is_there(scratch, "target")
    scratch.touch("source")
    scratch.touch("target")
    assert scratch.rename("source", "target") == "success"
    is_there(scratch, "target")
    scratch.touch("source")
    assert scratch.mkdir("target") == "success"
    assert scratch.rename("source", "target") == errno("isdir", "acces")
    assert scratch.rmdir("target") == "success"
    assert scratch.unlink("source") == "success"


def test_path_rename_dir_trailing_slashes(scratch: Scratch) -> None:
    assert scratch.mkdir("a") == "success"
    for old, new in (("a/", "b"), ("b", "a/"), ("a/", "b/"), ("b", "a")):
        assert scratch.rename(old, new) == "success"
    assert scratch.rmdir("a") == "success"


def test_path_symlink_trailing_slashes(scratch: Scratch) -> None:
    assert scratch.symlink("source", "target/") == "noent"
    assert scratch.symlink("source", "target") == "success"
    assert scratch.unlink("target") == "success"
    for make, remove, with_slash in (
        (scratch.mkdir, scratch.rmdir, "exist"),
        (scratch.touch, scratch.unlink, "notdir"),
    ):
        make("target")
        assert scratch.symlink("source", "target/") == errno(with_slash, "noent")
        assert scratch.symlink("source", "target") == errno("exist", "noent")
        assert remove("target") == "success"


def test_readlink(scratch: Scratch) -> None:
    scratch.touch("target")
    assert scratch.symlink("target", "link") == "success"
    scratch.guest.put(BUFFER, bytes(10))
    assert scratch.guest.readlink("link", 10, dirfd=scratch.fd) == b"target"
    assert scratch.guest.get(BUFFER, 10) == b"target\0\0\0\0"
    scratch.guest.put(BUFFER, bytes(10))
    assert scratch.guest.readlink("link", 4, dirfd=scratch.fd) == b"targ"
    assert scratch.guest.get(BUFFER, 10) == b"targ\0\0\0\0\0\0"
    assert [scratch.unlink(name) for name in ("target", "link")] == ["success"] * 2


def test_remove_directory_trailing_slashes(scratch: Scratch) -> None:
    for path in ("d", "d/"):
        assert scratch.mkdir("d") == "success"
        assert scratch.rmdir(path) == "success"
    scratch.touch("f")
    assert scratch.rmdir("f") == "notdir"
    assert scratch.rmdir("f/") == errno("notdir", "noent")
    assert scratch.unlink("f") == "success"


def test_remove_nonempty_directory(scratch: Scratch) -> None:
    assert [scratch.mkdir(path) for path in ("d", "d/nested")] == ["success"] * 2
    assert scratch.rmdir("d") == "notempty"
    assert [scratch.rmdir(path) for path in ("d/nested", "d")] == ["success"] * 2


@pytest.mark.parametrize("kind", ["file", "directory"])
def test_symlink_create(scratch: Scratch, kind: str) -> None:
    is_dir = kind == "directory"
    (scratch.mkdir if is_dir else scratch.touch)("target")
    assert scratch.symlink("target", "link") == "success"
    scratch.close(scratch.opened("link", DIRECTORY if is_dir else 0, follow=FOLLOW))
    assert scratch.unlink("link") == "success"
    assert (scratch.rmdir if is_dir else scratch.unlink)("target") == "success"
    assert scratch.symlink("/", "link") == "perm"


def test_symlink_filestat(scratch: Scratch) -> None:
    fd = scratch.opened("file", CREAT, rights("fd_read fd_write path_filestat_get"))
    file = scratch.stat("file")
    assert file.size == 0
    assert scratch.symlink("file", "link") == "success"
    link = scratch.stat("link")
    assert (link.type, link.size) == ("link", 4)
    assert scratch.times("link", link.mtim - 200, MTIM) == "success"
    assert scratch.stat("link").mtim == link.mtim - 200
    assert scratch.stat("file").mtim == scratch.stat("link", FOLLOW).mtim == file.mtim
    assert scratch.times("link", link.mtim, MTIM, FOLLOW) == "success"
    assert scratch.stat("file").mtim == link.mtim
    scratch.close(fd)
    assert [scratch.unlink(name) for name in ("link", "file")] == ["success"] * 2


def test_symlink_loop(scratch: Scratch) -> None:
    assert scratch.symlink("link", "link") == "success"
    assert scratch.open("link") == "loop"
    assert scratch.unlink("link") == "success"


def test_truncation_rights(scratch: Scratch) -> None:
    guest = scratch.guest
    scratch.touch("f")
    kind, flags, base, inheriting = guest.fdstat(scratch.fd)
    assert (kind, flags, base & RIGHTS["fd_filestat_set_size"]) == ("directory", 0, 0)
    assert base & RIGHTS["path_filestat_set_size"]
    assert inheriting & RIGHTS["fd_filestat_set_size"]
    scratch.close(scratch.opened("f", TRUNC))
    inheriting &= ~RIGHTS["fd_filestat_set_size"]
    assert guest.fd_fdstat_set_rights(scratch.fd, base, inheriting) == "success"
    scratch.close(scratch.opened("f", TRUNC))
    base &= ~RIGHTS["path_filestat_set_size"]
    assert guest.fd_fdstat_set_rights(scratch.fd, base, inheriting) == "success"
    assert guest.fdstat(scratch.fd)[2] & RIGHTS["path_filestat_set_size"] == 0
    assert scratch.open("f", TRUNC) in {"perm", "notcapable"}
    assert scratch.unlink("f") == "success"


def test_unlink_file_trailing_slashes(scratch: Scratch) -> None:
    assert scratch.mkdir("d") == "success"
    for path in ("d", "d/"):
        assert scratch.unlink(path) == errno("isdir", "acces", "perm")
    assert scratch.rmdir("d") == "success"
    scratch.touch("f")
    assert scratch.unlink("f/") == errno("notdir", "noent")
    assert scratch.unlink("f") == "success"
