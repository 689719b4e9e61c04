"""The adapter for the public runner: loaded and asked as that runner does it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from wasmtime import wat2wasm

import pywasi_native as wasm

FILE = Path(__file__).with_name("pywasi_adapter.py")
COMMAND = f"'{sys.executable}' -m pywasi_native"
# Reads f in descriptor 3, writes it to standard output, exits with the number of arguments and variables.
PROGRAM = r"""
(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "f")
  (data (i32.const 16) "\40\00\00\00\40\00\00\00")
  (func (export "_start")
    (if (i32.eqz (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0)
                             (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 32)))
      (then
        (drop (call $read (i32.load (i32.const 32)) (i32.const 16) (i32.const 1) (i32.const 20)))
        (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 36)))))
    (drop (call $args (i32.const 0) (i32.const 4)))
    (drop (call $environ (i32.const 8) (i32.const 12)))
    (call $exit (i32.add (i32.mul (i32.load (i32.const 0)) (i32.const 10)) (i32.load (i32.const 8))))))
"""


@pytest.fixture
def adapter(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The file as a module, with the command of this installation."""
    monkeypatch.setenv("PYWASI", COMMAND)
    spec = importlib.util.spec_from_file_location("pywasi_adapter.py", FILE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_prints_nothing_when_it_is_run() -> None:
    done = subprocess.run([sys.executable, FILE, "--version"], capture_output=True, check=True)
    assert done.stdout == done.stderr == b""


def test_it_names_the_runtime(adapter: Any) -> None:
    assert adapter.get_name() == "pywasi"
    assert adapter.get_version() == wasm.__version__
    assert adapter.get_wasi_versions() == ["wasm32-wasip1"]
    assert adapter.get_wasi_worlds() == ["wasi:cli/command"]


def test_a_command_that_is_not_there_is_the_error_that_the_runner_expects(adapter: Any) -> None:
    adapter.PYWASI = ["no-such-command"]
    with pytest.raises(FileNotFoundError):
        adapter.get_version()


@pytest.mark.parametrize("form", ["separate", "with a version", "dirs", "a world", "root", "nothing"])
def test_each_form_of_a_call_runs_the_module(adapter: Any, form: str, tmp_path: Path) -> None:
    module = tmp_path / "a b.wasm"
    module.write_bytes(wat2wasm(PROGRAM))
    files = tmp_path / "files"
    files.mkdir()
    (files / "f").write_bytes(b"here")
    args, env, dirs = ["-x", "a b"], {"K": "v=w", "EMPTY": ""}, [(files, "files")]
    given: dict[str, tuple[Any, ...]] = {
        "separate": (args, env, dirs),
        "with a version": (args, env, dirs, "wasm32-wasip1"),
        "dirs": ((args, env, dirs), [], "wasm32-wasip1"),
        "a world": ((args, env, dirs), [], "wasi:cli/command", "wasm32-wasip1"),
        "root": ((args, env, str(files)), [], "wasi:cli/command", "wasm32-wasip1"),
        "nothing": (([], {}, None), [], "wasi:cli/command", "wasm32-wasip1"),
    }
    argv = adapter.compute_argv(str(module), *given[form])
    assert all(type(word) is str for word in argv)
    done = subprocess.run(argv, capture_output=True, check=False)
    assert done.stderr == b""
    assert (done.returncode, done.stdout) == ((10, b"") if form == "nothing" else (32, b"here"))
