"""Names of parameters, and declarations in C, from the debug information (DWARF 4 and 5) of a module.

    .debug_abbrev   shapes of entries: (tag, has children, (attribute, form)...) by code
    .debug_info     units: header, then a tree of entries: code, values of the attributes
    .debug_str      texts that entries refer to;  .debug_str_offsets: those of DWARF 5 by index

It is for stubs alone, and the bytes are anyone's: what cannot be read is no error, there are just no names.
https://dwarfstd.org/dwarf5std.html, https://webassembly.github.io/debugging/
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_UNIT, _SUBPROGRAM, _PARAMETER = 0x11, 0x2E, 0x05
_NAME, _TYPE, _LINKAGE_NAME, _STR_BASE = 0x03, 0x49, 0x6E, 0x72
_ORIGIN, _SPECIFICATION = 0x31, 0x47
_POINTER, _CONST, _VOLATILE, _RESTRICT, _ARRAY, _FUNCTION = 0x0F, 0x26, 0x35, 0x37, 0x01, 0x15
_WORDS = {0x13: "struct ", 0x17: "union ", 0x04: "enum "}
_FIXED = {
    0x01: 4, 0x0B: 1, 0x05: 2, 0x06: 4, 0x07: 8, 0x0C: 1, 0x0E: 4, 0x11: 1, 0x12: 2, 0x13: 4, 0x14: 8,
    0x17: 4, 0x19: 0, 0x1E: 16, 0x1F: 4, 0x20: 8, 0x25: 1, 0x26: 2, 0x27: 3, 0x28: 4, 0x29: 1, 0x2A: 2,
    0x2B: 3, 0x2C: 4,
}  # fmt: skip
_LEB = frozenset((0x0D, 0x0F, 0x15, 0x1A, 0x1B, 0x22, 0x23))
_BLOCKS = {0x0A: 1, 0x03: 2, 0x04: 4, 0x09: 0, 0x18: 0}  # bytes of the size before them; 0: LEB128
_STRING, _INDIRECT, _IMPLICIT, _STRP, _LINE_STRP = 0x08, 0x16, 0x21, 0x0E, 0x1F
_STRX = frozenset((0x1A, 0x25, 0x26, 0x27, 0x28))
_REFERENCES = frozenset((0x11, 0x12, 0x13, 0x14, 0x15))
_DEEPEST = 12  # pointers to pointers in one type
_LONGEST = 4000  # of a text: bytes of a name, characters of a declaration


class Declared:
    """A function that the debug information knows.

    Attributes:
        params: names of its parameters; "" for those without.
        text: the declaration in C, as far as the types are known.
    """

    __slots__ = ("params", "text")

    def __init__(self, params: tuple[str, ...], text: str) -> None:
        self.params, self.text = params, text


class _Entry:
    __slots__ = ("children", "name", "origin", "outer", "tag", "type")

    def __init__(self, tag: int) -> None:
        self.tag, self.name, self.outer = tag, "", ""
        self.type = self.origin = 0  # offsets of entries
        self.children: list[_Entry] = []


def declared_functions(sections: Iterable[tuple[str, bytes]]) -> dict[str, Declared]:
    """The functions by name, and by the linker's name where that is another.

    Args:
        sections: name and content of the custom sections of a module.
    """
    parts = dict(sections)
    info, abbrev = parts.get(".debug_info", b""), parts.get(".debug_abbrev", b"")
    if not info or not abbrev:
        return {}
    reader = _Reader(
        info, abbrev, parts.get(".debug_str", b""), parts.get(".debug_str_offsets", b""),
        parts.get(".debug_line_str", b""),
    )  # fmt: skip
    try:
        reader.units()
    except (IndexError, ValueError, KeyError, OverflowError):
        return {}
    return reader.functions()


class _Reader:
    def __init__(self, info: bytes, abbrev: bytes, text: bytes, offsets: bytes, lines: bytes) -> None:
        self.info, self.abbrev, self.text, self.offsets, self.lines = info, abbrev, text, offsets, lines
        self.entries: dict[int, _Entry] = {}
        self.spelled: dict[int, str] = {}
        self.at = 0

    def fixed(self, count: int) -> int:
        """A number of so many bytes."""
        if self.at + count > len(self.info):
            raise ValueError("cut off")
        value = int.from_bytes(self.info[self.at : self.at + count], "little")
        self.at += count
        return value

    def leb(self) -> int:
        """An unsigned LEB128 number; of signed ones only the length matters."""
        value, self.at = _leb(self.info, self.at)
        return value

    def units(self) -> None:
        """Reads all entries; those of other versions are passed over."""
        while self.at < len(self.info):
            start = self.at
            length = self.fixed(4)
            end = self.at + length
            if length >= 0xFFFFFFF0 or end > len(self.info):
                raise ValueError("cut off, or in the 64-bit format")
            version = self.fixed(2)
            if version == 5:
                kind = self.fixed(1)
                self.address_size, abbrevs = self.fixed(1), self.fixed(4)
                if kind in (1, 3):
                    self.unit(start, end, abbrevs)
            elif version == 4:
                abbrevs, self.address_size = self.fixed(4), self.fixed(1)
                self.unit(start, end, abbrevs)
            self.at = end

    def unit(self, start: int, end: int, abbrevs: int) -> None:
        """The tree of one unit."""
        shapes = _shapes(self.abbrev, abbrevs)
        self.start, self.base = start, 8
        parents: list[_Entry] = []
        while self.at < end:
            offset, code = self.at, self.leb()
            if code == 0:
                if parents:
                    parents.pop()
                continue
            tag, has_children, attributes = shapes[code]
            entry = self.entries[offset] = _Entry(tag)
            for attribute, form, constant in attributes:
                self.attribute(entry, attribute, form, constant)
            if parents:
                parents[-1].children.append(entry)
            if has_children:
                parents.append(entry)

    def attribute(self, entry: _Entry, attribute: int, form: int, constant: int) -> None:
        """One attribute: kept where it matters."""
        if form == _INDIRECT:
            form = self.leb()
        if attribute in (_NAME, _LINKAGE_NAME):
            shown = self.string(form)
            if attribute == _NAME:
                entry.name = shown
            else:
                entry.outer = shown
            return
        value = constant if form == _IMPLICIT else self.value(form)
        if attribute == _STR_BASE and entry.tag == _UNIT:
            self.base = value
        elif form in _REFERENCES or form == 0x10:
            place = value if form == 0x10 else self.start + value
            if attribute == _TYPE:
                entry.type = place
            elif attribute in (_ORIGIN, _SPECIFICATION):
                entry.origin = place

    def value(self, form: int) -> int:
        """The value of a form that is no text; 0 for blocks."""
        if form in _FIXED and form != 0x01:
            return self.fixed(_FIXED[form])
        if form == 0x01:
            return self.fixed(self.address_size)
        if form == 0x10:
            return self.fixed(4)
        if form in _LEB:
            return self.leb()
        if form in _BLOCKS:
            size = self.fixed(_BLOCKS[form]) if _BLOCKS[form] else self.leb()
            if size > len(self.info) - self.at:
                raise ValueError("cut off")
            self.at += size
            return 0
        if form == _STRING:
            self.string(form)
            return 0
        raise ValueError(f"form {form:#x}")

    def string(self, form: int) -> str:
        """A text in place, in a section, or by index."""
        if form == _STRING:
            found = _text(self.info, self.at)
            self.at += len(found) + 1
            return found.decode("utf-8", "replace")
        if form not in (_STRP, _LINE_STRP) and form not in _STRX:
            self.value(form)
            return ""
        value = self.value(form)
        if form in _STRX:
            at = self.base + 4 * value
            value = int.from_bytes(self.offsets[at : at + 4], "little")
        return _text(self.lines if form == _LINE_STRP else self.text, value).decode("utf-8", "replace")

    # What was read ----------------------------------------------------------------------------------------

    def functions(self) -> dict[str, Declared]:
        """All functions with a name."""
        found: dict[str, Declared] = {}
        for entry in self.entries.values():
            if entry.tag == _SUBPROGRAM:
                about = self.entries.get(entry.origin, entry)
                name = entry.name or about.name
                if name:
                    made = self.declared(entry, about, name)
                    for known in {name, entry.outer or about.outer or name}:
                        if known not in found or len(made.text) > len(found[known].text):
                            found[known] = made
        return found

    def declared(self, entry: _Entry, about: _Entry, name: str) -> Declared:
        """One function."""
        params = [child for child in entry.children if child.tag == _PARAMETER]
        origins = [self.entries.get(param.origin, param) for param in params]
        names = tuple(param.name or origin.name for param, origin in zip(params, origins, strict=True))
        types = [self.spell(param.type or origin.type) for param, origin in zip(params, origins, strict=True)]
        words = [_join(kind, label) for kind, label in zip(types, names, strict=True)]
        result = self.spell(entry.type or about.type)
        return Declared(names, f"{_join(result, name)}({', '.join(words) or 'void'})")

    def spell(self, offset: int, depth: int = 0) -> str:
        """The C text of a type; "?" for what goes too deep, since types may go in circles."""
        found = self.spelled.get(offset)
        if found is None:
            found = self.spell_new(offset, depth)
            self.spelled[offset] = found = found if len(found) < _LONGEST else "?"
        return found

    def spell_new(self, offset: int, depth: int) -> str:
        """The same, for the first time."""
        if not offset:
            return "void"
        entry = self.entries.get(offset)
        if entry is None or depth > _DEEPEST:
            return "?"
        if entry.tag in (_CONST, _VOLATILE, _RESTRICT):
            inner = self.spell(entry.type, depth + 1)
            if entry.tag != _CONST:
                return inner
            return f"{inner} const" if inner.endswith("*") else f"const {inner}"
        if entry.tag in (_POINTER, _ARRAY):
            target = self.entries.get(entry.type)
            if target is not None and target.tag == _FUNCTION:
                return self.spell_function(target, depth)
            inner = self.spell(entry.type, depth + 1)
            return f"{inner}*" if inner.endswith("*") else f"{inner} *"
        return f"{_WORDS.get(entry.tag, '')}{entry.name or '?'}"

    def spell_function(self, entry: _Entry, depth: int) -> str:
        """The C text of a pointer to a function."""
        params = [child for child in entry.children if child.tag == _PARAMETER]
        words = [self.spell(param.type, depth + 1) for param in params]
        return f"{_join(self.spell(entry.type, depth + 1), '(*)')}({', '.join(words) or 'void'})"


def _join(kind: str, name: str) -> str:
    if "(*)" in kind and name:
        return kind.replace("(*)", f"(*{name})", 1)
    return kind + name if kind.endswith("*") or not name else f"{kind} {name}"


def _shapes(data: bytes, at: int) -> dict[int, tuple[int, bool, list[tuple[int, int, int]]]]:
    found: dict[int, tuple[int, bool, list[tuple[int, int, int]]]] = {}
    while True:
        code, at = _leb(data, at)
        if code == 0:
            return found
        tag, at = _leb(data, at)
        has_children, at = data[at] != 0, at + 1
        attributes = []
        while True:
            attribute, at = _leb(data, at)
            form, at = _leb(data, at)
            constant = 0
            if form == _IMPLICIT:
                constant, at = _leb(data, at)
            if attribute == 0 and form == 0:
                break
            attributes.append((attribute, form, constant))
        found[code] = (tag, has_children, attributes)


def _leb(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        if shift < 64:
            value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def _text(data: bytes, at: int) -> bytes:
    end = data.find(b"\0", at, at + _LONGEST)
    if end < 0:
        raise ValueError("a text without an end")
    return data[at:end]
