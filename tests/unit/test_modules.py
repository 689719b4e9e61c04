"""Modules: where they come from, what they tell, pickling, features, types as text."""

from __future__ import annotations

import gc
import importlib.util
import io
import os
import pickle
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

import pywasi_native as wasm
import wasm_bytes

DATA = wasm_bytes.numbers()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "numbers.wasm"
    path.write_bytes(DATA)
    return path


def test_sources(file: Path) -> None:
    archive = zipfile.ZipFile(io.BytesIO(), "w")
    archive.writestr("inside.wasm", DATA)
    sources = [
        str(file),
        file,
        DATA,
        bytearray(DATA),
        memoryview(DATA),
        memoryview(DATA)[::1],
        io.BytesIO(DATA),
        zipfile.Path(archive, "inside.wasm"),
    ]
    for source in sources:
        assert wasm.load(source).add(1, 2) == 3
    with file.open("rb") as opened:
        assert wasm.load(opened).add(1, 2) == 3


def test_bytes_are_copied() -> None:
    data = bytearray(DATA)
    module = wasm.compile(data)
    data[:] = bytes(len(data))
    assert module.instantiate().add(1, 2) == 3


def test_wrong_sources(file: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        wasm.load(tmp_path / "absent.wasm")
    with pytest.raises(TypeError, match="not from int"):
        wasm.load(3)  # type: ignore[arg-type]
    with (
        file.open("r", encoding="latin-1") as opened,
        pytest.raises(TypeError, match="open it in binary mode"),
    ):
        wasm.load(opened)  # type: ignore[arg-type]


def test_imports_and_exports_as_text() -> None:
    m = wasm_bytes.Module()
    m.import_func("env", 'a "b"\n', "i32 i64", "f64")
    m.import_memory("env", "mem", 1, 16)
    m.import_table("env", "t", "externref", 10)
    m.import_global("env", "g", "f32", mutable=True)
    m.func(export="f")
    m.export("g2", 3, 0)
    module = wasm.compile(m.bytes())
    assert [str(item) for item in module.imports] == [
        r'(import "env" "a \"b\"\u{a}" (func (param i32 i64) (result f64)))',
        '(import "env" "mem" (memory 1 16))',
        '(import "env" "t" (table 10 externref))',
        '(import "env" "g" (global (mut f32)))',
    ]
    assert [str(item) for item in module.exports] == [
        '(export "f" (func))',
        '(export "g2" (global (mut f32)))',
    ]
    assert module.imports[0] == wasm.ImportType("env", 'a "b"\n', wasm.FuncType(["i32", "i64"], ["f64"]))
    assert module.exports[0].type == wasm.FuncType()


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        (wasm.FuncType(), "(func)"),
        (wasm.FuncType(["i32", "i64"], ["f64"]), "(func (param i32 i64) (result f64))"),
        (wasm.FuncType(["v128", "(ref null 3)"]), "(func (param v128 (ref null 3)))"),
        (wasm.FuncType([], ["funcref", "exnref"]), "(func (result funcref exnref))"),
        (wasm.MemoryType(1, 16, shared=True), "(memory 1 16 shared)"),
        (wasm.MemoryType(0), "(memory 0)"),
        (wasm.MemoryType(1, address="i64"), "(memory i64 1)"),
        (wasm.MemoryType(1, page_size=1), "(memory 1 (pagesize 1))"),
        (wasm.TableType("funcref", 10), "(table 10 funcref)"),
        (wasm.TableType("externref", 1, 2, "i64"), "(table i64 1 2 externref)"),
        (wasm.GlobalType("i32"), "(global i32)"),
        (wasm.GlobalType("i64", mutable=True), "(global (mut i64))"),
        (wasm.TagType(["i32"]), "(tag (param i32))"),
    ],
)
def test_types_print_as_in_the_text_format_and_are_values(type_: object, text: str) -> None:
    assert str(type_) == text
    copy = pickle.loads(pickle.dumps(type_))
    assert copy == type_
    assert hash(copy) == hash(type_)
    assert eval(repr(type_), vars(wasm)) == type_
    with pytest.raises(AttributeError, match="immutable"):
        type_.anything = 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "make",
    [
        lambda: wasm.FuncType(["int"]),
        lambda: wasm.MemoryType(-1),
        lambda: wasm.MemoryType(2, 1),
        lambda: wasm.MemoryType(1, page_size=3),
        lambda: wasm.MemoryType(1, address="i16"),
        lambda: wasm.TableType("i32"),
        lambda: wasm.TableType("funcref", 1 << 64),
    ],
)
def test_bad_types_are_value_errors(make: object) -> None:
    with pytest.raises(ValueError):
        make()  # type: ignore[operator]


