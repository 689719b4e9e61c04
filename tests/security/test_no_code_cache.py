"""R22: compiled code is kept nowhere, so that nobody can change it, and no other file is ever run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from wasmtime import wat2wasm

import pywasi_native as wasm

PROGRAM = """
    import json, os, sys
    opened = []
    def hook(event, args):
        if event in ("open", "os.mkdir", "os.rename", "os.link", "os.symlink", "os.truncate"):
            flags = args[2] if event == "open" and isinstance(args[2], int) else 0
            writes = event != "open" or flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
            opened.append((str(args[0]), bool(writes)))
    import pywasi_native as wasm
    import importlib, pickle
    sys.addaudithook(hook)
    folder = sys.argv[1]
    file = os.path.join(folder, "pkg", "core.wasm")
    answers = [wasm.load(file).answer()]
    answers.append(pickle.loads(pickle.dumps(wasm.compile(file))).instantiate().answer())
    sys.path.insert(0, folder)
    sys.dont_write_bytecode = True
    wasm.install("pkg")
    answers.append(importlib.import_module("pkg.core").answer())
    print(json.dumps([answers, opened]))
"""


def answers(folder: Path, home: Path) -> tuple[list[int], list[tuple[str, bool]]]:
    """What the module says, loaded, pickled and imported by a new process; and what that opened."""
    places = dict.fromkeys(("HOME", "TMPDIR", "TEMP", "TMP", "XDG_CACHE_HOME", "LOCALAPPDATA"), str(home))
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM), str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **places},
        cwd=home,
    )
    assert run.returncode == 0, run.stderr
    said, opened = json.loads(run.stdout)
    return said, [(path, bool(writes)) for path, writes in opened]


def everything(*folders: Path) -> dict[str, bytes | None]:
    """All files with what is in them."""
    return {
        str(path): path.read_bytes() if path.is_file() else None
        for folder in folders
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """A folder with a package that has a module, and an empty home."""
    package, home = tmp_path / "site" / "pkg", tmp_path / "home"
    package.mkdir(parents=True)
    home.mkdir()
    (package / "__init__.py").write_text("")
    return package.parent, home


def write(folder: Path, answer: int) -> Path:
    """The module that gives the answer; all of them are as long and as old."""
    file = folder / "pkg" / "core.wasm"
    file.write_bytes(wat2wasm(f'(module (func (export "answer") (result i32) (i32.const {answer})))'))
    os.utime(file, (1_000_000_000, 1_000_000_000))
    return file


def test_R22_no_file_is_written_and_none_but_the_module_is_read(places: tuple[Path, Path]) -> None:
    folder, home = places
    file = write(folder, 11)
    before = everything(folder, home)
    said, opened = answers(folder, home)
    assert said == [11] * 3
    assert everything(folder, home) == before
    assert [path for path, writes in opened if writes] == []
    about = {Path(path).name for path, _ in opened if "core" in Path(path).name}
    assert about == {file.name}  # the hook sees what is opened, and that is all of it


def test_R22_another_module_of_the_same_size_and_age_is_another_one(places: tuple[Path, Path]) -> None:
    folder, home = places
    for answer in (11, 12):
        write(folder, answer)
        assert answers(folder, home)[0] == [answer] * 3
        loaded = wasm.load(folder / "pkg" / "core.wasm")
        assert loaded["answer"]() == answer


def test_R22_files_that_look_like_a_cache_are_not_looked_at(places: tuple[Path, Path]) -> None:
    folder, home = places
    other = write(folder, 13).read_bytes()
    file = write(folder, 11)
    cached = folder / "pkg" / "__pycache__"
    for place in (folder / "pkg", cached, home / "pywasi", home / "pywasi_native", home / ".cache"):
        place.mkdir(exist_ok=True)
        for suffix in (".cache", ".cwasm", ".bin", ".o"):
            (place / f"core{suffix}").write_bytes(other)
            (place / f"core.wasm{suffix}").write_bytes(other)
    said, opened = answers(folder, home)
    assert said == [11] * 3
    assert {path for path, _ in opened if "core" in Path(path).name} == {str(file)}


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not here")
def test_R22_the_c_code_opens_nothing_else(places: tuple[Path, Path], tmp_path: Path) -> None:
    folder, home = places
    write(folder, 11)
    log = tmp_path / "trace"
    code = f"import pywasi_native as w; w.load({str(folder / 'pkg' / 'core.wasm')!r}).answer()"
    trace = ["strace", "-f", "-qq", "-e", "trace=open,openat,openat2,creat,rename,mkdir", "-o", str(log)]
    run = subprocess.run(
        [*trace, sys.executable, "-B", "-c", code],
        cwd=home,
        env={**os.environ, "HOME": str(home)},
        check=False,
    )
    if run.returncode:
        pytest.skip("this machine lets nobody trace a process")
    lines = log.read_text().splitlines()
    assert [line for line in lines if "O_CREAT" in line or "O_WRONLY" in line or "O_RDWR" in line] == []
    assert sum("core" in line and str(folder) in line for line in lines) == 1
