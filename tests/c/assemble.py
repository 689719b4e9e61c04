"""Writes engine_modules.h, the bytes of wat/*.wat, for the C tests: `python tests/c/assemble.py`.

Needs `wasmtime` from PyPI (a test dependency). tests/unit/test_c_modules.py checks that the header is up to
date.
"""

from __future__ import annotations

import re
from pathlib import Path

import wasmtime

HERE = Path(__file__).parent
HEADER = HERE / "engine_modules.h"


def render() -> str:
    """The text of the header."""
    lines = ["/* engine_modules.h - the modules of tests/c/wat as bytes; written by tests/c/assemble.py. */"]
    for source in sorted((HERE / "wat").glob("*.wat")):
        data = bytes(wasmtime.wat2wasm(source.read_text(encoding="utf-8")))
        lines.append(f"static const unsigned char {source.stem}_wasm[{len(data)}] = {{")
        numbers = "".join(f"{byte}," for byte in data)
        lines += [f"    {line}" for line in re.findall(r".{1,113}(?<=,)", numbers)]
        lines.append("};")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    HEADER.write_text(render(), encoding="utf-8")
