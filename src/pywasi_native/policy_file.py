"""Reads ``[tool.pywasi.grants]`` of a policy file; the form is shown in `grants`."""

from __future__ import annotations

import os

from .wasi import ACCESS, INHERIT, SYSTEM_CLOCK, SYSTEM_RANDOM, Grant, Wasi, fixed_clock, mem, rw, seeded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .virtual_files import MemTree


class _Reader:
    """Reads the grant of one package; every error names file, package and key."""

    def __init__(self, path: str, package: str) -> None:
        self.path, self.package = path, package
        self.folder = os.path.dirname(path)  # noqa: PTH120

    def error(self, key: str, expected: str) -> ValueError:
        return ValueError(f'{self.path}: grants."{self.package}".{key}: {expected}')

    def host_path(self, key: str, value: Any) -> str:
        if not isinstance(value, str) or not value:
            raise self.error(key, "a path is expected")
        return os.path.join(self.folder, value)  # noqa: PTH118

    def args(self, value: Any) -> list[str]:
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise self.error("args", "a list of strings is expected")
        return value

    def env(self, value: Any) -> dict[str, str]:
        if isinstance(value, list) and all(isinstance(name, str) for name in value):
            return {name: os.environ[name] for name in value if name in os.environ}
        if isinstance(value, dict) and all(isinstance(text, str) for text in value.values()):
            return value
        raise self.error("env", "a table of strings, or a list of names to copy, is expected")

    def stream(self, key: str, value: Any) -> Any:
        return INHERIT if value == "inherit" else self.host_path(key, value)

    def dirs(self, value: Any) -> dict[str, Grant]:
        if not isinstance(value, dict):
            raise self.error("dirs", "a table of guest paths is expected")
        return {guest: self.directory(f'dirs."{guest}"', item) for guest, item in value.items()}

    def directory(self, key: str, value: Any) -> Grant:
        fields = {"path": value} if isinstance(value, str) else value
        if not isinstance(fields, dict) or set(fields) not in ({"path"}, {"path", "access"}, {"mem"}):
            raise self.error(
                key, "a path (to read), { path = ..., access = [...] } or { mem = size } is expected"
            )
        if "mem" in fields:
            return rw(self.memory(key, fields["mem"]))
        words = fields.get("access", ["read"])
        if not isinstance(words, list) or not words or any(word not in ACCESS for word in words):
            raise self.error(key, f"access is a list of {', '.join(ACCESS)}")
        return Grant(self.host_path(key, fields["path"]), **{word: word in words for word in ACCESS})

    def memory(self, key: str, size: Any) -> MemTree:
        try:
            return mem(size=size)
        except (TypeError, ValueError) as problem:
            raise self.error(key, str(problem)) from None

    def number(self, key: str, value: Any, system: Any, make: Callable[[int], Any]) -> Any:
        if value == "system":
            return system
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.error(key, 'a number or "system" is expected')
        return make(value)

    def wasi(self, table: Any) -> Wasi:
        keys: dict[str, Callable[[Any], Any]] = {
            "args": self.args,
            "env": self.env,
            "stdin": lambda value: self.stream("stdin", value),
            "stdout": lambda value: self.stream("stdout", value),
            "stderr": lambda value: self.stream("stderr", value),
            "dirs": self.dirs,
            "clock": lambda value: self.number("clock", value, SYSTEM_CLOCK, fixed_clock),
            "random": lambda value: self.number("random", value, SYSTEM_RANDOM, seeded),
        }
        if not isinstance(table, dict):
            raise ValueError(f'{self.path}: grants."{self.package}" is no table')
        for key in table:
            if key not in keys:
                from .linking import closest

                raise self.error(key, f"nothing of this name can be granted here{closest(key, keys)}")
        return Wasi(**{key: keys[key](value) for key, value in table.items()})


def grants_of(table: dict[str, Any], path: str) -> dict[str, Wasi]:
    """The grants in a policy file, by package.

    Raises:
        ValueError: they are not of the form that `grants` shows.
    """
    for name in ("tool", "pywasi", "grants"):
        table = table.get(name, {})
        if not isinstance(table, dict):
            raise ValueError(f"{path}: {name} is no table")
    for package in table:
        if not all(part.isidentifier() for part in package.split(".")):
            raise ValueError(f"{path}: {package!r} is no name that can be imported, as in `import unzipper`")
    return {package: _Reader(path, package).wasi(item) for package, item in table.items()}
