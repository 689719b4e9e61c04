"""The memory of one library: its allocator, and how its addresses look to Python.

Where a pointer becomes a Python int (`c_void_p`, `addressof`), it is where the byte really lies: the memory
never moves, so ctypes' own functions work with it. A pointer that points to no byte of the memory becomes an
address that no process can have, so that it comes back as the same pointer and is never taken for one of the
host:

     63      48 47      32 31             0
    |  0x00f7  | library  | guest address |
"""

from __future__ import annotations

import ctypes
import sys
import threading
import weakref
from collections import deque

from ..engine import Func, Memory
from ..errors import LinkError
from .function_pointers import Callbacks
from .guest_errno import find_errno

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..instance import Instance
    from .cdata_calls import Plan
    from .images import Call, Image
    from .layouts import Layout, Layouts

U32 = 0xFFFFFFFF
_TAG = 0x00F7
_ARENA = 1 << 16
_GUESTS: weakref.WeakValueDictionary[int, Guest] = weakref.WeakValueDictionary()
_BY_INSTANCE: weakref.WeakKeyDictionary[Instance, weakref.WeakValueDictionary[Any, Guest]]
_BY_INSTANCE = weakref.WeakKeyDictionary()
_LAST = [0]
_LOCK = threading.Lock()


class Guest:
    """The memory of an instance, as Python's side of the calls uses it."""

    def __init__(self, instance: Instance, name: str, layouts: Layouts, mutable_bytes: bool) -> None:
        if ctypes.sizeof(ctypes.c_void_p) != 8 or sys.byteorder != "little":
            raise NotImplementedError("pywasi_native.ffi needs a 64-bit little-endian Python")
        exports = instance.exports
        memory = exports.get("memory")
        if not isinstance(memory, Memory):
            memory = next((item for item in exports.values() if isinstance(item, Memory)), None)
        if memory is None:
            raise LinkError(
                f"{name} exports no memory; link it with --export-memory, without --import-memory"
            )
        if memory.type.address != "i32":
            raise LinkError(f"{name} has a memory with 64-bit addresses; build it for wasm32")
        self.instance, self.name, self.layouts, self.memory = instance, name, layouts, memory
        self.mutable_bytes = mutable_bytes
        self.base = ctypes.addressof((ctypes.c_char * 0).from_buffer(memory))
        malloc, free = exports.get("malloc"), exports.get("free")
        self._malloc: Callable[[int], int]
        self._free: Callable[[int], object]
        if isinstance(malloc, Func) and isinstance(free, Func):
            self._malloc, self._free = malloc, free
        else:
            pages = _Pages(memory)
            self._malloc, self._free = pages.take, pages.give
        self.lock = threading.RLock()
        self.arena = Arena(self)
        self._garbage: deque[int] = deque()
        self.images: dict[int, weakref.ref[Image]] = {}  # those that pointers lead to, by host address
        self.calls: list[Call] = []  # those that run, the innermost last
        self.moving: dict[
            int, int
        ] = {}  # objects that are being adopted: from their host address; transfer.py
        self.plans: dict[int, Plan] = {}  # of C types by their id; cdata_calls.py
        self.queue: list[tuple[Any, Layout, int]] = []
        self.returned: deque[Any] = deque(maxlen=64)  # what callbacks gave the guest last
        self.callbacks = Callbacks(self)
        self.errno = find_errno(self)
        self.number = self._enroll()

    def strong(self) -> Guest:
        """The object itself, for those who have a proxy."""
        return self

    def _enroll(self) -> int:
        with _LOCK:
            number = _LAST[0]
            for _ in range(1 << 16):
                number = (number + 1) & 0xFFFF
                if number not in _GUESTS:
                    break
            else:
                raise MemoryError("there are 65536 wasm libraries open")
            _LAST[0] = number
            _GUESTS[number] = self
        return number

    def allocate(self, size: int) -> int:
        """The address of new memory.

        Raises:
            MemoryError: the guest has none.
        """
        self.collect()
        address = self._malloc(max(size, 1)) & U32
        if not address:
            raise MemoryError(f"{self.name}: malloc has no room for {size} bytes")
        return address

    def release(self, address: int) -> None:
        """Frees memory at the next opportunity: this may be called by the garbage collector, at any point."""
        self._garbage.append(address)

    def collect(self) -> None:
        """Frees what was released."""
        while self._garbage:
            try:
                address = self._garbage.popleft()
            except IndexError:  # another thread was faster
                return
            self._free(address)

    def tagged(self, address: int) -> int:
        """An address as Python's int."""
        if address < self.memory.size:
            return self.base + address if address else 0
        return _TAG << 48 | self.number << 32 | address

    def address_of(self, value: int) -> int | None:
        """The guest address that Python's int, or the host address of an object in the memory, stands for.

        Raises:
            ValueError: it points into another library.
        """
        if value >> 48 == _TAG:
            if value >> 32 & 0xFFFF != self.number:
                other = _GUESTS.get(value >> 32 & 0xFFFF)
                where = other.name if other is not None else "a library that is closed"
                raise ValueError(f"a pointer into {where} was given to {self.name}: memories are separate")
            return value & U32
        if self.base <= value < self.base + self.memory.size:
            return value - self.base
        return None

    def terminated(self, address: int, width: int = 1) -> bytes:
        """The bytes up to a zero of `width` bytes.

        Raises:
            ValueError: there is none up to the end of the memory.
        """
        found, step, size = bytearray(), 256, self.memory.size
        while address < size:
            piece = self.memory.read(address, min(step, size - address))
            end = piece.find(0) if width == 1 else _wide_end(piece, width)
            if end >= 0:
                return bytes(found + piece[:end])
            found += piece
            address += len(piece)
            step = min(step * 2, 1 << 20)
        raise ValueError(f"{self.name} gave a string without an end")

    def __repr__(self) -> str:
        return f"<memory of {self.name}>"


