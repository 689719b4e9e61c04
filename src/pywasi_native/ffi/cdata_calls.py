"""Calls between Python and a library by C types: functions, function pointers, callbacks."""

from __future__ import annotations

import struct
import sys
import traceback
from contextlib import suppress

from ..engine import Func
from ..typed.ctype import Array, CType, Enum, Function, Pointer, Scalar, Struct, Void
from .cdata import (
    Block,
    CData,
    CPointer,
    CStruct,
    check_struct,
    make,
    number_bytes_of,
    number_of,
    pointer_for,
    wide_bytes,
    write,
)
from .cdef import is_byte, is_char, is_wide
from .guest import U32
from .images import Call, sync_in, sync_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .guest import Guest

_VOID_POINTER = Pointer(Void())


def wasm_type(kind: CType) -> str:
    """The type of a wasm parameter for a C type."""
    if isinstance(kind, Struct):
        only = kind.only_scalar()
        return "i32" if only is None else wasm_type(only)
    if isinstance(kind, Scalar):
        if kind.kind == "f":
            return "f32" if kind.size == 4 else "f64"
        return "i64" if kind.size == 8 else "i32"
    return "i32"


def _by_address(kind: CType) -> bool:
    return isinstance(kind, Struct) and kind.only_scalar() is None


class Plan:
    """How functions of a C type are called."""

    def __init__(self, kind: Function) -> None:
        for one in (kind.result, *kind.params):
            if isinstance(one, Struct):
                check_struct(one)
            elif one.problem:
                raise TypeError(f"{kind} cannot be called: {one.problem}")
        self.kind = kind
        self.sret = _by_address(kind.result)
        numbers = (*kind.params, Scalar("int", "i", 4) if isinstance(kind.result, Void) else kind.result)
        self.direct = not kind.variadic and all(isinstance(one, Scalar | Enum) for one in numbers)
        params = [wasm_type(one) for one in kind.params]
        self.params = ["i32"] * self.sret + params + ["i32"] * kind.variadic
        empty = self.sret or isinstance(kind.result, Void)
        self.results = [] if empty else [wasm_type(kind.result)]

    def check(self, func: Func, name: str, guest: Guest) -> None:
        """Raises TypeError where the function in the module has another type."""
        has = func.type
        if list(has.params) != self.params or list(has.results) != self.results:
            wanted = f"({', '.join(self.params)}) -> ({', '.join(self.results)})"
            real = f"({', '.join(has.params)}) -> ({', '.join(has.results)})"
            raise TypeError(
                f"cdef declares {self.kind.spell(name)}, which is {wanted} in wasm; {guest.name} has {real}"
            )

    def call(self, guest: Guest, func: Func, args: tuple[Any, ...]) -> Any:
        """Calls a function of this type."""
        kind = self.kind
        wanted = len(kind.params)
        if len(args) != wanted and not (kind.variadic and len(args) > wanted):
            least = "at least " if kind.variadic else ""
            raise TypeError(f"function expects {least}{wanted} arguments, got {len(args)}")
        if self.direct and not guest.images and not guest.calls:
            plain = [give(None, one, value) for one, value in zip(kind.params, args, strict=True)]
            return take(guest, kind.result, self._run(guest, func, plain))
        with Call(guest) as call:
            values: list[Any] = [guest.arena.take(kind.result.size)] if self.sret else []
            values += [give(call, one, value) for one, value in zip(kind.params, args, strict=False)]
            if kind.variadic:
                values.append(_variable(call, args, wanted))
            sync_in(guest, fresh=True)
            try:
                result = self._run(guest, func, values)
            finally:
                sync_out(guest)
            return take(guest, kind.result, values[0] if self.sret else result)

    def _run(self, guest: Guest, func: Func, values: list[Any]) -> Any:
        errno = guest.errno
        if errno is None:
            return func(*values)
        errno.into()
        try:
            return func(*values)
        finally:
            errno.out()


def plan_of(guest: Guest, kind: Function) -> Plan:
    """The plan for a type, made once."""
    found = guest.plans.get(id(kind))
    if found is None:
        found = guest.plans[id(kind)] = Plan(kind)  # which keeps the type, so that its id stays its own
    return found


def call_pointer(pointer: CData, args: tuple[Any, ...]) -> Any:
    """Calls the function behind a function pointer."""
    kind = pointer._type
    if not isinstance(kind, Pointer) or not isinstance(kind.target, Function):
        raise TypeError(f"cdata of type {str(kind)!r} is not callable")
    guest = pointer._guest
    index = pointer._at
    table = guest.callbacks.table()
    func = table[index] if 0 < index < len(table) else None
    if func is None:
        raise RuntimeError(f"cannot call {'null ' * (not index)}function pointer {pointer!r}")
    plan = plan_of(guest, kind.target)
    plan.check(func, func.name, guest)
    return plan.call(guest, func, args)


