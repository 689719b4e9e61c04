"""Between Python's values and the numbers that wasm functions take and give, by ctypes types."""

from __future__ import annotations

import ctypes
import struct

from .guest import U32
from .layouts import DATA, FunctionType
from .transfer import argument, number_bytes, pointer_word, store
from .views import function_at, object_at, pointer_to, text_to, view_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .guest import Guest
    from .images import Call
    from .layouts import Layout

    Give = Callable[[Any, Any], Any]  # of the value and the `Call`, which numbers do not need
    Take = Callable[[Guest, Any], Any]

_INTEGERS = "bBhHiIlLqQ"
_LETTERS = {1: "b", 2: "h", 4: "i", 8: "q"}


class Mismatch(TypeError):
    """`argtypes` or `restype` does not fit the function in the module."""


# ---- to wasm ---------------------------------------------------------------------------------------------


def giver(layouts: Any, kind: Any, wasm: str, what: str) -> Give:
    """The conversion of an argument to a wasm value, by the entry of `argtypes`.

    Raises:
        Mismatch: it cannot be that wasm type.
    """
    if _custom(kind):
        untyped = untyped_giver(wasm)
        return lambda value, call: untyped(kind.from_param(value), call)
    layout = parameter_layout(layouts, kind, wasm)
    check(layout, wasm, what)
    one = layout.scalar() if layout.kind == "struct" else layout
    if layout.kind == "struct":
        return _struct_giver(layout, one, wasm)
    return _number_giver(layout, wasm) if layout.kind == "number" else _pointer_giver(layout)


def _custom(kind: Any) -> bool:
    """Whether a class has a `from_param` of its own, written in Python."""
    builtin = isinstance(kind, type) and issubclass(kind, DATA)
    return not builtin or hasattr(getattr(kind, "from_param"), "__func__")  # noqa: B009 - of ctypes' metaclasses


def is_number(layouts: Any, kind: Any, wasm: str) -> bool:
    """Whether an argument of this type needs no memory."""
    return not _custom(kind) and parameter_layout(layouts, kind, wasm).kind == "number"


def parameter_layout(layouts: Any, kind: Any, wasm: str) -> Layout:
    """The layout of a parameter's type; where an integer may have 4 or 8 bytes, the wasm type decides."""
    letter = getattr(kind, "_type_", None)
    if isinstance(letter, str) and letter in "lLqQ" and ctypes.sizeof(kind) == 8:
        return _wide_integer(kind, 8 if wasm == "i64" else 4)
    found: Layout = layouts.of(kind)
    return found


def _wide_integer(kind: Any, size: int) -> Layout:
    from .layouts import Layout as Made

    found = Made(kind, "number", size, size, flat=size == 8)
    letter = "q" if size == 8 else "i"
    found.code = letter if kind._type_.islower() else letter.upper()
    found.plain = kind.__base__ is ctypes._SimpleCData
    return found


def check(layout: Layout, wasm: str, what: str) -> None:
    """Raises `Mismatch` if a type cannot be this wasm type."""
    has = layout.wasm_type()
    if has != wasm and not (wasm in ("i32", "i64") and layout.kind == "number" and has in ("i32", "i64")):
        hint = "; a pointer has 32 bits" if layout.kind != "number" else ""
        raise Mismatch(
            f"{what} is {layout.type.__name__}, but the function in the module has {wasm} there{hint}"
        )


def _number_giver(layout: Layout, wasm: str) -> Give:
    kind = layout.type
    floating = wasm in ("f32", "f64")
    bits = min(8 * layout.size, 32 if wasm == "i32" else 64)
    signed = layout.code.islower() and layout.code in _INTEGERS
    low, high = (-(1 << bits - 1), 1 << bits - 1) if signed else (0, 1 << bits)
    if floating or layout.code.lower() not in _INTEGERS or layout.type._type_ == "u":
        low = high = 0  # not a plain integer

    def give(value: Any, _call: Call) -> Any:
        if type(value) is int and low <= value < high:
            return value
        if not isinstance(value, kind):
            if not hasattr(value, "_as_parameter_") or isinstance(value, DATA):
                kind.from_param(value)  # raises what ctypes raises
            else:
                return give(value._as_parameter_, _call)
            value = kind(value)
        plain = value.value
        if floating:
            return plain
        if isinstance(plain, str | bytes):
            plain = ord(plain)
        return fit(int(plain), wasm)

    return give


