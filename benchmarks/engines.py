"""One adapter per engine that lives in a Python process: load a module, get its functions and memory.

Every adapter uses its engine as that engine's documentation tells its users to.
"""

from __future__ import annotations

import ctypes
import functools
import importlib.machinery
import importlib.metadata
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from . import toolchain

BOUNDARY = Path(__file__).parent / "boundary"
Callback = Callable[[int], int]


class Loaded(Protocol):
    """A module that is ready to be called."""

    def function(self, name: str) -> Callable[..., Any]:
        """An export, as a user of the engine would hold it."""

    def reader(self, at: int) -> Callable[[], bytes]:
        """A function that copies 16 bytes out of memory."""

    def writer(self, at: int, data: bytes) -> Callable[[], object]:
        """A function that copies `data` into memory."""

    def buffers(self, at: int) -> Callable[[bytes, bytearray], int]:
        """The export `buffers` for bytes of Python, of which the second come back; `at` is room in memory."""


class Engine(Protocol):
    """What runs modules."""

    name: str
    distribution: str
    simd: bool

    def load(self, wasm: bytes, callback: Callback | None = None) -> Loaded:
        """Compiles and instantiates; `callback` is the import `env.callback`."""

    def compile(self, path: str) -> object:
        """Only compiles, from a file."""

    def load_file(self, path: str) -> Loaded:
        """Compiles and instantiates a module that imports nothing, from a file."""

    def maker(self, wasm: bytes) -> Callable[[], Loaded]:
        """Compiles once, where the engine can; the function instantiates."""


class PywasiLoaded:
    """See Loaded."""

    def __init__(self, instance: Any) -> None:
        self.instance = instance

    def function(self, name: str) -> Callable[..., Any]:
        export: Callable[..., Any] = self.instance[name]
        return export

    def reader(self, at: int) -> Callable[[], bytes]:
        memory = self.instance.memory
        return lambda: memory[at : at + 16]

    def writer(self, at: int, data: bytes) -> Callable[[], object]:
        memory, end = self.instance.memory, at + len(data)

        def write() -> None:
            memory[at:end] = data

        return write

    def buffers(self, at: int) -> Callable[[bytes, bytearray], int]:
        del at  # it has room of its own
        function: Callable[[bytes, bytearray], int] = self.instance.func(
            "buffers", "i32(const u8*, size, u8*, size)"
        )
        return function


class Pywasi:
    """This project: the installed package, or the build that stands first on PYTHONPATH (packages.py)."""

    name, distribution, simd = "pywasi", "pywasi-native", True

    def load(self, wasm: bytes, callback: Callback | None = None) -> Loaded:
        import pywasi_native

        imports = {"env": {"callback": callback}} if callback else None
        return PywasiLoaded(pywasi_native.load(wasm, imports=imports))

    def compile(self, path: str) -> object:
        import pywasi_native

        return pywasi_native.compile(path)

    def load_file(self, path: str) -> Loaded:
        import pywasi_native

        return PywasiLoaded(pywasi_native.load(path))

    def maker(self, wasm: bytes) -> Callable[[], Loaded]:
        import pywasi_native

        module = pywasi_native.compile(wasm)
        return lambda: PywasiLoaded(module.instantiate())

    @staticmethod
    def load_counting(path: str) -> Loaded:
        """The same in a store that counts fuel."""
        import pywasi_native

        return PywasiLoaded(pywasi_native.load(path, limits=pywasi_native.Limits(fuel=1 << 62)))

    @staticmethod
    def wasi(wasm: str) -> Callable[[str], Callable[..., int]]:
        """Functions of a module that may use the current directory."""
        import pywasi_native

        grants = pywasi_native.Wasi(dirs={".": pywasi_native.rw(".")})
        return pywasi_native.load(wasm, wasi=grants).__getitem__


class Wasm3Loaded:
    """See Loaded."""

    def __init__(self, runtime: Any, keep: tuple[Any, ...]) -> None:
        self.runtime, self.keep = runtime, keep

    def function(self, name: str) -> Callable[..., Any]:
        found: Callable[..., Any] = self.runtime.find_function(name)
        return found

    def reader(self, at: int) -> Callable[[], bytes]:
        memory = self.runtime.get_memory(0)
        return lambda: bytes(memory[at : at + 16])

    def writer(self, at: int, data: bytes) -> Callable[[], object]:
        memory, end = self.runtime.get_memory(0), at + len(data)

        def write() -> None:
            memory[at:end] = data

        return write

    def buffers(self, at: int) -> Callable[[bytes, bytearray], int]:
        memory, function = self.runtime.get_memory(0), self.runtime.find_function("buffers")

        def call(data: bytes, out: bytearray) -> int:
            middle = at + len(data)
            end = middle + len(out)
            memory[at:middle] = data
            memory[middle:end] = out
            answer: int = function(at, len(data), middle, len(out))
            out[:] = memory[middle:end]
            return answer

        return call


