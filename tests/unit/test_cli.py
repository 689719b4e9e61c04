"""The command line: verbs, exit codes, one-line errors with advice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from wasmtime import wat2wasm

import wasm_bytes
from pywasi_native import cli
from test_process import command, printer, strings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    m = wasm_bytes.Module()
    host = m.import_func("env", "f")
    m.func(f"call {host}", export="run")
    files = {
        "numbers.wasm": wasm_bytes.numbers(),
        "hello.wasm": printer(b"hello\n", b"", 0),
        "seven.wasm": printer(code=7),
        "trap.wasm": command("unreachable"),
        "spin.wasm": command("loop -; br 0; end"),
        "args.wasm": strings("args"),
        "env.wasm": strings("environ"),
        "host.wasm": m.bytes(),
        "bad.wasm": b"\0asm\2\0\0\0",
        "many.wasm": printer(code=512),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def pywasi(folder: Path, *words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "pywasi_native", *words],
        check=False,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **(env or {})},
    )


@pytest.mark.skipif(os.name == "nt", reason="redirections of POSIX's shell")
@pytest.mark.parametrize("streams", ["<&-", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_are_as_good_as_none(folder: Path, streams: str) -> None:
    def run(file: str) -> subprocess.CompletedProcess[str]:
        line = f'"{sys.executable}" -m pywasi_native run --dir . {file} {streams}'
        return subprocess.run(
            line, shell=True, check=False, cwd=folder, capture_output=True, text=True, timeout=60
        )

    done = run("hello.wasm")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == ("" if ">&-" in streams.replace("2>&-", "") else "hello\n")
    assert run("seven.wasm").returncode == 7
    trapped = run("trap.wasm")
    assert (trapped.returncode, trapped.stdout) == (cli.EXIT_TRAP, "")


@pytest.mark.skipif(os.name == "nt", reason="redirections of POSIX's shell")
def test_a_file_that_took_the_number_of_a_closed_stream_is_not_that_stream(folder: Path) -> None:
    code = """
