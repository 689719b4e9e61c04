"""The examples: what a reader will copy has to run, to build, and to install."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
from benchmarks import toolchain

import locate

EXAMPLES = locate.ROOT / "examples"
HELLO = EXAMPLES / "hello"
TEXTSTATS = EXAMPLES / "textstats"
ZIPSLIP = EXAMPLES / "zipslip"
MODULES = [
    HELLO / "hello.wasm",
    HELLO / "shapes/_shapes.wasm",
    TEXTSTATS / "src/textstats/_core.wasm",
    ZIPSLIP / "unzip.wasm",
]


def run_python(*args: str, cwd: Path, path: Path | None = None, timeout: float = 120) -> str:
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    if path:
        env["PYTHONPATH"] = str(path)
    done = subprocess.run(
        [sys.executable, *args],
        check=False,
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_hello_runs(tmp_path: Path) -> None:
    assert run_python(str(HELLO / "main.py"), cwd=tmp_path).splitlines() == [
        "Hello, world!",
        "poem.txt has 2 lines and 64 characters.",
        "/etc/passwd: out of reach",
        "A circle of radius 2 has the area 12.566371.",
        "A triangle with the sides 3, 4, 5 has the area 6.",
        "The greatest common divisor of 1071 and 462 is 21.",
    ]


def test_zipslip_runs(tmp_path: Path) -> None:
    lines = run_python(str(ZIPSLIP / "zipslip.py"), cwd=tmp_path).splitlines()
    assert lines[0].startswith("native: ")
    assert lines[-1] == "wasm: written outside of the folder: nothing"
    assert any("'../../dots.txt'" in line and line.startswith("WARNING unzip.wasm: ") for line in lines)


@pytest.mark.parametrize("place", [HELLO, TEXTSTATS / "src", ZIPSLIP], ids=["hello", "textstats", "zipslip"])
def test_the_examples_are_typed(place: Path, tmp_path: Path) -> None:
    """As mypy sees them where the wheel is installed: the stubs beside the modules are found and right."""
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("mypy is in the dev extra, not in the test extra")
    sources = [str(path) for path in sorted(place.rglob("*.py"))]
    out = run_python("-m", "mypy", "--strict", "--cache-dir", str(tmp_path), *sources, cwd=place)
    assert "Success" in out


def load_script(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "script",
    [HELLO / "build_hello.py", TEXTSTATS / "build_wasm.py", ZIPSLIP / "build_zipslip.py"],
    ids=lambda p: p.stem,
)
def test_the_committed_modules_are_what_the_scripts_build(
    zig: None, script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "somewhere" / "else"
    shutil.copytree(script.parent, copy)
    for module in copy.rglob("*.wasm"):
        module.unlink()
    for name, value in toolchain.zig_environment().items():
        monkeypatch.setenv(name, value)
    built_with = load_script(script).BUILT_WITH
    run_python(str(copy / script.name), cwd=tmp_path, timeout=600)
    committed = {m.relative_to(script.parent): m.read_bytes() for m in script.parent.rglob("*.wasm")}
    rebuilt = {m.relative_to(copy): m.read_bytes() for m in copy.rglob("*.wasm")}
    assert committed.keys() == rebuilt.keys()
    if toolchain.zig_version() != built_with:
        pytest.skip(f"built; the bytes are compared with ziglang {built_with} only")
    assert committed == rebuilt


def test_the_committed_modules_are_small() -> None:
    assert all(module.stat().st_size < 64 * 1024 for module in MODULES)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's wheel, built as its user would build it (the backend comes from PyPI)."""
    folder = tmp_path_factory.mktemp("textstats")
    shutil.copytree(TEXTSTATS, folder / "source")
    run_python("-m", "pip", "wheel", "-q", "--no-deps", "-w", "out", "./source", cwd=folder, timeout=300)
    (built,) = (folder / "out").iterdir()
    return built


def test_the_wheel_is_for_every_platform(wheel: Path) -> None:
    assert wheel.name == "textstats-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = archive.read("textstats-1.0.dist-info/WHEEL").decode()
    assert {f"textstats/{name}" for name in ("__init__.py", "_core.wasm", "_core.pyi", "py.typed")} <= names
    assert "Root-Is-Purelib: true" in metadata


USE = """\
import pywasi_native, textstats
assert textstats.__file__.startswith({site!r}), textstats.__file__
assert textstats.gcd(1071, 462) == 21
assert textstats.gcd is textstats._core.gcd
assert textstats.count_words("  one two\\tthree\\n") == 3 and textstats.count_words("") == 0
assert textstats.distance("kitten", "sitting") == 3
assert textstats.distance("", "caf\u00e9") == 5
assert textstats.entropy("aabb") == 1.0 and textstats.entropy("") == 0.0
before = textstats._core.memory.size
for _ in range(1000):
    textstats.count_words("word " * 1000)
assert textstats._core.memory.size <= before + 65536, "memory leaks"
print("used", pywasi_native.__name__)
"""


def test_the_wheel_installs_and_imports_beside_ours(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    run_python("-m", "pip", "install", "-q", "--no-deps", "--target", str(site), str(wheel), cwd=tmp_path)
    out = run_python("-c", USE.format(site=str(site)), cwd=tmp_path, path=site)
    assert out == "used pywasi_native\n"


def test_the_wheel_works_from_a_zip(wheel: Path, tmp_path: Path) -> None:
    assert "used" in run_python("-c", USE.format(site=str(wheel)), cwd=tmp_path, path=wheel)
