"""Grants: `dir` and its access, taking away, intersections, and what a `Wasi` tells about itself."""

from __future__ import annotations

import copy
import io
import pickle
import socket
from pathlib import Path

import pytest

import pywasi_native as wasm
from pywasi_native import attenuation, inspection

FULL = wasm.Wasi(
    args=["prog", "--password=hunter2"],
    env={"HOME": "/home/me", "TOKEN": "s3cret"},
    stdin=b"topsecret",
    stdout=wasm.PIPE,
    stderr=wasm.INHERIT,
    dirs={"/in": wasm.ro("data"), "/out": wasm.rw("out"), "/out/logs": wasm.dir("logs", append=True)},
)


def test_dir_grants_what_is_said() -> None:
    grant = wasm.dir("x", write=True, create=True)
    assert grant.access == ("read", "write", "create")
    assert grant.writable
    assert wasm.dir("x") == wasm.ro("x")
    assert wasm.dir("x", write=True, create=True, delete=True) == wasm.rw("x")
    assert not wasm.ro("x").writable


def test_a_grant_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="allows nothing"):
        wasm.dir("x", read=False)


@pytest.mark.parametrize(
    "grant", [wasm.ro("x"), wasm.rw("x"), wasm.dir("x", write=True), wasm.dir("x", read=False, append=True)]
)
def test_a_grant_shows_how_it_is_made(grant: wasm.Grant) -> None:
    assert eval(repr(grant), {"ro": wasm.ro, "rw": wasm.rw, "dir": wasm.dir}) == grant
    assert pickle.loads(pickle.dumps(grant)) == grant


def test_nothing_is_granted_by_default() -> None:
    wasi = wasm.Wasi()
    assert (wasi.args, wasi.env, wasi.stdin, wasi.stdout, wasi.stderr, wasi.dirs) == (
        (),
        {},
        None,
        None,
        None,
        {},
    )
    assert repr(wasi) == "Wasi()"


def test_without_takes_whole_parts_away() -> None:
    less = FULL.without("args", "env", "stdin", "stdout", "stderr", "dirs", "clock", "random", "sockets")
    assert less == wasm.Wasi(clock=wasm.fixed_clock(0), random=wasm.seeded(0))
    assert FULL.env["TOKEN"] == "s3cret"


def test_without_takes_one_variable_away() -> None:
    assert FULL.without("env:TOKEN").env == {"HOME": "/home/me"}
    assert FULL.without("env:TOKEN", "env:HOME", "env:NONE").env == {}


@pytest.mark.parametrize("path", ["/out", "/out/", "//out/.", "dirs:/out"])
def test_without_takes_a_path_and_all_below_it_away(path: str) -> None:
    assert list(FULL.without(path).dirs) == ["/in"]


def test_without_of_a_path_that_is_not_granted_changes_nothing() -> None:
    assert FULL.without("/outer").dirs == FULL.dirs
    assert FULL.without("/out").without("/out").dirs == {"/in": wasm.ro("data")}


def test_a_part_of_a_grant_cannot_be_taken_away() -> None:
    with pytest.raises(ValueError, match="'/in/secret' is a part of what '/in' grants"):
        FULL.without("/in/secret")
    with pytest.raises(ValueError, match="part of what '/out'"):
        FULL.without("/out/logs")


def test_dots_in_guest_paths_do_not_hide_a_grant() -> None:
    wasi = wasm.Wasi(dirs={"/a/../b": wasm.ro("x"), "/../c": wasm.ro("y"), "../d": wasm.ro("z")})
    assert list(wasi.without("/b").dirs) == ["/../c", "../d"]
    assert list(wasi.without("/c").dirs) == ["/a/../b", "../d"]
    assert wasi.without("dirs:d").dirs == wasi.dirs


def test_relative_and_absolute_paths_are_different_things() -> None:
    wasi = wasm.Wasi(dirs={".": wasm.ro("a"), "/": wasm.ro("b"), "sub": wasm.ro("c")})
    assert list(wasi.without(".").dirs) == ["/"]
    assert list(wasi.without("/").dirs) == [".", "sub"]


@pytest.mark.parametrize(
    ("name", "hint"), [("stdot", "did you mean 'stdout'"), ("envHOME", "env:NAME"), ("", "")]
)
def test_an_unknown_capability_is_an_error(name: str, hint: str) -> None:
    with pytest.raises(ValueError, match="is no capability") as caught:
        FULL.without(name)
    assert hint in str(caught.value)
    with pytest.raises(TypeError, match="must be a str"):
        FULL.without(3)  # type: ignore[arg-type]


def test_the_intersection_with_itself_is_the_same() -> None:
    assert (FULL & FULL) == FULL


def test_the_intersection_with_nothing_is_nothing() -> None:
    assert FULL & wasm.Wasi() == wasm.Wasi()
    assert wasm.Wasi() & FULL == wasm.Wasi()
    with pytest.raises(TypeError):
        FULL & {}  # type: ignore[operator]


def test_variables_need_the_same_value() -> None:
    other = wasm.Wasi(env={"HOME": "/root", "TOKEN": "s3cret", "MORE": "1"})
    assert (FULL & other).env == {"TOKEN": "s3cret"}


