"""``import`` of .wasm files: packages, zips, reload, spawn, pickle, the global mode."""

from __future__ import annotations

import importlib
import inspect
import os
import pickle
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import pywasi_native as wasm
import wasm_bytes
from pywasi_native.machinery import WASM_SUFFIXES, WasmExtensionFileLoader, WasmFinder


def core() -> bytes:
    m = wasm_bytes.Module()
    m.func("local.get 0; local.get 1; i32.add", "i32 i32", "i32", export="add")
    m.func("i32.const 1", results="i32", export="odd-name")
    m.func("i32.const 2", results="i32", export="_hidden")
    m.func("i32.const 3", results="i32", export="__name__")
    m.func("global.get 0; i32.const 1; i32.add; global.set 0", export="count")
    m.global_("i32", "i32.const 0", mutable=True, export="counter")
    m.memory(1)
    return m.bytes()


PACKAGE = {
    "hooked/__init__.py": "import pywasi_native\npywasi_native.install(__name__)\nfrom ._core import add\n",
    "hooked/_core.wasm": core(),
    "hooked/sub/__init__.py": "",
    "hooked/sub/inner.wasm": core(),
    "unhooked/__init__.py": "",
    "unhooked/_core.wasm": core(),
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on sys.path with two packages; the hook is taken back afterwards."""
    for name, content in PACKAGE.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for scope in ("hooked", "unhooked", None):
        wasm.uninstall(scope)
    for name in [n for n in sys.modules if n.partition(".")[0] in ("hooked", "unhooked", "alone")]:
        del sys.modules[name]


def run_python(
    code: str, *args: str, cwd: Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return run_script(*args, "-c", textwrap.dedent(code), cwd=cwd, env=env)


def run_script(*words: str, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], check=False, capture_output=True, text=True, timeout=120, cwd=cwd,
        stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})},
    )  # fmt: skip


def test_a_package_imports_its_module(package: Path) -> None:
    import hooked  # type: ignore[import-not-found]

    assert hooked.add(2, 3) == 5
    module = hooked._core
    assert isinstance(module.__wasm__, wasm.Instance)
    assert module.add is module.__wasm__.add  # no wrapper in between
    assert module.__all__ == ["add", "count", "counter", "memory"]
    assert module._hidden() == 2
    assert not hasattr(module, "odd-name")
    assert module.__wasm__["odd-name"]() == 1
    assert module.__name__ == "hooked._core"
    assert module.__wasm__["__name__"]() == 3
    assert module.__file__ == str(package / "hooked" / "_core.wasm")
    assert module.__spec__.origin == module.__file__
    assert module.__spec__.has_location
    assert module.__package__ == "hooked"
    assert "add: (func (param i32 i32) (result i32))" in module.__doc__
    assert module.add.__doc__ == "add (func (param i32 i32) (result i32))"
    assert module.add.__module__ == "hooked._core"
    assert str(inspect.signature(module.add)) == "(p0: int, p1: int, /) -> int"


def test_modules_of_subpackages_are_found(package: Path) -> None:
    import hooked

    inner = importlib.import_module("hooked.sub.inner")
    assert inner.add(1, 1) == 2
    assert inner.__wasm__.store is not hooked._core.__wasm__.store


def test_other_packages_are_not_touched(package: Path) -> None:
    import hooked  # noqa: F401

    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("unhooked._core")


def test_install_is_idempotent_and_uninstall_takes_it_back(package: Path) -> None:
    before = [finder for finder in sys.meta_path if isinstance(finder, WasmFinder)]
    for _ in range(3):
        wasm.install("unhooked")
    finders = [finder for finder in sys.meta_path if isinstance(finder, WasmFinder)]
    assert len(finders) == 1
    assert importlib.import_module("unhooked._core").add(1, 2) == 3
    del sys.modules["unhooked._core"]
    wasm.uninstall("unhooked")
    wasm.uninstall("unhooked")
    assert [finder for finder in sys.meta_path if isinstance(finder, WasmFinder)] == before
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("unhooked._core")


def test_reload_gives_a_new_instance(package: Path) -> None:
    import hooked

    module = hooked._core
    old = module.__wasm__
    module.count()
    assert module.counter.value == 1
    again = importlib.reload(module)
    assert again is module
    assert module.__wasm__ is not old
    assert module.counter.value == 0
    assert old.counter.value == 1
    (package / "hooked" / "_core.wasm").write_bytes(wasm_bytes.fib())
    importlib.reload(module)
    assert module.fib(10) == 55
    assert not hasattr(module, "counter")


def test_a_zip(tmp_path: Path) -> None:
    archive = tmp_path / "app.zip"
    with zipfile.ZipFile(archive, "w") as out:
        for name, content in PACKAGE.items():
            out.writestr(name, content)
    code = """
        import sys; sys.path.insert(0, "app.zip")
        import hooked, importlib
        assert hooked.add(2, 3) == 5
        assert importlib.import_module("hooked.sub.inner").add(1, 1) == 2
        assert "app.zip" in hooked._core.__file__
        importlib.reload(hooked._core)
        loader = hooked._core.__spec__.loader
        assert loader.get_data(loader.path)[:4] == b"\\0asm"
    """
    done = run_python(code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_modules_and_functions_pickle_by_name(package: Path) -> None:
    import hooked

    assert pickle.loads(pickle.dumps(hooked._core)) is hooked._core
    assert pickle.loads(pickle.dumps(hooked.add)) is hooked.add


def test_spawn(package: Path) -> None:
    (package / "main.py").write_text(
        "import multiprocessing, hooked\n"
        "if __name__ == '__main__':\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "        print(pool.starmap(hooked.add, [(1, 2), (3, 4)]))\n"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(package), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(
        [sys.executable, "main.py"], check=False, cwd=package, capture_output=True, text=True, timeout=120,
        stdin=subprocess.DEVNULL, env=env,
    )  # fmt: skip
    assert done.stdout == "[3, 7]\n", done.stderr


def test_the_switch(package: Path) -> None:
    done = run_python("import hooked", cwd=package, env={"PYWASI_IMPORT": "0"})
    assert "No module named 'hooked._core'" in done.stderr
    done = run_python("import hooked; print(hooked.add(1, 1))", cwd=package, env={"PYWASI_IMPORT": "1"})
    assert done.stdout == "2\n", done.stderr


def test_python_files_win(package: Path) -> None:
    (package / "hooked" / "_core.py").write_text("def add(a, b): return 'python'\n")
    import hooked

    assert hooked.add(1, 2) == "python"


def test_the_global_mode(package: Path, tmp_path: Path) -> None:
    (package / "alone.wasm").write_bytes(core())
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("alone")
    wasm.install()
    module = importlib.import_module("alone")
    assert module.add(1, 2) == 3
    assert module.__file__ == str(package / "alone.wasm")


def test_the_global_mode_does_not_look_into_the_current_directory(tmp_path: Path) -> None:
    (tmp_path / "alone.wasm").write_bytes(core())
    code = "import pywasi_native; pywasi_native.install(); import alone"
    for path in ("", ".", str(tmp_path)):
        done = run_python(f"import sys; sys.path.insert(0, {path!r}); {code}", cwd=tmp_path)
        assert "No module named 'alone'" in done.stderr
    asked = run_python(f"import sys; sys.ps1 = '>>> '; {code}; print(alone.add(1, 2))", cwd=tmp_path)
    assert asked.stdout == "3\n", asked.stderr


def test_the_global_mode_looks_into_zips(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "app.zip", "w") as out:
        out.writestr("alone.wasm", core())
    code = "import sys; sys.path.insert(0, 'app.zip'); import pywasi_native; pywasi_native.install()"
    done = run_python(f"{code}; import alone; print(alone.add(1, 2))", cwd=tmp_path)
    assert done.stdout == "3\n", done.stderr


def test_what_install_refuses() -> None:
    with pytest.raises(ValueError, match="the script has no package"):
        wasm.install("__main__")
    with pytest.raises(TypeError, match="name must be that of a package"):
        wasm.install(3)  # type: ignore[arg-type]


def test_imports_and_grants_of_a_package(package: Path) -> None:
    m = wasm_bytes.Module()
    m.import_func("env", "double", "i32", "i32")
    m.import_func("wasi_snapshot_preview1", "args_sizes_get", "i32 i32", "i32")
    m.memory(1)
    m.func("local.get 0; call 0", "i32", "i32", export="run")
    m.func("i32.const 0; i32.const 4; call 1; drop; i32.const 0; i32.load 2 0", results="i32", export="argc")
    (package / "unhooked" / "_core.wasm").write_bytes(m.bytes())
    wasm.install("unhooked", imports={"env": {"double": lambda x: x * 2}}, wasi=wasm.Wasi(args=["a", "b"]))
    module = importlib.import_module("unhooked._core")
    assert (module.run(21), module.argc()) == (42, 2)


def test_without_grants_wasi_is_there_and_gives_nothing(package: Path) -> None:
    m = wasm_bytes.Module()
    m.import_func("wasi_snapshot_preview1", "args_sizes_get", "i32 i32", "i32")
    m.memory(1)
    m.func("i32.const 0; i32.const 4; call 0; drop; i32.const 0; i32.load 2 0", results="i32", export="argc")
    (package / "hooked" / "_core.wasm").write_bytes(m.bytes())
    (package / "hooked" / "__init__.py").write_text("import pywasi_native\npywasi_native.install(__name__)\n")
    assert importlib.import_module("hooked._core").argc() == 0


def test_an_error_names_the_file_and_leaves_no_module(package: Path) -> None:
    (package / "hooked" / "_core.wasm").write_bytes(b"\0asm")
    with pytest.raises(wasm.MalformedError):
        importlib.import_module("hooked")
    assert "hooked._core" not in sys.modules


# ---- the loader as importlib knows loaders ----


def test_the_loader_has_the_methods_of_the_native_one(package: Path) -> None:
    path = str(package / "unhooked" / "_core.wasm")
    loader = WasmExtensionFileLoader("unhooked._core", path)
    native = importlib.machinery.ExtensionFileLoader
    public = [n for n in vars(native) if not n.startswith("_")]
    assert [n for n in public if not hasattr(loader, n)] == []
    assert loader.get_filename("unhooked._core") == path
    assert loader.is_package("unhooked._core") is False
    assert WasmExtensionFileLoader("x", "/y/__init__.wasm").is_package("x") is True
    assert loader.get_source("unhooked._core") is None
    assert loader.get_code("unhooked._core") is None
    assert loader.get_data(path) == core()
    assert loader == WasmExtensionFileLoader("unhooked._core", path)
    assert hash(loader) == hash(WasmExtensionFileLoader("unhooked._core", path))
    assert loader != WasmExtensionFileLoader("other", path)
    assert WASM_SUFFIXES == [".wasm"]


def test_the_loader_by_hand(package: Path) -> None:
    path = str(package / "unhooked" / "_core.wasm")
    spec = importlib.util.spec_from_loader("by_hand", WasmExtensionFileLoader("by_hand", path))
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    assert isinstance(module, ModuleType)
    assert spec.loader is not None
    spec.loader.exec_module(module)
    assert module.add(4, 5) == 9
