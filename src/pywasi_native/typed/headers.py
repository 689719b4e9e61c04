"""C headers: what they declare."""

from __future__ import annotations

from .declarations import Parser
from .preprocess import Preprocessor
from .prototypes import Prototype

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from .ctype import CType, Enum, Struct


class Header:
    """What a C header declares.

    Attributes:
        name: of the header, for messages.
        functions: by name, in the order of the header. Those that cannot be called have a `problem`.
        structs: structs and unions by name (the typedef's where there is one); opaque ones have no fields.
        enums: in the order of the header; those without a name are only their constants.
        typedefs: what the names of types stand for, without those of the standard headers.
        constants: members of enumerations, and macros that are a number or a string.
    """

    __slots__ = ("constants", "enums", "functions", "name", "structs", "typedefs")

    def __init__(self, name: str) -> None:
        self.name = name
        self.functions: dict[str, Prototype] = {}
        self.structs: dict[str, Struct] = {}
        self.enums: tuple[Enum, ...] = ()
        self.typedefs: dict[str, CType] = {}
        self.constants: dict[str, int | float | str] = {}

    @property
    def refused(self) -> dict[str, str]:
        """The functions that cannot be mapped, with the reason as one line."""
        return {
            name: f"{function.place}: {function.problem}"
            for name, function in self.functions.items()
            if function.problem
        }

    def __repr__(self) -> str:
        return f"<C header {self.name} of {len(self.functions)} functions>"


def parse_header(
    text: str,
    name: str = "<header>",
    *,
    include: Callable[[str], str | None] | None = None,
    files: Collection[str] | None = None,
) -> Header:
    """Reads a C header.

    Conditions and macros are followed as a compiler for wasm32-wasi would; ``#include`` is passed over,
    unless `include` gives the file's text. The output of a preprocessor (``zig cc -E``) can be read too.

    Args:
        text: of the header.
        name: of the file, for messages.
        include: gives the text of an included file by its name in the source, None to pass it over.
        files: the files whose functions count, where `text` is preprocessed; None: all.

    Raises:
        HeaderError: it cannot be read; one line with the place and advice.
    """
    preprocessor = Preprocessor(include)
    tokens = preprocessor.run(text, name)
    parser = Parser(tokens, constants=preprocessor.numbers(), skipped=preprocessor.skipped)
    standard = set(parser.types)
    parser.file()
    header = Header(name)
    header.functions = {
        item.name: Prototype(item.name, item.type, item.flows, item.doc, item.place)
        for item in parser.functions.values()
        if files is None or item.place.file in files
    }
    header.structs = {struct.name: struct for struct in parser.structs.values()}
    header.enums = tuple(parser.enums)
    header.typedefs = {key: kind for key, (kind, _) in parser.types.items() if key not in standard}
    header.constants = {
        key: value
        for key, value in parser.constants.items()
        if isinstance(value, int | float | str) and not key.startswith("__")
    }
    return header
