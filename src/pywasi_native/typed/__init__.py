"""Typed functions over linear memory: Python values in and out of C functions, without sums of pointers.

    from pywasi_native import typed

    m.func("sum_f64", "f64(const f64*, size)")(numpy.arange(10.0))     # one function, by a short signature

    header = typed.parse_header(Path("lib.h").read_text(), "lib.h")    # all of a header
    lib = typed.bind(m, header, typed.Rules(errors={"lib_*": "negative"}))
    with lib.lib_open("name") as handle:
        lib.lib_add(handle, b"data")

Where to enter:

- `Instance.func(name, signature)`: one function by the short notation (`signatures`).
- `parse_header(text, name)` gives a `Header`: functions, structs, enumerations, constants, and in `refused`
  what cannot be mapped, with the reason; `HeaderError` has the place.
- `bind(instance, header, rules, name=module)` gives a `Namespace` with all of that as attributes, each made
  when it is first used; `name` is the module that its classes say they belong to.
- `Rules` says what a header does not: which results are errors and what is raised then, what closes a handle,
  signatures in place of declarations, parameters that are not what they look like.
- `allocate(instance, count, code)`: an array in the module's memory, which calls take without a copy.
- `StubText(header, functions, rules)` has the types of the same names, as lines of a ``.pyi`` file and whole
  (`text`), and in `names` all that a module made of them offers.

Names are loaded when they are first used.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._calls import Handle, Pointer, StructArray, StructBase, TypedFunction
    from .allocation import Allocation, allocate
    from .callbacks import Callback
    from .diagnostics import HeaderError
    from .headers import Header, parse_header
    from .namespace import Namespace, bind
    from .rules import CallError, Failure, Rules
    from .stub_text import StubText

_HOMES = {
    "_calls": "Handle Pointer StructArray StructBase TypedFunction",
    "allocation": "Allocation allocate",
    "callbacks": "Callback",
    "diagnostics": "HeaderError",
    "headers": "Header parse_header",
    "namespace": "Namespace bind",
    "rules": "CallError Failure Rules",
    "stub_text": "StubText",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [  # noqa: RUF022 - in the order in which they are needed
    "parse_header", "bind", "Rules", "Failure", "CallError", "HeaderError", "Header", "Namespace", "StubText",
    "TypedFunction", "Allocation", "allocate", "Pointer", "Handle", "StructBase", "StructArray", "Callback",
]  # fmt: skip


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = __import__(f"{__name__}.{home}", fromlist=[name])
    found = globals()[name] = getattr(module, name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
