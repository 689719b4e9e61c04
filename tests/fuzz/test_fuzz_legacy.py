"""Random nests of legacy exceptions (try, catch, catch_all, delegate, rethrow) against their meaning.

A program is a tree; it is run by `Meaning` below, and as a module. What it does is told by marks, which
change a number in their order: the same number at the end is the same order of marks.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import pytest

import pywasi_native as wasm
from fuzz_binary import constant, func_type, section, signed, unsigned, value_type, vector

SEEDS = 300
INPUTS = (0, 0b10110011, 0b01001101, 0xFF)
TAGS = 2
VOID = b"\x40"


@dataclass
class Node:
    """A statement: `kind`, a number, and the parts inside."""

    kind: str
    number: int = 0
    body: list[Node] = field(default_factory=list)
    handlers: list[tuple[int | None, list[Node]]] = field(default_factory=list)


class Maker:
    """Makes the trees of the functions; function 0 may call 1, and that 2."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.functions = [self.block(0, number, []) for number in range(3)]

    def block(self, depth: int, function: int, labels: list[str]) -> list[Node]:
        """Some statements; `labels` are those around, innermost last: body, handler or other."""
        return [self.statement(depth, function, labels) for _ in range(self.rng.randrange(1, 4))]

    def statement(self, depth: int, function: int, labels: list[str]) -> Node:
        """One statement."""
        rng = self.rng
        kinds = ["mark", "mark", "throw", "if", "call"] + (
            ["try", "try", "delegate", "block"] if depth < 4 else []
        )
        handlers = [i for i, label in enumerate(reversed(labels)) if label == "handler"]
        kind = rng.choice(kinds + (["rethrow"] if handlers else []))
        if kind == "rethrow":
            return Node(kind, rng.choice(handlers))
        if kind == "call" and function == 2:
            kind = "mark"
        number = rng.randrange(1, 100)
        if kind in ("mark", "throw", "call"):
            return Node(kind, number)
        if kind == "delegate":  # counted from outside of it; the function itself is the last one
            body = self.block(depth + 1, function, [*labels, "body"])
            return Node(kind, rng.randrange(len(labels) + 1), body)
        inner = "body" if kind == "try" else "other"
        node = Node(kind, rng.randrange(8), self.block(depth + 1, function, [*labels, inner]))
        if kind == "try":
            tags: list[int | None] = [
                *rng.sample(range(TAGS), rng.randrange(TAGS + 1)),
                *([None] * rng.randrange(2)),
            ]
            node.handlers = [(tag, self.block(depth + 1, function, [*labels, "handler"])) for tag in tags]
        return node


class Thrown(Exception):
    """An exception of the program."""

    def __init__(self, tag: int, value: int) -> None:
        self.tag, self.value = tag, value


class Delegated(Exception):
    """One on its way to a label, past all handlers in between."""

    def __init__(self, thrown: Thrown, label: object) -> None:
        self.thrown, self.label = thrown, label


class Meaning:
    """Runs a program as the proposal says."""

    def __init__(self, functions: list[list[Node]], choices: int) -> None:
        self.functions, self.choices, self.sum = functions, choices, 1

    def mark(self, number: int) -> None:
        """The next mark."""
        self.sum = (self.sum * 31 + number) & 0xFFFFFFFF

    def call(self, number: int) -> None:
        """A function."""
        try:
            self.run(self.functions[number], number, [(object(), None)])
        except Delegated as passing:  # there is no other label left
            raise passing.thrown from None

    def run(self, body: list[Node], function: int, labels: list[tuple[object, Thrown | None]]) -> None:
        """Statements; `labels` innermost last, with the exception that a handler has caught."""
        for node in body:
            getattr(self, f"run_{node.kind}")(node, function, labels)

    def run_mark(self, node: Node, *_: Any) -> None:
        """A mark."""
        self.mark(node.number)

    def run_throw(self, node: Node, *_: Any) -> None:
        """Of one of the tags."""
        raise Thrown(node.number % TAGS, node.number)

    def run_call(self, node: Node, function: int, _: Any) -> None:
        """The next function."""
        self.call(function + 1)

    def run_rethrow(self, node: Node, _: int, labels: list[tuple[object, Thrown | None]]) -> None:
        """What the handler has caught."""
        thrown = labels[-1 - node.number][1]
        assert thrown
        raise thrown

    def inside(self, body: list[Node], function: int, labels: Any, caught: Thrown | None = None) -> None:
        """A part with a label of its own; what is delegated to it is thrown right there."""
        label = object()
        try:
            self.run(body, function, [*labels, (label, caught)])
        except Delegated as passing:
            if passing.label is label:
                raise passing.thrown from None
            raise

    def run_block(self, node: Node, function: int, labels: Any) -> None:
        """A block."""
        self.inside(node.body, function, labels)

    def run_if(self, node: Node, function: int, labels: Any) -> None:
        """A part that the choices allow."""
        if self.choices >> node.number & 1:
            self.inside(node.body, function, labels)

    def run_try(self, node: Node, function: int, labels: Any) -> None:
        """The first handler that fits."""
        try:
            self.inside(node.body, function, labels)
        except Thrown as thrown:
            for tag, handler in node.handlers:
                if tag is None or tag == thrown.tag:
                    if tag is not None:
                        self.mark(thrown.value)
                    self.inside(handler, function, labels, thrown)
                    return
            raise

    def run_delegate(self, node: Node, function: int, labels: Any) -> None:
        """To a label around."""
        try:
            self.inside(node.body, function, labels)
        except Thrown as thrown:
            raise Delegated(thrown, labels[-1 - node.number][0]) from None


