"""Objects of the user's ctypes classes whose bytes lie in the guest's memory.

Where the layout is flat, that is an object of the class itself over these bytes. Where it is not (there are
pointers in it), it is an object of a subclass, made here, that reads and writes each member in the guest: its
own buffer in the host is not used. What a subclass adds has names that begin with ``_wasm_``:

    _wasm_guest_   the memory
    _wasm_addr_    where the object lies in it; None of a pointer that lies nowhere: `_wasm_to_` is its value
    _wasm_kept_    what the pointers in it need: guest address of the pointer -> a ctypes object, an image
"""

from __future__ import annotations

import ctypes
import struct
import sys

from .guest import U32, Guest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .layouts import Layout, Member

Kept = dict  # of guest addresses to what is kept


def is_view(value: object) -> bool:
    """Whether an object is one of the subclasses'."""
    return hasattr(type(value), "_wasm_type_")


def object_at(guest: Guest, layout: Layout, address: int, kept: dict[int, Any] | None = None) -> Any:
    """The object of a ctypes class that lies at an address.

    Raises:
        IndexError: it does not lie in the memory as a whole.
    """
    if address + layout.size > guest.memory.size:
        raise IndexError(
            f"{guest.name} gave the address {address:#x} for {layout.type.__name__}: it is outside the memory"
        )
    if layout.flat:
        return layout.type.from_buffer(guest.memory, address)
    return view_at(guest, layout, address, kept)


def view_at(guest: Guest, layout: Layout, address: int | None, kept: dict[int, Any] | None = None) -> Any:
    """An object of the subclass for a layout."""
    cls = view_class(guest, layout)
    made = cls.__new__(cls)
    become(made, guest, address, {} if kept is None else kept)
    return made


def become(made: Any, guest: Guest, address: int | None, kept: dict[int, Any]) -> None:
    """Sets what a view knows."""
    made._wasm_guest_, made._wasm_addr_, made._wasm_kept_ = guest, address, kept


def value_at(
    guest: Guest, layout: Layout, address: int, kept: dict[int, Any] | None = None, field: bool = False
) -> Any:
    """What reading a member of this type gives: Python's values for ctypes' simple types, else an object."""
    kind = layout.kind
    if kind == "pointer":
        return pointer_at(guest, layout, address, kept)
    if layout.plain:
        if kind == "number":
            return number_at(guest, layout, address)
        to = word_at(guest, address)
        if kind == "address":
            return guest.tagged(to) or None
        return text_to(guest, layout, to)
    if kind == "function":
        return function_at(guest, layout, word_at(guest, address))
    found = object_at(guest, layout, address, kept)
    if (
        field
        and kind == "array"
        and layout.item is not None
        and layout.item.type in (ctypes.c_char, ctypes.c_wchar)
    ):
        return found.value
    return found


def word_at(guest: Guest, address: int) -> int:
    """The pointer at an address."""
    return int.from_bytes(guest.memory.read(address, 4), "little")


def number_at(guest: Guest, layout: Layout, address: int) -> Any:
    """The number at an address."""
    data = guest.memory.read(address, layout.size)
    if layout.flat:
        return layout.type.from_buffer_copy(data).value
    return (
        struct.unpack(f"<{layout.code}", data)[0]
        if layout.code != "I" or layout.type is not ctypes.c_wchar
        else (chr(int.from_bytes(data, "little")))
    )


def text_to(guest: Guest, layout: Layout, to: int) -> bytes | str | None:
    """The string at an address, None for NULL."""
    if not to:
        return None
    if layout.kind == "text":
        return guest.terminated(to)
    return guest.terminated(to, 4).decode("utf-32-le", "replace")


def pointer_at(guest: Guest, layout: Layout, address: int, kept: dict[int, Any] | None = None) -> Any:
    """The pointer that lies at an address, as an object."""
    made = view_at(guest, layout, address, kept)
    made._wasm_anchor_()
    return made


def pointer_to(guest: Guest, layout: Layout, to: int, kept: dict[int, Any] | None = None) -> Any:
    """A pointer of a ctypes pointer class to an address in the guest."""
    if not to:
        return layout.type()
    made = view_at(guest, layout, None, kept)
    made._wasm_to_ = to
    made._wasm_anchor_()
    return made


def function_at(guest: Guest, layout: Layout, index: int) -> Any:
    """The function behind a function pointer, None for NULL."""
    return guest.callbacks.function(layout.type, index)


