"""What the cases of the public wasi-testsuite have in common: a directory with certain rights."""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from wasi_trampoline import BUFFER, CREAT, DIRECTORY, RESULT, RIGHTS, Guest

import pywasi_native as wasm

# The rights that the suite opens its directories with, and those that it hands on.
BASE = """fd_filestat_get fd_readdir path_create_file path_create_directory path_remove_directory path_open
    path_unlink_file path_link_source path_link_target path_readlink path_rename_source path_rename_target
    path_filestat_get path_filestat_set_size path_filestat_set_times path_symlink"""
INHERITED = """fd_read fd_write fd_readdir fd_filestat_get fd_seek path_link_source path_link_target path_open
    path_unlink_file path_filestat_get fd_fdstat_set_flags fd_sync fd_tell fd_advise fd_allocate
    fd_filestat_set_size fd_filestat_set_times"""
CANNOT = {"badf", "notcapable"}


def rights(names: str) -> int:
    """The bits of rights."""
    return sum(RIGHTS[name] for name in names.split())


def errno(posix: str, windows: str, macos: str = "") -> str:
    """The error that the suite wants on this system, where systems differ."""
    if sys.platform == "win32":
        return windows
    return macos if macos and sys.platform == "darwin" else posix


class Scratch:
    """A guest with one directory, `/`, opened anew as `root`, and in it `fd`, which is empty and new.

    Methods take paths in `fd`, or in `at`, and give the name of the error, "success", or what is asked for.
    """

    def __init__(self, guest: Guest) -> None:
        self.guest = guest
        _, _, base, inheriting = guest.fdstat(3)
        self.fd = 3
        self.root = self.opened(".", DIRECTORY, base, inheriting)
        assert self.root > 3
        assert self.mkdir("scratch.cleanup", at=self.root) == "success"
        self.fd = self.opened("scratch.cleanup", DIRECTORY, rights(BASE), rights(INHERITED), at=self.root)

    def end(self) -> None:
        """Nothing was left in the directory."""
        if self.fd >= 0:
            self.close(self.fd)
        assert self.guest.rmdir("scratch.cleanup", dirfd=self.root) == "success"

    def open(
        self, path: str, oflags: int = 0, base: int = 0, inheriting: int = 0, *,
        flags: int = 0, follow: int = 0, at: int | None = None,
    ) -> int | str:  # fmt: skip
        """path_open: the descriptor, or the error."""
        guest, fd = self.guest, self.fd if at is None else at
        error = guest.path_open(fd, follow, *guest.path(path), oflags, base, inheriting, flags, RESULT)
        return guest.u32() if error == "success" else str(error)

    def opened(self, *args: Any, **named: Any) -> int:
        """The descriptor of an `open` that has to succeed."""
        fd = self.open(*args, **named)
        assert isinstance(fd, int), f"path_open{args}: {fd}"
        assert fd > 2
        return fd

    def touch(self, path: str) -> None:
        """Makes a file."""
        assert self.guest.fd_close(self.opened(path, CREAT)) == "success"

    def close(self, fd: int) -> None:
        """fd_close, which has to succeed."""
        assert self.guest.fd_close(fd) == "success"

    def mkdir(self, path: str, *, at: int | None = None) -> str:
        return self.guest.mkdir(path, dirfd=self.fd if at is None else at)

    def rmdir(self, path: str) -> str:
        return self.guest.rmdir(path, dirfd=self.fd)

    def unlink(self, path: str, *, at: int | None = None) -> str:
        return self.guest.unlink(path, dirfd=self.fd if at is None else at)

    def symlink(self, content: str, path: str) -> str:
        return self.guest.symlink(content, path, dirfd=self.fd)

    def rename(self, old: str, new: str) -> str:
        return self.guest.rename(old, new, old_dir=self.fd, new_dir=self.fd)

    def link(self, old: str, new: str, *, flags: int = 0, new_dir: int | None = None) -> str:
        new_dir = self.fd if new_dir is None else new_dir
        return self.guest.link(old, new, old_dir=self.fd, new_dir=new_dir, flags=flags)

    def stat(self, path: str, follow: int = 0) -> Any:
        """path_filestat_get, which has to succeed."""
        found = self.guest.stat(path, follow=follow, dirfd=self.fd)
        assert not isinstance(found, str), f"{path}: {found}"
        return found

    def fstat(self, fd: int) -> Any:
        """fd_filestat_get, which has to succeed."""
        assert self.guest.fd_filestat_get(fd, RESULT) == "success"
        return self.guest.filestat()

    def times(self, path: str, mtim: int, which: int, follow: int = 0) -> str:
        """path_filestat_set_times."""
        guest = self.guest
        return str(guest.path_filestat_set_times(self.fd, follow, *guest.path(path), 0, mtim, which))

    def pwrite(self, fd: int, offset: int, *pieces: bytes) -> int | str:
        """fd_pwrite of several buffers."""
        guest, at, places = self.guest, BUFFER, []
        for piece in pieces:
            places.append((at, guest.put(at, piece)))
            at += len(piece)
        error = guest.fd_pwrite(fd, *guest.iovs(*places), offset, RESULT)
        return guest.u32() if error == "success" else str(error)

    def pread(self, fd: int, offset: int, *sizes: int) -> bytes | str:
        """fd_pread into several buffers, one behind the other."""
        guest, at, places = self.guest, BUFFER, []
        for size in sizes:
            places.append((at, size))
            at += size
        error = guest.fd_pread(fd, *guest.iovs(*places), offset, RESULT)
        return guest.get(BUFFER, guest.u32()) if error == "success" else str(error)

    def page(self, fd: int, cookie: int, size: int = 256) -> tuple[list[tuple[int, int, str, str]], bool]:
        """One fd_readdir: (next cookie, inode, type, name) of whole entries, and whether it is all."""
        guest = self.guest
        assert guest.fd_readdir(fd, BUFFER, size, cookie, RESULT) == "success"
        used = guest.u32()
        assert used <= size
        data, at, found = guest.get(BUFFER, used), 0, []
        while used - at >= 24:
            following, inode, length, kind = struct.unpack_from("<QQIB", data, at)
            at += 24 + length
            if at > used:
                break
            found.append((following, inode, "directory" if kind == 3 else "file" if kind == 4 else "other",
                          data[at - length : at].decode()))  # fmt: skip
        return found, used < size


@pytest.fixture(params=["directory", "memory"])
def scratch(
    request: pytest.FixtureRequest, make_guest: Callable[..., Guest], tmp_path: Path
) -> Iterator[Scratch]:
    """On a directory of the host, and on a tree in memory."""
    place = wasm.mem() if request.param == "memory" else wasm.rw(tmp_path)
    made = Scratch(make_guest(dirs={"/": place}))
    yield made
    made.end()
