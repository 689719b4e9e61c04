"""Reads the s-expressions of a ``.wast`` script, on bytes.

Scripts hold NUL, CR and bytes that are no UTF-8 on purpose, so nothing here decodes: an atom is the bytes
as written, a string is the bytes that it denotes. Every node keeps its span in the source, because a text
module is handed to the assembler exactly as it stands. Comments and annotations, ``(@id ...)``, count as
white space (core specification, "Lexical Format" and "Annotations").
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass


class WastSyntaxError(ValueError):
    """The script is not a sequence of s-expressions, or not the command that its first word promises."""


@dataclass(frozen=True, slots=True)
class Atom:
    """A bare word: keyword, number or ``$name``."""

    text: bytes
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class String:
    """A quoted string; `value` is what it denotes, escapes resolved."""

    value: bytes
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class List:
    """``( ... )``; `start` is the offset of the parenthesis, `end` the one after its partner."""

    items: tuple[Node, ...]
    start: int
    end: int

    @property
    def head(self) -> bytes:
        """The first word, or ``b""`` when the list is empty or starts with something else."""
        first = self.items[0] if self.items else None
        return first.text if isinstance(first, Atom) else b""


Node = Atom | String | List

# A reserved token may hold a single ';' (annotations do); ';;' and '(;' start comments.
_TOKEN = re.compile(
    rb"""(?P<space>[ \t\r\n]+|;;[^\r\n]*)
       | (?P<block>\(;)
       | (?P<annotation>\(@)
       | (?P<open>\()
       | (?P<close>\))
       | "(?P<string>(?:[^"\\]|\\.)*)"
       | (?P<atom>(?:[^ \t\r\n()";]|;(?!;))+)""",
    re.VERBOSE | re.DOTALL,
)
_BLOCK_EDGE = re.compile(rb"\(;|;\)")
_ESCAPE = re.compile(rb"\\(?:u\{([0-9a-fA-F_]+)\}|([0-9a-fA-F]{2})|(.))", re.DOTALL)
_PLAIN_ESCAPES = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b'"': b'"', b"'": b"'", b"\\": b"\\"}


class Source:
    """The bytes of one script, with line numbers for its offsets."""

    def __init__(self, data: bytes, name: str = "<script>") -> None:
        self.data = data
        self.name = name
        self._line_starts = [0] + [match.end() for match in re.finditer(rb"\n", data)]

    def line(self, offset: int) -> int:
        """The line of a byte offset, from 1, as an editor counts."""
        return bisect_right(self._line_starts, offset)

    def error(self, offset: int, what: str) -> WastSyntaxError:
        """An error that names file and line."""
        return WastSyntaxError(f"{self.name}:{self.line(offset)}: {what}")


def unescape(raw: bytes) -> bytes:
    """The bytes that the inside of a string literal denotes."""

    def one(match: re.Match[bytes]) -> bytes:
        code_point, byte, plain = match.groups()
        if code_point is not None:
            return chr(int(code_point.replace(b"_", b""), 16)).encode()
        if byte is not None:
            return bytes.fromhex(byte.decode())
        if plain not in _PLAIN_ESCAPES:
            raise WastSyntaxError(f"unknown escape in string: {match[0]!r}")
        return _PLAIN_ESCAPES[plain]

    return _ESCAPE.sub(one, raw) if b"\\" in raw else raw


def _end_of_block_comment(source: Source, start: int) -> int:
    depth, at = 0, start
    while True:
        edge = _BLOCK_EDGE.search(source.data, at)
        if edge is None:
            raise source.error(start, "block comment is never closed")
        depth += 1 if edge[0] == b"(;" else -1
        at = edge.end()
        if depth == 0:
            return at


@dataclass(slots=True)
class _Open:
    """A list whose closing parenthesis has not come yet."""

    start: int
    is_annotation: bool
    items: list[Node]


def read(source: Source) -> tuple[Node, ...]:
    """All top-level nodes of a script."""
    stack = [_Open(0, False, [])]
    at, size = 0, len(source.data)
    while at < size:
        match = _TOKEN.match(source.data, at)
        if match is None:
            raise source.error(at, f"unexpected byte {source.data[at : at + 1]!r}")
        kind, at = match.lastgroup, match.end()
        if kind == "block":
            at = _end_of_block_comment(source, match.start())
        elif kind in ("open", "annotation"):
            stack.append(_Open(match.start(), kind == "annotation", []))
        elif kind == "close":
            if len(stack) == 1:
                raise source.error(match.start(), "')' without '('")
            done = stack.pop()
            if not done.is_annotation:
                stack[-1].items.append(List(tuple(done.items), done.start, at))
        elif kind == "atom":
            stack[-1].items.append(Atom(match["atom"], match.start(), at))
        elif kind == "string":
            stack[-1].items.append(_string(source, match))
    if len(stack) > 1:
        raise source.error(stack[-1].start, "'(' is never closed")
    return tuple(stack[0].items)


def _string(source: Source, match: re.Match[bytes]) -> String:
    try:
        return String(unescape(match["string"]), match.start(), match.end())
    except WastSyntaxError as error:
        raise source.error(match.start(), str(error)) from None