class CFunction(CPointer):
    """A function of a library. It has a function pointer from when one is needed."""

    __slots__ = ("_func", "_index", "_name", "_plan")
    _func: Func

    @property
    def _at(self) -> int:
        if not self._index:
            object.__setattr__(self, "_index", self._guest.callbacks.place(self._func))
        return int(self._index)

    def __call__(self, *args: Any) -> Any:
        """Calls it."""
        return self._plan.call(self._guest, self._func, args)

    def __repr__(self) -> str:
        return f"<cdata {str(self._type)!r} {self._name} of {self._guest.name}>"

    def __bool__(self) -> bool:
        return True


def function(guest: Guest, name: str, kind: Function, func: Func) -> CFunction:
    """The object for a function of a library.

    Raises:
        TypeError: it is declared as something else than it is.
    """
    found = CFunction.__new__(CFunction)
    plan = plan_of(guest, kind)
    plan.check(func, name, guest)
    for slot, value in (
        ("_guest", guest), ("_type", Pointer(kind)), ("_keep", None), ("_func", func), ("_name", name),
        ("_plan", plan), ("_index", 0),
    ):  # fmt: skip
        object.__setattr__(found, slot, value)
    return found


# ---- values -----------------------------------------------------------------------------------


def give(call: Any, kind: CType, value: Any) -> Any:
    """The wasm value for an argument. Numbers need no `Call`."""
    if type(value) is int and isinstance(kind, Scalar) and kind.kind in "iu" and not is_wide(kind):
        bits = 8 * kind.size
        low, high = (-(1 << bits - 1), 1 << bits - 1) if kind.kind == "i" else (0, 1 << bits)
        if low <= value < high:
            return value
    if isinstance(kind, Pointer):
        return _give_pointer(call, kind, value)
    if isinstance(kind, Struct):
        return _give_struct(call, kind, value)
    data = number_bytes_of(kind, value)
    scalar = kind.scalar if isinstance(kind, Enum) else kind
    assert isinstance(scalar, Scalar)
    if scalar.kind == "f":
        return struct.unpack(f"<{scalar.code}", data)[0]
    return int.from_bytes(data, "little", signed=scalar.signed)


def _give_pointer(call: Call, kind: Pointer, value: Any) -> int:
    guest, target = call.guest, kind.target
    if isinstance(value, CData):
        return pointer_for(guest, kind, value)
    if isinstance(value, bytes) and is_byte(target):
        return call.constant(value)
    if isinstance(value, str) and is_wide(target):
        data = wide_bytes(value) + bytes(target.size)
        address = guest.arena.take(len(data))
        guest.memory.write(address, data)
        return address
    if isinstance(value, list | tuple):
        size = target.size * len(value)
        address = guest.arena.take(size)
        guest.memory.write(address, bytes(size))
        write(guest, Array(target, len(value)), address, value)
        return address
    return pointer_for(guest, kind, value)  # which raises


def _give_struct(call: Call, kind: Struct, value: Any) -> Any:
    guest = call.guest
    address = guest.arena.take(kind.size)
    guest.memory.write(address, bytes(kind.size))
    if not isinstance(value, CStruct):
        raise TypeError(f"argument of ctype {str(kind)!r} must be cdata of it, not {type(value).__name__}")
    write(guest, kind, address, value)
    only = kind.only_scalar()
    if only is None:
        return address
    data = guest.memory.read(address, kind.size)
    if isinstance(only, Scalar) and only.kind == "f":
        return struct.unpack(f"<{only.code}", data)[0]
    return int.from_bytes(data, "little")


