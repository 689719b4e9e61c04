"""Buffers, texts and lengths in and out."""

from __future__ import annotations

from array import array
from typing import Any

import pytest

import pywasi_native as wasm
from pywasi_native import typed

Lib = typed.Namespace


def test_a_short_signature_takes_a_buffer_and_its_length(forms: wasm.Instance) -> None:
    sum_f64 = forms.func("sum_f64", "f64(const f64*, size)")
    assert sum_f64(array("d", [1, 2, 3.5])) == 6.5
    assert sum_f64(array("d")) == 0
    assert sum_f64([1, 2.5]) == 3.5
    assert sum_f64((4,)) == 4
    assert sum_f64(array("d", [1.5]).tobytes()) == 1.5


def test_numpy_arrays_go_in_and_out(lib: Lib) -> None:
    np = pytest.importorskip("numpy")
    assert lib.sum_f64(np.arange(10.0)) == 45
    samples = np.arange(5, dtype=np.float32)
    assert lib.scale(samples, 2) is None
    assert samples.tolist() == [0, 2, 4, 6, 8]
    rows = np.ones((3, 4))
    assert lib.sum_f64(rows) == 12
    assert lib.dot(rows[1], rows[2]) == 4


def test_numpy_arrays_that_are_not_contiguous_are_refused(lib: Lib) -> None:
    np = pytest.importorskip("numpy")
    with pytest.raises(TypeError, match=r"sum_f64\(\) argument 1 \(x\) must be contiguous.*pass a copy"):
        lib.sum_f64(np.arange(10.0)[::2])


def test_buffers_of_one_type_share_a_length(lib: Lib) -> None:
    assert lib.dot([1, 2], [3, 4]) == 11
    with pytest.raises(ValueError, match="2 items and the one before it 1: they share one length"):
        lib.dot([1], [3, 4])


@pytest.mark.parametrize(
    "value",
    [bytearray(b"abc"), b"abc", memoryview(b"abc"), array("B", b"abc")],
    ids=lambda item: type(item).__name__,
)
def test_any_buffer_of_bytes_is_read(lib: Lib, value: Any) -> None:
    out = bytearray(3)
    left, used = lib.double_bytes(value, out)
    assert (left, used, bytes(out)) == (0, 3, bytes(2 * byte for byte in b"abc"))


def test_the_room_of_a_buffer_goes_in_and_what_was_used_comes_out(lib: Lib) -> None:
    out = bytearray(5)
    assert lib.double_bytes(b"ab", out) == (0, 2)
    assert out == bytearray([2 * ord("a"), 2 * ord("b"), 0, 0, 0])
    assert lib.double_bytes(b"abcdefg", out) == (2, 5)


def test_what_is_written_to_is_seen_in_the_caller_s_buffer(lib: Lib) -> None:
    data = array("f", [1, 2, 3])
    lib.scale(data, 0.5)
    assert data.tolist() == [0.5, 1, 1.5]
    middle = memoryview(data)[1:2]
    lib.scale(middle, 10)
    assert data.tolist() == [0.5, 10, 1.5]


def test_read_only_buffers_are_refused_where_c_writes(lib: Lib) -> None:
    with pytest.raises(
        TypeError, match=r"argument 1 \(data\) is written to, and bytes is read only; pass a bytearray"
    ):
        lib.touch(b"abc")
    with pytest.raises(TypeError, match="it is written to: pass an array"):
        lib.scale([1.0, 2.0], 2)
    with pytest.raises(TypeError, match="it is written to: pass a bytearray"):
        lib.touch("abc")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (array("f", [1]), r"array of 4 bytes with items 'f' of 4"),
        (array("q", [1]), r"array of 8 bytes with items 'q' of 8"),
        (b"abc", r"bytes of 3 bytes"),
        (object(), r"not object"),
        ("abc", r"not str; encode it first"),
        (1.5, r"not float"),
        ([1, "x"], r"must be real number, not str"),
        (12345, r"not the address 12345: its length is passed too"),
    ],
)
def test_buffers_of_other_items_are_refused(lib: Lib, value: Any, said: str) -> None:
    with pytest.raises(TypeError, match=rf"^sum_f64\(\) argument 1 \(x\) must be a buffer of double.*{said}"):
        lib.sum_f64(value)


def test_none_is_a_null_pointer_with_no_items(lib: Lib) -> None:
    assert lib.sum_f64(None) == 0
    assert lib.text_length(None) == 12345


