"""What is granted, used and refused: events of `sys.audit`, records of the logger ``pywasi_native.audit``.

| event | arguments | when |
|---|---|---|
| ``pywasi.compile`` | name, size in bytes | before a module is decoded |
| ``pywasi.instantiate`` | guest, names of its grants | before a module is instantiated |
| ``pywasi.open`` | guest, call, guest path of the grant, path in it, access | before a path is tried |
| ``pywasi.accept`` | guest, name of the socket, address of the peer | before a connection is accepted |
| ``pywasi.deny`` | guest, call, what was wanted, guest path of the grant, path in it | at every refusal |

The guest is called by its import name, or else by the name of its module. Uses that Python has an event for
raise that one too, with the path of the host: ``open``, ``os.mkdir``, ``os.remove``, ``os.rmdir``,
``os.listdir``. That path is made of the grant and what the guest said; links in it are not followed. A path
that begins at a directory which the guest opened is completed; where the system does not tell which one that
is (not Linux, no directory of the host), it begins with ``?/``. The directories that are granted are opened
when the guest is instantiated: an ``open`` for each.

A hook that raises an `Exception` refuses: the guest gets the error number ``perm``, and the refusal is an
event of its own; at compiling and instantiating the exception comes out. Other exceptions end the guest.

Records have the level INFO, refusals WARNING, and the facts as a dictionary in their attribute ``pywasi``. Of
one guest and one event at most 100 are written per second; the next one counts those that were left out in
``suppressed``. Strings of the guest in them are shortened to 255 bytes and hold no control characters; events
have paths as they are, since hooks decide by them.

While a call runs without the GIL, a new listener is told from the next time on that the call takes the GIL,
which is at most 50 ms away. The logger is looked at only if the program has imported `logging`.
"""

from __future__ import annotations

import os
import sys

from . import engine
from ._record import Record
from .wasi import ACCESS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from logging import Logger

    from .module import Module
    from .wasi import Wasi

LOGGER = "pywasi_native.audit"
INFO, WARNING = 20, 30
KEPT = 100
"""How many refusals of one guest are kept, and how many of its records are written per second."""


class Denial(Record):
    """A refusal: what a guest wanted and was not granted."""

    __slots__ = _fields = ("call", "wanted", "grant", "path", "access")
    call: str
    """The function of WASI."""
    wanted: str
    """What it wanted: ``write``, ``a path that leaves the directory``, ..."""
    grant: str
    """Guest path of the grant that was asked; empty if none was."""
    path: str
    """What it said below that; shortened, without control characters."""
    access: tuple[str, ...]
    """What the grant would have to allow; empty if no access would help."""

    def __init__(self, call: str, wanted: str, grant: str, path: str, access: tuple[str, ...]) -> None:
        self._set(call, wanted, grant, path, access)

    def __str__(self) -> str:
        """All of it, and how it can be granted."""
        place = f" of {self.path!r}" if self.path else ""
        where = f" below {self.grant!r}" if self.grant else ""
        return f"{self.call}{place}: {self.wanted} was not granted{where}; {self.advice}"

    @property
    def advice(self) -> str:
        """How the host can grant it."""
        if self.access:
            words = [f"{word}=True" for word in self.access if word != "read"]
            grant = f"wasm.dir(path, {', '.join(words)})" if words else "wasm.ro(path)"
            return f"grant it with dirs={{{self.grant!r}: {grant}}}"
        if self.wanted.startswith(("a path", "an absolute")):
            return (
                "grant the directory that holds it under a guest path of its own: dirs={...: wasm.ro(path)}"
            )
        return "no grant gives this"


def compiling(name: str, size: int) -> None:
    """Before a module is decoded."""
    sys.audit("pywasi.compile", name, size)
    _log(INFO, "compile", f"{name}: compiled, {size} bytes", {"guest": name, "size": size})


def instantiating(name: str, module: Module, wasi: Wasi | None) -> None:
    """Before a module is instantiated."""
    from .linking import is_wasi

    used = wasi is not None and any(is_wasi(item.module) for item in module.imports)
    granted = granted_names(wasi) if used and wasi is not None else ()
    sys.audit("pywasi.instantiate", name, granted)
    for grant in wasi.dirs.values() if used and wasi is not None else ():
        if isinstance(grant.path, str):
            sys.audit("open", os.path.abspath(grant.path), None, os.O_RDONLY)  # noqa: PTH100
    shown = ", ".join(granted) or "nothing"
    _log(INFO, "instantiate", f"{name}: instantiated, granted {shown}", {"guest": name, "granted": granted})


def granted_names(wasi: Wasi) -> tuple[str, ...]:
    """What a `Wasi` grants, by the names of `Wasi.without`; no values."""
    names = [name for name in ("args", "stdin", "stdout", "stderr") if getattr(wasi, name) not in ((), None)]
    names += [f"env:{name}" for name in wasi.env]
    for guest, grant in wasi.dirs.items():
        words = getattr(grant, "access", ())
        names.append(f"dirs:{guest} ({', '.join(words)})" if words else f"dirs:{guest}")
    return (*names, *(["sockets"] if wasi.sockets else []))


