# The compiled module. Func, Memory, Table, Global, Tag, Ref and Store are public through the package.

import inspect
from collections.abc import Callable, Coroutine, Iterable, Iterator
from typing import Any, Never, Self, SupportsIndex, final, overload

from typing_extensions import Buffer, disjoint_base

from .aio import Flights
from .audit import Denial
from .errors import OutOfFuel
from .extern_types import ExternType, FuncType, GlobalType, MemoryType, TableType, TagType
from .limits import Limits

__all__ = ()

@final
class Failure:
    """What the engine reports when something fails."""

    @property
    def result(self) -> int: ...
    @property
    def trap(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def exit_code(self) -> int: ...
    @property
    def func_index(self) -> int | None: ...
    @property
    def offset(self) -> int | None: ...
    @property
    def frames(self) -> list[tuple[str, int, int | None]]: ...
    @property
    def frames_left_out(self) -> int: ...

@disjoint_base
class Owned:
    """Something that the C code of a store points to."""

@final
class Store:
    """The heap that instances share which import from each other, with its lock and its limits."""

    def __new__(cls, limits: Limits | None = None) -> Self: ...
    @property
    def limits(self) -> Limits | None: ...
    @property
    def peak_memory(self) -> int:
        """The most bytes that the memories of this store took together."""

    @property
    def fuel(self) -> int | None:
        """Units of fuel that are left, or None where none is counted."""

    @fuel.setter
    def fuel(self, value: int) -> None: ...
    @property
    def flights(self) -> Flights | None: ...
    def in_flight(self, make: Callable[[], Flights]) -> Flights: ...
    def cancel(self) -> None:
        """Ends the call that runs in this store with `Cancelled`; from any thread."""

@final
class ModuleHandle:
    """A decoded and validated module."""

    def __new__(cls, data: bytes, file: str, features: int = 0, timeout: float | None = None) -> Self: ...
    @property
    def file(self) -> str: ...
    def data(self) -> bytes: ...
    def name(self) -> str: ...
    def features(self) -> int: ...
    def imports(self) -> list[tuple[str, str, ExternType]]: ...
    def exports(self) -> list[tuple[str, ExternType]]: ...
    def custom_sections(self) -> list[tuple[str, bytes]]: ...
    def sections(self) -> list[tuple[int, int, int, str, int]]: ...
    def functions(self) -> list[tuple[int, str, FuncType, int | None, int]]: ...
    def disassemble(self, offset: int) -> tuple[str, int, int]: ...
    def host_function(self, store: Store, index: int, function: Callable[..., Any]) -> Func: ...
    def matches(self, store: Store, index: int, value: Func | Memory | Table | Global | Tag) -> bool: ...
    def instantiate(
        self,
        store: Store,
        imports: list[Func | Memory | Table | Global | Tag],
        origin: object = None,
        snapshot: SnapshotHandle | None = None,
    ) -> tuple[InstanceHandle, dict[str, Func | Memory | Table | Global | Tag]]: ...

@final
class InstanceHandle:
    """An instance in its store."""

    @property
    def store(self) -> Store: ...
    @property
    def module(self) -> ModuleHandle: ...
    def snapshot(self) -> SnapshotHandle: ...
    def restore(self, snapshot: SnapshotHandle) -> None: ...
    def suspended(self) -> list[OutOfFuel]: ...

@final
class SnapshotHandle:
    """The state of an instance."""

    def __init__(self, module: ModuleHandle, data: Buffer) -> None: ...
    @property
    def module(self) -> ModuleHandle: ...
    def pieces(self, take: Callable[[bytes], object]) -> None: ...
    def calls(self) -> tuple[int, int]: ...
    def sizes(self) -> tuple[int, int]: ...

@final
class SnapshotSink: ...

@final
class HostFunc(Owned):
    """A Python callable behind a function of the store."""

@final
class Func:
    """A function of a store: an export, a function reference, or a Python callable with a type."""

    def __init__(
        self,
        type: FuncType,
        callable: Callable[..., Any],
        *,
        name: str | None = None,
        store: Store | None = None,
    ) -> None: ...
    def __call__(self, *args: Any) -> Any:
        """Calls the function; gives None, one value, or a tuple."""

    @property
    def type(self) -> FuncType:
        """Parameters and results."""

    @property
    def name(self) -> str:
        """The name of the export, else by the name section, else ``func[12]``."""

    @property
    def __name__(self) -> str: ...
    @property
    def __qualname__(self) -> str: ...
    @property
    def __signature__(self) -> inspect.Signature: ...
    def aio(self, *args: Any) -> Coroutine[Any, Any, Any]:
        """Calls the function from a coroutine; its host functions may be ``async def``."""

    def call_bits(self, *args: Any) -> tuple[Any, ...]:
        """Calls with unsigned bit patterns for numbers and vectors; gives a tuple of such."""

@final
class Suspended:
    """A call of a function that goes on, once."""

    @property
    def awaited(self) -> Any: ...
    @property
    def ready(self) -> bool: ...
    @property
    def store(self) -> Store: ...
    def refuel(self, fuel: int, slice_ns: int = 0) -> Any:
        """Goes on with so many more units of fuel, to the results of the call."""

    def reply(self, reply: tuple[bool, Any], slice_ns: int) -> Any:
        """Goes on, with what the host function was to give: (True, value) or (False, exception)."""

def bound_store(function: Func) -> Store:
    """The store of a function."""

def begin_call(function: Func, args: tuple[Any, ...], slice_ns: int) -> Any:
    """Calls a function. The results, or a `Suspended`."""

def holds_objects(store: Store) -> bool:
    """Whether the guest refers to Python objects."""

def run_batch(
    function: Func,
    instance: InstanceHandle,
    state: SnapshotHandle | None,
    is_fresh: bool,
    tasks: list[tuple[Any, ...]],
    start: int,
    stop: int,
    results: list[Any],
) -> None:
    """Calls a function with each of some tuples, each time from a state, and appends the results."""

@final
class Memory:
    """A linear memory, with the buffer protocol. A shared one belongs to no store; several may use it."""

    def __init__(
        self,
        type: MemoryType | int,
        maximum: int | None = None,
        shared: bool = False,
        *,
        store: Store | None = None,
    ) -> None: ...
    @property
    def type(self) -> MemoryType:
        """Its type; the minimum is the current size."""

    @property
    def size(self) -> int:
        """Bytes."""

    @property
    def pages(self) -> int:
        """Pages (of 64 KiB, unless the module says otherwise)."""

    def grow(self, pages: int) -> int:
        """Grows by some pages; gives the number before."""

    def read(self, ptr: int, n: int) -> bytes:
        """The `n` bytes at `ptr`."""

    def write(self, ptr: int, data: Buffer) -> None:
        """Writes bytes-like data at `ptr`, all or nothing."""

    def text(self, ptr: int, n: int | None = None) -> str:
        """The UTF-8 text at `ptr`: `n` bytes of it, or up to a NUL byte."""

    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, key: int, /) -> int: ...
    @overload
    def __getitem__(self, key: slice, /) -> bytes: ...
    @overload
    def __setitem__(self, key: int, value: int, /) -> None: ...
    @overload
    def __setitem__(self, key: slice, value: Buffer, /) -> None: ...
    def __delitem__(self, key: Never, /) -> None: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...
    def __release_buffer__(self, buffer: memoryview, /) -> None: ...

