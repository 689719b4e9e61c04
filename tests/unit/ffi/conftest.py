"""The sample library, for the host and as wasm; a test that takes `lib` runs on both, alike."""

from __future__ import annotations

import ctypes
import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from c_sources import compile_c

import locate

SOURCE = Path(__file__).with_name("sample.c")
_WASM = (
    "-target", "wasm32-wasi", "-mexec-model=reactor", "-Wl,--export-dynamic",
    "-Wl,--export=malloc,--export=free",
    "-Wl,--export=errno", "-Wl,--export-table", "-Wl,--growable-table",
)  # fmt: skip
_NATIVE = ("-shared",) if sys.platform == "win32" else ("-shared", "-fPIC")


@pytest.fixture(scope="session")
def zig() -> None:
    """Skips where `ziglang` is not installed (fails with CI=true)."""
    if importlib.util.find_spec("ziglang") is None:
        locate.missing("The sources are compiled by zig: pip install ziglang")


@pytest.fixture(scope="session")
def built(zig: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The files of the sample library."""
    folder = tmp_path_factory.mktemp("ffi")
    files = {"wasm": folder / "sample.wasm", "native": folder / ("sample" + _suffix())}
    compile_c(SOURCE, files["wasm"], *_WASM)
    compile_c(SOURCE, files["native"], *_NATIVE)
    return files


def _suffix() -> str:
    return {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")


@pytest.fixture(scope="session")
def wasm_file(built: dict[str, Path]) -> Path:
    """The sample library as wasm."""
    return built["wasm"]


@pytest.fixture
def library(wasm_file: Path) -> Any:
    """The sample library in `pywasi_native.ffi.CDLL`."""
    from pywasi_native import ffi

    return ffi.CDLL(wasm_file, use_errno=True)


@pytest.fixture(params=["native", "wasm", "plain"])
def world(request: pytest.FixtureRequest, built: dict[str, Path]) -> SimpleNamespace:
    """`ct`, the module that a user imports as ctypes, and `lib`, the library that it has loaded.

    "plain" is the wasm library with the types and functions of ctypes itself.
    """
    if request.param == "native":
        lib = ctypes.CDLL(str(built["native"]), use_errno=True)
        return SimpleNamespace(
            ct=ctypes, lib=lib, plain=False, in_dll=lambda kind, name: kind.in_dll(lib, name)
        )
    from pywasi_native import ffi

    plain = request.param == "plain"
    guest = ffi.CDLL(built["wasm"], use_errno=True, long_size=4 if plain else None)
    if plain:
        return SimpleNamespace(ct=ctypes, lib=guest, plain=True, in_dll=guest.in_dll)
    return SimpleNamespace(ct=ffi, lib=guest, plain=False, in_dll=guest.in_dll)


@pytest.fixture
def lib(world: SimpleNamespace) -> Any:
    """The library of `world`."""
    return world.lib


@pytest.fixture
def ct(world: SimpleNamespace) -> Any:
    """The ctypes of `world`."""
    return world.ct


@pytest.fixture
def in_dll(world: SimpleNamespace) -> Any:
    """A variable of the library: ``in_dll(type, name)``."""
    return world.in_dll
