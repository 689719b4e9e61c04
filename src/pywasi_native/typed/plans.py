"""From a C function to a `TypedFunction`: what each parameter of the export is made of, and the results."""

from __future__ import annotations

from ..errors import LinkError
from . import roles
from ._calls import TypedFunction
from .ctype import Array, Enum, Function, Pointer, Scalar, Struct, Void, is_text
from .diagnostics import HeaderError
from .python_types import signature_of, unique_name
from .rules import NO_RULES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..engine import Func
    from .binding import Binder
    from .ctype import CType
    from .prototypes import Prototype
    from .rules import Failure, Rules

# As in call_plan.pxi.
INT, BOOL, FLOAT, BUFFER, LENGTH, CELL, CELL_LENGTH, OBJECT, CONVERT = range(9)
WRITABLE, TEXT, NUL, INITIAL = 1, 2, 4, 8
VALUES = {"": 0, "i32": 1, "i64": 2, "f32": 3, "f64": 4}
NONE, SIGNED, UNSIGNED, TRUTH, REAL, BYTES = range(6)
ERRORS = {"": 0, "negative": 1, "nonzero": 2, "null": 3}

Row = tuple[int, int, str | int, int, int, int, int, int, int, object, str]


def value_type(kind: CType) -> str:
    """The wasm type that a C type is passed as; "" for void."""
    if isinstance(kind, Void):
        return ""
    if isinstance(kind, Struct):
        only = kind.only_scalar()
        return value_type(only) if only is not None else "i32"
    if isinstance(kind, Scalar):
        if kind.kind == "f":
            return "f32" if kind.size == 4 else "f64"
        return "i64" if kind.size == 8 else "i32"
    return "i32"


def reading(kind: CType) -> tuple[int, int]:
    """How a value of a C type is read, and its size in memory."""
    if isinstance(kind, Void):
        return NONE, 0
    if isinstance(kind, Enum):
        kind = kind.scalar
    if isinstance(kind, Scalar):
        how = {"f": REAL, "b": TRUTH, "u": UNSIGNED}.get(kind.kind, SIGNED)
        return how, kind.size
    if isinstance(kind, Struct | Array):
        return BYTES, kind.size
    return UNSIGNED, kind.size


