"""What a WASI program is granted: arguments, streams, directories, clocks, randomness. By default nothing."""

from __future__ import annotations

import os
import sys

from . import engine
from ._record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any, Protocol, TypeAlias
    from zipfile import ZipFile

    from .limits import Limits
    from .virtual_files import MemTree

    class Readable(Protocol):
        """A binary file to read from."""

        def read(self, size: int, /) -> Any:
            """At most `size` bytes; none at the end."""

    class Socket(Protocol):
        """A socket of the host: `socket.socket`, or what wraps one."""

        def fileno(self) -> int:
            """The number of its descriptor."""

        def getsockname(self) -> Any:
            """Its own address."""

    class Writable(Protocol):
        """A binary file to write to."""

        def write(self, data: bytes, /) -> Any:
            """Takes bytes; gives how many it took, or None for all."""

    class Traversable(Protocol):
        """What `importlib.resources.files` gives; `zipfile.Path`."""

        def is_dir(self) -> bool:
            """Whether it is a directory."""

        def iterdir(self) -> Iterator[Any]:
            """What is in it."""

        def read_bytes(self) -> bytes:
            """What is in a file."""

    Path = str | os.PathLike[str]
    Files: TypeAlias = Mapping[str, Any] | ZipFile | Traversable
    Place: TypeAlias = Path | MemTree | Files


class Stream(Record):
    """The type of `PIPE` and `INHERIT`."""

    __slots__ = _fields = ("name",)
    name: str

    def __init__(self, name: str) -> None:
        self._set(name)

    def __repr__(self) -> str:
        return self.name


if TYPE_CHECKING:
    Stdin = bytes | Readable | Path | int | Stream | None
    Stdout = Writable | Path | int | Stream | None

PIPE = Stream("PIPE")
"""Output is collected: `CompletedRun.stdout`, `Instance.stdout`."""
INHERIT = Stream("INHERIT")
"""The stream of this process; where it was started without that one, as if it were None."""


# What a grant of a directory may allow, and the bits PW_WASI_... of it in pywasi_wasi.h.
ACCESS = {"read": 1, "write": 2, "create": 4, "delete": 8, "append": 16}


class Grant(Record):
    """A directory of the host, or files in memory, that a program may use. Made by `ro`, `rw` and `dir`."""

    __slots__ = _fields = ("path", "read", "write", "create", "delete", "append")
    path: str | MemTree
    read: bool
    write: bool
    create: bool
    delete: bool
    append: bool

    def __init__(
        self,
        path: Place,
        read: bool = True,
        write: bool = False,
        create: bool = False,
        delete: bool = False,
        append: bool = False,
    ) -> None:
        self._set(_place(path), bool(read), bool(write), bool(create), bool(delete), bool(append))
        if not self.access:
            raise ValueError(f"a grant of {self.path!r} that allows nothing: leave it out")
        if self.writable and getattr(self.path, "read_only", False):
            raise ValueError(
                "these files are read only; wasm.rw(wasm.mem(files)) lets a program change a copy in memory"
            )

    @property
    def tree(self) -> MemTree | None:
        """The files in memory, if it grants such."""
        return None if isinstance(self.path, str) else self.path

    @property
    def writable(self) -> bool:
        """Whether anything below it can be changed."""
        return self.write or self.create or self.delete or self.append

    @property
    def access(self) -> tuple[str, ...]:
        """The words of what it allows: ``read``, ``write``, ``create``, ``delete``, ``append``."""
        return tuple(word for word in ACCESS if getattr(self, word))

    def __repr__(self) -> str:
        if self.access == ("read",):
            return f"ro({self.path!r})"
        if self.access == ("read", "write", "create", "delete"):
            return f"rw({self.path!r})"
        words = [
            f"{word}={getattr(self, word)}" for word in ACCESS if getattr(self, word) != (word == "read")
        ]
        return f"dir({', '.join([repr(self.path), *words])})"


def ro(path: Place) -> Grant:
    """Grants reading below a directory of the host, or in files in memory.

    Args:
        path: the directory, a tree that `mem` made, or a source of files: a mapping of paths to bytes, a
            `zipfile.ZipFile`, a Traversable of `importlib.resources`. A source is read now, and once.
    """
    return Grant(path)


def rw(path: Path | MemTree) -> Grant:
    """Grants reading, writing, making and removing below a directory of the host, or in a tree of `mem`."""
    return Grant(path, True, True, True, True)


def dir(
    path: Place,
    *,
    read: bool = True,
    write: bool = False,
    create: bool = False,
    delete: bool = False,
    append: bool = False,
) -> Grant:
    """Grants exactly what is said below a directory of the host, or in files in memory.

    Args:
        path: the directory, or files as `ro` takes them.
        read: read files, list directories, read links.
        write: write, shorten and extend files that are there, set their times.
        create: make files, directories and links.
        delete: remove them; moving needs `create` too.
        append: write at the end of files only; `write` includes it.

    Raises:
        ValueError: nothing is allowed.
    """
    return Grant(path, read, write, create, delete, append)


