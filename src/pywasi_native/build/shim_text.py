"""The texts of ``_core.py`` and ``_core.pyi``."""

from __future__ import annotations

import keyword
from binascii import crc32

from ..extern_types import FuncType
from ..module import compile
from ..stubgen import stub, stub_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .declared import Declared
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


def shim(settings: Settings, data: bytes, declared: Declared | None) -> str:
    """The Python module that loads ``_core.wasm`` and names its exports, and what its headers declare."""
    name = settings.module.rpartition(".")[2]
    typed = declared.names.names if declared else ()
    names = [item for item in python_names(data) if item not in typed]
    imports = ", ".join(f"{key!r}: {host!r}" for key, host in sorted(settings.imports.items()))
    lines = [
        f'"""The functions of {name}.wasm: {MARK}"""',
        "# ruff: noqa",
        "# pyright: reportUnsupportedDunderAll=false",
        "",
        f"from pywasi_native.shim import {'bind as _bind, ' if typed else ''}load as _load",
        "",
        f"__all__ = {_list([item for item in (*names, *typed) if not item.startswith('_')])}",
        "",
        f'__wasm__ = _load(globals(), "{name}.wasm", ({len(data)}, 0x{crc32(data):08x})'
        f"{f', {{{imports}}}' if imports else ''})",
        *(f'{item} = __wasm__.exports["{item}"]' for item in names),
        "",
    ]
    if declared and typed:
        constants = {item: value for item, value in declared.names.constants.items() if item in typed}
        lines += [*(f"{item} = {_literal(value)}" for item, value in constants.items()), ""]
        bound = [item for item in typed if item not in constants]
        rules = f", {settings.rules!r}" if settings.rules else ""
        text = declared.text.replace("\\", "\\\\").replace('"""', '\\"""')
        lines += [f'_HEADER = """\\\n{text}"""', f"_bind(globals(), _HEADER, {_list(bound)}{rules})", ""]
    return "\n".join(lines)


def pyi(settings: Settings, data: bytes, declared: Declared | None) -> str:
    """The types of the same names."""
    file = settings.outputs[0].rpartition("/")[2]
    if not declared:
        return stub(compile(data), file, _HIDDEN)
    names = declared.names
    raw, used = stub_lines(compile(data), {*_HIDDEN, *names.names})
    return names.text(f"Types of {file}, written by `pywasi build`.", raw, used)


def _literal(value: float | str) -> str:
    shown = repr(value)
    return shown if isinstance(value, str) or shown.lstrip("-")[:1].isdigit() else f'float("{shown}")'


def _list(names: Sequence[str]) -> str:
    if not names:
        return "[]"
    return "[\n" + "".join(f'    "{name}",\n' for name in sorted(names)) + "]"
