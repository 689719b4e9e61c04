"""Makes a module on which engines differ smaller: leaves out as many of its parts as it can."""

from __future__ import annotations

from collections.abc import Callable

from fuzz_module import generate


def reduce(seed: int, fails: Callable[[frozenset[int]], bool]) -> frozenset[int]:
    """Parts that may be cut while it still fails; tries ever smaller runs of them."""
    parts = generate(seed).parts
    cuts: frozenset[int] = frozenset()
    size = max(1, parts // 2)
    while size:
        for first in range(parts, 0, -size):
            tried = cuts | frozenset(range(max(1, first - size + 1), first + 1))
            if tried != cuts and fails(tried):
                cuts = tried
        size //= 2
    return cuts
