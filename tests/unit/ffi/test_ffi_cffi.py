"""What cffi's ABI mode does, done by cffi on a library of the host and by `FFI` on the same one as wasm."""

from __future__ import annotations

import gc
import importlib.util
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import locate
import pywasi_native as wasm
from pywasi_native.ffi import FFI

CDEF = """
    int add(int a, int b);
    unsigned char next_u8(unsigned char x);
    signed char negate_i8(signed char x);
    uint32_t next_u32(uint32_t x);
    uint64_t next_u64(uint64_t x);
    int64_t mul_i64(int64_t a, int64_t b);
    double half(double x);
    float halff(float x);
    bool negate(bool x);
    char upper(char c);
    size_t doubled(size_t n);
    void nothing(void);

    size_t length(const char *s);
    const char *greeting(void);
    const char *maybe(int yes);
    char *join(const char *a, const char *b);
    void release(void *p);
    void fill(char *out, size_t n, char c);
    void reverse(char *s);
    size_t wide_length(const wchar_t *s);
    const wchar_t *wide_greeting(void);
    int count_words(const char **words, char *longest);

    int read_int(const int *p);
    void set_int(int *p, int value);
    void divide(int a, int b, int *quotient, int *rest);
    int sum_ints(const int *p, size_t n);
    double sum_doubles(const double *p, int n);
    int same(const void *a, const void *b);
    int *ints(void);
    void find_int(int value, int **out);
    void *identity(void *p);
    int text_out(const char **out, int *length);

    typedef struct { int x, y; } Point;
    typedef struct { char tag; double weight; Point at; int16_t values[3]; } Record;
    typedef struct Node { int value; struct Node *next; } Node;
    typedef struct { const char *name; int (*apply)(int); void *data; Point *where; uint8_t flags; } Item;
    typedef union { int32_t i; float f; uint8_t bytes[4]; } Number;
    typedef struct { int32_t only; } Single;
    enum color { RED, GREEN = 5, BLUE };
    typedef struct opaque Opaque;

    int point_sum(Point p);
    Point point_make(int x, int y);
    void point_move(Point *p, int dx, int dy);
    Record record_make(char tag, double weight);
    double record_weight(const Record *r);
    int single_get(Single s);
    Single single_make(int v);
    int list_sum(const Node *n);
    Node *list_push(Node *head, int value);
    void list_free(Node *n);
    Node *list_reverse(Node *n);
    int item_run(const Item *item, int x);
    void item_init(Item *item);
    int32_t number_bits(Number n);
    void number_set(Number *n, float f);
    int points_sum(const Point *p, int n);
    size_t size_of(int which);

    typedef int (*Unary)(int);
    int apply(int (*f)(int), int x);
    void each(const int *p, int n, void (*f)(int, void *), void *data);
    void sort(int *p, size_t n, int (*compare)(const int *, const int *));
    int call_with_point(int (*f)(Point *), int x);
    int call_with_text(int (*f)(const char *), const char *s);
    void keep(int (*f)(int));
    int call_kept(int x);
    Unary get_triple(int yes);

    extern int counter;
    extern const char *version;
    extern Point origin;
    int bump(void);
    int fail_with(int which);
    int errno_now(void);
    int format(char *out, size_t n, const char *fmt, ...);
    #define LIMIT 99
"""


@pytest.fixture(params=["native", "wasm"])
def both(request: pytest.FixtureRequest, built: dict[str, Path]) -> SimpleNamespace:
    """`ffi` and `lib`."""
    made: Any
    if request.param == "native":
        if importlib.util.find_spec("cffi") is None:
            locate.missing("The comparison needs cffi: pip install cffi")
        import cffi

        made = cffi.FFI()
    else:
        made = FFI()
    made.cdef(CDEF)
    return SimpleNamespace(ffi=made, lib=made.dlopen(str(built[request.param])), wasm=request.param == "wasm")


@pytest.fixture
def ffi(both: SimpleNamespace) -> Any:
    """The FFI of `both`."""
    return both.ffi


@pytest.fixture
def lib(both: SimpleNamespace) -> Any:
    """The library of `both`."""
    return both.lib


@pytest.fixture
def ours(wasm_file: Path) -> SimpleNamespace:
    """The library in our FFI."""
    made = FFI()
    made.cdef(CDEF)
    return SimpleNamespace(ffi=made, lib=made.dlopen(wasm_file))


