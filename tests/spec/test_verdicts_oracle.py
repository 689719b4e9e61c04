"""Decoding and validation against `wasmtime`: modules of the suite with changed bytes, and random types.

A small dose runs with the suite. PYWASI_FUZZ_ROUNDS multiplies it, PYWASI_FUZZ_SEED gives another one.
"""

from __future__ import annotations

import os
import random
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import locate
from spec_driver_run import driver_command
from test_spec_verdicts import cases
from verdict_run import verdicts
from wast_suite import scripts

if TYPE_CHECKING:
    import wasmtime

ROUNDS = int(os.environ.get("PYWASI_FUZZ_ROUNDS", "1"))
SEED = int(os.environ.get("PYWASI_FUZZ_SEED", "1"))
GROUPS = ("core/gc", "core/exceptions", "core/memory64", "proposals/")
OFF = ("legacy-exceptions",)  # the oracle has not got it
BIG = 4000  # bytes; bigger modules have the same instructions more often
# Bytes that mean something in many places.
TELLING = bytes.fromhex(
    "000102030405 0b 40 7f7e7b 6e6d6c6b6a69 706f717273 74 6364 4e4f50 5e5f60 7877 fbfcfdfe 80ff"
)


@pytest.fixture(scope="module")
def oracle() -> wasmtime.Engine:
    try:
        import wasmtime
    except ImportError:
        locate.missing("wasmtime is missing: pip install wasmtime")
    config = wasmtime.Config()
    config.wasm_threads = True
    config.wasm_memory64 = True
    config.wasm_multi_memory = True
    config.wasm_tail_call = True
    config.wasm_relaxed_simd = True
    config.wasm_function_references = True
    config.wasm_gc = True
    config.wasm_exceptions = True
    config.wasm_custom_page_sizes = True
    config.wasm_wide_arithmetic = True
    return wasmtime.Engine(config)


def is_valid(oracle: wasmtime.Engine, wasm: bytes) -> bool:
    """What the oracle says."""
    import wasmtime

    try:
        wasmtime.Module.validate(oracle, wasm)
    except wasmtime.WasmtimeError:
        return False
    return True


def compare(oracle: wasmtime.Engine, modules: list[bytes], folder: Path) -> int:
    """Fails where the verdicts differ; returns how many modules are valid."""
    if not driver_command():
        pytest.skip(
            "PYWASI_SPEC_DRIVER does not name the spec_driver of a build with -DPYWASI_BUILD_TESTS=ON"
        )
    judged = [is_valid(oracle, wasm) for wasm in modules]
    said = verdicts(modules, OFF, folder)
    for wasm, valid, text in zip(modules, judged, said, strict=True):
        assert valid == text.startswith("ok"), f"seed {SEED}: {wasm.hex()}: valid is {valid}, got {text}"
    return sum(judged)


# ---- changed bytes ---------------------------------------------------------------------------------------


def changed(chance: random.Random, module: bytes) -> bytes:
    """The module with one to three bytes behind the header changed."""
    wasm = bytearray(module)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        at = chance.randrange(8, len(wasm))
        near = (wasm[at] + chance.choice((1, -1))) & 0xFF
        wasm[at] = chance.choice((chance.choice(TELLING), near, wasm[at] ^ 1 << chance.randrange(8)))
    return bytes(wasm)


def test_changed_bytes(oracle: wasmtime.Engine, module_cache: Path, tmp_path: Path) -> None:
    shared = locate.shared_folder()
    if shared is None:
        locate.missing(locate.SHARED_ADVICE)
    suite = scripts(shared / "conformance" / "spec-testsuite")
    wanted = [script for script in suite if script.group.startswith(GROUPS)]
    known = [
        s for s in wanted if s.group.split("/")[-1] not in ("stack-switching", "shared-everything-threads")
    ]
    known = [s for s in known if "custom-descriptors" not in s.group]
    modules = sorted({wasm for script in known for _, _, wasm in cases(script, module_cache)})
    chance = random.Random(SEED)
    usable = [wasm for wasm in modules if 8 < len(wasm) < BIG]
    valid = compare(oracle, [changed(chance, wasm) for wasm in usable for _ in range(5 * ROUNDS)], tmp_path)
    assert valid > 100


# ---- random types ----------------------------------------------------------------------------------------


def random_field(chance: random.Random, names: list[str]) -> str:
    """A field of a struct."""
    storage = chance.choice(
        ["i32", "i8", "eqref", "(ref null none)"] + [f"(ref null {name})" for name in names]
    )
    return f"(field {storage})" if chance.random() < 0.7 else f"(field (mut {storage}))"


def random_types(chance: random.Random, count: int) -> str:
    """A type section of few shapes, so that types are often the same, or one below the other."""
    names = [f"$t{i}" for i in range(count)]
    fields: dict[str, list[str]] = {}
    groups, at = [], 0
    while at < count:
        size = min(chance.choice((1, 1, 2, 3)), count - at)
        visible = names[: at + size]
        text = ""
        for name in names[at : at + size]:
            above = chance.choice([None, *fields]) if chance.random() < 0.7 else None
            own = [random_field(chance, visible) for _ in range(chance.choice((0, 0, 1)))]
            fields[name] = (fields[above] if above else []) + own
            text += f"(type {name} (sub {above or ''} (struct {' '.join(fields[name])})))"
        groups.append(f"(rec {text})")
        at += size
    return " ".join(groups)


def test_random_types(oracle: wasmtime.Engine, tmp_path: Path) -> None:
    """Of every two types of a module: is a reference to the one a reference to the other?"""
    import wasmtime

    count, chance = 6, random.Random(SEED)
    modules = []
    for _ in range(60 * ROUNDS):
        types = random_types(chance, count)
        for sub, above in product(range(count), repeat=2):
            body = f"(func (param (ref $t{sub})) (result (ref $t{above})) local.get 0)"
            modules.append(bytes(wasmtime.wat2wasm(f"(module {types} {body})")))
    valid = compare(oracle, modules, tmp_path)
    assert len(modules) // 10 < valid < len(modules) // 2
