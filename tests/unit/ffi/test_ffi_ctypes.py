"""What ctypes does, done on a library of the host and on the same one as wasm."""

from __future__ import annotations

import gc
from types import SimpleNamespace
from typing import Any

import pytest

# ---- numbers ---------------------------------------------------------------------------------------------


def test_int_is_the_default_result(lib: Any) -> None:
    assert lib.add(2, 3) == 5
    assert lib.add(-2, 1) == -1


def test_functions_are_found_by_attribute_and_by_item(lib: Any) -> None:
    assert lib.add is lib.add
    assert lib["add"] is not lib["add"]
    assert lib["add"](1, 1) == 2
    assert lib.add.__name__ == "add"


@pytest.mark.parametrize(
    ("name", "kind", "value", "expected"),
    [
        ("next_u8", "c_ubyte", 255, 0),
        ("next_u8", "c_ubyte", 256 + 7, 8),
        ("negate_i8", "c_byte", -128, -128),
        ("negate_i8", "c_byte", 5, -5),
        ("next_u16", "c_ushort", 65535, 0),
        ("next_u32", "c_uint", 2**32 - 1, 0),
        ("next_u32", "c_uint", 2**31, 2**31 + 1),
        ("next_u64", "c_uint64", 2**63, 2**63 + 1),
        ("next_u64", "c_uint64", 2**64 - 1, 0),
        ("half", "c_double", 3.0, 1.5),
        ("half", "c_double", 3, 1.5),
        ("halff", "c_float", 0.1, 0.05000000074505806),
        ("negate", "c_bool", False, True),
        ("negate", "c_bool", 5, False),
        ("upper", "c_char", b"q", b"Q"),
        ("doubled", "c_size_t", 2**20, 2**21),
    ],
)
def test_a_number_goes_in_and_comes_out(
    lib: Any, ct: Any, name: str, kind: str, value: Any, expected: Any
) -> None:
    function = lib[name]
    function.argtypes = [getattr(ct, kind)]
    function.restype = getattr(ct, kind)
    assert function(value) == expected
    assert type(function(value)) is type(expected)


def test_products_of_64_bits(lib: Any, ct: Any) -> None:
    lib.mul_i64.argtypes = [ct.c_int64, ct.c_int64]
    lib.mul_i64.restype = ct.c_int64
    assert lib.mul_i64(-(2**33), 3) == -3 * 2**33


def test_objects_are_arguments(lib: Any, ct: Any) -> None:
    lib.add.argtypes = [ct.c_int, ct.c_int]
    assert lib.add(ct.c_int(4), 5) == 9
    lib["half"].restype = ct.c_double
    half = lib["half"]
    half.restype = ct.c_double
    assert half(ct.c_double(5)) == 2.5


def test_as_parameter(lib: Any, ct: Any) -> None:
    class Boxed:
        def __init__(self, value: object) -> None:
            self._as_parameter_ = value

    assert lib.add(Boxed(3), Boxed(Boxed(4))) == 7
    lib.add.argtypes = [ct.c_int, ct.c_int]
    assert lib.add(Boxed(3), Boxed(4)) == 7


def test_from_param_of_ones_own(lib: Any, ct: Any) -> None:
    class Words:
        @classmethod
        def from_param(cls, value: str) -> Any:
            return ct.c_int({"one": 1, "two": 2}[value])

    lib.add.argtypes = [Words, ct.c_int]
    assert lib.add("two", 5) == 7
    with pytest.raises(ct.ArgumentError):
        lib.add("three", 5)


def test_numbers_of_five_sizes_in_one_call(lib: Any, ct: Any) -> None:
    lib.sum_mixed.argtypes = [ct.c_int8, ct.c_uint16, ct.c_int32, ct.c_float, ct.c_double]
    assert lib.sum_mixed(-1, 65535, -70000, 1.5, 2.5) == -1 + 65535 - 70000 + 4


def test_void(lib: Any) -> None:
    lib.nothing.restype = None
    assert lib.nothing() is None