# ---- numbers ----------------------------------------------------------------------------------


def test_numbers(lib: Any) -> None:
    assert lib.add(2, 3) == 5
    assert lib.next_u8(255) == 0
    assert lib.negate_i8(5) == -5
    assert lib.next_u32(2**31) == 2**31 + 1
    assert lib.next_u64(2**63) == 2**63 + 1
    assert lib.mul_i64(-(2**33), 3) == -3 * 2**33
    assert lib.half(3) == 1.5
    assert lib.halff(0.1) == 0.05000000074505806
    assert lib.negate(False) is True
    assert lib.upper(b"q") == b"Q"
    assert lib.doubled(2**20) == 2**21
    assert lib.nothing() is None


def test_numbers_that_do_not_fit(lib: Any) -> None:
    with pytest.raises(OverflowError):
        lib.next_u8(256)
    with pytest.raises(OverflowError):
        lib.next_u32(-1)
    with pytest.raises(OverflowError):
        lib.add(2**31, 0)
    for wrong in ("5", 1.5, None):
        with pytest.raises(TypeError):
            lib.add(wrong, 1)
    with pytest.raises(TypeError):
        lib.upper("q")
    with pytest.raises(TypeError):
        lib.half("1")
    with pytest.raises(TypeError):
        lib.add(1)


def test_casts(ffi: Any) -> None:
    assert int(ffi.cast("unsigned char", 0x1FF)) == 255
    assert int(ffi.cast("signed char", 255)) == -1
    assert int(ffi.cast("int", 3.99)) == 3
    assert float(ffi.cast("float", 0.1)) == 0.10000000149011612
    assert int(ffi.cast("char", b"A")) == 65
    assert ffi.string(ffi.cast("char", 65)) == b"A"
    assert ffi.string(ffi.cast("enum color", 5)) == "GREEN"
    assert ffi.string(ffi.cast("enum color", 77)) == "77"
    assert int(ffi.cast("enum color", 5)) == 5
    assert ffi.cast("int", 5) == 5
    assert bool(ffi.cast("int", 5))
    assert not ffi.cast("int", 0)


# ---- memory -----------------------------------------------------------------------------------


def test_new(ffi: Any, lib: Any) -> None:
    p = ffi.new("int *", 5)
    assert p[0] == 5
    p[0] = 6
    assert lib.read_int(p) == 6
    lib.set_int(p, 77)
    assert p[0] == 77
    array = ffi.new("int[3]", [1, 2, 3])
    assert list(array) == [1, 2, 3]
    assert len(array) == 3
    assert lib.sum_ints(array, 3) == 6
    assert lib.sum_ints(array + 1, 2) == 5
    assert lib.sum_ints([4, 5], 2) == 9
    assert len(ffi.new("int[]", 7)) == 7
    assert list(ffi.new("int[]", [8, 9])) == [8, 9]
    assert list(ffi.new("int[4]", [1])) == [1, 0, 0, 0]
    text = ffi.new("char[]", b"hello")
    assert len(text) == 6
    assert ffi.string(text) == b"hello"
    assert ffi.string(text, 3) == b"hel"
    lib.reverse(text)
    assert ffi.string(text) == b"olleh"
    assert ffi.new("char *", b"x")[0] == b"x"
    grid = ffi.new("int[2][3]", [[1, 2, 3], [4, 5, 6]])
    assert grid[1][2] == 6
    assert lib.sum_ints(grid[1], 3) == 15


def test_new_refuses(ffi: Any) -> None:
    with pytest.raises(TypeError):
        ffi.new("int")
    with pytest.raises(IndexError):
        ffi.new("int[2]", [1, 2, 3])
    with pytest.raises(IndexError):
        ffi.new("char[2]", b"abc")
    with pytest.raises(TypeError):
        ffi.new("int *", "text")
    with pytest.raises((TypeError, ValueError)):
        ffi.new("Opaque *")
    with pytest.raises(TypeError):
        ffi.new("void *")


def test_bounds(ffi: Any) -> None:
    array = ffi.new("int[3]")
    for index in (3, -1):
        with pytest.raises(IndexError):
            array[index]
        with pytest.raises(IndexError):
            array[index] = 1
    with pytest.raises(IndexError):
        ffi.new("int *")[1]
    with pytest.raises(IndexError):
        array[1:5]
    with pytest.raises(RuntimeError):
        ffi.cast("int *", 0)[0]
    with pytest.raises(TypeError):
        len(ffi.new("int *"))
    with pytest.raises(TypeError):
        list(ffi.new("int *"))


