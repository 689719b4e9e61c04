"""Unfolding of legacy try instructions: what the assembler makes of the result."""

from __future__ import annotations

import pytest

import locate
from wast_legacy import unfold_try

CASES = [
    ("(module)", "(module)"),
    ("(func (try (do) (catch_all)))", "(func  try      catch_all  end )"),
    ('(func (try $l (do (nop)) (catch $e (drop)))) ;; "(try (do))"', None),
]


@pytest.mark.parametrize(("text", "wanted"), CASES)
def test_texts(text: str, wanted: str | None) -> None:
    unfolded = unfold_try(text.encode()).decode()
    if wanted is None:
        assert unfolded.split() == '(func try $l (nop) catch $e (drop) end ) ;; "(try (do))"'.split()
    else:
        assert unfolded.split() == wanted.split()


def test_bytes() -> None:
    try:
        import wasmtime
    except ImportError:
        locate.missing("wasmtime is missing: pip install wasmtime")
    text = b"""(module (tag $e) (func (try $l (result i32)
        (do (try (do (throw $e)) (delegate $l)) (i32.const 1))
        (catch $e (i32.const 2))
        (catch_all (if (i32.const 0) (then (rethrow 1))) (i32.const 3))) (drop)))"""
    code = bytes.fromhex("067f 0640 0800 1800 4101 0700 4102 19 4100 0440 0901 0b 4103 0b 1a 0b")
    assert code in bytes(wasmtime.wat2wasm(unfold_try(text)))
