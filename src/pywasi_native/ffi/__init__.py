"""ctypes and cffi for wasm libraries.

``from pywasi_native import ffi as ctypes`` in place of ``import ctypes``: `CDLL` loads a ``.wasm``, and the
rest is ctypes' own, but for the functions that look into memory (`cast`, `string_at`, ...), which reach
that of libraries too, and the types whose size differs in wasm32 (`c_long`, `c_size_t`, `c_longlong`, ...).
With ctypes' own module and `CDLL` alone most code works too; `cast` of `byref`, `pointer` of an object that
has moved and `sizeof` do not.

A library has a memory of its own, with pointers of 4 bytes. What differs from ctypes by that:

- An object without pointers in it is copied for the call, and back where the library changed it. What a
  library keeps beyond the call is to be made in its memory: `CDLL.new`. Where a struct in the library's
  memory points to the object, the copy lives as long and is kept up to date at every call.
- An object with pointers in it (`Structure`, array, `c_void_p`, ...) moves at the first call that is given
  a pointer to it, with those it points to: its ``__class__`` becomes a subclass that reads and writes in
  the library's memory, and its host buffer is stale.
- Addresses of the process (an int, or a pointer whose object is unknown) and of other libraries are refused
  with `ArgumentError`. Pointers from the library are checked at each access: IndexError, ValueError, never
  a crash. Where a pointer is an int, as for `c_void_p`, it is a real address, and ctypes' own functions do
  not check it.
- ``c_int.in_dll(lib, name)`` is ``lib.in_dll(c_int, name)``. There are no handles, ordinals, `py_object`,
  `c_longdouble`, and no prototypes bound by ``prototype((name, lib))``.
- `argtypes` and `restype` are compared with the function in the module: TypeError where they do not fit.
  Integers that have too many bits for the parameter are errors. A function that is declared with ``...``
  needs ``function.variadic = True``, as wasm passes such arguments in another way.
- An exception in a callback ends the call and is raised by it.
- A library that writes into a `bytes` object is told: ValueError, or see `CDLL`'s `mutable_bytes`.
- ctypes' own `c_long`, `c_ulong`, `c_size_t`, `c_ssize_t`, `c_int64` and `c_uint64` behind pointers or in
  structs need ``CDLL(..., long_size=...)``, as ctypes has one type for several of them.
- `get_errno` has the numbers of the host; the module exports ``errno``.

`FFI` has cffi's ABI mode; its docstring says what differs there.
"""

from __future__ import annotations

from ctypes import (
    ARRAY,
    CFUNCTYPE,
    DEFAULT_MODE,
    POINTER,
    RTLD_GLOBAL,
    RTLD_LOCAL,
    ArgumentError,
    Array,
    BigEndianStructure,
    BigEndianUnion,
    LittleEndianStructure,
    LittleEndianUnion,
    Structure,
    Union,
    byref,
    c_bool,
    c_byte,
    c_char,
    c_char_p,
    c_double,
    c_float,
    c_int,
    c_int8,
    c_int16,
    c_int32,
    c_short,
    c_ubyte,
    c_uint,
    c_uint8,
    c_uint16,
    c_uint32,
    c_ushort,
    c_void_p,
    c_voidp,
    c_wchar,
    c_wchar_p,
    create_string_buffer,
    create_unicode_buffer,
    get_errno,
    resize,
    set_errno,
)

from .helpers import addressof, alignment, cast, memmove, memset, pointer, sizeof, string_at, wstring_at
from .library import CDLL, LibraryLoader, cdll
from .wasm_types import (
    c_int64,
    c_long,
    c_longlong,
    c_size_t,
    c_ssize_t,
    c_time_t,
    c_uint64,
    c_ulong,
    c_ulonglong,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .cffi_mode import FFI


def __getattr__(name: str) -> object:
    if name != "FFI":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import cffi_mode

    globals()["FFI"] = cffi_mode.FFI
    return cffi_mode.FFI


__all__ = [  # noqa: RUF022 - what is ours first
    "CDLL", "FFI", "LibraryLoader", "cdll", "cast", "pointer", "addressof", "sizeof", "alignment",
    "string_at", "wstring_at", "memmove", "memset", "c_long", "c_ulong", "c_size_t", "c_ssize_t", "c_time_t",
    "c_longlong", "c_ulonglong", "c_int64", "c_uint64",
    "ARRAY", "CFUNCTYPE", "DEFAULT_MODE", "POINTER", "RTLD_GLOBAL", "RTLD_LOCAL", "ArgumentError", "Array",
    "BigEndianStructure", "BigEndianUnion", "LittleEndianStructure", "LittleEndianUnion", "Structure",
    "Union", "byref", "c_bool", "c_byte", "c_char", "c_char_p", "c_double", "c_float", "c_int", "c_int8",
    "c_int16", "c_int32", "c_short", "c_ubyte", "c_uint", "c_uint8", "c_uint16", "c_uint32", "c_ushort",
    "c_void_p", "c_voidp", "c_wchar", "c_wchar_p", "create_string_buffer", "create_unicode_buffer",
    "get_errno", "resize", "set_errno",
]  # fmt: skip