class Pywasm3:
    """wasm3 0.5 by its Python binding: no validation, functions compiled when they are first called."""

    name, distribution, simd = "pywasm3", "pywasm3", False

    def load(self, wasm: bytes, callback: Callback | None = None) -> Loaded:
        import wasm3

        environment = wasm3.Environment()
        runtime = environment.new_runtime(1 << 20)
        module = environment.parse_module(wasm)
        runtime.load(module)
        if callback:
            module.link_function("env", "callback", "i(i)", callback)
        try:
            initialize = runtime.find_function("_initialize")
        except RuntimeError:
            pass
        else:
            initialize()
        return Wasm3Loaded(runtime, (environment, module))

    def compile(self, path: str) -> object:
        import wasm3

        environment = wasm3.Environment()
        return environment, environment.parse_module(Path(path).read_bytes())

    def load_file(self, path: str) -> Loaded:
        return self.load(Path(path).read_bytes())

    def maker(self, wasm: bytes) -> Callable[[], Loaded]:
        """A module belongs to one runtime: each instance is parsed again. The stack is small."""
        import wasm3

        environment = wasm3.Environment()

        def make() -> Loaded:
            runtime, module = environment.new_runtime(1 << 13), environment.parse_module(wasm)
            runtime.load(module)
            return Wasm3Loaded(runtime, (environment, module))

        return make


class WasmtimeLoaded:
    """See Loaded."""

    def __init__(self, store: Any, instance: Any) -> None:
        self.store, self.exports = store, instance.exports(store)

    def function(self, name: str) -> Callable[..., Any]:
        return functools.partial(self.exports[name], self.store)

    def reader(self, at: int) -> Callable[[], bytes]:
        memory, store = self.exports["memory"], self.store
        return lambda: bytes(memory.read(store, at, at + 16))

    def writer(self, at: int, data: bytes) -> Callable[[], object]:
        return functools.partial(self.exports["memory"].write, self.store, data, at)

    def buffers(self, at: int) -> Callable[[bytes, bytearray], int]:
        memory, store, function = self.exports["memory"], self.store, self.function("buffers")

        def call(data: bytes, out: bytearray) -> int:
            middle = at + len(data)
            memory.write(store, data, at)
            memory.write(store, out, middle)
            answer: int = function(at, len(data), middle, len(out))
            out[:] = memory.read(store, middle, middle + len(out))
            return answer

        return call


class Wasmtime:
    """wasmtime's Cranelift by its Python binding."""

    name, distribution, simd = "wasmtime", "wasmtime", True

    def __init__(self) -> None:
        import wasmtime

        self.engine = wasmtime.Engine()

    def load(self, wasm: bytes, callback: Callback | None = None) -> Loaded:
        import wasmtime

        store = wasmtime.Store(self.engine)
        imports: list[Any] = []
        if callback:
            i32 = wasmtime.ValType.i32()
            imports.append(wasmtime.Func(store, wasmtime.FuncType([i32], [i32]), callback))
        instance = wasmtime.Instance(store, wasmtime.Module(self.engine, wasm), imports)
        initialize: Any = instance.exports(store).get("_initialize")
        if initialize:
            initialize(store)
        return WasmtimeLoaded(store, instance)

    def compile(self, path: str) -> object:
        import wasmtime

        return wasmtime.Module.from_file(self.engine, path)

    def load_file(self, path: str) -> Loaded:
        import wasmtime

        store = wasmtime.Store(self.engine)
        return WasmtimeLoaded(
            store, wasmtime.Instance(store, wasmtime.Module.from_file(self.engine, path), [])
        )

    def maker(self, wasm: bytes) -> Callable[[], Loaded]:
        import wasmtime

        module = wasmtime.Module(self.engine, wasm)

        def make() -> Loaded:
            store = wasmtime.Store(self.engine)
            return WasmtimeLoaded(store, wasmtime.Instance(store, module, []))

        return make

    def wasi(self, wasm: str) -> Callable[[str], Callable[..., int]]:
        """Functions of a module that may use the current directory."""
        import wasmtime

        store, linker, config = (
            wasmtime.Store(self.engine),
            wasmtime.Linker(self.engine),
            wasmtime.WasiConfig(),
        )
        config.preopen_dir(".", ".")
        store.set_wasi(config)
        linker.define_wasi()
        exports = linker.instantiate(store, wasmtime.Module.from_file(self.engine, wasm)).exports(store)
        exports["_initialize"](store)
        return lambda name: functools.partial(exports[name], store)


