"""Random graphs of types: which object belongs to which type is what wasmtime says.

A module has recursive groups of structs and arrays with random supertypes, an object of each, and functions
that ask of any object whether it is of a type, by ref.test, by br_on_cast and by ref.cast.
"""

from __future__ import annotations

import random

import pytest
import wasmtime

import pywasi_native as wasm
from fuzz_engines import Oracle

SEEDS = 25
MOST_TYPES = 14
ABSTRACT = ("any", "eq", "i31", "struct", "array", "none")


class Graph:
    """Types with supertypes, in groups; a subtype repeats its supertype's fields."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.fields: list[list[str] | str] = []  # of a struct, or the element of an array
        self.parents: list[int | None] = []
        self.final: list[bool] = []
        self.groups: list[list[int]] = []
        while len(self.fields) < self.rng.randrange(3, MOST_TYPES):
            size = self.rng.randrange(1, 4)
            self.groups.append([self.add(len(self.fields) + size) for _ in range(size)])

    def storage(self, known: int) -> str:
        """A field; references may be to any type of the same group or before."""
        kind = self.rng.choice(("i32", "f64", "i8", "(ref null any)", "ref"))
        return f"(ref null {self.rng.randrange(known)})" if kind == "ref" else kind

    def add(self, known: int) -> int:
        """A new type."""
        number = len(self.fields)
        possible = [i for i in range(number) if not self.final[i]]
        parent = self.rng.choice(possible) if possible and self.rng.random() < 0.7 else None
        if parent is None and self.rng.random() < 0.3:
            self.fields.append(self.storage(number + 1))
        elif parent is None:
            self.fields.append([self.storage(number + 1) for _ in range(self.rng.randrange(3))])
        else:
            inherited = self.fields[parent]
            more = [self.storage(number + 1) for _ in range(self.rng.randrange(2))]
            self.fields.append(inherited if isinstance(inherited, str) else inherited + more)
        self.parents.append(parent)
        self.final.append(self.rng.random() < 0.2)
        assert number < known
        return number

    def type_text(self, number: int) -> str:
        """One type definition."""
        fields, parent = self.fields[number], self.parents[number]
        if isinstance(fields, str):
            body = f"(array {fields})"
        else:
            body = "(struct " + " ".join(f"(field {name})" for name in fields) + ")"
        final = "final " if self.final[number] else ""
        return f"(type (sub {final}{'' if parent is None else parent} {body}))"

    def text(self) -> str:
        """The module: `test(object, type)` gives how the three ways to ask answer."""
        groups = "".join("(rec " + "".join(map(self.type_text, group)) + ")" for group in self.groups)
        count = len(self.fields)
        objects = [
            f"(global (mut anyref) ({'array' if isinstance(f, str) else 'struct'}.new_default {i}"
            f"{' (i32.const 2)' if isinstance(f, str) else ''}))"
            for i, f in enumerate(self.fields)
        ]
        objects += ["(global (mut anyref) (ref.i31 (i32.const 5)))", "(global (mut anyref) (ref.null any))"]
        asked = [*map(str, range(count)), *ABSTRACT]
        tests = "".join(self.ask(kind) for kind in asked)
        labels = " ".join(str(i) for i in range(len(objects)))
        pick = (
            "".join("(block " for _ in objects)
            + f"(br_table {labels} (local.get 0))"
            + "".join(f") (return (global.get {i}))" for i in range(len(objects)))
        )
        return (
            f"(module {groups} {''.join(objects)}"
            f'(func $object (export "object") (param i32) (result anyref) {pick} (ref.null any)){tests})'
        )

    def ask(self, kind: str) -> str:
        """Functions that ask whether an object is of a type, null or not."""
        parts = []
        for name, target in ((f"t{kind}", f"(ref {kind})"), (f"n{kind}", f"(ref null {kind})")):
            parts.append(
                f'(func (export "{name}") (param i32) (result i32 i32)'
                f"(ref.test {target} (call $object (local.get 0)))"
                f"(block (result i32) (block (result {target})"
                f"(br_on_cast 0 anyref {target} (call $object (local.get 0))) (drop) (br 1 (i32.const 0)))"
                f"(drop) (i32.const 1)))"
                f'(func (export "c{name}") (param i32)'
                f"(drop (ref.cast {target} (call $object (local.get 0)))))"
            )
        return "".join(parts)


def ours(data: bytes, names: list[str], count: int) -> list[object]:
    """All answers of this project."""
    instance = wasm.load(data)
    told: list[object] = []
    for name in names:
        for number in range(count):
            try:
                told.append(instance[name](number))
            except wasm.Trap as trap:
                told.append("trap" if "cast" in str(trap) else str(trap))
    return told


def theirs(oracle: Oracle, data: bytes, names: list[str], count: int) -> list[object]:
    """All answers of wasmtime."""
    store = wasmtime.Store(oracle.engine)
    exports = wasmtime.Instance(store, wasmtime.Module(oracle.engine, data), []).exports(store)
    told: list[object] = []
    for name in names:
        for number in range(count):
            try:
                answer = exports[name](store, number)  # type: ignore[operator]
                told.append(tuple(answer) if isinstance(answer, list) else answer)
            except wasmtime.Trap as trap:
                told.append("trap" if "cast" in trap.message else trap.message)
    return told


@pytest.mark.parametrize("seed", range(SEEDS))
def test_casts_are_the_oracles(seed: int) -> None:
    graph, oracle = Graph(seed), Oracle()
    data = bytes(wasmtime.wat2wasm(graph.text()))
    kinds = [*map(str, range(len(graph.fields))), *ABSTRACT]
    names = [prefix + kind for kind in kinds for prefix in ("t", "n", "ct", "cn")]
    count = len(graph.fields) + 2
    mine = ours(data, names, count)
    assert mine == theirs(oracle, data, names, count)
    assert "trap" in mine
    assert (1, 1) in mine
