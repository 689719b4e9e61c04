"""What `_core` raises: pyproject.toml names it."""

from __future__ import annotations


class error(Exception):  # noqa: N801 - the name that Python's zlib has for it
    """Compressed data is broken, or a parameter is wrong.

    Attributes:
        code: of zlib, negative; None where it only gave no stream.
    """

    def __init__(self, function: str, code: int | None, text: str) -> None:
        super().__init__(f"{function}: {text}" if text else f"{function}: wrong parameters, or no memory")
        self.code = code