def fit(value: int, wasm: str) -> int:
    """An integer for an i32 or i64.

    Raises:
        OverflowError: it has more bits.
    """
    bits = 32 if wasm == "i32" else 64
    if -(1 << bits - 1) <= value < 1 << bits:
        return value
    raise OverflowError(f"{value} does not fit the {bits} bits that this parameter has in the module")


def _pointer_giver(layout: Layout) -> Give:
    kind, name = layout.type, layout.kind

    def give(value: Any, call: Call) -> int:
        if value is None and name != "function":
            return 0
        if isinstance(value, bytes | str | int) and not isinstance(value, bool):
            if name == "text" and isinstance(value, bytes):
                return pointer_word(call.guest, layout, value, call)[0]
            if name == "wide" and isinstance(value, str):
                return pointer_word(call.guest, layout, value, call)[0]
            if name == "address":
                return pointer_word(call.guest, layout, value, call)[0]
        if name == "function" and not isinstance(value, DATA) and hasattr(value, "_wasm_index_"):
            return int(value._wasm_index_(call.guest))
        if not isinstance(value, DATA) and hasattr(value, "_as_parameter_"):
            return give(value._as_parameter_, call)
        if name == "address" and hasattr(value, "_wasm_index_"):
            return int(value._wasm_index_(call.guest))
        kind.from_param(value)  # raises what ctypes raises
        if isinstance(value, FunctionType):
            return call.guest.callbacks.index(kind if name == "function" else type(value), value)
        return argument(call.guest, value, call)

    return give


def _struct_giver(layout: Layout, one: Layout | None, wasm: str) -> Give:
    """A struct by value: the one number in it, else the address of a copy."""

    def give(value: Any, call: Call) -> Any:
        layout.type.from_param(value)
        if not isinstance(value, layout.type):
            value = value._as_parameter_
        guest = call.guest
        address = guest.arena.take(layout.size)
        store(guest, layout, address, value, call.kept)
        if one is None:
            return address
        data = guest.memory.read(address, layout.size)
        return struct.unpack(f"<{_code(one)}", data)[0] if wasm[0] == "f" else int.from_bytes(data, "little")

    return give


def _code(layout: Layout) -> str:
    return layout.code if layout.kind == "number" else "I"


def untyped_giver(wasm: str) -> Give:
    """The conversion of an argument without an entry in `argtypes`."""

    def give(value: Any, call: Call) -> Any:
        guest = call.guest
        if isinstance(value, bool | int) or value is None:
            if wasm in ("f32", "f64"):
                raise TypeError(
                    f"an int was given where the function has {wasm}; set argtypes, or pass c_double"
                )
            return _untyped_int(guest, int(value or 0), wasm)
        if isinstance(value, bytes):
            return pointer_word(guest, guest.layouts.of(ctypes.c_char_p), value, call)[0]
        if isinstance(value, str):
            return pointer_word(guest, guest.layouts.of(ctypes.c_wchar_p), value, call)[0]
        if isinstance(value, FunctionType):
            return guest.callbacks.index(type(value), value)
        if isinstance(value, DATA):
            letter = getattr(value, "_type_", None)
            if isinstance(letter, str) and letter not in "PzZO":
                return giver(guest.layouts, type(value), wasm, "the argument")(value, call)
            if isinstance(value, ctypes.Structure | ctypes.Union):
                return giver(guest.layouts, type(value), wasm, "the argument")(value, call)
            return argument(guest, value, call)
        if type(value).__name__ == "CArgObject":
            return argument(guest, value, call)
        if hasattr(value, "_wasm_index_"):
            return value._wasm_index_(guest)
        if hasattr(value, "_as_parameter_"):
            return give(value._as_parameter_, call)
        raise TypeError("Don't know how to convert parameter")

    return give


def _untyped_int(guest: Guest, value: int, wasm: str) -> int:
    if wasm == "i32" and not -(1 << 31) <= value <= U32:
        found = guest.address_of(value)
        if found is not None:
            return found
    return fit(value, wasm)


# ---- from wasm -------------------------------------------------------------------------------------------


