"""Files that are in no directory of the host: `MemTree`, and what one is made from.

A source of files is

- a mapping: ``{"a.txt": b"...", "sub/b": b"...", "empty": {}}``; values are bytes-like, or mappings again;
- a `zipfile.ZipFile` or `zipfile.Path`;
- a Traversable of `importlib.resources`, or anything else with ``iterdir``, ``is_dir`` and ``read_bytes``;
- another `MemTree`.

It is read once, when the tree is made; what happens to it afterwards does not matter.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping

from . import engine
from .limits import parse_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, NoReturn

DIRECTORY, FILE, LINK = 3, 4, 7
"""Filetypes of WASI."""
READ_LIMIT = 256 << 20
"""Bytes that a source of files that are only read may hold, if it does not lie in memory already."""


class MemTree(MutableMapping[str, bytes]):
    """A tree of files in memory: a mapping of paths to contents. Made by `wasm.mem`.

    A program that it is granted to and Python see the same files, at the same time and afterwards. Paths are
    relative, with ``/`` between the names; symbolic links that a program made are followed inside the tree.
    As a mapping it has the regular files: ``tree["out/a.txt"]``, ``"a.txt" in tree``, ``dict(tree)``. What a
    program hides deeper than a path can reach (4096 bytes, 256 directories) is not among them.

    It is equal to nothing but itself, and not pickled: send ``dict(tree)``.
    """

    __slots__ = ("__weakref__", "native", "read_only")
    native: engine.native.Tree
    read_only: bool

    def __init__(self, size: int, read_only: bool = False) -> None:
        self.native = engine.native.Tree(size)
        self.read_only = read_only

    @property
    def size(self) -> int:
        """Bytes that it may hold: contents, names, and about 320 for each file. Beyond it: no space."""
        return self.native.size

    @property
    def used(self) -> int:
        """How many of them are taken."""
        return self.native.used

    @property
    def dirs(self) -> tuple[str, ...]:
        """The paths of all directories but the root."""
        return tuple(path for path, type in self._walk() if type == DIRECTORY)

    @property
    def links(self) -> dict[str, str]:
        """The symbolic links, and what they contain."""
        return {
            path: self.native.get(path.encode(), False).decode()
            for path, type in self._walk()
            if type == LINK
        }

    def __getitem__(self, path: str) -> bytes:
        try:
            return self.native.get(_encoded(path), True)
        except (FileNotFoundError, NotADirectoryError):
            raise KeyError(path) from None

    def __setitem__(self, path: str, data: Any) -> None:
        """Writes a file, and makes the directories above it."""
        self._check_writable()
        if isinstance(data, str):
            raise TypeError(f"the contents of {path!r} must be bytes, not str: encode it")
        self.native.put(_encoded(path), data, None)

    def __delitem__(self, path: str) -> None:
        """Removes a file, a link or an empty directory."""
        self._check_writable()
        try:
            self.native.remove(_encoded(path))
        except (FileNotFoundError, NotADirectoryError):
            raise KeyError(path) from None

    def __contains__(self, path: object) -> bool:
        """Whether there is a file at a path."""
        return isinstance(path, str) and self.native.has(path.encode())

    def __iter__(self) -> Iterator[str]:
        return (path for path, type in self._walk() if type == FILE)

    def __len__(self) -> int:
        return sum(1 for _path in self)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return object.__hash__(self)

    def __repr__(self) -> str:
        if self.read_only:
            return f"<read-only MemTree: {self.used} bytes>"
        return f"<MemTree: {self.used} of {self.size} bytes>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a MemTree is not pickled, two processes cannot share it: send dict(tree)")

    def __copy__(self) -> MemTree:
        return self

    def __deepcopy__(self, _memo: object) -> MemTree:
        return self

    def make_dir(self, path: str) -> None:
        """Makes a directory and those above it; one that is there is no error."""
        self._check_writable()
        self.native.make_dir(_encoded(path))

    def make_link(self, path: str, target: str) -> None:
        """Makes a symbolic link to a path that is relative to the directory of the link."""
        self._check_writable()
        self.native.link(_encoded(path), _encoded(target))

    def _check_writable(self) -> None:
        if self.read_only:
            raise TypeError("this tree is read only; wasm.mem(files) makes one that is not")

    def _walk(self) -> Iterator[tuple[str, int]]:
        """(path, filetype) of all that is in it, directories before what they hold."""
        above = [""]
        while above:
            prefix = above.pop()
            try:
                names = self.native.list(prefix.encode())
            except OSError:  # a program has removed it since, or it is too deep
                continue
            for name, type, _size in names:
                path = prefix + name.decode()
                yield path, type
                if type == DIRECTORY:
                    above.append(path + "/")


def tree_error(name: str, path: bytes) -> OSError:
    """The OSError for an error number of WASI, by its name."""
    import errno

    number = getattr(errno, name, errno.EIO)
    text = "the tree is full" if name == "ENOSPC" else os.strerror(number)
    return OSError(number, text, path.decode(errors="replace"))


def is_source(value: object) -> bool:
    """Whether files can be read from it, as the head of this module tells."""
    return isinstance(value, Mapping) or _is_zip(value) or _is_traversable(value)


def mem_tree(files: Any = None, size: int | str = "64MiB") -> MemTree:
    """See `wasm.mem`."""
    tree = MemTree(parse_size(size))
    if files is not None:
        fill(tree, files, tree.size, None)
    return tree


def read_only_tree(files: Any) -> MemTree:
    """A tree that nobody writes to, with the files of a source."""
    if isinstance(files, MemTree) and files.read_only:
        return files
    tree = MemTree((1 << 63) - 1, read_only=True)
    fill(tree, files, (1 << 63) - 1 if isinstance(files, Mapping) else READ_LIMIT, 0)
    return tree


def fill(tree: MemTree, files: Any, limit: int, modified: int | None) -> None:
    """Puts the files of a source into a tree.

    Args:
        tree: to write to.
        files: the source.
        limit: bytes that the contents may have in all.
        modified: when they were made, in nanoseconds since 1970, or None for now. A zip file has its own
            times.

    Raises:
        TypeError: `files` is no source.
        ValueError: the contents are too large, or a name is none.
    """
    try:
        if isinstance(files, MemTree):
            _copy(tree, files)
        elif isinstance(files, Mapping):
            _fill_from_mapping(tree, files, modified)
        elif _is_zip(files):
            from .zip_files import fill_from_zip

            fill_from_zip(tree, files, limit)
        elif _is_traversable(files):
            _fill_from_traversable(tree, files, limit, modified)
        else:
            raise TypeError(
                "files in memory come from a mapping of paths to bytes, a zipfile.ZipFile or a Traversable, "
                f"not from a {type(files).__name__}"
            )
    except OSError as error:
        if error.errno != 28 or getattr(error, "strerror", "") != "the tree is full":
            raise
        raise ValueError(
            f"{error.filename!r} does not fit any more: the tree has room for {tree.size} bytes; "
            "give it more with size="
        ) from None


def _copy(tree: MemTree, other: MemTree) -> None:
    for path, type in other._walk():
        name = path.encode()
        if type == DIRECTORY:
            tree.native.make_dir(name)
        elif type == LINK:
            tree.native.link(name, other.native.get(name, False))
        else:
            tree.native.put(name, other.native.get(name, True), None)


def too_large(limit: int) -> ValueError:
    """What a source with more than `limit` bytes raises."""
    return ValueError(
        f"the files have more than {limit} bytes in all; wasm.ro(wasm.mem(files, size=...)) takes more"
    )


def _fill_from_mapping(tree: MemTree, files: Mapping[str, Any], modified: int | None) -> None:
    pending: list[tuple[str, Mapping[str, Any]]] = [("", files)]
    while pending:
        prefix, here = pending.pop()
        for name, value in here.items():
            if not isinstance(name, str):
                raise TypeError(f"a path must be a str, not {type(name).__name__}")
            path = clean(prefix + name, "a path")
            if isinstance(value, Mapping):
                tree.native.make_dir(path.encode())
                pending.append((path + "/", value))
            elif isinstance(value, str):
                raise TypeError(f"the contents of {path!r} must be bytes, not str: encode it")
            else:
                tree.native.put(path.encode(), value, modified)


def _fill_from_traversable(tree: MemTree, files: Any, limit: int, modified: int | None) -> None:
    if not files.is_dir():
        raise NotADirectoryError(20, "a grant is for a directory", str(files))
    left = limit
    pending = [("", files)]
    while pending:
        prefix, here = pending.pop()
        for item in here.iterdir():
            path = clean(prefix + item.name, "the name of a resource")
            if item.is_dir():
                tree.native.make_dir(path.encode())
                pending.append((path + "/", item))
                continue
            data = item.read_bytes()
            left -= len(data)
            if left < 0:
                raise too_large(limit)
            tree.native.put(path.encode(), data, modified)


def clean(path: str, what: str) -> str:
    """A path without a slash at its end and without what leads anywhere but down."""
    names = path.rstrip("/").split("/")
    if not names[0] or any(name in ("", ".", "..") or "\0" in name for name in names):
        raise ValueError(f"{what} must be relative, without empty names, '.' and '..': {path!r}")
    return "/".join(names)


def _encoded(path: object) -> bytes:
    if not isinstance(path, str):
        raise TypeError(f"a path in a tree must be a str, not {type(path).__name__}")
    return path.encode()


def _is_zip(value: object) -> bool:
    import sys

    zipfile = sys.modules.get("zipfile")  # nobody has one who has not imported it
    return zipfile is not None and isinstance(value, zipfile.ZipFile | zipfile.Path)


def _is_traversable(value: object) -> bool:
    return all(hasattr(value, name) for name in ("iterdir", "is_dir", "read_bytes", "joinpath"))
