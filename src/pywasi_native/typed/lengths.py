"""Which parameter is the length of which buffer.

In the short notation `size` belongs to the buffer before it. In a header, in this order:

1. names: ``srcSize`` is that of ``src``, ``n_points`` that of ``points``, wherever they stand;
2. places: as many lengths as there are buffers right before them belong to these in their order;
3. a length right behind a buffer that has none is its, and that of the one before it too where the two are of
   one type and their names say that they belong together: ``a, b, n``, ``src, dst, n``, ``x1, x2, n``.
"""

from __future__ import annotations

import re

from .ctype import Pointer, Scalar, is_integer
from .signatures import AUTO_LENGTH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .ctype import CType
    from .prototypes import Param
    from .roles import Role

_WORDS = "nbytes|bytes|length|size|count|capacity|num|len|cap|sz|cb|n"
_ITEMS = "bytes|items|elems|elements|values|samples|points|rows|chars"
LENGTH_NAME = re.compile(
    rf"(?i)^_*({_WORDS}|n(um)?_?({_ITEMS})|(n|num|len)_\w+|\w*(len|length|size|count|capacity|_n|_cap|_sz|_num|_bytes))$"
)
_OTHER_NAME = re.compile(
    r"(?i)^_*(\w*(offset|pos|position|index|idx|align|alignment|flags?|stride|seed|start|begin|first|step|level|mode)|i|at)$"
)
_SIZE_TYPE = re.compile(r"^(s?size_t|g?size|\w+_(size|SIZE)(_t)?|SIZE)$")
_AROUND = re.compile(rf"(?i)^(?:n|num|len)_(\w+)$|^(\w+?)_?(?:{_WORDS})$")
_PAIRED = re.compile(
    r"(?i)^(p?_?(src|source|dst|dest|destination|in|out|input|output|from|to|lhs|rhs|left|right|first|second|"
    r"re|im|real|imag)|\w{1,2}|\w*[a-z_][0-9])$"
)


def is_length(params: Sequence[Param], i: int, *, by_convention: bool) -> bool:
    """Whether a parameter looks like a length."""
    kind, name = params[i].type, params[i].name
    if kind is AUTO_LENGTH:
        return True
    if not by_convention or not is_integer(kind) or params[i].flow == "plain":
        return False
    if isinstance(kind, Scalar) and _SIZE_TYPE.match(kind.name):
        # fwrite(ptr, size, count): two numbers whose product is the length.
        after = params[i + 1].name if i + 1 < len(params) else ""
        of_items = after.strip("_") in ("nmemb", "count", "nitems", "n", "nel")
        return not _OTHER_NAME.match(name) and not (of_items and name in ("size", "width", "__size"))
    return bool(LENGTH_NAME.match(name))


def assign_lengths(roles: list[Role], *, by_convention: bool) -> None:
    """Makes lengths of parameters that are such, and tells their buffers."""
    params = [role.param for role in roles]
    found = [i for i in range(len(roles)) if is_length(params, i, by_convention=by_convention)]
    rules = (_by_name, _by_place, _by_neighbour) if by_convention else (_by_neighbour,)
    for rule in rules:
        for buffers, at in list(rule(roles, found)):
            if roles[at].what == "length":
                continue
            for buffer in buffers:
                roles[buffer].length = at
                if roles[buffer].what == "text":
                    roles[buffer].what = "buffer"
            roles[at].what = "length"


def _is_free(role: Role) -> bool:
    return role.what in ("buffer", "text", "struct") and role.length is None


def _by_name(roles: list[Role], lengths: list[int]) -> Iterator[tuple[list[int], int]]:
    names = {_plain(role.param.name): i for i, role in enumerate(roles) if _is_free(role) and role.param.name}
    for at in lengths:
        around = _AROUND.match(roles[at].param.name)
        if around:
            base = _plain(around[1] or around[2])
            if base in names:
                yield [names.pop(base)], at


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _by_place(roles: list[Role], lengths: list[int]) -> Iterator[tuple[list[int], int]]:
    i = 0
    while i < len(roles):
        start = i
        while i < len(roles) and _is_free(roles[i]):
            i += 1
        middle, count = i, i - start
        while i < len(roles) and i in lengths and roles[i].what == "value":
            i += 1
        if count == i - middle and count > 1:
            for k in range(count):
                yield [start + k], middle + k
        i = max(i, start + 1)


def _by_neighbour(roles: list[Role], lengths: list[int]) -> Iterator[tuple[list[int], int]]:
    taken: set[int] = set()
    for at in lengths:
        last = at - 1
        while last >= 0 and (
            roles[last].length is not None or (roles[last].what == "length" and last not in taken)
        ):
            last -= 1  # over those that have found each other
        if last < 0 or not _is_free(roles[last]) or roles[at].what == "length":
            continue
        taken.add(at)
        yield list(_together(roles, last)), at


def _together(roles: list[Role], last: int) -> Iterator[int]:
    """The last buffer, and those before it that share its length."""
    yield last
    item, paired = _item(roles[last].param.type), _is_paired(roles[last])
    for i in range(last - 1, -1, -1):
        role = roles[i]
        # A text before a buffer of characters may as well be a name: its own has to say that it is none.
        if not _is_free(role) or _item(role.param.type) != item or not paired or not _is_paired(role):
            return
        if role.what == "text" and len(role.param.name) < 2:
            return
        yield i


def _is_paired(role: Role) -> bool:
    return not role.param.name or bool(_PAIRED.match(role.param.name))


def _item(kind: CType) -> str:
    return kind.target.spell() if isinstance(kind, Pointer) else ""
