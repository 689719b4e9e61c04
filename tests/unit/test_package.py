"""The front of the package: its names, and what an import of it costs."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

import pywasi_native as wasm
from pywasi_native import _native

HEAVY = ["typing", "inspect", "dataclasses", "subprocess", "pathlib", "argparse", "json", "enum", "re"]
CONTRACT = """
    dir
    load compile validate run install uninstall Module Instance Func Memory Table Global Tag Store
    FuncType MemoryType TableType GlobalType ImportType ExportType Ref Struct Array I31 Wasi Limits
    ro rw mem PIPE INHERIT SYSTEM_CLOCK SYSTEM_RANDOM fixed_clock seeded
    WasmError MalformedError ValidationError LinkError Trap TrapKind Frame StackExhausted OutOfFuel Timeout
    Cancelled WasmException WasiExit CapabilityError
""".split()


@pytest.mark.parametrize("name", CONTRACT)
def test_the_contract_names_it(name: str) -> None:
    assert getattr(wasm, name) is not None
    assert name in wasm.__all__
    assert name in dir(wasm)


def test_all_can_be_imported() -> None:
    space: dict[str, object] = {}
    exec("from pywasi_native import *", space)
    assert set(wasm.__all__) <= set(space)


def test_every_public_name_has_a_docstring() -> None:
    for name in wasm.__all__:
        value = getattr(wasm, name)
        if callable(value):
            assert (value.__doc__ or "").strip(), name


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'pywasi_native' has no attribute 'laod'"):
        wasm.laod  # type: ignore[attr-defined]  # noqa: B018


def test_submodules_are_there_without_an_import() -> None:
    code = "import pywasi_native as w; print(w.machinery.WASM_SUFFIXES)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    assert done.stdout == "['.wasm']\n"


def test_run_is_the_function_whatever_was_imported_before() -> None:
    code = "import pywasi_native.process, pywasi_native as w; print(callable(w.run), callable(w.compile))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    assert done.stdout == "True True\n"


def test_an_import_loads_nothing_that_is_not_needed() -> None:
    code = (
        "import sys; before = set(sys.modules); import pywasi_native; "
        "print(sorted(n for n in set(sys.modules) - before if n != 'pywasi_native'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    assert done.stdout == "[]\n"


def test_loading_a_module_needs_no_heavy_imports() -> None:
    code = (
        "import sys, pywasi_native; pywasi_native.load(b'\\0asm\\1\\0\\0\\0'); "
        f"print([n for n in {HEAVY} if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {code}"],
        check=True, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    # With the limited API Cython imports it at the start, with what it imports.
    allowed = {"inspect", "enum", "re"} if ".abi3." in _native.__file__ else set()
    assert set(ast.literal_eval(done.stdout)) <= allowed