def test_a_callable_as_restype_is_given_the_int(lib: Any) -> None:
    lib.add.restype = lambda value: f"<{value}>"
    assert lib.add(2, 3) == "<5>"


def test_subclasses_of_simple_types_stay_objects(lib: Any, ct: Any) -> None:
    class Status(ct.c_int):  # type: ignore[misc]
        pass

    lib.add.restype = Status
    result = lib.add(2, 3)
    assert type(result) is Status
    assert result.value == 5


def test_errcheck_has_the_last_word(lib: Any) -> None:
    seen = []

    def check(result: int, function: Any, arguments: tuple[Any, ...]) -> str:
        seen.append((result, function.__name__, arguments))
        return "checked"

    lib.add.errcheck = check
    assert lib.add(1, 2) == "checked"
    assert seen == [(3, "add", (1, 2))]


def test_errcheck_may_raise(lib: Any) -> None:
    def check(result: int, _function: Any, _arguments: Any) -> int:
        if result < 0:
            raise RuntimeError("negative")
        return result

    lib.add.errcheck = check
    assert lib.add(1, 2) == 3
    with pytest.raises(RuntimeError, match="negative"):
        lib.add(1, -2)


# ---- strings ---------------------------------------------------------------------------------------------


def test_bytes_as_char_pointers(lib: Any, ct: Any) -> None:
    lib.length.argtypes = [ct.c_char_p]
    lib.length.restype = ct.c_size_t
    assert lib.length(b"four") == 4
    assert lib.length(b"") == 0
    assert lib.length(None) == 12345
    assert lib.length(ct.c_char_p(b"abc")) == 3
    assert lib.length(ct.create_string_buffer(b"hello", 20)) == 5
    assert lib["length"](b"untyped") == 7


def test_char_pointers_as_results(lib: Any, ct: Any) -> None:
    lib.greeting.restype = ct.c_char_p
    assert lib.greeting() == b"hello"
    lib.maybe.restype = ct.c_char_p
    assert lib.maybe(1) == b"yes"
    assert lib.maybe(0) is None


def test_what_c_allocates_is_released_by_c(lib: Any, ct: Any) -> None:
    lib.join.argtypes = [ct.c_char_p, ct.c_char_p]
    lib.join.restype = ct.c_void_p
    lib.release.argtypes = [ct.c_void_p]
    lib.release.restype = None
    address = lib.join(b"left ", b"right")
    assert isinstance(address, int)
    assert ct.string_at(address) == b"left right"
    assert ct.string_at(address, 4) == b"left"
    assert ct.cast(address, ct.c_char_p).value == b"left right"
    lib.release(address)


def test_string_buffers_are_written(lib: Any, ct: Any) -> None:
    buffer = ct.create_string_buffer(8)
    lib.fill.argtypes = [ct.c_char_p, ct.c_size_t, ct.c_char]
    lib.fill(buffer, 5, b"x")
    assert buffer.raw == b"xxxxx\0\0\0"
    assert buffer.value == b"xxxxx"
    lib["fill"](ct.byref(buffer, 6), 2, 0x79)
    assert buffer.raw == b"xxxxx\0yy"
    lib.reverse(buffer)
    assert buffer.value == b"xxxxx"


def test_a_buffer_over_a_bytearray_is_written(lib: Any, ct: Any) -> None:
    data = bytearray(b"0123456789\0")
    lib.reverse((ct.c_char * len(data)).from_buffer(data))
    assert data == b"9876543210\0"


def test_wide_strings(lib: Any, ct: Any) -> None:
    lib.wide_length.argtypes = [ct.c_wchar_p]
    lib.wide_length.restype = ct.c_size_t
    assert lib.wide_length("h\u00e9llo w\u00f6rld") == 11
    assert lib.wide_length(ct.create_unicode_buffer("abc")) == 3
    lib.wide_greeting.restype = ct.c_wchar_p
    assert lib.wide_greeting() == "h\u00e9llo"


