"""Type stubs of modules, for packages that ship ``x.wasm`` with ``x.pyi``."""

from __future__ import annotations

import keyword

from .extern_types import FuncType, GlobalType, MemoryType, TableType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from .dwarf_names import Declared
    from .module import Module
    from .typed import Header

_IN = {
    "i32": "int", "i64": "int", "f32": "float", "f64": "float", "v128": "bytes | int",
    "funcref": "Func | None", "externref": "object", "exnref": "Ref | None", "(ref exn)": "Ref",
    "anyref": "object", "eqref": "Ref | None", "i31ref": "I31 | None", "structref": "Struct | None",
    "arrayref": "Array | None",
}  # fmt: skip
_OUT = {**_IN, "v128": "bytes"}


def stub(module: Module, file: str, hidden: Collection[str] = (), header: Header | None = None) -> str:
    """The ``.pyi`` file for a module that is imported.

    Args:
        module: names of parameters come from its debug information where it has some.
        file: what it is called.
        hidden: exports that are left out.
        header: has better names, and comments that become docstrings.
    """
    lines, used = stub_lines(module, hidden, header)
    head = [
        f"# Types of {file}, written by `pywasi stubs`.",
        f"from pywasi_native import {', '.join(sorted(used))}",
        "",
        "__wasm__: Instance",
        "",
    ]
    return "\n".join([*head, *lines, ""])


def stub_lines(
    module: Module, hidden: Collection[str] = (), header: Header | None = None
) -> tuple[list[str], set[str]]:
    """The lines for the exports of a module, and the names of ours that they use."""
    lines, used = [], {"Instance"}
    declared = _declared(module, header)
    for item in module.exports:
        if item.name in hidden:
            continue
        if not item.name.isidentifier() or keyword.iskeyword(item.name):
            lines.append(f"# not importable: {item}".replace("\n", " "))
        elif isinstance(item.type, FuncType):
            lines += _function(item.name, item.type, used, declared.get(item.name))
        else:
            kinds = {MemoryType: "Memory", TableType: "Table", GlobalType: "Global"}
            kind = kinds.get(type(item.type), "Tag")
            used.add(kind)
            lines.append(f"{item.name}: {kind}  # {item.type}")
    return lines, used


def typed_stub(module: Module, file: str, header: Header) -> str:
    """The ``.pyi`` file for what `typed.bind` makes of the functions that a header and a module have."""
    from .typed import StubText

    exported = {item.name for item in module.exports if isinstance(item.type, FuncType)}
    functions = [name for name in header.functions if name in exported]
    return StubText(header, functions).text(f"Types of {file} with {header.name}, written by `pywasi stubs`.")


def _declared(module: Module, header: Header | None) -> dict[str, Declared]:
    from .dwarf_names import Declared, declared_functions

    found = declared_functions(module.custom_sections)
    for name, function in header.functions.items() if header is not None else ():
        text = f"{function.text}\n\n{function.doc}".rstrip()
        found[name] = Declared(tuple(param.name for param in function.params), text)
    return found


def _function(name: str, type_: FuncType, used: set[str], declared: Declared | None) -> list[str]:
    def shown(text: str, table: dict[str, str]) -> str:
        kind = table.get(text, "Func | None")
        if "Func" in kind:
            used.add("Func")
        used.update({"Ref", "I31", "Struct", "Array"}.intersection(kind.split()))
        return kind

    names = _names(type_, declared)
    params = [f"{label}: {shown(text, _IN)}" for label, text in zip(names, type_.params, strict=True)]
    results = [shown(text, _OUT) for text in type_.results]
    answer = "None" if not results else results[0] if len(results) == 1 else f"tuple[{', '.join(results)}]"
    head = f"def {name}({', '.join([*params, '/'] if params else [])}) -> {answer}:"
    return [head, *docstring(declared.text)] if declared is not None else [f"{head} ..."]


def _names(type_: FuncType, declared: Declared | None) -> list[str]:
    """Of the parameters: C's where each of them is one in wasm."""
    known = declared.params if declared is not None else ()
    if len(known) != len(type_.params):
        known = ("",) * len(type_.params)
    names: list[str] = []
    for i, label in enumerate(known):
        name = label if label.isidentifier() and not keyword.iskeyword(label) else f"p{i}"
        while name in names:
            name += "_"
        names.append(name)
    return names


def docstring(text: str, indent: str = "    ") -> list[str]:
    """The lines of a docstring; none for an empty text."""
    if not text:
        return []
    escaped = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    if escaped.endswith('"'):
        escaped = f'{escaped[:-1]}\\"'
    first, *rest = [line.rstrip() for line in escaped.split("\n")]
    if not rest:
        return [f'{indent}"""{first}"""']
    return [f'{indent}"""{first}', *(f"{indent}{line}".rstrip() for line in rest), f'{indent}"""']
