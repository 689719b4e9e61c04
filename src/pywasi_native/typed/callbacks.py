"""Python callables as C function pointers: trampolines in the module's table, used again and again."""

from __future__ import annotations

from ..engine import Func, Table
from ..errors import LinkError
from ..extern_types import FuncType
from ._calls import Pointer as DataPointer
from .ctype import Pointer, Scalar
from .plans import BYTES, REAL, TRUTH, UNSIGNED, reading, value_type
from .roles import callback_roles

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..instance import Instance
    from .binding import Binder
    from .ctype import CType, Function

_NO_TABLE = (
    "the module exports no table that can grow, which callbacks need; "
    "link it with -Wl,--export-table,--growable-table"
)


class Trampoline:
    """What lies in the table. `target` is the Python callable that it stands for at the moment."""

    __slots__ = ("answers", "name", "reads", "target")

    def __init__(self, kind: Function, binder: Binder) -> None:
        self.name = kind.name or "callback"
        self.target: Callable[..., Any] | None = None
        roles = callback_roles(kind)
        # What makes each argument, and from which values: (what, place, place of the length or None).
        self.reads: tuple[tuple[Callable[..., Any], int, int | None], ...] = tuple(
            (_reader(role.param.type, binder), i, None) if role.length is None
            else (_data_reader(role.param.type, binder), i, role.length)
            for i, role in enumerate(roles) if role.what != "length"
        )  # fmt: skip
        self.answers = _answer(kind.result, self.name)

    def __call__(self, *values: Any) -> Any:
        """Calls the target with Python values."""
        target = self.target
        if target is None:
            raise RuntimeError(
                f"the module called a {self.name} after the call that it was given to had ended; "
                "keep it with namespace.callback(...)"
            )
        given = [
            read(values[i]) if length is None else read(values[i], values[length])
            for read, i, length in self.reads
        ]
        return self.answers(target(*given))


def _data_reader(kind: CType, binder: Binder) -> Callable[[Any, Any], Any]:
    """From a pointer and a length to bytes, or a view in place of what is not bytes or is written to."""
    assert isinstance(kind, Pointer)
    memory, target = binder.space.memory, kind.target
    code = target.code if isinstance(target, Scalar) else "B"

    def read(address: int, count: int) -> bytes:
        return memory.read(address & 0xFFFFFFFF, count & 0xFFFFFFFF)

    def view(address: int, count: int) -> memoryview:
        return DataPointer(memory, address & 0xFFFFFFFF, code).view(count & 0xFFFFFFFF)

    return read if kind.const and target.size == 1 else view


def _reader(kind: CType, binder: Binder) -> Callable[[Any], Any]:
    """From the value of a wasm parameter to what the callable gets."""
    how, size = reading(kind)
    if how == BYTES:
        raise LinkError(f"a callback that takes {kind} by value cannot be mapped; pass a pointer to it")
    wrap = binder.cell_reader(kind)
    if how == TRUTH:
        return bool
    if how == UNSIGNED:
        mask = (1 << (8 * size)) - 1
        if wrap is None:
            return mask.__and__
        return lambda value: wrap(value & mask)
    return wrap if wrap is not None else _same


def _same(value: Any) -> Any:
    return value


def _answer(kind: CType, name: str) -> Callable[[Any], Any]:
    """From what the callable returned to the value of the wasm result."""
    how, size = reading(kind)
    if how == BYTES:
        raise LinkError(f"a callback that returns {kind} by value cannot be mapped; use a pointer")
    if not size:
        return _nothing
    if how == REAL:
        return _same
    if how == TRUTH:
        return lambda value: int(bool(value))
    bits = 8 * size

    def whole(value: Any) -> int:
        if value is None and kind.spell().endswith("*"):
            return 0
        if isinstance(value, float) or not hasattr(type(value), "__index__"):
            raise TypeError(f"{name} must return int ({kind}), not {type(value).__name__}")
        number = int(value.__index__())
        if not -(1 << (bits - 1)) <= number < 1 << bits:
            raise OverflowError(f"{name} must return {kind}, and {number} does not fit")
        return number

    return whole


def _nothing(_value: Any) -> None:
    return None


class CallbackPool:
    """The trampolines of an instance.

    A place of the table is never given back to the module, but used again for the next callback of its type.
    """

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self._table: Table | None = None
        self.free: dict[tuple[int, str, bool], list[tuple[int, Trampoline]]] = {}

    @property
    def table(self) -> Table:
        """The table of the module's function pointers."""
        if self._table is None:
            exports = self.instance.exports
            found = exports.get("__indirect_function_table")
            if not isinstance(found, Table):
                tables = [item for item in exports.values() if isinstance(item, Table)]
                found = tables[0] if tables else None
            if found is None or found.type.element != "funcref":
                raise LinkError(_NO_TABLE)
            self._table = found
        return self._table

    def take(self, kind: Function, binder: Binder, target: Callable[..., Any]) -> tuple[int, Trampoline]:
        """A place in the table that calls `target` until it is given back."""
        # Types are compared by their text and their binder: readers of one make classes of one.
        key = (id(binder), kind.spell(), kind.explicit)
        places = self.free.setdefault(key, [])
        try:
            index, trampoline = places.pop()  # another thread may have been faster
        except IndexError:
            index, trampoline = self._add(kind, binder)
        trampoline.target = target
        return index, trampoline

    def give(self, kind: Function, binder: Binder, index: int, trampoline: Trampoline) -> None:
        """Gives a place back."""
        trampoline.target = None
        self.free[id(binder), kind.spell(), kind.explicit].append((index, trampoline))

    def _add(self, kind: Function, binder: Binder) -> tuple[int, Trampoline]:
        trampoline = Trampoline(kind, binder)
        result = value_type(kind.result)
        type_ = FuncType([value_type(param) for param in kind.params], [result] if result else [])
        function = Func(type_, trampoline, name=trampoline.name)
        try:
            index = self.table.grow(1, function)
        except ValueError as problem:
            raise LinkError(f"{_NO_TABLE} ({problem})") from None
        return index, trampoline


class Callback:
    """A Python callable that the module may keep: it lies in the table until it is closed."""

    def __init__(self, kind: Function, binder: Binder, target: Callable[..., Any]) -> None:
        if not callable(target):
            raise TypeError(f"a callback must be callable, not {type(target).__name__}")
        self._kind, self._binder, self.target = kind, binder, target
        self._index, self._trampoline = binder.callbacks.take(kind, binder, target)
        self._closed = False

    def __index__(self) -> int:
        if self._closed:
            raise ValueError("the callback is closed")
        return self._index

    def close(self) -> None:
        """Takes it out of use; a call by the module is an error then. Again: no effect."""
        if not self._closed:
            self._closed = True
            self._binder.callbacks.give(self._kind, self._binder, self._index, self._trampoline)

    def __enter__(self) -> Callback:
        return self

    def __exit__(self, *_problem: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<callback {self._kind.spell('*')} of {self.target!r}{' (closed)' if self._closed else ''}>"
