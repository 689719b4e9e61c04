"""ctypes types as wasm32 lays them out: where each member lies in the host's object and where in the guest's.

             class S(Structure): _fields_ = [("tag", c_char), ("next", POINTER(S)), ("n", c_int)]

    host     | tag |  7 bytes  |        next (8)         |   n (4)   | 4 bytes |
    guest    | tag |  3  | next (4)  |   n (4)   |

A layout is flat when both are the same bytes: then nothing is converted, and the guest's bytes can be the
object's.
"""

from __future__ import annotations

import ctypes

from .wasm_types import AMBIGUOUS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SimpleType = ctypes._SimpleCData
PointerType = ctypes._Pointer
FunctionType = ctypes._CFuncPtr  # type: ignore[attr-defined]
DATA: Any = ctypes._SimpleCData.__mro__[1]  # _CData, which has no public name

# Letters of simple types -> letters of `struct`; those of pointers and of what cannot cross are not here.
_NUMBERS = {
    "c": "c", "b": "b", "B": "B", "h": "h", "H": "H", "i": "i", "I": "I", "l": "q", "L": "Q", "q": "q",
    "Q": "Q", "f": "f", "d": "d", "?": "?", "u": "I", "v": "h",
}  # fmt: skip
_SIZED = {"c": 1, "b": 1, "B": 1, "h": 2, "H": 2, "i": 4, "I": 4, "q": 8, "Q": 8, "f": 4, "d": 8, "?": 1}
_REFUSED = {
    "g": "long double has 16 bytes in the guest and no counterpart in Python; use c_double",
    "O": "a Python object has no address in the guest; pass an int that stands for it, or use a closure",
    "X": "BSTR is a type of Windows",
}


class Layout:
    """A ctypes type in both places.

    Attributes:
        type: the ctypes class.
        kind: number, address (void*), text (char*), wide (wchar_t*), pointer, function, array, struct, or
            opaque.
        size, align: in the guest; `host_size` here.
        flat: whether the bytes are the same in both.
        code: of numbers in the guest, a letter of `struct`.
        item, count: of an array.
        fields: of a struct or union.
        plain: whether reading a member of this type gives a Python value and not an object of the type.
    """

    __slots__ = (
        "align", "code", "count", "fields", "flat", "host_size", "item", "kind", "plain", "size", "type",
        "union",
    )  # fmt: skip

    def __init__(self, type: Any, kind: str, size: int, align: int, flat: bool) -> None:
        self.type, self.kind, self.size, self.align, self.flat = type, kind, size, align, flat
        self.host_size = ctypes.sizeof(type)
        self.code = ""
        self.item: Layout | None = None
        self.count = 0
        self.fields: tuple[Member, ...] = ()
        self.plain = self.union = False

    def offset_at(self, host_offset: int) -> int:
        """The guest's offset of what lies `host_offset` bytes into the host's object.

        Raises:
            ValueError: no member begins there.
        """
        if self.flat or host_offset == 0:
            return host_offset
        if host_offset == self.host_size:
            return self.size
        if self.item is not None:
            i, rest = divmod(host_offset, self.item.host_size)
            return i * self.item.size + self.item.offset_at(rest)
        for member in self.fields:
            if 0 <= host_offset - member.host_offset < member.layout.host_size:
                return member.offset + member.layout.offset_at(host_offset - member.host_offset)
        raise ValueError(f"{self.type.__name__} has no member at its byte {host_offset}")

    def host_offset_at(self, offset: int) -> int:
        """The other way round."""
        if self.flat or offset == 0:
            return offset
        if offset == self.size:
            return self.host_size
        if self.item is not None:
            i, rest = divmod(offset, self.item.size)
            return i * self.item.host_size + self.item.host_offset_at(rest)
        for member in self.fields:
            if 0 <= offset - member.offset < member.layout.size:
                return member.host_offset + member.layout.host_offset_at(offset - member.offset)
        raise ValueError(f"{self.type.__name__} has no member at the guest's byte {offset}")

    def scalar(self) -> Layout | None:
        """The one number or pointer that it consists of: C for wasm passes such a struct as that value."""
        if self.kind == "array":
            return self.item.scalar() if self.item is not None and self.count == 1 else None
        if self.kind != "struct":
            return self
        filled = [member for member in self.fields if member.layout.size]
        if len(filled) != 1 or filled[0].width or filled[0].layout.size != self.size:
            return None
        return filled[0].layout.scalar()

    def wasm_type(self) -> str:
        """The type of a wasm parameter for it: a struct that is no scalar is passed by its address."""
        one = self.scalar()
        if one is None or one.kind != "number":
            return "i32"
        return {"f": "f32", "d": "f64", "q": "i64", "Q": "i64"}.get(one.code, "i32")

    def __repr__(self) -> str:
        return f"<{self.type.__name__}: {self.size} bytes in the guest>"


