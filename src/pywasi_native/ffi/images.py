"""Objects of the host whose bytes the guest works on in a copy: the image.

A ctypes object has its bytes on the host, where the guest cannot reach. For a call they are copied into the
guest's memory and back after it, and around every callback in between, where they changed on one side:

    host    buf = create_string_buffer(8)  [........]         what `buf.raw` reads
                                              |   ^
                                 before a call|   |after it, if the guest changed it
                                              v   |
    guest                                  [........]         the image

An image lives for the call. Where a pointer in the guest's memory points to it, it lives as long as that
pointer.
"""

from __future__ import annotations

import ctypes
import weakref
from collections import deque

from .layouts import DATA

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .guest import Guest

BYREF = type(ctypes.byref(ctypes.c_int()))


class Extent:
    """Bytes on the host: where, how many, and the object that they belong to."""

    __slots__ = ("address", "constant", "owner", "scratch", "size")

    def __init__(self, owner: Any, address: int, size: int, constant: bool = False) -> None:
        self.owner, self.address, self.size, self.constant = owner, address, size, constant
        self.scratch = False  # nobody looks at it afterwards

    def covers(self, address: int) -> bool:
        """Whether an address is one of its bytes, or the one after its last."""
        return self.address <= address <= self.address + self.size


class Image:
    """The copy of an extent in the guest's memory."""

    __slots__ = ("__weakref__", "_last", "address", "extent", "guest", "owned")

    def __init__(self, guest: Guest, extent: Extent, address: int, owned: bool) -> None:
        self.guest, self.extent, self.address, self.owned = guest, extent, address, owned
        self._last: bytes | None = None
        self.into()

    def into(self) -> None:
        """Takes over what changed on the host."""
        if self.extent.constant and self._last is not None:
            return
        now = ctypes.string_at(self.extent.address, self.extent.size)
        if now != self._last:
            self.guest.memory.write(self.address, now)
            self._last = now

    def out(self) -> None:
        """Gives the host what changed in the guest.

        Raises:
            ValueError: that is an object that cannot be changed, such as bytes.
        """
        extent = self.extent
        if extent.scratch:
            return
        now = self.guest.memory.read(self.address, extent.size)
        if now == self._last:
            return
        if extent.constant and not self.guest.mutable_bytes:
            self._last = None  # so that the guest gets the right bytes again
            raise _written(self.guest, extent.owner)
        ctypes.memmove(extent.address, now, len(now))
        self._last = now

    def __del__(self) -> None:
        if self.owned:
            known = self.guest.images.get(self.extent.address)
            if known is not None and known() is None:
                del self.guest.images[self.extent.address]
            self.guest.release(self.address)


def _written(guest: Guest, value: object) -> ValueError:
    return ValueError(
        f"{guest.name} has written into a {type(value).__name__} object, which cannot be changed; pass "
        "create_string_buffer(), or load with CDLL(..., mutable_bytes=True)"
    )


class Call:
    """The time of a call: the images that it needs, and the arena."""

    __slots__ = ("constants", "guest", "images", "kept", "mark", "touched")

    def __init__(self, guest: Guest) -> None:
        self.guest = guest
        self.constants: dict[int, tuple[int, bytes]] = {}  # bytes objects by id: where they are, and they
        self.images: dict[int, Image] = {}
        self.kept: dict[int, Any] = {}
        self.touched: list[Any] = []  # pointers of the user that the guest may have set

    def __enter__(self) -> Call:
        self.guest.lock.acquire()
        self.mark = self.guest.arena.mark()
        self.guest.calls.append(self)
        return self

    def __exit__(self, *_error: object) -> None:
        try:
            for pointer in self.touched:
                pointer._wasm_anchor_()
        finally:
            self.guest.calls.pop()
            self.guest.arena.reset(self.mark)
            self.guest.lock.release()

    def image(self, extent: Extent) -> Image:
        """The image of an extent, for this call."""
        kept = _known(self.guest, extent)
        if kept is not None:
            return kept
        found = self.images.get(extent.address)
        if found is None or found.extent.size < extent.size:
            address = self.guest.arena.take(extent.size)
            found = self.images[extent.address] = Image(self.guest, extent, address, owned=False)
        return found

    def constant(self, value: bytes) -> int:
        """The address of a copy of a bytes object, for this call."""
        guest = self.guest
        if guest.mutable_bytes:
            return self.image(bytes_extent(value)).address
        found = self.constants.get(id(value))
        if found is None:
            found = self.constants[id(value)] = guest.arena.take(len(value) + 1), value
            guest.memory.write(found[0], value + b"\0")
        return found[0]


