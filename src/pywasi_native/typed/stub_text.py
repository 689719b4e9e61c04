"""The text of a ``.pyi`` file for what `bind` makes of a header."""

from __future__ import annotations

import re
from keyword import iskeyword

from ..stubgen import docstring
from . import roles as roles_
from .ctype import Array, Enum, Function, Pointer, Scalar, Struct, innermost, is_text
from .handles import closer_of
from .python_types import answer_type, argument_type, is_given, result_type, unique_name
from .rules import NO_RULES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from .ctype import CType, Field
    from .headers import Header
    from .prototypes import Prototype
    from .rules import Rules

# Where the words of annotations come from.
_HOMES = {
    "collections.abc": ("Callable", "Sequence"),
    "enum": ("IntEnum",),
    "typing": ("Any", "Final", "SupportsIndex"),
    "typing_extensions": ("Buffer",),
    "pywasi_native.typed": ("Callback", "Handle", "Pointer", "StructBase"),
}
_HOME_OF = {word: home for home, words in _HOMES.items() for word in words}
_BUILT_IN = frozenset(("bool", "bytes", "float", "int", "memoryview", "object", "property", "str", "tuple"))
_OF_STRUCTS = frozenset(("address", "array", "at", "from_bytes"))
_OVERRIDES = "  # type: ignore[assignment, override, misc, unused-ignore]"
_WORD = re.compile(r"[A-Za-z_]\w*")


class StubText:
    """The parts of a stub. Of one name for two things a function wins, then a constant, as in a `Namespace`.

    Args:
        header: what is bound.
        functions: those that Python is to have; by default all that can be mapped.
        rules: as `bind` gets them.

    Attributes:
        names: all that the module offers, for ``__all__`` or a ``__getattr__``; none begins with ``_``.
        imports: lines that import what `lines` mention.
        lines: constants, classes, functions.
    """

    def __init__(
        self, header: Header, functions: Iterable[str] | None = None, rules: Rules = NO_RULES
    ) -> None:
        self.header, self.rules = header, rules
        wanted = header.functions if functions is None else functions
        named = [*dict.fromkeys([*wanted, *rules.functions])]
        self.prototypes = [found for name in named if not (found := self.prototype(name)).problem]
        taken = {item.name for item in self.prototypes}
        self.constants = {name: value for name, value in header.constants.items() if name not in taken}
        taken.update(self.constants)
        self.types = {name: kind for name, kind in self._types().items() if name not in taken}
        self.offered = {*taken, *self.types}
        self.names = tuple(sorted(name for name in self.offered if _is_offered(name)))
        self.used: set[str] = set()
        self.aliases: set[str] = set()
        body = [*self._constants(), *self._classes(), *self._functions()]
        self.lines = [*self._alias_lines(), *body]
        self.imports = self._import_lines()

    def prototype(self, name: str) -> Prototype:
        """The declaration of a function, or the signature that replaces it."""
        if name in self.rules.functions:
            from .signatures import parse_signature

            return parse_signature(name, self.rules.functions[name], self.header.typedefs)
        return self.header.functions[name]

    def _types(self) -> dict[str, Struct | Enum]:
        """Structs that the functions reach, and all enumerations with a name."""
        found: dict[str, Struct | Enum] = {enum.name: enum for enum in self.header.enums if enum.name}
        waiting: list[CType] = []
        for item in self.prototypes:
            waiting += [item.result, *(param.type for param in item.params)]
        while waiting:
            kind = waiting.pop(0)
            if isinstance(kind, Pointer):
                waiting.append(kind.target)
            elif isinstance(kind, Array):
                waiting.append(kind.item)
            elif isinstance(kind, Function):
                waiting += [kind.result, *kind.params]
            elif isinstance(kind, Struct) and kind.name and kind.name not in found:
                found[kind.name] = kind
                waiting += [field.type for field in kind.fields or ()]
        return found

    # Words ------------------------------------------------------------------------------------------------

    def _show(self, annotation: str, scope: Collection[str] = ()) -> str:
        """An annotation whose words mean the same in a scope that has names of its own."""

        def word(found: re.Match[str]) -> str:
            text = found[0]
            if text in self.types:
                if text in _HOME_OF or not _is_offered(text):
                    return word_of("Any")
                if text in scope:
                    self.aliases.add(text)
                    return f"_{text}"
                return text
            return word_of(text)

        def word_of(text: str) -> str:
            if text not in _HOME_OF and text not in _BUILT_IN and text != "None":
                text = "Any"  # a type whose name means something else here
            self.used.add(text)
            hidden = text in self.offered or text in scope
            if text in _HOME_OF:
                if hidden:
                    self.used.add(f"{text} as _{text}")
                return f"_{text}" if hidden else text
            if text in _BUILT_IN and hidden:
                self.used.add("builtins")
                return f"_builtins.{text}"
            return text

        return _WORD.sub(word, annotation)

    def _import_lines(self) -> list[str]:
        lines = ["import builtins as _builtins"] if "builtins" in self.used else []
        for home, words in sorted(_HOMES.items()):
            shown = [word for word in words if word in self.used and word not in self.offered]
            shown += [f"{word} as _{word}" for word in words if f"{word} as _{word}" in self.used]
            if shown:
                lines.append(f"from {home} import {', '.join(shown)}")
        return lines

    def _alias_lines(self) -> Iterator[str]:
        for name in sorted(self.aliases):
            yield f"_{name} = {name}"

    # Parts ------------------------------------------------------------------------------------------------

    def _constants(self) -> Iterator[str]:
        for name, value in self.constants.items():
            if _is_offered(name):
                shown = repr(value)
                known = shown.lstrip("-")[:1].isdigit() or isinstance(value, str)
                kind = "" if known else f"[{type(value).__name__}]"  # inf and nan are no literals
                yield f"{name}: {self._show('Final')}{kind}" + (f" = {shown}" if known else "")

    def _classes(self) -> Iterator[str]:
        for name, kind in self.types.items():
            if not _is_offered(name):
                yield f"# not importable: {kind}"
            elif isinstance(kind, Enum):
                yield from self._enum(name, kind)
            elif kind.opaque:
                yield from self._class(name, self._show("Handle"), docstring(self._handle_doc(kind)))
            else:
                yield from self._class(name, self._show("StructBase"), self._struct(kind))

    def _handle_doc(self, kind: Struct) -> str:
        closer = closer_of(kind, self.header, dict(self.rules.closes))
        ends = f"`close`, or the end of a `with` block, calls {closer}." if closer else ""
        return f"{kind.doc}\n\n{ends}".strip()

    @staticmethod
    def _class(name: str, base: str, body: Iterable[str]) -> Iterator[str]:
        lines = list(body)
        if lines:
            yield f"class {name}({base}):"
            yield from lines
        else:
            yield f"class {name}({base}): ..."

    def _enum(self, name: str, kind: Enum) -> Iterator[str]:
        body = [
            f"    {member} = {value}" if _is_name(member) else f"    # not importable: {member} = {value}"
            for member, value in kind.members
        ]
        yield from self._class(name, self._show("IntEnum"), body)

    def _struct(self, kind: Struct) -> Iterator[str]:
        fields = [field for field in kind.fields or () if field.name]
        scope = {field.name for field in fields}
        yield from docstring(kind.doc)
        for field in fields:
            if not _is_name(field.name):
                yield f"    # by getattr() alone: {field.type.spell(field.name)}"
            else:
                yield from self._member(field, scope)
        if all(_is_name(field.name) and field.name != "self" for field in fields):
            params = [f"{field.name}: {self._show(_settable(field.type), scope)} = ..." for field in fields]
            yield f"    def __init__({', '.join(['self', *params])}) -> None: ..."

    def _member(self, field: Field, scope: Collection[str]) -> Iterator[str]:
        given, taken = _gettable(field.type), _settable(field.type)
        note = _OVERRIDES if field.name in _OF_STRUCTS else ""
        if given == taken:
            yield f"    {field.name}: {self._show(given, scope)}{note}"
            return
        decorator = self._show("property", scope)
        yield f"    @{decorator}{note}"
        yield f"    def {field.name}(self) -> {self._show(given, scope)}: ...{note}"
        yield f"    @{field.name}.setter{note}"
        yield f"    def {field.name}(self, value: {self._show(taken, scope)}) -> None: ...{note}"

    def _functions(self) -> Iterator[str]:
        for item in self.prototypes:
            if not _is_offered(item.name):
                yield f"# not importable: {item.text}"
                continue
            yield from self._function(item)

    def _function(self, item: Prototype) -> Iterator[str]:
        by_convention = item.name not in self.rules.functions
        roles = roles_.assign(item, by_convention=by_convention, rules=self.rules)
        failure = self.rules.failure(item)
        names: list[str] = []
        params = []
        for role in roles:
            if is_given(role):
                names.append(unique_name(role.param.name, names))
                params.append(f"{names[-1]}: {self._show(argument_type(role))}")
        answer = self._show(answer_type(roles, item.result, failure))
        head = f"def {item.name}({', '.join(params)}) -> {answer}:"
        doc = docstring(item.doc)
        if doc:
            yield head
            yield from doc
        else:
            yield f"{head} ..."

    def text(self, title: str, raw: Iterable[str] = (), raw_words: Collection[str] = ()) -> str:
        """The whole file.

        Args:
            title: the comment in its first line.
            raw: lines for exports that no header declares, as `stubgen` writes them.
            raw_words: what these mention of `pywasi_native`.
        """
        imports = [*self.imports]
        if raw_words:
            imports.insert(0, f"from pywasi_native import {', '.join(sorted(raw_words))}")
        wasm = ["__wasm__: Instance", ""] if "Instance" in raw_words else []
        return "\n".join([f"# {title}", *imports, "", *wasm, *raw, *self.lines, ""])