def guest_for(instance: Instance, name: str, layouts: Layouts, mutable_bytes: bool = False) -> Guest:
    """The memory of an instance; the same object for all who ask alike while somebody has it."""
    key = layouts.long_size, mutable_bytes
    known = _BY_INSTANCE.setdefault(instance, weakref.WeakValueDictionary())
    found = known.get(key)
    if found is None:
        found = known[key] = Guest(instance, name, layouts, mutable_bytes)
    return found


def guest_of(value: int) -> Guest | None:
    """The library whose memory an int points into."""
    if value >> 48 == _TAG:
        return _GUESTS.get(value >> 32 & 0xFFFF)
    for guest in list(_GUESTS.values()):
        if guest.base <= value < guest.base + guest.memory.size:
            return guest
    return None


def _wide_end(piece: bytes, width: int) -> int:
    zero = bytes(width)
    return next((i for i in range(0, len(piece) - width + 1, width) if piece[i : i + width] == zero), -1)


class Arena:
    """Memory for the time of a call, taken and given back as a stack, under the lock of the guest."""

    def __init__(self, guest: Guest) -> None:
        self.guest, self.start, self.used = guest, 0, 0
        self.extra: list[int] = []

    def take(self, size: int) -> int:
        """An address, aligned to 16."""
        if not self.start:
            self.start = self.guest.allocate(_ARENA)
            self.used = -self.start % 16
        size = -(-max(size, 1) // 16) * 16
        if self.used + size > _ARENA:
            address = self.guest.allocate(size)
            self.extra.append(address)
            return address
        address = self.start + self.used
        self.used += size
        return address

    def mark(self) -> tuple[int, int]:
        """The state, for `reset`."""
        return self.used, len(self.extra)

    def reset(self, mark: tuple[int, int]) -> None:
        """Gives back what was taken since."""
        self.used = mark[0] or (-self.start % 16 if self.start else 0)
        while len(self.extra) > mark[1]:
            self.guest.release(self.extra.pop())


class _Pages:
    """An allocator for modules without malloc: pages that it adds to the memory belong to nobody else."""

    def __init__(self, memory: Memory) -> None:
        self.memory, self.rest, self.end = memory, 0, 0
        self.free: dict[int, list[int]] = {}
        self.sizes: dict[int, int] = {}

    def take(self, size: int) -> int:
        size = max(16, 1 << (size - 1).bit_length())
        same = self.free.get(size)
        if same:
            return same.pop()
        if self.end - self.rest < size:
            page = self.memory.type.page_size
            pages = -(-size // page)
            try:
                start = self.memory.grow(pages) * page
            except (ValueError, MemoryError) as problem:
                raise MemoryError(
                    f"the module exports no malloc and free, and {problem}; export them "
                    "(-Wl,--export=malloc,--export=free) or let the memory grow"
                ) from None
            if start != self.end:
                self.rest = start
            self.end = start + pages * page
        address, self.rest = self.rest, self.rest + size
        self.sizes[address] = size
        return address

    def give(self, address: int) -> None:
        self.free.setdefault(self.sizes[address], []).append(address)
