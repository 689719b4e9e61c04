"""A C library for threads, as clang and wasm-ld make it.

It has atomics, thread-local variables, and a start function that decides by wait and notify who initialises
the memory.

Each thread of Python has an instance in a store of its own.
"""

from __future__ import annotations

import threading
from itertools import accumulate
from typing import Any

import pytest
from benchmarks import toolchain

import pywasi_native as wasm
from real_programs import PROGRAMS

PAGES = 32
LENGTH = 4096  # of the array in threadsums.c
EXPORTS = ["run", "stack_of", "sum_of_totals", "first_sums"]
TLS_BYTES = 64  # room for a thread's variables, more than it needs


@pytest.fixture(scope="module")
def library(zig: None) -> wasm.Module:
    return wasm.compile(toolchain.build_threaded(PROGRAMS / "threadsums.c", EXPORTS, PAGES))


def expected(threads: int, rounds: int) -> tuple[int, int]:
    """The last number of the array, and the sum over all rounds of the last numbers of the threads' parts."""
    total, last = 0, 0
    part = LENGTH // threads
    for round_ in range(rounds):
        sums = [number & 0xFFFFFFFF for number in accumulate(i ^ round_ for i in range(LENGTH))]
        last = sums[-1]
        total += sum(sums[part - 1 :: part])
    return last, total


def start(library: wasm.Module, memory: wasm.Memory, thread: int) -> Any:
    """An instance with a stack and thread-local variables of its own."""
    instance = library.instantiate(imports={"env": {"memory": memory}})
    instance.exports["__stack_pointer"].value = instance.exports["stack_of"](thread)
    instance.exports["__wasm_init_tls"](instance.exports["__heap_base"].value + TLS_BYTES * (thread + 1))
    return instance


@pytest.mark.parametrize("threads", [1, 2, 4, 8])
def test_threads_of_c(library: wasm.Module, threads: int) -> None:
    rounds = 20
    memory = wasm.Memory(library.imports[0].type)
    results: list[object] = [None] * threads

    def work(thread: int) -> None:
        try:
            results[thread] = start(library, memory, thread).run(thread, threads, rounds)
        except BaseException as error:
            results[thread] = error

    running = [threading.Thread(target=work, args=(i,), daemon=True) for i in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(120)
        assert not thread.is_alive()
    last, total = expected(threads, rounds)
    assert results == [77 << 32 | last] * threads  # 77: what the thread-local variable was at first
    checking = start(library, memory, 0)
    assert checking.sum_of_totals() == total  # and its start function has not initialised the memory anew


def test_the_memory_is_initialised_once(library: wasm.Module) -> None:
    memory = wasm.Memory(library.imports[0].type)
    first = start(library, memory, 0)
    assert first.first_sums() == 1 + 10 * 8
    assert first.run(0, 1, 1) == 77 << 32 | expected(1, 1)[0]
    assert start(library, memory, 1).first_sums() == expected(1, 1)[0] + 10 * 8
