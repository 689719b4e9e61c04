"""What a package asks for: the file ``capabilities.toml`` beside its ``.wasm`` files.

    [ask]
    stdout = "progress messages"                       # capability = the reason
    "env:LANG" = "the language of the messages"
    "dirs:/out" = { access = ["read", "write", "create"], reason = "archives are unpacked there" }
    "dirs:/cache" = { access = ["read"], reason = "known archives", optional = true }

Capabilities are ``args``, ``env:NAME``, ``stdin``, ``stdout``, ``stderr``, ``dirs:GUEST PATH``, ``clock``,
``random`` and ``sockets``. A reason is required. What is asked for with ``optional = true`` may be refused.
Clocks and random numbers every program has; naming them tells the reader. The file holds for the ``.wasm``
files of its own folder.
"""

from __future__ import annotations

from ._record import Record
from .attenuation import guest_parts, limited
from .wasi import ACCESS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .wasi import Wasi

FILE = "capabilities.toml"
_PLAIN = ("args", "stdin", "stdout", "stderr", "clock", "random", "sockets")
_STREAMS = ("stdin", "stdout", "stderr")


class Ask(Record):
    """One thing that a package asks for."""

    __slots__ = _fields = ("capability", "access", "reason", "optional")
    capability: str
    """As above."""
    access: tuple[str, ...]
    """For directories the words of `Grant.access`, else empty."""
    reason: str
    """Why, in the package's words."""
    optional: bool
    """Whether the package can do without."""

    def __init__(
        self, capability: str, access: Iterable[str] = (), reason: str = "", optional: bool = False
    ) -> None:
        words = set(access)
        self._set(capability, tuple(word for word in ACCESS if word in words), reason, optional)

    @property
    def kind(self) -> str:
        """The capability without its part: ``env``, ``dirs``."""
        return self.capability.partition(":")[0]

    @property
    def part(self) -> str:
        """The name of the variable, or the guest path."""
        return self.capability.partition(":")[2]

    def __str__(self) -> str:
        return f"{self.capability} ({', '.join(self.access)})" if self.access else self.capability

    def lacks(self, wasi: Wasi) -> str | None:
        """What of it `wasi` does not grant, or None."""
        if self.kind == "env":
            return None if self.part in wasi.env else self.capability
        if self.kind == "dirs":
            grant = granted_dir(wasi, self.part)
            if grant is None:
                return str(self)
            given = {*grant.access, *(["append"] if grant.write else [])}
            left = [word for word in self.access if word not in given]
            return f"{self.capability} ({', '.join(left)})" if left else None
        if self.capability in _STREAMS:
            return None if getattr(wasi, self.capability) is not None else self.capability
        if self.capability in ("args", "sockets"):
            return None if getattr(wasi, self.capability) else self.capability
        return None


def granted_dir(wasi: Wasi, guest: str) -> Any:
    """What is granted at a guest path, or None."""
    parts = guest_parts(guest)
    return next((grant for path, grant in wasi.dirs.items() if guest_parts(path) == parts), None)


def restricted(wasi: Wasi, asks: Iterable[Ask]) -> Wasi:
    """What of `wasi` was asked for. Clocks and random numbers stay as they are."""
    asked = {ask.capability: ask for ask in asks}
    dirs: dict[str, Any] = {}
    for guest, grant in wasi.dirs.items():
        parts = guest_parts(guest)
        ask = next((a for a in asked.values() if a.kind == "dirs" and guest_parts(a.part) == parts), None)
        if ask is not None:
            left = limited(grant, ask.access)
            if left is not None:
                dirs[guest] = left
    changes: dict[str, Any] = {
        "dirs": dirs,
        "env": {name: value for name, value in wasi.env.items() if f"env:{name}" in asked},
    }
    changes |= {name: None for name in _STREAMS if name not in asked}
    changes |= {name: () for name in ("args", "sockets") if name not in asked}
    return wasi.replace(**changes)


def beyond(asks: Iterable[Ask], approved: Iterable[Ask]) -> list[Ask]:
    """What is asked for and was not approved."""
    known = {ask.capability: set(ask.access) for ask in approved}
    return [
        ask for ask in asks if ask.capability not in known or not set(ask.access) <= known[ask.capability]
    ]


def parse(data: bytes, where: str) -> tuple[Ask, ...]:
    """The asks of a ``capabilities.toml``.

    Raises:
        ValueError: it is not of the form above; the text names the file `where`.
    """
    import tomllib

    try:
        table = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{where}: {error}") from None
    found = table.pop("ask", {})
    if table or not isinstance(found, dict):
        raise ValueError(f"{where}: it has one table, [ask]; {', '.join(table) or 'ask'} is something else")
    return tuple(_ask(name, value, where) for name, value in found.items())


def _ask(name: str, value: object, where: str) -> Ask:
    fields: Any = {"reason": value} if isinstance(value, str) else value
    if not isinstance(fields, dict) or set(fields) - {"reason", "access", "optional"}:
        raise ValueError(f"{where}: {name} is a reason, or a table of reason, access and optional")
    reason, optional = fields.get("reason"), fields.get("optional", False)
    reason = " ".join(reason.split()) if isinstance(reason, str) else ""
    if not reason:
        raise ValueError(f"{where}: {name} has no reason")
    if not reason.isprintable() or len(reason) > 500:
        raise ValueError(f"{where}: {name}: the reason is for people to read, in at most 500 characters")
    if not isinstance(optional, bool):
        raise ValueError(f"{where}: {name}: optional is true or false")
    return check_ask(name, fields.get("access"), reason, optional, where)


def check_ask(name: str, access: Any, reason: str, optional: bool, where: str) -> Ask:
    """An ask, if there is such a capability and such an access.

    Raises:
        ValueError: there is not.
    """
    kind, _, part = name.partition(":")
    if not name.isprintable() or len(name) > 500:
        raise ValueError(f"{where}: {name[:500]!r} is no capability")
    if name not in _PLAIN and not (kind in ("env", "dirs") and part):
        from .linking import closest

        raise ValueError(
            f"{where}: {name} is no capability{closest(name, _PLAIN)}; there are {', '.join(_PLAIN)}, "
            "env:NAME and dirs:PATH"
        )
    if kind != "dirs":
        if access:
            raise ValueError(f"{where}: {name}: only directories have an access")
        return Ask(name, (), reason, optional)
    words = ["read"] if access is None else access
    if not isinstance(words, list) or not words or any(word not in ACCESS for word in words):
        raise ValueError(f"{where}: {name}: access is a list of {', '.join(ACCESS)}")
    return Ask(name, words, reason, optional)
