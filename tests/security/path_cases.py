"""The security cases of paths, P01 to P43, by id; test_path_modes.py runs them in every mode of resolving.

sb is granted (3: to read and write, 4: only to read), out lies beside it and is not. l is a link to ../out.
"""

from __future__ import annotations

import contextlib
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from wasi_trampoline import APPEND, CREAT, DIRECTORY, EXCL, FOLLOW, READ, TRUNC, WRITE, Guest

import pywasi_native as wasm
from resolver_modes import VARIABLE, in_force

OUTSIDE = {"perm", "notcapable", "loop", "noent", "notdir"}
DENIED = {"perm", "notcapable"}
RACE_OPENS = int(os.environ.get("PYWASI_RACE_OPENS", "100000"))


def test_the_mode_is_in_force() -> None:
    assert in_force() == os.environ[VARIABLE]


@pytest.fixture
def outside(sandbox: Path) -> Path:
    """The tree of the cases; gives the directory that nobody may reach."""
    out = sandbox.parent / "out"
    (out / "d").mkdir()
    (sandbox / "d").mkdir()
    (sandbox / "f").write_bytes(b"inside")
    (sandbox / "l").symlink_to("../out")
    (sandbox / "ls").symlink_to("../out/")
    (sandbox / "chain").symlink_to("l")
    (sandbox / "absolute").symlink_to(out)
    (sandbox / "le").symlink_to("../out/d")
    (sandbox / "sec").symlink_to("../out/secret")
    (sandbox / "around").symlink_to("../sb/f")
    (sandbox / "dangling").symlink_to("../out/new")
    return out


def nothing_happened(out: Path) -> None:
    """Outside all is as it was."""
    assert sorted(path.name for path in out.iterdir()) == ["d", "secret"]
    assert (out / "secret").read_bytes() == b"secret"
    assert not list((out / "d").iterdir())


PATHS = {
    "P01": "l/", "P02": "l//", "P03": "l/.", "P04": "l/..", "P05": "ls", "P06": "ls/", "P07": "chain/",
    "P08": "d/../l/", "P09": "absolute", "P11": "..", "P12": "d/../..", "P13": "d/../../sb/f",
    "P14": "around", "P24": "l/secret",
}  # fmt: skip


@pytest.mark.parametrize("case", PATHS)
@pytest.mark.parametrize("more", ["", "/secret", "/d"])
def test_P01_to_P14_no_path_leads_out(guest: Guest, outside: Path, case: str, more: str) -> None:
    path = PATHS[case] + more
    for follow in (0, FOLLOW):
        for oflags, rights in (
            (0, READ),
            (DIRECTORY, READ),
            (CREAT, WRITE),
            (TRUNC, WRITE),
            (CREAT | EXCL, WRITE),
        ):
            got = guest.open(path, oflags, rights, follow=follow)
            if follow == 0 and not more and case in ("P05", "P09", "P14"):
                assert got in OUTSIDE | {"exist", "isdir", "inval"}
            else:
                assert got in OUTSIDE | {"exist", "isdir"}, (path, oflags)
    found = guest.stat(path)
    assert found in OUTSIDE
    assert guest.mkdir(path) in OUTSIDE | {"exist"}
    assert guest.unlink(path + "/secret") in OUTSIDE
    nothing_happened(outside)


@pytest.mark.parametrize("target", ["/proc/self/root", "/proc/self/cwd", "/proc/self/fd/0", "/dev/fd/0"])
def test_P10_magic_links(make_guest: Callable[..., Guest], guest: Guest, sandbox: Path, target: str) -> None:
    (sandbox / "magic").symlink_to(target)
    assert guest.open("magic") in OUTSIDE
    assert guest.open("magic/etc/passwd") in OUTSIDE
    proc = make_guest(dirs={"/": wasm.ro("/proc/self")})
    assert proc.open("root/etc/passwd") in OUTSIDE | {"acces"}
    assert proc.open("cwd") in OUTSIDE | {"acces"}


def test_P15_dangling_link_and_creat(guest: Guest, outside: Path) -> None:
    for follow in (0, FOLLOW):
        for oflags in (CREAT, CREAT | EXCL, CREAT | TRUNC):
            assert guest.open("dangling", oflags, WRITE, follow=follow) in OUTSIDE | {"exist"}
    nothing_happened(outside)


def test_P16_mkdir_through_a_dangling_link(guest: Guest, outside: Path) -> None:
    assert guest.mkdir("dangling/") in OUTSIDE | {"exist"}
    nothing_happened(outside)


