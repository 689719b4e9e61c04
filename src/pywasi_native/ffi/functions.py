"""Functions of a library, called as ctypes calls them."""

from __future__ import annotations

import ctypes
from ctypes import ArgumentError

from .conversions import (
    Mismatch,
    check,
    copy_out,
    from_scalar,
    giver,
    is_number,
    parameter_layout,
    taker,
    untyped_giver,
)
from .images import Call, sync_in, sync_out
from .transfer import put

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ..engine import Func
    from .conversions import Give, Take
    from .guest import Guest
    from .layouts import Layout

_UNSET: Any = object()


class Function:
    """A function of a library. Set `argtypes`, `restype` and `errcheck` as with ctypes.

    Attributes:
        errcheck: called with the result, this function and the arguments; what it returns is the result.
    """

    def __init__(
        self, guest: Guest, func: Func, name: str, *, index: int | None = None, use_errno: bool = False
    ) -> None:
        self._guest, self._func, self.__name__ = guest, func, name
        self._index, self._use_errno = index, use_errno
        self._argtypes: tuple[Any, ...] | None = None
        self._restype: Any = _UNSET
        self._plan: _Plan | None = None
        self.errcheck: Callable[[Any, Function, tuple[Any, ...]], Any] | None = None
        self._variadic = False
        self.__doc__ = None

    @property
    def argtypes(self) -> tuple[Any, ...] | None:
        """The types of the parameters; None: they are converted by what the arguments are."""
        return self._argtypes

    @argtypes.setter
    def argtypes(self, types: Sequence[Any] | None) -> None:
        if types is not None:
            types = tuple(types)
            for i, kind in enumerate(types, 1):
                if not hasattr(kind, "from_param"):
                    raise TypeError(f"item {i} in _argtypes_ has no from_param method")
        self._argtypes, self._plan = types, None

    @property
    def restype(self) -> Any:
        """The type of the result: a ctypes type, None for void, or a callable that is given the int."""
        return ctypes.c_int if self._restype is _UNSET else self._restype

    @restype.setter
    def restype(self, kind: Any) -> None:
        if kind is not None and not callable(kind):
            raise TypeError("restype must be a type, a callable, or None")
        self._restype, self._plan = kind, None

    @property
    def variadic(self) -> bool:
        """Whether it is declared with ``...``: more arguments than it has `argtypes` may follow."""
        return self._variadic

    @variadic.setter
    def variadic(self, value: bool) -> None:
        self._variadic, self._plan = bool(value), None

    def __call__(self, *args: Any) -> Any:
        """Calls the function.

        Raises:
            ArgumentError: an argument cannot be converted; the message says which one and why.
            TypeError: there are too few, or `argtypes` or `restype` do not fit the function in the module.
        """
        plan = self._plan
        if plan is None:
            plan = self._plan = _Plan(self)
        result = plan.call(args)
        errcheck = self.errcheck
        return result if errcheck is None else errcheck(result, self, args)

    def __bool__(self) -> bool:
        return True

    def _wasm_index_(self, guest: Guest) -> int:
        """Its function pointer in a library."""
        if guest is not self._guest:
            raise ValueError(f"{self.__name__} of {self._guest.name} was given to {guest.name} as a pointer")
        if self._index is None:
            self._index = guest.callbacks.place(self._func)
        return self._index

    def __repr__(self) -> str:
        return f"<function {self.__name__} of {self._guest.name}>"