def test_arrays_of_strings(lib: Any, ct: Any) -> None:
    words = (ct.c_char_p * 4)(b"a", b"ccc", b"bb", None)
    longest = ct.create_string_buffer(10)
    assert lib.count_words(words, longest) == 3
    assert longest.value == b"ccc"
    assert list(words) == [b"a", b"ccc", b"bb", None]
    lib.count_words.argtypes = [ct.POINTER(ct.c_char_p), ct.c_char_p]
    words[1] = b"dddd"
    assert lib.count_words(words, longest) == 3
    assert longest.value == b"dddd"


# ---- pointers --------------------------------------------------------------------------------------------


def test_byref_is_for_out_parameters(lib: Any, ct: Any) -> None:
    quotient, rest = ct.c_int(), ct.c_int()
    lib.divide(17, 5, ct.byref(quotient), ct.byref(rest))
    assert (quotient.value, rest.value) == (3, 2)
    lib.divide.argtypes = [ct.c_int, ct.c_int, ct.POINTER(ct.c_int), ct.POINTER(ct.c_int)]
    lib.divide(22, 7, ct.byref(quotient), rest)
    assert (quotient.value, rest.value) == (3, 1)


def test_pointers_to_ints(lib: Any, ct: Any) -> None:
    number = ct.c_int(5)
    p = ct.pointer(number)
    lib.set_int(p, 77)
    assert number.value == 77
    assert p.contents.value == 77
    assert p[0] == 77
    assert lib.read_int(p) == 77
    assert lib.read_int(None) == -1
    lib.read_int.argtypes = [ct.POINTER(ct.c_int)]
    assert lib.read_int(p) == 77
    assert lib.read_int(None) == -1
    assert lib.read_int(ct.POINTER(ct.c_int)()) == -1


def test_the_same_object_is_the_same_pointer(lib: Any, ct: Any) -> None:
    a, b = ct.c_int(1), ct.c_int(1)
    assert lib.same(ct.byref(a), ct.byref(a)) == 1
    assert lib.same(ct.byref(a), ct.pointer(a)) == 1
    assert lib.same(ct.byref(a), ct.byref(b)) == 0


def test_parts_of_an_array_keep_their_distance(lib: Any, ct: Any) -> None:
    buffer = ct.create_string_buffer(30)
    assert lib.distance(buffer, ct.byref(buffer, 12)) == 12
    items = (ct.c_int * 5)()
    assert lib.distance(items, ct.byref(items, 8)) == 8


def test_arrays_of_numbers(lib: Any, ct: Any) -> None:
    items = (ct.c_int * 4)(1, 2, 3, 4)
    assert lib.sum_ints(items, 4) == 10
    lib.sum_ints.argtypes = [ct.POINTER(ct.c_int), ct.c_size_t]
    assert lib.sum_ints(items, 3) == 6
    assert lib.sum_ints(ct.cast(items, ct.POINTER(ct.c_int)), 4) == 10
    lib.sum_doubles.restype = ct.c_double
    assert lib.sum_doubles((ct.c_double * 3)(0.5, 1.5, 2), 3) == 4.0


def test_a_pointer_as_result_is_indexed_and_written(lib: Any, ct: Any) -> None:
    lib.ints.restype = ct.POINTER(ct.c_int)
    p = lib.ints()
    assert p[:5] == [10, 20, 30, 40, 50]
    assert p[4:0:-2] == [50, 30]
    assert p.contents.value == 10
    p[1] = 21
    assert lib.sum_ints(p, 2) == 31
    p[1] = 20
    assert lib.ints()[1] == 20
    address = ct.addressof(p.contents)
    assert ct.cast(address, ct.POINTER(ct.c_int))[2] == 30


def test_a_pointer_to_a_pointer_is_set(lib: Any, ct: Any) -> None:
    found = ct.POINTER(ct.c_int)()
    assert not found
    lib.find_int(30, ct.byref(found))
    assert found
    assert found.contents.value == 30
    assert found[1] == 40
    lib.find_int(31, ct.byref(found))
    assert not found
    with pytest.raises(ValueError, match="NULL pointer access"):
        found.contents  # noqa: B018


