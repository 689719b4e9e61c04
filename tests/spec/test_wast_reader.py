"""The reader of scripts: what counts as white space, what a string denotes, what is an error."""

from __future__ import annotations

import pytest

from wast_reader import Atom, List, Source, String, WastSyntaxError, read


def words(data: bytes) -> object:
    """The nodes as nested lists: atoms as bytes, strings as (bytes,)."""

    def plain(node: object) -> object:
        match node:
            case Atom():
                return node.text
            case String():
                return (node.value,)
            case List():
                return [plain(item) for item in node.items]
        raise AssertionError(node)

    return [plain(node) for node in read(Source(data))]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"(a b) (c (d))", [[b"a", b"b"], [b"c", [b"d"]]]),
        (b"(a;;)\n b)", [[b"a", b"b"]]),
        (b"(a;;)\r b)", [[b"a", b"b"]]),
        (b"(a (;x (; y ;) ;; z;) b)", [[b"a", b"b"]]),
        (b'(a (;"not a string;) b)', [[b"a", b"b"]]),
        (b'(a "(;" ";;" ")")', [[b"a", (b"(;",), (b";;",), (b")",)]]),
        (b'((@a (x "y)" (;z;)) ;; )\n) module)', [[b"module"]]),
        (b'(module (@"name" (@(@))) (@custom "x") f)', [[b"module", b"f"]]),
        (b"(@a , ; ] [ }} }x{ ({) ,{{};}] ;) b", [b"b"]),
        (b'(a"b"c)', [[b"a", (b"b",), b"c"]]),
        (b"", []),
    ],
)
def test_nodes(data: bytes, expected: object) -> None:
    assert words(data) == expected


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        (rb'"\00\ff\41"', b"\x00\xffA"),
        (rb'"\t\n\r\"\'\\"', b"\t\n\r\"'\\"),
        (rb'"\u{20ac}\u{1F600}"', "\u20ac\U0001f600".encode()),
        (b'"\x00\xfe\r\n"', b"\x00\xfe\r\n"),
        (rb'"\u{1_0}"', b"\x10"),
    ],
)
def test_string_denotes_bytes(literal: bytes, value: bytes) -> None:
    assert words(literal) == [(value,)]


@pytest.mark.parametrize("data", [b"(", b")", b"(a (; b)", b'"a', rb'"\q"', b'(a "b)', b"(@a (b)"])
def test_broken_text_is_an_error_with_its_line(data: bytes) -> None:
    with pytest.raises(WastSyntaxError, match=r"^<script>:3: "):
        read(Source(b"\n\n" + data))


def test_spans_cover_the_source() -> None:
    data = b'(module\n  (func $f) "s")'
    (node,) = read(Source(data))
    assert isinstance(node, List)
    assert data[node.start : node.end] == data
    assert [data[item.start : item.end] for item in node.items] == [b"module", b"(func $f)", b'"s"']
    assert [Source(data).line(item.start) for item in node.items] == [1, 2, 2]
