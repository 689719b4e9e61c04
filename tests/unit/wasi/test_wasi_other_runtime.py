"""The same calls here and in another runtime (wasmtime, from PyPI). The standard leaves much open, so there
is a set of answers for each; where the other runtime is outside of it, that stands in OTHERWISE."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from wasi_trampoline import (
    BUFFER,
    CREAT,
    DIRECTORY,
    EXCL,
    READ,
    RESULT,
    TRUNC,
    WRITE,
    Guest,
    trampoline,
)

import locate
import pywasi_native as wasm

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the tree has symbolic links")


class OtherMemory:
    """A memory of wasmtime with the two methods that a driver needs."""

    def __init__(self, memory: Any, store: Any) -> None:
        self.memory, self.store = memory, store

    def read(self, at: int, size: int) -> bytes:
        return bytes(self.memory.read(self.store, at, at + size))

    def write(self, at: int, data: bytes) -> None:
        self.memory.write(self.store, data, at)


class OtherFunctions:
    """The exports of a wasmtime instance."""

    def __init__(self, exports: Any, store: Any) -> None:
        self.exports, self.store = exports, store

    def __getitem__(self, name: str) -> Callable[..., Any]:
        function = self.exports[name]
        return lambda *args: function(self.store, *args)


def make_tree(root: Path) -> Path:
    sandbox = root / "sb"
    (root / "out").mkdir(parents=True)
    (root / "out" / "secret").write_bytes(b"secret")
    for folder in ("d", "full"):
        (sandbox / folder).mkdir(parents=True)
    for file in ("f", "g", "full/x"):
        (sandbox / file).write_bytes(b"text")
    for name, content in (
        ("to_f", "f"),
        ("to_d", "d"),
        ("out", "../out"),
        ("out_slash", "../out/"),
        ("dangle", "new"),
        ("dangle_out", "../out/new"),
        ("loop", "loop"),
        ("again", "../sb/f"),
    ):
        (sandbox / name).symlink_to(content)
    return sandbox


@pytest.fixture
def both(tmp_path: Path) -> tuple[Guest, Guest]:
    """Our guest and wasmtime's, each on a tree of its own."""
    try:
        import wasmtime
    except ImportError:
        locate.missing("wasmtime is missing: pip install wasmtime")
    ours = wasm.compile(trampoline()).instantiate(
        wasi=wasm.Wasi(dirs={"/": wasm.rw(make_tree(tmp_path / "ours"))})
    )
    engine = wasmtime.Engine()
    store, linker = wasmtime.Store(engine), wasmtime.Linker(engine)
    config = wasmtime.WasiConfig()
    config.preopen_dir(str(make_tree(tmp_path / "theirs")), "/")
    store.set_wasi(config)
    linker.define_wasi()
    theirs = linker.instantiate(store, wasmtime.Module(engine, trampoline())).exports(store)
    return (
        Guest(ours.exports, ours.exports["memory"]),
        Guest(OtherFunctions(theirs, store), OtherMemory(theirs["memory"], store)),
    )


Script = Callable[[Guest], Any]