@final
class Table:
    """A table of references."""

    def __init__(self, type: TableType, init: object = None, *, store: Store | None = None) -> None: ...
    @property
    def type(self) -> TableType:
        """Its type; the minimum is the current size."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> Any: ...
    def __setitem__(self, index: int, value: object, /) -> None: ...
    def __delitem__(self, key: Never, /) -> None: ...
    def grow(self, n: int, value: object = None) -> int:
        """Adds `n` elements that are `value`; gives the length before."""

@final
class Global:
    """A global variable."""

    def __init__(
        self,
        type: GlobalType | str,
        value: object,
        *,
        mutable: bool | None = None,
        store: Store | None = None,
    ) -> None: ...
    @property
    def type(self) -> GlobalType: ...
    @property
    def value(self) -> Any:
        """Its value. Setting it raises AttributeError unless the global is mutable."""

    @value.setter
    def value(self, value: Any) -> None: ...
    def bits(self) -> Any:
        """Its value as an unsigned bit pattern; a reference as an object."""

@final
class Tag:
    """The kind of an exception: two tags are never the same, whatever their types."""

    def __init__(
        self, type: TagType | FuncType | Iterable[str] = (), *, store: Store | None = None
    ) -> None: ...
    @property
    def type(self) -> TagType:
        """The types of the values that its exceptions carry."""

@disjoint_base
class Ref:
    """A reference to a value of the WebAssembly heap, kept alive by it. The same value is the same object."""

    def __init__(self, *args: object, **named: object) -> None: ...

@final
class ExnRef(Ref):
    """A caught exception on its way through Python: what an ``exnref`` is. Only the guest can look inside."""

@final
class Struct(Ref):
    """A struct on the heap: its fields by number, ``s[0]``, and ``s[0] = value`` where the type lets it."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: SupportsIndex, /) -> Any: ...
    def __setitem__(self, index: SupportsIndex, value: Any, /) -> None: ...
    def __iter__(self) -> Iterator[Any]: ...
    @property
    def type(self) -> str: ...

