"""ctypes and cffi for wasm libraries.

``from pywasi_native import ffi as ctypes`` in place of ``import ctypes``: `CDLL` loads a ``.wasm``, and the
rest is ctypes' own, but for the functions that look into memory (`cast`, `string_at`, ...), which reach that
of libraries too, and the types whose size differs in wasm32 (`c_long`, `c_size_t`, `c_longlong`, ...).
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