def test_texts_as_out_parameters(lib: Any, ct: Any) -> None:
    text, length = ct.c_char_p(), ct.c_int()
    assert lib.text_out(ct.byref(text), ct.byref(length)) == 0
    assert text.value == b"out of C"
    assert length.value == 8
    raw = ct.POINTER(ct.c_char)()
    lib.text_out(ct.byref(raw), ct.byref(length))
    assert raw[: length.value] == b"out of C"
    assert ct.string_at(raw, length.value) == b"out of C"


def test_void_pointers_come_back_as_they_went(lib: Any, ct: Any) -> None:
    lib.identity.argtypes = [ct.c_void_p]
    lib.identity.restype = ct.c_void_p
    assert lib.identity(None) is None
    lib.ints.restype = ct.c_void_p
    address = lib.ints()
    assert lib.identity(address) == address
    assert lib.identity(ct.c_void_p(address)) == address
    handle = ct.c_void_p(address)
    assert handle.value == address
    found = ct.c_void_p()
    lib.find_int(10, ct.byref(found))
    assert found.value == address


def test_cast_memmove_and_memset(lib: Any, ct: Any) -> None:
    lib.ints.restype = ct.POINTER(ct.c_int)
    p = lib.ints()
    as_bytes = ct.cast(p, ct.POINTER(ct.c_ubyte))
    assert as_bytes[4] == 20
    copy = (ct.c_int * 5)()
    ct.memmove(copy, p, ct.sizeof(copy))
    assert list(copy) == [10, 20, 30, 40, 50]
    ct.memset(ct.byref(copy, 4), 0xFF, 4)
    assert copy[1] == -1
    p[0] = 99
    ct.memmove(p, (ct.c_int * 1)(10), 4)
    assert p[0] == 10


def test_a_cast_of_byref(world: SimpleNamespace) -> None:
    lib, ct = world.lib, world.ct
    items = (ct.c_int * 4)(1, 2, 3, 4)
    p = ct.cast(ct.byref(items, 4), ct.POINTER(ct.c_int))
    if world.plain:  # ctypes' own cast forgets the object
        with pytest.raises(ct.ArgumentError, match="cannot reach the memory of the process"):
            lib.sum_ints(p, 3)
    else:
        assert lib.sum_ints(p, 3) == 9


# ---- structs ---------------------------------------------------------------------------------------------


def _types(ct: Any) -> Any:
    class Types:
        class Point(ct.Structure):  # type: ignore[misc]
            _fields_ = (("x", ct.c_int), ("y", ct.c_int))

        class Node(ct.Structure):  # type: ignore[misc]
            pass

        class Number(ct.Union):  # type: ignore[misc]
            _fields_ = (("i", ct.c_int32), ("f", ct.c_float), ("bytes", ct.c_uint8 * 4))

        class Bits(ct.Structure):  # type: ignore[misc]
            _fields_ = (("a", ct.c_uint, 3), ("b", ct.c_uint, 5), ("c", ct.c_int, 8), ("d", ct.c_uint, 20))

        class Single(ct.Structure):  # type: ignore[misc]
            _fields_ = (("only", ct.c_int32),)

    class Record(ct.Structure):  # type: ignore[misc]
        _fields_ = (
            ("tag", ct.c_char), ("weight", ct.c_double), ("at", Types.Point), ("values", ct.c_int16 * 3),
        )  # fmt: skip

    Types.Node._fields_ = (("value", ct.c_int), ("next", ct.POINTER(Types.Node)))
    unary = ct.CFUNCTYPE(ct.c_int, ct.c_int)

    class Item(ct.Structure):  # type: ignore[misc]
        _fields_ = (
            ("name", ct.c_char_p), ("apply", unary), ("data", ct.c_void_p),
            ("where", ct.POINTER(Types.Point)), ("flags", ct.c_uint8),
        )  # fmt: skip

    class Stream(ct.Structure):  # type: ignore[misc]
        _fields_ = (
            ("next_in", ct.POINTER(ct.c_ubyte)), ("avail_in", ct.c_uint),
            ("next_out", ct.POINTER(ct.c_ubyte)), ("avail_out", ct.c_uint), ("state", ct.c_void_p),
        )  # fmt: skip

    Types.Record, Types.Item, Types.Unary, Types.Stream = Record, Item, unary, Stream  # type: ignore[attr-defined]
    return Types


