"""Names that come to life with later proposals: values of the garbage-collected heap, exception tags."""

from __future__ import annotations


class Ref:
    """A reference to a value of the WebAssembly heap."""

    __slots__ = ()

    def __init__(self, *_args: object, **_named: object) -> None:
        raise NotImplementedError(
            f"{type(self).__name__}: this version has no garbage-collected heap and no exceptions"
        )


class Struct(Ref):
    """A struct on the heap."""

    __slots__ = ()


class Array(Ref):
    """An array on the heap."""

    __slots__ = ()


class I31(Ref):
    """An unboxed integer of 31 bits."""

    __slots__ = ()


class Tag(Ref):
    """The kind of an exception."""

    __slots__ = ()
