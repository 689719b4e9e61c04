"""Where arguments are copied to: room, growth, and allocators that misbehave."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pywasi_native as wasm
from pywasi_native import typed
from wasm_bytes import Module

PROGRAMS = Path(__file__).parent / "programs"
EXPORTED = ("be_bad", "live_blocks", "malloc", "free", "grow_and_sum", "address_of", "ask")
Make = Callable[..., wasm.Instance]


@pytest.fixture(scope="session")
def arena_module(tmp_path_factory: pytest.TempPathFactory, compiled: Callable[..., bytes]) -> wasm.Module:
    """arena.c."""
    output = tmp_path_factory.mktemp("arena") / "arena.wasm"
    flags = [f"-Wl,--export={name}" for name in EXPORTED]
    flags += ["-nostdlib", "-fno-builtin", "-Wl,--no-entry", "-Wl,--export-table,--growable-table"]
    return wasm.compile(compiled(PROGRAMS / "arena.c", output, *flags))


@pytest.fixture
def make(arena_module: wasm.Module) -> Make:
    """An instance; `on_malloc` is called whenever the module allocates."""

    def made(on_malloc: Callable[[int], object] = lambda count: None, **limits: Any) -> wasm.Instance:
        def called(count: int) -> None:
            on_malloc(count)

        return arena_module.instantiate(
            imports={"host": {"on_malloc": called}}, limits=wasm.Limits(**limits) if limits else None
        )

    return made


GROW = "int(u8*, size, size_t)"


def test_the_memory_grows_during_a_call(make: Make) -> None:
    grow = make().func("grow_and_sum", GROW)
    data = bytearray([1] * 100)
    assert grow(data, 50) == 100
    assert data == bytes([9] * 100)


def test_the_room_is_used_again(make: Make) -> None:
    asked: list[int] = []
    m = make(asked.append)
    address_of = m.func("address_of", "size_t(const void*)")
    places = {address_of(bytes(1000)) for _ in range(50)}
    assert len(places) == 1
    assert len(asked) == 1


def test_large_arguments_get_room_of_their_own_and_give_it_back(make: Make) -> None:
    m = make()
    address_of = m.func("address_of", "size_t(const void*)")
    address_of(b"x")
    before = m.live_blocks()
    for _ in range(5):
        assert address_of(bytes(5 << 20)) % 16 == 0
        assert m.live_blocks() == before


def test_functions_of_one_instance_share_the_room(make: Make) -> None:
    m = make()
    one, two = m.func("address_of", "size_t(const void*)"), m.func("address_of", "size_t(const char*)")
    assert one(b"abc") == two("abc")


def test_no_room_in_the_module_is_a_memory_error(make: Make) -> None:
    m = make()
    address_of = m.func("address_of", "size_t(const void*)")
    m.be_bad(1)
    with pytest.raises(MemoryError, match=r"^the module's malloc has no room for \d+ bytes$"):
        address_of(b"abc")
    m.be_bad(0)
    assert address_of(b"abc") > 0


def test_no_room_within_the_limits_is_a_memory_error(make: Make) -> None:
    m = make(memory="20MiB")
    address_of = m.func("address_of", "size_t(const void*)")
    with pytest.raises(MemoryError, match="no room"):
        address_of(bytes(8 << 20))
    assert address_of(b"x") > 0


@pytest.mark.parametrize("answer", [0xFFFFFFF0, 0x7FFFFFF0])
def test_a_malloc_that_lies_is_not_believed(make: Make, answer: int) -> None:
    m = make()
    m.be_bad(answer)
    with pytest.raises(MemoryError, match=f"the module's allocator gave {answer:#x} for"):
        m.func("address_of", "size_t(const void*)")(b"abc")


def test_an_allocator_that_calls_typed_functions(make: Make) -> None:
    """The arena is asked for room while it asks for room."""
    depth = 0

    def on_malloc(_count: int) -> None:
        nonlocal depth
        if depth < 3:
            depth += 1
            assert total(bytes([3, 4]), lambda x: x) == 10

    m = make(on_malloc)
    total = m.func("ask", "int(const u8*, size, int (*f)(int))")
    assert total(b"\1\2", lambda x: x) == 4
    assert depth == 3


def test_an_exception_of_the_allocator_comes_out(make: Make) -> None:
    problem = KeyError("from malloc")

    def on_malloc(_count: int) -> None:
        raise problem

    m = make(on_malloc)
    with pytest.raises(KeyError) as caught:
        m.func("address_of", "size_t(const void*)")(b"abc")
    assert caught.value is problem


def test_a_bytearray_cannot_change_its_size_during_the_call(make: Make) -> None:
    total = make().func("ask", "int(const u8*, size, int (*f)(int))")
    data = bytearray(100)

    def resize(_x: int) -> int:
        data.extend(b"more")
        return 0

    with pytest.raises(BufferError, match="Existing exports"):
        total(data, resize)
    data.extend(b"more")


def bare(minimum: int = 1, maximum: int | None = None, *, memory: str | None = "memory") -> wasm.Instance:
    """A module that exports `memory` and a function that gives its first argument back."""
    b = Module()
    if memory is not None:
        b.memory(minimum, maximum, export=memory)
    b.func("local.get 0", "i32 i32", "i32", export="first")
    b.func("local.get 64", "i32 " * 65, "i32", export="many")
    b.func("local.get 29", "i32 " * 60, "i32", export="sixty")
    return wasm.compile(b.bytes()).instantiate()


def test_a_module_without_malloc_gets_pages_of_its_own() -> None:
    m = bare()
    first = m.func("first", "size_t(const u8*, size)")
    assert first(b"abc") == 65536
    assert first(bytes(3 << 20)) >= 65536
    size = m.memory.size
    for _ in range(5):
        assert first(bytes(3 << 20)) >= 65536
    assert m.memory.size == size


def test_a_module_without_malloc_that_cannot_grow() -> None:
    with pytest.raises(MemoryError, match=r"exports no malloc and free, and .*-Wl,--export=malloc"):
        bare(1, 1).func("first", "size_t(const u8*, size)")(b"abc")


def test_a_memory_of_another_name_serves() -> None:
    assert bare(memory="other").func("first", "size_t(const u8*, size)")(b"abc") == 65536


def test_a_module_without_memory_says_so() -> None:
    m = bare(memory=None)
    with pytest.raises(wasm.LinkError, match="exports no memory; link it with --export-memory"):
        m.func("first", "size_t(const u8*, size)")
    assert m.func("first", "int(int, int)")(1, 2) == 1


def test_many_parameters() -> None:
    m = bare()
    sixty = m.func("sixty", f"u32({', '.join(['const char*'] * 60)})")
    texts = [f"{i}" for i in range(60)]
    assert m.memory.text(sixty(*texts)) == "29"
    with pytest.raises(TypeError, match="takes 60 arguments"):
        sixty(*texts[1:])
    with pytest.raises(ValueError, match="many has more than 64 parameters"):
        m.func("many", f"u32({', '.join(['u32'] * 65)})")


def test_what_fails_leaves_nothing_behind(make: Make) -> None:
    m = make()
    address_of = m.func("address_of", "size_t(const void*)")
    fill = m.func("ask", "int(const u8*, size, int (*f)(int))")
    place = address_of(b"abc")
    data = bytearray(10)
    for _ in range(20):
        with pytest.raises(ZeroDivisionError):
            fill(data, lambda x: 1 // 0)
        with pytest.raises(TypeError):
            fill(data, "no function")
        with pytest.raises(wasm.Trap):
            m.func("ask", "int(const u8*, size, u32)")(data, 0)
    data.append(1)  # no view of it is left
    assert address_of(b"abc") == place


def test_a_length_before_its_buffer() -> None:
    lib = typed.bind(bare(), "int first(int n_rows, const float *rows);")
    assert lib.first([1.0, 2.0, 3.0]) == 3


def test_a_memory_of_64_bit_addresses_is_refused() -> None:
    b = Module()
    b.memories.append(b"\x04\x01")
    b.export("memory", 2, 0)
    b.func("i32.const 7", "i64 i64", "i32", export="f")
    b.func("i32.const 7", "", "i32", export="g")
    m = wasm.compile(b.bytes()).instantiate()
    with pytest.raises(wasm.LinkError, match="need a memory with 32-bit addresses; build for wasm32"):
        m.func("f", "int(const u8*, size)")
    assert m.func("g", "int()")() == 7
