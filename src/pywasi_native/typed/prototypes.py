"""What is known of a C function: its types, the names of its parameters, and which way each of them goes."""

from __future__ import annotations

import re

from .ctype import CType, Function

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .diagnostics import Place

# Doxygen: @param[out] name what it is
_PARAM_NOTE = re.compile(r"[@\\]param\s*\[\s*(in|out|in\s*,\s*out|inout)\s*\]\s*(\w+)")


class Param:
    """A parameter. `flow` is ``out``, ``inout``, ``in``, or "" where nothing says."""

    __slots__ = ("flow", "name", "type")

    def __init__(self, name: str, type: CType, flow: str = "") -> None:
        self.name, self.type, self.flow = name, type, flow

    def __repr__(self) -> str:
        return f"<{self.flow + ' ' if self.flow else ''}{self.type.spell(self.name)}>"


class Prototype:
    """A C function: name, result, parameters, the comment before its declaration, and where that is."""

    __slots__ = ("doc", "name", "params", "place", "result", "variadic")

    def __init__(self, name: str, type: Function, flows: dict[int, str], doc: str, place: Place) -> None:
        noted = {found[2]: found[1] for found in _PARAM_NOTE.finditer(doc)}
        self.name, self.result, self.variadic = name, type.result, type.variadic
        self.doc, self.place = doc, place
        self.params: tuple[Param, ...] = tuple(
            Param(label, kind, flows.get(i) or _flow(noted.get(label, "")))
            for i, (kind, label) in enumerate(zip(type.params, type.names, strict=True))
        )

    @property
    def text(self) -> str:
        """The declaration in C, without a semicolon."""
        kinds = tuple(param.type for param in self.params)
        names = tuple(param.name for param in self.params)
        return Function(self.result, kinds, names, self.variadic).spell(self.name)

    @property
    def problem(self) -> str:
        """Why it cannot be called from Python, "" if it can."""
        if self.variadic:
            return (
                f"{self.name} takes a variable number of arguments, which cannot be mapped; "
                "export a C function with fixed parameters that calls it"
            )
        for param in self.params:
            if param.type.problem:
                return (
                    f"the parameter {param.name or '?'} of {self.name} cannot be mapped: {param.type.problem}"
                )
        if self.result.problem:
            return f"the result of {self.name} cannot be mapped: {self.result.problem}"
        return ""

    def __repr__(self) -> str:
        return f"<C function {self.text}>"


def _flow(noted: str) -> str:
    return "inout" if noted.startswith("in") and len(noted) > 2 else noted
