"""The Python types of C functions: for signatures of objects at run time, and for the text of stubs."""

from __future__ import annotations

from .ctype import Array, Enum, Function, Pointer, Scalar, Struct, Void, is_text
from .roles import callback_roles

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from inspect import Signature

    from .ctype import CType
    from .roles import Role
    from .rules import Failure


def result_type(kind: CType) -> str:
    """The Python type of what comes back as a C type."""
    if isinstance(kind, Void):
        return "None"
    if isinstance(kind, Scalar):
        return {"f": "float", "b": "bool"}.get(kind.kind, "int")
    if isinstance(kind, Enum):
        return f"{kind.name} | int" if kind.name else "int"
    if isinstance(kind, Struct):
        return kind.name or "object"
    if isinstance(kind, Array):
        return "memoryview"
    if isinstance(kind, Pointer):
        target = kind.target
        if kind.const and is_text(target):
            return "str | None"
        if isinstance(target, Struct):
            return f"{target.name} | None" if target.name else "Pointer | None"
        if isinstance(target, Function):
            return "int"
        return "Pointer | None"
    return "object"


def callback_type(function: Function) -> str:
    """The Python type of a callback."""
    params = []
    for role in callback_roles(function):
        if role.length is not None:
            params.append(_data_type(role.param.type))
        elif role.what != "length":
            params.append(result_type(role.param.type))
    return f"Callable[[{', '.join(params)}], {callback_result(function.result)}]"


def _data_type(kind: CType) -> str:
    """What a callback gets for a pointer with a length."""
    assert isinstance(kind, Pointer)
    if kind.const and kind.target.size == 1:
        return "bytes"
    return f"memoryview[{'float' if isinstance(kind.target, Scalar) and kind.target.kind == 'f' else 'int'}]"


def callback_result(kind: CType) -> str:
    """What a callback has to return."""
    if isinstance(kind, Void):
        return "object"
    if isinstance(kind, Pointer):
        return "SupportsIndex | None"
    return "int" if isinstance(kind, Enum) else result_type(kind)


def argument_type(role: Role) -> str:
    """The Python type of an argument."""
    kind = role.param.type
    if role.what == "text":
        return "str | Buffer | SupportsIndex | None"
    if role.what == "buffer":
        return _buffer_type(kind, role.length is None)
    if role.what == "strings":
        return "Sequence[str | bytes] | None"
    if role.what in ("struct", "handle"):
        assert isinstance(kind, Pointer)
        name = kind.target.name if isinstance(kind.target, Struct) else ""
        if role.what == "handle":
            return f"{name} | None"
        address = "SupportsIndex | " if role.length is None else ""
        return f"{f'{name} | ' if name else ''}Buffer | {address}None"
    if role.what == "copy":
        return result_type(kind)
    if role.what == "callback":
        assert isinstance(kind, Pointer)
        assert isinstance(kind.target, Function)
        return f"{callback_type(kind.target)} | Callback | None"
    if role.what == "inout":
        assert isinstance(kind, Pointer)
        kind = kind.target
    if isinstance(kind, Enum):
        return "int"
    return "int | str | bytes" if is_text(kind) else result_type(kind)


def _buffer_type(kind: CType, address: bool) -> str:
    assert isinstance(kind, Pointer)
    words = ["Buffer"]
    if kind.const and is_text(kind.target):
        words.insert(0, "str")
    elif kind.const and isinstance(kind.target, Scalar) and kind.target.kind != "b":
        words.append(f"Sequence[{'float' if kind.target.kind == 'f' else 'int'}]")
    if address:
        words.append("SupportsIndex")
    return " | ".join([*words, "None"])


def answer_type(roles: list[Role], result: CType, failure: Failure | None) -> str:
    """The Python type of what a call gives, where a failure is an exception."""
    parts = [] if isinstance(result, Void) else [result_type(result)]
    if failure is not None and failure.when == "nonzero":
        parts = []
    elif failure is not None and failure.when == "null":
        parts = [parts[0].removesuffix(" | None")]
    for role in roles:
        if role.what in ("out", "inout", "room") and isinstance(role.param.type, Pointer):
            parts.append(result_type(role.param.type.target))
    if not parts:
        return "None"
    return parts[0] if len(parts) == 1 else f"tuple[{', '.join(parts)}]"


def signature_of(
    roles: list[Role], result: CType, names: tuple[str, ...], failure: Failure | None
) -> Signature:
    """What `inspect.signature` shows of a typed function; its annotations are texts."""
    from inspect import Parameter, Signature

    given = [role for role in roles if is_given(role)]
    params = [
        Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, annotation=argument_type(role))
        for name, role in zip(names, given, strict=True)
    ]
    return Signature(params, return_annotation=answer_type(roles, result, failure))


def is_given(role: Role) -> bool:
    """Whether the caller passes it."""
    return role.what not in ("length", "out", "room")


def unique_name(name: str, taken: Sequence[str]) -> str:
    """What a parameter is called in Python, beside those before it."""
    from keyword import iskeyword

    name = name or f"arg{len(taken) + 1}"
    while iskeyword(name) or name in taken:
        name += "_"
    return name
