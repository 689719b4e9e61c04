"""What the headers of a project declare.

zig's preprocessor follows conditions and macros; comments stay, since they become docstrings. What is left of
the project's own headers, those that the named ones include too, is the text that the shim carries; of the
system's headers nothing is, beyond the types that every C program knows.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from ..typed.diagnostics import HeaderError
from ..typed.headers import parse_header
from .build_error import BuildError
from .zig_tool import TARGET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..typed.headers import Header
    from .settings import Settings
    from .zig_tool import Zig

_MARKER = re.compile(r'#(?:line)? (\d+) "((?:[^"\\]|\\.)*)"((?: \d)*)')
_DEFINE = re.compile(r"#[ \t]*(?:define[ \t]+(\w+)(\()?|undef\b)")
_SYSTEM = "3"  # a marker's flag


class Declared:
    """The declarations of a project.

    Attributes:
        text: the C text, without what a reader at run time does not need.
        header: the same, read.
        functions: those that Python is to have, in the order of the headers.
    """

    def __init__(self, text: str, header: Header, functions: list[str]) -> None:
        self.text, self.header, self.functions = text, header, functions


def read_headers(settings: Settings, zig: Zig) -> Declared:
    """Reads the headers of the table.

    Raises:
        BuildError: one does not compile by itself, or declares what Python cannot be given.
    """
    for file in settings.headers:
        # zig has no -fsyntax-only; the object is thrown away.
        output = str(zig.scratch / "header.o")
        what = f"{file} does not compile by itself, as C"
        zig.run(["cc", "-c", *TARGET, *_flags(settings), "-x", "c", file, "-o", output], what)
    lines = _own_lines(settings, _preprocess(settings, zig))
    try:
        header = parse_header(_with_places(lines), _name(settings), files=settings.headers)
    except HeaderError as error:
        raise BuildError(str(error)) from None
    functions = _chosen(settings, header)
    _check(settings, header, functions)
    return Declared(_compact(lines, header), header, functions)


def _chosen(settings: Settings, header: Header) -> list[str]:
    """The functions that Python is to have; every pattern of the table has to mean one."""
    chosen = list(header.functions)
    for key, patterns in (("functions", settings.functions), ("exclude", settings.exclude)):
        matched: set[str] = set()
        for pattern in patterns:
            found = [name for name in header.functions if fnmatchcase(name, pattern)]
            if not found:
                near = get_close_matches(pattern, header.functions, 1)
                advice = f"did you mean {near[0]}?" if near else ""
                raise BuildError(f"{key} names {pattern}, which no header declares", advice)
            matched.update(found)
        if patterns:
            chosen = [name for name in chosen if (name in matched) == (key == "functions")]
    return chosen


def _name(settings: Settings) -> str:
    return ", ".join(PurePosixPath(header).name for header in settings.headers)


def _flags(settings: Settings) -> list[str]:
    return [flag for flag in settings.cflags if not flag.startswith(("-std=c++", "-std=gnu++", "-O"))]


def _preprocess(settings: Settings, zig: Zig) -> str:
    """All headers as one text, so that what two of them include comes once."""
    together = zig.scratch / "headers.h"
    together.write_text("".join(f'#include "{header}"\n' for header in settings.headers), encoding="utf-8")
    return zig.run(
        ["cc", "-E", "-C", "-dD", *TARGET, *_flags(settings), "-I.", "-x", "c", str(together)],
        "the headers do not compile together, as C",
    )


def _own_lines(settings: Settings, text: str) -> list[tuple[str, int, str]]:
    """(file, line number, text) of every line that a header of the project leaves."""
    found, file, number, own = [], "", 0, False
    for line in text.split("\n"):
        marker = _MARKER.match(line)
        if marker:
            number, file = int(marker[1]), marker[2].removeprefix("./")
            own = (
                _SYSTEM not in marker[3].split()
                and not file.startswith("<")
                and not file.endswith("headers.h")
            )
            own = own or file in settings.headers
        else:
            if own and line.strip():
                found.append((file, number, line.rstrip()))
            number += 1
    return found


def _with_places(lines: list[tuple[str, int, str]]) -> str:
    """As text with line markers, so that messages name the header and its line."""
    out, expected = [], ("", 0)
    for file, number, line in lines:
        if (file, number) != expected:
            out.append(f'# {number} "{file}"')
        out.append(line)
        expected = (file, number + 1)
    return "\n".join(out) + "\n"


def _compact(lines: list[tuple[str, int, str]], header: Header) -> str:
    """Without the macros that are no constants: they have been replaced already."""
    kept, skipping = [], False
    for _, _, line in lines:
        define = _DEFINE.match(line)
        skipping = skipping or (define is not None and (bool(define[2]) or define[1] not in header.constants))
        if not skipping:
            kept.append(line)
        elif not line.endswith("\\"):
            skipping = False
    return "\n".join(kept) + "\n"


def _check(settings: Settings, header: Header, functions: list[str]) -> None:
    if settings.headers and not functions and not settings.exports:
        raise BuildError(f"{', '.join(settings.headers)}: no function is declared there")
    for name in functions:
        if name in header.refused:
            raise BuildError(header.refused[name], f'or leave it out: exclude = ["{name}"] in [tool.pywasi]')
