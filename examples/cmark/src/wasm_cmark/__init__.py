"""GitHub's Markdown (cmark-gfm), compiled to WebAssembly."""

from __future__ import annotations

from . import _core
from ._core import (
    CMARK_OPT_DEFAULT,
    CMARK_OPT_FOOTNOTES,
    CMARK_OPT_GITHUB_PRE_LANG,
    CMARK_OPT_HARDBREAKS,
    CMARK_OPT_SMART,
    CMARK_OPT_SOURCEPOS,
    CMARK_OPT_UNSAFE,
)

__all__ = [
    "CMARK_OPT_DEFAULT", "CMARK_OPT_FOOTNOTES", "CMARK_OPT_GITHUB_PRE_LANG", "CMARK_OPT_HARDBREAKS",
    "CMARK_OPT_SMART", "CMARK_OPT_SOURCEPOS", "CMARK_OPT_UNSAFE", "VERSION",
    "github_flavored_markdown_to_html", "markdown_to_html",
]  # fmt: skip

VERSION = _core.cmark_version_string() or ""


def markdown_to_html(text: str, options: int = CMARK_OPT_DEFAULT) -> str:
    """The HTML of CommonMark."""
    return _html(text, options, 0)


def github_flavored_markdown_to_html(text: str, options: int = CMARK_OPT_DEFAULT) -> str:
    """The HTML of what GitHub understands: also tables, task lists, strike-through and bare links."""
    return _html(text, options | CMARK_OPT_GITHUB_PRE_LANG, 1)


def _html(text: str, options: int, github: int) -> str:
    html = _core.markdown_html(text, options, github)
    if html is None:
        raise MemoryError
    try:
        return html.text()
    finally:
        _core.free(html.address)
