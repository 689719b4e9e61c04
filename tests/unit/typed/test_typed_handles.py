"""Opaque types as classes that close, and error codes as exceptions."""

from __future__ import annotations

import gc
import pickle
from collections.abc import Callable

import pytest

import pywasi_native as wasm
from pywasi_native import typed

Lib = typed.Namespace
Bind = Callable[..., typed.Namespace]


def test_a_handle_is_closed_by_its_block(lib: Lib) -> None:
    with lib.counter_new("one") as counter:
        assert isinstance(counter, lib.counter)
        assert isinstance(counter, typed.Handle)
        assert lib.counter_add(counter, 4) == 4
        assert lib.counter_name(counter) == "one"
        assert lib.live_counters() == 1
    assert lib.live_counters() == 0
    assert repr(counter) == "<closed counter>"
    counter.close()
    assert lib.live_counters() == 0


def test_a_closed_handle_is_refused(lib: Lib) -> None:
    counter = lib.counter_new("one")
    counter.close()
    with pytest.raises(ValueError, match=r"counter_add\(\) argument 1 \(c\) is a closed counter"):
        lib.counter_add(counter, 1)
    with pytest.raises(ValueError, match="the counter is closed"):
        lib.visit_all(lambda user, name, value: 0, counter)


def test_the_function_that_frees_closes_the_handle(lib: Lib) -> None:
    counter = lib.counter_new("one")
    lib.counter_free(counter)
    assert lib.live_counters() == 0
    with pytest.raises(ValueError, match="is a closed counter"):
        lib.counter_name(counter)
    lib.counter_free(counter)
    lib.counter_free(None)
    assert lib.live_counters() == 0


def test_other_things_are_no_handles(lib: Lib) -> None:
    with pytest.raises(
        TypeError, match=r"counter_add\(\) argument 1 \(c\) must be counter \(struct counter \*\), not int"
    ):
        lib.counter_add(4096, 1)
    with pytest.raises(TypeError, match="must be counter"):
        lib.counter_free("x")


def test_a_handle_of_another_instance_is_refused(
    forms_module: wasm.Module, forms_header: typed.Header
) -> None:
    one = typed.bind(forms_module.instantiate(), forms_header)
    two = typed.bind(forms_module.instantiate(), forms_header)
    with one.counter_new("x") as counter, pytest.raises(TypeError, match="must be counter"):
        two.counter_add(counter, 1)


def test_a_handle_is_the_same_object_as_long_as_it_lives(lib: Lib) -> None:
    result, counter = lib.counter_open("two")
    assert result == 0
    assert counter == counter
    assert hash(counter) == hash(counter)
    assert counter != lib.counter_new("three")
    with pytest.raises(TypeError, match="cannot pickle a counter"):
        pickle.dumps(counter)


def test_null_is_none(lib: Lib) -> None:
    assert lib.counter_new("") is None
    assert lib.counter_open("") == (-1, None)


def test_a_handle_keeps_its_instance_alive(forms_module: wasm.Module, forms_header: typed.Header) -> None:
    lib = typed.bind(forms_module.instantiate(), forms_header)
    counter, add = lib.counter_new("kept"), lib.counter_add
    del lib
    gc.collect()
    assert add(counter, 2) == 2
    counter.close()


def test_error_codes_are_exceptions_by_a_rule(bound: Bind) -> None:
    lib = bound(errors={"counter_*": "negative"}, message="error_text")
    with lib.counter_new("x") as counter:
        assert lib.counter_add(counter, 2) == 2
        with pytest.raises(
            typed.CallError, match=r"^counter_add\(\) failed with -2: out of range$"
        ) as caught:
            lib.counter_add(counter, -1)
        assert (caught.value.function, caught.value.code, caught.value.message) == (
            "counter_add",
            -2,
            "out of range",
        )
        assert isinstance(pickle.loads(pickle.dumps(caught.value)), typed.CallError)
        assert lib.counter_add(counter, 1) == 3


def test_nonzero_leaves_the_code_out_of_the_results(bound: Bind) -> None:
    lib = bound(errors={"counter_open": "nonzero", "extent": "nonzero"})
    assert lib.extent([4, 1, 3]) == (1, 4)
    with pytest.raises(typed.CallError, match=r"extent\(\) failed with -1"):
        lib.extent([])
    counter = lib.counter_open("y")
    assert lib.counter_name(counter) == "y"


def test_null_pointers_are_exceptions_by_a_rule(bound: Bind) -> None:
    lib = bound(errors={"counter_new": "null"})
    with pytest.raises(typed.CallError, match=r"counter_new\(\) gave a null pointer") as caught:
        lib.counter_new("")
    assert caught.value.code is None


def test_errors_of_another_class(bound: Bind) -> None:
    class ShapeError(typed.CallError):
        pass

    def broken(name: str, code: int | None, message: str) -> Exception:
        return ValueError(f"{name}/{code}/{message}")

    lib = bound(
        errors={"counter_add": typed.Failure("negative", ShapeError), "extent": "nonzero"}, exception=OSError
    )
    with lib.counter_new("x") as counter, pytest.raises(ShapeError):
        lib.counter_add(counter, -1)
    with pytest.raises(OSError, match="extent"):
        lib.extent([])
    with pytest.raises(ValueError, match="not 'sometimes'"):
        typed.Failure("sometimes")


def test_what_was_written_before_an_error_is_there(bound: Bind) -> None:
    lib = bound(errors={"double_bytes": "nonzero"})
    out = bytearray(1)
    with pytest.raises(typed.CallError, match="failed with 1"):
        lib.double_bytes(b"\x01\x02", out)
    assert out == b"\x02"


def test_rules_replace_signatures(bound: Bind) -> None:
    lib = bound(functions={"low_byte": "u8(i16)"}, plain=["sum_f64.n"], out=["fill_all.a_size"][:0])
    assert lib.sum_f64([1, 2, 3], 2) == 3
    assert lib.low_byte(-1) == 255


def test_a_rule_says_what_closes(bound: Bind) -> None:
    lib = bound(closes={"counter": ""})
    counter = lib.counter_new("never")
    counter.close()
    assert lib.live_counters() == 1
