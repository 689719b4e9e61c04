"""Structs of C as Python classes."""

from __future__ import annotations

from ._calls import NumberField, StructBase, struct_within
from .ctype import Array, Enum, Pointer, Scalar, Struct, is_text
from .plans import BYTES, UNSIGNED, limits, reading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .binding import Binder
    from .ctype import CType, Field


class BytesField:
    """A member that is an array of `char`: bytes up to the first NUL; `str` and bytes can be assigned."""

    def __init__(self, name: str, offset: int, size: int) -> None:
        self.name, self.offset, self.size = name, offset, size

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        return bytes(memoryview(instance)[self.offset : self.offset + self.size]).split(b"\0", 1)[0]

    def __set__(self, instance: Any, value: object) -> None:
        who = f"{type(instance).__name__}.{self.name}"
        if isinstance(value, str):
            value = value.encode()
        if not isinstance(value, bytes | bytearray | memoryview):
            raise TypeError(f"{who} must be bytes or str, not {type(value).__name__}")
        if len(value) > self.size:
            raise ValueError(f"{who} has {self.size} bytes, {len(value)} given")
        memoryview(instance)[self.offset : self.offset + self.size] = bytes(value).ljust(self.size, b"\0")


class ArrayField:
    """A member that is an array of numbers: a view in place; sequences of that length can be assigned."""

    def __init__(self, name: str, offset: int, size: int, code: str) -> None:
        self.name, self.offset, self.size, self.code = name, offset, size, code

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        return memoryview(instance)[self.offset : self.offset + self.size].cast(self.code)  # type: ignore[call-overload]

    def __set__(self, instance: Any, value: Any) -> None:
        view = self.__get__(instance, type(instance))
        if len(value) != len(view):
            raise ValueError(
                f"{type(instance).__name__}.{self.name} has {len(view)} items, {len(value)} given"
            )
        for i, item in enumerate(value):
            view[i] = item


class StructField:
    """A member that is a struct: in place; structs of its class can be assigned, and are copied."""

    def __init__(self, name: str, offset: int, kind: type[StructBase]) -> None:
        self.name, self.offset, self.kind = name, offset, kind

    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else struct_within(self.kind, instance, self.offset)

    def __set__(self, instance: Any, value: object) -> None:
        if type(value) is not self.kind:
            who = f"{type(instance).__name__}.{self.name}"
            raise TypeError(f"{who} must be {self.kind.__name__}, not {type(value).__name__}")
        memoryview(instance)[self.offset : self.offset + self.kind.__size__] = bytes(value)


class RawField:
    """A member of any other type, such as an array of structs: its bytes in place."""

    def __init__(self, name: str, offset: int, size: int) -> None:
        self.name, self.offset, self.size = name, offset, size

    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else memoryview(instance)[self.offset : self.offset + self.size]

    def __set__(self, instance: Any, value: Any) -> None:
        memoryview(instance)[self.offset : self.offset + self.size] = value


def make_struct(kind: Struct, binder: Binder) -> type[StructBase]:
    """The class of a complete struct."""
    fields = kind.fields or ()
    space: dict[str, Any] = {
        "__slots__": (), "__doc__": kind.doc or f"The C type {kind.spell()}.", "__size__": kind.size,
        "__fields__": tuple(field.name for field in fields if field.name), "__module__": binder.name,
        "_memory": staticmethod(lambda: binder.space.memory),
    }  # fmt: skip
    made = type(kind.name or "struct", (StructBase,), space)
    binder.classes[id(kind)] = made  # before its members, which may point to it
    for field in fields:
        if field.name:
            setattr(made, field.name, _member(field, binder))
    return made


def _member(field: Field, binder: Binder) -> Any:
    kind: CType = field.type
    if isinstance(kind, Struct):
        return StructField(field.name, field.offset, binder.struct_class(kind))
    if isinstance(kind, Array):
        if is_text(kind.item):
            return BytesField(field.name, field.offset, kind.size)
        if isinstance(kind.item, Scalar):
            return ArrayField(field.name, field.offset, kind.size, kind.item.code)
        return RawField(field.name, field.offset, kind.size)
    how, size = reading(kind)
    low, high = limits(kind)
    assert how != BYTES
    wrap = binder.cell_reader(kind) if isinstance(kind, Pointer | Enum) else None
    return NumberField(field.name, field.offset, how or UNSIGNED, size, low, high, wrap, kind.spell())
