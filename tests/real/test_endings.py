"""How a program can end other than by returning: traps, timeouts, limits, unread output."""

from __future__ import annotations

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from benchmarks import toolchain

from real_programs import PROGRAMS


@pytest.fixture(scope="module")
def program(zig: None) -> Path:
    return toolchain.build_command(PROGRAMS / "envecho.c")


@pytest.fixture(scope="module")
def debug_program(zig: None) -> Path:
    return toolchain.build_command(PROGRAMS / "envecho.c", ("-O0", "-fno-sanitize=undefined"))


def test_abort_is_a_trap(program: Path) -> None:
    import pywasi_native as wasm

    with pytest.raises(wasm.Trap, match="unreachable") as caught:
        wasm.run(program, ["abort"], capture_output=True)
    assert caught.value.frames


def test_endless_recursion_is_stack_exhaustion(debug_program: Path) -> None:
    import pywasi_native as wasm

    # Which ends first is a matter of sizes: our stack, or the 16 MiB for C's arrays in linear memory.
    with pytest.raises(wasm.Trap, match=r"call stack exhausted|out of bounds memory access"):
        wasm.run(debug_program, ["recurse"], capture_output=True)


def test_an_endless_loop_ends_in_time(program: Path) -> None:
    import pywasi_native as wasm

    start = time.monotonic()
    with pytest.raises(wasm.Timeout) as caught:
        wasm.run(program, ["loop"], capture_output=True, timeout=0.5)
    assert 0.4 < time.monotonic() - start < 20
    assert caught.value.stdout == b"looping\n"
    assert isinstance(caught.value, TimeoutError)


def test_check_raises(program: Path) -> None:
    import pywasi_native as wasm

    with pytest.raises(subprocess.CalledProcessError) as caught:
        wasm.run(program, ["exit", "9"], capture_output=True, check=True)
    assert caught.value.returncode == 9
    assert caught.value.stdout.startswith(b"buffered, must still come out\n")


def test_text_mode(program: Path) -> None:
    import pywasi_native as wasm

    done = wasm.run(program, ["cat"], input="caf\u00e9\n", text=True, capture_output=True)
    assert (done.stdout, done.stderr) == ("caf\u00e9\n", "6 bytes\n")


def test_argv_0_is_the_file_name_or_the_name_given(zig: None, tmp_path: Path) -> None:
    import pywasi_native as wasm

    source = tmp_path / "argv0.c"
    source.write_text('#include <stdio.h>\nint main(int c, char **v) { printf("%d %s", c, v[0]); }\n')
    program = tmp_path / "renamed.wasm"
    program.write_bytes(toolchain.build_command(source).read_bytes())
    assert wasm.run(program, capture_output=True).stdout == b"1 renamed.wasm"
    assert wasm.run(program, ["x"], name="other", capture_output=True).stdout == b"2 other"


def test_memory_has_a_limit(zig: None) -> None:
    import pywasi_native as wasm

    program = toolchain.build_command(PROGRAMS / "allocstress.c")
    # 16 MiB of it are the stack that zig reserves.
    done = wasm.run(program, ["6000", "1"], limits=wasm.Limits(memory="20MiB"), capture_output=True)
    assert done.returncode in range(2, 6)  # the program saw malloc fail, and said where
    assert wasm.run(program, ["6000", "1"], capture_output=True).returncode == 0


def test_programs_run_side_by_side(zig: None) -> None:
    """Each run has its own memory, files and exit code; the threads share nothing but the bytes."""
    import pywasi_native as wasm

    program = toolchain.build_command(PROGRAMS / "exprvm.c").read_bytes()

    def work(n: int) -> tuple[int, bytes]:
        text = f"i = 0\nwhile i < 3000\n  i = i + 1\n  s = s + i * {n}\nend\nprint s\nprint 1 / ({n} % 3)\n"
        done = wasm.run(program, input=text.encode(), capture_output=True, timeout=60)
        return done.returncode, done.stdout.split(b"\n")[0]

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(work, range(24)))
    assert results == [(0 if n % 3 else 3, str(4501500 * n).encode()) for n in range(24)]


def test_a_program_from_a_file_object_and_from_bytes(program: Path) -> None:
    import pywasi_native as wasm

    with program.open("rb") as stream:
        assert wasm.run(stream, ["return", "3"]).returncode == 3
    assert wasm.run(program.read_bytes(), ["return", "4"]).returncode == 4
    assert wasm.run(memoryview(program.read_bytes()), ["return", "5"]).returncode == 5