def test_directories_get_the_lesser_access() -> None:
    one = wasm.Wasi(
        dirs={"/a": wasm.rw("x"), "/b": wasm.ro("x"), "/c": wasm.ro("y"), "/d": wasm.dir("z", append=True)}
    )
    other = wasm.Wasi(
        dirs={
            "/a/": wasm.ro(Path("x").absolute()),
            "/b": wasm.dir("x", read=False, write=True),
            "/c": wasm.ro("elsewhere"),
            "/d": wasm.dir("z", read=False, write=True),
        }
    )
    assert (one & other).dirs == {"/a": wasm.ro("x"), "/d": wasm.dir("z", read=False, append=True)}
    assert {guest.rstrip("/"): grant.access for guest, grant in (other & one).dirs.items()} == {
        guest: grant.access for guest, grant in (one & other).dirs.items()
    }


def test_streams_must_be_the_same() -> None:
    file = io.BytesIO()
    one = wasm.Wasi(stdin=b"a", stdout=file, stderr=1)
    assert (one & wasm.Wasi(stdin=b"a", stdout=file, stderr=1)) == one
    other = one & wasm.Wasi(stdin=b"b", stdout=io.BytesIO(), stderr=True + 1)
    assert (other.stdin, other.stdout, other.stderr) == (None, None, None)


def test_a_stream_that_calls_everything_its_equal_is_not_believed() -> None:
    class Liar(io.BytesIO):
        __hash__ = io.BytesIO.__hash__

        def __eq__(self, other: object) -> bool:
            return True

    assert (wasm.Wasi(stdout=Liar()) & wasm.Wasi(stdout=io.BytesIO())).stdout is None


def test_clocks_and_random_numbers_become_the_lesser_one() -> None:
    fixed, later = wasm.Wasi(clock=wasm.fixed_clock(5)), wasm.Wasi(clock=wasm.fixed_clock(6))
    assert (fixed & wasm.Wasi()).clock == (wasm.Wasi() & fixed).clock == wasm.fixed_clock(5)
    assert (fixed & later).clock == (later & fixed).clock == wasm.fixed_clock(0)
    seeded, other = wasm.Wasi(random=wasm.seeded(5)), wasm.Wasi(random=wasm.seeded(6))
    assert (seeded & wasm.Wasi()).random == (wasm.Wasi() & seeded).random == wasm.seeded(5)
    assert (seeded & other).random == (other & seeded).random == wasm.seeded(0)


def test_the_text_names_what_is_granted_without_values() -> None:
    assert repr(FULL) == (
        "Wasi(args=<'prog' and 1 more>, env=<HOME, TOKEN>, stdin=<9 bytes>, stdout=PIPE, stderr=INHERIT, "
        "dirs={'/in': ro('data'), '/out': rw('out'), '/out/logs': dir('logs', append=True)})"
    )


def test_secrets_are_not_pickled() -> None:
    with pytest.raises(TypeError, match=r"wasi\.without\('env', 'args', 'stdin'\)"):
        pickle.dumps(FULL)
    less = FULL.without("env", "args", "stdin")
    assert pickle.loads(pickle.dumps(less)) == less


def test_a_copy_is_the_same_object() -> None:
    assert copy.copy(FULL) is copy.deepcopy(FULL) is FULL


def test_it_cannot_be_changed() -> None:
    for change in ("env", "dirs"):
        with pytest.raises(TypeError):
            getattr(FULL, change)["/x"] = 1
    with pytest.raises(AttributeError, match="immutable"):
        FULL.stdout = None  # type: ignore[misc]
    env = {"A": "1"}
    wasi = wasm.Wasi(env=env)
    env["B"] = "2"
    assert wasi.env == {"A": "1"}


def test_the_names_are_those_of_the_fields() -> None:
    assert wasm.Wasi._fields == attenuation.NAMES


def test_every_function_of_wasi_has_a_capability_that_is_known() -> None:
    needs = {name: capability for name, capability, _ in wasm.engine.native.wasi_functions()}
    assert len(needs) == 46
    known = {*attenuation.NAMES, "fds", "exit", "none"}
    assert set(needs.values()) <= known
    assert needs["path_open"] == "dirs"
    assert needs["sock_accept"] == "sockets"
    assert inspection.explain("fds").startswith("fds (what stdin, stdout, stderr, dirs or sockets opened")


def test_the_text_of_a_tree_that_holds_its_files_shows_none() -> None:
    held = {"topsecret.txt": b"topsecret"}
    wasi = wasm.Wasi(dirs={"/in": wasm.ro("a"), "/mem": wasm.rw(wasm.mem(held)), "/held": held})
    assert repr(wasi).startswith("Wasi(dirs={'/in': ro('a'), '/mem': rw(<MemTree: ")
    assert "topsecret" not in repr(wasi)


def test_sockets_are_kept_by_identity() -> None:
    with socket.socket() as one, socket.socket() as other:
        both = wasm.Wasi(sockets=[one, other])
        assert (both & wasm.Wasi(sockets=[other])).sockets == (other,)
        assert both.without("sockets").sockets == ()
        assert repr(both) == "Wasi(sockets=<2>)"