def test_texts_go_in_with_a_nul_behind_them(lib: Lib) -> None:
    assert lib.text_length("hello") == 5
    assert lib.text_length("é") == 2
    assert lib.text_length(b"bytes") == 5
    assert lib.text_length(bytearray(b"abc")) == 3
    assert lib.text_length("") == 0
    with pytest.raises(ValueError, match="has a NUL character in it"):
        lib.text_length("a\0b")
    with pytest.raises(TypeError, match=r"text_length\(\) argument 1 \(text\) must be str or bytes"):
        lib.text_length(array("d", [1]))


def test_a_text_with_a_length_may_have_nuls(lib: Lib) -> None:
    assert lib.count_char("a\0ba", "a") == 2
    assert lib.count_char(b"\0\0", 0) == 2


def test_texts_come_out(lib: Lib) -> None:
    assert lib.kind_name(3) == "line"
    assert lib.kind_name(4) == "courbe é"
    assert lib.kind_name(77) is None


def test_a_list_of_texts_goes_in(lib: Lib) -> None:
    buffer = bytearray(64)
    assert lib.join(["ab", b"c", "é"], buffer) == 5
    assert buffer[:5] == "abcé".encode()
    with pytest.raises(TypeError, match="must be a sequence of texts, not one text"):
        lib.join("abc", buffer)


def test_two_buffers_with_their_own_lengths(lib: Lib) -> None:
    into = bytearray(4)
    assert lib.fill_all(into, array("d", [1.0])) == -4
    assert into == array("d", [1.0]).tobytes()[:4]


def test_results_by_pointers_come_back(lib: Lib) -> None:
    assert lib.extent(array("i", [4, -2, 9])) == (0, -2, 9)
    assert lib.extent([]) == (-1, 0, 0)


def test_arguments_by_name(lib: Lib) -> None:
    assert lib.count_char(text="aXa", c="a") == 2
    with pytest.raises(TypeError, match=r"count_char\(\) is missing 'c'"):
        lib.count_char(text="x")
    with pytest.raises(TypeError, match="unexpected keyword argument 'd'"):
        lib.count_char("x", d="a")
    with pytest.raises(TypeError, match="multiple values for argument 'text'"):
        lib.count_char("x", "y", text="a")
    with pytest.raises(TypeError, match=r"takes 2 arguments \(text, c\), 3 given"):
        lib.count_char("x", "y", "z")


def test_numbers_are_checked(lib: Lib) -> None:
    assert lib.low_byte(-1) == -1
    assert lib.low_byte(0x7FFF) == -1
    assert lib.wrap_add(0xFFFFFFFF, 1) == 0
    assert lib.wrap_add(0xFFFFFFFE, 1) == 0xFFFFFFFF
    assert lib.wide(-(1 << 63), 0) == -(1 << 63)
    assert lib.wide(0, (1 << 64) - 1) == -1
    assert lib.is_even(1 << 63) is True
    assert lib.is_even((1 << 64) - 1) is False
    with pytest.raises(
        OverflowError, match=r"low_byte\(\) argument 1 \(number\) must be from -32768 to 32767, not 32768"
    ):
        lib.low_byte(32768)
    with pytest.raises(OverflowError, match="must be from 0 to 4294967295, not -1"):
        lib.wrap_add(-1, 0)
    with pytest.raises(OverflowError, match="a number of 1001 bits"):
        lib.wrap_add(1 << 1000, 0)
    with pytest.raises(TypeError, match="must be int, not float"):
        lib.wrap_add(1.0, 0)
    with pytest.raises(TypeError, match="must be float, not str"):
        lib.scale(array("f"), "2")


def test_a_buffer_in_the_module_s_memory_is_used_in_place(lib: Lib, forms: wasm.Instance) -> None:
    place = lib.region()
    view = place.view(16)
    view[:] = bytes(range(16))
    assert lib.touch(view[4:8]) == place.address + 4
    assert bytes(view) == bytes([0, 1, 2, 3, 5, 6, 7, 8, *range(8, 16)])
    np = pytest.importorskip("numpy")
    items = np.frombuffer(memoryview(forms.memory), np.uint8)[place.address : place.address + 8]
    assert lib.touch(items) == place.address
    assert view[0] == 1


def test_doubles_in_the_module_s_memory_are_summed_in_place(lib: Lib) -> None:
    place = typed.Pointer(lib.__wasm__.memory, lib.region().address, "d")
    view = place.view(3)
    view[:] = array("d", [1, 2, 3])
    assert lib.sum_f64(view) == 6
    with pytest.raises(IndexError, match="outside of the memory"):
        place.view(1 << 29)


def test_pointers_that_come_out_can_be_read_and_passed(lib: Lib) -> None:
    copy = lib.duplicate("pointers")
    assert copy.text() == "pointers"
    assert copy.read(3) == b"poi"
    assert (copy + 3).text() == "nters"
    assert lib.text_length(copy) == 8
    assert int(copy.address) == copy.__index__()
    lib.free(copy)


