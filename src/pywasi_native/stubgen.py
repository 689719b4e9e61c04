"""Type stubs of modules, for packages that ship ``x.wasm`` with ``x.pyi``."""

from __future__ import annotations

import keyword

from .extern_types import FuncType, GlobalType, MemoryType, TableType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from .module import Module

_IN = {
    "i32": "int", "i64": "int", "f32": "float", "f64": "float", "v128": "bytes | int",
    "funcref": "Func | None", "externref": "object", "exnref": "Ref | None", "(ref exn)": "Ref",
    "anyref": "object", "eqref": "Ref | None", "i31ref": "I31 | None", "structref": "Struct | None",
    "arrayref": "Array | None",
}  # fmt: skip
_OUT = {**_IN, "v128": "bytes"}


def stub(module: Module, file: str, hidden: Collection[str] = ()) -> str:
    """The ``.pyi`` file for a module that is imported, without the exports in `hidden`."""
    lines, used = [], {"Instance"}
    for item in module.exports:
        if item.name in hidden:
            continue
        if not item.name.isidentifier() or keyword.iskeyword(item.name):
            lines.append(f"# not importable: {item}".replace("\n", " "))
        elif isinstance(item.type, FuncType):
            lines.append(_function(item.name, item.type, used))
        else:
            kinds = {MemoryType: "Memory", TableType: "Table", GlobalType: "Global"}
            kind = kinds.get(type(item.type), "Tag")
            used.add(kind)
            lines.append(f"{item.name}: {kind}  # {item.type}")
    head = [
        f"# Types of {file}, written by `pywasi stubs`.",
        f"from pywasi_native import {', '.join(sorted(used))}",
        "",
        "__wasm__: Instance",
        "",
    ]
    return "\n".join([*head, *lines, ""])


def _function(name: str, type_: FuncType, used: set[str]) -> str:
    def shown(text: str, table: dict[str, str]) -> str:
        kind = table.get(text, "Func | None")
        if "Func" in kind:
            used.add("Func")
        used.update({"Ref", "I31", "Struct", "Array"}.intersection(kind.split()))
        return kind

    params = [f"p{i}: {shown(text, _IN)}" for i, text in enumerate(type_.params)]
    results = [shown(text, _OUT) for text in type_.results]
    answer = "None" if not results else results[0] if len(results) == 1 else f"tuple[{', '.join(results)}]"
    return f"def {name}({', '.join([*params, '/'] if params else [])}) -> {answer}: ..."
