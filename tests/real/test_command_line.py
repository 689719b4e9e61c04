"""The same programs through `python -m pywasi_native`: real processes, real pipes, real exit codes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from benchmarks import toolchain

from real_programs import NATIVE_FLAGS, PROGRAMS
from running import Outcome, run_native, snapshot
from test_file_trees import SESSIONS

CLI = [sys.executable, "-m", "pywasi_native"]


def pywasi(
    options: Sequence[str], program: Path, args: Sequence[str], *, cwd: Path, stdin: bytes = b""
) -> Outcome:
    done = subprocess.run(
        [*CLI, *options, str(program), *args],
        check=False,
        cwd=cwd,
        input=stdin,
        capture_output=True,
        timeout=120,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def both(name: str) -> tuple[Path, Path]:
    source = PROGRAMS / f"{name}.c"
    return toolchain.build_command(source), toolchain.build_native(source, NATIVE_FLAGS)


@pytest.mark.parametrize("verb", [["run"], []], ids=["run", "default verb"])
@pytest.mark.parametrize(
    "args", [["args", "a b", "--dir", "-x", ""], ["exit", "7"], ["return", "0"], ["stderr"], []]
)
def test_like_the_native_process(posix: None, tmp_path: Path, verb: list[str], args: list[str]) -> None:
    wasm, native = both("envecho")
    got = pywasi(verb, wasm, args, cwd=tmp_path)
    assert got == run_native(native, args, cwd=tmp_path)


def test_the_environment_is_what_is_given(posix: None, tmp_path: Path) -> None:
    wasm, native = both("envecho")
    got = pywasi(["run", "--env", "A=1", "--env", "B=x=y"], wasm, ["env", "A", "HOME"], cwd=tmp_path)
    assert got == run_native(native, ["env", "A", "HOME"], cwd=tmp_path, env={"A": "1", "B": "x=y"})


def test_a_pipe_of_a_megabyte(zig: None, tmp_path: Path) -> None:
    data = random.Random(1).randbytes(1_000_000)
    got = pywasi(["run"], toolchain.build_command(PROGRAMS / "envecho.c"), ["cat"], cwd=tmp_path, stdin=data)
    assert got.stdout == data
    assert got.stderr == b"1000000 bytes\n"


def test_a_granted_folder(posix: None, tmp_path: Path) -> None:
    wasm, native = both("treetool")
    session = "\n".join(SESSIONS["build, list, rename, remove"].split("\n        ")).encode()
    folders = [tmp_path / "wasm", tmp_path / "native"]
    for folder in folders:
        folder.mkdir()
    got = pywasi(["run", "--dir", "."], wasm, [], cwd=folders[0], stdin=session)
    assert got == run_native(native, [], cwd=folders[1], stdin=session)
    elsewhere = pywasi(["run", "--dir", f"{folders[0]}::."], wasm, [], cwd=tmp_path, stdin=session)
    assert elsewhere == got
    assert snapshot(folders[0]) == snapshot(folders[1])


def test_a_read_only_folder(zig: None, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("content")
    wasm = toolchain.build_command(PROGRAMS / "treetool.c")
    got = pywasi(["run", "--dir", ".:ro"], wasm, [], cwd=tmp_path, stdin=b"cat f\nwrite f new\nunlink f\n")
    assert b"cat f: <content>" in got.stdout
    assert b": ok" not in got.stdout
    assert (tmp_path / "f").read_text() == "content"


def test_a_trap_is_one_message_and_an_exit_code(zig: None, tmp_path: Path) -> None:
    got = pywasi(["run"], toolchain.build_command(PROGRAMS / "envecho.c"), ["abort"], cwd=tmp_path)
    assert got.stdout == b"before the end\n"
    assert got.code not in {0, 1}
    assert b"unreachable" in got.stderr
    assert b"Traceback" not in got.stderr


def test_a_time_limit(zig: None, tmp_path: Path) -> None:
    program = toolchain.build_command(PROGRAMS / "envecho.c")
    start = time.monotonic()
    got = pywasi(["run", "--timeout", "0.5"], program, ["loop"], cwd=tmp_path)
    assert time.monotonic() - start < 30
    assert got.code != 0
    assert got.stdout == b"looping\n"
    assert b"Traceback" not in got.stderr


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT to one process")
def test_ctrl_c_ends_an_endless_loop(zig: None, tmp_path: Path) -> None:
    program = toolchain.build_command(PROGRAMS / "envecho.c")
    process = subprocess.Popen(
        [*CLI, "run", str(program), "loop"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"looping\n"
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode in {130, -signal.SIGINT}
    assert b"Traceback" not in stderr


def test_invoke_a_function(zig: None, tmp_path: Path) -> None:
    library = toolchain.build_reactor(PROGRAMS / "mathlib.c", ["add", "hypotenuse", "divide"])
    assert pywasi(["run", "--invoke", "add"], library, ["40", "2"], cwd=tmp_path).stdout.strip() == b"42"
    assert (
        pywasi(["run", "--invoke", "hypotenuse"], library, ["3", "4"], cwd=tmp_path).stdout.strip() == b"5.0"
    )
    got = pywasi(["run", "--invoke", "divide"], library, ["1", "0"], cwd=tmp_path)
    assert got.code != 0
    assert b"integer divide by zero" in got.stderr
