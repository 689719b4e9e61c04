"""Runs the tests of PyCryptodome, which calls its C code by ctypes, with that C code as wasm.

    python ffi_driver.py FOLDER_OF_WASM [pytest's arguments]

Only what loads a library is exchanged: ``CDLL(path of a .so)`` becomes `pywasi_native.ffi.CDLL`. The
package's own Python code, its ctypes types and its tests are as they come. Of its forty libraries most
share a memory here, since they pass each other pointers; that of big numbers has symbols in common with
them and is on its own.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any


def main(folder: Path, arguments: list[str]) -> int:
    """Gives pytest's exit code."""
    sys.modules["cffi"] = None  # type: ignore[assignment] # it would be preferred to ctypes
    import pytest

    from consumer_sources import NATIVE_ONLY
    from pywasi_native import ffi

    sys.path.insert(0, str(folder / "lib"))
    from Crypto.Util import _raw_api  # type: ignore[import-not-found]

    assert _raw_api.backend == "ctypes"
    instances = {name: ffi.CDLL(folder / f"{name}.wasm").instance for name in ("crypto", "numbers")}

    def load(name: str, _declarations: str) -> Any:
        if NATIVE_ONLY.search(name):
            raise OSError(f"{name} is for processors of another kind")
        instance = instances["numbers" if name == "Crypto.Math._nat" else "crypto"]
        # PyCryptodome lets C write into fresh bytes objects, as ctypes does.
        return ffi.CDLL(instance, mutable_bytes=True)

    _raw_api.load_pycryptodome_raw_lib = load
    plugins = ["-p", "Crypto.SelfTest.plugin", "-p", "no:cacheprovider"]
    return int(pytest.main([*plugins, "-q", "--tb=short", "--skip-slow-tests", *arguments]))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
