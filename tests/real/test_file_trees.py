"""One file manager, many orders: what a program may do to a granted folder, against the native result."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks import toolchain

from real_programs import PROGRAMS, Compare
from running import ENGINE, run_wasm, snapshot

SESSIONS = {
    "build, list, rename, remove": """
        mkdir a
        mkdir a/b
        mkdir a/b/c
        write a/one.txt hello world
        write a/b/two.txt second
        list .
        rename a/one.txt a/b/c/moved.txt
        cat a/b/c/moved.txt
        cat a/one.txt
        rename a/b renamed
        list .
        rmdir renamed
        remove renamed
        list .
        rmdir a
        list .
    """,
    "errors by name": """
        mkdir d
        write f x
        mkdir d
        mkdir f
        mkdir d/x/y
        mkdir f/x
        rmdir f
        rmdir d/none
        unlink none
        unlink d/none/deep
        rename none d
        rename f d
        rename d f
        create f again
        create new fresh
        overwrite none text
        cat none
        cat f/x
        opendir f
        opendir d
        stat none
        stat f/x
        write d text
        resize none 5
        access none
        access f
        list none
        list f
    """,
    "rename over things": """
        write a first
        write b second
        rename a b
        cat b
        mkdir d
        mkdir e
        write e/full x
        rename d e
        rename e/full e/full
        rename e d
        list .
        rename d d/inside
        rename d/full d/renamed
        list .
    """,
    "links": """
        write target text
        symlink target soft
        symlink none dangling
        symlink loop loop
        symlink d/deep/f through
        mkdir d
        mkdir d/deep
        write d/deep/f content
        link target hard
        link target hard
        readlink soft
        readlink target
        readlink none
        cat soft
        cat dangling
        cat loop
        cat through
        stat soft
        lstat soft
        stat hard
        stat dangling
        lstat dangling
        nofollow soft
        append soft +more
        cat target
        cat hard
        symlink d dir
        cat dir/deep/f
        write dir/new text
        lstat dir
        list .
        rename soft d/soft
        readlink d/soft
        unlink target
        cat hard
        unlink dir
        remove d
        list .
    """,
    "dots and slashes": """
        mkdir a
        mkdir a/b
        write a/b/f x
        cat ./a/./b/../b/f
        cat a//b///f
        cat a/b/f/
        cat a/b/../../a/b/f
        stat a/b/
        stat a/b/.
        mkdir c/
        mkdir a/b/../d
        write g/ x
        rmdir a/d/
        rmdir a/b/.
        rename c/ e
        rename a/b/f/ h
        list a/..
        list .
    """,
    "sizes and contents": """
        write f 0123456789
        resize f 4
        cat f
        resize f 20
        stat f
        append f end
        overwrite f XY
        stat f
        hold f
        stat f
        write f again
        list .
    """,
    "names": """
        write caf\u00e9 unicode
        write \u65e5\u672c\u8a9e more
        write name.with.dots x
        write -dash x
        write .hidden x
        write a\\b backslash
        write ... three
        list .
        cat \u65e5\u672c\u8a9e
        unlink caf\u00e9
        list .
    """,
}


@pytest.mark.parametrize("session", SESSIONS)
def test_session(compare: Compare, session: str) -> None:
    compare("treetool", stdin="\n".join(SESSIONS[session].split("\n        ")).encode())


def test_many_entries(compare: Compare) -> None:
    done = compare("treetool", stdin=b"mkdir d\nmany d 700\nlist d\nremove d\nlist .\n")
    assert b"700 entries" in done.stdout


def test_deep_tree(compare: Compare) -> None:
    compare("treetool", stdin=b"deep . 60\nlist .\nremove d\nlist .\n")


def test_long_names(compare: Compare) -> None:
    lines = [f"write {'n' * 255} x", f"write {'m' * 256} x", f"mkdir {'p' * 255}", "list ."]
    assert b"ENAMETOOLONG" in compare("treetool", stdin="\n".join(lines).encode()).stdout


def test_a_tree_made_by_the_host(compare: Compare) -> None:
    files = {"x/deep/er/file.bin": bytes(range(256)), "x/empty": b"", "top": b"t" * 100_000}
    compare("treetool", stdin=b"list .\nrename x/deep y\nremove x\nlist .\n", files=files)


# Systems differ in the errno (EINVAL, EBUSY, ENOTEMPTY), not in the refusal.
@pytest.mark.parametrize(
    "order", ["rename . x", "rename a/.. x", "rmdir .", "rmdir a/b/..", "rmdir a/.", "unlink ."]
)
def test_dots_cannot_be_removed_or_renamed(tool: Path, tmp_path: Path, order: str) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (given,) = answers(run_wasm(tool, [], folder=tmp_path, stdin=f"{order}\n".encode()).stdout).values()
    assert given in {"EINVAL", "EBUSY", "ENOTEMPTY", "EISDIR", "EPERM", "ENOTCAPABLE"}
    assert snapshot(tmp_path) == {"a": ("dir", b""), "a/b": ("dir", b"")}


@pytest.fixture
def tool(zig: None) -> Path:
    return toolchain.build_command(PROGRAMS / "treetool.c")


def answers(stdout: bytes) -> dict[str, str]:
    return dict(line.rsplit(": ", 1) for line in stdout.decode().splitlines() if ": " in line)


def test_nothing_is_granted_by_default(tool: Path) -> None:
    done = run_wasm(tool, [], stdin=b"cat /etc/passwd\nlist .\nlist /\nmkdir x\nstat .\nwrite f x\n")
    given = answers(done.stdout)
    assert len(given) == 6
    assert not {"ok"} & set(given.values())
    assert b"root:" not in done.stdout


ESCAPES = [
    "../secret",
    "/etc/passwd",
    "sub/../../secret",
    "link",
    "sub/uplink/secret",
    "./../secret",
    "absolute",
]


@pytest.mark.parametrize("path", ESCAPES)
@pytest.mark.parametrize(
    "order", ["cat", "write", "stat", "unlink", "resize", "rename", "link", "hold", "opendir", "mkdir"]
)
def test_nothing_beyond_the_grant(tool: Path, tmp_path: Path, path: str, order: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    granted = tmp_path / "granted"
    (granted / "sub").mkdir(parents=True)
    (granted / "link").symlink_to("../secret")
    (granted / "sub" / "uplink").symlink_to("../..")
    (granted / "absolute").symlink_to(secret)
    before = sorted(p.name for p in tmp_path.iterdir())
    extra = {"write": " text", "rename": " inside", "link": " inside", "resize": " 0"}.get(order, "")
    done = run_wasm(tool, [], folder=granted, stdin=f"{order} {path}{extra}\n".encode())
    assert b"the secret" not in done.stdout
    assert secret.read_text() == "the secret"
    assert sorted(p.name for p in tmp_path.iterdir()) == before
    # The links themselves lie in the grant: to remove, rename or hard-link one is no escape.
    if not (path in {"link", "absolute"} and order in {"unlink", "rename", "link"}):
        assert not done.stdout.endswith((b": ok\n", b">\n")), done.stdout


@pytest.mark.skipif(ENGINE != "pywasi", reason="needs the read-only grant of our API")
def test_a_read_only_grant(tool: Path, tmp_path: Path) -> None:
    import pywasi_native as wasm

    (tmp_path / "d").mkdir()
    (tmp_path / "f").write_text("content")
    orders = [
        "cat f",
        "list .",
        "write f new",
        "append f +",
        "create g x",
        "mkdir e",
        "rmdir d",
        "unlink f",
        "rename f g",
        "link f g",
        "symlink f g",
        "resize f 0",
    ]
    done = wasm.run(
        tool, [], dirs={".": wasm.ro(tmp_path)}, input="\n".join(orders).encode(), capture_output=True
    )
    given = answers(done.stdout)
    assert given.pop("cat f") == "<content>"
    assert "ok" not in given.values()
    assert (tmp_path / "f").read_text() == "content"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["d", "f"]
