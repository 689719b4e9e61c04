"""Function pointers: Python's functions in the guest's table, and the guest's functions for Python."""

from __future__ import annotations

import ctypes
import gc
import weakref

from ..engine import Func, Table
from ..errors import LinkError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .guest import Guest
    from .layouts import Layout

_USE_ERRNO = 8  # ctypes' FUNCFLAG_USE_ERRNO


class Callbacks:
    """The function pointers of a library."""

    def __init__(self, guest: Guest) -> None:
        self.guest = weakref.proxy(guest)
        self._indexes: dict[int, int] = {}  # by the id of the object
        self._ours: dict[int, weakref.ref[Any]] = {}
        self._free: list[int] = []

    def table(self) -> Table:
        """The table of the functions that pointers lead to.

        Raises:
            LinkError: the library exports none.
        """
        exports = self.guest.instance.exports
        found: object = exports.get("__indirect_function_table")
        if not isinstance(found, Table):
            found = next((item for item in exports.values() if isinstance(item, Table)), None)
        if not isinstance(found, Table):
            raise LinkError(
                f"{self.guest.name} exports no table, so it has no function pointers; link it with "
                "-Wl,--export-table,--growable-table"
            )
        return found

    def index(self, kind: Any, function: Any) -> int:
        """The function pointer for a ctypes function object."""
        if not function:
            return 0
        found = self._indexes.get(id(function))
        if found is None:
            found = self.place(self._host_function(kind, function))
            self._indexes[id(function)] = found
            self._ours[found] = weakref.ref(function)
            weakref.finalize(function, _drop, weakref.ref(self), id(function), found).atexit = False
        return found

    def place(self, func: Func) -> int:
        """Puts a function into the table."""
        table = self.table()
        if self._free:
            index = self._free.pop()
            table[index] = func
            return index
        try:
            return table.grow(1, func)
        except (ValueError, MemoryError):
            raise LinkError(
                f"the table of {self.guest.name} cannot grow, so it takes no callbacks; link it with "
                "-Wl,--growable-table"
            ) from None

    def drop(self, key: int, index: int) -> None:
        """Takes a function out of the table."""
        self._ours.pop(index, None)
        self._indexes.pop(key, None)
        self.table()[index] = None
        self._free.append(index)

    def function(self, kind: Any, index: int) -> Any:
        """The function behind a function pointer, as an object that can be called."""
        from .functions import Function

        if index == 0:
            return kind()
        ours = self._ours.get(index)
        known = ours() if ours is not None else None
        if known is not None:
            return known
        table = self.table()
        func = table[index] if index < len(table) else None
        if func is None:
            raise ValueError(
                f"{self.guest.name} gave the function pointer {index}, where there is no function"
            )
        made = Function(self.guest.strong(), func, func.name, index=index)
        made.argtypes, made.restype = kind._argtypes_, kind._restype_
        return made

    def _host_function(self, kind: Any, function: Any) -> Func:
        from ..extern_types import FuncType

        layouts = [self.guest.layouts.of(one) for one in kind._argtypes_]
        restype = kind._restype_
        result = None if restype is None else self.guest.layouts.of(restype)
        if result is not None and result.kind == "struct":
            raise TypeError(
                f"a callback cannot return {restype.__name__} by value; let it take a pointer to one"
            )
        # Where Python's function is not known, ctypes' own object for it is called, which it must not keep
        # alive.
        target = python_function(function) or weakref.proxy(function)
        type = FuncType([one.wasm_type() for one in layouts], [] if result is None else [result.wasm_type()])
        name = getattr(target, "__name__", "callback")
        body = _body(self.guest, target, layouts, result)
        return Func(type, body, name=str(name), store=self.guest.instance.store)


def _body(guest: Guest, target: Any, layouts: list[Layout], result: Layout | None) -> Callable[..., Any]:
    from .conversions import callback_result, taker
    from .images import sync_in, sync_out

    arrive = [taker(layout) for layout in layouts]
    leave = None if result is None else callback_result(result)

    def called(*values: Any) -> Any:
        strong = guest.strong()
        sync_out(strong)
        answer = target(*[one(strong, value) for one, value in zip(arrive, values, strict=True)])
        sync_in(strong)
        return None if leave is None else leave(strong, answer)

    return called


def _drop(callbacks: weakref.ref[Callbacks], key: int, index: int) -> None:
    owner = callbacks()
    if owner is not None:
        try:
            owner.drop(key, index)
        except ReferenceError:  # the library is gone
            return


def python_function(function: Any) -> Any:
    """The Python function of a ctypes callback; None for a function of the process.

    ctypes does not tell; the collector knows what the object refers to.
    """
    thunks = [one for one in gc.get_referents(function) if type(one).__name__ == "CThunkObject"]
    base = function._b_base_
    # Of a member of a struct the struct keeps the thunk, among those of all its members.
    while not thunks and base is not None:
        thunks = _thunks(base._objects)
        base = base._b_base_
    if len({id(one) for one in thunks}) != 1:
        return None
    for one in gc.get_referents(thunks[0]):
        if callable(one) and not isinstance(one, type) and not _is_from_param(one):
            return one
    return None


def _is_from_param(value: Any) -> bool:
    return getattr(value, "__name__", "") == "from_param" and isinstance(
        getattr(value, "__self__", None), type
    )


def _thunks(kept: Any) -> list[Any]:
    if isinstance(kept, dict):
        return [one for value in kept.values() for one in _thunks(value)]
    if type(kept).__name__ == "CThunkObject":
        return [kept]
    return _thunks(kept._objects) if isinstance(kept, ctypes._CFuncPtr) else []  # type: ignore[attr-defined]


def uses_errno(kind: Any) -> bool:
    """Whether a function type was made with ``use_errno=True``."""
    return bool(kind._flags_ & _USE_ERRNO)
