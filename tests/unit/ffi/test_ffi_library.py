"""What `CDLL` has or refuses that ctypes does not: another memory, limits, misuse that crashes a process."""

from __future__ import annotations

import ctypes
import gc
import pickle
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import pywasi_native as wasm
from pywasi_native import ffi


class Node(ctypes.Structure):
    """A list of ints."""


Node._fields_ = [("value", ctypes.c_int), ("next", ctypes.POINTER(Node))]


class Point(ctypes.Structure):
    """Two ints."""

    _fields_ = (("x", ctypes.c_int), ("y", ctypes.c_int))


# ---- loading ----------------------------------------------------------------------------------


def test_a_library_from_bytes_a_module_and_an_instance(wasm_file: Path) -> None:
    assert ffi.CDLL(wasm_file.read_bytes()).add(1, 2) == 3
    module = wasm.Module(wasm_file)
    assert ffi.CDLL(module).add(1, 2) == 3
    instance = module.instantiate()
    lib = ffi.CDLL(instance)
    assert lib.instance is instance
    assert lib.bump() == 43
    assert instance.bump() == 44
    assert ffi.cdll.LoadLibrary(wasm_file).add(1, 2) == 3
    assert "sample.wasm" in repr(ffi.CDLL(wasm_file))


def test_what_cannot_be_loaded(tmp_path: Path, wasm_file: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ffi.CDLL(tmp_path / "none.wasm")
    with pytest.raises(TypeError, match="process itself"):
        ffi.CDLL(None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="no handle"):
        ffi.CDLL(wasm_file, handle=5)  # type: ignore[arg-type]
    empty = b"\0asm\1\0\0\0"
    with pytest.raises(wasm.LinkError, match="exports no memory"):
        ffi.CDLL(empty)
    with pytest.raises(ValueError, match="long_size is 4 or 8"):
        ffi.CDLL(wasm_file, long_size=5)
    memory = b"\0asm\1\0\0\0\5\3\1\0\1\7\x0a\1\6memory\2\0"
    assert ffi.CDLL(memory).new(ctypes.c_int, 5).value == 5  # it has no malloc: pages are added
    with pytest.raises(wasm.LinkError, match="--export=errno"):
        ffi.CDLL(memory, use_errno=True)
    with pytest.raises(wasm.LinkError, match="--export-table"):
        ffi.CDLL(memory)._guest.callbacks.table()
    with pytest.raises(wasm.LinkError, match="memory with 64-bit addresses"):
        ffi.CDLL(b"\0asm\1\0\0\0\5\3\1\4\1\7\x0a\1\6memory\2\0")


def test_names(library: Any) -> None:
    with pytest.raises(AttributeError, match="did you mean 'list_sum'"):
        library.lsit_sum  # noqa: B018
    with pytest.raises(AttributeError, match=r"--export=zzzzzz"):
        library.zzzzzz  # noqa: B018
    with pytest.raises(AttributeError, match="no function but a memory"):
        library["memory"]
    with pytest.raises(TypeError, match="have names"):
        library[5]
    with pytest.raises(AttributeError, match="in_dll"):
        ctypes.c_int.in_dll(library, "counter")
    with pytest.raises(ValueError, match="did you mean 'counter'"):
        library.in_dll(ctypes.c_int, "countr")
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(library)


# ---- types that do not fit --------------------------------------------------------------------


def test_argtypes_that_do_not_fit_the_module(library: Any) -> None:
    library.add.argtypes = [ctypes.c_int]
    with pytest.raises(TypeError, match=r"argtypes of add has 1 types, .* takes 2; .*variadic"):
        library.add(1)
    library.half.variadic, library.half.restype = True, ctypes.c_double
    with pytest.raises(TypeError, match="half is not variadic"):
        library.half()
    library.add.argtypes = [ctypes.c_int, ctypes.c_double]
    with pytest.raises(TypeError, match=r"argument 2 of add is c_double, but .* i32"):
        library.add(1, 2.0)
    library.half.variadic = False
    library.half.argtypes = [ctypes.c_char_p]
    with pytest.raises(TypeError, match=r"argument 1 of half is c_char_p, but .* f64"):
        library.half(b"")
    library.mul_i64.argtypes = [ctypes.c_void_p, ctypes.c_longlong]
    with pytest.raises(TypeError, match="a pointer has 32 bits"):
        library.mul_i64(None, 1)


def test_restype_that_does_not_fit_the_module(library: Any) -> None:
    with pytest.raises(TypeError, match=r"restype of half is c_int, but .* f64 there; set restype"):
        library.half(ctypes.c_double(1))
    library.nothing.restype = ctypes.c_int
    with pytest.raises(TypeError, match="gives nothing: set None"):
        library.nothing()
    library.add.restype = Node
    with pytest.raises(TypeError, match="restype of add is Node"):
        library.add(1, 2)


def test_numbers_that_do_not_fit_the_module(library: Any) -> None:
    library.doubled.argtypes = [ctypes.c_size_t]
    with pytest.raises(
        ctypes.ArgumentError, match="argument 1: OverflowError: 4294967296 does not fit the 32"
    ):
        library.doubled(2**32)
    with pytest.raises(ctypes.ArgumentError, match="does not fit"):
        library.add(2**40, 1)
    library.half.restype = ctypes.c_double
    with pytest.raises(ctypes.ArgumentError, match="an int was given where the function has f64"):
        library.half(1)
    library.format.variadic = True
    with pytest.raises(ctypes.ArgumentError, match="c_longlong"):
        library.format(ctypes.create_string_buffer(9), 9, b"%lld", 2**40)


def test_types_that_may_have_4_or_8_bytes(library: Any, wasm_file: Path) -> None:
    with pytest.raises(ctypes.ArgumentError, match=r"long_size=4"):
        library.read_int(ctypes.byref(ctypes.c_size_t(5)))
    assert library.read_int(ctypes.byref(ffi.c_size_t(5))) == 5
    four = ffi.CDLL(wasm_file, long_size=4)
    size = ctypes.c_size_t(5)
    assert four.read_int(ctypes.byref(size)) == 5
    four.set_int(ctypes.byref(size), -1)
    assert size.value == 2**32 - 1
    eight = ffi.CDLL(wasm_file, long_size=8)
    number = ctypes.c_int64(2**40 + 7)
    assert eight.read_int(ctypes.byref(number)) == 7
    assert four.read_int(ctypes.byref(ffi.c_int64(2**40 + 7))) == 7


def test_types_that_cannot_cross(library: Any) -> None:
    with pytest.raises(ctypes.ArgumentError, match="c_double"):
        library.read_int(ctypes.byref(ctypes.c_longdouble()))
    library.read_int.argtypes = [ctypes.py_object]
    with pytest.raises(TypeError, match="has no address in the guest"):
        library.read_int(object())

    class Opaque(ctypes.Structure):
        pass

    library.ints.restype = ctypes.POINTER(Opaque)
    library.identity.argtypes = [ctypes.POINTER(Opaque)]
    library.identity.restype = ctypes.POINTER(Opaque)
    handle = library.ints()
    assert handle
    assert ctypes.cast(library.identity(handle), ctypes.c_void_p).value is not None


# ---- memory -----------------------------------------------------------------------------------


def test_host_pointers_are_refused(library: Any) -> None:
    number = ctypes.c_int(5)
    library.identity.argtypes = [ctypes.c_void_p]
    with pytest.raises(ctypes.ArgumentError, match="cannot reach the memory of the process"):
        library.identity(ctypes.addressof(number))
    with pytest.raises(ctypes.ArgumentError, match="cannot reach the memory of the process"):
        library.read_int(ctypes.cast(ctypes.addressof(number), ctypes.POINTER(ctypes.c_int)))


def test_pointers_of_another_library_are_refused(library: Any, wasm_file: Path) -> None:
    other = ffi.CDLL(wasm_file)
    other.ints.restype = ctypes.POINTER(ctypes.c_int)
    with pytest.raises(ctypes.ArgumentError, match="memories are separate"):
        library.read_int(other.ints())
    node = Node(1, None)
    assert other.list_sum(ctypes.byref(node)) == 1
    with pytest.raises(ctypes.ArgumentError, match="memories are separate"):
        library.list_sum(ctypes.byref(node))
    other.get_triple.restype = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)
    with pytest.raises(ctypes.ArgumentError, match="given to"):
        library.apply(other.get_triple(1), 5)