@pytest.mark.parametrize(
    "make", [lambda: wasm.FuncType("i32"), lambda: wasm.FuncType([3]), lambda: wasm.MemoryType("1")]
)
def test_types_of_wrong_things_are_type_errors(make: object) -> None:
    with pytest.raises(TypeError):
        make()  # type: ignore[operator]


def test_names_and_sections(file: Path) -> None:
    m = wasm_bytes.Module()
    m.custom("mine", b"\1\2")
    m.custom("mine", b"")
    assert wasm.compile(m.bytes()).custom_sections == (("mine", b"\1\2"), ("mine", b""))
    assert wasm.compile(m.bytes()).to_bytes() == m.bytes()
    assert wasm.compile(file).name == "numbers.wasm"
    assert repr(wasm.compile(file)) == "<wasm module 'numbers.wasm'>"
    named = m.bytes() + wasm_bytes.section(0, b"\4name\0\4\3abc")
    assert wasm.compile(named).name == "abc"


def test_pickle_in_another_process(tmp_path: Path) -> None:
    path = tmp_path / "module.pickle"
    path.write_bytes(pickle.dumps(wasm.compile(DATA)))
    code = "import pickle, sys; print(pickle.load(open(sys.argv[1], 'rb')).instantiate().add(20, 22))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    assert done.stdout == "42\n"


def test_a_module_is_shared_by_threads() -> None:
    module = wasm.compile(DATA)
    results: list[int] = []
    threads = [
        threading.Thread(target=lambda i=i: results.append(module.instantiate().add(i, 1))) for i in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(results) == list(range(1, 17))


def test_an_instance_keeps_its_module() -> None:
    add = wasm.compile(DATA).instantiate().add
    gc.collect()
    assert add(1, 1) == 2


def test_features() -> None:
    module = wasm.compile(DATA)  # several results: multi-value; externref and funcref: reference types
    assert {"multi-value", "reference-types"} <= set(module.features)
    with pytest.raises((wasm.ValidationError, wasm.MalformedError)):
        wasm.compile(DATA, features=["mutable-globals"])
    assert wasm.compile(DATA, features=module.features).instantiate().add(1, 2) == 3
    assert wasm.compile(b"\0asm\x01\0\0\0", features=[]).features == ()
    with pytest.raises(ValueError, match="'sims' is no WebAssembly feature"):
        wasm.compile(DATA, features=["sims"])
    with pytest.raises(TypeError, match="a collection of names"):
        wasm.compile(DATA, features="simd")


def test_tiers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert wasm.load(DATA, tier="interpreter").add(1, 2) == 3
    with pytest.raises(ValueError, match="'jit' is no tier"):
        wasm.compile(DATA, tier="jit")
    monkeypatch.setenv("PYWASI_TIER", "llvm")
    with pytest.raises(ValueError, match="'llvm' is no tier"):
        wasm.compile(DATA)
    assert wasm.load(DATA, tier="interpreter").add(1, 2) == 3


def test_the_shell_can_be_chosen() -> None:
    code = "import pywasi_native.engine as e; print(e.shell())"
    for shell, expected in (("", 0), ("bogus", 1)):
        done = subprocess.run(
            [sys.executable, "-c", code],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYWASI_SHELL": shell},
        )
        assert done.returncode == expected
        assert (
            (done.stdout.strip() in ("goto", "switch", "tail")) if not expected else ("bogus" in done.stderr)
        )


def test_the_compiled_module_alone_says_what_it_is_part_of() -> None:
    found = importlib.util.find_spec("pywasi_native._native")
    assert found is not None
    code = (
        "import importlib.util as u, sys; s = u.spec_from_file_location('_native', sys.argv[1]); "
        "m = u.module_from_spec(s); s.loader.exec_module(m); m.ModuleHandle(b'', 'x')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(found.origin)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    assert "part of pywasi_native" in done.stderr
