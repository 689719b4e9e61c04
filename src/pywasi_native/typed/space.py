"""The linear memory of an instance, as typed functions use it: memory, allocator, and the arena of calls."""

from __future__ import annotations

from _thread import allocate_lock

from ..engine import Func, Memory
from ..errors import LinkError
from ._calls import Arena

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..instance import Instance

_NO_MEMORY = "the module exports no memory; link it with --export-memory, or leave out --import-memory"


class Space:
    """What all typed functions of an instance share."""

    def __init__(self, instance: Instance) -> None:
        exports = instance.exports
        memories = [item for item in exports.values() if isinstance(item, Memory)]
        if not memories:
            raise LinkError(_NO_MEMORY)
        found = exports.get("memory")
        self.memory = found if isinstance(found, Memory) else memories[0]
        if self.memory.type.address != "i32":
            raise LinkError("typed functions need a memory with 32-bit addresses; build for wasm32")
        self._pages: _Pages | None = None
        malloc, free = exports.get("malloc"), exports.get("free")
        if isinstance(malloc, Func) and isinstance(free, Func):
            self.allocate, self.release = _by_malloc(malloc), _by_free(free)
            self.has_malloc = True
        else:
            pages = self._pages = _Pages(self.memory)
            self.allocate, self.release = pages.take, pages.give
            self.has_malloc = False
        self.arena = Arena(self.memory, self.allocate, self.release)

    def forget(self) -> None:
        """The instance was reset: what was allocated is not there any more."""
        self.arena.forget()
        if self._pages is not None:
            self._pages.free.clear()
            self._pages.sizes.clear()


_LOCK = allocate_lock()


def space_of(instance: Instance) -> Space:
    """The space of an instance, made when it is first asked for.

    Raises:
        LinkError: it has no memory that can be used.
    """
    # Held by the instance: a table of ours would keep what callbacks of the module refer to alive for ever.
    with _LOCK:
        found: Space | None = getattr(instance, "_space", None)
        if found is None:
            found = instance._space = Space(instance)
        return found


def _by_malloc(malloc: Func) -> Callable[[int], int]:
    def allocate(count: int) -> int:
        address = int(malloc(count)) & 0xFFFFFFFF
        if not address:
            raise MemoryError(f"the module's malloc has no room for {count} bytes")
        return address

    return allocate


def _by_free(free: Func) -> Callable[[int], None]:
    def release(address: int) -> None:
        free(address)

    return release


class _Pages:
    """An allocator for modules that export none: pages that it adds to the memory belong to nobody else."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.free: list[tuple[int, int]] = []  # (size, address)
        self.sizes: dict[int, int] = {}

    def take(self, count: int) -> int:
        for i, (size, address) in enumerate(self.free):
            if size >= count:
                del self.free[i]
                self.sizes[address] = size
                return address
        page = self.memory.type.page_size
        pages = -(-count // page)
        try:
            address = self.memory.grow(pages) * page
        except ValueError as problem:
            raise MemoryError(
                f"the module exports no malloc and free, and {problem}; export them (-Wl,--export=malloc,"
                "--export=free) or let the memory grow"
            ) from None
        self.sizes[address] = pages * page
        return address

    def give(self, address: int) -> None:
        self.free.append((self.sizes.pop(address), address))
