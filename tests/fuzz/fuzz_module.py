"""A whole random module from a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

from fuzz_code import Coder, Cuts
from fuzz_plan import NUMBERS, Func, assemble

MOST_FUNCS = 7
# f0: its type is the block type of handlers, and its results have two types.
FIRST = ((), ("i32", "i64"))


@dataclass(frozen=True)
class Generated:
    """A module, and the functions that can be called from outside: name, parameters, results."""

    seed: int
    wasm: bytes
    calls: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]
    parts: int  # that may be cut


def generate(seed: int, cuts: frozenset[int] = frozenset()) -> Generated:
    """The same module for the same seed, with some parts left out."""
    told = Cuts(cuts)
    rng = random.Random(seed)
    funcs = [Func(*FIRST)]
    for _ in range(rng.randrange(2, MOST_FUNCS)):
        params = tuple(rng.choice(NUMBERS) for _ in range(rng.randrange(4)))
        funcs.append(Func(params, (rng.choice(NUMBERS),)))
    for index in range(len(funcs)):
        Coder(rng, funcs, index, told).make()
    # Vectors stay inside: the oracle's binding has none. What they hold shows in memory.
    scalar = [(i, func) for i, func in enumerate(funcs) if "v128" not in (*func.params, *func.results)]
    calls = tuple((f"f{i}", func.params, func.results) for i, func in scalar)
    return Generated(seed, assemble(funcs, rng), calls, told.count)


def arguments(seed: int, params: tuple[str, ...]) -> list[int]:
    """Bits for each parameter."""
    rng = random.Random(seed)
    bits = {"i32": 32, "i64": 64, "f32": 32, "f64": 64, "v128": 128}
    # No NaN: passing one through a host may change its bits.
    return [rng.getrandbits(bits[kind] - (4 if kind in ("f32", "f64") else 0)) for kind in params]
