"""The texts of ``_core.py`` and ``_core.pyi``."""

from __future__ import annotations

import keyword
from binascii import crc32

from ..extern_types import FuncType
from ..module import compile
from ..stubgen import stub

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .settings import Settings

MARK = "written by `pywasi build`; do not edit."
# Of a reactor and its toolchain; no names for Python.
_HIDDEN = ("_initialize", "_start", "__indirect_function_table")


def python_names(data: bytes) -> list[str]:
    """The exports of a module that become names of the Python module."""
    return [
        item.name for item in compile(data).exports
        if item.name.isidentifier() and not keyword.iskeyword(item.name) and item.name not in _HIDDEN
    ]  # fmt: skip


def function_count(data: bytes) -> int:
    """How many functions Python can call, beside those for memory."""
    functions = {item.name for item in compile(data).exports if isinstance(item.type, FuncType)}
    return len(functions.difference(_HIDDEN, ("malloc", "free")))


def shim(settings: Settings, data: bytes) -> str:
    """The Python module that loads ``_core.wasm`` and names its exports."""
    name = settings.module.rpartition(".")[2]
    names = python_names(data)
    imports = "".join(f", {key!r}: {host!r}" for key, host in sorted(settings.imports.items())).removeprefix(
        ", "
    )
    extra = f", {{{imports}}}" if imports else ""
    lines = [
        f'"""The functions of {name}.wasm: {MARK}"""',
        "",
        "from pywasi_native.shim import load as _load",
        "",
        f'__wasm__ = _load(globals(), "{name}.wasm", ({len(data)}, 0x{crc32(data):08x}){extra})',
        "_exports = __wasm__.exports",
        *(f'{item} = _exports["{item}"]' for item in names),
        "",
        f"__all__ = {_list([item for item in names if not item.startswith('_')])}",
        "",
    ]
    return "\n".join(lines)


def pyi(settings: Settings, data: bytes) -> str:
    """The types of the same names."""
    return stub(compile(data), settings.outputs[0].rpartition("/")[2], _HIDDEN)


def _list(names: list[str]) -> str:
    if not names:
        return "[]"
    return "[\n" + "".join(f'    "{name}",\n' for name in sorted(names)) + "]"