def test_P17_stat_of_a_link_with_a_slash(guest: Guest, outside: Path) -> None:
    assert guest.stat("l/", follow=0) in OUTSIDE
    link = guest.stat("l", follow=0)
    assert not isinstance(link, str)
    assert link.type == "link"


def test_P18_set_times_of_a_link_with_a_slash(guest: Guest, outside: Path) -> None:
    before = outside.stat().st_mtime_ns
    for follow in (0, FOLLOW):
        assert guest.path_filestat_set_times(3, follow, *guest.path("l/"), 7, 7, 5) in OUTSIDE
    assert outside.stat().st_mtime_ns == before


def test_P19_rmdir_of_a_link_with_a_slash(guest: Guest, outside: Path) -> None:
    assert guest.rmdir("le/") in OUTSIDE
    nothing_happened(outside)


def test_P20_unlink_of_a_link_with_a_slash(guest: Guest, outside: Path) -> None:
    assert guest.unlink("sec/") in OUTSIDE | {"isdir"}
    nothing_happened(outside)
    assert guest.unlink("sec") == "success"  # the link itself
    nothing_happened(outside)


def test_P21_renames(guest: Guest, outside: Path) -> None:
    assert guest.rename("f", "l/x") in OUTSIDE
    assert guest.rename("l/secret", "stolen") in OUTSIDE
    assert guest.rename("d", "le/") in OUTSIDE | {"exist", "notempty"}
    nothing_happened(outside)


def test_P22_readlink_with_a_slash(guest: Guest, outside: Path) -> None:
    assert guest.readlink("l/") in OUTSIDE | {"inval"}
    assert guest.readlink("l") == b"../out"


def test_P23_P24_hard_links(guest: Guest, outside: Path, sandbox: Path) -> None:
    assert guest.link("sec", "stolen", flags=FOLLOW) in OUTSIDE | {"inval"}
    assert guest.link("l/secret", "stolen") in OUTSIDE
    assert guest.link("f", "l/new") in OUTSIDE
    assert not (sandbox / "stolen").exists()
    nothing_happened(outside)


def test_P25_a_hard_link_that_was_there_is_the_same_file(guest: Guest, outside: Path, sandbox: Path) -> None:
    os.link(outside / "secret", sandbox / "hard")
    assert guest.read(guest.opened("hard")) == b"secret"  # documented: it lies inside
    assert guest.open("hard", 0, WRITE, dirfd=4) in DENIED
    assert guest.open("hard", TRUNC, READ, dirfd=4) in DENIED
    assert (outside / "secret").read_bytes() == b"secret"


def test_P26_from_read_only_into_writable(make_guest: Callable[..., Guest], sandbox: Path) -> None:
    (sandbox / "source").mkdir()
    (sandbox / "target").mkdir()
    (sandbox / "source" / "f").write_bytes(b"keep")
    guest = make_guest(dirs={"/s": wasm.ro(sandbox / "source"), "/t": wasm.rw(sandbox / "target")})
    assert guest.link("f", "f", old_dir=3, new_dir=4) in DENIED
    assert guest.rename("f", "f", old_dir=3, new_dir=4) in DENIED
    assert (sandbox / "source" / "f").read_bytes() == b"keep"
    assert not list((sandbox / "target").iterdir())


def test_P27_P28_P30_a_read_only_grant(guest: Guest, outside: Path, sandbox: Path) -> None:
    assert guest.open("f", TRUNC, READ, dirfd=4) in DENIED
    assert guest.open("new", CREAT, READ, dirfd=4) in DENIED
    assert guest.open("f", 0, WRITE, dirfd=4) in DENIED
    before = (sandbox / "f").stat()
    fd = guest.opened("f", dirfd=4)
    assert guest.fd_filestat_set_size(fd, 0) in DENIED | {"badf", "inval"}
    assert guest.fd_allocate(fd, 0, 4096) in DENIED | {"badf", "inval"}
    assert guest.fd_filestat_set_times(fd, 7, 7, 5) in DENIED | {"badf"}
    assert guest.path_filestat_set_times(4, 0, *guest.path("f"), 7, 7, 5) in DENIED
    assert guest.symlink("f", "new", dirfd=4) in DENIED
    assert guest.mkdir("new", dirfd=4) in DENIED
    assert guest.unlink("f", dirfd=4) in DENIED
    assert (sandbox / "f").stat() == before


