"""C data as cffi shows it: objects that stand for places in a library's memory.

A pointer (``p.x``, ``p[0]``, ``p + 1``), an array, whose bounds are checked, a struct, or a number that
`FFI.cast` has made.
"""

from __future__ import annotations

import struct

from ..typed.ctype import Array, CType, Enum, Function, Pointer, Scalar, Struct, Void
from .cdef import is_byte, is_char, is_open, is_same, is_wide
from .guest import U32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, NoReturn

    from .guest import Guest


class CData:
    """A C value. Made by `FFI.new`, `FFI.cast` and calls.

    Its slots: the library's memory, the type, the address (where a pointer points), and what it keeps alive.
    """

    __slots__ = ("__weakref__", "_at", "_guest", "_keep", "_type")
    _guest: Any
    _type: CType
    _at: Any
    _keep: Any

    def __init__(self) -> None:
        raise TypeError("C data is made by FFI.new, FFI.cast and calls")

    def __repr__(self) -> str:
        return f"<cdata {str(self._type)!r} {self._shown()}>"

    def _shown(self) -> str:
        owner = self._keep
        if isinstance(owner, Block) and owner.address == self._at:
            return f"owning {owner.size} bytes"
        return f"{self._at:#x}" if self._at else "NULL"

    def _refuse(self, what: str) -> NoReturn:
        raise TypeError(f"cdata of type {str(self._type)!r} {what}")

    def __call__(self, *args: Any) -> Any:
        """Calls the function behind a function pointer."""
        from .cdata_calls import call_pointer

        return call_pointer(self, args)

    def __len__(self) -> int:
        self._refuse("has no len()")

    def __getitem__(self, index: Any) -> Any:
        self._refuse("cannot be indexed")

    def __setitem__(self, index: Any, value: Any) -> None:
        self._refuse("cannot be indexed")

    def __iter__(self) -> Iterator[Any]:
        self._refuse("is not iterable")

    def __bool__(self) -> bool:
        return bool(self._at)

    def __enter__(self) -> CData:
        if not isinstance(self._keep, Block):
            raise ValueError(f"{self!r} owns nothing: with is for what new() and gc() have made")
        return self

    def __exit__(self, *_error: object) -> None:
        release(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CData):
            return NotImplemented
        return bool(self._at == other._at and (self._guest is other._guest or not self._at))

    def __hash__(self) -> int:
        return hash((id(self._guest), self._at)) if self._at else 0


class Block:
    """Memory that a C object owns: freed with it, or by a destructor."""

    __slots__ = ("__weakref__", "address", "destructor", "guest", "keep", "size")

    def __init__(self, guest: Guest, address: int, size: int) -> None:
        self.guest, self.address, self.size = guest, address, size
        self.destructor: Any = None
        self.keep: Any = {}  # what pointers in it need, by address

    def free(self) -> None:
        """Frees it, once."""
        address, self.address = self.address, 0
        if address:
            self.guest.release(address)

    def __del__(self) -> None:
        self.free()


class Managed:
    """The destructor of `FFI.gc`, which is called with the pointer when the last reference to it goes."""

    __slots__ = ("__weakref__", "address", "destructor", "keep", "origin", "size")

    def __init__(self, origin: CData, destructor: Any) -> None:
        self.origin, self.destructor, self.address, self.size = origin, destructor, origin._at, 0
        self.keep = getattr(origin._keep, "keep", None)

    def free(self) -> None:
        """Calls it, once."""
        destructor, self.destructor = self.destructor, None
        if destructor is not None:
            destructor(self.origin)

    def __del__(self) -> None:
        self.free()


def release(data: CData) -> None:
    """Frees what `new` has allocated, or calls the destructor of `gc`, now.

    Raises:
        ValueError: it owns nothing.
    """
    owner = data._keep
    if not isinstance(owner, Block | Managed):
        raise ValueError(f"{data!r} owns nothing that could be released")
    owner.free()


