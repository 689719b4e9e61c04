"""The comparison rules: what a pattern takes, and above all what it does not take."""

from __future__ import annotations

import pytest

from wast_reader import Source, WastSyntaxError, read
from wast_values import (
    HostArgument,
    NullArgument,
    Number,
    Reference,
    Result,
    match_all,
    parse_argument,
    parse_pattern,
)


def takes(pattern: str, result: Result) -> bool:
    return parse_pattern(read(Source(pattern.encode()))[0]).matches(result)


def f32(bits: int) -> Number:
    return Number("f32", bits)


@pytest.mark.parametrize(
    ("pattern", "result", "verdict"),
    [
        ("(i32.const -1)", Number("i32", 0xFFFFFFFF), True),
        ("(i32.const -1)", Number("i64", 0xFFFFFFFF), False),
        ("(i32.const 1)", Number("i32", 2), False),
        ("(f32.const 0)", f32(0x80000000), False),
        ("(f32.const nan:canonical)", f32(0x7FC00000), True),
        ("(f32.const nan:canonical)", f32(0xFFC00000), True),
        ("(f32.const nan:canonical)", f32(0x7FC00001), False),
        ("(f32.const nan:canonical)", f32(0x7F800000), False),
        ("(f32.const nan:arithmetic)", f32(0x7FC00001), True),
        ("(f32.const nan:arithmetic)", f32(0xFFFFFFFF), True),
        ("(f32.const nan:arithmetic)", f32(0x7F800001), False),
        ("(f32.const nan:arithmetic)", f32(0x7F800000), False),
        ("(f32.const nan:arithmetic)", f32(0x3FC00000), False),
        ("(f32.const nan:0x1)", f32(0x7F800001), True),
        ("(f32.const nan:0x1)", f32(0xFF800001), False),
        ("(f64.const nan:canonical)", Number("f64", 0xFFF8 << 48), True),
        ("(f64.const nan:canonical)", Number("f64", 0xFFF8 << 48 | 1), False),
        ("(f64.const nan:arithmetic)", Number("f64", 0xFFF8 << 48 | 1), True),
        ("(f64.const nan:arithmetic)", Number("f64", 0x7FF4 << 48), False),
        ("(either (i32.const 1) (i32.const 2))", Number("i32", 2), True),
        ("(either (i32.const 1) (i32.const 2))", Number("i32", 3), False),
        ("(i32.const 0)", Reference(frozenset({"null"})), False),
    ],
)
def test_numbers(pattern: str, result: Result, verdict: bool) -> None:
    assert takes(pattern, result) is verdict


LANES = "(v128.const f32x4 1 nan:canonical 0 nan:arithmetic)"


@pytest.mark.parametrize(
    ("pattern", "bits", "verdict"),
    [
        (
            "(v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 -1)",
            0xFF0E0D0C0B0A09080706050403020100,
            True,
        ),
        ("(v128.const i32x4 1 0 0 0)", 1 << 96, False),
        ("(v128.const i64x2 1 2)", 2 << 64 | 1, True),
        (
            "(v128.const f32x4 1 nan:canonical 0 nan:arithmetic)",
            0x7FC00007 << 96 | 0xFFC00000 << 32 | 0x3F800000,
            True,
        ),
        (
            "(v128.const f32x4 1 nan:canonical 0 nan:arithmetic)",
            0x7FC00007 << 96 | 0xFFC00001 << 32 | 0x3F800000,
            False,
        ),
        (
            "(v128.const f32x4 1 nan:canonical 0 nan:arithmetic)",
            0x7F800007 << 96 | 0xFFC00000 << 32 | 0x3F800000,
            False,
        ),
        ("(v128.const f64x2 nan:arithmetic -0)", 1 << 127 | 0x7FFF << 48, True),
        ("(v128.const f64x2 nan:arithmetic -0)", 0x7FFF << 48, False),
    ],
)
def test_vector_lanes(pattern: str, bits: int, verdict: bool) -> None:
    assert takes(pattern, Number("v128", bits)) is verdict


@pytest.mark.parametrize(
    ("pattern", "kinds", "host", "verdict"),
    [
        ("(ref.null)", {"null"}, None, True),
        ("(ref.null func)", {"null"}, None, True),
        ("(ref.null)", {"func"}, None, False),
        ("(ref.func)", {"func"}, None, True),
        ("(ref.func)", {"null"}, None, False),
        ("(ref.func)", {"extern"}, 1, False),
        ("(ref.extern 3)", {"extern"}, 3, True),
        ("(ref.extern 3)", {"extern"}, 4, False),
        ("(ref.extern 3)", {"extern"}, None, False),
        ("(ref.extern)", {"extern"}, 4, True),
        ("(ref.host 3)", {"any", "host"}, 3, True),
        ("(ref.host 3)", {"extern"}, 3, False),
        ("(ref.eq)", {"any", "eq", "struct"}, None, True),
        ("(ref.i31)", {"any", "eq", "struct"}, None, False),
    ],
)
def test_references(pattern: str, kinds: set[str], host: int | None, verdict: bool) -> None:
    assert takes(pattern, Reference(frozenset(kinds), host)) is verdict


def test_counts_of_results_must_agree() -> None:
    one = parse_pattern(read(Source(b"(i32.const 1)"))[0])
    assert match_all((one,), (Number("i32", 1),))
    assert not match_all((one,), ())
    assert not match_all((), (Number("i32", 1),))
    assert not match_all((one, one), (Number("i32", 1), Number("i32", 2)))


@pytest.mark.parametrize(
    ("text", "argument"),
    [
        ("(f32.const nan:0x200000)", Number("f32", 0x7FA00000)),
        ("(ref.null extern)", NullArgument("extern")),
        ("(ref.extern 5)", HostArgument("extern", 5)),
        ("(ref.host 6)", HostArgument("host", 6)),
    ],
)
def test_arguments(text: str, argument: object) -> None:
    assert parse_argument(read(Source(text.encode()))[0]) == argument


@pytest.mark.parametrize(
    "text",
    [
        "(f32.const nan:canonical)",
        "(ref.func)",
        "(ref.extern)",
        "(i32.const)",
        "(i16.const 1)",
        "i32.const",
        "(x)",
    ],
)
def test_no_argument(text: str) -> None:
    with pytest.raises(WastSyntaxError):
        parse_argument(read(Source(text.encode()))[0])


@pytest.mark.parametrize(
    "text", ["(v128.const i32x4 1 2 3)", "(v128.const i8x4 1 2 3 4)", "(v128.const)", "(ref.thing)"]
)
def test_no_pattern(text: str) -> None:
    with pytest.raises(WastSyntaxError):
        parse_pattern(read(Source(text.encode()))[0])
