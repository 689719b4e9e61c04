"""The adapter by which the runner of the public wasi-testsuite starts pywasi.

    ./run-tests --runtime-adapter .../tests/wasi_suite/pywasi_adapter.py

The runner imports this file, with a Python that need not have pywasi_native: the variable PYWASI names the
command (words as a shell splits them), by default `pywasi`. What the runner passes has changed over time; all
forms are understood. Run as a program it prints nothing, by which the runner knows the interface.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

PYWASI = shlex.split(os.environ.get("PYWASI", "pywasi"))


def get_name() -> str:
    """The runtime's name."""
    return "pywasi"


def get_version() -> str:
    """Its version. FileNotFoundError where there is no such command: the runner then says so."""
    shown = subprocess.run([*PYWASI, "--version"], check=True, capture_output=True, text=True).stdout
    return shown.split()[-1]


def get_wasi_versions() -> list[str]:
    """The versions of WASI, by the names of the suite's folders."""
    return ["wasm32-wasip1"]


def get_wasi_worlds() -> list[str]:
    """The kinds of programs, in the words of WASI 0.2."""
    return ["wasi:cli/command"]


def compute_argv(test_path: str, given: Any, *more: Any) -> list[str]:
    """The command that runs a module.

    `given` is (args, env, dirs) or (args, env, root), or, from older runners, args, with env and dirs in
    `more`. dirs are pairs of a path and the guest's name for it, root is the path of "/" or None. The rest of
    `more` (proposals, world, version) makes no difference here.
    """
    args, env, granted = given if isinstance(given, tuple) else (given, *more[:2])
    options = [f"--env={name}={value}" for name, value in env.items()]
    options += [f"--dir={host}::{guest}" for host, guest in _pairs(granted)]
    return [*PYWASI, "run", *options, str(test_path), *args]


def _pairs(granted: Any) -> list[tuple[Any, str]]:
    """Path and guest's name of each directory."""
    if granted is None:
        return []
    return [(granted, "/")] if isinstance(granted, (str, Path)) else list(granted)