@final
class Array(Ref):
    """An array on the heap: its elements by number, ``a[i] = value`` where the type lets it."""

    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, index: SupportsIndex, /) -> Any: ...
    @overload
    def __getitem__(self, index: slice, /) -> list[Any]: ...
    def __setitem__(self, index: SupportsIndex, value: Any, /) -> None: ...
    def __iter__(self) -> Iterator[Any]: ...
    @property
    def type(self) -> str: ...

@final
class I31(Ref):
    """An integer of 31 bits that is a reference without an object."""

    def __init__(self, value: SupportsIndex) -> None: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    @property
    def value(self) -> int:
        """The signed number."""

@final
class Tree:
    """Files in memory, which WASI guests and Python share."""

    def __new__(cls, size: int) -> Self: ...
    @property
    def size(self) -> int: ...
    @property
    def used(self) -> int: ...
    def put(self, path: bytes, data: Buffer, modified: int | None) -> None: ...
    def get(self, path: bytes, follow: bool) -> bytes: ...
    def has(self, path: bytes) -> bool: ...
    def make_dir(self, path: bytes) -> None: ...
    def link(self, path: bytes, content: bytes) -> None: ...
    def remove(self, path: bytes) -> None: ...
    def list(self, path: bytes) -> list[tuple[bytes, int, int]]: ...

@final
class WasiState(Owned):
    """The WASI of one guest: its descriptors, streams and clocks."""

    def __new__(
        cls,
        store: Store,
        *,
        args: list[bytes],
        env: list[tuple[bytes, bytes]],
        stdio: tuple[Any, ...],
        dirs: list[tuple[bytes | Tree, bytes, int]],
        clock: int | None,
        seed: int | None,
        output: int | None,
        open_files: int,
        sockets: list[tuple[int, bytes]],
        guest: str = "",
        hosts: dict[str, str] = {},
    ) -> Self: ...
    @property
    def name(self) -> str: ...
    @property
    def hosts(self) -> dict[str, str]: ...
    @property
    def denials(self) -> list[Denial]: ...
    @property
    def denied(self) -> int: ...
    @property
    def windows(self) -> dict[str, Any]: ...
    def renew(
        self,
        store: Store,
        *,
        args: list[bytes],
        env: list[tuple[bytes, bytes]],
        stdio: tuple[Any, ...],
        dirs: list[tuple[bytes | Tree, bytes, int]],
        clock: int | None,
        seed: int | None,
        output: int,
        open_files: int,
        sockets: list[tuple[int, bytes]],
        guest: str = "",
        hosts: dict[str, str] = {},
    ) -> None: ...
    def changed(self) -> list[tuple[int, bool]]: ...
    def refusals(self) -> tuple[Denial, ...]: ...
    def keeps(self, stream: int) -> bool: ...
    def output(self, stream: int) -> tuple[bytes, bool]: ...
    def denial(self) -> tuple[str, str, str, str] | None: ...
    def function(self, store: Store, module: str, name: str) -> Func | None: ...

def set_support(load: Callable[[str], Any]) -> None: ...
def listening() -> bool: ...
def set_audit_levels(levels: dict[int, bool] | None) -> None: ...
def trap_texts() -> tuple[str, ...]: ...
def start(shell: str) -> None: ...
def shell() -> str: ...
def features() -> tuple[tuple[str, int, str], ...]: ...
def bind(
    value: Func | Memory | Table | Global | Tag, store: Store
) -> Func | Memory | Table | Global | Tag: ...
def store_of(value: object) -> Store | None: ...
def after_fork() -> None: ...
def run_in_parallel(store: Store) -> None: ...
def set_timeout(store: Store, seconds: float | None) -> None: ...
def set_origin(function: Func, module: str, qualname: str) -> None: ...
def wasi_function(module: str, name: str) -> tuple[str, bool] | None: ...
def wasi_functions() -> list[tuple[str, str, bool]]: ...