@pytest.fixture
def types(ct: Any) -> Any:
    """The structs of the library, declared by a user."""
    return _types(ct)


def test_sizes_are_those_of_the_library(world: SimpleNamespace, types: Any) -> None:
    lib, ct = world.lib, world.ct
    kinds = (
        types.Point,
        types.Record,
        types.Node,
        types.Item,
        types.Number,
        types.Bits,
        ct.c_long,
        ct.c_void_p,
    )
    if world.plain:  # ctypes' own sizeof is about the host
        from pywasi_native import ffi

        assert [ffi.sizeof(kind) for kind in kinds[:6]] == [lib.size_of(i) for i in range(6)]
    else:
        assert [ct.sizeof(kind) for kind in kinds] == [lib.size_of(i) for i in range(8)]


def test_structs_by_value(lib: Any, types: Any) -> None:
    assert lib.point_sum(types.Point(3, 4)) == 7
    lib.point_make.restype = types.Point
    made = lib.point_make(5, -6)
    assert (made.x, made.y) == (5, -6)
    lib.point_sum.argtypes = [types.Point]
    assert lib.point_sum(made) == -1
    lib.single_get.argtypes = [types.Single]
    assert lib.single_get(types.Single(11)) == 11
    lib.single_make.restype = types.Single
    assert lib.single_make(-3).only == -3


def test_structs_by_reference(lib: Any, ct: Any, types: Any) -> None:
    p = types.Point(1, 2)
    lib.point_move(ct.byref(p), 10, 20)
    assert (p.x, p.y) == (11, 22)
    lib.point_move.argtypes = [ct.POINTER(types.Point), ct.c_int, ct.c_int]
    lib.point_move(p, -1, -2)
    assert (p.x, p.y) == (10, 20)
    lib.point_move(ct.pointer(p), 1, 1)
    assert (p.x, p.y) == (11, 21)


def test_nested_structs_and_arrays(lib: Any, ct: Any, types: Any) -> None:
    lib.record_make.argtypes = [ct.c_char, ct.c_double]
    lib.record_make.restype = types.Record
    record = lib.record_make(b"t", 2.5)
    assert record.tag == b"t"
    assert record.weight == 2.5
    assert (record.at.x, record.at.y) == (1, 2)
    assert list(record.values) == [3, 4, 5]
    record.values[2] = 100
    record.at.x = 7
    lib.record_weight.restype = ct.c_double
    assert lib.record_weight(ct.byref(record)) == 109.5


def test_arrays_of_structs(lib: Any, types: Any) -> None:
    points = (types.Point * 3)((1, 2), (3, 4), types.Point(5, 6))
    assert lib.points_sum(points, 3) == 2 + 12 + 30


def test_a_struct_inside_an_array_is_passed_by_reference(lib: Any, ct: Any, types: Any) -> None:
    points = (types.Point * 3)((1, 2), (3, 4), (5, 6))
    lib.point_move(ct.byref(points[1]), 10, 10)
    assert [(p.x, p.y) for p in points] == [(1, 2), (13, 14), (5, 6)]


def test_unions(lib: Any, ct: Any, types: Any) -> None:
    number = types.Number()
    number.f = 1.0
    lib.number_set(ct.byref(number), ct.c_float(2.0))
    assert number.f == 2.0
    assert number.i == 0x40000000
    assert list(number.bytes) == [0, 0, 0, 0x40]


def test_bit_fields(lib: Any, ct: Any, types: Any) -> None:
    bits = types.Bits(5, 17, -100, 70000)
    assert lib.bits_sum(ct.byref(bits)) == 5 + 17 - 100 + 70000
    lib.bits_set(ct.byref(bits), 3, 9, -7, 12345)
    assert (bits.a, bits.b, bits.c, bits.d) == (3, 9, -7, 12345)