def view_class(guest: Guest, layout: Layout) -> Any:
    """The subclass for a layout."""
    views = guest.layouts.views
    found = views.get(layout.type)
    if found is None:
        maker = {"struct": _struct_class, "array": _array_class, "pointer": _pointer_class}.get(layout.kind)
        names: dict[str, Any] = maker(layout) if maker is not None else _simple_class(layout)
        names |= {"_wasm_type_": layout.type, "_wasm_layout_": layout, "__module__": layout.type.__module__}
        found = views[layout.type] = type(layout.type)(layout.type.__name__, (layout.type,), names)
        if "value" in names:  # ctypes gives arrays of characters a `value` of their own
            found.value = names["value"]
        _share_pointer_type(found, ctypes.POINTER(layout.type))
    return found


def _share_pointer_type(cls: Any, pointer_type: Any) -> None:
    """Makes ``POINTER(cls)`` the pointer type of the user's class."""
    if sys.version_info >= (3, 14):
        cls.__pointer_type__ = pointer_type
    else:
        ctypes._pointer_type_cache[cls] = pointer_type  # type: ignore[attr-defined, unused-ignore]


def _put(guest: Guest, layout: Layout, address: int, value: Any, kept: dict[int, Any]) -> None:
    from .transfer import put

    put(guest, layout, address, value, kept)


def _struct_class(layout: Layout) -> dict[str, Any]:
    names: dict[str, Any] = {member.name: _property(member) for member in layout.fields}
    for base in layout.type.__mro__:
        for outer in vars(base).get("_anonymous_", ()):
            inner = next(member for member in layout.fields if member.name == outer)
            for field in inner.layout.fields:
                names.setdefault(field.name, _through(outer, field.name))
    return names


def _property(member: Member) -> property:
    layout, offset = member.layout, member.offset

    def get(self: Any) -> Any:
        address = self._wasm_addr_ + offset
        if member.width:
            return _bits_at(self._wasm_guest_, member, address)
        return value_at(self._wasm_guest_, layout, address, self._wasm_kept_, field=True)

    def put(self: Any, value: Any) -> None:
        address = self._wasm_addr_ + offset
        if member.width:
            put_bits(self._wasm_guest_, member, address, value)
        else:
            _put(self._wasm_guest_, layout, address, value, self._wasm_kept_)

    return property(get, put)


def _through(outer: str, name: str) -> property:
    def get(self: Any) -> Any:
        return getattr(getattr(self, outer), name)

    def put(self: Any, value: Any) -> None:
        setattr(getattr(self, outer), name, value)

    return property(get, put)


def _bits_at(guest: Guest, member: Member, address: int) -> int:
    unit = int.from_bytes(guest.memory.read(address, member.layout.size), "little")
    value = unit >> member.bit & (1 << member.width) - 1
    signed = member.layout.code.islower()
    return value - (1 << member.width) if signed and value >> member.width - 1 else value


def put_bits(guest: Guest, member: Member, address: int, value: int) -> None:
    """Sets a bit-field whose unit lies at an address."""
    size, mask = member.layout.size, (1 << member.width) - 1 << member.bit
    unit = int.from_bytes(guest.memory.read(address, size), "little")
    unit = unit & ~mask | (value << member.bit) & mask
    guest.memory.write(address, unit.to_bytes(size, "little"))


def _array_class(layout: Layout) -> dict[str, Any]:
    item, count = layout.item, layout.count
    assert item is not None

    def get(self: Any, key: Any) -> Any:
        if isinstance(key, slice):
            return [get(self, i) for i in range(*key.indices(count))]
        return value_at(self._wasm_guest_, item, self._wasm_addr_ + _index(key) * item.size, self._wasm_kept_)

    def put(self: Any, key: Any, value: Any) -> None:
        if isinstance(key, slice):
            places = range(*key.indices(count))
            if len(value) != len(places):
                raise ValueError("Can only assign sequence of same size")
            for i, one in zip(places, value, strict=True):
                put(self, i, one)
        else:
            place = self._wasm_addr_ + _index(key) * item.size
            _put(self._wasm_guest_, item, place, value, self._wasm_kept_)

    def _index(key: Any) -> int:
        if not -count <= key < count:
            raise IndexError("invalid index")
        return int(key) % count

    def walk(self: Any) -> Iterator[Any]:
        return (get(self, i) for i in range(count))

    names = {"__getitem__": get, "__setitem__": put, "__iter__": walk}
    return names | ({"value": _wide_value(layout)} if item.type is ctypes.c_wchar else {})


def _wide_value(layout: Layout) -> property:
    """`value` of an array of wchar_t, which has 4 bytes in the guest and 2 on Windows."""

    def get(self: Any) -> str:
        data = self._wasm_guest_.memory.read(self._wasm_addr_, layout.size)
        return str(data.decode("utf-32-le", "replace").split("\0", 1)[0])

    def put(self: Any, value: str) -> None:
        data = value.encode("utf-32-le", "surrogatepass")
        if len(data) > layout.size:
            raise ValueError("string too long")
        end = bytes(4) if len(data) < layout.size else b""
        self._wasm_guest_.memory.write(self._wasm_addr_, data + end)

    return property(get, put)