def test_pointer_arithmetic_and_slices(ffi: Any, lib: Any) -> None:
    p = lib.ints()
    assert [p[i] for i in range(5)] == [10, 20, 30, 40, 50]
    assert (p + 2)[0] == 30
    assert (p + 2) - p == 2
    assert p + 1 > p
    assert p == lib.ints()
    assert p != p + 1
    assert hash(p) == hash(lib.ints())
    assert list(p[1:3]) == [20, 30]
    copy = ffi.new("int[5]")
    copy[0:5] = p[0:5]
    assert list(copy) == [10, 20, 30, 40, 50]
    copy[1:3] = [7, 8]
    assert list(copy) == [10, 7, 8, 40, 50]
    with pytest.raises(ValueError, match="values to unpack"):
        copy[1:3] = [7, 8, 9]
    letters = ffi.new("char[8]")
    letters[0:3] = b"abc"
    assert ffi.string(letters) == b"abc"


def test_null(ffi: Any, lib: Any) -> None:
    assert not ffi.NULL
    assert lib.read_int(ffi.NULL) == -1
    assert lib.maybe(0) == ffi.NULL
    assert lib.length(ffi.NULL) == 12345
    with pytest.raises(TypeError):
        lib.length(None)


def test_pointer_types_are_checked(ffi: Any, lib: Any) -> None:
    with pytest.raises(TypeError):
        lib.sum_ints(ffi.new("double[3]"), 3)
    with pytest.raises(TypeError):
        lib.point_move(ffi.new("Node *"), 1, 2)
    with pytest.raises(TypeError):
        lib.read_int(5)
    assert lib.read_int(ffi.cast("int *", ffi.new("char[4]", b"\1\0\0\0"))) == 1
    p = ffi.new("int *", 3)
    assert lib.same(p, ffi.cast("void *", p)) == 1


def test_strings(ffi: Any, lib: Any) -> None:
    assert lib.length(b"four") == 4
    assert ffi.string(lib.greeting()) == b"hello"
    joined = lib.join(b"left ", b"right")
    assert ffi.string(joined) == b"left right"
    assert ffi.unpack(joined, 4) == b"left"
    assert ffi.unpack(lib.ints(), 3) == [10, 20, 30]
    lib.release(joined)
    with pytest.raises(RuntimeError):
        ffi.string(ffi.cast("char *", 0))
    with pytest.raises(TypeError):
        ffi.string(ffi.new("int *"))
    assert lib.wide_length("h\u00e9llo") == 5
    assert ffi.string(lib.wide_greeting()) == "h\u00e9llo"
    wide = ffi.new("wchar_t[]", "w\u00f6rld")
    assert len(wide) == 6
    assert lib.wide_length(wide) == 5


def test_arrays_of_strings(ffi: Any, lib: Any) -> None:
    texts = [ffi.new("char[]", one) for one in (b"a", b"ccc", b"bb")]
    longest = ffi.new("char[10]")
    assert lib.count_words([*texts, ffi.NULL], longest) == 3
    assert ffi.string(longest) == b"ccc"
    words = ffi.new("char *[]", [*texts[:2], ffi.NULL])
    assert lib.count_words(words, longest) == 2
    assert ffi.string(words[1]) == b"ccc"


def test_out_parameters(ffi: Any, lib: Any) -> None:
    quotient, rest = ffi.new("int *"), ffi.new("int *")
    lib.divide(17, 5, quotient, rest)
    assert (quotient[0], rest[0]) == (3, 2)
    found = ffi.new("int **")
    lib.find_int(30, found)
    assert found[0][0] == 30
    assert found[0][1] == 40
    lib.find_int(31, found)
    assert found[0] == ffi.NULL
    text, length = ffi.new("const char **"), ffi.new("int *")
    lib.text_out(text, length)
    assert ffi.buffer(text[0], length[0])[:] == b"out of C"


