"""What headers declare, after the preprocessor: macros and conditions are gone, comments are kept."""

from __future__ import annotations

import re

from .zig_tool import TARGET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .settings import Settings
    from .zig_tool import Zig

_MARKER = re.compile(r'#(?:line)? (\d+) "((?:[^"\\]|\\.)*)"')
_NOISE = re.compile(
    r"/\*.*?\*/|//[^\n]*|^[ \t]*#[^\n]*|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'", re.DOTALL | re.MULTILINE
)
_ATTRIBUTE = re.compile(
    r"__(?:attribute__|declspec|asm__)\s*\(\((?:[^()]|\([^()]*\))*\)\)|__extension__|__restrict"
)
_NAME = re.compile(r"([A-Za-z_]\w*)\s*\(")


def preprocess(settings: Settings, zig: Zig) -> dict[str, str]:
    """The text of each header of the table; every line keeps its number.

    Raises:
        BuildError: a header does not compile by itself.
    """
    return {header: _one(settings, zig, header) for header in settings.headers}


def _one(settings: Settings, zig: Zig, header: str) -> str:
    flags = [flag for flag in settings.cflags if not flag.startswith(("-std=c++", "-std=gnu++", "-O"))]
    what = f"{header} does not compile by itself, as C"
    # zig has no -fsyntax-only; the object is thrown away.
    zig.run(["cc", "-c", *TARGET, *flags, "-x", "c", header, "-o", str(zig.scratch / "header.o")], what)
    text = zig.run(["cc", "-E", "-C", "-dD", *TARGET, *flags, "-x", "c", header], what)
    lines: dict[int, str] = {}
    here, number = False, 0
    for line in text.split("\n"):
        marker = _MARKER.match(line)
        if marker:
            here, number = marker.group(2) == header, int(marker.group(1))
        else:
            if here and line.strip():
                lines[number] = line
            number += 1
    return "\n".join(lines.get(i, "") for i in range(1, max(lines, default=0) + 1)) + "\n"


def function_names(text: str) -> list[str]:
    """Names of the functions that a preprocessed header declares, without those that are `static`.

    A declaration of a function is a name and a parenthesis at the outermost level, after at least one word of
    a type; `int (*f)(int)` is a variable, and what stands in braces is a body or a struct.
    """
    flat = _outermost(_ATTRIBUTE.sub(" ", _NOISE.sub(" ", text)))
    found: dict[str, None] = {}
    for declaration in flat.split(";"):
        words = declaration.split("(", 1)[0].split()
        match = _NAME.search(declaration)
        if match is None or len(words) < 2 or "=" in declaration.split("(", 1)[0]:
            continue
        if {"typedef", "static", "_Static_assert"}.isdisjoint(words):
            found[match.group(1)] = None
    return list(found)


def _outermost(text: str) -> str:
    """The text with everything in braces replaced by ``;``; those of ``extern "C"`` are looked through."""
    out: list[str] = []
    depth = 0
    for piece in re.split(r"([{}])", text):
        if piece == "{":
            depth += 1
        elif piece == "}":
            depth -= 1
            if depth == 0 and out and out[-1] != ";":
                out.append(";" if "(" in out[-1].rpartition(";")[2] else " ")
        elif depth == 0:
            out.append(piece)
    return "".join(out)
