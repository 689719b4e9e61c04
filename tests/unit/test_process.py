"""wasm.run and what Wasi grants, in the shape of subprocess.run."""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
import time
from pathlib import Path

import pytest

import pywasi_native as wasm
import wasm_bytes
from pywasi_native.audit import Denial
from wasi_programs import FD4, command, echo, iov, printer


def strings(which: str) -> bytes:
    """Prints argv or the environment as the guest gets it: strings with a NUL each."""
    body = """i32.const 0; i32.const 4; call 0; drop
        i32.const 1024; i32.const 4096; call 1; drop
        i32.const 8; i32.const 4096; i32.store 2 0
        i32.const 12; i32.const 4; i32.load 2 0; i32.store 2 0
        i32.const 1; i32.const 8; i32.const 1; i32.const 16; call 2; drop"""
    return command(body, (f"{which}_sizes_get", "i32 i32"), (f"{which}_get", "i32 i32"), ("fd_write", FD4))


def test_output_is_captured() -> None:
    done = wasm.run(printer(), capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"out", b"err")
    assert done.args == ("wasm",)
    assert done.fuel_used is None
    assert done.peak_memory == 65536
    assert repr(done) == "CompletedRun(args=('wasm',), returncode=0, stdout=b'out', stderr=b'err')"


def test_text() -> None:
    done = wasm.run(printer("wörld".encode()), capture_output=True, text=True)
    assert done.stdout == "wörld"
    assert wasm.run(echo(), input="grüß", text=True, capture_output=True).stdout == "grüß"


@pytest.mark.parametrize("code", [0, 1, 255, 256, 0xFFFFFFFF])
def test_the_exit_code_is_whole(code: int) -> None:
    signed = code - (1 << 32) if code >> 31 else code
    assert wasm.run(printer(code=signed), capture_output=True).returncode == code


def test_check() -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        wasm.run(printer(code=3), ["-x"], capture_output=True, check=True, name="tool")
    error = caught.value
    assert (error.returncode, error.cmd, error.stdout, error.stderr) == (3, ["tool", "-x"], b"out", b"err")


def test_a_program_that_returns_gives_zero() -> None:
    assert wasm.run(command("nop")).returncode == 0
    assert wasm.run(command("nop"), capture_output=True).stdout == b""


@pytest.mark.parametrize("size", [0, 1, 4096, 100_000])
def test_input(size: int) -> None:
    data = os.urandom(size)
    assert wasm.run(echo(), input=data, capture_output=True).stdout == data


def test_arguments(tmp_path: Path) -> None:
    program = tmp_path / "tool.wasm"
    program.write_bytes(strings("args"))
    assert wasm.run(program, ["-x", "ä", ""], capture_output=True).stdout == "tool.wasm\0-x\0ä\0\0".encode()
    assert wasm.run(program, ["a"], name="other", capture_output=True).stdout == b"other\0a\0"
    wasi = wasm.Wasi(args=["prog", "b"], stdout=wasm.PIPE)
    assert wasm.run(program, wasi=wasi).stdout == b"prog\0b\0"
    assert wasm.run(program, ["c"], wasi=wasi).stdout == b"prog\0c\0"


def test_environment() -> None:
    os.environ["PYWASI_TEST_SECRET"] = "x"
    try:
        assert wasm.run(strings("environ"), capture_output=True).stdout == b""
    finally:
        del os.environ["PYWASI_TEST_SECRET"]
    assert wasm.run(strings("environ"), env={"A": "1", "B": ""}, capture_output=True).stdout == b"A=1\0B=\0"


def test_timeout_has_what_was_written() -> None:
    data = iov(64, 4) + bytes(56) + b"some"
    body = "i32.const 1; i32.const 0; i32.const 1; i32.const 32; call 0; drop; loop -; br 0; end"
    program = command(body, ("fd_write", FD4), data=data)
    start = time.monotonic()
    with pytest.raises(wasm.Timeout) as caught:
        wasm.run(program, capture_output=True, timeout=0.2)
    assert 0.19 < time.monotonic() - start < 10
    assert (caught.value.stdout, caught.value.stderr) == (b"some", b"")


def test_timeout_ends_a_sleep() -> None:
    # One subscription to the monotonic clock, an hour from now.
    subscription = (
        bytes(8) + bytes(8) + b"\1\0\0\0" + bytes(4) + (3600 * 10**9).to_bytes(8, "little") + bytes(16)
    )
    program = command(
        "i32.const 0; i32.const 128; i32.const 1; i32.const 256; call 0; drop",
        ("poll_oneoff", FD4),
        data=subscription,
    )
    start = time.monotonic()
    with pytest.raises(wasm.Timeout):
        wasm.run(program, timeout=0.2)
    assert time.monotonic() - start < 10


def test_a_trap_is_raised() -> None:
    with pytest.raises(wasm.Trap, match="unreachable") as caught:
        wasm.run(command("unreachable"))
    assert [frame.function for frame in caught.value.frames] == ["_start"]


