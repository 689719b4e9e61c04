"""The same as Python's own zlib does."""

from __future__ import annotations

import gc
import random
import zlib
from array import array

import pytest
import wasm_zlib

TEXT = b" ".join(b"%d times %d" % (n % 37, n * n % 101) for n in range(20_000))
NOISE = random.Random(1).randbytes(100_000)
INPUTS = [b"", b"a", b"\0" * 70_000, TEXT, NOISE, TEXT[:1000] + NOISE[:1000]]


@pytest.mark.parametrize("data", INPUTS, ids=len)
def test_checksums(data: bytes) -> None:
    assert wasm_zlib.crc32(data) == zlib.crc32(data)
    assert wasm_zlib.adler32(data) == zlib.adler32(data)
    half = len(data) // 2
    assert wasm_zlib.crc32(data[half:], wasm_zlib.crc32(data[:half])) == zlib.crc32(data)


@pytest.mark.parametrize("wbits", [15, 9, -15, 31], ids=["zlib", "small window", "raw", "gzip"])
@pytest.mark.parametrize("level", [0, 1, 6, 9, -1])
def test_each_reads_the_other(level: int, wbits: int) -> None:
    for data in INPUTS:
        ours = wasm_zlib.compress(data, level, wbits)
        assert zlib.decompress(ours, wbits) == data
        assert wasm_zlib.decompress(zlib.compress(data, level, wbits), wbits) == data
        # Level 0 is cut as the output is, and gzip names the system.
        if level and wbits != 31 and zlib.ZLIB_RUNTIME_VERSION == wasm_zlib.ZLIB_RUNTIME_VERSION:
            assert ours == zlib.compress(data, level, wbits)


def test_any_buffer() -> None:
    numbers = array("d", range(1000))
    assert wasm_zlib.crc32(numbers) == zlib.crc32(numbers)
    assert wasm_zlib.decompress(wasm_zlib.compress(numbers)) == numbers.tobytes()
    assert wasm_zlib.crc32(memoryview(TEXT)[::1]) == zlib.crc32(TEXT)


@pytest.mark.parametrize("step", [1, 7, 5000, 1_000_000])
def test_in_parts(step: int) -> None:
    data = TEXT[:50_000]
    packer = wasm_zlib.compressobj(9)
    packed = b"".join(packer.compress(data[i : i + step]) for i in range(0, len(data), step))
    packed += packer.flush()
    assert zlib.decompress(packed) == data
    packed += b"more"
    unpacker = wasm_zlib.decompressobj()
    parts = [unpacker.decompress(packed[i : i + step]) for i in range(0, len(packed), step)]
    assert b"".join(parts) == data
    assert unpacker.eof
    assert unpacker.unused_data == b"more"


@pytest.mark.parametrize("data", [b"", b"no zlib", zlib.compress(TEXT)[:-5], zlib.compress(TEXT)[2:]])
def test_broken_data(data: bytes) -> None:
    with pytest.raises(zlib.error):
        zlib.decompress(data)
    with pytest.raises(wasm_zlib.error):
        wasm_zlib.decompress(data)


def test_flipped_bits_do_no_harm() -> None:
    packed, chance = zlib.compress(TEXT[:2000]), random.Random(2)
    for _ in range(300):
        data = bytearray(packed)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        try:
            native: bytes | None = zlib.decompress(data)
        except zlib.error:
            native = None
        try:
            ours: bytes | None = wasm_zlib.decompress(data)
        except wasm_zlib.error:
            ours = None
        assert ours == native


def test_the_version_is_that_of_the_sources() -> None:
    assert wasm_zlib._core.zlibVersion() == wasm_zlib.ZLIB_RUNTIME_VERSION


def test_parameters() -> None:
    with pytest.raises(wasm_zlib.error, match="wrong parameters"):
        wasm_zlib.compressobj(77)
    with pytest.raises(wasm_zlib.error, match="stream error") as caught:
        wasm_zlib.compress(b"x", 77)
    assert caught.value.code == -2


def test_streams_are_freed() -> None:
    wasm_zlib.compressobj().compress(TEXT)
    gc.collect()
    memory = wasm_zlib._core.memory
    before = len(memory)
    for _ in range(50):
        wasm_zlib.compressobj().compress(TEXT)
    assert len(memory) == before
