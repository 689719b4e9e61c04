"""The same HTML as that of PyPI's cmarkgfm, the same C as a native extension."""

from __future__ import annotations

import random

import cmarkgfm  # type: ignore[import-untyped]
import pytest
import wasm_cmark

DOCUMENTS = [
    "",
    "\n",
    "plain",
    "# Title\n\nText *with* **stress** and `code`.\n",
    "* a\n  * b\n\n    c\n1. d\n",
    "```python\nprint('<x>')\n```\n",
    "> quote\nlazy\n\n---\n",
    '[a](b "c") ![d](e) <http://f.org> [g]\n\n[g]: /h\n',
    "|a|b|\n|-|:-:|\n|1|2|\n",
    "~~gone~~ www.example.org\n\n- [x] done\n- [ ] open\n",
    "<script>x</script>\n<b>y</b>\n",
    "Umlaute äöü, 漢字, \U0001f600 &amp; &#33; \\*\n",
    "a[^1]\n\n[^1]: note\n",
    "\0 nul and \ud7ff",
    "*" * 500,
    "[" * 300,
]
PIECES = [
    "# ",
    "* ",
    "1. ",
    "> ",
    "    ",
    "\n",
    "\n\n",
    "`",
    "```\n",
    "*",
    "**",
    "_",
    "[",
    "](",
    ")",
    "![",
    "<",
    ">",
    "|",
    "|-|\n",
    "~~",
    "http://a.b ",
    "www.c.d ",
    "word ",
    "ä ",
    "&lt;",
    "\\",
    "---\n",
    "[^1]",
    "[^1]: ",
    "- [x] ",
    "\t",
    '"',
]
OPTIONS = [
    0, wasm_cmark.CMARK_OPT_SOURCEPOS, wasm_cmark.CMARK_OPT_UNSAFE | wasm_cmark.CMARK_OPT_SMART,
    wasm_cmark.CMARK_OPT_HARDBREAKS | wasm_cmark.CMARK_OPT_FOOTNOTES,
]  # fmt: skip


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("text", DOCUMENTS, ids=range(len(DOCUMENTS)))
def test_documents(text: str, options: int) -> None:
    assert wasm_cmark.markdown_to_html(text, options) == cmarkgfm.markdown_to_html(text, options)
    ours = wasm_cmark.github_flavored_markdown_to_html(text, options)
    assert ours == cmarkgfm.github_flavored_markdown_to_html(text, options)


def test_documents_of_chance() -> None:
    chance = random.Random(1)
    for _ in range(500):
        text = "".join(chance.choices(PIECES, k=chance.randrange(1, 60)))
        options = chance.choice(OPTIONS)
        assert wasm_cmark.markdown_to_html(text, options) == cmarkgfm.markdown_to_html(text, options), text
        ours = wasm_cmark.github_flavored_markdown_to_html(text, options)
        assert ours == cmarkgfm.github_flavored_markdown_to_html(text, options), text


def test_a_long_document() -> None:
    text = "\n\n".join(DOCUMENTS[1:13]) * 200
    assert wasm_cmark.markdown_to_html(text) == cmarkgfm.markdown_to_html(text)


def test_memory_is_given_back() -> None:
    memory = wasm_cmark._core.memory
    text = DOCUMENTS[3] * 1000
    for _ in range(3):
        wasm_cmark.github_flavored_markdown_to_html(text)
    before = len(memory)
    for _ in range(30):
        wasm_cmark.github_flavored_markdown_to_html(text)
    assert len(memory) == before
