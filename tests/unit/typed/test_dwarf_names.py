"""Names of parameters from the debug information of modules, and stubs made with them."""

from __future__ import annotations

import ast
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import pywasi_native as wasm
from pywasi_native import dwarf_names, stubgen

PROGRAMS = Path(__file__).parent / "programs"
EXPORTED = ("sum_f64", "visit_all", "counter_open", "point_add", "sort_i32")


@pytest.fixture(scope="session", params=["4", "5"])
def debug_module(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, compiled: Callable[..., bytes]
) -> wasm.Module:
    """forms.c with debug information of a version."""
    output = tmp_path_factory.mktemp("dwarf") / f"dwarf{request.param}.wasm"
    flags = [f"-Wl,--export={name}" for name in EXPORTED]
    return wasm.compile(compiled(PROGRAMS / "forms.c", output, "-g", f"-gdwarf-{request.param}", *flags))


def test_parameters_have_the_names_of_the_source(debug_module: wasm.Module) -> None:
    found = dwarf_names.declared_functions(debug_module.custom_sections)
    assert {name: found[name].text for name in EXPORTED} == {
        "sum_f64": "double sum_f64(const double *x, size_t n)",
        "visit_all": "int visit_all(visitor v, void *user)",
        "counter_open": "int counter_open(const char *name, counter **out)",
        "point_add": "point point_add(point a, const point *b)",
        "sort_i32": "void sort_i32(int32_t *x, size_t n, int (*less)(const int32_t *, const int32_t *))",
    }
    assert found["sum_f64"].params == ("x", "n")


def test_stubs_have_them(debug_module: wasm.Module) -> None:
    text = stubgen.stub(debug_module, "forms.wasm")
    functions = {item.name: item for item in ast.parse(text).body if isinstance(item, ast.FunctionDef)}
    assert ast.unparse(functions["sum_f64"].args) == "x: int, n: int, /"
    assert ast.get_docstring(functions["sum_f64"]) == "double sum_f64(const double *x, size_t n)"
    # The place of its result is a parameter in wasm and none in C.
    assert ast.unparse(functions["point_add"].args) == "p0: int, p1: int, p2: int, /"
    assert functions["sum_f64"].returns is not None


def test_what_cannot_be_read_gives_no_names(debug_module: wasm.Module) -> None:
    """Cut, and with bytes changed: there is an answer, and soon."""
    sections = dict(debug_module.custom_sections)
    rng = random.Random(7)
    begun = time.monotonic()
    for name in (".debug_info", ".debug_abbrev"):
        whole = sections[name][:20_000] if name == ".debug_info" else sections[name]
        for _ in range(60):
            broken = bytearray(whole[: rng.randrange(len(whole))])
            for _ in range(8):
                if broken:
                    broken[rng.randrange(len(broken))] = rng.randrange(256)
            found = dwarf_names.declared_functions({**sections, name: bytes(broken)}.items())
            assert all(len(item.text) < 100_000 for item in found.values())
    assert time.monotonic() - begun < 60
    assert dwarf_names.declared_functions([]) == {}


def test_types_that_go_in_circles_end() -> None:
    # Abbreviations: 1 the unit, 2 a function (name, type), 3 a pointer (type), 4 a parameter (type).
    abbrev = bytes.fromhex(
        "01 11 01 00 0002 2e 01 03 08 49 13 00 0003 0f 00 49 13 00 0004 05 00 49 13 00 0000"
    )
    pointer = 11 + 14  # the entry behind the function
    body = b"\x01\x02f\0" + pointer.to_bytes(4, "little") + b"\x04" + pointer.to_bytes(4, "little") + b"\0"
    body += b"\x03" + (11 + len(body)).to_bytes(4, "little") + b"\0"
    head = (7 + len(body)).to_bytes(4, "little") + b"\4\0" + bytes(4) + b"\4"
    found = dwarf_names.declared_functions([(".debug_info", head + body), (".debug_abbrev", abbrev)])
    assert found["f"].text.startswith("? **")
    assert len(found["f"].text) < 200


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pywasi_native", "stubs", *words],
        check=False, capture_output=True, text=True, cwd=folder, timeout=60,
    )  # fmt: skip


def test_the_command_takes_names_from_a_header(tmp_path: Path, forms_bytes: bytes) -> None:
    (tmp_path / "forms.wasm").write_bytes(forms_bytes)
    (tmp_path / "forms.h").write_bytes((PROGRAMS / "forms.h").read_bytes())
    done = run(tmp_path, "forms.wasm", "--header", "forms.h")
    assert (done.returncode, done.stderr) == (0, "")
    text = (tmp_path / "forms.pyi").read_text(encoding="utf-8")
    functions = {item.name: item for item in ast.parse(text).body if isinstance(item, ast.FunctionDef)}
    assert ast.unparse(functions["sum_f64"].args) == "x: int, n: int, /"
    assert ast.get_docstring(functions["sum_f64"]) == (
        "double sum_f64(const double *x, size_t n)\n\nSum of the numbers."
    )
    done = run(tmp_path, "forms.wasm", "--header", "forms.h", "--typed", "-o", "-")
    assert "def sum_f64(x: Buffer | Sequence[float] | None) -> float:" in done.stdout
    assert "not_exported" not in done.stdout


def test_the_command_says_what_is_wrong(tmp_path: Path, forms_bytes: bytes) -> None:
    (tmp_path / "forms.wasm").write_bytes(forms_bytes)
    (tmp_path / "bad.h").write_text("int f(int x;\n", encoding="utf-8")
    done = run(tmp_path, "forms.wasm", "--header", "bad.h")
    assert done.returncode != 0
    assert "bad.h:1:" in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2
    assert not (tmp_path / "forms.pyi").exists()
    done = run(tmp_path, "forms.wasm", "--typed")
    assert "--typed needs --header" in done.stderr
    done = run(tmp_path, "forms.wasm", "--header", "none.h")
    assert "none.h" in done.stderr
