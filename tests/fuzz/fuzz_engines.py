"""Runs a generated module in this project and in `wasmtime`, and tells what came of it in the same words."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import wasmtime

import pywasi_native as wasm
from fuzz_module import Generated, arguments
from fuzz_plan import SHOWN_GLOBALS

FEATURES = (
    "simd", "relaxed_simd", "multi_value", "multi_memory", "memory64", "tail_call", "threads", "bulk_memory",
    "reference_types", "exceptions", "function_references", "gc", "wide_arithmetic",
)  # fmt: skip
# The specification's words for a trap; where engines differ in wording, what both contain.
TRAPS = (
    "unreachable", "integer divide by zero", "integer overflow", "invalid conversion", "out of bounds memory",
    "undefined element", "uninitialized element", "indirect call", "null", "cast failure",
    "out of bounds array", "exhausted",
)  # fmt: skip


@dataclass
class Story:
    """What a module did: its refusal, or each call's results or trap, and memories and globals at the end."""

    refusal: str = ""
    calls: list[str] | None = None
    memories: list[bytes] | None = None
    globals: list[str] | None = None


def trap_word(text: str) -> str:
    """The kind of a trap."""
    text = text.lower()
    if "exception" in text and "null" not in text:
        return "exception"
    if "unaligned" in text:  # whether that or the bounds are checked first is nobody's matter
        return "out of bounds memory"
    if "out of bounds table" in text:  # of a call_indirect: "undefined element" in the specification's words
        return "undefined element"
    return next((word for word in TRAPS if word in text), text)


def bits_text(kind: str, bits: int) -> str:
    """Results as text; all NaNs are one."""
    if (kind == "f32" and bits & 0x7FFFFFFF > 0x7F800000) or (
        kind == "f64" and bits & ((1 << 63) - 1) > 0x7FF << 52
    ):
        return f"{kind}:nan"
    return f"{kind}:{bits:#x}"


def in_ours(made: Generated) -> Story:
    """This project."""
    try:
        instance = wasm.load(made.wasm)
    except wasm.WasmError as error:
        return Story(refusal=str(error))
    calls = []
    for number, (name, params, results) in enumerate(made.calls):
        try:
            bits = instance[name].call_bits(*arguments(made.seed + number, params))
            calls.append(" ".join(map(bits_text, results, bits)))
        except (wasm.Trap, wasm.WasmException) as problem:
            calls.append(trap_word(str(problem) if isinstance(problem, wasm.Trap) else "exception"))
    ending = [f"{instance[f'g{i}'].value!r}" for i in SHOWN_GLOBALS]
    return Story(calls=calls, memories=[bytes(instance[name]) for name in ("m0", "m1")], globals=ending)


class Oracle:
    """wasmtime, with every feature on."""

    def __init__(self) -> None:
        config = wasmtime.Config()
        for name in FEATURES:
            setattr(config, f"wasm_{name}", True)
        self.engine = wasmtime.Engine(config)

    def accepts(self, data: bytes) -> bool:
        """Whether it is a valid module."""
        try:
            wasmtime.Module.validate(self.engine, data)
        except wasmtime.WasmtimeError:
            return False
        return True

    def run(self, made: Generated) -> Story:
        """The same as `in_ours`."""
        try:
            module = wasmtime.Module(self.engine, made.wasm)
        except wasmtime.WasmtimeError as error:
            return Story(refusal=str(error))
        store = wasmtime.Store(self.engine)
        exports = wasmtime.Instance(store, module, []).exports(store)
        calls = []
        for number, (name, params, results) in enumerate(made.calls):
            given = [
                _to_wasmtime(kind, bits)
                for kind, bits in zip(params, arguments(made.seed + number, params), strict=True)
            ]
            try:
                answer = exports[name](store, *given)  # type: ignore[operator]
                values = list(answer) if len(results) > 1 else [answer]
                calls.append(
                    " ".join(bits_text(k, _from_wasmtime(k, v)) for k, v in zip(results, values, strict=True))
                )
            except (wasmtime.Trap, wasmtime.WasmtimeError) as problem:
                text = str(problem).splitlines()
                calls.append(
                    trap_word(next((line for line in reversed(text) if "wasm trap" in line), str(problem)))
                )
        ending = [_global(store, exports[f"g{i}"]) for i in SHOWN_GLOBALS]
        return Story(
            calls=calls, memories=[_memory(store, exports[name]) for name in ("m0", "m1")], globals=ending
        )


def _to_wasmtime(kind: str, bits: int) -> object:
    if kind == "f32":
        return struct.unpack("<f", struct.pack("<I", bits))[0]
    if kind == "f64":
        return struct.unpack("<d", struct.pack("<Q", bits))[0]
    width = 32 if kind == "i32" else 64
    return bits - (1 << width) if bits >> (width - 1) else bits


def _from_wasmtime(kind: str, value: object) -> int:
    if kind == "f32":
        return int.from_bytes(struct.pack("<f", value), "little")
    if kind == "f64":
        return int.from_bytes(struct.pack("<d", value), "little")
    assert isinstance(value, int)
    return value & ((1 << (32 if kind == "i32" else 64)) - 1)


def _global(store: wasmtime.Store, found: object) -> str:
    assert isinstance(found, wasmtime.Global)
    return repr(found.value(store))


def _memory(store: wasmtime.Store, found: object) -> bytes:
    assert isinstance(found, wasmtime.Memory)
    size = found.data_len(store)
    return ctypes.string_at(ctypes.addressof(found.data_ptr(store).contents), size)


def difference(ours: Story, theirs: Story) -> str:
    """The first difference in words, or nothing."""
    if bool(ours.refusal) != bool(theirs.refusal):
        return f"we say {ours.refusal or 'valid'!r}, wasmtime {theirs.refusal or 'valid'!r}"
    for mine, other in zip(ours.calls or [], theirs.calls or [], strict=True):
        if mine != other:
            return f"we give {mine!r}, wasmtime {other!r}"
        if "exhausted" in mine:
            return ""  # the stacks are of different sizes: what follows is not comparable
    if ours.globals != theirs.globals:
        return f"globals: {ours.globals} and {theirs.globals}"
    for name, mine_bytes, other_bytes in zip(
        ("m0", "m1"), ours.memories or [], theirs.memories or [], strict=True
    ):
        if mine_bytes != other_bytes:
            return f"{name}: {_first_difference(mine_bytes, other_bytes)}"
    return ""


def _first_difference(a: Sequence[int], b: Sequence[int]) -> str:
    for place, (one, two) in enumerate(zip(a, b, strict=False)):
        if one != two:
            return f"byte {place} is {one} and {two}"
    return f"{len(a)} and {len(b)} bytes"