import os, pywasi_native as wasm
number = os.open("other", os.O_RDWR | os.O_CREAT)
wasm.run("hello.wasm")
raise SystemExit(number)
"""
    line, env = f'"{sys.executable}" -c "$CODE" >&-', {**os.environ, "CODE": code}
    done = subprocess.run(line, shell=True, check=False, cwd=folder, env=env)
    assert done.returncode == 1
    assert (folder / "other").read_bytes() == b""


@pytest.mark.parametrize("verb", [["run"], []], ids=["run", "default"])
def test_run(folder: Path, verb: list[str]) -> None:
    done = pywasi(folder, *verb, "hello.wasm")
    assert (done.returncode, done.stdout, done.stderr) == (0, "hello\n", "")
    assert pywasi(folder, *verb, "seven.wasm").returncode == 7


def test_an_exit_code_beyond_eight_bits_is_no_success(folder: Path) -> None:
    assert pywasi(folder, "many.wasm").returncode == 1


def test_what_follows_the_file_belongs_to_the_program(folder: Path) -> None:
    done = pywasi(folder, "run", "args.wasm", "--dir", "x", "--help", "--", "-v")
    assert done.stdout == "args.wasm\0--dir\0x\0--help\0--\0-v\0"


def test_env(folder: Path) -> None:
    done = pywasi(
        folder, "run", "--env", "A=1=2", "--env", "COPIED", "env.wasm", env={"COPIED": "c", "OTHER": "o"}
    )
    assert done.stdout == "A=1=2\0COPIED=c\0"
    done = pywasi(folder, "run", "--env", "PYWASI_ABSENT", "env.wasm")
    assert (done.returncode, done.stderr.splitlines()) == (
        1,
        [
            "pywasi: --env PYWASI_ABSENT: this environment has no such variable",
            "help: --env PYWASI_ABSENT=VALUE sets one",
        ],
    )


def test_invoke(folder: Path) -> None:
    assert pywasi(folder, "run", "--invoke", "add", "numbers.wasm", "-5", "0x10").stdout == "11\n"
    assert pywasi(folder, "run", "--invoke", "same_f64", "numbers.wasm", "0.5").stdout == "0.5\n"
    assert pywasi(folder, "run", "--invoke", "three", "numbers.wasm", "9").stdout == "7\n2.5\n9\n"
    assert pywasi(folder, "run", "--invoke", "same_externref", "numbers.wasm", "null").stdout == "null\n"
    assert pywasi(folder, "run", "--invoke", "nothing", "numbers.wasm").stdout == ""


@pytest.mark.parametrize(
    ("words", "code", "error", "advice"),
    [
        ([], 2, "no command and no file", "pywasi --help"),
        (["--nope"], 2, "unrecognized arguments: --nope", "pywasi --help"),
        (["absent.wasm"], 1, "absent.wasm: No such file or directory", None),
        (["run", "bad.wasm"], 1, "unknown binary version", None),
        (["run", "numbers.wasm"], 1, "numbers.wasm has no _start: it is a library", "--invoke add | div"),
        (
            ["run", "--invoke", "ad", "numbers.wasm"],
            1,
            "no export is named 'ad'; did you mean 'add'?",
            "inspect",
        ),
        (
            ["run", "--invoke", "add", "numbers.wasm", "1"],
            2,
            "add is (func (param i32 i32) (result i32)): 1",
            None,
        ),
        (["run", "--invoke", "add", "numbers.wasm", "1", "x"], 2, "'x' is no i32", None),
        (
            ["run", "--invoke", "run", "host.wasm"],
            1,
            "env.f (func) is missing",
            "wasm.load(file, imports={...})",
        ),
        (["run", "--dir", "absent", "hello.wasm"], 1, "absent is no directory", None),
        (["run", "--dir", "::x", "hello.wasm"], 2, "not of the form HOST[::GUEST][:ro]", None),
        (["run", "--env", "=x", "hello.wasm"], 2, "not of the form K=V", None),
        (["run", "--memory", "lots", "hello.wasm"], 1, "lots", None),
        (["run", "--fuel", "-5", "hello.wasm"], 1, "fuel must be between 0 and 2**63 - 1", None),
        (["run", "--timeout", "soon", "hello.wasm"], 2, "invalid float value", "pywasi run --help"),
        (["inspect", "bad.wasm"], 1, "unknown binary version", None),
    ],
)
def test_errors_are_one_line_and_advice(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    code: int,
    error: str,
    advice: str | None,
) -> None:
    monkeypatch.chdir(folder)
    assert cli.main(words) == code
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == ""
    assert lines[0].startswith("pywasi: ")
    assert error in lines[0]
    assert len(lines) == (1 if advice is None else 2)
    if advice is not None:
        assert lines[1].startswith("help: ")
        assert advice in lines[1]


def test_a_trap(folder: Path) -> None:
    done = pywasi(folder, "trap.wasm")
    assert (done.returncode, done.stdout) == (134, "")
    lines = done.stderr.splitlines()
    assert lines[0] == "pywasi: trap: unreachable"
    assert lines[1].startswith("  at _start at 0x")


def test_fuel(folder: Path) -> None:
    done = pywasi(folder, "run", "--fuel", "1000", "spin.wasm")
    assert done.returncode == 134
    assert "all fuel consumed" in done.stderr.splitlines()[0]
    assert "help: give it more with --fuel" in done.stderr
    assert pywasi(folder, "run", "--fuel", "100000", "hello.wasm").returncode == 0


@pytest.mark.parametrize(
    "text",
    [
        "(memory 100)",
        "(type $a (array i8)) (start $s) (func $s (drop (array.new_default $a (i32.const 9000000))))",
    ],
)
def test_memory(folder: Path, text: str) -> None:
    (folder / "large.wasm").write_bytes(wat2wasm(f'(module {text} (func (export "_start")))'))
    done = pywasi(folder, "run", "--memory", "1MiB", "large.wasm")
    assert done.returncode == 1
    error, advice = done.stderr.splitlines()
    assert "would pass the limit of 1048576 bytes (0 in use)" in error
    assert advice == "help: give it more with --memory"


def test_timeout(folder: Path) -> None:
    done = pywasi(folder, "run", "--timeout", "0.2", "spin.wasm")
    assert (done.returncode, done.stderr.splitlines()[1]) == (124, "help: give it more with --timeout")


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c(folder: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "pywasi_native", "spin.wasm"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, b"", b"")


def test_dir(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pywasi_native.cli import _grant

    monkeypatch.chdir(folder)
    assert _grant(".")[0] == "."
    assert _grant(".")[1].writable
    assert _grant(".:ro")[1] == _grant(".::/x:ro")[1]
    assert _grant(".::/x:ro")[0] == "/x"
    assert not _grant(".:ro")[1].writable


def test_inspect(folder: Path) -> None:
    shown = pywasi(folder, "inspect", "hello.wasm").stdout
    assert "hello.wasm: command," in shown
    assert "wasi_snapshot_preview1.fd_write (func (param i32 i32 i32 i32) (result i32))  needs: " in shown
    assert "\n  _start (func)\n" in shown
    facts = json.loads(pywasi(folder, "inspect", "--json", "hello.wasm").stdout)
    assert [item["name"] for item in facts["imports"]] == ["fd_write", "proc_exit"]
    assert facts["kind"] == "command"
    assert [item["kind"] for item in facts["sections"]][:2] == ["type", "import"]
    assert facts["size"] == (folder / "hello.wasm").stat().st_size


def test_inspect_tells_the_producers_and_survives_broken_ones(folder: Path) -> None:
    m = wasm_bytes.Module()
    text = wasm_bytes.name
    good = b"\1" + text("language") + b"\1" + text("C11") + text("1")
    m.custom("producers", good)
    (folder / "p.wasm").write_bytes(m.bytes())
    assert "language: C11 1" in pywasi(folder, "inspect", "p.wasm").stdout
    for size in range(len(good)):
        broken = wasm_bytes.Module()
        broken.custom("producers", good[:size])
        (folder / "p.wasm").write_bytes(broken.bytes())
        assert cli.main(["inspect", str(folder / "p.wasm")]) == 0


def test_inspect_does_not_let_a_module_steer_the_terminal(folder: Path) -> None:
    m = wasm_bytes.Module()
    m.import_func("env\x1b[2J", "f\r")
    m.func(export="e\x07\u202e")
    m.custom("c\n", b"")
    (folder / "t.wasm").write_bytes(m.bytes())
    for verb in ("inspect", "audit"):
        shown = pywasi(folder, verb, "t.wasm").stdout
        assert "env\\x1b[2J.f\\r" in shown
        assert not {"\x1b", "\r", "\x07", "\u202e"} & set(shown)


def test_validate(folder: Path) -> None:
    assert pywasi(folder, "validate", "hello.wasm", "numbers.wasm").stdout == ""
    done = pywasi(folder, "validate", "hello.wasm", "bad.wasm", "absent.wasm")
    assert done.returncode == 1
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["bad.wasm", "absent.wasm"]


def test_objdump(folder: Path) -> None:
    m = wasm_bytes.Module()
    m.import_func("env", "f")
    m.func(
        "block -; loop -; i32.const 1; br_if 0; end; end; i32.const 1; if -; nop; else; call 0; end",
        label="g",
    )
    (folder / "o.wasm").write_bytes(m.bytes())
    lines = pywasi(folder, "objdump", "o.wasm").stdout.splitlines()
    assert lines[0].startswith("func[0]")
    assert lines[0].endswith("(func): imported")
    assert lines[2] == "func[1] g (func):"
    texts = [line.partition(": ")[2] for line in lines[3:]]
    assert texts == [
        "  block",
        "    loop",
        "      i32.const 1",
        "      br_if 0",
        "    end",
        "  end",
        "  i32.const 1",
        "  if",
        "    nop",
        "  else",
        "    call 0",
        "  end",
        "end",
    ]
    offsets = [int(line.split(":")[0], 16) for line in lines[3:]]
    assert offsets == sorted(offsets)
    assert m.bytes()[offsets[0]] == 0x02


def test_objdump_names_what_is_called(folder: Path) -> None:
    m = wasm_bytes.Module()
    m.func("call 1", label="first")
    m.func(label="second one")
    (folder / "o.wasm").write_bytes(m.bytes())
    assert ":   call 1  ;; second one\n" in pywasi(folder, "objdump", "o.wasm").stdout


def test_stubs(folder: Path) -> None:
    assert pywasi(folder, "stubs", "numbers.wasm").returncode == 0
    text = (folder / "numbers.pyi").read_text()
    assert "def add(p0: int, p1: int, /) -> int: ..." in text
    assert "def three(p0: int, /) -> tuple[int, float, int]: ..." in text
    assert "def same_funcref(p0: Func | None, /) -> Func | None: ..." in text
    assert pywasi(folder, "stubs", "-o", "-", "hello.wasm").stdout.endswith(
        "memory: Memory  # (memory 1)\ndef _start() -> None: ...\n"
    )
    compile(text, "numbers.pyi", "exec")


def test_doctor(folder: Path) -> None:
    done = pywasi(folder, "doctor", env={"PYWASI_IMPORT": "0"})
    assert done.returncode == 0
    for word in ("pywasi-native", "shell", "features", "platform", "PYWASI_IMPORT=0", "self-test     works"):
        assert word in done.stdout


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"]])
def test_help_teaches(folder: Path, words: list[str]) -> None:
    done = pywasi(folder, *words)
    assert done.returncode == 0
    assert "--dir data::/in:ro" in done.stdout
    assert "exit code is that of the program" in done.stdout


def test_a_closed_pipe_is_no_traceback(folder: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "pywasi_native", "doctor"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
    process.wait(60)
