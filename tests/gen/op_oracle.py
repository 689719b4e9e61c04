"""What numeric ops mean, once more: in Python, from the spec, with integers of any size and exact fractions.

https://webassembly.github.io/spec/core/exec/numerics.html. Values are bit patterns.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from fractions import Fraction

Bits = int
INVALID, OVERFLOW, DIVIDE = "INVALID_CONVERSION", "INTEGER_OVERFLOW", "INTEGER_DIVIDE_BY_ZERO"


class TrapError(Exception):
    """The op traps; the argument is the kind."""


class Nan:
    """A NaN result: canonical where every NaN operand is, else with the quiet bit set; of any sign."""

    def __init__(self, width: int, *operands: Bits) -> None:
        self.width = width
        self.canonical = all(is_canonical(a, width) for a in operands if is_nan(a, width))

    def matches(self, bits: Bits) -> bool:
        """Whether the spec allows this result."""
        if self.canonical:
            return is_canonical(bits, self.width)
        return is_nan(bits, self.width) and bool(bits >> fraction_bits(self.width) - 1 & 1)


def fraction_bits(width: int) -> int:
    return 23 if width == 32 else 52


def mask(width: int) -> int:
    return (1 << width) - 1


def is_nan(bits: Bits, width: int) -> bool:
    infinity = (1 << width - 1) - (1 << fraction_bits(width))
    return (bits & mask(width - 1)) > infinity


def is_canonical(bits: Bits, width: int) -> bool:
    return bits & mask(width - 1) == (1 << width - 1) - (1 << fraction_bits(width) - 1)


def signed(bits: Bits, width: int) -> int:
    return bits - (1 << width) if bits >> width - 1 else bits


def decode(bits: Bits, width: int) -> float:
    """The float of a pattern; of f32 as the double of the same value."""
    if width == 32:
        return float(struct.unpack("<f", struct.pack("<I", bits))[0])
    return float(struct.unpack("<d", struct.pack("<Q", bits))[0])


def encode(value: float, width: int) -> Bits:
    """The pattern of a double that the width can hold exactly."""
    if width == 32:
        return int(struct.unpack("<I", struct.pack("<f", value))[0])
    return int(struct.unpack("<Q", struct.pack("<d", value))[0])


def rounded(value: Fraction, width: int, negative_zero: bool = False) -> Bits:
    """The nearest float, ties to even: the spec's float(z)."""
    sign = 1 if value < 0 or (value == 0 and negative_zero) else 0
    value = abs(value)
    fraction, bias = fraction_bits(width), (1 << width - fraction_bits(width) - 2) - 1
    bits = 0
    if value:
        exponent = max(math.floor(log2(value)), 1 - bias)
        steps = round(value / Fraction(2) ** (exponent - fraction))  # round() is to even
        bits = steps + (exponent + bias - 1 << fraction)  # a carry runs into the exponent, as it has to
    infinity = (1 << width - 1) - (1 << fraction)
    return min(bits, infinity) | sign << width - 1


def log2(value: Fraction) -> int:
    """Floor of the logarithm of a positive fraction."""
    guess = value.numerator.bit_length() - value.denominator.bit_length()
    return guess if Fraction(2) ** guess <= value else guess - 1


# ---- integers ----


def divide(a: int, b: int) -> int:
    """Towards zero."""
    if b == 0:
        raise TrapError(DIVIDE)
    return abs(a) // abs(b) * (-1 if (a < 0) != (b < 0) else 1)


def div_s(a: int, b: int, w: int) -> int:
    quotient = divide(signed(a, w), signed(b, w))
    if quotient == 1 << w - 1:
        raise TrapError(OVERFLOW)
    return quotient


def rem_s(a: int, b: int, w: int) -> int:
    return signed(a, w) - divide(signed(a, w), signed(b, w)) * signed(b, w)


def rotate_left(a: int, count: int, w: int) -> int:
    text = f"{a:0{w}b}"
    return int(text[count % w :] + text[: count % w], 2)


