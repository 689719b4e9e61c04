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

from ..extern_types import FuncType
from ..typed.ctype import Struct
from ..typed.diagnostics import HeaderError
from ..typed.headers import parse_header
from ..typed.plans import value_type
from ..typed.rules import Rules
from ..typed.signatures import parse_signature
from ..typed.stub_text import StubText
from .build_error import BuildError
from .header_text import header_text
from .zig_tool import TARGET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..extern_types import ExternType
    from ..typed.headers import Header
    from ..typed.prototypes import Prototype
    from .settings import Settings
    from .zig_tool import Zig

_MARKER = re.compile(r'#(?:line)? (\d+) "((?:[^"\\]|\\.)*)"((?: \d)*)')
_DEFINE = re.compile(r"#[ \t]*(?:define[ \t]+(\w+)(\()?|undef\b)")
_SYSTEM = "3"  # a marker's flag


class Declared:
    """The declarations of a project.

    Attributes:
        text: C text of what a reader at run time needs.
        header: all of the headers, read.
        functions: those that Python is to have, in the order of the headers.
        names: what Python gets, with the types for its stub.
        prototypes: of the functions, or of the signatures in their place.
    """

    def __init__(self, text: str, header: Header, functions: list[str], rules: Rules) -> None:
        self.text, self.header, self.functions = text, header, functions
        self.names = StubText(header, functions, rules)
        self.prototypes = {item.name: item for item in self.names.prototypes}

    def check_types(self, exports: dict[str, ExternType], source: str) -> None:
        """Whether the functions of the module have the types that the headers say.

        Raises:
            BuildError: one has not.
        """
        for name in self.functions:
            prototype, found = self.prototypes[name], exports[name]
            wanted = wasm_type(prototype)
            if not isinstance(found, FuncType) or (found.params, found.results) != wanted:
                said = FuncType(*wanted)
                raise BuildError(
                    f"{prototype.place}: {prototype.text} means {said}, but {source} exports {found}",
                    "is the header of another version than the module?",
                )


def wasm_type(prototype: Prototype) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The parameters and results of the export that a C function becomes."""
    params = [value_type(param.type) for param in prototype.params]
    result = value_type(prototype.result)
    if isinstance(prototype.result, Struct) and prototype.result.only_scalar() is None:
        params, result = ["i32", *params], ""
    return tuple(params), (result,) if result else ()


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
    whole = _compact(lines, header)
    rules = _rules(settings, header)
    return Declared(header_text(header, functions, whole), header, functions, rules)


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


def _rules(settings: Settings, header: Header) -> Rules:
    """The rules of the table; every name in them has to mean something."""
    given = {key: value for key, value in settings.rules.items() if key != "exception"}
    known: dict[str, set[str]] = {
        "errors": {*header.functions, *(item.result.spell() for item in header.functions.values())},
        "closes": {kind.name for kind in header.structs.values()},
        "functions": set(header.functions) | set(settings.exports),
        "out": {f"{item.name}.{param.name}" for item in header.functions.values() for param in item.params},
    }
    known["plain"] = known["out"]
    spelled = {"functions": "signatures", "out": "results"}
    for key, names in known.items():
        for name in given.get(key, ()):
            if name not in names and not (key == "errors" and any(fnmatchcase(have, name) for have in names)):
                near = get_close_matches(name, names, 1)
                raise BuildError(
                    f"{spelled.get(key, key)} names {name}, which no header declares",
                    f"did you mean {near[0]}?" if near else "",
                )
    for key, name in (*given.get("closes", {}).items(), ("error-message", given.get("message"))):
        if name and name not in header.functions:
            raise BuildError(f"{key} = {name!r}: no header declares such a function")
    for name, text in given.get("functions", {}).items():
        try:
            parse_signature(name, text, header.typedefs)
        except HeaderError as error:
            raise BuildError(f"signatures: {error}") from None
    return Rules(**given)


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
