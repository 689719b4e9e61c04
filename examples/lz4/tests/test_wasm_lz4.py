"""Each reads what the other writes: PyPI's lz4 is the same C as a native extension."""

from __future__ import annotations

import random

import lz4.block  # type: ignore[import-untyped]
import lz4.frame  # type: ignore[import-untyped]
import pytest
import wasm_lz4

TEXT = b" ".join(b"%d times %d" % (n % 37, n * n % 101) for n in range(60_000))
NOISE = random.Random(1).randbytes(300_000)
INPUTS = [b"", b"a", b"\0" * 70_000, TEXT, NOISE, TEXT[:1000] + NOISE[:1000]]


@pytest.mark.parametrize("data", INPUTS, ids=len)
def test_blocks(data: bytes) -> None:
    # Not the same bytes: where registers have 64 bits, the fast compressor hashes five bytes and not four.
    assert lz4.block.decompress(wasm_lz4.compress_block(data), uncompressed_size=len(data)) == data
    assert wasm_lz4.decompress_block(lz4.block.compress(data, store_size=False), len(data)) == data
    best = lz4.block.compress(data, mode="high_compression", compression=9, store_size=False)
    assert wasm_lz4.compress_block(data, 9) == best
    assert wasm_lz4.decompress_block(best, len(data)) == data


@pytest.mark.parametrize("level", [0, 3, 9])
@pytest.mark.parametrize("checksum", [False, True])
def test_frames(level: int, checksum: bool) -> None:
    for data in INPUTS:
        ours = wasm_lz4.compress(data, level, checksum=checksum)
        native = lz4.frame.compress(
            data, compression_level=level, content_checksum=checksum, block_linked=True, store_size=bool(data)
        )
        assert ours == native or level == 0
        assert lz4.frame.decompress(ours) == data
        assert wasm_lz4.decompress(native) == data
        assert wasm_lz4.decompress(bytearray(native)) == data


def test_damaged_data() -> None:
    chance = random.Random(2)
    packed = wasm_lz4.compress(TEXT[:3000], checksum=True)
    for _ in range(200):
        data = bytearray(packed)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        try:
            native: bytes | None = lz4.frame.decompress(bytes(data))
        except (RuntimeError, MemoryError):
            native = None
        try:
            ours: bytes | None = wasm_lz4.decompress(data)
        except wasm_lz4.LZ4Error:
            ours = None
        assert ours == native
    for cut in range(0, len(packed), 37):
        with pytest.raises(wasm_lz4.LZ4Error):
            wasm_lz4.decompress(packed[:cut])
    with pytest.raises(wasm_lz4.LZ4Error, match="ERROR_frameType_unknown"):
        wasm_lz4.decompress(b"no frame at all, is it?")
    with pytest.raises(wasm_lz4.LZ4Error, match="damaged, or longer"):
        wasm_lz4.decompress_block(wasm_lz4.compress_block(TEXT), 10)


def test_memory_is_given_back() -> None:
    memory = wasm_lz4._core.memory
    for _ in range(3):
        wasm_lz4.decompress(wasm_lz4.compress(NOISE, 9))
    before = len(memory)
    for _ in range(20):
        wasm_lz4.decompress(wasm_lz4.compress(NOISE, 9))
    assert len(memory) == before
