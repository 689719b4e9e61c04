"""A parser of C declarations: functions, structs, unions, enumerations, typedefs, function pointers.

One pass over the tokens, no backtracking; nesting is bounded. Bodies of functions are skipped.
"""

from __future__ import annotations

from .constants import Expression
from .ctype import (
    VOID,
    Array,
    CType,
    Enum,
    Function,
    Pointer,
    Scalar,
    Struct,
    Unmapped,
    Void,
)  # fmt: skip
from .diagnostics import HeaderError, Place
from .known_types import STANDARD, TYPE_WORDS, WORDS
from .tokens import Cursor, Token, clean_comment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn

_DEEPEST = 60
_STORAGE = frozenset("typedef extern static inline __inline __inline__ register auto _Thread_local".split())
_QUALIFIERS = frozenset(
    "const __const volatile __volatile__ restrict __restrict __restrict__ _Atomic _Noreturn __extension__ "
    "_Nonnull _Nullable".split()
)
_WITH_PARENTHESES = frozenset(
    "__attribute__ __attribute __declspec _Alignas __asm__ __asm asm noexcept".split()
)
_RESERVED = TYPE_WORDS | _STORAGE | _QUALIFIERS | {"struct", "union", "enum", "sizeof"}


class Declared:
    """A function that a header declares."""

    __slots__ = ("doc", "flows", "name", "place", "type")

    def __init__(self, name: str, type: Function, place: Place, doc: str, flows: dict[int, str]) -> None:
        self.name, self.type, self.place, self.doc, self.flows = name, type, place, doc, flows


class _Suffix:
    """What a declarator does to its type: a pointer (`const` itself), an array, or a function."""

    __slots__ = ("const", "count", "function")

    def __init__(
        self, *, const: bool = False, count: int | None = None, function: _Params | None = None
    ) -> None:
        self.const, self.count, self.function = const, count, function


class _Params:
    __slots__ = ("flows", "names", "types", "variadic")

    def __init__(self) -> None:
        self.types: list[CType] = []
        self.names: list[str] = []
        self.flows: dict[int, str] = {}
        self.variadic = False


class Specifiers:
    """What stands before a declarator: the type and how it is stored."""

    __slots__ = ("const", "flow", "storage", "type")

    def __init__(self) -> None:
        self.type: CType | None = None
        self.const, self.flow = False, ""
        self.storage: set[str] = set()