def test_P29_append_only(make_guest: Callable[..., Guest], sandbox: Path) -> None:
    (sandbox / "log").write_bytes(b"one")
    guest = make_guest(dirs={"/": wasm.dir(sandbox, append=True)})
    assert guest.open("log", TRUNC, WRITE) in DENIED
    fd = guest.open("log", 0, WRITE, flags=APPEND)
    assert isinstance(fd, int)
    assert guest.write(fd, b" two") == 4
    assert guest.fd_pwrite(fd, *guest.iovs((1024, 3)), 0, 16384) in DENIED | {"notcapable", "badf"}
    assert guest.fd_filestat_set_size(fd, 0) in DENIED | {"badf"}
    assert (sandbox / "log").read_bytes() == b"one two"


def test_P31_loops(guest: Guest, sandbox: Path) -> None:
    (sandbox / "self").symlink_to("self")
    for number in range(60):
        (sandbox / f"n{number}").symlink_to(f"n{number + 1}")
    (sandbox / "n60").write_bytes(b"")
    assert guest.open("self") == "loop"
    assert guest.open("self/x") == "loop"
    assert guest.open("n0") == "loop"
    guest.opened("n50")


def test_P32_long_paths(guest: Guest) -> None:
    assert guest.open("x" * 256) in {"nametoolong", "noent"}
    assert guest.open("./" * 2100) in {"nametoolong", "noent"}
    assert guest.open("x" * 256, CREAT, WRITE) == "nametoolong"


@pytest.mark.parametrize("path", [b"f\0x", b"\xff\xfe", b"\xc0\xaf", b"\xed\xa0\x80", b"a\xf4\x90\x80\x80"])
def test_P33_bytes_that_are_no_path(guest: Guest, outside: Path, path: bytes) -> None:
    assert guest.open(path, CREAT, WRITE) in {"ilseq", "inval"}


def test_P34_the_empty_path(guest: Guest) -> None:
    assert guest.open("") == "noent"
    assert guest.mkdir("") == "noent"
    assert guest.stat("") == "noent"


def test_P35_nested_grants(make_guest: Callable[..., Guest], sandbox: Path) -> None:
    (sandbox / "sub").mkdir()
    (sandbox / "top").write_bytes(b"top")
    guest = make_guest(dirs={"/": wasm.rw(sandbox), "/sub": wasm.ro(sandbox / "sub")})
    assert guest.open("..", DIRECTORY, dirfd=4) in DENIED
    assert guest.open("../top", dirfd=4) in DENIED
    assert guest.open("new", CREAT, WRITE, dirfd=4) in DENIED


