"""The declarations that a generated module carries: as C text, and no more than its functions need.

A real header is long: zlib.h has 90 KB, for seven functions. What is left here is read by the same parser
when the module is first used, in a tenth of the time.
"""

from __future__ import annotations

from ..typed.ctype import Array, Enum, Function, Pointer, Scalar, Struct, Unmapped
from ..typed.diagnostics import HeaderError
from ..typed.headers import parse_header
from ..typed.known_types import STANDARD, WORDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..typed.ctype import CType
    from ..typed.headers import Header

_BUILT_IN = {
    kind.name for kind in (*STANDARD.values(), *WORDS.values()) if isinstance(kind, Scalar | Unmapped)
}


def header_text(header: Header, functions: list[str], whole: str) -> str:
    """C text that declares the functions and their types, and the enumerations with a name.

    Args:
        header: what has been read.
        functions: those that are wanted.
        whole: the text that it has been read from; comes back where the short one does not mean the same.
    """
    text = _Writer(header).text(functions)
    try:
        again = parse_header(text, header.name)
    except HeaderError:
        return whole
    return text if _meaning(again, functions) == _meaning(header, functions) else whole


def _meaning(header: Header, functions: list[str]) -> object:
    """All that a user of the functions can tell."""
    reached: dict[int, tuple[str, CType]] = {}

    def reach(kind: CType) -> None:
        if isinstance(kind, Pointer):
            reach(kind.target)
        elif isinstance(kind, Array):
            reach(kind.item)
        elif isinstance(kind, Function):
            for inner in (kind.result, *kind.params):
                reach(inner)
        elif isinstance(kind, Struct) and id(kind) not in reached:
            reached[id(kind)] = (kind.name, kind)
            for field in kind.fields or ():
                reach(field.type)

    found = [header.functions.get(name) for name in functions]
    shown = []
    for item in found:
        if item is None:
            return None
        for kind in (item.result, *(param.type for param in item.params)):
            reach(kind)
        shown.append((item.text, item.doc, [param.flow for param in item.params], item.problem))
    structs = {
        name: (kind.size, kind.align, kind.doc, kind.fields and [
            (field.name, field.type.spell(), field.offset) for field in kind.fields
        ])
        for name, kind in reached.values() if isinstance(kind, Struct)
    }  # fmt: skip
    enums = sorted((enum.name, enum.members) for enum in header.enums if enum.name)
    return shown, structs, enums


class _Writer:
    def __init__(self, header: Header) -> None:
        self.header = header
        self.lines: list[str] = []
        self.known: set[int | str] = set()  # ids of types that are written, names of typedefs
        self.open: list[Struct] = []  # named, their members still to come
        self.aliases: dict[int, list[str]] = {}
        for name, kind in header.typedefs.items():
            self.aliases.setdefault(id(kind), []).append(name)

    def text(self, functions: list[str]) -> str:
        for enum in self.header.enums:
            if enum.name:
                self._enum(enum)
        for name in functions:
            function = self.header.functions[name]
            for kind in (function.result, *(param.type for param in function.params)):
                self._need(kind)
            while self.open:
                self._complete(self.open.pop(0))
            self._comment(function.doc)
            self.lines.append(f"{function.text};")
        return "\n".join(self.lines) + "\n"

    def _comment(self, doc: str) -> None:
        if "*/" in doc:
            self.lines += [f"// {line}".rstrip() for line in doc.split("\n")]
        elif doc:
            self.lines.append(
                "/** " + "\n".join(f" * {line}".rstrip() for line in doc.split("\n"))[3:] + " */"
            )

    def _need(self, kind: CType) -> None:
        """Writes the names of all types that the spelling of one mentions."""
        if isinstance(kind, Pointer):
            self._need(kind.target)
        elif isinstance(kind, Array):
            self._need(kind.item)
        elif isinstance(kind, Function):
            for inner in (kind.result, *kind.params):
                self._need(inner)
            if kind.name and kind.name in self.header.typedefs and self._is_new(kind.name):
                star = "*" if isinstance(self.header.typedefs[kind.name], Pointer) else ""
                self.lines.append(f"typedef {kind.spell(star + kind.name)};")
        elif isinstance(kind, Enum):
            self._enum(kind)
        elif isinstance(kind, Struct):
            self._struct(kind)
        elif isinstance(kind, Scalar) and kind.name not in _BUILT_IN and self._is_new(kind.name):
            self.lines.append(f"typedef {_base(kind)} {kind.name};")

    def _is_new(self, key: int | str) -> bool:
        new = key not in self.known
        self.known.add(key)
        return new

    def _enum(self, kind: Enum) -> None:
        if not self._is_new(id(kind)):
            return
        members = ", ".join(f"{name} = {value}" for name, value in kind.members)
        if kind.name != kind.tag:
            self.lines.append(f"typedef enum {{ {members} }} {kind.name};")
        else:
            self.lines.append(f"enum {kind.tag}{' ' if kind.tag else ''}{{ {members} }};")

    def _struct(self, kind: Struct) -> None:
        if not self._is_new(id(kind)):
            return
        word = "union" if kind.union else "struct"
        if kind.tag:
            if kind.opaque:
                self._comment(kind.doc)
            named = kind.name in self.aliases.get(id(kind), ())
            self.lines.append(
                f"{'typedef ' if named else ''}{word} {kind.tag}{f' {kind.name}' if named else ''};"
            )
            if not kind.opaque:
                self.open.append(kind)
        elif not kind.opaque:
            self._body(kind, f"typedef {word} {{", f"}} {kind.name};")

    def _complete(self, kind: Struct) -> None:
        key = f"{id(kind)} is complete"
        if self._is_new(key):
            self._body(kind, f"{'union' if kind.union else 'struct'} {kind.tag} {{", "};")

    def _body(self, kind: Struct, head: str, tail: str) -> None:
        for field in kind.fields or ():
            self._need(field.type)
            inner = field.type
            while isinstance(inner, Array):
                inner = inner.item
            if isinstance(inner, Struct) and inner.tag and not inner.opaque:
                self._complete(inner)
        self._comment(kind.doc)
        self.lines.append(head)
        self.lines += [f"    {field.type.spell(field.name)};" for field in kind.fields or ()]
        self.lines.append(tail)


def _base(kind: Scalar) -> str:
    if kind.kind in "fbc":
        return {"f": "float" if kind.size == 4 else "double", "b": "_Bool", "c": "char"}[kind.kind]
    return f"{'u' if kind.kind == 'u' else ''}int{8 * kind.size}_t"
