"""What each parameter of a C function is for: C's types do not say which pointer is text and which a result.

In the short notation the words of the signature decide. In a header conventions do:

- an integer is the length of a buffer, if its type is `size_t` or its name says so (`n`, `len`, `data_size`,
  ...); which buffer's stands in `lengths`;
- a pointer to such an integer behind a buffer that is written to is the room before the call and what was
  used after it;
- a pointer to pointers to `char` with a name such as `argv` or `names` is a list of texts;
- another pointer to a pointer, ``@param[out]``, and pointers to numbers and structs with a name such as
  `out_x`, `x_out`, `result` are results.
"""

from __future__ import annotations

import re

from .ctype import Enum, Function, Pointer, Scalar, Struct, Void, is_integer, is_text
from .lengths import LENGTH_NAME, assign_lengths
from .prototypes import Param
from .signatures import AUTO_LENGTH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .prototypes import Prototype
    from .rules import Rules

_OUT_NAME = re.compile(r"^(_*out_\w+|p?_?out[A-Z]\w*|\w+_out|\w+Out|\w+_ret|ret_\w+|_*result|_*res|retval)$")
_TEXTS_NAME = re.compile(
    r"(?i)^(argv|args|envp?|environ|(\w+_)?(names|words|strings|strs|texts|paths|files|keys|values|lines|tokens|"
    r"options|opts|columns|fields|args|argv))$"
)


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
        if i and _is_room(role.param, by_convention) and _is_written(roles[i - 1]):
            roles[i - 1].length = i
            role.what = "room"
    assign_lengths(roles, by_convention=by_convention)
    return roles


def callback_roles(kind: Function) -> list[Role]:
    """The roles of the parameters of a callback, in order.

    Here a buffer is one only where it has a length; both together are one argument of the Python callable.
    """
    found = []
    for name, param in zip(kind.names, kind.params, strict=True):
        bulk = isinstance(param, Pointer) and isinstance(param.target, Scalar | Void)
        found.append(Role("buffer" if bulk else "value", Param(name, param)))
    assign_lengths(found, by_convention=not kind.explicit)
    return found


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
        return _behind_two(param, kind, target, by_convention)
    if isinstance(target, Struct):
        if target.opaque:
            return "handle"
        return "out" if by_convention and _is_out(param, kind) else "struct"
    if kind.const and is_text(target):
        return "text"
    return "out" if by_convention and _is_out(param, kind) else "buffer"


def _behind_two(param: Param, kind: Pointer, target: Pointer, by_convention: bool) -> str:
    if is_text(target.target):
        named = by_convention and not param.flow and _TEXTS_NAME.match(param.name)
        if named or (target.const and kind.const):
            return "strings"
    return "out" if by_convention and not kind.const and param.flow != "plain" else "buffer"


def _is_out(param: Param, kind: Pointer) -> bool:
    if kind.const or isinstance(kind.target, Void) or is_text(kind.target) or param.flow:
        return False
    if _OUT_NAME.match(param.name):
        return True
    if isinstance(kind.target, Struct):
        return param.name == "out"
    return is_integer(kind.target) and kind.target.size >= 4 and bool(LENGTH_NAME.match(param.name))


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
        and bool(LENGTH_NAME.match(param.name))
    )
