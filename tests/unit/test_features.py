"""Sets of features: each one is noticed where it is used, and refused by name where it is switched off."""

from __future__ import annotations

import json

import pytest
from wasmtime import wat2wasm

import pywasi_native as wasm
from pywasi_native import cli

# A module that uses the feature, and what it uses besides.
USES: dict[str, tuple[str, set[str]]] = {
    "mutable-globals": ('(module (global (export "g") (mut i32) (i32.const 0)))', set()),
    "sign-extension": ("(module (func (param i32) (drop (i32.extend8_s (local.get 0)))))", set()),
    "saturating-float-to-int": (
        "(module (func (param f32) (drop (i32.trunc_sat_f32_s (local.get 0)))))",
        set(),
    ),
    "multi-value": ("(module (func (result i32 i32) (i32.const 1) (i32.const 2)))", set()),
    "bulk-memory": (
        "(module (memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0))))",
        set(),
    ),
    "reference-types": ("(module (table 1 externref))", set()),
    "simd": ("(module (func (param v128) (drop (i8x16.popcnt (local.get 0)))))", set()),
    "extended-const": ("(module (global i32 (i32.add (i32.const 1) (i32.const 2))))", set()),
    "tail-call": ("(module (func $f (return_call $f)))", set()),
    "function-references": (
        "(module (type $t (func)) (func (param (ref $t)) (call_ref $t (local.get 0))))",
        set(),
    ),
    "multi-memory": ("(module (memory 1) (memory 1))", set()),
    "memory64": ("(module (memory i64 1))", set()),
    "gc": ("(module (type (struct (field i32))))", set()),
    "exceptions": ("(module (tag $t) (func (throw $t)))", set()),
    "relaxed-simd": (
        "(module (func (param v128) (drop (i8x16.relaxed_swizzle (local.get 0) (local.get 0)))))",
        {"simd"},
    ),
    "threads": ("(module (memory 1 1 shared) (func (drop (i32.atomic.load (i32.const 0)))))", set()),
    "custom-page-sizes": ("(module (memory 1 (pagesize 1)))", set()),
    "wide-arithmetic": (
        "(module (func (param i64 i64) (result i64 i64) (i64.mul_wide_u (local.get 0) (local.get 1))))",
        {"multi-value"},
    ),
}
# try catch_all end: the assembler has no such text any more.
LEGACY = bytes.fromhex("0061736d01000000 01040160 0000 03020100 0a08010600 0640 19 0b 0b")


def module_of(name: str) -> tuple[bytes, set[str]]:
    """A module that uses the feature, and all that it uses."""
    if name == "legacy-exceptions":
        return LEGACY, {name}
    text, others = USES[name]
    return wat2wasm(text), {name, *others}


def test_every_feature_is_here() -> None:
    assert {*USES, "legacy-exceptions"} == wasm.FEATURES


@pytest.mark.parametrize("name", sorted(wasm.FEATURES))
def test_use_is_noticed_and_refused_by_name(name: str) -> None:
    data, used = module_of(name)
    assert set(wasm.compile(data, features=wasm.FEATURES).features) == used
    wasm.compile(data, features=used)
    off = {name} if name != "exceptions" else {name, "legacy-exceptions"}  # that brings the tags along
    with pytest.raises(
        wasm.ValidationError, match=f"needs the proposal {name}, which is switched off"
    ) as error:
        wasm.compile(data, features=wasm.FEATURES - off)
    assert f'DEFAULT_FEATURES | {{"{name}"}}' in str(error.value)
    for function in (wasm.load, wasm.validate):
        with pytest.raises(wasm.ValidationError, match=name):
            function(data, features=wasm.FEATURES - off)


def test_the_standards() -> None:
    assert wasm.WASM_1_0 < wasm.WASM_2_0 < wasm.WASM_3_0 < wasm.DEFAULT_FEATURES < wasm.FEATURES
    assert {"simd", "multi-value"} <= wasm.WASM_2_0
    assert "gc" not in wasm.WASM_2_0
    assert {"gc", "exceptions", "memory64"} <= wasm.WASM_3_0
    assert wasm.FEATURES - {"custom-page-sizes"} == wasm.DEFAULT_FEATURES
    struct, _ = module_of("gc")
    with pytest.raises(wasm.ValidationError, match="gc"):
        wasm.compile(struct, features=wasm.WASM_3_0 - {"gc"})
    wasm.compile(struct, features=wasm.WASM_3_0)


def test_names_that_are_none() -> None:
    with pytest.raises(ValueError, match="did you mean 'simd'"):
        wasm.compile(b"", features={"sims"})
    with pytest.raises(TypeError, match="collection of names"):
        wasm.compile(b"", features="gc")


def test_inspect_lists_what_a_module_uses(tmp_path: object, capsys: pytest.CaptureFixture[str]) -> None:
    data, used = module_of("relaxed-simd")
    file = f"{tmp_path}/m.wasm"
    with open(file, "wb") as out:  # noqa: PTH123
        out.write(data)
    assert cli.main(["inspect", "--json", file]) == 0
    assert set(json.loads(capsys.readouterr().out)["features"]) == used
    assert cli.main(["inspect", file]) == 0
    assert "relaxed-simd" in capsys.readouterr().out