# What is done, and whether it works ("ok") or which errors there may be.
SCRIPTS: dict[str, tuple[Script, str]] = {
    "open f": (lambda g: g.open("f"), "ok"),
    "open f by way of d": (lambda g: g.open("d/../f"), "ok"),
    "open f/": (lambda g: g.open("f/"), "notdir noent"),
    "open none": (lambda g: g.open("none"), "noent"),
    "open none/": (lambda g: g.open("none/"), "noent"),
    "open d": (lambda g: g.open("d", 0, 0), "ok"),
    "open d/": (lambda g: g.open("d/", 0, 0), "ok"),
    "open . as a directory": (lambda g: g.open(".", DIRECTORY), "ok"),
    "open d for writing": (lambda g: g.open("d", 0, READ | WRITE), "isdir"),
    "open f as a directory": (lambda g: g.open("f", DIRECTORY), "notdir"),
    "open ..": (lambda g: g.open(".."), "perm notcapable"),
    "open d/../..": (lambda g: g.open("d/../.."), "perm notcapable"),
    "open /f": (lambda g: g.open("/f"), "perm notcapable"),
    "open nothing": (lambda g: g.open(""), "noent"),
    "open NUL": (lambda g: g.open(b"f\0"), "inval ilseq noent"),
    "open not UTF-8": (lambda g: g.open(b"\xff"), "ilseq inval noent"),
    "open a link": (lambda g: g.open("to_f"), "ok"),
    "open a link itself": (lambda g: g.open("to_f", follow=0), "loop"),
    "open a link to a directory, with a slash": (lambda g: g.open("to_d/", DIRECTORY), "ok"),
    "open a link to a directory itself": (lambda g: g.open("to_d", DIRECTORY, follow=0), "loop notdir"),
    "open out": (lambda g: g.open("out"), "perm notcapable"),
    "open out/": (lambda g: g.open("out/"), "perm notcapable"),
    "open out/ itself": (lambda g: g.open("out/", follow=0), "perm notcapable loop"),
    "open out/secret": (lambda g: g.open("out/secret"), "perm notcapable"),
    "open out_slash": (lambda g: g.open("out_slash"), "perm notcapable"),
    "open a link that comes back": (lambda g: g.open("again"), "perm notcapable"),
    "open a loop": (lambda g: g.open("loop"), "loop"),
    "open a dangling link": (lambda g: g.open("dangle"), "noent"),
    "create through a dangling link": (lambda g: g.open("dangle", CREAT, WRITE), "ok"),
    "create outside": (lambda g: g.open("dangle_out", CREAT, WRITE), "perm notcapable"),
    "create anew": (lambda g: g.open("new", CREAT | EXCL, WRITE), "ok"),
    "create what exists": (lambda g: g.open("f", CREAT | EXCL, WRITE), "exist"),
    "create where a link is": (lambda g: g.open("dangle", CREAT | EXCL, WRITE), "exist"),
    "truncate": (lambda g: g.open("f", TRUNC, WRITE), "ok"),
    "stat f/": (lambda g: g.stat("f/"), "notdir noent"),
    "stat a link": (lambda g: g.stat("out", follow=0), "ok"),
    "stat through a link": (lambda g: g.stat("out"), "perm notcapable"),
    "mkdir": (lambda g: g.mkdir("new"), "ok"),
    "mkdir with a slash": (lambda g: g.mkdir("new/"), "ok"),
    "mkdir where something is": (lambda g: g.mkdir("f"), "exist"),
    "mkdir where a link is": (lambda g: g.mkdir("dangle/"), "exist noent"),
    "mkdir outside": (lambda g: g.mkdir("out/new"), "perm notcapable"),
    "rmdir": (lambda g: g.rmdir("d"), "ok"),
    "rmdir with a slash": (lambda g: g.rmdir("d/"), "ok"),
    "rmdir what is full": (lambda g: g.rmdir("full"), "notempty"),
    "rmdir a file": (lambda g: g.rmdir("f"), "notdir noent"),
    "rmdir a file with a slash": (lambda g: g.rmdir("f/"), "notdir noent"),
    "rmdir a link": (lambda g: g.rmdir("to_d"), "notdir"),
    "rmdir a link with a slash": (lambda g: g.rmdir("to_d/"), "notdir"),
    "unlink": (lambda g: g.unlink("f"), "ok"),
    "unlink a link": (lambda g: g.unlink("out"), "ok"),
    "unlink a directory": (lambda g: g.unlink("d"), "isdir perm"),
    "unlink a file with a slash": (lambda g: g.unlink("f/"), "notdir noent"),
    "unlink outside": (lambda g: g.unlink("out/secret"), "perm notcapable"),
    "rename": (lambda g: g.rename("f", "new"), "ok"),
    "rename over a file": (lambda g: g.rename("f", "g"), "ok"),
    "rename a directory with slashes": (lambda g: g.rename("d/", "e/"), "ok"),
    "rename a directory over a full one": (lambda g: g.rename("d", "full"), "notempty exist"),
    "rename a file over a directory": (lambda g: g.rename("f", "d"), "isdir"),
    "rename a file with a slash": (lambda g: g.rename("f/", "new"), "notdir"),
    "rename outside": (lambda g: g.rename("f", "out/f"), "perm notcapable"),
    "link": (lambda g: g.link("f", "new"), "ok"),
    "link what exists": (lambda g: g.link("f", "g"), "exist"),
    "link a directory": (lambda g: g.link("d", "new"), "perm acces"),
    "link to a slash": (lambda g: g.link("f", "new/"), "noent"),
    "link through a link": (lambda g: g.link("to_f", "new", flags=1), "inval noent"),
    "symlink": (lambda g: g.symlink("anywhere", "new"), "ok"),
    "symlink to the root": (lambda g: g.symlink("/etc", "new"), "perm notcapable"),
    "symlink with a slash": (lambda g: g.symlink("f", "new/"), "noent"),
    "symlink where something is": (lambda g: g.symlink("f", "d"), "exist"),
    "readlink": (lambda g: g.readlink("out"), "ok"),
    "readlink a file": (lambda g: g.readlink("f"), "inval"),
    "close twice": (lambda g: [g.fd_close(g.opened("f")), g.fd_close(4)][1], "badf"),
    "renumber to nothing": (lambda g: g.fd_renumber(3, 77), "badf"),
    "renumber to itself": (lambda g: g.fd_renumber(3, 3), "ok"),
    "seek before the start": (lambda g: g.seek(g.opened("f"), -1), "inval"),
    "read a directory": (lambda g: g.read(g.opened("d", 0, READ)), "isdir badf notcapable"),
    "write what is open for reading": (lambda g: g.write(g.opened("f"), b"x"), "badf notcapable acces"),
    "read what is open for writing": (lambda g: g.read(g.opened("f", 0, WRITE)), "badf notcapable acces"),
    "list a file": (lambda g: g.fd_readdir(g.opened("f"), BUFFER, 100, 0, RESULT), "notdir badf notcapable"),
    "prestat of a file": (lambda g: g.fd_prestat_get(g.opened("f"), RESULT), "badf"),
    "times twice": (lambda g: g.fd_filestat_set_times(g.opened("f", 0, WRITE), 0, 0, 3), "inval"),
    "a socket that is none": (lambda g: g.sock_shutdown(1, 1), "notsock"),
    "no poll": (lambda g: g.poll(), "inval"),
    "signals": (lambda g: g.proc_raise(1), "nosys notsup"),
}


# POSIX removes "d/"; and a link with a slash is no directory.
OTHERWISE = {"rmdir with a slash": "inval", "rmdir a link with a slash": "inval"}


def verdict(answer: Any) -> str:
    """ "ok" or the name of the error."""
    return answer if isinstance(answer, str) and answer != "success" else "ok"


@pytest.mark.parametrize("what", SCRIPTS)
def test_both_answers_are_allowed(both: tuple[Guest, Guest], what: str) -> None:
    script, allowed = SCRIPTS[what]
    ours, theirs = (verdict(script(guest)) for guest in both)
    assert ours in allowed.split()
    assert theirs in {*allowed.split(), OTHERWISE.get(what)}, "the set is wrong, or the other runtime is"


def test_both_list_and_stat_the_same(both: tuple[Guest, Guest]) -> None:
    ours, theirs = ({(entry.name, entry.type) for entry in guest.listing()} for guest in both)
    assert ours == theirs
    for name, _ in ours - {("..", "directory")}:
        here, there = (guest.stat(name, follow=0) for guest in both)
        assert (here.type, here.nlink) == (there.type, there.nlink)
        assert here.type != "file" or here.size == there.size