class Member:
    """A field: its layout, where it lies in both places, and of a bit-field the `width` and first bit."""

    __slots__ = ("bit", "descriptor", "host_offset", "layout", "name", "offset", "same", "width")

    def __init__(self, name: str, layout: Layout, descriptor: Any, offset: int) -> None:
        self.name, self.layout, self.descriptor, self.offset = name, layout, descriptor, offset
        self.host_offset: int = getattr(descriptor, "byte_offset", descriptor.offset)
        self.same, self.width, self.bit = self.host_offset == offset, 0, 0


class Layouts:
    """The layouts of types. `long_size`: the bytes in the guest of integers that are ambiguous here."""

    def __init__(self, long_size: int | None) -> None:
        self.long_size = long_size
        self.known: dict[Any, Layout] = {}
        self.views: dict[Any, Any] = {}  # see views.py

    def of(self, kind: Any) -> Layout:
        """The layout of a ctypes class.

        Raises:
            TypeError: it is none, or cannot be laid out.
        """
        found = self.known.get(kind)
        if found is not None:
            return found
        kind = getattr(kind, "_wasm_type_", kind)  # the class of a view
        found = self.known.get(kind)
        if found is not None:
            return found
        if not isinstance(kind, type) or not issubclass(kind, DATA):
            raise TypeError(f"{kind!r} is no ctypes type")
        if issubclass(kind, ctypes.Array):
            return self._array(kind)  # not kept: there is one for every length
        found = self._make(kind)
        if found.kind != "opaque":  # its fields may come later
            self.known[kind] = found
        return found

    def _make(self, kind: Any) -> Layout:
        if issubclass(kind, SimpleType):
            return self._simple(kind)
        if issubclass(kind, PointerType):
            return Layout(kind, "pointer", 4, 4, flat=False)
        if issubclass(kind, FunctionType):
            return Layout(kind, "function", 4, 4, flat=False)
        if issubclass(kind, ctypes.Structure | ctypes.Union):
            return self._struct(kind)
        raise TypeError(f"{kind!r} cannot be laid out")

    def _simple(self, kind: Any) -> Layout:
        letter = kind._type_
        pointers = {"P": "address", "z": "text", "Z": "wide"}
        if letter in pointers:
            found = Layout(kind, pointers[letter], 4, 4, flat=False)
        elif letter in _NUMBERS:
            host = _NUMBERS[letter]
            if letter in "lL" and ctypes.sizeof(kind) == 4:
                host = "i" if letter == "l" else "I"
            if letter == "u" and ctypes.sizeof(kind) == 2:
                host = "H"
            code = self._guest_code(kind, "I" if letter == "u" else host)
            size = _SIZED[code]
            if code != host and _is_swapped(kind):
                raise TypeError(f"{kind.__name__} in the other byte order: use a type of a fixed size")
            found = Layout(kind, "number", size, size, flat=code == host)
            found.code = code
        else:
            reason = _REFUSED.get(letter, f"the type code {letter!r} is unknown")
            raise TypeError(f"{kind.__name__} cannot be used with wasm: {reason}")
        found.plain = _is_plain(kind)
        return found

    def _guest_code(self, kind: Any, host: str) -> str:
        stock = next((base for base in kind.__mro__ if base in AMBIGUOUS), None)
        if stock is None:
            return host
        if self.long_size is None:
            signed = host == "q"
            words = ("c_long", "c_ssize_t", "c_int64") if signed else ("c_ulong", "c_size_t", "c_uint64")
            raise TypeError(
                f"{kind.__name__} has 8 bytes here and may have 4 (long, size_t) or 8 (int64_t) in wasm32: "
                f"use {', '.join(words)} of pywasi_native.ffi, or say CDLL(..., long_size=4) or 8"
            )
        return host if self.long_size == 8 else {"q": "i", "Q": "I"}[host]

    def _array(self, kind: Any) -> Layout:
        item = self.of(kind._type_)
        found = Layout(kind, "array", item.size * kind._length_, item.align, item.flat)
        found.item, found.count = item, kind._length_
        return found

    def _struct(self, kind: Any) -> Layout:
        declared = [base for base in reversed(kind.__mro__) if "_fields_" in vars(base)]
        if not declared:
            return Layout(kind, "opaque", 0, 1, flat=False)
        place = _Placing(issubclass(kind, ctypes.Union))
        members: list[Member] = []
        for base in declared:
            pack = getattr(base, "_pack_", 0)
            for name, field_type, *width in vars(base)["_fields_"]:
                layout = self.of(field_type)
                offset, bit = place.next(layout, width[0] if width else 0, pack)
                descriptor = vars(base)[name]
                member = Member(name, layout, descriptor, offset)
                if width:
                    member.width, member.bit = width[0], bit
                    member.same = member.same and _host_bit(descriptor) == bit
                members.append(member)
        align = max(place.align, getattr(kind, "_align_", 1))
        size = -(-place.end // align) * align
        flat = size == ctypes.sizeof(kind) and all(member.layout.flat and member.same for member in members)
        found = Layout(kind, "struct", size, align, flat)
        found.fields, found.union = tuple(members), place.union
        return found


class _Placing:
    """Lays out members one after the other, as clang does for wasm32."""

    def __init__(self, union: bool) -> None:
        self.union, self.end, self.align, self.bits = union, 0, 1, 0

    def next(self, layout: Layout, width: int, pack: int) -> tuple[int, int]:
        """The offset of a member and, of a bit-field, its first bit counted from there."""
        align = min(layout.align, pack) if pack else layout.align
        self.align = max(self.align, align)
        if self.union:
            self.end = max(self.end, layout.size)
            return 0, 0
        if width:
            # It goes into what is left of the last unit of its size, or begins a new one.
            whole = layout.size * 8
            start = self.bits or self.end * 8
            if start // whole != (start + width - 1) // whole and not pack:
                start = -(-start // (align * 8)) * align * 8
            self.bits = start + width
            self.end = -(-self.bits // 8)
            unit = start // whole * layout.size
            return unit, start - unit * 8
        self.bits = 0
        offset = -(-self.end // align) * align
        self.end = offset + layout.size
        return offset, 0


def _is_plain(kind: Any) -> bool:
    """Whether ctypes converts values of it: for its own simple types, not for subclasses of them."""
    return bool(kind.__base__ is SimpleType)


def _host_bit(descriptor: Any) -> int:
    """The first bit of a bit-field in its unit on this host."""
    known = getattr(descriptor, "bit_offset", None)  # since 3.14
    return int(known if known is not None else descriptor.size & 0xFFFF)


def _is_swapped(kind: Any) -> bool:
    other = getattr(kind, "__ctype_le__", kind)
    return other is not kind and getattr(kind, "__ctype_be__", None) is kind


_MADE: dict[int | None, Layouts] = {}


def layouts(long_size: int | None) -> Layouts:
    """The layouts for a library. See `Layouts`."""
    if long_size not in (None, 4, 8):
        raise ValueError(f"long_size is 4 or 8, not {long_size!r}")
    return _MADE.setdefault(long_size, Layouts(long_size))
