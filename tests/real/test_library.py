"""A C library as a wasm module inside a Python package, found by the import hook, against ctypes."""

from __future__ import annotations

import ctypes
import importlib
import itertools
import math
import random
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from benchmarks import toolchain

from real_programs import NATIVE_FLAGS, OPTIMISATIONS, PROGRAMS

EXPORTS = [
    "add",
    "mul64",
    "hypotenuse",
    "scale",
    "nothing",
    "fib",
    "next_count",
    "crc32",
    "sort_doubles",
    "mean",
    "reversed",
    "describe",
    "is_prepared",
    "apply",
    "matrix_multiply",
    "divide",
    "malloc",
    "free",
]
INIT = """\
import pywasi_native

pywasi_native.install(__name__)

from ._core import add, crc32
"""
_numbers = itertools.count()

MakePackage = Callable[..., str]


@pytest.fixture(scope="session", params=sorted(OPTIMISATIONS))
def reactor(zig: None, request: pytest.FixtureRequest) -> Path:
    return toolchain.build_reactor(PROGRAMS / "mathlib.c", EXPORTS, OPTIMISATIONS[request.param])


@pytest.fixture
def make_package(reactor: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakePackage]:
    """Makes a package with `_core.wasm` inside, in a folder or in a zip, and returns its name."""
    made = []

    def make(*, zipped: bool = False) -> str:
        name = f"real_package_{next(_numbers)}"
        made.append(name)
        if zipped:
            place = tmp_path / f"{name}.zip"
            with zipfile.ZipFile(place, "w") as archive:
                archive.writestr(f"{name}/__init__.py", INIT)
                archive.write(reactor, f"{name}/_core.wasm")
        else:
            place = tmp_path
            (place / name).mkdir()
            (place / name / "__init__.py").write_text(INIT)
            (place / name / "_core.wasm").write_bytes(reactor.read_bytes())
        monkeypatch.syspath_prepend(str(place))
        return name

    yield make
    for module in [m for m in sys.modules if m.split(".")[0] in made]:
        del sys.modules[module]


@pytest.fixture
def core(make_package: MakePackage) -> ModuleType:
    return importlib.import_module(f"{make_package()}._core")


@pytest.fixture(scope="module")
def native(posix: None) -> ctypes.CDLL:
    library = ctypes.CDLL(str(toolchain.build_shared(PROGRAMS / "mathlib.c", NATIVE_FLAGS)))
    library.mul64.restype = ctypes.c_int64
    library.mul64.argtypes = [ctypes.c_int64, ctypes.c_int64]
    for name, count in (("hypotenuse", 2), ("mean", 0)):
        getattr(library, name).restype = ctypes.c_double
        if count:
            getattr(library, name).argtypes = [ctypes.c_double] * count
    library.scale.restype = ctypes.c_float
    library.scale.argtypes = [ctypes.c_float, ctypes.c_int32]
    library.crc32.restype = ctypes.c_uint32
    return library


INTEGERS = [0, 1, -1, 2, 100, 2**31 - 1, -(2**31), 12345, -98765]
WIDE = [*INTEGERS, 2**31, 2**32, 2**63 - 1, -(2**63), 3037000500]
REALS = [0.0, -0.0, 1.0, 3.0, -4.0, 0.1, 1e300, 1e-300, 1e-310, math.inf]


def test_the_module_looks_like_one(make_package: MakePackage) -> None:
    name = make_package()
    package = importlib.import_module(name)
    core = importlib.import_module(f"{name}._core")
    assert package.add is core.add
    assert core.__file__.endswith("_core.wasm")
    assert core.__wasm__.exports["add"] is core.add
    assert set(EXPORTS) <= set(core.__all__)
    assert str(core.add.type) == "(func (param i32 i32) (result i32))"
    assert core.__spec__ is not None
    assert core.__spec__.origin == core.__file__
    assert core.__package__ == name


def test_integers(core: ModuleType, native: ctypes.CDLL) -> None:
    for a, b in itertools.product(INTEGERS, repeat=2):
        assert core.add(a, b) == native.add(a, b)
    for a, b in itertools.product(WIDE, repeat=2):
        assert core.mul64(a, b) == native.mul64(a, b)


def test_reals(core: ModuleType, native: ctypes.CDLL) -> None:
    for a, b in itertools.product(REALS, repeat=2):
        assert struct.pack("d", core.hypotenuse(a, b)) == struct.pack("d", native.hypotenuse(a, b))
    for x, by in itertools.product([0.1, -1.5, 1e38, 1e-45], [0, 1, -3, 2**31 - 1]):
        assert struct.pack("f", core.scale(x, by)) == struct.pack("f", native.scale(x, by))


def test_recursion_and_tables(core: ModuleType, native: ctypes.CDLL) -> None:
    assert core.fib(20) == native.fib(20) == 6765
    for which, x in itertools.product(range(4), INTEGERS):
        if abs(x) > 40000:
            continue  # signed overflow: C leaves it open
        assert core.apply(which, x) == native.apply(which, x)
    assert core.nothing() is None


def test_the_constructor_has_run(core: ModuleType, native: ctypes.CDLL) -> None:
    assert core.is_prepared() == native.is_prepared() == 4711