def mem(files: Files | None = None, *, size: int | str = "64MiB") -> MemTree:
    """A tree of files in memory that a program may read, write and fill: ``dirs={"/tmp": wasm.mem()}``.

    It is a mapping of paths to bytes, for Python to look at and to change while the program runs and
    afterwards. The same tree may be granted to several programs, also in other threads, and with less access:
    ``wasm.ro(tree)``, ``wasm.dir(tree, append=True)``.

    Args:
        files: what is in it at first: a mapping of paths to bytes (or to mappings again), a
            `zipfile.ZipFile`, a Traversable of `importlib.resources`. It is read now, and once.
        size: bytes for contents and names, and about 320 for each file; a program that wants more gets the
            error number for "no space left".

    Raises:
        ValueError: the files do not fit.
    """
    from .virtual_files import mem_tree

    return mem_tree(files, size)


class Clock(Record):
    """What clocks a program sees: `SYSTEM_CLOCK`, or one of `fixed_clock`."""

    __slots__ = _fields = ("ns",)
    ns: int | None

    def __init__(self, ns: int | None) -> None:
        if ns is not None and not 0 <= ns < 1 << 64:
            raise ValueError(f"a clock stands at 0 to 2**64 - 1 nanoseconds, not {ns}")
        self._set(ns)


class Random(Record):
    """What random numbers a program gets: `SYSTEM_RANDOM`, or those of `seeded`."""

    __slots__ = _fields = ("seed",)
    seed: int | None

    def __init__(self, seed: int | None) -> None:
        if seed is not None and not 0 <= seed < 1 << 64:
            raise ValueError(f"a seed is a number from 0 to 2**64 - 1, not {seed}")
        self._set(seed)


SYSTEM_CLOCK = Clock(None)
"""The clocks of the host."""
SYSTEM_RANDOM = Random(None)
"""Random numbers of the host, fit for cryptography."""


def fixed_clock(ns: int) -> Clock:
    """Clocks that stand at `ns` nanoseconds since 1970; only the program's own sleeping moves them."""
    return Clock(ns)


def seeded(seed: int) -> Random:
    """Random numbers that are the same for the same seed. Not fit for secrets."""
    return Random(seed)