def test_buffers(ffi: Any, lib: Any) -> None:
    data = ffi.new("unsigned char[4]", [1, 2, 3, 4])
    view = ffi.buffer(data)
    assert len(view) == 4
    assert view[:] == b"\1\2\3\4"
    assert bytes(view) == b"\1\2\3\4"
    assert view[1] == b"\2"
    view[1] = b"x"
    view[2:4] = b"yz"
    assert list(data) == [1, 0x78, 0x79, 0x7A]
    assert bytes(memoryview(view)) == b"\1xyz"
    assert ffi.buffer(ffi.new("int *", 1))[:] == b"\1\0\0\0"
    assert ffi.buffer(lib.ints(), 8)[:] == b"\x0a\0\0\0\x14\0\0\0"


def test_from_buffer(ffi: Any, lib: Any) -> None:
    data = bytearray(b"0123456789\0")
    lib.reverse(ffi.from_buffer(data))
    assert data == b"9876543210\0"
    held = ffi.from_buffer("int[]", bytearray(b"\1\0\0\0\2\0\0\0"))
    assert len(held) == 2
    assert lib.sum_ints(held, 2) == 3
    assert lib.length(ffi.from_buffer(b"text\0")) == 4
    with pytest.raises(TypeError):
        ffi.from_buffer("text")
    with pytest.raises(BufferError):
        ffi.from_buffer("char[]", b"text", require_writable=True)


def test_memmove(ffi: Any) -> None:
    data = ffi.new("char[6]", b"abcdef")
    ffi.memmove(data + 1, data, 3)
    assert ffi.unpack(data, 6) == b"aabcef"
    ffi.memmove(data, b"xy", 2)
    assert ffi.unpack(data, 6) == b"xybcef"
    out = bytearray(3)
    ffi.memmove(out, data, 3)
    assert out == b"xyb"


# ---- structs ----------------------------------------------------------------------------------


def test_structs(ffi: Any, lib: Any) -> None:
    p = ffi.new("Point *", {"x": 3, "y": 4})
    assert (p.x, p.y) == (3, 4)
    assert (p[0].x, p[0].y) == (3, 4)
    lib.point_move(p, 10, 20)
    assert (p.x, p.y) == (13, 24)
    p.x = -1
    assert lib.point_sum(p[0]) == 23
    made = lib.point_make(5, -6)
    assert (made.x, made.y) == (5, -6)
    made.x = 8
    assert lib.point_sum(made) == 2
    assert lib.single_get(ffi.new("Single *", [11])[0]) == 11
    assert lib.single_make(-3).only == -3
    record = lib.record_make(b"t", 2.5)
    assert (record.tag, record.weight, record.at.y, list(record.values)) == (b"t", 2.5, 2, [3, 4, 5])
    record.values[2] = 100
    record.at.x = 7
    assert lib.record_weight(ffi.addressof(record)) == 109.5
    points = ffi.new("Point[3]", [(1, 2), {"x": 3, "y": 4}, [5, 6]])
    assert lib.points_sum(points, 3) == 44
    lib.point_move(ffi.addressof(points, 1), 10, 10)
    assert (points[1].x, points[1].y) == (13, 14)
    lib.point_move(ffi.addressof(points[2]), 1, 1)
    assert points[2].x == 6
    points[0] = points[2]
    assert points[0].y == 7
    for wrong in ("nosuch", "z"):
        with pytest.raises(AttributeError):
            getattr(p, wrong)
        with pytest.raises(AttributeError):
            setattr(p, wrong, 1)
    with pytest.raises((ValueError, KeyError, AttributeError)):
        ffi.new("Point *", {"z": 1})
    with pytest.raises(ValueError, match="too many"):
        ffi.new("Point *", [1, 2, 3])
    assert set(dir(p)) >= {"x", "y"}


def test_unions(ffi: Any, lib: Any) -> None:
    number = ffi.new("Number *")
    lib.number_set(number, 2.0)
    assert number.f == 2.0
    assert number.i == 0x40000000
    assert list(number.bytes) == [0, 0, 0, 0x40]


def test_lists(ffi: Any, lib: Any) -> None:
    last = ffi.new("Node *", [3])
    middle = ffi.new("Node *", [2, last])
    head = ffi.new("Node *", {"value": 1, "next": middle})
    assert lib.list_sum(head) == 6
    assert head.next.next.value == 3
    assert head.next.next.next == ffi.NULL
    start = lib.list_reverse(head)
    assert start == last
    assert start.next.value == 2
    grown = ffi.NULL
    for value in (1, 2, 3):
        grown = lib.list_push(grown, value)
    values, node = [], grown
    while node:
        values.append(node.value)
        node = node.next
    assert values == [3, 2, 1]
    lib.list_free(grown)


