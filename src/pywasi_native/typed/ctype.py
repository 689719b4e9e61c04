"""C types as wasm32 lays them out: sizes, alignments, and how they are written in C.

Pointers are 4 bytes. What cannot cross into Python (`long double`, bit-fields, ...) is a type too, with the
reason in `problem`, so that a header that mentions it can be read and only what uses it is refused.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

POINTER_SIZE: Final = 4


class CType:
    """A C type. `problem` says why a value of it cannot be passed, "" if it can."""

    __slots__ = ()
    size: int
    align: int
    problem: str = ""

    def spell(self, inner: str = "") -> str:
        """C text of a declaration of `inner` (a name, or "" for the type alone) with this type."""
        raise NotImplementedError

    def __str__(self) -> str:
        return self.spell()

    def __repr__(self) -> str:
        return f"<C type {self.spell()}>"


def _join(text: str, inner: str) -> str:
    return f"{text} {inner}" if inner and not inner.startswith("[") else text + inner


class Void(CType):
    """``void``: no value, or, behind a pointer, bytes of any kind."""

    __slots__ = ()
    size, align = 1, 1

    def spell(self, inner: str = "") -> str:
        """See `CType.spell`."""
        return _join("void", inner)


class Scalar(CType):
    """A number. `kind` is ``i`` (signed), ``u`` (unsigned), ``f`` (float), ``b`` (_Bool) or ``c`` (char)."""

    __slots__ = ("align", "kind", "name", "size")

    def __init__(self, name: str, kind: str, size: int) -> None:
        self.name, self.kind, self.size, self.align = name, kind, size, size

    def spell(self, inner: str = "") -> str:
        """See `CType.spell`."""
        return _join(self.name, inner)

    @property
    def signed(self) -> bool:
        """Whether it has a sign; `char` has one on wasm32."""
        return self.kind in "icf"

    @property
    def code(self) -> str:
        """Its letter in the `struct` module, little-endian standard sizes."""
        if self.kind == "f":
            return "f" if self.size == 4 else "d"
        if self.kind == "b":
            return "?"
        letter = {1: "b", 2: "h", 4: "i", 8: "q"}[self.size]
        return letter if self.signed else letter.upper()


class Unmapped(CType):
    """A type that C has and Python cannot be given: the name, the size, and why."""

    __slots__ = ("align", "name", "problem", "size")

    def __init__(self, name: str, size: int, problem: str) -> None:
        self.name, self.size, self.align, self.problem = name, size, max(size, 1), problem

    def spell(self, inner: str = "") -> str:
        """See `CType.spell`."""
        return _join(self.name, inner)


class Pointer(CType):
    """A pointer. `const`: what it points to is not written."""

    __slots__ = ("const", "target")
    size = align = POINTER_SIZE

    def __init__(self, target: CType, const: bool = False) -> None:
        self.target, self.const = target, const

    def spell(self, inner: str = "") -> str:
        """See `CType.spell`."""
        inner = f"*{inner}"
        if isinstance(self.target, Array):
            inner = f"({inner})"
        elif isinstance(self.target, Pointer) and self.const:
            return self.target.spell(f"const {inner}")
        text = self.target.spell(inner)
        return f"const {text}" if self.const else text


class Array(CType):
    """An array of a fixed length, as structs have them."""

    __slots__ = ("align", "count", "item", "size")

    def __init__(self, item: CType, count: int) -> None:
        self.item, self.count, self.size, self.align = item, count, item.size * count, item.align

    @property
    def problem(self) -> str:  # type: ignore[override]
        """Why it cannot be passed, "" if it can."""
        return self.item.problem

    def spell(self, inner: str = "") -> str:
        """See `CType.spell`."""
        return self.item.spell(f"{inner}[{self.count}]")


class Enum(CType):
    """An enumeration: an int, or unsigned if a member needs it. `members` are (name, value)."""

    __slots__ = ("members", "name", "tag")
    size = align = 4

    def __init__(self, tag: str, members: tuple[tuple[str, int], ...]) -> None:
        self.tag = self.name = tag
        self.members = members

    @property
    def scalar(self) -> Scalar:
        """What its values are."""
        return UNSIGNED if all(value >= 0 for _, value in self.members) else INT

    def spell(self, inner: str = "") -> str:
        """See `CType.spell`."""
        return _join(f"enum {self.tag}" if self.tag == self.name else self.name, inner)


class Field:
    """A member of a struct or union."""

    __slots__ = ("name", "offset", "type")

    def __init__(self, name: str, type: CType, offset: int) -> None:
        self.name, self.type, self.offset = name, type, offset


class Struct(CType):
    """A struct or union. Without `fields` it is incomplete: an opaque type that only pointers reach."""

    __slots__ = ("align", "doc", "fields", "name", "problem", "size", "tag", "union")

    def __init__(self, tag: str, union: bool = False) -> None:
        self.tag = self.name = tag
        self.union, self.doc, self.problem = union, "", ""
        self.fields: tuple[Field, ...] | None = None
        self.size = self.align = 0

    @property
    def opaque(self) -> bool:
        """Whether nothing is known of its members."""
        return self.fields is None

    def complete(self, members: list[tuple[str, CType]], packed: bool = False) -> None:
        """Lays out the members in order; `packed` leaves no gaps."""
        fields: list[Field] = []
        end, align = 0, 1
        for name, kind in members:
            step = 1 if packed else kind.align
            offset = 0 if self.union else -(-end // step) * step
            if not name and isinstance(kind, Struct):  # its members are members of this one
                fields += [
                    Field(inner.name, inner.type, offset + inner.offset) for inner in kind.fields or ()
                ]
            else:
                fields.append(Field(name, kind, offset))
            end, align = max(end, offset + kind.size), max(align, step)
            if kind.problem and not self.problem:
                self.problem = f"its member {name} cannot be mapped: {kind.problem}"
        self.fields, self.align, self.size = tuple(fields), align, -(-end // align) * align

    def spell(self, inner: str = "") -> str:
        """See `CType.spell`."""
        word = "union" if self.union else "struct"
        return _join(f"{word} {self.tag}".rstrip() if self.tag == self.name else self.name, inner)

    def only_scalar(self) -> CType | None:
        """The one scalar or pointer that it consists of: wasm passes such a struct as that value."""
        found: CType = self
        while isinstance(found, Struct | Array):
            if isinstance(found, Array):
                if found.count != 1:
                    return None
                found = found.item
            else:
                filled = [field.type for field in found.fields or () if field.type.size]
                if len(filled) != 1 or found.size != filled[0].size:
                    return None
                found = filled[0]
        return found


class Function(CType):
    """The type of a function, behind pointers only: a callback.

    `name` is that of its typedef. `explicit`: written in the short notation, so nothing of it is guessed.
    """

    __slots__ = ("explicit", "name", "names", "params", "result", "variadic")
    size, align = 1, 1

    def __init__(
        self, result: CType, params: tuple[CType, ...], names: tuple[str, ...] = (), variadic: bool = False
    ) -> None:
        self.result, self.params, self.variadic, self.name = result, params, variadic, ""
        self.names = names or ("",) * len(params)
        self.explicit = False

    def spell(self, inner: str = "") -> str:
        """See `CType.spell`."""
        words = [kind.spell(name) for kind, name in zip(self.params, self.names, strict=True)]
        if self.variadic:
            words.append("...")
        if inner.startswith("*"):
            inner = f"({inner})"
        return self.result.spell(f"{inner}({', '.join(words) or 'void'})")


VOID: Final = Void()
BOOL: Final = Scalar("_Bool", "b", 1)
CHAR: Final = Scalar("char", "c", 1)
INT: Final = Scalar("int", "i", 4)
UNSIGNED: Final = Scalar("unsigned int", "u", 4)
SIZE: Final = Scalar("size_t", "u", 4)


def is_text(kind: CType) -> bool:
    """Whether it is `char`, of which strings are made."""
    return isinstance(kind, Scalar) and kind.kind == "c"


def is_integer(kind: CType) -> bool:
    """Whether it is an integer that is no `char`, `_Bool` or enumeration."""
    return isinstance(kind, Scalar) and kind.kind in "iu"


def innermost(kind: Array) -> tuple[CType, tuple[int, ...]]:
    """What an array of arrays has in the end, and how many in each direction."""
    shape, item = [kind.count], kind.item
    while isinstance(item, Array):
        shape.append(item.count)
        item = item.item
    return item, tuple(shape)
