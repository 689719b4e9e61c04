"""Statistics of text. The work is done in C, in `_core.wasm`."""

from collections.abc import Iterator
from contextlib import contextmanager

import pywasi_native

pywasi_native.install(__name__)

from . import _core  # noqa: E402
from ._core import gcd  # noqa: E402

__all__ = ["count_words", "distance", "entropy", "gcd"]


def count_words(text: str) -> int:
    """The number of words: runs of bytes that are no white space."""
    with _lent(text) as (at, length):
        return _core.count_words(at, length)


def entropy(text: str) -> float:
    """Shannon's entropy of the UTF-8 form, in bits per byte; 0.0 for no text."""
    with _lent(text) as (at, length):
        return _core.entropy(at, length)


def distance(a: str, b: str) -> int:
    """Levenshtein's distance of the UTF-8 forms: the fewest bytes to insert, delete or replace."""
    with _lent(a) as (a_at, a_length), _lent(b) as (b_at, b_length):
        result = _core.distance(a_at, a_length, b_at, b_length)
    if result == -1:  # UINT32_MAX: wasm's i32 comes out signed
        raise MemoryError("textstats.distance")
    return result


@contextmanager
def _lent(text: str) -> Iterator[tuple[int, int]]:
    """The text in the module's memory, as (address, length), for as long as the block runs."""
    data = text.encode()
    at = _core.malloc(max(len(data), 1))
    if at == 0:
        raise MemoryError(f"no room for {len(data)} bytes in the module's memory")
    try:
        _core.memory.write(at, data)
        yield at, len(data)
    finally:
        _core.free(at)
