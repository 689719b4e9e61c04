"""Files that are in no directory of the host: what `wasm.mem` gives, and sources that are only read."""

from __future__ import annotations

import copy
import io
import logging
import pickle
import sys
import threading
import zipfile
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from wasi_trampoline import APPEND, CREAT, DIRECTORY, READ, TRUNC, WRITE, Guest

import pywasi_native as wasm

Make = Callable[..., Guest]


def archive(members: dict[str, bytes], date: tuple[int, ...] = (2020, 1, 2, 3, 4, 6)) -> zipfile.ZipFile:
    """A zip archive in memory."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(zipfile.ZipInfo(name, date), content)  # type: ignore[arg-type]
    return zipfile.ZipFile(data)


# ---- a tree that is written to


def test_a_program_writes_and_python_reads(make_guest: Make) -> None:
    tree = wasm.mem()
    guest = make_guest(dirs={"/tmp": tree})
    fd = guest.opened("out.txt", CREAT, READ | WRITE)
    assert guest.write(fd, b"hello") == 5
    assert tree["out.txt"] == b"hello"  # at once, not only when it is closed
    assert guest.mkdir("sub") == "success"
    assert guest.symlink("../out.txt", "sub/link") == "success"
    del guest
    assert dict(tree) == {"out.txt": b"hello"}
    assert tree["sub/link"] == b"hello"
    assert (tree.dirs, tree.links) == (("sub",), {"sub/link": "../out.txt"})


def test_python_writes_and_a_program_reads(make_guest: Make) -> None:
    tree = wasm.mem({"in/a.txt": b"one", "deep": {"er": {"b": bytearray(b"two")}}, "empty": {}})
    guest = make_guest(dirs={"/": tree})
    assert guest.read(guest.opened("in/a.txt")) == b"one"
    assert guest.read(guest.opened("deep/er/b")) == b"two"
    assert {item.name for item in guest.listing(guest.opened("empty", DIRECTORY))} == {".", ".."}
    fd = guest.opened("in/a.txt")
    tree["in/a.txt"] = memoryview(b"changed")
    assert guest.read(fd) == b"changed"
    del tree["in/a.txt"]
    assert guest.open("in/a.txt") == "noent"
    assert guest.read(fd) == b""  # it is at the end of what is still open
    assert guest.seek(fd, 0) == 0
    assert guest.read(fd) == b"changed"


def test_one_tree_for_several_programs(make_guest: Make) -> None:
    tree = wasm.mem()
    writer = make_guest(dirs={"/w": tree})
    reader = make_guest(dirs={"/r": wasm.ro(tree)})
    adder = make_guest(dirs={"/a": wasm.dir(tree, append=True)})
    fd = writer.opened("log", CREAT, WRITE)
    assert writer.write(fd, b"1") == 1
    assert reader.read(reader.opened("log")) == b"1"
    assert reader.open("log", 0, WRITE) == "perm"
    assert reader.mkdir("d") == "perm"
    assert adder.open("log", TRUNC, WRITE) == "perm"
    assert adder.write(adder.opened("log", 0, WRITE, flags=APPEND), b"2") == 1
    assert tree["log"] == b"12"


def test_a_tree_and_a_directory_in_one_namespace(make_guest: Make, sandbox: Path) -> None:
    (sandbox / "real").write_bytes(b"real")
    guest = make_guest(dirs={"/": {"virtual": b"virtual"}, "/host": wasm.rw(sandbox), "/tmp": wasm.mem()})
    assert guest.read(guest.opened("virtual", dirfd=3)) == b"virtual"
    assert guest.read(guest.opened("real", dirfd=4)) == b"real"
    fd = guest.opened("new", CREAT, WRITE, dirfd=5)
    assert guest.write(fd, b"x") == 1
    assert guest.rename("new", "new", old_dir=5, new_dir=4) == "xdev"
    assert guest.link("real", "hard", old_dir=4, new_dir=5) == "xdev"
    assert not (sandbox / "new").exists()


def test_two_trees_are_two_devices(make_guest: Make) -> None:
    one, other = wasm.mem({"f": b""}), wasm.mem({"f": b""})
    guest = make_guest(dirs={"/1": one, "/2": other, "/1again": one})
    devices = [stat.dev for fd in (3, 4, 5) if not isinstance(stat := guest.stat("f", dirfd=fd), str)]
    assert devices[0] == devices[2] != devices[1]
    assert guest.rename("f", "g", old_dir=3, new_dir=4) == "xdev"
    assert guest.rename("f", "g", old_dir=3, new_dir=5) == "success"
    assert list(one) == ["g"]


def test_nothing_leads_out_of_a_tree(make_guest: Make) -> None:
    tree = wasm.mem({"d": {"f": b""}})
    tree.make_link("d/up", "../..")
    guest = make_guest(dirs={"/": tree})
    for path in ("..", "d/../..", "d/up", "d/up/x", "/d"):
        assert guest.open(path) == "perm", path
    assert guest.symlink("/etc", "abs") == "perm"
    with pytest.raises(PermissionError):
        tree["d/up/x"]
    with pytest.raises(PermissionError):
        tree.make_link("abs", "/etc")


# ---- the cap


def test_a_tree_has_an_end(make_guest: Make) -> None:
    tree = wasm.mem(size="10KiB")
    guest = make_guest(dirs={"/": tree})
    fd = guest.opened("big", CREAT, READ | WRITE)
    written = 0
    while isinstance(done := guest.write(fd, b"x" * 1000), int):
        written += done
    assert done == "nospc"
    assert 9000 < written < 10240
    assert tree["big"] == b"x" * written
    assert guest.fd_filestat_set_size(fd, 1 << 40) == "nospc"
    assert guest.fd_allocate(fd, 0, 1 << 40) == "nospc"
    assert guest.fd_filestat_set_size(fd, 10) == "success"  # gives the rest back
    assert guest.mkdir("d") == "success"
    assert tree.used < 2000


def test_empty_files_and_long_names_are_paid_for(make_guest: Make) -> None:
    tree = wasm.mem(size=100_000)
    guest = make_guest(dirs={"/": tree})
    count = 0
    while guest.mkdir(f"{count:0200}") == "success":
        count += 1
    assert guest.mkdir("m" * 200) == "nospc"
    assert 100 < count < 200
    assert guest.rename(f"{0:0200}", "short") == "success"
    assert guest.rename("short", "s" * 250) in ("success", "nospc")
    for number in range(1, count):
        assert guest.rmdir(f"{number:0200}") == "success"
    assert tree.used < 1500


def test_a_tree_gives_back_what_was_removed_when_it_is_closed(make_guest: Make) -> None:
    tree = wasm.mem()
    guest = make_guest(dirs={"/": tree})
    empty = tree.used
    fd = guest.opened("f", CREAT, READ | WRITE)
    guest.write(fd, b"x" * 10_000)
    assert guest.unlink("f") == "success"
    assert list(tree) == []
    assert guest.seek(fd, 0) == 0
    assert guest.read(fd, 20_000) == b"x" * 10_000
    assert tree.used > empty + 9000
    assert guest.fd_close(fd) == "success"
    assert tree.used == empty


def test_what_does_not_fit_is_refused_by_python(make_guest: Make) -> None:
    with pytest.raises(ValueError, match=r"'b' does not fit any more: the tree has room for 2000 bytes"):
        wasm.mem({"a": b"", "b": b"x" * 5000}, size=2000)
    tree = wasm.mem(size=2000)
    with pytest.raises(OSError, match="the tree is full"):
        tree["x"] = b"x" * 5000
    for size in ("3 pints", -1):
        with pytest.raises(ValueError, match="size"):
            wasm.mem(size=size)


# ---- times


def test_times_are_those_of_the_programs_clock(make_guest: Make) -> None:
    tree = wasm.mem()
    guest = make_guest(dirs={"/": tree}, clock=wasm.fixed_clock(5_000_000_000))
    guest.opened("f", CREAT, WRITE)
    stat = guest.stat("f")
    assert not isinstance(stat, str)
    assert (stat.atim, stat.mtim, stat.ctim) == (5_000_000_000,) * 3
    fixed = make_guest(dirs={"/": {"f": b"data"}})
    stat = fixed.stat("f")
    assert not isinstance(stat, str)
    assert (stat.mtim, stat.size, stat.type) == (0, 4, "file")


# ---- sources that are only read


@pytest.mark.parametrize("how", [lambda z: z, wasm.ro, lambda z: zipfile.Path(z), lambda z: wasm.mem(z)])
def test_a_zip_file(make_guest: Make, how: Callable[[Any], Any]) -> None:
    made = archive({"a.txt": b"one", "d/": b"", "d/b.txt": b"two" * 1000})
    guest = make_guest(dirs={"/": how(made)})
    assert guest.read(guest.opened("a.txt")) == b"one"
    assert guest.read(guest.opened("d/b.txt"), 5000) == b"two" * 1000
    stat = guest.stat("d/b.txt")
    assert not isinstance(stat, str)
    assert stat.mtim == 1_577_934_246 * 10**9
    writable = isinstance(how(made), wasm.MemTree)
    assert guest.open("new", CREAT, WRITE) == "perm" or writable


def test_a_part_of_a_zip_file(make_guest: Make) -> None:
    made = archive({"a.txt": b"one", "d/b.txt": b"two"})
    guest = make_guest(dirs={"/": zipfile.Path(made, "d/")})
    assert guest.read(guest.opened("b.txt")) == b"two"
    assert guest.open("a.txt") == "noent"
    with pytest.raises(NotADirectoryError):
        wasm.ro(zipfile.Path(made, "a.txt"))


def test_a_link_in_a_zip_file_stays_a_link(make_guest: Make) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as made:
        link = zipfile.ZipInfo("link")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        made.writestr(link, "a.txt")
        made.writestr("a.txt", b"one")
    guest = make_guest(dirs={"/": zipfile.ZipFile(data)})
    assert guest.readlink("link") == b"a.txt"
    assert guest.read(guest.opened("link")) == b"one"


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "a//x", "a/./x"])
def test_a_member_beside_the_root_is_refused(name: str) -> None:
    with pytest.raises(
        ValueError, match=r"a member of a zip file must be relative.*" + name.replace(".", r"\.")
    ):
        wasm.ro(archive({"fine": b"", name: b"x"}))


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = archive({f"{i}": b"\0" * 1_000_000 for i in range(10)})
    with pytest.raises(ValueError, match="more than 5000000 bytes"):
        wasm.mem(bomb, size=5_000_000)
    tree = wasm.mem(bomb, size="16MB")
    assert len(tree) == 10


def test_a_damaged_zip_file_is_told(make_guest: Make, tmp_path: Path) -> None:
    made = archive({"a": b"contents" * 100})
    raw = bytearray(made.fp.getvalue())  # type: ignore[union-attr]
    raw[40] ^= 0xFF
    with pytest.raises(Exception, match=r"CRC|decompress|invalid"):
        wasm.ro(zipfile.ZipFile(io.BytesIO(raw)))
    (tmp_path / "a.zip").write_bytes(raw)
    with pytest.raises(NotADirectoryError, match=r"zipfile\.ZipFile opens an archive"):
        make_guest(dirs={"/": wasm.ro(tmp_path / "a.zip")})


def test_resources_of_a_package(make_guest: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "zipped.zip", "w") as made:
        made.writestr("in_a_zip/__init__.py", "")
        made.writestr("in_a_zip/data/x.txt", "from the zip")
    (tmp_path / "in_a_dir").mkdir()
    (tmp_path / "in_a_dir" / "x.txt").write_text("from the directory")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "zipped.zip"), str(tmp_path), *sys.path])
    guest = make_guest(dirs={"/zip": files("in_a_zip") / "data", "/dir": files("in_a_dir")})
    assert guest.read(guest.opened("x.txt", dirfd=3)) == b"from the zip"
    assert guest.read(guest.opened("x.txt", dirfd=4)) == b"from the directory"
    assert guest.open("x.txt", 0, WRITE, dirfd=3) == guest.open("x.txt", 0, WRITE, dirfd=4) == "perm"


def test_a_source_is_read_once(make_guest: Make) -> None:
    source = {"a": b"before"}
    wasi = wasm.Wasi(dirs={"/": source})
    source["a"] = b"after"
    assert wasi.dirs["/"].tree is not None
    assert wasi.dirs["/"].tree["a"] == b"before"


def test_sources_that_are_none_are_refused() -> None:
    wrong: list[tuple[Any, str]] = [
        ({"a": "text"}, "the contents of 'a' must be bytes, not str"),
        ({1: b""}, "a path must be a str, not int"),
        (7, "not int"),
        ("data", "say whether the program may write"),
    ]
    for source, text in wrong:
        with pytest.raises(TypeError, match=text):
            wasm.Wasi(dirs={"/": source})
    for name in ("", "/a", "../a", "a/../b", "a\0b"):
        with pytest.raises(ValueError, match="must be relative"):
            wasm.ro({name: b""})
    with pytest.raises(ValueError, match=r"read only; wasm\.rw\(wasm\.mem\(files\)\)"):
        wasm.dir({"a": b""}, write=True)
    with pytest.raises(TypeError, match="not of a int"):
        wasm.ro(7)  # type: ignore[arg-type]


# ---- the mapping


def test_a_tree_is_a_mapping() -> None:
    tree = wasm.mem()
    tree["a/b/c"] = b"1"
    tree["x"] = b"2"
    assert sorted(tree) == ["a/b/c", "x"]
    assert (len(tree), "x" in tree, "a/b" in tree, "y" in tree, 7 in tree) == (2, True, False, False, False)
    assert tree.dirs == ("a", "a/b")
    with pytest.raises(KeyError):
        tree["absent"]
    with pytest.raises(KeyError):
        del tree["absent/too"]
    with pytest.raises(IsADirectoryError):
        tree["a"]
    with pytest.raises(IsADirectoryError):
        tree["a/b/"] = b""
    with pytest.raises(NotADirectoryError):
        tree["x/y"] = b""
    with pytest.raises(OSError, match="not empty"):
        del tree["a"]
    with pytest.raises(TypeError, match="encode it"):
        tree["x"] = "text"
    with pytest.raises(TypeError, match="must be a str, not bytes"):
        tree[b"x"]  # type: ignore[index]
    tree.pop("x")
    tree.update({"q": b"3"})
    del tree["a/b/c"], tree["a/b"]
    assert dict(tree.items()) == {"q": b"3"}
    tree.clear()
    assert not tree


def test_a_read_only_tree_cannot_be_changed() -> None:
    tree = wasm.ro({"a": b"1"}).tree
    assert tree is not None
    for change in (
        lambda: tree.__setitem__("a", b""),
        lambda: tree.__delitem__("a"),
        lambda: tree.make_dir("d"),
        lambda: tree.make_link("l", "a"),
    ):
        with pytest.raises(TypeError, match="read only"):
            change()
    assert wasm.ro(tree).tree is tree


def test_identity_text_copies_and_pickles() -> None:
    tree = wasm.mem({"secret-name": b"secret"})
    assert tree != wasm.mem({"secret-name": b"secret"})
    assert len({tree, tree}) == 1
    wasi = wasm.Wasi(dirs={"/t": tree})
    assert "secret" not in repr(wasi)
    assert "/t" in repr(wasi)
    assert copy.deepcopy(wasi) is wasi
    assert copy.copy(tree) is tree
    with pytest.raises(TypeError, match=r"send dict\(tree\)"):
        pickle.dumps(wasi)
    copied = wasm.mem(tree)
    assert dict(copied) == dict(tree)


def test_attenuation_of_trees() -> None:
    tree = wasm.mem()
    one = wasm.Wasi(dirs={"/t": tree, "/u": wasm.mem()})
    other = wasm.Wasi(dirs={"/t": wasm.ro(tree), "/u": wasm.mem()})
    assert dict((one & other).dirs) == {"/t": wasm.ro(tree)}
    assert dict(one.without("/t").dirs) == {"/u": one.dirs["/u"]}


def test_refusals_in_a_tree_are_told(make_guest: Make, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "pywasi_native.audit")
    guest = make_guest(dirs={"/t": wasm.ro({"a": b""})})
    assert guest.open("a", 0, WRITE) == "perm"
    assert "write was not granted below '/t'" in caplog.text
    assert guest.opened("a")
    assert "path_open of 'a' below '/t' to read" in caplog.text


# ---- depth and threads


def test_deep_directories_do_not_recurse(make_guest: Make) -> None:
    tree = wasm.mem()
    guest = make_guest(dirs={"/": tree})
    fd = 3
    for _ in range(20_000):
        assert guest.mkdir("d", dirfd=fd) == "success"
        deeper = guest.opened("d", DIRECTORY, dirfd=fd)
        if fd != 3:
            guest.fd_close(fd)
        fd = deeper
    assert guest.rename(".", "x", old_dir=fd) == "inval"
    assert list(tree) == []
    assert len(tree.dirs) < 300
    guest.fd_close(fd)
    del guest, tree  # freed without recursion


def test_programs_and_python_at_the_same_time(make_guest: Make) -> None:
    tree = wasm.mem(size="8MiB")
    guests = [make_guest(dirs={"/": tree}) for _ in range(3)]
    problems: list[BaseException] = []

    def work(guest: Guest, number: int) -> None:
        try:
            for step in range(300):
                fd = guest.opened(f"{number}-{step % 5}", CREAT | TRUNC, READ | WRITE)
                assert guest.write(fd, b"x" * 40_000) == 40_000  # gives the lock of Python away
                guest.fd_close(fd)
                guest.rename(f"{number}-{step % 5}", f"common-{step % 3}")
                guest.listing()
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=work, args=pair) for pair in zip(guests, range(3), strict=True)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        for path in tree:
            if path in tree:
                assert set(tree.get(path, b"x")) <= {120}
    assert not problems
    assert all(data == b"x" * 40_000 for data in tree.values())
