"""Runs a program natively and as wasm, and describes what either left behind.

The engine is ours. `PYWASI_REAL_ENGINE=wasmtime` puts wasmtime (PyPI) in its place: a test that fails
with both has a wrong expectation, one that fails with ours alone has found a bug. Three things wasmtime 50
does not do and we must, so these tests fail with it: a writev or readv of several buffers in one go
(test_files), names that survive removal while a folder is read (test_many_entries), `rmdir d/`.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TIMEOUT = 60.0
ENGINE = os.environ.get("PYWASI_REAL_ENGINE", "pywasi")


@dataclass(frozen=True)
class Outcome:
    """What a program printed, how it ended, and the trap that ended it, if one did."""

    code: int
    stdout: bytes
    stderr: bytes
    trap: str | None = None


def run_native(
    program: Path, args: Sequence[str], *, cwd: Path, stdin: bytes = b"", env: Mapping[str, str] | None = None
) -> Outcome:
    """Runs a native program with exactly the environment given."""
    done = subprocess.run(
        [str(program), *args],
        check=False,
        cwd=cwd,
        input=stdin,
        env=dict(env or {}),
        capture_output=True,
        timeout=TIMEOUT,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def run_wasm(
    program: Path,
    args: Sequence[str],
    *,
    folder: Path | None = None,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
) -> Outcome:
    """Runs a WASI program; `folder` is its current directory, with all rights, and all that it sees."""
    run = {"pywasi": _run_pywasi, "wasmtime": _run_wasmtime}[ENGINE]
    return run(program, args, folder, stdin, dict(env or {}))


def _run_pywasi(
    program: Path, args: Sequence[str], folder: Path | None, stdin: bytes, env: dict[str, str]
) -> Outcome:
    import pywasi_native as wasm

    dirs = {".": wasm.rw(folder)} if folder else {}
    try:
        done = wasm.run(
            program, list(args), dirs=dirs, input=stdin, env=env, capture_output=True, timeout=TIMEOUT
        )
    except wasm.Trap as trap:
        return Outcome(-1, b"", b"", str(trap))
    return Outcome(done.returncode, done.stdout, done.stderr)


def _run_wasmtime(
    program: Path, args: Sequence[str], folder: Path | None, stdin: bytes, env: dict[str, str]
) -> Outcome:
    import wasmtime

    with tempfile.TemporaryDirectory() as scratch:
        files = {name: Path(scratch) / name for name in ("stdin", "stdout", "stderr")}
        files["stdin"].write_bytes(stdin)
        config = wasmtime.WasiConfig()
        config.argv = [program.name, *args]
        config.env = list(env.items())
        config.stdin_file = str(files["stdin"])
        config.stdout_file = str(files["stdout"])
        config.stderr_file = str(files["stderr"])
        if folder:
            config.preopen_dir(str(folder), ".")
        code, trap = _start_wasmtime(program, config)
        return Outcome(code, files["stdout"].read_bytes(), files["stderr"].read_bytes(), trap)


def _start_wasmtime(program: Path, config: Any) -> tuple[int, str | None]:
    import wasmtime

    engine = wasmtime.Engine()
    store = wasmtime.Store(engine)
    store.set_wasi(config)
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    instance = linker.instantiate(store, wasmtime.Module.from_file(engine, str(program)))
    start: Any = instance.exports(store)["_start"]
    try:
        start(store)
    except wasmtime.ExitTrap as exit_trap:
        return exit_trap.code, None
    except wasmtime.Trap as trap:
        return -1, trap.message
    return 0, None


def snapshot(folder: Path) -> dict[str, tuple[str, bytes]]:
    """Every entry below a folder: its kind and its content (target of a link, bytes of a file)."""
    found = {}
    for entry in sorted(folder.rglob("*")):
        name = entry.relative_to(folder).as_posix()
        if entry.is_symlink():
            found[name] = ("link", os.fsencode(entry.readlink()))
        elif entry.is_dir():
            found[name] = ("dir", b"")
        else:
            found[name] = ("file", entry.read_bytes())
    return found