class CNumber(CData):
    """A number with a C type."""

    __slots__ = ()

    def _shown(self) -> str:
        return repr(self._at)

    def __int__(self) -> int:
        if isinstance(self._at, bytes):
            return ord(self._at)
        return int(self._at)

    def __float__(self) -> float:
        return float(self._at)

    def __eq__(self, other: object) -> bool:
        return bool(self._at == (other._at if isinstance(other, CNumber) else other))

    __hash__ = CData.__hash__


class _Indexed(CData):
    __slots__ = ()

    def _item(self) -> CType:
        raise NotImplementedError

    def _place(self, index: int) -> int:
        raise NotImplementedError

    def _owner(self) -> Any:
        return self._keep

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            start, stop = self._bounds(index)
            kind = Array(self._item(), stop - start)
            return make(self._guest, kind, self._place(start) if stop > start else self._at, self._owner())
        return read(self._guest, self._item(), self._place(_index(index)), self._owner())

    def __setitem__(self, index: Any, value: Any) -> None:
        item = self._item()
        if not isinstance(index, slice):
            write(self._guest, item, self._place(_index(index)), value, self._keep)
            return
        start, stop = self._bounds(index)
        if isinstance(value, bytes | bytearray | memoryview) and is_byte(item):
            values: Any = bytes(value)
            if len(values) == stop - start:
                self._guest.memory.write(self._place(start), values)
                return
        values = list(value)
        if len(values) != stop - start:
            raise ValueError(f"need {stop - start} values to unpack, got {len(values)}")
        for i, one in enumerate(values, start):
            write(self._guest, item, self._place(i), one, self._keep)

    def _bounds(self, index: slice) -> tuple[int, int]:
        if index.step is not None:
            raise ValueError("slice with step not supported")
        if index.start is None or index.stop is None:
            raise IndexError("slice start and stop must be specified")
        start, stop = _index(index.start), _index(index.stop)
        if start > stop:
            raise IndexError("slice start > stop")
        return start, stop

    def __add__(self, offset: Any) -> Any:
        item = self._item()
        address = (self._at + _index(offset) * _sized(item)) & U32
        return make(self._guest, Pointer(item), address, self._keep)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        if not isinstance(other, CData):
            return self + -_index(other)
        if not isinstance(other, _Indexed) or not is_same(self._item(), other._item()):
            raise TypeError(f"cannot subtract cdata {str(other._type)!r} and cdata {str(self._type)!r}")
        return (self._at - other._at) // _sized(self._item())

    def __lt__(self, other: CData) -> bool:
        return bool(self._at < other._at)

    def __le__(self, other: CData) -> bool:
        return bool(self._at <= other._at)

    def __gt__(self, other: CData) -> bool:
        return bool(self._at > other._at)

    def __ge__(self, other: CData) -> bool:
        return bool(self._at >= other._at)


class CPointer(_Indexed):
    """A pointer."""

    __slots__ = ()

    def _item(self) -> CType:
        assert isinstance(self._type, Pointer)
        return self._type.target

    def _place(self, index: int) -> int:
        item, owner = self._item(), self._keep
        if isinstance(owner, Block) and owner.address == self._at and index != 0:
            raise IndexError(f"cdata {str(self._type)!r} can only be indexed by 0")
        if not self._at:
            raise RuntimeError(f"cannot dereference null pointer from cdata {str(self._type)!r}")
        return int(self._at) + index * _sized(item)

    def __getattr__(self, name: str) -> Any:
        target = self._item()
        if not isinstance(target, Struct):
            raise AttributeError(f"cdata {str(self._type)!r} has no field {name!r}")
        _field(target, name)
        return member(self._guest, target, self._place(0), name, self._keep)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _SLOTS:
            object.__setattr__(self, name, value)
            return
        target = self._item()
        if not isinstance(target, Struct):
            raise AttributeError(f"cdata {str(self._type)!r} has no field {name!r}")
        set_member(self._guest, target, self._place(0), name, value, self._keep)

    def __dir__(self) -> list[str]:
        target = self._item()
        return [field.name for field in target.fields or ()] if isinstance(target, Struct) else []