def _words(access: int) -> tuple[str, ...]:
    return tuple(word for word, bit in ACCESS.items() if access & bit)


def used(
    state: engine.native.WasiState,
    call: str,
    grant: str,
    access: int,
    path: str,
    raw: bytes | None,
    directory: int | None,
) -> None:
    """Before a grant is used. What this raises refuses.

    `path` is the guest's, shortened and printable, for the log; `raw` is all of it, for hooks, which decide
    by it, None if the call has none. `directory` is the descriptor that it begins at, if that is not the
    grant itself but was opened below it.
    """
    words = _words(access)
    facts: dict[str, object] = {"guest": state.name, "call": call, "grant": grant, "path": path}
    if call == "sock_accept":
        sys.audit("pywasi.accept", state.name, grant, path)
        _log(INFO, "accept", f"{state.name}: {call} on {grant!r} from {path}", facts, state)
        return
    whole = os.fsdecode(raw) if raw is not None else ""
    root = state.hosts.get(grant)
    start = _below(root, directory)
    sys.audit("pywasi.open", state.name, call, grant, start + whole, words)
    if root is not None:
        _tell_python(call, os.path.join(root, start + whole) if start or whole else root, access)  # noqa: PTH118
    shown = start + path
    to = f" to {', '.join(words)}" if words else ""
    _log(INFO, "open", f"{state.name}: {call} of {shown!r} below {grant!r}{to}", {**facts, "path": shown,
         "access": words}, state)  # fmt: skip


def _below(root: str | None, directory: int | None) -> str:
    """Where a directory that was opened below a grant is now: "" for the grant itself, else "sub/"."""
    if directory is None:
        return ""
    if root is None or sys.platform != "linux":
        return "?/"
    try:
        place = os.path.relpath(os.readlink(f"/proc/self/fd/{directory}"), os.path.realpath(root))  # noqa: PTH115
    except OSError:
        return "?/"
    return "" if place == "." else f"{place}/"


def _tell_python(call: str, host: str, access: int) -> None:
    """The events that CPython's own functions raise."""
    if call == "path_open":
        sys.audit("open", host, None, _open_flags(access))
    elif call == "path_create_directory":
        sys.audit("os.mkdir", host, 0o777, -1)
    elif call == "path_unlink_file":
        sys.audit("os.remove", host, -1)
    elif call == "path_remove_directory":
        sys.audit("os.rmdir", host, -1)
    elif call == "fd_readdir":
        sys.audit("os.listdir", host)


def _open_flags(access: int) -> int:
    writes = access & (ACCESS["write"] | ACCESS["append"])
    flags = os.O_RDONLY if not writes else os.O_RDWR if access & ACCESS["read"] else os.O_WRONLY
    if access & ACCESS["create"]:
        flags |= os.O_CREAT
    return flags | os.O_APPEND if access & ACCESS["append"] else flags


def denied(
    state: engine.native.WasiState, call: str, wanted: str, grant: str, access: int, path: str
) -> None:
    """At a refusal. What this raises changes nothing."""
    denial = Denial(call, wanted, grant, path, _words(access))
    state.denials[KEPT:] = [denial]  # the first ones, and the last one
    facts = {"guest": state.name, "call": call, "wanted": wanted, "grant": grant, "path": path}
    try:
        sys.audit("pywasi.deny", state.name, call, wanted, grant, path)
    finally:
        _log(WARNING, "deny", f"{state.name}: {denial}", {**facts, "access": denial.access}, state)


# ---- the logger


def is_logged() -> bool:
    """Whether the logger wants records of the level INFO; remembers where that can be looked up."""
    logger = _logger()
    if logger is None:
        return False
    engine.native.set_audit_levels(getattr(logger, "_cache", None))
    return logger.isEnabledFor(INFO)


def _logger() -> Logger | None:
    """The logger, if the program uses `logging`."""
    logging = sys.modules.get("logging")
    if logging is None or not hasattr(logging, "NullHandler"):  # it may be half imported
        return None
    logger: Logger = logging.getLogger(LOGGER)
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())  # a program that did not ask sees nothing on stderr
    return logger


class _Window:
    """How much of one kind a guest has logged in the current second."""

    __slots__ = ("count", "since", "suppressed")

    def __init__(self) -> None:
        self.since, self.count, self.suppressed = 0.0, 0, 0

    def admits(self) -> bool:
        from time import monotonic

        now = monotonic()
        if now - self.since >= 1:
            self.since, self.count = now, 0
        self.count += 1
        if self.count > KEPT:
            self.suppressed += 1
            return False
        return True


def _log(
    level: int,
    event: str,
    text: str,
    facts: dict[str, object],
    state: engine.native.WasiState | None = None,
) -> None:
    logger = _logger()
    if logger is None or not logger.isEnabledFor(level):
        return
    suppressed = 0
    if state is not None:
        window = state.windows.setdefault(event, _Window())
        if not window.admits():
            return
        suppressed, window.suppressed = window.suppressed, 0
    logger.log(level, "%s", text, extra={"pywasi": {"event": event, **facts, "suppressed": suppressed}})
