"""Guests that are driven from Python: the fixtures of all WASI tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from wasi_trampoline import Guest, trampoline

import pywasi_native as wasm


@pytest.fixture(scope="session")
def trampoline_module() -> wasm.Module:
    """The trampoline, compiled."""
    return wasm.compile(trampoline())


@pytest.fixture
def make_guest(trampoline_module: wasm.Module) -> Callable[..., Guest]:
    """A function that makes a guest with the grants of `Wasi`."""

    def make(limits: wasm.Limits | None = None, **grants: Any) -> Guest:
        instance = trampoline_module.instantiate(wasi=wasm.Wasi(**grants), limits=limits)
        guest = Guest(instance.exports, instance.exports["memory"])
        guest.instance = instance
        return guest

    return make


@pytest.fixture
def sandbox(tmp_path: Path) -> Path:
    """An empty directory, with another beside it that nobody grants: `out`, with a file `secret`."""
    (tmp_path / "sb").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "secret").write_bytes(b"secret")
    return tmp_path / "sb"


@pytest.fixture
def guest(make_guest: Callable[..., Guest], sandbox: Path) -> Guest:
    """A guest that may read and write in the sandbox, as descriptor 3, and read it as descriptor 4."""
    return make_guest(dirs={"/": wasm.rw(sandbox), "/ro": wasm.ro(sandbox)})