def test_a_struct_with_pointers_of_every_kind(ffi: Any, lib: Any) -> None:
    name, where, data = ffi.new("char[]", b"four"), ffi.new("Point *", [100, 0]), ffi.new("int *", 1000)
    twice = ffi.callback("int(int)", lambda x: x * 2)
    item = ffi.new("Item *", {"name": name, "apply": twice, "data": data, "where": where, "flags": 1})
    assert lib.item_run(item, 5) == 10 + 4 + 100 + 1000 + 1
    assert item.apply(6) == 12
    assert item.where.x == 100
    item.apply = ffi.NULL
    assert lib.item_run(item, 5) == 5 + 4 + 100 + 1000 + 1
    lib.item_init(item)
    assert ffi.string(item.name) == b"from C"
    assert ffi.cast("int *", item.data)[1] == 20
    assert item.flags == 7


# ---- callbacks --------------------------------------------------------------------------------


def test_callbacks(ffi: Any, lib: Any) -> None:
    @ffi.callback("int(int)")
    def plus_one(x: int) -> int:
        return x + 1

    assert lib.apply(plus_one, 5) == 6
    assert plus_one(1) == 2
    compare = ffi.callback("int(const int *, const int *)", lambda a, b: b[0] - a[0])
    items = ffi.new("int[]", [5, 1, 7, 33, 99, -7])
    lib.sort(items, 6, compare)
    assert list(items) == [99, 33, 7, 5, 1, -7]
    length = ffi.callback("int(const char *)", lambda s: len(ffi.string(s)))
    assert lib.call_with_text(length, b"seven77") == 7

    def change(p: Any) -> int:
        p.y = 50
        return int(p.x)

    callback = ffi.callback("int(Point *)", change)
    assert lib.call_with_point(callback, 7) == 57
    kept = ffi.callback("Unary", lambda x: x * x)
    lib.keep(kept)
    gc.collect()
    assert lib.call_kept(4) == 16
    lib.keep(ffi.NULL)
    with pytest.raises(TypeError):
        lib.apply(length, 5)
    with pytest.raises(TypeError):
        ffi.callback("int(int)", 5)


def test_a_callback_with_a_handle(ffi: Any, lib: Any) -> None:
    got: list[int] = []
    handle = ffi.new_handle(got)
    visit = ffi.callback("void(int, void *)", lambda value, data: ffi.from_handle(data).append(value))
    lib.each([8, 9], 2, visit, handle)
    assert got == [8, 9]


def test_a_callback_that_fails(ffi: Any, lib: Any) -> None:
    seen = []

    def fail(_x: int) -> int:
        raise LookupError("from the callback")

    def handler(kind: Any, problem: Any, trace: Any) -> int:
        seen.append((kind, str(problem), trace is not None))
        return 17

    assert lib.apply(ffi.callback("int(int)", fail, onerror=handler), 5) == 17
    assert seen == [(LookupError, "from the callback", True)]
    assert lib.apply(ffi.callback("int(int)", fail, error=-9, onerror=lambda *_: None), 5) == -9


def test_functions_as_values(ffi: Any, lib: Any) -> None:
    triple = lib.get_triple(1)
    assert triple(14) == 42
    assert lib.get_triple(0) == ffi.NULL
    assert lib.apply(triple, 5) == 15
    item = ffi.new("Item *", {"apply": triple})
    assert lib.item_run(item, 2) == 6
    assert ffi.addressof(lib, "add")(1, 2) == 3


# ---- the rest ---------------------------------------------------------------------------------


def test_variables_and_constants(ffi: Any, lib: Any) -> None:
    before = lib.counter
    assert lib.bump() == before + 1
    assert lib.counter == before + 1
    lib.counter = 42
    assert lib.bump() == 43
    pointer = ffi.addressof(lib, "counter")
    pointer[0] = 7
    assert lib.counter == 7
    lib.counter = 42
    assert ffi.string(lib.version) == b"1.2.3"
    assert lib.origin.y == 8
    assert (lib.LIMIT, lib.GREEN, lib.BLUE) == (99, 5, 6)
    with pytest.raises(AttributeError):
        lib.nosuch  # noqa: B018
    with pytest.raises(AttributeError):
        lib.nosuch = 1
    assert {"add", "counter", "GREEN"} <= set(dir(lib))


