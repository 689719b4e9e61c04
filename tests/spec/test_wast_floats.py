"""Literals become exact bits: one rounding, NaN payloads kept."""

from __future__ import annotations

import random
import struct
from fractions import Fraction

import pytest

from wast_floats import float_bits, int_bits, round_to_bits


@pytest.mark.parametrize(
    ("text", "bits"),
    [
        ("0", 0),
        ("-0.0", 0x80000000),
        ("1", 0x3F800000),
        ("-1.5", 0xBFC00000),
        ("666.6", 0x4426A666),
        ("inf", 0x7F800000),
        ("-inf", 0xFF800000),
        ("nan", 0x7FC00000),
        ("-nan", 0xFFC00000),
        ("nan:0x1", 0x7F800001),
        ("-nan:0x7f_ffff", 0xFFFFFFFF),
        ("0x1p-149", 1),
        ("0x0.8p-149", 0),  # a tie goes to the even neighbour, zero
        ("0x1.8p-149", 2),
        ("0x1.fffffep+127", 0x7F7FFFFF),
        ("340282356779733642748073463979561713663", 0x7F7FFFFF),
        ("0x1.00000100000000001p-50", 0x26800001),  # by way of f64 it would become a tie and round down
        ("+1_0.2_5e0_1", 0x42CD0000),
    ],
)
def test_f32_bits(text: str, bits: int) -> None:
    assert float_bits(text, "f32") == bits


@pytest.mark.parametrize(
    "text", ["0.1", "1e-320", "4.9e-324", "1.7976931348623157e308", "123456789.0e-7", "2.4e-324"]
)
def test_f64_agrees_with_python(text: str) -> None:
    assert float_bits(text, "f64") == struct.unpack("<Q", struct.pack("<d", float(text)))[0]


def test_f64_of_random_bits_comes_back() -> None:
    source = random.Random(7)
    for _ in range(500):
        bits = source.getrandbits(63)
        value = struct.unpack("<d", struct.pack("<Q", bits))[0]
        if value == value and value != float("inf"):
            assert round_to_bits(Fraction(value), "f64") == bits
            assert float_bits(value.hex(), "f64") == bits


@pytest.mark.parametrize("text", ["1e39", "0x1p128", "nan:0x0", "nan:0x800000", "1.2.3", "0x", "abc", ""])
def test_no_f32(text: str) -> None:
    with pytest.raises(ValueError):
        float_bits(text, "f32")


@pytest.mark.parametrize(
    ("text", "bits"),
    [("-1", 0xFFFFFFFF), ("0xffff_ffff", 0xFFFFFFFF), ("-0x80000000", 0x80000000), ("+7", 7)],
)
def test_int_bits(text: str, bits: int) -> None:
    assert int_bits(text, 32) == bits


@pytest.mark.parametrize("text", ["4294967296", "-2147483649", "0x1_0000_0000", "1.0"])
def test_no_i32(text: str) -> None:
    with pytest.raises(ValueError):
        int_bits(text, 32)
