"""`FFI`: wasm libraries as cffi's ABI mode shows shared ones: ``cdef`` and ``dlopen``, no compiler."""

from __future__ import annotations

import ctypes
from pathlib import PurePath

from ..engine import Func, Global
from ..linking import closest
from ..typed.ctype import Array, Enum, Function, Pointer, Scalar, Struct, Void
from ..typed.ctype import CType as _Type
from .cdata import (
    Block,
    CArray,
    CNumber,
    CPointer,
    CStruct,
    Managed,
    check_struct,
    make,
    number_of,
    read,
    release,
    write,
)
from .cdata import (
    CData as _Data,
)
from .cdata_calls import callback, function
from .cdef import CDefError, Declarations, is_byte, is_char, is_open, is_wide
from .guest import U32, Guest, guest_for
from .images import Extent, kept_image
from .layouts import layouts
from .library import open_library
from .type_objects import TypeObject

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

    from ..instance import Instance
    from ..limits import Limits
    from ..linking import Imports
    from ..module import Module
    from ..sources import Source
    from ..wasi import Wasi

_VOID_POINTER = Pointer(Void())


class Lib:
    """What `FFI.dlopen` gives: functions, variables and constants as attributes."""

    def __init__(self, ffi: FFI, guest: Guest) -> None:
        self.__dict__["_ffi"], self.__dict__["_guest"] = ffi, guest

    def __getattr__(self, name: str) -> Any:
        declared, guest = self._ffi._declared, self._guest
        if name in declared.functions:
            found = guest.instance.exports.get(name)
            if not isinstance(found, Func):
                near = closest(name, [k for k, v in guest.instance.exports.items() if isinstance(v, Func)])
                advice = near or f"; if it is in the C source, link with -Wl,--export={name}"
                raise AttributeError(f"{guest.name} exports no function {name!r}{advice}")
            made = self.__dict__[name] = function(guest, name, declared.functions[name], found)
            return made
        if name in declared.constants:
            return declared.constants[name]
        if name in declared.variables:
            return read(guest, declared.variables[name], self._place(name))
        known = [*declared.functions, *declared.variables, *declared.constants]
        near = closest(name, known) or "; declare it with cdef()"
        raise AttributeError(f"cdef declares no {name!r}{near}")

    def __setattr__(self, name: str, value: Any) -> None:
        variables = self._ffi._declared.variables
        if name not in variables:
            raise AttributeError(f"{name!r} is no variable that cdef declares{closest(name, variables)}")
        write(self._guest, variables[name], self._place(name), value)

    def _place(self, name: str) -> int:
        found = self._guest.instance.exports.get(name)
        if not isinstance(found, Global) or found.type.mutable or found.type.value != "i32":
            raise AttributeError(
                f"{self._guest.name} exports no variable {name!r}; link it with -Wl,--export={name}"
            )
        return int(found.value) & U32

    def __dir__(self) -> list[str]:
        declared = self._ffi._declared
        return [*declared.functions, *declared.variables, *declared.constants]

    def __repr__(self) -> str:
        return f"<Lib object for {self._guest.name!r}>"