def extend(width: int) -> Callable[[int, int], int]:
    return lambda a, w: signed(a & mask(width), width)


INT_BINARY: dict[str, Callable[[int, int, int], int]] = {
    "add": lambda a, b, w: a + b,
    "sub": lambda a, b, w: a - b,
    "mul": lambda a, b, w: a * b,
    "div_s": div_s,
    "div_u": lambda a, b, w: divide(a, b),
    "rem_s": rem_s,
    "rem_u": lambda a, b, w: a - divide(a, b) * b,
    "and": lambda a, b, w: a & b,
    "or": lambda a, b, w: a | b,
    "xor": lambda a, b, w: a ^ b,
    "shl": lambda a, b, w: a << b % w,
    "shr_s": lambda a, b, w: signed(a, w) >> b % w,
    "shr_u": lambda a, b, w: a >> b % w,
    "rotl": rotate_left,
    "rotr": lambda a, b, w: rotate_left(a, w - b % w, w),
    "eq": lambda a, b, w: a == b,
    "ne": lambda a, b, w: a != b,
    "lt_s": lambda a, b, w: signed(a, w) < signed(b, w),
    "lt_u": lambda a, b, w: a < b,
    "gt_s": lambda a, b, w: signed(a, w) > signed(b, w),
    "gt_u": lambda a, b, w: a > b,
    "le_s": lambda a, b, w: signed(a, w) <= signed(b, w),
    "le_u": lambda a, b, w: a <= b,
    "ge_s": lambda a, b, w: signed(a, w) >= signed(b, w),
    "ge_u": lambda a, b, w: a >= b,
}
INT_UNARY: dict[str, Callable[[int, int], int]] = {
    "clz": lambda a, w: w - a.bit_length(),
    "ctz": lambda a, w: len(f"1{a:0{w}b}") - len(f"1{a:0{w}b}".rstrip("0")) if a else w,
    "popcnt": lambda a, w: a.bit_count(),
    "eqz": lambda a, w: a == 0,
    "extend8_s": extend(8),
    "extend16_s": extend(16),
    "extend32_s": extend(32),
}

# ---- floats ----


def arithmetic(name: str, a: Bits, b: Bits, w: int) -> Bits | Nan:
    """add, sub, mul, div of anything but NaN, exactly and then rounded."""
    x, y = decode(a, w), decode(b, w)
    negative = math.copysign(1, x) * math.copysign(1, y) < 0
    if name == "sub":
        y, name = -y, "add"
    if name == "add":
        if math.isinf(x) or math.isinf(y):
            return Nan(w) if x == -y else encode(x if math.isinf(x) else y, w)
        return rounded(Fraction(x) + Fraction(y), w, math.copysign(1, x) < 0 and math.copysign(1, y) < 0)
    infinity = encode(-math.inf if negative else math.inf, w)
    zero = encode(-0.0 if negative else 0.0, w)
    if name == "mul":
        if math.isinf(x) or math.isinf(y):
            return Nan(w) if 0 in (x, y) else infinity
        return rounded(Fraction(x) * Fraction(y), w, negative)
    if math.isinf(x):
        return Nan(w) if math.isinf(y) else infinity
    if math.isinf(y):
        return zero
    if y == 0:
        return Nan(w) if x == 0 else infinity
    return rounded(Fraction(x) / Fraction(y), w, negative)


def extreme(name: str, a: Bits, b: Bits, w: int) -> Bits:
    """min and max of anything but NaN; -0 is less than +0."""
    key = {bits: (decode(bits, w), -(bits >> w - 1)) for bits in (a, b)}
    return min(a, b, key=key.__getitem__) if name == "min" else max(a, b, key=key.__getitem__)