def test_a_list_made_in_python_is_walked_in_c(lib: Any, ct: Any, types: Any) -> None:
    last = types.Node(3, None)
    middle = types.Node(2, ct.pointer(last))
    head = types.Node(1, ct.pointer(middle))
    lib.list_sum.argtypes = [ct.POINTER(types.Node)]
    assert lib.list_sum(ct.byref(head)) == 6
    lib.list_double(ct.byref(head))
    assert (head.value, middle.value, last.value) == (2, 4, 6)
    assert head.next.contents.value == 4
    assert head.next.contents.next.contents.value == 6
    assert not last.next
    last.value = 10
    assert lib.list_sum(head) == 16
    lib.list_reverse.restype = ct.POINTER(types.Node)
    start = lib.list_reverse(ct.byref(head))
    assert start.contents.value == 10
    assert middle.next.contents.value == 2
    assert not head.next


def test_a_list_made_in_c_is_walked_in_python(lib: Any, ct: Any, types: Any) -> None:
    lib.list_push.argtypes = [ct.POINTER(types.Node), ct.c_int]
    lib.list_push.restype = ct.POINTER(types.Node)
    head = None
    for value in (1, 2, 3):
        head = lib.list_push(head, value)
    assert head is not None
    values, node = [], head
    while node:
        values.append(node.contents.value)
        node = node.contents.next
    assert values == [3, 2, 1]
    head.contents.next.contents.value = 20
    lib.list_sum.argtypes = [ct.POINTER(types.Node)]
    assert lib.list_sum(head) == 24
    assert head[0].value == 3
    lib.list_free.argtypes = [ct.POINTER(types.Node)]
    lib.list_free(head)


def test_a_struct_with_pointers_of_every_kind(lib: Any, ct: Any, types: Any) -> None:
    where, data = types.Point(100, 0), ct.c_int(1000)
    item = types.Item(b"four", types.Unary(lambda x: x * 2), ct.cast(ct.pointer(data), ct.c_void_p))
    item.where = ct.pointer(where)
    item.flags = 1
    assert lib.item_run(ct.byref(item), 5) == 10 + 4 + 100 + 1000 + 1
    where.x = 200
    data.value = 2000
    item.name = b"seven77"
    assert lib.item_run(ct.byref(item), 5) == 10 + 7 + 200 + 2000 + 1
    assert item.name == b"seven77"
    assert item.where.contents.x == 200
    item.where = None
    item.data = None
    item.apply = types.Unary(lambda x: -x)
    assert lib.item_run(ct.byref(item), 5) == -5 + 7 + 1
    assert item.apply(6) == -6


def test_a_struct_is_filled_by_c(lib: Any, ct: Any, types: Any) -> None:
    item = types.Item()
    lib.item_init(ct.byref(item))
    assert item.name == b"from C"
    assert not item.apply
    assert not item.where
    assert item.flags == 7
    assert ct.cast(item.data, ct.POINTER(ct.c_int))[0] == 10


def test_structs_with_pointers_by_value(lib: Any, ct: Any, types: Any) -> None:
    item = types.Item(b"abc", flags=3)
    lib.item_by_value.argtypes = [types.Item]
    assert lib.item_by_value(item) == 6
    lib.item_make.argtypes = [ct.c_char_p]
    lib.item_make.restype = types.Item
    lib.greeting.restype = ct.c_void_p
    made = lib.item_make(ct.c_char_p(lib.greeting()))
    assert made.name == b"hello"
    assert made.flags == 9


def test_a_stream_moves_its_pointers(lib: Any, ct: Any, types: Any) -> None:
    source = ct.create_string_buffer(b"hello world", 11)
    target = ct.create_string_buffer(11)
    stream = types.Stream()
    stream.next_in = ct.cast(source, ct.POINTER(ct.c_ubyte))
    stream.avail_in = 11
    stream.next_out = ct.cast(target, ct.POINTER(ct.c_ubyte))
    stream.avail_out = 11
    totals = [lib.stream_step(ct.byref(stream)) for _ in range(3)]
    assert totals == [4, 8, 11]
    assert target.raw == b"HELLO\0WORLD"
    assert stream.avail_in == 0
    lib.release.argtypes = [ct.c_void_p]
    lib.release(stream.state)