def test_a_library_is_no_program() -> None:
    with pytest.raises(ValueError, match="has no _start: it is a library"):
        wasm.run(wasm_bytes.numbers())


def test_a_compiled_module_runs_many_times() -> None:
    module = wasm.compile(printer())
    assert [wasm.run(module, capture_output=True).stdout for _ in range(3)] == [b"out"] * 3


def test_inherited_output_reaches_this_process(tmp_path: Path) -> None:
    program = tmp_path / "p.wasm"
    program.write_bytes(printer(b"from wasm\n", b"error\n", 4))
    code = "import sys, pywasi_native as w; print('before'); r = w.run('p.wasm'); "
    code += "print('after', r.returncode, r.stdout)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
    )
    assert done.stdout == "before\nfrom wasm\nafter 4 None\n"
    assert done.stderr == "error\n"


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_and_other_threads_reach_a_program_that_reads(tmp_path: Path) -> None:
    (tmp_path / "echo.wasm").write_bytes(echo())
    code = """
import os, signal, threading, time, pywasi_native as wasm
steps = []
def work():
    for _ in range(20):
        time.sleep(0.005)
        steps.append(1)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=work).start()
try:
    wasm.run("echo.wasm", wasi=wasm.Wasi(stdin=wasm.INHERIT))
except KeyboardInterrupt:
    print("interrupted", len(steps))
"""
    read_end, write_end = os.pipe()
    try:
        done = subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
            cwd=tmp_path,
            stdin=read_end,
        )
    finally:
        os.close(read_end)
        os.close(write_end)
    assert done.stdout == "interrupted 20\n"


# ---- streams of Wasi ----


def test_streams_may_be_files_paths_and_descriptors(tmp_path: Path) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    source.write_bytes(b"data")
    for stdin in (source, str(source), b"data", io.BytesIO(b"data")):
        wasm.run(echo(), wasi=wasm.Wasi(stdin=stdin, stdout=target))
        assert target.read_bytes() == b"data"
    with source.open("rb") as opened_in, target.open("wb", buffering=0) as opened_out:
        wasm.run(echo(), wasi=wasm.Wasi(stdin=opened_in.fileno(), stdout=opened_out.fileno()))
    assert target.read_bytes() == b"data"
    kept = io.BytesIO()
    wasm.run(echo(), wasi=wasm.Wasi(stdin=b"abc", stdout=kept))
    assert kept.getvalue() == b"abc"


def test_an_error_of_a_stream_comes_out() -> None:
    class Broken(io.RawIOBase):
        def write(self, data: object) -> int:
            raise ConnectionError("gone")

        def read(self, size: int = -1) -> bytes:
            raise ConnectionError("gone too")

    with pytest.raises(ConnectionError, match=r"^gone$"):
        wasm.run(printer(), wasi=wasm.Wasi(stdout=Broken()))
    with pytest.raises(ConnectionError, match="gone too"):
        wasm.run(echo(), wasi=wasm.Wasi(stdin=Broken(), stdout=wasm.PIPE))


def test_output_of_a_loaded_module() -> None:
    m = wasm.load(printer(), wasi=wasm.Wasi(stdout=wasm.PIPE))
    assert m.stdout == b""
    with pytest.raises(wasm.WasiExit):
        m["_start"]()
    assert (m.stdout, m.stderr) == (b"out", None)


def test_output_is_bounded() -> None:
    done = wasm.run(printer(b"x" * 1000), capture_output=True, limits=wasm.Limits(output=100))
    assert done.stdout is not None
    assert len(done.stdout) <= 100