class NativeLoaded:
    """The boundary of CPython itself: a C extension for calls, a bytearray for memory."""

    def __init__(self, callback: Callback | None) -> None:
        self.callback, self.memory = callback, bytearray(4 << 20)
        path = toolchain.build_extension(BOUNDARY / "fastcall.c")
        if path is None:
            raise RuntimeError("this Python has no headers (Python.h): no C extension to compare with")
        loader = importlib.machinery.ExtensionFileLoader("fastcall", str(path))
        spec = importlib.util.spec_from_loader("fastcall", loader)
        assert spec is not None
        self.module = importlib.util.module_from_spec(spec)
        loader.exec_module(self.module)

    def function(self, name: str) -> Callable[..., Any]:
        if name == "loop":
            return functools.partial(self.module.loop, self.callback)
        if name == "buffer_address":
            return lambda: 4096
        found: Callable[..., Any] = getattr(self.module, name)
        return found

    # Each the fastest way that there is: a slice of a bytearray is one object less than a slice of a view,
    # but an assignment of bytes to it copies them twice, where one to a view copies them once.
    def reader(self, at: int) -> Callable[[], bytes]:
        memory = self.memory
        return lambda: memory[at : at + 16]

    def writer(self, at: int, data: bytes) -> Callable[[], object]:
        memory, end = memoryview(self.memory), at + len(data)

        def write() -> None:
            memory[at:end] = data

        return write

    def buffers(self, at: int) -> Callable[[bytes, bytearray], int]:
        del at
        found: Callable[[bytes, bytearray], int] = self.module.buffers
        return found


class Native:
    """No wasm: what the machine and CPython can do. Kernels come as shared objects (see worker.py)."""

    name, distribution, simd = "native", "ziglang", True

    def load(self, wasm: bytes, callback: Callback | None = None) -> Loaded:
        del wasm  # there is none
        return NativeLoaded(callback)

    def compile(self, path: str) -> object:
        raise NotImplementedError(f"no wasm: {path}")

    def load_file(self, path: str) -> Loaded:
        raise NotImplementedError(f"no wasm: {path}")

    def maker(self, wasm: bytes) -> Callable[[], Loaded]:
        raise NotImplementedError(f"no wasm: {len(wasm)} bytes")

    @staticmethod
    def kernel(shared_object: str) -> Callable[[int], int]:
        """`run` of a kernel that was compiled for this machine."""
        run = ctypes.CDLL(shared_object).run
        run.restype, run.argtypes = ctypes.c_uint64, [ctypes.c_uint32]
        return run

    @staticmethod
    def wasi(shared_object: str) -> Callable[[str], Callable[..., int]]:
        """The same functions, compiled for this machine."""
        library = ctypes.CDLL(shared_object)

        def function(name: str) -> Callable[..., int]:
            found: Callable[..., int] = library[name]
            return found

        return function


ADAPTERS: dict[str, type[Engine]] = {
    "pywasi": Pywasi,
    "pywasm3": Pywasm3,
    "wasmtime": Wasmtime,
    "native": Native,
}
# What a program has to execute before it can use the engine. The entry point is named, because a package
# may put off its own imports until then.
FIRST_USE = {
    "pywasi": "import pywasi_native; pywasi_native.load",
    "pywasm3": "import wasm3; wasm3.Environment",
    "wasmtime": "import wasmtime; wasmtime.Instance",
    "native": "pass",
}


def distribution(name: str) -> str:
    """What to install for an engine."""
    return ADAPTERS[name].distribution


def version(name: str) -> str | None:
    """Version of an engine's distribution, None where it is not installed."""
    try:
        return importlib.metadata.version(distribution(name))
    except importlib.metadata.PackageNotFoundError:
        return None