class CArray(_Indexed):
    """An array."""

    __slots__ = ()

    def _shown(self) -> str:
        return super()._shown() if isinstance(self._keep, Block) else f"at {self._at:#x}"

    def _item(self) -> CType:
        assert isinstance(self._type, Array)
        return self._type.item

    def __len__(self) -> int:
        assert isinstance(self._type, Array)
        return self._type.count

    def _place(self, index: int) -> int:
        count = len(self)
        if not 0 <= index < count and not is_open(self._type):
            raise IndexError(f"index {index} is outside of cdata {str(self._type)!r}")
        return int(self._at) + index * _sized(self._item())

    def _bounds(self, index: slice) -> tuple[int, int]:
        start = 0 if index.start is None else index.start
        stop = len(self) if index.stop is None else index.stop
        found = super()._bounds(slice(start, stop, index.step))
        if found[0] < 0 or (found[1] > len(self) and not is_open(self._type)):
            raise IndexError(f"index too large (expected {found[1]} <= {len(self)})")
        return found

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        return True


class CStruct(CData):
    """A struct or union."""

    __slots__ = ()

    def _shown(self) -> str:
        return f"at {self._at:#x}"

    def __getattr__(self, name: str) -> Any:
        assert isinstance(self._type, Struct)
        return member(self._guest, self._type, self._at, name, self._keep)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _SLOTS:
            object.__setattr__(self, name, value)
            return
        assert isinstance(self._type, Struct)
        set_member(self._guest, self._type, self._at, name, value, self._keep)

    def __dir__(self) -> list[str]:
        assert isinstance(self._type, Struct)
        return [field.name for field in self._type.fields or ()]


_SLOTS = frozenset(CData.__slots__)


def make(guest: Any, kind: CType, at: Any, keep: Any = None) -> Any:
    """The object for a type; `at` is the address of an array or struct, else the value."""
    if isinstance(kind, Pointer):
        cls: type[CData] = CPointer
    elif isinstance(kind, Array):
        cls = CArray
    else:
        cls = CStruct if isinstance(kind, Struct) else CNumber
    found = cls.__new__(cls)
    found._guest, found._type, found._at, found._keep = guest, kind, at, keep
    return found


def _index(value: Any) -> int:
    if isinstance(value, CNumber):
        return int(value)
    if not hasattr(type(value), "__index__"):
        raise TypeError(f"an index is an int, not {type(value).__name__}")
    return int(value.__index__())


def _sized(kind: CType) -> int:
    if isinstance(kind, Struct):
        check_struct(kind)
    return kind.size


def check_struct(kind: Struct) -> None:
    """Raises TypeError where nothing is known about the members of a struct."""
    if kind.problem:
        raise TypeError(f"ctype {str(kind)!r} cannot be used: {kind.problem}")
    if kind.opaque:
        raise TypeError(f"ctype {str(kind)!r} is opaque: cdef does not say what it consists of")


# ---- members and values -----------------------------------------------------------------------


def _field(kind: Struct, name: str) -> tuple[CType, int]:
    check_struct(kind)
    for field in kind.fields or ():
        if field.name == name:
            return field.type, field.offset
    from ..linking import closest

    names = [field.name for field in kind.fields or ()]
    raise AttributeError(f"cdata {str(kind)!r} has no field {name!r}{closest(name, names)}")


def member(guest: Any, kind: Struct, at: int, name: str, keep: Any) -> Any:
    """The value of a member."""
    inner, offset = _field(kind, name)
    return read(guest, inner, at + offset, keep)


def set_member(guest: Any, kind: Struct, at: int, name: str, value: Any, keep: Any) -> None:
    """Sets a member."""
    inner, offset = _field(kind, name)
    write(guest, inner, at + offset, value, keep)


