"""Numbers of the text format as exact bit patterns.

A float literal is rounded once, from its exact value to its own format: going to f32 by way of a Python float
would round twice and lose NaN payloads, so bits are computed with integers and fractions only.
"""

from __future__ import annotations

import re
from fractions import Fraction

FRACTION_BITS = {"f32": 23, "f64": 52}
WIDTH = {"i8": 8, "i16": 16, "i32": 32, "i64": 64, "f32": 32, "f64": 64, "v128": 128}

_HEX_FLOAT = re.compile(r"0x([0-9a-f]+)(?:\.([0-9a-f]*))?(?:p([+-]?[0-9]+))?")
_DECIMAL_FLOAT = re.compile(r"([0-9]+)(?:\.([0-9]*))?(?:e([+-]?[0-9]+))?")


def int_bits(text: str, width: int) -> int:
    """The unsigned bits of an integer literal of `width` bits, signed or unsigned as written."""
    value = int(text.replace("_", ""), 16 if "0x" in text else 10)
    if not -(1 << (width - 1)) <= value < 1 << width:
        raise ValueError(f"{text} does not fit into {width} bits")
    return value & ((1 << width) - 1)


def infinity_bits(kind: str) -> int:
    """The bits of positive infinity: exponent all ones, fraction zero."""
    fraction_bits = FRACTION_BITS[kind]
    return ((1 << (WIDTH[kind] - 1 - fraction_bits)) - 1) << fraction_bits


def quiet_bit(kind: str) -> int:
    """The top bit of the fraction, set in every arithmetic NaN and alone in the canonical one."""
    return 1 << (FRACTION_BITS[kind] - 1)


def float_bits(text: str, kind: str) -> int:
    """The bits of a float literal of kind ``f32`` or ``f64``, rounded to nearest, ties to even."""
    text = text.replace("_", "").lower()
    sign = 1 << (WIDTH[kind] - 1) if text.startswith("-") else 0
    magnitude = text.lstrip("+-")
    if magnitude == "inf":
        return sign | infinity_bits(kind)
    if magnitude == "nan":
        return sign | infinity_bits(kind) | quiet_bit(kind)
    if magnitude.startswith("nan:0x"):
        payload = int(magnitude[6:], 16)
        if not 0 < payload < 1 << FRACTION_BITS[kind]:
            raise ValueError(f"{text} is no NaN of {kind}")
        return sign | infinity_bits(kind) | payload
    return sign | round_to_bits(_exact_value(magnitude), kind)


def _exact_value(text: str) -> Fraction:
    for pattern, base, scale in ((_HEX_FLOAT, 16, 2), (_DECIMAL_FLOAT, 10, 10)):
        match = pattern.fullmatch(text)
        if match is not None:
            whole, fraction, exponent = match[1], match[2] or "", int(match[3] or 0)
            return Fraction(int(whole + fraction, base), base ** len(fraction)) * Fraction(scale) ** exponent
    raise ValueError(f"{text!r} is no number")


def round_to_bits(value: Fraction, kind: str) -> int:
    """The bits of the nearest number of the format to `value` >= 0; beyond the largest is an error."""
    fraction_bits = FRACTION_BITS[kind]
    bias = (1 << (WIDTH[kind] - fraction_bits - 2)) - 1
    if value == 0:
        return 0
    exponent = value.numerator.bit_length() - value.denominator.bit_length()
    if Fraction(2) ** exponent > value:
        exponent -= 1
    exponent = max(exponent, 1 - bias)
    # In units of the last place. Rounding up to the next power of two carries into the exponent by itself.
    significand = round(value / Fraction(2) ** (exponent - fraction_bits))
    bits = ((exponent + bias - 1) << fraction_bits) + significand
    if bits >= infinity_bits(kind):
        raise ValueError(f"{float(value) if value < 10**300 else 'number'} is too large for {kind}")
    return bits