def _simple_class(layout: Layout) -> dict[str, Any]:
    """Of c_char_p and the like: `value` is read where it lies, or is that of the fixed pointer."""

    def get(self: Any) -> Any:
        if self._wasm_addr_ is None:
            guest = self._wasm_guest_
            return (
                guest.tagged(self._wasm_to_)
                if layout.kind == "address"
                else text_to(guest, layout, self._wasm_to_)
            )
        if layout.kind == "number":
            return number_at(self._wasm_guest_, layout, self._wasm_addr_)
        to = word_at(self._wasm_guest_, self._wasm_addr_)
        if layout.kind == "address":
            return self._wasm_guest_.tagged(to) or None
        return text_to(self._wasm_guest_, layout, to)

    def put(self: Any, value: Any) -> None:
        if self._wasm_addr_ is None:
            raise TypeError("this pointer into a wasm library cannot be changed; make another one")
        _put(self._wasm_guest_, layout, self._wasm_addr_, value, self._wasm_kept_)

    def is_set(self: Any) -> bool:
        return to_of(self) != 0

    def anchor(self: Any) -> None:
        """Makes the host's bytes the address where the byte really lies, for those who copy them."""
        address = self._wasm_guest_.tagged(to_of(self))
        ctypes.c_uint64.from_address(ctypes.addressof(self)).value = address

    names: dict[str, Any] = {"value": property(get, put), "_wasm_to_": 0}
    if layout.kind != "number":
        names |= {"__bool__": is_set, "_wasm_anchor_": anchor}
    return names


def to_of(pointer: Any) -> int:
    """Where a pointer, text or address view points."""
    if pointer._wasm_addr_ is None:
        return int(pointer._wasm_to_)
    return word_at(pointer._wasm_guest_, pointer._wasm_addr_)


def _pointer_class(layout: Layout) -> dict[str, Any]:
    target = layout.type._type_
    contents = layout.type.contents

    def of(self: Any) -> Layout:
        found: Layout = self._wasm_guest_.layouts.of(target)
        return found

    def address(self: Any, i: int = 0) -> int:
        to = to_of(self)
        if not to:
            raise ValueError("NULL pointer access")
        found = to + i * of(self).size
        if not 0 <= found <= U32:
            raise IndexError(f"{self._wasm_guest_.name}: {found:#x} is outside the memory")
        return found

    def get_contents(self: Any) -> Any:
        return object_at(self._wasm_guest_, of(self), address(self), self._wasm_kept_)

    def put_contents(self: Any, value: Any) -> None:
        if not isinstance(value, target):
            raise TypeError(f"expected {target.__name__} instead of {type(value).__name__}")
        fresh = layout.type(value)
        if self._wasm_addr_ is None:
            from .transfer import pointer_word

            self._wasm_to_, keep = pointer_word(self._wasm_guest_, layout, fresh, None)
            self._wasm_kept_ = {0: keep}
        else:
            _put(self._wasm_guest_, layout, self._wasm_addr_, fresh, self._wasm_kept_)
        anchor(self)

    def get(self: Any, key: Any) -> Any:
        if isinstance(key, slice):
            found = [get(self, i) for i in _steps(key)]
            if target is ctypes.c_char:
                return b"".join(found)
            return "".join(found) if target is ctypes.c_wchar else found
        return value_at(self._wasm_guest_, of(self), address(self, key), self._wasm_kept_)

    def put(self: Any, key: Any, value: Any) -> None:
        _put(self._wasm_guest_, of(self), address(self, key), value, self._wasm_kept_)

    def anchor(self: Any) -> None:
        """Makes the host's pointer one by which the guest's object is found again, wherever it is copied."""
        to = to_of(self)
        if to:
            try:
                found = object_at(self._wasm_guest_, of(self), to, self._wasm_kept_)
            except IndexError:
                found = view_at(self._wasm_guest_, of(self), to)
            contents.__set__(self, found)
        else:
            ctypes.memset(ctypes.addressof(self), 0, 8)

    return {
        "contents": property(get_contents, put_contents), "__getitem__": get, "__setitem__": put,
        "__bool__": lambda self: to_of(self) != 0, "_wasm_anchor_": anchor, "_wasm_to_": 0, "_type_": target,
    }  # fmt: skip


def _steps(key: slice) -> range:
    step = 1 if key.step is None else key.step
    if key.stop is None:
        raise ValueError("slice stop is required")
    if key.start is None:
        if step < 0:
            raise ValueError("slice start is required for step < 0")
        return range(0, key.stop, step)
    return range(key.start, key.stop, step)