class FFI:
    """cffi's `FFI` for one wasm library.

    All objects lie in the library's memory, with pointers of 4 bytes. What differs from cffi's by that:
    `new`, `callback`, `new_handle` and `from_buffer` need the library, so `dlopen` comes first, and once:
    another `FFI` for each library, with `include` for shared types. `from_buffer` gives a copy that is
    brought up to date before and after each call. Pointers are checked at each access: IndexError. An
    exception in a callback without `error` and `onerror` is raised by the call. A function that is not
    declared as it is in the module is a TypeError. Bit-fields, ``long double``, `packed=True` and the API
    mode (`set_source`, `verify`) are refused; `new_allocator` is not there.
    """

    CData = _Data
    CType = TypeObject
    error = CDefError
    NULL: Any = make(None, _VOID_POINTER, 0)

    def __init__(self) -> None:
        self._declared = Declarations()
        self._guest: Guest | None = None
        self._handles: dict[int, Any] = {}

    # Declarations ------------------------------------------------------------------------------------------

    def cdef(
        self, csource: str, override: bool = False, packed: bool = False, pack: int | None = None
    ) -> None:
        """Declares functions, types, variables and constants, written in C.

        Raises:
            FFI.error: they cannot be read; one line with the place.
        """
        del override
        if packed or pack is not None:
            raise NotImplementedError(
                "write __attribute__((packed)) behind the struct in place of packed=True"
            )
        self._declared.add(csource)

    def include(self, other: FFI) -> None:
        """Takes over the types and constants of another `FFI`."""
        self._declared.include(other._declared)

    def dlopen(
        self,
        name: Source | Module | Instance,
        flags: int = 0,
        *,
        imports: Imports | None = None,
        wasi: Wasi | None = None,
        limits: Limits | None = None,
    ) -> Lib:
        """Loads the library: a path or the bytes of a module, a `Module`, or an `Instance`.

        For `imports`, `wasi` and `limits` see `Module.instantiate`. Without `wasi` the library has no
        capabilities. `flags` is for cffi's sake, without effect.

        Raises:
            RuntimeError: this object has a library already.
        """
        del flags
        if name is None:
            raise TypeError(
                "dlopen(None) is the process, which a wasm library cannot reach; name a .wasm file"
            )
        label, instance = open_library(name, imports, wasi, limits)
        guest = guest_for(instance, PurePath(label).name or "the module", layouts(None))
        if self._guest is not None and self._guest is not guest:
            raise RuntimeError(
                f"this FFI has opened {self._guest.name} already; make an FFI for each library"
            )
        self._guest = guest
        return Lib(self, guest)

    def dlclose(self, lib: Lib) -> None:
        """Forgets the library; what refers to its memory keeps it alive."""
        if lib._guest is self._guest:
            self._guest = None

    def _library(self, what: str) -> Guest:
        if self._guest is None:
            raise RuntimeError(f"{what} needs the memory of a library: call dlopen() first")
        return self._guest

    def _type(self, kind: str | TypeObject | _Data) -> _Type:
        if isinstance(kind, str):
            return self._declared.type(kind)
        if isinstance(kind, TypeObject):
            return kind._type
        raise TypeError(f"expected a string, a ctype or a cdata object, got {type(kind).__name__}")

    # Types -------------------------------------------------------------------------------------------------

    def typeof(self, cdecl: str | _Data) -> TypeObject:
        """The type that a string stands for, or that C data has."""
        return TypeObject(cdecl._type if isinstance(cdecl, _Data) else self._type(cdecl))

    def sizeof(self, cdecl: str | TypeObject | _Data) -> int:
        """The bytes of a type or C data, in wasm32."""
        kind = cdecl._type if isinstance(cdecl, _Data) else self._type(cdecl)
        if isinstance(kind, Struct):
            check_struct(kind)
        if isinstance(kind, Void | Function) or (is_open(kind) and not isinstance(cdecl, _Data)):
            raise ValueError(f"ctype {str(kind)!r} is of unknown size")
        return kind.size

    def alignof(self, cdecl: str | TypeObject) -> int:
        """The alignment of a type."""
        kind = self._type(cdecl)
        if isinstance(kind, Struct):
            check_struct(kind)
        return kind.align

    def offsetof(self, cdecl: str | TypeObject, *fields: str | int) -> int:
        """The offset of a member, or of an element of one, and so on."""
        kind, found = self._type(cdecl), 0
        if not fields:
            raise TypeError("offsetof() takes at least one field")
        for field in fields:
            kind, step = _step(kind, field)
            found += step
        return found

    def getctype(self, cdecl: str | TypeObject, replace_with: str = "") -> str:
        """The type in C, with a name or ``*`` where a declaration has it."""
        return self._type(cdecl).spell(replace_with.strip())

    # Objects -----------------------------------------------------------------------------------------------

    def new(self, cdecl: str | TypeObject, init: Any = None) -> Any:
        """Allocates: ``new("T *", init)`` or ``new("T[n]", init)``; freed with the object.

        Raises:
            TypeError: it is no pointer and no array, or the initializer does not fit.
            MemoryError: the library has no more.
        """
        guest = self._library("new()")
        kind = self._type(cdecl)
        if isinstance(kind, Pointer):
            inner: _Type = kind.target
            if isinstance(inner, Void | Function):
                raise TypeError(f"cannot instantiate ctype {str(inner)!r} of unknown size")
            # As in cffi: "char *" gets a zero behind it.
            size = inner.size + (inner.size if is_char(inner) or is_wide(inner) else 0)
        elif isinstance(kind, Array):
            inner = kind = _lengthened(kind, init)
            init = None if isinstance(init, int) and not isinstance(init, bool) else init
            size = kind.size
        else:
            raise TypeError(f"expected a pointer or array ctype, got {str(kind)!r}")
        if isinstance(inner, Struct):
            check_struct(inner)
            size = inner.size
        with guest.lock:
            block = Block(guest, guest.allocate(size), size)
            guest.memory.write(block.address, bytes(size))
            if init is not None:
                write(guest, inner, block.address, init, block)
        return make(guest, kind, block.address, block)

    def cast(self, cdecl: str | TypeObject, source: Any) -> Any:
        """A number or pointer of another type, from C data or a number."""
        kind = self._type(cdecl)
        if isinstance(kind, Pointer):
            guest = source._guest if isinstance(source, _Data) and source._guest is not None else self._guest
            keep = source._keep if isinstance(source, _Data) else None
            if isinstance(source, CPointer | CArray):
                return make(guest, kind, source._at, keep)
            return make(guest, kind, self._address(source) & U32)
        if isinstance(kind, Enum | Scalar):
            return make(self._guest, kind, _converted(kind, source))
        raise TypeError(f"cannot cast to ctype {str(kind)!r}")

    def _address(self, source: Any) -> int:
        if not isinstance(source, CNumber) and not hasattr(type(source), "__index__"):
            raise TypeError(f"cannot cast {type(source).__name__} to a pointer")
        number = int(source)
        if number > U32 and self._guest is not None:
            return self._guest.address_of(number) or number
        return number

    def addressof(self, data: Any, *fields: str | int) -> Any:
        """A pointer to C data, to a member of it, or to a variable or function of the library."""
        if isinstance(data, Lib):
            (name,) = fields
            declared = self._declared
            if name in declared.functions:
                return getattr(data, str(name))
            kind = declared.variables.get(str(name))
            if kind is None:
                near = closest(str(name), declared.variables)
                raise AttributeError(f"cdef declares no variable {name!r}{near}")
            return make(data._guest, Pointer(kind), data._place(str(name)))
        if isinstance(data, CPointer) and fields:
            kind, at = data._item(), data._at
        elif isinstance(data, CStruct | CArray):
            kind, at = data._type, data._at
        else:
            raise TypeError("expected a cdata struct or array, or a pointer to one with a field")
        for field in fields:
            kind, step = _step(kind, field)
            at += step
        return make(data._guest, Pointer(kind), at, data._keep)

    def string(self, cdata: _Data, maxlen: int = -1) -> Any:
        """The string of a char or wchar_t pointer or array, as bytes or str; the name of an enumerator."""
        kind = cdata._type
        if isinstance(cdata, CNumber):
            if isinstance(kind, Enum):
                names = (name for name, value in kind.members if value == cdata._at)
                return next(names, str(cdata._at))
            if is_char(kind) or is_wide(kind):
                return cdata._at
        item = kind.target if isinstance(kind, Pointer) else kind.item if isinstance(kind, Array) else kind
        if not (is_wide(item) or (is_byte(item) and not isinstance(item, Void))) or item is kind:
            raise TypeError(f"string(): unexpected cdata type {str(kind)!r}")
        if not cdata:
            raise RuntimeError(f"cannot use string() on {cdata!r}")
        if isinstance(kind, Array) and not is_open(kind):
            maxlen = kind.count if maxlen < 0 else min(maxlen, kind.count)
        return _text(cdata, item, maxlen)

    def unpack(self, cdata: _Data, length: int) -> Any:
        """A number of elements at a pointer: bytes of char, str of wchar_t, else a list."""
        kind = cdata._type
        if not isinstance(cdata, CPointer | CArray):
            raise TypeError(f"expected a pointer or array, got {str(kind)!r}")
        item = cdata._item()
        if length < 0:
            raise ValueError("'length' cannot be negative")
        if is_char(item) or is_wide(item):
            data = cdata._guest.memory.read(cdata._at, length * item.size)
            return data if is_char(item) else data.decode("utf-32-le", "surrogatepass")
        return [read(cdata._guest, item, cdata._at + i * item.size, cdata._keep) for i in range(length)]

    def buffer(self, cdata: _Data, size: int = -1) -> Any:
        """The bytes at a pointer or of an array: read, written, and with the buffer protocol."""
        kind = cdata._type
        if not isinstance(cdata, CPointer | CArray):
            raise TypeError(f"expected a pointer or array cdata, got {str(kind)!r}")
        if size < 0:
            size = cdata._item().size if isinstance(cdata, CPointer) else kind.size
        return buffer_over(cdata, size)

    def from_buffer(self, cdecl: Any, python_buffer: Any = None, require_writable: bool = False) -> Any:
        """A C array for a Python buffer: a copy, brought up to date before and after every call."""
        if python_buffer is None:
            cdecl, python_buffer = "char[]", cdecl
        guest, kind = self._library("from_buffer()"), self._type(cdecl)
        view = memoryview(python_buffer)
        if isinstance(python_buffer, str) or not view.contiguous:
            raise TypeError("from_buffer() takes a contiguous buffer")
        if require_writable and view.readonly:
            raise BufferError("Object is not writable.")
        extent = _extent(python_buffer, view)
        image = kept_image(guest, extent)
        if isinstance(kind, Array):
            if is_open(kind):
                kind = Array(kind.item, view.nbytes // kind.item.size)
            elif kind.size > view.nbytes:
                raise ValueError(
                    f"a buffer of {view.nbytes} bytes is too small for {str(kind)!r} ({kind.size})"
                )
        elif not isinstance(kind, Pointer):
            raise TypeError(f"expected a pointer or array ctype, got {str(kind)!r}")
        return make(guest, kind, image.address, image)

    def memmove(self, dest: Any, src: Any, n: int) -> None:
        """Copies bytes between C data and buffers."""
        if n < 0:
            raise ValueError("negative size")
        if isinstance(src, _Data):
            data = src._guest.memory.read(src._at, n)
        else:
            data = bytes(memoryview(src).cast("B")[:n])
        if len(data) < n:
            raise ValueError(f"right operand length must be at least {n}, not {len(data)}")
        if isinstance(dest, _Data):
            dest._guest.memory.write(dest._at, data)
        else:
            memoryview(dest).cast("B")[:n] = data

    def gc(self, cdata: _Data, destructor: Callable[[Any], Any] | None, size: int = 0) -> Any:
        """The same pointer, with a destructor for when it is not needed any more; None takes it away."""
        del size
        if destructor is None:
            if isinstance(cdata._keep, Managed):
                cdata._keep.destructor = None
            return None
        return make(cdata._guest, cdata._type, cdata._at, Managed(cdata, destructor))

    def release(self, cdata: _Data) -> None:
        """Frees what `new` allocated, or calls the destructor of `gc`, now."""
        release(cdata)

    def new_handle(self, x: Any) -> Any:
        """A ``void *`` that stands for a Python object, as long as it is kept alive."""
        guest = self._library("new_handle()")
        block = Block(guest, guest.allocate(1), 1)
        made = make(guest, _VOID_POINTER, block.address, block)
        self._handles = {at: (ref, obj) for at, (ref, obj) in self._handles.items() if ref() is not None}
        import weakref

        self._handles[block.address] = (weakref.ref(block), x)
        return made

    def from_handle(self, x: _Data) -> Any:
        """The object that `new_handle` was given.

        Raises:
            ValueError: it is no handle, or nothing keeps it alive.
        """
        if not isinstance(x, CPointer):
            raise TypeError("from_handle() takes a pointer that new_handle() has made")
        reference, found = self._handles.get(x._at, (None, None))
        if reference is None or reference() is None:
            raise ValueError(f"{x!r} is no handle, or the handle is not alive any more")
        return found

    def callback(
        self,
        cdecl: str | TypeObject,
        python_callable: Callable[..., Any] | None = None,
        error: Any = None,
        onerror: Callable[..., Any] | None = None,
    ) -> Any:
        """A function pointer for a Python function, or a decorator that makes one; keep it alive."""
        guest, kind = self._library("callback()"), self._type(cdecl)
        if isinstance(kind, Pointer) and isinstance(kind.target, Function):
            kind = kind.target
        if not isinstance(kind, Function):
            raise TypeError(f"expected a function ctype, got {str(kind)!r}")
        of = kind
        if python_callable is None:
            return lambda target: callback(guest, of, target, error, onerror)
        if not callable(python_callable):
            raise TypeError(f"expected a callable object, not {type(python_callable).__name__}")
        return callback(guest, kind, python_callable, error, onerror)

    @property
    def errno(self) -> int:
        """`errno` of the last call, with the numbers of this host; for the next call where it is set."""
        return ctypes.get_errno()

    @errno.setter
    def errno(self, value: int) -> None:
        ctypes.set_errno(value)

    def init_once(self, function: Callable[[], Any], tag: object) -> Any:
        """Calls a function once for each tag; gives its result."""
        done = self.__dict__.setdefault("_once", {})
        if tag not in done:
            done[tag] = function()
        return done[tag]

    def _api_mode(self, *_args: Any, **_named: Any) -> NoReturn:
        raise NotImplementedError(
            "this is cffi's API mode, which compiles for the host; build the C source with `pywasi build` "
            "and use dlopen()"
        )

    set_source = verify = compile = emit_c_code = distutils_extension = def_extern = embedding_api = _api_mode


def _step(kind: _Type, field: str | int) -> tuple[_Type, int]:
    """The type and offset of a member or element."""
    if isinstance(field, int):
        if not isinstance(kind, Array):
            raise TypeError(f"ctype {str(kind)!r} has no elements")
        return kind.item, field * kind.item.size
    if not isinstance(kind, Struct):
        raise TypeError(f"ctype {str(kind)!r} has no fields")
    check_struct(kind)
    for one in kind.fields or ():
        if one.name == field:
            return one.type, one.offset
    raise KeyError(field)


def _lengthened(kind: Array, init: Any) -> Array:
    """An array type with the length that the initializer gives it."""
    if not is_open(kind):
        if isinstance(init, int):
            raise TypeError(f"initializer for ctype {str(kind)!r} must be a list or tuple, not int")
        return kind
    if init is None:
        raise ValueError("array item of unknown size: give a length, as in 'int[10]', or an initializer")
    if isinstance(init, int):
        if init < 0:
            raise ValueError("negative array length")
        count = init
    elif isinstance(init, bytes | bytearray | str) and (is_byte(kind.item) or is_wide(kind.item)):
        count = len(init) + 1
    else:
        count = len(init)
    if count * kind.item.size > U32:
        raise OverflowError(f"{kind.item}[{count}] does not fit in the memory of a library")
    return Array(kind.item, count)


def _converted(kind: _Type, source: Any) -> Any:
    """A number by the rules of C."""
    scalar = kind.scalar if isinstance(kind, Enum) else kind
    assert isinstance(scalar, Scalar)
    if isinstance(source, CPointer | CArray | CNumber):
        source = source._at
    if isinstance(source, bytes | str):
        if len(source) != 1:
            raise TypeError(f"cannot cast {type(source).__name__} of length {len(source)} to {str(kind)!r}")
        source = ord(source)
    if scalar.kind == "f":
        number = float(source)
        return ctypes.c_float(number).value if scalar.size == 4 else number
    number = int(source)
    if scalar.kind == "b":
        return bool(number)
    return number_of(kind, (number & (1 << 8 * scalar.size) - 1).to_bytes(scalar.size, "little"))


def _text(cdata: _Data, item: _Type, maxlen: int) -> Any:
    guest, at, width = cdata._guest, cdata._at, item.size
    if maxlen >= 0:
        data = guest.memory.read(at, maxlen * width)
        units = [data[i : i + width] for i in range(0, len(data), width)]
        data = b"".join(units[: units.index(bytes(width))] if bytes(width) in units else units)
    else:
        data = guest.terminated(at, width)
    if not is_wide(item):
        return data
    return data.decode("utf-16-le" if width == 2 else "utf-32-le", "surrogatepass")


def _extent(owner: Any, view: memoryview) -> Extent:
    size = view.nbytes
    if view.readonly:
        data = owner if isinstance(owner, bytes) else view.tobytes()
        address = ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value or 0
        return Extent(data, address, size, constant=True)
    array = (ctypes.c_char * size).from_buffer(owner)
    return Extent(array, ctypes.addressof(array), size)


class _BufferItems:
    """What the arrays of `FFI.buffer` have beside those of ctypes."""

    def __setitem__(self, index: Any, value: Any) -> None:
        view = memoryview(self).cast("B")  # type: ignore[arg-type]
        view[index] = ord(value) if isinstance(value, bytes) and not isinstance(index, slice) else value

    def __eq__(self, other: object) -> bool:
        known = isinstance(other, bytes | bytearray | memoryview | ctypes.Array)
        return known and bytes(self) == bytes(other)  # type: ignore[call-overload]

    __hash__ = None  # type: ignore[assignment]


def buffer_over(cdata: _Data, size: int) -> Any:
    """The object that `FFI.buffer` gives: an array of bytes in the library's memory."""
    guest = cdata._guest
    if cdata._at + size > guest.memory.size:
        raise IndexError(f"{size} bytes at {cdata._at:#x} do not lie in the memory of {guest.name}")
    names = {"_type_": ctypes.c_char, "_length_": size}
    metaclass: Any = type(ctypes.Array)
    kind = metaclass("buffer", (_BufferItems, ctypes.Array), names)
    made = kind.from_buffer(guest.memory, cdata._at)
    made._kept = cdata._keep
    return made
