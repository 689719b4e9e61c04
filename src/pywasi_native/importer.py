"""The import hook: `install` and `uninstall`."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from . import Limits, Wasi
    from .machinery import WasmFinder

_finder: WasmFinder | None = None


def install(
    name: str | None = None,
    *,
    imports: Mapping[str, Any] | None = None,
    wasi: Wasi | None = None,
    limits: Limits | None = None,
) -> None:
    """Lets ``import`` find ``.wasm`` files; a package calls ``pywasi_native.install(__name__)``.

    Installing twice is the same as once. The environment variable ``PYWASI_IMPORT=0`` switches it off.

    Args:
        name: a package: only modules in it are found. None, for the prompt: every ``.wasm`` file on
            `sys.path`, but not in the current directory of a script.
        imports: what these modules import from the host, as for `load`.
        wasi: what they are granted; by default nothing. What the application grants to the package (`grant`)
            counts before it.
        limits: of each module's store.
    """
    global _finder
    if name is not None and not isinstance(name, str):
        raise TypeError(f"name must be that of a package (__name__), not {type(name).__name__}")
    if name == "__main__":
        raise ValueError(
            "the script has no package: put the .wasm files into one, or call install() without a name"
        )
    from .machinery import WasmFinder, switched_off

    if switched_off():
        return
    if _finder is None:
        _finder = WasmFinder()
    _finder.scopes[name] = {"imports": imports, "wasi": wasi, "limits": limits}
    if _finder not in sys.meta_path:
        sys.meta_path.append(_finder)


def uninstall(name: str | None = None) -> None:
    """Takes back `install` with the same argument. What is imported already stays."""
    if _finder is None:
        return
    _finder.scopes.pop(name, None)
    if not _finder.scopes and _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