class Plan:
    """Collects the steps of one function.

    Args:
        binder: what makes Python classes of C types.
        prototype: the function.
        by_convention: whether the conventions of headers apply (see `roles`).
        failure: when a result is an error, or None.
        rules: which parameters are not what they look like.
    """

    def __init__(
        self, binder: Binder, prototype: Prototype, *, by_convention: bool, failure: Failure | None = None,
        rules: Rules = NO_RULES,
    ) -> None:  # fmt: skip
        if prototype.problem:
            raise HeaderError(prototype.place, prototype.problem)
        self.binder, self.prototype, self.failure = binder, prototype, failure
        self.roles = roles.assign(prototype, by_convention=by_convention, rules=rules)
        self.rows: list[Row] = []
        self.lowered: list[str] = []
        self.names: list[str] = []
        self.place_of: dict[int, int] = {}  # index of the parameter -> of the step
        self.result_struct = isinstance(prototype.result, Struct) and value_type(prototype.result) == "i32" \
            and prototype.result.only_scalar() is None  # fmt: skip
        if self.result_struct:
            self._row(CELL, "i32", item=BYTES, size=prototype.result.size,
                      maker=binder.cell_reader(prototype.result), text="")  # fmt: skip
        for i, role in enumerate(self.roles):
            self.place_of[i] = len(self.rows)
            self._role(role)
        self._set_groups()

    def _row(
        self, what: int, value: str, *, item: str | int = 0, flags: int = 0, named: str | None = None,
        size: int = 1, low: int = 0, high: int = 0, maker: object = None, text: str = "",
    ) -> None:  # fmt: skip
        source = -1
        if named is not None:
            source = len(self.names)
            self.names.append(unique_name(named, self.names))
        self.rows.append((what, VALUES[value], item, flags, source, -1, size, low, high, maker, text))
        self.lowered.append(value)

    def _set_groups(self) -> None:
        for i, role in enumerate(self.roles):
            group = self.place_of[i] if role.what in ("length", "room") else None
            if role.length is not None:
                group = self.place_of[role.length]
            if group is not None:
                at = self.place_of[i]
                self.rows[at] = (*self.rows[at][:5], group, *self.rows[at][6:])

    def _role(self, role: roles.Role) -> None:
        name, kind = role.param.name, role.param.type
        value = value_type(kind)
        text = kind.spell()
        if role.what == "value":
            self._number(name, kind, value, text)
        elif role.what == "length":
            _, high = limits(kind)
            self._row(LENGTH, value, high=high, text=text)
        elif role.what in ("text", "buffer"):
            assert isinstance(kind, Pointer)
            self._buffer(name, kind, role)
        elif role.what == "struct":
            assert isinstance(kind, Pointer)
            target = kind.target
            flags = 0 if kind.const else WRITABLE
            self._row(BUFFER, value, item="s", flags=flags, named=name, size=target.size,
                      maker=self.binder.struct_class(target), text=f"{target.spell()} ({text})")  # fmt: skip
        elif role.what in ("out", "inout", "room"):
            assert isinstance(kind, Pointer)
            self._cell(name, kind.target, role.what)
        elif role.what == "handle":
            assert isinstance(kind, Pointer)
            handle = self.binder.handle_class(kind.target)
            self._row(OBJECT, value, named=name, maker=handle, text=f"{handle.__name__} ({text})")
        else:
            self._row(CONVERT, value, named=name, maker=self.binder.converter(role.what, kind), text=text)

    def _number(self, name: str, kind: CType, value: str, text: str) -> None:
        if isinstance(kind, Scalar) and kind.kind == "f":
            self._row(FLOAT, value, named=name, text=text)
        elif isinstance(kind, Scalar) and kind.kind == "b":
            self._row(BOOL, value, named=name, text=text)
        else:
            low, high = limits(kind)
            self._row(INT, value, named=name, low=low, high=high, text=text)

    def _buffer(self, name: str, kind: Pointer, role: roles.Role) -> None:
        target, flags = kind.target, 0 if kind.const else WRITABLE
        if kind.const and is_text(target):
            flags |= TEXT if role.what == "buffer" else TEXT | NUL
        item, size = "v", 1
        if isinstance(target, Scalar | Enum):
            scalar = target.scalar if isinstance(target, Enum) else target
            item, size = "f" if scalar.kind == "f" else "i", scalar.size
        self._row(BUFFER, "i32", item=item, flags=flags, named=name, size=size,
                  maker=_packer(target), text=_wanted(kind, flags))  # fmt: skip

    def _cell(self, name: str, target: CType, what: str) -> None:
        how, size = reading(target)
        low, high = limits(target)
        self._row(
            CELL_LENGTH if what == "room" else CELL, "i32", item=how, size=size, low=low, high=high,
            flags=INITIAL if what == "inout" else 0, named=name if what == "inout" else None,
            maker=self.binder.cell_reader(target), text=target.spell(),
        )  # fmt: skip

    def make(self, function: Func) -> TypedFunction:
        """The typed function over an export.

        Raises:
            LinkError: the export has another type than the declaration says.
        """
        prototype = self.prototype
        space = (
            self.binder.space
            if any(row[0] in (BUFFER, CELL, CELL_LENGTH, CONVERT) for row in self.rows)
            else None
        )
        result = "" if self.result_struct else value_type(prototype.result)
        self._check(function, result)
        how, size = reading(prototype.result)
        wrap: Callable[[Any], Any] | None = None
        if self.result_struct:
            how, size = NONE, 0
        elif how == BYTES:
            how, size, wrap = self._single(prototype.result)
        else:
            wrap = self.binder.cell_reader(prototype.result)
        failure = self.failure
        kept = how != NONE and not (failure is not None and failure.when == "nonzero")
        extra = {
            "name": prototype.name, "doc": prototype.doc, "declaration": prototype.text,
            "module": self.binder.name,
            "signature": lambda: signature_of(self.roles, prototype.result, tuple(self.names), failure),
        }  # fmt: skip
        return TypedFunction(
            function, space.memory if space else None, space.arena if space else None, self.rows,
            (how, VALUES[result], size, ERRORS[failure.when] if failure else 0, kept), tuple(self.names),
            extra,
            wrap=wrap, on_error=failure.raiser(prototype.name, self.binder) if failure else None,
        )  # fmt: skip

    def _single(self, kind: CType) -> tuple[int, int, Callable[[Any], Any]]:
        """A struct of one number comes as that number."""
        assert isinstance(kind, Struct)
        only = kind.only_scalar()
        assert only is not None
        how, size = reading(only)
        read = self.binder.cell_reader(kind)
        assert read is not None
        return how, size, lambda number: read(self.binder.pack_scalar(only, number).ljust(kind.size, b"\0"))

    def _check(self, function: Func, result: str) -> None:
        found = function.type
        wanted = (tuple(self.lowered), (result,) if result else ())
        if (found.params, found.results) != wanted:
            said = f"(func{_words('param', wanted[0])}{_words('result', wanted[1])})"
            raise LinkError(
                f"{self.prototype.name} is {found}, but its declaration means {said}: "
                f"{self.prototype.text}; is the declaration of another version than the module?"
            )


def _words(word: str, types: tuple[str, ...]) -> str:
    return f" ({word} {' '.join(types)})" if types else ""


def limits(kind: CType) -> tuple[int, int]:
    """The least and the greatest value of an integer type."""
    if isinstance(kind, Enum):
        return -(1 << 31), (1 << 32) - 1
    if isinstance(kind, Scalar) and kind.kind != "f":
        bits = 8 * kind.size
        if kind.kind == "u":
            return 0, (1 << bits) - 1
        if kind.kind == "c":
            return -128, 255
        return -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    return 0, (1 << 32) - 1


def _packer(target: CType) -> Callable[[Any], Any] | None:
    """Makes a buffer of a list of numbers."""
    if not isinstance(target, Scalar) or target.kind == "b":
        return None
    code = target.code

    def pack(values: Any) -> Any:
        from array import array

        return array(code, values)

    return pack


def _wanted(kind: Pointer, flags: int) -> str:
    """What errors say that an argument must be."""
    target = kind.target
    if flags & TEXT:
        return f"str or bytes ({kind})"
    what = "a writable buffer" if flags & WRITABLE else "a buffer"
    if isinstance(target, Void):
        return f"{what} ({kind})"
    return f"{what} of {target} ({kind})"


__all__ = ["Function", "Plan", "limits", "reading", "value_type"]
