"""A module that answers anything: errors of Python, never more."""

from __future__ import annotations

import random

import pytest

import pywasi_native as wasm
from pywasi_native import typed
from wasm_bytes import Module

HEADER = """
#include <stddef.h>
#include <stdint.h>
typedef struct { double x; uint8_t data[100]; const char *name; } item;
typedef struct thing thing;
typedef enum { ONE = 1, TWO } number;
const char *text(uint32_t answer);
item *in_place(uint32_t answer);
thing *handle(uint32_t answer);
void thing_free(thing *self);
int *numbers(uint32_t answer);
number named(uint32_t answer);
int8_t small(uint32_t answer);
_Bool truth(uint32_t answer);
void called(void (*f)(const char *text, item *it, const void *data, size_t size), uint32_t answer);
"""
SAID = (IndexError, UnicodeDecodeError, wasm.Trap)
ADDRESSES = [0, 1, 65_535, 65_536, 65_400, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFF00]


@pytest.fixture(scope="module")
def lib() -> typed.Namespace:
    """Functions that give their argument back, and one that calls a callback with it."""
    b = Module()
    b.memory(1)
    b.data(0, random.Random(3).randbytes(65_536))
    b.table("funcref", 1, export="__indirect_function_table")
    for name in ("text", "in_place", "handle", "numbers", "named", "small", "truth"):
        b.func("local.get 0", "i32", "i32", export=name)
    b.func("", "i32", "", export="thing_free")
    kind = b.type("i32 i32 i32 i32", "")
    b.func(
        f"{'local.get 1;' * 4} local.get 0; call_indirect {kind} 0", "i32 i32", "", export="called",
    )  # fmt: skip
    return typed.bind(wasm.compile(b.bytes()).instantiate(), HEADER)


@pytest.mark.parametrize("answer", ADDRESSES)
def test_pointers_that_lead_anywhere(lib: typed.Namespace, answer: int) -> None:
    for name in ("text", "in_place", "numbers", "handle"):
        try:
            found = getattr(lib, name)(answer)
        except SAID:
            continue
        if name == "in_place" and found is not None:
            assert len(bytes(found)) == lib.item.__size__
            try:
                repr(found)
            except SAID:
                continue
        elif name == "numbers" and found is not None:
            for use in (
                lambda at=found: at.read(200),
                lambda at=found: at.text(),
                lambda at=found: at.view(40),
            ):
                try:
                    use()
                except SAID:
                    continue
        elif name == "handle" and found is not None:
            with found:
                assert found.address == answer


@pytest.mark.parametrize("answer", ADDRESSES)
def test_numbers_are_cut_to_their_types(lib: typed.Namespace, answer: int) -> None:
    assert int(lib.named(answer)) % (1 << 32) == answer
    assert lib.small(answer) == (answer & 0xFF) - (256 if answer & 0x80 else 0)
    assert lib.truth(answer) is (answer & 0xFF != 0)


@pytest.mark.parametrize("answer", ADDRESSES)
def test_callbacks_with_places_outside(lib: typed.Namespace, answer: int) -> None:
    seen = []
    try:
        lib.called(lambda *given: seen.append(given), answer)
    except SAID:
        assert not seen
    else:
        assert len(seen[0]) == 3


def test_a_struct_at_the_end_of_the_memory(lib: typed.Namespace) -> None:
    size = lib.item.__size__
    last = lib.in_place(65_536 - size)
    last.data[99] = 7
    assert bytes(last)[107] == 7
    with pytest.raises(IndexError, match=r"a item at 0x.* is outside of the memory"):
        lib.in_place(65_536 - size + 1)
