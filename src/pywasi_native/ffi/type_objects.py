"""C types as objects: what `FFI.typeof` gives."""

from __future__ import annotations

from ..typed.ctype import Array, CType, Enum, Field, Function, Pointer, Struct, Void
from .cdef import is_open, is_same

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class FieldObject:
    """A member: its type, offset, and, as it is no bit-field, -1 twice."""

    __slots__ = ("bitshift", "bitsize", "flags", "offset", "type")

    def __init__(self, field: Field) -> None:
        self.type, self.offset = TypeObject(field.type), field.offset
        self.bitshift = self.bitsize = -1
        self.flags = 0

    def __repr__(self) -> str:
        return f"<field at {self.offset} of {self.type}>"


class TypeObject:
    """A C type. Which attributes it has follows from its `kind`, as in cffi."""

    __slots__ = ("_type",)

    def __init__(self, kind: CType) -> None:
        self._type = kind

    @property
    def kind(self) -> str:
        """void, primitive, pointer, function, array, struct, union, or enum."""
        found = self._type
        if isinstance(found, Pointer):
            return "function" if isinstance(found.target, Function) else "pointer"
        if isinstance(found, Struct):
            return "union" if found.union else "struct"
        kinds: dict[Any, str] = {Void: "void", Array: "array", Enum: "enum", Function: "function"}
        return kinds.get(type(found), "primitive")

    @property
    def cname(self) -> str:
        """Its name in C."""
        return str(self._type)

    @property
    def item(self) -> TypeObject:
        """What a pointer leads to or an array consists of."""
        found = self._type
        if isinstance(found, Pointer) and not isinstance(found.target, Function):
            return TypeObject(found.target)
        if isinstance(found, Array):
            return TypeObject(found.item)
        raise AttributeError(f"ctype {self.cname!r} of kind {self.kind} has no item")

    @property
    def length(self) -> int | None:
        """Of an array; None where it has none."""
        if isinstance(self._type, Array):
            return None if is_open(self._type) else self._type.count
        raise AttributeError(f"ctype {self.cname!r} of kind {self.kind} has no length")

    @property
    def fields(self) -> list[tuple[str, FieldObject]] | None:
        """The members of a struct or union; None where it is opaque."""
        if isinstance(self._type, Struct):
            if self._type.fields is None:
                return None
            return [(one.name, FieldObject(one)) for one in self._type.fields]
        raise AttributeError(f"ctype {self.cname!r} of kind {self.kind} has no fields")

    def _function(self, name: str) -> Function:
        found = self._type.target if isinstance(self._type, Pointer) else self._type
        if not isinstance(found, Function):
            raise AttributeError(f"ctype {self.cname!r} of kind {self.kind} has no {name}")
        return found

    @property
    def args(self) -> tuple[TypeObject, ...]:
        """The parameters of a function."""
        return tuple(TypeObject(one) for one in self._function("args").params)

    @property
    def result(self) -> TypeObject:
        """The result of a function."""
        return TypeObject(self._function("result").result)

    @property
    def ellipsis(self) -> bool:
        """Whether a function takes more arguments than it names."""
        return self._function("ellipsis").variadic

    @property
    def elements(self) -> dict[int, str]:
        """The names of an enumeration's values."""
        if not isinstance(self._type, Enum):
            raise AttributeError(f"ctype {self.cname!r} of kind {self.kind} has no elements")
        return {value: name for name, value in reversed(self._type.members)}

    @property
    def relements(self) -> dict[str, int]:
        """The values of an enumeration by name."""
        if not isinstance(self._type, Enum):
            raise AttributeError(f"ctype {self.cname!r} of kind {self.kind} has no relements")
        return dict(self._type.members)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TypeObject):
            return NotImplemented
        return self._type is other._type or is_same(self._type, other._type)

    def __hash__(self) -> int:
        base = self._type
        while isinstance(base, Pointer | Array):
            base = base.target if isinstance(base, Pointer) else base.item
        return hash((self.kind, base.size, base.align))

    def __repr__(self) -> str:
        return f"<ctype {self.cname!r}>"
