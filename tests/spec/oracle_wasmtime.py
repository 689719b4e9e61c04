"""The suite on `wasmtime` from PyPI: a second engine, which shows that the runner itself is right.

Values cross by the C structures of the package, not by its Python conversions, since those go through
Python floats and lose NaN payloads. It uses internals of the package and is a tool for developers, not a
part of the tests of this project's engine.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import wasmtime
from wasmtime import _ffi as ffi

from wast_engine import EngineError
from wast_script import Verdict
from wast_values import Argument, HostArgument, NullArgument, Number, Reference, Result

_SPECTEST = """(module
  (func (export "print")) (func (export "print_i32") (param i32)) (func (export "print_i64") (param i64))
  (func (export "print_f32") (param f32)) (func (export "print_f64") (param f64))
  (func (export "print_i32_f32") (param i32 f32)) (func (export "print_f64_f64") (param f64 f64))
  (global (export "global_i32") i32 (i32.const 666)) (global (export "global_i64") i64 (i64.const 666))
  (global (export "global_f32") f32 (f32.const 666.6)) (global (export "global_f64") f64 (f64.const 666.6))
  (table (export "table") 10 20 funcref) (memory (export "memory") 1 2) %s)"""
_TABLE64 = '(table (export "table64") i64 10 20 funcref)'
_FEATURES = [
    "threads",
    "tail_call",
    "reference_types",
    "simd",
    "bulk_memory",
    "multi_value",
    "multi_memory",
    "memory64",
    "relaxed_simd",
    "exceptions",
    "function_references",
    "gc",
    "wide_arithmetic",
    "custom_page_sizes",
]
_HOST_IN_ANY = 1 << 16  # an i31 of the wasmtime host stands for a host object inside `any`
_ALSO = {"wasm `unreachable` instruction executed": "unreachable", "null reference": "null"}
_NO_FINALIZER = ctypes.CFUNCTYPE(None, ctypes.c_void_p)()
_KINDS = ("i32", "i64", "f32", "f64", "v128", "funcref", "externref", "anyref", "exnref")


class WasmtimeEngine:
    """Makes sessions on one engine with every feature on."""

    name = "wasmtime"
    tells_malformed = False

    def __init__(self, without: frozenset[str] = frozenset()) -> None:
        config = wasmtime.Config()
        for feature in _FEATURES:
            setattr(config, f"wasm_{feature}", feature.replace("_", "-") not in without)
        self.engine = wasmtime.Engine(config)
        self.spectest = wasmtime.Module(self.engine, _SPECTEST % ("" if "memory64" in without else _TABLE64))

    def session(self) -> WasmtimeSession:
        """A fresh store."""
        return WasmtimeSession(self)


@contextmanager
def _verdicts(otherwise: Verdict) -> Iterator[None]:
    try:
        yield
    except wasmtime.Trap as trap:
        text = trap.message.splitlines()[-1].strip().split("wasm trap: ")[-1]
        raise EngineError(_verdict_of(text), text, also=_ALSO.get(text, text.rpartition(": ")[2])) from None
    except wasmtime.WasmtimeError as error:
        raise EngineError(otherwise, str(error)) from None


def _verdict_of(text: str) -> Verdict:
    if "thrown Wasm exception" in text:
        return Verdict.EXCEPTION
    return Verdict.EXHAUSTION if "exhausted" in text else Verdict.TRAP


class WasmtimeSession:
    """One store."""

    def __init__(self, engine: WasmtimeEngine) -> None:
        self.engine = engine.engine
        self.store = wasmtime.Store(self.engine)
        self.spectest = wasmtime.Instance(self.store, engine.spectest, [])
        self.externs: dict[int, Any] = {}

    def compile(self, wasm: bytes) -> wasmtime.Module:
        """A module; malformed and invalid are one error here."""
        with _verdicts(Verdict.INVALID):
            return wasmtime.Module(self.engine, wasm)

    def imported_modules(self, module: wasmtime.Module) -> set[str]:
        """Names that it imports from."""
        return {item.module for item in module.imports}

    def instantiate(self, module: wasmtime.Module, registered: Mapping[str, Any]) -> wasmtime.Instance:
        """An instance of the store."""
        values = []
        for item in module.imports:
            provider = registered.get(item.module, self.spectest if item.module == "spectest" else None)
            value = provider.exports(self.store).get(item.name) if provider is not None else None
            if value is None:
                raise EngineError(Verdict.UNLINKABLE, "unknown import")
            values.append(value)
        with _verdicts(Verdict.UNLINKABLE):
            return wasmtime.Instance(self.store, module, values)

    def invoke(
        self, instance: wasmtime.Instance, name: str, arguments: Sequence[Argument]
    ) -> tuple[Result, ...]:
        """Calls an export with exact bits."""
        function: Any = instance.exports(self.store)[name]
        count = len(function.type(self.store).results)
        params = (ffi.wasmtime_val_t * len(arguments))()
        results = (ffi.wasmtime_val_t * count)()
        for slot, argument in zip(params, arguments, strict=True):
            self._store_argument(slot, argument)
        trap = ctypes.POINTER(ffi.wasm_trap_t)()
        with _verdicts(Verdict.TRAP):
            error = ffi.wasmtime_func_call(
                self.store._context(),
                ctypes.byref(function._func),
                params,
                len(arguments),
                results,
                count,
                ctypes.byref(trap),
            )
            if error:
                raise wasmtime.WasmtimeError._from_ptr(error)
            if trap:
                raise wasmtime.Trap._from_ptr(trap)
        return tuple(self._result(value) for value in results)

    def get(self, instance: wasmtime.Instance, name: str) -> Result:
        """The bits of a global."""
        value = ffi.wasmtime_val_t()
        exported: Any = instance.exports(self.store)[name]
        ffi.wasmtime_global_get(self.store._context(), ctypes.byref(exported._global), ctypes.byref(value))
        return self._result(value)

    def _store_argument(self, slot: Any, argument: Argument) -> None:
        if isinstance(argument, Number):
            slot.kind = _KINDS.index(argument.type)
            size = 16 if argument.type == "v128" else 8
            ctypes.memmove(ctypes.addressof(slot.of), argument.bits.to_bytes(size, "little"), size)
        elif isinstance(argument, NullArgument):
            slot.kind = _kind_of_null(argument.heap_type)
            ctypes.memset(ctypes.addressof(slot.of), 0, ctypes.sizeof(slot.of))
        else:
            self._store_host(slot, argument)

    def _store_host(self, slot: Any, argument: HostArgument) -> None:
        context = self.store._context()
        if argument.kind == "extern":
            slot.kind = _KINDS.index("externref")
            data = ctypes.c_void_p(argument.number + 1)
            ffi.wasmtime_externref_new(context, data, _NO_FINALIZER, ctypes.byref(slot.of.externref))
        else:
            slot.kind = _KINDS.index("anyref")
            number = argument.number + _HOST_IN_ANY
            ffi.wasmtime_anyref_from_i31(context, number, ctypes.byref(slot.of.anyref))

    def _result(self, value: Any) -> Result:
        kind = _KINDS[value.kind]
        if kind == "v128" or not kind.endswith("ref"):
            size = {"i32": 4, "f32": 4, "v128": 16}.get(kind, 8)
            return Number(kind, int.from_bytes(ctypes.string_at(ctypes.addressof(value.of), size), "little"))
        reference = getattr(value.of, kind)
        if reference.store_id == 0:
            return Reference(frozenset({"null"}))
        if kind == "anyref":
            return self._any_result(reference)
        if kind == "externref":
            data = ffi.wasmtime_externref_data(self.store._context(), ctypes.byref(reference))
            address = ctypes.cast(data, ctypes.c_void_p).value if data else None
            return Reference(frozenset({"extern"}), address - 1 if address else None)
        return Reference(frozenset({kind.removesuffix("ref")}))

    def _any_result(self, reference: Any) -> Reference:
        context, pointer = self.store._context(), ctypes.byref(reference)
        number = ctypes.c_uint32()
        if ffi.wasmtime_anyref_i31_get_u(context, pointer, ctypes.byref(number)):
            if number.value >= _HOST_IN_ANY:
                return Reference(frozenset({"any", "host"}), number.value - _HOST_IN_ANY)
            return Reference(frozenset({"any", "eq", "i31"}))
        tests: tuple[tuple[str, Callable[..., bool]], ...] = (
            ("struct", ffi.wasmtime_anyref_is_struct),
            ("array", ffi.wasmtime_anyref_is_array),
        )
        for kind, test in tests:
            if test(context, pointer):
                return Reference(frozenset({"any", "eq", kind}))
        return Reference(frozenset({"any", "host"}))


def _kind_of_null(heap_type: str) -> int:
    kind = {"func": "funcref", "nofunc": "funcref", "extern": "externref", "noextern": "externref"}
    return _KINDS.index(kind.get(heap_type, "exnref" if heap_type in ("exn", "noexn") else "anyref"))