class Wasi(Record):
    """What a WASI program may see and do. Immutable; by default nothing is granted.

    Args:
        args: the whole argv, the name of the program first.
        env: environment variables.
        stdin: bytes, a binary file object, a path, a file descriptor, `INHERIT`, or None for an empty one. Of
            a file object `read1` is called, or `read` where that is missing; waiting for what `open` or
            `subprocess` gives can be stopped (a timeout, `cancel`), other objects return when they like.
        stdout: a binary file object, a path (it is written anew), a file descriptor, `PIPE`, `INHERIT`, or
            None to throw the output away. Of a file object `write` is called; what it raises comes out of the
            call into the program. `run` flushes it at the end. `Limits.output` bounds what is written.
        stderr: likewise.
        dirs: guest path -> `ro`, `rw` or `dir` of a host directory, a tree of `mem`, or a source of files
            that may be read (see `ro`).
        clock: `SYSTEM_CLOCK` or `fixed_clock(ns)`.
        random: `SYSTEM_RANDOM` or `seeded(n)`.
        sockets: stream sockets (`socket.socket`), connections or such that listen. The program finds them as
            the descriptors behind the directories. They stay open here; a socket that listens becomes a
            non-blocking one (on macOS and Windows a connection too).
    """

    __slots__ = _fields = ("args", "env", "stdin", "stdout", "stderr", "dirs", "clock", "random", "sockets")
    args: tuple[str, ...]
    env: Mapping[str, str]
    stdin: Stdin
    stdout: Stdout
    stderr: Stdout
    dirs: Mapping[str, Grant]
    clock: Clock
    random: Random
    sockets: tuple[Socket, ...]

    def __init__(
        self,
        args: Iterable[str] = (),
        env: Mapping[str, str] | None = None,
        stdin: Stdin = None,
        stdout: Stdout = None,
        stderr: Stdout = None,
        dirs: Mapping[str, Grant | MemTree | Files] | None = None,
        clock: Clock = SYSTEM_CLOCK,
        random: Random = SYSTEM_RANDOM,
        sockets: Iterable[Socket] = (),
    ) -> None:
        if isinstance(args, str):
            raise TypeError(f"args is a sequence of strings: [{args!r}], not {args!r}")
        from types import MappingProxyType

        if not isinstance(clock, Clock):
            raise TypeError(f"clock must be SYSTEM_CLOCK or fixed_clock(ns), not {type(clock).__name__}")
        if not isinstance(random, Random):
            raise TypeError(f"random must be SYSTEM_RANDOM or seeded(n), not {type(random).__name__}")
        for name, stream in (("stdout", stdout), ("stderr", stderr)):
            if isinstance(stream, bytes):
                raise TypeError(f"{name} cannot be bytes; wasm.PIPE collects the output")
        if stdin == PIPE:
            raise ValueError("stdin cannot be PIPE: give it the bytes, or a file object")
        self._set(
            tuple(_text(arg, "an argument") for arg in args),
            MappingProxyType(_text_mapping(env or {})),
            *(
                _check_stream(name, s)
                for name, s in (("stdin", stdin), ("stdout", stdout), ("stderr", stderr))
            ),
            MappingProxyType(_grants(dirs or {})),
            clock,
            random,
            _sockets(sockets),
        )

    def __hash__(self) -> int:
        return hash(
            (
                self.args,
                frozenset(self.env.items()),
                frozenset(self.dirs.items()),
                self.clock,
                self.random,
                self.sockets,
            )
        )

    def __repr__(self) -> str:
        from .attenuation import describe

        return describe(self)

    def __copy__(self) -> Wasi:
        return self

    def __deepcopy__(self, _memo: object) -> Wasi:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        from .attenuation import secrets

        if found := secrets(self):
            raise TypeError(
                f"a Wasi with {' and '.join(found)} is not pickled, they may be secret: "
                f"send wasi.without({', '.join(map(repr, found))}), and add the rest with replace() where it "
                "arrives"
            )
        fields = {name: getattr(self, name) for name in self._fields}
        return _rebuild, ({**fields, "env": {}, "dirs": dict(self.dirs)},)

    def replace(self, **changes: Any) -> Wasi:
        """A copy with some of its fields changed."""
        fields = {name: getattr(self, name) for name in self._fields}
        return Wasi(**{**fields, **changes})

    def without(self, *names: str) -> Wasi:
        """A copy that grants less: `names` are taken away. What is not granted may be named too.

        Args:
            names: ``args``, ``env`` or ``env:NAME``, ``stdin``, ``stdout``, ``stderr``, ``dirs``, a guest
                path or ``dirs:PATH`` (with all that is granted below it), ``clock`` (it stands at 0 then),
                ``random`` (the same numbers every time then).

        Raises:
            ValueError: there is no such capability, or it is a part of a granted directory.
        """
        from .attenuation import without

        return without(self, names)

    def __and__(self, other: Wasi) -> Wasi:
        """What both grant, and no more: see `pywasi_native.attenuation`."""
        from .attenuation import intersection

        return intersection(self, other) if isinstance(other, Wasi) else NotImplemented

    def open(self, store: engine.Store, name: str = "") -> engine.native.WasiState:
        """The state of one guest in a store, called `name` in the audit log: opens what is granted.

        Raises:
            OSError: a granted directory or a file cannot be opened.
            ValueError: a NUL character in a string.
        """
        state: engine.native.WasiState = self._open(engine.native.WasiState, store, name)
        return state

    def reopen(self, state: engine.native.WasiState, store: engine.Store, name: str = "") -> None:
        """Makes a state that `open` made what it was then; raises as `open`. The guest's files are closed."""
        self._open(state.renew, store, name)

    def _open(self, make: Any, store: engine.Store, name: str) -> Any:
        limits: Limits | None = store.limits
        opened: list[Any] = []
        try:
            stdio = tuple(
                _stdio(stream, number, opened)
                for number, stream in enumerate((self.stdin, self.stdout, self.stderr))
            )
            return make(
                store,
                args=[os.fsencode(arg) for arg in self.args],
                env=[(os.fsencode(name), os.fsencode(value)) for name, value in self.env.items()],
                stdio=stdio,
                dirs=[_directory(guest, grant) for guest, grant in self.dirs.items()],
                clock=self.clock.ns,
                seed=self.random.seed,
                sockets=[(socket.fileno(), _socket_name(socket)) for socket in self.sockets],
                output=limits.output if limits is not None else None,
                open_files=limits.open_files if limits is not None else 256,
                guest=name,
                hosts={
                    guest: os.path.abspath(grant.path)  # noqa: PTH100
                    for guest, grant in self.dirs.items()
                    if isinstance(grant.path, str)
                },
            )
        finally:
            for file in opened:  # the state has descriptors of its own
                file.close()


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a str, not {type(value).__name__}")
    return value


def _text_mapping(env: Mapping[str, str]) -> dict[str, str]:
    return {
        _text(name, "the name of a variable"): _text(value, f"the variable {name}")
        for name, value in env.items()
    }


