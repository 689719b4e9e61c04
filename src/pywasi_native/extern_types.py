"""The types of what modules import and export. ``str()`` gives the text format.

Value types are strings, written as in the text format: ``"i32"``, ``"v128"``, ``"funcref"``, ``"(ref null 3)"
"""

from __future__ import annotations

from ._record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

PAGE_SIZE = 65536
_NUMBERS = ("i32", "i64", "f32", "f64", "v128")
_SHORT = ("funcref", "externref", "anyref", "eqref", "i31ref", "structref", "arrayref", "exnref",
          "nullref", "nullfuncref", "nullexternref", "nullexnref")  # fmt: skip


def check_value_type(text: object) -> str:
    """Gives `text` back if it is a value type.

    Raises:
        TypeError: it is no string.
        ValueError: it is no value type of the text format.
    """
    if not isinstance(text, str):
        raise TypeError(f"a value type is a str such as 'i32', not {type(text).__name__}")
    if text in _NUMBERS or text in _SHORT or (text.startswith("(ref ") and text.endswith(")")):
        return text
    raise ValueError(f"{text!r} is no value type; the number types are {', '.join(_NUMBERS)}")


def _value_types(types: Iterable[str], what: str) -> tuple[str, ...]:
    if isinstance(types, str):
        raise TypeError(f"{what} is a sequence of value types: [{types!r}], not {types!r}")
    return tuple(check_value_type(item) for item in types)


def _index_type(address: str) -> str:
    if address not in ("i32", "i64"):
        raise ValueError(f"the address type is 'i32' or 'i64', not {address!r}")
    return address


def _check_limits(minimum: object, maximum: object) -> None:
    for name, value in (("minimum", minimum), ("maximum", maximum)):
        if value is None and name == "maximum":
            continue
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"the {name} must be an int, not {type(value).__name__}")
        if not 0 <= value < 1 << 64:
            raise ValueError(f"the {name} must not be negative nor exceed 64 bits: {value}")
    if isinstance(minimum, int) and isinstance(maximum, int) and maximum < minimum:
        raise ValueError(f"the maximum {maximum} is smaller than the minimum {minimum}")


def quote(name: str) -> str:
    """A name as a string of the text format."""
    out = []
    for char in name:
        if char in '"\\':
            out.append("\\" + char)
        elif char.isprintable():
            out.append(char)
        else:
            out.append(f"\\u{{{ord(char):x}}}")
    return '"' + "".join(out) + '"'


class FuncType(Record):
    """Parameters and results of a function."""

    __slots__ = _fields = ("params", "results")
    params: tuple[str, ...]
    results: tuple[str, ...]

    def __init__(self, params: Iterable[str] = (), results: Iterable[str] = ()) -> None:
        self._set(_value_types(params, "params"), _value_types(results, "results"))

    def __str__(self) -> str:
        return f"(func{self.signature()})"

    def signature(self) -> str:
        """The inner text: ``" (param i32) (result i32)"``, empty for ``[] -> []``."""
        text = f" (param {' '.join(self.params)})" if self.params else ""
        return text + (f" (result {' '.join(self.results)})" if self.results else "")


class MemoryType(Record):
    """Size limits of a memory, in pages of `page_size` bytes (64 KiB unless the module says otherwise)."""

    __slots__ = _fields = ("minimum", "maximum", "shared", "address", "page_size")
    minimum: int
    maximum: int | None
    shared: bool
    address: str
    """``"i32"``, or ``"i64"`` for a 64-bit memory."""
    page_size: int

    def __init__(
        self,
        minimum: int,
        maximum: int | None = None,
        shared: bool = False,
        address: str = "i32",
        page_size: int = PAGE_SIZE,
    ) -> None:
        _check_limits(minimum, maximum)
        if page_size < 1 or page_size & (page_size - 1):
            raise ValueError(f"the page size must be a power of two, not {page_size}")
        self._set(minimum, maximum, bool(shared), _index_type(address), page_size)

    def __str__(self) -> str:
        words = ["memory", *(["i64"] if self.address == "i64" else []), str(self.minimum)]
        if self.maximum is not None:
            words.append(str(self.maximum))
        if self.shared:
            words.append("shared")
        if self.page_size != PAGE_SIZE:
            words.append(f"(pagesize {self.page_size})")
        return f"({' '.join(words)})"


class TableType(Record):
    """Type of the elements of a table, and size limits in elements."""

    __slots__ = _fields = ("element", "minimum", "maximum", "address")
    element: str
    minimum: int
    maximum: int | None
    address: str

    def __init__(
        self, element: str, minimum: int = 0, maximum: int | None = None, address: str = "i32"
    ) -> None:
        _check_limits(minimum, maximum)
        if check_value_type(element) in _NUMBERS:
            raise ValueError(f"tables hold references, not {element}")
        self._set(element, minimum, maximum, _index_type(address))

    def __str__(self) -> str:
        words = ["table", *(["i64"] if self.address == "i64" else []), str(self.minimum)]
        if self.maximum is not None:
            words.append(str(self.maximum))
        return f"({' '.join(words)} {self.element})"


class GlobalType(Record):
    """Type of the value of a global, and whether it may change."""

    __slots__ = _fields = ("value", "mutable")
    value: str
    mutable: bool

    def __init__(self, value: str, mutable: bool = False) -> None:
        self._set(check_value_type(value), bool(mutable))

    def __str__(self) -> str:
        return f"(global (mut {self.value}))" if self.mutable else f"(global {self.value})"


class TagType(Record):
    """Types of the values that an exception carries."""

    __slots__ = _fields = ("params",)
    params: tuple[str, ...]

    def __init__(self, params: Iterable[str] = ()) -> None:
        self._set(_value_types(params, "params"))

    def __str__(self) -> str:
        return f"(tag{FuncType(self.params).signature()})"


ExternType = FuncType | MemoryType | TableType | GlobalType | TagType
"""What an import or export may be."""


class ImportType(Record):
    """One import of a module."""

    __slots__ = _fields = ("module", "name", "type")
    module: str
    name: str
    type: ExternType

    def __init__(self, module: str, name: str, type: ExternType) -> None:
        self._set(module, name, type)

    def __str__(self) -> str:
        return f"(import {quote(self.module)} {quote(self.name)} {self.type})"


class ExportType(Record):
    """One export of a module."""

    __slots__ = _fields = ("name", "type")
    name: str
    type: ExternType

    def __init__(self, name: str, type: ExternType) -> None:
        self._set(name, type)

    def __str__(self) -> str:
        return f"(export {quote(self.name)} {self.type})"
