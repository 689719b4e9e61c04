"""Integer constant expressions of C: values of enumerations, lengths of arrays, conditions of ``#if``."""

from __future__ import annotations

from .diagnostics import HeaderError
from .tokens import Cursor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final

    from .tokens import Token

_LEVELS = (
    ("||",), ("&&",), ("|",), ("^",), ("&",), ("==", "!="), ("<", ">", "<=", ">="), ("<<", ">>"),
    ("+", "-"), ("*", "/", "%"),
)  # fmt: skip
_PRIORITY = {mark: level for level, marks in enumerate(_LEVELS) for mark in marks}
_ESCAPES = {"n": 10, "t": 9, "r": 13, "0": 0, "a": 7, "b": 8, "f": 12, "v": 11}
_DEEPEST = 60
_OPERATIONS: Final[dict[str, Callable[[int, int], int]]] = {
    "||": lambda a, b: bool(a or b), "&&": lambda a, b: bool(a and b), "|": int.__or__, "^": int.__xor__,
    "&": int.__and__, "==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b,
    ">": lambda a, b: a > b, "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b, "<<": int.__lshift__,
    ">>": int.__rshift__, "+": int.__add__, "-": int.__sub__, "*": int.__mul__,
}  # fmt: skip


class Expression(Cursor):
    """Reads one expression from a list of tokens.

    Args:
        tokens: where it stands; an ``end`` is the last one.
        at: where it begins.
        value_of: the value of a name, or None.
        size_of: the size of the type in the parentheses of ``sizeof``, and where they end.
    """

    def __init__(
        self,
        tokens: list[Token],
        at: int,
        value_of: Callable[[str], int | None],
        size_of: Callable[[int], tuple[int, int]] | None = None,
    ) -> None:
        super().__init__(tokens, at)
        self.value_of, self.size_of = value_of, size_of

    def read(self) -> int:
        """Its value; `at` is behind it then.

        Raises:
            HeaderError: it is none, or it has no value.
        """
        self.depth += 1
        if self.depth > _DEEPEST:
            raise HeaderError(self.tokens[self.at].place, "this expression is nested too deeply")
        value = self._binary(0)
        if self.take("?"):
            yes = self.read()
            if not self.take(":"):
                raise HeaderError(self.tokens[self.at].place, "a : is missing here")
            no = self.read()
            value = yes if value else no
        self.depth -= 1
        return value

    def _binary(self, level: int) -> int:
        value = self._unary()
        while True:
            token = self.tokens[self.at]
            priority = _PRIORITY.get(token.text, -1) if token.kind == "mark" else -1
            if priority < level:
                return value
            self.at += 1
            value = _apply(token, value, self._binary(priority + 1))

    def _unary(self) -> int:
        token = self.tokens[self.at]
        signs = []
        while token.kind == "mark" and token.text in "+-~!":
            signs.append(token.text)
            self.at += 1
            token = self.tokens[self.at]
        value = self._primary(token)
        for sign in reversed(signs):
            value = {"+": value, "-": -value, "~": ~value, "!": int(not value)}[sign]
        return value

    def _primary(self, token: Token) -> int:
        if token.kind == "number":
            self.at += 1
            return integer(token)
        if token.kind == "char":
            self.at += 1
            return character(token)
        if self.take("("):
            value = self.read()
            if not self.take(")"):
                raise HeaderError(self.tokens[self.at].place, "a ) is missing here")
            return value
        if token.text == "sizeof" and self.size_of is not None:
            value, self.at = self.size_of(self.at + 1)
            return value
        value_or_none = self.value_of(token.text) if token.kind == "name" else None
        if value_or_none is None:
            shown = repr(token.text) if token.text else "the end"
            raise HeaderError(
                token.place,
                f"a constant was expected, not {shown}",
                "constants of other headers are known after preprocessing (zig cc -E)",
            )
        self.at += 1
        return value_or_none


def _apply(token: Token, a: int, b: int) -> int:
    mark = token.text
    if mark in "/%" and b == 0:
        raise HeaderError(token.place, "this divides by zero")
    if mark in ("<<", ">>") and not 0 <= b < 64:
        raise HeaderError(token.place, f"this shifts by {b}")
    if mark in "/%":  # towards zero, as C does
        quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
        return quotient if mark == "/" else a - b * quotient
    value = _OPERATIONS[mark](a, b)
    if not -(1 << 63) <= value < 1 << 64:
        raise HeaderError(token.place, "this constant has more than 64 bits")
    return int(value)


def integer(token: Token) -> int:
    """The value of an integer literal.

    Raises:
        HeaderError: it is none.
    """
    text = token.text.replace("'", "").rstrip("uUlL")
    try:
        if len(text) > 70:
            raise ValueError
        if text[:1] == "0" and text.isdigit():
            return int(text, 8)
        return int(text, 0)
    except ValueError:
        raise HeaderError(token.place, f"{token.text[:40]} is no integer") from None


def character(token: Token) -> int:
    """The value of a character literal.

    Raises:
        HeaderError: it is longer than one character.
    """
    body = token.text[token.text.index("'") + 1 : -1]
    if len(body) == 1:
        return ord(body)
    if body[:1] == "\\":
        if body[1:] in _ESCAPES:
            return _ESCAPES[body[1:]]
        if len(body) == 2:
            return ord(body[1])
        digits, base = (body[2:], 16) if body[1] == "x" else (body[1:], 8)
        try:
            return int(digits, base)
        except ValueError:
            pass
    raise HeaderError(token.place, f"{token.text} is not one character")
