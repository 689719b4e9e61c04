"""Memory: slices, read, write, text, the buffer protocol, growth."""

from __future__ import annotations

import pytest

import pywasi_native as wasm
import wasm_bytes

PAGE = 65536


@pytest.fixture
def mem() -> wasm.Memory:
    m = wasm_bytes.Module()
    m.memory(1, 3)
    m.data(0, b"hello\0w\xc3\xb6rld\0")
    memory: wasm.Memory = wasm.load(m.bytes()).memory
    return memory


def test_sizes(mem: wasm.Memory) -> None:
    assert (mem.size, len(mem), mem.pages) == (PAGE, PAGE, 1)
    assert mem.type == wasm.MemoryType(1, 3)
    assert repr(mem) == "<wasm memory (memory 1 3)>"


def test_slices(mem: wasm.Memory) -> None:
    assert mem[0:5] == b"hello"
    assert mem[:2] == b"he"
    assert mem[PAGE - 2 :] == b"\0\0"
    assert mem[5:5] == mem[7:5] == b""
    mem[1:3] = b"EL"
    mem[3:5] = memoryview(bytearray(b"LO"))
    assert mem[0:5] == b"hELLO"


def test_bytes(mem: wasm.Memory) -> None:
    assert mem[1] == ord("e")
    mem[1] = 255
    assert mem[1] == 255
    for bad in (256, -1, "x"):
        with pytest.raises(ValueError, match="a byte is an int from 0 to 255"):
            mem[1] = bad  # type: ignore[call-overload]


def test_read_write_text(mem: wasm.Memory) -> None:
    mem.write(100, b"abc")
    assert mem.read(100, 3) == b"abc"
    assert mem.text(0) == "hello"
    assert mem.text(6) == "wörld"
    assert mem.text(6, 3) == "wö"
    assert mem.read(PAGE, 0) == b""


@pytest.mark.parametrize(
    "use",
    [
        lambda m: m[PAGE],
        lambda m: m[0 : PAGE + 1],
        lambda m: m[PAGE + 1 :],
        lambda m: m[-1],
        lambda m: m[-4:],
        lambda m: m[0:-1],
        lambda m: m.read(PAGE - 1, 2),
        lambda m: m.read(-1, 1),
        lambda m: m.read(0, -1),
        lambda m: m.read(1 << 64, 1),
        lambda m: m.read(1, (1 << 63) - 1),
        lambda m: m.write(PAGE - 1, b"ab"),
        lambda m: m.write(-3, b"abc"),
        lambda m: m.text(PAGE + 1),
        lambda m: m.text(PAGE - 1, 2),
        lambda m: m.__setitem__(PAGE, 1),
        lambda m: m.__setitem__(slice(PAGE - 1, PAGE + 1), b"ab"),
    ],
)
def test_out_of_range_is_an_index_error_and_writes_nothing(mem: wasm.Memory, use: object) -> None:
    before = bytes(mem)
    with pytest.raises(IndexError):
        use(mem)  # type: ignore[operator]
    assert bytes(mem) == before


def test_text_without_an_end(mem: wasm.Memory) -> None:
    mem[PAGE - 3 :] = b"abc"
    with pytest.raises(IndexError, match="no NUL byte between"):
        mem.text(PAGE - 3)


def test_text_that_is_not_utf8(mem: wasm.Memory) -> None:
    mem.write(0, b"\xff\0")
    with pytest.raises(UnicodeDecodeError):
        mem.text(0)


def test_wrong_uses(mem: wasm.Memory) -> None:
    with pytest.raises(ValueError, match="the slice has 3 bytes and the data 2"):
        mem[0:3] = b"ab"
    with pytest.raises(ValueError, match="step 1 only"):
        mem[0:4:2]
    with pytest.raises(TypeError, match="ptr must be an int, not str"):
        mem.read("0", 1)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="must be an int, not float"):
        mem[1.0]  # type: ignore[call-overload]
    with pytest.raises(TypeError):
        mem.write(0, "text")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        del mem[0]
    with pytest.raises(TypeError, match="cannot pickle a Memory"):
        mem.__reduce__()


def test_writing_a_memory_into_itself(mem: wasm.Memory) -> None:
    view = memoryview(mem)
    mem.write(2, view[0:5])
    assert mem[0:7] == b"hehello"


# ---- buffer protocol ----


def test_views_write_through(mem: wasm.Memory) -> None:
    view = memoryview(mem)
    assert (view.readonly, view.nbytes, view.format) == (False, PAGE, "B")
    view[0:5] = b"HELLO"
    assert mem[0:5] == b"HELLO"
    mem[0] = 0
    assert view[0] == 0


def test_views_stay_valid_when_the_memory_grows(mem: wasm.Memory) -> None:
    view = memoryview(mem)
    assert mem.grow(1) == 1
    assert view.nbytes == PAGE
    view[0] = 77
    assert mem[0] == 77
    assert memoryview(mem).nbytes == 2 * PAGE


def test_a_view_keeps_the_memory(mem: wasm.Memory) -> None:
    import gc

    m = wasm_bytes.Module()
    m.memory(1)
    m.data(3, b"x")
    view = memoryview(wasm.load(m.bytes()).memory)
    gc.collect()
    assert bytes(view[2:5]) == b"\0x\0"