def read(guest: Any, kind: CType, at: int, keep: Any = None) -> Any:
    """What Python sees of the value at an address: numbers as such, else C data."""
    if isinstance(kind, Struct):
        check_struct(kind)
        _inside(guest, at, kind.size)
        return make(guest, kind, at, keep)
    if isinstance(kind, Array):
        _inside(guest, at, kind.size)
        return make(guest, kind, at, keep)
    if isinstance(kind, Pointer):
        return make(guest, kind, int.from_bytes(guest.memory.read(at, 4), "little"))
    if isinstance(kind, Scalar | Enum):
        return number_of(kind, guest.memory.read(at, kind.size))
    raise TypeError(f"cdata of type {str(kind)!r} cannot be read")


def _inside(guest: Any, at: int, size: int) -> None:
    if not 0 <= at <= guest.memory.size - size:
        raise IndexError(f"{size} bytes at {at:#x} do not lie in the memory of {guest.name}")


def number_of(kind: CType, data: bytes) -> Any:
    """The number that bytes mean: of `char` a bytes, of `wchar_t` a str."""
    if is_char(kind):
        return data
    scalar = kind.scalar if isinstance(kind, Enum) else kind
    assert isinstance(scalar, Scalar)
    if is_wide(kind):
        return chr(int.from_bytes(data, "little"))
    return struct.unpack(f"<{scalar.code}", data)[0]


def number_bytes_of(kind: CType, value: Any) -> bytes:
    """A number as it lies in memory.

    Raises:
        OverflowError: it does not fit.
        TypeError: it is no such number.
    """
    scalar = kind.scalar if isinstance(kind, Enum) else kind
    if not isinstance(scalar, Scalar):
        raise TypeError(f"ctype {str(kind)!r} has no values in Python: {kind.problem or 'it is no number'}")
    if isinstance(value, CNumber):
        value = value._at
    if is_char(kind) or is_wide(kind):
        return _character(kind, scalar, value)
    if scalar.kind == "f":
        if isinstance(value, bytes | str) or not hasattr(type(value), "__float__"):
            if not hasattr(type(value), "__index__"):
                raise TypeError(f"initializer for ctype {str(kind)!r} must be a number, not {_name(value)}")
            value = value.__index__()
        return struct.pack(f"<{scalar.code}", float(value))
    if not hasattr(type(value), "__index__"):
        raise TypeError(f"initializer for ctype {str(kind)!r} must be an integer, not {_name(value)}")
    number = value.__index__()
    bits = 8 * scalar.size
    low, high = (-(1 << bits - 1), 1 << bits - 1) if scalar.signed else (0, 1 << bits)
    if scalar.kind == "b":
        high = 2
    if not low <= number < high:
        raise OverflowError(f"integer {number} does not fit {str(kind)!r}")
    return int(number).to_bytes(scalar.size, "little", signed=scalar.signed)


def _character(kind: CType, scalar: Scalar, value: Any) -> bytes:
    wide = is_wide(kind)
    if isinstance(value, str if wide else bytes) and len(value) == 1:
        return ord(value).to_bytes(scalar.size, "little")
    what = "unicode string of length 1" if wide else "bytes of length 1"
    raise TypeError(f"initializer for ctype {str(kind)!r} must be a {what}, not {_name(value)}")


def _name(value: Any) -> str:
    if isinstance(value, CData):
        return f"cdata {str(value._type)!r}"
    return f"{type(value).__name__}{f' of length {len(value)}' if isinstance(value, bytes | str) else ''}"


# ---- initializers -----------------------------------------------------------------------------


def write(guest: Any, kind: CType, at: int, value: Any, keep: Any = None) -> None:
    """Sets the value at an address, as an initializer does.

    Raises:
        TypeError, OverflowError: it is not for this type.
        IndexError: it has too many elements, or does not lie in the memory.
    """
    if isinstance(kind, Struct):
        _write_struct(guest, kind, at, value, keep)
    elif isinstance(kind, Array):
        _write_array(guest, kind, at, value, keep)
    elif isinstance(kind, Pointer):
        word = pointer_for(guest, kind, value)
        guest.memory.write(at, word.to_bytes(4, "little"))
        _hold(keep, at, value if isinstance(value, CData) else None)
    else:
        guest.memory.write(at, number_bytes_of(kind, value))