def test_pointers_have_items(lib: Lib) -> None:
    numbers = typed.Pointer(lib.__wasm__.memory, lib.region().address, "d")
    numbers[0], numbers[1] = 1.5, 2.5
    assert (numbers[0], numbers[1], (numbers + 1)[0]) == (1.5, 2.5, 2.5)
    assert lib.sum_f64(numbers.view(2)) == 4
    with pytest.raises(IndexError, match="outside of the memory"):
        numbers[1 << 28]
    with pytest.raises((IndexError, OverflowError)):
        numbers[-(1 << 28)]
    with pytest.raises(IndexError, match="outside of the memory"):
        (numbers + (1 << 28)).view(0)
    with pytest.raises(AttributeError):
        numbers["x"]
    with pytest.raises(TypeError, match=r"take pointer.view\(n\)"):
        list(numbers)


def test_arrays_in_the_module_s_memory(lib: Lib, forms: wasm.Instance) -> None:
    with typed.allocate(forms, 4, "d") as room:
        assert room.view.tolist() == [0, 0, 0, 0]
        room.view[:] = array("d", [1, 2, 3, 4])
        assert lib.sum_f64(room.view) == 10
        assert lib.touch(room.view.cast("B")) == room.address
        np = pytest.importorskip("numpy")
        items = np.asarray(room.view)
        items[:] = 5
        assert room.view[3] == 5
        assert lib.sum_f64(items) == 20
        again = repr(room)
    room.close()
    assert "closed" in repr(room)
    assert "closed" not in again
    with pytest.raises(ValueError, match="the code of the items is one of"):
        typed.allocate(forms, 4, "z")
    with pytest.raises(ValueError, match="there cannot be -1 items"):
        typed.allocate(forms, -1)
    with pytest.raises(MemoryError, match="no room"):
        typed.allocate(forms, 1 << 31)


def test_calls_take_an_allocation_itself(lib: Lib, forms: wasm.Instance) -> None:
    room = typed.allocate(forms, 4, "d")
    room.view[:] = array("d", [1, 2, 3, 4])
    assert lib.sum_f64(room) == 10  # a length is passed too
    with typed.allocate(forms, 3) as small:
        assert lib.touch(small) == small.address  # it lies where it was: no copy
    with pytest.raises(TypeError, match=r"not Allocation of 32 bytes with items 'd' of 8"):
        lib.extent(room)
    room.close()
    with pytest.raises(TypeError, match="this allocation is closed"):
        lib.sum_f64(room)


def test_signatures_with_words_for_results(forms: wasm.Instance) -> None:
    extent = forms.func("extent", "int(const i32*, size, out i32*, out i32*)")
    assert extent([3, 1, 2]) == (0, 1, 3)
    double = forms.func("double_bytes", "int(bytes src, size, u8* dst, size*)")
    out = bytearray(2)
    assert double(b"\x01\x02\x03", out) == (1, 2)


def test_without_the_word_size_a_length_is_an_argument(forms: wasm.Instance) -> None:
    sum_f64 = forms.func("sum_f64", "f64(const f64*, size_t)")
    assert sum_f64([1, 2, 3], 2) == 3


@pytest.mark.parametrize(
    ("signature", "said"),
    [
        ("f64(const f64*, size", "signature of sum_f64.*1:21"),
        ("", "a signature was expected, not nothing"),
        ("f64(quux*, size)", "quux"),
    ],
)
def test_bad_signatures_say_where(forms: wasm.Instance, signature: str, said: str) -> None:
    with pytest.raises(typed.HeaderError, match=said):
        forms.func("sum_f64", signature)


def test_a_signature_has_to_be_that_of_the_export(forms: wasm.Instance) -> None:
    with pytest.raises(
        wasm.LinkError,
        match=r"sum_f64 is \(func \(param i32 i32\) \(result f64\)\), but its declaration means",
    ):
        forms.func("sum_f64", "f64(const f64*)")
    with pytest.raises(wasm.LinkError, match=r"sum_f65.*does not export it.*sum_f64"):
        forms.func("sum_f65", "f64(const f64*, size)")


def test_functions_tell_what_they_are(lib: Lib) -> None:
    import inspect

    assert lib.sum_f64.__name__ == "sum_f64"
    assert lib.sum_f64.__doc__ == "Sum of the numbers."
    assert list(inspect.signature(lib.double_bytes).parameters) == ["src", "dst"]
    assert repr(lib.sum_f64) == "<typed function double sum_f64(const double *x, size_t n)>"
    assert "sum_f64" in dir(lib)
    assert lib.FORMS_VERSION == "1.4"
    assert lib.FORMS_MOST == 16
