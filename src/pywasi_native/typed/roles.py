"""What each parameter of a C function is for: C's types do not say which pointer is text and which a result.

In the short notation the words of the signature decide. In a header conventions do:

- an integer behind a pointer to numbers, bytes or structs is the length of that buffer, if its type is
  `size_t` or its name says so (`n`, `len`, `count`, `data_size`, ...); buffers of one type that stand
  together share it;
- a pointer to such an integer behind a buffer that is written to is the room before the call and what was
  used after it;
- a pointer to a pointer, ``@param[out]``, and pointers to numbers and structs with a name such as `out_x`,
  `x_out`, `result` are results.
"""

from __future__ import annotations

import re

from .ctype import Enum, Function, Pointer, Scalar, Struct, Void, is_integer, is_text
from .prototypes import Param
from .signatures import AUTO_LENGTH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .ctype import CType
    from .prototypes import Prototype
    from .rules import Rules

_LENGTH_NAME = re.compile(
    r"(?i)^_*(n|cb|num|len|length|size|count|capacity|cap|nbytes|bytes|n(um)?_?(bytes|items|elems|elements|values|"
    r"samples|points|rows|chars)|\w*(len|length|size|count|capacity|_n|_cap|_sz|_num|_bytes))$"
)
_OUT_NAME = re.compile(r"^(_*out_\w+|p?_?out[A-Z]\w*|\w+_out|\w+Out|\w+_ret|ret_\w+|_*result|_*res|retval)$")


class Role:
    """What a parameter is.

    `what`: value, text, buffer, length, out, inout, room, struct, copy, handle, callback, strings. `length`
    is the index of the parameter that has the length of a buffer.
    """

    __slots__ = ("length", "param", "what")

    def __init__(self, what: str, param: Param) -> None:
        self.what, self.param = what, param
        self.length: int | None = None

    def __repr__(self) -> str:
        return f"<{self.what} {self.param.type.spell(self.param.name)}>"


def assign(prototype: Prototype, *, by_convention: bool, rules: Rules) -> list[Role]:
    """The roles of the parameters in order.

    Args:
        prototype: the function.
        by_convention: whether the conventions of headers count, and not only words of the short notation.
        rules: which parameters come back though nothing says so, and which are plain.
    """
    params = tuple(_ruled(param, prototype.name, rules) for param in prototype.params)
    roles = [Role(_alone(param, by_convention), param) for param in params]
    for i, role in enumerate(roles):
        if i and _is_length(params, i, by_convention) and roles[i - 1].what in ("buffer", "text", "struct"):
            _share(roles, i)
            role.what = "length"
        elif i and _is_room(role.param, by_convention) and _is_written(roles[i - 1]):
            roles[i - 1].length = i
            role.what = "room"
    return roles


def _ruled(param: Param, function: str, rules: Rules) -> Param:
    name = f"{function}.{param.name}"
    if name in rules.out and param.flow != "out":
        return Param(param.name, param.type, "out")
    return Param(param.name, param.type, "plain") if name in rules.plain else param


def _is_written(role: Role) -> bool:
    return role.what == "buffer" and isinstance(role.param.type, Pointer) and not role.param.type.const


def _alone(param: Param, by_convention: bool) -> str:
    """The role by the parameter itself."""
    kind = param.type
    if isinstance(kind, Struct):
        return "copy"
    if not isinstance(kind, Pointer):
        return "value"
    target = kind.target
    if isinstance(target, Function):
        return "callback"
    if param.flow == "out" and not isinstance(target, Void):
        return "out"
    if param.flow == "inout" and isinstance(target, Scalar | Enum):
        return "inout"
    if isinstance(target, Pointer):
        return _behind_two(kind, target, by_convention, param.flow == "plain")
    if isinstance(target, Struct):
        if target.opaque:
            return "handle"
        return "out" if by_convention and _is_out(param, kind) else "struct"
    if kind.const and is_text(target):
        return "text"
    return "out" if by_convention and _is_out(param, kind) else "buffer"


def _behind_two(kind: Pointer, target: Pointer, by_convention: bool, plain: bool) -> str:
    if is_text(target.target) and target.const and kind.const:
        return "strings"
    return "out" if by_convention and not kind.const and not plain else "buffer"


def _is_out(param: Param, kind: Pointer) -> bool:
    if kind.const or isinstance(kind.target, Void) or is_text(kind.target) or param.flow:
        return False
    if _OUT_NAME.match(param.name):
        return True
    if isinstance(kind.target, Struct):
        return param.name == "out"
    return is_integer(kind.target) and kind.target.size >= 4 and bool(_LENGTH_NAME.match(param.name))


def _is_length(params: tuple[Param, ...], i: int, by_convention: bool) -> bool:
    kind = params[i].type
    if kind is AUTO_LENGTH:
        return True
    if not by_convention or not is_integer(kind) or params[i].flow == "plain":
        return False
    if isinstance(kind, Scalar) and kind.name in ("size_t", "ssize_t"):
        # fwrite(ptr, size, count): two numbers whose product is the length.
        after = params[i + 1] if i + 1 < len(params) else None
        return not (
            after is not None and _names_count(after.name) and params[i].name in ("size", "width", "__size")
        )
    return bool(_LENGTH_NAME.match(params[i].name))


def _names_count(name: str) -> bool:
    return name.strip("_") in ("nmemb", "count", "nitems", "n", "nel")


def _is_room(param: Param, by_convention: bool) -> bool:
    kind = param.type
    if not isinstance(kind, Pointer) or kind.const:
        return False
    if kind.target is AUTO_LENGTH:
        return param.flow != "out"
    return (
        by_convention
        and is_integer(kind.target)
        and param.flow not in ("plain", "out")
        and bool(_LENGTH_NAME.match(param.name))
    )


def _share(roles: list[Role], at: int) -> None:
    """Gives the length at `at` to the buffer before it, and to those of the same type before that one."""
    last = roles[at - 1]
    if last.what == "text":
        last.what = "buffer"
        last.length = at
        return
    item = _item(last.param.type)
    for role in reversed(roles[:at]):
        if role.what not in ("buffer", "struct") or role.length is not None or _item(role.param.type) != item:
            return
        role.length = at


def _item(kind: CType) -> str:
    return kind.target.spell() if isinstance(kind, Pointer) else ""
