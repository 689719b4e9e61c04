"""The same hashes as those of PyPI's xxhash, the same C as a native extension."""

from __future__ import annotations

import gc
import random
from array import array

import pytest
import wasm_xxhash
import xxhash

NOISE = random.Random(1).randbytes(1 << 20)
SIZES = [
    *range(20),
    31,
    32,
    33,
    63,
    64,
    65,
    127,
    128,
    129,
    239,
    240,
    241,
    1023,
    1024,
    1025,
    100_000,
    1 << 20,
]
NAMES = ["xxh32", "xxh64", "xxh3_64", "xxh3_128"]
SEEDS = [0, 1, 2**31, 2**32 - 1, 2**64 - 1]


@pytest.mark.parametrize("name", NAMES)
def test_one_call(name: str) -> None:
    ours, native = (getattr(module, f"{name}_intdigest") for module in (wasm_xxhash, xxhash))
    for size in SIZES:
        for seed in SEEDS if size < 2000 else SEEDS[:2]:
            seed &= 0xFFFFFFFF if name == "xxh32" else 2**64 - 1
            assert ours(NOISE[:size], seed) == native(NOISE[:size], seed), (size, seed)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("step", [1, 100, 4096])
def test_in_parts(name: str, step: int) -> None:
    ours, native = getattr(wasm_xxhash, name)(seed=7), getattr(xxhash, name)(seed=7)
    for i in range(0, 5000, step):
        ours.update(NOISE[i : i + step])
        native.update(NOISE[i : i + step])
        if i % 1000 == 0:
            assert ours.digest() == native.digest()
    other = ours.copy()
    other.update(b"and more")
    native.update(b"and more")
    assert ours.intdigest() != other.intdigest()
    assert other.hexdigest() == native.hexdigest()
    other.reset()
    native.reset()
    assert other.intdigest() == native.intdigest()
    assert (ours.name, ours.digest_size, ours.block_size) == (
        native.name,
        native.digest_size,
        native.block_size,
    )


def test_any_buffer() -> None:
    numbers = array("d", range(100))
    assert wasm_xxhash.xxh3_64_intdigest(numbers) == xxhash.xxh3_64_intdigest(numbers)
    assert wasm_xxhash.xxh32_intdigest(bytearray(b"x")) == xxhash.xxh32_intdigest(b"x")
    for wrong in (5, "text"):
        with pytest.raises(TypeError):
            wasm_xxhash.xxh64_intdigest(wrong)  # type: ignore[arg-type]


def test_states_are_freed() -> None:
    memory = wasm_xxhash._core.memory
    for _ in range(50):
        wasm_xxhash.xxh3_128(b"x").copy()
    gc.collect()
    before = len(memory)
    for _ in range(5000):
        wasm_xxhash.xxh3_128(b"x")
    assert len(memory) == before


def test_version() -> None:
    assert wasm_xxhash.VERSION == xxhash.XXHASH_VERSION
