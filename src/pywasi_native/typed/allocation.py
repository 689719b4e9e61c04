"""Arrays of Python's in the module's memory, so that calls take them without a copy."""

from __future__ import annotations

from ._calls import Pointer
from .space import space_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..instance import Instance

_SIZES = {"b": 1, "B": 1, "?": 1, "h": 2, "H": 2, "i": 4, "I": 4, "q": 8, "Q": 8, "f": 4, "d": 8}


class Allocation:
    """Items in the module's memory, from its allocator; `close`, or the end of a `with`, gives them back.

    Calls of the same instance take it without a copy, also where a length is passed: it is a buffer too.

    Attributes:
        address: of the first item.
        view: a writable view in place; ``numpy.asarray(view)`` is an array that calls take without a copy.
            After `close` it shows what the module does with that memory then.
    """

    __slots__ = ("_instance", "_open", "address", "view")

    def __init__(self, instance: Instance, count: int, code: str = "B") -> None:
        size = _SIZES.get(code)
        if size is None:
            raise ValueError(f"the code of the items is one of {' '.join(_SIZES)}, not {code!r}")
        if count < 0:
            raise ValueError(f"there cannot be {count} items")
        space = space_of(instance)
        self._open = False
        self.address = space.allocate(max(count * size, 1))
        self._instance, self._open = instance, True
        try:
            self.view: memoryview[Any] = Pointer(space.memory, self.address, code).view(count)
        except IndexError:  # the guest's allocator is not believed
            self._open = False
            text = f"the module's allocator gave {self.address:#x} for {count * size} bytes, outside of it"
            raise MemoryError(text) from None
        self.view[:] = memoryview(bytes(count * size)).cast(code)  # type: ignore[call-overload]

    def __index__(self) -> int:
        return self.address

    def __len__(self) -> int:
        return len(self.view)

    def __buffer__(self, flags: int, /) -> memoryview[Any]:
        if not self._open:
            raise ValueError("this allocation is closed")
        return memoryview(self.view)

    def close(self) -> None:
        """Gives the memory back; again: no effect."""
        if self._open:
            self._open = False
            space_of(self._instance).release(self.address)

    def __enter__(self) -> Allocation:
        return self

    def __exit__(self, *_problem: object) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "" if self._open else ", closed"
        return f"<{len(self.view)} items {self.view.format!r} at {self.address:#x}{state}>"


def allocate(instance: Instance, count: int, code: str = "B") -> Allocation:
    """Takes room for `count` items in the module's memory, all zero.

    Args:
        instance: whose memory; of a module that was imported, its ``__wasm__``.
        count: of items.
        code: of an item, as in the `struct` module: ``d`` for `double`, ``f``, ``i``, ``B``, ...

    Raises:
        MemoryError: the module has no room.
        LinkError: it has no memory.
    """
    return Allocation(instance, count, code)