def code(body: list[Node], function: int) -> bytes:
    """Statements as instructions."""
    return b"".join(one(node, function) for node in body)


def marking(value: bytes) -> bytes:
    """sum = sum * 31 + value."""
    return b"\x23\x00" + constant("i32", 31) + b"\x6c" + value + b"\x6a\x24\x00"


def one(node: Node, function: int) -> bytes:
    """A statement as instructions."""
    if node.kind == "mark":
        return marking(constant("i32", node.number))
    if node.kind == "throw":
        return constant("i32", node.number) + b"\x08" + unsigned(node.number % TAGS)
    if node.kind == "call":
        return b"\x20\x00\x10" + unsigned(function + 1)
    if node.kind == "rethrow":
        return b"\x09" + unsigned(node.number)
    inside = code(node.body, function)
    if node.kind == "block":
        return b"\x02" + VOID + inside + b"\x0b"
    if node.kind == "if":
        return (
            b"\x20\x00"
            + constant("i32", node.number)
            + b"\x76"
            + constant("i32", 1)
            + b"\x71\x04"
            + VOID
            + inside
            + b"\x0b"
        )
    if node.kind == "delegate":
        return b"\x06" + VOID + inside + b"\x18" + unsigned(node.number)
    out = b"\x06" + VOID + inside
    for tag, handler in node.handlers:
        if tag is None:
            out += b"\x19"
        else:  # the value is on the stack: into a local, and marked
            out += b"\x07" + unsigned(tag) + b"\x21\x01" + marking(b"\x20\x01")
        out += code(handler, function)
    return out + b"\x0b"


def module(functions: list[list[Node]]) -> bytes:
    """All functions take the choices; `f` is the first one, `sum` the number."""
    types = [func_type(["i32"], []), func_type(["i32"], [])]
    bodies = []
    for number, body in enumerate(functions):
        text = vector([unsigned(1) + value_type("i32")]) + code(body, number) + b"\x0b"
        bodies.append(unsigned(len(text)) + text)
    exports = [unsigned(1) + b"f\x00\x00", unsigned(3) + b"sum\x03\x00"]
    sections = [
        section(1, vector(types)),
        section(3, vector([b"\x00"] * len(functions))),
        section(13, vector([b"\x00\x01"] * TAGS)),
        section(6, vector([value_type("i32") + b"\x01\x41" + signed(1) + b"\x0b"])),
        section(7, vector(exports)),
        section(10, vector(bodies)),
    ]
    return b"\0asm\x01\0\0\0" + b"".join(sections)


def told(functions: list[list[Node]], choices: int) -> tuple[int, object]:
    """The meaning: the number at the end, and what came out."""
    meaning = Meaning(functions, choices)
    try:
        meaning.call(0)
    except Thrown as thrown:
        return meaning.sum, (thrown.tag, thrown.value)
    return meaning.sum, None


def run(data: bytes, choices: int) -> tuple[int, object]:
    """The same of the module."""
    instance = wasm.load(data)
    ending: object = None
    try:
        instance.f(choices)
    except wasm.WasmException as thrown:
        ending = (thrown.args_[0] % TAGS, thrown.args_[0])
    return instance["sum"].value & 0xFFFFFFFF, ending


@pytest.mark.parametrize("first", range(0, SEEDS, 50))
def test_nests(first: int) -> None:
    endings = set()
    for seed in range(first, first + 50):
        functions = Maker(seed).functions
        data = module(functions)
        for choices in INPUTS:
            wanted = told(functions, choices)
            assert run(data, choices) == wanted, f"seed {seed}, choices {choices}"
            endings.add(wanted[1])
    assert len(endings) > 5