def taker(layout: Layout) -> Take:
    """The conversion of a wasm value to what ctypes gives for this type."""
    kind, name = layout.type, layout.kind
    if name == "number":
        if layout.code == "i" and layout.plain:
            return lambda _guest, value: (
                value if -0x80000000 <= value < 0x80000000 else number_from(layout, value)
            )
        return _number_taker(layout)
    if name == "pointer":
        return lambda guest, value: pointer_to(guest, layout, value & U32)
    if name == "function":
        return lambda guest, value: function_at(guest, layout, value & U32)
    if name == "struct":
        return _struct_taker(layout)
    if not layout.plain:
        return lambda guest, value: pointer_to(guest, layout, value & U32)
    if name == "address":
        return lambda guest, value: guest.tagged(value & U32) or None
    if name in ("text", "wide"):
        return lambda guest, value: text_to(guest, layout, value & U32)
    raise TypeError(f"{kind.__name__} cannot be a result or a parameter of a callback")


def _number_taker(layout: Layout) -> Take:
    kind, code = layout.type, layout.code
    plain = layout.plain

    def take(_guest: Guest, value: Any) -> Any:
        if code in "fd":
            return value if plain else kind(value)
        made = number_from(layout, value)
        return made if plain else kind(made)

    return take


def number_from(layout: Layout, value: int) -> Any:
    """What ctypes gives for an integer of this type that arrives in an i32 or i64."""
    code = layout.code
    if code == "c":
        return bytes((value & 0xFF,))
    if layout.type._type_ == "u":
        return chr(value & U32)
    if code == "?":
        return value & 0xFF != 0
    bits = layout.size * 8
    value &= (1 << bits) - 1
    return value - (1 << bits) if code.islower() and value >> bits - 1 else value


def _struct_taker(layout: Layout) -> Take:
    """Of a parameter by value: a struct that is one number, or the address of one."""
    one = layout.scalar()

    def take(guest: Guest, value: Any) -> Any:
        if one is None:
            return copy_out(guest, layout, value & U32)
        return from_scalar(guest, layout, one, value)

    return take


def from_scalar(guest: Guest, layout: Layout, one: Layout, value: Any) -> Any:
    """A struct that consists of one number or pointer."""
    floating = one.kind == "number" and one.code in "fd"
    data = (
        struct.pack(f"<{one.code}", value)
        if floating
        else (value & (1 << 8 * layout.size) - 1).to_bytes(layout.size, "little")
    )
    return own_struct(guest, layout, data)


def copy_out(guest: Guest, layout: Layout, address: int) -> Any:
    """A copy of the struct at an address: an object of its own."""
    return own_struct(guest, layout, guest.memory.read(address, layout.size))


def own_struct(guest: Guest, layout: Layout, data: bytes) -> Any:
    """An object of its own with these bytes."""
    if layout.flat:
        return layout.type.from_buffer_copy(data)
    address = guest.allocate(layout.size)
    guest.memory.write(address, data)
    return owned_view(guest, layout, address)


def owned_view(guest: Guest, layout: Layout, address: int) -> Any:
    """The object at an address that was allocated for it, and which it frees."""
    import weakref

    made = view_at(guest, layout, address) if not layout.flat else object_at(guest, layout, address)
    weakref.finalize(made, guest.release, address).atexit = False
    return made


def callback_result(layout: Layout) -> Callable[[Guest, Any], Any]:
    """The conversion of what a callback returns."""
    name = layout.kind
    if name == "number":
        if layout.code in "fd":
            return lambda _guest, value: layout.type(value).value
        size_type = layout.wasm_type()

        def number(_guest: Guest, value: Any) -> int:
            if value is None:
                raise TypeError(f"a callback returned None where {layout.type.__name__} is its result")
            data = number_bytes(layout, value)
            signed = layout.code.islower() and layout.code not in "c?"
            return fit(int.from_bytes(data, "little", signed=signed), size_type)

        return number

    def pointer(guest: Guest, value: Any) -> int:
        if isinstance(value, int) and name == "address":
            return pointer_word(guest, layout, value, None)[0]
        word, keep = pointer_word(guest, layout, value, None)
        guest.returned.append(keep)  # as long as the library may use it
        return word

    return pointer
