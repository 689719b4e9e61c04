"""References to values of the garbage-collected heap."""

from __future__ import annotations

from ._native import I31, Array, ExnRef, Ref, Struct

__all__ = ["I31", "Array", "ExnRef", "Ref", "Struct"]