def test_addresses_outside_the_memory_never_reach_the_process(library: Any) -> None:
    size = library.instance.memory.size
    library.bad_text.restype = ctypes.c_char_p
    with pytest.raises(ValueError, match="string without an end"):
        library.bad_text()
    library.bad_text.restype = ctypes.POINTER(ctypes.c_int)
    wild = library.bad_text()
    assert wild
    for use in (lambda: wild.contents, lambda: wild[0], lambda: wild[2**28]):
        with pytest.raises(IndexError):
            use()
    library.bad_text.restype = ctypes.POINTER(Node)
    with pytest.raises(IndexError, match="outside the memory"):
        library.bad_text().contents  # noqa: B018
    library.ints.restype = ctypes.POINTER(ctypes.c_int)
    numbers = library.ints()
    with pytest.raises(IndexError):
        numbers[size]
    with pytest.raises(IndexError):
        numbers[: size // 4 + 1]
    with pytest.raises(IndexError):
        ffi.string_at(numbers, size)
    with pytest.raises(IndexError):
        ffi.memset(numbers, 0, size)
    library.bad_text.restype = ctypes.c_void_p
    library.identity.argtypes = [ctypes.c_void_p]
    library.identity.restype = ctypes.c_void_p
    address = library.bad_text()
    assert library.identity(address) == address
    with pytest.raises(ValueError, match="string without an end"):
        ffi.string_at(address)


def test_a_function_pointer_to_nothing(library: Any) -> None:
    library.bad_text.restype = ctypes.CFUNCTYPE(ctypes.c_int)
    with pytest.raises(ValueError, match="where there is no function"):
        library.bad_text()


def test_a_trap_is_an_exception(library: Any) -> None:
    with pytest.raises(wasm.Trap):
        library.crash()
    with pytest.raises(wasm.Trap):
        library.read_int(-16)
    assert library.add(1, 2) == 3


def test_an_exception_in_a_callback_is_raised_by_the_call(library: Any) -> None:
    unary = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)

    def fail(_x: int) -> int:
        raise LookupError("from the callback")

    with pytest.raises(LookupError, match="from the callback"):
        library.apply(unary(fail), 5)
    with pytest.raises(TypeError, match="None"):
        library.apply(unary(lambda _x: None), 5)


