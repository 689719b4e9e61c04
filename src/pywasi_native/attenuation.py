"""Less of what is granted: `Wasi.without` and ``wasi & other``; and a `Wasi` as text that tells no secrets.

There is no union: nothing here gives a guest more than some `Wasi` that its host made.

What ``a & b`` grants, part by part:

- **args**: if both have the same, else none.
- **env**: variables that both have with the same value.
- **stdin, stdout, stderr**: if both have the same (equal bytes, path or descriptor, the same file object),
  else none.
- **dirs**: guest paths that both have for the same directory of the host (the same path, made absolute) or
  the same tree in memory (the same object), with the access that both allow. `write` includes `append`.
- **clock**: the host's if both have it; a fixed one if one of them is fixed; at 0 if they are fixed at
  different times.
- **random**: likewise, with seeds.
- **sockets**: the objects that both have.
"""

from __future__ import annotations

import os

from .wasi import ACCESS, SYSTEM_CLOCK, SYSTEM_RANDOM, Grant, Stream, Wasi, fixed_clock, seeded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .virtual_files import MemTree

NAMES = ("args", "env", "stdin", "stdout", "stderr", "dirs", "clock", "random", "sockets")
"""The capabilities, by the names that `Wasi.without`, ``pywasi inspect`` and ``capabilities.toml`` use."""

_NOTHING: dict[str, Any] = {
    "args": (), "env": {}, "stdin": None, "stdout": None, "stderr": None, "dirs": {}, "clock": fixed_clock(0),
    "random": seeded(0), "sockets": (),
}  # fmt: skip


def without(wasi: Wasi, names: Iterable[str]) -> Wasi:
    """See `Wasi.without`."""
    changes: dict[str, Any] = {}
    env, dirs = dict(wasi.env), dict(wasi.dirs)
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"the name of a capability must be a str, not {type(name).__name__}")
        kind, colon, part = name.partition(":")
        if kind == "env":
            changes["env"] = env = {n: v for n, v in env.items() if colon and n != part}
        elif kind == "dirs" and not colon:
            changes["dirs"] = dirs = {}
        elif name in NAMES:
            changes[name] = _NOTHING[name]
        elif (kind == "dirs" and part) or name in dirs or name[:1] in ("/", "."):
            changes["dirs"] = dirs = _outside(dirs, part if kind == "dirs" and part else name)
        else:
            from .linking import closest

            raise ValueError(
                f"{name!r} is no capability{closest(name, NAMES)}; there are {', '.join(NAMES)}, env:NAME "
                "and the guest paths of dirs"
            )
    return wasi.replace(**changes)


def _outside(dirs: dict[str, Any], path: str) -> dict[str, Any]:
    """The grants without that of a guest path and those below it."""
    gone = guest_parts(path)
    left = {}
    for guest, grant in dirs.items():
        parts = guest_parts(guest)
        if parts[: len(gone)] == gone:
            continue
        left[guest] = grant
    for guest in left:
        parts = guest_parts(guest)
        if gone[: len(parts)] == parts:
            raise ValueError(
                f"{path!r} is a part of what {guest!r} grants, and cannot be taken out of it; take {guest!r} "
                "away"
            )
    return left


def guest_parts(path: str) -> tuple[str, ...]:
    """The names in a guest path, after "/" for an absolute one or "." for a relative one."""
    names: list[str] = []
    for name in path.split("/"):
        if name == ".." and names and names[-1] != "..":
            names.pop()
        elif name not in ("", ".") and not (name == ".." and path.startswith("/")):
            names.append(name)
    return ("/" if path.startswith("/") else ".", *names)


def intersection(one: Wasi, other: Wasi) -> Wasi:
    """See the head of this file."""
    changes: dict[str, Any] = {
        "args": one.args if one.args == other.args else (),
        "env": {name: value for name, value in one.env.items() if other.env.get(name) == value},
        "dirs": _common_dirs(one, other),
        "clock": _lesser(one.clock, other.clock, SYSTEM_CLOCK, fixed_clock(0)),
        "random": _lesser(one.random, other.random, SYSTEM_RANDOM, seeded(0)),
    }
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(one, name)
        changes[name] = stream if _same_stream(stream, getattr(other, name)) else None
    changes["sockets"] = tuple(
        item for item in one.sockets if any(item is theirs for theirs in other.sockets)
    )
    return one.replace(**changes)


def _common_dirs(one: Wasi, other: Wasi) -> dict[str, Any]:
    theirs = {guest_parts(guest): grant for guest, grant in other.dirs.items()}
    found = {}
    for guest, grant in one.dirs.items():
        common = lesser_grant(grant, theirs.get(guest_parts(guest)))
        if common is not None:
            found[guest] = common
    return found


def lesser_grant(one: Grant, other: Grant | None) -> Grant | None:
    """What two grants of one guest path have in common, or None."""
    return limited(one, other.access) if other is not None and _same_place(one.path, other.path) else None


def _same_place(one: str | MemTree, other: str | MemTree) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return os.path.abspath(one) == os.path.abspath(other)  # noqa: PTH100
    return one is other


def limited(grant: Grant, access: Iterable[str]) -> Grant | None:
    """A grant with no more access than these words, or None if nothing is left."""
    allowed = set(access)
    if "write" in allowed:
        allowed.add("append")
    words = {word: getattr(grant, word) and word in allowed for word in ACCESS}
    words["append"] = (grant.append or grant.write) and "append" in allowed and not words["write"]
    return Grant(grant.path, **words) if any(words.values()) else None


def _same_stream(one: Any, other: Any) -> bool:
    if isinstance(one, str | os.PathLike) and isinstance(other, str | os.PathLike):
        return os.path.abspath(one) == os.path.abspath(other)  # noqa: PTH100
    # A file object may call anything its equal.
    return one is other or (
        type(one) is type(other) and isinstance(one, bytes | int | Stream) and one == other
    )


def _lesser(one: Any, other: Any, system: Any, nothing: Any) -> Any:
    if one == other or other == system:
        return one
    return other if one == system else nothing


def secrets(wasi: Wasi) -> list[str]:
    """Which parts of it hold what may be secret."""
    found = [name for name in ("env",) if wasi.env]
    if len(wasi.args) > 1:
        found.append("args")
    if isinstance(wasi.stdin, bytes) and wasi.stdin:
        found.append("stdin")
    return found


def describe(wasi: Wasi) -> str:
    """What it grants: names of variables without their values, sizes of inputs without their bytes."""
    parts = []
    if wasi.args:
        more = f" and {len(wasi.args) - 1} more" if len(wasi.args) > 1 else ""
        parts.append(f"args=<{wasi.args[0]!r}{more}>")
    if wasi.env:
        parts.append(f"env=<{', '.join(wasi.env)}>")
    if wasi.stdin is not None:
        text = f"<{len(wasi.stdin)} bytes>" if isinstance(wasi.stdin, bytes) else repr(wasi.stdin)
        parts.append(f"stdin={text}")
    parts += [
        f"{name}={getattr(wasi, name)!r}" for name in ("stdout", "stderr") if getattr(wasi, name) is not None
    ]
    if wasi.dirs:
        parts.append(f"dirs={dict(wasi.dirs)!r}")
    if wasi.clock != SYSTEM_CLOCK:
        parts.append(f"clock=fixed_clock({wasi.clock.ns})")
    if wasi.random != SYSTEM_RANDOM:
        parts.append("random=seeded(...)")
    if sockets := wasi.sockets:
        parts.append(f"sockets=<{len(sockets)}>")
    return f"Wasi({', '.join(parts)})"
