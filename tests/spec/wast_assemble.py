"""Turns the text modules of a script into wasm, with the assembler of the `wasmtime` package from PyPI.

The assembler is a test dependency and not under test. Its results are kept in one file per script, named by a
hash of all that they depend on, because assembling the whole suite takes many times longer than running it.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Protocol

from wast_legacy import unfold_try
from wast_reader import List, Node, Source, String, WastSyntaxError, read
from wast_script import Form, ModuleSource

_FORMAT = b"pywasi spec module cache 2"


class AssembleError(Exception):
    """The assembler refuses the text."""


class Assemble(Protocol):
    """Gives the wasm of a module, or raises `AssembleError`."""

    def __call__(self, module: ModuleSource) -> bytes: ...


def escape_non_ascii(text: bytes) -> bytes:
    r"""The same module with every non-ASCII byte inside a string written as ``\hh``.

    The assembler refuses some confusing Unicode in plain sight (``names.wast`` holds it all) but takes the
    escapes.
    """
    pieces, at = [], 0
    for literal in _strings(read(Source(text))):
        pieces.append(text[at : literal.start])
        raw = text[literal.start : literal.end]
        pieces.append(b"".join(b"\\%02x" % byte if byte > 0x7F else bytes([byte]) for byte in raw))
        at = literal.end
    return b"".join([*pieces, text[at:]])


def _strings(nodes: tuple[Node, ...]) -> list[String]:
    found: list[String] = []
    stack = list(reversed(nodes))
    while stack:
        node = stack.pop()
        if isinstance(node, String):
            found.append(node)
        elif isinstance(node, List):
            stack.extend(reversed(node.items))
    return found


def assemble(module: ModuleSource) -> bytes:
    """The wasm of a module; bytes stay as they are."""
    if module.form is Form.BINARY:
        return module.code
    import wasmtime  # not at the top: the reader and the comparison rules are testable without it

    try:
        return bytes(wasmtime.wat2wasm(module.code))
    except wasmtime.WasmtimeError as error:
        refused = str(error)
    try:
        text = unfold_try(module.code)
        if not text.isascii():
            text = escape_non_ascii(text)
        if text == module.code:
            raise AssembleError(refused)
        return bytes(wasmtime.wat2wasm(text))
    except (wasmtime.WasmtimeError, WastSyntaxError) as error:
        raise AssembleError(str(error)) from None


class ModuleCache:
    """Assembled modules of one script, read from `directory` and written back by `save`."""

    def __init__(self, directory: Path, script: bytes) -> None:
        from importlib.metadata import version

        key = hashlib.sha256(b"\0".join([_FORMAT, version("wasmtime").encode(), script])).hexdigest()
        self._path = directory / f"{key}.zip"
        self._entries: dict[str, bytes] = {}
        self._is_changed = False
        try:
            with zipfile.ZipFile(self._path) as archive:
                self._entries = {name: archive.read(name) for name in archive.namelist()}
        except (OSError, zipfile.BadZipFile):
            pass  # not there yet, or cut off by a killed run: made anew

    def __call__(self, module: ModuleSource) -> bytes:
        """The wasm of a module, assembled at most once."""
        if module.form is Form.BINARY:
            return module.code
        key = hashlib.sha256(module.form.value.encode() + b"\0" + module.code).hexdigest()
        if f"{key}.wasm" not in self._entries and f"{key}.error" not in self._entries:
            self._is_changed = True
            try:
                self._entries[f"{key}.wasm"] = assemble(module)
            except AssembleError as error:
                self._entries[f"{key}.error"] = str(error).encode()
        if f"{key}.error" in self._entries:
            raise AssembleError(self._entries[f"{key}.error"].decode())
        return self._entries[f"{key}.wasm"]

    def save(self) -> None:
        """Writes what is new; parallel writers each put a whole file in place."""
        if not self._is_changed:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self._path.parent, suffix=".part")
        with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in self._entries.items():
                archive.writestr(name, content)
        Path(temporary).replace(self._path)
        self._is_changed = False
