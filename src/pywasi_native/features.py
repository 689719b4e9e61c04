"""Sets of WebAssembly features, by name: what `compile`, `load` and `validate` take as `features=`.

A finished standard is a set; sets are combined as sets are::

    wasm.compile(source, features=wasm.WASM_3_0 - {"gc"})
    wasm.compile(source, features=wasm.DEFAULT_FEATURES | {"custom-page-sizes"})

Names and standards: csrc/base/features.def, the table in README.md.
"""

from __future__ import annotations

from . import engine

_ROWS = engine.native.features()


def _up_to(*standards: str) -> frozenset[str]:
    return frozenset(name for name, _, standard in _ROWS if standard in standards)


WASM_1_0 = _up_to("1.0")
"""What engines have had since 2019."""
WASM_2_0 = _up_to("1.0", "2.0")
"""WebAssembly 2.0: with vectors, references, bulk memory, several results."""
WASM_3_0 = _up_to("1.0", "2.0", "3.0")
"""WebAssembly 3.0: with garbage collection, exceptions, tail calls, memory64, several memories."""
FEATURES = frozenset(name for name, level, _ in _ROWS if level > 0)
"""All that this version supports."""
DEFAULT_FEATURES = frozenset(name for name, level, _ in _ROWS if level > 1)
"""What a module may use if nothing else is said. `legacy-exceptions` brings `exceptions` along."""