def _variable(call: Call, args: tuple[Any, ...], start: int) -> int:
    """The address of the arguments behind the fixed ones, each at its alignment."""
    places: list[tuple[CType, Any, int]] = []
    end = 0
    for i, value in enumerate(args[start:], start + 1):
        if isinstance(value, bytes):
            kind: CType = _VOID_POINTER
            value = make(call.guest, kind, call.constant(value))
        elif not isinstance(value, CData):
            raise TypeError(
                f"argument {i} passed in the variadic part needs to be a cdata object, "
                f"not {type(value).__name__}"
            )
        else:
            kind, value = _promoted(value)
        end = -(-end // kind.align) * kind.align
        places.append((kind, value, end))
        end += kind.size
    address = call.guest.arena.take(end)
    for kind, value, offset in places:
        write(call.guest, kind, address + offset, value)
    return address


def _promoted(value: CData) -> tuple[CType, Any]:
    kind = value._type
    if isinstance(kind, Array):
        return Pointer(kind.item), value
    if isinstance(kind, Scalar) and kind.kind == "f":
        return Scalar("double", "f", 8), float(value)  # type: ignore[arg-type]
    if isinstance(kind, Scalar) and kind.size < 4:
        return Scalar("int", "i", 4), int(value)  # type: ignore[call-overload]
    return kind, value


def take(guest: Guest, kind: CType, value: Any) -> Any:
    """What Python gets for a wasm value."""
    if isinstance(kind, Void):
        return None
    if isinstance(kind, Pointer):
        return make(guest, kind, value & U32)
    if isinstance(kind, Struct):
        block = Block(guest, guest.allocate(kind.size), kind.size)
        guest.memory.write(block.address, _struct_bytes(guest, kind, value))
        return make(guest, kind, block.address, block)
    scalar = kind.scalar if isinstance(kind, Enum) else kind
    assert isinstance(scalar, Scalar)
    if scalar.kind == "f" or (scalar.kind == "i" and scalar.size >= 4 and not is_wide(kind)):
        return value
    data = (value & (1 << 64) - 1).to_bytes(8, "little")[: scalar.size]
    return value & 1 != 0 if scalar.kind == "b" else number_of(kind, data)


def _struct_bytes(guest: Guest, kind: Struct, value: Any) -> bytes:
    only = kind.only_scalar()
    if only is None:
        return guest.memory.read(value & U32, kind.size)
    if isinstance(only, Scalar) and only.kind == "f":
        return struct.pack(f"<{only.code}", value)
    data: bytes = (value & (1 << 64) - 1).to_bytes(8, "little")
    return data[: kind.size]


# ---- callbacks --------------------------------------------------------------------------------


class Slot:
    """An entry of the table that a callback owns."""

    __slots__ = ("guest", "index")

    def __init__(self, guest: Guest, index: int) -> None:
        self.guest, self.index = guest, index

    def __del__(self) -> None:
        with suppress(ReferenceError):  # the guest has gone first, as at the end of the interpreter
            self.guest.callbacks.drop(0, self.index)


def callback(
    guest: Guest,
    kind: Function,
    target: Callable[..., Any],
    error: Any,
    onerror: Callable[..., Any] | None,
) -> CPointer:
    """A function pointer for a Python function."""
    from ..extern_types import FuncType

    plan = plan_of(guest, kind)
    if plan.sret or kind.variadic:
        raise TypeError(f"{kind}: a callback has a fixed number of parameters and no struct as its result")
    body = _Body(guest, plan, target, error, onerror)
    name = str(getattr(target, "__name__", "callback"))
    func = Func(FuncType(plan.params, plan.results), body, name=name, store=guest.instance.store)
    index = guest.callbacks.place(func)
    found: CPointer = make(guest, Pointer(kind), index, Slot(guest, index))
    return found


class _Body:
    """What the guest calls. It does not keep the library alive, which keeps it."""

    def __init__(self, guest: Guest, plan: Plan, target: Any, error: Any, onerror: Any) -> None:
        import weakref

        self.guest, self.plan, self.target = weakref.proxy(guest), plan, target
        self.onerror, self.default = onerror, None
        self.handles = error is not None or onerror is not None
        result = plan.kind.result
        if not isinstance(result, Void):
            default = error
            if error is None and not isinstance(result, Pointer | Struct):
                default = b"\0" if is_char(result) else "\0" if is_wide(result) else 0
            self.default = 0 if default is None else self._leave(guest, default)

    def __call__(self, *values: Any) -> Any:
        guest, kind = self.guest.strong(), self.plan.kind
        sync_out(guest)
        try:
            args = [take(guest, one, value) for one, value in zip(kind.params, values, strict=True)]
            answer = self._leave(guest, self.target(*args))
        except Exception as problem:
            if not self.handles:
                raise
            answer = self._failed(guest, problem)
        sync_in(guest)
        return answer

    def _leave(self, guest: Guest, answer: Any) -> Any:
        kind = self.plan.kind.result
        if isinstance(kind, Void):
            return None
        if isinstance(kind, Pointer):
            guest.returned.append(answer)  # as long as the library may use it
            return pointer_for(guest, kind, answer)
        if isinstance(kind, Scalar | Enum) and answer is None:
            raise TypeError(f"a callback returned None where {kind} is its result")
        with Call(guest) as call:
            return give(call, kind, answer)

    def _failed(self, guest: Guest, problem: Exception) -> Any:
        if self.onerror is None:
            traceback.print_exception(problem, file=sys.stderr)
            return self.default
        answer = self.onerror(type(problem), problem, problem.__traceback__)
        return self.default if answer is None else self._leave(guest, answer)
