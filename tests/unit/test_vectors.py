"""v128 values: in and out of Python, and everywhere in a function where a value may be, two slots wide."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pywasi_native as wasm
import wasm_bytes

A, B = 0x0123456789ABCDEF_FEDCBA9876543210, 0x1111111111111111_2222222222222222
VECTORS = st.integers(0, (1 << 128) - 1)


def raw(bits: int) -> bytes:
    return bits.to_bytes(16, "little")


def plus(a: int, b: int) -> bytes:
    """i64x2.add."""
    low, high = (((a >> at) + (b >> at)) % (1 << 64) for at in (0, 64))
    return raw(low | high << 64)


def function(
    body: str, params: str = "v128 v128", results: str = "v128", locals_: tuple[str, ...] = ()
) -> wasm.Func:
    """A function of a module of its own, with type 1 (i32 v128) -> (i32 v128) for blocks."""
    module = wasm_bytes.Module()
    module.type(params, results)
    assert module.type("i32 v128", "i32 v128") == 1
    module.func(body, params, results, export="f", locals_=locals_)
    return wasm.load(module.bytes()).f


@given(VECTORS)
def test_bits_and_bytes_go_in_and_bytes_come_out(bits: int) -> None:
    f = function("local.get 1", "i32 v128 i64")
    assert f(1, bits, 2) == raw(bits)
    assert f(1, raw(bits), 2) == raw(bits)
    assert f(1, bytearray(raw(bits)), 2) == raw(bits)
    assert f.call_bits(1, bits, 2) == (bits,)


@pytest.mark.parametrize("value", [b"", bytes(15), bytes(17), "x", 1.5, None])
def test_what_is_no_vector_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="v128"):
        function("local.get 0")(value, 0)


@pytest.mark.parametrize("value", [-1, 1 << 128])
def test_integers_have_128_bits(value: int) -> None:
    with pytest.raises((OverflowError, TypeError), match="v128"):
        function("local.get 0")(value, 0)


BODIES = {
    "sum": ("local.get 0; local.get 1; i64x2.add", plus(A, B)),
    "constant": (f"v128.const {A:#x}; local.get 1; i64x2.add", plus(A, B)),
    "local written, old value still wanted": (
        "local.get 0; local.get 0; local.get 1; i64x2.add; local.set 0; local.get 0; i64x2.add",
        plus(A, int.from_bytes(plus(A, B), "little"))),
    "local written by its reader": (
        "local.get 0; local.get 1; i64x2.add; local.set 0; local.get 0", plus(A, B)),
    "tee": ("local.get 1; local.tee 0; local.get 0; i64x2.add", plus(B, B)),
    "moved over numbers": ("i32.const 1; i32.const 2; block v128; i32.const 3; local.get 1; br 0; end; "
                           "local.set 0; drop; drop; local.get 0", raw(B)),
    "result of two branches": ("i32.const 0; if v128; local.get 0; else; local.get 1; end", raw(B)),
    "conditional return": ("local.get 0; i32.const 1; br_if 0; drop; local.get 1", raw(A)),
    "conditional return, not taken": ("local.get 0; i32.const 0; br_if 0; drop; local.get 1", raw(B)),
    "conditional return, not taken, value used": (
        "local.get 0; i32.const 0; br_if 0; local.get 1; i64x2.add", plus(A, B)),
    "branch with values": (
        "i32.const 7; local.get 0; block 1; i32.const 5; local.get 1; br 0; end; "
        "local.get 0; i64x2.add; local.set 0; drop; local.get 0", plus(A, B)),
    "table of branches": (
        "block v128; i32.const 9; block v128; local.get 0; i32.const 1; br_table 0,1,0; end; drop; drop; "
        "local.get 1; end", raw(A)),
    "table of branches to the end": ("local.get 1; i32.const 3; br_table 0,0", raw(B)),
    "select": ("local.get 0; local.get 1; i32.const 1; select", raw(A)),
    "select the other": ("local.get 0; local.get 1; i32.const 0; select; local.get 0; i64x2.add", plus(A, B)),
    "memory": ("i32.const 3; local.get 0; local.get 1; i64x2.add; drop; local.get 0; v128.store 0 5; "
               "i32.const 8; v128.load 0 0", raw(A)),
}  # fmt: skip


@pytest.mark.parametrize("case", BODIES)
def test_body(case: str) -> None:
    body, expected = BODIES[case]
    module = wasm_bytes.Module()
    module.type("v128 v128", "v128")
    module.type("i32 v128", "i32 v128")
    module.memory(1)
    module.func(body, "v128 v128", "v128", export="f")
    assert wasm.load(module.bytes()).f(A, B) == expected


@pytest.mark.parametrize("call", ["call", "return_call"])
def test_calls(call: str) -> None:
    module = wasm_bytes.Module()
    params, results = "i32 v128 f64 v128", "v128 i32 v128"
    module.func("local.get 3; local.get 0; local.get 1", params, results)
    module.func(
        f"i32.const 1; drop; local.get 0; local.get 1; local.get 2; local.get 3; {call} 0", params, results,
        export="f", locals_=("v128", "i32", "v128"),
    )  # fmt: skip
    assert wasm.load(module.bytes()).f(5, A, 1.5, B) == (raw(B), 5, raw(A))


def test_locals_are_zero_and_sums_in_a_loop() -> None:
    add = "local.get 2; local.get 0; i64x2.add; local.set 2"
    count = "local.get 1; i32.const 1; i32.sub; local.tee 1; br_if 0"
    f = function(f"loop -; {add}; {count}; end; local.get 2", "v128 i32", "v128", ("v128",))
    assert f(raw(3 | 5 << 64), 1000) == raw(3000 | 5000 << 64)


def test_a_host_function_sees_bytes_and_gives_them() -> None:
    module = wasm_bytes.Module()
    module.import_func("m", "h", "i32 v128 i32", "v128 i32")
    module.func("i32.const 3; local.get 0; i32.const 4; call 0", "v128", "v128 i32", export="f")
    seen: list[object] = []

    def h(a: int, v: bytes, b: int) -> tuple[int, int]:
        seen.append((a, v, b))
        return B, 9

    f = wasm.load(module.bytes(), {"m": {"h": h}}).f
    assert f(A) == (raw(B), 9)
    assert seen == [(3, raw(A), 4)]


def test_globals() -> None:
    module = wasm_bytes.Module()
    module.import_global("m", "g", "v128", True)
    module.global_("i32", "i32.const 7", mutable=True)
    module.global_("v128", f"v128.const {A:#x}", mutable=True)
    module.global_("i32", "i32.const 8", mutable=True)
    for index, name in enumerate(["before", "own", "after"], 1):
        module.export(name, 3, index)
    module.func("global.get 2; global.get 0; global.set 2; global.set 0", export="swap")
    store = wasm.Store()
    given_one = wasm.Global("v128", B, mutable=True, store=store)
    own = wasm.load(module.bytes(), {"m": {"g": given_one}}, store=store)
    own.swap()
    assert (given_one.value, own.own.value) == (raw(A), raw(B))
    own.own.value = raw(1)
    own.swap()
    assert (given_one.value, own.own.value) == (raw(1), raw(A))
    assert (own.before.value, own.after.value) == (7, 8)
