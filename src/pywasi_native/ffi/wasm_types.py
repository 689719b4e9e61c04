"""The ctypes types whose names mean something else on wasm32: `long` and `size_t` have 4 bytes there.

On a 64-bit host ctypes has one type for `long`, `size_t` and `int64_t` (or, on Windows, for the last two), so
that a value of it in memory does not say how long it is for the guest. The types here do.
"""

from __future__ import annotations

import ctypes

TYPE_CHECKING = False
if TYPE_CHECKING:
    _Integer = ctypes._SimpleCData[int]
else:
    _Integer = ctypes._SimpleCData

c_long = c_ssize_t = ctypes.c_int
c_ulong = c_size_t = ctypes.c_uint
c_time_t = ctypes.c_int64


class c_longlong(_Integer):  # noqa: N801 - the names of ctypes
    """``long long``, ``int64_t``: 8 bytes."""

    _type_ = "q"


class c_ulonglong(_Integer):  # noqa: N801
    """``unsigned long long``, ``uint64_t``: 8 bytes."""

    _type_ = "Q"


c_int64, c_uint64 = c_longlong, c_ulonglong

AMBIGUOUS = frozenset(
    kind
    for kind in (ctypes.c_long, ctypes.c_ulong, ctypes.c_ssize_t, ctypes.c_size_t)
    if ctypes.sizeof(kind) == 8
)
"""The types of this host that may be 4 or 8 bytes long in the guest."""