def float_binary(name: str, a: Bits, b: Bits, w: int) -> Bits | Nan:
    if name == "copysign":
        return a & mask(w - 1) | b >> w - 1 << w - 1
    x, y = decode(a, w), decode(b, w)
    compared = {"eq": x == y, "ne": x != y, "lt": x < y, "gt": x > y, "le": x <= y, "ge": x >= y}
    if name in compared:
        return int(compared[name])
    if is_nan(a, w) or is_nan(b, w):
        return Nan(w, a, b)
    return (extreme if name in ("min", "max") else arithmetic)(name, a, b, w)


def square_root(a: Bits, w: int) -> Bits | Nan:
    x = decode(a, w)
    if x < 0:
        return Nan(w)
    if x == 0 or math.isinf(x):
        return a
    # 60 more bits of the root than the float has, and one that says whether something is left.
    scale = 2 * (fraction_bits(w) + 60 - log2(Fraction(x)) // 2)
    square = Fraction(x) * Fraction(2) ** scale
    root = math.isqrt(math.floor(square))
    rest = Fraction(1, 2) if root * root != square else Fraction(0)
    return rounded((root + rest) / Fraction(2) ** (scale // 2), w)


def float_unary(name: str, a: Bits, w: int) -> Bits | Nan:
    if name == "abs":
        return a & mask(w - 1)
    if name == "neg":
        return a ^ 1 << w - 1
    if is_nan(a, w):
        return Nan(w, a)
    if name == "sqrt":
        return square_root(a, w)
    x = decode(a, w)
    if math.isinf(x):
        return a
    to_integer = {"ceil": math.ceil, "floor": math.floor, "trunc": math.trunc, "nearest": round}[name]
    return rounded(Fraction(to_integer(Fraction(x))), w, bool(a >> w - 1))


# ---- conversions ----


def truncate(a: Bits, source: int, width: int, is_signed: bool, saturate: bool) -> int:
    low, high = (-(1 << width - 1), mask(width - 1)) if is_signed else (0, mask(width))
    x = decode(a, source)
    if math.isnan(x):
        if saturate:
            return 0
        raise TrapError(INVALID)
    if math.isinf(x) or not low <= int(x) <= high:
        if saturate:
            return low if x < 0 else high
        raise TrapError(OVERFLOW)
    return int(x)


def convert(text: str, a: Bits) -> Bits | Nan:
    """An op from one type to another, by its name."""
    to, _, name = text.partition(".")
    width, source = int(to[1:]), int(name.split("_")[-2 if name[-2:] in ("_s", "_u") else -1][1:])
    is_signed = name.endswith("_s")
    if name.startswith("trunc"):
        return truncate(a, source, width, is_signed, "sat" in name) & mask(width)
    if name.startswith("convert"):
        return rounded(Fraction(signed(a, source) if is_signed else a), width)
    if name.startswith(("demote", "promote")):
        if not is_nan(a, source):
            x = decode(a, source)
            return encode(x, width) if math.isinf(x) else rounded(Fraction(x), width, bool(a >> source - 1))
        result = Nan(width)
        result.canonical = is_canonical(a, source)
        return result
    if name.startswith("reinterpret"):
        return a
    assert name in ("wrap_i64", "extend_i32_s", "extend_i32_u"), text
    return (signed(a, source) if is_signed else a) & mask(width)


def expected(text: str, *operands: Bits) -> Bits | Nan:
    """The result of an op with operands of the right width; raises TrapError."""
    kind, _, name = text.partition(".")
    width = int(kind[1:])
    if "_" in name and name.rsplit("_", 1)[0].split("_")[0] in (
        "trunc", "convert", "demote", "promote", "reinterpret", "wrap", "extend",
    ):  # fmt: skip
        return convert(text, *operands)
    if kind[0] == "i":
        table = INT_BINARY if len(operands) == 2 else INT_UNARY
        return int(table[name](*operands, width)) & mask(width)  # type: ignore[operator]
    return (float_binary if len(operands) == 2 else float_unary)(name, *operands, width)  # type: ignore[operator]