def _hold(keep: Any, at: int, value: Any) -> None:
    """Keeps what a pointer leads to as long as the block that the pointer lies in."""
    places = getattr(keep, "keep", None)
    if isinstance(places, dict):
        places[at] = None if value is None else value._keep


def _write_struct(guest: Any, kind: Struct, at: int, value: Any, keep: Any) -> None:
    check_struct(kind)
    if isinstance(value, CStruct):
        if value._type is not kind:
            raise TypeError(f"initializer for ctype {str(kind)!r} must not be {_name(value)}")
        _same_memory(guest, value)
        guest.memory.write(at, guest.memory.read(value._at, kind.size))
        return
    names = [field.name for field in kind.fields or ()]
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list | tuple):
        if len(value) > (1 if kind.union else len(names)):
            raise ValueError(f"too many values for {str(kind)!r} (got {len(value)})")
        pairs = list(zip(names, value, strict=False))
    else:
        what = f"must be a list or tuple or dict, not {_name(value)}"
        raise TypeError(f"initializer for ctype {str(kind)!r} {what}")
    for name, one in pairs:
        set_member(guest, kind, at, name, one, keep)


def _write_array(guest: Any, kind: Array, at: int, value: Any, keep: Any) -> None:
    item, count = kind.item, kind.count
    if isinstance(value, CArray) and is_same(value._type, kind):
        _same_memory(guest, value)
        guest.memory.write(at, guest.memory.read(value._at, kind.size))
        return
    if (isinstance(value, bytes | bytearray) and is_byte(item)) or (isinstance(value, str) and is_wide(item)):
        if len(value) > count:
            raise IndexError(f"initializer bytes is too long for {str(kind)!r} (got {len(value)} characters)")
        guest.memory.write(at, wide_bytes(value) if isinstance(value, str) else value)
        if len(value) < count:
            guest.memory.write(at + len(value) * item.size, bytes(item.size))
        return
    if not isinstance(value, list | tuple) and not hasattr(value, "__iter__"):
        raise TypeError(f"initializer for ctype {str(kind)!r} must be a list or tuple, not {_name(value)}")
    values = list(value)
    if isinstance(value, str | bytes | dict):
        raise TypeError(f"initializer for ctype {str(kind)!r} must be a list or tuple, not {_name(value)}")
    if len(values) > count:
        raise IndexError(f"too many values for {str(kind)!r} (got {len(values)})")
    for i, one in enumerate(values):
        write(guest, item, at + i * item.size, one, keep)


def wide_bytes(text: str) -> bytes:
    """A str as wchar_t has it."""
    return text.encode("utf-32-le", "surrogatepass")


def _same_memory(guest: Any, value: CData) -> None:
    if value._guest is not None and value._guest is not guest:
        raise ValueError(f"{value!r} lies in the memory of {value._guest.name}, not of {guest.name}")


def pointer_for(guest: Any, kind: Pointer, value: Any) -> int:
    """The address that a pointer is set to by a C object.

    Raises:
        TypeError: it is none, or of another type.
    """
    if not isinstance(value, CData) or isinstance(value, CNumber | CStruct):
        raise TypeError(f"initializer for ctype {str(kind)!r} must be a cdata pointer, not {_name(value)}")
    _same_memory(guest, value)
    source = value._type
    assert isinstance(source, Pointer | Array)
    target = source.target if isinstance(source, Pointer) else source.item
    wanted = kind.target
    either = isinstance(target, Void) or isinstance(wanted, Void)
    bytes_both = is_byte(target) and is_byte(wanted)
    if not (either or bytes_both or is_same(target, wanted)) or (
        either and isinstance(target, Function) != isinstance(wanted, Function) and isinstance(source, Array)
    ):
        what = f"must be a pointer to same type, not {_name(value)}"
        raise TypeError(f"initializer for ctype {str(kind)!r} {what}")
    return int(value._at)