def test_a_callback_of_another_type_traps(library: Any) -> None:
    wrong = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(abs)
    with pytest.raises(wasm.Trap, match="indirect call type mismatch"):
        library.apply(wrong, 5)


def test_functions_of_the_process_are_callbacks_too(library: Any) -> None:
    native = ctypes.CDLL(None) if sys.platform != "win32" else ctypes.cdll.msvcrt
    function = ctypes.cast(native.abs, ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int))
    assert library.apply(function, -5) == 5


def test_writing_into_bytes_is_an_error(library: Any, wasm_file: Path) -> None:
    data = bytes(bytearray(b"abc"))
    with pytest.raises(ValueError, match=r"has written into a bytes object.*mutable_bytes=True"):
        library.reverse(data)
    assert data == b"abc"
    assert library.length(data) == 3
    with pytest.raises(ValueError, match="written into a bytes object"):
        library.fill(ctypes.c_char_p(data), 2, 0x78)
    allowed = ffi.CDLL(wasm_file, mutable_bytes=True)
    allowed.reverse(data)
    assert data == b"cba"


def test_libraries_of_one_instance_share_its_memory(library: Any) -> None:
    again = ffi.CDLL(library.instance)
    library.ints.restype = ctypes.POINTER(ctypes.c_int)
    assert again.sum_ints(library.ints(), 2) == 30
    node = Node(1, None)
    assert library.list_sum(ctypes.byref(node)) + again.list_sum(ctypes.byref(node)) == 2
    first, second = ffi.FFI(), ffi.FFI()
    first.cdef("int *ints(void);")
    second.cdef("int sum_ints(const int *p, size_t n);")
    source = first.dlopen(library.instance)
    assert second.dlopen(library.instance).sum_ints(source.ints(), 2) == 30
    second.cdef("int read_int(const int *);")
    assert second.dlopen(library.instance).read_int(source.ints()) == 10


# ---- what lives how long ----------------------------------------------------------------------


def test_objects_in_the_memory_of_the_library(library: Any) -> None:
    buffer = library.new(ctypes.c_char * 8)
    library.keep_buffer(buffer)
    library.write_kept(0x61)
    assert buffer.value == b"a"
    plain = ctypes.create_string_buffer(8)
    library.keep_buffer(plain)
    assert plain.raw == bytes(8)
    node = library.new(Node, 7, None)
    assert node.value == 7
    assert library.list_sum(ctypes.byref(node)) == 7
    point = library.new(Point, 3, 4)
    assert (point.x, point.y) == (3, 4)
    array = library.new(ctypes.c_int * 3, 1, 2, 3)
    assert library.sum_ints(array, 3) == 6
    assert ctypes.addressof(array) == ffi.addressof(array)


def _in_use(library: Any) -> int:
    """The address that malloc gives next for a size that is used nowhere else."""
    gc.collect()
    library._guest.collect()
    address = library.instance.malloc(40_000)
    library.instance.free(address)
    return int(address)