def _is_name(text: str) -> bool:
    return text.isidentifier() and not iskeyword(text)


def _is_offered(text: str) -> bool:
    return _is_name(text) and not text.startswith("_")


def _gettable(kind: CType) -> str:
    """The type of a member when it is read."""
    if isinstance(kind, Array):
        if is_text(kind.item):
            return "bytes"
        item, shape = innermost(kind)
        if isinstance(item, Struct) and not item.opaque and len(shape) == 1:
            return f"Sequence[{result_type(item)}]"
        return f"memoryview[{_number_type(item)}]" if kind.size else "memoryview"
    return result_type(kind)


def _settable(kind: CType) -> str:
    """The type of what a member can be set to."""
    if isinstance(kind, Array):
        if is_text(kind.item):
            return "bytes | str"
        item, shape = innermost(kind)
        if isinstance(item, Struct):
            return f"Sequence[{result_type(item)}]" if not item.opaque and len(shape) == 1 else "Buffer"
        return "Sequence[" * len(shape) + _number_type(item) + "]" * len(shape)
    if isinstance(kind, Pointer):
        name = kind.target.name if isinstance(kind.target, Struct) and not kind.target.opaque else ""
        return f"{name} | SupportsIndex | None" if name else "SupportsIndex | None"
    return "int" if isinstance(kind, Enum) else result_type(kind)


def _number_type(kind: CType) -> str:
    """The Python type of an item of an array."""
    return result_type(kind) if isinstance(kind, Scalar) else "int"
