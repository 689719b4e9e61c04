"""`CDLL`: a wasm library as ctypes shows a shared one."""

from __future__ import annotations

import ctypes
import os
from pathlib import PurePath

from ..engine import Func, Global
from ..errors import LinkError
from ..instance import Instance
from ..linking import closest
from ..module import Module
from .functions import Function
from .guest import U32, guest_for
from .layouts import layouts
from .transfer import store
from .views import object_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn, TypeVar

    from ..limits import Limits
    from ..linking import Imports
    from ..sources import Source
    from ..wasi import Wasi

    T = TypeVar("T")


class CDLL:
    """A wasm library; its functions are attributes and items, as those of `ctypes.CDLL`.

    Args:
        name: path or bytes of the module, a `Module`, or an `Instance` that shares its memory with this
            object.
        mode, handle, winmode, use_last_error: for ctypes' sake; without effect, `handle` must be None.
        use_errno: whether functions set `ctypes.get_errno()`; the module has to export ``errno``.
        imports, wasi, limits: see `Module.instantiate`. Without `wasi` the library has no capabilities.
        long_size: the bytes, in memory, of ctypes types that are both `long` or `size_t` and `int64_t` on
            this host: 4 if structs and pointers mean the former, 8 for the latter. None: they are errors.
            The types of `pywasi_native.ffi` need no such choice.
        mutable_bytes: whether functions may write into `bytes` objects, as with ctypes, and so change
            constants of the program. Otherwise a call that does raises ValueError.

    Raises:
        LinkError: it has no memory that can be used, or it imports what is not there.
    """

    def __init__(
        self,
        name: Source | Module | Instance,
        mode: int = ctypes.DEFAULT_MODE,
        handle: None = None,
        use_errno: bool = False,
        use_last_error: bool = False,
        winmode: int | None = None,
        *,
        imports: Imports | None = None,
        wasi: Wasi | None = None,
        limits: Limits | None = None,
        long_size: int | None = None,
        mutable_bytes: bool = False,
    ) -> None:
        del mode, use_last_error, winmode
        if name is None:
            raise TypeError(
                "CDLL(None) is the process itself, which a wasm library cannot reach; name a .wasm file"
            )
        if handle is not None:
            raise TypeError("a wasm library has no handle; give its path")
        self._name, instance = open_library(name, imports, wasi, limits)
        self._guest = guest_for(
            instance, PurePath(self._name).name or "the module", layouts(long_size), mutable_bytes
        )
        self._use_errno = use_errno
        if use_errno and self._guest.errno is None:
            raise LinkError(
                f"use_errno: {self._guest.name} exports no errno; link it with -Wl,--export=errno"
            )

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Function: ...
    else:

        def __getattr__(self, name: str) -> Function:
            if name.startswith("__") and name.endswith("__"):
                raise AttributeError(name)
            if name == "_handle":
                raise AttributeError(
                    "a wasm library has no handle; use CDLL.in_dll(type, name) for its variables"
                )
            function = self[name]
            setattr(self, name, function)
            return function

    def __getitem__(self, name: str) -> Function:
        exports = self._guest.instance.exports
        found = exports.get(name) if isinstance(name, str) else None
        if isinstance(found, Func):
            return Function(self._guest, found, name, use_errno=self._use_errno)
        if not isinstance(name, str):
            raise TypeError(f"functions of a wasm library have names, not numbers such as {name!r}")
        if found is not None:
            kind = type(found).__name__.lower()
            raise AttributeError(f"{name} of {self._guest.name} is no function but a {kind}; see CDLL.in_dll")
        functions = [key for key, value in exports.items() if isinstance(value, Func)]
        near = closest(name, functions) or f"; if it is in the C source, link with -Wl,--export={name}"
        raise AttributeError(f"{self._guest.name} exports no function {name!r}{near}")

    @property
    def instance(self) -> Instance:
        """The instance behind it."""
        return self._guest.instance

    def in_dll(self, kind: type[T], name: str) -> T:
        """A variable of the library, where it lies: what ``kind.in_dll(lib, name)`` is with ctypes.

        Raises:
            ValueError: it exports no such variable.
        """
        exports = self._guest.instance.exports
        found = exports.get(name)
        if not isinstance(found, Global) or found.type.mutable or found.type.value != "i32":
            near = closest(name, [key for key, value in exports.items() if isinstance(value, Global)])
            advice = near or f"; link it with -Wl,--export={name}"
            raise ValueError(f"{self._guest.name} exports no variable {name!r}{advice}")
        made: T = object_at(self._guest, self._guest.layouts.of(kind), int(found.value) & U32)
        return made

    def new(self, kind: type[T], *init: Any) -> T:
        """An object of a ctypes type in the library's memory, which it may keep and change between calls.

        It is freed with its last reference in Python.

        Args:
            kind: the type; of an array ``kind * count``.
            init: what the type would be called with.
        """
        guest = self._guest
        layout = guest.layouts.of(kind)
        from .conversions import owned_view

        with guest.lock:
            address = guest.allocate(layout.size)
            guest.memory.write(address, bytes(layout.size))
            made: T = owned_view(guest, layout, address)
            if init:
                kept = getattr(made, "_wasm_kept_", {})
                store(guest, layout, address, kind(*init), kept)
        return made

    def __repr__(self) -> str:
        return f"<CDLL '{self._name}' at {id(self):#x}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("cannot pickle a CDLL: load it again")


def open_library(
    name: Source | Module | Instance, imports: Imports | None, wasi: Wasi | None, limits: Limits | None
) -> tuple[str, Instance]:
    """What `CDLL` and `FFI.dlopen` load, with its name. WASI without a `Wasi` is one that grants nothing."""
    if isinstance(name, Instance):
        return name.module.name, name
    module = name if isinstance(name, Module) else Module(name)
    if wasi is None and any(one.module.startswith("wasi_") for one in module.imports):
        from ..wasi import Wasi as Nothing

        wasi = Nothing()
    label = os.fspath(name) if isinstance(name, str | os.PathLike) else module.name
    return str(label), module.instantiate(imports, wasi=wasi, limits=limits)


class LibraryLoader:
    """What `cdll` is: ``cdll.LoadLibrary(path)``."""

    def __init__(self, kind: type[CDLL]) -> None:
        self._kind = kind

    def LoadLibrary(self, name: Source) -> CDLL:  # noqa: N802 - the name in ctypes
        """The library at a path."""
        return self._kind(name)


cdll = LibraryLoader(CDLL)
