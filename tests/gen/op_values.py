"""Operands for the op tests: bit patterns at the edges of each type, and random ones that stay the same."""

from __future__ import annotations

import random

import op_oracle
from op_shell import WIDTH

RANDOM = random.Random(20)


def integers(width: int) -> list[int]:
    """Edges of an integer type, and some more."""
    top = 1 << width - 1
    edges = [0, 1, 2, 3, 7, 8, 31, 32, 33, 63, 64, 65, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x12345678]
    edges += [0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFF80, top - 1, top, top + 1, 2 * top - 2, 2 * top - 1]
    edges += [RANDOM.getrandbits(width) for _ in range(4)] + [1 << RANDOM.randrange(width) for _ in range(2)]
    return sorted({edge & op_oracle.mask(width) for edge in edges})


def floats(width: int) -> list[int]:
    """Zeros, subnormals, ties, integers around every limit of a conversion, infinities, NaNs of all sorts."""
    fraction = op_oracle.fraction_bits(width)
    infinity = (1 << width - 1) - (1 << fraction)
    quiet = 1 << fraction - 1
    bits = [0, 1, 2, quiet, 1 << fraction, infinity - 1, infinity]
    bits += [infinity | quiet, infinity | 1, infinity | quiet | 0x123, infinity | quiet - 1]
    values = [0.1, 0.25, 0.49999997, 0.5, 0.75, 1, 1.5, 2, 2.5, 3.5, 4.2, 1e10, 0.9999999, 1.0000001]
    values += [2.0**fraction - 0.5, 2.0**fraction, 2.0**fraction + 1, 2.0 ** (fraction - 1) + 0.5]
    for exponent in (7, 8, 15, 16, 31, 32, 63, 64):
        edge = op_oracle.encode(2.0**exponent, width)
        bits += [edge - 1, edge, edge + 1]
    for value in (2.0**31 - 1, 2.0**31 - 0.5, 2.0**31 + 0.5, 2.0**31 + 1, 2.0**32 - 0.5):
        values.append(value)
    bits += [op_oracle.encode(value, width) for value in values]
    bits += [RANDOM.getrandbits(width - 1) for _ in range(4)]
    return sorted({b | sign << width - 1 for b in bits for sign in (0, 1)})


VALUES = {kind: (floats if kind in "fF" else integers)(WIDTH[kind]) for kind in "iIfF"}


def some(kind: str) -> list[int]:
    """A few values that do not change from run to run: edges first."""
    width = WIDTH[kind]
    if kind in "iI":
        edges = [0, 1, 1 << width - 1, op_oracle.mask(width), 33]
    else:
        infinity = (1 << width - 1) - (1 << op_oracle.fraction_bits(width))
        quiet = 1 << op_oracle.fraction_bits(width) - 1
        edges = [0, 1 << width - 1, infinity, infinity | quiet, infinity | 5, op_oracle.encode(-2.5, width)]
    return edges + random.Random(kind).sample(VALUES[kind], 3)


def many(kind: str) -> list[int]:
    """All values of an integer type; of floats as many as the oracle's fractions have time for."""
    return VALUES[kind] if kind in "iI" else some(kind) + random.Random(kind).sample(VALUES[kind], 30)
