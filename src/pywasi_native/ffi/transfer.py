"""Python values into the guest's memory: members, elements, and what pointers point to.

What a pointer is given in exchange for, by what it points to:

    an object in the guest's memory           its address there
    a flat object, bytes                      the address of its image (images.py)
    any other object: pointers are in it      it moves: its bytes are in the guest's memory from now on, and
    the
                                              object becomes a view of them (views.py)
"""

from __future__ import annotations

import ctypes
import weakref

from .images import BYREF, Call, Extent, bytes_extent, extent_of, kept_image, pointed_extent
from .layouts import DATA, FunctionType, PointerType, SimpleType
from .views import become, is_view, put_bits, to_of, view_class

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .guest import Guest
    from .layouts import Layout


class HostPointerError(ValueError):
    """A pointer into the memory of the process was given to a guest, which cannot reach it."""


def put(guest: Guest, layout: Layout, address: int, value: Any, kept: dict[int, Any]) -> None:
    """Writes what ctypes would let a member of this type be set to.

    Raises:
        TypeError, ValueError: as ctypes does, or a pointer cannot be translated.
    """
    kind = layout.kind
    if kind == "number":
        guest.memory.write(address, number_bytes(layout, value))
    elif kind in ("struct", "array"):
        _put_aggregate(guest, layout, address, value, kept)
    else:
        word, keep = pointer_word(guest, layout, value, None)
        guest.memory.write(address, word.to_bytes(4, "little"))
        _keep(kept, address, keep)


def _keep(kept: dict[int, Any], address: int, value: Any) -> None:
    if value is None:
        kept.pop(address, None)
    else:
        kept[address] = value


def number_bytes(layout: Layout, value: Any) -> bytes:
    """A number as it lies in the guest."""
    if isinstance(value, layout.type):
        value = value.value
    if layout.flat:
        return bytes(layout.type(value))
    checked = layout.type(value).value  # ctypes' own check
    if layout.type._type_ == "u":
        checked = ord(checked)
    bits = 8 * layout.size
    return (int(checked) & (1 << bits) - 1).to_bytes(layout.size, "little")


def _put_aggregate(guest: Guest, layout: Layout, address: int, value: Any, kept: dict[int, Any]) -> None:
    if not isinstance(value, layout.type):
        if layout.kind == "array" and layout.item is not None and layout.item.type is ctypes.c_char:
            made = layout.type()
            made.value = value
            value = made
        elif isinstance(value, tuple):
            value = layout.type(*value)
        else:
            raise TypeError(
                f"incompatible types, {type(value).__name__} instance instead of {layout.type.__name__}"
            )
    store(guest, layout, address, value, kept)


def store(guest: Guest, layout: Layout, address: int, value: Any, kept: dict[int, Any]) -> None:
    """Copies an object of the host, or of the guest, to an address in the guest."""
    if is_view(value) and value._wasm_addr_ is not None:
        own = guest_address(guest, value)
        guest.memory.write(address, guest.memory.read(own, layout.size))
        for place, keep in list(value._wasm_kept_.items()):
            if own <= place < own + layout.size:
                kept[address + place - own] = keep
    elif layout.flat:
        guest.memory.write(address, bytes(value))
    elif layout.kind == "array" and layout.item is not None:
        for i in range(layout.count):
            place = address + i * layout.item.size
            if not _store_loose(guest, layout.item, place, value, i * layout.item.host_size, kept):
                put(guest, layout.item, place, value[i], kept)
    elif layout.kind == "struct" and not layout.union:
        for member in layout.fields:
            place = address + member.offset
            if member.width:
                put_bits(guest, member, place, getattr(value, member.name))
            elif not _store_loose(guest, member.layout, place, value, member.host_offset, kept):
                put(guest, member.layout, place, getattr(value, member.name), kept)
    elif layout.kind == "struct":
        _store_union(guest, layout, address, value, kept)
    else:
        put(guest, layout, address, value, kept)


def _store_loose(
    guest: Guest, layout: Layout, address: int, value: Any, offset: int, kept: dict[int, Any]
) -> bool:
    """Copies a void* or char* of a host's object, of which only the bytes say where it points.

    False: it is none, or what it points to is not known.
    """
    if layout.kind not in ("address", "text", "wide") or not layout.plain:
        return False
    host = ctypes.c_size_t.from_address(ctypes.addressof(value) + offset).value
    extent = pointed_extent(value, host) if host and guest.address_of(host) is None else None
    if extent is None:
        return False
    word, keep = refer_extent(guest, extent, host, None)
    guest.memory.write(address, word.to_bytes(4, "little"))
    _keep(kept, address, keep)
    return True


