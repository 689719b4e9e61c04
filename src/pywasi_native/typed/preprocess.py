"""The part of the C preprocessor that headers of libraries need: conditions, macros without ``#`` and ``##``.

What a compiler has preprocessed already (``zig cc -E``) passes through; its line markers are understood.
"""

from __future__ import annotations

import re

from .constants import Expression, integer
from .diagnostics import HeaderError
from .tokens import Token, tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# What zig cc -target wasm32-wasi says of itself, as far as headers ask.
PREDEFINED = {
    "__wasm__": "1", "__wasm32__": "1", "__wasi__": "1", "__STDC__": "1", "__STDC_VERSION__": "201710",
    "__STDC_HOSTED__": "1", "__GNUC__": "4", "__clang__": "1", "__clang_major__": "18", "__CHAR_BIT__": "8",
    "__SIZEOF_POINTER__": "4", "__SIZEOF_LONG__": "4", "__BYTE_ORDER__": "1234",
    "__ORDER_LITTLE_ENDIAN__": "1234", "__ORDER_BIG_ENDIAN__": "4321",
}  # fmt: skip
_MOST_TOKENS = 2_000_000  # that macros may make in one header
_DEEPEST = 50
_DEFINE = re.compile(r"([A-Za-z_$][\w$]*)(\(([^)]*)\))?")


class Macro:
    """A macro; without `params` it is no function."""

    __slots__ = ("body", "params", "place_of")

    def __init__(self, params: list[str] | None, body: list[Token], place_of: Token | None) -> None:
        self.params, self.body, self.place_of = params, body, place_of


class Preprocessor:
    """Gives the tokens that are left of a source, and remembers its macros.

    Args:
        include: gives the text of a file that ``#include`` names, or None to pass it over.
    """

    def __init__(self, include: Callable[[str], str | None] | None = None) -> None:
        self.include, self.made = include, 0
        self.macros: dict[str, Macro] = {}
        self.skipped: list[str] = []  # what was included and not found
        self._included: set[str] = set()
        for name, value in PREDEFINED.items():
            self.macros[name] = Macro(None, [Token("number", value, "<built in>", 1, 1)], None)

    def run(self, text: str, file: str) -> list[Token]:
        """The tokens of a source; the last one is an ``end``.

        Raises:
            HeaderError: a directive that is wrong, or macros that do not end.
        """
        out: list[Token] = []
        plain: list[Token] = []
        for token in self._active(text, file):
            if token.kind == "directive":
                self._expand(plain, out, frozenset(), 0)
                plain = []
                self._directive(token, out)
            else:
                plain.append(token)
        self._expand(plain, out, frozenset(), 0)
        return out

    def _active(self, text: str, file: str) -> Iterator[Token]:
        """The tokens that no condition switches off; directives of conditions are done here."""
        # Around it is on, one of its parts was on, where it begins.
        nest: list[tuple[bool, bool, Token]] = []
        on = True
        for token in tokens(text, file):
            if token.kind == "end" and nest:
                raise HeaderError(nest[-1][2].place, "this condition has no end", "add #endif")
            if token.kind != "directive":
                if on:
                    yield token
                continue
            word, rest = _split(token)
            if word in ("if", "ifdef", "ifndef"):
                holds = on and self._condition(word, rest, token)
                nest.append((on, holds, token))
                on = holds
            elif word in ("elif", "else", "endif"):
                if not nest:
                    raise HeaderError(token.place, f"this #{word} has no #if")
                around, taken, start = nest.pop()
                on = around
                if word != "endif":
                    on = around and not taken and (word == "else" or self._condition("if", rest, token))
                    nest.append((around, taken or on, start))
            elif on:
                yield token

    def _directive(self, token: Token, out: list[Token]) -> None:
        word, rest = _split(token)
        if word == "define":
            self._define(rest, token)
        elif word == "undef":
            self.macros.pop(rest.strip(), None)
        elif word == "error":
            raise HeaderError(token.place, f"#error {rest.strip()}"[:200])
        elif word == "include":
            self._include(rest, out)
        elif word not in ("", "pragma", "warning", "ident", "include_next", "import"):
            raise HeaderError(token.place, f"#{word} is no directive of C")

    def _include(self, rest: str, out: list[Token]) -> None:
        found = re.match(r'\s*["<]([^">]+)[">]', rest)
        name = found[1] if found else rest.strip()
        text = self.include(name) if self.include is not None else None
        if text is None:
            self.skipped.append(name)
        elif name not in self._included:
            self._included.add(name)
            out += self.run(text, name)[:-1]

    def _define(self, rest: str, token: Token) -> None:
        found = _DEFINE.match(rest)
        if found is None:
            raise HeaderError(token.place, "#define needs a name")
        params = None
        if found[2] is not None:
            params = [word.strip() for word in found[3].split(",")] if found[3].strip() else []
        text = rest[found.end() :]
        column = token.column + max(len(token.text) - len(text), 1)
        body = list(tokens(text, token.file, token.line, column))[:-1]
        self.macros[found[1]] = Macro(params, [part.moved(token) for part in body], token)

    def _condition(self, word: str, rest: str, token: Token) -> bool:
        name = rest.split()[0] if rest.split() else ""
        if word != "if":
            return (name in self.macros) == (word == "ifdef")
        line = [part.moved(token) for part in tokens(_without_defined(rest, self.macros), token.file)]
        out: list[Token] = []
        self._expand(line, out, frozenset(), 0)
        expression = Expression(_calls_to_zero(out), 0, lambda _name: 0)
        value = expression.read()
        return bool(value)

    def _expand(self, line: list[Token], out: list[Token], busy: frozenset[str], depth: int) -> None:
        """Appends the tokens with macros replaced; `busy` are those that are being replaced."""
        at = 0
        while at < len(line):
            token = line[at]
            macro = self.macros.get(token.text) if token.kind == "name" and token.text not in busy else None
            at += 1
            if macro is None:
                out.append(token)
                continue
            body = [part.moved(token) for part in macro.body]
            if macro.params is not None:
                if at >= len(line) or line[at].text != "(":
                    out.append(token)
                    continue
                arguments, at = _arguments(line, at, token)
                body = self._substitute(token, macro, arguments)
            if body:
                body[0].doc = token.doc
            elif at < len(line) and not line[at].doc:
                line[at].doc = token.doc  # a macro that means nothing hands its comment on
            self.made += len(body) + 1
            if self.made > _MOST_TOKENS or depth > _DEEPEST:
                raise HeaderError(token.place, f"the macro {token.text} grows without end")
            self._expand(body, out, busy | {token.text}, depth + 1)

    def _substitute(self, token: Token, macro: Macro, arguments: list[list[Token]]) -> list[Token]:
        params = macro.params or []
        values = dict(zip(params, arguments, strict=False))
        if params and params[-1] == "...":
            rest = arguments[len(params) - 1 :]
            values["__VA_ARGS__"] = [
                part for i, words in enumerate(rest) for part in (_comma(token, i) + words)
            ]
        elif len(arguments) != len(params) and not (len(params) == 0 and arguments == [[]]):
            raise HeaderError(
                token.place, f"the macro {token.text} takes {len(params)} arguments, not {len(arguments)}"
            )
        body: list[Token] = []
        for part in macro.body:
            if part.text in ("#", "##"):
                raise HeaderError(
                    token.place,
                    f"the macro {token.text} uses {part.text}",
                    "preprocess the header first: zig cc -E",
                )
            body += values[part.text] if part.text in values else [part.moved(token)]
        return body

    def numbers(self) -> dict[str, int | float | str]:
        """The macros of the source that are a number or a string."""
        found: dict[str, int | float | str] = {}
        for name, macro in self.macros.items():
            if macro.params is None and macro.place_of is not None and macro.body:
                value = self._value(macro.body)
                if value is not None:
                    found[name] = value
        return found

    def _value(self, body: list[Token]) -> int | float | str | None:
        if len(body) == 1 and body[0].kind == "string" and "\\" not in body[0].text:
            return body[0].text.partition('"')[2][:-1]
        sign = -1 if body[0].text == "-" else 1
        last = body[-1]
        if len(body) <= 2 and last.kind == "number" and (len(body) == 1 or body[0].text == "-"):
            if re.fullmatch(r"[0-9]*\.?[0-9]*([eE][-+]?[0-9]+)?[fF]?", last.text) and not last.text.isdigit():
                try:
                    return sign * float(last.text.rstrip("fF"))
                except ValueError:
                    return None
            if len(body) == 1 or sign < 0:
                try:
                    return sign * integer(last)
                except HeaderError:
                    return None
        try:
            out: list[Token] = []
            self._expand(body, out, frozenset(), 0)
            expression = Expression([*out, Token("end", "", "", 1, 1)], 0, lambda _name: None)
            value = expression.read()
        except HeaderError:
            return None
        return value if expression.at == len(out) else None


