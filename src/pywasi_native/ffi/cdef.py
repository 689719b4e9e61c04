"""What `FFI.cdef` has declared, and the types that strings such as ``"int *[4]"`` stand for."""

from __future__ import annotations

from ..typed.ctype import Array, CType, Enum, Function, Pointer, Scalar, Struct, Void
from ..typed.declarations import Parser
from ..typed.diagnostics import HeaderError
from ..typed.preprocess import Preprocessor
from ..typed.tokens import Token, tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CDefError = HeaderError


class Declarations:
    """All that was declared so far.

    Attributes:
        functions, variables: their types by name.
        constants: enumerators, and macros that are a number.
    """

    def __init__(self) -> None:
        self.types: dict[str, CType] = {}
        self.tags: dict[str, Struct | Enum] = {}
        self.functions: dict[str, Function] = {}
        self.variables: dict[str, CType] = {}
        self.constants: dict[str, Any] = {}
        self._known: dict[str, CType] = {}

    def add(self, text: str) -> None:
        """Reads declarations.

        Raises:
            HeaderError: they are wrong; one line with the place.
        """
        if not isinstance(text, str):
            raise TypeError(f"cdef takes a str with C declarations, not {type(text).__name__}")
        preprocessor = Preprocessor()
        parser = self._parser(preprocessor.run(text, "<cdef>"), preprocessor.numbers())
        parser.file()
        self.types.update({name: kind for name, (kind, _) in parser.types.items()})
        self.functions.update({name: one.type for name, one in parser.functions.items()})
        self.variables.update(parser.variables)
        self.constants.update({key: value for key, value in parser.constants.items() if key[:2] != "__"})
        self._known.clear()

    def include(self, other: Declarations) -> None:
        """Takes over what another one has."""
        self.types.update(other.types)
        self.tags.update(other.tags)
        self.constants.update(other.constants)
        self._known.clear()

    def _parser(self, source: list[Token], numbers: dict[str, Any]) -> Parser:
        parser = Parser(source, known=self.types, constants={**self.constants, **numbers})
        parser.tags = self.tags
        return parser

    def type(self, text: str) -> CType:
        """The type that a string stands for; ``[]`` is an array of no length (`OPEN`).

        Raises:
            HeaderError: it is none.
        """
        found = self._known.get(text)
        if found is None:
            parser = self._parser(list(tokens(text, f"<{text}>")), {})
            specifiers = parser.specifiers()
            assert specifiers.type is not None
            name, found, _ = parser.declarator(specifiers.type, specifiers.const)
            if name is not None or parser.token.kind != "end":
                parser.fail(name or parser.token, "a type was expected and nothing after it")
            self._known[text] = found
        return found


def is_open(kind: CType) -> bool:
    """Whether it is an array without a length: ``int[]``."""
    return isinstance(kind, Array) and kind.count == 0


def is_char(kind: CType) -> bool:
    """Whether its values are bytes of length 1."""
    return isinstance(kind, Scalar) and kind.kind == "c"


def is_wide(kind: CType) -> bool:
    """Whether its values are str of length 1."""
    return isinstance(kind, Scalar) and kind.name in ("wchar_t", "char16_t", "char32_t")


def is_byte(kind: CType) -> bool:
    """Whether it is an integer or character of one byte, or void: what bytes are passed for."""
    return isinstance(kind, Void) or (isinstance(kind, Scalar) and kind.size == 1 and kind.kind in "ciu")


def is_same(one: CType, other: CType) -> bool:
    """Whether two types are the same, whatever typedefs they were named by."""
    if isinstance(one, Scalar) and isinstance(other, Scalar):
        return (one.kind, one.size) == (other.kind, other.size)
    if isinstance(one, Pointer) and isinstance(other, Pointer):
        return is_same(one.target, other.target)
    if isinstance(one, Array) and isinstance(other, Array):
        return one.count == other.count and is_same(one.item, other.item)
    if isinstance(one, Function) and isinstance(other, Function):
        pairs = zip((one.result, *one.params), (other.result, *other.params), strict=False)
        return len(one.params) == len(other.params) and all(is_same(a, b) for a, b in pairs)
    return one is other or (isinstance(one, Void) and isinstance(other, Void))
