"""What ``PywasiWasm.cmake`` asks for: ``python -m pywasi_native.build.cmake_helper``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from . import outputs
from .build_error import BuildError
from .compile_wasm import SUPPORT
from .declared import read_headers
from .project import finish, wanted_exports
from .settings import Settings
from .zig_tool import Zig, find_zig


def main() -> int:
    """Does one step of the build; errors are for CMake to show."""
    parser = argparse.ArgumentParser(prog="pywasi_native.build.cmake_helper")
    parser.add_argument("step", choices=("toolchain", "zig", "exports", "finish"))
    parser.add_argument("--root", type=Path, default=Path())
    parser.add_argument("--module", default="pkg._core")
    for name in ("headers", "exports", "exclude"):
        parser.add_argument(f"--{name}", action="append", default=[])
    parser.add_argument("--linked", type=Path)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    try:
        print(_step(options))
    except BuildError as error:
        print(error.text(), file=sys.stderr)
        return 1
    return 0


def _step(options: argparse.Namespace) -> str:
    if options.step == "toolchain":
        return (Path(__file__).parent / "cmake" / "wasm32-wasi.cmake").as_posix()
    if options.step == "zig":
        return find_zig()[0].replace("\\", "/")
    settings = Settings(
        options.root.resolve(), options.module, ".", headers=tuple(options.headers),
        exports=tuple(options.exports), exclude=tuple(options.exclude),
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="pywasi-build-") as scratch:
        declared = read_headers(settings, Zig(settings.root, Path(scratch))) if settings.headers else None
    if options.step == "exports":
        return ";".join(dict.fromkeys([*wanted_exports(settings, declared), *SUPPORT]))
    options.folder.mkdir(parents=True, exist_ok=True)
    files = finish(settings, options.linked.read_bytes(), declared)
    outputs.write(options.folder.resolve(), files)
    return ", ".join(name.removeprefix("./") for name in files)


if __name__ == "__main__":
    sys.exit(main())
