"""What is wrong with a header or a signature, where, and what to do about it."""

from __future__ import annotations

from .._record import Record
from ..errors import WasmError


class Place(Record):
    """A place in a source: the name of the file, the line and the column, both from 1."""

    __slots__ = _fields = ("file", "line", "column")
    file: str
    line: int
    column: int

    def __init__(self, file: str, line: int, column: int) -> None:
        self._set(file, line, column)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class HeaderError(WasmError, ValueError):
    """A C declaration cannot be read or mapped. `str()` is one line: ``file:line:column: what; advice``.

    Args:
        place: where.
        problem: what is wrong there.
        advice: what to do, or "".
    """

    def __init__(self, place: Place, problem: str, advice: str = "") -> None:
        super().__init__(f"{place}: {problem}{'; ' + advice if advice else ''}")
        self.place, self.problem, self.advice = place, problem, advice

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.place, self.problem, self.advice)