def _store_union(guest: Guest, layout: Layout, address: int, value: Any, kept: dict[int, Any]) -> None:
    """Nothing says which member of a union holds: the bytes are copied, then pointers that are known."""
    raw = bytes(value)[: layout.size]
    guest.memory.write(address, raw)
    for member in layout.fields:
        if not member.layout.flat:
            try:
                if not _store_loose(guest, member.layout, address, value, 0, kept):
                    put(guest, member.layout, address, getattr(value, member.name), kept)
            except (HostPointerError, ValueError, OSError):
                guest.memory.write(address, raw)
            else:
                if any(guest.memory.read(address, member.layout.size)):
                    return


def guest_address(guest: Guest, view: Any) -> int:
    """Where a view lies, if it is one of this library."""
    if view._wasm_guest_ is not guest:
        raise ValueError(
            f"an object in the memory of {view._wasm_guest_.name} was given to {guest.name}: "
            "memories are separate"
        )
    return int(view._wasm_addr_)


def adopt(guest: Guest, value: Any) -> int:
    """Moves an object that has pointers, with those that it points to, into the guest; gives the address.

    They become views, all of them or, where one cannot be moved, none.

    Raises:
        TypeError, ValueError: one of them cannot be.
    """
    with guest.lock:
        outermost = not guest.moving
        address = _begin(guest, value)
        if outermost:
            try:
                _move(guest)
            finally:
                guest.moving.clear()
                guest.queue.clear()
        return address


def _begin(guest: Guest, value: Any) -> int:
    """Finds room for an object; what it contains follows later, so that lists of any length can be moved."""
    host = ctypes.addressof(value)
    known = guest.moving.get(host)
    if known is None:
        layout = guest.layouts.of(type(value))
        known = guest.moving[host] = guest.allocate(layout.size)
        guest.queue.append((value, layout, known))
    return known


def _move(guest: Guest) -> None:
    moved: list[tuple[Any, Any, int, dict[int, Any]]] = []
    try:
        for value, layout, address in guest.queue:  # which grows meanwhile
            kept: dict[int, Any] = {}
            if is_view(value):  # a pointer that the guest gave, which lay nowhere so far
                word, _ = value_of_pointer(guest, value, None)
                guest.memory.write(address, word.to_bytes(4, "little"))
                kept[address] = value._wasm_kept_
            else:
                store(guest, layout, address, value, kept)
            moved.append((value, layout, address, kept))
    except BaseException:
        for address in guest.moving.values():
            guest.release(address)
        raise
    for value, layout, address, kept in moved:
        value.__class__ = view_class(guest, layout)
        become(value, guest, address, kept)
        weakref.finalize(value, guest.release, address).atexit = False


def refer(guest: Guest, value: Any, offset: int, call: Call | None) -> tuple[int, Any]:
    """The address in the guest for an object, plus an offset into it on the host; and what has to be kept."""
    if is_view(value) and value._wasm_addr_ is not None:
        inside = value._wasm_layout_.offset_at(offset) if offset else 0
        return guest_address(guest, value) + inside, value
    extent = extent_of(value)
    return refer_extent(guest, extent, ctypes.addressof(value) + offset, call)


def refer_extent(guest: Guest, extent: Extent, host: int, call: Call | None) -> tuple[int, Any]:
    """The address in the guest for a byte of an extent on the host."""
    own = guest.address_of(host)
    if own is not None:
        return own, extent.owner
    root, inside = extent.owner, host - extent.address
    if isinstance(root, DATA):
        layout = guest.layouts.of(type(root))
        if is_view(root) and root._wasm_addr_ is not None:
            start = guest_address(guest, root)
        elif layout.flat:
            return _image_address(guest, extent, inside, call)
        else:
            start = adopt(guest, root)
        return start + layout.offset_at(inside), root
    return _image_address(guest, extent, inside, call)


def _image_address(guest: Guest, extent: Extent, inside: int, call: Call | None) -> tuple[int, Any]:
    if call is not None:
        return call.image(extent).address + inside, None
    image = kept_image(guest, extent)
    return image.address + inside, image