class _Plan:
    """How a function is called, worked out from its types once."""

    def __init__(self, function: Function) -> None:
        self.guest, self.func, self.name = function._guest, function._func, function.__name__
        self.use_errno = function._use_errno
        self.params = list(self.func.type.params)
        self.results = list(self.func.type.results)
        self.sret: Layout | None = None
        self.take = self._taker(function)
        self.given: list[Give] = []
        self.rest = function.variadic
        self._arguments(function._argtypes)
        # Numbers alone need no memory.
        self.direct = (
            function._argtypes is not None
            and not (self.rest or self.use_errno or self.sret)
            and all(
                is_number(self.guest.layouts, kind, wasm)
                for kind, wasm in zip(function._argtypes, self.params, strict=True)
            )
        )

    def _taker(self, function: Function) -> Take | None:
        kind, what = function._restype, f"restype of {self.name}"
        if len(self.results) > 1:
            raise Mismatch(f"{self.name} gives {len(self.results)} results, which C functions do not")
        if kind is None:
            return None
        if kind is _UNSET:
            if not self.results:
                return None
            kind = ctypes.c_int
        layouts = self.guest.layouts
        if not isinstance(kind, type) or not hasattr(kind, "from_param"):
            number = taker(layouts.of(ctypes.c_int))
            return lambda guest, value: kind(number(guest, value if self.results else 0))
        if issubclass(kind, ctypes.Structure | ctypes.Union):
            return self._struct_taker(layouts.of(kind), what)
        if not self.results:
            raise Mismatch(
                f"{what} is {kind.__name__}, but the function in the module gives nothing: set None"
            )
        layout = parameter_layout(layouts, kind, self.results[0])
        try:
            check(layout, self.results[0], what)
        except Mismatch as problem:
            raise Mismatch(
                f"{problem}; set restype" if function._restype is _UNSET else str(problem)
            ) from None
        return taker(layout)

    def _struct_taker(self, layout: Layout, what: str) -> Take:
        one = layout.scalar()
        if one is not None:
            if not self.results:
                raise Mismatch(
                    f"{what} is {layout.type.__name__}, but the function in the module gives nothing"
                )
            check(layout, self.results[0], what)
            return lambda guest, value: from_scalar(guest, layout, one, value)
        if self.results or self.params[:1] != ["i32"]:
            raise Mismatch(
                f"{what} is {layout.type.__name__}, which the function in the module does not return"
            )
        self.sret = layout
        self.params.pop(0)
        return lambda guest, address: copy_out(guest, layout, address)

    def _arguments(self, argtypes: tuple[Any, ...] | None) -> None:
        params, layouts = self.params, self.guest.layouts
        if self.rest and params[-1:] != ["i32"]:
            raise Mismatch(f"{self.name} is not variadic: its last parameter in the module is no pointer")
        if argtypes is None:
            self.given = [untyped_giver(wasm) for wasm in params[: len(params) - self.rest]]
            return
        if len(argtypes) != len(params) - self.rest:
            hint = f"; if it is declared with '...', set {self.name}.variadic = True"
            raise Mismatch(
                f"argtypes of {self.name} has {len(argtypes)} types, but the function in the module takes "
                f"{len(params)}{hint if len(argtypes) == len(params) - 1 and params[-1] == 'i32' else ''}"
            )
        self.given = [
            giver(layouts, kind, wasm, f"argument {i} of {self.name}")
            for i, (kind, wasm) in enumerate(zip(argtypes, params, strict=False), 1)
        ]

    def call(self, args: tuple[Any, ...]) -> Any:
        """Calls the function."""
        wanted = len(self.given)
        if len(args) != wanted and not (self.rest and len(args) > wanted):
            least = "at least " if self.rest else ""
            raise TypeError(
                f"this function takes {least}{wanted} argument{'s' * (wanted != 1)} ({len(args)} given)"
            )
        guest = self.guest
        if self.direct and not guest.images and not guest.calls:
            try:
                values = [give(value, None) for give, value in zip(self.given, args, strict=True)]
            except Exception:  # which is raised again below, with the number of the argument
                pass
            else:
                result = self.func(*values)
                return None if self.take is None else self.take(guest, result)
        with Call(guest) as call:
            values = []
            if self.sret is not None:
                values.append(guest.arena.take(self.sret.size))
            for i, give in enumerate(self.given):
                values.append(self._convert(i, give, args[i], call))
            if self.rest:
                values.append(self._variable(args, wanted, call))
            return self._run(values)

    def _run(self, values: list[Any]) -> Any:
        guest = self.guest
        sync_in(guest, fresh=True)
        errno = guest.errno if self.use_errno else None
        if errno is not None:
            errno.into()
        try:
            result = self.func(*values)
        finally:
            sync_out(guest)
            if errno is not None:
                errno.out()
        if self.take is None:
            return None
        return self.take(guest, values[0] if self.sret is not None else result)

    def _convert(self, i: int, give: Give, value: Any, call: Call) -> Any:
        try:
            return give(value, call)
        except (Mismatch, ArgumentError):
            raise
        except MemoryError:
            raise
        except Exception as problem:
            raise ArgumentError(f"argument {i + 1}: {type(problem).__name__}: {problem}") from problem

    def _variable(self, args: tuple[Any, ...], start: int, call: Call) -> int:
        """The address of the arguments after the fixed ones, one after the other, each at its alignment."""
        layouts, places, end = self.guest.layouts, [], 0
        for i, value in enumerate(args[start:], start):
            layout, value = self._promoted(i, value, layouts)
            end = -(-end // layout.align) * layout.align
            places.append((i, layout, value, end))
            end += layout.size
        address = self.guest.arena.take(end)
        for i, layout, value, offset in places:
            self._convert(i, _putter(layout, address + offset), value, call)
        return address

    def _promoted(self, i: int, value: Any, layouts: Any) -> tuple[Layout, Any]:
        """The type of a variable argument, by what it is; small integers and floats are promoted as in C."""
        if isinstance(value, bool | int):
            kind: Any = ctypes.c_int
            if not -(1 << 31) <= value < 1 << 32:
                raise ArgumentError(
                    f"argument {i + 1}: OverflowError: {value} is no int; pass ctypes.c_longlong({value})"
                )
        elif isinstance(value, bytes | None):
            kind = ctypes.c_char_p
        elif isinstance(value, str):
            kind = ctypes.c_wchar_p
        elif isinstance(value, ctypes._SimpleCData):
            kind, value = _promotion(value)
        elif isinstance(value, ctypes._Pointer | ctypes.Array) or type(value).__name__ == "CArgObject":
            kind = ctypes.c_void_p
        else:
            raise ArgumentError(f"argument {i + 1}: TypeError: Don't know how to convert parameter {i + 1}")
        return parameter_layout(layouts, kind, "i64"), value


def _promotion(value: Any) -> tuple[Any, Any]:
    letter = value._type_
    if letter in "fd":
        return ctypes.c_double, float(value.value)
    if letter in "cbBhH?":
        plain = value.value
        return ctypes.c_int, ord(plain) if isinstance(plain, bytes) else int(plain)
    return type(value), value


def _putter(layout: Layout, address: int) -> Give:
    def give(value: Any, call: Call) -> None:
        from .transfer import argument

        guest = call.guest
        if layout.kind == "number" or isinstance(value, bytes | str | None):
            put(guest, layout, address, value, call.kept)
        else:
            guest.memory.write(address, argument(guest, value, call).to_bytes(4, "little"))

    return give