def test_errno(ffi: Any, lib: Any) -> None:
    import errno

    lib.fail_with(0)
    assert ffi.errno == errno.ENOENT
    ffi.errno = errno.EINVAL
    assert lib.errno_now() == 2


def test_variable_arguments(ffi: Any, lib: Any) -> None:
    out = ffi.new("char[80]")
    text = ffi.new("char[]", b"text")
    lib.format(out, 80, b"%d %s %c", ffi.cast("int", 42), text, ffi.cast("char", b"A"))
    assert ffi.string(out) == b"42 text A"
    lib.format(out, 80, b"%.2f %lld", ffi.cast("double", 2.5), ffi.cast("long long", 2**40))
    assert ffi.string(out) == b"2.50 1099511627776"
    with pytest.raises(TypeError):
        lib.format(out, 80, b"%d", 42)


def test_types(ffi: Any, both: SimpleNamespace) -> None:
    assert ffi.sizeof("int[10]") == 40
    assert ffi.sizeof("Point") == 8
    assert ffi.sizeof(ffi.new("Point[3]")) == 24
    assert ffi.alignof("double") == 8
    assert ffi.offsetof("Record", "at") == 16
    assert ffi.offsetof("Record", "at", "y") == 20
    assert ffi.offsetof("Record", "values", 2) == 28
    assert ffi.sizeof("Node") == (8 if both.wasm else 16)
    assert ffi.typeof("Point") == ffi.typeof(ffi.new("Point *")[0])
    assert ffi.typeof("int*") != ffi.typeof("long long*")
    point = ffi.typeof("Point")
    assert point.kind == "struct"
    assert [name for name, _ in point.fields] == ["x", "y"]
    assert [field.offset for _, field in point.fields] == [0, 4]
    assert ffi.typeof("int[4]").length == 4
    assert ffi.typeof("int[4]").item == ffi.typeof("int")
    assert ffi.typeof("int *").kind == "pointer"
    function = ffi.typeof("int(*)(char, double)")
    assert function.kind == "function"
    assert function.result == ffi.typeof("int")
    assert [one.cname for one in function.args] == ["char", "double"]
    assert ffi.typeof("enum color").elements == {0: "RED", 5: "GREEN", 6: "BLUE"}
    assert ffi.typeof("Opaque").fields is None
    assert isinstance(ffi.new("int *"), ffi.CData)
    assert isinstance(point, ffi.CType)
    errors: Any = ffi.error if both.wasm else Exception
    with pytest.raises(errors):
        ffi.typeof("nosuch *")
    with pytest.raises(errors):
        ffi.cdef("int broken(")


def test_gc_and_release(ffi: Any, lib: Any) -> None:
    freed = []

    def destroy(pointer: Any) -> None:
        freed.append(ffi.string(pointer))
        lib.release(pointer)

    text = ffi.gc(lib.join(b"a", b"b"), destroy)
    assert ffi.string(text) == b"ab"
    del text
    gc.collect()
    assert freed == [b"ab"]
    other = ffi.gc(lib.join(b"c", b"d"), destroy)
    ffi.release(other)
    assert freed == [b"ab", b"cd"]
    del other
    gc.collect()
    assert freed == [b"ab", b"cd"]
    with ffi.new("int[100]") as numbers:
        assert lib.sum_ints(numbers, 100) == 0
    unmanaged = ffi.gc(lib.join(b"e", b"f"), destroy)
    ffi.gc(unmanaged, None)
    plain = ffi.cast("char *", unmanaged)
    lib.release(plain)
    del unmanaged
    gc.collect()
    assert freed == [b"ab", b"cd"]


def test_init_once(ffi: Any) -> None:
    calls = []
    for _ in range(3):
        assert ffi.init_once(lambda: calls.append(1) or "done", "tag") == "done"
    assert calls == [1]


# ---- what is ours alone -----------------------------------------------------------------------