def test_what_calls_need_is_freed(library: Any) -> None:
    data = ctypes.create_string_buffer(b"x" * 100_000)
    assert library.length(data) == 100_000

    def round_trip() -> None:
        node = Node(1, ctypes.pointer(Node(2, None)))
        assert library.list_sum(ctypes.byref(node)) == 3
        assert library.length(data) == 100_000
        assert library.new(ctypes.c_char * 50_000)
        words = (ctypes.c_char_p * 2)(b"word" * 1000, None)
        assert library.count_words(words, ctypes.create_string_buffer(5000)) == 1
        assert library.apply(ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(abs), -5) == 5
        library.record_make.restype = Node

    round_trip()
    before, table = _in_use(library), len(library._guest.callbacks.table())
    for _ in range(200):
        round_trip()
    assert _in_use(library) == before
    assert len(library._guest.callbacks.table()) == table


def test_a_library_goes_with_its_last_reference(wasm_file: Path) -> None:
    import weakref

    lib = ffi.CDLL(wasm_file)
    assert lib.apply(ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(abs), -5) == 5
    node = Node(1, None)
    assert lib.list_sum(ctypes.byref(node)) == 1
    guest = weakref.ref(lib._guest)
    del lib
    gc.collect()
    assert guest() is not None  # the object lies in its memory
    assert node.value == 1
    del node
    gc.collect()
    assert guest() is None


def test_limits_hold(wasm_file: Path) -> None:
    lib = ffi.CDLL(wasm_file, limits=wasm.Limits(memory=2**25))
    big = ctypes.create_string_buffer(2**26)
    with pytest.raises(MemoryError, match="malloc has no room for 67108864 bytes"):
        lib.length(big)
    with pytest.raises(MemoryError, match="no room"):
        lib.new(ctypes.c_char * 2**26)
    assert lib.length(b"still works") == 11


def test_threads_call_one_library(library: Any) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def work(i: int) -> int:
        items = (ctypes.c_int * 100)(*range(i, i + 100))
        library.sort(items, 100, compare)
        return list(items) == list(range(i + 99, i - 1, -1))

    kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
    compare = kind(lambda a, b: b[0] - a[0])
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(40)))


# ---- objects that have moved into the library -------------------------------------------------


def test_an_object_with_pointers_moves(library: Any) -> None:
    node = Node(1, None)
    assert library.list_sum(ctypes.byref(node)) == 1
    assert isinstance(node, Node)
    assert type(node).__name__ == "Node"
    assert ffi.sizeof(node) == 8
    assert ctypes.POINTER(type(node)) is ctypes.POINTER(Node)
    other = Node(2, ctypes.pointer(node))
    assert library.list_sum(ctypes.byref(other)) == 3
    node.next = None
    assert ffi.pointer(node).contents.value == 1
    assert ffi.pointer(node)[0].value == 1
    pair = (Node * 2)()
    pair[1].value = 5
    pair[0].next = ctypes.pointer(pair[1])
    assert library.list_sum(pair) == 5
    assert [one.value for one in pair] == [0, 5]
    assert pair[-1].value == 5
    with pytest.raises(IndexError):
        pair[2]


def test_long_and_circular_lists_move(library: Any) -> None:
    nodes = [Node(i, None) for i in range(5000)]
    for one, following in pairwise(nodes):
        one.next = ctypes.pointer(following)
    assert library.list_sum(ctypes.byref(nodes[0])) == sum(range(5000))
    library.list_double(ctypes.byref(nodes[0]))
    assert nodes[-1].value == 9998
    ring = Node(1, None)
    ring.next = ctypes.pointer(ring)
    visit = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Node))

    def stop_at_five(node: Any) -> int:
        node.contents.value += 1
        if node.contents.value == 5:
            node.contents.next = None
        return int(node.contents.value)

    assert library.walk(ctypes.byref(ring), visit(stop_at_five)) == 2 + 3 + 4 + 5
    assert not ring.next


