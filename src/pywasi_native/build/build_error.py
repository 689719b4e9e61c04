"""What a build says: its progress, and the one error that ends it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Say = Callable[[str], None]


class BuildError(Exception):
    """Why there is nothing built: one line.

    Attributes:
        advice: what to do about it; empty where that is plain.
        detail: what a compiler or another tool said, as it said it.
    """

    def __init__(self, message: str, advice: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.advice, self.detail = advice, detail.rstrip("\n")

    def text(self) -> str:
        """All of it, for a build back end that shows an exception's text."""
        parts = [self.detail, str(self), f"help: {self.advice}" if self.advice else ""]
        return "\n".join(part for part in parts if part)


def silent(_line: str) -> None:
    """Says nothing."""