def sync_in(guest: Guest, *, fresh: bool = False) -> None:
    """Before the guest runs on: what the host changed. `fresh`: the images of the innermost call are new."""
    if guest.images:
        for reference in list(guest.images.values()):
            image = reference()
            if image is not None:
                image.into()
    for call in guest.calls[:-1] if fresh else guest.calls:
        for image in call.images.values():
            image.into()


def sync_out(guest: Guest) -> None:
    """After the guest ran: what it changed."""
    if guest.images:
        for reference in list(guest.images.values()):
            image = reference()
            if image is not None:
                image.out()
    for call in guest.calls:
        for image in call.images.values():
            image.out()
        for address, value in call.constants.values():
            if guest.memory.read(address, len(value)) != value:
                guest.memory.write(address, value)
                raise _written(guest, value)


def _known(guest: Guest, extent: Extent) -> Image | None:
    reference = guest.images.get(extent.address)
    found = reference() if reference is not None else None
    return found if found is not None and found.extent.size >= extent.size else None


def kept_image(guest: Guest, extent: Extent) -> Image:
    """The image of an extent, for as long as something refers to it."""
    found = _known(guest, extent)
    if found is None:
        found = Image(guest, extent, guest.allocate(extent.size), owned=True)
        guest.images[extent.address] = weakref.ref(found)
    return found


def extent_of(value: Any) -> Extent:
    """The bytes of a ctypes object, with those of the object that it is a part of."""
    address, size = ctypes.addressof(value), ctypes.sizeof(value)
    found = Extent(value, address, size)
    while True:
        base = found.owner._b_base_
        if base is None:
            return found
        start, length = ctypes.addressof(base), ctypes.sizeof(base)
        if start <= address and address + size <= start + length:
            found = Extent(base, start, length)
        elif isinstance(base, ctypes._Pointer):  # value is its contents
            return pointed_extent(base, address) or found
        else:
            return found


def pointed_extent(pointer: Any, address: int) -> Extent | None:
    """The bytes that the pointer in a ctypes object refers to, by what the object keeps alive."""
    root, last = pointer, None
    while root is not None:
        for kept in _kept(root):
            found = _extent(kept)
            if found is None or not found.covers(address):
                continue
            found = extent_of(kept) if isinstance(kept, DATA) else found
            if address < found.address + found.size:
                return found
            last = found  # it points behind an object, unless there is another one
        root = root._b_base_
    return last


def _kept(root: Any) -> Iterator[Any]:
    """All that a ctypes object keeps alive, also through others; the nearest first, which it points to."""
    seen: set[int] = set()
    todo = deque([root._objects, getattr(root, "_arr", None)])  # the latter by numpy
    while todo:
        value = todo.popleft()
        if value is None or id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, dict):
            todo += value.values()
            continue
        yield value
        if isinstance(value, DATA):
            todo += (value._objects, value._b_base_, getattr(value, "_arr", None))


def _extent(kept: Any) -> Extent | None:
    if isinstance(kept, DATA):
        return Extent(kept, ctypes.addressof(kept), ctypes.sizeof(kept))
    if isinstance(kept, bytes):
        return bytes_extent(kept)
    if hasattr(kept, "__array_interface__"):
        address, constant = kept.__array_interface__["data"]
        return Extent(kept, address, memoryview(kept).nbytes, constant)
    return None


def bytes_extent(value: bytes) -> Extent:
    """The bytes of a bytes object with the NUL that Python puts after them."""
    address = ctypes.cast(ctypes.c_char_p(value), ctypes.c_void_p).value or 0
    return Extent(value, address, len(value) + 1, constant=True)