def _split(token: Token) -> tuple[str, str]:
    """The word of a directive and what follows it, comments taken out."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", " ", token.text.replace("\\\n", " "), flags=re.DOTALL)
    found = re.match(r"#\s*(\w*)(.*)", text, re.DOTALL)
    return (found[1], found[2].lstrip()) if found else ("", "")


def _without_defined(text: str, macros: dict[str, Macro]) -> str:
    def answer(found: re.Match[str]) -> str:
        return "1" if (found[1] or found[2]) in macros else "0"

    return re.sub(r"\bdefined\s*(?:\(\s*([\w$]+)\s*\)|([\w$]+))", answer, text)


def _calls_to_zero(line: list[Token]) -> list[Token]:
    """Names with arguments that no macro took, such as ``__has_include(<x.h>)``, are 0."""
    out: list[Token] = []
    at = 0
    while at < len(line):
        out.append(line[at])
        at += 1
        if out[-1].kind == "name" and line[at].text == "(":
            _, at = _arguments(line, at, out[-1])
    return out


def _arguments(line: list[Token], at: int, name: Token) -> tuple[list[list[Token]], int]:
    """The arguments of a macro whose ( is at `at`, and where they end."""
    found: list[list[Token]] = [[]]
    depth = 0
    while at < len(line):
        token = line[at]
        at += 1
        if token.kind == "end":
            break
        if token.text == "(":
            depth += 1
            if depth == 1:
                continue
        elif token.text == ")":
            depth -= 1
            if depth == 0:
                return found, at
        elif token.text == "," and depth == 1:
            found.append([])
            continue
        found[-1].append(token)
    raise HeaderError(name.place, f"the arguments of {name.text} have no end", "add )")


def _comma(token: Token, index: int) -> list[Token]:
    return [Token("mark", ",", token.file, token.line, token.column)] if index else []
