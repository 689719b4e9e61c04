"""What a generated ``_core.py`` calls: it loads the ``.wasm`` beside it, without the import hook."""

from __future__ import annotations

import os
from _thread import allocate_lock
from binascii import crc32
from types import MappingProxyType

from .engine import Func, set_origin
from .machinery import WasmExtensionFileLoader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

    from . import Instance

__all__ = ["bind", "load"]


def load(
    namespace: dict[str, Any],
    file: str,
    check: tuple[int, int],
    imports: Mapping[str, str] = MappingProxyType({}),
) -> Instance:
    """Instantiates a file for a generated module, as the import hook would: with the grants of its package.

    Args:
        namespace: the globals of the generated module.
        file: name of the ``.wasm``, beside it; in a folder, a zip, or a bundle.
        check: size and CRC-32 of the file that the module was generated for.
        imports: Python modules whose attributes the wasm modules of these names are.

    Raises:
        ImportError: the file is missing, or another than at generation.
    """
    name = namespace["__name__"]
    path = os.path.join(os.path.dirname(namespace["__file__"]), file)  # noqa: PTH118, PTH120
    advice = "install the package again, or where it is developed run `pywasi build`"
    try:
        data = _read(namespace, file, path)
    except OSError:
        raise ImportError(f"{file} is missing beside {name}: {advice}", name=name, path=path) from None
    if (len(data), crc32(data)) != check:
        raise ImportError(f"{name} was generated for another {file}: {advice}", name=name, path=path)
    hosts = {key: __import__(host, fromlist=["*"]) for key, host in imports.items()}
    beside = _Beside(namespace.get("__loader__"), path, data)
    instance = WasmExtensionFileLoader(name, path, archive=beside, imports=hosts or None).instance()
    for key, value in instance.exports.items():
        if isinstance(value, Func):
            set_origin(value, name, key)
    return instance


def bind(
    namespace: dict[str, Any],
    header: str,
    names: Collection[str],
    rules: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Gives a generated module typed functions and classes, each made when it is first used.

    Args:
        namespace: the globals of the generated module, with its ``__wasm__``.
        header: C text that declares them.
        names: of those that it offers.
        rules: arguments of `typed.Rules`; `exception` by its name, ``"pkg.errors.Failed"``.
    """
    module = namespace["__name__"]
    offered = frozenset(names)
    for name in offered:
        namespace.pop(name, None)  # of the instance before a reload
    lock = allocate_lock()
    found: list[Any] = []

    def bound() -> Any:
        with lock:
            if not found:
                found.append(_bound(namespace["__wasm__"], header, module, rules))
        return found[0]

    def __getattr__(name: str) -> Any:  # noqa: N807 - PEP 562
        if name not in offered:
            from .linking import closest

            near = "" if name[:2] == "__" else closest(name, offered)
            raise AttributeError(f"module {module!r} has no attribute {name!r}{near}", name=name)
        value = namespace[name] = getattr(bound(), name)
        return value

    namespace["__getattr__"] = __getattr__
    namespace["__dir__"] = lambda: sorted({*namespace, *offered})


def _bound(instance: Instance, header: str, module: str, rules: Mapping[str, Any]) -> Any:
    from . import typed

    made = dict(rules)
    if "exception" in made:
        home, _, name = made["exception"].rpartition(".")
        made["exception"] = getattr(__import__(home, fromlist=[name]), name)
    return typed.bind(instance, typed.parse_header(header, module), typed.Rules(**made), name=module)


def _read(namespace: dict[str, Any], file: str, path: str) -> bytes:
    get_data = getattr(namespace.get("__loader__"), "get_data", None)
    if get_data is not None:
        data: bytes = get_data(path)
        return data
    from importlib.resources import files

    return files(namespace["__package__"]).joinpath(file).read_bytes()


class _Beside:
    """The files beside the generated module, of which one has been read already."""

    def __init__(self, loader: Any, path: str, data: bytes) -> None:
        self._loader, self._path, self._data = loader, path, data

    def get_data(self, path: str) -> bytes:
        if path == self._path:
            return self._data
        data: bytes = self._loader.get_data(path)
        return data
