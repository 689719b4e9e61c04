"""Functions: values in and out, what their errors say, what they tell about themselves."""

from __future__ import annotations

import inspect
import math
import pickle
import pydoc
import re
import struct
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pywasi_native as wasm
import wasm_bytes

M = wasm.load(wasm_bytes.numbers())


class Index:
    """An object that is an integer by ``__index__``."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __index__(self) -> int:
        return self.value


@given(st.integers(-(1 << 31), (1 << 32) - 1))
def test_i32_takes_both_ranges_and_gives_the_signed_one(value: int) -> None:
    assert M.same_i32(value) == (value + (1 << 31)) % (1 << 32) - (1 << 31)


@given(st.integers(-(1 << 63), (1 << 64) - 1))
def test_i64_takes_both_ranges_and_gives_the_signed_one(value: int) -> None:
    assert M.same_i64(value) == (value + (1 << 63)) % (1 << 64) - (1 << 63)


@given(st.floats())
def test_f64_comes_back(value: float) -> None:
    back = M.same_f64(value)
    assert back == value or (math.isnan(back) and math.isnan(value))


@given(st.floats(width=32))
def test_f32_comes_back(value: float) -> None:
    back = M.same_f32(value)
    assert back == value or (math.isnan(back) and math.isnan(value))


def test_f32_is_rounded() -> None:
    assert M.same_f32(0.1) == struct.unpack("<f", struct.pack("<f", 0.1))[0]
    assert M.same_f32(1e300) == math.inf


@pytest.mark.parametrize("value", [True, Index(1)])
def test_bools_and_index_objects_are_integers(value: object) -> None:
    assert M.same_i32(value) == 1
    assert M.same_i64(value) == 1


@pytest.mark.parametrize("value", [3, True, Fraction(1, 2), Index(4)])
def test_numbers_are_floats(value: object) -> None:
    assert M.same_f64(value) == float(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        (
            "i32",
            1 << 32,
            "same_i32() argument 1 must be in the range of i32, -2147483648 to 4294967295, not 4294967296",
        ),
        ("i32", -(1 << 31) - 1, "-2147483649"),
        ("i32", 1 << 64, str(1 << 64)),
        ("i64", 1 << 64, "i64, -9223372036854775808 to 18446744073709551615, not 18446744073709551616"),
        ("i64", -(1 << 63) - 1, "-9223372036854775809"),
        pytest.param("i64", 1 << 100_000, "a number of 100001 bits", id="huge"),
        ("f64", 10**400, "same_f64() argument 1 is too large for a float (f64)"),
    ],
)
def test_out_of_range_names_the_argument(name: str, value: int, text: str) -> None:
    with pytest.raises(OverflowError) as caught:
        M[f"same_{name}"](value)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("i32", 1.0, "same_i32() argument 1 must be int, not float (i32)"),
        ("i32", "1", "must be int, not str (i32)"),
        ("i64", None, "must be int, not NoneType (i64)"),
        ("f32", "1", "same_f32() argument 1 must be float, not str (f32)"),
        ("f64", 1j, "must be float, not complex (f64)"),
        ("funcref", 3, "must be Func or None, not int (funcref)"),
        ("funcref", len, "make one with wasm.Func(type, callable)"),
    ],
)
def test_wrong_type_names_the_argument(name: str, value: object, text: str) -> None:
    with pytest.raises(TypeError) as caught:
        M[f"same_{name}"](value)
    assert text in str(caught.value)


def test_the_second_argument_is_the_second() -> None:
    with pytest.raises(TypeError, match=r"^add\(\) argument 2 must be int, not str \(i32\)$"):
        M.add(1, "2")


@pytest.mark.parametrize(("args", "given"), [((), 0), ((1,), 1), ((1, 2, 3), 3)])
def test_wrong_count(args: tuple[int, ...], given: int) -> None:
    with pytest.raises(TypeError, match=rf"^add\(\) takes 2 arguments \({given} given\)$"):
        M.add(*args)


def test_no_keyword_arguments() -> None:
    with pytest.raises(TypeError, match="takes no keyword arguments"):
        M.add(1, b=2)
    nothing: dict[str, int] = {}
    assert M.add(1, 2, **nothing) == 3


def test_errors_of_arguments_have_no_frames_of_ours() -> None:
    for bad in (
        lambda: M.add(1, "2"),
        lambda: M.add(1, 1 << 40),
        lambda: M.add(1),
        lambda: M.same_funcref(1),
    ):
        with pytest.raises((TypeError, OverflowError)) as caught:
            bad()
        assert [entry.path.suffix for entry in caught.traceback] == [".py", ".py"]


class Refusing:
    """Its conversion fails."""

    def __index__(self) -> int:
        raise LookupError("no number today")


def test_an_error_of_the_conversion_itself_comes_out() -> None:
    with pytest.raises(LookupError, match="no number today") as caught:
        M.add(1, Refusing())
    assert [entry.name for entry in caught.traceback][-1] == "__index__"


def test_results() -> None:
    assert M.nothing() is None
    assert M.add(-1, 0xFFFFFFFF) == -2
    assert M.three(-1) == (7, 2.5, -1)
    assert M.sum20(*range(20)) == 190


def test_externref_keeps_identity() -> None:
    thing = object()
    assert M.same_externref(thing) is thing
    assert M.same_externref(None) is None
    assert M.same_externref(M.add) is M.add


def test_funcref_keeps_identity() -> None:
    assert M.same_funcref(M.add) is M.add
    assert M.same_funcref(None) is None


def test_call_bits_gives_unsigned_bits() -> None:
    assert M.same_i32.call_bits(0xFFFFFFFF) == (0xFFFFFFFF,)
    assert M.three.call_bits((1 << 64) - 1) == (7, 0x4004000000000000, (1 << 64) - 1)
    assert M.nothing.call_bits() == ()
    thing = object()
    assert M.same_externref.call_bits(thing) == (thing,)


@pytest.mark.parametrize(
    ("name", "bits"), [("f32", 0x7FA00001), ("f32", 0xFFC12345), ("f64", 0x7FF4000000000001)]
)
def test_call_bits_keeps_nans(name: str, bits: int) -> None:
    assert M[f"same_{name}"].call_bits(bits) == (bits,)


def test_call_bits_refuses_what_is_no_bit_pattern() -> None:
    with pytest.raises(OverflowError, match="argument 1 must be 32 bits without sign, not -1"):
        M.same_i32.call_bits(-1)
    with pytest.raises(TypeError, match="must be an int, its bits, not float"):
        M.same_f64.call_bits(1.0)
    with pytest.raises(TypeError, match=r"add\(\) takes 2 arguments \(1 given\)"):
        M.add.call_bits(1)


def test_a_function_tells_what_it_is() -> None:
    assert M.add.type == wasm.FuncType(["i32", "i32"], ["i32"])
    assert M.add.name == M.add.__name__ == M.add.__qualname__ == "add"
    assert repr(M.add) == "<wasm function add (func (param i32 i32) (result i32))>"
    assert M.add.__doc__ == "add (func (param i32 i32) (result i32))"
    assert str(inspect.signature(M.add)) == "(p0: int, p1: int, /) -> int"
    assert inspect.signature(M.three).return_annotation == tuple[int, float, int]
    assert callable(M.add)


def test_the_type_of_functions_is_a_type_like_others() -> None:
    assert wasm.Func.__module__ == "pywasi_native._native"
    assert wasm.Func.__doc__ is not None
    assert wasm.Func.__doc__.startswith("A function of a WebAssembly store")
    assert repr(wasm.Func) == "<class 'pywasi_native._native.Func'>"
    assert pickle.loads(pickle.dumps(wasm.Func)) is wasm.Func
    assert "A function of a WebAssembly store" in pydoc.render_doc(wasm.Func)


# (type $t (func (param i32) (result i32))); what takes and holds (ref null $t), (ref $t)
TYPED = bytes.fromhex(
    "0061736d01000000011e0560017f017f600000600263007f017f600164000164006001646f01646f030605020304000104050163000002"
    "060701630001d0000b072e070463616c6c0000076e6f6e6e756c6c000103657874000203696e630003056f746865720004017401000167"
    "0300090501030001030a1f0508002001200014000b040020000b040020000b0700200041016a0b02000b"
)


def test_references_of_a_type() -> None:
    m = wasm.load(TYPED)
    assert re.fullmatch(r"\(func \(param \(ref null \d+\) i32\) \(result i32\)\)", str(m.call.type))
    assert m.call(m.inc, 4) == 5
    assert m.call(wasm.Func(wasm.FuncType(["i32"], ["i32"]), lambda x: x * 2), 21) == 42
    assert m.nonnull(m.inc) is m.inc
    assert m.ext("x") == "x"
    with pytest.raises(wasm.Trap, match="null function reference"):
        m.call(None, 1)
    wrong = r"call\(\) argument 1 is a function of another type than \(ref null \d+\)"
    for _ in range(2):
        with pytest.raises(TypeError, match=wrong):
            m.call(m.other, 1)
        m.call(m.inc, 1)
    with pytest.raises(TypeError, match="must be Func or Ref, not NoneType"):
        m.nonnull(None)
    with pytest.raises(TypeError, match="must be an object other than None"):
        m.ext(None)
    with pytest.raises(TypeError, match="the element is a function of another type"):
        m.t[0] = m.other
    with pytest.raises(TypeError, match="the value of the global is a function of another type"):
        m.g.value = m.other


def test_names_come_from_the_name_section_where_there_is_no_export() -> None:
    m = wasm_bytes.Module()
    hidden = m.func(label="hidden one")
    plain = m.func()
    m.table("funcref", 2, export="t")
    m.elem(0, [hidden, plain])
    table = wasm.load(m.bytes()).t
    assert [table[i].name for i in range(2)] == ["hidden one", "func[1]"]


def test_call_by_the_slow_way() -> None:
    assert M.add.__call__(2, 3) == 5
    assert type(M.add).__call__(M.add, 2, 3) == 5


def test_an_export_pickles() -> None:  # more in test_pool.py
    assert pickle.loads(pickle.dumps(M.add)) is M.add


def test_functions_cannot_be_made_empty() -> None:
    with pytest.raises(TypeError):
        wasm.Func()  # type: ignore[call-arg]
    empty = wasm.Func.__new__(wasm.Func)
    with pytest.raises(RuntimeError, match="being destroyed"):
        empty()