def test_misuse_is_one_clear_line(wasm_file: Path) -> None:
    ffi = FFI()
    with pytest.raises(RuntimeError, match=r"new\(\) needs the memory of a library: call dlopen\(\) first"):
        ffi.new("int *")
    with pytest.raises(TypeError, match="process"):
        ffi.dlopen(None)  # type: ignore[arg-type]
    ffi.cdef("int ad(int, int); int add(int, double); int counte; void sort(int *, unsigned, int (*)(int));")
    lib = ffi.dlopen(wasm_file)
    with pytest.raises(RuntimeError, match=r"has opened sample\.wasm already"):
        ffi.dlopen(wasm_file)
    with pytest.raises(AttributeError, match="exports no function 'ad'; did you mean 'add'"):
        lib.ad  # noqa: B018
    with pytest.raises(
        TypeError, match=r"cdef declares int add\(.*\(i32, f64\) -> \(i32\).* has \(i32, i32\)"
    ):
        lib.add  # noqa: B018
    with pytest.raises(AttributeError, match="exports no variable 'counte'; link it with"):
        lib.counte  # noqa: B018
    with pytest.raises(AttributeError, match="cdef declares no 'sor'; did you mean 'sort'"):
        lib.sor  # noqa: B018
    with pytest.raises(NotImplementedError, match="pywasi build"):
        ffi.set_source("_x", "")
    with pytest.raises(ffi.error, match=r"<cdef>:1:\d+: .*did you mean 'Thing'"):
        ffi.cdef("typedef int Thing; int f(Thign x);")
    ffi.dlclose(lib)
    with pytest.raises(RuntimeError, match="dlopen"):
        ffi.new("int *")


def test_a_second_library_has_another_memory(ours: SimpleNamespace, wasm_file: Path) -> None:
    other = FFI()
    other.include(ours.ffi)
    other.cdef("int read_int(const int *p); int point_sum(Point p);")
    lib = other.dlopen(wasm_file)
    assert lib.point_sum(other.new("Point *", [1, 2])[0]) == 3
    with pytest.raises(ValueError, match=r"lies in the memory of sample\.wasm"):
        lib.read_int(ours.ffi.new("int *"))


def test_nothing_outside_the_memory_is_reached(ours: SimpleNamespace) -> None:
    ffi = ours.ffi
    wild = ffi.cast("int *", 0xFFFFFFF0)
    size = ours.lib.ints()._guest.memory.size
    for use in (
        lambda: wild[0], lambda: wild[2**28], lambda: ffi.string(ffi.cast("char *", wild)),
        lambda: ffi.buffer(wild, 4), lambda: ffi.unpack(wild, 4), lambda: ffi.cast("Node *", wild).next,
        lambda: ffi.buffer(ours.lib.ints(), size), lambda: wild.__setitem__(0, 5),
        lambda: ffi.memmove(wild, b"1234", 4), lambda: ffi.cast("Point *", wild)[0].x,
    ):  # fmt: skip
        with pytest.raises((IndexError, ValueError)):
            use()
    with pytest.raises(wasm.Trap):
        ours.lib.read_int(wild)
    with pytest.raises(RuntimeError, match="cannot call function pointer"):
        ffi.cast("int(*)(int)", 99999)(5)
    with pytest.raises(RuntimeError, match="cannot call null function pointer"):
        ffi.cast("int(*)(int)", 0)(5)


def test_an_exception_in_a_callback_is_raised_by_the_call(ours: SimpleNamespace) -> None:
    def fail(_x: int) -> int:
        raise LookupError("from the callback")

    with pytest.raises(LookupError, match="from the callback"):
        ours.lib.apply(ours.ffi.callback("int(int)", fail), 5)


def test_memory_is_freed(ours: SimpleNamespace) -> None:
    ffi, lib = ours.ffi, ours.lib
    guest = lib.ints()._guest

    def use() -> None:
        p = ffi.new("char[20000]")
        kept = ffi.new("Node *", [1, ffi.new("Node *", [2])])
        gc.collect(0)
        assert lib.list_sum(kept) == 3
        assert lib.length(ffi.from_buffer(b"x" * 30000 + b"\0")) == 30000
        assert lib.apply(ffi.callback("int(int)", abs), -3) == 3
        assert lib.record_make(b"t", 1).tag == b"t"
        del p

    def mark() -> tuple[int, int]:
        gc.collect()
        guest.collect()
        address = guest._malloc(50_000)
        guest._free(address)
        return address, len(guest.callbacks.table())

    use()
    before = mark()
    for _ in range(100):
        use()
    assert mark() == before
