"""C text to tokens, with the comments that stand before them. One pass, linear in the text."""

from __future__ import annotations

import re

from .diagnostics import HeaderError, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn

# A backslash at the end of a line joins it with the next one; inside of a name or number nobody does that.
_TOKEN = re.compile(
    r"""
    (?P<blank>(?:[ \t\r\f\v]|\\\r?\n)+)
  | (?P<newline>\n)
  | (?P<comment>/\*.*?\*/|//(?:\\\r?\n|[^\n])*)
  | (?P<name>[A-Za-z_$][A-Za-z0-9_$]*)
  | (?P<number>\.?[0-9](?:[eEpP][+-]|[A-Za-z0-9_.'])*)
  | (?P<string>(?:u8|[uUL])?"(?:\\.|[^"\\\n])*")
  | (?P<char>[uUL]?'(?:\\.|[^'\\\n])+')
  | (?P<mark>\.\.\.|\#\#|<<|>>|<=|>=|==|!=|&&|\|\||/(?!\*)|[-+*%&|^~!<>=?:;,.(){}\[\]\#@\\])
    """,
    re.VERBOSE | re.DOTALL,
)

_LINE_MARKER = re.compile(r'#[ \t]*(?:line[ \t]+)?([0-9]{1,9})(?:[ \t]+"([^"\n]*)")?')


class Token:
    """A token. `kind`: name, number, string, char, mark, directive, or end.

    `doc` is the comment that ends on the line before it or on its own; `first`: it begins a line.
    """

    __slots__ = ("column", "doc", "file", "first", "kind", "line", "text")

    def __init__(self, kind: str, text: str, file: str, line: int, column: int) -> None:
        self.kind, self.text, self.file, self.line, self.column = kind, text, file, line, column
        self.doc, self.first = "", False

    @property
    def place(self) -> Place:
        """Where it begins."""
        return Place(self.file, self.line, self.column)

    def moved(self, to: Token) -> Token:
        """The same token as if it stood where `to` does: what a macro makes of its name."""
        made = Token(self.kind, self.text, to.file, to.line, to.column)
        made.doc, made.first = to.doc, to.first
        return made

    def __repr__(self) -> str:
        return f"<{self.kind} {self.text!r} at {self.place}>"


class Cursor:
    """A place in a list of tokens, the last of which is an ``end``."""

    def __init__(self, tokens: list[Token], at: int = 0) -> None:
        self.tokens, self.at, self.depth = tokens, at, 0

    def take(self, mark: str) -> bool:
        """Takes the next token if it is this mark."""
        token = self.tokens[self.at]
        if token.kind == "mark" and token.text == mark:
            self.at += 1
            return True
        return False


def tokens(text: str, file: str, line: int = 1, column: int = 1) -> Iterator[Token]:
    """The tokens of a source, directives as one token each, and an ``end``. It begins at a line and column.

    Raises:
        HeaderError: a character that C does not know, or a comment or string without an end.
    """
    reader = _Reader(text, file, line, column)
    while (token := reader.next()) is not None:
        yield token
    yield Token("end", "", reader.file, reader.line, reader.column())


class _Reader:
    def __init__(self, text: str, file: str, line: int, column: int) -> None:
        self.text, self.file, self.line = text, file, line
        self.at = 1 if text.startswith("\ufeff") else 0
        self.line_start, self.first = self.at + 1 - column, column == 1
        self.comments: list[tuple[int, str]] = []  # (line of the end, text) of those that no token has taken
        self.last_line = 0

    def column(self) -> int:
        return self.at - self.line_start + 1

    def _advance(self, text: str) -> None:
        lines = text.count("\n")
        if lines:
            self.line += lines
            self.line_start = self.at + text.rindex("\n") + 1
        self.at += len(text)

    def next(self) -> Token | None:
        while self.at < len(self.text):
            found = _TOKEN.match(self.text, self.at)
            if found is None:
                self._refuse()
            kind, text = found.lastgroup or "", found.group()
            if kind == "mark" and text == "#" and self.first:
                directive = self._directive()
                if not self._line_marker(directive.text):
                    return directive
                continue
            if kind not in ("blank", "newline", "comment"):
                return self._token(kind, text)
            if kind == "comment":
                self._comment(text)
            self._advance(text)
            if kind == "newline":
                self.first = True
        return None

    def _token(self, kind: str, text: str) -> Token:
        token = Token(kind, text, self.file, self.line, self.column())
        token.first = self.first
        if self.comments:
            if self.comments[-1][0] in (self.line - 1, self.line):
                token.doc = "\n".join(comment for _, comment in self.comments)
            self.comments = []
        self._advance(text)
        self.first, self.last_line = False, self.line
        return token

    def _comment(self, text: str) -> None:
        """Keeps it for the next token, unless it stands behind a token: then it is about that one."""
        if self.last_line == self.line:
            return
        end = self.line + text.count("\n")
        # Lines of // that follow each other are one comment; anything else begins a new one.
        if not (self.comments and text.startswith("//") and self.comments[-1][0] == self.line - 1
                and self.comments[-1][1].startswith("//")):  # fmt: skip
            self.comments = []
        self.comments.append((end, text))

    def _directive(self) -> Token:
        start, token = self.at, Token("directive", "", self.file, self.line, self.column())
        while self.at < len(self.text):
            found = _TOKEN.match(self.text, self.at)
            text = found.group() if found else self.text[self.at]
            if text == "\n":
                break
            self._advance(text)
        token.text = self.text[start : self.at]
        self.comments = []
        return token

    def _line_marker(self, text: str) -> bool:
        """Whether it is a note of a preprocessor of which line of which file the next one was."""
        marker = _LINE_MARKER.match(text)
        if marker is None:
            return False
        self.line, self.last_line = int(marker[1]) - 1, -1
        self.file = marker[2] if marker[2] is not None else self.file
        return True

    def _refuse(self) -> NoReturn:
        rest, place = self.text[self.at :], Place(self.file, self.line, self.column())
        if rest.startswith("/*"):
            raise HeaderError(place, "this comment has no end", "add */")
        if rest[0] in "\"'":
            raise HeaderError(place, "this string has no end on its line", f"add {rest[0]}")
        raise HeaderError(place, f"{rest[0]!r} is no part of C", "is it a C header?")


def clean_comment(text: str) -> str:
    """The prose of a comment: no marks, no stars at the left, no indentation."""
    if not text:
        return ""
    lines = []
    for line in text.split("\n"):
        line = re.sub(r"^\s*(?:/\*[*!]?<?|//[/!]?<?|\*(?!/))? ?", "", line)
        line = re.sub(r"\s*\*+/\s*$", "", line).rstrip()
        lines.append("" if re.fullmatch(r"[\s*=/-]*", line) else line)
    while lines and not lines[0]:
        lines.pop(0)
    while lines and not lines[-1]:
        lines.pop()
    margin = min((len(line) - len(line.lstrip()) for line in lines if line), default=0)
    return "\n".join(line[margin:] for line in lines)