class Swapper:
    """Another process that renames things all the time; a thread would only run between two calls."""

    CODE = """
import os, sys
steps = list(zip(sys.argv[2::2], sys.argv[3::2]))
os.chdir(sys.argv[1])
print(flush=True)
count = 0
while not os.path.exists("stop"):
    for old, new in steps:
        os.rename(old, new)
    count += 1
print(count)
"""

    def __init__(self, folder: Path, *steps: tuple[str, str]) -> None:
        self.stop = folder / "stop"
        words = [str(folder), *(word for step in steps for word in step)]
        self.process = subprocess.Popen(
            [sys.executable, "-c", self.CODE, *words], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        self.process.stdout.readline()  # it is about to begin

    def end(self) -> None:
        """Stops it; it must have swapped a lot."""
        self.stop.touch()
        told, _ = self.process.communicate(timeout=60)
        assert self.process.returncode == 0
        assert int(told) > 500


def test_P36_a_directory_that_becomes_a_link(guest: Guest, sandbox: Path) -> None:
    out = sandbox.parent / "out"
    (sandbox / "real").mkdir()
    (sandbox / "real" / "secret").write_bytes(b"inside")
    (sandbox / "evil").symlink_to("../out")

    swapper, told = Swapper(sandbox, ("real", "x"), ("evil", "real"), ("real", "evil"), ("x", "real")), set()
    for _ in range(RACE_OPENS):
        fd = guest.open("real/secret")
        if isinstance(fd, int):
            told.add(guest.read(fd))
            guest.fd_close(fd)
        guest.unlink("real/new")
        fd = guest.open("real/new", CREAT, WRITE)
        if isinstance(fd, int):
            guest.fd_close(fd)
    swapper.end()
    assert told == {b"inside"}
    assert sorted(path.name for path in out.iterdir()) == ["secret"]


def test_P37_a_directory_that_is_moved_out_during_a_walk(guest: Guest, sandbox: Path) -> None:
    (sandbox / "a" / "b").mkdir(parents=True)
    (sandbox / "secret").write_bytes(b"inside")

    swapper, told = Swapper(sandbox, ("a/b", "../out/b"), ("../out/b", "a/b")), set()
    for _ in range(RACE_OPENS // 5):
        fd = guest.open("a/b/../../secret")
        if isinstance(fd, int):
            told.add(guest.read(fd))
            guest.fd_close(fd)
    swapper.end()
    assert told <= {b"inside"}


def test_P38_a_file_that_becomes_a_link_before_it_is_truncated(guest: Guest, sandbox: Path) -> None:
    out = sandbox.parent / "out"
    (sandbox / "file").write_bytes(b"inside")
    (sandbox / "evil").symlink_to("../out/secret")

    swapper = Swapper(sandbox, ("file", "x"), ("evil", "file"), ("file", "evil"), ("x", "file"))
    for _ in range(RACE_OPENS // 5):
        fd = guest.open("file", TRUNC, WRITE)
        if isinstance(fd, int):
            guest.fd_close(fd)
    swapper.end()
    assert (out / "secret").read_bytes() == b"secret"


def test_P39_renames_all_the_time_do_not_hang_it(guest: Guest, sandbox: Path) -> None:
    (sandbox / "d" / "e").mkdir(parents=True)
    (sandbox / "d" / "e" / "f").write_bytes(b"x")

    swapper, start, opened = Swapper(sandbox, ("d", "x"), ("x", "d")), time.monotonic(), 0
    for _ in range(20_000):
        fd = guest.open("d/e/../e/f")
        assert isinstance(fd, int) or fd in {"noent", "again"}
        if isinstance(fd, int):
            opened += 1
            guest.fd_close(fd)
    swapper.end()
    assert opened
    assert time.monotonic() - start < 60


def test_P40_a_fifo_does_not_block_and_devices_are_refused(
    make_guest: Callable[..., Guest], sandbox: Path
) -> None:
    os.mkfifo(sandbox / "fifo")
    guest = make_guest(dirs={"/": wasm.rw(sandbox)})
    got = guest.open("fifo")
    assert isinstance(got, int) or got in DENIED | {"nxio"}
    for kind, device in ((stat.S_IFCHR, os.makedev(1, 5)), (stat.S_IFBLK, os.makedev(7, 0))):
        with contextlib.suppress(PermissionError):  # only root may, and not in each container
            os.mknod(sandbox / f"node{kind}", kind | 0o600, device)
        assert guest.open(f"node{kind}", 0, READ | WRITE) in DENIED | {"noent"}
        (sandbox / "seen").write_bytes(b"")
        guest.fd_close(guest.opened("seen"))
        (sandbox / "seen").unlink()
        if (sandbox / f"node{kind}").exists():
            (sandbox / f"node{kind}").rename(sandbox / "seen")
        fd = guest.open("seen")  # a name that was a file before may be opened, but not used
        if isinstance(fd, int):
            assert guest.read(fd) in DENIED
            assert guest.fd_filestat_get(fd, 16384) in DENIED
            assert guest.fd_close(fd) == "success"
        else:
            assert fd in DENIED | {"noent"}
    devices = make_guest(dirs={"/": wasm.ro("/dev")})
    assert devices.open("null") in DENIED
    assert devices.open("zero", 0, READ | WRITE) in DENIED


def test_P41_a_directory_that_was_removed(guest: Guest, sandbox: Path) -> None:
    (sandbox / "gone").mkdir()
    fd = guest.opened("gone", DIRECTORY)
    (sandbox / "gone").rmdir()
    assert guest.open("x", CREAT, WRITE, dirfd=fd) in {"noent", "notcapable"}
    assert guest.open("..", DIRECTORY, dirfd=fd) in DENIED | {"noent"}


def test_P42_grants_that_are_closed_or_renumbered(guest: Guest, outside: Path) -> None:
    assert guest.fd_renumber(4, 3) in {"success", "notsup", "badf"}
    assert guest.open("new", CREAT, WRITE) in DENIED | {"badf"}  # 3 is the read-only one now
    guest.fd_close(3)
    assert guest.open("f") == "badf"
    assert guest.fd_prestat_get(3, 16384) == "badf"


def test_P43_a_read_only_directory_gives_no_writable_child(guest: Guest, outside: Path) -> None:
    fd = guest.opened("d", DIRECTORY, dirfd=4)
    assert guest.open("new", CREAT, WRITE, dirfd=fd) in DENIED
    assert guest.mkdir("new", dirfd=fd) in DENIED