def pointer_word(guest: Guest, layout: Layout, value: Any, call: Call | None) -> tuple[int, Any]:
    """The pointer that a member or parameter of a pointer type is set to, and what has to be kept for it.

    Raises:
        TypeError: ctypes would not take this value either.
        ValueError: it points to where the guest cannot reach.
    """
    if value is None:
        return 0, None
    kind = layout.kind
    if kind == "function":
        return function_word(guest, layout, value), value
    if isinstance(value, bytes) and kind in ("text", "address"):
        if call is not None:
            return call.constant(value), None
        return _image_address(guest, bytes_extent(value), 0, None)
    if kind in ("wide", "address") and isinstance(value, str):
        return _image_address(guest, _wide_extent(value), 0, call)
    if kind == "address" and isinstance(value, int):
        return int_word(guest, value, layout.type.__name__), None
    if kind == "pointer" and isinstance(value, ctypes.Array):
        target = layout.type._type_
        if not issubclass(value._type_, target):
            raise TypeError(f"incompatible types, {type(value).__name__} instead of {layout.type.__name__}")
        return refer(guest, value, 0, call)
    if not isinstance(value, DATA) or not isinstance(value, layout.type):
        raise TypeError(
            f"incompatible types, {type(value).__name__} instance instead of {layout.type.__name__} instance"
        )
    return value_of_pointer(guest, value, call)


def int_word(guest: Guest, value: int, what: str) -> int:
    """The pointer that Python's int stands for."""
    if value == 0:
        return 0
    found = guest.address_of(value)
    if found is None:
        raise HostPointerError(
            f"{value:#x} ({what}) is no address in the memory of {guest.name}: the library cannot "
            "reach the memory of the process; pass an object, or allocate with CDLL.new()"
        )
    return found


def value_of_pointer(guest: Guest, pointer: Any, call: Call | None) -> tuple[int, Any]:
    """The address that a pointer object (POINTER(T), c_char_p, c_void_p, ...) holds, as one of the guest."""
    if is_view(pointer):
        if pointer._wasm_guest_ is not guest:
            guest_address(guest, pointer)
        return to_of(pointer), pointer
    host = ctypes.c_size_t.from_address(ctypes.addressof(pointer)).value
    if not host:
        return 0, None
    own = guest.address_of(host)
    if own is not None:
        return own, pointer
    if isinstance(pointer, ctypes.c_wchar_p):
        return _image_address(guest, _wide_extent(pointer.value or ""), 0, call)
    extent = pointed_extent(pointer, host)
    if extent is not None:
        found, keep = refer_extent(guest, extent, host, call)
        if is_view(keep) and isinstance(pointer, PointerType):
            _redirect(guest, pointer, found, keep)
        return found, keep
    if isinstance(pointer, ctypes.c_char_p) and pointer.value is not None:
        return _image_address(guest, bytes_extent(pointer.value), 0, call)
    return int_word(guest, host, f"the value of {type(pointer).__name__}"), None


def _redirect(guest: Guest, pointer: Any, to: int, target: Any) -> None:
    """Makes a pointer of the host to an object that has moved a pointer to where it is now."""
    if pointer._b_base_ is None:
        pointer.__class__ = view_class(guest, guest.layouts.of(type(pointer)))
        become(pointer, guest, None, {0: target})
        pointer._wasm_to_ = to


def _wide_extent(value: str) -> Extent:
    data = value.encode("utf-32-le", "surrogatepass") + bytes(4)
    found = bytes_extent(data)
    found.size, found.scratch = len(data), True
    return found


def function_word(guest: Guest, layout: Layout, value: Any) -> int:
    """The function pointer for a callback, or for a function of the guest."""
    if isinstance(value, FunctionType):
        return guest.callbacks.index(layout.type, value)
    index = getattr(value, "_wasm_index_", None)
    if index is None:
        raise TypeError(f"expected {layout.type.__name__} instance instead of {type(value).__name__}")
    found: int = index(guest)
    return found


def argument(guest: Guest, value: Any, call: Call) -> int:
    """The pointer for an argument that is a pointer, an array, or what `byref` gives.

    An array counts as the pointer to its first element, a struct as the pointer to it.
    """
    if isinstance(value, BYREF):
        target: Any = value._obj  # type: ignore[attr-defined]
        offset = (ctypes.cast(value, ctypes.c_void_p).value or 0) - ctypes.addressof(target)
        return _seen(call, target, refer(guest, target, offset, call)[0])
    if isinstance(value, PointerType) or (
        isinstance(value, SimpleType) and value._type_ in ("P", "z", "Z", "O")  # type: ignore[attr-defined]
    ):
        return value_of_pointer(guest, value, call)[0]
    return refer(guest, value, 0, call)[0]


def _seen(call: Call, target: Any, address: int) -> int:
    if is_view(target) and hasattr(target, "_wasm_anchor_"):
        call.touched.append(target)
    return address
