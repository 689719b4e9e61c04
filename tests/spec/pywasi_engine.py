"""The engine of this project behind the runner's interface, by its public Python API alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pywasi_native as wasm
from pywasi_native.engine import features
from pywasi_native.references import ExnRef
from wast_engine import EngineError, UnsupportedError
from wast_floats import WIDTH
from wast_script import Verdict
from wast_values import Argument, HostArgument, NullArgument, Number, Reference, Result

UNSUPPORTED = (
    "this build does not support"  # csrc/wasm/features.c says so of every proposal that is not there
)

REFERENCES: dict[type, set[str]] = {
    ExnRef: {"exn"},
    wasm.Struct: {"struct", "eq", "any"},
    wasm.Array: {"array", "eq", "any"},
    wasm.I31: {"i31", "eq", "any"},
}


@dataclass(frozen=True)
class HostObject:
    """What ``(ref.extern n)`` is; compared by identity, one per number and session."""

    number: int


class PywasiEngine:
    """Makes sessions; `without` names features to switch off."""

    name = "pywasi"
    tells_malformed = True

    def __init__(self, without: frozenset[str] = frozenset()) -> None:
        self.without = without

    def session(self) -> PywasiSession:
        """A fresh store with its own ``spectest``."""
        return PywasiSession(self.without)


@contextmanager
def _verdicts() -> Iterator[None]:
    """Our error classes are the verdicts; what is none of them goes through and is a failure."""
    try:
        yield
    except wasm.MalformedError as error:
        raise EngineError(Verdict.MALFORMED, str(error)) from error
    except wasm.ValidationError as error:
        if UNSUPPORTED in str(error):
            raise UnsupportedError(str(error)) from error
        raise EngineError(Verdict.INVALID, str(error)) from error
    except wasm.LinkError as error:
        raise EngineError(Verdict.UNLINKABLE, str(error)) from error
    except wasm.StackExhausted as error:
        raise EngineError(Verdict.EXHAUSTION, str(error)) from error
    except wasm.Trap as error:
        raise EngineError(Verdict.TRAP, str(error)) from error
    except wasm.WasmException as error:
        raise EngineError(Verdict.EXCEPTION, str(error)) from error


def _print(*values: object) -> None:
    """Every ``spectest.print*``: takes what comes and prints nothing."""


def _spectest(store: Any, has_memory64: bool) -> dict[str, Any]:
    """The module that every script may import from (interpreter/README.md of the specification)."""

    def constant(kind: str, value: float) -> Any:
        return wasm.Global(wasm.GlobalType(kind), value, store=store)

    made: dict[str, Any] = {
        "global_i32": constant("i32", 666),
        "global_i64": constant("i64", 666),
        "global_f32": constant("f32", 666.6),
        "global_f64": constant("f64", 666.6),
        "table": wasm.Table(wasm.TableType("funcref", 10, 20), store=store),
        "memory": wasm.Memory(wasm.MemoryType(1, 2), store=store),
    }
    if has_memory64:
        made["table64"] = wasm.Table(wasm.TableType("funcref", 10, 20, "i64"), store=store)
    prints = ("", "i32", "i64", "f32", "f64", "i32 f32", "f64 f64")
    for params in prints:
        name = "_".join(["print", *params.split()])
        made[name] = wasm.Func(wasm.FuncType(params.split()), _print, store=store)
    return made


class PywasiSession:
    """One store."""

    def __init__(self, without: frozenset[str]) -> None:
        supported = {name for name, is_there in features().items() if is_there}
        self.features = supported - without
        self.store = wasm.Store()
        self.spectest = _spectest(self.store, "memory64" in supported)
        self.hosts: dict[int, HostObject] = {}

    def compile(self, wasm_bytes: bytes) -> Any:
        """A module."""
        with _verdicts():
            return wasm.compile(wasm_bytes, features=self.features)

    def imported_modules(self, module: Any) -> set[str]:
        """Names that it imports from."""
        return {item.module for item in module.imports}

    def instantiate(self, module: Any, registered: Mapping[str, Any]) -> Any:
        """An instance of the store."""
        with _verdicts():
            return module.instantiate(imports={"spectest": self.spectest, **registered}, store=self.store)

    def invoke(self, instance: Any, name: str, arguments: Sequence[Argument]) -> tuple[Result, ...]:
        """Calls an export with exact bits."""
        function = instance.exports[name]
        with _verdicts():
            values = function.call_bits(*map(self._to_python, arguments))
        return tuple(
            self._result(kind, value) for kind, value in zip(function.type.results, values, strict=True)
        )

    def get(self, instance: Any, name: str) -> Result:
        """The bits of an exported global."""
        exported = instance.exports[name]
        return self._result(exported.type.value, exported.bits())

    def _to_python(self, argument: Argument) -> object:
        match argument:
            case Number():
                return argument.bits
            case NullArgument():
                return None
            case HostArgument():
                return self.hosts.setdefault(argument.number, HostObject(argument.number))

    def _result(self, kind: str, value: Any) -> Result:
        if kind in WIDTH:
            return Number(kind, value)
        if value is None:
            return Reference(frozenset({"null"}))
        if isinstance(value, wasm.Func):
            return Reference(frozenset({"func"}))
        is_extern = kind in ("externref", "(ref extern)")
        for cls, words in REFERENCES.items():
            if isinstance(value, cls):
                return Reference(frozenset({"extern"} if is_extern else words))
        kinds = {"extern"} if is_extern else {"any", "host"}
        is_ours = isinstance(value, HostObject) and self.hosts.get(value.number) is value
        return Reference(frozenset(kinds), value.number if is_ours else None)
