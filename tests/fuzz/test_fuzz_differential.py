"""A small dose of the differential test: random modules give the same results, traps, memory as in wasmtime.

`make fuzz` is the large dose.
"""

from __future__ import annotations

import random

import pytest

import pywasi_native as wasm
from fuzz_engines import Oracle, Story, difference, in_ours, trap_word
from fuzz_module import generate
from fuzz_reduce import reduce
from fuzz_rows import doers, makers, pairs

SEEDS = 150
# Splices of modules: limits and wordings of the two validators do not matter, verdicts do.
SPLICED = 40


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    """One engine for all."""
    return Oracle()


def test_random_modules(oracle: Oracle) -> None:
    results = 0
    for seed in range(SEEDS):
        made = generate(seed)
        ours = in_ours(made)
        assert not ours.refusal, f"seed {seed}: {ours.refusal}"
        assert not difference(ours, oracle.run(made)), f"seed {seed}"
        results += sum(":" in call for call in ours.calls or [])
    assert results > SEEDS // 2  # most do more than trap


def test_the_same_seed_is_the_same_module() -> None:
    assert generate(7) == generate(7)
    assert generate(7).wasm != generate(8).wasm


def test_modules_use_what_they_are_for() -> None:
    used = {name for seed in range(20) for name in wasm.compile(generate(seed).wasm).features}
    wanted = {
        "simd",
        "gc",
        "exceptions",
        "tail-call",
        "memory64",
        "multi-memory",
        "threads",
        "function-references",
    }
    assert wanted | {"wide-arithmetic", "bulk-memory"} <= used


def test_rows_come_from_the_op_definitions() -> None:
    texts = {row.text for rows in makers().values() for row in rows} | {
        row.text for row in (*doers(), *pairs())
    }
    assert len(texts) > 400
    assert {
        "i32.add",
        "f64x2.pmin",
        "i64.atomic.rmw8.cmpxchg_u",
        "v128.store8_lane",
        "i64.mul_wide_s",
    } <= texts
    assert not any("relaxed" in text for text in texts)


def test_damaged_modules_get_the_same_verdict(oracle: Oracle) -> None:
    rng = random.Random(5)
    different = []
    for seed in range(SPLICED):
        data = bytearray(generate(seed).wasm)
        for _ in range(rng.randrange(1, 4)):
            data[rng.randrange(8, len(data))] = rng.choice((0, 1, 0x0B, 0x7F, 0x80, rng.randrange(256)))
        try:
            wasm.validate(bytes(data))
            ours = True
        except wasm.WasmError:
            ours = False
        if ours != oracle.accepts(bytes(data)):
            different.append((seed, ours))
    assert not different


def test_a_difference_is_seen_and_made_small() -> None:
    story = Story(calls=["i32:0x1"], memories=[b"ab", b""], globals=["1"])
    assert not difference(story, story)
    for other in (
        Story(refusal="no"),
        Story(calls=["i32:0x2"], memories=[b"ab", b""], globals=["1"]),
        Story(calls=["i32:0x1"], memories=[b"ac", b""], globals=["1"]),
        Story(calls=["i32:0x1"], memories=[b"ab", b""], globals=["2"]),
    ):
        assert difference(story, other)
    # A stand-in for a bug: modules that have some SIMD instruction left.
    cuts = reduce(3, lambda some: b"\xfd" in generate(3, some).wasm)
    assert len(generate(3, cuts).wasm) < len(generate(3).wasm) / 2


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("wasm trap: out of bounds table access", "undefined element"),
        ("unaligned atomic", "out of bounds memory"),
        ("thrown Wasm exception", "exception"),
        ("null exception reference", "null"),
        ("wasm trap: wasm `unreachable` instruction executed", "unreachable"),
    ],
)
def test_words_for_traps(text: str, word: str) -> None:
    assert trap_word(text) == word
