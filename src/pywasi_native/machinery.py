"""Loader and finder for ``import`` of ``.wasm`` files, like those that `importlib.machinery` has."""

from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

from . import compile
from .engine import Func, set_origin
from .instance import instantiate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from . import Instance, Limits, Module, Wasi

__all__ = ["WASM_SUFFIXES", "WasmExtensionFileLoader", "WasmFinder"]

WASM_SUFFIXES = [".wasm"]
"""The endings of files that are modules."""

_SUFFIX = WASM_SUFFIXES[0]
# Attributes that the import system and this loader own.
_OWN = frozenset(
    ("__all__", "__builtins__", "__cached__", "__class__", "__dict__", "__doc__", "__file__", "__loader__",
     "__name__", "__package__", "__path__", "__spec__", "__wasm__")
)  # fmt: skip


class WasmModule(ModuleType):
    """A module that an import of a ``.wasm`` file gave; pickled by its name."""

    def __reduce__(self) -> tuple[Any, ...]:
        from importlib import import_module

        return import_module, (self.__name__,)


class WasmExtensionFileLoader:
    """Loads one ``.wasm`` file as a Python module; shaped like `importlib.machinery.ExtensionFileLoader`.

    Args:
        fullname: the module's name.
        path: the file; it may lie in a zip or a bundle whose loader is `archive`.
        archive: an object with ``get_data(path)``, where the file is not one of the file system.
        imports: what the module imports from the host, as for `load`.
        wasi: what it is granted where the application grants its package nothing else (`grants`); by default
            WASI is there and grants nothing.
        limits: as for `load`.
    """

    def __init__(
        self,
        fullname: str,
        path: str,
        *,
        archive: Any = None,
        imports: Mapping[str, Any] | None = None,
        wasi: Wasi | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.name = fullname
        self.path = os.fspath(path)
        self._archive, self._imports, self._wasi, self._limits = archive, imports, wasi, limits

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WasmExtensionFileLoader) and (self.name, self.path) == (
            other.name,
            other.path,
        )

    def __hash__(self) -> int:
        return hash((self.name, self.path))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, {self.path!r})"

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """An empty module; the import system fills in its attributes."""
        return WasmModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Instantiates the file and makes its exports attributes of `module`; again at a reload."""
        instance = self.instance()
        for name in getattr(module, "__all__", ()):
            module.__dict__.pop(name, None)
        names = [name for name in instance.exports if name.isidentifier() and name not in _OWN]
        module.__file__ = self.path
        module.__dict__["__wasm__"] = instance
        module.__dict__["__all__"] = [name for name in names if not name.startswith("_")]
        module.__doc__ = self._describe(instance)
        for name in names:
            value = instance.exports[name]
            module.__dict__[name] = value
            if isinstance(value, Func):
                set_origin(value, module.__name__, name)

    def instance(self) -> Instance:
        """A new instance of the file, with the grants of its package; not made a Python module."""
        compiled = compile(self._source())
        return instantiate(
            compiled, self._imports, wasi=self._grants(compiled), limits=self._limits, label=self.name
        )

    def _source(self) -> Any:
        if self._archive is None:
            return self.path
        return _Resource(self.path, self.get_data(self.path))

    def _grants(self, compiled: Module) -> Wasi:
        from .linking import is_wasi
        from .wasi import Wasi

        own = self._wasi if self._wasi is not None else Wasi()
        if not any(is_wasi(item.module) for item in compiled.imports):
            return own
        from .grants import decide

        return decide(self.name, compiled, self.path, self.get_data, self._wasi)

    def _describe(self, instance: Instance) -> str:
        exports = "\n".join(f"    {name}: {value.type}" for name, value in instance.exports.items())
        return f"WebAssembly module {os.path.basename(self.path)}\n\n{exports}\n"  # noqa: PTH119

    def is_package(self, fullname: str) -> bool:  # noqa: ARG002
        """Whether the file is a package's ``__init__``."""
        stem = os.path.basename(self.path).split(".")[0]  # noqa: PTH119
        return stem == "__init__"

    def get_filename(self, fullname: str | None = None) -> str:  # noqa: ARG002
        """The path of the file."""
        return self.path

    def get_source(self, fullname: str) -> None:
        """None: there is no Python source."""

    def get_code(self, fullname: str) -> None:
        """None: there is no Python code."""

    def get_data(self, path: str) -> bytes:
        """The bytes of a file beside the module."""
        if self._archive is not None:
            data: bytes = self._archive.get_data(path)
            return data
        with open(path, "rb") as file:  # noqa: PTH123
            return file.read()


class _Resource:
    """Bytes with a name, as a source for `load`."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name, self._data = name, data

    def read_bytes(self) -> bytes:
        return self._data


class WasmFinder:
    """Finds ``.wasm`` files for the names that it was told of; an entry of `sys.meta_path`.

    One finder serves the process: `scopes` maps a package to the keyword arguments of the loader, None
    stands for every module on `sys.path`.
    """

    def __init__(self) -> None:
        self.scopes: dict[str | None, dict[str, Any]] = {}

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """The spec of a module whose file lies where the module would lie, or None."""
        scope = self._scope(fullname)
        if scope is None or switched_off():
            return None
        archive = None
        if path is None:
            path = [entry for entry in sys.path if _is_searched(entry)]
        else:
            parent = sys.modules.get(fullname.rpartition(".")[0])
            archive = getattr(getattr(parent, "__spec__", None), "loader", None)
        for entry in path:
            loader = self._loader(fullname, entry, archive, scope)
            if loader is not None:
                spec = ModuleSpec(fullname, loader, origin=loader.path)  # type: ignore[arg-type]
                spec.has_location = True
                return spec
        return None

    def _scope(self, fullname: str) -> dict[str, Any] | None:
        name = fullname
        while name:
            name = name.rpartition(".")[0]
            if name and name in self.scopes:
                return self.scopes[name]
        return self.scopes.get(None)

    def _loader(
        self, fullname: str, entry: str, archive: Any, scope: dict[str, Any]
    ) -> WasmExtensionFileLoader | None:
        file = os.path.join(entry, fullname.rpartition(".")[2] + _SUFFIX)  # noqa: PTH118
        if os.path.isfile(file):  # noqa: PTH113
            return WasmExtensionFileLoader(fullname, os.path.abspath(file), **scope)  # noqa: PTH100
        if os.path.isdir(entry):  # noqa: PTH112 - a plain directory, and the file is not in it
            return None
        # A zip or a bundle: the loader of the package reads from it.
        archive = archive if archive is not None else _archive_at(entry)
        if hasattr(archive, "get_data"):
            try:
                archive.get_data(file)
            except OSError:
                return None
            return WasmExtensionFileLoader(fullname, file, archive=archive, **scope)
        return None

    def invalidate_caches(self) -> None:
        """Nothing is cached."""


def _archive_at(entry: str) -> Any:
    """The importer of a zip on `sys.path`, if it is one."""
    importer = sys.path_importer_cache.get(entry)
    return importer if hasattr(importer, "get_data") else None


def _is_searched(entry: str) -> bool:
    """Whether the global mode looks into an entry of `sys.path`: not the current directory, which anybody may
    have filled, unless somebody sits at the prompt.
    """
    interactive = hasattr(sys, "ps1") or bool(sys.flags.interactive)
    if interactive or not entry:
        return interactive
    try:
        return not os.path.samefile(entry, os.getcwd())  # noqa: PTH109, PTH121
    except OSError:
        return True


def switched_off() -> bool:
    """Whether ``PYWASI_IMPORT=0`` switches the hook off."""
    return os.environ.get("PYWASI_IMPORT", "") == "0"