def test_long_lists_take_no_square_of_time(library: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from pywasi_native.ffi import images

    looked_at = 0

    def counted(kept: Any, extent: Any = images._extent) -> Any:
        nonlocal looked_at
        looked_at += 1
        return extent(kept)

    monkeypatch.setattr(images, "_extent", counted)
    nodes = [Node(i, None) for i in range(300)]
    for one, following in pairwise(nodes):
        one.next = ctypes.pointer(following)
    assert library.list_sum(ctypes.byref(nodes[0])) == sum(range(300))
    assert 299 <= looked_at < 1500  # not all that each node keeps alive, which is the rest of the list


def test_objects_that_cannot_move_stay_as_they_are(library: Any) -> None:
    first = Node(1, ctypes.pointer(Node(2, ctypes.cast(ctypes.addressof(Node()), ctypes.POINTER(Node)))))
    with pytest.raises(ctypes.ArgumentError, match="cannot reach the memory of the process"):
        library.list_sum(ctypes.byref(first))
    assert type(first) is Node
    first.next.contents.next = None
    assert library.list_sum(ctypes.byref(first)) == 3


def test_wide_arrays_as_on_windows(library: Any) -> None:
    """Where wchar_t has 2 bytes, an array of it is a view: here one is made by hand."""
    from pywasi_native.ffi.layouts import Layout
    from pywasi_native.ffi.views import view_at

    item = Layout(ctypes.c_wchar, "number", 4, 4, flat=False)
    item.code, item.plain = "I", True
    kind = type("wide", (ctypes.Array,), {"_type_": ctypes.c_wchar, "_length_": 6})
    layout = Layout(kind, "array", 24, 4, flat=False)
    layout.item, layout.count = item, 6
    place = library.new(ctypes.c_uint32 * 6)
    guest = library._guest
    view = view_at(guest, layout, guest.address_of(ctypes.addressof(place)))
    view.value = "h\u00e9\U0001f600"
    assert view.value == "h\u00e9\U0001f600"
    assert list(place[:4]) == [0x68, 0xE9, 0x1F600, 0]
    assert view[1] == "\u00e9"
    view[3] = "!"
    assert view.value == "h\u00e9\U0001f600!"
    with pytest.raises(ValueError, match="too long"):
        view.value = "1234567"


def test_members_of_a_moved_object_are_checked(library: Any) -> None:
    node = Node(1, None)
    library.list_sum(ctypes.byref(node))
    with pytest.raises(TypeError):
        node.value = "text"
    with pytest.raises(TypeError, match="incompatible types, c_int instance instead of LP_Node"):
        node.next = ctypes.c_int(5)
    node.value = 2**32 + 5
    assert node.value == 5


def test_pointers_are_compared_and_changed(library: Any) -> None:
    library.ints.restype = ctypes.POINTER(ctypes.c_int)
    p = library.ints()
    number = ctypes.c_int(9)
    moved = ctypes.pointer(Node(1, None))
    assert library.list_sum(moved) == 1
    moved.contents = Node(6, None)
    assert library.list_sum(moved) == 6
    with pytest.raises(TypeError, match="expected c_int instead of Node"):
        p.contents = Node()
    del number


def test_memory_grows_under_views(library: Any) -> None:
    library.ints.restype = ctypes.POINTER(ctypes.c_int)
    p = library.ints()
    contents = p.contents
    node = Node(4, None)
    library.list_sum(ctypes.byref(node))
    library.instance.memory.grow(100)
    assert contents.value == 10
    assert p[1] == 20
    assert node.value == 4
    assert library.list_sum(ctypes.byref(node)) == 4


# ---- import -----------------------------------------------------------------------------------


def test_ffi_is_imported_when_it_is_used() -> None:
    code = (
        "import sys, pywasi_native as w; assert 'ctypes' not in sys.modules; "
        "assert 'pywasi_native.ffi' not in sys.modules; w.ffi.CDLL; "
        "assert 'pywasi_native.ffi' in sys.modules; "
        "assert 'pywasi_native.typed' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_every_name_of_ctypes_that_makes_sense_is_there() -> None:
    public = {name for name in vars(ctypes) if name[0] != "_"}
    missing = public - set(vars(ffi))
    assert missing <= {
        # of the process
        "PyDLL", "pydll", "pythonapi", "PYFUNCTYPE", "py_object", "cdll", "LibraryLoader",
        # of Windows
        "WinDLL", "OleDLL", "windll", "oledll", "WINFUNCTYPE", "HRESULT", "GetLastError", "FormatError",
        "WinError", "get_last_error", "set_last_error", "DllCanUnloadNow", "DllGetClassObject",
        "CopyComPointer",
        # what they are made with
        "SIZEOF_TIME_T", "SetPointerType", "c_buffer", "c_longdouble", "memoryview_at", "util", "wintypes",
        "macholib",
        "c_float_complex", "c_double_complex", "c_longdouble_complex", "COMError",
    }  # fmt: skip
    assert all(hasattr(ffi, name) for name in ffi.__all__)


def test_the_interpreter_ends_quietly_with_callbacks_alive(wasm_file: Path) -> None:
    code = (
        "import sys; from pywasi_native import ffi as m; f = m.FFI(); lib = f.dlopen(sys.argv[1]); "
        "keep = f.callback('int(int)', abs); print(keep(-3))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(wasm_file)], capture_output=True, text=True, check=True
    )
    assert (done.stdout.strip(), done.stderr) == ("3", "")