class Parser(Cursor):
    """Reads declarations from tokens.

    Args:
        tokens: of the source; an ``end`` is the last one.
        known: types by name beside those of C and its standard headers.
        constants: what names stand for in constant expressions.
        flows: words that may stand before a parameter: ``out``, ``inout``.
        skipped: headers that were not read, for the advice about unknown types.
    """

    def __init__(
        self,
        tokens: list[Token],
        known: Mapping[str, CType] | None = None,
        constants: Mapping[str, object] | None = None,
        flows: frozenset[str] = frozenset(),
        skipped: list[str] | None = None,
    ) -> None:
        super().__init__(tokens)
        self.types: dict[str, tuple[CType, bool]] = {name: (kind, False) for name, kind in STANDARD.items()}
        self.types.update({name: (kind, False) for name, kind in (known or {}).items()})
        self.constants: dict[str, object] = dict(constants or {})
        self.flow_words, self.skipped = flows, skipped or []
        self.tags: dict[str, Struct | Enum] = {}
        self.structs: dict[str, Struct] = {}
        self.enums: list[Enum] = []
        self.functions: dict[str, Declared] = {}
        self.variables: dict[str, CType] = {}

    @property
    def token(self) -> Token:
        """The next token."""
        return self.tokens[self.at]

    def file(self) -> None:
        """Reads all declarations up to the end.

        Raises:
            HeaderError: something that is no declaration, or a type that nobody declares.
        """
        while self.token.kind != "end":
            if self.take(";"):
                continue
            if self.token.text == "extern" and self.tokens[self.at + 1].kind == "string":
                self._linkage()
            elif self.token.text in ("_Static_assert", "static_assert", "__asm__", "asm"):
                self.at += 1
                self._skip_balanced()
            elif not self._end_of_linkage():
                self._declaration()

    def _linkage(self) -> None:
        """``extern "C" {``: the brace closes later."""
        self.at += 2
        self.take("{")

    def _end_of_linkage(self) -> bool:
        return self.take("}")

    def _declaration(self) -> None:
        first = self.token
        doc = first.doc
        specifiers = self.specifiers()
        assert specifiers.type is not None
        if self.take(";"):
            if isinstance(specifiers.type, Struct) and not specifiers.type.doc:
                specifiers.type.doc = clean_comment(doc)
            return
        while True:
            start = self.token
            name, kind, params = self.declarator(specifiers.type, specifiers.const)
            if name is None:
                self.fail(start, f"a name was expected, not {_shown(start)}", self._advice_for(first))
            self._attributes()
            if "typedef" in specifiers.storage:
                self._typedef(name, kind, specifiers.const, doc)
            elif isinstance(kind, Function):
                if self.token.text == "{":
                    self._skip_balanced()
                    return
                if not specifiers.storage & {"static"} and params is not None:
                    self._function(name, kind, params, doc, first)
            else:
                self.variables.setdefault(name.text, kind)
                if self.take("="):
                    self._skip_initializer()
            if self.take(";"):
                return
            if not self.take(","):
                self.fail(self.token, f"a ; is missing before {_shown(self.token)}", self._advice_for(first))

    def _function(self, name: Token, kind: Function, params: _Params, doc: str, first: Token) -> None:
        text = clean_comment(doc)
        known = self.functions.get(name.text)
        if known is None or (text and not known.doc):
            self.functions[name.text] = Declared(name.text, kind, first.place, text, params.flows)

    def _typedef(self, name: Token, kind: CType, const: bool, doc: str) -> None:
        if isinstance(kind, Scalar):
            kind = Scalar(name.text, kind.kind, kind.size)
        elif isinstance(kind, Struct | Enum):
            if kind.name == kind.tag:
                kind.name = name.text
            if isinstance(kind, Struct):
                self.structs.setdefault(kind.name, kind)
                kind.doc = kind.doc or clean_comment(doc)
        else:
            function = kind.target if isinstance(kind, Pointer) else kind
            if isinstance(function, Function) and not function.name:
                function.name = name.text
        self.types[name.text] = (kind, const and not isinstance(kind, Pointer))

    # Specifiers ------------------------------------------------------------------------------------------

    def specifiers(self) -> Specifiers:
        """Reads what stands before a declarator.

        Raises:
            HeaderError: there is no type, or one that nobody declares.
        """
        found, words, start = Specifiers(), [], self.token
        while self.token.kind == "name":
            text = self.token.text
            if text in _STORAGE:
                found.storage.add(text)
            elif text in _QUALIFIERS:
                found.const = found.const or text in ("const", "__const")
            elif text in TYPE_WORDS:
                words.append("signed" if text == "__signed__" else text)
            elif text in ("struct", "union", "enum"):
                found.type = self._tagged(text)
                continue
            elif text in _WITH_PARENTHESES:
                self.at += 1
                self._skip_balanced()
                continue
            elif found.type is not None or words:
                if not self._is_mark(text):
                    break  # the declarator's name
            elif text in self.flow_words and not found.flow:
                found.flow = text
            elif text in self.types:
                found.type, const = self.types[text]
                found.const = found.const or const
            elif not self._is_mark(text):
                self._unknown(self.token)
            else:
                self.at += 1
                if self.token.text == "(":
                    self._skip_balanced()
                continue
            self.at += 1
        if words:
            found.type = self._words(words, start)
        if found.type is None:
            self.fail(self.token, f"a type was expected, not {_shown(self.token)}")
        return found

    def _is_mark(self, text: str) -> bool:
        """Whether an unknown name is taken for a macro like ``MYLIB_API``: capitals, and more follows."""
        after = self.tokens[self.at + 1]
        if text in self.types or text != text.upper():
            return False
        return after.kind == "name" or (after.text == "(" and self._closes_before_name(self.at + 1))

    def _closes_before_name(self, at: int) -> bool:
        depth = 0
        for i, token in enumerate(self.tokens[at : at + 200], at):
            if depth == 0 and i > at:
                return token.kind == "name" and token.text not in _WITH_PARENTHESES | _QUALIFIERS \
                    and self.tokens[i + 1].text != ";"  # fmt: skip
            depth += (token.text == "(") - (token.text == ")")
        return False

    def _words(self, words: list[str], start: Token) -> CType:
        key = sorted(words)
        if len(key) > 1 and "int" in key:
            key.remove("int")
        if "signed" in key and "char" not in key:
            key.remove("signed")
            key = key or ["int"]
        if key == ["unsigned"]:
            key = ["int", "unsigned"]
        if "_Complex" in key:
            return Unmapped(
                "_Complex", 16, "complex numbers are passed in parts; use a struct of two doubles"
            )
        found = WORDS.get(tuple(key))
        if found is None:
            self.fail(start, f"{' '.join(words)!r} is no type of C")
        return found

    def _unknown(self, token: Token) -> NoReturn:
        from ..linking import closest

        advice = closest(token.text, self.types).removeprefix("; ") or "declare it before its first use"
        if self.skipped:
            advice = (
                f"it may come from {', '.join(self.skipped[:3])}: preprocess the header first (zig cc -E)"
            )
        self.fail(token, f"the type {token.text!r} is not declared", advice)

    def _advice_for(self, first: Token) -> str:
        if first.kind == "name" and first.text not in self.types and first.text not in _RESERVED:
            return f"is {first.text} a macro of another header? Preprocess it first (zig cc -E)"
        return ""

    def _tagged(self, word: str) -> CType:
        """``struct``, ``union`` or ``enum``, with or without a body."""
        start = self.token
        self.at += 1
        packed = self._attributes()
        tag = ""
        if self.token.kind == "name":
            tag = self.token.text
            self.at += 1
        packed = self._attributes() or packed
        if word == "enum":
            return self._enum(tag, start)
        known = self.tags.get(f"{word} {tag}") if tag else None
        struct = known if isinstance(known, Struct) else Struct(tag, word == "union")
        if tag:
            self.tags[f"{word} {tag}"] = struct
            self.structs.setdefault(tag, struct)
        if self.token.text == "{":
            self._enter()
            self._body(struct, packed, start)
            self.depth -= 1
        elif not tag:
            self.fail(self.token, f"a name or {{ was expected after {word}")
        return struct

    def _body(self, struct: Struct, packed: bool, start: Token) -> None:
        if struct.fields is not None or struct.problem:
            self.fail(start, f"{struct} is defined twice")
        struct.doc = clean_comment(start.doc)
        self.at += 1
        members: list[tuple[str, CType]] = []
        while not self.take("}"):
            if self.take(";"):
                continue
            self._members(struct, members)
        packed = self._attributes() or packed
        if not struct.problem.startswith("it has bit-fields"):
            struct.complete(members, packed)

    def _members(self, struct: Struct, members: list[tuple[str, CType]]) -> None:
        specifiers = self.specifiers()
        assert specifiers.type is not None
        if isinstance(specifiers.type, Struct) and self.take(";"):
            if not specifiers.type.tag:  # with a tag it declares a type and no member
                members.append(("", specifiers.type))
            return
        while True:
            start = self.token
            if start.text == ":":
                name, kind = start, specifiers.type
            else:
                found, kind, _ = self.declarator(specifiers.type, specifiers.const)
                if found is None:
                    self.fail(start, f"the name of a member was expected, not {_shown(start)}")
                name = found
            if self.take(":"):
                self.constant()
                struct.problem = (
                    "it has bit-fields, whose layout is the compiler's; use whole integers with masks"
                )
            self._attributes()
            self._check_member(name, kind)
            members.append((name.text, kind))
            if self.take(";"):
                return
            if not self.take(","):
                self.fail(self.token, f"a ; is missing before {_shown(self.token)}")

    def _check_member(self, name: Token, kind: CType) -> None:
        inner = kind
        while isinstance(inner, Array):
            inner = inner.item
        if isinstance(inner, Void | Function) or (
            isinstance(inner, Struct) and inner.opaque and not inner.problem
        ):
            self.fail(name, f"the member {name.text} has the incomplete type {kind}")

    def _enum(self, tag: str, start: Token) -> CType:
        if self.token.text != "{":
            known = self.tags.get(f"enum {tag}")
            if known is None:
                self.fail(start, f"enum {tag} is not defined before its use", "define it first")
            return known
        self.at += 1
        members: list[tuple[str, int]] = []
        value = 0
        while not self.take("}"):
            name = self.token
            if name.kind != "name":
                self.fail(name, f"the name of a constant was expected, not {_shown(name)}")
            self.at += 1
            self._attributes()
            if self.take("="):
                value = self.constant()
            members.append((name.text, value))
            self.constants[name.text] = value
            value += 1
            if not self.take(",") and self.token.text != "}":
                self.fail(self.token, f"a , is missing before {_shown(self.token)}")
        made = Enum(tag, tuple(members))
        if tag:
            self.tags[f"enum {tag}"] = made
        self.enums.append(made)
        return made

    def _attributes(self) -> bool:
        """Skips ``__attribute__((...))`` and the like; whether ``packed`` was among them."""
        packed = False
        while self.token.text in _WITH_PARENTHESES or self.token.text in _QUALIFIERS:
            start = self.at
            self.at += 1
            if self.tokens[start].text in _WITH_PARENTHESES:
                self._skip_balanced()
            packed = packed or any("packed" in token.text for token in self.tokens[start : self.at])
        while self.token.kind == "name" and self.token.text == self.token.text.upper() \
                and self.token.text not in self.types and self.token.text not in _RESERVED \
                and self.tokens[self.at + 1].text in (";", "(", ","):  # fmt: skip
            if self.tokens[self.at - 1].text not in (")", "]"):
                break
            self.at += 1  # MYLIB_PRINTF(1, 2) behind the parameters
            if self.token.text == "(":
                self._skip_balanced()
        return packed

    # Declarators -----------------------------------------------------------------------------------------

    def declarator(self, base: CType, const: bool) -> tuple[Token | None, CType, _Params | None]:
        """Reads a declarator: its name if it has one, its type, and the parameters if it is a function."""
        name, steps = self._declarator()
        kind = base
        params: _Params | None = None
        for step in steps:
            if step.function is not None:
                params = step.function
                kind = Function(kind, tuple(params.types), tuple(params.names), params.variadic)
                const = False
            elif step.count is not None:
                kind = Array(kind, step.count)
            else:
                kind = Pointer(kind, const)
                const = step.const
        return name, kind, params if isinstance(kind, Function) else None

    def _declarator(self) -> tuple[Token | None, list[_Suffix]]:
        self._enter()
        pointers: list[_Suffix] = []
        inner: list[_Suffix] = []
        suffixes: list[_Suffix] = []
        name: Token | None = None
        while True:
            if self.take("*") or self.take("^"):
                pointers.append(_Suffix())
            elif self.token.text in _QUALIFIERS and self.token.kind == "name":
                if pointers and self.token.text in ("const", "__const"):
                    pointers[-1].const = True
                self.at += 1
            elif self.token.text in _WITH_PARENTHESES:
                self.at += 1
                self._skip_balanced()
            elif self.token.kind == "name" and self._is_mark(self.token.text):
                self.at += 1
            else:
                break
        if self.token.kind == "name" and self.token.text not in _RESERVED:
            name = self.token
            self.at += 1
        elif self.token.text == "(" and self._is_nested():
            self.at += 1
            name, inner = self._declarator()
            self.expect(")")
        while self.token.text in ("[", "("):
            suffixes.append(self._suffix())
        self.depth -= 1
        return name, [*pointers, *reversed(suffixes), *inner]

    def _is_nested(self) -> bool:
        """Whether a ( begins a declarator in parentheses and not parameters."""
        after = self.tokens[self.at + 1]
        if after.kind == "mark":
            return after.text in ("*", "(", "^", "[")
        return after.kind == "name" and after.text not in self.types and after.text not in _RESERVED \
            and after.text not in self.flow_words  # fmt: skip

    def _suffix(self) -> _Suffix:
        if self.take("["):
            while self.token.text in ("static", *_QUALIFIERS):
                self.at += 1
            if self.take("]"):
                return _Suffix(count=0)
            count = self.constant()
            if not 0 <= count < 1 << 31:
                self.fail(self.token, f"an array cannot have {count} elements")
            self.expect("]")
            return _Suffix(count=count)
        self.expect("(")
        return _Suffix(function=self.parameters())

    def parameters(self) -> _Params:
        """Reads parameters and the ) behind them."""
        found = _Params()
        if self.take(")"):
            return found
        while True:
            if self.take("..."):
                found.variadic = True
                self.expect(")")
                return found
            specifiers = self.specifiers()
            assert specifiers.type is not None
            name, kind, _ = self.declarator(specifiers.type, specifiers.const)
            self._attributes()
            kind = _as_parameter(kind, specifiers.const)
            if specifiers.flow:
                found.flows[len(found.types)] = specifiers.flow
            found.types.append(kind)
            found.names.append(name.text if name else "")
            if self.take(")"):
                break
            if not self.take(","):
                self.fail(self.token, f"a , or ) is missing before {_shown(self.token)}")
        if len(found.types) == 1 and found.types[0] is VOID and not found.names[0]:
            return _Params()
        if any(isinstance(kind, Void) for kind in found.types):
            self.fail(self.token, "a parameter cannot be void")
        return found

    # Small steps -----------------------------------------------------------------------------------------

    def constant(self) -> int:
        """Reads a constant expression."""
        expression = Expression(self.tokens, self.at, self._constant_named, self._size_of)
        value = expression.read()
        self.at = expression.at
        return value

    def _constant_named(self, name: str) -> int | None:
        value = self.constants.get(name)
        return value if isinstance(value, int) else None

    def _size_of(self, at: int) -> tuple[int, int]:
        kept, self.at = self.at, at
        self.expect("(")
        specifiers = self.specifiers()
        assert specifiers.type is not None
        _, kind, _ = self.declarator(specifiers.type, specifiers.const)
        self.expect(")")
        end, self.at = self.at, kept
        return kind.size, end

    def expect(self, mark: str) -> None:
        """Takes a mark.

        Raises:
            HeaderError: there is something else.
        """
        if not self.take(mark):
            self.fail(self.token, f"a {mark} is missing before {_shown(self.token)}")

    def _enter(self) -> None:
        self.depth += 1
        if self.depth > _DEEPEST:
            self.fail(self.token, "this declaration is nested too deeply")

    def _skip_balanced(self) -> None:
        """Skips what stands in the brackets that begin here, if any do."""
        closing = {"(": ")", "{": "}", "[": "]"}
        start, open_marks = self.token, []
        while self.token.kind != "end":
            text = self.token.text if self.token.kind == "mark" else ""
            if text in closing:
                open_marks.append(closing[text])
            elif not open_marks:
                return
            elif text == open_marks[-1]:
                open_marks.pop()
                if not open_marks:
                    self.at += 1
                    return
            self.at += 1
        self.fail(start, f"this {start.text} is never closed")

    def _skip_initializer(self) -> None:
        while self.token.kind != "end" and self.token.text not in (";", ","):
            if self.token.text in ("(", "{", "["):
                self._skip_balanced()
            else:
                self.at += 1

    def fail(self, token: Token, problem: str, advice: str = "") -> NoReturn:
        """Raises HeaderError at a token."""
        raise HeaderError(token.place, problem, advice)


def _as_parameter(kind: CType, const: bool) -> CType:
    """Arrays and functions become pointers in a list of parameters."""
    if isinstance(kind, Array):
        return Pointer(kind.item, const)
    return Pointer(kind) if isinstance(kind, Function) else kind


def _shown(token: Token) -> str:
    return "the end of the header" if token.kind == "end" else repr(token.text[:40])
