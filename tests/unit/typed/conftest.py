"""C programs of this folder as instances, with their headers bound."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import locate
import pywasi_native as wasm
from pywasi_native import typed

PROGRAMS = Path(__file__).parent / "programs"
sys.path.insert(0, str(Path(__file__).parents[1]))  # for wasm_bytes
LINK = ("-Wl,--export-table,--growable-table", "-Wl,--export=malloc", "-Wl,--export=free")
NOT_EXPORTED = ("not_exported",)


def zig_cc(source: Path, output: Path, *flags: str) -> bytes:
    """The reactor that zig makes of a C file."""
    if importlib.util.find_spec("ziglang") is None:
        locate.missing("The C programs are compiled by zig: pip install ziglang")
    command = [sys.executable, "-m", "ziglang", "cc", "-target", "wasm32-wasi", "-O2", "-mexec-model=reactor"]
    subprocess.run([*command, *flags, str(source), "-o", str(output)], check=True)
    return output.read_bytes()


@pytest.fixture(scope="session")
def compiled() -> Callable[..., bytes]:
    """Compiles a C file: `compiled(source, output, *flags)`."""
    return zig_cc


@pytest.fixture(scope="session")
def forms_header() -> typed.Header:
    """The declarations of forms.h."""
    return typed.parse_header((PROGRAMS / "forms.h").read_text(encoding="utf-8"), "forms.h")


@pytest.fixture(scope="session")
def forms_bytes(tmp_path_factory: pytest.TempPathFactory, forms_header: typed.Header) -> bytes:
    """forms.c with all that its header declares exported, save `not_exported`."""
    exports = [f"-Wl,--export={name}" for name in forms_header.functions if name not in NOT_EXPORTED]
    return zig_cc(PROGRAMS / "forms.c", tmp_path_factory.mktemp("forms") / "forms.wasm", *LINK, *exports)


@pytest.fixture(scope="session")
def forms_module(forms_bytes: bytes) -> wasm.Module:
    """The compiled module."""
    return wasm.compile(forms_bytes)


@pytest.fixture
def forms(forms_module: wasm.Module) -> wasm.Instance:
    """A new instance."""
    return forms_module.instantiate()


Bind = Callable[..., typed.Namespace]


@pytest.fixture
def bound(forms: wasm.Instance, forms_header: typed.Header) -> Bind:
    """Binds the header to the instance: `bound()`, or `bound(errors={...})` with rules."""

    def make(**rules: object) -> typed.Namespace:
        return typed.bind(forms, forms_header, typed.Rules(**rules))  # type: ignore[arg-type]

    return make


@pytest.fixture
def lib(bound: Bind) -> typed.Namespace:
    """The header bound without rules."""
    return bound()
