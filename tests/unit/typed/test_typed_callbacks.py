"""Python callables as C function pointers."""

from __future__ import annotations

import threading
from array import array
from typing import Any

import pytest

import pywasi_native as wasm
from pywasi_native import typed

Lib = typed.Namespace


def test_a_callable_is_called_with_python_values(lib: Lib) -> None:
    seen: list[tuple[Any, ...]] = []

    def visit(user: object, name: str, value: float) -> int:
        seen.append((user, name, value))
        return 10

    assert lib.visit_all(visit, None) == 20
    assert seen == [(None, "one", 1.5), (None, "two", 2.5)]


def test_a_callback_gets_pointers(lib: Lib) -> None:
    numbers = array("i", [3, 1, 2, 9, -4])
    lib.sort_i32(numbers, lambda a, b: a.view(1)[0] < b.view(1)[0])
    assert numbers.tolist() == [-4, 1, 2, 3, 9]


def test_exceptions_of_a_callback_come_out_as_they_are(lib: Lib) -> None:
    problem = KeyError("mine")

    def fail(_x: int) -> int:
        raise problem

    with pytest.raises(KeyError) as caught:
        lib.apply(fail, 1)
    assert caught.value is problem
    assert lib.apply(lambda x: x * 2, 4) == 9


def test_what_a_callback_returns_is_checked(lib: Lib) -> None:
    with pytest.raises(TypeError, match=r"must return int \(int\), not str"):
        lib.apply(lambda x: "x", 1)
    with pytest.raises(TypeError, match=r"must return int .*not NoneType"):
        lib.apply(lambda x: None, 1)
    with pytest.raises(OverflowError, match="does not fit"):
        lib.apply(lambda x: 1 << 40, 1)


def test_what_is_not_callable_is_refused(lib: Lib) -> None:
    with pytest.raises(TypeError, match=r"apply\(\) argument 1 \(f\) must be callable, not int"):
        lib.apply(5, 1)


def test_none_is_a_null_function(lib: Lib) -> None:
    with pytest.raises(wasm.Trap, match="uninitialized element"):
        lib.apply(None, 1)


def test_a_callback_that_the_module_keeps(lib: Lib) -> None:
    assert lib.call_hook(1) == -1
    with lib.callback("visitor", lambda user, name, value: int(value)) as hook:
        lib.set_hook(hook)
        assert lib.call_hook(4.5) == 4
    with pytest.raises(RuntimeError, match="after the call that it was given to had ended"):
        lib.call_hook(1)
    with pytest.raises(ValueError, match="the callback is closed"):
        lib.set_hook(hook)
    assert "(closed)" in repr(hook)


def test_a_callback_that_was_given_to_a_call_ends_with_it(lib: Lib) -> None:
    lib.set_hook(lambda user, name, value: 1)
    with pytest.raises(RuntimeError, match=r"visitor .*keep it with namespace.callback"):
        lib.call_hook(1)


def test_places_of_the_table_are_used_again(lib: Lib, forms: wasm.Instance) -> None:
    lib.apply(lambda x: x, 1)
    size = len(forms.exports["__indirect_function_table"])
    for i in range(100):
        assert lib.apply(lambda x: x + 1, i) == i + 2
    assert len(forms.exports["__indirect_function_table"]) == size


def test_a_callback_calls_the_module_again(lib: Lib) -> None:
    """Buffers of the call inside lie above those of the call that it is part of."""

    def deeper(depth: int) -> int:
        if depth == 0:
            return 0
        return lib.callback_with_buffers(bytes([depth - 1] + [1] * 50), deeper)

    assert lib.callback_with_buffers(bytes([5, 1, 1]), deeper) == 5 + 2 + sum(
        depth + 50 for depth in range(5)
    )


def test_a_large_call_within_a_call(lib: Lib) -> None:
    large = bytes([0]) + bytes(3 << 20)

    def inner(depth: int) -> int:
        return lib.callback_with_buffers(large, lambda _depth: 7)

    data = bytearray(range(1, 200))
    assert lib.callback_with_buffers(data, inner) == 7 + sum(range(1, 200))


def test_a_trap_in_a_call_within_a_callback(lib: Lib) -> None:
    def inner(_depth: int) -> int:
        lib.trap_now(b"x")
        return 0

    for _ in range(3):
        with pytest.raises(wasm.Trap, match="unreachable"):
            lib.callback_with_buffers(b"\1\2", inner)
    assert lib.sum_f64([1, 2]) == 3


def test_signatures_have_callbacks(forms: wasm.Instance) -> None:
    apply = forms.func("apply", "int(int (*f)(int), int)")
    assert apply(lambda x: x + 5, 1) == 7


def test_a_module_without_a_table_says_so() -> None:
    module = wasm.compile(
        b"\0asm\1\0\0\0\1\6\1\x60\1\x7f\1\x7f\3\2\1\0\5\3\1\0\1\7\x0e\2\1f\0\0\6memory\2\0\x0a\6\1\4\0\x20\0\x0b"
    )
    f = module.instantiate().func("f", "int(int (*f)(int))")
    with pytest.raises(wasm.LinkError, match=r"exports no table that can grow.*--growable-table"):
        f(lambda x: x)


def test_threads_take_turns(lib: Lib) -> None:
    problems: list[object] = []

    def work(number: int) -> None:
        for _ in range(200):
            data = array("d", [number] * 50)
            if lib.sum_f64(data) != number * 50 or lib.apply(lambda x: x, number) != number + 1:
                problems.append(number)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems


def test_a_callback_for_a_name_that_is_none(lib: Lib) -> None:
    with pytest.raises(typed.HeaderError):
        lib.callback("visitorr", print)
    with pytest.raises(TypeError, match="a callback must be callable"):
        lib.callback("visitor", 3)


def test_a_pointer_with_a_length_is_one_argument(lib: Lib) -> None:
    seen: list[bytes] = []
    assert lib.chunks(lambda data, user: seen.append(data), None) == 3
    assert seen == [b"one", b"two\0three", b""]


def test_what_a_callback_writes_to_is_in_place(lib: Lib) -> None:
    def fill(values: memoryview[float]) -> float:
        for i in range(len(values)):
            values[i] = i * 1.5
        return float(len(values))

    out = array("d", [0, 0, 0])
    assert lib.generate(fill, out) == 6
    assert out.tolist() == [0, 1.5, 3]


def test_a_length_that_is_no_place_of_the_memory(lib: Lib) -> None:
    with pytest.raises(IndexError):
        lib.with_huge(lambda data: None)


def test_lengths_of_callbacks_in_signatures_are_said(forms: wasm.Instance) -> None:
    seen: list[object] = []
    forms.func("chunks", "int(void (*)(bytes, size, ptr), ptr)")(lambda data, user: seen.append(data), None)
    assert seen == [b"one", b"two\0three", b""]
    forms.func("chunks", "int(void (*)(ptr, size_t, ptr), ptr)")(lambda data, n, user: seen.append(n), None)
    assert seen[3:] == [3, 9, 0]