# ---- callbacks -------------------------------------------------------------------------------------------


def test_callbacks(lib: Any, ct: Any, types: Any) -> None:
    assert lib.apply(types.Unary(lambda x: x + 1), 5) == 6
    lib.apply.argtypes = [types.Unary, ct.c_int]
    assert lib.apply(types.Unary(abs), -5) == 5
    with pytest.raises(ct.ArgumentError):
        lib.apply(abs, -5)


def test_callbacks_of_floats(lib: Any, ct: Any) -> None:
    callback = ct.CFUNCTYPE(ct.c_double, ct.c_double, ct.c_float)(lambda a, b: a * b)
    lib.apply_double.restype = ct.c_double
    assert lib.apply_double(callback, ct.c_double(4)) == 10.0


def test_qsort_with_pointers(lib: Any, ct: Any) -> None:
    compare = ct.CFUNCTYPE(ct.c_int, ct.POINTER(ct.c_int), ct.POINTER(ct.c_int))
    items = (ct.c_int * 6)(5, 1, 7, 33, 99, -7)
    lib.sort(items, len(items), compare(lambda a, b: b[0] - a.contents.value))
    assert list(items) == [99, 33, 7, 5, 1, -7]


def test_a_callback_with_user_data(lib: Any, ct: Any) -> None:
    got = []
    callback = ct.CFUNCTYPE(None, ct.c_int, ct.c_void_p)(lambda value, data: got.append((value, data)))
    lib.each((ct.c_int * 2)(8, 9), 2, callback, None)
    assert got == [(8, None), (9, None)]


def test_a_callback_changes_what_its_pointer_points_to(lib: Any, ct: Any, types: Any) -> None:
    def change(p: Any) -> int:
        p.contents.y = 50
        return int(p.contents.x)

    callback = ct.CFUNCTYPE(ct.c_int, ct.POINTER(types.Point))(change)
    assert lib.call_with_point(callback, 7) == 57


def test_a_callback_is_given_text(lib: Any, ct: Any) -> None:
    callback = ct.CFUNCTYPE(ct.c_int, ct.c_char_p)(lambda text: len(text) if text is not None else -1)
    assert lib.call_with_text(callback, b"seven77") == 7
    assert lib.call_with_text(callback, None) == -1


def test_a_callback_walks_a_list(lib: Any, ct: Any, types: Any) -> None:
    second = types.Node(20, None)
    first = types.Node(1, ct.pointer(second))

    def visit(node: Any) -> int:
        node.contents.value += 1
        return node.contents.next.contents.value if node.contents.next else 0

    callback = ct.CFUNCTYPE(ct.c_int, ct.POINTER(types.Node))(visit)
    assert lib.walk(ct.byref(first), callback) == 20
    assert (first.value, second.value) == (2, 21)


def test_a_callback_calls_the_library(lib: Any, types: Any) -> None:
    assert lib.apply(types.Unary(lambda x: lib.add(x, 100)), 5) == 105


def test_the_library_keeps_a_callback(lib: Any, types: Any) -> None:
    lib.keep(None)
    assert lib.call_kept(4) == -1
    callback = types.Unary(lambda x: x * x)
    lib.keep(callback)
    gc.collect()
    assert [lib.call_kept(i) for i in range(4)] == [0, 1, 4, 9]
    lib.keep(None)


def test_a_callback_sees_and_changes_what_the_caller_passed(lib: Any, ct: Any) -> None:
    items = (ct.c_int * 3)(1, 2, 3)
    seen = []

    def visit(value: int, _data: Any) -> None:
        seen.append(value)
        items[2] = 30

    callback = ct.CFUNCTYPE(None, ct.c_int, ct.c_void_p)(visit)
    lib.each(items, 3, callback, None)
    assert seen == [1, 2, 30]
    assert list(items) == [1, 2, 30]


