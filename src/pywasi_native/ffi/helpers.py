"""The functions of ctypes that look into memory, for objects of the host and of libraries alike.

With only the former they are ctypes' own.
"""

from __future__ import annotations

import ctypes

from .guest import U32, Guest, guest_of
from .images import BYREF
from .layouts import DATA, FunctionType, layouts
from .transfer import refer
from .views import become, function_at, is_view, pointer_to, to_of, view_class

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PLAIN = layouts(None)


def _place(value: Any) -> tuple[Guest, int] | None:
    """The place in a library that a pointer, an array or an int stands for."""
    if isinstance(value, int):
        guest = guest_of(value)
        found = None if guest is None else guest.address_of(value)
        return None if guest is None or found is None else (guest, found)
    if isinstance(value, BYREF):
        target: Any = value._obj  # type: ignore[attr-defined]
        offset = (ctypes.cast(value, ctypes.c_void_p).value or 0) - ctypes.addressof(target)
        if is_view(target) and target._wasm_addr_ is not None:
            return target._wasm_guest_, refer(target._wasm_guest_, target, offset, None)[0]
        return _place(ctypes.addressof(target) + offset)
    if not isinstance(value, DATA):
        return None
    if is_view(value):
        if isinstance(value, ctypes._Pointer) or value._wasm_layout_.kind in ("address", "text", "wide"):
            return value._wasm_guest_, to_of(value)
        return value._wasm_guest_, value._wasm_addr_
    if isinstance(value, ctypes._Pointer | ctypes.c_void_p | ctypes.c_char_p | ctypes.c_wchar_p):
        return _place(ctypes.c_size_t.from_address(ctypes.addressof(value)).value)
    return _place(ctypes.addressof(value))


def cast(obj: Any, kind: Any) -> Any:
    """`ctypes.cast`: a pointer of another type to the same place."""
    if isinstance(obj, FunctionType) or hasattr(obj, "_wasm_index_"):
        return _cast_function(obj, kind)
    place = _place(obj)
    if place is None:
        plain = ctypes.cast(obj, kind)
        if isinstance(obj, BYREF):  # ctypes keeps nothing for it
            plain._arr = obj._obj  # type: ignore[attr-defined]
        return plain
    guest, to = place
    layout = guest.layouts.of(kind)
    if layout.kind == "function":
        return function_at(guest, layout, to)
    if layout.kind not in ("pointer", "address", "text", "wide"):
        raise TypeError("cast() argument 2 must be a pointer, not " + kind.__name__)
    return pointer_to(guest, layout, to, {0: obj})


def _cast_function(obj: Any, kind: Any) -> Any:
    if not hasattr(obj, "_wasm_index_"):
        return ctypes.cast(obj, kind)
    if issubclass(kind, FunctionType):
        return obj
    return _simple(obj._guest, kind, obj._wasm_index_(obj._guest))


def _simple(guest: Guest, kind: Any, to: int) -> Any:
    layout = guest.layouts.of(kind)
    made = view_class(guest, layout).__new__(view_class(guest, layout))
    become(made, guest, None, {})
    made._wasm_to_ = to
    return made


def pointer(obj: Any) -> Any:
    """`ctypes.pointer`: a new pointer to an object."""
    if not is_view(obj) or obj._wasm_addr_ is None:
        return ctypes.pointer(obj)
    guest = obj._wasm_guest_
    layout = guest.layouts.of(ctypes.POINTER(obj._wasm_type_))
    return pointer_to(guest, layout, obj._wasm_addr_, {0: obj})


def addressof(obj: Any) -> int:
    """`ctypes.addressof`: where its bytes are in this process."""
    if is_view(obj) and obj._wasm_addr_ is not None:
        return int(obj._wasm_guest_.tagged(obj._wasm_addr_))
    return ctypes.addressof(obj)


def sizeof(kind: Any) -> int:
    """The bytes of a type or an object in a wasm library: pointers have 4.

    A type that `CDLL` needs `long_size` for has those of this host.
    """
    if isinstance(kind, DATA):
        if is_view(kind):
            return int(kind._wasm_layout_.size)
        if ctypes.sizeof(kind) != ctypes.sizeof(type(kind)):  # resize()
            return ctypes.sizeof(kind)
        kind = type(kind)
    try:
        return _PLAIN.of(kind).size
    except TypeError:
        return ctypes.sizeof(kind)


def alignment(kind: Any) -> int:
    """The alignment of a type or an object in a wasm library."""
    try:
        return _PLAIN.of(type(kind) if isinstance(kind, DATA) else kind).align
    except TypeError:
        return ctypes.alignment(kind)


def string_at(ptr: Any, size: int = -1) -> bytes:
    """`ctypes.string_at`: the bytes at an address, `size` of them or up to a NUL.

    Raises:
        IndexError, ValueError: they do not lie in the library's memory.
    """
    place = _place(ptr)
    if place is None:
        return ctypes.string_at(ptr, size)
    guest, address = place
    return guest.terminated(address) if size < 0 else _read(guest, address, size)


def wstring_at(ptr: Any, size: int = -1) -> str:
    """`ctypes.wstring_at`: the characters of a wide string (4 bytes each in a library)."""
    place = _place(ptr)
    if place is None:
        return ctypes.wstring_at(ptr, size)
    guest, address = place
    data = guest.terminated(address, 4) if size < 0 else _read(guest, address, size * 4)
    return data.decode("utf-32-le", "surrogatepass")


def memmove(dst: Any, src: Any, count: int) -> Any:
    """`ctypes.memmove`: copies bytes, also between the host and libraries. Gives the address of `dst`."""
    to, start = _place(dst), None if isinstance(src, bytes) else _place(src)
    if to is None and start is None:
        return ctypes.memmove(dst, src, count)
    if start is not None:
        data = _read(*start, count)
    elif isinstance(src, bytes):
        data = src[:count].ljust(min(count, len(src) + 1), b"\0")
        if len(data) != count:
            raise ValueError(f"memmove of {count} bytes from a bytes object of {len(src)}")
    else:
        data = ctypes.string_at(src, count)
    if to is None:
        return ctypes.memmove(dst, data, count)
    to[0].memory.write(to[1], data)
    return to[0].tagged(to[1])


def memset(dst: Any, value: int, count: int) -> Any:
    """`ctypes.memset`: sets bytes. Gives the address of `dst`."""
    place = _place(dst)
    if place is None:
        return ctypes.memset(dst, value, count)
    guest, address = place
    if address + count > guest.memory.size:
        raise IndexError(f"{count} bytes at {address:#x} do not lie in the memory of {guest.name}")
    guest.memory.write(address, bytes((value & 0xFF,)) * count)
    return guest.tagged(address)


def _read(guest: Guest, address: int, size: int) -> bytes:
    if size < 0 or not 0 <= address <= U32 or address + size > guest.memory.size:
        raise IndexError(f"{size} bytes at {address:#x} do not lie in the memory of {guest.name}")
    return guest.memory.read(address, size)