@pytest.mark.parametrize("size", [0, 1, 2, 255, 65536, 1_000_003])
def test_bytes_in_memory(core: ModuleType, native: ctypes.CDLL, size: int) -> None:
    data = random.Random(size).randbytes(size)
    at = core.malloc(size or 1)
    assert at > 0
    core.memory.write(at, data)
    assert core.crc32(at, size) & 0xFFFFFFFF == native.crc32(data, size) == zlib.crc32(data)
    assert bytes(core.memory.read(at, size)) == data
    core.free(at)


def test_doubles_in_memory(core: ModuleType, native: ctypes.CDLL) -> None:
    rng = random.Random(5)
    values = [rng.uniform(-1e9, 1e9) for _ in range(5000)]
    packed = struct.pack(f"{len(values)}d", *values)
    at = core.malloc(len(packed))
    core.memory.write(at, packed)
    twin = ctypes.create_string_buffer(packed, len(packed))
    assert core.mean(at, len(values)) == native.mean(twin, len(values))
    core.sort_doubles(at, len(values))
    native.sort_doubles(twin, len(values))
    assert bytes(core.memory.read(at, len(packed))) == twin.raw
    assert core.mean(at, 0) == 0.0
    core.free(at)


def test_matrices(core: ModuleType, native: ctypes.CDLL) -> None:
    n = 24
    rng = random.Random(9)
    a, b = (struct.pack(f"{n * n}d", *(rng.gauss(0, 1) for _ in range(n * n))) for _ in range(2))
    at = core.malloc(3 * len(a))
    core.memory.write(at, a + b)
    core.matrix_multiply(at, at + len(a), at + 2 * len(a), n)
    out = ctypes.create_string_buffer(len(a))
    native.matrix_multiply(a, b, out, n)
    assert bytes(core.memory[at + 2 * len(a) : at + 3 * len(a)]) == out.raw


def test_strings(core: ModuleType, native: ctypes.CDLL) -> None:
    text = b"the quick brown fox"
    at = core.malloc(64)
    core.memory.write(at, text + b"\0")
    answer = core.reversed(at)
    assert core.memory.text(answer) == text[::-1].decode()
    buffer = ctypes.create_string_buffer(200)
    for size in (200, 10, 1):
        count = core.describe(at, min(size, 64), -17, 2.5e10)
        assert count == native.describe(buffer, min(size, 64), ctypes.c_int32(-17), ctypes.c_double(2.5e10))
        assert core.memory.text(at) == buffer.value.decode()
    core.free(answer)
    core.free(at)


def test_memory_grows_under_a_view(core: ModuleType) -> None:
    at = core.malloc(16)
    core.memory.write(at, b"0123456789abcdef")
    view = memoryview(core.memory)[at : at + 16]
    before = core.memory.size
    blocks = [core.malloc(1 << 20) for _ in range(20)]
    assert all(blocks)
    assert core.memory.size >= before + (20 << 20) - (1 << 16)
    assert bytes(view) == b"0123456789abcdef"
    view[0:1] = b"X"
    assert bytes(core.memory.read(at, 2)) == b"X1"
    for block in blocks:
        core.free(block)


def test_state_belongs_to_the_instance(make_package: MakePackage) -> None:
    first = importlib.import_module(f"{make_package()}._core")
    second = importlib.import_module(f"{make_package()}._core")
    assert [first.next_count() for _ in range(3)] == [101, 102, 103]
    assert second.next_count() == 101
    assert importlib.import_module(first.__name__).next_count() == 104
    assert importlib.reload(second).next_count() == 101
    assert first.next_count() == 105


def test_a_package_in_a_zip(make_package: MakePackage) -> None:
    package = importlib.import_module(make_package(zipped=True))
    assert package.add(40, 2) == 42
    assert package._core.fib(10) == 55


def test_bad_arguments(core: ModuleType) -> None:
    calls: list[tuple[type[Exception], Callable[[], Any]]] = [
        (TypeError, lambda: core.add(1)),
        (TypeError, lambda: core.add(1, 2, 3)),
        (TypeError, lambda: core.add("1", 2)),
        (TypeError, lambda: core.add(1.0, 2)),
        (TypeError, lambda: core.hypotenuse("x", 2)),
        (OverflowError, lambda: core.add(2**32, 0)),
        (OverflowError, lambda: core.add(0, -(2**31) - 1)),
        (IndexError, lambda: core.memory.read(core.memory.size - 1, 2)),
        (IndexError, lambda: core.memory.write(-3, b"abc")),
    ]
    for error, call in calls:
        with pytest.raises(error):
            call()
    assert core.add(2**32 - 1, 1) == 0  # the unsigned range is allowed too


def test_traps(core: ModuleType) -> None:
    import pywasi_native as wasm

    for a, b, message in ((1, 0, "integer divide by zero"), (-(2**31), -1, "integer overflow")):
        with pytest.raises(wasm.Trap, match=message):
            core.divide(a, b)
    with pytest.raises(wasm.Trap, match="out of bounds memory access"):
        core.crc32(core.memory.size - 10, 100)
    with pytest.raises(wasm.StackExhausted):
        core.fib(2**31 - 1)
    assert core.divide(7, -2) == -3  # the instance goes on after a trap
