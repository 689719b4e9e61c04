"""Finds the ``.wasm`` files of a package without importing it."""

from __future__ import annotations

import os
import sys

from . import asks as asking
from .module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .asks import Ask


class Found:
    """One module of a package, and what the package asks for in its name."""

    __slots__ = ("asks", "data", "file", "package")

    def __init__(self, package: str, file: str, data: bytes, asks: tuple[Ask, ...] | None) -> None:
        self.package, self.file, self.data, self.asks = package, file, data, asks

    @property
    def sha256(self) -> str:
        """Of the file, in hex."""
        from hashlib import sha256

        return sha256(self.data).hexdigest()

    @property
    def name(self) -> str:
        """The file without its folder."""
        return self.file.replace(os.sep, "/").rpartition("/")[2]

    def module(self) -> Module:
        """The module, compiled.

        Raises:
            ValueError: it is none.
        """
        try:
            return Module(self.data, name=self.file)
        except ValueError as error:
            raise ValueError(f"{self.file}: {error}") from None


def scan(target: str) -> list[Found]:
    """The modules of a package, in the order of their files.

    Args:
        target: a ``.wasm`` file, a folder, a wheel or another zip, or the import name of an installed
            package.

    Raises:
        OSError, ValueError: it cannot be read, or there is no such thing.
    """
    if os.path.isfile(target):  # noqa: PTH113
        found = _file(target) if target.endswith(".wasm") else _archive(target)
    elif os.path.isdir(target):  # noqa: PTH112
        whole = os.path.abspath(target)  # noqa: PTH100
        inside = os.path.isfile(os.path.join(whole, "__init__.py"))  # noqa: PTH113, PTH118
        found = _folder(whole, os.path.basename(whole) if inside else "")  # noqa: PTH119
    else:
        found = _installed(target)
    return sorted(found, key=lambda item: item.file)


def _file(path: str) -> Iterator[Found]:
    folder, name = os.path.split(os.path.abspath(path))  # noqa: PTH100
    package = os.path.basename(folder) if _holds_package(folder) else name.removesuffix(".wasm")  # noqa: PTH119
    yield Found(package, path, _read(path), _asks_in(folder))


def _folder(folder: str, package: str) -> Iterator[Found]:
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        inner = [
            part for part in os.path.relpath(here, folder).replace(os.sep, "/").split("/") if part != "."
        ]
        if not package and inner[:1] == ["src"]:  # the usual place for packages in a project
            inner = inner[1:]
        name = ".".join(([package] if package else []) + inner)
        for file in files:
            if file.endswith(".wasm"):
                path = os.path.join(here, file)  # noqa: PTH118
                yield Found(
                    name or file.removesuffix(".wasm"), path, _read(path), _asks_in(here) if name else None
                )


def _archive(path: str) -> Iterator[Found]:
    from zipfile import BadZipFile, ZipFile

    try:
        archive = ZipFile(path)
    except BadZipFile:
        raise ValueError(f"{path} is neither a module nor a zip file") from None
    with archive:
        names = set(archive.namelist())
        for file in names:
            folder, _, name = file.rpartition("/")
            if not name.endswith(".wasm"):
                continue
            asks_file = f"{folder}/{asking.FILE}"
            asks = (
                asking.parse(archive.read(asks_file), f"{path}/{asks_file}") if asks_file in names else None
            )
            package = folder.replace("/", ".") or name.removesuffix(".wasm")
            yield Found(package, f"{path}/{file}", archive.read(file), asks)


def _installed(name: str) -> Iterator[Found]:
    from importlib.machinery import PathFinder

    if not all(part.isidentifier() for part in name.split(".")):
        raise ValueError(f"{name}: there is no such file, and it is no name of a package")
    first, *rest = name.split(".")
    spec = PathFinder.find_spec(first)
    places = spec.submodule_search_locations if spec is not None else None
    folders = [os.path.join(place, *rest) for place in places or ()]  # noqa: PTH118
    folders = [folder for folder in folders if os.path.isdir(folder)]  # noqa: PTH112
    alone = [] if rest else [os.path.join(entry, f"{first}.wasm") for entry in sys.path if entry]  # noqa: PTH118
    alone = [file for file in alone if os.path.isfile(file)]  # noqa: PTH113
    if spec is None and not alone:
        raise ValueError(f"no package {name!r} is installed, and there is no such file")
    for file in alone:
        yield Found(first, file, _read(file), None)
    for folder in folders:
        yield from _folder(folder, name)


def _holds_package(folder: str) -> bool:
    return any(os.path.isfile(os.path.join(folder, name)) for name in ("__init__.py", asking.FILE))  # noqa: PTH113, PTH118


def _read(path: str) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123
        return file.read()


def _asks_in(folder: str) -> tuple[Ask, ...] | None:
    path = os.path.join(folder, asking.FILE)  # noqa: PTH118
    return asking.parse(_read(path), path) if os.path.isfile(path) else None  # noqa: PTH113
