"""Limits and sizes."""

from __future__ import annotations

import pickle

import pytest

import pywasi_native as wasm
from pywasi_native.limits import parse_size


@pytest.mark.parametrize(
    ("size", "count"),
    [
        (0, 0),
        (17, 17),
        ("17", 17),
        ("1KiB", 1024),
        ("1 kib", 1024),
        ("64MiB", 64 << 20),
        ("4GiB", 4 << 30),
        ("1KB", 1000),
        ("2MB", 2_000_000),
        ("3GB", 3_000_000_000),
        ("1.5KiB", 1536),
        ("1_000B", 1000),
        (" 5 MB ", 5_000_000),
    ],
)
def test_sizes(size: int | str, count: int) -> None:
    assert parse_size(size) == count


@pytest.mark.parametrize(
    "size",
    ["", "MiB", "12XiB", "12 TiB", "1..5MB", "-5MB", -1, "0x10", "1e3", "nan", 1 << 64, "99999999999GiB"],
)
def test_bad_sizes(size: object) -> None:
    with pytest.raises(ValueError, match="size"):
        parse_size(size)


@pytest.mark.parametrize("size", [None, 1.5, True, b"1"])
def test_sizes_of_the_wrong_type(size: object) -> None:
    with pytest.raises(TypeError, match="must be an int"):
        parse_size(size)


def test_limits_are_values() -> None:
    limits = wasm.Limits(
        memory="64MiB", timeout=1.5, stack="1MiB", output="1MB", open_files=256, tables=10_000_000
    )
    assert (limits.memory, limits.timeout, limits.stack, limits.output) == (64 << 20, 1.5, 1 << 20, 1_000_000)
    assert limits == pickle.loads(pickle.dumps(limits))
    assert limits != wasm.Limits()
    assert "memory=67108864" in repr(limits)
    with pytest.raises(AttributeError, match="immutable"):
        limits.memory = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"timeout": -1}, ValueError),
        ({"timeout": float("nan")}, ValueError),
        ({"timeout": "1"}, TypeError),
        ({"open_files": 0}, ValueError),
        ({"open_files": 1.0}, TypeError),
        ({"instances": 1 << 40}, ValueError),
        ({"memory": "lots"}, ValueError),
        ({"tables": True}, TypeError),
    ],
)
def test_bad_limits(arguments: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        wasm.Limits(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fuel", "error"), [(-1, ValueError), (1 << 63, ValueError), ("9", TypeError), (1.0, TypeError)]
)
def test_bad_fuel(fuel: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="fuel must be"):
        wasm.Limits(fuel=fuel)  # type: ignore[arg-type]
