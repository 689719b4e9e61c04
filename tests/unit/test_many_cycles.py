"""100,000 instances made, called and dropped, traps and exceptions among them: nothing is left behind."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from wasmtime import wat2wasm as assemble

import pywasi_native as wasm

GUEST = """
(module
  (import "e" "host" (func $host (param externref i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (type $box (struct (field externref)))
  (memory (export "memory") 2)
  (table (export "table") 4 funcref)
  (global $box (mut (ref null $box)) (ref.null $box))
  (func (export "work") (param externref i32)
    (memory.fill (i32.const 0) (i32.const 7) (i32.const 100))
    (global.set $box (struct.new $box (local.get 0)))
    (call $host (local.get 0) (local.get 1))
    (if (i32.eq (local.get 1) (i32.const 1)) (then unreachable))))
"""
CYCLES = 100_000


class Thing:
    """What is given to the guest."""


def host(thing: Thing, what: int) -> None:
    """Raises every third time."""
    if what == 2:
        raise KeyError(thing)


def cycle(module: wasm.Module, what: int) -> None:
    """An instance, a call that ends well, by a trap or by an exception, and the end of it."""
    instance: Any = module.instantiate({"e": {"host": host}}, wasi=wasm.Wasi(stdout=wasm.PIPE))
    try:
        instance.work(Thing(), what)
    except wasm.Trap:
        assert what == 1
    except KeyError:
        assert what == 2
    else:
        instance.table[0] = instance.work


def resident() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def handles() -> int:
    """Open descriptors."""
    return len(list(Path("/proc/self/fd").iterdir()))


def mappings() -> int:
    """Pieces of address space."""
    return len(Path("/proc/self/maps").read_text().splitlines())


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc/self")
def test_memory_and_handles_are_where_they_were() -> None:
    module = wasm.compile(assemble(GUEST))
    for i in range(5000):
        cycle(module, i % 3)
    gc.collect()
    descriptors, maps, objects, before = handles(), mappings(), len(gc.get_objects()), resident()
    for i in range(CYCLES):
        cycle(module, i % 3)
    gc.collect()
    assert handles() == descriptors
    assert mappings() <= maps + 5
    assert abs(len(gc.get_objects()) - objects) < 100
    assert resident() - before < 2 << 20  # 20 bytes a cycle would be as much
    assert not any(isinstance(item, Thing) for item in gc.get_objects())
