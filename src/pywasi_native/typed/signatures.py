"""The short notation of one function: ``"f64(const f64*, size)"``.

A result, then the parameters in parentheses, written as in C with shorter words: ``i8`` to ``i64``, ``u8`` to
``u64``, ``f32``, ``f64`` and ``usize`` beside C's own types; ``str`` is ``const char*``, ``bytes`` is
``const uint8_t*``, ``ptr`` is ``void*``; ``size`` is the length of the buffer before it, which the caller
does not give. ``out`` and ``inout`` before a parameter say that it comes back. Parameters may have names.
"""

from __future__ import annotations

from .ctype import CHAR, SIZE, VOID, CType, Function, Pointer, Scalar
from .declarations import Parser
from .known_types import SHORT, STANDARD
from .prototypes import Prototype
from .tokens import tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final

FLOWS: Final = frozenset({"out", "inout"})
AUTO_LENGTH: Final = Scalar("size", "u", 4)
"""A length that is filled in. In a header rules decide which parameters are that."""

_WORDS: dict[str, CType] = {
    **SHORT,
    "size": AUTO_LENGTH,
    "str": Pointer(CHAR, const=True),
    "bytes": Pointer(STANDARD["uint8_t"], const=True),
    "ptr": Pointer(VOID),
    "size_t": SIZE,
}


def parse_signature(name: str, text: str, known: Mapping[str, CType] | None = None) -> Prototype:
    """Reads the short notation.

    Args:
        name: of the function.
        text: the notation; the function's name may stand before the parentheses, as in C.
        known: more types by name.

    Raises:
        HeaderError: it cannot be read; the place is in `text`.
    """
    if not isinstance(text, str):
        raise TypeError(f"a signature is a str such as 'f64(const f64*, size)', not {type(text).__name__}")
    parser = Parser(
        list(tokens(text, f"<signature of {name}>")), known={**_WORDS, **(known or {})}, flows=FLOWS
    )
    start = parser.token
    if start.kind == "end":
        parser.fail(start, "a signature was expected, not nothing", "for example 'f64(const f64*, size)'")
    specifiers = parser.specifiers()
    assert specifiers.type is not None
    kind: CType = specifiers.type
    const = specifiers.const
    while parser.take("*"):
        kind, const = Pointer(kind, const), parser.token.text == "const"
        if const:
            parser.at += 1
    if parser.token.kind == "name" and parser.token.text == name:
        parser.at += 1
    parser.expect("(")
    params = parser.parameters()
    parser.take(";")
    if parser.token.kind != "end":
        parser.fail(parser.token, f"the signature ends before {parser.token.text!r}")
    for param in params.types:
        if isinstance(param, Pointer) and isinstance(param.target, Function) and not param.target.name:
            param.target.explicit = True
    function = Function(kind, tuple(params.types), tuple(params.names), params.variadic)
    return Prototype(name, function, params.flows, "", start.place)