def test_numpy_array(mem: wasm.Memory) -> None:
    numpy = pytest.importorskip("numpy")
    array = numpy.frombuffer(mem, dtype=numpy.uint32)
    array[0] = 0x01020304
    mem.grow(1)
    array[1] = 5
    assert mem[0:8] == b"\4\3\2\1\5\0\0\0"


# ---- growth, and memories of Python ----


def test_grow(mem: wasm.Memory) -> None:
    assert mem.grow(0) == 1
    assert mem.grow(2) == 1
    assert mem.pages == 3
    assert mem[2 * PAGE] == 0
    with pytest.raises(ValueError, match="cannot grow by 1 pages"):
        mem.grow(1)
    with pytest.raises(ValueError, match="must not be negative"):
        mem.grow(-1)
    with pytest.raises(ValueError, match="cannot grow"):
        mem.grow(1 << 70)
    assert mem.pages == 3


def test_a_memory_of_python_is_imported() -> None:
    m = wasm_bytes.Module()
    m.import_memory("env", "mem", 1, 4)
    m.func("i32.const 8; i32.load8_u 0 0", results="i32", export="peek")
    m.func("i32.const 1; memory.grow 0", results="i32", export="more")
    memory = wasm.Memory(wasm.MemoryType(1, 3))
    memory[8] = 42
    instance = wasm.load(m.bytes(), {"env": {"mem": memory}})
    assert instance.peek() == 42
    assert instance.more() == 1
    assert memory.pages == 2


def test_memories_of_python() -> None:
    assert wasm.Memory(2).type == wasm.MemoryType(2)
    assert wasm.Memory(1, 2).type == wasm.MemoryType(1, 2)
    with pytest.raises(TypeError, match="says the maximum already"):
        wasm.Memory(wasm.MemoryType(1), 2)
    assert str(wasm.Memory(wasm.MemoryType(1, 2, shared=True)).type) == "(memory 1 2 shared)"
    with pytest.raises(ValueError, match="smaller than the minimum"):
        wasm.Memory(2, 1)
    with pytest.raises((ValueError, wasm.WasmError)):
        wasm.Memory(1 << 20).size  # noqa: B018


def test_the_limit_of_the_store() -> None:
    store = wasm.Store(wasm.Limits(memory="128KiB"))
    first = wasm.Memory(1, store=store)
    with pytest.raises(ValueError, match="cannot grow"):
        first.grow(2)
    assert first.grow(1) == 1
    assert store.peak_memory == 2 * PAGE
    with pytest.raises(wasm.WasmError):
        wasm.Memory(1, store=store)


def small_pages(minimum: int, maximum: int | None = None) -> wasm.Module:
    """A module with a memory of pages of one byte."""
    m = wasm_bytes.Module()
    m.memory(minimum, maximum, small_pages=True)
    m.func("memory.size 0", results="i32", export="size")
    m.func("local.get 0; memory.grow 0", "i32", "i32", export="grow")
    m.func("local.get 0; i32.load8_u 0 0", "i32", "i32", export="peek")
    return wasm.compile(m.bytes(), features=FEATURES)


FEATURES = {"custom-page-sizes", "mutable-globals"}


def test_pages_of_one_byte() -> None:
    instance = small_pages(3).instantiate()
    memory = instance.memory
    assert memory.type == wasm.MemoryType(3, page_size=1)
    assert repr(memory) == "<wasm memory (memory 3 (pagesize 1))>"
    assert (memory.size, memory.pages, len(memory), instance.size()) == (3, 3, 3, 3)
    memory[0:3] = b"abc"
    with pytest.raises(IndexError):
        memory[3]
    with pytest.raises(wasm.Trap, match="out of bounds"):
        instance.peek(3)
    assert memory.grow(2) == 3
    assert memory[0:5] == b"abc\0\0"
    assert instance.grow(10_000) == 5
    assert instance.peek(10_004) == 0
    with pytest.raises(wasm.Trap, match="out of bounds"):
        instance.peek(10_005)


def test_pages_of_one_byte_have_their_own_limits() -> None:
    instance = small_pages(1, 5).instantiate()
    assert instance.grow(5) == -1
    assert instance.grow(4) == 1
    with pytest.raises(ValueError, match="cannot grow"):
        instance.memory.grow(1)
    bounded = small_pages(1).instantiate(limits=wasm.Limits(memory=1000))
    assert bounded.grow(1000) == -1
    assert bounded.grow(999) == 1
    with pytest.raises(wasm.WasmError, match="would pass the limit"):
        small_pages(1001).instantiate(limits=wasm.Limits(memory=1000))


def test_memories_of_python_with_small_pages() -> None:
    m = wasm_bytes.Module()
    m.import_(*("env", "mem"), 2, wasm_bytes.limits(4, 8, small_pages=True))
    module = wasm.compile(m.bytes(), features=FEATURES)
    assert module.imports[0].type == wasm.MemoryType(4, 8, page_size=1)
    module.instantiate({"env": {"mem": wasm.Memory(wasm.MemoryType(4, 8, page_size=1))}})
    with pytest.raises(wasm.LinkError, match=r"must be \(memory 4 8 \(pagesize 1\)\), not \(memory 1 1\)"):
        module.instantiate({"env": {"mem": wasm.Memory(1, 1)}})


def test_pages_of_one_byte_are_on_request() -> None:
    m = wasm_bytes.Module()
    m.memory(1, small_pages=True)
    with pytest.raises(wasm.ValidationError, match="custom-page-sizes"):
        wasm.compile(m.bytes())
