"""What a module says about itself, as plain data: for `pywasi inspect` and `pywasi objdump`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .module import Module

_SECTIONS = (
    "custom", "type", "import", "function", "table", "memory", "global", "export", "start", "element",
    "code", "data", "data count", "tag",
)  # fmt: skip


# Instructions whose operand is a function, which objdump names.
_CALLS = ("call ", "return_call ", "ref.func ")


def sections(module: Module) -> list[dict[str, Any]]:
    """Name, place and size of every section, in the order of the file."""
    found = []
    for number, offset, size, name, count in module._handle.sections():
        kind = _SECTIONS[number] if number < len(_SECTIONS) else f"section {number}"
        entry: dict[str, Any] = {"kind": kind, "offset": offset, "size": size}
        if number == 0:
            entry["name"] = name
        else:
            entry["count"] = count
        found.append(entry)
    return found


# What stands behind the words of the table of WASI's functions that are no capability of their own.
_MEANINGS = {
    "fds": "fds (what stdin, stdout, stderr, dirs or sockets opened)",
    "exit": "exit (nothing has to be granted)",
    "none": "nothing",
    "host": "host (imports= of the application)",
}


def printable(text: str) -> str:
    """A name out of a module, with its control characters escaped: it must not steer a terminal."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def explain(needs: str) -> str:
    """The ``needs`` of an import for a reader: a capability, or what else it stands on."""
    return _MEANINGS.get(needs, needs)


def imports(module: Module) -> list[dict[str, Any]]:
    """Every import, with the capability that it needs: a name as in `Wasi.without`, or "fds", "exit", "none"
    (see `explain`) for WASI; "host" for others.
    """
    from .engine import native

    found = []
    for item in module.imports:
        wasi = native.wasi_function(item.module, item.name)
        entry: dict[str, Any] = {"module": item.module, "name": item.name, "type": str(item.type)}
        entry["needs"] = wasi[0] if wasi is not None else "host"
        if wasi is not None and not wasi[1]:
            entry["implemented"] = False
        found.append(entry)
    return found


def producers(module: Module) -> dict[str, list[str]]:
    """The tools that made the module, by its ``producers`` section; empty where that cannot be read."""
    for name, content in module.custom_sections:
        if name == "producers":
            try:
                return _read_producers(content)
            except (IndexError, UnicodeDecodeError):
                return {}
    return {}


def _read_producers(content: bytes) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    at = 0

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = content[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def text() -> str:
        nonlocal at
        length = number()
        if length > len(content) - at:
            raise IndexError
        at += length
        return content[at - length : at].decode()

    for _ in range(number()):
        field = text()
        found[field] = [f"{text()} {text()}".strip() for _ in range(number())]
    return found


def describe(module: Module) -> dict[str, Any]:
    """All of the above, for JSON."""
    return {
        "name": module._handle.name(),
        "size": len(module.to_bytes()),
        "kind": kind(module),
        "sections": sections(module),
        "imports": imports(module),
        "exports": [{"name": item.name, "type": str(item.type)} for item in module.exports],
        "producers": producers(module),
        "features": list(module.features),
    }


def kind(module: Module) -> str:
    """``command`` (a program), ``reactor`` (a library with WASI's start), or ``library``."""
    names = {item.name for item in module.exports}
    return "command" if "_start" in names else "reactor" if "_initialize" in names else "library"


def disassembly(module: Module) -> Iterator[str]:
    """The text of every function: a header, then one line per instruction with its offset in the file."""
    handle = module._handle
    names = {str(index): name for index, name, *_ in handle.functions() if name}
    for index, name, type_, offset, size in handle.functions():
        shown = f" {name}" if name else ""
        if offset is None:
            yield f"func[{index}]{shown} {type_}: imported"
            continue
        yield ""
        yield f"func[{index}]{shown} {type_}:"
        depth, end = 1, offset + size
        while offset < end:
            text, following, change = handle.disassemble(offset)
            # else and end stand with the block that they belong to.
            margin = depth - 1 if change < 0 or text == "else" or text.startswith("catch") else depth
            callee = names.get(text.rpartition(" ")[2]) if text.startswith(_CALLS) else None
            yield f"  {offset:06x}: {'  ' * max(margin, 0)}{text}{f'  ;; {callee}' if callee else ''}"
            depth += change
            offset = following
