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
            raise ValueError(
                f"{self.guest.name} has written into a {type(extent.owner).__name__} object, which cannot "
                "be changed; pass create_string_buffer(), or load with CDLL(..., mutable_bytes=True)"
            )
        ctypes.memmove(extent.address, now, len(now))
        self._last = now

    def __del__(self) -> None:
        if self.owned:
            self.guest.release(self.address)


class Call:
    """The time of a call: the images that it needs, and the arena."""

    __slots__ = ("guest", "images", "kept", "mark", "touched")

    def __init__(self, guest: Guest) -> None:
        self.guest = guest
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
        kept = self.guest.images.get(extent.address)
        if kept is not None and kept.extent.size >= extent.size:
            return kept
        found = self.images.get(extent.address)
        if found is None or found.extent.size < extent.size:
            address = self.guest.arena.take(extent.size)
            found = self.images[extent.address] = Image(self.guest, extent, address, owned=False)
        return found


def sync_in(guest: Guest) -> None:
    """Before the guest runs on: what the host changed."""
    for image in (*guest.images.values(), *_called(guest)):
        image.into()


def sync_out(guest: Guest) -> None:
    """After the guest ran: what it changed."""
    for image in (*guest.images.values(), *_called(guest)):
        image.out()


def _called(guest: Guest) -> Iterator[Image]:
    for call in guest.calls:
        yield from call.images.values()


def kept_image(guest: Guest, extent: Extent) -> Image:
    """The image of an extent, for as long as something refers to it."""
    found = guest.images.get(extent.address)
    if found is None or found.extent.size < extent.size:
        found = Image(guest, extent, guest.allocate(extent.size), owned=True)
        guest.images[extent.address] = found
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
    """Everything that a ctypes object keeps alive, also through others."""
    seen: set[int] = set()
    todo = [root._objects, getattr(root, "_arr", None)]  # the latter by numpy
    while todo:
        value = todo.pop()
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