def _grants(dirs: Mapping[str, Any]) -> dict[str, Grant]:
    return {_text(guest, "a guest path"): _grant(guest, what) for guest, what in dirs.items()}


def _grant(guest: str, what: Any) -> Grant:
    if isinstance(what, Grant):
        return what
    if not isinstance(what, str | bytes):
        from .virtual_files import MemTree, is_source

        if isinstance(what, MemTree) and not what.read_only:
            return rw(what)
        if is_source(what):
            return ro(what)
    raise TypeError(
        f"dirs[{guest!r}] must be wasm.ro(path), wasm.rw(path) or wasm.dir(path, ...), not "
        f"{type(what).__name__}: say whether the program may write"
    )


def _place(path: Any) -> Any:
    """What a grant is of: the path of a directory, or a `MemTree`."""
    if isinstance(path, str | bytes | os.PathLike):
        text = os.fspath(path)
        if isinstance(text, str):
            return text
        raise TypeError("the path of a granted directory must be a str")
    from .virtual_files import MemTree, is_source, read_only_tree

    if isinstance(path, MemTree):
        return path
    if is_source(path):
        return read_only_tree(path)
    raise TypeError(
        "a grant is of the path of a directory, of wasm.mem() or of a source of files, not of a "
        f"{type(path).__name__}"
    )


def _sockets(sockets: Any) -> tuple[Any, ...]:
    found = tuple(sockets)
    for socket in found:
        if not (hasattr(socket, "fileno") and hasattr(socket, "getsockname")):
            raise TypeError(f"sockets are socket.socket objects, not {type(socket).__name__}")
    return found


def _socket_name(socket: Any) -> bytes:
    """What audit records and refusals call it: its own address."""
    try:
        name = socket.getsockname()
    except OSError as error:
        raise ValueError(f"{socket!r} cannot be granted: {error}") from None
    if isinstance(name, tuple) and len(name) >= 2:
        name = f"[{name[0]}]:{name[1]}" if ":" in str(name[0]) else f"{name[0]}:{name[1]}"
    if isinstance(name, bytes):
        name = name.decode(errors="replace")
    # Without a NUL: names of abstract sockets begin with one.
    return f"socket {name}".rstrip().replace("\0", "@").encode(errors="replace")


def _check_stream(name: str, stream: Any) -> Any:
    if stream is None or isinstance(stream, Stream | bytes | str | os.PathLike):
        return stream
    if isinstance(stream, bytearray | memoryview):
        return bytes(stream)
    if isinstance(stream, int) and not isinstance(stream, bool):
        if stream < 0:
            raise ValueError(f"{name} is no file descriptor: {stream}")
        return stream
    if hasattr(stream, "encoding"):
        raise TypeError(f"{name} must be a binary file; a text file has one in its attribute buffer")
    if not hasattr(stream, "read" if name == "stdin" else "write"):
        raise TypeError(f"{name} cannot be a {type(stream).__name__}")
    return stream


def _stdio(stream: Any, number: int, opened: list[Any]) -> Any:
    """A stream as the compiled module takes it."""
    if stream is None or isinstance(stream, bytes | int):
        return stream
    if isinstance(stream, Stream):
        if stream == PIPE:
            return True
        # Without a stream (a daemon, a program without a console) its number may be any file opened since.
        return number if (sys.__stdin__, sys.__stdout__, sys.__stderr__)[number] is not None else None
    if isinstance(stream, str | os.PathLike):
        file = open(stream, "rb" if number == 0 else "wb", buffering=0)  # noqa: PTH123, SIM115
        opened.append(file)
        return file.fileno()
    from . import stdio_files

    return stdio_files.reader(stream) if number == 0 else stdio_files.writer(stream)


def _rebuild(fields: dict[str, Any]) -> Wasi:
    return Wasi(**fields)


def _directory(guest: str, grant: Grant) -> tuple[Any, bytes, int]:
    if "\0" in guest:
        raise ValueError("a path holds a NUL character")
    place = _host_path(grant.path) if isinstance(grant.path, str) else grant.path.native
    return place, guest.encode(), sum(ACCESS[word] for word in grant.access)


def _host_path(path: str) -> bytes:
    host = os.path.abspath(path)  # noqa: PTH100
    os.stat(host)  # noqa: PTH116 - the error that Python users know, with the path in it
    if not os.path.isdir(host):  # noqa: PTH112
        is_zip = path.lower().endswith(".zip")
        advice = "; zipfile.ZipFile opens an archive that can be granted" if is_zip else ""
        raise NotADirectoryError(20, f"a grant is for a directory{advice}", path)
    # The C library takes UTF-8 everywhere; on POSIX that is what the bytes of the path are.
    encoded = host.encode() if os.name == "nt" else os.fsencode(host)
    if b"\0" in encoded:
        raise ValueError("a path holds a NUL character")
    return encoded
