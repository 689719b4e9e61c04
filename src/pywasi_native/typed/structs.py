"""Structs of C as Python classes."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import overload

from ._calls import NumberField, StructBase, struct_within
from .ctype import Array, Enum, Pointer, Scalar, Struct, innermost, is_text
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
    """A member that is an array of numbers: a view in place; sequences of its shape can be assigned."""

    def __init__(self, name: str, offset: int, size: int, code: str, shape: tuple[int, ...]) -> None:
        self.name, self.offset, self.size, self.code, self.shape = name, offset, size, code, shape

    def _flat(self, instance: Any) -> memoryview[Any]:
        view = memoryview(instance)[self.offset : self.offset + self.size]
        return view.cast(self.code)  # type: ignore[call-overload, no-any-return]

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        flat = self._flat(instance)
        return flat if len(self.shape) == 1 else flat.cast("B").cast(self.code, self.shape)  # type: ignore[call-overload]

    def __set__(self, instance: Any, value: Any) -> None:
        who = f"{type(instance).__name__}.{self.name}"
        items = _items(who, value, self.shape)
        view = self._flat(instance)
        for i, item in enumerate(items):
            view[i] = item


def _items(who: str, value: Any, shape: tuple[int, ...]) -> list[Any]:
    """The numbers of nested sequences, all of them before the first is written."""
    if len(value) != shape[0]:
        raise ValueError(f"{who} has {shape[0]} items, {len(value)} given")
    if len(shape) == 1:
        return list(value)
    return [number for item in value for number in _items(who, item, shape[1:])]


class StructItemsField:
    """A member that is an array of structs: in place; a sequence of as many structs can be assigned."""

    def __init__(self, name: str, offset: int, kind: type[StructBase], count: int) -> None:
        self.name, self.offset, self.kind, self.count = name, offset, kind, count

    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else StructItems(instance, self.offset, self.kind, self.count)

    def __set__(self, instance: Any, value: Any) -> None:
        if len(value) != self.count:
            raise ValueError(
                f"{type(instance).__name__}.{self.name} has {self.count} items, {len(value)} given"
            )
        items = self.__get__(instance, type(instance))
        for i, item in enumerate([copy(item) for item in value]):
            items[i] = item


class StructItems(Sequence[StructBase]):
    """The structs of an array within a struct, in place."""

    __slots__ = ("_around", "_count", "_kind", "_offset")

    def __init__(self, around: StructBase, offset: int, kind: type[StructBase], count: int) -> None:
        self._around, self._offset, self._kind, self._count = around, offset, kind, count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> StructBase: ...
    @overload
    def __getitem__(self, index: slice) -> list[StructBase]: ...
    def __getitem__(self, index: int | slice) -> StructBase | list[StructBase]:
        if isinstance(index, slice):
            return [self._at(i) for i in range(*index.indices(self._count))]
        return self._at(index)

    def _at(self, index: int) -> StructBase:
        if not -self._count <= index < self._count:
            raise IndexError(f"index {index} of an array of {self._count} {self._kind.__name__}")
        return struct_within(
            self._kind, self._around, self._offset + index % self._count * self._kind.__size__
        )

    def __setitem__(self, index: int, value: StructBase) -> None:
        if type(value) is not self._kind:
            raise TypeError(f"the items are {self._kind.__name__}, not {type(value).__name__}")
        memoryview(self._at(index))[:] = bytes(value)

    def __repr__(self) -> str:
        return f"<array of {self._count} {self._kind.__name__}>"


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
    """A member of any other type: its bytes in place."""

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
        return _array_member(field, kind, binder)
    how, size = reading(kind)
    low, high = limits(kind)
    assert how != BYTES
    wrap = binder.cell_reader(kind) if isinstance(kind, Pointer | Enum) else None
    return NumberField(field.name, field.offset, how or UNSIGNED, size, low, high, wrap, kind.spell())


def _array_member(field: Field, kind: Array, binder: Binder) -> Any:
    item, shape = innermost(kind)
    if isinstance(item, Struct) and not item.opaque and len(shape) == 1:
        return StructItemsField(field.name, field.offset, binder.struct_class(item), shape[0])
    if isinstance(item, Enum):
        item = item.scalar
    if isinstance(item, Scalar) and kind.size:
        return ArrayField(field.name, field.offset, kind.size, "B" if is_text(item) else item.code, shape)
    if isinstance(item, Pointer) and kind.size:
        return ArrayField(field.name, field.offset, kind.size, "I", shape)
    return RawField(field.name, field.offset, kind.size)
