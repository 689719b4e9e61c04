"""Run WebAssembly and WASI programs from Python.

    import pywasi_native as wasm

    m = wasm.load("fib.wasm")          # compile and instantiate
    m.fib(20)                          # exports are attributes, and items: m["fib"](20)

    r = wasm.run("tool.wasm", ["-x", "a.txt"], dirs={".": wasm.ro(".")}, capture_output=True)
    r.returncode, r.stdout

Nothing is granted to a module that is not named in the call. Names are loaded when they are first used.
"""

__version__ = "0.1.0"

# No __future__ here and in what load() needs: its import is a twentieth of theirs. Types stand in quotes.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from .engine import Func, Global, Memory, Store, Table, Tag
    from .errors import (
        Cancelled,
        CapabilityError,
        Frame,
        LinkError,
        MalformedError,
        OutOfFuel,
        StackExhausted,
        Timeout,
        Trap,
        ValidationError,
        WasiExit,
        WasmError,
        WasmException,
    )  # fmt: skip
    from .extern_types import ExportType, FuncType, GlobalType, ImportType, MemoryType, TableType, TagType
    from .features import DEFAULT_FEATURES, FEATURES, WASM_1_0, WASM_2_0, WASM_3_0
    from .grants import grant
    from .importer import install, uninstall
    from .instance import Instance
    from .limits import Limits
    from .module import Module, compile, load, validate
    from .pool import Pool
    from .process import CompletedRun, run
    from .references import I31, Array, Ref, Struct
    from .snapshot import Snapshot
    from .trap_kinds import TrapKind
    from .virtual_files import MemTree
    from .wasi import (
        INHERIT,
        PIPE,
        SYSTEM_CLOCK,
        SYSTEM_RANDOM,
        Grant,
        Wasi,
        dir,
        fixed_clock,
        mem,
        ro,
        rw,
        seeded,
    )  # fmt: skip

_HOMES = {
    "engine": "Func Global Memory Store Table Tag",
    "errors": "Cancelled CapabilityError Frame LinkError MalformedError OutOfFuel StackExhausted Timeout "
    "Trap ValidationError WasiExit WasmError WasmException",
    "extern_types": "ExportType FuncType GlobalType ImportType MemoryType TableType TagType",
    "grants": "grant",
    "features": "DEFAULT_FEATURES FEATURES WASM_1_0 WASM_2_0 WASM_3_0",
    "importer": "install uninstall",
    "instance": "Instance",
    "limits": "Limits",
    "module": "Module compile load validate",
    "pool": "Pool",
    "process": "CompletedRun run",
    "snapshot": "Snapshot",
    "trap_kinds": "TrapKind",
    "references": "Array I31 Ref Struct",
    "virtual_files": "MemTree",
    "wasi": "Grant INHERIT PIPE SYSTEM_CLOCK SYSTEM_RANDOM Wasi dir fixed_clock mem ro rw seeded",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}
_MODULES = ("asks", "attenuation", "audit", "cli", "engine", "errors", "ffi", "grants", "machinery", "wasi")

__all__ = [  # noqa: RUF022 - in the order in which they are needed
    "load", "compile", "validate", "run", "install", "uninstall", "grant",
    "Module", "Instance", "Snapshot", "Func", "Memory", "Table", "Global", "Tag", "Store",
    "FuncType", "MemoryType", "TableType", "GlobalType", "TagType", "ImportType", "ExportType",
    "Ref", "Struct", "Array", "I31",
    "WASM_1_0", "WASM_2_0", "WASM_3_0", "FEATURES", "DEFAULT_FEATURES",
    "Wasi", "Limits", "Pool", "CompletedRun", "Grant", "ro", "rw", "dir", "mem", "MemTree", "PIPE", "INHERIT",
    "SYSTEM_CLOCK", "SYSTEM_RANDOM", "fixed_clock", "seeded",
    "WasmError", "MalformedError", "ValidationError", "LinkError", "Trap", "TrapKind", "Frame",
    "StackExhausted", "OutOfFuel", "Timeout", "Cancelled", "WasmException", "WasiExit", "CapabilityError",
]  # fmt: skip


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        if name in _MODULES:
            return __import__(f"{__name__}.{name}", fromlist=[name])
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name, obj=_self())
    module = __import__(f"{__name__}.{home}", fromlist=[name])
    found = globals()[name] = getattr(module, name)
    return found


def _self() -> object:
    import sys

    return sys.modules[__name__]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_MODULES})
