"""Modules of another generator: `wasm-opt -ttf` of the npm package binaryen, where node is there.

Its imports are given by a module made for each: what the guest logs goes to that module's memory, so both
engines run the same code there, and the logs are compared as memory.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from pathlib import Path

import wasmtime

import pywasi_native as wasm
from fuzz_engines import FEATURES, trap_word

FLAGS = [f"--enable-{name}" for name in (
    "sign-ext", "mutable-globals", "nontrapping-float-to-int", "simd", "bulk-memory", "bulk-memory-opt",
    "exception-handling", "tail-call", "reference-types", "multivalue", "gc", "memory64", "multimemory",
    "extended-const",
)]  # fmt: skip
LIMIT = 60.0
LOG_BYTES = 1 << 16
HOST = """
(func $at (result i32) (local i32)
  (local.set 0 (global.get $next))
  (global.set $next (i32.and (i32.add (local.get 0) (i32.const 16)) (i32.const 0xfff0)))
  (local.get 0))
"""
# A NaN is logged as one and the same.
LOGS = {
    "i32": "(i32.store (call $at) (local.get 0))",
    "i64": "(i64.store (call $at) (local.get 0))",
    **{
        kind: f"({kind}.store (call $at)"
        f" (select (local.get 0) ({kind}.const nan) ({kind}.eq (local.get 0) (local.get 0))))"
        for kind in ("f32", "f64")
    },
    "v128": "(v128.store (call $at) (local.get 0))",
}
NOTHING = {
    "i32": "(i32.const 0)",
    "i64": "(i64.const 0)",
    "funcref": "(ref.null func)",
    "anyref": "(ref.null any)",
}


def find_wasm_opt() -> str | None:
    """The program, by PYWASI_WASM_OPT or on the PATH."""
    return os.environ.get("PYWASI_WASM_OPT") or shutil.which("wasm-opt")


def make(program: str, seed: int, folder: Path) -> bytes:
    """A module from random bytes."""
    source, target = folder / "bytes", folder / "made.wasm"
    source.write_bytes(random.Random(seed).randbytes(random.Random(~seed).randrange(300, 6000)))
    command = [program, str(source), "-ttf", "--emit-exnref", "--denan", *FLAGS, "-o", str(target)]
    subprocess.run(command, check=True, timeout=LIMIT, capture_output=True)
    return target.read_bytes()


def _host(item: wasm.ImportType) -> str:
    export, kind = f'(export "{item.name}")', item.type
    if isinstance(kind, wasm.TagType):
        return f"(tag {export} (param {' '.join(kind.params)}))"
    if isinstance(kind, wasm.GlobalType):
        value = (
            "(extern.convert_any (ref.i31 (i32.const 7)))"
            if "extern" in kind.value
            else NOTHING.get(kind.value, "")
        )
        return f"(global {export} {kind.value} {value})"
    assert isinstance(kind, wasm.FuncType)
    head = f"(func {export} {str(kind).removeprefix('(func').removesuffix(')')}"
    if item.name.startswith("log-"):
        return f"{head} {LOGS.get(kind.params[0], '')})"
    if item.name == "sleep":
        return f"{head} (local.get 1))"
    return f"{head} {' '.join(NOTHING[name] for name in kind.results)})"


def host_module(imports: tuple[wasm.ImportType, ...]) -> bytes:
    """A module that has all that is imported, with its log as the export ``log``."""
    parts = [_host(item) for item in imports]
    text = (
        f'(module (memory (export "log") 1) (global $next (mut i32) (i32.const 0)) {HOST} {" ".join(parts)})'
    )
    return bytes(wasmtime.wat2wasm(text))


def in_ours(made: bytes, host: bytes) -> list[str]:
    """What calls came to, and the log, in this project."""
    told = []
    try:
        module, store = wasm.compile(made), wasm.Store()
        provider = wasm.compile(host).instantiate(store=store)
        instance = module.instantiate({item.module: provider for item in module.imports}, store=store)
    except wasm.ValidationError as error:
        return [f"refused: {error}"]
    except (wasm.Trap, wasm.WasmException) as problem:
        return [trap_word(str(problem) if isinstance(problem, wasm.Trap) else "exception")]
    for item in module.exports:
        if isinstance(item.type, wasm.FuncType) and not item.type.params and not item.type.results:
            try:
                instance[item.name]()
                told.append("done")
            except (wasm.Trap, wasm.WasmException) as problem:
                told.append(trap_word(str(problem) if isinstance(problem, wasm.Trap) else "exception"))
    return [*told, bytes(provider["log"]).hex()]


def in_wasmtime(made: bytes, host: bytes) -> list[str]:
    """The same in wasmtime."""
    config = wasmtime.Config()
    for name in FEATURES:
        setattr(config, f"wasm_{name}", True)
    engine = wasmtime.Engine(config)
    told = []
    store = wasmtime.Store(engine)
    try:
        module = wasmtime.Module(engine, made)
        provider = wasmtime.Instance(store, wasmtime.Module(engine, host), []).exports(store)
        values = [provider[item.name] for item in module.imports if item.name is not None]
        exports = wasmtime.Instance(store, module, values).exports(store)
    except wasmtime.Trap as problem:
        return [trap_word(problem.message)]
    except wasmtime.WasmtimeError as error:
        text = str(error)
        return [trap_word(text) if "wasm trap" in text or "exception" in text else f"refused: {text}"]
    for item in module.exports:
        kind = item.type
        if isinstance(kind, wasmtime.FuncType) and not kind.params and not kind.results:
            try:
                exports[item.name](store)  # type: ignore[operator]
                told.append("done")
            except (wasmtime.Trap, wasmtime.WasmtimeError) as problem:
                lines = str(problem).splitlines()
                told.append(trap_word(next((x for x in reversed(lines) if "wasm trap" in x), str(problem))))
    log = provider["log"]
    assert isinstance(log, wasmtime.Memory)
    return [*told, bytes(log.read(store, 0, LOG_BYTES)).hex()]


def difference(made: bytes) -> str:
    """In words, or nothing."""
    try:
        imports = wasm.compile(made).imports
    except wasm.WasmError as error:
        return f"we refuse it: {error}"
    host = host_module(imports)
    ours, theirs = in_ours(made, host), in_wasmtime(made, host)
    if len(ours) != len(theirs):
        return f"{ours[:3]} and {theirs[:3]}"
    for number, (one, two) in enumerate(zip(ours, theirs, strict=True)):
        if "exhausted" in (one + two):
            return ""
        if one != two and not (one.startswith("refused") and two.startswith("refused")):
            return f"part {number}: {one[:200]} and {two[:200]}"
    return ""
