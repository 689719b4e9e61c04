"""Where modules come from: a path, bytes, a resource, an open file."""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from typing import BinaryIO

    Source = str | os.PathLike[str] | bytes | bytearray | memoryview | Traversable | BinaryIO


def read(source: "Source") -> tuple[bytes, str]:
    """The bytes of a source, and a name for it.

    Args:
        source: a path, a bytes-like object, an `importlib.resources` Traversable, or a binary file.

    Raises:
        OSError: the file cannot be read.
        TypeError: it is none of these.
    """
    if isinstance(source, str | os.PathLike):
        path = os.fspath(source)
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib is slow to import
            return file.read(), os.path.basename(path)  # noqa: PTH119
    if isinstance(source, bytes):
        return source, "wasm"
    try:
        return bytes(memoryview(source)), "wasm"  # type: ignore[arg-type]
    except TypeError:
        pass
    name = getattr(source, "name", None)
    shown = os.path.basename(name) if isinstance(name, str) and name else "wasm"  # noqa: PTH119
    reader = getattr(source, "read_bytes", None) or getattr(source, "read", None)
    if reader is None:
        kinds = "a path, bytes, a Traversable or a binary file"
        raise TypeError(f"a module comes from {kinds}, not from {type(source).__name__}")
    data = reader()
    if isinstance(data, str):
        raise TypeError("the file is open as text; open it in binary mode: open(path, 'rb')")
    return bytes(data), shown


def explain_header(data: bytes) -> str | None:
    """Why these bytes are no module that this engine runs, if their beginning tells."""
    if data[:4] == b"\0asm":
        if data[4:8] == b"\x0d\0\x01\0":
            return "this is a WebAssembly component; this version runs core modules"
        return None
    start = data[:64].lstrip()
    if start.startswith((b"(module", b"(component", b";;")):
        return "this is the text format; assemble it first, for example with wat2wasm"
    if start.startswith((b"\x7fELF", b"MZ")) or data[:4] in (b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"):
        return "this is a native program or library; it has to be compiled for wasm32-wasi"
    return None