def test_directories(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    # path_open(3, 0, "file", 4, 0, fd_read, 0, 0, 32); fd_read; fd_write to stdout
    body = """i32.const 3; i32.const 0; i32.const 64; i32.const 4; i32.const 0; i64.const 2; i64.const 0
        i32.const 0; i32.const 32; call 0; if -; i32.const 76; call 3; end
        i32.const 32; i32.load 2 0; i32.const 0; i32.const 1; i32.const 8; call 1; drop
        i32.const 4; i32.const 8; i32.load 2 0; i32.store 2 0
        i32.const 1; i32.const 0; i32.const 1; i32.const 8; call 2; drop"""
    program = command(
        body,
        ("path_open", "i32 i32 i32 i32 i32 i64 i64 i32 i32"),
        ("fd_read", FD4),
        ("fd_write", FD4),
        ("proc_exit", "i32"),
        data=iov(128, 64) + bytes(56) + b"file",
    )
    for grant in (wasm.ro(tmp_path), wasm.rw(str(tmp_path))):
        done = wasm.run(program, dirs={"/in": grant}, capture_output=True)
        assert (done.returncode, done.stdout) == (0, b"content")
    assert wasm.run(program, capture_output=True).returncode == 76


def test_grants_are_checked(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"wasm\.rw\(path\) or wasm\.dir\(path, \.\.\.\), not str"):
        wasm.Wasi(dirs={"/": "."})  # type: ignore[dict-item]
    with pytest.raises(FileNotFoundError, match="absent"):
        wasm.run(printer(), dirs={"/": wasm.ro(tmp_path / "absent")})
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        wasm.run(printer(), dirs={"/": wasm.ro(tmp_path / "file")})


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"args": "abc"}, TypeError, "a sequence of strings"),
        ({"args": [1]}, TypeError, "an argument must be a str"),
        ({"env": {"A": 1}}, TypeError, "the variable A must be a str"),
        ({"stdin": wasm.PIPE}, ValueError, "stdin cannot be PIPE"),
        ({"stdin": io.StringIO("x")}, TypeError, "stdin must be a binary file"),
        ({"stdout": b"x"}, TypeError, "PIPE collects the output"),
        ({"stdout": 3.5}, TypeError, "stdout cannot be a float"),
        ({"stdin": -1}, ValueError, "no file descriptor"),
        ({"clock": 3}, TypeError, "clock must be"),
        ({"random": 3}, TypeError, "random must be"),
    ],
)
def test_what_wasi_refuses(arguments: dict[str, object], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        wasm.Wasi(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wasi", [wasm.Wasi(args=["a\0b"]), wasm.Wasi(env={"A=B": "1"}), wasm.Wasi(env={"": "1"})]
)
def test_strings_that_no_program_can_get(wasi: wasm.Wasi) -> None:
    with pytest.raises(ValueError, match=r"NUL|no proper name"):
        wasm.run(printer(), wasi=wasi)


def test_an_error_of_a_refused_run_can_be_pickled() -> None:
    denial = Denial("path_open", "write", "/in", "f", ("write",))
    with pytest.raises(subprocess.CalledProcessError) as caught:
        wasm.CompletedRun(("prog",), 3, b"out", denials=(denial,)).check_returncode()
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert str(again) == (
        "Command '['prog']' returned non-zero exit status 3. path_open of 'f': write was not granted "
        "below '/in'; grant it with dirs={'/in': wasm.dir(path, write=True)}"
    )
    with pytest.raises(subprocess.CalledProcessError) as caught:
        wasm.CompletedRun(("prog",), 3).check_returncode()
    assert type(caught.value) is subprocess.CalledProcessError


def test_wasi_is_a_value() -> None:
    wasi = wasm.Wasi(args=["a"], env={"A": "1"}, dirs={"/": wasm.ro(".")}, clock=wasm.fixed_clock(5))
    sent = wasi.without("env")  # variables may be secret
    assert sent == pickle.loads(pickle.dumps(sent))
    assert hash(sent) == hash(pickle.loads(pickle.dumps(sent)))
    assert wasi.replace(args=["b"]).env == {"A": "1"}
    with pytest.raises(AttributeError, match="immutable"):
        wasi.args = ()  # type: ignore[misc]
    with pytest.raises(TypeError):
        wasi.env["B"] = "2"  # type: ignore[index]
    assert (repr(wasm.PIPE), repr(wasm.INHERIT)) == ("PIPE", "INHERIT")
    for bad in (-1, 1 << 64):
        with pytest.raises(ValueError, match=str(bad)):
            wasm.fixed_clock(bad)
        with pytest.raises(ValueError, match=str(bad)):
            wasm.seeded(bad)


def test_fixed_clock_and_seeded_random() -> None:
    body = """i32.const 0; i32.const 64; i32.store 2 0; i32.const 4; i32.const 16; i32.store 2 0
        i32.const 0; i64.const 1; i32.const 64; call 0; drop
        i32.const 72; i32.const 8; call 1; drop
        i32.const 1; i32.const 0; i32.const 1; i32.const 32; call 2; drop"""
    program = command(body, ("clock_time_get", "i32 i64 i32"), ("random_get", "i32 i32"), ("fd_write", FD4))

    def run(**fields: object) -> bytes:
        out = wasm.run(program, wasi=wasm.Wasi(stdout=wasm.PIPE, **fields)).stdout  # type: ignore[arg-type]
        assert isinstance(out, bytes)
        return out

    fixed = run(clock=wasm.fixed_clock(1234567890), random=wasm.seeded(7))
    assert int.from_bytes(fixed[:8], "little") == 1234567890
    assert run(clock=wasm.fixed_clock(1234567890), random=wasm.seeded(7)) == fixed
    assert run(random=wasm.seeded(8))[8:] != fixed[8:]
    assert run()[8:] != run()[8:]
    assert abs(int.from_bytes(run()[:8], "little") - time.time_ns()) < 60 * 10**9


def test_input_is_checked() -> None:
    with pytest.raises(TypeError, match="needs text=True"):
        wasm.run(echo(), input="text")
    with pytest.raises(ValueError, match="exclude each other"):
        wasm.run(echo(), input=b"x", wasi=wasm.Wasi(stdin=b"y"))
    with pytest.raises(TypeError, match="a sequence of strings"):
        wasm.run(echo(), "args")
    with pytest.raises(TypeError, match="fuel must be an int"):
        wasm.run(echo(), fuel=1.5)  # type: ignore[arg-type]