def test_a_function_of_the_library_as_result(lib: Any, types: Any) -> None:
    lib.get_triple.restype = types.Unary
    triple = lib.get_triple(1)
    assert triple(14) == 42
    assert not lib.get_triple(0)
    lib.keep(triple)
    assert lib.call_kept(5) == 15
    lib.keep(None)


def test_a_callback_is_called_from_python_too(types: Any) -> None:
    assert types.Unary(lambda x: x + 1)(1) == 2


# ---- variables, errno, variable arguments ----------------------------------------------------------------


def test_variables(lib: Any, ct: Any, types: Any, in_dll: Any) -> None:
    counter = in_dll(ct.c_int, "counter")
    before = counter.value
    assert lib.bump() == before + 1
    assert counter.value == before + 1
    counter.value = 5
    assert lib.bump() == 6
    counter.value = 42
    assert in_dll(ct.c_char_p, "version").value == b"1.2.3"
    origin = in_dll(types.Point, "origin")
    assert (origin.x, origin.y) == (7, 8)
    first = in_dll(types.Node, "first")
    assert first.value == 5
    assert not first.next
    assert lib.list_sum(ct.byref(first)) == 5


def test_an_unknown_variable(ct: Any, in_dll: Any) -> None:
    with pytest.raises(ValueError, match="countre"):
        in_dll(ct.c_int, "countre")


def test_errno_has_the_numbers_of_the_host(lib: Any, ct: Any) -> None:
    import errno

    ct.set_errno(0)
    assert lib.fail_with(0) == -1
    assert ct.get_errno() == errno.ENOENT
    lib.fail_with(2)
    assert ct.get_errno() == errno.ERANGE
    ct.set_errno(errno.EINVAL)
    assert lib.errno_now() == 2
    ct.set_errno(0)
    assert lib.errno_now() == 0


def test_variable_arguments(lib: Any, ct: Any) -> None:
    buffer = ct.create_string_buffer(80)
    lib.format.argtypes = [ct.c_char_p, ct.c_size_t, ct.c_char_p]
    lib.format.variadic = True  # ctypes does not need to know
    lib.format(buffer, 80, b"%d %s %c", 42, b"text", ct.c_int(0x41))
    assert buffer.value == b"42 text A"
    lib.format(buffer, 80, b"%.2f %lld %d", ct.c_double(2.5), ct.c_longlong(2**40), 7)
    assert buffer.value == b"2.50 1099511627776 7"
    assert lib.format(buffer, 80, b"plain") == 5


# ---- misuse ----------------------------------------------------------------------------------------------


def test_an_unknown_function(lib: Any) -> None:
    with pytest.raises(AttributeError, match="ad_d"):
        lib.ad_d  # noqa: B018
    assert not hasattr(lib, "nosuch")


def test_arguments_of_the_wrong_type(lib: Any, ct: Any) -> None:
    lib.add.argtypes = [ct.c_int, ct.c_int]
    with pytest.raises(ct.ArgumentError, match="argument 2: TypeError"):
        lib.add(1, "two")
    with pytest.raises(ct.ArgumentError, match="argument 1: TypeError"):
        lib.add(1.5, 2)
    lib.length.argtypes = [ct.c_char_p]
    with pytest.raises(ct.ArgumentError, match="argument 1: TypeError"):
        lib.length("text")
    lib.read_int.argtypes = [ct.POINTER(ct.c_int)]
    with pytest.raises(ct.ArgumentError, match="argument 1: TypeError"):
        lib.read_int(ct.byref(ct.c_double()))
    with pytest.raises(ct.ArgumentError, match="argument 1: TypeError"):
        lib["add"](1.5, 2)


def test_too_few_arguments(lib: Any, ct: Any) -> None:
    lib.add.argtypes = [ct.c_int, ct.c_int]
    with pytest.raises(TypeError, match=r"takes at least 2 arguments|takes 2 arguments"):
        lib.add(1)


def test_argtypes_must_be_types(lib: Any) -> None:
    with pytest.raises(TypeError, match="from_param"):
        lib.add.argtypes = [5]
    with pytest.raises(TypeError, match="restype must be"):
        lib.add.restype = 5
