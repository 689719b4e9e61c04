"""Folded instructions of the legacy exceptions, which the assembler only takes unfolded.

``(try $l (do A) (catch $e B) (catch_all C))`` becomes ``try $l A catch $e B catch_all C end``, and
``(try (do A) (delegate 0))`` becomes ``try A delegate 0``. That is the same instruction as long as it is not
an operand of a folded one, which it nowhere is in the suite.
"""

from __future__ import annotations

from wast_reader import List, Node, Source, read

_PARTS = {b"do", b"catch", b"catch_all", b"delegate"}


def unfold_try(text: bytes) -> bytes:
    """The module with every folded ``try`` unfolded; a text without one stays as it is."""
    edits: list[tuple[int, int, bytes]] = []
    stack: list[Node] = list(read(Source(text)))
    while stack:
        node = stack.pop()
        if not isinstance(node, List):
            continue
        stack.extend(node.items)
        parts = [item for item in node.items if isinstance(item, List) and item.head in _PARTS]
        if node.head != b"try" or not parts:
            continue
        is_ended = any(part.head == b"delegate" for part in parts)
        edits += [
            (node.start, node.start + 1, b" "),
            (node.end - 1, node.end, b" " if is_ended else b" end "),
        ]
        for part in parts:
            opened = part.start + 1 + (len(b"do") if part.head == b"do" else 0)
            edits += [(part.start, opened, b" "), (part.end - 1, part.end, b" ")]
    pieces, at = [], 0
    for start, end, replacement in sorted(edits):
        pieces += [text[at:start], replacement]
        at = end
    return b"".join([*pieces, text[at:]])
